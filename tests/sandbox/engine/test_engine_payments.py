"""Paying: purses, external methods, promises, late money (INV-3, INV-4, INV-11, INV-13, ACC-4, PRM)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from billtui.domain.money import Money
from billtui.domain.periods import add_months
from billtui.domain.refusal import RuleBroken
from billtui.sandbox.engine import balance, payments
from billtui.sandbox.engine.errors import NotFound, PriceChanged, VersionMismatch
from billtui.sandbox.engine.wire import SettlementJSON
from tests.support.engine import SECOND, World


def eur(amount: str) -> Money:
    return Money(amount, "EUR")


def settle(world: World, payment_id: str, event: str | None = None) -> SettlementJSON:
    return world.write(lambda tx: payments.settle(tx, payment_id, event))


def test_internal_payment_does_everything_at_once(world: World) -> None:
    """INV-4, REN-1, REN-3: invoice paid, order renewed from its old end, purse debited, a line in the ledger."""
    order_id = world.free(1)[0]
    before, internal = world.paid_until(order_id), world.balances()[0]
    invoice = world.renewal(order_id, months=3)
    assert world.paid_until(order_id) == before, "issuing an invoice renews nothing (REN-1)"
    payment = world.pay(invoice["id"])
    assert payment["state"] == "done" and payment["payment_url"] is None
    paid = world.invoice(invoice["id"])
    assert (paid["state"], paid["paid_by"], paid["paid_method"]) == ("paid", "olena.marsh", "internal")
    assert world.paid_until(order_id) == add_months(before, 3, world.order(order_id)["billing_day"])
    assert world.order(order_id)["unpaid_invoice_id"] is None
    amount = Decimal(invoice["total"]["amount"])
    assert world.balances()[0] == internal - amount
    lines = world.rows("SELECT purse, cents FROM ledger WHERE invoice_id = ? ORDER BY id", int(invoice["id"]))
    assert lines == [("internal", -int(amount * 100)), ("revenue", int(amount * 100))]


def test_a_paid_invoice_is_not_paid_again(world: World) -> None:
    """INV-4: the second try is told who paid it, when and how."""
    invoice = world.renewal(world.free(1)[0])
    world.pay(invoice["id"])
    with pytest.raises(RuleBroken) as refused:
        world.pay(invoice["id"], "affiliate")
    refusal = refused.value.refusal
    assert (refusal.code, refusal.rule) == ("already-paid", "INV-4")
    assert "olena.marsh" in refusal.reason and "internal" in refusal.reason


def test_purses_are_never_added_together(world: World) -> None:
    """ACC-4: 2 + 1 does not pay 3; the refusal changes nothing."""
    invoice = world.renewal(world.free(1)[0])
    cents = int(Decimal(invoice["total"]["amount"]) * 100)
    world.set_purses(cents - 1, cents - 1)
    for purse in ("internal", "affiliate"):
        with pytest.raises(RuleBroken) as refused:
            world.pay(invoice["id"], purse)
        assert refused.value.refusal.code == "insufficient-funds"
    assert world.invoice(invoice["id"])["state"] == "unpaid"
    world.set_purses(0, cents)
    world.pay(invoice["id"], "affiliate")
    assert world.balances() == (Decimal(0), Decimal(0))


def test_expected_total_and_version_are_checked(world: World) -> None:
    """DSC-8: another amount than shown is never taken; If-Match holds the version that was seen."""
    invoice = world.renewal(world.free(1)[0])
    with pytest.raises(PriceChanged) as refused:
        world.write(lambda tx: payments.pay(tx, world.account, invoice["id"], "internal", eur("0.01")))
    assert refused.value.fields == {"expected_total": invoice["total"]["amount"]}
    with pytest.raises(VersionMismatch):
        world.write(lambda tx: payments.pay(tx, world.account, invoice["id"], "internal", None, 99))
    world.write(
        lambda tx: payments.pay(
            tx, world.account, invoice["id"], "internal", eur(invoice["total"]["amount"]), invoice["version"]
        )
    )


def test_another_accounts_invoice_does_not_exist(world: World) -> None:
    """ACC-7: a client sees the own account only."""
    theirs = str(world.value("SELECT id FROM invoices WHERE account_id = ? LIMIT 1", SECOND))
    with pytest.raises(NotFound):
        world.pay(theirs)
    for nonsense in ("", "x", "007", "-1", "9" * 30, "١٢"):
        with pytest.raises(NotFound):
            world.pay(nonsense)


def test_external_payment_waits_for_the_provider(world: World) -> None:
    """INV-3: an address to pay at, the invoice stays unpaid until the provider reports; then it renews."""
    order_id = world.free(1)[0]
    before = world.paid_until(order_id)
    invoice = world.renewal(order_id)
    payment = world.pay(invoice["id"], "card")
    assert payment["state"] == "pending"
    assert (payment["payment_url"] or "").startswith("https://pay.example/")
    assert world.invoice(invoice["id"])["state"] == "unpaid"
    internal = world.balances()[0]
    answer = settle(world, payment["id"])
    assert answer["outcome"] == "paid" and answer["payment"]["state"] == "done"
    assert world.invoice(invoice["id"])["paid_method"] == "card"
    assert world.paid_until(order_id) > before
    assert world.balances()[0] == internal, "money from outside does not touch the purse"


def test_a_providers_event_counts_once(world: World) -> None:
    """INV-11: the same event again changes nothing."""
    payment = world.pay(world.renewal(world.free(1)[0])["id"], "crypto")
    assert settle(world, payment["id"], "event-1")["outcome"] == "paid"
    after = world.rows("SELECT * FROM ledger")
    assert settle(world, payment["id"], "event-1")["outcome"] == "repeated"
    assert world.rows("SELECT * FROM ledger") == after


def test_money_that_comes_too_late_is_credited(world: World) -> None:
    """INV-11: paid otherwise, or deleted meanwhile: to the internal balance, with its own line and a notice."""
    first, second = (world.renewal(order_id) for order_id in world.free(2))
    late, lost = world.pay(first["id"], "card"), world.pay(second["id"], "card")
    world.pay(first["id"])
    from billtui.sandbox.engine import invoices

    world.write(lambda tx: invoices.delete_invoice(tx, world.account, second["id"]))
    for payment, invoice in ((late, first), (lost, second)):
        before = world.balances()[0]
        answer = settle(world, payment["id"])
        assert answer["outcome"] == "credited"
        assert world.balances()[0] == before + Decimal(invoice["total"]["amount"])
    kinds = [row[0] for row in world.rows("SELECT kind FROM ledger WHERE kind = 'late-payment' AND purse = 'internal'")]
    assert len(kinds) == 2
    assert world.value("SELECT count(*) FROM mails WHERE event = 'late-payment'") == 2


def test_top_up(world: World) -> None:
    """INV-13: external methods only; credited when the provider reports; never from a purse, never promised."""
    internal = world.balances()[0]
    made = world.write(lambda tx: balance.top_up(tx, world.account, eur("75.00"), "card"))
    assert made["invoice"]["kind"] == "top-up" and world.balances()[0] == internal
    for method in ("internal", "affiliate", "promise"):
        with pytest.raises(RuleBroken) as refused:
            world.pay(made["invoice"]["id"], method)
        assert refused.value.refusal.rule == "INV-13"
        with pytest.raises(RuleBroken):
            world.write(balance.top_up, world.account, eur("5.00"), method)
    settle(world, made["payment"]["id"])
    assert world.balances()[0] == internal + 75
    assert world.invoice(made["invoice"]["id"])["state"] == "paid"


@pytest.mark.parametrize("amount", ["0.00", "-1.00"])
def test_no_top_up_of_nothing(world: World, amount: str) -> None:
    """INV-13."""
    with pytest.raises(RuleBroken):
        world.write(lambda tx: balance.top_up(tx, world.account, eur(amount), "card"))


def test_move_goes_one_way(world: World) -> None:
    """ACC-4: affiliate to internal, never more than is there; two lines of one entry."""
    internal, affiliate = world.balances()
    moved = world.write(lambda tx: balance.move(tx, world.account, eur("6.40")))
    assert world.balances() == (internal + Decimal("6.40"), affiliate - Decimal("6.40"))
    assert [line["amount"]["amount"] for line in moved["items"]] == ["-6.40", "6.40"]
    with pytest.raises(RuleBroken) as refused:
        world.write(lambda tx: balance.move(tx, world.account, eur("10000.00")))
    assert refused.value.refusal.rule == "ACC-4"


class TestPromise:
    """The promise to pay (PRM)."""

    def test_offered_when_three_days_or_fewer_are_left(self, world: World) -> None:
        """PRM-2: not at 4 days, with the date from which it works; at 72 hours exactly it works."""
        order_id = world.near(hours=96)
        invoice = world.renewal(order_id)
        with pytest.raises(RuleBroken) as refused:
            world.pay(invoice["id"], "promise")
        refusal = refused.value.refusal
        assert (refusal.code, refusal.rule) == ("promise-too-early", "PRM-2")
        assert refusal.available_from == world.paid_until(order_id) - timedelta(hours=72)
        method = world.read(lambda tx: payments.payment_methods(tx, world.account, invoice["id"]))[-1]
        assert not method["available"] and method["available_from"] is not None
        world.advance(seconds=int((refusal.available_from - world.now()).total_seconds()))
        payment = world.pay(invoice["id"], "promise")
        assert datetime.fromisoformat(payment["promise_until"] or "") == world.now() + timedelta(days=7)  # PRM-1, PRM-3

    def test_kept_promise_counts_from_the_original_end(self, world: World) -> None:
        """PRM-5, PRM-7: the order stays active beyond its end, and the new period counts from that end."""
        order_id = world.near(hours=48)
        before = world.paid_until(order_id)
        invoice = world.renewal(order_id)
        world.pay(invoice["id"], "promise")
        assert world.invoice(invoice["id"])["state"] == "promised"
        world.advance(days=6)
        assert world.order(order_id)["state"] == "active", "beyond paid-until, within the promise"
        assert world.now() > before
        world.pay(invoice["id"])
        assert world.paid_until(order_id) == add_months(before, 1, world.order(order_id)["billing_day"])
        world.advance(days=3)
        assert world.invoice(invoice["id"])["state"] == "paid"
        assert world.order(order_id)["state"] == "active"

    def test_broken_promise(self, world: World) -> None:
        """PRM-6, PRM-8: overdue, blocked at once, deleted 7 days later; payable, but not promised again."""
        order_id = world.near(hours=48)
        before = world.paid_until(order_id)
        invoice = world.renewal(order_id)
        world.pay(invoice["id"], "promise")
        world.advance(days=7)
        order = world.order(order_id)
        assert (world.invoice(invoice["id"])["state"], order["state"]) == ("overdue", "blocked")
        with pytest.raises(RuleBroken) as refused:
            world.pay(invoice["id"], "promise")
        assert refused.value.refusal.rule == "PRM-6"
        world.advance(days=6, hours=23)
        assert world.order(order_id)["state"] == "blocked"
        world.pay(invoice["id"])
        assert world.order(order_id)["state"] == "active"
        assert world.paid_until(order_id) == add_months(before, 1, world.order(order_id)["billing_day"])

    def test_broken_and_never_paid(self, world: World) -> None:
        """PRM-8, ORD-2, INV-12: the days to deletion count from the deadline; the invoice goes with the order."""
        order_id = world.near(hours=1)
        invoice = world.renewal(order_id)
        world.pay(invoice["id"], "promise")
        world.advance(days=14, seconds=-1)
        assert world.order(order_id)["state"] == "blocked"
        world.advance(seconds=1)
        assert world.order(order_id)["state"] == "deleted"
        assert world.invoice(invoice["id"])["state"] == "deleted"

    def test_promise_brings_a_blocked_order_back(self, world: World) -> None:
        """PRM-2, PRM-5: also for a blocked, not yet deleted order."""
        order_id = world.near(hours=1)
        world.advance(days=3)
        assert world.order(order_id)["state"] == "blocked"
        world.pay(world.renewal(order_id)["id"], "promise")
        assert world.order(order_id)["state"] == "active"

    def test_for_renewals_only(self, world: World) -> None:
        """PRM-4: not for a new order, not for an invoice of the administration."""
        for kind in ("new-order", "administration"):
            found = world.value(
                "SELECT id FROM invoices WHERE account_id = ? AND kind = ? AND state = 'unpaid'", world.account, kind
            )
            with pytest.raises(RuleBroken) as refused:
                world.pay(str(found), "promise")
            assert refused.value.refusal.rule == "PRM-4"


def test_first_payment_activates_a_pending_order(world: World) -> None:
    """ORD-1: pending becomes active when its first invoice is paid; the period begins then."""
    order_id, invoice_id = world.rows("SELECT id, open_invoice_id FROM orders WHERE state = 'pending'")[0]
    world.pay(str(invoice_id))
    order = world.order(str(order_id))
    assert order["state"] == "active" and order["in_use_since"] is not None
    assert world.paid_until(str(order_id)) == add_months(datetime.fromisoformat(order["in_use_since"]), 1)
