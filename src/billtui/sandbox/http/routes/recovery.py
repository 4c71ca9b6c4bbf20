"""A forgotten password (ACC-3): no sign-in, and no answer that tells which addresses are known."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from billtui.sandbox.engine import recovery
from billtui.sandbox.http.bodies import NewPasswordBody, RecoveryBody
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.openapi import unkeyed, writes
from billtui.sandbox.http.panel import panel_of

router = APIRouter(prefix=f"{PREFIX}/password-recovery", tags=["sessions"])
_NO_STORE = {"Cache-Control": "no-store"}


@router.post("", status_code=202, response_class=Response, responses=writes(None, status=202), openapi_extra=unkeyed())
async def ask(request: Request, body: RecoveryBody) -> Response:
    """Have a one-time code mailed to the account's primary address; every address is answered alike."""
    panel = panel_of(request)
    await panel.write(lambda: recovery.ask(panel.database, body.email))
    return Response(status_code=202, headers=_NO_STORE)


@router.post("/confirm", status_code=204, responses=writes(None, 409, status=204), openapi_extra=unkeyed())
async def confirm(request: Request, body: NewPasswordBody) -> Response:
    """A new password by the code of the mail: it works once, every session ends, the second factor stays on."""
    panel = panel_of(request)
    code, new = body.code.get_secret_value(), body.new_password.get_secret_value()
    await panel.read(lambda: recovery.recover(panel.database, code, new))
    return Response(status_code=204, headers=_NO_STORE)
