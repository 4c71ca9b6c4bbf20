"""The program as a person uses it: keys in, a screen to read, and the panel's truth beside it over HTTP.

Nothing here sleeps for a fixed time: :meth:`Driver.until` lets the program work until a condition holds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from textual import events
from textual._context import active_app, visible_screen_stack
from textual.app import App
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip

from billtui.app import BilltuiApp
from billtui.config.credentials import SaveResult
from billtui.config.profiles import Profile, make_profile
from billtui.config.secret_sources import Credential
from billtui.config.settings import Settings
from billtui.screens.careful_app import CarefulApp
from billtui.screens.list_screen import ListScreen
from billtui.screens.record_list import RecordList
from billtui.services.journal import JobRow
from billtui.services.session import Session, SessionSettings
from billtui.services.session_events import ConnectionState, SessionEvent
from tests.support.queueing import Stopwatch
from tests.support.sandbox import Json, SandboxProcess

PATIENCE = 15.0
"""Seconds until a condition that does not come true fails the test; a processor that others have does not count."""
PASSWORD = "demo-fleet-2026"


class Pocket:
    """Keeps one secret in memory, as the credential store would."""

    def __init__(self, credential: Credential | None = None) -> None:
        self.credential = credential

    def load(self) -> Credential | None:
        return self.credential

    def save(self, credential: Credential) -> SaveResult:
        self.credential = credential
        return SaveResult("memory", None)

    def forget(self) -> list[str]:
        self.credential = None
        return []

    def missed(self) -> str:
        return ""

    def cancel(self) -> None:
        pass


def password_of(account: Json) -> Credential:
    """The account's password, as a credential that signs in by itself."""
    return Credential("password", SecretStr(str(account["password"])), "test")


def type_at_once(app: App[Any], *keys: str) -> None:
    """Keys that arrive in one piece, as over a slow line: none waits until the one before it was worked off."""
    for key in keys:
        character = key if len(key) == 1 else None
        app.post_message(events.Key(_character_to_key(key) if character else key, character))


async def press(app: CarefulApp[Any], pilot: Pilot[Any], key: str) -> None:
    """Press a key, and let it be worked off once it is its turn: it waits for what the one before it opens."""
    character = key if len(key) == 1 else " " if key == "space" else None
    event = events.Key(_character_to_key(key) if len(key) == 1 else key, character)
    event.set_sender(app)
    before = app.typing.through
    app.post_message(event)
    rounds = 3
    while rounds and app.return_code is None:
        rounds -= app.typing.through > before
        await asyncio.sleep(0)
        await pilot._wait_for_screen()


def drawn_lines(screen: Screen[Any]) -> list[Strip]:
    """What stands on the screen, before the last filter. The one place with this private access.

    What shines through below a dialog is drawn with it, as in the program: without it a dialog that is drawn here first
    would have nothing behind it, and keep that.
    """
    compositor = screen._compositor
    visible_screen_stack.set(screen.app._background_screens if screen is screen.app.screen else [])
    return compositor.render_strips()


def screen_text(screen: Screen[Any]) -> str:
    """What stands on the screen as text, line by line."""
    return "\n".join(strip.text.rstrip() for strip in drawn_lines(screen))


def money_of(value: Json) -> Decimal:
    """An amount of the wire."""
    return Decimal(value["amount"])


