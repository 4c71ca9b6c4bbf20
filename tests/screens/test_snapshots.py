"""A picture of every screen and dialog in both sizes, on a panel whose time stands still.

``pytest tests/screens/test_snapshots.py --snapshot-update`` draws them anew; look at them before keeping them.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion
from textual.strip import Strip

from billtui.config.profiles import ProfileBook, make_profile
from billtui.config.settings import Settings
from billtui.screens.record_list import RecordList
from billtui.services.accounts import AccountState
from billtui.services.session import Session
from tests.support.driving import Driver, Pocket, Program, drawn_lines
from tests.support.sandbox import SandboxProcess
from tests.support.sowing import sown_again

INSTANT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
SIZES = [(80, 24), (140, 40)]
STILL = 5
"""Equal pictures in a row, at least 20 ms apart, until nothing moves any more."""
Steps = Callable[[Driver], Awaitable[None]]


@pytest.fixture(scope="module")
def still_panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SandboxProcess, Callable[[], None]]]:
    """The reference panel in a thread of this process, at :data:`INSTANT` for ever; and how to sow it anew."""
    from billtui.sandbox.database import Database
    from billtui.sandbox.http.app import create_app
    from billtui.sandbox.http.server import SandboxServer
    from billtui.sandbox.serve import _listen

    file = tmp_path_factory.mktemp("still") / "panel.db"
    micros = int(INSTANT.timestamp()) * 1_000_000
    database = Database(file, clock_source=lambda: micros)
    database.reset(seed=1, fleet=40)
    sow = sown_again(database, file.with_name("sown.db"))
    listener = _listen(0)
    app = create_app(database)
    started = threading.Event()
    server = SandboxServer(app, app.state.panel.hub.close, started.set)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    assert started.wait(30)
    port = listener.getsockname()[1]
    shown = SandboxProcess(file, port=port, url=f"http://127.0.0.1:{port}", accounts=database.seed_accounts())
    yield shown, sow
    server.stop()
    thread.join(10)
    database.close()


@pytest.fixture
def still(
    still_panel: tuple[SandboxProcess, Callable[[], None]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Program]:
    """Programs on it, in UTC, whose own time stands still as well."""
    panel, sow = still_panel
    sow()
    monkeypatch.setattr(Session, "now", lambda _session: INSTANT)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield Program(panel, tmp_path)
    monkeypatch.undo()
    time.tzset()


async def area(driver: Driver, key: str, name: str, row: str | None = None) -> None:
    await driver.go(key, name)
    if row is not None:
        await driver.cursor_to(row)


async def overview(driver: Driver) -> None:
    await driver.sees("38 active")


async def invoices(driver: Driver) -> None:
    await area(driver, "2", "InvoicesScreen", driver.bill("12"))
    await driver.mark(driver.bill("10"), driver.bill("13"))


async def orders(driver: Driver) -> None:
    await driver.go("3", "OrdersScreen")
    await driver.mark("1", "2", "3")


async def orders_filtered_to_nothing(driver: Driver) -> None:
    await driver.go("3", "OrdersScreen")
    await driver.press("slash")
    await driver.type("nowhere")
    await driver.sees("No row fits")


async def invoice(driver: Driver) -> None:
    await area(driver, "2", "InvoicesScreen", driver.bill("14"))
    await driver.press("enter")
    await driver.on("InvoiceScreen")
    await driver.sees("Cannot")


async def order(driver: Driver) -> None:
    await area(driver, "3", "OrdersScreen", "13")
    await driver.press("enter")
    await driver.on("OrderScreen")
    await driver.sees("i opens it")


async def jobs_empty(driver: Driver) -> None:
    await driver.go("4", "JobsScreen")


async def balance(driver: Driver) -> None:
    await driver.go("5", "BalanceScreen")
    await driver.until(lambda: driver.app.screen.query_one("#table").row_count, "the ledger")  # type: ignore[attr-defined]  # a RecordTable


async def settings(driver: Driver) -> None:
    await driver.go("6", "SettingsScreen")


async def help_of_invoices(driver: Driver) -> None:
    await area(driver, "2", "InvoicesScreen", driver.bill("10"))
    await driver.press("question_mark")
    await driver.on("HelpScreen")


async def palette(driver: Driver) -> None:
    await area(driver, "2", "InvoicesScreen", driver.bill("10"))
    await driver.press("colon")
    await driver.on("Palette")
    await driver.type("in")


async def search(driver: Driver) -> None:
    await overview(driver)
    store = driver.app.session.store
    await driver.until(lambda: store.coverage().whole >= store.coverage().tickets > 0, "all threads in the copy")
    await picture(driver)  # what shines through the dialog was painted, too
    await driver.press("ctrl+f")
    await driver.on("SearchScreen")
    await driver.type("backup")
    await driver.sees("backup-jp")


async def columns(driver: Driver) -> None:
    await driver.go("3", "OrdersScreen")
    await driver.press("c")
    await driver.on("ColumnsDialog")


async def views(driver: Driver) -> None:
    await driver.go("3", "OrdersScreen")
    await driver.press("v")
    await driver.on("ChoiceDialog")


async def period(driver: Driver) -> None:
    await driver.go("3", "OrdersScreen")
    await driver.mark("1", "2", "3")
    await driver.press("R")
    await driver.on("ChoiceDialog")


async def quote(driver: Driver) -> None:
    await period(driver)
    await driver.choose("1")
    await driver.on("RenewalDialog")


async def confirm_renewal(driver: Driver) -> None:
    await quote(driver)
    await driver.choose("internal")
    await driver.on("ConfirmPlan")


async def pay(driver: Driver) -> None:
    await area(driver, "2", "InvoicesScreen", driver.bill("13"))
    await driver.press("p")
    await driver.on("ChoiceDialog")


async def confirm_typed(driver: Driver) -> None:
    await area(driver, "2", "InvoicesScreen", driver.bill("11"))
    await driver.press("p")
    await driver.on("ChoiceDialog")
    await driver.choose("internal")
    await driver.on("ConfirmPlan")
    await driver.type("27")
    await driver.press("enter")


async def confirm_delete(driver: Driver) -> None:
    await area(driver, "2", "InvoicesScreen", driver.bill("52"))
    await driver.press("D")
    await driver.on("ConfirmPlan")


async def explain(driver: Driver) -> None:
    await area(driver, "2", "InvoicesScreen", driver.bill("14"))
    await driver.press("e")
    await driver.on("MessageDialog")


async def power(driver: Driver) -> None:
    await area(driver, "3", "OrdersScreen", "9")
    await driver.press("x")
    await driver.on("ChoiceDialog")


async def rename(driver: Driver) -> None:
    await area(driver, "3", "OrdersScreen", "20")
    await driver.press("E")
    await driver.on("Prompt")


async def top_up(driver: Driver) -> None:
    await balance(driver)
    await driver.press("t")
    await driver.on("Prompt")
    await driver.type("zwölf")
    await driver.press("enter")


async def quit_dialog(driver: Driver) -> None:
    await overview(driver)
    await picture(driver)  # as above
    await driver.press("q")
    await driver.on("QuitDialog")


async def outbox(driver: Driver) -> None:
    """Held back; the seconds left are not part of the picture's promise, so the window is the longest."""
    await area(driver, "2", "InvoicesScreen", driver.bill("10"))
    await driver.press("D")
    await driver.confirm()
    await driver.press("q")
    await driver.on("QuitDialog")
    await driver.press("escape")
    driver.app._held_timer.pause()  # type: ignore[union-attr]  # time stands still here too
    from billtui.widgets.outbox import Outbox, Waiting

    line = driver.app.screen.query_one(Outbox)
    assert line.waiting is not None
    said = Waiting(line.waiting.title, 5)
    driver.app._waiting = lambda: said  # type: ignore[method-assign]  # whoever draws the line anew says the same
    line.waiting = said
    await driver.sees("sent in 5 s")


