"""The driver against the sandbox's ``/billmgr``, over a real port, held against what its own interface says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyotp
import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, NotFound, OutcomeUnknown, RuleRefused, SignInRefused, TotpRequired
from billtui.client.drivers.acts import Act
from billtui.client.errors import CapabilityMissing, ClientError, InvalidInput, Refused, SessionExpired, TakenBack
from billtui.domain.models import (
    AutoRenew,
    Invoice,
    InvoiceState,
    MessageRequest,
    Order,
    OrderCell,
    OrderRequest,
    OrderState,
    PaymentState,
    TicketChange,
    TicketRequest,
    TicketState,
)
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from tests.client.billmanager.conftest import Lose, opened
from tests.client.billmanager.kit import write
from tests.support.sandbox import SandboxProcess

PROMO = "STAY10"
"""A code of the sandbox: 10 % on whatever is bought."""
QUIRKS = ("lone-rows", "bare-scalars", "comma-amounts", "no-item-status", "status-codes", "filter-echo", "expiry-words",
          "text-plain")  # fmt: skip


def truth(shop: SandboxProcess, path: str, **query: Any) -> list[dict[str, Any]]:
    """A whole list by the sandbox's own interface."""
    token, found, cursor = shop.sign_in(), [], ""
    while True:
        more = f"&cursor={cursor}" if cursor else ""
        status, page = shop.call("GET", f"/api/v1{path}?limit=500{more}", token=token)
        assert status == 200
        found += page["items"]
        cursor = page.get("next_cursor") or ""
        if not cursor:
            return found


async def renewable(client: BillingClient, count: int, skip: int = 0) -> list[Order]:
    """Active servers that a renewal of a month prices."""
    found = [one async for one in client.orders.iterate() if one.state == OrderState.ACTIVE]
    quote = await client.quotes.renewal([one.id for one in found[skip:]], 1)
    ids = {line.order_id.raw for line in quote.lines if line.order_id}
    chosen = [one for one in found if one.id.raw in ids][:count]
    assert len(chosen) == count
    return chosen


async def in_basket(client: BillingClient, orders: list[Order], months: int = 1) -> Invoice:
    quote = await client.quotes.renewal([one.id for one in orders], months)
    assert not quote.excluded
    return await client.purchases.renew(quote.id, quote.total, write())


# -- who it is


async def test_who_is_signed_in_and_what_is_there(client: BillingClient, shop: SandboxProcess) -> None:
    account = await client.account.me()
    owner = shop.account()
    assert (account.login, account.account_id, account.role) == (owner["login"], owner["account_id"], "client")
    assert account.panel_id == shop.url and account.payment_methods == ["internal", "card-2", "crypto-3"]
    status, mine = shop.call("GET", "/api/v1/me", token=shop.sign_in())
    assert status == 200 and account.balances.internal == Money.model_validate(mine["balances"]["internal"])
    assert client.unavailable("invoices.combine") and client.unavailable("staff.take")
    assert client.unavailable("invoices.pay") is None
    assert account.panel_name == f"{shop.url.removeprefix('http://')}/billmgr", "it tells no name: host and path"
    assert account.affiliate is None and list(account.purses) == ["internal"], "no second purse is not an empty one"


async def test_a_wrong_password_is_said_in_the_panels_words(shop: SandboxProcess) -> None:
    async with opened(shop) as other:
        with pytest.raises(SignInRefused):
            await other.sessions.sign_in(shop.account("client", 1)["login"], SecretStr("wrong-password"))


async def test_a_second_factor_makes_a_second_session(shop: SandboxProcess) -> None:
    with_code = next(one for one in shop.accounts if "totp_secret" in one)
    async with opened(shop) as other:
        with pytest.raises(TotpRequired):
            await other.sessions.sign_in(with_code["login"], SecretStr(with_code["password"]))
        code = SecretStr(pyotp.TOTP(with_code["totp_secret"]).now())
        await other.sessions.sign_in(with_code["login"], SecretStr(with_code["password"]), code)
        assert (await other.account.me()).login == with_code["login"]
        await other.sessions.sign_out()
        assert other.token is None


