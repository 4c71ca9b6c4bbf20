"""Issuing invoices and taking them back: numbers without gaps, lines, and the orders that they bill."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from billtui.domain.models.invoices import InvoiceKind
from billtui.domain.rules import invoices as invoice_rules
from billtui.domain.rules.discounts import PricedLine
from billtui.sandbox.engine import promos
from billtui.sandbox.engine.facts import invoice_facts, lines_of, order_facts, orders_on
from billtui.sandbox.engine.rows import InvoiceRow, LineRow, OrderRow
from billtui.sandbox.engine.schedule import schedule_invoice, schedule_order
from billtui.sandbox.engine.shop import give_reserved_back, give_stock_back
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import cents_of, micros

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line that is to stand on an invoice (INV-10); amounts in cents."""

    order_id: int | None
    kind: str
    title: str
    months: int | None
    list_cents: int
    discounts: str
    amount_cents: int
    addons: str = "[]"
    plan_change: str = ""

    @classmethod
    def of(cls, line: PricedLine, kind: str) -> NewLine:
        """The line that a rule has priced."""
        return cls(
            None if line.order_id is None else int(line.order_id),
            kind,
            line.title,
            line.months,
            cents_of(line.list_price) * line.quantity,
            discounts_text(line),
            cents_of(line.total),
            addons_text(line),
            plan_change_text(line),
        )

    @classmethod
    def copy(cls, line: LineRow) -> NewLine:
        """The same line for another invoice: nothing is priced anew (INV-6)."""
        return cls(
            line.order_id,
            line.kind,
            line.title,
            line.months,
            line.list_cents,
            line.discounts,
            line.amount_cents,
            line.addons,
            line.plan_change,
        )

    def row(self, line_id: int, invoice_id: int) -> LineRow:
        """The line on the invoice with this id."""
        return LineRow(
            line_id,
            invoice_id,
            self.order_id,
            self.kind,
            self.title,
            self.months,
            self.list_cents,
            self.discounts,
            self.amount_cents,
            self.addons,
            self.plan_change,
        )


def discounts_text(line: PricedLine) -> str:
    """The discounts of a line as they are kept: name and per cent as text."""
    return json.dumps([[one.name.raw, format(one.percent.normalize(), "f")] for one in line.discounts])


def addons_text(line: PricedLine) -> str:
    """The add-ons of a line as they are kept: id, name, what they make up of the whole line, price a month."""
    if not line.addons:
        return "[]"
    return json.dumps(
        [[one.id, one.name, cents_of(one.amount) * line.quantity, cents_of(one.monthly_price)] for one in line.addons]
    )


def plan_change_text(line: PricedLine) -> str:
    """The change of plan of a line as it is kept; empty where it is none (ORD-6)."""
    one = line.change
    if one is None:
        return ""
    numbers = [cents_of(one.old_monthly), cents_of(one.new_monthly), micros(one.billed_from), micros(one.billed_until)]
    return json.dumps([one.old_plan, one.old_name, one.new_plan, one.new_name, *numbers])


def issue(
    tx: Tx,
    account_id: int,
    kind: str,
    lines: Sequence[NewLine],
    *,
    due_at: int | None = None,
    title: str | None = None,
    parts: Sequence[int] = (),
) -> InvoiceRow:
    """A new unpaid invoice with the account's next number (INV-8); the orders it bills point to it from now on."""
    account = tx.accounts.need(account_id)
    number = account.next_number
    account.next_number = invoice_rules.next_number(number)
    invoice = InvoiceRow(
        id=tx.invoices.new_id(),
        account_id=account_id,
        number=number,
        kind=kind,
        state="unpaid",
        issued_at=tx.at,
        due_at=_due(tx, lines) if due_at is None else due_at,
        paid_at=None,
        paid_by=None,
        paid_method=None,
        total_cents=sum(line.amount_cents for line in lines),
        currency=account.currency,
        title=title or title_of(kind, lines),
        line_count=len(lines),
        combined_from=json.dumps(list(parts)) if parts else "[]",
    )
    invoice.index_text()
    tx.invoices.add(invoice)
    write_lines(tx, invoice, lines)
    for order in orders_on(tx, lines_of(tx, invoice.id)):
        if order.open_invoice_id is None or order.open_invoice_id in parts:
            order.open_invoice_id = invoice.id
            schedule_order(tx, order)
    schedule_invoice(tx, invoice)
    return invoice


def write_lines(tx: Tx, invoice: InvoiceRow, lines: Iterable[NewLine]) -> None:
    """Put lines on a new invoice."""
    tx.line_cache[invoice.id] = [tx.lines.add(line.row(tx.lines.new_id(), invoice.id)) for line in lines]


def title_of(kind: str, lines: Sequence[NewLine]) -> str:
    """What an invoice is about, in a few words."""
    if len(lines) == 1:
        return lines[0].title
    words = {
        InvoiceKind.RENEWAL: "Renewal of {} servers",
        InvoiceKind.NEW_ORDER: "{} new servers",
        InvoiceKind.ADDON: "Add-ons for {} servers",
    }
    return words.get(InvoiceKind(kind), "{} items").format(len(lines))


def _due(tx: Tx, lines: Sequence[NewLine]) -> int:
    """Some days from now, or the end of the first order on it that ends earlier."""
    latest = tx.at + int(tx.policy.invoice_due.total_seconds()) * MICROSECONDS
    orders = tx.orders.many(line.order_id for line in lines if line.order_id is not None)
    ends = [order.paid_until for order in orders if order.paid_until is not None and order.paid_until > tx.at]
    return min([latest, *ends])


def withdraw(tx: Tx, invoice: InvoiceRow) -> None:
    """Delete an open invoice (INV-5, INV-12): it keeps its number, its orders are free, pending ones are cancelled.

    Stock and the use of a promo code are given back (DSC-6).
    """
    gone: list[OrderRow] = []
    lines = lines_of(tx, invoice.id)
    give_reserved_back(tx, ((json.loads(line.plan_change)[2], line.order_id) for line in lines if line.plan_change))
    billed = orders_on(tx, lines)
    cancelled = set(
        invoice_rules.cancelled_by_delete(invoice_facts(invoice, lines), [order_facts(order) for order in billed])
    )
    invoice.state = "deleted"
    schedule_invoice(tx, invoice)
    for order in billed:
        if order.open_invoice_id != invoice.id:
            continue
        free(order, invoice.id)
        if str(order.id) in cancelled:
            order.state = "cancelled"
            order.deleted_at = tx.at
            order.power = "stopped"
            gone.append(order)
        schedule_order(tx, order)
    give_stock_back(tx, gone)
    promos.give_back(tx, invoice)


def free(order: OrderRow, invoice_id: int) -> None:
    """Take the order off an invoice that no longer bills it, with the promise that hung on it."""
    order.open_invoice_id = None
    if order.promise_invoice_id == invoice_id:
        order.promise_invoice_id = None
        order.promise_until = None
    if order.broken_invoice_id == invoice_id:
        order.broken_invoice_id = None
