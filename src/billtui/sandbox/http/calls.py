"""One request of a signed-in account: who asks, what was sent with it, and how its answer is made.

Reads authenticate and answer in one snapshot. Writes carry an ``Idempotency-Key``; their answer is stored in the
transaction that holds their effect, so that a lost answer can always be had again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import access
from billtui.sandbox.engine import operations
from billtui.sandbox.engine.callers import Caller, authenticate
from billtui.sandbox.engine.errors import EngineRefusal
from billtui.sandbox.engine.paging import ListQuery
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.http.etag import expected_version, tagged
from billtui.sandbox.http.listing import short_list
from billtui.sandbox.http.panel import Panel, panel_of
from billtui.sandbox.http.problems import MEDIA_TYPE, ApiProblem, from_refusal

Wire = Mapping[str, Any]
_KEY = re.compile(r"[\x21-\x7e]{1,200}\Z")
_bearer = HTTPBearer(auto_error=False, description="A session token (POST /sessions) or an API key.")
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


def dump(value: Any) -> bytes:
    """``value`` as JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def peer_of(request: Request) -> str:
    """The address that a request comes from, as the connection has it; what headers claim proves nothing."""
    return request.client.host if request.client else ""


def _token(credentials: HTTPAuthorizationCredentials | None) -> str:
    if credentials is None or not credentials.credentials:
        text = "Sign in first: POST /sessions."
        raise ApiProblem(401, "session-expired", text, headers={"WWW-Authenticate": "Bearer"})
    return credentials.credentials


class ReadCall:
    """A read of a signed-in account."""

    def __init__(self, request: Request, token: str) -> None:
        """``token`` is checked when the call is answered, in the snapshot that is read."""
        self.request = request
        self.panel: Panel = panel_of(request)
        self.token = token

    async def fetch(self, work: Callable[[Tx, Caller], Any]) -> Any:
        """What ``work`` reads in one snapshot as the caller. Raises ``SessionExpired``."""

        def run() -> Any:
            with self.panel.database.read() as tx:
                return work(tx, authenticate(tx, self.token, peer_of(self.request)))

        return await self.panel.read(run)

    async def answer(self, work: Callable[[Tx, Caller], Any]) -> Response:
        """200 with what ``work`` reads, or 304 when the client has it already."""

        def run() -> tuple[bytes, int | None]:
            with self.panel.database.read() as tx:
                value = work(tx, authenticate(tx, self.token, peer_of(self.request)))
            return dump(value), value.get("version")

        body, version = await self.panel.read(run)
        return tagged(self.request, body, version=version)

    async def own_items(self, work: Callable[[Tx, Caller], list[Any]]) -> Response:
        """A page of a short list that an API key must not see (ACC-5)."""

        def look(tx: Tx, caller: Caller) -> list[Any]:
            caller.need_session()
            return work(tx, caller)

        return await self.items(look)

    async def items(self, work: Callable[[Tx, Caller], list[Any]], *filters: str) -> Response:
        """A page of a short list, by ``limit`` and ``cursor``; ``filters`` are its own query parameters."""
        wanted = short_list(self.request, *filters)
        return await self.answer(lambda tx, caller: wanted.page(work(tx, caller)))


class WriteCall:
    """A write of a signed-in account."""

    def __init__(self, request: Request, caller: Caller, body: bytes, key: str | None, if_match: int | None) -> None:
        """``body`` is the raw body: it is part of the fingerprint of ``key``."""
        self.request = request
        self.panel: Panel = panel_of(request)
        self.caller = caller
        self.key = key
        self.if_match = if_match
        self._body = body

    @property
    def fingerprint(self) -> str:
        """Method, path, query and body, hashed: what the key stands for."""
        query = f"?{self.request.url.query}" if self.request.url.query else ""
        digest = hashlib.sha256(f"{self.request.method}\n{self.request.url.path}{query}\n".encode())
        digest.update(self._body)
        return digest.hexdigest()

    @property
    def body(self) -> bytes:
        """The raw body."""
        return self._body

    async def answer(self, work: Callable[[Tx], Any], status: int = 200, *, store: bool = True) -> Response:
        """Do ``work`` once and answer with what it returns; without ``store`` nothing is remembered."""
        database = self.panel.database
        account_id = self.caller.account_id
        key = self.key if store else None

        def run() -> operations.Answer:
            return operations.execute(
                database,
                account_id,
                key,
                self.fingerprint,
                lambda tx: operations.Answer(status, work(tx)),
                refused,
            )

        answer = await self.panel.write(run)
        headers = {**answer.headers, **({"Idempotent-Replay": "true"} if answer.replayed else {})}
        if answer.status == 204:
            return Response(status_code=204, headers=headers)
        media_type = MEDIA_TYPE if answer.status >= 400 else "application/json"
        return Response(dump(answer.body), status_code=answer.status, headers=headers, media_type=media_type)


