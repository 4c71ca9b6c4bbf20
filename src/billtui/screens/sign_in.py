"""Signing in: login, password, the second factor when it is asked for, where the sign-in is kept, and the way out for
whoever forgot the password. What was typed stays after a slip; a password goes as soon as the panel has judged it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from pydantic import SecretStr
from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from billtui.client.errors import ClientError, LockedOut, NotSent, RateLimited, SignInRefused, TotpRequired
from billtui.config.kinds import USUAL_KIND
from billtui.domain.safetext import clean
from billtui.screens.door import Door
from billtui.screens.lean_screen import LeanScreen
from billtui.screens.lock_wait import LockWait
from billtui.screens.recovering import RecoveryDialog
from billtui.screens.shell import shell_of
from billtui.terminal.typing_gate import Typed
from billtui.widgets.leading_on import lead_on
from billtui.widgets.secret_input import SecretInput

if TYPE_CHECKING:
    from billtui.config.credentials import KeepIn, Place
    from billtui.services.session_settings import SignedIn

DEMO_PASSWORD = "demo-fleet-2026"
"""No secret: the password of everybody invented."""
DEMO_AGAIN = "\nWas it changed? billtui --demo --reset begins anew."
_SHORT: dict[KeepIn, str] = {"keyring": "Keyring", "file": "File", "memory": "Memory"}
EARLY = "What was typed before this stood here is in the field of the password: ctrl+u empties it."
CODE_WANTED = "This account has a second factor: type its present code."
LOST = "What was typed before this stood here is lost, or a part of it: ctrl+u empties the field, then type it whole."
CODE_DIGITS = 6
"""A code of the second factor; anything else that was accepted is a recovery code."""


class SignInScreen(ModalScreen[bool], LeanScreen[bool]):
    """Answers ``True`` once signed in, ``False`` when it was left: what the store knows can be read all the same."""

    CSS_PATH = "sign_in.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-tiny"), (18, "-low"), (30, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "lead_on", show=False, priority=True),
        Binding("escape", "leave", show=False),
        Binding("ctrl+q", "quit", show=False),
        Binding("ctrl+p", "profile", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    WAYS: ClassVar[str] = "ctrl+p other profile · esc look around"
    """Keys that lead elsewhere, in words."""

    def __init__(self, message: str = "") -> None:
        """``message`` says why signing in is needed."""
        super().__init__()
        self.message = message
        self._busy = False
        self._lost = False
        """Whether something was typed that no field took, since a code was last asked for."""
        self._signed_in = False
        self._places: tuple[Place, ...] = ()
        self._place = 0
        self._wait = LockWait(self._show_wait)

    @property
    def door(self) -> Door:
        """The program around it."""
        return shell_of(self)

    def compose(self) -> ComposeResult:
        """Where, who, the secret, and what went wrong."""
        profile = self.door.profile
        with Vertical(id="sign-in") as box:
            box.border_title = Content("Sign in")
            box.border_subtitle = Content(self.WAYS)
            yield Static(
                Content.assemble(
                    ("Profile  ", "$muted"),
                    (profile.name, "bold"),
                    "\n",
                    ("Panel    ", "$muted"),
                    clean(profile.url),
                )
            )
            if self.message:
                yield Static(Content(clean(self.message)), id="why")
            yield from self._field("Login", "login", value=profile.login)
            hint = f"  the demo's is {DEMO_PASSWORD} until it is changed" if profile.demo else ""
            yield from self._field(self._secret_word(), "password", password=True, hint=hint)
            with Vertical(id="totp-row"):
                label = "Code of your second factor (6 digits), or a recovery code"
                yield from self._field(label, "totp", password=True)
            with Horizontal(id="keeping"):
                yield Static(id="kept")
                yield Button(Content(""), id="keep")
            yield Static(id="problem")
            with Horizontal(id="buttons"):
                if self.door.session.has_recovery:
                    yield Button("Password forgotten", id="forgotten")
                yield Static(id="between")
                yield Button("Sign in", id="go")

    def _secret_word(self) -> str:
        """What this kind of panel calls what is typed beside the login."""
        if self.door.profile.kind == USUAL_KIND:
            return "Password"
        return self.door.session.traits.secret

    @staticmethod
    def _field(label: str, name: str, *, value: str = "", password: bool = False, hint: str = "") -> Iterable[Widget]:
        yield Static(Content.assemble(label, (hint, "$muted")), classes="label")
        field = SecretInput(id=name) if password else Input(value, id=name)
        field.cursor_blink = False
        yield field

    def on_mount(self) -> None:
        """The first empty field; where the sign-in can be kept is asked for meanwhile, since a keyring may be slow."""
        for button in self.query(Button):
            button.active_effect_duration = 0  # answers every press at once, as in every dialog
        self.query_one("#password" if self.door.profile.login else "#login").focus()
        self.run_worker(self.door.boundary(self._find_places()), exit_on_error=False)
        self.set_interval(1, self._wait.tick)

    def on_screen_resume(self) -> None:
        """On top again: signed in meanwhile, while a notice or another question covered it."""
        self._go_once_on_top()

    def takes_early(self, typed: Typed) -> bool:
        """All of it: a password typed ahead must become no commands, and dropping its beginning would spoil it unseen.

        A key that was meant for what is below, the number of an area perhaps, cannot be told from it: that something
        stands there is said.
        """
        if isinstance(typed, Key) and typed.is_printable and isinstance(self.focused, SecretInput):
            self.say(EARLY)
        return True

    def was_too_early(self, typed: Typed) -> None:
        """Nothing is."""

    def on_key(self, event: Key) -> None:
        """A letter that no field took, as behind the enter that sends: of a code typed ahead it is said to be lost."""
        if event.is_printable:
            self._lost = True
            if self.has_class("totp") and not self._busy:  # it came through after the code had been asked for
                self._ask_code(CODE_WANTED)

    def _ask_code(self, words: str) -> None:
        self.say(f"{words} {LOST}" if self._lost else words)
        self._lost = False

    def _go_once_on_top(self) -> None:
        if self._signed_in and self.is_active:
            self._signed_in = False
            self.dismiss(True)

    def say(self, text: str) -> None:
        """Say what went wrong, in the form itself."""
        problem = self.query_one("#problem", Static)
        problem.update(Content(clean(text, multiline=True)))
        problem.set_class(bool(text), "shown")
        self.set_class(bool(text), "wrong")

    # --- where the sign-in is kept

    async def _find_places(self) -> None:
        self._places = await self.door.session.keeping()
        self._show_place()

    def _show_place(self) -> None:
        self.query_one("#keeping").set_class(bool(self._places), "shown")
        if self._places:
            words = clean(self._places[self._place].words)
            self.query_one("#kept", Static).update(Content.assemble(("Kept in ", "$muted"), words))
            button, following = self.query_one("#keep", Button), self._places[(self._place + 1) % len(self._places)]
            button.label = Content(f"{_SHORT[following.where]} instead")
            button.display = len(self._places) > 1

    @on(Button.Pressed, "#keep")
    def other_place(self) -> None:
        """The next place; a password is never kept, whatever is chosen."""
        if self._places:
            self._place = (self._place + 1) % len(self._places)
            self._show_place()

    # --- signing in

    def action_lead_on(self) -> None:
        """Enter before the last field: the next one takes the very next key. In the last one no key after it belongs
        to what is sent: a code of the second factor that is typed ahead would make it another password."""
        names = ("login", "password", "totp") if self.has_class("totp") else ("login", "password")
        field = self.focused
        try:
            lead_on(self, [self.query_one(f"#{name}", Input) for name in names])
        except SkipAction:
            if not isinstance(field, Input):
                raise
            self.set_focus(self.query_one("#go"))
            field.call_later(field.action_submit)  # after the keys that it was sent and has not worked off

    @on(Input.Submitted)
    def next_or_go(self, event: Input.Submitted) -> None:
        """Enter goes to the next empty field, then signs in."""
        for name in ("login", "password", "totp"):
            field = self.query_one(f"#{name}", Input)
            if not field.value and (name != "totp" or self.has_class("totp")):
                field.focus()
                return
        self.go()

    @on(Input.Changed, "#login")
    def another_login(self, event: Input.Changed) -> None:
        """A lock is one login's: another one need not wait."""
        self._wait.look_at(event.value.strip())

    @on(Button.Pressed, "#go")
    def go(self) -> None:
        """Send what was typed."""
        if self._busy or self._wait.waiting:
            return
        login, password = self.query_one("#login", Input).value.strip(), self.query_one("#password", Input).value
        if not login or not password:
            self.say("Type login and password. The login is not the e-mail address.")
            self.query_one("#login" if not login else "#password").focus()
            return
        totp = self.query_one("#totp", Input).value.strip()
        self._busy = True
        self.say("")
        self.query_one("#go", Button).label = "Signing in …"
        self.run_worker(
            self.door.boundary(self._sign_in(login, SecretStr(password), SecretStr(totp) if totp else None), "sign-in"),
            exit_on_error=False,
        )

    async def _sign_in(self, login: str, password: SecretStr, totp: SecretStr | None) -> None:
        place = self._places[self._place].where if self._place else None
        try:
            signed_in = await self.door.session.sign_in(login, password, totp, keep_in=place)
        except TotpRequired as error:
            self.add_class("totp")
            self._ask_code(str(error) if totp else CODE_WANTED)
            self._totp_again()
        except (LockedOut, RateLimited) as error:
            self._forget_secrets()
            self.set_focus(self.query_one("#password"))  # the button takes no focus while it waits
            self._wait.begin(login, error, self.door.session.now())
        except ClientError as error:
            again = DEMO_AGAIN if self.door.profile.demo and isinstance(error, SignInRefused) else ""
            words = f"{error.message if isinstance(error, SignInRefused) else error}{again}"
            if error.code == "wrong-totp":
                self._ask_code(words)
                self._totp_again()
            else:
                self.say(words)
                if not isinstance(error, NotSent):
                    self._forget_secrets()  # the panel has judged it; what never left is sent again with one key
                self.query_one("#password").focus()
        else:
            self._forget_secrets()
            self._welcome(signed_in, totp)
            self._signed_in = True
            self._go_once_on_top()
        finally:
            self._busy = False
            if self.is_attached:
                self.query_one("#go", Button).label = "Sign in"

    def _welcome(self, signed_in: SignedIn, totp: SecretStr | None) -> None:
        """What to know of the sign-in: where it is kept, and that a recovery code is spent."""
        if signed_in.kept is not None and signed_in.kept.warning:
            self.door.say(signed_in.kept.warning, "warning")
        left = signed_in.account.recovery_codes_left
        if totp is not None and left is not None and not _is_present_code(totp):
            self.door.say(f"Signed in with a recovery code, which is spent: {left} left (ACC-6).", "warning")

    def _show_wait(self, words: str, waiting: bool) -> None:
        """A second passed, or the wait began or ended."""
        self.say(words)
        self.query_one("#go", Button).disabled = waiting
        if not waiting and self.is_active and self.focused is None:
            self.query_one("#password").focus()

    def _totp_again(self) -> None:
        """A code is good for once: it is typed anew, all else stays."""
        field = self.query_one("#totp", Input)
        field.value = ""
        field.focus()

    def _forget_secrets(self) -> None:
        for name in ("password", "totp"):
            self.query_one(f"#{name}", Input).value = ""

    # --- a forgotten password

    @on(Button.Pressed, "#forgotten")
    def recover(self) -> None:
        """A code by mail, a new password with it, and signed in at once (ACC-3)."""
        if self._busy or not self.is_active:  # pressed twice: one dialog
            return
        self._forget_secrets()
        login = self.query_one("#login", Input).value.strip()
        self.app.push_screen(RecoveryDialog(self.door, login), self._recovered)

    def _recovered(self, new: SecretStr | None) -> None:
        if new is None:
            self.query_one("#password").focus()
            return
        self._wait.end()
        self.query_one("#password", Input).value = new.get_secret_value()
        if self.query_one("#login", Input).value.strip():
            self.go()
        else:
            self.say("Type your login to sign in with the new password. The login is not the e-mail address.")
            self.query_one("#login").focus()

    # --- elsewhere

    def action_leave(self) -> None:
        """Read what the store knows, without signing in."""
        self._forget_secrets()
        self.dismiss(False)

    def action_quit(self) -> None:
        """Leave the program."""
        self._forget_secrets()
        self.door.work(self.door.leave())

    def action_profile(self) -> None:
        """Another profile."""
        self.door.choose_profile()


def _is_present_code(code: SecretStr) -> bool:
    text = code.get_secret_value().replace(" ", "")
    return len(text) == CODE_DIGITS and text.isdigit()
