"""The account that is signed in (ACC-1)."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from billtui.sandbox.engine import accounts
from billtui.sandbox.http.bodies import SettingsBody
from billtui.sandbox.http.calls import OwnAccount, Reading
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.openapi import keyed, reads, ref, writes

router = APIRouter(prefix=f"{PREFIX}/me", tags=["account"])


@router.get("", responses=reads(ref("Account")))
async def me(call: Reading) -> Response:
    """Who is signed in: account ID, login, e-mails, role, balances, settings, capabilities."""
    return await call.answer(lambda tx, caller: accounts.me(tx, caller.account_id, caller))


@router.patch("", responses=writes(ref("Account"), 412), openapi_extra=keyed(if_match=True))
async def change_settings(call: OwnAccount, body: SettingsBody) -> Response:
    """Change settings, ``notifications`` by event and channel (ACC-8); those that are not named stay."""
    caller = call.caller
    return await call.answer(
        lambda tx: accounts.update_settings(tx, caller.account_id, dict(body.settings), call.if_match, caller)
    )
