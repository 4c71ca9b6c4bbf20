"""uvicorn, set up for the sandbox: connections that can be cut, long polls that end at once, no signals of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI

from billtui.sandbox.http.connection import CuttableProtocol


class SandboxServer(uvicorn.Server):
    """Serves until :meth:`stop`; signals are its caller's business."""

    def __init__(self, app: FastAPI, on_stop: Callable[[], None], on_start: Callable[[], None]) -> None:
        """``on_start`` is called once connections are taken, ``on_stop`` when the end begins (it wakes long polls)."""
        super().__init__(
            uvicorn.Config(
                app,
                http=CuttableProtocol,
                ws="none",
                access_log=False,
                log_level="error",
                server_header=False,
                date_header=False,  # the application says the panel's time
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
                backlog=512,
            )
        )
        self._on_stop = on_stop
        self._on_start = on_start

    def stop(self) -> None:
        """End soon; may be called from a signal handler or any thread."""
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets=sockets)
        self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wake who waits, give what runs a second, then end."""
        self._on_stop()
        await asyncio.sleep(0)
        await super().shutdown(sockets=sockets)
