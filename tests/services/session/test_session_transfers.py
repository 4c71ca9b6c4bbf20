"""Two sessions between which an order goes, without a feed: what a job touched is read again at once (TRF, ACC-8)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from billtui.client.settings import ConnectionSettings
from billtui.config.credentials import Credential
from billtui.domain.models import Account
from billtui.services import planner
from billtui.services.session import Session, SessionSettings
from billtui.services.session_jobs import Touched, touched
from billtui.services.session_settings import CodeNeeded
from tests.services.session.test_session_sandbox import Pocket
from tests.support.listening import until
from tests.support.sandbox import SandboxProcess


@contextlib.asynccontextmanager
async def session_of(sandbox: SandboxProcess, number: int, tmp_path: Path) -> AsyncIterator[tuple[Session, Account]]:
    known = sandbox.account(number=number)
    settings = SessionSettings(
        connection=ConnectionSettings(sandbox.url, retry_base=0.02, tries=2),
        profile=f"p{number}",
        login=known["login"],
        background=False,
        data_dir=tmp_path / f"data-{number}",
        state_dir=tmp_path / f"state-{number}",
    )
    pocket = Pocket(Credential("password", SecretStr(known["password"]), "test"))
    async with Session(settings, credentials=pocket) as session:
        account = await session.connect()
        await session.refresh()
        yield session, account


async def code_of(session: Session, transfer_id: str, subject: str) -> dict[int, SecretStr]:
    found = [
        one for one in await session.mails() if str(one.transfer_id) == transfer_id and subject in str(one.subject)
    ]
    assert len(found) == 1 and found[0].code is not None
    return {1: SecretStr(found[0].code.raw)}


async def test_an_order_goes_from_one_session_to_the_other(sandbox_server: SandboxProcess, tmp_path: Path) -> None:
    """TRF-2, TRF-5: both copies follow without a feed; a plan without its code is not taken on."""
    async with (
        session_of(sandbox_server, 0, tmp_path) as (sender, ours),
        session_of(sandbox_server, 1, tmp_path) as (recipient, theirs),
    ):
        row = next(
            one
            for one in sorted(sender.store.orders(), key=lambda one: -(one.paid_until or 0))
            if one.state == "active" and one.unpaid_invoice_id is None and one.transfer_id is None
        )
        orders = await sender.orders_by_ids([row.id])
        plan = planner.push(ours, orders, theirs.login.raw, theirs.account_id.raw, now=sender.now())
        sender.submit(plan)
        await until(lambda: bool(sender.store.order_rows([row.id])[row.id].transfer_id))
        transfer_id = str(sender.store.order_rows([row.id])[row.id].transfer_id)
        await until(lambda: transfer_id in sender.store.transfer_rows([transfer_id]))

        confirm = planner.confirm_transfer(ours, await sender.transfers_by_ids([transfer_id]))
        with pytest.raises(CodeNeeded):
            sender.submit(confirm)
        assert sender.journal.jobs(None)[0].id == plan.id
        sender.submit(confirm, codes=await code_of(sender, transfer_id, "Transfer Confirmation"))
        await until(lambda: sender.store.transfer_rows([transfer_id])[transfer_id].state == "awaiting recipient")

        accept = planner.accept_transfer(theirs, await recipient.transfers_by_ids([transfer_id]))
        recipient.submit(accept, codes=await code_of(recipient, transfer_id, "Acceptance"))
        await until(lambda: row.id in recipient.store.order_rows([row.id]))
        await until(lambda: recipient.store.transfer_rows([transfer_id])[transfer_id].state == "completed")
        await sender.refresh()
        assert sender.store.order_rows([row.id]) == {}


async def test_a_changed_setting_is_known_at_once(sandbox_server: SandboxProcess, tmp_path: Path) -> None:
    """ACC-8: so that the next change rests on it."""
    async with session_of(sandbox_server, 1, tmp_path) as (session, account):
        rule = next(one for one in account.notifications if not one.fixed)
        channel, on = next((name.raw, on) for name, on in rule.channels.items() if name == "email")

        def now() -> bool | None:
            rules = session.account.notifications if session.account is not None else []
            found = [one for one in rules if one.event == rule.event]
            return {name.raw: value for name, value in found[0].channels.items()}[channel] if found else None

        for wanted in (not on, on):
            assert session.account is not None
            session.submit(planner.notifications(session.account, {rule.event.raw: {channel: wanted}}))
            await until(lambda wanted=wanted: now() is wanted)  # type: ignore[misc]
        assert [job.counts for job in session.journal.jobs(None)] == [{"done": 1}] * 2


def test_what_an_answer_was_about() -> None:
    """A push brings transfers, a split brings invoices, many transfers only their ids."""
    assert touched(["order:1"], {"items": [{"id": "t1", "order_id": "1"}]}) == Touched({"1"}, set(), {"t1"})
    assert touched(["invoice:1"], {"items": [{"id": "2", "number": "2"}]}) == Touched(set(), {"1", "2"}, set())
    assert touched(["order:1"], {"transfer_ids": ["t1", "t2"]}) == Touched({"1"}, set(), {"t1", "t2"})
    assert touched(["transfer:t1", "order:1"], {"id": "t1", "state": "completed"}) == Touched({"1"}, set(), {"t1"})
    assert touched(["account"], {"settings": {}}) == Touched(set(), set(), set())