def refused(error: RuleBroken | EngineRefusal) -> operations.Answer:
    """The problem that is stored, and answered, for a refusal."""
    problem = from_refusal(error)
    return operations.Answer(problem.status, problem.body(), headers=problem.headers)


async def read_call(request: Request, credentials: Credentials) -> ReadCall:
    """Dependency of every read."""
    return ReadCall(request, _token(credentials))


async def _write_call(
    request: Request, credentials: Credentials, *, needs_key: bool, check: Callable[[Caller], None]
) -> WriteCall:
    panel = panel_of(request)
    token = _token(credentials)

    def identify() -> Caller:
        with panel.database.read() as tx:
            return authenticate(tx, token, peer_of(request))

    caller = await panel.read(identify)
    check(caller)
    key = request.headers.get("idempotency-key")
    if key is None and needs_key:
        raise ApiProblem(
            422,
            "idempotency-key-missing",
            "A write needs an Idempotency-Key of your own, so that it is never done twice.",
            fields={"Idempotency-Key": "missing"},
        )
    if needs_key and not _KEY.match(key or ""):
        raise ApiProblem(
            422,
            "idempotency-key-invalid",
            "An Idempotency-Key is 1 to 200 visible ASCII characters.",
            fields={"Idempotency-Key": "not valid"},
        )
    return WriteCall(request, caller, await request.body(), key, expected_version(request.headers.get("if-match")))


async def session_call(request: Request, credentials: Credentials) -> WriteCall:
    """Dependency of what only a session may, of every role: sessions, password, second factor, keys (ACC-5).

    Its answers may be secrets and are not stored: an idempotency key is accepted, not needed.
    """
    return await _write_call(request, credentials, needs_key=False, check=Caller.need_session)


async def write_call(request: Request, credentials: Credentials) -> WriteCall:
    """Dependency of every write: signed in as a client (ACC-7), with an idempotency key."""

    def check(caller: Caller) -> None:
        caller.need_writing()
        _only_clients(caller)

    return await _write_call(request, credentials, needs_key=True, check=check)


async def quote_call(request: Request, credentials: Credentials) -> WriteCall:
    """Dependency of quotes: as :func:`write_call`, but a quote only reads in effect.

    So no idempotency key is needed, and an API key that only reads may ask for one (ACC-5).
    """
    return await _write_call(request, credentials, needs_key=False, check=_only_clients)


async def settings_call(request: Request, credentials: Credentials) -> WriteCall:
    """Dependency of writes that every role may do, to its own account and in tickets, with an idempotency key."""
    return await _write_call(request, credentials, needs_key=True, check=Caller.need_writing)


async def staff_call(request: Request, credentials: Credentials) -> WriteCall:
    """Dependency of writes that only staff may do, with an idempotency key (TKT-8)."""

    def check(caller: Caller) -> None:
        caller.need_writing()
        _refuse(access.triage_refusal(caller.role))

    return await _write_call(request, credentials, needs_key=True, check=check)


async def direct_call(request: Request, credentials: Credentials) -> WriteCall:
    """Dependency of writes that every role may do and that are never kept: secrets, and what soon means nothing.

    An idempotency key is accepted, not needed.
    """
    return await _write_call(request, credentials, needs_key=False, check=Caller.need_writing)


def only_staff(caller: Caller, work: Callable[[], Any]) -> Any:
    """What ``work`` finds, for staff only (ACC-7). Raises :class:`ApiProblem` 403."""
    _refuse(access.reading_refusal(caller.role))
    return work()


def readable(caller: Caller, query: ListQuery) -> ListQuery:
    """``query``, if the caller may ask it: only staff asks for what is of one account (ACC-7).

    Raises :class:`ApiProblem` 403.
    """
    if "account_id" in query.filters:
        _refuse(access.reading_refusal(caller.role))
    return query


def _only_clients(caller: Caller) -> None:
    _refuse(access.business_refusal(caller.role))


def _refuse(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise ApiProblem(403, refusal.code, refusal.reason, rule=refusal.rule)


Reading = Annotated[ReadCall, Depends(read_call)]
Writing = Annotated[WriteCall, Depends(write_call)]
Quoting = Annotated[WriteCall, Depends(quote_call)]
OwnSession = Annotated[WriteCall, Depends(session_call)]
OwnAccount = Annotated[WriteCall, Depends(settings_call)]
TicketWriting = Annotated[WriteCall, Depends(settings_call)]
StaffWriting = Annotated[WriteCall, Depends(staff_call)]
Direct = Annotated[WriteCall, Depends(direct_call)]