@dataclass
class Panel:
    """The truth: one account's objects, asked of the panel with a session of its own."""

    sandbox: SandboxProcess
    token: str

    def get(self, path: str) -> Json:
        """A GET below the API's prefix."""
        status, answer = self.sandbox.call("GET", f"/api/v1{path}", token=self.token)
        assert status == 200, answer
        return answer

    def write(self, method: str, path: str, body: Any = None) -> Json:
        """A write of another client of the same account."""
        headers = {"Idempotency-Key": f"{time.monotonic_ns():032d}"}
        status, answer = self.sandbox.call(method, f"/api/v1{path}", body, token=self.token, headers=headers)
        assert status in (200, 201), answer
        return answer

    def order(self, order_id: str) -> Json:
        """One order."""
        return self.get(f"/orders/{order_id}")

    def invoice(self, invoice_id: str) -> Json:
        """One invoice."""
        return self.get(f"/invoices/{invoice_id}")

    def orders(self) -> list[Json]:
        """All orders of a small fleet."""
        items: list[Json] = self.get("/orders?limit=200")["items"]
        return items

    def invoices(self, **filters: str) -> list[Json]:
        """The newest invoices."""
        query = "".join(f"&{key}={value}" for key, value in filters.items())
        items: list[Json] = self.get(f"/invoices?limit=200{query}")["items"]
        return items

    def balances(self) -> dict[str, Decimal]:
        """Both purses."""
        return {purse: money_of(value) for purse, value in self.get("/me")["balances"].items()}

    def ledger(self) -> list[Json]:
        """Movements of money, the newest first."""
        items: list[Json] = self.get("/balance/ledger?limit=200")["items"]
        return items

    def renew(self, order_ids: list[str], period: int = 1) -> Json:
        """Issue a renewal invoice."""
        quote = self.write("POST", "/quotes", {"kind": "renewal", "order_ids": order_ids, "period": period})
        answer = self.write("POST", "/renewals", {"quote_id": quote["id"], "expected_total": quote["total"]})
        invoice: Json = answer["invoice"]
        return invoice

    def pay(self, invoice_id: str, method: str = "internal") -> Json:
        """Pay an invoice."""
        total = self.invoice(invoice_id)["total"]
        return self.write("POST", f"/invoices/{invoice_id}/payments", {"method": method, "expected_total": total})


