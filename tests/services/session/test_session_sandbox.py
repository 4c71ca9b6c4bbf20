"""The session against the reference panel: renew and pay through a plan, expiry in mid-work, a killed panel."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from billtui.client.settings import ConnectionSettings
from billtui.config.credentials import Credential, SaveResult
from billtui.domain.models import OrderRequest, RenewalRequest
from billtui.domain.safetext import SafeText
from billtui.services import planner
from billtui.services.journal import PauseReason
from billtui.services.session import Session, SessionSettings
from billtui.services.session_events import ConnectionChanged, ConnectionState, JobChanged, SignInNeeded, SyncProgress
from billtui.services.store import OrderRow
from tests.support.listening import Events, until
from tests.support.sandbox import SandboxProcess

StartSandbox = Callable[..., SandboxProcess]


class Pocket:
    """Keeps a token, or hands out the demo's password."""

    def __init__(self, credential: Credential | None) -> None:
        self.credential = credential

    def load(self) -> Credential | None:
        return self.credential

    def save(self, credential: Credential) -> SaveResult:
        self.credential = credential
        return SaveResult("pocket", None)

    def forget(self) -> list[str]:
        return []

    def missed(self) -> str:
        return ""

    def cancel(self) -> None:
        pass


@contextlib.asynccontextmanager
async def session_at(
    sandbox: SandboxProcess, tmp_path: Path, *, token: bool = False, key: str = "", **other: Any
) -> AsyncIterator[tuple[Session, Events]]:
    account = sandbox.account()
    settings = SessionSettings(
        connection=ConnectionSettings(sandbox.url, retry_base=0.02, tries=2),
        profile="demo",
        login=account["login"],
        data_dir=tmp_path / "data",
        state_dir=tmp_path / "state",
        poll_seconds=1,
        retry_seconds=0.05,
        retry_most=0.3,
    )
    secret = key or (sandbox.sign_in() if token else account["password"])
    credential = Credential("token" if token or key else "password", SecretStr(secret), "test")
    events = Events()
    async with Session(replace(settings, **other), listener=events, credentials=Pocket(credential)) as session:
        yield session, events


def free_orders(session: Session, count: int) -> list[OrderRow]:
    """Active orders that nothing keeps from being renewed, cheapest first."""
    rows = [
        row
        for row in session.store.orders()
        if row.state == "active" and row.unpaid_invoice_id is None and row.transfer_id is None
    ]
    return sorted(rows, key=lambda row: row.price)[:count]


async def renewal(session: Session, rows: list[OrderRow], *, pay: str | None) -> Any:
    account = session.account
    assert account is not None
    ids = [row.id for row in rows]
    quote = await session.quote_renewal(ids, 1)
    orders = await session.orders_by_ids(ids)
    return planner.renew(account, quote, RenewalRequest(order_ids=ids, period=1), orders, pay)


def everything(session: Session) -> dict[tuple[str, str], dict[str, Any]]:
    """Every row of both lists."""
    rows = [("order", row.id, row._asdict()) for row in session.store.orders()]
    rows += [("invoice", row.id, row._asdict()) for row in session.store.invoices()]
    return {(kind, key): values for kind, key, values in rows}


async def loaded(events: Events) -> None:
    await events.until(SyncProgress, lambda progress: progress.done)


async def test_renew_and_pay_is_in_every_list_at_once(own_sandbox: StartSandbox, tmp_path: Path) -> None:
    """REN-1, REN-3, INV-4, BLK-4: one invoice, paid from the purse; ends, invoice and balance are in the copy."""
    sandbox = own_sandbox()
    async with session_at(sandbox, tmp_path) as (session, events):
        await loaded(events)
        rows = free_orders(session, 2)
        before = session.overview().internal
        plan = await renewal(session, rows, pay="internal")
        assert len(plan.operations) == 2 and not plan.left_out
        job = session.submit(plan)
        await events.until(JobChanged, lambda event: event.event.job_id == job and event.event.done)
        await until(
            lambda: all(
                (session.store.order_rows([row.id])[row.id].paid_until or 0) > (row.paid_until or 0) for row in rows
            )
        )
        assert before is not None
        await until(lambda: session.overview().internal == before - plan.total)
        answer = session.journal.operation(job, 1).answer
        assert answer is not None
        issued = answer["invoice"]["id"]
        await until(lambda: session.store.invoice_rows([issued])[issued].state == "paid")
        billed = await session.invoice(issued)  # the feed may have brought it without its lines
        assert {str(line.order_id) for line in billed.lines} == {row.id for row in rows}
        assert session.submit(plan) == job  # the same plan again is the same job


