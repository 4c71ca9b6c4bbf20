"""A relay before the panel that learns every secret of the wire, and answers badly where a test asks for it."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from tests.client.panel_stub import Line, PanelStub, Script, Seen, head
from tests.secrecy.canaries import (
    Canaries,
    learn_from_answer,
    learn_from_cookies,
    learn_from_form,
    learn_from_head,
    learn_from_request,
)


class Wiretap:
    """``with Wiretap(port, canaries) as tap``: the program's panel is ``tap.url``."""

    def __init__(self, port: int, canaries: Canaries) -> None:
        self.port = port
        self.canaries = canaries
        self.url = ""
        self.fault: Script | None = None
        """What every request meets instead of the panel, from now on."""
        self.strikes = 0
        self.answered = 0
        """How often the panel itself has answered."""
        self.requests: list[str] = []
        """Method and path of each request."""
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._ended: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(15)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ended = self._ended
        assert ended is not None
        self._loop.call_soon_threadsafe(ended.set)
        self._thread.join(15)

    def _run(self) -> None:
        self._loop.set_default_executor(ThreadPoolExecutor(24))
        self._loop.run_until_complete(self._listen())

    async def _listen(self) -> None:
        self._ended = asyncio.Event()
        async with PanelStub(self._answer) as stub:
            self.url = stub.url
            self._started.set()
            await self._ended.wait()

    async def _answer(self, seen: Seen, line: Line) -> None:
        self.requests.append(f"{seen.method} {seen.path}")
        learn_from_head(self.canaries, seen.headers.get("authorization", ""), seen.headers.get("cookie", ""))
        kind = seen.headers.get("content-type", "")
        if seen.body and "json" in kind:
            learn_from_request(self.canaries, json.loads(seen.body))
        elif seen.body and "urlencoded" in kind:
            learn_from_form(self.canaries, seen.body.decode())
        if self.fault is not None:
            self.strikes += 1
            await self.fault(seen, line)
            return
        status, headers, body = await asyncio.to_thread(self._ask, seen)
        if body.lstrip()[:1] == b"{":  # other kinds of panels send JSON as text
            learn_from_answer(self.canaries, json.loads(body))
        learn_from_cookies(self.canaries, " ".join(value for name, value in headers if name == "set-cookie"))
        passed = [f"{name}: {value}" for name, value in headers if name not in _HOP_BY_HOP]
        lines = [*passed, f"Content-Length: {len(body)}"]
        self.answered += 1
        await line.send(head(f"{status} Relayed", *lines) + body)

    def _ask(self, seen: Seen) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {name: value for name, value in seen.headers.items() if name not in _HOP_BY_HOP}
            connection.request(seen.method, seen.target, seen.body or None, {**headers, "accept-encoding": "identity"})
            answer = connection.getresponse()
            return answer.status, [(name.lower(), value) for name, value in answer.getheaders()], answer.read()
        finally:
            connection.close()


_HOP_BY_HOP = ("connection", "content-length", "transfer-encoding", "host", "accept-encoding", "keep-alive")


async def spiteful(seen: Seen, line: Line) -> None:
    """Repeats in its refusal whatever it was sent, as some proxies' error pages do."""
    said = f"{seen.headers.get('authorization', '')} {seen.body.decode('utf-8', 'replace')}"
    body = json.dumps({"code": "no", "status": 409, "title": "No", "detail": f"Not with {said}"}).encode()
    lines = ["Content-Type: application/problem+json", f"Content-Length: {len(body)}"]
    await line.send(head("409 No", *lines) + body)
