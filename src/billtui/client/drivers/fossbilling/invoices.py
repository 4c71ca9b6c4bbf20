"""Invoices, the balance, and paying, as a client."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers import Query
from billtui.client.drivers.fossbilling import reading
from billtui.client.drivers.fossbilling.calling import LONGEST_PAGE, Place, call, listing, raw
from billtui.client.drivers.fossbilling.envelope import explain
from billtui.client.drivers.fossbilling.lists import asked, key, list_of, rows_by_id
from billtui.client.drivers.fossbilling.role import Role, one_row
from billtui.client.drivers.fossbilling.values import Row, made, money_of
from billtui.client.errors import CapabilityMissing, ConfigurationProblem, NotFound, PriceChanged, RuleRefused
from billtui.client.exchange import Call, Conversation, Exchange, Kind, Request, Steps, ask
from billtui.client.settings import Write
from billtui.client.top_up import TopUp
from billtui.domain.models import (
    Invoice,
    InvoiceState,
    LedgerLine,
    Page,
    Payment,
    PaymentMethod,
    PaymentState,
)
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText

BALANCE: Final = "internal"
LIST: Final = "client/invoice/get_list"
_STATES: Final = {state.value: word for word, state in reading.INVOICE_STATES.items()}
_BY_ITSELF: Final = (
    "This panel has no call that pays an open invoice from the balance: it does so by itself, in its batch job, once"
    " the balance suffices. Pay by one of the other ways, or wait."
)


def find_invoice(invoice_id: str) -> Steps[Row]:
    """The row of an invoice, with its hash and its lines. Raises ``NotFound``."""
    number = key(invoice_id)
    page = yield from ask(listing(LIST, lambda row: row, Place(), LONGEST_PAGE, "invoices", id=number))
    for row in page.items:
        if row.id() == str(number):
            return row
    if page.items:  # the panel did not look for the id
        rows = yield from rows_by_id(LIST, [str(number)], "invoices")
        if rows:
            return rows[0]
    raise NotFound(f"There is no invoice with the id {number}.", "Refresh the list.")


def invoice_by_hash(text: str) -> Call[Row]:
    """The row of an invoice whose hash is known."""
    return call("client/invoice/get", one_row, "invoices", hash=text)


def balance() -> Call[Any]:
    """What is on the balance, as the panel writes it: a text such as ``-4.50``."""
    return call("client/client/balance_get_total", lambda result: result, "account")


def delete_call(text: str) -> Call[None]:
    """The write that deletes an invoice."""
    return call("client/invoice/delete", done, kind=Kind.WRITE, hash=text)


def funds_call(amount: str) -> Call[str]:
    """The write that bills a top-up; the invoice's hash."""
    return call("client/invoice/funds_invoice", reading.hash_text, kind=Kind.WRITE, amount=amount)


def gateways() -> Call[list[Row]]:
    """The ways to pay that the panel's owner turned on."""
    return call("guest/invoice/gateways", lambda result: Row({"list": result}, "result").rows("list"))


def pay_page(row: Row) -> str:
    """Where a person pays an invoice: the panel's own page of it, below the panel's address."""
    return f"/invoice/{reading.hash_of(row)}"


