"""ORD: states, what time does, what may be done, what add-ons and other plans cost."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.periods import months_left
from billtui.domain.rules import orders
from tests.unit.domain.made_facts import DAY, HOUR, NOW, at, eur, order, refused


def test_ord_1_pending_becomes_active_when_paid() -> None:
    """ORD-1, DSC-1: period, billing day and length of use begin at the activation, in whole seconds."""
    pending = order(state="pending", paid_until=None, in_use_since=None, open_invoice_id="5531")
    paid_at = at("2026-01-31 09:00:00").replace(microsecond=250_000)
    active = orders.activated(pending, 1, paid_at)
    assert (active.state, active.paid_until, active.billing_day) == ("active", at("2026-02-28 09:00:00"), 31)
    assert active.in_use_since == at("2026-01-31 09:00:00")
    assert active.open_invoice_id is None
    with pytest.raises(ValueError, match="not pending"):
        orders.activated(active, 1, NOW)


def test_ord_2_blocked_at_the_end_and_deleted_seven_days_later() -> None:
    """ORD-2, to the second."""
    one = order(paid_until=NOW)
    assert orders.state_at(one, NOW - HOUR / 3600).state == "active"
    blocked = orders.state_at(one, NOW)
    assert (blocked.state, blocked.blocked_at) == ("blocked", NOW)
    assert orders.state_at(one, NOW + 7 * DAY - HOUR / 3600).state == "blocked"
    assert orders.state_at(one, NOW + 7 * DAY).state == "deleted"
    assert orders.action_refusal(blocked, "renew", NOW + 7 * DAY - HOUR / 3600) is None
    refused(orders.action_refusal(blocked, "renew", NOW + 7 * DAY), "order-deleted", "ORD-2")


def test_ord_2_suspended_time_keeps_running() -> None:
    """ORD-1: an order that its owner stopped is blocked like any other."""
    assert orders.state_at(order(state="suspended", paid_until=NOW), NOW).state == "blocked"


def test_ord_2_nothing_is_computed_from_a_guess() -> None:
    """ORD-2: without the instant of the block there is no deletion: a broken promise blocks later than the end."""
    assert orders.next_event(order(state="blocked", paid_until=NOW - 30 * DAY)) is None


def test_ord_3_pending_is_cancelled_after_seven_days() -> None:
    """ORD-3."""
    one = order(state="pending", paid_until=None, created_at=NOW, open_invoice_id="5531")
    assert orders.next_event(one) == orders.OrderEvent(NOW + 7 * DAY, orders.OrderEventKind.CANCEL, "17", "ORD-3")
    assert orders.state_at(one, NOW + 7 * DAY).state == "cancelled"
    assert orders.state_at(one, NOW + 7 * DAY - HOUR).state == "pending"


def test_prm_5_a_promise_keeps_it_running() -> None:
    """PRM-5, PRM-8: the end is the deadline, and then the promise counts as broken."""
    one = order(paid_until=NOW + DAY, promise_invoice_id="5531", promise_until=NOW + 7 * DAY)
    assert orders.active_until(one) == NOW + 7 * DAY
    assert orders.state_at(one, NOW + 6 * DAY).state == "active"
    after = orders.state_at(one, NOW + 7 * DAY)
    assert (after.state, after.blocked_at, after.broken_promise_invoice_id) == ("blocked", NOW + 7 * DAY, "5531")


def allowed(**facts: Any) -> set[str]:
    return {action for action, refusal in orders.allowed_actions(order(**facts), NOW).items() if refusal is None}


EVERYTHING = set(orders.ACTIONS) - {"unsuspend"}
POWER = {"start", "stop", "reboot", "reset"}
BILLED = {"renew", "addons", "change-plan", "transfer"}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, EVERYTHING),
        ({"open_invoice_id": "5531"}, EVERYTHING - BILLED),
        ({"transfer_id": "t1"}, POWER),
        ({"state": "blocked", "paid_until": NOW - DAY, "blocked_at": NOW - DAY}, {"rename", "auto-renew", "renew"}),
        ({"state": "pending", "paid_until": None, "open_invoice_id": "5531"}, {"rename", "auto-renew"}),
        ({"state": "suspended"}, BILLED | {"rename", "auto-renew", "unsuspend"}),
        ({"state": "deleted"}, set()),
        ({"state": "cancelled"}, set()),
    ],
    ids=["active", "open-invoice", "transfer", "blocked", "pending", "suspended", "deleted", "cancelled"],
)
def test_ord_4_and_7_what_may_be_done(facts: dict[str, Any], expected: set[str]) -> None:
    """ORD-4, ORD-7, REN-2, TRF-4, TRF-6: what is allowed, and a sentence for everything else."""
    assert allowed(**facts) == expected
    for refusal in orders.allowed_actions(order(**facts), NOW).values():
        assert refusal is None or (refusal.reason.endswith(".") and refusal.related["order_id"] == "17")


def test_ord_4_reinstall_wants_the_name() -> None:
    """ORD-4: the order's name is typed for what destroys."""
    assert orders.confirm_name_refusal(order(), "reinstall", "web-17") is None
    assert orders.confirm_name_refusal(order(), "reboot", None) is None
    for typed in (None, "", "web-1", "WEB-17"):
        refused(orders.confirm_name_refusal(order(), "reinstall", typed), "confirm-name", "ORD-4")
    refused(orders.action_refusal(order(), "explode", NOW), "unknown-action", "ORD-4")


