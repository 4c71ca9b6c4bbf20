"""A renewal that is paid while the panel has not moved the end: said, and not mistaken for one still to be made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from billtui.domain.models import Order, Quote, RenewalRequest
from billtui.domain.periods import parse_instant
from billtui.services import planner
from billtui.services.executor import Executor, Limits
from billtui.services.paid_ahead import MEMORY, PaidAhead, PaidRenewals
from billtui.services.panel_ways import ways_of
from billtui.services.plans import Plan
from tests.support.keyless_panel import TRAITS, KeylessPanel
from tests.support.money_panel import UNTIL

LATE = replace(TRAITS, late_terms=True)
NOW = datetime.now(UTC)


@pytest.fixture
def panel() -> Iterator[KeylessPanel]:
    with KeylessPanel(moves_ends=False) as panel:
        yield panel


@pytest.fixture
def executor(panel: KeylessPanel, tmp_path: Path) -> Iterator[Executor]:
    executor = Executor(panel.client, tmp_path / "state" / "journal", limits=Limits(first_pause=0.02))
    executor.start()
    yield executor
    executor.close()


def renewal(panel: KeylessPanel, orders: list[Order], then: str | None) -> Plan:
    asked = {"order_ids": [one.id.raw for one in orders], "period": 1}
    quote = Quote.model_validate(panel._quote(asked))
    request = RenewalRequest.model_validate(asked)
    return planner.renew_many(panel.account(), [quote], [request], orders, then, together=False)


def known(executor: Executor, now: datetime = NOW) -> dict[str, PaidAhead]:
    return dict(PaidRenewals(executor.reader).of("stub", "1001", now))


def test_what_is_paid_waits_for_the_panel_until_its_end_has_moved(executor: Executor, panel: KeylessPanel) -> None:
    orders = panel.add_orders(2)
    plan = renewal(panel, orders[:1], "internal")
    executor.wait(executor.submit(plan), 20)
    ahead = known(executor)
    assert set(ahead) == {"1"}
    assert ahead["1"].waits(parse_instant(panel.orders["1"]["paid_until"]))
    assert not ahead["1"].waits(parse_instant(UNTIL) + timedelta(days=30))
    assert not ahead["1"].waits(None)
    assert known(executor, NOW + MEMORY + timedelta(days=1)) == {}
    assert PaidRenewals(executor.reader).of("stub", "somebody-else", NOW) == {}

    again = renewal(panel, orders, "internal")  # the panel would sell it once more
    words = ways_of(LATE, again, ahead=ahead)
    assert any("not moved the end yet: vds-1. This buys a further period." in one for one in words), words
    assert not any("further period" in one for one in ways_of(LATE, renewal(panel, orders[1:], None), ahead=ahead))


def test_what_is_only_billed_does_not_wait(executor: Executor, panel: KeylessPanel) -> None:
    orders = panel.add_orders(1)
    plan = renewal(panel, orders, None)
    executor.wait(executor.submit(plan), 20)
    assert known(executor) == {}
    [invoice] = panel.models(panel.invoices)
    executor.wait(executor.submit(planner.pay(panel.account(), [invoice], "internal")), 20)  # paid later, by itself
    assert set(known(executor)) == {"1"}


def test_it_is_read_again_only_when_the_journal_has_grown(
    executor: Executor, panel: KeylessPanel, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor.wait(executor.submit(renewal(panel, panel.add_orders(1), "internal")), 20)
    renewals, asked = PaidRenewals(executor.reader), 0
    plain = executor.reader.done_since

    def counted(*arguments: object) -> object:
        nonlocal asked
        asked += 1
        return plain(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(executor.reader, "done_since", counted)
    assert renewals.of("stub", "1001", NOW) == renewals.of("stub", "1001", NOW)
    assert asked == 1
