"""Invoices: list, detail, documents, payments, delete, combine, split (INV)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from billtui.domain.document_types import DOCUMENT_TYPES, DocumentFormat
from billtui.domain.models.invoices import InvoiceKind, InvoiceState
from billtui.sandbox.engine import accounts, invoices, payments
from billtui.sandbox.http.bodies import CombineBody, PayBody, money_or_none
from billtui.sandbox.http.calls import Reading, Writing, readable
from billtui.sandbox.http.documents import render
from billtui.sandbox.http.etag import tagged
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.listing import INSTANT, SHORT_LIST, ListParameters, many, only_once
from billtui.sandbox.http.openapi import items_of, keyed, list_of, reads, ref, writes

router = APIRouter(prefix=f"{PREFIX}/invoices", tags=["invoices"])
_LIST = ListParameters(
    ("id", "number", "issued_at", "due_at", "paid_at", "total", "state", "kind", "promise_until"),
    (
        ("state", many(*InvoiceState), "Any of these states."),
        ("kind", many(*InvoiceKind), "Any of these kinds."),
        ("id", many(), "Any of these invoices."),
        ("number", many(), "Any of these numbers."),
        ("combined_into", many(), "Combined into any of these."),
        ("order_id", many(), "Bills any of these orders."),
        ("issued_before", INSTANT, "Issued earlier than this."),
        ("issued_after", INSTANT, "Issued at this or later."),
        ("due_before", INSTANT, "Due earlier than this."),
        ("due_after", INSTANT, "Due at this or later."),
        ("account_id", many(), "Of any of these accounts; for staff alone (ACC-7)."),
    ),
)
_DOCUMENT = reads({}, 404, 422)
_DOCUMENT[200]["content"] = {
    "application/pdf": {"schema": {"type": "string", "format": "binary"}},
    "text/csv": {"schema": {"type": "string"}},
    "application/json": {"schema": ref("Invoice")},
}


@router.get("", responses=reads(list_of("Invoice"), 422), openapi_extra=_LIST.openapi)
async def list_invoices(call: Reading, request: Request) -> Response:
    """A page of invoices, paid and unpaid (INV-1); without their lines. Staff has none, and names whose it wants."""
    query = _LIST.read(request)
    of_others = "account_id" in query.filters
    return await call.answer(
        lambda tx, caller: invoices.list_invoices(
            tx, caller.reads_of if of_others else caller.account_id, readable(caller, query)
        )
    )


@router.post("/combine", status_code=201, responses=writes(ref("Invoice"), 404, 409, status=201), openapi_extra=keyed())
async def combine(call: Writing, body: CombineBody) -> Response:
    """One new invoice that holds every line of the given unpaid ones (INV-6)."""
    expected = money_or_none(body.expected_total)
    return await call.answer(
        lambda tx: invoices.combine(tx, call.caller.account_id, body.invoice_ids, expected), status=201
    )


@router.get("/{invoice_id}", responses=reads(ref("Invoice"), 404))
async def get_invoice(call: Reading, invoice_id: str) -> Response:
    """One invoice with its lines, each amount explained (DSC-8)."""
    return await call.answer(lambda tx, caller: invoices.get_invoice(tx, caller.reads_of, invoice_id))


@router.delete("/{invoice_id}", responses=writes(ref("Invoice"), 404, 409, 412), openapi_extra=keyed(if_match=True))
async def delete_invoice(call: Writing, invoice_id: str) -> Response:
    """Delete an unpaid invoice: it keeps its number, and its orders are free again (INV-5)."""
    return await call.answer(lambda tx: invoices.delete_invoice(tx, call.caller.account_id, invoice_id, call.if_match))


@router.post(
    "/{invoice_id}/split", responses=writes(items_of("Invoice"), 404, 409, 412), openapi_extra=keyed(if_match=True)
)
async def split(call: Writing, invoice_id: str) -> Response:
    """Take a combined unpaid invoice apart into exactly what was combined (INV-7)."""
    return await call.answer(
        lambda tx: {"items": invoices.split(tx, call.caller.account_id, invoice_id, call.if_match)}
    )


@router.get("/{invoice_id}/payment-methods", responses=reads(list_of("PaymentMethod"), 404), openapi_extra=SHORT_LIST)
async def payment_methods(call: Reading, invoice_id: str) -> Response:
    """Every way to pay it, available or not, with the reason and from when (INV-3, PRM-2)."""
    return await call.items(lambda tx, caller: list(payments.payment_methods(tx, caller.account_id, invoice_id)))


@router.get("/{invoice_id}/payments", responses=reads(list_of("Payment"), 404), openapi_extra=SHORT_LIST)
async def list_payments(call: Reading, invoice_id: str) -> Response:
    """What was paid or tried for this invoice."""
    return await call.items(lambda tx, caller: list(payments.payments_of(tx, caller.account_id, invoice_id)))


@router.post(
    "/{invoice_id}/payments",
    status_code=201,
    responses=writes(ref("Payment"), 404, 409, 412, status=201),
    openapi_extra=keyed(if_match=True),
)
async def pay(call: Writing, invoice_id: str, body: PayBody) -> Response:
    """Pay it from a purse, by promise, or get an address to pay at (INV-3, INV-4)."""
    expected = money_or_none(body.expected_total)
    return await call.answer(
        lambda tx: payments.pay(tx, call.caller.account_id, invoice_id, body.method, expected, call.if_match),
        status=201,
    )


@router.get("/{invoice_id}/document", responses=_DOCUMENT)
async def document(
    call: Reading, invoice_id: str, form: Annotated[DocumentFormat, Query(alias="format")] = "pdf"
) -> Response:
    """The invoice as PDF, CSV or JSON (INV-9)."""
    only_once(call.request, "format")
    invoice, account = await call.fetch(
        lambda tx, caller: (
            invoices.get_invoice(tx, caller.account_id, invoice_id),
            accounts.me(tx, caller.account_id),
        )
    )
    content = await call.panel.read(lambda: render(invoice, account, form))
    response = tagged(call.request, content, DOCUMENT_TYPES[form])
    response.headers["Content-Disposition"] = f'attachment; filename="invoice-{invoice["number"]}.{form}"'
    return response