class InvoiceCalls(Role):
    """``client/invoice``, ``guest/invoice`` and the balance."""

    def list_invoices(self, query: Query) -> Request[Page[Invoice]]:
        """``client/invoice/get_list``, newest first."""
        by = asked(query, lambda state: _STATES.get(state, state))
        if not by.ids:
            return list_of(LIST, reading.invoice, by, "invoices")

        def begin() -> Steps[Page[Invoice]]:
            if len(by.ids) == 1:
                try:
                    return Page(items=[reading.invoice((yield from find_invoice(by.ids[0])))])
                except NotFound:
                    return Page(items=[])
            rows = yield from rows_by_id(LIST, by.ids, "invoices")
            return Page(items=[reading.invoice(row) for row in rows])

        return Conversation(begin, "invoices")

    def get_invoice(self, invoice_id: str) -> Request[Invoice]:
        """By its id: its hash, by which the panel gives one, stands in the list only; so do its lines."""

        def begin() -> Steps[Invoice]:
            return reading.invoice((yield from find_invoice(invoice_id)))

        return Conversation(begin, "invoices")

    def payment_methods(self, invoice_id: str) -> Request[list[PaymentMethod]]:
        """``guest/invoice/gateways``, each paid at on the panel's own page; and the balance, or why not."""

        def begin() -> Steps[list[PaymentMethod]]:
            row = yield from find_invoice(invoice_id)
            found = [_way(one, row) for one in (yield from ask(gateways()))]
            reason: str | None = _BY_ITSELF
            if self.ways.pays_by_renewal:
                reason = _not_from_balance(row, (yield from ask(balance())))
            first = made(
                PaymentMethod, "methods", method=BALANCE, title="Balance", available=reason is None,
                code=None if reason is None else "not-from-balance", reason=None if reason is None else reason,
            )  # fmt: skip
            return [first, *found]

        return Conversation(begin, "invoices.pay")

    def pay(self, invoice_id: str, method: str, expected_total: Money, write: Write) -> Request[Payment]:
        """By a gateway nothing is sent at all: the answer is the address where a person pays. From the balance (where
        the profile says so) by the renewal call, which answers with the order's open invoice."""
        told = raw(method)

        def by_gateway() -> Steps[Payment]:
            row = yield from find_invoice(invoice_id)
            _payable(row, expected_total)
            ways = [_way(one, row) for one in (yield from ask(gateways()))]
            chosen = next((one for one in ways if one.method.raw == told), None)
            if chosen is None or not chosen.available:
                words = "does not take this currency" if chosen else "is none of this panel's ways to pay"
                raise RuleRefused(f"“{told}” {words}. Nothing was sent.", "Choose another one.", code="unknown-method")
            return payment(row, told, PaymentState.PENDING, pay_page(row))

        def from_balance() -> Steps[Payment]:
            if not self.ways.pays_by_renewal:
                raise RuleRefused(_BY_ITSELF, code="not-from-balance")
            row = yield from find_invoice(invoice_id)
            _payable(row, expected_total)
            reason = _not_from_balance(row, (yield from ask(balance())))
            if reason is not None:
                raise RuleRefused(f"{reason} Nothing was sent.", code="not-from-balance")
            order_id = reading.orders_of(row)[0]
            order = yield from ask(call("client/order/get", one_row, id=key(order_id)))
            if order.maybe_id("unpaid_invoice_id") != row.id():
                # The renewal call would bill a further period instead.
                raise RuleRefused("The order names another open invoice by now. Nothing was sent.", code="conflict")
            answered = yield from ask(
                call("client/invoice/renewal_invoice", reading.hash_text, kind=Kind.WRITE, order_id=key(order_id))
            )
            if answered != reading.hash_of(row):
                raise UnreadableAnswer("invoice is not the one that was to be paid")
            after = yield from ask(invoice_by_hash(answered))
            if after.text("status") != "paid":
                raise UnreadableAnswer("status is not paid")
            return payment(after, BALANCE, PaymentState.DONE, None)

        if told == "promise":
            raise ConfigurationProblem("FOSSBilling knows no promise of payment. Nothing was sent.")
        steps = from_balance if told == BALANCE else by_gateway
        return Conversation(steps, "invoices.pay", writes=True)

    def delete_invoice(self, invoice_id: str, write: Write) -> Request[Invoice]:
        """``client/invoice/delete``; one of an order is refused by the panel, with its reason."""

        def begin() -> Steps[Invoice]:
            row = yield from find_invoice(invoice_id)
            yield from ask(delete_call(reading.hash_of(row)))
            return deleted(reading.invoice(row))

        return Conversation(begin, "invoices.delete", writes=True)

    def document(self, invoice_id: str, document_format: str, path: Path) -> Request[int]:
        """``guest/invoice/pdf`` into a file."""

        def begin() -> Steps[int]:
            if document_format != "pdf":
                raise CapabilityMissing("FOSSBilling makes invoices as PDF only. Choose pdf.")
            row = yield from find_invoice(invoice_id)
            exchange = Exchange(
                "GET", "/api/guest/invoice/pdf", query=(("hash", reading.hash_of(row)),), accept="application/pdf",
                save_to=path,
            )  # fmt: skip
            return (yield from ask(Call(exchange, lambda answer: answer.size, explain, None, frozenset({200}))))

        return Conversation(begin, "invoices.document")

    def ledger(self, query: Query) -> Request[Page[LedgerLine]]:
        """``client/client/balance_get_list``."""
        by = asked(query, raw)
        return listing("client/client/balance_get_list", reading.movement, by.place, by.per_page, "balance.ledger")

    def top_up(self, amount: Money, method: str, write: Write) -> Request[TopUp]:
        """``client/invoice/funds_invoice``: an invoice, paid on the panel's own page."""

        def begin() -> Steps[TopUp]:
            made_hash = yield from ask(funds_call(f"{amount.amount:.2f}"))
            row = yield from ask(invoice_by_hash(made_hash))
            invoice = reading.invoice(row)
            if invoice.total != amount:
                raise UnreadableAnswer("total is not what was asked for")
            return TopUp(invoice=invoice, payment=payment(row, raw(method), PaymentState.PENDING, pay_page(row)))

        return Conversation(begin, "balance.top-up", writes=True)


