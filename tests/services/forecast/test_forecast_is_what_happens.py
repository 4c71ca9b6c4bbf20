"""The forecast for a seeded fleet is, to the cent and the second, what the panel does when its clock is moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.services.forecast.beside_panel import forecast_of, played, told
from tests.support.engine import FIRST, SECOND, THIRD, StandingTime, World

if TYPE_CHECKING:
    from billtui.sandbox.database import Database

MakeWorld = Callable[[int, int], World]


@pytest.fixture
def make_world(tmp_path: Path, books: Callable[[Database], None]) -> Iterator[MakeWorld]:
    """``make_world(seed, fleet)``: a panel of one's own."""
    from billtui.sandbox.database import Database

    opened: list[Database] = []

    def make(seed: int, fleet: int) -> World:
        time = StandingTime()
        database = Database.open(tmp_path / f"panel-{seed}.db", seed=seed, fleet=fleet, clock_source=time)
        books(database)
        opened.append(database)
        return World(database, time)

    yield make
    for database in opened:
        database.close()


def words(world: World, path: Path, days: int) -> set[str]:
    """Forecast, then let it happen, and compare; which kinds of things happened."""
    forecast = forecast_of(world, path, days)
    said = told(forecast)
    assert played(world, days, forecast) == said
    return {one.what for one in said}


@pytest.mark.parametrize("days", [30, 90, 365])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_seeded_fleet(make_world: MakeWorld, tmp_path: Path, seed: int, days: int) -> None:
    """REN-4, ORD-2, ORD-3, INV-12: every movement, block, deletion, cancellation; the purse runs out in between."""
    world = make_world(seed, 40)
    found = words(world, tmp_path / "copy.db", days)
    assert {"pays", "blocks", "cancels", "takes back"} <= found


@pytest.mark.parametrize("account", [SECOND, THIRD])
def test_promises_of_the_seed(make_world: MakeWorld, tmp_path: Path, account: int) -> None:
    """PRM-5, PRM-8: one broken, one running, one that keeps its order alive beyond its paid period."""
    world = make_world(4, 40)
    world.account = account
    found = words(world, tmp_path / "copy.db", 90)
    assert ("breaks promise" in found) == (account == SECOND)


@pytest.mark.parametrize(("internal", "affiliate"), [(0, 0), (3_000, 4_500), (12_000, 1_000), (100, 60_000), (2, 1)])
def test_purses_are_never_added(make_world: MakeWorld, tmp_path: Path, internal: int, affiliate: int) -> None:
    """REN-4, ACC-4: internal first, else affiliate, else none; a smaller one behind one that fails is still tried."""
    world = make_world(5, 60)
    world.set_purses(internal, affiliate)
    words(world, tmp_path / "copy.db", 90)


def test_a_fleet_that_renews_itself_through_the_discount_steps(make_world: MakeWorld, tmp_path: Path) -> None:
    """DSC-1, DSC-2: a year with money enough; length of use grows, the count falls as others are blocked."""
    world = make_world(6, 30)
    world.set_purses(10_000_00, 0)
    auto_on(world, every=2)
    assert "pays" in words(world, tmp_path / "copy.db", 365)


def auto_on(world: World, every: int, months: int = 1) -> None:
    """Switch auto-renewal on for some of the running orders."""
    from billtui.sandbox.engine import orders

    ids = [str(row[0]) for row in world.rows("SELECT id FROM orders WHERE account_id = ? AND state = 'active'", FIRST)]
    for key in ids[::every]:
        if world.order(key)["unpaid_invoice_id"] is None and world.order(key)["transfer_id"] is None:
            world.write(orders.set_auto_renew, FIRST, key, True, months)


