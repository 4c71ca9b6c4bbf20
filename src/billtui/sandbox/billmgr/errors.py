"""What goes wrong, as this wire says it: ``doc.error`` with HTTP 200 (wire: 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from billtui.domain.refusal import RuleBroken
from billtui.sandbox.billmgr.nodes import Doc, Node
from billtui.sandbox.engine.catalogue import CURRENCY
from billtui.sandbox.engine.errors import (
    EngineRefusal,
    Forbidden,
    InvalidInput,
    NotFound,
    NotWithThisKey,
    SessionExpired,
    SignInRefused,
    TooManyTries,
    VersionMismatch,
    WrongSecret,
)


class Refused(Exception):
    """An answer that is an error: class, field or reason, text, and values by name."""

    def __init__(self, kind: str, what: str, text: str, *values: tuple[str, str]) -> None:
        """``kind`` is ``$type``, ``what`` is ``$object``, ``values`` are the ``param``."""
        super().__init__(f"{kind}/{what}: {text}")
        self.kind = kind
        self.what = what
        self.text = text
        self.values: Sequence[tuple[str, str]] = values

    def doc(self, lang: str) -> Doc:
        """As it stands on the wire."""
        error = Node(attrs={"type": self.kind, "object": self.what, "lang": lang})
        error.put("msg", self.text)
        for name, value in self.values:
            error.add("param", Node(value, {"name": name}))
        doc = Doc()
        doc.add("error", error)
        return doc


def missed(what: str, value: str) -> Refused:
    """An object, or a function, that is not there."""
    return Refused("missed", what, f"{what} '{value[:80]}' does not exist", ("object", what), ("value", value[:80]))


def wrong(name: str, value: str, text: str = "") -> Refused:
    """A field with a value that it cannot have."""
    shown = text or f"The '{name.capitalize()}' field has invalid value."
    return Refused("value", name, shown, ("object", name), ("value", value[:80]))


def no_access(value: str) -> Refused:
    """Too few rights, or a session that is gone: the same answer (wire: 4)."""
    name = value[:80]
    return Refused("access", "func", f"Insufficient privileges to perform the '{name}' function", ("value", name))


_GONE = frozenset({"order-pending", "order-deleted", "order-cancelled"})


def of_engine(error: RuleBroken | EngineRefusal) -> Refused:
    """What the engine refuses, in the words of this wire where it has some; else with the engine's own reason."""
    if isinstance(error, RuleBroken):
        refusal = error.refusal
        if refusal.code == "insufficient-funds":
            return _too_little(refusal.related)
        if refusal.code in _GONE:
            text = (
                "Cannot renew this service: the service has not been processed yet, the service was deleted or being"
                f" deleted/prolonged at the moment. {refusal.reason}"
            )
            return Refused("value", "elid", text, ("value", refusal.related.get("order_id", "")))
        if refusal.code.startswith("promo-"):
            code = refusal.related.get("promo_code", "")
            return Refused("promocode_not_use", "promocode", refusal.reason, ("value", code))
        values = [("value", _when(refusal.available_from))] if refusal.available_from is not None else []
        return Refused("value", refusal.code, refusal.reason, *values)
    return _of_refusal(error)


def _too_little(related: Mapping[str, str]) -> Refused:
    held, missing = Decimal(related["held"]), Decimal(related["missing"])
    text = (
        f"insufficient funds to complete the operation. Required amount {held + missing:.2f} {CURRENCY}."
        f" Your current balance: {held:.2f} {CURRENCY}, credit limit 0.00 {CURRENCY}"
    )
    values = (("required", f"{held + missing:.2f}"), ("balance", f"{held:.2f}"))
    return Refused("not_enough_money", "balance", text, *values)


def _when(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S")


def _of_refusal(error: EngineRefusal) -> Refused:
    if isinstance(error, SessionExpired):
        return Refused("access", "session", error.detail, ("value", "session"))
    if isinstance(error, SignInRefused):
        what = {"locked-out": "blocked_ip", "wrong-credentials": "badpassword"}.get(error.code, "totp")
        values = [("value", str(error.retry_after))] if error.retry_after is not None else []
        return Refused("auth", what, error.detail, *values)
    if isinstance(error, NotFound):
        return Refused("missed", "elid", error.detail, ("object", "elid"))
    if isinstance(error, WrongSecret):
        what = "old_passwd" if error.code == "wrong-password" else "totp"
        return Refused("value", what, error.detail)
    if isinstance(error, Forbidden | NotWithThisKey):
        return Refused("access", "func", error.detail, ("value", error.code))
    if isinstance(error, TooManyTries):
        return Refused("limit", error.code, error.detail, ("value", str(error.retry_after or 0)))
    if isinstance(error, InvalidInput):
        field = next(iter(error.fields), "")
        what = {"new_password": "passwd", "body": "message", "promo_code": "promocode"}.get(field, field or "value")
        if field == "promo_code":
            return Refused("missed", "promocode", error.detail, ("object", "promocode"))
        return Refused("value", what, error.detail, ("object", what))
    if isinstance(error, VersionMismatch):
        return Refused("err", error.code, error.detail)
    return Refused("value", error.code, error.detail)
