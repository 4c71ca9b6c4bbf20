"""Invoices: listing, deleting, combining, splitting (INV-1, INV-5, INV-6, INV-7)."""

from __future__ import annotations

from collections.abc import Sequence

from billtui.domain.money import Money
from billtui.domain.refusal import RuleBroken
from billtui.domain.rules import invoices as invoice_rules
from billtui.domain.rules.quotes import price_refusal
from billtui.sandbox.engine import invoicing, paging
from billtui.sandbox.engine.errors import InvalidInput, PriceChanged
from billtui.sandbox.engine.facts import invoice_facts, lines_of, orders_on
from billtui.sandbox.engine.invoicing import NewLine
from billtui.sandbox.engine.paging import Listing, ListQuery, Page
from billtui.sandbox.engine.reading import check_version, own_invoice
from billtui.sandbox.engine.rows import InvoiceRow
from billtui.sandbox.engine.schedule import schedule_invoice, schedule_order
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.views import invoice_item, invoice_json
from billtui.sandbox.engine.wire import InvoiceJSON, micros
from billtui.sandbox.tables import NEVER

MAX_COMBINED = 1_000
_DUE = f"coalesce(due_at, {NEVER})"
_PAID = f"coalesce(paid_at, {NEVER})"


def _on_order(name: str, values: Sequence[str]) -> paging.Condition:
    condition, bound = paging.id_in("order_id")(name, values)
    return f"id IN (SELECT invoice_id FROM invoice_lines WHERE {condition})", bound


LISTING = Listing(
    sorts={
        "id": "id",
        "number": "number",
        "issued_at": "issued_at",
        "due_at": _DUE,
        "paid_at": _PAID,
        "total": "total_cents",
        "state": "state",
        "kind": "kind",
        "promise_until": f"coalesce(promise_until, {NEVER})",
    },
    default_sort="-issued_at",
    filters={
        "id": paging.id_in("id"),
        "number": paging.id_in("number"),
        "state": paging.one_of("state"),
        "kind": paging.one_of("kind"),
        "order_id": _on_order,
        "account_id": paging.id_in("account_id"),
        "combined_into": paging.id_in("combined_into"),
        "issued_before": paging.instant("issued_at", "<"),
        "issued_after": paging.instant("issued_at", ">="),
        "due_before": paging.instant(_DUE, "<"),
        "due_after": paging.instant(_DUE, ">="),
    },
)


def list_invoices(tx: Tx, account_id: int | None, query: ListQuery) -> Page[InvoiceJSON]:
    """A page of the account's invoices, paid and unpaid (INV-1). Raises ``InvalidInput``."""

    def shown(rows: list[InvoiceRow]) -> list[InvoiceJSON]:
        unpaid = [row.id for row in rows if row.state == "unpaid"]
        if unpaid:
            for invoice_id in unpaid:
                tx.line_cache[invoice_id] = []
            marks = ", ".join("?" * len(unpaid))
            for line in tx.lines.where(f"invoice_id IN ({marks}) ORDER BY invoice_id, id", unpaid):
                tx.line_cache[line.invoice_id].append(line)
            tx.orders.many(line.order_id for one in unpaid for line in tx.line_cache[one] if line.order_id is not None)
        return [invoice_item(tx, row, tx.line_cache.get(row.id, [])) for row in rows]

    return paging.page(tx, tx.invoices, LISTING, account_id, query, table="invoices", items=shown)


def get_invoice(tx: Tx, account_id: int | None, invoice_id: str) -> InvoiceJSON:
    """An invoice of the account (of any for ``None``), with lines and actions explained. Raises ``NotFound``."""
    invoice = own_invoice(tx, account_id, invoice_id)
    return invoice_json(tx, invoice, lines_of(tx, invoice.id))


def delete_invoice(tx: Tx, account_id: int, invoice_id: str, if_match: int | None = None) -> InvoiceJSON:
    """Delete an unpaid invoice: its orders are free again, pending ones are cancelled (INV-5).

    Raises ``NotFound``, ``VersionMismatch``, ``RuleBroken``.
    """
    invoice = own_invoice(tx, account_id, invoice_id)
    check_version(invoice, if_match)
    refusal = invoice_rules.delete_refusal(invoice_facts(invoice, lines_of(tx, invoice.id)))
    if refusal is not None:
        raise RuleBroken(refusal)
    invoicing.withdraw(tx, invoice)
    tx.flush()
    return invoice_json(tx, invoice, lines_of(tx, invoice.id))


def combine(tx: Tx, account_id: int, invoice_ids: Sequence[str], expected_total: Money | None = None) -> InvoiceJSON:
    """Make one invoice of several unpaid ones (INV-6); the originals become ``combined`` and point to it.

    Raises ``NotFound``, ``InvalidInput``, ``PriceChanged``, ``RuleBroken``.
    """
    if len(invoice_ids) > MAX_COMBINED:
        detail = f"At most {MAX_COMBINED} invoices can be combined at a time"
        raise InvalidInput(detail, fields={"invoice_ids": detail})
    originals = [own_invoice(tx, account_id, invoice_id) for invoice_id in invoice_ids]
    facts = [invoice_facts(one, lines_of(tx, one.id)) for one in originals]
    refusal = invoice_rules.combine_refusal(facts)
    if refusal is not None:
        raise RuleBroken(refusal)
    whole = invoice_rules.combined(facts)
    changed = price_refusal(expected_total, whole.total)
    if changed is not None:
        raise PriceChanged(whole.total, changed.reason)
    lines = [NewLine.copy(line) for one in originals for line in lines_of(tx, one.id)]
    invoice = invoicing.issue(
        tx,
        account_id,
        str(whole.kind),
        lines,
        due_at=None if whole.due_at is None else micros(whole.due_at),
        title=f"{len(originals)} invoices combined: {', '.join(str(one.number) for one in originals[:10])}"
        + ("…" if len(originals) > 10 else ""),
        parts=[one.id for one in originals],
    )
    for one in originals:
        one.state = "combined"
        one.combined_into = invoice.id
        schedule_invoice(tx, one)
    tx.flush()
    return invoice_json(tx, invoice, lines_of(tx, invoice.id))


def split(tx: Tx, account_id: int, invoice_id: str, if_match: int | None = None) -> list[InvoiceJSON]:
    """Take a combined unpaid invoice apart again into exactly what was combined (INV-7).

    The combined invoice becomes ``deleted`` and keeps its number. Raises ``NotFound``, ``VersionMismatch``,
    ``RuleBroken``.
    """
    invoice = own_invoice(tx, account_id, invoice_id)
    check_version(invoice, if_match)
    refusal = invoice_rules.split_refusal(invoice_facts(invoice, lines_of(tx, invoice.id)))
    if refusal is not None:
        raise RuleBroken(refusal)
    originals = tx.invoices.many(invoice.parts)
    invoice.state = "deleted"
    schedule_invoice(tx, invoice)
    for one in originals:
        one.state = "unpaid"
        one.combined_into = None
        for order in orders_on(tx, lines_of(tx, one.id)):
            if order.open_invoice_id == invoice.id:
                order.open_invoice_id = one.id
                schedule_order(tx, order)
        schedule_invoice(tx, one)
    tx.flush()
    return [invoice_json(tx, one, lines_of(tx, one.id)) for one in originals]