async def test_a_session_that_ended_is_renewed_for_reads_and_told_to_writes(shop: SandboxProcess) -> None:
    owner = shop.account()
    async with opened(shop, owner["login"]) as ours:
        await ours.sessions.sign_in(owner["login"], SecretStr(owner["password"]))
        good = ours.token
        ours.token = SecretStr("0123456789abcdef0123")
        with pytest.raises(SessionExpired):
            await ours.orders.list(limit=5)
        orders = None

        async def renewed() -> SecretStr | None:
            return good

        ours._credentials.renewer = renewed
        orders = await ours.orders.list(limit=5)
        assert orders.items and ours.token == good
        ours._credentials.renewer = None
        ours.token = SecretStr("0123456789abcdef0123")
        with pytest.raises(ClientError) as caught:
            await ours.orders.rename(orders.items[0].id, "never", write())
        assert caught.value.outcome.value in ("not-sent", "not-executed")


# -- lists


async def test_the_ledger_begins_with_the_newest(client: BillingClient) -> None:
    pages = [await client.balance.ledger(limit=4)]
    pages.append(await client.balance.ledger(limit=4, cursor=pages[0].next_cursor))
    at = [one.at for page in pages for one in page.items]
    assert len(at) == 8 and at == sorted(at, reverse=True)


async def test_who_must_act_is_the_same_in_list_and_thread_and_only_a_person_reads(
    client: BillingClient, shop: SandboxProcess
) -> None:
    held = {one["id"] for one in truth(shop, "/tickets") if one["state"] == "on hold"}  # this wire has no such word
    listed = {one.id.raw: one async for page in client.tickets.pages() for one in page.items}
    assert {str(one.state) for one in listed.values()} == {"open", "answered", "closed"}
    assert client.driver.traits.reading_marks, "reading is a person's: no thread is copied by itself"
    for key, one in listed.items():
        assert one.last_author_role in ("", "support")
        whole = await client.tickets.get(key)
        if key not in held:
            assert whole.state == one.state, one.subject
    again = {one.id.raw: one.state async for page in client.tickets.pages() for one in page.items}
    assert all(again[key] == one.state for key, one in listed.items() if key not in held), "read is not answered"


@pytest.mark.parametrize("quirks", [(), ("renamed-list",), QUIRKS])
async def test_services_are_those_of_the_panel(
    client: BillingClient, shop: SandboxProcess, quirks: tuple[str, ...]
) -> None:
    shop.call("POST", "/sandbox/billmgr", {"quirks": list(quirks)})
    found = {one.id.raw.rpartition(":")[2]: one async for one in client.orders.iterate(limit=25)}
    shown = {one["id"]: one for one in truth(shop, "/orders") if one["state"] != "cancelled"}
    assert found.keys() == shown.keys()
    states = {"blocked": "suspended"}
    for key, one in shown.items():
        assert found[key].name.raw == one["name"] and found[key].address == one["address"]
        if one["state"] == "blocked" and "no-item-status" not in quirks:
            assert found[key].state in ("blocked", "suspended")
        else:
            assert str(found[key].state) == states.get(one["state"], one["state"])
        end = found[key].paid_until
        assert (end.date().isoformat() if end else None) == (one["paid_until"] or "")[:10] or one["state"] == "pending"
    first = next(iter(found.values()))
    assert (await client.orders.get(first.id)).name == first.name
    shop.call("POST", "/sandbox/billmgr", {"quirks": []})


async def test_what_is_owed_is_the_same_in_russian(client: BillingClient, shop: SandboxProcess) -> None:
    """Periods come in words: a price for three months is no price for one, and auto-renewal that is on is not off."""
    async with opened(shop, shop.account()["login"], lang="ru") as russian:
        russian.token = client.token
        found = {one.id: one async for one in russian.orders.iterate()}
        async for one in client.orders.iterate():
            same = found.pop(one.id)
            assert (same.monthly_price, same.auto_renew, same.state) == (one.monthly_price, one.auto_renew, one.state)
            assert same.power == one.power or "Остановлен" in str(same.power)
        assert found == {}


