"""Bad HTTP answers: each a typed error within the deadline + 0.5 s, in at most 64 MB; a write is then unknown."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import re
import time
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from billtui.client import (
    BadAnswer,
    ClientError,
    ConnectionLost,
    NotSent,
    Outcome,
    OutcomeUnknown,
    ServerTrouble,
    TimedOut,
    Write,
)
from billtui.domain.money import Money
from tests.client.client_kit import Connect
from tests.client.panel_stub import (
    Line,
    PanelStub,
    Script,
    Seen,
    answer,
    head,
    in_turn,
    keeps,
    problem,
    reset,
    sends,
    silent,
    zipped,
)
from tests.client.wire_objects import account, invoice, money, payment

DEADLINE = 0.8
GRACE = 0.5
MEMORY = 64 * 1024 * 1024
GOOD = json.dumps(account()).encode()
JSON = "Content-Type: application/json"
GZIP = "Content-Encoding: gzip"


def raw_json(body: bytes, *lines: str) -> Script:
    """A 200 with this body as JSON."""
    return sends(answer(body, "200 OK", *lines))


def with_head(*lines: str) -> Script:
    """A 200 with these header lines and ``{}``."""
    return sends(head("200 OK", JSON, *lines) + b"{}")


def endless(first: bytes, chunk: bytes, pause: float = 0) -> Script:
    """``first`` and then ``chunk`` for ever, each after ``pause`` seconds."""

    async def script(_seen: Seen, line: Line) -> None:
        await line.send(first)
        while True:
            await line.send(chunk)
            # Gives the reader its turn; the pause is part of the fault.
            await asyncio.sleep(pause)

    return script


@cache
def bomb(levels: int = 1) -> bytes:
    """Two hundred megabytes of spaces, compressed to 200 KB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = b"".join([*(packer.compress(b" " * 1_000_000) for _ in range(200)), packer.flush()])
    return gzip.compress(data) if levels > 1 else data