def test_trf_refusals_name_the_transfer() -> None:
    """TRF-4, TRF-6: an order in a transfer is neither renewed nor pushed again; the way out is named."""
    moving = order(transfer_id="t1")
    assert refused(orders.action_refusal(moving, "renew", NOW), "in-transfer", "TRF-6").related["transfer_id"] == "t1"
    refused(orders.action_refusal(moving, "transfer", NOW), "in-transfer", "TRF-4")
    refused(orders.action_refusal(order(open_invoice_id="5"), "transfer", NOW), "open-invoice", "TRF-4")
    refused(orders.action_refusal(order(state="blocked"), "transfer", NOW), "order-blocked", "TRF-4")
    refused(orders.action_refusal(order(state="pending"), "transfer", NOW), "order-pending", "ORD-1")


# docs/rules.md holds these numbers.
ADDONS = [
    ("2026-03-10 12:00:00", "2026-04-15 12:00:00", "4.00", Fraction(7, 6), "4.67"),
    ("2026-02-01 00:00:00", "2026-02-15 00:00:00", "4.00", Fraction(1, 2), "2.00"),
    ("2026-05-20 00:00:00", "2026-05-21 00:00:00", "3.10", Fraction(1, 31), "0.10"),
    ("2026-01-31 00:00:00", "2026-03-15 00:00:00", "9.99", Fraction(46, 31), "14.82"),
    ("2026-06-10 08:00:00", "2027-06-10 08:00:00", "2.50", Fraction(12), "30.00"),
    ("2026-06-10 08:00:00", "2026-06-10 08:00:00", "2.50", Fraction(0), "0.00"),
]


@pytest.mark.parametrize(("now", "end", "price", "months", "amount"), ADDONS)
def test_ord_5_addons(now: str, end: str, price: str, months: Fraction, amount: str) -> None:
    """ORD-5: whole months, and the rest by the length of the month; rounded once."""
    assert months_left(at(now), at(end)) == months
    assert orders.addon_amount(eur(price), at(now), at(end)) == eur(amount)


@given(
    st.datetimes(at("2024-01-01 00:00:00").replace(tzinfo=None), at("2030-01-01 00:00:00").replace(tzinfo=None)),
    st.integers(0, 800 * 86_400),
    st.integers(0, 40 * 86_400),
    st.integers(1, 100_000),
)
def test_ord_5_longer_never_costs_less(start: object, first: int, more: int, cents: int) -> None:
    """ORD-5: monotone in the end, also where a month's end clamps the day."""
    now = at(str(start)[:19])
    price = eur(f"{cents / 100:.2f}")
    early, late = now + first * HOUR / 3600, now + (first + more) * HOUR / 3600
    assert months_left(now, early) <= months_left(now, late)
    assert orders.addon_amount(price, now, early) <= orders.addon_amount(price, now, late)


def test_ord_5_nothing_left_nothing_to_bill() -> None:
    """ORD-5."""
    assert orders.remaining_period_refusal(order(), NOW) is None
    refused(orders.remaining_period_refusal(order(paid_until=NOW), NOW), "period-over", "ORD-5")
    refused(orders.remaining_period_refusal(order(paid_until=None), NOW), "period-over", "ORD-5")


PLAN_CHANGES = [
    ("5.00", "8.00", "2026-03-10 12:00:00", "2026-04-15 12:00:00", "3.50"),
    ("9.99", "14.49", "2026-09-01 00:00:00", "2026-09-16 00:00:00", "2.25"),
    ("5.00", "30.00", "2026-01-01 00:00:00", "2026-12-31 00:00:00", "299.19"),
    ("8.00", "5.00", "2026-03-10 12:00:00", "2026-04-15 12:00:00", "0.00"),
]


@pytest.mark.parametrize(("old", "new", "now", "end", "amount"), PLAN_CHANGES)
def test_ord_6_plan_change(old: str, new: str, now: str, end: str, amount: str) -> None:
    """ORD-6: the difference for the rest of the period; a cheaper plan gives nothing back."""
    assert orders.plan_change_amount(eur(old), eur(new), at(now), at(end)) == eur(amount)
