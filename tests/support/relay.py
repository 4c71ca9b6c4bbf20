"""A relay before the panel: a thread of its own listens, asks the panel, and hands its answer on."""

from __future__ import annotations

import asyncio
import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import NamedTuple, Self

from tests.client.panel_stub import Line, PanelStub, Seen, head

_HOP_BY_HOP = ("connection", "content-length", "transfer-encoding", "host", "accept-encoding", "keep-alive")


class Relayed(NamedTuple):
    """What the panel answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Relay:
    """``with Relay(port) as relay``: the program's panel is ``relay.url``. Subclasses say what becomes of a request."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.url = ""
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
        assert self._ended is not None
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(15)

    def _run(self) -> None:
        self._loop.set_default_executor(ThreadPoolExecutor(24))
        self._loop.run_until_complete(self._listen())

    async def _listen(self) -> None:
        self._ended = asyncio.Event()
        self.begun()
        async with PanelStub(self.answer) as stub:
            self.url = stub.url
            self._started.set()
            await self._ended.wait()

    def begun(self) -> None:
        """In the relay's loop, before anything is asked."""

    async def answer(self, seen: Seen, line: Line) -> None:
        """What becomes of a request."""
        await self.hand_on(await self.asked(seen), line)

    async def asked(self, seen: Seen) -> Relayed:
        """What the panel says to it."""
        return await asyncio.to_thread(self._ask, seen)

    async def hand_on(self, told: Relayed, line: Line) -> None:
        """The panel's answer, as it came."""
        passed = [f"{name}: {value}" for name, value in told.headers if name not in _HOP_BY_HOP]
        lines = [*passed, f"Content-Length: {len(told.body)}"]
        await line.send(head(f"{told.status} Relayed", *lines) + told.body)

    def _ask(self, seen: Seen) -> Relayed:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {name: value for name, value in seen.headers.items() if name not in _HOP_BY_HOP}
            connection.request(seen.method, seen.target, seen.body or None, {**headers, "accept-encoding": "identity"})
            answer = connection.getresponse()
            return Relayed(answer.status, [(one.lower(), told) for one, told in answer.getheaders()], answer.read())
        finally:
            connection.close()
