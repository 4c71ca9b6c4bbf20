"""Reads are repeated with patience that ends; writes are sent once; an expired session is renewed once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest
from pydantic import SecretStr

from billtui.client import (
    BadAnswer,
    BillingClient,
    CapabilityMissing,
    CertificateProblem,
    CircuitOpen,
    ClientError,
    ConfigurationProblem,
    ConnectionLost,
    ConnectionSettings,
    CursorExpired,
    Forbidden,
    InvalidInput,
    LockedOut,
    NotFound,
    NotSent,
    Outcome,
    OutcomeUnknown,
    PriceChanged,
    RateLimited,
    RuleRefused,
    ServerTrouble,
    SessionExpired,
    TimedOut,
    TotpRequired,
    VersionMismatch,
    Write,
)
from billtui.client.drivers.capabilities import FOR_ALL
from billtui.client.drivers.kinds import make_driver
from billtui.client.exchange import Call
from billtui.client.retry import BREAK_AFTER, Breaker, next_pause, worth_repeating
from billtui.domain.money import Money
from tests.client.client_kit import Connect
from tests.client.panel_stub import Line, PanelStub, Seen, answer, in_turn, keeps, problem, reset, sends, silent
from tests.client.wire_objects import account, money, order, page, payment, quote
from tests.support.queueing import Stopwatch

PRICE = Money("12.50", "EUR")
GOOD = keeps(answer(account()))
BAD_GATEWAY = sends(answer(b"oops", "502 Bad Gateway", kind="text/html"))


async def test_a_read_survives_three_kinds_of_trouble(connect: Connect) -> None:
    async with PanelStub(in_turn(reset, BAD_GATEWAY, sends(answer(account())[:-5]), GOOD)) as panel:
        async with connect(panel.url) as client:
            assert (await client.account.me()).account_id == "a-1"
        assert len(panel.seen) == 4


async def test_a_read_gives_up_after_four_tries(connect: Connect) -> None:
    async with PanelStub(reset) as panel, connect(panel.url) as client:
        with pytest.raises(ConnectionLost):
            await client.account.me()
        assert len(panel.seen) == 4


async def test_all_tries_together_keep_the_deadline(connect: Connect) -> None:
    """Phase limits below the deadline make room for another try; the deadline ends them all."""
    async with PanelStub(silent) as panel, connect(panel.url, read_deadline=0.5, idle_timeout=0.2) as client:
        watch = Stopwatch()
        with pytest.raises(TimedOut):
            await client.account.me()
        assert not watch.has_run(1.0)
        assert 2 <= len(panel.seen) <= 3


async def test_a_quote_is_repeated_because_it_buys_nothing(connect: Connect) -> None:
    async with PanelStub(in_turn(reset, keeps(answer(quote())))) as panel, connect(panel.url) as client:
        assert (await client.quotes.renewal(["o1"], 1)).total == PRICE
        assert len(panel.seen) == 2


@pytest.mark.parametrize("trouble", [reset, BAD_GATEWAY, sends(problem(503, "busy"))])
async def test_a_write_is_never_repeated(connect: Connect, trouble: object) -> None:
    async with PanelStub(in_turn(trouble, keeps(answer(payment())))) as panel, connect(panel.url) as client:  # type: ignore[arg-type]
        with pytest.raises(OutcomeUnknown):
            await client.invoices.pay("5531", "internal", PRICE, Write("k-1"))
        assert len(panel.seen) == 1


async def test_a_long_poll_is_not_repeated_and_ends_five_seconds_after_its_wait(connect: Connect) -> None:
    async with PanelStub(reset) as panel, connect(panel.url) as client:
        with pytest.raises(ConnectionLost):
            await client.changes.after("c-1", wait=99)
        assert len(panel.seen) == 1
        assert panel.seen[0].target == "/api/v1/changes?after=c-1&wait=15"
        request = client.driver.changes("c-1", 99)
        assert isinstance(request, Call)
        assert request.exchange.deadline == 20


async def test_retry_after_is_followed_when_it_fits(connect: Connect) -> None:
    limited = keeps(problem(429, "too-many", "Slow down.", "Retry-After: 0"))
    async with PanelStub(in_turn(limited, GOOD)) as panel, connect(panel.url) as client:
        await client.account.me()
        assert len(panel.seen) == 2


async def test_retry_after_that_does_not_fit_is_said_and_capped(connect: Connect) -> None:
    async with PanelStub(keeps(problem(429, "too-many", "Slow down.", "Retry-After: 9999"))) as panel:
        async with connect(panel.url) as client:
            with pytest.raises(RateLimited) as caught:
                await client.account.me()
        assert len(panel.seen) == 1
    assert caught.value.retry_after == 60
    assert caught.value.retryable


async def test_many_failures_open_the_circuit_for_reads_only(connect: Connect) -> None:
    async with PanelStub(reset) as panel, connect(panel.url, tries=1) as client:
        for _ in range(BREAK_AFTER):
            with pytest.raises(ConnectionLost):
                await client.account.me()
        with pytest.raises(CircuitOpen) as caught:
            await client.account.me()
        assert len(panel.seen) == BREAK_AFTER
        assert caught.value.outcome is Outcome.NOT_SENT
        assert caught.value.retry_after is not None
        panel.script = keeps(answer(payment()))
        await client.invoices.pay("5531", "internal", PRICE, Write("k-1"))
        panel.script = GOOD  # the write showed that the panel is back
        await client.account.me()


def test_the_breaker_lets_one_trial_through() -> None:
    breaker = Breaker()
    for _ in range(BREAK_AFTER):
        assert breaker.wait(0) is None
        breaker.failed(0)
    assert breaker.wait(1) == pytest.approx(1)
    assert breaker.wait(2) is None  # the trial
    assert breaker.wait(2) is not None  # nobody else meanwhile
    breaker.abandoned()
    assert breaker.wait(2) is None
    breaker.failed(2)
    assert breaker.wait(2.5) == pytest.approx(3.5)  # twice as long
    breaker.wait(6)
    breaker.succeeded()
    assert breaker.wait(6) is None and breaker.wait(6) is None


def test_a_person_waits_no_longer_than_the_first_pause() -> None:
    """What nobody waited for has met the panel gone for long; it is asked as soon as somebody wants to know."""
    breaker = Breaker()
    for at in range(BREAK_AFTER + 4):
        breaker.failed(at)
    last = BREAK_AFTER + 3
    assert breaker.wait(last + 2) == pytest.approx(28)
    assert breaker.wait(last + 1, person=True) == pytest.approx(1)
    assert breaker.wait(last + 2, person=True) is None
    assert breaker.wait(last + 2, person=True) is not None, "one trial at a time"
    breaker.failed(last + 2)
    assert breaker.wait(last + 3, person=True) == pytest.approx(1), "and not one after the other"


async def test_what_cannot_be_written_says_nothing_of_the_line(connect: Connect) -> None:
    async with PanelStub(GOOD) as panel, connect(panel.url) as client:
        for _ in range(BREAK_AFTER + 1):
            with pytest.raises(ConfigurationProblem):
                await client.orders.get("1\ud800")
        await client.account.me()


def test_pauses_are_spread_over_the_whole_interval_and_stay_within_it() -> None:
    rng = random.Random(7)
    error = ConnectionLost("x")
    pauses = [next_pause(error, 1, tries=4, left=20, base=0.25, rng=rng) for _ in range(400)]
    seconds = [one for one in pauses if one is not None]
    assert len(seconds) == 400
    assert 0 <= min(seconds) < 0.05 and 0.45 < max(seconds) <= 0.5
    assert next_pause(error, 3, tries=4, left=20, base=0.25, rng=rng) is None
    assert next_pause(error, 0, tries=4, left=0.0, base=0.25, rng=rng) is None


@pytest.mark.parametrize("error", [BadAnswer, CertificateProblem, CircuitOpen, Forbidden, SessionExpired])
def test_what_repeating_cannot_help_is_not_repeated(error: type[ClientError]) -> None:
    assert not worth_repeating(error("x"))


@pytest.mark.parametrize("error", [NotSent, TimedOut, ConnectionLost, ServerTrouble, RateLimited])
def test_what_repeating_can_help_is_repeated(error: type[ClientError]) -> None:
    assert worth_repeating(error("x"))


async def test_an_expired_session_is_renewed_once_for_many_reads(connect: Connect) -> None:
    renewed: Counter[str] = Counter()
    waiting = 0
    all_here = asyncio.Event()

    async def script(seen: Seen, line: Line) -> None:
        nonlocal waiting
        if seen.headers["authorization"] == "Bearer fresh":
            await line.send(answer(account()))
            return
        waiting += 1
        if waiting == 4:
            all_here.set()
        await all_here.wait()
        await line.send(problem(401, "session-expired"))

    async def renew() -> SecretStr:
        renewed["times"] += 1
        return SecretStr("fresh")

    async with PanelStub(script) as panel, connect(panel.url, on_session_expired=renew) as client:
        await asyncio.gather(*(client.account.me() for _ in range(4)))
        assert renewed["times"] == 1
        assert client.token is not None and client.token.get_secret_value() == "fresh"


async def test_a_session_that_cannot_be_renewed_ends_the_read(connect: Connect) -> None:
    asked: Counter[str] = Counter()

    async def renew() -> SecretStr | None:
        asked["times"] += 1
        return None if asked["times"] == 1 else SecretStr(f"no-{asked['times']}")

    async with PanelStub(keeps(problem(401, "session-expired"))) as panel:
        async with connect(panel.url, on_session_expired=renew) as client:
            with pytest.raises(SessionExpired):
                await client.account.me()
            assert (asked["times"], len(panel.seen)) == (1, 1)
            with pytest.raises(SessionExpired):  # a new token that is refused too: no third time
                await client.account.me()
            assert (asked["times"], len(panel.seen)) == (2, 3)


async def test_a_write_with_an_expired_session_is_not_executed_and_asks_nobody(connect: Connect) -> None:
    async def renew() -> SecretStr:
        raise AssertionError("money signs in before it is prepared")

    async with PanelStub(keeps(problem(401, "session-expired"))) as panel:
        async with connect(panel.url, on_session_expired=renew) as client:
            with pytest.raises(SessionExpired) as caught:
                await client.invoices.pay("5531", "internal", PRICE, Write("k-1"))
            assert len(panel.seen) == 1
    assert caught.value.outcome is Outcome.NOT_EXECUTED


@pytest.mark.parametrize(
    ("status", "code", "kind", "outcome"),
    [
        (401, "session-expired", SessionExpired, Outcome.NOT_EXECUTED),
        (429, "too-many", RateLimited, Outcome.NOT_EXECUTED),
        (403, "forbidden", Forbidden, Outcome.REFUSED),
        (404, "not-found", NotFound, Outcome.REFUSED),
        (409, "promise-too-early", RuleRefused, Outcome.REFUSED),
        (409, "price-changed", PriceChanged, Outcome.REFUSED),
        (410, "cursor-expired", CursorExpired, Outcome.REFUSED),
        (412, "version-mismatch", VersionMismatch, Outcome.REFUSED),
        (422, "invalid-input", InvalidInput, Outcome.REFUSED),
        (423, "locked-out", LockedOut, Outcome.REFUSED),
        (401, "totp-required", TotpRequired, Outcome.REFUSED),
    ],
)
async def test_the_panels_own_words(
    connect: Connect, status: int, code: str, kind: type[ClientError], outcome: Outcome
) -> None:
    said = problem(status, code, "Invoice 5531 \x1b[2J blocks this", rule="PRM-2", related={"invoice_id": "5531"})
    async with PanelStub(keeps(said)) as panel, connect(panel.url) as client:
        with pytest.raises(ClientError) as caught:
            await client.invoices.pay("5531", "promise", PRICE, Write("k-1"))
    error = caught.value
    assert type(error) is kind and error.outcome is outcome
    assert (error.code, error.rule, error.request_id) == (code, "PRM-2", "r-77")
    assert error.problem is not None and error.problem.related == {"invoice_id": "5531"}
    assert "\x1b" not in str(error) and str(error).endswith("(request r-77)")


async def test_what_the_account_cannot_do_is_not_sent(connect: Connect) -> None:
    async with PanelStub(keeps(answer(account(capabilities=["invoices.delete", "telepathy"])))) as panel:
        async with connect(panel.url) as client:
            assert client.unavailable("invoices.pay") is None
            await client.account.me()
            assert client.capabilities == {"invoices.delete"} | FOR_ALL
            with pytest.raises(CapabilityMissing, match="account") as caught:
                await client.invoices.pay("5531", "internal", PRICE, Write("k-1"))
            assert caught.value.outcome is Outcome.REFUSED
            assert "panel cannot" in (client.unavailable("telepathy") or "")
            assert len(panel.seen) == 1
            client.token = SecretStr("another-account")
            assert client.unavailable("invoices.pay") is None


@pytest.mark.parametrize(
    ("date", "skew"), [("Mon, 01 Jan 2001 00:00:00 GMT", True), ("yesterday", False), ("Mon, 99 Jan 9999", False)]
)
async def test_the_panels_clock(connect: Connect, date: str, skew: bool) -> None:
    async with PanelStub(keeps(answer(account(), "200 OK", f"Date: {date}"))) as panel, connect(panel.url) as client:
        await client.account.me()
        seen = client.clock_skew
        assert (seen is not None) is skew
        assert seen is None or seen.days < -9000


async def test_a_list_that_goes_in_a_circle_ends(connect: Connect) -> None:
    async def script(seen: Seen, line: Line) -> None:
        at = "b" if "cursor=a" in seen.target else "a"
        await line.send(answer(page([order(f"o-{len(panel.seen)}")], at)))

    async with PanelStub(script) as panel, connect(panel.url) as client:
        with pytest.raises(BadAnswer, match="circle"):
            async for _ in client.orders.iterate():
                pass
        assert len(panel.seen) == 3


async def test_empty_pages_without_end_end(connect: Connect) -> None:
    async def script(_seen: Seen, line: Line) -> None:
        await line.send(answer(page([], f"c-{len(panel.seen)}")))

    async with PanelStub(script) as panel, connect(panel.url) as client:
        with pytest.raises(BadAnswer, match="does not end"):
            async for _ in client.invoices.pages():
                pass
        assert len(panel.seen) == 3


async def test_filters_become_a_query(connect: Connect) -> None:
    async with PanelStub(keeps(answer(page([])))) as panel, connect(panel.url) as client:
        await client.orders.list(limit=5, sort="-paid_until", q="web 01&x", state=["active", "blocked"], location=None)
        assert panel.seen[0].target == (
            "/api/v1/orders?limit=5&sort=-paid_until&q=web+01%26x&state=active&state=blocked"
        )
        with pytest.raises(ValueError, match="1 to 500"):
            await client.orders.list(limit=501)


async def test_a_quote_that_does_not_add_up_is_no_quote(connect: Connect) -> None:
    for wrong in (quote(total=money("12.49")), quote(kind="order"), quote(lines=quote()["lines"] * 2)):
        async with PanelStub(keeps(answer(wrong))) as panel, connect(panel.url) as client:
            with pytest.raises(BadAnswer):
                await client.quotes.renewal(["o1"], 1)


async def test_wrong_use_in_code_is_said_at_once(connect: Connect) -> None:
    client = connect("http://127.0.0.1:9")
    with pytest.raises(RuntimeError, match="not open"):
        await client.account.me()

    async def elsewhere() -> None:
        await client.account.me()

    async with client:
        with pytest.raises(RuntimeError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, elsewhere())


async def test_a_gateway_that_works_without_a_word_is_not_asked_twice() -> None:
    """The silence of a slow command is no lost line: only its own deadline ends it."""

    async def slow(_asked: Seen, line: Line) -> None:
        await asyncio.sleep(0.5)
        await line.send(answer({"status": "SUCCESS", "balance": "5.00", "currency": "EUR"}))

    async with PanelStub(slow) as panel:
        settings = ConnectionSettings(f"{panel.url}/apih.php", idle_timeout=0.2, retry_base=0.001)
        async with BillingClient(settings, SecretStr("key"), driver=make_driver("rootpanel", "ivan")) as client:
            assert (await client.account.me()).balances.internal == Money("5.00", "EUR")
        assert len(panel.seen) == 1
