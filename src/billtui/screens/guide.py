"""The first start: look around in the demo, or connect to a panel step by step. Each step leads back, and what was
typed stays; nothing is written before somebody has signed in."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from contextlib import AbstractContextManager
from typing import ClassVar, Protocol

from textual import on
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Button, Input, OptionList, Static

from billtui.client.settings import ConnectionSettings
from billtui.config.errors import ConfigError
from billtui.config.kinds import USUAL_KIND
from billtui.config.profiles import Profile
from billtui.screens.door import Door
from billtui.screens.guide_draft import (
    Draft,
    ca_refusal,
    login_refusal,
    name_for,
    name_refusal,
    proxy_refusal,
    url_refusal,
)
from billtui.screens.guide_pages import GuidePages
from billtui.screens.guide_text import certificate_lines, result_lines, welcome_lines
from billtui.screens.sign_in import SignInScreen
from billtui.services.panel_check import PanelCheck, check_panel, pin_refusal
from billtui.services.waits import asking


class Guided(Door, Protocol):
    """The program around the guide."""

    async def begin(self, profile: Profile) -> None:
        """Open a session of ``profile`` for signing in, in the place of an earlier one."""

    async def keep(self) -> Profile:
        """Write the profile that was signed in with. Raises ConfigError, OSError."""

    async def sign_out(self) -> None:
        """End the session: its profile could not be written."""

    def taken_names(self) -> Sequence[str]:
        """Names of profiles that there are. Raises ConfigError."""

    def opening(self) -> AbstractContextManager[None]:
        """What a key began runs in it: what is typed waits for what it opens."""

    def choose_demo(self) -> None:
        """Go on with the demo."""

    def finish(self) -> None:
        """Go on with the new profile."""


class GuideSignIn(SignInScreen):
    """Signing in from the guide: there is no other profile, and ``esc`` leads back to it."""

    WAYS = "esc back"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+p", "nothing", show=False)]

    def __init__(self, door: Door) -> None:
        """``door`` is the guide's program."""
        super().__init__()
        self._door = door

    @property
    def door(self) -> Door:
        """The guide's program."""
        return self._door

    def action_nothing(self) -> None:
        """There is nothing else to choose yet."""