async def external(driver: Driver) -> None:
    await pay(driver)
    await driver.choose("card")
    await driver.confirm()
    await driver.on("ExternalPayment")


async def job_done(driver: Driver) -> None:
    """A finished job with its steps; its instants, the only ones from this computer, are put right in the file."""
    await confirm_renewal(driver)
    await driver.confirm()
    await driver.finished()
    path = driver.app.session.settings.journal_path
    connection = sqlite3.connect(path)
    connection.execute("UPDATE jobs SET submitted_at = ?", (INSTANT.isoformat(),))
    connection.execute("UPDATE operations SET changed_at = ?", (INSTANT.isoformat(),))
    connection.commit()
    connection.close()
    await driver.go("4", "JobsScreen")
    await driver.press("enter")
    await driver.on("JobScreen")


async def bulk_order(driver: Driver) -> None:
    """The same server in every location, one of them sold out (BLK-2)."""
    await driver.go("3", "OrdersScreen")
    await driver.press("b")
    await driver.on("BulkOrderScreen")
    await driver.sees("VDS micro")
    await driver.press("down", "3", "f")
    await driver.sees("Price of the panel", "= 30 servers")


async def bulk_price(driver: Driver) -> None:
    await bulk_order(driver)
    await driver.press("enter")
    await driver.on("QuoteDialog")