CHUNKED = head("200 OK", JSON, "Transfer-Encoding: chunked")
LONG = head("200 OK", JSON, "Content-Length: 1000000")
BAD: dict[str, tuple[Callable[[], Script], type[ClientError] | tuple[type[ClientError], ...]]] = {
    # Not HTTP, or hardly
    "nothing": (lambda: sends(b""), ConnectionLost),
    "noise": (lambda: sends(b"\x00\xff\x13\x37" * 64), ConnectionLost),
    "an SSH banner": (lambda: sends(b"SSH-2.0-OpenSSH_9.6\r\n"), ConnectionLost),
    "bad status line": (lambda: sends(b"HTTP/1.1 abc OK\r\n\r\n"), ConnectionLost),
    "status of two digits": (lambda: sends(b"HTTP/1.1 20 OK\r\n\r\n"), ConnectionLost),
    "status 999": (lambda: sends(answer(GOOD, "999 What")), (ServerTrouble, BadAnswer)),
    "status 099": (lambda: sends(answer(GOOD, "099 What")), (ConnectionLost, BadAnswer)),
    "HTTP/2 preface": (lambda: sends(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ConnectionLost),
    "status line without end": (lambda: endless(b"HTTP/1.1 200 ", b"a" * 65536), (ConnectionLost, BadAnswer)),
    "header without colon": (lambda: sends(b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n"), ConnectionLost),
    "header with NUL": (lambda: sends(b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\n"), ConnectionLost),
    "one huge header": (lambda: sends(head("200 OK", "X: " + "a" * 300_000)), ConnectionLost),
    "a hundred thousand headers": (lambda: sends(head("200 OK", *["X: y"] * 100_000)), ConnectionLost),
    "headers without end": (lambda: endless(b"HTTP/1.1 200 OK\r\n", b"X-More: y\r\n" * 1000), ConnectionLost),
    "1xx without end": (
        lambda: endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 500),
        (TimedOut, ConnectionLost, BadAnswer),
    ),
    "103 and then silence": (lambda: keeps(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), TimedOut),
    "101 upgrade": (lambda: sends(head("101 Switching Protocols", "Upgrade: websocket")), (ConnectionLost, BadAnswer)),
    # Time and line
    "silence": (lambda: silent, TimedOut),
    "reset": (lambda: reset, ConnectionLost),
    "headers and then silence": (lambda: keeps(LONG), TimedOut),
    "a byte each now and then": (lambda: endless(LONG, b" ", 0.02), TimedOut),
    "a header byte each now and then": (lambda: endless(b"HTTP/1.1 200 OK\r\nX: ", b"a", 0.02), TimedOut),
    "a chunk each now and then": (lambda: endless(CHUNKED, b"1\r\n \r\n", 0.02), TimedOut),
    "half a body": (lambda: sends(answer(GOOD)[:-20]), ConnectionLost),
    "half a body and silence": (lambda: keeps(answer(GOOD)[:-20]), TimedOut),
    "cut before the last chunk": (lambda: sends(CHUNKED + b"5\r\n[1,2]\r\n"), ConnectionLost),
    "bad chunk size": (lambda: sends(CHUNKED + b"zz\r\n[]\r\n0\r\n\r\n"), ConnectionLost),
    "huge chunk size": (lambda: sends(CHUNKED + b"f" * 40 + b"\r\n[]"), ConnectionLost),
    "two lengths": (
        lambda: sends(head("200 OK", JSON, "Content-Length: 2", "Content-Length: 3") + b"{}"),
        ConnectionLost,
    ),
    "length below zero": (lambda: with_head("Content-Length: -2"), ConnectionLost),
    "length beyond numbers": (
        lambda: sends(head("200 OK", JSON, f"Content-Length: {'9' * 40}") + b"{}"),
        ConnectionLost,
    ),
    "unknown transfer coding": (
        lambda: sends(head("200 OK", JSON, "Transfer-Encoding: magic") + b"{}"),
        ConnectionLost,
    ),
    # Size and compression
    "a body without end": (lambda: endless(head("200 OK", JSON), b" " * 65536), (BadAnswer, TimedOut)),
    "chunks without end": (lambda: endless(CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n"), (BadAnswer, TimedOut)),
    "9 MB of spaces": (lambda: raw_json(GOOD + b" " * 9_000_000), BadAnswer),
    "gzip bomb": (lambda: raw_json(bomb(), GZIP), BadAnswer),
    "gzip in gzip": (lambda: raw_json(bomb(2), GZIP), BadAnswer),
    "gzip twice named": (
        lambda: raw_json(gzip.compress(GOOD), "Content-Encoding: gzip, gzip"),
        BadAnswer,
    ),
    "truncated gzip": (lambda: raw_json(gzip.compress(GOOD)[:-6], GZIP), BadAnswer),
    "gzip with a wrong sum": (
        lambda: raw_json(gzip.compress(GOOD)[:-8] + b"12345678", GZIP),
        BadAnswer,
    ),
    "something after gzip": (lambda: raw_json(gzip.compress(GOOD) + b"tail", GZIP), BadAnswer),
    "gzip that is none": (lambda: raw_json(GOOD, GZIP), BadAnswer),
    "brotli": (lambda: raw_json(GOOD, "Content-Encoding: br"), BadAnswer),
    "deflate": (lambda: raw_json(zlib.compress(GOOD), "Content-Encoding: deflate"), BadAnswer),
    "15 MB of objects": (lambda: sends(zipped(b"[" + b"{}," * 5_000_000 + b"{}]")), BadAnswer),
    "15 MB of quotes": (lambda: sends(zipped(b'"' + b'\\"' * 7_500_000)), BadAnswer),
    "15 MB of one string": (lambda: sends(zipped(b'"' + b"a" * 15_000_000 + b'"')), BadAnswer),
    "15 MB of wide characters": (lambda: sends(zipped(b'"' + "😀".encode() * 3_700_000 + b'"')), BadAnswer),
    "15 MB of brackets": (lambda: sends(zipped(b"[" * 15_000_000)), BadAnswer),
    # JSON that is none, or hides something
    "empty": (lambda: raw_json(b""), BadAnswer),
    "half of JSON": (lambda: raw_json(GOOD[:-1]), BadAnswer),
    "two values": (lambda: raw_json(GOOD + b"{}"), BadAnswer),
    "single quotes": (lambda: raw_json(b"{'id': 1}"), BadAnswer),
    "a comma too many": (lambda: raw_json(b"[1,]"), BadAnswer),
    "byte order mark": (lambda: raw_json(b"\xef\xbb\xbf" + GOOD), BadAnswer),
    "Latin-1": (lambda: raw_json(GOOD.replace(b"olena", b"ol\xe9na")), BadAnswer),
    "UTF-16": (lambda: raw_json(GOOD.decode().encode("utf-16")), BadAnswer),
    "half a character": (lambda: raw_json(GOOD.replace(b"olena.marsh", b"\\ud83d")), BadAnswer),
    "NaN": (lambda: raw_json(GOOD.replace(b'"client"', b"NaN")), BadAnswer),
    "Infinity": (lambda: raw_json(GOOD.replace(b'"client"', b"-Infinity")), BadAnswer),
    "1e999": (lambda: raw_json(GOOD.replace(b'"client"', b"1e999")), BadAnswer),
    "a number of 100,000 digits": (lambda: raw_json(b"9" * 100_000), BadAnswer),
    "a field twice": (lambda: raw_json(GOOD[:-1] + b', "login": "kofi.brandt"}'), BadAnswer),
    "nested 1,000 deep": (lambda: raw_json(b"[" * 1000 + b"]" * 1000), BadAnswer),
    "nested 100,000 deep": (lambda: raw_json(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), BadAnswer),
    "control character in a string": (lambda: raw_json(b'{"login": "a\x1bb"}'), BadAnswer),
    # JSON that is something else
    "{}": (lambda: raw_json(b"{}"), BadAnswer),
    "[]": (lambda: raw_json(b"[]"), BadAnswer),
    "null": (lambda: raw_json(b"null"), BadAnswer),
    "a field missing": (lambda: raw_json(b'{"panel_id": "p", "account_id": "a"}'), BadAnswer),
    "money as a float": (lambda: sends(answer(account(balances={"internal": 12.5, "affiliate": 1}))), BadAnswer),
    "money with three places": (
        lambda: sends(answer(account(balances={"internal": money("1.001"), "affiliate": money("1.00")}))),
        BadAnswer,
    ),
    "an id of nothing": (lambda: sends(answer(account(account_id=""))), BadAnswer),
    # Types and statuses
    "no content type": (lambda: sends(head("200 OK", f"Content-Length: {len(GOOD)}") + GOOD), BadAnswer),
    "text/html": (lambda: sends(answer(b"<html>Welcome</html>", kind="text/html")), BadAnswer),
    "JSON called text": (lambda: sends(answer(GOOD, kind="text/plain")), BadAnswer),
    "JSON in Latin-1": (lambda: sends(answer(GOOD, kind="application/json; charset=iso-8859-1")), BadAnswer),
    "a problem with 200": (lambda: sends(answer(GOOD, kind="application/problem+json")), BadAnswer),
    "202": (lambda: sends(answer(GOOD, "202 Accepted")), BadAnswer),
    "204": (lambda: sends(head("204 No Content")), BadAnswer),
    "206": (lambda: sends(answer(GOOD, "206 Partial Content")), BadAnswer),
    "304": (lambda: sends(head("304 Not Modified")), BadAnswer),
    "301": (lambda: sends(head("301 Moved", "Location: https://elsewhere.example/", "Content-Length: 0")), BadAnswer),
    "307": (lambda: sends(head("307 Moved", "Location: /elsewhere", "Content-Length: 0")), BadAnswer),
    "308 to nowhere": (lambda: sends(head("308 Moved", "Location: http://[", "Content-Length: 0")), BadAnswer),
    "403 page": (lambda: sends(answer(b"<h1>Blocked</h1>", "403 Forbidden", kind="text/html")), BadAnswer),
    "404 page": (lambda: sends(answer(b"<h1>Where?</h1>", "404 Not Found", kind="text/html")), BadAnswer),
    "401 without a problem": (lambda: sends(answer(b"{}", "401 Unauthorized")), BadAnswer),
    "429 page": (lambda: sends(answer(b"slow down", "429 Slow", kind="text/plain")), BadAnswer),
    "409 problem without code": (
        lambda: sends(answer(b"{}", "409 Conflict", kind="application/problem+json")),
        BadAnswer,
    ),
    "409 problem about 404": (
        lambda: sends(answer({"code": "x", "status": 404}, "409 Conflict", kind="application/problem+json")),
        BadAnswer,
    ),
    "418": (lambda: sends(problem(418, "teapot")), BadAnswer),
    "500 page": (lambda: sends(answer(b"<h1>Oops</h1>", "500 Oops", kind="text/html")), ServerTrouble),
    "502 page": (lambda: sends(answer(b"<h1>Bad</h1>", "502 Bad Gateway", kind="text/html")), ServerTrouble),
    "503 problem": (lambda: sends(problem(503, "maintenance", "Back soon")), ServerTrouble),
    "599 with garbage": (lambda: sends(answer(b"\xff\xfe", "599 Odd")), ServerTrouble),
}


def test_there_are_enough_of_them() -> None:
    assert len(BAD) >= 60


@contextlib.contextmanager
def growth_limited() -> Iterator[None]:
    """The process must not grow by more than 64 MB at any moment (the kernel's own high-water mark)."""
    status = Path("/proc/self/status")
    Path("/proc/self/clear_refs").write_text("5")  # the mark falls back to the present size
    before = _kilobytes(status, "VmRSS")
    yield
    grown = (_kilobytes(status, "VmHWM") - before) * 1024
    assert grown <= MEMORY, f"grew by {grown / 2**20:.0f} MB"


def _kilobytes(status: Path, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", status.read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("name", BAD)
async def test_bad_answer_to_a_read(connect: Connect, name: str) -> None:
    make, expected = BAD[name]
    async with PanelStub(make()) as panel:
        async with connect(panel.url, tries=1, read_deadline=DEADLINE, idle_timeout=DEADLINE) as client:
            with growth_limited():
                began = time.monotonic()
                with pytest.raises(ClientError) as caught:
                    await client.account.me()
                took = time.monotonic() - began
    assert isinstance(caught.value, expected), repr(caught.value)
    assert took <= DEADLINE + GRACE
    assert caught.value.outcome is Outcome.UNKNOWN
    assert len(caught.value.message) > 20


@pytest.mark.parametrize("name", BAD)
async def test_bad_answer_to_a_payment_is_unknown(connect: Connect, name: str) -> None:
    """Whatever hides the answer of a payment: sent exactly once, and called unknown."""
    make, expected = BAD[name]
    async with PanelStub(make()) as panel:
        async with connect(panel.url, write_deadline=DEADLINE, idle_timeout=DEADLINE) as client:
            began = time.monotonic()
            with pytest.raises(OutcomeUnknown) as caught:
                await client.invoices.pay("5531", "internal", Money("12.50", "EUR"), Write("k-1"))
            took = time.monotonic() - began
        assert len(panel.seen) == 1
    assert isinstance(caught.value.cause_error, expected), repr(caught.value.cause_error)
    assert "try again" not in caught.value.message.lower()
    assert took <= DEADLINE + GRACE


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_never_sends_the_body_again(connect: Connect, status: int) -> None:
    async with PanelStub(silent) as elsewhere:
        there = sends(head(f"{status} Moved", f"Location: {elsewhere.url}/api/v1/sessions?t=1", "Content-Length: 0"))
        async with PanelStub(there) as panel, connect(panel.url) as client:
            with pytest.raises(OutcomeUnknown) as caught:
                await client.invoices.pay("5531", "internal", Money("12.50", "EUR"), Write("k-1"))
            assert len(panel.seen) == 1
            assert elsewhere.connections == 0
    assert "127.0.0.1" in caught.value.message  # names the place
    assert "t=1" not in caught.value.message


@pytest.mark.parametrize(
    "wrong",
    [
        payment(invoice_id="5532"),
        payment(amount=money("12.51")),
        payment(amount={"amount": "12.50", "currency": "USD"}),
        payment(method="affiliate"),
        {},
        invoice(),
    ],
)
async def test_an_answer_about_something_else_proves_nothing(connect: Connect, wrong: dict[str, object]) -> None:
    async with PanelStub(sends(answer(wrong, "201 Created"))) as panel, connect(panel.url) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            await client.invoices.pay("5531", "internal", Money("12.50", "EUR"), Write("k-1"))
    assert isinstance(caught.value.cause_error, BadAnswer)
    assert caught.value.request_id == "r-77"


async def test_a_bad_field_is_named_and_its_value_is_not(connect: Connect) -> None:
    wrong = account(balances={"internal": {"amount": "canary-value", "currency": "EUR"}, "affiliate": money("1.00")})
    async with PanelStub(sends(answer(wrong))) as panel, connect(panel.url) as client:
        with pytest.raises(BadAnswer, match=r"balances\.internal\.amount") as caught:
            await client.account.me()
    assert "canary-value" not in str(caught.value)


async def test_after_a_bad_answer_the_line_is_usable_again(connect: Connect) -> None:
    """A broken connection of the pool is not used for the next read."""
    script = in_turn(raw_json(b"nonsense"), sends(answer(GOOD)[:-9]), reset, keeps(answer(GOOD)))
    async with PanelStub(script) as panel, connect(panel.url, tries=1) as client:
        for _ in range(3):
            with pytest.raises(ClientError):
                await client.account.me()
        assert (await client.account.me()).account_id == "a-1"


async def test_good_answers_in_every_coding(connect: Connect) -> None:
    """The other side of strictness: what is allowed is read."""
    chunked = CHUNKED + b"".join(b"1;x=y\r\n%c\r\n" % byte for byte in GOOD) + b"0\r\nTrailer: z\r\n\r\n"
    drip = answer(GOOD.replace(b"olena.marsh", b"\\ud83d\\ude00 [{"))
    for data in (answer(GOOD), zipped(GOOD), chunked, drip, answer(GOOD, kind='Application/JSON; charset="UTF-8"')):
        async with PanelStub(sends(data)) as panel, connect(panel.url) as client:
            assert (await client.account.me()).account_id == "a-1"
            assert panel.seen[0].headers["accept-encoding"] == "gzip"


def test_not_sent_is_never_the_name_of_an_answered_request() -> None:
    assert NotSent.outcome is Outcome.NOT_SENT
    assert all(kind.outcome is Outcome.UNKNOWN for kind in (BadAnswer, ConnectionLost, TimedOut, ServerTrouble))
