"""The two purses and what moved in them (ACC-4, INV-13)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from billtui.sandbox.engine import balance
from billtui.sandbox.http.bodies import MoveBody, TopUpBody
from billtui.sandbox.http.calls import Reading, Writing
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.listing import INSTANT, ListParameters, many
from billtui.sandbox.http.openapi import keyed, list_of, reads, ref, writes

router = APIRouter(prefix=f"{PREFIX}/balance", tags=["balance"])
_LIST = ListParameters(
    ("id", "at"),
    (
        ("purse", many("internal", "affiliate"), "Of this purse."),
        ("kind", many(), "Any of these kinds."),
        ("invoice_id", many(), "For any of these invoices."),
        ("after", INSTANT, "At this instant or later."),
        ("before", INSTANT, "Earlier than this."),
    ),
    search=False,
)


@router.get("/ledger", responses=reads(list_of("LedgerLine"), 422), openapi_extra=_LIST.openapi)
async def ledger(call: Reading, request: Request) -> Response:
    """Every movement in the account's purses, newest first."""
    query = _LIST.read(request)
    return await call.answer(lambda tx, caller: balance.ledger_page(tx, caller.account_id, query))


@router.post("/top-ups", status_code=201, responses=writes(ref("TopUp"), 409, status=201), openapi_extra=keyed())
async def top_up(call: Writing, body: TopUpBody) -> Response:
    """An invoice that fills the internal purse, and where to pay it; external methods only (INV-13)."""
    amount = body.amount.money()
    return await call.answer(lambda tx: balance.top_up(tx, call.caller.account_id, amount, body.method), status=201)


@router.post("/moves", status_code=201, responses=writes(ref("Move"), 409, status=201), openapi_extra=keyed())
async def move(call: Writing, body: MoveBody) -> Response:
    """From the affiliate purse to the internal one; there is no way back (ACC-4)."""
    amount = body.amount.money()
    return await call.answer(lambda tx: balance.move(tx, call.caller.account_id, amount), status=201)
