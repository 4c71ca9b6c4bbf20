"""Payments, which is what BILLmanager calls an invoice: listed, shown, paid, deleted, printed (wire: BILLmanager 9).

The basket is shown as one more unpaid invoice, ``basket:904``: what is in it is billed by no payment yet, and paying it
makes one. An order that has a payment already is that payment, and no longer in the basket.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers import Query
from billtui.client.drivers.billmanager.account import AccountCalls
from billtui.client.drivers.billmanager.asking import reading, writing
from billtui.client.drivers.billmanager.basket import BASKET, Basket, basket_of, is_basket
from billtui.client.drivers.billmanager.figures import instant, money
from billtui.client.drivers.billmanager.lists import NEWEST_FIRST, Place, Wanted, number_of
from billtui.client.drivers.billmanager.methods import INTERNAL, Offer, Way, as_models, in_currency
from billtui.client.drivers.billmanager.shapes import Doc, first_of, needed, objects, original, plain, unwrap, value
from billtui.client.errors import InvalidInput, NotFound, PriceChanged, Refused, RuleRefused, SessionExpired
from billtui.client.exchange import Answer, Call, Conversation, Steps, together
from billtui.client.questions import expect, one_more
from billtui.client.settings import Write
from billtui.client.top_up import TopUp
from billtui.domain.document_types import DOCUMENT_TYPES
from billtui.domain.models import (
    Action,
    Invoice,
    InvoiceLine,
    InvoiceState,
    LedgerLine,
    Page,
    Payment,
    PaymentMethod,
    PaymentState,
)
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText

UNKNOWN_DAY: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""What stands where the panel tells no date."""
REFUND_MARK: Final = "return/"
_NOT_CHOSEN: Final = frozenset({"", "select", "выберите"})
_BY_BALANCE: Final = "fromsubaccount"


