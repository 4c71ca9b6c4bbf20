"""A forgotten password: the primary e-mail, then the mail's code and a new password (ACC-3, ACC-2)."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import SecretStr
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from billtui.client.errors import ClientError, OutcomeUnknown
from billtui.domain.safetext import clean
from billtui.screens.door import Door
from billtui.screens.modals.dialog import Dialog
from billtui.services.recovery import CODE_LIFE, NEUTRAL, NOT_KNOWN, explain
from billtui.widgets.leading_on import lead_on
from billtui.widgets.password_rules import PasswordRules
from billtui.widgets.secret_input import SecretInput

if TYPE_CHECKING:
    from billtui.screens.modals.mail import MailAnswer

SECRETS = ("code", "new", "again")


class RecoveryDialog(Dialog[SecretStr]):
    """Answers the new password once it is set, for the sign-in that follows at once; ``None`` if it was left.

    It answers it as well where the panel's answer was lost: signing in is how one sees what became of it.
    """

    CSS_PATH = [Path(__file__).parent / "modals" / "dialog.tcss", Path(__file__).with_name("recovering.tcss")]
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "lead_on", show=False, priority=True)]
    title_text = "Password forgotten"

    def __init__(self, door: Door, login: str = "") -> None:
        """``login`` as typed in the form, for the rule that the new password does not contain it."""
        super().__init__()
        self.door = door
        self.login = login
        self._busy = False

    def compose_body(self) -> Iterable[Widget]:
        """Two pages: the address, then the code with the new password."""
        with Vertical(id="ask"):
            yield Static(Content("A code for a new password is sent to the account's primary e-mail."), classes="text")
            yield Static(Content("Primary e-mail"), classes="label")
            yield _still(Input(id="email"))
        with Vertical(id="set"):
            yield Static(Content(NEUTRAL), id="neutral", classes="text")
            yield Static(Content("Code from the mail, or its whole link"), classes="label")
            yield _still(SecretInput(id="code"))
            yield Static(Content("New password"), classes="label")
            yield _still(SecretInput(id="new"))
            yield Static(Content("The same once more"), classes="label")
            yield _still(SecretInput(id="again"))
            yield PasswordRules(login=self.login or None)
        yield Static(id="problem", classes="problem")

    def compose_buttons(self) -> Iterable[Widget]:
        """Cancel first; then what leads on, by page."""
        yield Button("Cancel", id="cancel")
        yield Button("I have a code", id="skip", classes="of-ask")
        yield Button("Send the code", id="send", classes="of-ask")
        if self.door.profile.demo:
            yield Button("Read the mail", id="mail", classes="of-set")
        yield Button("New code", id="back", classes="of-set")
        yield Button("Set password", id="save", classes="of-set")

    def on_mount(self) -> None:
        """The address first."""
        self._show_page("ask")

    def _show_page(self, page: str, words: str = NEUTRAL) -> None:
        self.set_class(page == "set", "-set")
        self.query_one("#neutral", Static).update(Content(words))
        self._say("")
        self._forget()
        self.judge()
        self.query_one("#email" if page == "ask" else "#code").focus()

    def _say(self, text: str) -> None:
        problem = self.query_one("#problem", Static)
        problem.update(Content(clean(text)))
        problem.set_class(bool(text), "shown")

    def _forget(self) -> None:
        for name in SECRETS:
            self.query_one(f"#{name}", Input).value = ""

    # --- the address

    @on(Input.Submitted, "#email")
    @on(Button.Pressed, "#send")
    def send(self) -> None:
        """Ask for the mail. Every address gets the same answer; only what cannot be an address is said at once."""
        email = self.query_one("#email", Input).value.strip()
        name, _, host = email.rpartition("@")
        if not name or not host or " " in email:
            self._say("Type the account's primary e-mail, for example name@example.org. It is not the login.")
            self.query_one("#email").focus()
            return
        self._begin(self._send(email))

    async def _send(self, email: str) -> None:
        try:
            await self.door.session.recovery.ask(email)
        except ClientError as error:
            self._say(str(error))
        else:
            self.query_one(PasswordRules).email = email
            self._show_page("set")
        finally:
            self._busy = False

    @on(Button.Pressed, "#skip")
    def skip(self) -> None:
        """There is a code already: asking again would make it worthless."""
        self._show_page("set", CODE_LIFE)

    @on(Button.Pressed, "#back")
    def back(self) -> None:
        """Ask for a new code; the address stays."""
        if not self._busy:
            self._show_page("ask")

    # --- the code and the new password

    @on(Input.Changed, "#new")
    @on(Input.Changed, "#again")
    def judge(self) -> None:
        """Tick off the rules."""
        new, again = (self.query_one(f"#{name}", Input).value for name in ("new", "again"))
        self.query_one(PasswordRules).judge(new, again, old=None)

    def action_lead_on(self) -> None:
        """Enter before the last field: the next one takes the very next key."""
        lead_on(self, [self._field(name) for name in SECRETS])

    @on(Input.Submitted, "#code")
    @on(Input.Submitted, "#new")
    @on(Input.Submitted, "#again")
    def next_or_save(self) -> None:
        """Enter goes to the next empty field, then sets the password."""
        empty = next((one for one in map(self._field, SECRETS) if not one.value), None)
        if empty is not None:
            empty.focus()
        else:
            self.save()

    @on(Button.Pressed, "#save")
    def save(self) -> None:
        """Set the new password."""
        code, new = self._field("code").value.strip(), self._field("new").value
        rules = self.query_one(PasswordRules)
        if not code:
            self._say("Type the code of the mail, or paste its link.")
            self._field("code").focus()
        elif not rules.met:
            self._say(rules.missing)
            self._field("again" if new and "twice" in rules.missing else "new").focus()
        else:
            self._begin(self._save(SecretStr(code), SecretStr(new)))

    async def _save(self, code: SecretStr, new: SecretStr) -> None:
        try:
            await self.door.session.recovery.confirm(code, new)
        except OutcomeUnknown:
            self.door.say(NOT_KNOWN, "warning")
            self._forget()
            self.dismiss(new)
        except ClientError as error:
            self._forget()
            self._say(explain(error))
            field = self._field("code")
            field.focus()
            self.call_after_refresh(field.scroll_visible, animate=False)  # the words may have moved it away
        else:
            self._forget()
            self.door.say("The new password is set. Other sessions were signed out; API keys stay valid (ACC-2).")
            self.dismiss(new)
        finally:
            self._busy = False

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """One call at a time, in the program's worker: leaving the dialog would cancel one of its own in mid-air."""
        if self._busy:
            work.close()
            return
        self._busy = True
        self._say("")
        self.door.work(work)

    def _field(self, name: str) -> Input:
        return self.query_one(f"#{name}", Input)

    @on(Button.Pressed, "#mail")
    def read_mail(self) -> None:
        """The demo's mail, which nobody else gets; ``enter`` there uses the code."""
        from billtui.screens.modals.mail import MailDialog

        email = self.query_one("#email", Input).value.strip()
        self.app.push_screen(MailDialog(lambda: self.door.session.mails(email or None), to=email), self._mail_read)

    def _mail_read(self, answer: MailAnswer | None) -> None:
        code = answer.mails[0].code if answer is not None else None
        if code is not None:
            self._field("code").value = code.raw
            self._field("new").focus()

    def action_cancel(self) -> None:
        """Leave it; nothing that was typed stays. Not while the panel is being asked: its answer would be lost."""
        if self._busy:
            self._say("The panel is being asked; its answer comes within half a minute.")
            return
        self._forget()
        super().action_cancel()


def _still(field: Input) -> Input:
    field.cursor_blink = False
    return field
