"""The shell: one session, the areas, the commands that work everywhere. No business of its own."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Future
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import SecretStr
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen

from billtui.client.errors import ClientError
from billtui.commands import handlers_of, handles
from billtui.config.errors import ConfigError
from billtui.domain.safetext import clean
from billtui.keymap import keymap_of, problems_of
from billtui.screens.collector import look_through
from billtui.services.journal import JournalError
from billtui.services.plan_errors import PlanError
from billtui.services.session_settings import SessionRefused
from billtui.services.session_thread import SessionClosed
from billtui.shell_frames import FirstFrames
from billtui.shell_news import News, SessionNews
from billtui.shell_places import AREAS, QUEUE, Places
from billtui.shell_profiles import ProfileSwitching, SessionFactory
from billtui.terminal.output_filter import OutputFilter
from billtui.theme import THEMES

if TYPE_CHECKING:
    from billtui.config.profiles import Profile
    from billtui.config.settings import Settings
    from billtui.screens.shell import Severity
    from billtui.services.accounts import Roster
    from billtui.services.session import Session
    from billtui.services.session_events import (
        SessionEvent,
    )
    from billtui.terminal.typing_gate import Typed

KNOWN_ERRORS = (ClientError, ConfigError, JournalError, PlanError, SessionRefused, SessionClosed)
"""Errors whose words are made for a person."""
AGE_SECONDS = 20.0
"""How often the age of the data is looked at; it is drawn when its words change."""
REST_SECONDS = 20.0
"""After so long without a key the collector looks for what it left aside."""
CALM_SECONDS = 0.05
"""After so long, and with no typed key on its way, the panel is connected to: loading what that takes would slow it."""
CALM_MOST = 3.0
"""So long it waits for that at most: a key that is held is no reason not to connect."""
SAID_SECONDS = 8.0
"""So long a message stands."""
MOST_ERRORS = 2
"""So many errors stand side by side: a key pressed again and again without a network would cover the screen."""
HUSH_AFTER = 1.0
"""A message older than this goes when a question comes up."""


def _area(name: str) -> Callable[[], Screen[Any]]:
    """A screen of an area, imported when it is first shown."""

    def make() -> Screen[Any]:
        from billtui import screens

        return screens.make(name)

    return make


def _settle_collector() -> None:
    """Everything loaded for the first frame stays; the collector, off until now, does not look at it any more."""
    gc.freeze()
    gc.enable()


class BilltuiApp(ProfileSwitching, Places, News):
    """The program. Exit code in ``return_code``."""

    CSS_PATH = "app.tcss"
    TITLE = "billtui"
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    MODES = {name: _area(name) for name in (*AREAS, QUEUE)}
    DEFAULT_MODE = "overview"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, system=True),
        # With priority they act before the next key is handed out: on a slow line "login, tab, password" arrives in
        # one piece, and no letter of the password may land in the field before.
        Binding("tab", "focus_next", show=False, priority=True, system=True),
        Binding("shift+tab", "focus_previous", show=False, priority=True, system=True),
    ]

    def __init__(
        self,
        *,
        settings: Settings,
        profile: Profile,
        make_session: SessionFactory,
        make_roster: Callable[[], Roster] | None = None,
        ascii_only: bool = False,
        doctor: Callable[[], list[tuple[str, str]]] = list,
        keep_frames: bool = False,
        begins_in: str = "",
    ) -> None:
        """The session is made here and opened once the first frame is drawn.

        ``begins_in`` is the area whose key was typed while the program was loaded; empty: the overview.
        """
        if begins_in in self.MODES:
            vars(self)["DEFAULT_MODE"] = begins_in  # this program's alone; Textual reads it once, right now
        super().__init__()
        self.settings = settings
        self.profile = profile
        self.ascii_only = ascii_only
        self.output_filter = OutputFilter(ascii_only=ascii_only)
        self.command_handlers = handlers_of(self)
        self._make_session = make_session
        self._make_roster = make_roster
        self._doctor = doctor
        self.frames = FirstFrames(self, keep=keep_frames)
        self.session = self._new_session(profile)
        self._error_until = 0.0
        """Monotonic seconds until which an error that was said stands."""
        self._errors = 0
        """How many of them stand there now."""
        self._said, self._said_at = "", 0.0
        self._typed_at = float("-inf")
        for theme, _ in THEMES.values():
            self.register_theme(theme)
        chosen = THEMES.get(settings.theme if settings.theme != "auto" else "dark", THEMES["dark"])
        self.theme = chosen[0].name

    # --- life

    def on_mount(self) -> None:
        """Keys, then the session: the first frame is drawn from the store."""
        for problem in problems_of(self.settings.keys):
            self.say(problem, "warning")
        self.set_keymap(keymap_of(self.settings.keys))
        self.call_after_refresh(_settle_collector)
        self.set_interval(AGE_SECONDS, self._rested)
        self.starts()
        self.run_worker(self._open_session(), group="session", exit_on_error=False)

    async def hand_out(self, typed: Typed) -> None:
        """What was typed, to whom it is for."""
        self._typed_at = monotonic()
        self.session.typed()
        await super().hand_out(typed)

    def _rested(self) -> None:
        """The age of the data in the top line; and when nobody types, what the collector left aside."""
        self.dress_all()
        if monotonic() - self._typed_at >= REST_SECONDS:
            look_through()

    async def _open_session(self) -> None:
        let_go = self.frames.hold()
        await self.boundary(self._open_copy(self.session))
        self.call_later(let_go)  # behind the news of the copy, which are in the queue by now
        if self.is_asked_for:
            self.start_asks()
        elif self.session.account is not None:  # of the last time; else a sign-in is asked for, or goes by itself
            self.started()

    async def _open_copy(self, session: Session) -> None:
        """Open the copy, then connect: where something can be shown, what was typed for it comes first (P-START-2).

        Unless somebody is about to be asked: whoever had to type a password or passphrase the last time types it blind.
        """
        await session.open(follow=False)
        if session.account is None or session.asks:
            session.follow()
        else:
            self.run_worker(self._connect(session), group="session", exit_on_error=False)

    async def _connect(self, session: Session) -> None:
        await self.calm()
        if not session.closed:
            session.follow()

    async def calm(self) -> None:
        """Wait until nothing typed is on its way and what it opened is drawn, :data:`CALM_MOST` seconds at most.

        For work that a key would have to wait behind, and that nobody waits for (P-START-2).
        """
        for _ in range(round(CALM_MOST / CALM_SECONDS)):
            await asyncio.sleep(CALM_SECONDS)
            if not self.typing.busy:
                return

    async def leave(self, code: int = 0) -> None:
        """Close every session, then the program. Takes two seconds at most."""
        self.area_is_left()
        frame = self.boundary(self.frames.write())
        await asyncio.gather(frame, self.boundary(self.session.close()), self.boundary(self.close_accounts()))
        self.exit(code, return_code=code)

    def ask_passphrase(
        self, purpose: Literal["open", "new"], why: str = "", profile: Profile | None = None
    ) -> SecretStr | None:
        """The passphrase of the encrypted credentials file, typed; ``None`` for "not now". Not in our thread.

        ``why`` says what is wrong with the keyring, ``profile`` whose sign-in it is, where that is not the open one.
        """
        if not self.is_running:
            return None
        answer: Future[str | None] = Future()
        self.call_from_thread(self._show_passphrase_prompt, purpose, why, answer, profile)
        text = answer.result()
        return SecretStr(text) if text else None

    def _show_passphrase_prompt(
        self, purpose: Literal["open", "new"], why: str, answer: Future[str | None], profile: Profile | None
    ) -> None:
        from billtui.screens.modals.passphrase import passphrase_prompt

        def typed(text: str | None) -> None:
            if not answer.done():
                answer.set_result(text)

        prompt = passphrase_prompt(purpose, why)
        prompt.about = profile
        self.push_screen(prompt, typed)
        self.started()

    def leave_politely(self, code: int) -> None:
        """Leave because the terminal went away or somebody asked the process to end."""
        self.run_worker(self.leave(code), group="session", exit_on_error=False)

    def _new_session(self, profile: Profile) -> Session:
        """A session whose news carry its name, so that late ones of an ended session are told apart."""

        def tell(event: SessionEvent) -> None:
            """Called in the session's threads."""
            self.post_message(SessionNews(event, session))

        session = self._make_session(profile, tell, self.ask_passphrase)
        return session

    def area_is_left(self) -> None:
        """Remember the list that stands there, for the next start."""
        self.frames.lists.see()

    # --- words

    def say(self, message: str, severity: Severity = "information") -> None:
        """A short message, as plain text, for a few seconds.

        It takes the place of the one before, so that messages never cover the screen; an error, and one more, stay
        beside it.
        """
        if severity != "information":
            self.turned_away()
        now = monotonic()
        if now >= self._error_until or (severity == "error" and self._errors >= MOST_ERRORS):
            self.clear_notifications()
            self._errors = 0
        if severity == "error":
            self._error_until = now + SAID_SECONDS
            self._errors += 1
        self._said_at, self._said = now, message
        self.notify(clean(message, max_length=400), severity=severity, markup=False, timeout=SAID_SECONDS)

    def say_dropped(self, words: str) -> None:
        """Keys were not used: said behind what was said just now, which is why."""
        now = monotonic()
        self.say(f"{self._said} {words}" if now - self._said_at < HUSH_AFTER else words, "warning")

    def hush(self) -> None:
        """A question comes up: what was said before it has been read, and must not stand on its answers."""
        now = monotonic()
        if now >= self._error_until and now - self._said_at >= HUSH_AFTER:
            self.clear_notifications()

    async def boundary(self, work: Awaitable[object], name: str = "") -> object:
        """Await ``work``; an error becomes a message. The one place where any error is caught."""
        try:
            with self.waits.act(name):
                return await work
        except Exception as error:  # noqa: BLE001 - the boundary: reported with its place, never swallowed
            self.report(error)
        return None

    def report(self, error: Exception) -> None:
        """An error in words; one that nobody foresaw only with its place: its message may quote anything."""
        if isinstance(error, KNOWN_ERRORS):
            self.say(str(error), "error")
        else:
            self.say(" ".join(self._report(error).text.splitlines()), "error")

    def overview_says(self, lines: Iterable[Content], news: Content) -> None:
        """What the next start shows before anything is loaded."""
        self.frames.see(lines, news)

    def capability_refusal(self, capability: str) -> str | None:
        """Why the panel cannot do this, or ``None``."""
        return self.session.unavailable(capability)

    # --- commands of everywhere

    def doctor_lines(self) -> list[tuple[str, str]]:
        """What billtui found on this host: label and value, nothing secret."""
        return self._doctor()

    def keep_columns(self, list_name: str, keys: list[str]) -> None:
        """Keep the chosen columns of a list in the settings."""
        self.change_settings(columns={**self.settings.columns, list_name: list(keys)})

    def change_settings(self, **values: object) -> None:
        """Change settings now and in their file; what cannot be written holds until the program ends, and is said."""
        from billtui.config.settings import save_settings

        self.settings = self.settings.model_copy(update=values)
        try:
            save_settings(self.settings)
        except (ConfigError, OSError) as error:
            self.say(f"Kept for now, but not written: {error}", "warning")

    def copy_to_clipboard(self, text: str) -> None:
        """Textual's own way of copying (a field's ctrl+c and ctrl+x, selected text) goes the same way as ours."""
        self._clipboard = text
        self.copy(text)

    def copy(self, text: str, *, secret: bool = False, what: str = "") -> bool:
        """Send ``text`` to the terminal's clipboard; no terminal says whether it took it. Gives whether it was sent."""
        from billtui.terminal.clipboard import clip

        found = clip(text, multi_line="\n" in text, secret=secret, what=what)
        if self._driver is not None and found.sequence:
            self._driver.write(found.sequence)
        self.say(found.message)
        return found.sent

    def refresh_from_panel(self) -> None:
        """Ask the panel for what changed; the old rows stay meanwhile."""
        refreshing = self.boundary(self.session.refresh(), "app.refresh")
        self.run_worker(refreshing, group="refresh", exclusive=True, exit_on_error=False)

    @handles("app.sign-out")
    async def sign_out(self) -> None:
        """End the session on the panel and forget its token."""
        left = await self.session.sign_out()
        await self.frames.drop()
        self.say(" ".join(["Signed out; the token is forgotten.", *left]), "warning" if left else "information")

    @handles("app.quit")
    def ask_quit(self) -> None:
        """Leave, or ask first while something is held back or running."""
        from billtui.screens.modals.quit import QuitDialog

        def answered(leave: bool | None) -> None:
            if leave:
                self.run_worker(self.leave(), group="session", exit_on_error=False)

        self.area_is_left()
        self.push_screen(QuitDialog(self.held_titles, self.running_titles()), answered)

    async def action_quit(self) -> None:
        """Textual's own key for leaving works everywhere, and asks like ours."""
        from billtui.screens.modals.quit import QuitDialog

        if not isinstance(self.screen, QuitDialog):
            self.ask_quit()
