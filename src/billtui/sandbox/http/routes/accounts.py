"""The customer's card, for staff (ACC-7)."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from billtui.sandbox.engine import accounts
from billtui.sandbox.http.calls import Reading, only_staff
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.listing import SHORT_LIST
from billtui.sandbox.http.openapi import list_of, reads, ref

router = APIRouter(prefix=f"{PREFIX}/accounts", tags=["staff"])


@router.get("", responses=reads(list_of("Account"), 403), openapi_extra=SHORT_LIST)
async def list_accounts(call: Reading) -> Response:
    """Every account; only staff may look (ACC-7)."""
    return await call.items(lambda tx, caller: only_staff(caller, lambda: list(accounts.all_accounts(tx))))


@router.get("/{account_id}", responses=reads(ref("Account"), 403, 404))
async def get_account(call: Reading, account_id: str) -> Response:
    """One account; only staff may look (ACC-7)."""
    return await call.answer(lambda tx, caller: only_staff(caller, lambda: accounts.account_card(tx, account_id)))
