"""An order that never ends has 9999-12-31 on some panels; and numbers of a panel that fit into no copy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from billtui.cli import shapes
from billtui.domain.models import Order
from billtui.domain.periods import CALENDARS_END, add_months, here, months_left
from billtui.services.store import Store
from billtui.widgets import formats

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
FIRST = datetime(1, 1, 1, tzinfo=UTC)
ORDER = {
    "id": "1", "name": "web-1", "kind": "vds", "plan": "vds-micro", "location": "nl", "state": "active",
    "created_at": "2026-01-01T00:00:00Z", "paid_until": "9999-12-31T23:59:59Z",
    "monthly_price": {"amount": "5.00", "currency": "EUR"},
}  # fmt: skip


@pytest.fixture(params=["Asia/Tokyo", "Europe/Berlin", "America/New_York", "UTC"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("told", [formats.date_text, formats.moment_text, shapes.when])
def test_the_ends_of_the_calendar_are_told_in_every_zone(zone: str, told: Callable[[datetime], str]) -> None:
    assert told(CALENDARS_END).startswith("9999-12-31")
    assert told(FIRST).startswith(("0001-01-01", "1-01-01", "   1-01-01"))
    assert shapes.day(int(CALENDARS_END.timestamp())) == "9999-12-31"
    assert here(NOW) == NOW


def test_what_lies_beyond_the_calendar_is_at_its_end() -> None:
    assert add_months(CALENDARS_END, 1) == add_months(CALENDARS_END, 10**15, 31) == CALENDARS_END
    assert add_months(datetime(9999, 11, 30, tzinfo=UTC), 1, 31) == datetime(9999, 12, 31, tzinfo=UTC)
    left = months_left(NOW, CALENDARS_END)
    assert (9999 - 2026) * 12 + 1 <= left <= (9999 - 2026) * 12 + 2
    assert months_left(CALENDARS_END - timedelta(days=1), CALENDARS_END) == 1


@pytest.mark.parametrize("name", ["version"])
@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30, "99999999999999999999"])
def test_a_number_that_fits_into_no_copy_is_not_read(name: str, number: object) -> None:
    with pytest.raises(ValidationError):
        Order.model_validate({**ORDER, name: number})
    with pytest.raises(ValidationError):
        Order.model_validate({**ORDER, "auto_renew": {"on": True, "months": number}})


def test_the_largest_that_is_read_fits(tmp_path: Path) -> None:
    order = Order.model_validate({**ORDER, "version": 10**15, "auto_renew": {"on": True, "months": 10**15}})
    store = Store(tmp_path / "data" / "copy.db")
    assert store.apply_orders([order]).changed == {"1"}
    store.close()
