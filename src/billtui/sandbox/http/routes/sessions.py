"""Signing in and out, and the list of sessions (ACC-6)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from billtui.sandbox.engine import sessions
from billtui.sandbox.engine.wire_accounts import SessionTokenJSON
from billtui.sandbox.http.bodies import SignInBody
from billtui.sandbox.http.calls import OwnSession, Reading, dump, peer_of
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.listing import SHORT_LIST
from billtui.sandbox.http.openapi import list_of, reads, ref, unkeyed, writes
from billtui.sandbox.http.panel import panel_of

router = APIRouter(prefix=f"{PREFIX}/sessions", tags=["sessions"])


@router.post("", status_code=201, responses=writes(ref("SessionToken"), 423, status=201), openapi_extra=unkeyed())
async def sign_in(request: Request, body: SignInBody) -> Response:
    """Sign in: a token for ``Authorization: Bearer``. Only failures count towards the lock (ACC-6)."""
    panel = panel_of(request)
    address = peer_of(request)
    client = request.headers.get("user-agent", "")[:200]

    def work() -> SessionTokenJSON:
        return sessions.sign_in(
            panel.database,
            body.login,
            body.password.get_secret_value(),
            body.totp.get_secret_value() if body.totp is not None else None,
            address=address,
            client=client,
        )

    token = await panel.read(work)
    return Response(dump(token), status_code=201, media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("", responses=reads(list_of("Session"), 403), openapi_extra=SHORT_LIST)
async def list_sessions(call: Reading) -> Response:
    """Every live session of the account; the one that asks is marked. Not for API keys (ACC-5)."""
    return await call.own_items(lambda tx, caller: list(sessions.sessions(tx, caller.account_id, caller.session_id)))


@router.delete("/current", status_code=204, responses=writes(None, status=204), openapi_extra=unkeyed())
async def sign_out(call: OwnSession) -> Response:
    """Sign out: the token is worth nothing from now on."""
    return await _end(call, call.caller.session_id)


@router.delete("/{session_id}", status_code=204, responses=writes(None, 404, status=204), openapi_extra=unkeyed())
async def revoke(call: OwnSession, session_id: str) -> Response:
    """End another session of the account."""
    return await _end(call, session_id)


async def _end(call: OwnSession, session_id: str) -> Response:
    return await call.answer(
        lambda tx: sessions.sign_out(tx, call.caller.account_id, session_id), status=204, store=False
    )