@pytest.mark.parametrize("quirks", [(), QUIRKS])
async def test_invoices_are_those_of_the_panel(
    client: BillingClient, shop: SandboxProcess, quirks: tuple[str, ...]
) -> None:
    shop.call("POST", "/sandbox/billmgr", {"quirks": list(quirks)})
    found = {one.id.raw: one async for one in client.invoices.iterate(limit=40)}
    for one in truth(shop, "/invoices"):
        mine = found.pop(one["id"])
        assert mine.total == Money.model_validate(one["total"]), one["id"]
        assert mine.issued_at.date().isoformat() == one["issued_at"][:10]
        assert (mine.state == InvoiceState.PAID) == (one["state"] == "paid")
        assert mine.is_open == (one["state"] in ("unpaid", "overdue", "promised")) or str(mine.state).startswith("pay")
    assert found == {}
    shop.call("POST", "/sandbox/billmgr", {"quirks": []})


async def test_a_filter_set_elsewhere_hides_nothing(client: BillingClient, shop: SandboxProcess) -> None:
    everything = [one.id.raw async for one in client.invoices.iterate(limit=100)]
    for quirks in ([], ["filter-echo"]):
        shop.call("POST", "/sandbox/billmgr", {"quirks": []})
        form = {"func": "payment.filter", "out": "json", "sok": "ok", "status": "3", "number": "7"}
        assert client.token is not None
        body = "&".join(f"{name}={value}" for name, value in form.items()) + f"&auth={client.token.get_secret_value()}"
        status, _, _ = shop.raw("GET", f"/billmgr?{body}")
        assert status == 200
        shop.call("POST", "/sandbox/billmgr", {"quirks": quirks})
        assert [one.id.raw async for one in client.invoices.iterate(limit=100)] == everything
    shop.call("POST", "/sandbox/billmgr", {"quirks": []})


# -- money


async def test_renewing_one_pays_and_prolongs(client: BillingClient, shop: SandboxProcess) -> None:
    (order,) = await renewable(client, 1)
    invoice = await in_basket(client, [order], 3)
    assert invoice.is_open and invoice.lines[0].order_id == order.id
    before = (await client.account.me()).balances.internal
    methods = {one.method.raw: one for one in await client.invoices.payment_methods(invoice.id)}
    assert methods["internal"].available and "card-2" in methods
    payment = await client.invoices.pay(invoice.id, "internal", invoice.total, write())
    assert payment.state == PaymentState.DONE and payment.invoice_id == invoice.id
    assert (await client.account.me()).balances.internal == before - invoice.total
    after = (await client.orders.get(order.id)).paid_until
    assert order.paid_until is not None and after is not None and (after - order.paid_until).days in range(88, 93)
    with pytest.raises(NotFound):
        await client.invoices.get(invoice.id)
    made = await client.invoices.get(payment.id)
    assert made.state == InvoiceState.PAID and made.total == invoice.total and made.lines


async def test_renewing_many_is_one_request_and_one_price(client: BillingClient) -> None:
    orders = await renewable(client, 14)
    quote = await client.quotes.renewal([one.id for one in orders], 1)
    assert len(quote.lines) == 14 and quote.total.amount == sum(line.amount.amount for line in quote.lines)
    invoice = await client.purchases.renew(quote.id, quote.total, write())
    assert {line.order_id for line in invoice.lines} == {one.id for one in orders}
    again = await client.quotes.renewal([orders[0].id], 1)
    assert again.lines == [] and "basket" in again.excluded[0].reason
    deleted = await client.invoices.delete(invoice.id, write())
    assert deleted.state == InvoiceState.DELETED
    assert (await client.quotes.renewal([orders[0].id], 1)).lines


async def test_another_price_than_confirmed_buys_nothing(client: BillingClient) -> None:
    orders = await renewable(client, 2)
    quote = await client.quotes.renewal([one.id for one in orders], 1)
    with pytest.raises(TakenBack) as caught:
        await client.purchases.renew(quote.id, quote.total + Money("0.01", "EUR"), write())
    assert caught.value.code == "price-changed"
    assert not any(":" in one.id for one in (await client.invoices.list(limit=2)).items)
    invoice = await client.purchases.renew(quote.id, quote.total, write())
    with pytest.raises(RuleRefused, match="paid along"):
        await client.purchases.renew(quote.id, quote.total, write())
    with pytest.raises(Refused, match="was confirmed"):
        await client.invoices.pay(invoice.id, "internal", invoice.total + Money("1.00", "EUR"), write())
    assert (await client.invoices.get(invoice.id)).is_open