async def test_acc_5_a_job_of_a_key_that_is_shut_out_waits(own_sandbox: StartSandbox, tmp_path: Path) -> None:
    """ACC-5: API access is switched off before the first step leaves: nothing is refused for good, it goes on after
    signing in, with the same keys and each step once."""
    sandbox = own_sandbox()
    password, owner = sandbox.account()["password"], sandbox.sign_in()
    asked = {"label": "jobs", "read_only": False, "networks": [], "current_password": password}
    status, made = sandbox.call("POST", "/api/v1/me/api-keys", asked, token=owner)
    assert status == 201, made
    async with session_at(sandbox, tmp_path, key=made["secret"], background=False) as (session, events):
        await session.refresh()
        plan = await renewal(session, free_orders(session, 2), pay="internal")
        off = {"on": False, "current_password": password}
        assert sandbox.call("POST", "/api/v1/me/api-access", off, token=owner)[0] == 200
        job = session.submit(plan)
        await events.until(JobChanged, lambda event: event.event.paused is PauseReason.SIGN_IN)
        needed = await events.until(SignInNeeded)
        assert "API access is disabled" in needed.message
        assert "Nothing was lost" in needed.message
        assert session.journal.job(job).counts == {"prepared": 2}
        await session.sign_in(sandbox.account()["login"], SecretStr(password))
        await events.until(JobChanged, lambda event: event.event.job_id == job and event.event.done)
        assert session.journal.job(job).counts == {"done": 2}


async def test_the_store_agrees_with_the_panel_after_days_pass(own_sandbox: StartSandbox, tmp_path: Path) -> None:
    sandbox = own_sandbox(fleet=60)
    async with session_at(sandbox, tmp_path) as (session, events):
        await loaded(events)
        seen = events.count
        sandbox.advance(days=9)
        await session.refresh()
        patched = everything(session)
        assert session.store.changes_since_visit()
        await session.refresh(full=True)
        whole = everything(session)
        assert patched.keys() == whole.keys()
        differing = {name for key, values in whole.items() for name in values if patched[key][name] != values[name]}
        # The discount follows the clock and the fleet without an event; lists are read again twice a day for it.
        assert differing <= {"discount"}
        assert events.count > seen
        overview = session.overview()
        assert overview.orders["blocked"] == len(overview.blocked) > 0
        assert all(item.deleted_at is not None and item.deleted_at > overview.now for item in overview.blocked)


async def test_an_expired_session_pauses_the_job_and_nothing_is_done_twice(
    own_sandbox: StartSandbox, tmp_path: Path
) -> None:
    sandbox = own_sandbox()
    async with session_at(sandbox, tmp_path, token=True, poll_seconds=0) as (session, events):
        await loaded(events)
        rows = free_orders(session, 1)
        plan = await renewal(session, rows, pay="internal")
        before = {row.id for row in session.store.invoices()}
        sandbox.faults({"kind": "expire-session", "times": 1, "path": "/renewals", "probability": 1})
        job = session.submit(plan)
        await events.until(JobChanged, lambda event: event.event.paused is PauseReason.SIGN_IN)
        await events.until(SignInNeeded)
        account = sandbox.account()
        await session.sign_in(account["login"], SecretStr(account["password"]))
        await events.until(JobChanged, lambda event: event.event.job_id == job and event.event.done)
        key, end = rows[0].id, rows[0].paid_until or 0
        await until(lambda: (session.store.order_rows([key])[key].paid_until or 0) > end)
        assert sandbox.check_books() == []
        renewals = [row for row in session.store.invoices() if row.state == "paid" and row.id not in before]
        assert len(renewals) == 1


