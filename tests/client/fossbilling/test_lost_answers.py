"""A write whose answer is lost: the panel is read again and compared, and nothing is sent a second time."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from billtui.client import BillingClient
from billtui.client.drivers.acts import Act
from billtui.client.errors import BadAnswer, NotFound, NotSent, OutcomeUnknown
from billtui.client.settings import Write
from billtui.domain.models import (
    BoughtOrders,
    Invoice,
    MessageRequest,
    OrderCell,
    OrderRequest,
    Payment,
    PostedMessage,
    Ticket,
    TicketChange,
    TicketRequest,
    TicketState,
)
from billtui.domain.money import Money
from tests.client.fossbilling.conftest import Client
from tests.panels.fossbilling_panel import Fault, FossPanel

KEY = Write("a-key")
RENEWAL = "client/invoice/renewal_invoice"


def usd(amount: str) -> Money:
    return Money(amount, "USD")


def renewal(order: int, amount: str = "4.50") -> Act:
    return Act("order.renew", {"order_ids": [str(order)], "period": 1}, usd(amount), (f"order:{order}",))


async def renew(mine: BillingClient, order: int) -> Invoice:
    quote = await mine.quotes.renewal([str(order)], 1)
    return await mine.purchases.renew(quote.id.raw, quote.total, KEY)


async def test_a_renewal_that_was_carried_out_is_found(panel: FossPanel, client: Client) -> None:
    order = panel.books.add_order()
    panel.faults.append(Fault(RENEWAL))
    async with client() as mine:
        before = await mine.outcomes.before(renewal(order))
        assert before is not None
        assert before["balance"] == "141.00 USD"
        assert before["unpaid_invoice"] is None
        with pytest.raises(OutcomeUnknown):
            await renew(mine, order)
        finding = await mine.outcomes.found(renewal(order), before)
        assert finding.state == "done"
        assert finding.now.keys() == before.keys()
        assert finding.now["balance"] == "136.50 USD"
        invoice = Invoice.model_validate((finding.answer or {})["invoice"])
        assert (invoice.total, invoice.state, invoice.lines[0].order_id) == (usd("4.50"), "paid", str(order))
    assert len(panel.renewals(order)) == 1


async def test_a_renewal_that_never_arrived_is_not_done(panel: FossPanel, client: Client) -> None:
    order = panel.books.add_order()
    panel.faults.append(Fault(RENEWAL, "drop-before"))
    async with client() as mine:
        before = await mine.outcomes.before(renewal(order))
        with pytest.raises(OutcomeUnknown):
            await renew(mine, order)
        finding = await mine.outcomes.found(renewal(order), before or {})
        assert (finding.state, finding.answer) == ("not-done", None)
    assert panel.renewals(order) == []


async def test_a_throttled_panel_that_does_it_late_is_seen_at_a_later_look(panel: FossPanel, client: Client) -> None:
    """It sleeps before it works: the first look is too early, and proves nothing for good."""
    order = panel.books.add_order()
    panel.faults.append(Fault(RENEWAL, "drop-late", seconds=0.3))
    async with client() as mine:
        before = await mine.outcomes.before(renewal(order))
        with pytest.raises(OutcomeUnknown):
            await renew(mine, order)
        states = [(await mine.outcomes.found(renewal(order), before or {})).state]
        while states[-1] != "done" and len(states) < 100:
            await asyncio.sleep(0.05)
            states.append((await mine.outcomes.found(renewal(order), before or {})).state)
        assert states[0] == "not-done"
        assert states[-1] == "done"
        assert "renewal-waiting" in [one.code for one in (await mine.quotes.renewal([str(order)], 1)).excluded]
    assert len(panel.renewals(order)) == 1


async def test_a_panel_that_does_not_look_for_ids_is_gone_through(panel: FossPanel, client: Client) -> None:
    panel.books.filters_invoices = False
    orders = [panel.books.add_order() for _ in range(3)]
    for order in orders:
        panel.books.renew(panel.books.orders[order])
    panel.books.run_batch()
    panel.faults.append(Fault(RENEWAL))
    async with client() as mine:
        assert (await mine.invoices.get("1")).lines[0].order_id == "1"
        with pytest.raises(NotFound):
            await mine.invoices.get("9")
        before = await mine.outcomes.before(renewal(1))
        assert list((before or {})["invoices_of_the_order"]) == ["1"]
        with pytest.raises(OutcomeUnknown):
            await renew(mine, 1)
        assert (await mine.outcomes.found(renewal(1), before or {})).state == "done"
    assert len(panel.renewals(1)) == 2  # the one before, and this one


async def test_what_else_may_have_caused_it_stays_with_a_person(panel: FossPanel, client: Client) -> None:
    """Two new invoices, one at another price, a balance that moved without one, an invoice of before."""
    one, two, three = (panel.books.add_order() for _ in range(3))
    async with client() as mine:
        before = await mine.outcomes.before(renewal(one))
        panel.books.renew(panel.books.orders[one])
        panel.books.renew(panel.books.orders[one])
        twice = await mine.outcomes.found(renewal(one), before or {})
        assert twice.state == "unclear"
        assert "2 new invoices" in twice.words
        before = await mine.outcomes.before(renewal(two))
        panel.books.orders[two].price = Decimal("9.00")
        panel.books.renew(panel.books.orders[two])
        assert (await mine.outcomes.found(renewal(two), before or {})).state == "unclear"
        before = await mine.outcomes.before(renewal(three))
        panel.books.balance -= 1
        assert (await mine.outcomes.found(renewal(three), before or {})).state == "unclear"
        before = await mine.outcomes.before(renewal(three))
        panel.books.renew(panel.books.orders[one])  # somebody else's renewal is not this one
        assert (await mine.outcomes.found(renewal(three), before or {})).state == "unclear"
        assert (await mine.outcomes.found(renewal(three), {})).state != "done"  # without a picture nothing is proved


async def test_a_purchase_is_found_with_all_of_its_orders(panel: FossPanel, client: Client) -> None:
    cells = [{"plan": "2", "location": "panel", "quantity": 2}, {"plan": "3", "location": "panel", "quantity": 1}]
    act = Act("order.new", {"cells": cells, "period": 1}, usd("20.90"))
    request = OrderRequest(cells=[OrderCell.model_validate(one) for one in cells], period=1)
    panel.faults += [Fault("client/cart/checkout", "drop-before"), Fault("client/cart/checkout")]
    async with client() as mine:
        for state in ("not-done", "done"):
            before = await mine.outcomes.before(act)
            quote = await mine.quotes.order(request)
            assert quote.total == act.amount
            with pytest.raises(OutcomeUnknown):
                await mine.purchases.order(quote.id.raw, quote.total, KEY)
            finding = await mine.outcomes.found(act, before or {})
            assert finding.state == state
        bought = BoughtOrders.model_validate(finding.answer)
        assert sorted(one.plan.raw for one in bought.orders) == ["2", "2", "3"]
        other = dataclasses.replace(act, amount=usd("20.91"))
        assert (await mine.outcomes.found(other, before or {})).state == "unclear"
    assert len(panel.purchases()) == 1


async def test_a_purchase_beside_another_one_is_not_taken_for_it(panel: FossPanel, client: Client) -> None:
    cells = [{"plan": "2", "location": "panel", "quantity": 1}]
    act = Act("order.new", {"cells": cells, "period": 1}, usd("4.50"))
    async with client() as mine:
        before = await mine.outcomes.before(act)
        for _ in range(2):
            quote = await mine.quotes.order(OrderRequest(cells=[OrderCell.model_validate(cells[0])], period=1))
            await mine.purchases.order(quote.id.raw, quote.total, KEY)
        assert (await mine.outcomes.found(act, before or {})).state == "unclear"


async def buy_one(mine: BillingClient, write: Write) -> BoughtOrders:
    cell = OrderCell.model_validate({"plan": "2", "location": "panel", "quantity": 1})
    quote = await mine.quotes.order(OrderRequest(cells=[cell], period=1))
    return await mine.purchases.order(quote.id.raw, quote.total, write)


def one_server(write: Write) -> Act:
    cells = [{"plan": "2", "location": "panel", "quantity": 1}]
    return Act("order.new", {"cells": cells, "period": 1}, usd("4.50"), key=write.key)


async def test_what_another_computer_ordered_is_not_taken_for_a_purchase_that_never_arrived(
    panel: FossPanel, client: Client
) -> None:
    panel.faults.append(Fault("client/cart/checkout", "drop-before"))
    async with client() as here, client() as there:
        before = await here.outcomes.before(one_server(KEY))
        with pytest.raises(OutcomeUnknown):
            await buy_one(here, KEY)
        await buy_one(there, Write("another-key"))
        finding = await here.outcomes.found(one_server(KEY), before or {})
        assert (finding.state, finding.answer) == ("unclear", None)
        assert "somebody else's" in finding.words
        assert finding.now["mark_of_new_orders"] == (before or {})["mark_of_new_orders"] == KEY.key


@pytest.mark.parametrize("first", ["here", "there"])
async def test_a_lost_purchase_is_known_by_its_mark_beside_the_same_one_of_another_computer(
    panel: FossPanel, client: Client, first: str
) -> None:
    async with client() as here, client() as there:
        before = await here.outcomes.before(one_server(KEY))
        if first == "there":
            await buy_one(there, Write("another-key"))
        panel.faults.append(Fault("client/cart/checkout"))
        with pytest.raises(OutcomeUnknown):
            await buy_one(here, KEY)
        if first == "here":
            await buy_one(there, Write("another-key"))
        finding = await here.outcomes.found(one_server(KEY), before or {})
        assert finding.state == "done"
        (order,) = BoughtOrders.model_validate(finding.answer).orders
        assert order.id == ("2" if first == "there" else "1")
    assert len(panel.purchases()) == 2


async def test_a_panel_that_does_not_tell_marks_is_compared_as_before(panel: FossPanel, client: Client) -> None:
    panel.books.tells_config = False
    panel.faults.append(Fault("client/cart/checkout"))
    async with client() as here:
        before = await here.outcomes.before(one_server(KEY))
        with pytest.raises(OutcomeUnknown):
            await buy_one(here, KEY)
        assert (await here.outcomes.found(one_server(KEY), before or {})).state == "done"


async def test_a_panel_that_drops_marks_may_have_sold_what_carries_none(panel: FossPanel, client: Client) -> None:
    """Whoever reads that they are somebody else's, and buys again, has them twice."""
    panel.faults.append(Fault("client/cart/checkout"))
    async with client() as here:
        before = await here.outcomes.before(one_server(KEY))
        with pytest.raises(OutcomeUnknown):
            await buy_one(here, KEY)
        panel.books.orders[1].config.clear()
        finding = await here.outcomes.found(one_server(KEY), before or {})
        assert finding.state == "unclear"
        assert "or this panel keeps no marks" in finding.words


