"""A panel made of raw sockets: it answers byte for byte what a test says, and remembers every byte it was sent."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Line:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Send, as far as the other side still takes it."""
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection with RST instead of FIN."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def close(self) -> None:
        """End the connection in an orderly way."""
        self.writer.close()


Script = Callable[[Seen, Line], Awaitable[None]]


def head(status: str = "200 OK", *lines: str) -> bytes:
    """A status line and header lines, with the empty line."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


def answer(value: Any, status: str = "200 OK", *lines: str, kind: str = "application/json") -> bytes:
    """A whole, honest answer; ``value`` is bytes or something for JSON."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return head(status, f"Content-Type: {kind}", f"Content-Length: {len(body)}", "X-Request-ID: r-77", *lines) + body


def problem(status: int, code: str, detail: str = "No.", *lines: str, **members: Any) -> bytes:
    """An ``application/problem+json`` answer."""
    value = {"type": "about:blank", "title": "No", "status": status, "detail": detail, "code": code, **members}
    return answer(value, f"{status} No", *lines, kind="application/problem+json")


def zipped(value: Any, *lines: str) -> bytes:
    """A whole answer, compressed."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return answer(gzip.compress(body), "200 OK", "Content-Encoding: gzip", *lines)


def sends(data: bytes) -> Script:
    """Send these bytes and close."""

    async def script(_seen: Seen, line: Line) -> None:
        await line.send(data)
        line.close()

    return script


def in_turn(*scripts: Script) -> Script:
    """The first request gets the first script, and so on; the last one stays."""
    waiting = list(scripts)

    async def script(seen: Seen, line: Line) -> None:
        current = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        await current(seen, line)

    return script


def keeps(data: bytes) -> Script:
    """Send these bytes and keep the connection."""

    async def script(_seen: Seen, line: Line) -> None:
        await line.send(data)

    return script


async def silent(_seen: Seen, line: Line) -> None:
    """Never answer; wait until the other side gives up."""
    with contextlib.suppress(ConnectionError):
        await line.reader.read()


async def reset(_seen: Seen, line: Line) -> None:
    """Read the request, then cut the line."""
    line.reset()


@dataclass
class PanelStub:
    """``async with PanelStub(script) as panel``: listens on a free port of 127.0.0.1 until the block ends."""

    script: Script
    tls: ssl.SSLContext | None = None
    cut_on_connect: bool = False
    fixed_port: int = 0
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"{'https' if self.tls else 'http'}://{'localhost' if self.tls else '127.0.0.1'}:{self.port}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.fixed_port, ssl=self.tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        line = Line(reader, writer)
        try:
            if self.cut_on_connect:
                line.reset()
                return
            while not writer.is_closing():
                seen = await self._request(reader)
                if seen is None:
                    break
                self.seen.append(seen)
                await self.script(seen, line)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _request(self, reader: asyncio.StreamReader) -> Seen | None:
        try:
            start = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = start.decode("latin-1").split("\r\n")[:-2]
        method, target, _ = first.split(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Seen(method, target, headers, body, self.connections)
