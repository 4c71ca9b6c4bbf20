"""One account in memory, run by the billing rules alone: no store, no network. The stateful test drives it.

It keeps what the rules need to be watched from outside: every line that was ever issued, with the amount it had then,
and every payment. Each decision is a method of its own, so that a test can put a wrong one in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from billtui.domain.models.invoices import InvoiceKind, InvoiceState
from billtui.domain.models.orders import OrderState
from billtui.domain.money import Money
from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import accounts, discounts, invoices, orders, promise, quotes, renewal
from billtui.domain.rules.facts import EXTERNAL_METHODS, InvoiceFacts, OrderFacts, Purses

START = datetime(2026, 1, 30, 12, 0, tzinfo=UTC)
ACCOUNT = "1042"


def euro(amount: str) -> Money:
    return Money(amount, "EUR")


@dataclass(frozen=True)
class Line:
    """A line as issued: it keeps its number through combining and splitting."""

    number: int
    order_id: str | None
    months: int
    amount: Money


@dataclass(frozen=True)
class Paid:
    """A payment that took place."""

    invoice_id: str
    method: str
    amount: Money
    lines: tuple[Line, ...]
    at: datetime


class AccountModel:
    """Everything of one account, and what may be done with it. Refusals come as :class:`RuleBroken`."""

    def __init__(self) -> None:
        self.now = START
        self.purses = Purses(euro("90.00"), euro("45.00"))
        self.orders: dict[str, OrderFacts] = {}
        self.invoices: dict[str, InvoiceFacts] = {}
        self.lines: dict[str, tuple[Line, ...]] = {}
        self.issued: list[Line] = []
        self.paid: list[Paid] = []
        self.external_in = euro("0.00")
        self.moved = 0
        self.promises: list[tuple[str, datetime, datetime]] = []
        self.provider_events: set[str] = set()
        self.last_number = 0
        day = timedelta(days=1)
        self._add("1", "vds", euro("9.99"), START + 20 * day)
        self._add("2", "vds", euro("12.49"), START + day)
        self._add("3", "dedicated", euro("30.00"), START + 2 * day)
        self._add("4", "vds", euro("4.44"), START - day, blocked=True)

    def _add(self, order_id: str, kind: str, price: Money, end: datetime, blocked: bool = False) -> None:
        self.orders[order_id] = OrderFacts(
            order_id,
            f"server-{order_id}",
            kind,
            OrderState.BLOCKED if blocked else OrderState.ACTIVE,
            end,
            price,
            billing_day=end.day,
            in_use_since=START - timedelta(days=400),
            created_at=START - timedelta(days=400),
            blocked_at=end if blocked else None,
        )

    # Decisions, one method each.

    def may_renew(self, wanted: Sequence[OrderFacts], months: int) -> quotes.RenewalOffer:
        counts = {kind: discounts.count_services(self.orders.values(), kind) for kind in ("vds", "dedicated")}
        return quotes.offer_renewal(wanted, months, counts, "EUR", self.now)

    def may_pay(self, invoice: InvoiceFacts, method: str) -> Refusal | None:
        return invoices.pay_refusal(invoice, method, self.purses, self.billed(invoice), self.now)

    def may_delete(self, invoice: InvoiceFacts) -> Refusal | None:
        return invoices.delete_refusal(invoice)

    def may_combine(self, chosen: Sequence[InvoiceFacts]) -> Refusal | None:
        return invoices.combine_refusal(chosen)

    def may_split(self, invoice: InvoiceFacts) -> Refusal | None:
        return invoices.split_refusal(invoice)

    def combined(self, chosen: Sequence[InvoiceFacts]) -> invoices.CombinedFacts:
        return invoices.combined(chosen)

    def after_renewal(self, order: OrderFacts, months: int) -> OrderFacts:
        return renewal.renewed(order, months, self.now)

    def after_promise(self, order: OrderFacts, invoice_id: str, deadline: datetime) -> OrderFacts:
        return promise.promised(order, invoice_id, deadline)

    def after_broken_promise(self, order: OrderFacts, invoice: InvoiceFacts, deadline: datetime) -> OrderFacts:
        return promise.broken(order, invoice.id, deadline)

    def after_issue(self, order: OrderFacts, invoice_id: str, months: int) -> OrderFacts:
        return replace(order, open_invoice_id=invoice_id)

    def debit(self, purse: str, total: Money) -> None:
        self.purses = self.purses.after(purse, -total)

    def settlement(self, invoice: InvoiceFacts, amount: Money, event: str) -> invoices.Settlement:
        return invoices.settle_external(invoice, amount, event, self.provider_events)

    def auto_renewals(self) -> list[tuple[str, discounts.PricedLine, str | None]]:
        """REN-4 at this instant: order, line and purse, by paid-until, then id; a smaller one is still tried."""
        found, held = [], self.purses
        for order in sorted(self.orders.values(), key=lambda one: (one.paid_until or START, int(one.id))):
            if renewal.auto_renewal_refusal(order, self.now) is not None:
                continue
            line = self._price(order, order.auto_renew_months)
            purse = renewal.purse_for(line.total, held)
            held = held if purse is None else held.after(purse, -line.total)
            found.append((order.id, line, purse))
        return found

    # What a client does.

    def billed(self, invoice: InvoiceFacts) -> list[OrderFacts]:
        return [self.orders[one] for one in dict.fromkeys(invoice.line_order_ids)]

    def _price(self, order: OrderFacts, months: int) -> discounts.PricedLine:
        count = discounts.count_services(self.orders.values(), order.kind)
        return renewal.price_renewal(order, months, discounts.loyalty_of(order, count, self.now))

    def _issue(
        self, kind: str, entries: Iterable[tuple[str | None, int, Money]], combined_from: tuple[str, ...] = ()
    ) -> str:
        lines = tuple(
            Line(len(self.issued) + at, order_id, months, amount)
            for at, (order_id, months, amount) in enumerate(entries)
        )
        self.issued.extend(lines)
        return self._book(kind, lines, Money.total((line.amount for line in lines), "EUR"), combined_from)

    def _book(self, kind: str, lines: tuple[Line, ...], total: Money, combined_from: tuple[str, ...]) -> str:
        self.last_number = invoices.next_number(self.last_number)
        invoice_id = str(500 + self.last_number)
        self.invoices[invoice_id] = InvoiceFacts(
            invoice_id,
            str(self.last_number),
            kind,
            InvoiceState.UNPAID,
            total,
            tuple(line.order_id for line in lines if line.order_id is not None),
            combined_from=combined_from,
            issued_at=self.now,
            account_id=ACCOUNT,
        )
        self.lines[invoice_id] = lines
        for line in lines:
            if line.order_id is not None:
                self.orders[line.order_id] = self.after_issue(self.orders[line.order_id], invoice_id, line.months)
        return invoice_id

    def renew(self, order_ids: Sequence[str], months: int) -> str:
        offer = self.may_renew([self.orders[one] for one in order_ids], months)
        if not offer.lines:
            raise RuleBroken(offer.excluded[0][1])
        entries = [(line.order_id, months, line.total) for line in offer.lines]
        return self._issue(InvoiceKind.RENEWAL, entries)

    def order_new(self, months: int) -> str:
        order_id = str(len(self.orders) + 1)
        self.orders[order_id] = OrderFacts(
            order_id, f"server-{order_id}", "vds", OrderState.PENDING, None, euro("5.55"), created_at=self.now
        )
        return self._issue(InvoiceKind.NEW_ORDER, [(order_id, months, euro("5.55") * months)])

    def top_up(self, amount: Money, method: str = "card") -> str:
        self._allow(accounts.top_up_refusal(amount, method, "EUR"))
        return self._issue(InvoiceKind.TOP_UP, [(None, 0, amount)])

    def move(self, amount: Money) -> None:
        self._allow(accounts.move_refusal(amount, self.purses))
        self.purses = self.purses.after("affiliate", -amount).after("internal", amount)

    def auto_renew(self, order_id: str, on: bool, months: int) -> None:
        order = self.orders[order_id]
        self._allow(orders.action_refusal(order, "auto-renew", self.now))
        since = (order.auto_renew_since if order.auto_renew_on else self.now) if on else None
        self.orders[order_id] = replace(order, auto_renew_on=on, auto_renew_months=months, auto_renew_since=since)

    def pay(self, invoice_id: str, method: str) -> None:
        invoice = self.invoices[invoice_id]
        self._allow(self.may_pay(invoice, method))
        if method in EXTERNAL_METHODS:
            return  # the answer is an address to pay at; the invoice stays as it is
        if method == "promise":
            self._promise(invoice)
            return
        self.debit(method, invoice.total)
        self._paid(invoice, method)

    def provider_reports(self, invoice_id: str, event: str) -> invoices.Settlement:
        """The external provider says that the invoice's total arrived."""
        invoice = self.invoices[invoice_id]
        settled = self.settlement(invoice, invoice.total, event)
        if settled is not invoices.Settlement.COUNTED_BEFORE:
            self.external_in += invoice.total
            self.purses = self.purses.after("internal", invoice.total)
        self.provider_events.add(event)
        if settled is invoices.Settlement.PAYS_INVOICE:
            if invoice.kind != InvoiceKind.TOP_UP:
                self.purses = self.purses.after("internal", -invoice.total)
            self._paid(invoice, "card")
        return settled

    def _promise(self, invoice: InvoiceFacts) -> None:
        deadline = promise.promise_deadline(self.now)
        self.invoices[invoice.id] = replace(invoice, state=InvoiceState.PROMISED, promise_until=deadline)
        for order in self.billed(invoice):
            assert order.paid_until is not None
            self.promises.append((order.id, order.paid_until, deadline))
            self.orders[order.id] = self.after_promise(order, invoice.id, deadline)

    def _paid(self, invoice: InvoiceFacts, method: str) -> None:
        lines = self.lines[invoice.id]
        self.invoices[invoice.id] = replace(
            invoice, state=InvoiceState.PAID, paid_at=self.now, paid_by="olena.marsh", paid_method=method
        )
        self.paid.append(Paid(invoice.id, method, invoice.total, lines, self.now))
        for line in lines:
            if line.order_id is None:
                continue
            order = self.orders[line.order_id]
            if order.state == OrderState.PENDING:
                self.orders[order.id] = orders.activated(order, line.months, self.now)
            else:
                self.orders[order.id] = self.after_renewal(order, line.months)

    def delete(self, invoice_id: str) -> None:
        invoice = self.invoices[invoice_id]
        self._allow(self.may_delete(invoice))
        self._remove(invoice)

    def _remove(self, invoice: InvoiceFacts) -> None:
        cancelled = invoices.cancelled_by_delete(invoice, self.orders.values())
        self.invoices[invoice.id] = replace(invoice, state=InvoiceState.DELETED)
        for order in self.billed(invoice):
            state = OrderState.CANCELLED if order.id in cancelled else order.state
            self.orders[order.id] = replace(
                order, state=state, open_invoice_id=None, promise_invoice_id=None, promise_until=None
            )

    def combine(self, invoice_ids: Sequence[str]) -> str:
        chosen = [self.invoices[one] for one in invoice_ids]
        self._allow(self.may_combine(chosen))
        facts = self.combined(chosen)
        lines = tuple(line for one in invoice_ids for line in self.lines[one])
        new = self._book(facts.kind, lines, facts.total, facts.combined_from)
        for one in chosen:
            self.invoices[one.id] = replace(one, state=InvoiceState.COMBINED, combined_into=new)
        return new

    def split(self, invoice_id: str) -> None:
        invoice = self.invoices[invoice_id]
        self._allow(self.may_split(invoice))
        self.invoices[invoice_id] = replace(invoice, state=InvoiceState.DELETED)
        for one in invoice.combined_from:
            self.invoices[one] = replace(self.invoices[one], state=InvoiceState.UNPAID, combined_into=None)
            for order in self.billed(self.invoices[one]):
                self.orders[order.id] = replace(order, open_invoice_id=one)

    # What time does.

    def advance(self, by: timedelta) -> None:
        """Let time pass; what falls due happens in its order, each at its own instant."""
        end = self.now + by
        while True:
            due = self._next_due()
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            self._happen()
        self.now = end

    def _next_due(self) -> datetime | None:
        times = [one.promise_until for one in self.invoices.values() if one.state == InvoiceState.PROMISED]
        for order in self.orders.values():
            event = orders.next_event(order)
            times.append(event.at if event is not None else None)
            moment = renewal.auto_renews_at(order)
            if order.is_running and order.auto_renew_done_for != order.paid_until:
                times.append(moment)
        return min((one for one in times if one is not None), default=None)

    def _happen(self) -> None:
        for invoice in list(self.invoices.values()):
            if promise.is_missed(invoice, self.now) and invoice.promise_until is not None:
                self.invoices[invoice.id] = replace(invoice, state=InvoiceState.OVERDUE)
                for order in self.billed(invoice):
                    self.orders[order.id] = self.after_broken_promise(order, invoice, invoice.promise_until)
        for order_id, line, purse in self.auto_renewals():
            invoice_id = self._issue(InvoiceKind.RENEWAL, [(order_id, line.months or 0, line.total)])
            if purse is not None:
                self.pay(invoice_id, purse)
        for order in list(self.orders.values()):
            moment = renewal.auto_renews_at(order)
            was = order.paid_until
            if moment is not None and moment <= self.now and order.is_running:
                self.orders[order.id] = replace(order, auto_renew_done_for=was)
        for order in list(self.orders.values()):
            event = orders.next_event(order)
            if event is None or event.at > self.now:
                continue
            gone = event.kind is not orders.OrderEventKind.BLOCK
            for invoice in list(self.invoices.values()) if gone else ():
                if invoices.goes_with(invoice, order.id):
                    self._remove(invoice)
            self.orders[order.id] = orders.after_event(self.orders[order.id], event)

    def _allow(self, refusal: Refusal | None) -> None:
        if refusal is not None:
            raise RuleBroken(refusal)
