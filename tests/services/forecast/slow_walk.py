"""The same walk through time, slowly: by the rules of the domain, with datetimes and Money, event after event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from billtui.domain.models import InvoiceState
from billtui.domain.money import Money
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.rules import orders as order_rules
from billtui.domain.rules import promise as promise_rules
from billtui.domain.rules import renewal as renewal_rules
from billtui.domain.rules.discounts import count_services, loyalty_of
from billtui.domain.rules.facts import InvoiceFacts, OrderFacts, Purses
from billtui.services.store import epoch
from tests.services.forecast.beside_panel import Happened

OWN = "own of "


def _cents(money: Money) -> int:
    return int(money.amount * 100)


@dataclass
class SlowWalk:
    """Orders, invoices and purses as facts; :meth:`run` until the end."""

    orders: dict[str, OrderFacts]
    invoices: dict[str, InvoiceFacts]
    purses: Purses
    policy: Policy = DEFAULT_POLICY

    def __post_init__(self) -> None:
        self.happened: list[Happened] = []

    def _due(self, now: datetime) -> Iterable[tuple[datetime, int, datetime, int, str]]:
        """(instant, rank, end, number, id) of everything that is to come."""
        for invoice in self.invoices.values():
            if invoice.state == InvoiceState.PROMISED and invoice.promise_until is not None:
                yield max(invoice.promise_until, now), 0, now, int(invoice.id), invoice.id
        for order in self.orders.values():
            end = order.paid_until or now
            moment = renewal_rules.auto_renews_at(order, self.policy)
            if order.is_running and moment is not None and order.auto_renew_done_for != order.paid_until:
                yield max(moment, now), 1, end, int(order.id), order.id
            event = order_rules.next_event(order, self.policy)
            if event is not None:
                rank = {"block": 2, "delete": 3, "cancel": 4}[event.kind]
                yield max(event.at, now), rank, end, int(order.id), order.id

    def run(self, now: datetime, until: datetime) -> list[Happened]:
        """Let everything happen in its order."""
        while due := min(self._due(now), default=None):
            at, rank, _, _, key = due
            if at > until:
                break
            now = at
            if rank == 0:
                self._break(key, at)
            elif rank == 1:
                self._auto_renew(key, at)
            else:
                self._event(key, at)
        return sorted(self.happened)

    def _tell(self, what: str, at: datetime, key: str, cents: int = 0, purse: str = "") -> None:
        self.happened.append(Happened(what, epoch(at) or 0, key, cents, purse))

    def _break(self, key: str, at: datetime) -> None:
        invoice = self.invoices[key]
        self.invoices[key] = replace(invoice, state=str(InvoiceState.OVERDUE))
        self._tell("breaks promise", at, key, _cents(invoice.total))
        for order in list(self.orders.values()):
            if order.promise_invoice_id == key:
                after = promise_rules.broken(order, key, invoice.promise_until or at)
                self.orders[order.id] = after
                if after.state == "blocked" and order.state != "blocked":
                    self._tell("blocks", at, order.id)

    def _auto_renew(self, key: str, at: datetime) -> None:
        order = self.orders[key]
        refusal = renewal_rules.auto_renewal_refusal(order, at, self.policy)
        self.orders[key] = replace(order, auto_renew_done_for=order.paid_until)
        if refusal is not None:
            return
        order = replace(self.orders[key], transfer_id=None)
        count = count_services(self.orders.values(), order.kind)
        line = renewal_rules.price_renewal(order, order.auto_renew_months, loyalty_of(order, count, at, self.policy))
        purse = renewal_rules.purse_for(line.total, self.purses)
        if purse is None:
            self._tell("stays unpaid", at, key, _cents(line.total))
            self.orders[key] = replace(order, open_invoice_id=OWN + key)
            return
        self.purses = self.purses.after(purse, -line.total)
        self._tell("pays", at, key, _cents(line.total), purse)
        self.orders[key] = renewal_rules.renewed(order, order.auto_renew_months, at)

    def _event(self, key: str, at: datetime) -> None:
        order = self.orders[key]
        event = order_rules.next_event(order, self.policy)
        assert event is not None
        after = order_rules.after_event(order, event)
        self.orders[key] = after
        if after.state == "blocked":
            self._tell("blocks", at, key)
            return
        self._tell("deletes" if after.state == "deleted" else "cancels", at, key)
        if order.open_invoice_id is not None and not order.open_invoice_id.startswith(OWN):
            self._withdraw(order.open_invoice_id, at)

    def _withdraw(self, key: str, at: datetime) -> None:
        """INV-12, and ``invoicing.withdraw`` of the panel."""
        invoice = self.invoices[key]
        self.invoices[key] = replace(invoice, state=str(InvoiceState.DELETED))
        self._tell("takes back", at, key, _cents(invoice.total))
        for order in list(self.orders.values()):
            if order.open_invoice_id != key:
                continue
            freed = replace(order, open_invoice_id=None)
            if order.promise_invoice_id == key:
                freed = replace(freed, promise_invoice_id=None, promise_until=None)
            if order.broken_promise_invoice_id == key:
                freed = replace(freed, broken_promise_invoice_id=None)
            if order.state == "pending":
                freed = replace(freed, state="cancelled")
                self._tell("cancels", at, order.id)
            self.orders[order.id] = freed


def running(orders: Iterable[OrderFacts]) -> Counter[str]:
    """How many of each kind run."""
    return Counter(order.kind for order in orders if order.is_running)


def end_of(now: datetime, days: int) -> datetime:
    """The end of a forecast of so many days."""
    return now + timedelta(days=days)
