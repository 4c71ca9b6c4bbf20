"""A relay before the panel that counts what is asked, and holds answers back for as long as a test wants.

A request that is held never reaches the panel; whether its asker waits on, or has closed the line, is told.
"""

from __future__ import annotations

import asyncio
import http.client
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

from tests.client.panel_stub import Line, PanelStub, Seen, head

_HOP_BY_HOP = ("connection", "content-length", "transfer-encoding", "host", "accept-encoding", "keep-alive")


def named(seen: Seen) -> str:
    """A request in words: BILLmanager's ``func`` (``func!`` where it is sent with ``sok``), else method and path."""
    if seen.path.endswith("/billmgr") and seen.body:
        fields = parse_qs(seen.body.decode("utf-8", "replace"), keep_blank_values=True)
        return f"{fields.get('func', ['?'])[0]}{'!' if 'sok' in fields else ''}"
    if seen.path.endswith(".php") and seen.body:
        fields = parse_qs(seen.body.decode("utf-8", "replace"), keep_blank_values=True)
        return fields.get("command", ["?"])[0]
    return f"{seen.method} {seen.path}"


class SlowRelay:
    """``with SlowRelay(port) as relay``: the program's panel is ``relay.url``."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = ""
        self.calls: list[str] = []
        """Every request so far, see :func:`named`."""
        self.holds: Callable[[str], bool] = lambda _call: False
        """Which of them are held, from now on."""
        self.waiting: list[str] = []
        """Those that are held now."""
        self.given_up: list[str] = []
        """Those that were held until their asker closed the line."""
        self._started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._ended: asyncio.Event | None = None
        self._let_go: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._started.wait(15)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._ended is not None
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(15)

    def let_go(self) -> None:
        """Hold nothing any more; what was held goes on."""
        self.holds = lambda _call: False
        assert self._let_go is not None
        self._loop.call_soon_threadsafe(self._let_go.set)

    def _run(self) -> None:
        self._loop.set_default_executor(ThreadPoolExecutor(24))
        self._loop.run_until_complete(self._listen())

    async def _listen(self) -> None:
        self._ended, self._let_go = asyncio.Event(), asyncio.Event()
        async with PanelStub(self._answer) as stub:
            self.url = stub.url
            self._started.set()
            await self._ended.wait()

    async def _answer(self, seen: Seen, line: Line) -> None:
        call = named(seen)
        self.calls.append(call)
        if self.holds(call) and not await self._held(call, line):
            line.close()
            return
        status, headers, body = await asyncio.to_thread(self._ask, seen)
        passed = {name: value for name, value in headers.items() if name not in _HOP_BY_HOP}
        lines = [*(f"{name}: {value}" for name, value in passed.items()), f"Content-Length: {len(body)}"]
        await line.send(head(f"{status} Relayed", *lines) + body)

    async def _held(self, call: str, line: Line) -> bool:
        """Whether its asker was still there when it was let go."""
        assert self._let_go is not None
        self._let_go.clear()
        self.waiting.append(call)
        gone, free = asyncio.create_task(line.reader.read(1)), asyncio.create_task(self._let_go.wait())
        try:
            await asyncio.wait({gone, free}, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                self.given_up.append(call)
                return False
            return True
        finally:
            self.waiting.remove(call)
            for task in (gone, free):
                task.cancel()
            await asyncio.gather(gone, free, return_exceptions=True)

    def _ask(self, seen: Seen) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {name: value for name, value in seen.headers.items() if name not in _HOP_BY_HOP}
            connection.request(seen.method, seen.target, seen.body or None, {**headers, "accept-encoding": "identity"})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()
