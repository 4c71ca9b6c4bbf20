"""A relay before the panel that counts what is asked, and holds answers back for as long as a test wants.

A request that is held never reaches the panel; whether its asker waits on, or has closed the line, is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qs

from tests.client.panel_stub import Line, Seen
from tests.support.relay import Relay


def named(seen: Seen) -> str:
    """A request in words: BILLmanager's ``func`` (``func!`` where it is sent with ``sok``), else method and path."""
    if seen.path.endswith("/billmgr") and seen.body:
        fields = parse_qs(seen.body.decode("utf-8", "replace"), keep_blank_values=True)
        return f"{fields.get('func', ['?'])[0]}{'!' if 'sok' in fields else ''}"
    if seen.path.endswith(".php") and seen.body:
        fields = parse_qs(seen.body.decode("utf-8", "replace"), keep_blank_values=True)
        return fields.get("command", ["?"])[0]
    return f"{seen.method} {seen.path}"


class SlowRelay(Relay):
    """``with SlowRelay(port) as relay``: the program's panel is ``relay.url``."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.calls: list[str] = []
        """Every request so far, see :func:`named`."""
        self.holds: Callable[[str], bool] = lambda _call: False
        """Which of them are held, from now on."""
        self.waiting: list[str] = []
        """Those that are held now."""
        self.given_up: list[str] = []
        """Those that were held until their asker closed the line."""
        self._let_go: asyncio.Event | None = None

    def let_go(self) -> None:
        """Hold nothing any more; what was held goes on."""
        self.holds = lambda _call: False
        assert self._let_go is not None
        self._loop.call_soon_threadsafe(self._let_go.set)

    def begun(self) -> None:
        self._let_go = asyncio.Event()

    async def answer(self, seen: Seen, line: Line) -> None:
        call = named(seen)
        self.calls.append(call)
        if self.holds(call) and not await self._held(call, line):
            line.close()
            return
        await super().answer(seen, line)

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
