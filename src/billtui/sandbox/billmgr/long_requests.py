"""Requests that take long: the answer is a page with an address at which the real one will be (wire: 2.3).

A fault orders it. The work is done when the time has passed, so that whoever reads meanwhile sees nothing of it; it is
done even if nobody comes back for the answer.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi.responses import Response

from billtui.sandbox.billmgr import encode
from billtui.sandbox.billmgr.errors import missed
from billtui.sandbox.billmgr.pages import long_page

_MOST_KEPT = 1_000
_PATIENCE = 1.0
"""So long a look at a request waits for it, in seconds."""


@dataclass(slots=True)
class _Request:
    mark: Any
    task: asyncio.Task[Response]


class LongRequests:
    """The requests at work, and answers that nobody has fetched. Used from the event loop only."""

    def __init__(self) -> None:
        """None."""
        self._kept: dict[str, _Request] = {}

    def at_work(self, mark: Any) -> bool:
        """Whether the same request of the same session is being worked at."""
        return any(one.mark == mark and not one.task.done() for one in self._kept.values())

    def begin(self, mark: Any, seconds: float, work: Callable[[], Awaitable[Response]]) -> Response:
        """Begin to work at a request; the answer is a page at once."""

        async def later() -> Response:
            await asyncio.sleep(seconds)
            return await work()

        ticket = secrets.token_hex(8)
        while len(self._kept) >= _MOST_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[ticket] = _Request(mark, asyncio.ensure_future(later()))
        return long_page(ticket)

    async def look(self, ticket: str) -> Response:
        """The answer, or the page again after a moment of waiting."""
        found = self._kept.get(ticket)
        if found is None:
            content = encode.as_json(missed("long", ticket).doc("en"))
            return Response(content, media_type="application/json", headers={"Cache-Control": "no-store"})
        done, _ = await asyncio.wait({found.task}, timeout=_PATIENCE)
        if not done:
            return long_page(ticket)
        return found.task.result()