async def test_the_mark_is_not_shown_as_a_word_about_the_server(panel: FossPanel, client: Client) -> None:
    async with client() as here:
        bought = await buy_one(here, KEY)
        order = await here.orders.get(bought.orders[0].id.raw)
        assert KEY.key not in [text.raw for text in order.more.values()]
    assert panel.books.orders[1].config["billtui"] == KEY.key


Send = Callable[[BillingClient], Awaitable[Any]]


def ticket_wish() -> TicketRequest:
    return TicketRequest(department="1", subject="Slow disk", body="Since\nyesterday.")


CASES: dict[str, tuple[Act, Send, str, type[Any]]] = {
    "top-up": (
        Act("balance.top-up", {"method": "Custom"}, usd("10.00")),
        lambda mine: mine.balance.top_up(usd("10.00"), "Custom", KEY), "client/invoice/funds_invoice", dict,
    ),
    "delete": (
        Act("invoice.delete", {"invoice_id": "1"}), lambda mine: mine.invoices.delete("1", KEY),
        "client/invoice/delete", Invoice,
    ),
    "pay": (
        Act("invoice.pay", {"invoice_id": "2", "method": "internal"}, usd("4.50")),
        lambda mine: mine.invoices.pay("2", "internal", usd("4.50"), KEY), RENEWAL, Payment,
    ),
    "new ticket": (
        Act("ticket.new", {"department": "1", "subject": "Slow disk", "body": "Since\nyesterday."}),
        lambda mine: mine.tickets.new(ticket_wish(), KEY), "client/support/ticket_create", Ticket,
    ),
    "reply": (
        Act("ticket.reply", {"ticket_id": "1", "body": "And\nagain.", "internal": False}),
        lambda mine: mine.tickets.write("1", MessageRequest(body="And\nagain."), KEY), "client/support/ticket_reply",
        PostedMessage,
    ),
    "close": (
        Act("ticket.change", {"ticket_ids": ["1"], "change": {"state": "closed"}}),
        lambda mine: mine.tickets.change("1", TicketChange(state=TicketState.CLOSED), KEY),
        "client/support/ticket_close", Ticket,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
async def test_every_other_write_is_found_or_found_not_done(panel: FossPanel, client: Client, case: str) -> None:
    act, send, call, shape = CASES[case]
    panel.books.add_invoice()
    order = panel.books.add_order()
    panel.books.balance = Decimal(0)
    panel.books.renew(panel.books.orders[order])  # an open invoice: 2
    panel.books.balance = Decimal("141.00")
    panel.books.add_ticket()
    panel.faults += [Fault(call, "drop-before"), Fault(call)]
    async with client(pay_from_balance="renewal") as mine:
        for state in ("not-done", "done"):
            before = await mine.outcomes.before(act)
            with pytest.raises(OutcomeUnknown):
                await send(mine)
            finding = await mine.outcomes.found(act, before or {})
            assert finding.state == state, finding.words
        if shape is dict:
            assert finding.answer is not None
            assert Invoice.model_validate(finding.answer["invoice"]).total == usd("10.00")
        else:
            shape.model_validate(finding.answer)
    assert panel.calls.count(call) == 2
    assert panel.carried_out[call] == 1


async def test_writing_the_same_words_twice_is_not_taken_for_one(panel: FossPanel, client: Client) -> None:
    panel.books.add_ticket()
    async with client() as mine:
        act = CASES["reply"][0]
        before = await mine.outcomes.before(act)
        for _ in range(2):
            await mine.tickets.write("1", MessageRequest(body="And\nagain."), KEY)
        assert (await mine.outcomes.found(act, before or {})).state == "unclear"


async def test_what_may_be_repeated_is_the_same_done_twice(panel: FossPanel, client: Client) -> None:
    """What ``repeatable`` claims, tried on the panel: the second time changes nothing."""
    panel.books.add_invoice()
    panel.books.add_ticket()
    async with client() as mine:
        assert mine.driver.traits.repeatable == {"invoice.delete", "ticket.change"}
        await mine.invoices.delete("1", KEY)
        with pytest.raises(NotFound):
            await mine.invoices.delete("1", KEY)
        for _ in range(2):
            closed = await mine.tickets.change("1", TicketChange(state=TicketState.CLOSED), KEY)
            assert closed.state == TicketState.CLOSED
        assert panel.books.ledger == []


@pytest.mark.parametrize("seed", range(12))
async def test_lines_that_are_cut_anywhere_never_bill_twice(panel: FossPanel, client: Client, seed: int) -> None:
    """Renewals with faults at random calls: whatever is said of each, it was billed once at most, and ``done`` and
    ``not-done`` are true."""
    dice = random.Random(seed)
    orders = [panel.books.add_order() for _ in range(4)]
    async with client(tries=3) as mine:
        for order in orders:
            call = dice.choice([RENEWAL, RENEWAL, "client/order/get", "client/invoice/get"])
            panel.faults.append(Fault(call, dice.choice(["drop-after", "drop-before", "html", "error"])))
            before: dict[str, Any] | None = None
            try:
                before = await mine.outcomes.before(renewal(order))
                await renew(mine, order)
                told = "done"
            except OutcomeUnknown:
                told = (await mine.outcomes.found(renewal(order), before or {})).state
            except (NotSent, BadAnswer):
                told = "not-done"  # what was read before could not be: nothing was sent
            billed = len(panel.renewals(order))
            assert billed <= 1
            assert told in {0: ("not-done", "unclear"), 1: ("done", "unclear")}[billed]
            panel.faults.clear()
    assert len(panel.books.ledger) == len(panel.books.invoices)


async def test_an_invoice_that_somebody_pays_in_the_very_moment_bills_a_further_period_and_that_is_said(
    panel: FossPanel, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one gap of ``pay_from_balance = renewal``: it is not called paid, and never asked for again."""
    order = panel.books.add_order()
    panel.books.balance = Decimal("0.00")
    async with client(pay_from_balance="renewal") as mine:
        invoice = await renew(mine, order)
        panel.books.balance = Decimal("20.00")
        real = panel._answer

        def paid_elsewhere(call: str, seen: Any) -> bytes:
            if call == RENEWAL:
                panel.books.receive(int(invoice.id.raw))
            return real(call, seen)

        act = Act("invoice.pay", {"invoice_id": invoice.id.raw, "method": "internal"}, invoice.total)
        before = await mine.outcomes.before(act)
        assert before is not None
        monkeypatch.setattr(panel, "_answer", paid_elsewhere)
        with pytest.raises(OutcomeUnknown):
            await mine.invoices.pay(invoice.id.raw, "internal", invoice.total, KEY)
        monkeypatch.undo()
        found = await mine.outcomes.found(act, before)
        assert (found.state, "further invoice" in found.words) == ("unclear", True)
        assert len(panel.renewals(order)) == 2
