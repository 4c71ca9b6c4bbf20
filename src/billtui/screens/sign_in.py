"""Signing in: login, password, the second factor when it is asked for; what was typed stays after a slip."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pydantic import SecretStr
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from billtui.client.errors import ClientError, TotpRequired
from billtui.domain.safetext import clean
from billtui.screens.shell import Shell, shell_of
from billtui.widgets.secret_input import SecretInput

DEMO_PASSWORD = "demo-fleet-2026"
"""No secret: the password of everybody invented."""


class SignInScreen(ModalScreen[bool]):
    """Answers ``True`` once signed in, ``False`` when it was left: what the store knows can be read all the same."""

    CSS_PATH = "sign_in.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("ctrl+q", "quit", show=False),
        Binding("ctrl+p", "profile", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, message: str = "") -> None:
        """``message`` says why signing in is needed."""
        super().__init__()
        self.message = message
        self._busy = False
        self._signed_in = False

    @property
    def billtui(self) -> Shell:
        """The program around it."""
        return shell_of(self)

    def compose(self) -> ComposeResult:
        """Where, who, the secret, and what went wrong."""
        profile = self.billtui.profile
        with Vertical(id="sign-in") as box:
            box.border_title = Content("Sign in")
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
            if profile.demo:
                yield Static(Content.styled(f"The demo's password is {DEMO_PASSWORD}", "$muted"), id="demo")
            yield from self._field("Password", "password", password=True)
            with Vertical(id="totp-row"):
                label = "Code of your second factor (6 digits), or a recovery code"
                yield from self._field(label, "totp", password=True)
            yield Static(id="problem")
            with Horizontal(id="buttons"):
                yield Static(Content.styled("^p other profile · esc look around", "$muted"), id="hint")
                yield Button("Sign in", id="go")

    @staticmethod
    def _field(label: str, name: str, *, value: str = "", password: bool = False) -> Iterable[Widget]:
        yield Static(Content(label), classes="label")
        field = SecretInput(id=name) if password else Input(value, id=name)
        field.cursor_blink = False
        yield field

    def on_mount(self) -> None:
        """The first empty field."""
        self.query_one("#password" if self.billtui.profile.login else "#login").focus()

    def on_screen_resume(self) -> None:
        """On top again: signed in meanwhile, while a notice or another question covered it."""
        self._go_once_on_top()

    def _go_once_on_top(self) -> None:
        if self._signed_in and self.is_active:
            self._signed_in = False
            self.dismiss(True)

    def say(self, text: str) -> None:
        """Say what went wrong, in the form itself."""
        problem = self.query_one("#problem", Static)
        problem.update(Content(clean(text)))
        problem.set_class(bool(text), "shown")

    @on(Input.Submitted)
    def next_or_go(self, event: Input.Submitted) -> None:
        """Enter goes to the next empty field, then signs in."""
        for name in ("login", "password", "totp"):
            field = self.query_one(f"#{name}", Input)
            if not field.value and (name != "totp" or self.has_class("totp")):
                field.focus()
                return
        self.go()

    @on(Button.Pressed, "#go")
    def go(self) -> None:
        """Send what was typed."""
        if self._busy:
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
            self.billtui.boundary(self._sign_in(login, SecretStr(password), SecretStr(totp) if totp else None)),
            exit_on_error=False,
        )

    async def _sign_in(self, login: str, password: SecretStr, totp: SecretStr | None) -> None:
        try:
            signed_in = await self.billtui.session.sign_in(login, password, totp)
        except TotpRequired as error:
            self.add_class("totp")
            self.say(str(error) if totp else "This account has a second factor: type its present code.")
            self._totp_again()
        except ClientError as error:
            self.say(str(error))
            if error.code == "wrong-totp":
                self._totp_again()
            else:
                self.query_one("#password").focus()
        else:
            self._forget_secrets()
            if signed_in.kept is not None and signed_in.kept.warning:
                self.billtui.say(signed_in.kept.warning, "warning")
            self._signed_in = True
            self._go_once_on_top()
        finally:
            self._busy = False
            if self.is_attached:
                self.query_one("#go", Button).label = "Sign in"

    def _totp_again(self) -> None:
        """A code is good for once: it is typed anew, all else stays."""
        field = self.query_one("#totp", Input)
        field.value = ""
        field.focus()

    def _forget_secrets(self) -> None:
        for name in ("password", "totp"):
            self.query_one(f"#{name}", Input).value = ""

    def action_leave(self) -> None:
        """Read what the store knows, without signing in."""
        self._forget_secrets()
        self.dismiss(False)

    def action_quit(self) -> None:
        """Leave the program."""
        self._forget_secrets()
        self.billtui.run_worker(self.billtui.leave(), group="session", exit_on_error=False)

    def action_profile(self) -> None:
        """Another profile."""
        self.billtui.choose_profile()