class PaymentCalls(AccountCalls):
    """The calls about payments, the basket as an invoice, and charges."""

    # -- reading

    def list_invoices(self, query: Query) -> Conversation[Page[Invoice]]:
        """``func=payment``; the basket, where something is in it, stands before the first."""

        def begin() -> Steps[Page[Invoice]]:
            wanted = Wanted.of(query, ("state",))
            yield from self.known_user()
            if self.memory.staff:
                return Page[Invoice](items=[], total=0)
            currency = yield from self.known_currency()
            if wanted.ids:
                found = yield from self._by_ids(wanted.ids, currency)
                return Page[Invoice](items=_in_states(found, wanted.others.get("state")), total=len(found))
            place = Place.of(wanted.cursor)
            items: list[Invoice] = []
            extra = 0
            if place.page == 1:
                yield from self.cleared("payment")
                items = yield from self.waiting()
                extra = len(items)
            rows = yield from self.rows_at("payment", place, wanted.limit)
            items += [self.payment_of(row, currency) for row in rows.rows]
            total = rows.total + extra if rows.total is not None and place.page == 1 else None
            following = rows.following.text() if rows.following is not None else None
            items = _in_states(items, wanted.others.get("state"))
            return Page[Invoice](items=items, next_cursor=following, total=total)

        return reading(begin, "invoices")

    def _by_ids(self, ids: Sequence[str], currency: str) -> Steps[list[Invoice]]:
        found: list[Invoice] = []
        if any(is_waiting(one) for one in ids):
            found = [one for one in (yield from self.waiting()) if one.id.raw in ids]
        keys = [one for one in ids if not is_waiting(one)]
        rows = (yield from self.some_rows("payment", keys)) if keys else {}
        return [*found, *(self.payment_of(row, currency) for row in rows.values())]

    def waiting(self) -> Steps[list[Invoice]]:
        """What waits to be paid and has no payment yet, as invoices: the basket."""
        basket = yield from self.basket()
        return [basket.invoice()] if basket is not None and basket.items else []

    def get_invoice(self, invoice_id: str) -> Conversation[Invoice]:
        """The payment with what it is for (``payment.orderinfo``), or the basket."""
        return reading(lambda: self.invoice_now(invoice_id), "invoices")

    def invoice_now(self, invoice_id: str) -> Steps[Invoice]:
        """The invoice as it is now. Raises ``NotFound``."""
        key = str(getattr(invoice_id, "raw", invoice_id))
        currency = yield from self.known_currency()
        if is_waiting(key):
            for one in (yield from self.waiting()):
                if one.id.raw == key:
                    return one
            raise NotFound("What waited there is paid, emptied or gone.", "Look at the list of invoices.")
        found: tuple[Invoice, list[InvoiceLine]] = yield from together(
            lambda: self._without_lines(key, currency), lambda: self._lines(key, currency)
        )
        invoice, lines = found
        return invoice.model_copy(update={"lines": lines, "line_count": len(lines)}) if lines else invoice

    def _without_lines(self, key: str, currency: str) -> Steps[Invoice]:
        row = yield from self.one_row("payment", key)
        if row is None:
            raise NotFound(f"There is no invoice {SafeText(key)}.", "Refresh the list.")
        return self.payment_of(row, currency)

    def _lines(self, key: str, currency: str) -> Steps[list[InvoiceLine]]:
        """What a payment is for; nothing where the panel does not tell."""
        one_more()
        try:
            doc = yield from self.fetch("payment.orderinfo", (("elid", key),))
        except SessionExpired:
            raise
        except Refused:
            return []
        lines: list[InvoiceLine] = []
        for row in objects(doc.get("elem")):
            title, cost = plain(unwrap(row.get("info"))), unwrap(row.get("cost"))
            if title and cost:
                amount = money(cost, currency)
                lines.append(InvoiceLine(title=SafeText(title), list_price=amount, amount=amount))
        return lines

    def payment_of(self, row: Doc, currency: str) -> Invoice:
        """A row of ``func=payment`` as an invoice. Raises ``UnreadableAnswer``."""
        number = first_of(row, "number") or needed(row, "id")
        state = self.chosen.payment_states.get(original(row.get("status")), plain(unwrap(row.get("status"))))
        refund = number.lower().startswith(REFUND_MARK)
        if refund and state == InvoiceState.PAID:
            state = InvoiceState.REFUNDED.value
        method = plain(unwrap(row.get("paymethod_name")))
        amount = first_of(row, "subaccountamount_iso", "paymethodamount_iso", "amount")
        chosen = None if method.lower() in _NOT_CHOSEN else SafeText(method)
        sender = plain(unwrap(row.get("sender_name")))
        title = f"Refund {number}" if refund else f"Payment{f' by {method}' if chosen else ''}"
        actions = [] if state == InvoiceState.UNPAID else [_refused("delete", "Only a new payment can be deleted.")]
        return Invoice(
            id=SafeText(needed(row, "id")), number=SafeText(number),
            kind=SafeText("refund" if refund else "payment"),
            state=_state(state), issued_at=instant(unwrap(row.get("create_date")), self.chosen.offset) or UNKNOWN_DAY,
            total=money(amount, currency), title=SafeText(title), actions=actions,
            paid_by=SafeText(sender) if state == InvoiceState.PAID and sender else None,
            paid_method=chosen if state == InvoiceState.PAID else None,
        )  # fmt: skip

    def basket(self) -> Steps[Basket | None]:
        """The basket as it is now; ``None`` where the panel has none (it orders by the new form alone)."""
        currency = yield from self.known_currency()
        try:
            doc = yield from self.fetch("basket")
        except SessionExpired:
            raise
        except Refused:
            return None
        return basket_of(doc, currency)

    # -- paying

    def payment_methods(self, invoice_id: str) -> Conversation[list[PaymentMethod]]:
        """``payment.add.method`` for this payment or basket, unsent."""

        def begin() -> Steps[list[PaymentMethod]]:
            key = str(getattr(invoice_id, "raw", invoice_id))
            currency = yield from self.known_currency()
            expect(3)
            invoice, balance, offer = yield from together(
                lambda: self.invoice_now(key) if is_waiting(key) else self._without_lines(key, currency),
                self.held_now,
                lambda: self.offer(_of_invoice(key)),
            )
            return as_models(offer.ways, invoice.total, balance)

        return reading(begin, "invoices.pay")

    def pay(self, invoice_id: str, method: str, expected_total: Money, write: Write) -> Conversation[Payment]:
        """``payment.add.method`` with ``sok``: from the balance, or the address of the provider.

        What is owed is read directly before. The money has moved only if the panel shows the payment as credited.
        """

        def begin() -> Steps[Payment]:
            key = str(getattr(invoice_id, "raw", invoice_id))
            invoice = yield from self.invoice_now(key)
            if invoice.total != expected_total:
                raise PriceChanged(
                    f"It costs {invoice.total} now, and {expected_total} was confirmed. Nothing was paid.",
                    "Look at the new price and confirm afresh.",
                )
            if not invoice.is_open:
                raise RuleRefused(f"Invoice {invoice.number} is {invoice.state}: nothing is left to pay.")
            offer = yield from self.offer(_of_invoice(key))
            way = _way(offer, method)
            fields = yield from self._payment_fields(key, invoice.total, way, offer)
            done = yield from self.send("payment.add.method", fields)
            return (yield from self._paid(key, method, expected_total, way, done))

        return writing(begin, "invoices.pay")

    def _payment_fields(self, key: str, total: Money, way: Way, offer: Offer) -> Steps[Query]:
        own = None if is_basket(key) or not key else (yield from self.one_row("payment", key))
        payer = yield from self.payer(unwrap(own.get("sender_id")) if own else "")
        fields = [
            ("profile", payer), ("paymethod", way.id), ("amount", f"{total.amount:.2f}"),
            ("payment_currency", in_currency(offer, total.currency)), *_of_invoice(key), ("sok", "ok"),
        ]  # fmt: skip
        if way.balance:
            fields.append(("clicked_button", _BY_BALANCE))
        return tuple((name, text) for name, text in fields if text)

    def _paid(self, key: str, method: str, total: Money, way: Way, done: Doc) -> Steps[Payment]:
        """What came of it, by the panel's own list. A basket's payment is another one: its id is in the answer."""
        if "ok" not in done:
            raise UnreadableAnswer("it does not say that the payment was made")
        payment_id = _new_id(done) or ("" if is_basket(key) else key)
        if key and not is_waiting(key) and payment_id != key:
            # The panel made another payment for it: the first one still says "new", and would be paid once more.
            raise UnreadableAnswer("it speaks of another payment than was to be paid")
        address = unwrap(done.get("ok"))
        if not payment_id:
            raise UnreadableAnswer("the payment's id is missing")
        currency = yield from self.known_currency()
        row = yield from self.one_row("payment", payment_id)
        if row is None:
            raise UnreadableAnswer("the payment is not in the list")
        made = self.payment_of(row, currency)
        if made.total != total:
            raise UnreadableAnswer("amount is not what was asked for")
        if way.balance and made.state == InvoiceState.UNPAID:
            raise UnreadableAnswer("the payment is as new as before")
        return payment_model(made, key, method, None if way.balance else address)

    def top_up(self, amount: Money, method: str, write: Write) -> Conversation[TopUp]:
        """``payment.add.method`` with ``sok`` and an amount alone: a new payment, and where it is paid."""

        def begin() -> Steps[TopUp]:
            currency = yield from self.known_currency()
            if amount.currency != currency:
                raise InvalidInput(f"The account is in {currency}: type the amount in {currency}.")
            offer = yield from self.offer()
            way = _way(offer, method)
            if way.balance:
                raise InvalidInput("The balance is topped up from outside: choose another way to pay.")
            fields = yield from self._payment_fields("", amount, way, offer)
            done = yield from self.send("payment.add.method", fields)
            payment = yield from self._paid("", method, amount, way, done)
            row = yield from self.one_row("payment", payment.id.raw)
            if row is None:
                raise UnreadableAnswer("the payment is not in the list")
            invoice = self.payment_of(row, currency)
            return TopUp(invoice=invoice, payment=payment.model_copy(update={"invoice_id": invoice.id}))

        return writing(begin, "balance.top-up")

    # -- deleting, printing, charges

    def delete_invoice(self, invoice_id: str, write: Write) -> Conversation[Invoice]:
        """``payment.delete``, or emptying the basket: only what is new can go. The panel is asked whether it went."""

        def begin() -> Steps[Invoice]:
            invoice = yield from self.invoice_now(invoice_id)
            key = invoice.id.raw
            if invoice.state != InvoiceState.UNPAID:
                raise RuleRefused(f"Invoice {invoice.number} is {invoice.state}: only a new one can be deleted.")
            if is_basket(key):
                fields = (("sok", "ok"), ("id", key.removeprefix(BASKET)), ("clicked_button", "clearbasket"))
                yield from self.send("basket", fields)
            else:
                yield from self.send("payment.delete", (("elid", key), ("sok", "ok")))
            if not (yield from self.is_gone(key)):
                raise UnreadableAnswer("the payment is still there")
            return invoice.model_copy(update={"state": InvoiceState.DELETED, "actions": []})

        return writing(begin, "invoices.delete")

    def is_gone(self, key: str) -> Steps[bool]:
        """Whether an invoice is deleted, cancelled or not there."""
        try:
            now = yield from self.invoice_now(key)
        except NotFound:
            return True
        return now.state == InvoiceState.DELETED

    def document(self, invoice_id: str, document_format: str, path: Path) -> Conversation[int]:
        """``payment.print.pdf``. Raises ``ValueError`` for an unknown format, ``InvalidInput`` for one it has not."""
        if document_format not in DOCUMENT_TYPES:
            raise ValueError(f"a document is one of {', '.join(DOCUMENT_TYPES)}")

        def begin() -> Steps[int]:
            if document_format != "pdf":
                raise InvalidInput("This panel prints an invoice as PDF only: choose pdf.")
            invoice = yield from self.invoice_now(invoice_id)  # also: whether the session still lives
            if is_waiting(invoice.id.raw):
                raise InvalidInput("The basket has no document yet: it becomes a payment when it is paid.")
            exchange = self.saving("payment.print.pdf", (("elid", invoice.id.raw),), path, "application/pdf")
            size: int = yield Call(exchange, _size, _no_document)
            return size

        return reading(begin, "invoices.document")

    def ledger(self, query: Query) -> Conversation[Page[LedgerLine]]:
        """``func=expense``: what was charged, newest first. What was paid in are the payments."""

        def begin() -> Steps[Page[LedgerLine]]:
            wanted = Wanted.of(query, ())
            currency = yield from self.known_currency()
            place = Place.of(wanted.cursor)
            if place.page == 1:
                yield from self.known_user()
                yield from self.cleared("expense")
            rows = yield from self.rows_at("expense", place, wanted.limit, sort_by=self.chosen.sort_by and NEWEST_FIRST)
            newest = sorted(rows.rows, key=lambda one: number_of(unwrap(one.get("id"))), reverse=True)
            lines = [self._charge(row, currency) for row in newest]
            following = rows.following.text() if rows.following is not None else None
            return Page[LedgerLine](items=lines, next_cursor=following, total=rows.total)

        return reading(begin, "balance.ledger")

    def _charge(self, row: Doc, currency: str) -> LedgerLine:
        return LedgerLine(
            id=SafeText(needed(row, "id")), at=instant(unwrap(row.get("realdate")), self.chosen.offset) or UNKNOWN_DAY,
            account_id=SafeText(self.memory.user_id or "0"), purse=SafeText("internal"),
            amount=-money(unwrap(row.get("amount")), currency), kind=SafeText("charge"),
            note=SafeText(plain(first_of(row, "locale_name", "name"))),
        )  # fmt: skip


