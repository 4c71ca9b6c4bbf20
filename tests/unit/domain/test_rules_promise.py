"""PRM: the promise to pay."""

from __future__ import annotations

import pytest

from billtui.domain.periods import add_months
from billtui.domain.policy import Policy
from billtui.domain.rules import invoices, promise, renewal
from tests.unit.domain.made_facts import DAY, HOUR, NOW, invoice, order, refused

SECOND = HOUR / 3600
DUE = order(paid_until=NOW + DAY)


def test_prm_1_and_3_seven_days_of_choosing() -> None:
    """PRM-1, PRM-3: to the second."""
    assert promise.promise_deadline(NOW) == NOW + 7 * 24 * HOUR


def test_prm_2_72_hours_to_the_second() -> None:
    """PRM-2: exactly 72 hours are few enough; one second more are not, and the answer says from when."""
    exact = order(paid_until=NOW + 72 * HOUR)
    over = order(paid_until=NOW + 72 * HOUR + SECOND)
    assert promise.promise_refusal(invoice(), [exact], NOW) is None
    refusal = refused(promise.promise_refusal(invoice(), [over], NOW), "promise-too-early", "PRM-2")
    assert refusal.available_from == NOW + SECOND
    assert promise.promise_refusal(invoice(), [over], NOW + SECOND) is None


def test_prm_2_every_order_of_the_invoice() -> None:
    """PRM-2: the order with the longest time left decides, and is named; blocked ones count as well."""
    one = invoice(line_order_ids=("1", "2", "3"))
    fleet = [
        order("1", state="blocked", paid_until=NOW - 2 * DAY, blocked_at=NOW - 2 * DAY),
        order("2", paid_until=NOW + 9 * DAY),
        order("3", paid_until=NOW + 5 * DAY),
    ]
    refusal = refused(promise.promise_refusal(one, fleet, NOW), "promise-too-early", "PRM-2")
    assert (refusal.available_from, refusal.related["order_id"]) == (NOW + 6 * DAY, "2")
    assert promise.promise_refusal(one, fleet[:1], NOW) is None


def test_prm_2_a_deleted_order_is_beyond_it() -> None:
    """PRM-2, ORD-2: blocked, but not yet deleted."""
    gone = order(state="blocked", paid_until=NOW - 7 * DAY, blocked_at=NOW - 7 * DAY)
    refused(promise.promise_refusal(invoice(), [gone], NOW), "order-deleted", "ORD-2")


@pytest.mark.parametrize("kind", ["new-order", "addon", "plan-change", "administration", "mixed"])
def test_prm_4_renewals_only(kind: str) -> None:
    """PRM-4, INV-6: a mixed invoice cannot be promised."""
    refused(promise.promise_refusal(invoice(kind=kind), [DUE], NOW), "promise-renewal-only", "PRM-4")


def test_prm_5_the_later_of_both() -> None:
    """PRM-5: also where a provider's window is longer than its promise."""
    assert promise.order_active_until(DUE, NOW + 7 * DAY) == NOW + 7 * DAY
    assert promise.order_active_until(order(paid_until=NOW + 10 * DAY), NOW + 7 * DAY) == NOW + 10 * DAY


def test_prm_5_a_blocked_order_becomes_active() -> None:
    """PRM-5: the end does not move; a suspended one stays as its owner wants it."""
    blocked = order(state="blocked", paid_until=NOW - DAY, blocked_at=NOW - DAY)
    after = promise.promised(blocked, "5531", NOW + 7 * DAY)
    assert (after.state, after.blocked_at, after.paid_until) == ("active", None, NOW - DAY)
    assert (after.promise_invoice_id, after.promise_until) == ("5531", NOW + 7 * DAY)
    assert promise.promised(order(state="suspended"), "5531", NOW).state == "suspended"


def test_prm_6_one_running_promise_per_order() -> None:
    """PRM-6: the invoice with the promise is named."""
    running = order(paid_until=NOW + DAY, promise_invoice_id="4000")
    refusal = refused(promise.promise_refusal(invoice(), [running], NOW), "promise-running", "PRM-6")
    assert refusal.related["invoice_id"] == "4000"


def test_prm_6_none_after_a_broken_one_until_it_is_paid() -> None:
    """PRM-6: for the whole invoice, if one of its orders broke one; paying ends it."""
    one = invoice(line_order_ids=("17", "18"))
    broken = order("18", paid_until=NOW + DAY, broken_promise_invoice_id="4000")
    refusal = refused(promise.promise_refusal(one, [DUE, broken], NOW), "promise-broken", "PRM-6")
    assert refusal.related == {"invoice_id": "4000", "order_id": "18"}
    paid = renewal.renewed(broken, 1, NOW)
    assert paid.broken_promise_invoice_id is None


def test_prm_7_no_free_days() -> None:
    """PRM-7: paid in time or late, the period counts from the original end."""
    end = NOW + DAY
    running = promise.promised(order(paid_until=end), "5531", NOW + 7 * DAY)
    late = promise.broken(running, "5531", NOW + 7 * DAY)
    for when, one in ((NOW + 2 * DAY, running), (NOW + 9 * DAY, late)):
        after = renewal.renewed(one, 1, when)
        assert (after.paid_until, after.state) == (add_months(end, 1), "active")
        assert after.promise_invoice_id is None


def test_prm_8_missed() -> None:
    """PRM-8, ORD-2: at the deadline the orders are blocked at once, and the 7 days start then."""
    promised = invoice(state="promised", promise_until=NOW)
    assert not promise.is_missed(promised, NOW - SECOND)
    assert promise.is_missed(promised, NOW)
    assert not promise.is_missed(invoice(state="paid", promise_until=NOW), NOW)
    running = order(paid_until=NOW - 5 * DAY, promise_invoice_id="5531", promise_until=NOW)
    after = promise.broken(running, "5531", NOW)
    assert (after.state, after.blocked_at, after.broken_promise_invoice_id) == ("blocked", NOW, "5531")
    assert after.promise_invoice_id is None
    still_paid = promise.broken(order(paid_until=NOW + DAY), "5531", NOW)
    assert (still_paid.state, still_paid.broken_promise_invoice_id) == ("active", "5531")


def test_prm_9_neither_deleted_nor_combined() -> None:
    """PRM-9."""
    promised = invoice(state="promised")
    refused(invoices.delete_refusal(promised), "invoice-promised", "PRM-9")
    refused(invoices.combine_refusal([promised, invoice("2")]), "invoice-promised", "PRM-9")


def test_another_provider_needs_other_numbers_only() -> None:
    """PRM-1, PRM-2: window and length are policy."""
    policy = Policy(promise_window=24 * HOUR, promise_length=3 * DAY)
    assert promise.promise_deadline(NOW, policy) == NOW + 3 * DAY
    one = order(paid_until=NOW + 48 * HOUR)
    refusal = refused(promise.promise_refusal(invoice(), [one], NOW, policy), "promise-too-early", "PRM-2")
    assert refusal.available_from == NOW + 24 * HOUR and "24 hours" in refusal.reason
