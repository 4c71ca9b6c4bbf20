"""In which phase a failure happened decides whether a payment may be sent again: real sockets, every phase."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from billtui.client import (
    BillingClient,
    CertificateProblem,
    ClientError,
    ConfigurationProblem,
    ConnectionLost,
    NotSent,
    Outcome,
    OutcomeUnknown,
    SignInRefused,
    TimedOut,
    Write,
    transport,
)
from billtui.client.fresh import Marks
from billtui.domain.models import Payment
from billtui.domain.money import Money
from tests.client.client_kit import Certificate, Connect, make_certificate
from tests.client.panel_stub import Line, PanelStub, Seen, answer, head, problem, reset, sends, silent
from tests.client.wire_objects import account, invoice, payment

PRICE = Money("12.50", "EUR")


def pay(client: BillingClient) -> Awaitable[Payment]:
    """Pay invoice 5531."""
    return client.invoices.pay("5531", "internal", PRICE, Write("k-1"))


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_refused_connection_is_not_sent(connect: Connect) -> None:
    async with connect(f"http://127.0.0.1:{free_port()}") as client:
        with pytest.raises(NotSent) as caught:
            await pay(client)
    assert caught.value.outcome is Outcome.NOT_SENT
    assert "connection refused" in caught.value.message
    assert "Nothing was sent" in caught.value.message


async def test_unknown_name_is_not_sent(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    async with connect("https://panel.example") as client:
        with pytest.raises(NotSent, match=r"panel\.example.*name is not known.*Nothing was sent"):
            await pay(client)


async def test_name_server_that_never_replies_ends_at_the_connect_timeout(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_args: object, **_options: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", never)
    async with connect("https://panel.example", connect_timeout=0.1) as client:
        with pytest.raises(NotSent, match="no reply"):
            await pay(client)


async def test_tls_with_a_stranger_is_not_sent(connect: Connect, certificate: Certificate) -> None:
    async with PanelStub(silent, tls=certificate.server) as panel, connect(panel.url) as client:
        with pytest.raises(CertificateProblem, match="could not prove who it is") as caught:
            await pay(client)
        assert panel.seen == []
    assert caught.value.outcome is Outcome.NOT_SENT


async def test_tls_with_own_authority_or_pinned_fingerprint(connect: Connect, certificate: Certificate) -> None:
    async with PanelStub(sends(answer(account())), tls=certificate.server) as panel:
        for trust in ({"ca_file": certificate.file}, {"fingerprint": certificate.fingerprint.upper()}):
            async with connect(panel.url, **trust) as client:
                assert (await client.account.me()).login == "olena.marsh"


async def test_another_fingerprint_sends_nothing(connect: Connect, certificate: Certificate) -> None:
    async with PanelStub(silent, tls=certificate.server) as panel, connect(panel.url, fingerprint="ab" * 32) as client:
        with pytest.raises(CertificateProblem, match="pinned"):
            await pay(client)
        assert panel.seen == []


async def test_certificate_of_another_host_sends_nothing(connect: Connect, tmp_path: Path) -> None:
    other = make_certificate(tmp_path, "elsewhere.example")
    async with PanelStub(silent, tls=other.server) as panel, connect(panel.url, ca_file=other.file) as client:
        with pytest.raises(CertificateProblem):
            await pay(client)
        assert panel.seen == []


async def test_plain_text_behind_https_is_not_sent(connect: Connect) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(16)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, connect(f"https://localhost:{port}") as client:
        with pytest.raises(NotSent):
            await pay(client)


async def test_cut_during_tls_handshake_is_not_sent(connect: Connect) -> None:
    async with PanelStub(silent, cut_on_connect=True) as panel:
        async with connect(f"https://localhost:{panel.port}") as client:
            with pytest.raises(NotSent):
                await pay(client)


async def test_silent_tls_handshake_ends_at_the_connect_timeout(connect: Connect) -> None:
    async with PanelStub(silent) as panel:
        async with connect(f"https://localhost:{panel.port}", connect_timeout=0.1) as client:
            with pytest.raises(NotSent):
                await pay(client)


async def test_cut_after_the_request_was_read_is_unknown(connect: Connect) -> None:
    async with PanelStub(reset) as panel, connect(panel.url) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            await pay(client)
        assert len(panel.seen) == 1
    assert isinstance(caught.value.cause_error, ConnectionLost)
    assert caught.value.outcome is Outcome.UNKNOWN


async def test_cut_as_soon_as_it_connected_is_never_called_not_sent(connect: Connect) -> None:
    """The request may have left before the reset arrived: unknown, however likely nothing happened."""
    async with PanelStub(silent, cut_on_connect=True) as panel, connect(panel.url) as client:
        with pytest.raises(OutcomeUnknown):
            await pay(client)


@pytest.mark.parametrize(
    "half",
    [
        b"",
        b"HTTP/1.1 2",
        head("201 Created", "Content-Type: application/json"),
        head("201 Created", "Content-Type: application/json", "Content-Length: 400") + b'{"id": "pay-1", "invoice',
        head("201 Created", "Content-Type: application/json", "Transfer-Encoding: chunked") + b"20\r\n{",
    ],
)
async def test_half_an_answer_is_unknown(connect: Connect, half: bytes) -> None:
    async with PanelStub(sends(half)) as panel, connect(panel.url) as client:
        with pytest.raises(OutcomeUnknown):
            await pay(client)
        assert len(panel.seen) == 1


async def test_no_answer_is_unknown_at_the_deadline(connect: Connect) -> None:
    async with PanelStub(silent) as panel, connect(panel.url, write_deadline=0.3) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            await pay(client)
        assert len(panel.seen) == 1
    assert isinstance(caught.value.cause_error, TimedOut)


async def test_deadline_before_the_first_byte_is_not_sent(connect: Connect) -> None:
    async with PanelStub(silent) as panel:
        async with connect(f"https://localhost:{panel.port}", write_deadline=0.1) as client:
            with pytest.raises(NotSent):
                await pay(client)


async def test_no_free_connection_is_not_sent(connect: Connect) -> None:
    """Reads wait for one of the pool's connections; one that never gets one was not sent."""
    reached = asyncio.Event()

    async def hold(_seen: Seen, line: Line) -> None:
        reached.set()
        await line.reader.read()

    async with PanelStub(hold) as panel, connect(panel.url, connections=1, tries=1, read_deadline=0.3) as client:
        first = asyncio.create_task(client.changes.after("c-1", wait=15))
        await reached.wait()
        with pytest.raises(NotSent, match=r"busy|no reply"):
            await client.account.me()
        first.cancel()
        await asyncio.wait([first])
        assert len(panel.seen) == 1


