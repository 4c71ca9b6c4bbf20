"""Transfers: what was pushed and what is on its way here, and the steps of both sides (TRF)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from billtui.domain.transfer_states import TransferDirection, TransferState
from billtui.sandbox.engine import transfers
from billtui.sandbox.http.bodies import CodeBody, PushBody
from billtui.sandbox.http.calls import Reading, Writing
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.listing import INSTANT, ListParameters, many
from billtui.sandbox.http.openapi import items_of, keyed, list_of, reads, ref, writes

router = APIRouter(prefix=f"{PREFIX}/transfers", tags=["transfers"])
_LIST = ListParameters(
    ("id", "created_at", "expires_at", "state", "order_id", "order_name", "paid_until", "monthly_price"),
    (
        ("state", many(*TransferState), "Any of these states."),
        ("direction", many(*TransferDirection), "Pushed by this account (`out`), or to it (`in`)."),
        ("order_id", many(), "Of any of these orders."),
        ("push_id", many(), "Of any of these pushes."),
        ("id", many(), "Any of these transfers."),
        ("expires_before", INSTANT, "Running, and expiring earlier than this."),
    ),
)


@router.get("", responses=reads(list_of("Transfer"), 422), openapi_extra=_LIST.openapi)
async def list_transfers(call: Reading, request: Request) -> Response:
    """A page of transfers, newest first. The recipient sees one from `awaiting recipient` on (TRF-2).

    Of their actions only the refused ones are listed, with code and what they relate to.
    """
    query = _LIST.read(request)
    return await call.answer(lambda tx, caller: transfers.list_transfers(tx, caller.account_id, query))


@router.get("/{transfer_id}", responses=reads(ref("Transfer"), 404))
async def get_transfer(call: Reading, transfer_id: str) -> Response:
    """One transfer with its history; every step with whether it can be taken, and if not why (TRF-3)."""
    return await call.answer(lambda tx, caller: transfers.get_transfer(tx, caller.account_id, transfer_id))


@router.post("", status_code=201, responses=writes(items_of("Transfer"), 404, 409, status=201), openapi_extra=keyed())
async def push(call: Writing, body: PushBody) -> Response:
    """Begin a transfer for each order, all of them or none; the sender gets a mail for each (TRF-1, TRF-2, TRF-7)."""
    return await call.answer(
        lambda tx: {
            "items": transfers.push(
                tx, call.caller.account_id, body.order_ids, body.recipient_login, body.recipient_account_id
            )
        },
        status=201,
    )


@router.post(
    "/{transfer_id}/confirm", responses=writes(ref("Transfer"), 404, 409, 412), openapi_extra=keyed(if_match=True)
)
async def confirm(call: Writing, transfer_id: str, body: CodeBody) -> Response:
    """The sender confirms with the code of the mail; the recipient gets theirs (TRF-2)."""
    code = body.code.get_secret_value()
    return await call.answer(lambda tx: transfers.confirm(tx, call.caller.account_id, transfer_id, code, call.if_match))


@router.post(
    "/{transfer_id}/accept", responses=writes(ref("Transfer"), 404, 409, 412), openapi_extra=keyed(if_match=True)
)
async def accept(call: Writing, transfer_id: str, body: CodeBody) -> Response:
    """The recipient accepts with the code of the mail: the order moves at this moment (TRF-5)."""
    code = body.code.get_secret_value()
    return await call.answer(lambda tx: transfers.accept(tx, call.caller.account_id, transfer_id, code, call.if_match))


@router.post(
    "/{transfer_id}/decline", responses=writes(ref("Transfer"), 404, 409, 412), openapi_extra=keyed(if_match=True)
)
async def decline(call: Writing, transfer_id: str) -> Response:
    """The recipient does not want it (TRF-3)."""
    return await call.answer(lambda tx: transfers.decline(tx, call.caller.account_id, transfer_id, call.if_match))


@router.post(
    "/{transfer_id}/cancel", responses=writes(ref("Transfer"), 404, 409, 412), openapi_extra=keyed(if_match=True)
)
async def cancel(call: Writing, transfer_id: str) -> Response:
    """The sender takes it back, any time before it is completed (TRF-3)."""
    return await call.answer(lambda tx: transfers.cancel(tx, call.caller.account_id, transfer_id, call.if_match))
