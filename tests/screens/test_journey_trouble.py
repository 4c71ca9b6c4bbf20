"""Lost answers, lost lines, lost sessions: nothing twice, nothing lost, and the right words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from billtui.config.settings import Settings
from billtui.services.journal import OperationState, owners
from billtui.services.session_events import ConnectionState, StoreChanged
from tests.support.driving import Driver, Pocket, Program

PAYMENTS = {"method": "POST", "path": "/api/v1/invoices/*/payments"}
PRICE = Decimal("5.55")


async def pay(driver: Driver) -> None:
    """Everything up to and with the confirmation."""
    await driver.go("2", "InvoicesScreen")
    await driver.cursor_to(driver.bill("10"))
    await driver.press("p")
    await driver.on("ChoiceDialog")
    await driver.choose("internal")
    await driver.confirm()


def states(driver: Driver) -> list[OperationState]:
    """The states of the newest job's operations."""
    jobs = driver.jobs()
    return [row.state for row in driver.app.session.journal.operations(jobs[0].id)] if jobs else []


async def test_panel_killed_between_request_and_answer(program: Program) -> None:
    """kill -9 after the payment was committed: unknown, then settled; paid exactly once."""
    panel = program.panel()
    before = panel.balances()["internal"]
    async with program.open() as driver:
        # The answer comes a byte a second: the work is done, the answer is not yet there.
        program.sandbox.faults({"kind": "slow-body", "ms": 5_000, **PAYMENTS})
        await pay(driver)
        await driver.until(lambda: program.sandbox.fault_strikes() == [1], "the payment to be committed")
        program.sandbox.kill()
        await driver.until(lambda: OperationState.UNKNOWN in states(driver), "the outcome to be unknown")
        await driver.hears("outcome unknown, the answer was lost")
        await driver.go("4", "JobsScreen")
        await driver.sees("unknown")
        assert "failed" not in driver.text()
        program.sandbox.start()
        await driver.finished()
        assert states(driver) == [OperationState.DONE]
        panel = program.panel()
        assert panel.invoice(program.bill("10"))["state"] == "paid"
        assert panel.balances()["internal"] == before - PRICE
        assert len([line for line in panel.ledger() if line["invoice_id"] == program.bill("10")]) == 1
        await driver.ready()
        await driver.go("2", "InvoicesScreen")
        await driver.until(
            lambda: program.bill("10") not in driver.list_screen.table.shown_ids(), "the paid invoice to leave"
        )


async def test_answer_dropped_after_the_work(program: Program) -> None:
    """drop-after: the same, with the panel alive."""
    panel = program.panel()
    before = panel.balances()["internal"]
    async with program.open() as driver:
        program.sandbox.faults({"kind": "drop-after", "times": 1, **PAYMENTS})
        await pay(driver)
        await driver.finished()
        assert program.sandbox.fault_strikes() == [1]
        assert states(driver) == [OperationState.DONE]
        assert panel.balances()["internal"] == before - PRICE
        events = driver.app.session.journal.events(driver.jobs()[0].id)
        assert OperationState.UNKNOWN in [event.after for event in events]


async def test_line_lost_and_found(program: Program) -> None:
    """Stale rows stay, a write ends as "not sent", nothing is lost; the line comes back by itself."""
    async with program.open() as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(program.bill("10"))
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        program.sandbox.kill()
        await driver.confirm()
        job = await driver.finished()
        assert job.counts == {"not-sent": 1}
        await driver.sees("offline")
        assert len(driver.list_screen.table.shown_ids()) == 9
        await driver.hears("not sent")
        assert driver.app.session.connection.state is ConnectionState.OFFLINE
        program.sandbox.start()
        await driver.until(lambda: driver.online, "the line to come back")
        await driver.sees("live")
        panel = program.panel()
        assert panel.invoice(program.bill("10"))["state"] == "unpaid"
        await driver.go("4", "JobsScreen")
        await driver.press("R")
        await driver.on("ChoiceDialog")
        await driver.sees("in all")
        await driver.press("enter")  # it rests on the safe answer: nothing is sent
        await driver.on("JobsScreen")
        assert states(driver) == [OperationState.NOT_SENT]
        await driver.press("R")
        await driver.on("ChoiceDialog")
        await driver.choose("go")
        await driver.until(lambda: states(driver) == [OperationState.DONE], "the second try")
        assert panel.invoice(program.bill("10"))["state"] == "paid"


async def test_reading_without_a_line_says_so_and_keeps_the_rows(program: Program) -> None:
    """``r`` on a list asks the panel; without a line the reason is said and the rows stay."""
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        program.sandbox.kill()
        driver.said.clear()
        await driver.press("r")
        await driver.until(lambda: driver.said, "the reason")
        assert driver.list_screen.table.row_count
        await driver.go("5", "BalanceScreen")
        await driver.sees("tries again")
        program.sandbox.start()
        await driver.until(lambda: driver.online, "the line to come back")
        await driver.press("r")
        await driver.until(lambda: driver.app.screen.query_one("#table").row_count, "the ledger")  # type: ignore[attr-defined]  # a RecordTable


