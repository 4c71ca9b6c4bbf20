"""The driver against the stand-in panel: everything that a person does, through a port."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr

from billtui.client.drivers.kinds import make_driver
from billtui.client.drivers.traits import ENDLESS
from billtui.client.errors import (
    CapabilityMissing,
    ConfigurationProblem,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    PriceChanged,
    RuleRefused,
    SessionExpired,
    SignInRefused,
)
from billtui.client.settings import Write
from billtui.domain.models import (
    InvoiceKind,
    InvoiceState,
    MessageRequest,
    OrderCell,
    OrderRequest,
    OrderState,
    PaymentState,
    TicketChange,
    TicketRequest,
    TicketState,
)
from billtui.domain.money import Money
from billtui.domain.periods import CALENDARS_END
from billtui.domain.safetext import SafeText
from tests.client.fossbilling.conftest import Client
from tests.panels import fossbilling_calls
from tests.panels.fossbilling_books import CartItem, Line, Promo
from tests.panels.fossbilling_panel import Fault, FossPanel

KEY = Write("a-key")


def cell(plan: int, quantity: int, location: str = "panel") -> OrderCell:
    return OrderCell(plan=SafeText(str(plan)), location=SafeText(location), quantity=quantity)


def usd(amount: str) -> Money:
    return Money(amount, "USD")


async def test_signing_in_by_password_begins_a_session_that_its_cookie_and_token_carry(
    panel: FossPanel, client: Client
) -> None:
    panel.books.add_order()
    async with client(token=None) as mine:
        with pytest.raises(SignInRefused):
            await mine.sessions.sign_in(panel.email, SecretStr("wrong-password"))
        session = await mine.sessions.sign_in(panel.email, SecretStr(panel.password))
        assert session.token.get_secret_value().startswith("session:")
        assert len((await mine.orders.list()).items) == 1
        await mine.sessions.sign_out()
        mine.token = session.token
        with pytest.raises(SessionExpired):
            await mine.orders.list()


async def test_an_api_key_is_let_in_and_a_wrong_one_is_not(panel: FossPanel, client: Client) -> None:
    async with client() as mine, client(token="another-key-of-nobody") as nobody:
        account = await mine.account.me()
        assert (account.login, account.balances.internal, account.payment_methods) == (
            "alice@example.com", usd("141.00"), ["Custom"],
        )  # fmt: skip
        assert account.panel_id == panel.url
        with pytest.raises(SessionExpired):
            await nobody.account.me()


async def test_password_and_its_recovery(panel: FossPanel, client: Client) -> None:
    async with client() as mine:
        with pytest.raises(RuleRefused, match="Current password incorrect"):
            await mine.account.change_password(SecretStr("not-this-one"), SecretStr("New-1234"))
        await mine.account.change_password(SecretStr(panel.password), SecretStr("New-1234"))
        assert panel.password == "New-1234"
        await mine.account.ask_recovery("alice@example.com")
        await mine.account.recover(SecretStr("a1b2c3d4e5f6"), SecretStr("Newer-1234"))
        assert panel.calls[-2:] == ["guest/client/reset_password", "guest/client/update_password"]


async def test_lists_are_read_page_by_page_to_their_end(panel: FossPanel, client: Client) -> None:
    for count in range(25):
        panel.books.add_order(f"vm-{count:03d}.example.net")
    async with client() as mine:
        rows = [one async for one in mine.orders.iterate(limit=7)]
        assert [one.id for one in rows] == [str(number) for number in range(25, 0, -1)]
        assert panel.calls.count("client/order/get_list") == 4
        page = await mine.orders.list(limit=7)
        assert page.total == 25
        some = await mine.orders.list(id=["3", "4", "5", "6", "99"])
        assert sorted(one.id for one in some.items) == ["3", "4", "5", "6"]
        few = await mine.orders.list(id=["3", "99"])
        assert [one.id for one in few.items] == ["3"]
        with pytest.raises(ConfigurationProblem, match="cannot filter"):
            await mine.orders.list(location="nl")


async def test_an_order_is_shown_with_its_service_and_without_its_secrets(panel: FossPanel, client: Client) -> None:
    panel.books.add_order(period="1Y")
    async with client() as mine:
        order = await mine.orders.get("1")
        assert order.address == "192.0.2.7"
        assert order.more == {"renewed by": "12 months", "note": "rack 4"}


async def test_an_order_and_an_invoice_that_are_gone(client: Client) -> None:
    async with client() as mine:
        with pytest.raises(NotFound):
            await mine.orders.get("77")
        with pytest.raises(NotFound):
            await mine.invoices.get("77")
        with pytest.raises(ConfigurationProblem):
            await mine.orders.get("../77")


async def test_a_renewal_is_paid_at_once_and_waits_for_the_batch_job(panel: FossPanel, client: Client) -> None:
    order_id = str(panel.books.add_order(period="3M"))
    async with client() as mine:
        before = await mine.orders.get(order_id)
        quote = await mine.quotes.renewal([order_id], 3)
        assert quote.total == usd("13.00")
        assert quote.lines[0].new_paid_until is not None
        invoice = await mine.purchases.renew(quote.id.raw, quote.total, KEY)
        assert (invoice.state, invoice.kind, invoice.total) == (
            InvoiceState.PAID, InvoiceKind.RENEWAL, usd("13.00"),
        )  # fmt: skip
        assert (await mine.account.me()).balances.internal == usd("128.00")
        waiting = await mine.orders.get(order_id)
        assert waiting.paid_until == before.paid_until
        assert [(one.action, one.code) for one in waiting.actions] == [("renew", "renewal-waiting")]
        again = await mine.quotes.renewal([order_id], 3)
        assert "waiting for the panel" in again.excluded[0].reason
        with pytest.raises(RuleRefused, match="waiting for the panel"):
            await mine.purchases.renew(quote.id.raw, quote.total, KEY)
        assert len(panel.renewals(int(order_id))) == 1
        panel.books.run_batch()
        assert (await mine.orders.get(order_id)).paid_until == quote.lines[0].new_paid_until


async def test_a_renewal_that_the_balance_does_not_cover_stays_open(panel: FossPanel, client: Client) -> None:
    panel.books.balance = Decimal("1.00")
    order_id = str(panel.books.add_order())
    async with client() as mine:
        quote = await mine.quotes.renewal([order_id], 1)
        invoice = await mine.purchases.renew(quote.id.raw, quote.total, KEY)
        assert invoice.state == InvoiceState.UNPAID
        assert (await mine.orders.get(order_id)).unpaid_invoice_id == invoice.id
        again = await mine.quotes.renewal([order_id], 1)
        assert [one.code for one in again.excluded] == ["unpaid-invoice"]
        with pytest.raises(RuleRefused, match="unpaid invoice already"):
            await mine.purchases.renew(quote.id.raw, quote.total, KEY)
        assert len(panel.renewals(int(order_id))) == 1


async def test_a_renewal_at_another_price_or_of_several_orders_is_not_sent(panel: FossPanel, client: Client) -> None:
    ids = [str(panel.books.add_order()) for _ in range(5)]
    panel.books.add_order(period="1Y")
    async with client() as mine:
        quote = await mine.quotes.renewal([*ids, "6", "99"], 1)
        assert (quote.total, [(one.order_id, one.code) for one in quote.excluded]) == (
            usd("22.50"), [("6", "period-not-sold"), ("99", "not-found")],
        )  # fmt: skip
        with pytest.raises(ConfigurationProblem, match="one by one"):
            await mine.purchases.renew(quote.id.raw, quote.total, KEY)
        one = await mine.quotes.renewal(ids[:1], 1)
        panel.books.orders[1].price = Decimal("5.00")
        with pytest.raises(PriceChanged):
            await mine.purchases.renew(one.id.raw, one.total, KEY)
        with pytest.raises(InvalidInput, match="promo"):
            await mine.quotes.renewal(ids[:1], 1, "SAVE10")
        assert panel.renewals(1) == []


async def test_tax_stands_in_the_price_before_it_is_paid(panel: FossPanel, client: Client) -> None:
    panel.books.taxrate = Decimal(19)
    order_id = str(panel.books.add_order())
    async with client() as mine:
        quote = await mine.quotes.renewal([order_id], 1)
        assert quote.total == usd("5.36")  # 4.50 and 0.855, rounded half up
        invoice = await mine.purchases.renew(quote.id.raw, quote.total, KEY)
        assert [(one.title, one.amount, one.order_id) for one in invoice.lines][1:] == [
            ("Tax 19 %", usd("0.86"), order_id)
        ]  # fmt: skip
        assert invoice.total == usd("5.36")
        panel.books.run_batch()
        quote = await mine.quotes.renewal([order_id], 1)
        panel.books.taxrate = Decimal(20)
        with pytest.raises(PriceChanged):
            await mine.purchases.renew(quote.id.raw, quote.total, KEY)
        assert len(panel.renewals(1)) == 1


async def test_what_is_free_is_not_ordered_from_here(panel: FossPanel, client: Client) -> None:
    panel.books.promos["ALL"] = Promo("ALL", 100)
    async with client() as mine:
        quote = await mine.quotes.order(OrderRequest(cells=[cell(2, 1)], period=1, promo_code=SafeText("ALL")))
        assert quote.total == usd("0.00")
        with pytest.raises(RuleRefused, match="free of charge"):
            await mine.purchases.order(quote.id.raw, quote.total, KEY)
        assert panel.purchases() == []


async def test_a_bulk_order_is_one_cart_with_one_checkout(panel: FossPanel, client: Client) -> None:
    async with client() as mine:
        plans = {one.id.raw: one for one in await mine.catalogue.plans()}
        assert plans["2"].monthly_price == usd("4.50")
        assert [one.id for one in await mine.catalogue.locations()] == ["panel"]
        assert await mine.catalogue.addons() == []
        assert {one.plan: one.available for one in await mine.catalogue.stock()} == {"2": 9999, "3": 9999, "4": 9999}
        request = OrderRequest(cells=[cell(2, 2), cell(3, 1)], period=3, promo_code=SafeText("SAVE10"))
        quote = await mine.quotes.order(request)
        assert quote.total == usd("54.00")  # 26 and 34, less ten per cent
        assert [(one.plan, one.quantity, one.amount) for one in quote.lines] == [
            ("2", 2, usd("23.40")), ("3", 1, usd("30.60")),
        ]  # fmt: skip
        assert panel.purchases() == []
        bought = await mine.purchases.order(quote.id.raw, quote.total, KEY)
        assert [one.plan.raw for one in bought.orders].count("2") == 2
        assert (bought.invoice.state, bought.invoice.total, bought.invoice.kind) == (
            InvoiceState.PAID, usd("54.00"), InvoiceKind.NEW_ORDER,
        )  # fmt: skip
        assert {one.state for one in bought.orders} == {OrderState.PENDING}
        assert panel.carried_out["client/cart/checkout"] == 1
        assert len(panel.purchases()) == 1


async def test_an_order_that_the_balance_does_not_cover_has_an_open_invoice(panel: FossPanel, client: Client) -> None:
    panel.books.balance = Decimal("0.00")
    async with client() as mine:
        quote = await mine.quotes.order(OrderRequest(cells=[cell(4, 1)], period=12))
        bought = await mine.purchases.order(quote.id.raw, quote.total, KEY)
        assert (bought.invoice.state, bought.invoice.total) == (InvoiceState.UNPAID, usd("20.00"))


async def test_what_a_cart_does_not_take_is_left_out_or_said(panel: FossPanel, client: Client) -> None:
    panel.books.products[3].stock = 1
    async with client() as mine:
        quote = await mine.quotes.order(OrderRequest(cells=[cell(2, 1), cell(3, 2), cell(4, 1)], period=3))
        assert [(one.plan, one.reason) for one in quote.excluded] == [
            ("3", "This item is currently out of stock."), ("4", "Selected billing period is invalid."),
        ]  # fmt: skip
        assert quote.total == usd("13.00")
        other = await mine.quotes.order(OrderRequest(cells=[cell(2, 1), cell(2, 1, "nl")], period=1))
        assert [one.code for one in other.excluded] == ["unknown-location"]
        with pytest.raises(InvalidInput, match="promo code has expired"):
            await mine.quotes.order(OrderRequest(cells=[cell(2, 1)], period=1, promo_code=SafeText("NOPE")))
        with pytest.raises(InvalidInput, match="at most 100"):
            await mine.quotes.order(OrderRequest(cells=[cell(2, 101)], period=1))
        for odd in ({"names": SafeText("web-{n}")}, {"addons": [SafeText("x")]}):
            with pytest.raises(InvalidInput):
                await mine.quotes.order(OrderRequest.model_validate({"cells": [cell(2, 1)], "period": 1, **odd}))


async def test_a_cart_that_costs_something_else_is_not_bought(panel: FossPanel, client: Client) -> None:
    async with client() as mine:
        quote = await mine.quotes.order(OrderRequest(cells=[cell(2, 1)], period=1))
        panel.books.products[2].prices["1M"] = Decimal("4.51")
        with pytest.raises(PriceChanged, match=r"4\.51"):
            await mine.purchases.order(quote.id.raw, quote.total, KEY)
        assert panel.carried_out["client/cart/checkout"] == 0


async def test_the_cart_of_a_session_is_left_as_it_was_found(panel: FossPanel, client: Client) -> None:
    async with client(token=None) as mine:
        session = await mine.sessions.sign_in(panel.email, SecretStr(panel.password))
        quote = await mine.quotes.order(OrderRequest(cells=[cell(3, 2)], period=1))
        held = panel.sessions[session.token.get_secret_value().removeprefix("session:")]
        assert held.its_cart.items == []
        held.its_cart.items.append(CartItem(7, panel.books.products[4], "1Y", 3))
        held.its_cart.promo = panel.books.promos["SAVE10"]
        again = await mine.quotes.order(OrderRequest(cells=[cell(3, 2)], period=1))
        assert again.total == quote.total == usd("23.80")
        left = held.its_cart
        assert [(one.product.id, one.period, one.quantity) for one in left.items] == [(4, "1Y", 3)]
        assert left.promo is not None
        await mine.purchases.order(again.id.raw, again.total, KEY)
        assert len(panel.purchases()[0].lines) == 2
        assert [one.product.id for one in held.its_cart.items] == [4]


async def test_two_carts_of_one_session_at_once_do_not_mix(panel: FossPanel, client: Client) -> None:
    async with client(token=None) as mine:
        await mine.sessions.sign_in(panel.email, SecretStr(panel.password))
        small, large = await asyncio.gather(
            mine.quotes.order(OrderRequest(cells=[cell(2, 1)], period=1)),
            mine.quotes.order(OrderRequest(cells=[cell(3, 3)], period=1)),
        )
        assert (small.total, large.total) == (usd("4.50"), usd("35.70"))


async def test_paying_is_done_on_the_panels_page_unless_the_profile_says_otherwise(
    panel: FossPanel, client: Client
) -> None:
    panel.books.balance = Decimal("0.00")
    order_id = panel.books.add_order()
    async with client() as mine:
        quote = await mine.quotes.renewal([str(order_id)], 1)
        invoice = await mine.purchases.renew(quote.id.raw, quote.total, KEY)
        number = invoice.id.raw
        ways = {one.method.raw: one for one in await mine.invoices.payment_methods(number)}
        assert (ways["internal"].available, ways["Custom"].available) == (False, True)
        with pytest.raises(RuleRefused, match="batch job"):
            await mine.invoices.pay(number, "internal", invoice.total, KEY)
        with pytest.raises(PriceChanged):
            await mine.invoices.pay(number, "Custom", usd("4.49"), KEY)
        with pytest.raises(RuleRefused, match="none of this panel's"):
            await mine.invoices.pay(number, "Other", invoice.total, KEY)
        writes = len(panel.renewals(order_id))
        payment = await mine.invoices.pay(number, "Custom", invoice.total, KEY)
        assert payment.state == PaymentState.PENDING
        assert payment.payment_url == f"/invoice/{panel.books.invoices[int(number)].hash}"
        assert len(panel.renewals(order_id)) == writes
    async with client(pay_from_balance="renewal") as mine:
        with pytest.raises(RuleRefused, match="does not suffice"):
            await mine.invoices.pay(number, "internal", invoice.total, KEY)
        panel.books.balance = Decimal("10.00")
        paid = await mine.invoices.pay(number, "internal", invoice.total, KEY)
        assert paid.state == PaymentState.DONE
        assert panel.books.balance == Decimal("5.50")
        with pytest.raises(RuleRefused, match="is paid"):
            await mine.invoices.pay(number, "internal", invoice.total, KEY)
        assert len(panel.renewals(order_id)) == 1


async def test_deleting_and_what_the_panel_says_against_it(panel: FossPanel, client: Client) -> None:
    order_id = panel.books.add_order()
    free = str(panel.books.add_invoice())
    bound = str(panel.books.add_invoice(Line("x", Decimal(3), order=order_id, type="order", task="renew")))
    async with client() as mine:
        refused = (await mine.invoices.get(bound)).actions
        assert [(one.action, list(one.related.values())) for one in refused] == [("delete", [str(order_id)])]
        with pytest.raises(RuleRefused, match=f"related to order #{order_id}. Please cancel order first"):
            await mine.invoices.delete(bound, KEY)
        gone = await mine.invoices.delete(free, KEY)
        assert (gone.id, gone.state) == (free, InvoiceState.DELETED)
        with pytest.raises(NotFound):
            await mine.invoices.delete(free, KEY)


async def test_top_up_document_and_movements(panel: FossPanel, client: Client, tmp_path: Path) -> None:
    panel.books.add_order()
    async with client() as mine:
        filled = await mine.balance.top_up(usd("10.00"), "Custom", KEY)
        assert (filled.invoice.kind, filled.invoice.total) == (InvoiceKind.TOP_UP, usd("10.00"))
        assert filled.payment.state == PaymentState.PENDING
        assert panel.books.balance == Decimal("141.00")
        size = await mine.invoices.document(filled.invoice.id.raw, "pdf", tmp_path / "invoice.pdf")
        assert (tmp_path / "invoice.pdf").read_bytes().startswith(b"%PDF")
        assert size == (tmp_path / "invoice.pdf").stat().st_size
        with pytest.raises(CapabilityMissing, match="PDF only"):
            await mine.invoices.document(filled.invoice.id.raw, "csv", tmp_path / "invoice.csv")
        quote = await mine.quotes.renewal(["1"], 1)
        await mine.purchases.renew(quote.id.raw, quote.total, KEY)
        assert [one.amount for one in (await mine.balance.ledger()).items] == [usd("-4.50")]


async def test_a_ticket_from_its_first_word_to_its_end(panel: FossPanel, client: Client) -> None:
    order_id = panel.books.add_order()
    async with client() as mine:
        assert [(one.id, one.name) for one in await mine.tickets.departments()] == [("1", "General")]
        wish = TicketRequest(department="1", subject="VDS down", body="Hello\n\nmy VDS is down", order_id=str(order_id))
        ticket = await mine.tickets.new(wish, KEY)
        assert (ticket.state, ticket.subject, ticket.order_id) == (TicketState.OPEN, "VDS down", str(order_id))
        number = ticket.id.raw
        posted = await mine.tickets.write(
            number, MessageRequest(body="more", seen=ticket.last_message_id and ticket.last_message_id.raw), KEY
        )
        assert (posted.message.body, posted.message.author_role) == ("more", "client")
        with pytest.raises(RuleRefused) as moved:
            await mine.tickets.write(number, MessageRequest(body="late", seen=ticket.last_message_id), KEY)
        assert moved.value.code == "thread-moved-on"
        thread = (await mine.tickets.messages(number)).items
        assert [one.body for one in thread] == ["Hello\n\nmy VDS is down", "more"]
        assert [one.body for one in (await mine.tickets.messages(number, after=thread[0].id.raw)).items] == ["more"]
        closed = await mine.tickets.change(number, TicketChange(state=TicketState.CLOSED), KEY)
        assert closed.state == TicketState.CLOSED
        with pytest.raises(RuleRefused, match="cannot be reopened"):
            await mine.tickets.write(number, MessageRequest(body="after close"), KEY)
        with pytest.raises(CapabilityMissing):
            await mine.tickets.change(number, TicketChange(subject="other"), KEY)
        with pytest.raises(CapabilityMissing):
            await mine.tickets.write(number, MessageRequest(body="n", internal=True), KEY)


async def test_the_staffs_queue_reply_note_canned_replies_and_close(panel: FossPanel, client: Client) -> None:
    number = str(panel.books.add_ticket("Disk is slow"))
    async with client(role="staff") as desk:
        account = await desk.account.me()
        assert (account.role, account.login) == ("support", "admin@example.com")
        assert account.purses == {}, "staff has no money, and none is shown: not even 0.00"
        assert [one.id for one in (await desk.tickets.list(state="open")).items] == [number]
        assert [one.name for one in await desk.tickets.departments()] == ["General"]
        assert [one.title for one in await desk.staff.canned_replies()] == ["Rebooted"]
        note = await desk.tickets.write(number, MessageRequest(body="looks like the raid", internal=True), KEY)
        assert (note.message.internal, note.ticket.state) == (True, TicketState.OPEN)
        reply = await desk.tickets.write(number, MessageRequest(body="We look."), KEY)
        assert (reply.message.author_role, reply.ticket.state) == ("support", TicketState.ANSWERED)
        renamed = await desk.tickets.change(number, TicketChange(subject="Slow disk"), KEY)
        assert renamed.subject == "Slow disk"
        last = await desk.tickets.write(number, MessageRequest(body="Done.", close=True), KEY)
        assert last.ticket.state == TicketState.CLOSED
        with pytest.raises(CapabilityMissing):
            await desk.orders.list()
        with pytest.raises(CapabilityMissing, match="whose ticket it is"):
            await desk.staff.account("1")
    async with client(token=None, role="staff") as desk:
        await desk.sessions.sign_in(panel.staff_email, SecretStr(panel.staff_password))
        assert (await desk.tickets.list()).total == 1


async def test_a_client_of_the_panel_never_sees_notes(panel: FossPanel, client: Client) -> None:
    number = str(panel.books.add_ticket())
    async with client(role="staff") as desk, client() as mine:
        await desk.tickets.write(number, MessageRequest(body="between us", internal=True), KEY)
        assert [one.body for one in (await mine.tickets.messages(number)).items] == ["Please look."]


async def test_a_throttled_panel_is_slow_and_no_error(panel: FossPanel, client: Client) -> None:
    panel.books.add_order()
    panel.limit, panel.delay = 0, 0.3
    async with client(tries=1) as mine:
        quote = await mine.quotes.renewal(["1"], 1)
        invoice = await mine.purchases.renew(quote.id.raw, quote.total, KEY)
        assert invoice.state == InvoiceState.PAID
        assert panel.carried_out["client/invoice/renewal_invoice"] == 1


async def test_reads_are_repeated_and_writes_are_not(panel: FossPanel, client: Client) -> None:
    panel.books.add_order()
    panel.faults += [Fault("client/order/get", "drop-before"), Fault("client/invoice/renewal_invoice", "drop-before")]
    async with client(tries=3) as mine:
        quote = await mine.quotes.renewal(["1"], 1)
        with pytest.raises(Exception, match="unknown"):
            await mine.purchases.renew(quote.id.raw, quote.total, KEY)
        assert panel.calls.count("client/invoice/renewal_invoice") == 1
        assert panel.renewals(1) == []


async def test_what_is_not_billed_by_months_has_its_price_a_month_and_is_renewed_elsewhere(
    panel: FossPanel, client: Client
) -> None:
    for period in ("1W", "14D", "", "1Y"):
        panel.books.orders[panel.books.add_order(price="12.00")].period = period
    panel.books.orders[panel.books.add_order(price="0.00")].status = "active"
    async with client() as mine:
        prices = {one.id.raw: one.monthly_price for one in (await mine.orders.list()).items}
        assert prices == {"1": usd("52.14"), "2": usd("26.07"), "3": usd("0.00"), "4": usd("1.00"), "5": usd("0.00")}
        quote = await mine.quotes.renewal(["1", "3", "4", "5"], 12)
        assert quote.total == usd("12.00")
        assert [(one.order_id, one.code) for one in quote.excluded] == [
            ("1", "not-renewable"), ("3", "not-renewable"), ("5", "not-renewable"),
        ]  # fmt: skip


async def test_what_never_ends_is_not_renewed(panel: FossPanel, client: Client) -> None:
    order = panel.books.add_order()
    panel.books.orders[order].expires_at = CALENDARS_END
    async with client() as mine:
        (listed,) = (await mine.orders.list()).items
        assert [(one.action, one.allowed, one.reason) for one in listed.actions] == [("renew", False, ENDLESS)]
        quote = await mine.quotes.renewal([str(order)], 1)
        assert [(one.code, one.reason) for one in quote.excluded] == [("not-renewable", ENDLESS)]
        assert quote.lines == []


def test_options_that_are_wrong_are_said() -> None:
    for wrong in ({"role": "owner"}, {"pay_from_balance": "yes"}, {"colour": "red"}):
        with pytest.raises(ConfigurationProblem):
            make_driver("fossbilling", "", wrong)


async def test_more_servers_than_one_cart_takes_are_refused_before_the_cart_is_touched(
    panel: FossPanel, client: Client
) -> None:
    async with client() as mine:
        cells = [OrderCell.model_validate({"plan": "2", "location": "panel", "quantity": 101})]
        with pytest.raises(InvalidInput, match="at most 100"):
            await mine.quotes.order(OrderRequest(cells=cells, period=1))
    assert not any("cart" in call for call in panel.calls)


async def test_where_the_panel_does_not_know_its_tax_the_newest_invoice_says_it(
    panel: FossPanel, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A renewal is paid in the same moment: what it costs with tax has to be known before."""
    first, second = panel.books.add_order(), panel.books.add_order()
    panel.books.taxrate = Decimal(19)
    monkeypatch.delitem(fossbilling_calls.CLIENT, "client/invoice/get_tax_rate")
    async with client() as mine:
        quote = await mine.quotes.renewal([str(first)], 1)
        assert quote.total == usd("4.50"), "no invoice has told it yet"
        with pytest.raises(OutcomeUnknown, match="total"):  # that is no success, and is not sent again
            await mine.purchases.renew(quote.id.raw, quote.total, KEY)
        again = await mine.quotes.renewal([str(second)], 1)
        assert again.total == usd("5.36")
        assert (await mine.purchases.renew(again.id.raw, again.total, KEY)).total == again.total
    assert len(panel.renewals(first)) == len(panel.renewals(second)) == 1
