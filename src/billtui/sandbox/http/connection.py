"""The HTTP protocol with one addition: an answer can be left out by cutting the connection (faults)."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.h11_impl import H11Protocol

CUT = "billtui.cut"
"""Key in ``scope["extensions"]``: ``cut(flush)`` closes the TCP connection.

With ``flush``, what was written leaves first.
"""


class CuttableProtocol(H11Protocol):
    """uvicorn's h11 protocol; the application finds a way to cut the connection in its scope."""

    def connection_made(  # type: ignore[override]  # uvicorn narrows asyncio's signature in the same way
        self, transport: asyncio.Transport
    ) -> None:
        """Remember how to cut ``transport`` for every request that comes over it."""
        super().connection_made(transport)
        self.app = cast("ASGI3Application", _with_cut(cast("ASGIApp", self.app), transport))


def _with_cut(app: ASGIApp, transport: asyncio.Transport) -> ASGIApp:
    def cut(flush: bool) -> None:
        if flush:
            transport.close()
        else:
            transport.abort()

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        extensions: dict[str, Any] = dict(scope.get("extensions") or {})
        extensions[CUT] = cut
        scope["extensions"] = extensions
        await app(scope, receive, send)

    return call


def can_cut(scope: Scope) -> bool:
    """Whether there is a connection under ``scope`` (not so for an application called in process)."""
    return CUT in (scope.get("extensions") or {})


async def cut_connection(scope: Scope, receive: Receive, *, flush: bool = False) -> None:
    """Cut the connection of ``scope`` without another byte, and return when it is gone.

    Raises ``ConnectionResetError`` where there is no connection (an application called in process).
    """
    cut = (scope.get("extensions") or {}).get(CUT)
    if cut is None:
        raise ConnectionResetError("connection cut by a fault")
    cut(flush)
    while (await receive())["type"] != "http.disconnect":
        pass
