"""What goes wrong, as this gateway says it: ``errorCode`` and a Russian ``errorMsg``, with HTTP 200.

Only code 5 is known of the real gateway (API access is off); the other numbers are the sandbox's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from billtui.domain.refusal import RuleBroken
from billtui.sandbox.engine.errors import EngineRefusal, InvalidInput, NotFound, NotWithThisKey, SessionExpired

WRONG_KEY: Final = 1
NO_COMMAND: Final = 2
WRONG_FIELD: Final = 3
NOT_FOUND: Final = 4
ACCESS_OFF: Final = 5
RULE: Final = 6
NO_MONEY: Final = 7
NOT_WITH_THIS_KEY: Final = 8


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, code: int, text: str) -> None:
        """``code`` is ``errorCode``, ``text`` is ``errorMsg``."""
        super().__init__(text)
        self.code = code
        self.text = text

    def answer(self) -> dict[str, str]:
        """As it stands on the wire."""
        return {"status": "ERROR", "errorCode": str(self.code), "errorMsg": self.text}


WRONG_LOGIN: Final = "Неверный логин или ключ API."
_RULES: Mapping[str, str] = {
    "insufficient-funds": "Недостаточно средств на балансе.",
    "open-invoice": "По заказу есть неоплаченный счёт.",
    "no-stock": "Тарифа сейчас нет в наличии.",
    "forbidden": "Недостаточно прав.",
    "in-transfer": "Заказ передаётся другому пользователю.",
}
"""Rules that the sandbox says in words of this gateway; the others by their code."""


def of_engine(error: RuleBroken | EngineRefusal) -> Refused:
    """What the engine refuses, in the words of this gateway."""
    if isinstance(error, NotWithThisKey):
        if error.code == "api-access-disabled":
            return Refused(ACCESS_OFF, "Доступ к API отключен.")
        return Refused(NOT_WITH_THIS_KEY, f"Этот ключ API не подходит для запроса ({error.code}).")
    if isinstance(error, SessionExpired):
        return Refused(WRONG_KEY, WRONG_LOGIN)
    if isinstance(error, NotFound):
        return Refused(NOT_FOUND, "Заказ не найден.")
    if isinstance(error, InvalidInput):
        return Refused(WRONG_FIELD, f"Неверное значение поля: {', '.join(error.fields) or 'запрос'}.")
    if isinstance(error, RuleBroken):
        return of_rule(error.refusal.code)
    return Refused(RULE, f"Операция отклонена ({error.code}).")


def of_rule(code: str) -> Refused:
    """A rule that says no, by its code."""
    number = NO_MONEY if code == "insufficient-funds" else RULE
    return Refused(number, _RULES.get(code, f"Операция отклонена правилами панели ({code})."))