async def renewal_with_blocked(driver: Driver) -> None:
    """BLK-5: what is on an open invoice stands beside the price with its ways out."""
    await driver.go("3", "OrdersScreen")
    await driver.press("asterisk", "R")
    await driver.on("ChoiceDialog")
    await driver.choose("1")
    await driver.on("RenewalDialog")


async def choose_by(driver: Driver) -> None:
    await driver.go("3", "OrdersScreen")
    await driver.press("m")
    await driver.on("ChoiceDialog")


async def calendar(driver: Driver) -> None:
    await driver.go("7", "PlannerScreen")
    await driver.sees("November 2026", "fall due")


async def cash(driver: Driver) -> None:
    await calendar(driver)
    await driver.press("z", "z", "f")
    await driver.sees("Next 365 days", "will fail")


async def agenda(driver: Driver) -> None:
    await calendar(driver)
    await driver.press("a")
    await driver.on("AgendaScreen")
    await driver.sees("needs you")


async def cheapest(driver: Driver) -> None:
    await driver.go("3", "OrdersScreen")
    await driver.mark("1", "2", "3")
    await driver.press("P")
    await driver.on("ChoiceDialog")
    await driver.press("enter")
    await driver.sees("the optimum")


SHOTS: list[Steps] = [
    overview, invoices, orders, orders_filtered_to_nothing, invoice, order, jobs_empty, balance, settings,
    help_of_invoices, palette, search, columns, views, period, quote, confirm_renewal, pay, confirm_typed,
    confirm_delete, explain, power, rename, top_up, quit_dialog, outbox, job_done, bulk_order, bulk_price,
    renewal_with_blocked, choose_by, calendar, cash, agenda, cheapest,
]  # fmt: skip


def without_lines(driver: Driver) -> int:
    """How many open invoices have no lines in the copy yet: they are read behind the lists, one by one."""
    found = driver.app.session.store.query(
        "SELECT count(*) FROM invoices AS i JOIN invoice_objects AS o ON o.n = i.n "
        "WHERE o.whole = 0 AND i.state IN ('unpaid', 'promised', 'overdue')"
    )
    return int(found[0][0])


async def picture(driver: Driver) -> str:
    """The screen as SVG, once nothing moves any more."""
    await driver.until(lambda: driver.online or not driver.app.session.signed_in, "the line")
    await driver.until(lambda: not without_lines(driver), "the lines of open invoices")
    driver.app._reload_all()  # as if what was told of the copy had been drawn: on a busy machine that is late
    for screen in driver.app.screen_stack:
        if isinstance(screen, RecordList):
            screen.trailing.catch_up()  # as if the keys had come to rest: on a busy machine its timer is late
    await driver.quiet()
    driver.app.screen.refresh(layout=True)  # what shines through from below a dialog comes with it
    shots: list[list[Strip]] = []

    def at_rest() -> bool:
        shots.append(drawn_lines(driver.app.screen))
        return len(shots) > STILL and all(shot == shots[-1] for shot in shots[-STILL:-1])

    await driver.until(at_rest, "the picture to stand still")
    return driver.app.export_screenshot(title="billtui")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "140x40"])
