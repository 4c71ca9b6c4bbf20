"""Who gets the orders: login and account ID of one account; what cannot be right is said while it is typed (TRF-1)."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.content import Content
from textual.widgets import Input, Static

from billtui.domain.models import Account
from billtui.domain.rules.accounts import account_id_refusal
from billtui.screens.modals.form import Field, FormDialog, FormProblem
from billtui.services.planner import recipient_refusal

NOTE = (
    "The recipient finds both in their own settings. Both have to be of one account; a pair that is wrong gets the "
    "same answer whichever half it is."
)


class RecipientDialog(FormDialog):
    """Answers ``login`` and ``account_id``, or ``None``. Stays with what was typed until it can be right."""

    def __init__(
        self, account: Account, what: str, *, login: str = "", account_id: str = "", problem: str = ""
    ) -> None:
        """``what`` goes, as "2 orders"; ``problem`` is what the panel said about this pair before."""
        super().__init__(
            f"Transfer {what}",
            [
                Field("login", "Recipient's login", login, "the name they sign in with, no e-mail"),
                Field("account_id", "Recipient's account ID", account_id, "digits"),
            ],
            check=self._problem,
            button="Go on",
            note=NOTE,
        )
        self.account = account
        self.said = problem

    def on_mount(self) -> None:
        """What the panel said stands there until something else is typed."""
        super().on_mount()
        self._show(self.said)

    def _problem(self, values: Mapping[str, str]) -> FormProblem | None:
        if slip := self._slip(values):
            return slip
        refusal = recipient_refusal(self.account, values["login"], values["account_id"])
        if refusal is None:
            return None
        field = "account_id" if values["login"] and not values["account_id"] else "login"
        return FormProblem(field, refusal.reason)

    def _slip(self, values: Mapping[str, str]) -> FormProblem | None:
        """What is wrong already while it is typed; what is missing may still come."""
        login, account_id = values["login"], values["account_id"]
        if account_id and (wrong := account_id_refusal(account_id)) is not None:
            return FormProblem("account_id", wrong.reason)
        if "@" in login or (login and account_id):
            refusal = recipient_refusal(self.account, login, account_id or "0")
            return None if refusal is None else FormProblem("login", refusal.reason)
        return None

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Say at once what cannot be right; what the panel said was about what stood there before."""
        event.stop()
        values = {one.id: self.query_one(f"#field-{one.id}", Input).value.strip() for one in self.fields}
        slip = self._slip(values)
        same = all(values[one.id] == one.value.strip() for one in self.fields)
        self._show(slip.reason if slip is not None else self.said if same else "")

    def _show(self, words: str) -> None:
        shown = self.query_one("#problem", Static)
        shown.update(Content(words))
        shown.set_class(bool(words), "shown")