class TestHandMade:
    """Situations that a seed does not bring about by itself."""

    def test_deleted_invoice_of_an_auto_renewal(self, world: World, tmp_path: Path) -> None:
        """REN-4: once in each period; the order is free again, and nothing renews it."""
        from billtui.sandbox.engine import invoices, orders

        key = world.free(1)[0]
        world.write(orders.set_auto_renew, FIRST, key, True, 1)
        world.set_purses(0, 0)
        left = world.paid_until(key) - world.now()
        world.advance(seconds=int(left.total_seconds()) - 2 * 86_400 + 60)
        unpaid = world.order(key)["unpaid_invoice_id"]
        assert unpaid is not None
        world.write(invoices.delete_invoice, FIRST, unpaid)
        world.set_purses(500_00, 0)  # a later top-up pays nothing
        forecast = forecast_of(world, tmp_path / "copy.db", 30)
        assert not [one for one in told(forecast) if one.id == key and one.what == "pays"]
        assert played(world, 30, forecast) == told(forecast)

    def test_auto_renewal_switched_on_too_late(self, world: World, tmp_path: Path) -> None:
        """REN-4: less than two days before the end."""
        from billtui.sandbox.engine import orders

        key = world.near(40)
        world.write(orders.set_auto_renew, FIRST, key, True, 1)
        world.set_purses(500_00, 0)
        assert {"blocks", "deletes"} <= words(world, tmp_path / "copy.db", 30)
        assert world.order(key)["state"] == "deleted"

    def test_auto_renewal_switched_on_in_time(self, world: World, tmp_path: Path) -> None:
        """REN-4: an hour before the two days begin."""
        from billtui.sandbox.engine import orders

        key = world.near(49)
        world.write(orders.set_auto_renew, FIRST, key, True, 3)
        world.set_purses(500_00, 0)
        words(world, tmp_path / "copy.db", 90)
        assert world.order(key)["state"] == "active"

    @pytest.mark.parametrize("hours", [1, 70])
    def test_a_promise_that_breaks(self, world: World, tmp_path: Path, hours: float) -> None:
        """PRM-5, PRM-8: two orders on one promised invoice; blocked at the deadline, deleted seven days later."""
        key = world.near(hours)
        other = str(
            world.value(
                "SELECT id FROM orders WHERE account_id = ? AND state = 'active' AND open_invoice_id IS NULL"
                " AND id <> ? AND kind = 'vds' ORDER BY paid_until LIMIT 1",
                FIRST,
                key,
            )
        )
        within = world.paid_until(other) - world.now()
        keys = (key, other) if within.total_seconds() < 72 * 3_600 else (key,)
        invoice = world.renewal(*keys)
        world.pay(invoice["id"], "promise")
        assert "breaks promise" in words(world, tmp_path / "copy.db", 30)

    def test_an_order_freed_by_another_one_that_is_deleted(self, world: World, tmp_path: Path) -> None:
        """INV-12, REN-4: the invoice goes with the first order; the second renews itself when its time comes."""
        from billtui.sandbox.engine import orders

        early = world.near(30)
        late = next(key for key in world.free(8, more_than_days=12) if key != early)
        world.write(orders.set_auto_renew, FIRST, late, True, 1)
        world.set_purses(500_00, 0)
        world.renewal(early, late)
        words(world, tmp_path / "copy.db", 60)

    def test_an_unpaid_bulk_order_and_a_paid_one(self, world: World, tmp_path: Path) -> None:
        """ORD-3, BLK-1, INV-12: one invoice, all cancelled together; those that were paid renew themselves."""
        world.set_purses(900_00, 0)
        bought = world.buy(("vds-micro", "nl", 3), auto_on=True)
        world.pay(bought["invoice"]["id"])
        world.advance(hours=5)
        world.buy(("vds-micro", "nl", 2), ("vds-nano", "de", 1))
        forecast = forecast_of(world, tmp_path / "copy.db", 90)
        assert forecast.totals.cancelled >= 3
        assert played(world, 90, forecast) == told(forecast)

    def test_suspended_orders_count_and_renew(self, world: World, tmp_path: Path) -> None:
        """ORD-1, DSC-5: a suspended order is an active one that its owner stopped."""
        from billtui.sandbox.engine import orders

        for key in world.free(4):
            world.write(orders.set_auto_renew, FIRST, key, True, 1)
            world.write(orders.act, FIRST, key, "suspend")
        words(world, tmp_path / "copy.db", 90)

    def test_addons_are_renewed_with_their_server(self, world: World, tmp_path: Path) -> None:
        """DSC-4, ORD-5: on top, for the same months, without discount."""
        from billtui.sandbox.engine import orders

        keys = world.free(3)
        world.set_purses(500_00, 0)
        world.pay(world.add(keys, "backup", "ipv4")["id"])
        for key in keys:
            world.write(orders.set_auto_renew, FIRST, key, True, 3)
        forecast = forecast_of(world, tmp_path / "copy.db", 90)
        assert forecast.totals.renewed >= 3
        assert played(world, 90, forecast) == told(forecast)


def test_a_forecast_goes_on_from_the_age_of_its_copy(world: World, tmp_path: Path) -> None:
    """A copy of three days ago, read now: what happened since is told too, as it happened."""
    from datetime import timedelta

    from billtui.services.forecast import forecast_from
    from tests.services.forecast.beside_panel import Watcher, copy_of

    reader = copy_of(world, tmp_path / "copy.db")
    synced = reader.synced_at()
    assert synced is not None
    then = world.now()
    watcher = Watcher(world)
    world.advance(days=3)
    late = forecast_from(reader, then + timedelta(days=3), 27, clock=synced + timedelta(days=3))
    assert late is not None
    said = told(late)
    for _ in range(27):
        world.advance(days=1)
        watcher.look()
    assert late.since == int(then.timestamp())
    assert any(one.at < late.now for one in said)
    assert watcher.all() == said