@dataclass
class Driver:
    """Presses keys, reads the screen, waits for conditions."""

    app: BilltuiApp
    pilot: Pilot[int]
    sandbox: SandboxProcess
    said: list[str]
    """Every message of the program so far."""
    bill: Callable[[str], str]
    """:meth:`Program.bill`."""

    def here(self) -> None:
        """With several programs in one test: what Textual begins for us from now on belongs to this one."""
        active_app.set(self.app)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other; each is worked off before the next.

        As ``Pilot.press``, without its wait until the whole process is idle: the session's threads never are.
        """
        self.here()
        for key in keys:
            await press(self.app, self.pilot, key)

    async def quiet(self, rounds: int = 3) -> None:
        """Let every widget of the top screen work off its messages, and those that come of them."""
        self.here()
        for _ in range(rounds):
            await asyncio.sleep(0)
            await self.pilot._wait_for_screen()
        if isinstance(screen := self.app.screen, RecordList):
            await self.pilot._wait_for_screen()  # a step of the cursor is told by the table to all around it
            if screen.trailing.behind:
                screen.trailing.catch_up()  # as if the keys had come to rest
                await self.pilot._wait_for_screen()

    async def type(self, text: str) -> None:
        """Type into the field that has the focus."""
        await self.press(*text)

    async def resize(self, width: int, height: int) -> None:
        """Give the terminal another size."""
        await self.pilot.resize_terminal(width, height)
        await self.quiet()

    def text(self) -> str:
        """The screen as text."""
        return screen_text(self.app.screen)

    def says(self, words: str) -> bool:
        """Whether the screen or a message of the program holds these words, across line breaks of a dialog."""
        return words in self.text() or any(words in message for message in self.said)

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Let the program work until ``condition`` holds; fail with the screen after :data:`PATIENCE`."""
        self.here()
        watch: Stopwatch | None = None
        while not condition():
            if watch is None:
                panel = getattr(self.sandbox, "process", None)  # other panels run in this process
                watch = Stopwatch(*([panel.pid] if panel is not None else []))
            elif watch.has_run(PATIENCE):
                raise AssertionError(f"waited in vain{f' for {what}' if what else ''}; {self.said}\n{self.text()}")
            await self.pilot.pause(0.02)
        await self.quiet()

    async def sees(self, *words: str) -> None:
        """Wait until all ``words`` stand on the screen."""
        for word in words:
            await self.until(lambda word=word: word in self.text(), f"“{word}” on the screen")  # type: ignore[misc]  # a default argument binds the word

    def prose(self) -> str:
        """The lines inside frames as running text, as sentences of a dialog are read; without a frame, all lines."""
        lines = self.text().splitlines()
        framed = [line.split("│", 1)[1].rsplit("│", 1)[0] for line in lines if line.count("│") > 1]
        return " ".join(" ".join(framed or lines).split())

    async def reads(self, *words: str) -> None:
        """As :meth:`sees`, across the lines of a dialog."""
        for word in words:
            await self.until(lambda word=word: word in self.prose(), f"“{word}” to be read")  # type: ignore[misc]  # as above

    async def hears(self, words: str) -> None:
        """Wait until the program has said ``words``."""
        await self.until(lambda: any(words in message for message in self.said), f"“{words}” to be said")

    async def on(self, name: str) -> None:
        """Wait until a screen of this class is on top and drawn."""
        await self.until(
            lambda: type(self.app.screen).__name__ == name and self.app.typing.shows(self.app.screen), name
        )

    async def go(self, key: str, name: str) -> None:
        """Press the key of an area and wait for its screen."""
        await self.press(key)
        await self.on(name)

    async def ready(self) -> None:
        """Wait until signed in, with a whole copy of the lists."""
        await self.until(
            lambda: self.app.session.signed_in and self.app.session.store.is_complete and self.online, "the copy"
        )

    @property
    def online(self) -> bool:
        """Whether the panel answers; on a busy machine slowly, which is not its doing."""
        return self.app.session.connection.state in (ConnectionState.ONLINE, ConnectionState.SLOW)

    @property
    def list_screen(self) -> ListScreen[Any]:
        """The list on top."""
        screen = self.app.screen
        assert isinstance(screen, ListScreen), screen
        return screen

    @property
    def cursor(self) -> str | None:
        """The id under the cursor."""
        return self.list_screen.table.cursor_id

    async def cursor_to(self, row_id: str) -> None:
        """Move the cursor to a row by its keys alone."""
        table = self.list_screen.table
        await self.until(lambda: row_id in table.shown_ids() and table.cursor_id, f"row {row_id}")
        for _ in range(3):  # rows that come from the panel meanwhile, or take another place, are counted anew
            ids = list(table.shown_ids())
            steps = ids.index(row_id) - ids.index(str(table.cursor_id))
            await self.press(*["j" if steps > 0 else "k"] * abs(steps))
            if table.shown_ids() == ids:
                break
        assert self.cursor == row_id

    async def mark(self, *row_ids: str) -> None:
        """Mark rows with the space bar."""
        for row_id in row_ids:
            await self.cursor_to(row_id)
            await self.press("space")
        assert set(row_ids) <= self.list_screen.table.marked_ids

    async def choose(self, option_id: str) -> None:
        """Choose in the dialog on top, with the arrow keys and enter."""
        from textual.widgets import OptionList

        if not self.app.screen.query("#choices"):
            await self.until(lambda: self.app.screen.query("#choices"), "a choice")
        options = self.app.screen.query_one("#choices", OptionList)
        wanted = options.get_option_index(option_id)
        assert not options.get_option_at_index(wanted).disabled, f"{option_id} cannot be chosen: {self.text()}"
        for _ in range(options.option_count):
            if options.highlighted == wanted:
                break
            await self.press("up" if options.highlighted is not None and options.highlighted > wanted else "down")
        assert options.highlighted == wanted
        screen = self.app.screen
        await self.press("enter")
        await self.until(lambda: self.app.screen is not screen, "the choice to be taken")

    async def confirm(self) -> None:
        """In a confirmation, go to the second button and press it."""
        await self.on("ConfirmPlan")
        assert self.app.focused is not None
        assert self.app.focused.id == "cancel", "focus rests on the safe answer"
        screen = self.app.screen
        await self.press("right")
        assert self.app.focused is not None
        assert self.app.focused.id == "confirm"
        await self.press("enter")
        await self.until(lambda: self.app.screen is not screen, "the confirmation to close")

    async def left(self) -> int:
        """Wait until the program has been left; its exit code."""
        watch = Stopwatch()
        while (code := self.app.return_code) is None:
            assert not watch.has_run(PATIENCE), f"still there: {self.text()}"
            await asyncio.sleep(0.02)
        assert self.app.session.closed
        return code

    def jobs(self) -> list[JobRow]:
        """The journal's jobs, the newest first."""
        return self.app.session.journal.jobs(100)

    async def finished(self, count: int = 1) -> JobRow:
        """Wait until ``count`` jobs are there and all have ended; the newest."""
        await self.until(
            lambda: len(self.jobs()) >= count and all(job.finished for job in self.jobs()), f"{count} finished jobs"
        )
        return self.jobs()[0]


