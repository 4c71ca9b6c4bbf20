"""From the local copy: the near forecast is the beginning of the whole one; words, events of a day, currencies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from billtui.services.forecast import (
    CentsHeld,
    Event,
    Fleet,
    Forecast,
    What,
    forecast,
    forecast_from,
    forecast_near,
)
from billtui.services.forecast.words import CODES, SHORT, amount_of, why
from billtui.services.overview import overview
from billtui.services.store import StoreReader, instant
from tests.services.forecast.beside_panel import copy_of, forecast_of
from tests.services.forecast.test_fast_is_slow import DAY, NOW, T, order_row
from tests.support.engine import World


def until(made: Forecast, last: int) -> list[Event]:
    return [event for event in made.events() if event.at <= last]


@pytest.mark.parametrize("most", [1, 3, 12, 1_000])
@pytest.mark.parametrize("cents", [0, 40_00])
def test_the_near_forecast_is_the_beginning_of_the_whole_one(
    world: World, tmp_path: Path, most: int, cents: int
) -> None:
    """REN-4, DSC-5: as far as the soonest orders reach, the same events for the same cents."""
    world.set_purses(cents, 5_00)
    reader = copy_of(world, tmp_path / "copy.db")
    near = forecast_near(reader, world.now(), 14, most)
    whole = forecast_from(reader, world.now(), 14)
    assert near is not None
    assert whole is not None
    assert near.until <= whole.until
    if most == 1_000:
        assert near.until == whole.until

    def told(events: list[Event]) -> list[tuple[object, ...]]:
        moving = [one for one in events if one.what != What.INVOICE_DUE]
        return [(one.at, one.what, one.order_id or one.invoice_id, one.cents) for one in moving]

    assert told(until(near, near.until)) == told(until(whole, near.until))
    reader.close()


def test_the_overview_tells_what_the_forecast_tells(world: World, tmp_path: Path) -> None:
    """REN-4: one definition of what will not renew."""
    world.set_purses(0, 0)
    reader = copy_of(world, tmp_path / "copy.db")
    seen = overview(reader, world.now())
    made = forecast_from(reader, world.now(), 14)
    assert made is not None
    failed = [*made.events(kinds=frozenset({What.FAILED}))]
    assert failed
    assert [(one.order_id, one.at) for one in seen.failing] == [(one.order_id, instant(one.at)) for one in failed]
    assert seen.saving == made.saving
    reader.close()


def test_nothing_known() -> None:
    assert forecast_from(StoreReader(None), NOW, 30) is None
    assert forecast_near(StoreReader(None), NOW, 14, 10) is None


def test_orders_in_another_currency_are_left_out_and_counted() -> None:
    """INV-10: no purse of the account pays them."""
    rows = [order_row("1"), order_row("2", currency="USD"), order_row("3", currency="USD", state="deleted")]
    made = forecast(Fleet(rows, [], "EUR"), CentsHeld(0, 0), NOW, 30)
    assert made.left_out == 1
    assert {event.order_id for event in made.events()} == {"1"}


def test_ids_that_are_no_numbers_come_after_those_that_are() -> None:
    """REN-4: at one instant the ids decide, as numbers where they are some."""
    rows = [order_row(key, auto_on=1, individual_price=1, price=100) for key in ("b", "10", "9", "a")]
    made = forecast(Fleet(rows, [], "EUR"), CentsHeld(300, 0), NOW, 4)
    assert [(event.order_id, event.what) for event in made.events()] == [
        ("9", What.RENEWED_INTERNAL),
        ("10", What.RENEWED_INTERNAL),
        ("a", What.RENEWED_INTERNAL),
        ("b", What.FAILED),
    ]


def test_a_period_of_no_months_ends_the_walk() -> None:
    """A panel may send anything: such an order renews once and is blocked, and nothing runs forever."""
    rows = [order_row("1", auto_on=1, auto_months=0), order_row("2", auto_on=1, auto_months=10**9)]
    made = forecast(Fleet(rows, [], "EUR"), CentsHeld(10**15, 0), NOW, 365)
    assert [event.what for event in made.events() if event.order_id == "1"] == [
        What.RENEWED_INTERNAL,
        What.BLOCKED_MANUAL,
        What.DELETED,
    ]
    assert [event.what for event in made.events() if event.order_id == "2"] == [What.RENEWED_INTERNAL]


def test_every_kind_has_words_and_a_code(world: World, tmp_path: Path) -> None:
    assert set(SHORT) == set(CODES) == set(What)
    assert len(set(CODES.values())) == len(What)
    world.set_purses(10_00, 0)
    made = forecast_of(world, tmp_path / "copy.db", 90)
    for event in made.events():
        assert why(event, "EUR")
        assert (amount_of(event, "EUR") is None) == (event.cents == 0)
    failed = next(made.events(kinds=frozenset({What.FAILED})))
    assert failed.short_internal > 0
    assert "short" in why(failed, "EUR")


def test_events_of_a_span_are_those_of_the_whole(world: World, tmp_path: Path) -> None:
    """A day's agenda is that day's part, also what failed renewals are short of."""
    world.set_purses(10_00, 0)
    made = forecast_of(world, tmp_path / "copy.db", 90)
    everything = [*made.events()]
    by_days = []
    for day in made.days:
        last = day.begins + DAY - 1
        events = [*made.events(day.begins, last)]
        assert all(made.day_of(event.at) is day for event in events)
        by_days += events
        assert day.due_cents >= 0
    assert by_days == everything
    assert len({event.key for event in everything}) == len(everything)


def test_a_transfer_is_cancelled_before_the_first_renewal() -> None:
    """TRF-6: said with the first thing that ends it, and not again."""
    row = order_row("1", auto_on=1, transfer_id="t1")
    made = forecast(Fleet([row], [], "EUR"), CentsHeld(10**6, 0), NOW, 70)
    assert [event.ends_transfer for event in made.events()] == [True, False, False]
    assert "TRF-6" in why(next(made.events()), "EUR")


def test_the_copys_age_never_points_to_the_future() -> None:
    """A panel whose clock is behind: the rows are true now at the latest."""
    made = forecast(Fleet([order_row("1")], [], "EUR"), CentsHeld(0, 0), NOW, 30, since=NOW + timedelta(hours=5))
    assert made.since == T
    assert datetime.fromtimestamp(made.until, UTC) == NOW + timedelta(days=30)
