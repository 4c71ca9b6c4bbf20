"""Jobs by keys: a long one followed, filtered, explained, paused, reported; another program's; and what one left."""

from __future__ import annotations

import csv
import os
from decimal import Decimal
from pathlib import Path

import pytest

from billtui.screens.job import JobScreen
from billtui.services import planner
from billtui.services.journal import Journal, OperationState
from billtui.services.journal.schema import owners_dir
from billtui.services.locks import OwnerLock
from billtui.services.plans import Plan
from tests.support.driving import Driver, Program
from tests.support.money_panel import MoneyPanel

S = OperationState


def plan_of(driver: Driver, count: int, start: int = 900_001) -> Plan:
    """Payments of invoices that do not exist: the journal does not mind."""
    account = driver.app.session.account
    assert account is not None
    panel = MoneyPanel(balance=Decimal("10000000.00"))
    rich = account.model_copy(update={"balances": panel.account().balances})
    return planner.pay(rich, panel.add_invoices(count, start=start), "internal")


def written(driver: Driver, count: int, done: int, lock: OwnerLock, start: int = 900_001) -> tuple[Journal, Plan]:
    """A job of ``count`` steps of another program, ``done`` of which have their outcome."""
    writer = Journal(driver.app.session.settings.journal_path)
    plan = plan_of(driver, count, start)
    with writer.transaction():
        writer.add_job(plan, lock.owner, held=False)
        for number in range(1, done + 1):
            move(writer, plan, number)
    return writer, plan


def move(writer: Journal, plan: Plan, number: int) -> None:
    writer.move(plan.id, number, S.SENDING, come_from=(S.PREPARED,))
    if number % 10:
        writer.move(plan.id, number, S.DONE, come_from=(S.SENDING,), answer={"id": f"p{number}"})
    else:
        writer.move(plan.id, number, S.REFUSED, come_from=(S.SENDING,), code="insufficient-funds", rule="INV-3",
                    detail=f"The balance does not cover invoice {number}.", request_id=f"req-{number}")  # fmt: skip


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_another_programs_job_is_followed_and_taken_over(program: Program, size: tuple[int, int]) -> None:
    """Seen live with who runs it; when that one ends, p shows what is left before anything is sent."""
    async with program.open(size=size) as driver:
        path = driver.app.session.settings.journal_path
        lock = OwnerLock(owners_dir(path), '{"pid": 4711, "terminal": "pts/7", "program": "program"}')
        writer, plan = written(driver, 1_000, 40, lock)
        await driver.go("4", "JobsScreen")
        await driver.sees("by the billtui on pts/7 (process 4711)")
        await driver.press("enter")
        await driver.on("JobScreen")
        await driver.sees("40 of 1000 (4 %)", "Carried out by the billtui on pts/7 (process 4711)")
        screen = driver.app.screen
        assert isinstance(screen, JobScreen)
        with writer.transaction():
            for number in range(41, 941):
                move(writer, plan, number)
        await driver.sees("940 of 1000 (94 %)")
        await driver.until(lambda: screen.job is not None and screen.job.counts[S.DONE] == 846, "counts")

        await driver.press("v")
        await driver.choose("refused")
        await driver.until(lambda: screen.table.row_count == 94, "only what was refused")
        await driver.press("e")
        await driver.on("MessageDialog")
        await driver.sees("does not cover invoice 10", "INV-3", "decided against it", "What happened")
        await driver.press("end")
        await driver.sees("insufficient-funds", "req-10")
        await driver.press("escape")
        await driver.press("v")
        await driver.choose("all")

        await driver.press("p")  # pausing somebody else's job goes through the journal
        await driver.until(lambda: screen.session.journal.job(plan.id).paused is not None, "paused there")
        writer.unpause(plan.id)
        os.close(lock._descriptor)  # as the kernel does when that program is gone
        await driver.hears("not finished")
        await driver.sees("left; p shows them and goes on")
        await driver.press("p")
        await driver.on("ChoiceDialog")
        await driver.sees("60 steps left, 600.00 EUR in all", "60 changed since you confirmed", "And 55 more")
        await driver.choose("cancel")
        await driver.until(lambda: screen.session.journal.job(plan.id).finished, "the rest is cancelled")
        assert screen.session.journal.job(plan.id).counts == {S.DONE: 846, S.REFUSED: 94, S.CANCELLED: 60}
        assert screen.session.journal.verify() == []
        writer.close()


async def test_a_report_is_written_and_never_over_something(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with program.open() as driver:
        lock = OwnerLock(owners_dir(driver.app.session.settings.journal_path))
        writer, _plan = written(driver, 30, 30, lock)
        await driver.go("4", "JobsScreen")
        for name in ("report.csv", "again.csv"):
            await driver.press("w")
            await driver.on("ChoiceDialog")
            await driver.choose("csv")
            await driver.on("Prompt")
            await driver.press("ctrl+u")
            await driver.type("report.csv")
            await driver.press("enter")
            if name != "report.csv":
                await driver.sees("not overwritten")
                await driver.press("ctrl+u")
                await driver.type(name)
                await driver.press("enter")
            await driver.hears(f"30 steps written to {name}")
        rows = list(csv.DictReader((tmp_path / "report.csv").open(newline="")))
        assert len(rows) == 30 and {row["state"] for row in rows} == {"done", "refused"}
        writer.close()


async def test_twenty_thousand_steps_are_drawn_and_followed(program: Program) -> None:
    """A move costs its own row, not all of them: the journal is read for what moved only."""
    async with program.open() as driver:
        lock = OwnerLock(owners_dir(driver.app.session.settings.journal_path), '{"pid": 4711}')
        writer, plan = written(driver, 20_000, 10, lock)
        await driver.go("4", "JobsScreen")
        await driver.press("enter")
        await driver.on("JobScreen")
        await driver.sees("10 of 20000", "Pay invoice")
        screen = driver.app.screen
        assert isinstance(screen, JobScreen)
        first = screen.table.rows
        await driver.press("end")
        with writer.transaction():
            for number in range(19_995, 20_001):
                move(writer, plan, number)
        await driver.until(lambda: screen.table.rows is not first, "the moves of the other program")
        kept = sum(one is other for one, other in zip(screen.table.rows, first, strict=True))
        assert kept == 20_000 - 6 and driver.cursor == "20000"
        writer.close()


async def test_of_several_marked_jobs_none_is_taken_for_the_others(program: Program) -> None:
    """Whoever stops a job sees one under the cursor: with marks on several, the first of them was stopped instead."""
    async with program.open() as driver:
        locks = [OwnerLock(owners_dir(driver.app.session.settings.journal_path)) for _ in range(2)]
        made = [written(driver, 5, 1, lock, 900_001 + 10 * place) for place, lock in enumerate(locks)]
        await driver.go("4", "JobsScreen")
        await driver.until(lambda: driver.list_screen.table.row_count == 2, "both")
        await driver.press("V", "j", "p")
        await driver.hears("One job at a time, and 2 are marked")
        journal = driver.app.session.journal
        assert [journal.job(plan.id).paused for _, plan in made] == [None, None]
        assert len(driver.list_screen.table.marked_ids) == 2
        await driver.press("-", "p")
        below = driver.cursor
        await driver.until(lambda: journal.job(str(below)).paused is not None, "the one under the cursor to pause")
        assert sum(journal.job(plan.id).paused is not None for _, plan in made) == 1
        for (writer, _), lock in zip(made, locks, strict=True):
            writer.close()
            os.close(lock._descriptor)