async def test_paying_at_a_provider_gives_an_address_and_is_not_paid(client: BillingClient) -> None:
    (order,) = await renewable(client, 1)
    invoice = await in_basket(client, [order])
    payment = await client.invoices.pay(invoice.id, "card-2", invoice.total, write())
    assert payment.state == PaymentState.PENDING and payment.payment_url is not None
    made = await client.invoices.get(payment.id)
    assert made.state == "payment in progress" and not made.is_open


async def test_topping_up_deleting_and_printing(client: BillingClient, tmp_path: Path) -> None:
    made = await client.balance.top_up(Money("25.00", "EUR"), "card-2", write())
    assert made.invoice.total == Money("25.00", "EUR") and made.payment.payment_url is not None
    with pytest.raises(Refused, match="balance"):
        await client.balance.top_up(Money("25.00", "EUR"), "internal", write())
    with pytest.raises(InvalidInput, match="no way to pay"):
        await client.balance.top_up(Money("25.00", "EUR"), "gold-9", write())
    size = await client.invoices.document(made.invoice.id, "pdf", tmp_path / "invoice.pdf")
    assert (tmp_path / "invoice.pdf").read_bytes()[:5] == b"%PDF-" and size == (tmp_path / "invoice.pdf").stat().st_size
    with pytest.raises(InvalidInput, match="PDF only"):
        await client.invoices.document(made.invoice.id, "csv", tmp_path / "invoice.csv")


# -- new servers


async def _cells(client: BillingClient, counts: tuple[int, ...]) -> list[OrderCell]:
    stock = [one for one in await client.catalogue.stock() if one.available]
    plan = (await client.catalogue.plans())[0].id
    places = [one.location for one in stock if one.plan == plan][: len(counts)]
    return [OrderCell(plan=plan, location=one, quantity=count) for one, count in zip(places, counts, strict=True)]


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_ordering_in_bulk(shop: SandboxProcess, version: str) -> None:
    owner = shop.account()
    async with opened(shop, owner["login"], ordering=version, order_cap="2") as ours:
        await ours.sessions.sign_in(owner["login"], SecretStr(owner["password"]))
        before = len(truth(shop, "/orders"))
        request = OrderRequest(cells=await _cells(ours, (3, 1)), period=1, auto_renew=AutoRenew(on=True, months=1))
        quote = await ours.quotes.order(request)
        assert [line.quantity for line in quote.lines] == [3, 1] and not quote.excluded
        bought = await ours.purchases.order(quote.id, quote.total, write())
        assert len(bought.orders) == 4 and bought.invoice.total == quote.total
        assert {one.state for one in bought.orders} == {OrderState.PENDING}
        payment = await ours.invoices.pay(bought.invoice.id, "internal", bought.invoice.total, write())
        assert payment.state == PaymentState.DONE
        assert len(truth(shop, "/orders")) == before + 4
        assert not any(":" in one.id for one in (await ours.invoices.list(limit=2)).items)


async def test_a_promo_code_comes_off_in_the_basket(client: BillingClient) -> None:
    cells = await _cells(client, (1,))
    plain = await client.quotes.order(OrderRequest(cells=cells, period=3))
    request = OrderRequest(cells=cells, period=3, promo_code=SafeText(PROMO))
    quote = await client.quotes.order(request)
    assert quote.total == plain.total and "promo code" in quote.lines[0].title
    bought = await client.purchases.order(quote.id, quote.total, write())
    assert bought.invoice.total < quote.total
    await client.invoices.delete(bought.invoice.id, write())
    unknown = await client.quotes.order(OrderRequest(cells=cells, period=3, promo_code=SafeText("NO-SUCH-CODE")))
    with pytest.raises(TakenBack):
        await client.purchases.order(unknown.id, unknown.total, write())
    assert not any(":" in one.id for one in (await client.invoices.list(limit=2)).items)


