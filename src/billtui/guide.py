"""The program of the first start: it ends with a profile, with the demo, or with nothing. Loaded when shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import SecretStr

from billtui.app import KNOWN_ERRORS, SAID_SECONDS, BilltuiApp
from billtui.config.credentials import CredentialStore
from billtui.config.profiles import Profile, ProfileBook
from billtui.config.settings import Settings
from billtui.domain.safetext import clean
from billtui.screens.careful_app import CarefulApp
from billtui.screens.guide import GuideScreen
from billtui.services.session import Session
from billtui.terminal.output_filter import OutputFilter
from billtui.theme import THEMES

if TYPE_CHECKING:
    from billtui.config.credentials import AskPassphrase
    from billtui.screens.shell import Severity

Open = Callable[[Profile, "AskPassphrase"], tuple[Session, CredentialStore]]
"""Makes a session of a profile, and what keeps its sign-in."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the guide led to: the demo, or a profile whose sign-in ``credentials`` holds."""

    profile: Profile | None = None
    credentials: CredentialStore | None = None

    @property
    def demo(self) -> bool:
        """Whether the demo was chosen."""
        return self.profile is None


class GuideApp(CarefulApp[Chosen]):
    """The guide and its one session. ``run`` answers ``None`` where it was left."""

    CSS_PATH = "app.tcss"
    TITLE = "billtui"
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    BINDINGS = BilltuiApp.BINDINGS
    """Suspending; and tab acts before the next key, so that a pasted password lands in its field."""
    profile: Profile
    session: Session

    def __init__(self, *, settings: Settings, open_session: Open, ascii_only: bool = False) -> None:
        """``open_session`` makes sessions that keep their own files where the program will look for them."""
        super().__init__()
        self.settings = settings
        self.output_filter = OutputFilter(ascii_only=ascii_only)
        self._open = open_session
        self._credentials: CredentialStore | None = None
        for theme, _ in THEMES.values():
            self.register_theme(theme)
        self.theme = THEMES.get(settings.theme if settings.theme != "auto" else "dark", THEMES["dark"])[0].name

    def on_mount(self) -> None:
        """The guide itself."""
        self.push_screen(GuideScreen(self))

    # --- what the guide asks for

    async def begin(self, profile: Profile) -> None:
        """Open a session of ``profile`` for signing in, in the place of an earlier one."""
        await self._close()
        self.profile = profile
        self.session, self._credentials = self._open(profile, self.ask_passphrase)
        await self.session.open()

    async def keep(self) -> Profile:
        """Write the profile that was signed in with. Raises ConfigError, OSError."""
        account = self.session.account
        if not self.profile.login and account is not None:
            self.profile = self.profile.model_copy(update={"login": account.login.raw})
        book = ProfileBook()
        book.add(self.profile)
        return book.use(self.profile.name)

    async def sign_out(self) -> None:
        """End the session: its profile could not be written."""
        await self.session.sign_out()

    def taken_names(self) -> Sequence[str]:
        """Names of profiles that there are. Raises ConfigError."""
        return list(ProfileBook().load().profiles)

    def choose_demo(self) -> None:
        """Go on with the demo."""
        self.exit(Chosen())

    def finish(self) -> None:
        """Go on with the new profile."""
        self.work(self._finish())

    async def _finish(self) -> None:
        await self._close()
        self.exit(Chosen(self.profile, self._credentials))

    async def _close(self) -> None:
        if self._credentials is not None:
            await self.session.close()

    # --- what a door has

    def say(self, message: str, severity: Severity = "information") -> None:
        """A short message, as plain text, for a few seconds."""
        if severity != "information":
            self.turned_away()
        self.clear_notifications()
        self.notify(clean(message, max_length=400), severity=severity, markup=False, timeout=SAID_SECONDS)

    def say_dropped(self, words: str) -> None:
        """Keys were not used."""
        self.say(words, "warning")

    async def boundary(self, work: Awaitable[object], name: str = "") -> object:
        """Await ``work``; an error becomes a message. The guide's one place where any error is caught."""
        try:
            with self.waits.act(name):
                return await work
        except Exception as error:  # noqa: BLE001 - the boundary: reported with its place, never swallowed
            known = isinstance(error, KNOWN_ERRORS)
            self.say(str(error) if known else " ".join(self._report(error).text.splitlines()), "error")
        return None

    def work(self, work: Coroutine[Any, Any, object], name: str = "work") -> None:
        """Do ``work`` in a worker of the program, so that closing a dialog does not cut it off."""
        part = self.part_of_opening(work)
        self.begin_work(self, self.boundary(part, name), part, group="guide")

    def choose_profile(self) -> None:
        """There is none to choose."""

    async def leave(self, code: int = 0) -> None:
        """Close the session, then the program; nothing was written."""
        await self.boundary(self._close())
        self.exit(None, return_code=code)

    def leave_politely(self, code: int) -> None:
        """Leave because the terminal went away or somebody asked the process to end."""
        self.work(self.leave(code))

    async def action_quit(self) -> None:
        """Textual's own key for leaving."""
        await self.leave()

    def ask_passphrase(self, purpose: Literal["open", "new"], why: str = "") -> SecretStr | None:
        """The passphrase of the encrypted credentials file, typed; ``None`` for "not now". Not in our thread."""
        if not self.is_running:
            return None
        answer: Future[str | None] = Future()
        self.call_from_thread(self._show_passphrase_prompt, purpose, why, answer)
        text = answer.result()
        return SecretStr(text) if text else None

    def _show_passphrase_prompt(self, purpose: Literal["open", "new"], why: str, answer: Future[str | None]) -> None:
        from billtui.screens.modals.passphrase import passphrase_prompt

        def typed(text: str | None) -> None:
            if not answer.done():
                answer.set_result(text)

        self.push_screen(passphrase_prompt(purpose, why), typed)