async def test_cancellation_passes_and_frees_the_line(connect: Connect) -> None:
    reached = asyncio.Event()
    gone = asyncio.Event()

    async def hold(_seen: Seen, line: Line) -> None:
        reached.set()
        await line.reader.read()
        gone.set()

    async with PanelStub(hold) as panel, connect(panel.url) as client:
        task = asyncio.ensure_future(pay(client))
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), 2)


@pytest.mark.parametrize("token", ["two words", "line\r\nbreak", "ünïcode", ""])
async def test_a_token_that_cannot_be_a_header_sends_nothing(connect: Connect, token: str) -> None:
    async with PanelStub(silent) as panel, connect(panel.url, token=token) as client:
        with pytest.raises(ConfigurationProblem) as caught:
            await pay(client)
        assert panel.connections == 0
        assert token == "" or token not in str(caught.value)


@pytest.mark.parametrize("invoice_id", ["..", ".", "", "\ud800", "x" * 300])
async def test_an_id_that_cannot_be_a_path_sends_nothing(connect: Connect, invoice_id: str) -> None:
    async with PanelStub(silent) as panel, connect(panel.url) as client:
        with pytest.raises(ConfigurationProblem):
            await client.invoices.get(invoice_id)
        assert panel.connections == 0


async def test_an_id_is_quoted_into_one_segment(connect: Connect) -> None:
    odd = "a/../b?x=1#é"
    async with PanelStub(sends(answer(invoice(odd)))) as panel, connect(panel.url) as client:
        await client.invoices.get(odd)
        assert panel.seen[0].target == "/api/v1/invoices/a%2F..%2Fb%3Fx%3D1%23%C3%A9"