def payment_model(made: Invoice, key: str, method: str, address: str | None) -> Payment:
    """A payment of the panel as one of the invoice ``key``: done only where the panel says that it is credited."""
    paid = made.state == InvoiceState.PAID
    return Payment(
        id=made.id, invoice_id=SafeText(key) if key else made.id, method=SafeText(method),
        state=PaymentState.DONE if paid else PaymentState.PENDING, amount=made.total,
        payment_url=SafeText(address) if address and not paid and "://" in address else None,
        created_at=made.issued_at,
    )  # fmt: skip


def is_waiting(key: str) -> bool:
    """Whether an invoice's id is a basket's or a cart's: payments have plain numbers."""
    return ":" in key


def _of_invoice(key: str) -> Query:
    """The field that names what is paid; none for a top-up."""
    if is_basket(key):
        return (("billorder", key.removeprefix(BASKET)),)
    return (("payment_id", key),) if key else ()


def _way(offer: Offer, method: str) -> Way:
    for way in offer.ways:
        if way.word == method:
            return way
    choices = ", ".join(one.word for one in offer.ways) or "none"
    if method == INTERNAL:
        raise RuleRefused(
            f"The panel does not let this be paid from the balance. It offers: {choices}.", code="unknown-method"
        )
    raise InvalidInput(f"There is no way to pay “{SafeText(method)}”. The panel offers: {choices}.")


def _new_id(done: Doc) -> str:
    return value(done, "payment_id") or value(done, "id")


def _state(word: str) -> InvoiceState | SafeText:
    return InvoiceState(word) if word in frozenset(InvoiceState) else SafeText(word or "unknown")


def _refused(action: str, reason: str) -> Action:
    return Action(action=SafeText(action), code=SafeText("not-possible"), reason=SafeText(reason))


def _in_states(items: Sequence[Invoice], states: Sequence[str] | None) -> list[Invoice]:
    return [one for one in items if states is None or str(one.state) in states]


def _size(answer: Answer) -> int:
    return answer.size


def _no_document(answer: Answer) -> NotFound:
    return NotFound(f"The panel gave no document (status {answer.status}).", "Look at it on the panel's own pages.")
