"""The middleware that makes the network and the panel misbehave as ordered. ``/sandbox`` itself never suffers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billtui.sandbox.http.connection import can_cut, cut_connection
from billtui.sandbox.http.dialects import LONG_REQUEST, Dialect
from billtui.sandbox.http.fault_set import AFTER, BEFORE, DELAYS, PREFIX, ArmedFault, FaultKind, FaultSet
from billtui.sandbox.http.middleware import send_problem
from billtui.sandbox.http.problems import problem_body

HUGE = 64 * 1024 * 1024
"""Bytes of a ``huge-body``."""
_PIECE = 64 * 1024
_ERROR_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>"
    b"<body><center><h1>502 Bad Gateway</h1></center><hr><center>proxy</center></body></html>\n"
)
ExpireSession = Callable[[str], Awaitable[None]]


class Faults:
    """Strikes requests under ``/api/v1``, and of other dialects, with the faults of a :class:`FaultSet`."""

    def __init__(
        self, app: ASGIApp, faults: FaultSet, expire_session: ExpireSession, dialects: Sequence[Dialect] = ()
    ) -> None:
        """``expire_session`` gets the token of a request whose session shall be over."""
        self.app = app
        self.faults = faults
        self.expire_session = expire_session
        self.dialects = dialects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or spoil it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, body = scope["path"], b""
        dialect = next((one for one in self.dialects if one.serves(path)), None)
        if dialect is not None:
            receive, body = await _whole(receive)
            path = dialect.path_of(scope, body)
        elif not path.startswith(PREFIX):
            await self.app(scope, receive, send)
            return
        struck = self.faults.strikes(scope["method"], path)
        for armed in struck:
            await self._delay(armed)
        kinds = [armed.fault.kind for armed in struck]
        if FaultKind.EXPIRE_SESSION in kinds:
            scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
            if scheme.lower() == "bearer" and token:
                await self.expire_session(token.strip())
            if dialect is not None:
                await dialect.expire_session(scope, body)
        long = next((armed for armed in struck if armed.fault.kind == FaultKind.LONG_REQUEST), None)
        if long is not None:
            scope["extensions"] = {**(scope.get("extensions") or {}), LONG_REQUEST: long.fault.delay}
        before = _first(struck, BEFORE)
        if before is not None:
            await self._instead(before, scope, receive, send)
            return
        after = _first(struck, AFTER)
        if after is None:
            await self.app(scope, receive, send)
            return
        await self._spoil(after, scope, receive, send)

    async def _delay(self, armed: ArmedFault) -> None:
        if armed.fault.kind in DELAYS:
            share = armed.dice.random() if armed.fault.kind == FaultKind.JITTER else 1.0
            await asyncio.sleep(armed.fault.delay / 1000 * share)

    async def _instead(self, armed: ArmedFault, scope: Scope, receive: Receive, send: Send) -> None:
        """An answer in place of the work."""
        match armed.fault.kind:
            case FaultKind.DROP_BEFORE:
                await cut_connection(scope, receive)
            case FaultKind.HTTP_503:
                body = problem_body(503, "unavailable", "The panel is being looked after. Try again shortly.")
                await send_problem(send, body, {"Retry-After": "1"})
            case FaultKind.RATE_LIMIT:
                seconds = max(1, -(-armed.fault.delay // 1000))
                body = problem_body(429, "rate-limited", f"Too many requests. Try again in {seconds} s.")
                await send_problem(send, body, {"Retry-After": str(seconds)})
            case _:
                text = "The panel made an error. Ask for the state of the operation before you repeat it."
                await send_problem(send, problem_body(500, "internal-error", text))

    async def _spoil(self, armed: ArmedFault, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the work be done and committed, then treat its answer badly."""
        kept: list[Message] = []

        async def keep(message: Message) -> None:
            kept.append(message)

        await self.app(scope, receive, keep)
        if not kept:
            return
        start = kept[0]
        if start["status"] in (204, 304) and armed.fault.kind in (FaultKind.GARBLE, FaultKind.HUGE_BODY):
            start["status"] = 200  # the others have no body that could be spoiled
        body = b"".join(message.get("body", b"") for message in kept[1:])
        headers = MutableHeaders(scope=start)
        match armed.fault.kind:
            case FaultKind.DROP_AFTER:
                await cut_connection(scope, receive)
            case FaultKind.TRUNCATE if not body:
                await cut_connection(scope, receive)
            case FaultKind.TRUNCATE:
                await self._truncate(start, body, scope, receive, send)
            case FaultKind.GARBLE:
                spoiled = body[: len(body) // 3] + b"\xfe\xff\x00}{" + body[len(body) // 2 :][::-1]
                headers["content-length"] = str(len(spoiled))
                await _answer(start, [spoiled], send)
            case FaultKind.HTML:
                headers["content-type"] = "text/html"
                headers["content-length"] = str(len(_ERROR_PAGE))
                await _answer({**start, "status": 502}, [_ERROR_PAGE], send)
            case FaultKind.SLOW_BODY:
                await self._drip(armed, start, body, scope, receive, send)
            case _:
                await self._huge(start, body, send)

    async def _truncate(self, start: Message, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        """Announce the whole body, send half of it, and cut."""
        await send(start)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        if can_cut(scope):
            await cut_connection(scope, receive, flush=True)
        else:
            await send({"type": "http.response.body", "body": b""})

    async def _drip(
        self, armed: ArmedFault, start: Message, body: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """One byte at a time; ends when the client has gone."""
        await send(start)
        gone = asyncio.ensure_future(_disconnected(receive)) if can_cut(scope) else None
        try:
            for position in range(len(body)):
                if gone is not None and gone.done():
                    return
                await asyncio.sleep(armed.fault.delay / 1000)
                await send({"type": "http.response.body", "body": body[position : position + 1], "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            if gone is not None:
                gone.cancel()

    async def _huge(self, start: Message, body: bytes, send: Send) -> None:
        """The right answer followed by :data:`HUGE` bytes of white space: valid, and far too much."""
        del MutableHeaders(scope=start)["content-length"]
        await send(start)
        await send({"type": "http.response.body", "body": body, "more_body": True})
        blank = b" " * _PIECE
        for _ in range(HUGE // _PIECE):
            await send({"type": "http.response.body", "body": blank, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _whole(receive: Receive) -> tuple[Receive, bytes]:
    """The body of a request, and a way to read it once more."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
    kept: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def again() -> Message:
        return kept.pop() if kept else await receive()

    return again, bytes(body)


def _first(struck: Sequence[ArmedFault], kinds: frozenset[FaultKind]) -> ArmedFault | None:
    return next((armed for armed in struck if armed.fault.kind in kinds), None)


async def _answer(start: Message, pieces: Sequence[bytes], send: Send) -> None:
    await send(start)
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