def done(result: Any) -> None:
    """For calls that answer ``true``."""
    if result not in (True, 1, "1"):
        raise UnreadableAnswer("it does not say that it was done")


def deleted(invoice: Invoice) -> Invoice:
    """The invoice as it is once it is deleted."""
    return invoice.model_copy(update={"state": InvoiceState.DELETED, "actions": []})


def payment(row: Row, method: str, state: PaymentState, address: str | None) -> Payment:
    """The payment of an invoice."""
    invoice = reading.invoice(row)
    return Payment(
        id=SafeText(f"{invoice.id.raw}:{method}"), invoice_id=invoice.id, method=SafeText(method), state=state,
        amount=invoice.total, payment_url=None if address is None else SafeText(address),
    )  # fmt: skip


def _payable(row: Row, expected: Money) -> None:
    invoice = reading.invoice(row)
    if row.text("status") != "unpaid":
        raise RuleRefused(f"Invoice {invoice.number} is {invoice.state}. Nothing was sent.", code="not-payable")
    if invoice.total != expected:
        raise PriceChanged(
            f"Invoice {invoice.number} is {invoice.total} now, not {expected}. Nothing was sent.",
            "Look at the new price and confirm afresh.",
        )


def _way(gateway: Row, invoice: Row) -> PaymentMethod:
    currencies = gateway.any("accepted_currencies")
    currency = reading.currency_of(invoice)
    accepted = not isinstance(currencies, list) or not currencies or currency in currencies
    code = gateway.text("code") or gateway.id()
    return made(
        PaymentMethod, "gateways", method=SafeText(code), title=SafeText(gateway.text("title") or code),
        available=accepted, code=None if accepted else "currency",
        reason=None if accepted else SafeText(f"It does not take {currency}."),
    )  # fmt: skip


def _not_from_balance(row: Row, held: Any) -> str | None:
    invoice = reading.invoice(row)
    if len(reading.orders_of(row)) != 1 or len(row.rows("lines")) != 1:
        return "Only an invoice of one order can be paid from the balance from here."
    if money_of(held, invoice.total.currency, "balance") < invoice.total:
        return "The balance does not suffice."
    return None
