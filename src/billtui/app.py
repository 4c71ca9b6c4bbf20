"""The shell: one session, the areas, the commands that work everywhere. No business of its own."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import SecretStr
from textual.binding import BindingType
from textual.css.query import NoMatches
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer

from billtui.client.errors import ClientError
from billtui.commands import COMMANDS, handlers_of, handles
from billtui.config.errors import ConfigError
from billtui.domain.safetext import clean
from billtui.keymap import keymap_of, keys_of, problems_of, shown
from billtui.screens.shell import Severity, Shell
from billtui.services.journal import JournalError
from billtui.services.plans import PlanError
from billtui.services.session_events import (
    AccountChanged,
    ConnectionChanged,
    ConnectionState,
    JobChanged,
    SessionEvent,
    SignInNeeded,
    StoreChanged,
    StoreRebuilt,
)
from billtui.services.session_settings import SessionRefused
from billtui.services.session_thread import SessionClosed
from billtui.terminal.output_filter import OutputFilter
from billtui.theme import THEMES
from billtui.widgets.formats import age_text
from billtui.widgets.outbox import Outbox, Waiting
from billtui.widgets.top_bar import Place, TopBar

if TYPE_CHECKING:
    from billtui.config.profiles import Profile
    from billtui.config.settings import Settings
    from billtui.screens.base import BilltuiScreen
    from billtui.services.executor import JobEvent
    from billtui.services.plans import Plan
    from billtui.services.session import Session
    from billtui.terminal.crash import CrashReport

AskPassphrase = Callable[[Literal["open", "new"]], SecretStr | None]
SessionFactory = Callable[["Profile", Callable[[SessionEvent], None], AskPassphrase], "Session"]
"""Makes a session of a profile: its events go to the second, a secret file's passphrase is asked of the third."""
KNOWN_ERRORS = (ClientError, ConfigError, JournalError, PlanError, SessionRefused, SessionClosed)
"""Errors whose words are made for a person."""
SMALLEST = (40, 12)
"""Below this many columns and rows there is one plain notice."""


class SessionNews(Message):
    """Something the session told, brought over to the interface's thread."""

    def __init__(self, event: SessionEvent, session: Session) -> None:
        """Carry ``event`` of ``session``."""
        super().__init__()
        self.event = event
        self.session = session


@dataclass(frozen=True, slots=True)
class Held:
    """A job in its undo window."""

    job_id: str
    title: str
    until: float
    """On the loop's clock, in seconds."""


def _area(name: str) -> Callable[[], Screen[Any]]:
    """A screen of an area, imported when it is first shown."""

    def make() -> Screen[Any]:
        from billtui import screens

        return screens.make(name)

    return make


