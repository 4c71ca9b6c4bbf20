"""Looking before a write and after a lost answer, on panels without keys: reads only, small, and plain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from billtui.client import BadAnswer, BillingClient, ConnectionSettings
from billtui.client.drivers.acts import MOST_BYTES, Act, Finding, Picture, is_small
from billtui.client.drivers.billing_v1.problems import explain_answer
from billtui.client.drivers.partial import PartialDriver
from billtui.client.drivers.traits import Traits
from billtui.client.exchange import Answer, Call, Conversation, Exchange, Kind, Request, Steps, ask
from billtui.domain.money import Money
from tests.client.client_kit import Connect
from tests.client.panel_stub import PanelStub, answer, in_turn, keeps

RENEW = Act("order.renew", {"order_ids": ["7"], "period": 1}, Money("5.00", "EUR"), ("order:7",))


class Looks(PartialDriver):
    """Knows one thing: what ``/state`` says."""

    name = "looks"
    capabilities: frozenset[str] = frozenset()
    assumed: Mapping[str, str] = {}
    traits = Traits(title="Looks", keys=False)
    kind = Kind.READ

    def authorised(self, exchange: Exchange, token: SecretStr) -> Exchange:
        return exchange

    def _state(self) -> Call[Picture]:
        return Call(Exchange("GET", "/state", self.kind), lambda got: {"until": got.body.decode()}, explain_answer)

    def before(self, act: Act) -> Request[Picture] | None:
        return self._state() if act.kind == "order.renew" else None

    def found(self, act: Act, before: Mapping[str, Any]) -> Conversation[Finding]:
        def begin() -> Steps[Finding]:
            now = yield from ask(self._state())
            return Finding("done" if now != before else "not-done", "The end says so.", now)

        return Conversation(begin)


class Writes(Looks):
    """One that is wrong: it sends where it should look."""

    kind = Kind.WRITE


async def test_a_picture_is_taken_and_compared() -> None:
    panel = PanelStub(in_turn(keeps(answer(b"May")), keeps(answer(b"May")), keeps(answer(b"June"))))
    async with panel, BillingClient(ConnectionSettings(panel.url), driver=Looks()) as client:
        before = await client.outcomes.before(RENEW)
        assert before == {"until": "May"}
        assert (await client.outcomes.found(RENEW, before)).state == "not-done"
        found = await client.outcomes.found(RENEW, before)
        assert (found.state, found.now, found.answer) == ("done", {"until": "June"}, None)
        assert await client.outcomes.before(Act("invoice.pay", {})) is None
        assert len(panel.seen) == 3


async def test_looking_never_writes() -> None:
    async with (
        PanelStub(keeps(answer(b"May"))) as panel,
        BillingClient(ConnectionSettings(panel.url), driver=Writes()) as client,
    ):
        with pytest.raises(AssertionError, match="reads only"):
            await client.outcomes.before(RENEW)
        with pytest.raises(AssertionError, match="reads only"):
            await client.outcomes.found(RENEW, {"until": "May"})
        assert panel.seen == []


async def test_a_picture_that_is_too_large_is_none() -> None:
    async with (
        PanelStub(keeps(answer(b"x" * MOST_BYTES))) as panel,
        BillingClient(ConnectionSettings(panel.url), driver=Looks()) as client,
    ):
        with pytest.raises(BadAnswer, match="Nothing was sent"):
            await client.outcomes.before(RENEW)
        with pytest.raises(BadAnswer):
            await client.outcomes.found(RENEW, {})


async def test_drivers_that_cannot_look_say_so(connect: Connect) -> None:
    async with PanelStub(keeps(answer({}))) as panel, connect(panel.url) as client:
        assert await client.outcomes.before(RENEW) is None
        assert (await client.outcomes.found(RENEW, {})).state == "unclear"
        assert panel.seen == []
    partial = PartialDriver()
    assert partial.before(RENEW) is None
    assert isinstance(partial.found(RENEW, {}), Conversation)


def test_what_is_small_and_plain() -> None:
    assert is_small({"balance": "1.00 EUR", "unpaid_invoices": ["1"], "on": True, "end": None})
    assert not is_small({"x": object()})
    assert not is_small({"x": float("nan")})
    assert not is_small({"x": "é" * MOST_BYTES})
    assert (RENEW.texts("order_ids"), RENEW.text("period"), RENEW.texts("none")) == (["7"], "", [])


def test_an_answer_of_another_kind_of_panel_names_what_tells_the_kind() -> None:
    """A profile with the wrong kind: the address is right, and so is the panel."""
    error = explain_answer(Answer(400, "application/json", b'{"result": null}', 16))
    assert error.code == "unexpected-status" and "billtui profile test" in error.message
