"""HTTP, and nothing else of the house knows it: deadlines, caps, TLS, and in which phase a failure happened.

The only importer of httpx, which is loaded when a client is opened. It uses httpx's transport layer alone: there are no
redirects to follow, no cookies, no environment, no log lines. One exchange is one request; nothing is repeated here.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from billtui.client.codec import BodyReader, UnreadableAnswer, encode_form, encode_json
from billtui.client.downloads import Download
from billtui.client.echoes import secrets_of, text_without_echo, without_echo
from billtui.client.errors import (
    BadAnswer,
    CertificateProblem,
    ClientError,
    ConfigurationProblem,
    ConnectionLost,
    NotSent,
    TimedOut,
)
from billtui.client.exchange import Answer, Exchange, Kind
from billtui.client.fresh import CannotBeWritten, Marks, Message, NotHttp, Reply, fresh_exchange, pieces, target_of
from billtui.client.http_libraries import settle_event_loop_library, silence_loggers
from billtui.client.reasons import causes, cookies_in, reason, redirect_place, seconds
from billtui.client.settings import MAX_DECODED, MAX_WIRE, Address, ConnectionSettings
from billtui.client.tls import certificate_reason, client_context, proxy_context

if TYPE_CHECKING:
    import httpx
    from pydantic import SecretStr

MAX_DOCUMENT = 256 * 1024 * 1024
"""Largest document or attachment, in bytes: a limit against a server that never ends."""
ANYTHING = "*/*"
"""What a file is accepted as whose type the panel alone knows; a page or an error of the panel is no file."""
KEEP_ALIVE = 20.0
"""Seconds an idle connection of the pool is kept."""


@dataclass(slots=True)
class _Progress:
    """How far one exchange came. ``sending`` turns true directly before the first byte of the request itself leaves."""

    place: str
    started: float
    deadline: float
    sending: bool = False
    answered: bool = False
    proxied: bool = False
    request_id: str | None = None

    def began(self) -> None:
        """The first byte of the request itself leaves now."""
        self.sending = True

    def arrived(self) -> None:
        """The answer's headers are complete."""
        self.answered = True

    async def trace(self, event: str, info: dict[str, Any]) -> None:
        """httpcore's trace extension. A proxy's CONNECT is connecting, not yet sending."""
        if event == "http11.send_request_headers.started":
            if info["request"].method != b"CONNECT":
                self.began()
        elif event == "http11.receive_response_headers.complete" and self.sending:
            self.arrived()


@dataclass(slots=True)
class _Boundary:
    """Everything that fails below leaves as a :class:`ClientError` with our own words; cancellation passes."""

    progress: _Progress

    def __enter__(self) -> _Boundary:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if error is None or isinstance(error, ClientError) or not isinstance(error, Exception):
            return
        typed = explain(error, self.progress)
        # The original's text can hold header values: it must not ride along in tracebacks, nor in their locals.
        del error, tb
        raise typed from None