@pytest.mark.parametrize("steps", SHOTS, ids=lambda steps: steps.__name__)
async def test_picture(still: Program, snapshot: SnapshotAssertion, steps: Steps, size: tuple[int, int]) -> None:
    typed = steps is confirm_typed
    chosen = Settings(confirm_limit=20 if typed else 100, undo_seconds=60)  # type: ignore[arg-type]  # coerced
    profile = make_profile(name="demo", url="http://127.0.0.1:8765", login="olena.marsh", demo=True)
    async with still.open(size=size, profile=profile, settings=chosen, toasts=False) as driver:
        await steps(driver)
        assert await picture(driver) == snapshot(extension_class=SVGImageExtension)


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "140x40"])
async def test_picture_of_signing_in(still: Program, snapshot: SnapshotAssertion, size: tuple[int, int]) -> None:
    profile = make_profile(name="demo", url="http://127.0.0.1:8765", login="mei.tanaka", demo=True)
    async with still.open(
        size=size, profile=profile, login="mei.tanaka", credentials=Pocket(), ready=False, toasts=False
    ) as driver:
        await driver.on("SignInScreen")
        await driver.type("demo-fleet-2026")
        await driver.press("enter")
        await driver.sees("second factor: type its present code")
        assert await picture(driver) == snapshot(extension_class=SVGImageExtension)


async def profiles(driver: Driver) -> None:
    await overview(driver)
    await picture(driver)  # what shines through the dialog was painted, too
    await driver.press("@")
    await driver.on("ProfileDialog")
    await driver.sees("All accounts", "READ-ONLY")


async def all_accounts(driver: Driver) -> None:
    await profiles(driver)
    await driver.choose("*")
    await driver.on("AccountsScreen")
    desk = driver.app.accounts
    await driver.until(lambda: all(line.state is AccountState.FRESH for line in desk.lines), "every account")
    await driver.sees("3 accounts · 3 refreshed")


async def confirm_accounts(driver: Driver) -> None:
    await all_accounts(driver)
    table = driver.list_screen.table
    await driver.until(
        lambda: {"lab", "work"} <= {row.profile for row in table.shown_rows() if row.kind == "invoice"}, "both accounts"
    )
    rows = table.shown_rows()
    cheap = [row for row in rows if row.kind == "invoice" and row.amount < 1000]
    for name, cents in (("lab", 566), ("work", 555)):  # the cursor rests beside an invoice that nothing moves
        await driver.mark(next(row.key for row in cheap if row.profile == name and row.amount == cents))
    await picture(driver)
    await driver.press("p")
    await driver.on("ChoiceDialog")
    await driver.choose("internal")
    await driver.on("ConfirmAccounts")


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "140x40"])
@pytest.mark.parametrize("steps", [all_accounts, confirm_accounts], ids=lambda steps: steps.__name__)
async def test_picture_of_several_accounts(
    still: Program, snapshot: SnapshotAssertion, steps: Steps, size: tuple[int, int]
) -> None:
    """Three accounts of one panel, under three addresses that nobody has; the pocket holds everybody's password."""
    book, work = (
        ProfileBook(),
        make_profile(name="work", url="https://billing.example", login="olena.marsh", accent="teal"),
    )
    book.add(work)
    book.add(make_profile(name="lab", url="https://lab.example", login="kofi.brandt", accent="orange"))
    book.add(make_profile(name="look", url="https://desk.example", login="sam.desk", read_only=True))
    async with still.open(size=size, profile=work, toasts=False) as driver:
        await steps(driver)
        assert await picture(driver) == snapshot(extension_class=SVGImageExtension)


async def test_picture_of_a_terminal_too_small(still: Program, snapshot: SnapshotAssertion) -> None:
    async with still.open(size=(30, 8), toasts=False) as driver:
        await driver.on("TooSmall")
        assert await picture(driver) == snapshot(extension_class=SVGImageExtension)
