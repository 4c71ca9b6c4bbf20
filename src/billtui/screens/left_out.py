"""What a renewal leaves out, and the way out of it: pay or delete the invoice that blocks an order (BLK-5, INV-5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from billtui.domain.models import Exclusion
from billtui.domain.models.invoices import OPEN_STATES
from billtui.domain.rules.facts import InvoiceFacts
from billtui.domain.rules.invoices import delete_refusal
from billtui.services.store import InvoiceRow, OrderRow, money
from billtui.widgets.formats import cents_text
from billtui.widgets.record_table import Column, Toned


def can_be_paid(invoice: InvoiceRow | None) -> bool:
    """Whether paying the invoice that is in an order's way frees it (INV-3)."""
    return invoice is not None and invoice.state in OPEN_STATES


def why_not_deleted(invoice: InvoiceRow | None) -> str | None:
    """Why the invoice that is in an order's way cannot be deleted (INV-5, PRM-9); ``None`` if it can."""
    if invoice is None:
        return "No invoice is in its way."
    total = money(invoice.total, invoice.currency)
    refusal = delete_refusal(InvoiceFacts(invoice.id, invoice.number, invoice.kind, invoice.state, total))
    return None if refusal is None else refusal.reason


class LeftOutOrder(NamedTuple):
    """An order that a quote leaves out, with the invoice that is in its way, if one is."""

    order_id: str
    name: str
    reason: str
    """As the panel says it."""
    state: str
    invoice: InvoiceRow | None
    others: int
    """How many other orders of this list the same invoice blocks."""

    @property
    def payable(self) -> bool:
        """Whether paying its invoice frees it (INV-3)."""
        return can_be_paid(self.invoice)

    @property
    def undeletable(self) -> str | None:
        """Why its invoice cannot be deleted (INV-5, PRM-9); ``None`` if it can."""
        return why_not_deleted(self.invoice)

    @property
    def ways(self) -> str:
        """The ways out, in a sentence or two."""
        one = self.invoice
        if one is None:
            return "Nothing can be done about it here."
        if not self.payable:
            return f"Invoice {one.number} is {one.state}."
        also = f", and frees {self.others} more" if self.others else ""
        what = f"invoice {one.number}, {money(one.total, one.currency)}{also}"
        if (refusal := self.undeletable) is not None:
            return f"p pays {what}. D cannot: {refusal}"
        if self.state == "pending":
            return f"p pays {what}. D deletes it, which cancels the order: nothing is left to renew."
        if one.kind in ("new-order", "mixed"):
            return f"p pays {what}. D deletes it; it is for new orders too, which that cancels."
        return f"p pays {what}. D deletes it, and the order joins this renewal."


def left_out_orders(
    excluded: Iterable[Exclusion], rows: Mapping[str, OrderRow], invoices: Mapping[str, InvoiceRow]
) -> list[LeftOutOrder]:
    """What a quote leaves out, as the list shows it. ``rows`` and ``invoices`` are the copy's, by id."""
    found: list[tuple[Exclusion, OrderRow | None, str | None]] = []
    blocks: dict[str, int] = {}
    for one in excluded:
        row = rows.get(str(one.order_id))
        invoice_id = blocking_invoice(one, row)
        if invoice_id is not None:
            blocks[invoice_id] = blocks.get(invoice_id, 0) + 1
        found.append((one, row, invoice_id))
    return [
        LeftOutOrder(
            order_id=str(one.order_id or "?"),
            name=row.name if row is not None else str(one.order_id or "?"),
            reason=str(one.reason),
            state=row.state if row is not None else "",
            invoice=invoices.get(invoice_id) if invoice_id is not None else None,
            others=blocks[invoice_id] - 1 if invoice_id is not None else 0,
        )
        for one, row, invoice_id in found
    ]


def blocking_invoice(one: Exclusion, row: OrderRow | None) -> str | None:
    """The id of the invoice that is in the way: as the panel names it, else as the copy knows it."""
    named = next((str(value) for name, value in one.related.items() if name == "invoice_id"), None)
    return named or (row.unpaid_invoice_id if row is not None else None)


def left_out_columns() -> Sequence[Column[LeftOutOrder]]:
    """Order, what is in its way, how much that is."""

    def bill(one: LeftOutOrder) -> Toned | str:
        return "" if one.invoice is None else Toned(f"{one.invoice.kind}, {one.invoice.state}", "warning")

    def amount(one: LeftOutOrder) -> str:
        return "" if one.invoice is None else cents_text(one.invoice.total, one.invoice.currency)

    def number(one: LeftOutOrder) -> str:
        return one.invoice.number if one.invoice else ""

    return [
        Column(key="name", title="Left out", cell=lambda one: one.name, min_width=14, max_width=40, flex=2, priority=9),
        Column(key="number", title="Invoice", cell=number, width=8, priority=8),
        Column(key="amount", title="Amount", cell=amount, width=13, align="right", apart=True, priority=7),
        Column(key="bill", title="It is", cell=bill, width=18, priority=6),
        Column(key="reason", title="Why", cell=lambda one: "" if one.invoice else one.reason, min_width=20, priority=1),
    ]  # fmt: skip
