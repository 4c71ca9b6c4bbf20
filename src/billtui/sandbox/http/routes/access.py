"""How one gets in, for a session that shows its password: password, second factor, API keys (ACC-2, ACC-5, ACC-6).

Bodies and answers are secrets: nothing of them is stored, and every answer is ``no-store``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from billtui.sandbox.engine import api_keys, passwords, second_factor
from billtui.sandbox.engine.api_keys import Wish
from billtui.sandbox.engine.errors import InvalidInput
from billtui.sandbox.http.bodies import ApiAccessBody, ApiKeyBody, CurrentPasswordBody, PasswordBody, TotpBody
from billtui.sandbox.http.calls import OwnSession, Reading, WriteCall, dump
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.listing import SHORT_LIST
from billtui.sandbox.http.openapi import list_of, reads, ref, unkeyed, writes

router = APIRouter(prefix=f"{PREFIX}/me", tags=["account"])
NO_STORE = {"Cache-Control": "no-store"}
_SETUP_OR_CODES = {"oneOf": [ref("TotpSetup"), ref("RecoveryCodes")]}


async def _answer(call: WriteCall, work: Callable[[], Any], status: int = 200) -> Response:
    """Do ``work``, which hashes and has transactions of its own, and answer with what it returns."""
    value = await call.panel.read(work)
    if value is None:
        return Response(status_code=204, headers=NO_STORE)
    return Response(dump(value), status_code=status, media_type="application/json", headers=NO_STORE)


@router.post("/password", status_code=204, responses=writes(None, 423, status=204), openapi_extra=unkeyed())
async def change_password(call: OwnSession, body: PasswordBody) -> Response:
    """Another password: every other session ends in the same moment, API keys stay valid (ACC-2)."""
    current, new = body.current_password.get_secret_value(), body.new_password.get_secret_value()
    return await _answer(call, lambda: passwords.change(call.panel.database, call.caller, current, new))


@router.post(
    "/totp",
    responses={204: {"description": "It is off"}, **writes(_SETUP_OR_CODES, 409, 423)},
    openapi_extra=unkeyed(),
)
async def change_totp(call: OwnSession, body: TotpBody) -> Response:
    """The second factor: ``begin`` it, ``confirm`` its first code, have ``new-codes``, turn it ``off`` (ACC-6)."""
    database, caller = call.panel.database, call.caller
    password = body.current_password.get_secret_value()
    if body.action == "begin":
        return await _answer(call, lambda: second_factor.begin(database, caller, password))
    if body.code is None:
        raise InvalidInput("The code of the second factor is missing.", fields={"code": "missing"})
    code = body.code.get_secret_value()
    work = {"confirm": second_factor.confirm, "new-codes": second_factor.new_codes, "off": second_factor.turn_off}
    return await _answer(call, lambda: work[body.action](database, caller, password, code))


@router.get("/api-keys", responses=reads(list_of("ApiKey")), openapi_extra=SHORT_LIST)
async def list_api_keys(call: Reading) -> Response:
    """The account's API keys, by label and last four characters. Not for API keys themselves (ACC-5)."""
    return await call.own_items(lambda tx, caller: list(api_keys.api_keys(tx, caller.account_id)))


@router.post(
    "/api-keys", status_code=201, responses=writes(ref("NewApiKey"), 409, 423, status=201), openapi_extra=unkeyed()
)
async def create_api_key(call: OwnSession, body: ApiKeyBody) -> Response:
    """Make an API key; ``secret`` is the key, in this answer and nowhere else (ACC-5)."""
    password = body.current_password.get_secret_value()
    wish = Wish(body.label, body.expires_at, body.read_only, tuple(body.networks))
    return await _answer(call, lambda: api_keys.create(call.panel.database, call.caller, password, wish), 201)


@router.post(
    "/api-keys/{key_id}/revoke",
    status_code=204,
    responses=writes(None, 404, 423, status=204),
    openapi_extra=unkeyed(),
)
async def revoke_api_key(call: OwnSession, key_id: str, body: CurrentPasswordBody) -> Response:
    """End an API key at once (ACC-5)."""
    password = body.current_password.get_secret_value()
    return await _answer(call, lambda: api_keys.revoke(call.panel.database, call.caller, password, key_id))


@router.post("/api-access", responses=writes(ref("Account"), 423), openapi_extra=unkeyed())
async def set_api_access(call: OwnSession, body: ApiAccessBody) -> Response:
    """Let the account's API keys in, or none of them (ACC-5)."""
    password = body.current_password.get_secret_value()
    return await _answer(call, lambda: api_keys.set_access(call.panel.database, call.caller, password, body.on))
