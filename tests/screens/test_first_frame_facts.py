"""What is kept of the overview for the next start says the moment that its figures are of (P-START-1)."""

from __future__ import annotations

from pathlib import Path

from billtui.shell_frames import FirstFrames
from billtui.terminal.frame_facts import FRAMES, Facts, decode
from tests.support.driving import Driver, Program


def kept(driver: Driver) -> Facts:
    """What was written."""
    path: Path = driver.app.session.settings.data_dir / FRAMES / "test.frame"
    facts = decode(path.read_bytes())
    assert facts is not None
    return facts


def words(facts: Facts) -> str:
    return "\n".join("".join(text for _, text in line) for line in facts.lines)


async def test_figures_of_an_overview_that_was_left_are_not_told_as_newer(program: Program) -> None:
    panel = program.panel()
    profile = program.profile()
    async with program.open(profile=profile) as driver:
        app = driver.app
        app.profile = profile.model_copy(update={"demo": True})  # one that is in no book of profiles
        app.frames = FirstFrames(app, keep=True)
        await driver.go("3", "OrdersScreen")
        await driver.go("1", "OverviewScreen")
        app._reload_all(force=True)  # the overview may have said all that it knows already, to others
        await driver.sees("To pay")
        await app.frames.write()
        first = kept(driver)
        before = first.balance
        assert before in words(first)

        await driver.go("3", "OrdersScreen")
        await app.frames.write()
        left = kept(driver)  # it may have been told anew since, in another second
        assert left.balance == before
        invoice = panel.invoices(state="unpaid")[0]
        panel.pay(invoice["id"])
        await driver.until(lambda: app.place().balance != before, "the balance after it")
        await app.frames.write()
        second = kept(driver)
        assert before in words(second), "nobody looked at the overview since"
        assert (second.balance, second.synced_at) == (before, left.synced_at)

        await driver.go("1", "OverviewScreen")
        await driver.until(lambda: driver.says(app.place().balance), "the new balance")
        await app.frames.write()
        third = kept(driver)
        assert third.balance == app.place().balance
        assert third.balance in words(third)
        assert third.synced_at >= first.synced_at
