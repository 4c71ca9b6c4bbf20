"""Somebody else signs in in the same session: nothing that was asked for the one before meets the next one's copy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from billtui.client.settings import ConnectionSettings
from billtui.services.session import NotSignedIn
from billtui.services.session_events import SignInNeeded
from tests.services.session.test_session_sandbox import loaded, session_at
from tests.support.listening import until
from tests.support.sandbox import Json, SandboxProcess
from tests.support.several_accounts import Recorder

StartSandbox = Callable[..., SandboxProcess]


def orders_of(sandbox: SandboxProcess, login: str) -> list[Json]:
    """What the panel says."""
    status, answer = sandbox.call("GET", "/api/v1/orders?limit=100", token=sandbox.sign_in(login))
    assert status == 200, answer
    found: list[Json] = answer["items"]
    return found


async def test_a_long_poll_of_the_one_before_does_not_end_the_next_sign_in(
    own_sandbox: StartSandbox, tmp_path: Path
) -> None:
    """It is answered "session over" seconds after somebody else has signed in: that is not about them."""
    sandbox = own_sandbox()
    other = sandbox.account(number=1)
    line = Recorder(sandbox)
    connection = ConnectionSettings(line.url, retry_base=0.02, tries=2)
    async with session_at(sandbox, tmp_path, connection=connection, poll_seconds=15) as (session, events):
        await loaded(events)
        await until(lambda: b"wait=15" in b"".join(line.asked))
        await session.sign_out()
        await session.sign_in(other["login"], SecretStr(other["password"]))
        polls = b"".join(line.asked).count(b"wait=15")
        await until(lambda: b"".join(line.asked).count(b"wait=15") > polls)
        (changed, *_) = orders_of(sandbox, other["login"])
        before = events.count
        status, answer = sandbox.call(
            "PATCH", f"/api/v1/orders/{changed['id']}", {"name": "told-of"},
            token=sandbox.sign_in(other["login"]), headers={"Idempotency-Key": "told-of-" * 4},
        )  # fmt: skip
        assert status == 200, answer
        await until(lambda: [row.name for row in session.store.order_rows([changed["id"]]).values()] == ["told-of"])
        assert session.signed_in
        assert [one for one in events.all[before:] if isinstance(one, SignInNeeded)] == []


async def test_a_page_of_the_one_before_is_not_written_into_the_next_copy(
    own_sandbox: StartSandbox, tmp_path: Path
) -> None:
    sandbox = own_sandbox()
    first, other = sandbox.account(), sandbox.account(number=1)
    async with session_at(sandbox, tmp_path, background=False) as (session, _events):
        await session.connect()
        sandbox.faults({"kind": "latency", "ms": 2000, "path": "/orders", "times": 1})
        loading = asyncio.ensure_future(session.refresh(full=True))
        await until(lambda: sandbox.fault_strikes() == [1])
        await session.sign_in(other["login"], SecretStr(other["password"]))
        with pytest.raises(NotSignedIn, match="has ended"):
            await loading
        await session.refresh()
        assert session.account is not None and str(session.account.login) == other["login"]
        own = {one["id"] for one in orders_of(sandbox, other["login"])}
        assert {row.id for row in session.store.orders()} == own
        assert own.isdisjoint(one["id"] for one in orders_of(sandbox, first["login"]))