# -- services


async def test_names_auto_renewal_and_power(client: BillingClient) -> None:
    (order,) = await renewable(client, 1)
    assert (await client.orders.rename(order.id, "renamed-01", write())).name == "renamed-01"
    auto = await client.orders.set_auto_renew(order.id, AutoRenew(on=True, months=3), write())
    assert auto.auto_renew == AutoRenew(on=True, months=3)
    assert not (await client.orders.set_auto_renew(order.id, AutoRenew(), write())).auto_renew.on
    assert (await client.orders.act(order.id, "stop", write())).power == "stopped"
    assert (await client.orders.act(order.id, "start", write())).power != "stopped"
    with pytest.raises(RuleRefused, match="own pages"):
        await client.orders.act(order.id, "reinstall", write(), confirm_name="renamed-01")
    with pytest.raises(NotFound):
        await client.orders.get("vds:999999")


# -- tickets


async def test_a_ticket_with_a_file_from_its_opening_to_its_end(client: BillingClient, tmp_path: Path) -> None:
    department = (await client.tickets.departments())[0]
    order = (await client.orders.list(limit=1)).items[0]
    file = await client.tickets.upload("a.log", b"line\r\n" * 10, write())
    request = TicketRequest(
        department=department.id.raw, subject="Server is down", body="Please check <config>", order_id=order.id.raw,
        attachments=(file.id.raw,),
    )  # fmt: skip
    ticket = await client.tickets.new(request, write())
    assert ticket.subject == "Server is down" and ticket.state == TicketState.OPEN
    (message,) = (await client.tickets.messages(ticket.id)).items
    assert message.author_role == "client" and message.body == "Please check <config>"
    assert await client.tickets.download(message.attachments[0].id, tmp_path / "a.log") == 60
    assert (tmp_path / "a.log").read_bytes() == b"line\r\n" * 10
    reply = MessageRequest(body="Any news?", seen=message.id.raw)
    posted = await client.tickets.write(ticket.id, reply, write())
    assert posted.message.body == "Any news?" and posted.ticket.last_message_id == posted.message.id
    with pytest.raises(RuleRefused) as caught:
        await client.tickets.write(ticket.id, reply, write())
    assert caught.value.code == "thread-moved-on"
    closed = await client.tickets.change(ticket.id, TicketChange(state=TicketState.CLOSED), write())
    assert closed.state == TicketState.CLOSED
    assert ticket.id in {one.id async for page in client.tickets.pages() for one in page.items}


async def test_staff_takes_answers_and_notes(client: BillingClient, shop: SandboxProcess) -> None:
    department = (await client.tickets.departments())[0]
    opened_one = await client.tickets.new(
        TicketRequest(department=department.id.raw, subject="Slow", body="It is slow"), write()
    )
    support = shop.account("support")
    async with opened(shop, support["login"]) as staff:
        await staff.sessions.sign_in(support["login"], SecretStr(support["password"]))
        me = await staff.account.me()
        for lists in (staff.orders, staff.invoices):
            with pytest.raises(CapabilityMissing, match="This account may not"):
                await lists.list()
        assert staff.unavailable("tickets.change"), "staff closes on the panel's own pages, and is told before it tries"
        assert me.role == "support" and staff.unavailable("staff.take") is None and staff.unavailable("invoices.pay")
        assert me.purses == {} and me.internal is None, "staff has no money, and none is shown: not even 0.00"
        ticket = await staff.tickets.get(opened_one.id)
        assert ticket.department in {one.id for one in await staff.tickets.departments()}
        assert ticket.subject == "Slow"
        with pytest.raises(RuleRefused, match="queue"):
            await staff.tickets.write(ticket.id, MessageRequest(body="Hello"), write())
        taken = await staff.tickets.change(ticket.id, TicketChange(assignee=me.login.raw), write())
        assert taken.assignee == me.login
        note = await staff.tickets.write(ticket.id, MessageRequest(body="Look at the disk", internal=True), write())
        assert note.message.internal
        answer = await staff.tickets.write(ticket.id, MessageRequest(body="We look at it"), write())
        assert answer.message.author_role == "support"
    seen = (await client.tickets.messages(opened_one.id)).items
    assert [one.body for one in seen if one.author_role != "panel"] == ["It is slow", "We look at it"]
    rated = await client.tickets.rate(opened_one.id, 5, "", write())
    assert rated.rating == 5


