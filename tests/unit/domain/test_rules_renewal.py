"""REN: who, until when, at which price, and auto-renewal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.periods import PERIODS, add_months
from billtui.domain.policy import DEFAULT_POLICY
from billtui.domain.rules import renewal
from billtui.domain.rules.facts import OrderFacts
from tests.unit.domain.made_facts import DAY, HOUR, NOW, at, eur, order, purses, refused


def test_ren_1_only_payment_renews() -> None:
    """REN-1: pricing a renewal moves nothing; ``renewed``, which a payment calls, does."""
    one = order(paid_until=at("2026-12-03 10:00:00"))
    line = renewal.price_renewal(one, 3, ())
    assert (line.paid_until, line.new_paid_until) == (at("2026-12-03 10:00:00"), at("2027-03-03 10:00:00"))
    assert one.paid_until == at("2026-12-03 10:00:00")
    assert renewal.renewed(one, 3, NOW).paid_until == line.new_paid_until


def test_ren_2_the_open_invoice_is_named() -> None:
    """REN-2, BLK-5."""
    one = order(open_invoice_id="5531", open_invoice_number="2026-000101")
    refusal = refused(renewal.renewal_refusal(one, NOW), "open-invoice", "REN-2")
    assert refusal.related == {"invoice_id": "5531", "order_id": "17"}
    assert "Invoice 2026-000101 still bills" in refusal.reason


@pytest.mark.parametrize(
    ("facts", "code", "rule"),
    [
        ({"state": "pending", "paid_until": None}, "order-pending", "ORD-1"),
        ({"state": "cancelled"}, "order-cancelled", "ORD-1"),
        ({"state": "deleted"}, "order-deleted", "ORD-2"),
        ({"transfer_id": "t1"}, "in-transfer", "TRF-6"),
    ],
)
def test_renewal_refusals(facts: dict[str, Any], code: str, rule: str) -> None:
    """ORD-1, ORD-2, TRF-6."""
    refused(renewal.renewal_refusal(order(**facts), NOW), code, rule)


def test_a_blocked_or_suspended_order_is_renewed() -> None:
    """ORD-2, REN-3: within the 7 days, and no longer blocked after."""
    blocked = order(state="blocked", paid_until=NOW - 2 * DAY, blocked_at=NOW - 2 * DAY)
    assert renewal.renewal_refusal(blocked, NOW) is None
    after = renewal.renewed(blocked, 1, NOW)
    assert (after.state, after.blocked_at) == ("active", None)
    assert after.paid_until == add_months(NOW - 2 * DAY, 1)
    assert renewal.renewed(order(state="suspended"), 1, NOW).state == "suspended"
    with pytest.raises(ValueError, match="cannot be renewed"):
        renewal.renewed(order(state="deleted"), 1, NOW)


# docs/rules.md holds these numbers.
ENDS = [
    ("2026-01-31 09:00:00", 31, 1, "2026-02-28 09:00:00"),
    ("2026-02-28 09:00:00", 31, 1, "2026-03-31 09:00:00"),
    ("2026-01-31 09:00:00", 31, 2, "2026-03-31 09:00:00"),
    ("2028-01-31 09:00:00", 31, 1, "2028-02-29 09:00:00"),
    ("2026-08-31 09:00:00", 31, 6, "2027-02-28 09:00:00"),
    ("2028-02-29 00:00:00", 29, 12, "2029-02-28 00:00:00"),
    ("2026-11-15 22:30:00", 15, 12, "2027-11-15 22:30:00"),
]


@pytest.mark.parametrize(("end", "day", "months", "new"), ENDS)
def test_ren_3_new_end(end: str, day: int, months: int, new: str) -> None:
    """REN-3."""
    assert renewal.renewed_until(order(paid_until=at(end), billing_day=day), months) == at(new)


def test_ren_3_a_billing_day_that_does_not_fit_is_not_believed() -> None:
    """REN-3: a panel that leaves the field out sends 1; the end must not jump to the first of the month."""
    assert renewal.renewed_until(order(paid_until=at("2026-03-20 00:00:00"), billing_day=1), 1) == at(
        "2026-04-20 00:00:00"
    )


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)), st.sampled_from(PERIODS), st.sampled_from(PERIODS))
def test_ren_3_one_and_one_is_two(start: datetime, first: int, second: int) -> None:
    """REN-3: with the billing day, renewing in two steps ends where one step does; more months never end earlier."""
    begin = at(str(start)[:19])
    one = order(paid_until=begin, billing_day=begin.day)
    two_steps = renewal.renewed(renewal.renewed(one, first, NOW), second, NOW)
    assert two_steps.paid_until == add_months(begin, first + second)
    assert add_months(begin, first) < add_months(begin, first + second)


def test_ren_3_periods() -> None:
    """REN-3."""
    assert DEFAULT_POLICY.periods == (1, 3, 6, 12, 24) == PERIODS
    assert all(renewal.period_refusal(months) is None for months in (1, 3, 6, 12, 24))
    for months in (0, 2, -1, 13):
        refused(renewal.period_refusal(months), "unknown-period", "REN-3")


def auto(order_id: str = "17", **facts: object) -> OrderFacts:
    values: dict[str, object] = {"paid_until": NOW + 2 * DAY, "auto_renew_on": True, "auto_renew_since": NOW - DAY}
    return order(order_id, **{**values, **facts})


def test_ren_4_the_moment_is_two_days_before_the_end() -> None:
    """REN-4: to the second; before it waiting helps."""
    refusal = refused(renewal.auto_renewal_refusal(auto(), NOW - HOUR / 3600), "auto-renew-not-due", "REN-4")
    assert refusal.available_from == NOW
    assert renewal.auto_renewal_refusal(auto(), NOW) is None
    refused(renewal.auto_renewal_refusal(auto(auto_renew_done_for=NOW + 2 * DAY), NOW), "auto-renew-not-due", "REN-4")


def test_ren_4_it_had_to_be_on_by_then() -> None:
    """REN-4: on at least 2 days before the end; that instant itself is in time."""
    assert renewal.auto_renewal_refusal(auto(auto_renew_since=NOW), NOW + HOUR) is None
    late = auto(auto_renew_since=NOW + HOUR / 3600)
    refused(renewal.auto_renewal_refusal(late, NOW + HOUR), "auto-renew-too-late", "REN-4")


def test_ren_4_skips_an_order_with_an_open_invoice() -> None:
    """REN-4, REN-2: also a promised one."""
    refused(renewal.auto_renewal_refusal(auto(open_invoice_id="5531"), NOW), "open-invoice", "REN-2")


def test_ren_4_internal_first_then_affiliate_and_three_is_not_two_and_one() -> None:
    """ACC-4, REN-4."""
    assert renewal.purse_for(eur("3.00"), purses("2.00", "1.00")) is None
    assert renewal.purse_for(eur("3.00"), purses("3.00", "3.00")) == "internal"
    assert renewal.purse_for(eur("3.00"), purses("2.99", "3.00")) == "affiliate"


def test_ren_5_off_means_no_invoice_and_the_period_is_its_own() -> None:
    """REN-5."""
    refused(renewal.auto_renewal_refusal(auto(auto_renew_on=False), NOW), "auto-renew-off", "REN-5")
    line = renewal.price_renewal(auto(auto_renew_months=6), 6, ())
    assert (line.months, line.total) == (6, eur("33.30"))


def test_trf_6_a_running_transfer_is_in_nobodys_way() -> None:
    """TRF-6: it does not keep auto-renewal from its work."""
    assert renewal.auto_renewal_refusal(auto(transfer_id="t1"), NOW) is None


@pytest.mark.parametrize("state", ["pending", "cancelled", "deleted", "blocked"])
def test_ren_4_only_running_orders(state: str) -> None:
    """REN-4, ORD-1."""
    assert renewal.auto_renewal_refusal(auto(state=state), NOW) is not None
