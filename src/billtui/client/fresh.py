"""One request over a connection of its own: for everything that changes something.

A connection that nobody else used cannot be one that the other side is closing at that moment. The general HTTP library
would build a pool, a proxy manager and a dozen locks for each of them, which costs a bulk job more processor time than
the journal does; here it is a stream of the event loop and the same strict parser (h11) that the library uses itself.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from billtui.client.settings import Address

if TYPE_CHECKING:
    import h11

READ_BYTES: Final = 65_536
WRITE_BYTES: Final = 65_536
LARGEST_HEAD: Final = 100 * 1024
"""Most bytes of a status line with its headers."""
_EYEBALLS: Final = 0.25
"""Seconds before the next address of a name is tried beside the first (RFC 8305)."""
_SAFE: Final = "/%!$&'()*+,;=:@-._~?"
"""What stands in a target as it is; everything else is escaped."""


class CannotBeWritten(Exception):
    """The request is none that HTTP can carry; nothing was sent."""


class NotHttp(Exception):
    """The line was cut, or what came is not HTTP."""


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent."""

    method: str
    target: str
    headers: Sequence[tuple[str, str]]
    body: bytes | None
    sent: Callable[[int], None] | None = None
    """Told how many bytes of the body were handed to the line, from time to time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, before its body was read."""

    status: int
    headers: Mapping[str, str]
    """In small letters; repeated ones are joined by a comma."""
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Marks:
    """Told how far it came."""

    sending: Callable[[], None]
    """Directly before the first byte of the request."""
    answered: Callable[[], None]
    """When the headers of the answer are complete."""


def target_of(path: str) -> str:
    """A path with its query as it goes over the line: escapes stay, the rest is escaped where it must be."""
    return quote(path, safe=_SAFE)


@asynccontextmanager
async def fresh_exchange(
    address: Address,
    context: ssl.SSLContext | None,
    message: Message,
    marks: Marks,
    *,
    connect_timeout: float,
    idle_timeout: float,
) -> AsyncIterator[Reply]:
    """Connect, send ``message`` once, and give the reply; the connection ends with the block.

    Raises OSError (also ssl.SSLError), TimeoutError, CannotBeWritten, NotHttp.
    """
    import h11

    machine = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
    data = _written(machine, message)
    async with asyncio.timeout(connect_timeout):
        reader, writer = await asyncio.open_connection(
            address.host, address.port or (443 if context is not None else 80), ssl=context,
            server_hostname=address.host if context is not None else None, limit=READ_BYTES,
            happy_eyeballs_delay=None if address.loopback else _EYEBALLS,
        )  # fmt: skip
    try:
        marks.sending()
        async for piece in pieces(data, _of_body(message, len(data))):
            writer.write(piece)
            async with asyncio.timeout(idle_timeout):
                await writer.drain()
        events = _Events(machine, reader, idle_timeout)
        response = await events.response()
        marks.answered()
        yield Reply(response.status_code, _headers(response), events.body())
    finally:
        writer.transport.abort()  # the answer was read, or is not wanted any more: nothing is left to say


async def pieces(data: bytes, sent: Callable[[int], None] | None = None) -> AsyncIterator[bytes]:
    """``data`` in pieces; after each one ``sent`` is told how many bytes went before."""
    for start in range(0, len(data), WRITE_BYTES):
        yield data[start : start + WRITE_BYTES]
        if sent is not None:
            sent(min(start + WRITE_BYTES, len(data)))


def _of_body(message: Message, whole: int) -> Callable[[int], None] | None:
    """What is told of ``whole`` bytes, headers and body, as bytes of the body."""
    tell, head = message.sent, whole - len(message.body or b"")
    return None if tell is None else lambda count: tell(max(0, count - head))


def _written(machine: h11.Connection, message: Message) -> bytes:
    import h11

    headers = list(message.headers)
    if message.body is not None or message.method in ("POST", "PUT", "PATCH"):
        headers.append(("Content-Length", str(len(message.body or b""))))
    try:
        parts = [machine.send(h11.Request(method=message.method, target=message.target, headers=headers))]
        if message.body:
            parts.append(machine.send(h11.Data(data=message.body)))
        parts.append(machine.send(h11.EndOfMessage()))
    except (h11.LocalProtocolError, UnicodeError) as error:
        raise CannotBeWritten from error
    return b"".join(parts)


class _Events:
    """What the other side says, as the parser understands it."""

    def __init__(self, machine: h11.Connection, reader: asyncio.StreamReader, idle_timeout: float) -> None:
        self._machine = machine
        self._reader = reader
        self._idle = idle_timeout

    async def response(self) -> h11.Response:
        """The head of the final answer; interim ones are passed over."""
        import h11

        while True:
            event = await self._next()
            if isinstance(event, h11.Response):
                return event
            if not isinstance(event, h11.InformationalResponse) or event.status_code == 101:
                raise NotHttp

    async def body(self) -> AsyncIterator[bytes]:
        """The pieces of the body until its announced end."""
        import h11

        while True:
            event = await self._next()
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return
            else:
                raise NotHttp

    async def _next(self) -> object:
        import h11

        try:
            while (event := self._machine.next_event()) is h11.NEED_DATA:
                async with asyncio.timeout(self._idle):
                    data = await self._reader.read(READ_BYTES)
                self._machine.receive_data(data)
        except h11.RemoteProtocolError as error:
            raise NotHttp from error
        return event


def _headers(response: h11.Response) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in response.headers:
        key, text = name.decode("ascii"), _text(value)
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
