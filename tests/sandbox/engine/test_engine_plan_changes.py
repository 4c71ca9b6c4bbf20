"""Another plan for an order: the difference, stock, what payment does, and who cannot (ORD-6, DSC-8, BLK-2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from billtui.domain.money import Money
from billtui.domain.refusal import RuleBroken
from billtui.sandbox.engine import invoices, payments, quotes, shopkeeping
from billtui.sandbox.engine import plan_changes as engine
from billtui.sandbox.engine.errors import InvalidInput, NotFound, PriceChanged
from billtui.sandbox.engine.wire import InvoiceJSON
from billtui.sandbox.engine.wire_quotes import QuoteJSON
from tests.support.engine import SECOND, START, World


def on(world: World, order_id: str, plan: str, cents: int, until: datetime) -> str:
    """Make ``order_id`` one of ``plan`` in Amsterdam at ``cents`` a month, paid until ``until``; the books follow."""
    moment = int(until.timestamp()) * 1_000_000
    (was,) = world.rows("SELECT plan, location FROM orders WHERE id = ?", int(order_id))

    def work(tx: object) -> None:
        from billtui.sandbox.engine.unit import Tx

        assert isinstance(tx, Tx)
        order = tx.orders.need(int(order_id))
        order.plan, order.location, order.monthly_cents, order.paid_until = plan, "nl", cents, moment
        order.billing_day = until.day
        tx.flush()
        tx.sql("UPDATE stock SET capacity = capacity - 1 WHERE plan = ? AND location = ?", was)
        tx.sql("UPDATE stock SET capacity = capacity + 1 WHERE plan = ? AND location = 'nl'", (plan,))
        tx.sql(
            "UPDATE renewals SET new_until = ? WHERE id = (SELECT max(id) FROM renewals WHERE order_id = ?)",
            (moment, int(order_id)),
        )

    world.write(work)
    return order_id


@pytest.fixture
def order_id(world: World) -> str:
    """One of vds-small at 9.90 from 2026-03-10 12:00 to 2026-04-15 12:00: 1 month and 5 days of 30 are left."""
    assert world.now() == START == datetime.fromisoformat("2026-03-10T12:00:00+00:00")
    (one,) = world.free(1)
    return on(world, one, "vds-small", 9_90, datetime.fromisoformat("2026-04-15T12:00:00+00:00"))


def kept(world: World, plan: str) -> int:
    """How many places of a plan in Amsterdam are neither for sale nor taken by an order."""
    return int(
        world.value(
            "SELECT capacity - available - (SELECT count(*) FROM orders WHERE plan = ?1 AND location = 'nl'"
            " AND state NOT IN ('deleted', 'cancelled')) FROM stock WHERE plan = ?1 AND location = 'nl'",
            plan,
        )
    )


def quote(world: World, order_id: str, plan: str) -> QuoteJSON:
    return world.write(engine.quote_plan_change, world.account, order_id, plan)


def buy(world: World, order_id: str, plan: str) -> InvoiceJSON:
    return world.write(engine.buy_plan_change, world.account, quote(world, order_id, plan)["id"])


def code_of(world: World, order_id: str, plan: str) -> str:
    quoted = quote(world, order_id, plan)
    assert (quoted["lines"], quoted["total"]["amount"]) == ([], "0.00")
    (excluded,) = quoted["excluded"]
    assert excluded["order_id"] == order_id
    assert excluded["reason"][-1] == "."
    return excluded["code"]


def test_ord_6_the_difference_for_the_rest_of_the_period_once_paid(world: World, order_id: str) -> None:
    """ORD-6, ORD-5: (18.90 − 9.90) × (1 + 5/30) = 10.50; the plan and the price change with the payment."""
    had, wanted = world.stock("vds-small", "nl"), world.stock("vds-medium", "nl")
    quoted = quote(world, order_id, "vds-medium")
    (line,) = quoted["lines"]
    assert (quoted["total"]["amount"], line["amount"]["amount"], line["list_price"]["amount"]) == ("10.50",) * 3
    assert (line["discounts"], line["months"], line["plan"], line["location"]) == ([], None, "vds-medium", "nl")
    change = line["plan_change"]
    assert change is not None
    assert (change["old_plan"], change["new_plan"]) == ("vds-small", "vds-medium")
    assert (change["old_monthly_price"]["amount"], change["new_monthly_price"]["amount"]) == ("9.90", "18.90")
    assert change["billed_from"] == "2026-03-10T12:00:00Z"
    assert line["title"].endswith(", 1 month 5 days until 2026-04-15 12:00 UTC: VDS small → VDS medium")
    invoice = world.write(engine.buy_plan_change, world.account, quoted["id"], Money("10.50", "EUR"))
    assert (invoice["kind"], invoice["state"], invoice["total"]["amount"]) == ("plan-change", "unpaid", "10.50")
    before = world.order(order_id)
    assert (before["plan"], before["unpaid_invoice_id"]) == ("vds-small", invoice["id"])
    assert (world.stock("vds-small", "nl"), world.stock("vds-medium", "nl")) == (had, wanted - 1), "a place is kept"
    world.write(shopkeeping.set_price, "plans", "vds-medium", Money("25.00", "EUR"))
    world.pay(invoice["id"])
    after = world.order(order_id)
    assert (after["plan"], after["monthly_price"]["amount"]) == ("vds-medium", "18.90"), "as it was quoted"
    assert (after["paid_until"], after["unpaid_invoice_id"]) == (before["paid_until"], None)
    assert after["version"] > before["version"], "clients are told"
    assert (world.stock("vds-small", "nl"), world.stock("vds-medium", "nl")) == (had + 1, wanted - 1)
    (renewal,) = world.write(quotes.quote_renewal, world.account, [order_id], 3)["lines"]
    assert renewal["list_price"]["amount"] == "56.70", "renewals bill the new price"


@pytest.mark.parametrize("plan", ["vds-nano", "vds-micro"])
def test_ord_6_a_cheaper_plan_costs_nothing_and_comes_at_once(world: World, order_id: str, plan: str) -> None:
    """ORD-6: no refund; an invoice over 0.00 is paid as it is issued, and no purse moves."""
    purses, end = world.balances(), world.order(order_id)["paid_until"]
    invoice = buy(world, order_id, plan)
    assert (invoice["state"], invoice["total"]["amount"]) == ("paid", "0.00")
    after = world.order(order_id)
    assert (after["plan"], after["unpaid_invoice_id"], after["paid_until"]) == (plan, None, end)
    assert world.balances() == purses
    assert world.invoice(invoice["id"])["paid_at"] is not None


def test_ord_6_against_the_price_that_the_order_has(world: World, order_id: str) -> None:
    """ORD-6: vds-small is sold for 14.90 now; this order still pays 9.90: 9.00 × 7/6 = 10.50, not 4.67."""
    world.write(shopkeeping.set_price, "plans", "vds-small", Money("14.90", "EUR"))
    assert quote(world, order_id, "vds-medium")["total"]["amount"] == "10.50"


def test_ord_6_who_cannot_and_why(world: World, order_id: str) -> None:
    """ORD-6, ORD-4, BLK-2, TRF-6: each with its code, nothing is priced."""
    world.set_stock("vds-xlarge", "nl", 0)
    assert code_of(world, order_id, "vds-small") == "plan-there"
    assert code_of(world, order_id, "ds-e5") == "plan-other-kind"
    assert code_of(world, order_id, "vds-xlarge") == "out-of-stock"
    hong_kong = str(world.value("SELECT id FROM orders WHERE location = 'hk' AND state = 'active' LIMIT 1"))
    assert code_of(world, hong_kong, "vds-large") == "not-sold-there"
    with pytest.raises(InvalidInput) as unknown:
        quote(world, order_id, "vds-gold")
    assert unknown.value.fields.keys() == {"plan"}
    assert code_of(world, "999999", "vds-medium") == "not-found"
    theirs = str(world.value("SELECT id FROM orders WHERE account_id = ? LIMIT 1", SECOND))
    assert code_of(world, theirs, "vds-medium") == "not-found"
    own_price = str(world.value("SELECT id FROM orders WHERE individual_price = 1 AND state = 'active' LIMIT 1"))
    assert code_of(world, own_price, "vds-medium") == "individual-price"
    refused = [one for one in world.order(own_price)["actions"] if one["action"] == "change-plan"]
    assert [(one["allowed"], one["code"]) for one in refused] == [(False, "individual-price")]
    invoice = world.renewal(order_id)
    assert code_of(world, order_id, "vds-medium") == "open-invoice"
    world.write(invoices.delete_invoice, world.account, invoice["id"])
    world.advance(days=36, seconds=1)
    assert code_of(world, order_id, "vds-medium") == "order-blocked"
    pending = world.buy(("vds-nano", "nl", 1))["orders"][0]["id"]
    assert code_of(world, pending, "vds-medium") == "order-pending"


def test_trf_6_not_while_it_is_being_transferred(world: World, order_id: str) -> None:
    """TRF-6."""
    from billtui.sandbox.engine import transfers

    second = world.value("SELECT login FROM accounts WHERE id = ?", SECOND)
    world.write(transfers.push, world.account, [order_id], second, str(SECOND))
    assert code_of(world, order_id, "vds-medium") == "in-transfer"


def test_dsc_8_what_changed_since_the_quote_is_refused(world: World, order_id: str) -> None:
    """DSC-8, BLK-6: the price, the stock, an open invoice; a quote is bought once, and by its account."""
    quoted = quote(world, order_id, "vds-medium")
    with pytest.raises(PriceChanged):
        world.write(engine.buy_plan_change, world.account, quoted["id"], Money("10.49", "EUR"))
    with pytest.raises(NotFound):
        world.write(engine.buy_plan_change, SECOND, quoted["id"])
    world.write(shopkeeping.set_price, "plans", "vds-medium", Money("19.00", "EUR"))
    with pytest.raises(PriceChanged):
        world.write(engine.buy_plan_change, world.account, quoted["id"])
    quoted = quote(world, order_id, "vds-medium")
    world.set_stock("vds-medium", "nl", 0)
    with pytest.raises(RuleBroken) as gone:
        world.write(engine.buy_plan_change, world.account, quoted["id"])
    assert gone.value.refusal.code == "out-of-stock"
    world.set_stock("vds-medium", "nl", 1)
    invoice = world.write(engine.buy_plan_change, world.account, quoted["id"])
    assert world.stock("vds-medium", "nl") == 0
    with pytest.raises(RuleBroken) as used:
        world.write(engine.buy_plan_change, world.account, quoted["id"])
    assert (used.value.refusal.code, used.value.refusal.related) == ("quote-used", {"invoice_id": invoice["id"]})
    nothing = quote(world, order_id, "vds-medium")
    with pytest.raises(RuleBroken) as empty:
        world.write(engine.buy_plan_change, world.account, nothing["id"])
    assert empty.value.refusal.code == "nothing-to-buy"


def test_dsc_8_the_price_holds_while_the_quote_does(world: World, order_id: str) -> None:
    """DSC-8, ORD-5: asked again within 15 minutes it costs the same, later less.

    37 a month more, ten minutes after: 55.00 − 9.90 = 45.10 × 7/6 = 52.62 (52.6166…). 16 minutes later 960 seconds of
    30 days are gone: 45.10 × (7/6 − 960/2592000) = 52.60 (52.5999…).
    """
    world.write(shopkeeping.set_price, "plans", "vds-medium", Money("55.00", "EUR"))
    first = quote(world, order_id, "vds-medium")
    assert first["total"]["amount"] == "52.62"
    world.advance(seconds=600)
    again = quote(world, order_id, "vds-medium")
    assert again["total"]["amount"] == "52.62"
    world.advance(seconds=360)
    assert quote(world, order_id, "vds-medium")["total"]["amount"] == "52.60"
    invoice = world.write(engine.buy_plan_change, world.account, again["id"])
    assert invoice["total"]["amount"] == "52.62"


def test_inv_5_deleting_the_invoice_gives_the_place_back(world: World, order_id: str) -> None:
    """INV-5, INV-6, INV-7, INV-12: by hand, inside a combined one, and with the order."""
    was = world.stock("vds-medium", "nl")
    world.write(invoices.delete_invoice, world.account, buy(world, order_id, "vds-medium")["id"])
    assert (world.stock("vds-medium", "nl"), world.order(order_id)["plan"]) == (was, "vds-small")
    changed, other = buy(world, order_id, "vds-medium"), world.renewal(world.free(2)[1])
    whole = world.write(invoices.combine, world.account, [changed["id"], other["id"]])
    assert (whole["kind"], world.stock("vds-medium", "nl")) == ("mixed", was - 1)
    world.write(invoices.split, world.account, whole["id"])
    assert world.stock("vds-medium", "nl") == was - 1
    whole = world.write(invoices.combine, world.account, [changed["id"], other["id"]])
    world.pay(whole["id"])
    assert (world.order(order_id)["plan"], world.stock("vds-medium", "nl")) == ("vds-medium", was - 1)
    buy(world, order_id, "vds-large")
    assert (kept(world, "vds-medium"), kept(world, "vds-large")) == (0, 1)
    world.advance(days=36 + 8)
    assert world.order(order_id)["state"] == "deleted"
    assert (kept(world, "vds-medium"), kept(world, "vds-large")) == (0, 0)


def test_ord_6_money_that_arrives_after_the_block_still_changes_it(world: World, order_id: str) -> None:
    """ORD-6, INV-3: paid elsewhere, told late; the order stays blocked and has the plan."""
    invoice = buy(world, order_id, "vds-medium")
    payment = world.pay(invoice["id"], "card")
    world.advance(days=36, hours=1)
    assert world.order(order_id)["state"] == "blocked"
    world.write(payments.settle, payment["id"])
    after = world.order(order_id)
    assert (after["state"], after["plan"], after["unpaid_invoice_id"]) == ("blocked", "vds-medium", None)
    assert Decimal(after["monthly_price"]["amount"]) == Decimal("18.90")
    assert world.now() - START == timedelta(days=36, hours=1)


def test_ord_6_the_ticket_opens_by_itself_linked_both_ways(world: World, order_id: str) -> None:
    """ORD-6, TRF-5: with technical, once paid and not before, for a cheaper plan too; it stays with the old owner."""
    invoice = buy(world, order_id, "vds-medium")
    tickets = "SELECT id, account_id, subject, department, state, opened_by, order_id, invoice_id FROM tickets"
    assert world.rows(f"{tickets} WHERE opened_by = 'panel' AND order_id = ?", int(order_id)) == []
    world.pay(invoice["id"])
    (opened,) = world.rows(f"{tickets} WHERE opened_by = 'panel' AND order_id = ?", int(order_id))
    subject, about = "Tariff Plan Change", (int(order_id), int(invoice["id"]))
    assert opened[1:] == (world.account, subject, "technical", "open", "panel", *about)
    order = world.order(order_id)
    assert order["plan_change_ticket_id"] == str(opened[0])
    (body,) = world.rows("SELECT body FROM ticket_messages WHERE ticket_id = ?", opened[0])
    for words in (order["name"], "VDS small (9.90 EUR a month)", "VDS medium (18.90 EUR a month)", "10.50 EUR"):
        assert words in body[0]
    buy(world, order_id, "vds-nano")
    second = world.order(order_id)["plan_change_ticket_id"]
    assert second is not None and int(second) > opened[0], "each change has its own"

    from billtui.sandbox.engine import transfers

    login = world.value("SELECT login FROM accounts WHERE id = ?", SECOND)
    (begun,) = world.write(transfers.push, world.account, [order_id], login, str(SECOND))
    for account, step in ((world.account, transfers.confirm), (SECOND, transfers.accept)):
        code = world.value("SELECT code FROM mails WHERE transfer_id = ? ORDER BY id DESC LIMIT 1", int(begun["id"]))
        world.write(step, account, begun["id"], code)
    assert world.order(order_id, SECOND)["plan_change_ticket_id"] is None
    assert world.value("SELECT account_id FROM tickets WHERE id = ?", int(second)) == world.account
