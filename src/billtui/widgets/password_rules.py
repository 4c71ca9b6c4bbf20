"""The rules of a new password, ticked off while it is typed (ACC-2)."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from billtui.domain.rules.passwords import PasswordCheck, password_checks


class PasswordRules(Static):
    """A line for each rule: ``[✓]`` met, ``[ ]`` not yet, ``[?]`` only the panel can tell. Never by colour alone.

    It holds how the rules stand, never a password. :meth:`judge` it at every change of a field.
    """

    DEFAULT_CSS = "PasswordRules { height: auto; width: 1fr; }"

    def __init__(self, *, login: str | None = None, email: str | None = None, id: str | None = None) -> None:
        """``login`` and ``email`` as the panel writes them (``SafeText.raw``); ``None`` where they are not known."""
        super().__init__(id=id)
        self.login = login
        self.email = email
        self._checks: tuple[PasswordCheck, ...] = ()
        self.judge("", "", old="")

    def judge(self, new: str, repeated: str, *, old: str | None) -> None:
        """Look at what is typed now; ``old`` is ``None`` where the old password is not asked for (ACC-3)."""
        checks = password_checks(new, repeated, old=old, login=self.login, email=self.email)
        if checks != self._checks:
            self._checks = checks
            self.update(Content("\n").join(_line(check) for check in checks))

    @property
    def met(self) -> bool:
        """Whether nothing stands against sending it; what only the panel can tell does not count."""
        return all(check.met is not False for check in self._checks)

    @property
    def missing(self) -> str:
        """The first rule that is not met, as a sentence to say; empty where all are."""
        first = next((check for check in self._checks if check.met is False), None)
        return "" if first is None else f"The new password is not good yet: {first.words} (ACC-2)."


def _line(check: PasswordCheck) -> Content:
    if check.met is None:
        return Content.assemble(("[?] ", "$muted"), f"{check.words}  ", ("the panel checks it", "$muted"))
    return Content.assemble(("[✓] ", "$text-success") if check.met else ("[ ] ", "$muted"), check.words)