async def test_refresh_key_asks_the_panel(program: Program) -> None:
    """``r`` on a list reads the changes at once."""
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        asked: list[bool] = []
        refresh = driver.app.session.refresh

        async def counting(full: bool = False) -> StoreChanged | None:
            answer = await refresh(full)
            asked.append(True)
            return answer

        driver.app.session.refresh = counting  # type: ignore[method-assign]  # counts
        for place, key in enumerate(("3", "2", "1"), 1):
            await driver.press(key, "r")
            await driver.until(lambda place=place: len(asked) == place, f"an answer on {key}")  # type: ignore[misc]  # a default argument binds it


async def test_a_slow_panel_is_said_to_be_asked(program: Program) -> None:
    """x and p read first: where the answer does not come soon, the key is not without an echo."""
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        program.sandbox.faults({"kind": "latency", "ms": 2500, "method": "GET", "path": "/orders"})
        await driver.press("x")
        await driver.sees("Reading the order …")
        await driver.on("ChoiceDialog")
        await driver.press("escape")
        await driver.on("OrdersScreen")
        program.sandbox.faults({"kind": "latency", "ms": 2500, "method": "GET", "path": "/invoices"})
        await driver.go("2", "InvoicesScreen")
        await driver.press("p")
        await driver.sees("Reading the invoice …")
        await driver.on("ChoiceDialog")


async def test_session_expired_in_mid_work_asks_again_and_goes_on(program: Program) -> None:
    """The payment is not sent under the dead session; after signing in it goes on and is paid once."""
    panel = program.panel()
    before = panel.balances()["internal"]
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type("demo-fleet-2026")
        await driver.press("enter")
        await driver.ready()
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(program.bill("10"))
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.choose("internal")
        await driver.on("ConfirmPlan")
        program.sandbox.faults({"kind": "expire-session", "times": 1, "method": "POST"})
        await driver.confirm()
        await driver.on("SignInScreen")
        await driver.sees("expired")
        assert program.panel().invoice(program.bill("10"))["state"] == "unpaid"
        await driver.type("demo-fleet-2026")
        await driver.press("enter")
        await driver.finished()
        panel = program.panel()
        assert panel.invoice(program.bill("10"))["state"] == "paid"
        assert panel.balances()["internal"] == before - PRICE
        await driver.on("InvoicesScreen")


async def test_what_was_never_confirmed_is_dropped_and_said_at_the_next_start(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that died in its undo window: nothing was sent, and the next start says so."""
    panel = program.panel()
    async with program.open(settings=Settings(undo_seconds=60), home="same") as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(program.bill("10"))
        await driver.press("D")
        await driver.confirm()
        await driver.sees("takes it back")
        monkeypatch.setattr(owners, "release", lambda journal, owner: None)  # as after kill -9: only the lock is gone
    monkeypatch.undo()
    async with program.open(home="same") as driver:
        await driver.hears("dropped, nothing of it was sent")
        assert panel.invoice(program.bill("10"))["state"] == "unpaid"


async def test_quitting_while_something_waits_drops_it(program: Program) -> None:
    """``q`` names what is held back; leaving sends nothing."""
    panel = program.panel()
    async with program.open(settings=Settings(undo_seconds=60), home="same") as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(program.bill("10"))
        await driver.press("D")
        await driver.confirm()
        await driver.press("q")
        await driver.on("QuitDialog")
        await driver.sees("Held back and not sent", "Delete")
        assert driver.app.focused is not None
        assert driver.app.focused.id == "cancel"
        await driver.press("right", "enter")
        assert await driver.left() == 0
    assert panel.invoice(program.bill("10"))["state"] == "unpaid"


async def test_a_job_that_an_earlier_run_left_is_shown_and_goes_on(program: Program) -> None:
    """What was confirmed and not sent waits, is shown at the next start, and goes on with one key."""
    panel = program.panel()
    async with program.open(home="same") as driver:
        program.sandbox.faults({"kind": "rate-limit", "ms": 60_000, "method": "POST", "path": "/invoices"})
        await pay(driver)
        await driver.until(lambda: program.sandbox.fault_strikes()[0] > 0, "the panel to ask for patience")
    program.sandbox.faults()
    assert panel.invoice(program.bill("10"))["state"] == "unpaid"
    async with program.open(home="same") as driver:
        await driver.sees("Unfinished")
        await driver.go("4", "JobsScreen")
        await driver.sees("paused")
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.sees("1 step left, 5.55 EUR in all")
        await driver.choose("go")
        await driver.finished()
        assert states(driver) == [OperationState.DONE]
        assert panel.invoice(program.bill("10"))["state"] == "paid"