class GuideScreen(GuidePages):
    """All steps on one screen, one at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "to_the_form", show=False, priority=True),
        Binding("escape", "back", show=False),
        Binding("ctrl+q", "leave", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]

    def __init__(self, guided: Guided) -> None:
        """Begin with nothing typed."""
        super().__init__()
        self.guided = guided
        self.draft = Draft()
        self.checked: PanelCheck | None = None
        self._checking = 0
        """Counts checks, so that the answer of one that was left is not shown."""
        self._opening = False
        """Whether the form for signing in is about to open."""
        self._named = ""
        """The name that was proposed: it follows the address until somebody changes it."""

    def on_mount(self) -> None:
        """The first page."""
        for button in self.query(Button):
            button.active_effect_duration = 0
        self._show_read_only()
        self.show("start")

    # --- from page to page

    def action_back(self) -> None:
        """One step back; on the first page, leave."""
        self._checking += 1
        self.workers.cancel_group(self, "check")
        before = {"address": "start", "check": "address", "pin": "check", "profile": "check"}.get(self.page)
        if before is not None:
            self.show(before)
            if before == "check":
                self._focus_result()
        elif self.page == "done":
            self.guided.finish()
        else:
            self.action_leave()

    def action_leave(self) -> None:
        """Leave; nothing was written."""
        self.guided.work(self.guided.leave())

    @on(Button.Pressed, ".back")
    def back(self) -> None:
        """As ``esc``."""
        self.action_back()

    # --- the choice

    @on(OptionList.OptionSelected, "#choices")
    def chosen(self, event: OptionList.OptionSelected) -> None:
        """Demo, connect, leave."""
        if event.option.id == "demo":
            self.guided.choose_demo()
        elif event.option.id == "connect":
            self.show("address")
        else:
            self.action_leave()

    # --- the address

    @on(Input.Changed, "#url")
    def url_changed(self, event: Input.Changed) -> None:
        """Checked while it is typed; an empty one is not blamed. What was pinned was another address's."""
        if event.value.strip() != self.draft.url:
            self.draft.fingerprint = ""
        self.draft.url = event.value.strip()
        begun = "https://".startswith(self.draft.url)
        self.say("url", None if begun else url_refusal(self.draft.url))

    @on(Input.Changed, "#proxy")
    def proxy_changed(self, event: Input.Changed) -> None:
        """Checked while it is typed."""
        self.draft.proxy = event.value
        self.say("proxy", proxy_refusal(event.value))

    @on(Input.Changed, "#ca-file")
    def ca_changed(self, event: Input.Changed) -> None:
        """Looked at when it is used: half a path is no mistake. A pinned certificate would hide it."""
        self.draft.ca_file = event.value
        self.draft.fingerprint = ""
        self.say("ca-file", None)

    @on(Input.Submitted, "#url")
    @on(Input.Submitted, "#proxy")
    @on(Input.Submitted, "#ca-file")
    @on(Button.Pressed, "#address-go")
    def look(self) -> None:
        """Look at the panel, unless something cannot stand as it was typed."""
        for field, refusal in (
            ("url", url_refusal(self.draft.url)),
            ("proxy", proxy_refusal(self.draft.proxy)),
            ("ca-file", ca_refusal(self.draft.ca_file)),
        ):
            self.say(field, refusal)
            if refusal:
                self.query_one(f"#{field}").focus()
                return
        self.check()

    # --- the check

    @on(Button.Pressed, "#check-again")
    def check(self) -> None:
        """Ask the panel; ``esc`` leaves the question."""
        self.checked = None
        self._checking += 1
        self.show("check")
        for name in ("again", "ca", "pin", "on"):
            self.query_one(f"#check-{name}").display = False
        connection = self.draft.connection()
        facts = [("Address", connection.url)]
        self.query_one("#result", Static).update(result_lines(facts, "Asking who is there …"))
        self.query_one("#check-back").focus()
        self.run_worker(self._guarded(self._check(self._checking)), group="check", exclusive=True, exit_on_error=False)

    async def _check(self, number: int) -> None:
        connection = self.draft.connection()
        with asking("Asking who is there"):
            found = await check_panel(connection)
        if number == self._checking:
            self.show_found(connection, found)

    def show_found(self, connection: ConnectionSettings, found: PanelCheck) -> None:
        """What came of the look, and the ways on that there are."""
        self.checked = found
        if found.usable and found.seen is not None:
            self.draft.kind = found.seen.kind or USUAL_KIND
        trust = "pinned certificate" if connection.fingerprint else str(connection.ca_file or "") or "this system's"
        facts = [("Address", connection.url)]
        if connection.proxy is not None:
            facts.append(("Proxy", connection.proxy))
        if connection.url.startswith("https://"):
            facts.append(("Trusts", f"{trust} authorities" if trust == "this system's" else trust))
        result = result_lines(facts, found.fact, found.advice, good=found.usable)
        self.query_one("#result", Static).update(result)
        for name, shown in (
            ("again", not found.usable),
            ("ca", "ca" in found.ways),
            ("pin", "pin" in found.ways and found.certificate is not None),
            ("on", found.usable),
        ):
            self.query_one(f"#check-{name}").display = shown
        self._focus_result()

    def _focus_result(self) -> None:
        found = self.checked
        self.query_one("#check-on" if found is not None and found.usable else "#check-back").focus()

    @on(Button.Pressed, "#check-ca")
    def give_ca(self) -> None:
        """Back to the address, into the field of the file."""
        self.show("address")
        self.query_one("#ca-file").focus()

    @on(Button.Pressed, "#check-pin")
    def compare(self) -> None:
        """Show the certificate, to be compared."""
        if self.checked is not None and self.checked.certificate is not None:
            self.query_one("#shown", Static).update(certificate_lines(self.checked.certificate))
            self.query_one("#digits", Input).value = ""
            self.say("digits", None)
            self.show("pin")

    @on(Input.Submitted, "#digits")
    @on(Button.Pressed, "#pin-go")
    def pin(self) -> None:
        """Pin the certificate whose digits were typed, and look again with it."""
        shown = self.checked.certificate if self.checked is not None else None
        if shown is None:
            self.show("check")
            return
        refusal = pin_refusal(self.query_one("#digits", Input).value, shown)
        self.say("digits", refusal)
        if refusal is None:
            self.draft.fingerprint = shown.fingerprint
            self.check()

    # --- the profile

    @on(Button.Pressed, "#check-on")
    def go_on(self) -> None:
        """A name for it."""
        field = self.query_one("#name", Input)
        if field.value in ("", self._named):
            field.value = self._named = name_for(self.draft.connection().url)
        self.show("profile")

    @on(Input.Changed, "#name")
    def name_changed(self, event: Input.Changed) -> None:
        """Checked while it is typed."""
        self.draft.name = event.value
        self.say("name", self._name_refusal() if event.value else None)

    def _name_refusal(self) -> str | None:
        try:
            return name_refusal(self.draft.name, self.guided.taken_names())
        except ConfigError as error:
            return str(error)

    @on(Input.Changed, "#user")
    def login_changed(self, event: Input.Changed) -> None:
        """Checked while it is typed."""
        self.draft.login = event.value
        self.say("user", login_refusal(event.value, self.draft.kind))

    @on(Button.Pressed, "#read-only")
    def switch_read_only(self) -> None:
        """Whether it may change anything."""
        self.draft.read_only = not self.draft.read_only
        self._show_read_only()

    def _show_read_only(self) -> None:
        sign = "x" if self.draft.read_only else " "
        words = f"[{sign}] Read-only, nothing can be changed (space or enter switches)"
        self.query_one("#read-only", Button).label = Content(words)

    def action_to_the_form(self) -> None:
        """Enter in the last fields: none takes a key until the form has opened; a password typed ahead goes there."""
        field = self.focused
        if not isinstance(field, Input) or field.id not in ("name", "user"):
            raise SkipAction
        self.set_focus(None)
        field.call_later(field.action_submit)  # after the keys that it was sent and has not worked off

    @on(Input.Submitted, "#name")
    @on(Input.Submitted, "#user")
    @on(Button.Pressed, "#profile-go")
    def sign_in(self) -> None:
        """Sign in with what is to become the profile."""
        login = login_refusal(self.draft.login, self.draft.kind)
        for field, refusal in (("name", self._name_refusal()), ("user", login)):
            self.say(field, refusal)
            if refusal:
                self.query_one(f"#{field}").focus()
                return
        if not self._opening:  # a second press comes before the form has opened
            self._opening = True
            with self.guided.opening():
                self.guided.work(self._sign_in())

    async def _sign_in(self) -> None:
        try:
            await self.guided.begin(self.draft.profile())
            self.app.push_screen(GuideSignIn(self.guided), self._signed_in)
        finally:
            self._opening = False

    def _signed_in(self, done: bool | None) -> None:
        if done:
            self.guided.work(self._keep())
        else:
            self.query_one("#user").focus()

    async def _keep(self) -> None:
        """Write the profile; where that fails the session is ended, since nobody would find it again."""
        try:
            profile = await self.guided.keep()
        except (ConfigError, OSError) as error:
            await self.guided.sign_out()
            self.say("name", f"Signed in, but the profile cannot be written, so the session was ended. {error}")
            return
        account = self.guided.session.account
        self.query_one("#kept-in", Static).update(welcome_lines(profile, account))
        self.show("done")

    @on(Button.Pressed, "#done-open")
    def open_program(self) -> None:
        """On to the program."""
        self.guided.finish()

    async def _guarded(self, work: Awaitable[object]) -> None:
        await self.guided.boundary(work)