@dataclass(slots=True)
class Transport:
    """Sends exchanges to one panel, in one event loop. Open it with ``async with``."""

    settings: ConnectionSettings
    clock_skew: timedelta | None = None
    """Panel's clock minus this machine's, by the last ``Date:`` header; exact to about a second."""
    _pool: httpx.AsyncHTTPTransport | None = field(default=None, repr=False)
    _context: ssl.SSLContext | None = field(default=None, repr=False)
    _address: Address = field(init=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self._address = self.settings.address()

    @property
    def place(self) -> str:
        """The panel's host and port, for messages."""
        return self._address.place

    async def __aenter__(self) -> Transport:
        """Load the HTTP library and the certificates. Raises :class:`ConfigurationProblem`."""
        silence_loggers()
        settle_event_loop_library()
        if self._address.scheme == "https":
            self._context = client_context(self.settings.ca_file, self.settings.pinned())
        else:
            # Never used, but httpx would build one from the environment, and again for each connection.
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._pool = self._new(self.settings.connections)
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections. Does nothing if it is not open."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await _close(pool)

    def _new(self, connections: int) -> httpx.AsyncHTTPTransport:
        import httpx

        kept = connections if connections > 1 else 0
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=kept, keepalive_expiry=KEEP_ALIVE)
        context = self._context
        assert context is not None
        proxy = None
        if self.settings.proxy is not None and not self._address.loopback:
            try:
                proxy = httpx.Proxy(self.settings.proxy, ssl_context=proxy_context(self.settings.proxy))
                return httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits, proxy=proxy)
            except (httpx.InvalidURL, ValueError, ImportError):
                raise ConfigurationProblem("The proxy's address must look like http://proxy.example:3128") from None
        return httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits)

    async def send(self, exchange: Exchange, token: SecretStr | None, deadline: float) -> Answer:
        """One request, one answer of any status, within ``deadline`` seconds.

        Raises :class:`NotSent` (nothing left), :class:`TimedOut`, :class:`ConnectionLost` or :class:`BadAnswer`.
        """
        if self._pool is None:
            raise RuntimeError("the client is not open: use it with 'async with'")
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError("the client belongs to another event loop")
        progress = _Progress(self.place, time.monotonic(), deadline, proxied=self.settings.proxy is not None)
        with _Boundary(progress):
            async with asyncio.timeout(deadline):
                if self._is_direct(exchange):
                    return await self._alone(exchange, token, progress)
                request = self._request(exchange, token, progress)
                async with self._connection(exchange) as connection:
                    return await self._exchange(connection, request, exchange, progress, token)
        raise AssertionError("unreachable")

    def _is_direct(self, exchange: Exchange) -> bool:
        """Whether it goes over a connection of its own without a proxy between."""
        return exchange.kind in (Kind.ONCE, Kind.WRITE) and (self.settings.proxy is None or self._address.loopback)

    async def _alone(self, exchange: Exchange, token: SecretStr | None, progress: _Progress) -> Answer:
        """Over a connection that nobody else uses, and that nobody can be closing."""
        message = Message(
            exchange.method, target_of(self._target(exchange)), self._headers(exchange, token), _body(exchange),
            exchange.upload.sent if exchange.upload is not None else None,
        )  # fmt: skip
        context = self._context if self._address.scheme == "https" else None
        async with fresh_exchange(
            self._address, context, message, Marks(progress.began, progress.arrived),
            connect_timeout=self.settings.connect_timeout, idle_timeout=self._silence(exchange, progress.deadline),
        ) as reply:  # fmt: skip
            return await self._receive(reply, exchange, progress, token)

    @contextlib.asynccontextmanager
    async def _connection(self, exchange: Exchange) -> AsyncIterator[httpx.AsyncHTTPTransport]:
        """The pool for reads; for everything else a connection of its own, through the proxy."""
        if exchange.kind in (Kind.READ, Kind.POLL):
            assert self._pool is not None
            yield self._pool
            return
        fresh = self._new(1)
        try:
            yield fresh
        finally:
            await _close(fresh)

    def _target(self, exchange: Exchange) -> str:
        path = exchange.path if exchange.rooted else f"{self._address.path}{exchange.path}"
        return f"{path}?{urlencode(exchange.query)}" if exchange.query else path

    def _headers(self, exchange: Exchange, token: SecretStr | None) -> list[tuple[str, str]]:
        headers = [
            ("Host", self._address.place),
            ("Accept", f"{exchange.accept}, application/problem+json"),
            ("Accept-Encoding", "gzip" if exchange.save_to is None else "identity"),
            ("User-Agent", self.settings.user_agent),
        ]
        if exchange.kind in (Kind.ONCE, Kind.WRITE):
            headers.append(("Connection", "close"))
        headers += exchange.headers
        if exchange.write is not None:
            headers.append(("Idempotency-Key", exchange.write.key))
            if exchange.write.if_match is not None:
                headers.append(("If-Match", f'"{exchange.write.if_match}"'))
        if exchange.body is not None:
            headers.append(("Content-Type", "application/json"))
        elif exchange.form is not None:
            headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        elif exchange.upload is not None:
            headers.append(("Content-Type", exchange.upload.content_type))
        return headers

    def _silence(self, exchange: Exchange, deadline: float) -> float:
        """Seconds of silence after which the line counts as lost."""
        return deadline if exchange.silent or exchange.kind is Kind.POLL else self.settings.idle_timeout

    def _request(self, exchange: Exchange, token: SecretStr | None, progress: _Progress) -> httpx.Request:
        import httpx

        url = f"{self._address.origin}{self._target(exchange)}"
        idle = self._silence(exchange, progress.deadline)
        connect = self.settings.connect_timeout
        timeouts = {"connect": connect, "pool": progress.deadline, "read": idle, "write": self.settings.idle_timeout}
        extensions = {"timeout": timeouts, "trace": progress.trace}
        headers = self._headers(exchange, token)
        if exchange.upload is not None and exchange.upload.sent is not None:
            headers.append(("Content-Length", str(len(exchange.upload.data))))
        return httpx.Request(exchange.method, url, headers=headers, content=_content(exchange), extensions=extensions)

    async def _exchange(
        self,
        connection: httpx.AsyncHTTPTransport,
        request: httpx.Request,
        exchange: Exchange,
        progress: _Progress,
        token: SecretStr | None,
    ) -> Answer:
        response = await connection.handle_async_request(request)
        try:
            reply = Reply(response.status_code, response.headers, aiter(_async_stream(response)))
            return await self._receive(reply, exchange, progress, token)
        finally:
            await response.aclose()

    async def _receive(self, reply: Reply, exchange: Exchange, progress: _Progress, token: SecretStr | None) -> Answer:
        headers = reply.headers
        secrets = secrets_of(exchange, token)
        progress.request_id = text_without_echo(headers.get("x-request-id"), secrets)
        self._note_date(headers.get("date"), progress)
        content_type = headers.get("content-type", "")
        size = 0
        body = b""
        if exchange.save_to is not None and reply.status == 200:
            if headers.get("content-encoding", "identity").strip().lower() != "identity":
                raise UnreadableAnswer("it is compressed in a way that was not asked for")
            kind = content_type.partition(";")[0].strip().lower()
            if kind != exchange.accept and (exchange.accept != ANYTHING or kind in ("text/html", "application/json")):
                raise UnreadableAnswer("it is a web page" if kind == "text/html" else f"it is not {exchange.accept}")
            with Download(exchange.save_to, MAX_DOCUMENT, replaces=exchange.replaces) as file:
                async for chunk in reply.chunks:
                    file.write(chunk)
                size = file.keep()
        else:
            reader = BodyReader(headers.get("content-encoding", ""), max_wire=MAX_WIRE, max_decoded=MAX_DECODED)
            async for chunk in reply.chunks:
                reader.feed(chunk)
            body = without_echo(reader.finish(), secrets)
            size = len(body)
        return Answer(
            reply.status,
            content_type,
            body,
            size,
            progress.request_id,
            seconds(headers.get("retry-after")),
            text_without_echo(redirect_place(headers.get("location")), secrets),
            cookies_in(headers.get("set-cookie")),
        )

    def _note_date(self, text: str | None, progress: _Progress) -> None:
        if text is None:
            return
        try:
            instant = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return
        if instant.tzinfo is None:
            return
        local = datetime.now(UTC)
        # The header is cut to whole seconds and was written somewhere between sending and now.
        travel = timedelta(seconds=(time.monotonic() - progress.started) / 2)
        with contextlib.suppress(OverflowError):
            self.clock_skew = instant.astimezone(UTC) + timedelta(seconds=0.5) + travel - local


