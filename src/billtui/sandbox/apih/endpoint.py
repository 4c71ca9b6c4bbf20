"""The one endpoint: a form becomes a command, what comes of it an answer with HTTP 200."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from starlette.types import Scope

from billtui.domain.refusal import RuleBroken
from billtui.sandbox.apih.commands import COMMANDS, Asked, Wire, may_write
from billtui.sandbox.apih.encode import as_json, as_php
from billtui.sandbox.apih.errors import NO_COMMAND, WRONG_FIELD, WRONG_KEY, WRONG_LOGIN, Refused, of_engine
from billtui.sandbox.engine import operations
from billtui.sandbox.engine.callers import Caller, authenticate
from billtui.sandbox.engine.errors import EngineRefusal
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.http.calls import peer_of
from billtui.sandbox.http.dialects import Dialect
from billtui.sandbox.http.panel import Panel, panel_of
from billtui.sandbox.http.routing import serve

NAME: Final = "apih.php"
_MOST_FIELDS: Final = 200
_OK, _NO = 200, 409
"""Whether the work is kept or undone; on the wire both are 200."""

router = APIRouter(include_in_schema=False)


def dialect() -> Dialect:
    """What the middleware has to know of it: faults are told from others by ``/apih.php/COMMAND``."""

    async def no_session(_scope: Scope, _body: bytes) -> None:
        """There are none: each request proves itself."""

    return Dialect(
        serves=lambda path: path.endswith(f"/{NAME}"),
        path_of=lambda _scope, body: f"/{NAME}/{_fields(body).get('command', '')}",
        expire_session=no_session,
    )


def install(app: FastAPI) -> None:
    """Serve the gateway from ``app``."""
    serve(app, router)


@router.post(f"/{NAME}")
@router.post(f"/{{folder:path}}/{NAME}")
async def endpoint(request: Request) -> Response:
    """One complete operation."""
    panel, fields = panel_of(request), _fields(await request.body())
    address = peer_of(request)
    known = COMMANDS.get(fields.get("command", ""))
    run = panel.write if known is not None and known.writes else panel.read
    answer = await run(lambda: _answered(panel, fields, address))
    headers = {"Cache-Control": "no-store"}
    if fields.get("json") == "1":
        return Response(as_json(answer), media_type="application/json", headers=headers)
    return Response(as_php(answer), media_type="text/plain; charset=utf-8", headers=headers)


def _fields(body: bytes) -> dict[str, str]:
    """The fields of a form; of one that is given twice the last one counts. Anything else has none."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace"))
    except ValueError:
        return {}


def _answered(panel: Panel, fields: dict[str, str], address: str) -> Wire:
    try:
        return {"status": "SUCCESS", **_done(panel, fields, address)}
    except Refused as error:
        return dict(error.answer())
    except (RuleBroken, EngineRefusal) as error:
        return dict(of_engine(error).answer())


def _done(panel: Panel, fields: dict[str, str], address: str) -> Wire:
    command = COMMANDS.get(fields.get("command", ""))
    if command is None:
        if not fields.get("command"):
            raise Refused(WRONG_FIELD, "Не указано поле command.")
        raise Refused(NO_COMMAND, "Неизвестная команда.")
    with panel.database.read() as tx:
        caller = _caller(tx, fields, address)
        if not command.writes:
            return command.run(Asked(tx, caller, fields))
    may_write(caller)

    def work(tx: Tx) -> operations.Answer:
        try:
            return operations.Answer(_OK, command.run(Asked(tx, caller, fields)))
        except Refused as error:
            raise _Undone(error) from error

    def refused(error: RuleBroken | EngineRefusal) -> operations.Answer:
        return operations.Answer(_NO, error)

    found = operations.execute(panel.database, caller.account_id, None, "", work, refused).body
    if isinstance(found, _Undone):
        raise found.why
    if isinstance(found, RuleBroken | EngineRefusal):
        raise found
    answer: Wire = found
    return answer


class _Undone(EngineRefusal):
    """A refusal of the gateway's own: it undoes the work as the engine's do."""

    def __init__(self, why: Refused) -> None:
        super().__init__(why.text)
        self.why = why


def _caller(tx: Tx, fields: dict[str, str], address: str) -> Caller:
    """Whose key it is. Raises :class:`Refused`, ``NotWithThisKey``, ``SessionExpired``."""
    login, key = fields.get("login", "").strip(), fields.get("apikey", "").strip()
    if not login or not key:
        raise Refused(WRONG_KEY, WRONG_LOGIN)
    caller = authenticate(tx, key, address)
    if caller.key_id is None or caller.login != login:
        raise Refused(WRONG_KEY, WRONG_LOGIN)
    return caller
