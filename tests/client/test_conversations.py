"""Calls of several exchanges, for panels that need them: what fails where, and what it means for a write."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from decimal import InvalidOperation

import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionSettings, NotSent, OutcomeUnknown
from billtui.client.auth import with_basic, with_cookie, with_fields
from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.billing_v1.driver import BillingV1
from billtui.client.drivers.billing_v1.problems import explain_answer
from billtui.client.drivers.partial import PartialDriver
from billtui.client.drivers.sealed import seal, unseal
from billtui.client.drivers.traits import BILLING_V1
from billtui.client.echoes import secrets_of
from billtui.client.errors import (
    BadAnswer,
    CapabilityMissing,
    ClientError,
    ConfigurationProblem,
    ConnectionLost,
    Outcome,
    Refused,
    TakenBack,
)
from billtui.client.exchange import Answer, Call, Conversation, Exchange, Kind, Steps, ask, at_once
from billtui.client.pace import UNHURRIED, Pace
from billtui.client.reasons import cookies_in
from billtui.client.transport import Transport
from tests.client.client_kit import TOKEN, Connect
from tests.client.panel_stub import Line, PanelStub, Seen, answer, in_turn, keeps, problem, reset

GOOD = keeps(answer({"word": "done"}))


def call(path: str, kind: Kind = Kind.READ) -> Call[str]:
    return Call(
        Exchange("POST" if kind is Kind.WRITE else "GET", path, kind),
        lambda got: f"{path} {got.status}",
        explain_answer,
    )


def two(first: Call[str], second: Call[str], *, writes: bool = False) -> Conversation[list[str]]:
    def begin() -> Steps[list[str]]:
        return [(yield from ask(first)), (yield from ask(second))]

    return Conversation(begin, writes=writes)


async def test_its_calls_go_one_after_the_other_and_their_results_come_back(connect: Connect) -> None:
    async with PanelStub(GOOD) as panel, connect(panel.url) as client:
        inner = two(call("/a"), call("/b"))

        def begin() -> Steps[list[str]]:
            return [*(yield from ask(inner)), (yield from ask(call("/c", Kind.WRITE)))]

        assert await client.run(Conversation(begin)) == ["/a 200", "/b 200", "/c 200"]
        assert [one.target for one in panel.seen] == ["/a", "/b", "/c"]


async def test_a_result_that_is_nothing_goes_on(connect: Connect) -> None:
    nothing: Call[None] = Call(Exchange("GET", "/n"), lambda _: None, explain_answer)

    def begin() -> Steps[int]:
        yield from ask(nothing)
        yield from ask(nothing)
        return 2

    async with PanelStub(GOOD) as panel, connect(panel.url) as client:
        assert await client.run(Conversation(begin)) == 2
        assert len(panel.seen) == 2
        assert await client.run(at_once("known")) == "known"
        assert len(panel.seen) == 2


async def test_what_fails_before_the_first_write_was_not_sent(connect: Connect) -> None:
    async with PanelStub(reset) as panel, connect(panel.url, tries=1) as client:
        with pytest.raises(NotSent, match="Nothing was sent"):
            await client.run(two(call("/look"), call("/pay", Kind.WRITE), writes=True))
        assert [one.target for one in panel.seen] == ["/look"]
        with pytest.raises(ConnectionLost):  # one that only reads says it as it is
            await client.run(two(call("/look"), call("/more")))


async def test_what_fails_after_a_write_leaves_it_unknown(connect: Connect) -> None:
    async with PanelStub(in_turn(GOOD, reset)) as panel, connect(panel.url, tries=1) as client:
        with pytest.raises(OutcomeUnknown):
            await client.run(two(call("/pay", Kind.WRITE), call("/read"), writes=True))
        assert len(panel.seen) == 2


async def test_a_refusal_after_a_write_is_not_the_refusal_of_that_write(connect: Connect) -> None:
    refusal = keeps(problem(422, "no-such-page", "There is none."))
    async with PanelStub(in_turn(GOOD, refusal)) as panel, connect(panel.url) as client:
        with pytest.raises(OutcomeUnknown):
            await client.run(two(call("/pay", Kind.WRITE), call("/read"), writes=True))
        assert len(panel.seen) == 2


async def test_a_refused_write_stays_refused(connect: Connect) -> None:
    async with PanelStub(keeps(problem(422, "blocked", "It is blocked."))) as panel, connect(panel.url) as client:
        with pytest.raises(Refused) as caught:
            await client.run(two(call("/pay", Kind.WRITE), call("/read"), writes=True))
        assert caught.value.outcome is Outcome.REFUSED
        assert len(panel.seen) == 1


@pytest.mark.parametrize("status", [401, 429])
async def test_what_was_not_executed_after_a_write_does_not_speak_of_the_whole(connect: Connect, status: int) -> None:
    """It would be sent again, and the first write with it."""
    no = keeps(problem(status, "session-expired" if status == 401 else "rate-limited", "No.", "Retry-After: 0"))
    both = two(call("/put", Kind.WRITE), call("/pay", Kind.WRITE), writes=True)
    async with PanelStub(in_turn(GOOD, no)) as panel, connect(panel.url) as client:
        with pytest.raises(OutcomeUnknown):
            await client.run(both)
        assert [one.target for one in panel.seen] == ["/put", "/pay"]
    async with PanelStub(no) as panel, connect(panel.url) as client:
        with pytest.raises(ClientError) as caught:  # the first one: nothing was done
            await client.run(both)
        assert caught.value.outcome is Outcome.NOT_EXECUTED


async def test_a_line_that_is_gone_before_the_second_write_leaves_the_whole_unknown(connect: Connect) -> None:
    async with PanelStub(GOOD) as panel, connect(panel.url) as client:

        def begin() -> Steps[str]:
            yield from ask(call("/put", Kind.WRITE))
            raise NotSent("There is no line.")

        with pytest.raises(OutcomeUnknown):
            await client.run(Conversation(begin, writes=True))
        client._runner.transport = Gone(client._transport, after=1)
        with pytest.raises(OutcomeUnknown):
            await client.run(two(call("/put", Kind.WRITE), call("/pay", Kind.WRITE), writes=True))


class Gone(Transport):
    """A line that is there for so many requests."""

    def __init__(self, line: Transport, after: int) -> None:
        super().__init__(line.settings)
        self._line, self._left = line, after

    async def send(self, exchange: Exchange, token: SecretStr | None, deadline: float) -> Answer:
        if not self._left:
            raise NotSent("There is no line.")
        self._left -= 1
        return await self._line.send(exchange, token, deadline)


async def test_a_refused_write_after_one_that_was_done_does_not_make_the_whole_refused(connect: Connect) -> None:
    """The first half is done: neither "refused" nor "send it again" is true of the whole."""
    for status, code in ((422, "blocked"), (429, "too-many"), (401, "signed-out")):
        second = keeps(problem(status, code, "No."))
        async with PanelStub(in_turn(GOOD, second)) as panel, connect(panel.url) as client:
            with pytest.raises(OutcomeUnknown):
                await client.run(two(call("/one", Kind.WRITE), call("/two", Kind.WRITE), writes=True))
            assert len(panel.seen) == 2


async def test_what_is_found_unreadable_after_a_refused_write_is_not_told_as_not_sent(connect: Connect) -> None:
    def begin() -> Steps[str]:
        try:
            return (yield from ask(call("/many", Kind.WRITE)))
        except Refused:
            yield from ask(call("/look"))
            raise UnreadableAnswer("a part of it is there") from None

    refusal = keeps(problem(422, "blocked", "It is blocked."))
    async with PanelStub(in_turn(refusal, GOOD)) as panel, connect(panel.url) as client:
        with pytest.raises(OutcomeUnknown):
            await client.run(Conversation(begin, writes=True))
        assert len(panel.seen) == 2


async def test_an_answer_that_the_steps_cannot_read_is_unusable_or_unknown(connect: Connect) -> None:
    def of(first: Call[str]) -> Conversation[str]:
        def begin() -> Steps[str]:
            yield from ask(first)
            raise UnreadableAnswer("the id is missing")

        return Conversation(begin, writes=True)

    async with PanelStub(GOOD) as panel, connect(panel.url) as client:
        with pytest.raises(OutcomeUnknown):
            await client.run(of(call("/pay", Kind.WRITE)))
        with pytest.raises(NotSent, match="cannot be used"):
            await client.run(of(call("/look")))
        assert len(panel.seen) == 2


async def test_what_was_taken_back_is_refused_although_something_was_written(connect: Connect) -> None:
    def begin() -> Steps[str]:
        yield from ask(call("/put", Kind.WRITE))
        yield from ask(call("/take-out", Kind.WRITE))
        raise TakenBack("It costs more now.", code="price-changed")

    async with PanelStub(GOOD) as panel, connect(panel.url) as client:
        with pytest.raises(TakenBack) as caught:
            await client.run(Conversation(begin, writes=True))
        assert caught.value.outcome is Outcome.REFUSED and caught.value.code == "price-changed"
        assert len(panel.seen) == 2


async def test_a_call_may_wait_and_may_leave_the_address_of_the_panel(connect: Connect) -> None:
    later = replace(call("/long/1").exchange, pause=0.05, rooted=True)
    async with PanelStub(GOOD) as panel, connect(f"{panel.url}/below") as client:
        begun = time.monotonic()
        await client.run(replace(call("/long/1"), exchange=later))
        await client.run(call("/here"))
        assert time.monotonic() - begun >= 0.05
        assert [one.target for one in panel.seen] == ["/long/1", "/below/here"]


async def test_the_steps_may_go_on_after_a_failure(connect: Connect) -> None:
    def begin() -> Steps[str]:
        try:
            return (yield from ask(call("/new")))
        except ClientError:
            return (yield from ask(call("/old")))

    async with PanelStub(in_turn(keeps(problem(404, "not-found", "No.")), GOOD)) as panel, connect(panel.url) as client:
        assert await client.run(Conversation(begin)) == "/old 200"
        assert [one.target for one in panel.seen] == ["/new", "/old"]


async def test_forms_headers_and_cookies_go_as_a_driver_says(connect: Connect) -> None:
    both = ("Set-Cookie: SID=abc; path=/; expires=Thu, 01 Jan 2026 00:00:00 GMT", "Set-Cookie: x=1")
    async with PanelStub(keeps(answer({}, "200 OK", *both))) as panel, connect(panel.url) as client:
        seen: list[Answer] = []
        form = Exchange("POST", "/f", Kind.WRITE, form=(("q", "ä &="), ("q", "2"), ("key", SecretStr("s3cret-key"))))
        await client.run(Call(form, seen.append, explain_answer))
        assert panel.seen[0].body == b"q=%C3%A4+%26%3D&q=2&key=s3cret-key"
        assert panel.seen[0].headers["content-type"] == "application/x-www-form-urlencoded"
        assert panel.seen[0].headers["authorization"] == f"Bearer {TOKEN}"
        assert dict(seen[0].cookies) == {"SID": "abc", "x": "1"}
        assert "s3cret" not in repr(form)


def test_a_token_goes_in_the_ways_that_panels_know() -> None:
    plain, token = Exchange("GET", "/"), SecretStr("a-token-of-it")
    assert dict(with_basic(plain, "client", token).headers) == {"Authorization": "Basic Y2xpZW50OmEtdG9rZW4tb2YtaXQ="}
    assert dict(with_cookie(plain, "SID", token).headers) == {"Cookie": "SID=a-token-of-it"}
    assert with_fields(plain, ("auth", token)).form == (("auth", token),)
    assert "Y2xpZW50OmEtdG9rZW4tb2YtaXQ=" in secrets_of(with_basic(plain, "client", token), token)
    for bad in ("two words", "line\nbreak", "", "naïve"):
        with pytest.raises(ConfigurationProblem):
            with_basic(plain, "client", SecretStr(bad))
    with pytest.raises(ConfigurationProblem):
        with_cookie(plain, "SID", SecretStr("a;b"))


def test_cookies_are_read_with_suspicion() -> None:
    assert cookies_in(None) == {}
    assert cookies_in("A=1; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0, B=2; HttpOnly") == {"A": "1", "B": "2"}
    assert cookies_in("=x; , ;;; no cookie at all") == {}


async def test_a_panel_is_asked_at_its_pace(connect: Connect) -> None:
    class Slow(BillingV1):
        traits = replace(BILLING_V1, pace=Pace(at_once=1, between=0.05))

    running, most = 0, 0

    async def slowly(seen: Seen, line: Line) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        await GOOD(seen, line)

    async with PanelStub(slowly) as panel, BillingClient(ConnectionSettings(panel.url), driver=Slow()) as client:
        begun = time.monotonic()
        await asyncio.gather(*(client.run(call(f"/{n}")) for n in range(4)))
        assert most == 1
        assert time.monotonic() - begun >= 0.15


async def test_what_a_person_waits_for_does_not_stand_behind_the_copying_of_lists() -> None:
    class Slow(BillingV1):
        traits = replace(BILLING_V1, pace=Pace(at_once=2))

    answered: list[str] = []

    async def slowly(seen: Seen, line: Line) -> None:
        await asyncio.sleep(0.1)
        answered.append(seen.target)
        await GOOD(seen, line)

    async def copying(client: BillingClient) -> None:
        UNHURRIED.set(True)
        await asyncio.gather(*(client.run(call(f"/list{n}")) for n in range(6)))

    async with PanelStub(slowly) as panel, BillingClient(ConnectionSettings(panel.url), driver=Slow()) as client:
        task = asyncio.create_task(copying(client))
        await asyncio.sleep(0.02)
        await client.run(call("/asked"))
        assert len(answered) <= 3
        await task
        assert len(answered) == 7


async def test_what_a_kind_of_panel_cannot_do_is_refused_before_anything_is_sent(connect: Connect) -> None:
    class Small(PartialDriver):
        name = "small"
        capabilities = frozenset({"orders"})
        assumed: Mapping[str, str] = {}
        traits = BILLING_V1

        def authorised(self, exchange: Exchange, token: SecretStr) -> Exchange:
            return exchange

    async with PanelStub(GOOD) as panel, BillingClient(ConnectionSettings(panel.url), driver=Small()) as client:
        with pytest.raises(CapabilityMissing, match="transfers"):
            await client.transfers.list()
        with pytest.raises(CapabilityMissing):
            await client.orders.list()  # claimed, and not there
        assert panel.seen == []


def test_what_is_sealed_opens_as_what_it_is() -> None:
    text = seal("renewal", {"orders": ["8", "9"], "period": 3})
    assert unseal("renewal", text) == {"orders": ["8", "9"], "period": 3}
    for other in (text[:-3], "", "abc", seal("order", {}), "é"):
        with pytest.raises(ConfigurationProblem):
            unseal("renewal", other)


@pytest.mark.parametrize(
    "trouble", [ValueError("year 10000 is canary"), OverflowError("canary"), InvalidOperation("canary")]
)
async def test_a_value_that_nobody_thought_of_is_an_answer_that_cannot_be_used(
    connect: Connect, trouble: Exception
) -> None:
    def begin() -> Steps[str]:
        yield from ask(call("/one"))
        raise trouble

    def read(_: Answer) -> str:
        raise trouble

    async with PanelStub(GOOD) as panel, connect(panel.url) as client:
        for request in (Conversation(begin), Call(Exchange("GET", "/x"), read, explain_answer)):
            with pytest.raises(BadAnswer) as caught:
                await client.run(request)
            assert "canary" not in str(caught.value)


async def test_a_strange_value_after_a_write_leaves_it_unknown(connect: Connect) -> None:
    def begin() -> Steps[str]:
        yield from ask(call("/pay", Kind.WRITE))
        raise OverflowError

    async with PanelStub(GOOD) as panel, connect(panel.url) as client:
        with pytest.raises(OutcomeUnknown):
            await client.run(Conversation(begin, writes=True))