def _body(exchange: Exchange) -> bytes | None:
    if exchange.upload is not None:
        return exchange.upload.data
    if exchange.form is not None:
        return encode_form(exchange.form)
    return encode_json(exchange.body) if exchange.body is not None else None


def _content(exchange: Exchange) -> bytes | AsyncIterator[bytes] | None:
    """The body for a pool; one whose progress is told goes in pieces, under the length that the headers name."""
    upload = exchange.upload
    return _body(exchange) if upload is None or upload.sent is None else pieces(upload.data, upload.sent)


def _async_stream(response: httpx.Response) -> httpx.AsyncByteStream:
    import httpx

    stream = response.stream
    assert isinstance(stream, httpx.AsyncByteStream)
    return stream


async def _close(connections: httpx.AsyncHTTPTransport) -> None:
    """Close, whatever state the line is in; a failure to close changes nothing."""
    import anyio
    import httpx

    with contextlib.suppress(
        httpx.HTTPError, OSError, RuntimeError, anyio.ClosedResourceError, anyio.BrokenResourceError
    ):
        await connections.aclose()


def explain(error: Exception, progress: _Progress) -> ClientError:
    """The typed error for whatever came up from below, by how far the exchange had come."""
    import httpx

    place, request_id = progress.place, progress.request_id
    chain = causes(error)
    certificate = next((e for e in chain if isinstance(e, ssl.SSLCertVerificationError)), None)
    if not progress.sending:
        if certificate is not None:
            detail = certificate.verify_message or "it does not match the profile"
            return CertificateProblem(
                f"{place} could not prove who it is: {detail}. Nothing was sent.",
                "Check the address, or give the profile the panel's own authority (ca_file) or fingerprint.",
                reason=certificate_reason(certificate),
            )
        if isinstance(error, TypeError | UnicodeError | CannotBeWritten | httpx.InvalidURL | httpx.LocalProtocolError):
            return ConfigurationProblem(
                "The request cannot be written as it is. Nothing was sent.", "Check what was typed."
            )
        through = " through the proxy" if progress.proxied else ""
        return NotSent(
            f"Cannot reach {place}{through}: {reason(chain)}. Nothing was sent.", "Check the address or try again."
        )
    if isinstance(error, UnreadableAnswer):
        return BadAnswer(f"The answer of {place} cannot be used: {error}.", "Try again later.", request_id=request_id)
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        waited = time.monotonic() - progress.started
        text = f"{waited:.0f}" if waited >= 2 else f"{waited:.1f}"
        return TimedOut(f"{place} gave no whole answer within {text} s.", "Try again.", request_id=request_id)
    if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError | NotHttp | OSError):
        if progress.answered:
            return ConnectionLost(f"{place} cut the line in mid-answer.", "Try again.", request_id=request_id)
        return ConnectionLost(f"The line to {place} broke before its answer: {reason(chain)}.", "Try again.")
    return BadAnswer(f"The answer of {place} cannot be understood.", "Try again later.", request_id=request_id)