async def test_the_job_of_a_command_does_not_go_on_behind_what_it_told(
    own_sandbox: StartSandbox, tmp_path: Path
) -> None:
    """It has said by then that nothing was sent, and asked for another command."""
    sandbox = own_sandbox()
    async with session_at(sandbox, tmp_path, token=True, background=False, program="orders renew") as (session, events):
        await session.refresh()
        plan = await renewal(session, free_orders(session, 1), pay="internal")
        sandbox.faults({"kind": "expire-session", "times": 1, "path": "/renewals", "probability": 1})
        job = session.submit(plan)
        await events.until(JobChanged, lambda event: event.event.paused is PauseReason.SIGN_IN)
        account = sandbox.account()
        await session.sign_in(account["login"], SecretStr(account["password"]))
        await session.refresh()
        await asyncio.sleep(0.3)
        assert session.journal.job(job).counts == {"prepared": 2}
        session.executor.resume(job)
        await events.until(JobChanged, lambda event: event.event.job_id == job and event.event.done)


async def test_the_panel_is_killed_and_returns(own_sandbox: StartSandbox, tmp_path: Path) -> None:
    sandbox = own_sandbox()
    async with session_at(sandbox, tmp_path) as (session, events):
        await loaded(events)
        rows, seen = session.store.orders(), events.count
        sandbox.kill()
        await events.until(ConnectionChanged, lambda event: event.state is ConnectionState.OFFLINE, after=seen)
        assert session.store.orders() == rows
        sandbox.start()
        await events.until(ConnectionChanged, lambda event: event.state is ConnectionState.ONLINE, after=seen)
        await session.refresh()
        assert {row.id for row in session.store.orders()} == {row.id for row in rows}


async def test_a_second_factor_is_asked_for(own_sandbox: StartSandbox, tmp_path: Path) -> None:
    """ACC-6"""
    pyotp = pytest.importorskip("pyotp")
    from billtui.client.errors import TotpRequired

    sandbox = own_sandbox()
    account = next(item for item in sandbox.accounts if "totp_secret" in item)
    async with session_at(sandbox, tmp_path, background=False) as (session, _events):
        password = SecretStr(account["password"])
        with pytest.raises(TotpRequired):
            await session.sign_in(account["login"], password)
        code = SecretStr(pyotp.TOTP(account["totp_secret"]).now())
        signed = await session.sign_in(account["login"], password, code)
        assert signed.account.login == account["login"]
        assert signed.kept is not None and signed.kept.where == "pocket"


async def test_a_hostile_panel_is_drawn_harmless(own_sandbox: StartSandbox, tmp_path: Path) -> None:
    sandbox = own_sandbox(hostile=True)
    async with session_at(sandbox, tmp_path) as (session, events):
        await loaded(events)
        texts = [value for row in session.store.orders() for value in row if isinstance(value, str)]
        texts += [value for row in session.store.invoices() for value in row if isinstance(value, str)]
        texts += [part for hit in session.store.search("exa") for part in hit]
        assert all(text.isprintable() for text in texts)
        orders = session.store.orders_by_id(row.id for row in session.store.orders())
        assert any(not order.name.raw.isprintable() for order in orders.values())


async def test_new_servers_appear_in_the_lists_at_once(own_sandbox: StartSandbox, tmp_path: Path) -> None:
    """BLK-1, BLK-7: more than can be read one by one; pending with the purchase, active with the payment."""
    sandbox = own_sandbox()
    async with session_at(sandbox, tmp_path, background=False) as (session, _events):
        await session.connect()
        await session.refresh()
        before = {row.id for row in session.store.orders()}
        plans = {one.id: one for one in (await session.catalogue()).plans}
        assert SafeText("vds-nano") in plans
        held = {one.location: one.available for one in await session.stock() if one.plan == "vds-nano"}
        place = max(held, key=lambda one: held[one])
        asked = {"cells": [{"plan": "vds-nano", "location": place, "quantity": held[place]}], "period": 1}
        offer = await session.offer_order(OrderRequest.model_validate(asked))
        assert offer.count == held[place] > 150 and session.account is not None
        plan = planner.buy(session.account, offer.quotes, offer.requests)
        session.submit(plan)

        def new() -> list[OrderRow]:
            return [row for row in session.store.orders() if row.id not in before]

        await until(lambda: len(new()) == offer.count)
        assert {row.state for row in new()} == {"pending"}
        assert [row.state for row in session.store.invoices() if row.kind == "new-order"][:1] == ["unpaid"]