class BilltuiApp(Shell):
    """The program. Exit code in ``return_code``."""

    CSS_PATH = "app.tcss"
    TITLE = "billtui"
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False
    MODES = {name: _area(name) for name in ("overview", "invoices", "orders", "jobs", "balance", "settings")}
    DEFAULT_MODE = "overview"
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        *,
        settings: Settings,
        profile: Profile,
        make_session: SessionFactory,
        ascii_only: bool = False,
        doctor: Callable[[], list[tuple[str, str]]] = list,
    ) -> None:
        """The session is made here and opened once the first frame is drawn."""
        super().__init__()
        self.settings = settings
        self.profile = profile
        self.ascii_only = ascii_only
        self.output_filter = OutputFilter(ascii_only=ascii_only)
        self.command_handlers = handlers_of(self)
        self._make_session = make_session
        self._doctor = doctor
        self.session = self._new_session(profile)
        self._connection = ConnectionChanged(ConnectionState.CONNECTING)
        self._held: list[Held] = []
        self._held_timer: Timer | None = None
        self._signing_in = False
        self._finishing: dict[str, list[asyncio.Future[JobEvent]]] = {}
        self.crash_text = ""
        for theme, _ in THEMES.values():
            self.register_theme(theme)
        chosen = THEMES.get(settings.theme if settings.theme != "auto" else "dark", THEMES["dark"])
        self.theme = chosen[0].name

    # --- life

    @property
    def areas(self) -> tuple[tuple[str, str], ...]:
        """Key and title of each area."""
        names = ("overview", "invoices", "orders", "jobs", "balance", "settings")
        found = (COMMANDS[f"app.{name}"] for name in names)
        return tuple((shown(keys_of(command, self.settings.keys)[0]), command.title) for command in found)

    def on_mount(self) -> None:
        """Keys, then the session: the first frame is drawn from the store."""
        for problem in problems_of(self.settings.keys):
            self.say(problem, "warning")
        self.set_keymap(keymap_of(self.settings.keys))
        self.run_worker(self._open_session(), group="session", exit_on_error=False)

    async def _open_session(self) -> None:
        await self.boundary(self.session.open())

    async def switch_profile(self, profile: Profile) -> None:
        """Close this session and open one with ``profile``; nothing of the first reaches the second."""
        while len(self.screen_stack) > 1:
            await self.pop_screen()
        for name, make in self.MODES.items():
            if name != self.current_mode:
                await self.remove_mode(name)
                self.add_mode(name, make)
        self._held.clear()
        await self.boundary(self.session.close())
        self.profile = profile
        self._connection = ConnectionChanged(ConnectionState.CONNECTING)
        self.session = self._new_session(profile)
        await self._open_session()
        self._reload_all(force=True)

    async def leave(self, code: int = 0) -> None:
        """Close the session, then the program. Takes two seconds at most."""
        await self.boundary(self.session.close())
        self.exit(code, return_code=code)

    def ask_passphrase(self, purpose: Literal["open", "new"]) -> SecretStr | None:
        """The passphrase of the encrypted credentials file, typed; ``None`` for "not now". Not in our thread."""
        loop = self._loop
        if loop is None:
            return None
        return asyncio.run_coroutine_threadsafe(self._ask_passphrase(purpose), loop).result()

    async def _ask_passphrase(self, purpose: Literal["open", "new"]) -> SecretStr | None:
        from billtui.screens.modals.passphrase import passphrase_prompt

        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

        def typed(text: str | None) -> None:
            if not answer.done():
                answer.set_result(text)

        self.push_screen(passphrase_prompt(purpose), typed)
        text = await answer
        return SecretStr(text) if text else None

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

    # --- what the session tells

    def on_session_news(self, news: SessionNews) -> None:
        """Bring news of the session to the screens; what an ended one still tells is of no use."""
        if news.session is not self.session or self.session.closed:
            return
        event = news.event
        if isinstance(event, StoreChanged):
            self._reload_all()
        elif isinstance(event, AccountChanged):
            self._reload_all(force=event.store_replaced)
        elif isinstance(event, ConnectionChanged):
            self._connection = event
        elif isinstance(event, StoreRebuilt):
            self.say(event.message, "warning")
        elif isinstance(event, SignInNeeded):
            self.ask_sign_in(event.message)
        elif isinstance(event, JobChanged):
            self._job_moved(event)
        self.dress_all()

    def _reload_all(self, force: bool = False) -> None:
        from billtui.screens.base import BilltuiScreen

        for screen in self.screen_stack:
            if isinstance(screen, BilltuiScreen) and screen.is_mounted:
                screen.reload_if_changed(force)
                screen.refresh_keys()

    def ask_sign_in(self, message: str) -> None:
        """Ask for login and password, once at a time."""
        from billtui.screens.sign_in import SignInScreen

        if not self._signing_in:
            self._signing_in = True

            def done(_: object) -> None:
                self._signing_in = False
                self._reload_all(force=True)

            self.push_screen(SignInScreen(message), done)

    def _job_moved(self, news: JobChanged) -> None:
        from billtui.screens.jobs_news import summary_of

        event = news.event
        self._held = [held for held in self._held if held.job_id != event.job_id or not event.done]
        if event.done:
            for waiting in self._finishing.pop(event.job_id, []):
                if not waiting.done():
                    waiting.set_result(event)
        if summary := summary_of(event):
            self.say(*summary)
        for screen in self.screen_stack:
            on_job = getattr(screen, "job_moved", None)
            if on_job is not None and screen.is_mounted:
                on_job(event)

    # --- the lines around every screen

    def dress(self, screen: BilltuiScreen) -> None:
        """Put where you are, and what waits, into the lines of ``screen``."""
        try:
            screen.query_one(TopBar).place = self.place()
            screen.query_one(Outbox).waiting = self._waiting()
        except NoMatches:
            return

    def dress_all(self) -> None:
        """The same for all screens that are shown."""
        from billtui.screens.base import BilltuiScreen

        for screen in self.screen_stack:
            if isinstance(screen, BilltuiScreen):
                self.dress(screen)

    def place(self) -> Place:
        """Profile, panel, account, role, balance, read-only, and how fresh the data is."""
        account = self.session.account
        freshness, tone = self._freshness()
        if account is None:
            return Place(
                profile=self.profile.name,
                panel=clean(self.profile.host),
                account="not signed in",
                read_only=self.session.read_only,
                freshness=freshness,
                tone=tone,
            )
        return Place(
            profile=self.profile.name,
            panel=str(account.panel_name) or clean(self.profile.host),
            account=f"{account.login} · {account.account_id}",
            role=str(account.role),
            balance=str(account.balances.internal),
            read_only=self.session.read_only,
            freshness=freshness,
            tone=tone,
        )

    def _freshness(self) -> tuple[str, Any]:
        state = self._connection.state
        if self.session.closed:
            return "leaving", "dim"
        if state is ConnectionState.ONLINE:
            return "live", "good"
        age = age_text(self.session.store.synced_at(), datetime.now(UTC))
        words = {
            ConnectionState.CONNECTING: ("connecting", "dim"),
            ConnectionState.SLOW: ("slow line", "warning"),
            ConnectionState.OFFLINE: ("offline", "bad"),
            ConnectionState.SIGNED_OUT: ("signed out", "warning"),
        }
        word, tone = words.get(state, (str(state), "dim"))
        return (f"{word}, data {age}" if age != "never" else word), tone

    def say(self, message: str, severity: Severity = "information") -> None:
        """A short message, as plain text, for a few seconds."""
        self.notify(clean(message, max_length=400), severity=severity, markup=False, timeout=8)

    async def boundary(self, work: Awaitable[object]) -> object:
        """Await ``work``; an error becomes a message. The one place where any error is caught."""
        try:
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

    def capability_refusal(self, capability: str) -> str | None:
        """Why the panel cannot do this, or ``None``."""
        return self.session.unavailable(capability)

    # --- plans

    def submit(self, plan: Plan, *, hold: bool = False) -> str:
        """Hand a confirmed plan to the executor; with ``hold`` it waits in the undo window. Gives the job's id."""
        seconds = self.settings.undo_seconds if hold else 0
        job_id = self.session.submit(plan, hold_seconds=seconds)
        if seconds:
            self._held.append(Held(job_id, str(plan.title), self._now() + seconds))
            if self._held_timer is None:
                self._held_timer = self.set_interval(1, self._held_tick)
        self.dress_all()
        return job_id

    @staticmethod
    def _now() -> float:
        return time.monotonic()

    async def job_finished(self, job_id: str) -> JobEvent:
        """Wait until every outcome of a job of this program is final."""
        waiting: asyncio.Future[JobEvent] = asyncio.get_running_loop().create_future()
        self._finishing.setdefault(job_id, []).append(waiting)
        return await waiting

    @property
    def holds_something(self) -> bool:
        """Whether something waits in the undo window."""
        return bool(self._held)

    def _waiting(self) -> Waiting | None:
        if not self._held:
            return None
        last = self._held[-1]
        title = last.title if len(self._held) == 1 else f"{last.title} (+{len(self._held) - 1} more)"
        return Waiting(title, max(0, round(last.until - self._now())))

    def _held_tick(self) -> None:
        self._held = [held for held in self._held if held.until > self._now()]
        if not self._held and self._held_timer is not None:
            self._held_timer.stop()
            self._held_timer = None
        self.dress_all()

    @handles("app.undo")
    def undo(self) -> None:
        """Take back what was held last."""
        if not self._held:
            self.say("Nothing waits to be taken back.")
            return
        held = self._held.pop()
        if self.session.executor.take_back(held.job_id):
            self.say(f"Taken back: {held.title}. Nothing was sent.")
        else:
            self.say(f"Too late: {held.title} was sent already.", "warning")
        self.dress_all()

    # --- commands of everywhere

    def doctor_lines(self) -> list[tuple[str, str]]:
        """What billtui found on this host: label and value, nothing secret."""
        return self._doctor()

    def show_list(self, area: str, view_id: str) -> None:
        """Go to an area's list with one of its views."""
        from billtui.screens.list_screen import ListScreen

        self.switch_mode(area)

        def show() -> None:
            screen = self.screen
            if isinstance(screen, ListScreen):
                screen.show_view(view_id)

        self.call_after_refresh(show)

    @handles("app.overview")
    def go_overview(self) -> None:
        """Show the overview."""
        self.switch_mode("overview")

    @handles("app.invoices")
    def go_invoices(self) -> None:
        """Show the invoices."""
        self.switch_mode("invoices")

    @handles("app.orders")
    def go_orders(self) -> None:
        """Show the orders."""
        self.switch_mode("orders")

    @handles("app.jobs")
    def go_jobs(self) -> None:
        """Show the jobs."""
        self.switch_mode("jobs")

    @handles("app.balance")
    def go_balance(self) -> None:
        """Show the balance."""
        self.switch_mode("balance")

    @handles("app.settings")
    def go_settings(self) -> None:
        """Show the settings."""
        self.switch_mode("settings")

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

    def copy(self, text: str) -> None:
        """Send ``text`` to the terminal's clipboard; no terminal says whether it took it."""
        from billtui.terminal.clipboard import clip

        sequence, message = clip(text, multi_line="\n" in text)
        if self._driver is not None and sequence:
            self._driver.write(sequence)
        self.say(message)

    def refresh_from_panel(self) -> None:
        """Ask the panel for what changed; the old rows stay meanwhile."""
        self.run_worker(self.boundary(self.session.refresh()), group="refresh", exclusive=True, exit_on_error=False)

    @handles("app.repaint")
    def repaint(self) -> None:
        """Draw everything anew."""
        self.screen.refresh(layout=True)

    @handles("app.palette")
    def open_palette(self) -> None:
        """Every command of this place by name."""
        from billtui.palette import Palette, PaletteEntry
        from billtui.screens.base import BilltuiScreen

        screen = self.screen
        if not isinstance(screen, BilltuiScreen):
            return
        overrides = self.settings.keys
        entries = [
            PaletteEntry(one, " ".join(map(shown, keys_of(one, overrides))), screen.refusal_of(one))
            for one in screen.commands_here()
            if one.in_palette
        ]

        def run(command_id: str | None) -> None:
            if command_id:
                screen.run_command(COMMANDS[command_id])

        self.push_screen(Palette(entries), run)

    @handles("app.help")
    def open_help(self) -> None:
        """The keys of this place."""
        from billtui.screens.base import BilltuiScreen
        from billtui.screens.help import HelpScreen

        screen = self.screen
        if isinstance(screen, BilltuiScreen):
            self.push_screen(HelpScreen(screen.commands_here(), screen.refusal_of, self.settings.keys))

    @handles("app.search")
    def open_search(self) -> None:
        """Search over everything in the store."""
        from billtui.screens.search import SearchScreen

        def found(hit: tuple[str, str] | None) -> None:
            if hit is not None:
                (self.show_invoice if hit[0] == "invoice" else self.show_order)(hit[1])

        self.push_screen(SearchScreen(), found)

    def show_invoice(self, invoice_id: str) -> None:
        """Go to one invoice, wherever it is asked for."""
        from billtui.screens.invoice import InvoiceScreen

        self.push_screen(InvoiceScreen(invoice_id))

    def show_order(self, order_id: str) -> None:
        """Go to one order, wherever it is asked for."""
        from billtui.screens.order import OrderScreen

        self.push_screen(OrderScreen(order_id))

    async def show_orders_of(self, invoice_id: str) -> None:
        """Go to the order on an invoice; with several, choose one."""
        from billtui.screens.modals.choice import Choice, ChoiceDialog

        invoice = await self.session.invoice(invoice_id)
        lines = [line for line in invoice.lines if line.order_id is not None]
        if not lines:
            self.say(f"Invoice {invoice.number} bills no order.")
            return
        chosen: str | None = str(lines[0].order_id)
        if len(lines) > 1:
            choices = [Choice(str(line.order_id), str(line.title), str(line.amount)) for line in lines]
            chosen = await self.push_screen_wait(ChoiceDialog(f"Orders on invoice {invoice.number}", choices))
        if chosen is not None:
            self.show_order(chosen)

    @handles("app.profile")
    def choose_profile(self) -> None:
        """Sign in with another profile."""
        from billtui.config.profiles import ProfileBook
        from billtui.screens.modals.choice import Choice, ChoiceDialog

        try:
            profiles = ProfileBook().load().profiles
        except ConfigError as error:
            self.say(str(error), "error")
            return
        if not profiles:
            self.say("There is no other profile yet; make one with: billtui profile add")
            return
        choices = [
            Choice(one.name, one.name, one.url + (", read-only" if one.read_only else "")) for one in profiles.values()
        ]

        def chosen(name: str | None) -> None:
            if name is not None and name != self.profile.name:
                self.run_worker(self.switch_profile(profiles[name]), group="session", exit_on_error=False)

        self.push_screen(ChoiceDialog("Profiles", choices, chosen=self.profile.name), chosen)

    @handles("app.sign-out")
    async def sign_out(self) -> None:
        """End the session on the panel and forget its token."""
        await self.session.sign_out()
        self.say("Signed out; the token is forgotten.")

    @handles("app.quit")
    def ask_quit(self) -> None:
        """Leave, or ask first while something is held back or running."""
        from billtui.screens.modals.quit import QuitDialog

        def answered(leave: bool | None) -> None:
            if leave:
                self.run_worker(self.leave(), group="session", exit_on_error=False)

        self.push_screen(QuitDialog([held.title for held in self._held], self._running_jobs()), answered)

    def _running_jobs(self) -> list[str]:
        account = self.session.account
        if account is None:
            return []
        jobs = self.session.journal.jobs(
            50, open_only=True, panel_id=account.panel_id.raw, account_id=account.account_id.raw
        )
        held = {one.job_id for one in self._held}
        return [str(job.title) for job in jobs if job.id not in held]

    # --- the terminal

    def on_resize(self, event: Resize) -> None:
        """Below the smallest size there is one plain notice, above it it goes."""
        from billtui.screens.modals.too_small import TooSmall

        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        shown_now = isinstance(self.screen, TooSmall)
        if small and not shown_now:
            self.push_screen(TooSmall(*SMALLEST))
        elif not small and shown_now:
            self.pop_screen()

    @staticmethod
    def _report(error: BaseException) -> CrashReport:
        from billtui import __version__
        from billtui.config.paths import state_dir
        from billtui.terminal.crash import report_crash

        return report_crash(error, state_dir() / "crashes", version=__version__)

    def _fatal_error(self) -> None:
        """A crash says where, never with what: Textual's own report prints local variables."""
        error = sys.exc_info()[1]
        if error is not None and not self.crash_text:
            self.crash_text = self._report(error).text
        self._return_code = 1
        self._close_messages_no_wait()
