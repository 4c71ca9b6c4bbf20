"""How an invoice looks: the columns of the list, and everything that is known of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from textual.content import Content

from billtui.domain.models import Invoice
from billtui.screens.explaining import line_content
from billtui.screens.order_view import Labelled, labelled
from billtui.services.store import InvoiceRow, StoreReader
from billtui.services.transfers import notes_of_orders
from billtui.widgets.formats import (
    DAY,
    cents_text,
    date_text,
    epoch,
    left_text,
    moment_text,
    state_cell,
    state_text,
    toned,
)
from billtui.widgets.record_table import Column, Tone, Toned

KINDS = {
    "new-order": "new order",
    "renewal": "renewal",
    "addon": "add-on",
    "plan-change": "plan change",
    "top-up": "top-up",
    "administration": "administration",
    "mixed": "mixed",
}
_URGENCY = {"overdue": 0, "unpaid": 1, "promised": 2}


def deadline(row: InvoiceRow) -> int | None:
    """The instant that matters: the end of a promise, else the due date while it is open."""
    if row.state == "promised":
        return row.promise_until
    return row.due_at if row.state in ("unpaid", "overdue") else None


def invoice_columns(now: Callable[[], int], *, ascii_only: bool = False) -> list[Column[InvoiceRow]]:
    """The columns of the list of invoices; ``now`` gives the panel's time in epoch seconds."""

    def due(row: InvoiceRow) -> Toned | str:
        until = deadline(row)
        if until is None:
            return ""
        left = until - now()
        tone: Tone = "bad" if left <= 0 else "warning" if left <= 3 * DAY else ""
        words = left_text(until, now()) if left > 0 else f"{left_text(until, now())[6:-4]} late"
        return Toned(words, tone)

    return [
        Column(key="number", title="Invoice", cell=lambda r: r.number, min_width=9, max_width=16, priority=10, sort_key=lambda r: (len(r.number), r.number), search=lambda r: r.number),
        Column(key="state", title="State", cell=lambda r: state_cell(r.state, ascii_only=ascii_only), width=10, priority=9, sort_key=lambda r: _URGENCY.get(r.state, 9), search=lambda r: r.state),
        Column(key="total", title="Total", cell=lambda r: cents_text(r.total, r.currency), width=14, align="right", apart=True, priority=10, sort_key=lambda r: r.total, search=lambda r: cents_text(r.total)),
        Column(key="due", title="Due", cell=due, width=11, priority=8, sort_key=deadline),
        Column(key="title", title="For", cell=lambda r: r.title or KINDS.get(r.kind, r.kind), min_width=14, flex=3, priority=7, sort_key=lambda r: r.title, search=lambda r: r.title),
        Column(key="kind", title="Kind", cell=lambda r: KINDS.get(r.kind, r.kind), width=14, priority=3, sort_key=lambda r: r.kind, search=lambda r: r.kind),
        Column(key="lines", title="Lines", cell=lambda r: str(r.line_count), width=5, align="right", priority=2, sort_key=lambda r: r.line_count),
        Column(key="issued", title="Issued", cell=lambda r: date_text(epoch(r.issued_at)), width=10, priority=6, sort_key=lambda r: r.issued_at),
        Column(key="paid", title="Paid", cell=lambda r: date_text(epoch(r.paid_at)) if r.paid_at else "", width=10, priority=1, sort_key=lambda r: r.paid_at),
        Column(key="id", title="Id", cell=lambda r: r.id, min_width=6, max_width=14, priority=-1, sort_key=lambda r: r.id, search=lambda r: r.id),
    ]  # fmt: skip


def invoice_detail(
    row: InvoiceRow,
    invoice: Invoice | None,
    now: datetime,
    *,
    width: int = 42,
    notes: Mapping[str, str] | None = None,
) -> Content:
    """Everything the store knows of an invoice; ``notes`` are about orders that change hands, by their id (TRF)."""
    moment = int(now.timestamp())
    rows = [
        Labelled("State", state_text(row.state)),
        Labelled("Total", Content.styled(cents_text(row.total, row.currency), "bold")),
        Labelled("Kind", Content(KINDS.get(row.kind, row.kind))),
        Labelled("Issued", Content(moment_text(epoch(row.issued_at)))),
    ]
    if (until := deadline(row)) is not None:
        label = "Promised by" if row.state == "promised" else "Due"
        tone: Tone = "bad" if until <= moment else "warning" if until - moment <= 3 * DAY else ""
        rows.append(Labelled(label, toned(f"{moment_text(epoch(until))}, {left_text(until, moment)}", tone)))
    if row.paid_at is not None:
        by = f" by {invoice.paid_by}" if invoice is not None and invoice.paid_by else ""
        rows.append(Labelled("Paid", Content(f"{moment_text(epoch(row.paid_at))}{by}")))
    if row.combined_into:
        rows.append(Labelled("Now part of", Content(row.combined_into)))
    if invoice is not None and invoice.combined_from:
        rows.append(Labelled("Holds", Content(", ".join(map(str, invoice.combined_from)))))
    rows.append(Labelled("Id", Content(row.id)))
    parts = [Content.styled(f"Invoice {row.number}", "bold"), Content(""), labelled(rows)]
    if invoice is not None and invoice.lines:
        parts += [Content(""), Content.styled("Lines", "$muted")]
        for line in invoice.lines:
            parts.append(line_content(line, width=width))
            if note := (notes or {}).get(str(line.order_id)):
                parts.append(Content.styled(f"{'':>12}⇄ {note}", "$text-accent"))
    refused = [action for action in invoice.actions if not action.allowed] if invoice is not None else []
    if refused:
        parts.append(Content(""))
    for action in refused:
        why = str(action.reason or action.code or "refused by the panel")
        parts.append(Content.assemble((f"Cannot {action.action}: ", "$faint"), (why, "$text-warning")))
    return Content("\n").join(parts)


NOTED_LINES = 300
"""Lines of an invoice whose orders are looked up; of more, none."""


def notes_of_lines(store: StoreReader, invoice: Invoice | None) -> dict[str, str]:
    """What is to be said of the orders on an invoice that change hands (TRF)."""
    ids = [str(line.order_id) for line in invoice.lines if line.order_id is not None] if invoice is not None else []
    return notes_of_orders(store, ids) if len(ids) <= NOTED_LINES else {}
