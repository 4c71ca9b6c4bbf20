"""What every request passes: request id and panel time on every answer, and a limit on what a body may weigh."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Sequence
from email.utils import formatdate

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from billtui.domain.policy import DEFAULT_POLICY
from billtui.domain.rules.tickets import attachments_refusal
from billtui.sandbox.http.dialects import Dialect
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.problems import MEDIA_TYPE, problem_body

_UPLOADS, _TICKETS = f"{PREFIX}/attachments", f"{PREFIX}/tickets"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
MAX_BODY = 1024 * 1024
"""Largest body of a request, in bytes."""
MAX_TICKET = 13 * MAX_BODY
"""The same where messages are written: the longest one, however a client spells its characters in JSON (TKT-6)."""
MAX_UPLOAD = DEFAULT_POLICY.attachment_bytes
"""The same of an attachment (TKT-6)."""


class Envelope:
    """``X-Request-ID`` and ``Date`` on every answer.

    The request id is the client's own where it sent a harmless one, else a new one. ``Date`` is the panel's time, by
    which a client reckons what is due; it is ahead of real time after the sandbox's clock was moved.
    """

    def __init__(self, app: ASGIApp, panel_time: Callable[[], float]) -> None:
        """Wrap ``app``; ``panel_time`` gives seconds since the epoch."""
        self.app = app
        self.panel_time = panel_time

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent = Headers(scope=scope).get("x-request-id", "")
        request_id = sent if _REQUEST_ID.match(sent) else uuid.uuid4().hex

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", [])
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers["Date"] = formatdate(self.panel_time(), usegmt=True)
            await send(message)

        await self.app(scope, receive, with_id)


class BodyLimit:
    """413 for a body beyond :data:`MAX_BODY`, before any of it is parsed; tickets and attachments take more."""

    def __init__(self, app: ASGIApp, limit: int = MAX_BODY, dialects: Sequence[Dialect] = ()) -> None:
        """Wrap ``app``; ``limit`` is in bytes."""
        self.app = app
        self.limit = limit
        self.dialects = dialects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request: the body is read whole, so that nothing starts on half of it."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if len(body) > limit:
                await send_problem(send, _too_large(scope["path"], limit))
                return
            if not message.get("more_body", False):
                break
        replayed = False

        async def whole() -> Message:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            return {"type": "http.request", "body": bytes(body), "more_body": False}

        await self.app(scope, whole, send)

    def _limit(self, path: str) -> int:
        if path == _UPLOADS:
            return MAX_UPLOAD
        if path == _TICKETS or path.startswith(f"{_TICKETS}/"):
            return MAX_TICKET
        return max([self.limit, *(one.largest_body for one in self.dialects if one.serves(path))])


def _too_large(path: str, limit: int) -> dict[str, object]:
    refusal = attachments_refusal([limit + 1]) if path == _UPLOADS else None
    if refusal is not None:
        return problem_body(413, refusal.code, refusal.reason, rule=refusal.rule)
    return problem_body(413, "too-large", f"A body has at most {limit} bytes.")


async def send_problem(send: Send, body: dict[str, object], headers: dict[str, str] | None = None) -> None:
    """Answer with a problem from outside the application."""
    content = json.dumps(body).encode()
    pairs = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(content)).encode())]
    pairs += [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": body["status"], "headers": pairs})
    await send({"type": "http.response.body", "body": content})