@dataclass
class Program:
    """Makes programs on one panel; each has its own directories unless told otherwise."""

    sandbox: SandboxProcess
    root: Path
    _bills: dict[str, str] = field(default_factory=dict)

    def panel(self, login: str = "olena.marsh") -> Panel:
        """The panel's truth for one account."""
        return Panel(self.sandbox, self.sandbox.sign_in(login))

    def bill(self, order_id: str) -> str:
        """The open invoice of an order of the seed, or ``administration``'s: its id depends on the day of sowing."""
        if not self._bills:
            panel = self.panel()
            self._bills = {one["id"]: one["unpaid_invoice_id"] for one in panel.orders() if one["unpaid_invoice_id"]}
            kinds = {one["kind"]: one["id"] for one in panel.invoices(state="unpaid")}
            self._bills["administration"] = kinds["administration"]
        return self._bills[order_id]

    def profile(self, login: str = "olena.marsh", **more: Any) -> Profile:
        """A profile on this panel."""
        return make_profile(name="test", url=self.sandbox.url, login=login, **more)

    @asynccontextmanager
    async def open(
        self,
        *,
        login: str = "olena.marsh",
        size: tuple[int, int] = (80, 24),
        settings: Settings | None = None,
        credentials: Pocket | None = None,
        read_only: bool = False,
        ready: bool = True,
        home: str = "home",
        profile: Profile | None = None,
        ascii_only: bool = False,
        toasts: bool = True,
    ) -> AsyncIterator[Driver]:
        """Run the program; signed in by a password in memory unless ``credentials`` says otherwise."""
        profile = profile or self.profile(login)
        account = next((one for one in self.sandbox.accounts if one["login"] == login), self.sandbox.accounts[0])
        pocket = credentials if credentials is not None else Pocket(password_of(account))

        def make_session(
            profile: Profile, listener: Callable[[SessionEvent], None], ask: object, *, background: bool = True
        ) -> Session:
            chosen = SessionSettings.of(profile, read_only=read_only, background=background)
            folder = self.root / home
            connection = replace(chosen.connection, url=self.sandbox.url)  # whatever address the profile shows
            chosen = replace(
                chosen,
                connection=connection,
                data_dir=folder / "data",
                state_dir=folder / "state",
                retry_seconds=0.1,
                retry_most=0.5,
                slow_seconds=4 * PATIENCE,  # what takes its time is this machine, not the line
            )
            return Session(chosen, listener=listener, credentials=pocket)

        app = BilltuiApp(
            settings=settings or Settings(), profile=profile, make_session=make_session, ascii_only=ascii_only
        )
        said: list[str] = []
        notify = app.notify

        def listening(message: str, **options: Any) -> None:
            said.append(message)
            notify(message, **options)

        app.notify = listening  # type: ignore[method-assign]  # hears what the program says
        async with app.run_test(size=size, notifications=toasts) as pilot:
            driver = Driver(app, pilot, self.sandbox, said, self.bill)
            if ready:
                await driver.ready()
            try:
                yield driver
            finally:
                await app.session.close()
