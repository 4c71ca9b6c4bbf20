"""Another password: the present one, the new one twice, the rules ticked off while it is typed (ACC-2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.widget import Widget
from textual.widgets import Input

from billtui.client.errors import ClientError
from billtui.domain.models import Account
from billtui.screens.flows import signed_in_account
from billtui.screens.modals.form import FormProblem
from billtui.screens.modals.secret_form import CURRENT, SecretField, SecretForm, Typed
from billtui.services.account_care import DEMO_PASSWORD_CHANGED
from billtui.widgets.password_rules import PasswordRules

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

NOTE = "Every other session of this account is signed out at once; this one stays."
KEYS = "API keys stay valid: revoke those that should not (K)."
CHANGED = "The password is changed. Every other session is signed out."
CHANGED_KEYS = "The password is changed. Every other session is signed out; API keys still work."


class PasswordDialog(SecretForm[str]):
    """Answers what is to be said once the password is changed."""

    DEFAULT_CSS = "PasswordDialog PasswordRules { margin-top: 1; }"
    title_text = "Change the password"
    button = "Change it"
    fields = (
        CURRENT,
        SecretField("new", "The new password", "Type the new password."),
        SecretField("again", "The new password once more", "Type the new password once more."),
    )

    def __init__(self, account: Account, *, keys: bool = True) -> None:
        """For ``account``, whose login and e-mail the new password may not contain; ``keys``: it can have API keys."""
        super().__init__()
        self.account = account
        self.keys = keys
        self.note = f"{NOTE} {KEYS}" if keys else NOTE

    def compose_below(self) -> Iterable[Widget]:
        """The rules."""
        yield PasswordRules(login=self.account.login.raw, email=self.account.email.raw, id="rules")

    @on(Input.Changed)
    def judge(self) -> None:
        """Tick off what is met."""
        values = [self.entry(field.id).value for field in self.fields]
        self.query_one("#rules", PasswordRules).judge(values[1], values[2], old=values[0])

    def check(self, typed: Typed) -> FormProblem | None:
        """ACC-2, before anything is sent."""
        missing = self.query_one("#rules", PasswordRules).missing
        return FormProblem("new", missing) if missing else None

    async def send(self, typed: Typed) -> str:
        """One call, never repeated."""
        stale = await self.billtui.session.care.change_password(typed["current"], typed["new"])
        if stale and self.billtui.profile.demo:
            stale = DEMO_PASSWORD_CHANGED
        changed = CHANGED_KEYS if self.keys else CHANGED
        return f"{changed} {stale}" if stale else changed

    def used_up(self, error: ClientError) -> Sequence[str]:
        """A slip in the present password does not make anybody think of the new one twice."""
        return ["current"] if error.code == "wrong-password" else super().used_up(error)

    def at_fault(self, error: ClientError) -> str:
        """A rule of the panel's own is about the new one."""
        return "new" if error.code.startswith("password-") or error.code == "invalid-input" else super().at_fault(error)


async def change_password(app: Shell) -> None:
    """Ask, send, say what became of it."""
    keys = app.session.unavailable("account.api-keys") is None
    said = await app.push_screen_wait(PasswordDialog(signed_in_account(app), keys=keys))
    if said is not None:
        app.say(said)