# -- answers that are lost


def act(kind: str, params: dict[str, Any], amount: Money | None = None) -> Act:
    return Act(kind, params, amount)


async def test_a_lost_renewal_is_found_in_the_basket(client: BillingClient, lose: Lose) -> None:
    for count in (1, 3):
        orders = await renewable(client, count)
        ids = [one.id.raw for one in orders]
        quote = await client.quotes.renewal(ids, 1)
        wanted = act("order.renew", {"order_ids": ids, "period": 1}, quote.total)
        for arrives, state in ((False, "not-done"), (True, "done")):
            before = await client.outcomes.before(wanted)
            assert before is not None
            lose(arrives=arrives)
            with pytest.raises(OutcomeUnknown):
                await client.purchases.renew(quote.id, quote.total, write())
            finding = await client.outcomes.found(wanted, before)
            assert finding.state == state, finding.words
        assert finding.answer is not None
        invoice = Invoice.model_validate(finding.answer["invoice"])
        assert invoice.total == quote.total and {line.order_id for line in invoice.lines} == {one.id for one in orders}
        await client.invoices.delete(invoice.id, write())


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_lost_order_is_found_in_the_basket_or_the_cart(shop: SandboxProcess, version: str, lose: Lose) -> None:
    shop.faults()
    owner = shop.account()
    async with opened(shop, owner["login"], ordering=version) as ours:
        await ours.sessions.sign_in(owner["login"], SecretStr(owner["password"]))
        cells = await _cells(ours, (2,))
        quote = await ours.quotes.order(OrderRequest(cells=cells, period=1))
        params = {"cells": [one.model_dump(mode="json") for one in cells], "period": 1}
        wanted = act("order.new", params, quote.total)
        for arrives, state in ((False, "not-done"), (True, "done")):
            before = await ours.outcomes.before(wanted)
            assert before is not None
            lose(arrives=arrives)
            with pytest.raises(OutcomeUnknown):
                await ours.purchases.order(quote.id, quote.total, write())
            finding = await ours.outcomes.found(wanted, before)
            assert finding.state == state, finding.words
        assert finding.answer is not None and len(finding.answer["orders"]) == 2
        invoice = Invoice.model_validate(finding.answer["invoice"])
        assert invoice.total == quote.total
        wanted = act("invoice.pay", {"invoice_id": invoice.id.raw, "method": "internal"}, invoice.total)
        for arrives, state in ((False, "not-done"), (True, "done")):
            before = await ours.outcomes.before(wanted)
            assert before is not None
            lose(arrives=arrives)
            with pytest.raises(OutcomeUnknown):
                await ours.invoices.pay(invoice.id, "internal", invoice.total, write())
            finding = await ours.outcomes.found(wanted, before)
            assert finding.state == state, finding.words
        assert finding.answer is not None and finding.answer["state"] == "done"
        assert finding.answer["invoice_id"] == invoice.id.raw


async def test_a_lost_top_up_is_found_by_its_new_payment(client: BillingClient, lose: Lose) -> None:
    amount = Money("31.07", "EUR")
    wanted = act("balance.top-up", {"method": "card-2"}, amount)
    for arrives, state in ((False, "not-done"), (True, "done")):
        before = await client.outcomes.before(wanted)
        assert before is not None
        lose(arrives=arrives)
        with pytest.raises(OutcomeUnknown):
            await client.balance.top_up(amount, "card-2", write())
        finding = await client.outcomes.found(wanted, before)
        assert finding.state == state, finding.words
    assert finding.answer is not None and finding.answer["payment"]["state"] == "pending"


