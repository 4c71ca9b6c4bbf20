"""A form with secrets in it that is sent while it stands: what went wrong is said in the form, at its field.

Nothing that was typed leaves it but as ``SecretStr``, and the fields of secrets are emptied as soon as the call ended.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Generic, NamedTuple, TypeVar

from pydantic import SecretStr
from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from billtui.client.errors import ClientError, LockedOut, NotSent, OutcomeUnknown, RateLimited, Refused, SessionExpired
from billtui.domain.safetext import clean
from billtui.screens.lock_wait import LockWait
from billtui.screens.modals.dialog import Dialog
from billtui.screens.modals.form import FormProblem
from billtui.screens.shell import Shell, shell_of
from billtui.services.session_settings import SessionRefused
from billtui.widgets.leading_on import lead_on
from billtui.widgets.secret_input import SecretInput

Answer = TypeVar("Answer")
Typed = Mapping[str, SecretStr]
"""What was typed, by field."""


class SecretField(NamedTuple):
    """One line of the form."""

    id: str
    label: str
    empty: str = ""
    """What to say when nothing was typed; an empty one may stay empty."""
    secret: bool = True
    value: str = ""
    placeholder: str = ""


CURRENT = SecretField("current", "Your password now", "Type the password you sign in with now.")
CODE = SecretField(
    "code", "Code of the second factor", "Type the six digits that your app shows now, or a recovery code."
)


class SecretForm(Dialog[Answer], Generic[Answer]):
    """Answers what the panel answered, or ``None``. Subclasses say what is typed, checked and sent."""

    confirms = True
    DEFAULT_CSS = """
    SecretForm .form-row { height: 1; }
    SecretForm .form-label { width: 31; color: $muted; }
    SecretForm .form-row Input { width: 1fr; }
    SecretForm .problem { margin-top: 1; }
    SecretForm.-tiny .problem, SecretForm.-low .problem { margin-top: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "lead_on", show=False, priority=True),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    fields: ClassVar[tuple[SecretField, ...]] = (CURRENT,)
    button: str = "OK"
    note: str = ""
    danger: bool = False

    def __init__(self) -> None:
        """Nothing is typed yet."""
        super().__init__()
        self._busy = False
        self._wait = LockWait(self._show_wait)
        self._answered: list[Answer] = []
        """What the panel answered while another screen was on top."""

    # --- what subclasses give

    @abstractmethod
    async def send(self, typed: Typed) -> Answer:
        """One call of the panel. Raises ClientError, SessionRefused."""

    def check(self, typed: Typed) -> FormProblem | None:
        """What cannot be sent, beyond empty fields."""
        return None

    def compose_above(self) -> Iterable[Widget]:
        """What stands above the fields."""
        return ()

    def compose_below(self) -> Iterable[Widget]:
        """What stands between the fields and the note."""
        return ()

    def used_up(self, error: ClientError) -> Sequence[str]:
        """The secrets that are typed again after this error; of a wrong password only it and a code."""
        return [field.id for field in self.fields if field.secret]

    def at_fault(self, error: ClientError) -> str:
        """The field to go to after this error."""
        if error.code in ("wrong-code", "wrong-totp", "code-used", "totp-required"):
            return next((field.id for field in self.fields if field.id == "code"), self.fields[0].id)
        return next((field.id for field in self.fields if field.secret), self.fields[0].id)

    # --- composition

    @property
    def billtui(self) -> Shell:
        """The program around it."""
        return shell_of(self)

    def compose_body(self) -> Iterable[Widget]:
        """What it is about, a row for each field, what is wrong, the note."""
        yield from self.compose_above()
        for field in self.fields:
            yield from self.row(self._told(field))
        yield from self.compose_below()
        yield Static(id="problem", classes="problem")
        if self.note:
            yield Static(Content(self.note), classes="note")

    def _told(self, field: SecretField) -> SecretField:
        """In the demo, which signs in by itself, nobody has typed the password that is asked for here."""
        if field is not CURRENT or not self.billtui.profile.demo:
            return field
        from billtui.screens.sign_in import DEMO_PASSWORD

        return field._replace(placeholder=f"the demo's is {DEMO_PASSWORD}")

    @staticmethod
    def row(field: SecretField) -> Iterable[Widget]:
        """Label and field."""
        with Horizontal(classes="form-row"):
            yield Static(Content(field.label), classes="form-label")
            kind = SecretInput if field.secret else Input
            entry = kind(field.value, placeholder=field.placeholder, id=f"field-{field.id}")
            entry.cursor_blink = False
            yield entry

    def compose_buttons(self) -> Iterable[Widget]:
        """Cancel, and send."""
        yield Button("Cancel", id="cancel")
        yield Button(Content(self.button), id="send")

    def on_mount(self) -> None:
        """The first field that is empty: there is nothing to confirm by accident."""
        self.query_one("#dialog").set_class(self.danger, "danger")
        first = next((field.id for field in self.fields if not field.value), self.fields[0].id)
        self.entry(first).focus()
        self.set_interval(1, self._wait.tick)

    def entry(self, field_id: str) -> Input:
        """The field with this id."""
        return self.query_one(f"#field-{field_id}", Input)

    # --- typing and sending

    def typed(self) -> dict[str, SecretStr]:
        """What stands in the fields now."""
        values = {}
        for field in self.fields:
            value = self.entry(field.id).value
            values[field.id] = SecretStr(value if field.secret and field.id != "code" else value.strip())
        return values

    def action_lead_on(self) -> None:
        """Enter before the last field that must be filled: the next one takes the very next key."""
        entries = {field: self.entry(field.id) for field in self.fields}
        lead_on(self, list(entries.values()), wanted=[entry for field, entry in entries.items() if field.empty])

    @on(Input.Submitted)
    def next_or_send(self, event: Input.Submitted) -> None:
        """Enter goes to the next field that is empty and must not be, then sends."""
        for field in self.fields:
            if field.empty and not self.entry(field.id).value:
                if self.entry(field.id) is event.input:
                    self.say(field.empty)
                self.entry(field.id).focus()
                return
        self.go()

    @on(Button.Pressed, "#send")
    def go(self) -> None:
        """Check what was typed, then send it once."""
        if self._busy or self._wait.waiting:
            return
        typed = self.typed()
        problem = next(
            (
                FormProblem(one.id, one.empty)
                for one in self.fields
                if one.empty and not typed[one.id].get_secret_value()
            ),
            None,
        ) or self.check(typed)
        self.say(problem.reason if problem else "")
        if problem is not None:
            self.entry(problem.field).focus()
            return
        self._busy = True
        self.query_one("#send", Button).label = "Sending …"
        self.run_worker(self.billtui.boundary(self._send(typed)), exit_on_error=False)

    async def _send(self, typed: Typed) -> None:
        try:
            answer = await self.send(typed)
        except (ClientError, SessionRefused) as error:
            self._failed(error)
        else:
            self.empty_all()
            self._answered.append(answer)
            self._leave_once_on_top()
        finally:
            self._busy = False
            if self.is_attached:
                self.query_one("#send", Button).label = Content(self.button)

    def _failed(self, error: ClientError | SessionRefused) -> None:
        if not self.is_attached:
            self.billtui.report(error)
            return
        if not isinstance(error, ClientError):
            self.say(str(error))
            return
        gone: Sequence[str] = [field.id for field in self.fields if field.secret]
        if isinstance(error, NotSent):
            gone = ()  # nobody has seen it: it is sent again with one key
        elif not isinstance(error, OutcomeUnknown | LockedOut):
            gone = self.used_up(error)
        for one in gone:
            self.entry(one).value = ""
        if isinstance(error, LockedOut | RateLimited):
            account = self.billtui.session.account
            self._wait.begin(str(account.login) if account else "", error, self.billtui.session.now())
            return
        words = error.message if isinstance(error, Refused) else str(error)  # a slip needs no request id
        if isinstance(error, SessionExpired):
            words = "The session has expired, and nothing was changed. Sign in again, then send this anew."
        self.say(words)
        self.entry(self.at_fault(error)).focus()

    def _show_wait(self, words: str, waiting: bool) -> None:
        """Wrong passwords count towards the lock of the login (ACC-6): how long it waits, counted down."""
        self.say(words)
        self.query_one("#send", Button).disabled = waiting

    def on_screen_resume(self) -> None:
        """On top again: answered meanwhile, while a sign-in covered it."""
        self._leave_once_on_top()

    def _leave_once_on_top(self) -> None:
        if self._answered and self.is_active:
            self.dismiss(self._answered.pop())

    def say(self, text: str) -> None:
        """Say what is wrong, in the form itself."""
        problem = self.query_one("#problem", Static)
        problem.update(Content(clean(text, max_length=600, multiline=True)))
        problem.set_class(bool(text), "shown")

    def empty_all(self) -> None:
        """Nothing that was typed stays in a field of a secret."""
        for field in self.fields:
            if field.secret and self.is_attached:
                self.entry(field.id).value = ""

    def action_cancel(self) -> None:
        """Leave; while the panel has not answered yet, say so: leaving would not undo what was sent."""
        if self._busy:
            self.say("Waiting for the panel's answer; what was sent cannot be taken back.")
            return
        self.empty_all()
        self.dismiss(None)