async def test_text_that_is_no_text_sends_nothing(connect: Connect) -> None:
    async with PanelStub(silent) as panel, connect(panel.url) as client:
        with pytest.raises(ConfigurationProblem):
            await client.orders.rename("o1", "half \ud83d", Write("k-1"))
        assert panel.connections == 0


async def test_a_proxy_that_refuses_is_not_sent(connect: Connect) -> None:
    """CONNECT is connecting: the payment itself never left."""
    async with PanelStub(sends(head("407 Proxy Authentication Required", "Content-Length: 0"))) as proxy:
        async with connect("https://panel.example", proxy=f"http://127.0.0.1:{proxy.port}") as client:
            with pytest.raises(NotSent, match="through the proxy"):
                await pay(client)
        assert [seen.method for seen in proxy.seen] == ["CONNECT"]
        assert "authorization" not in proxy.seen[0].headers


async def test_writes_use_fresh_connections_and_reads_share_them(connect: Connect) -> None:
    async def script(seen: Seen, line: Line) -> None:
        await line.send(answer(payment() if seen.method == "POST" else account()))

    async with PanelStub(script) as panel, connect(panel.url) as client:
        for _ in range(3):
            await client.account.me()
        assert panel.connections == 1
        await pay(client)
        await pay(client)
        assert panel.connections == 3
        posts = [seen for seen in panel.seen if seen.method == "POST"]
        assert [seen.headers["connection"] for seen in posts] == ["close", "close"]
        assert {seen.headers["idempotency-key"] for seen in posts} == {"k-1"}


async def test_signing_in_is_sent_once(connect: Connect) -> None:
    async with PanelStub(reset) as panel, connect(panel.url, token=None) as client:
        with pytest.raises(ConnectionLost):
            await client.sessions.sign_in("olena.marsh", SecretStr("demo"))
        assert len(panel.seen) == 1


async def test_everything_below_becomes_a_client_error(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what no HTTP library promises: whatever is raised under the transport leaves typed, and writes unknown."""
    import httpx

    group = ExceptionGroup("several", [OSError()])
    for error in (KeyError("x"), RecursionError(), AssertionError(), EOFError(), MemoryError(), group):

        async def broken(self: object, request: httpx.Request, error: Exception = error) -> httpx.Response:
            await request.extensions["trace"]("http11.send_request_headers.started", {"request": _Post()})
            raise error

        @contextlib.asynccontextmanager
        async def broken_alone(*given: Any, error: Exception | None = error, **_: Any) -> AsyncIterator[None]:
            next(one for one in given if isinstance(one, Marks)).sending()
            if error is not None:
                raise error
            yield

        monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", broken)
        monkeypatch.setattr(transport, "fresh_exchange", broken_alone)
        async with connect("http://127.0.0.1:9") as client:
            with pytest.raises(OutcomeUnknown):
                await pay(client)
            with pytest.raises(ClientError):
                await client.account.me()


class _Post:
    method = b"POST"


async def test_wrong_password_is_refused_and_keeps_no_token(connect: Connect) -> None:
    async with PanelStub(sends(problem(401, "wrong-credentials"))) as panel, connect(panel.url, token=None) as client:
        with pytest.raises(SignInRefused):
            await client.sessions.sign_in("olena.marsh", SecretStr("wrong"))
        assert client.token is None
        assert "authorization" not in panel.seen[0].headers
