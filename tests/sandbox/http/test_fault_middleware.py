"""What each fault does to a request, seen at the ASGI border: was the work done, and what came out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from billtui.sandbox.http import faults as module
from billtui.sandbox.http.connection import CUT
from billtui.sandbox.http.fault_set import AFTER, BEFORE, DELAYS, Fault, FaultKind, FaultOrder, FaultSet
from billtui.sandbox.http.faults import Faults

BODY = json.dumps({"id": "1", "state": "done", "amount": "12.50"}).encode()


class Call:
    """One request through the middleware, over a stand-in connection that can be cut."""

    def __init__(self, *faults: Fault, path: str = "/api/v1/invoices/1/payments", token: str | None = None) -> None:
        self.worked = 0
        self.sent: list[Message] = []
        self.cuts: list[bool] = []
        self.expired: list[str] = []
        self.scope: Scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "headers": [(b"authorization", f"Bearer {token}".encode())] if token else [],
            "extensions": {CUT: self.cuts.append},
        }
        self.armed = FaultSet()
        self.armed.replace(FaultOrder(seed=1, faults=list(faults)))

    async def run(self) -> Call:
        async def work(scope: Scope, receive: Receive, send: Send) -> None:
            self.worked += 1
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
            await send({"type": "http.response.start", "status": 201, "headers": headers})
            await send({"type": "http.response.body", "body": BODY})

        async def receive() -> Message:
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            assert not self.cuts, "nothing is sent over a connection that was cut"
            self.sent.append(message)

        async def expire(token: str) -> None:
            self.expired.append(token)

        await Faults(work, self.armed, expire)(self.scope, receive, send)
        return self

    @property
    def status(self) -> int | None:
        return self.sent[0]["status"] if self.sent else None

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])

    @property
    def complete(self) -> bool:
        return bool(self.sent) and not self.sent[-1].get("more_body", False)


async def test_without_a_fault_nothing_is_touched() -> None:
    call = await Call().run()
    assert (call.worked, call.status, call.body, call.cuts) == (1, 201, BODY, [])


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (FaultKind.HTTP_500, 500, "internal-error"),
        (FaultKind.HTTP_503, 503, "unavailable"),
        (FaultKind.RATE_LIMIT, 429, "rate-limited"),
    ],
)
async def test_answers_in_place_of_the_work(kind: FaultKind, status: int, code: str) -> None:
    call = await Call(Fault(kind=kind, ms=2_500)).run()
    assert call.worked == 0
    assert call.status == status
    assert call.headers["content-type"] == "application/problem+json"
    assert json.loads(call.body)["code"] == code
    assert call.headers.get("retry-after") == {429: "3", 503: "1"}.get(status)


async def test_drop_before_cuts_and_nothing_is_done() -> None:
    call = await Call(Fault(kind=FaultKind.DROP_BEFORE)).run()
    assert (call.worked, call.sent, call.cuts) == (0, [], [False])


async def test_drop_after_cuts_when_the_work_is_done() -> None:
    call = await Call(Fault(kind=FaultKind.DROP_AFTER)).run()
    assert (call.worked, call.sent, call.cuts) == (1, [], [False])


async def test_truncate_announces_all_and_sends_half() -> None:
    call = await Call(Fault(kind=FaultKind.TRUNCATE)).run()
    assert call.worked == 1
    assert call.headers["content-length"] == str(len(BODY))
    assert call.body == BODY[: len(BODY) // 2]
    assert not call.complete
    assert call.cuts == [True]


async def test_garble_is_not_json() -> None:
    call = await Call(Fault(kind=FaultKind.GARBLE)).run()
    assert call.worked == 1
    assert call.complete
    assert call.headers["content-length"] == str(len(call.body))
    with pytest.raises(ValueError):
        json.loads(call.body)


async def test_html_is_an_error_page() -> None:
    call = await Call(Fault(kind=FaultKind.HTML)).run()
    assert (call.worked, call.status, call.headers["content-type"]) == (1, 502, "text/html")
    assert b"Bad Gateway" in call.body


async def test_slow_body_comes_byte_by_byte() -> None:
    call = Call(Fault(kind=FaultKind.SLOW_BODY, ms=0))
    del call.scope["extensions"]
    await call.run()
    assert call.worked == 1
    assert call.body == BODY
    assert max(len(message.get("body", b"")) for message in call.sent[1:]) == 1


async def test_slow_body_ends_when_the_client_has_gone() -> None:
    call = await Call(Fault(kind=FaultKind.SLOW_BODY, ms=1)).run()
    assert call.worked == 1
    assert len(call.body) < len(BODY)


async def test_huge_body_is_valid_and_far_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.HUGE >= 32 * 1024 * 1024
    monkeypatch.setattr(module, "HUGE", 1024 * 1024)
    call = await Call(Fault(kind=FaultKind.HUGE_BODY)).run()
    assert call.worked == 1
    assert "content-length" not in call.headers
    assert len(call.body) == len(BODY) + 1024 * 1024
    assert json.loads(call.body) == json.loads(BODY)


async def test_expire_session_ends_the_session_before_the_work() -> None:
    call = await Call(Fault(kind=FaultKind.EXPIRE_SESSION), token="abc").run()
    assert call.expired == ["abc"]


async def test_latency_and_jitter_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("billtui.sandbox.http.faults.asyncio.sleep", sleep)
    call = await Call(Fault(kind=FaultKind.LATENCY, ms=700), Fault(kind=FaultKind.JITTER, ms=400)).run()
    assert call.worked == 1
    assert slept[0] == 0.7
    assert 0 <= slept[1] < 0.4


async def test_the_sandbox_itself_never_suffers() -> None:
    everything = [Fault(kind=kind) for kind in FaultKind]
    call = await Call(*everything, path="/sandbox/clock").run()
    assert (call.worked, call.status, call.body) == (1, 201, BODY)


async def test_every_kind_is_handled() -> None:
    """A new kind without behaviour would pass unnoticed."""
    handled: dict[str, Any] = {kind: kind in BEFORE | AFTER | DELAYS for kind in FaultKind}
    handled[FaultKind.EXPIRE_SESSION] = True
    handled[FaultKind.LONG_REQUEST] = True  # by the dialects that know such a thing: tests/sandbox/billmgr
    assert all(handled.values())