async def test_a_purchase_that_stops_half_way_is_taken_back(client: BillingClient, lose: Lose) -> None:
    """The second of two requests is refused: the first one's servers leave the basket again."""
    cells = await _cells(client, (1, 1))
    quote = await client.quotes.order(OrderRequest(cells=cells, period=1))
    lose(arrives=False, number=2, refused=True)
    with pytest.raises(TakenBack):
        await client.purchases.order(quote.id, quote.total, write())
    assert not any(":" in one.id for one in (await client.invoices.list(limit=2)).items)


async def test_a_lost_payment_is_found_in_the_list(client: BillingClient, shop: SandboxProcess) -> None:
    (order,) = await renewable(client, 1)
    invoice = await in_basket(client, [order])
    wanted = act("invoice.pay", {"invoice_id": invoice.id.raw, "method": "internal"}, invoice.total)
    before = await client.outcomes.before(wanted)
    assert before is not None
    balance = (await client.account.me()).balances.internal
    shop.faults({"kind": "long-request", "path": "/billmgr/payment.add.method", "ms": 300})
    payment = await client.invoices.pay(invoice.id, "internal", invoice.total, write())
    shop.faults()
    assert payment.state == PaymentState.DONE
    assert (await client.account.me()).balances.internal == balance - invoice.total
    finding = await client.outcomes.found(wanted, before)
    assert finding.state == "done" and finding.answer is not None
    assert (finding.answer["id"], finding.answer["state"]) == (payment.id.raw, "done")


async def test_a_long_request_is_followed_and_its_refusal_is_the_writes_own(
    client: BillingClient, shop: SandboxProcess
) -> None:
    orders = await renewable(client, 2)
    shop.faults({"kind": "long-request", "path": "/billmgr/groupedit", "ms": 300})
    invoice = await in_basket(client, orders)
    assert invoice.is_open
    shop.faults({"kind": "long-request", "path": "/billmgr/vds", "ms": 100, "times": 1})
    assert (await client.orders.list(limit=5)).items
    shop.faults({"kind": "long-request", "path": "/billmgr/service.reboot", "ms": 100})
    with pytest.raises((Refused, OutcomeUnknown)):
        await client.orders.act("vds:999999", "reboot", write())
    shop.faults()


async def test_a_lost_text_is_found_in_its_thread(client: BillingClient, lose: Lose) -> None:
    department = (await client.tickets.departments())[0].id.raw
    request = TicketRequest(department=department, subject="Lost one", body="Was it sent?")
    wanted = act("ticket.new", {"subject": request.subject, "body": request.body, "department": department})
    before = await client.outcomes.before(wanted)
    assert before is not None
    lose(arrives=True)
    with pytest.raises(OutcomeUnknown):
        await client.tickets.new(request, write())
    finding = await client.outcomes.found(wanted, before)
    assert finding.state == "done" and finding.answer is not None
    ticket = finding.answer["id"]
    reply = act("ticket.reply", {"ticket_id": ticket, "body": "And now?"})
    before = await client.outcomes.before(reply)
    assert before is not None
    assert (await client.outcomes.found(reply, before)).state == "not-done"
    await client.tickets.write(ticket, MessageRequest(body="And now?"), write())
    found = await client.outcomes.found(reply, before)
    assert found.state == "done" and found.answer is not None and found.answer["message"]["body"] == "And now?"


async def test_what_is_repeatable_is_the_same_done_twice(client: BillingClient) -> None:
    """The three kinds that go again by themselves (``traits.repeatable``)."""
    (order,) = await renewable(client, 1)
    for _ in range(2):
        assert (await client.orders.rename(order.id, "twice-01", write())).name == "twice-01"
        setting = AutoRenew(on=True, months=1)
        assert (await client.orders.set_auto_renew(order.id, setting, write())).auto_renew == setting
    await client.orders.set_auto_renew(order.id, AutoRenew(), write())
    invoice = await in_basket(client, [order])
    await client.invoices.delete(invoice.id, write())
    with pytest.raises(NotFound):
        await client.invoices.delete(invoice.id, write())
    kinds = client.driver.traits.repeatable
    assert kinds == {"invoice.delete", "order.rename", "order.auto-renew"}
