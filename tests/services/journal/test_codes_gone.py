"""Steps of transfers whose program has ended: the code went with it, so they end at once and hold no lock (TRF-2)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from billtui.services import planner
from billtui.services.journal import Journal, JournalReader, OperationState, owners, schema
from billtui.services.locks import OwnerLock
from billtui.services.plans import Plan
from billtui.services.session_settings import CodeNeeded, SessionSettings, check_plan
from tests.services.planner.test_transfer_plans import account, transfer

S = OperationState


def confirms() -> Plan:
    return planner.confirm_transfer(account(), [transfer(1), transfer(2), transfer(3)])


def died(lock: OwnerLock) -> None:
    os.close(lock._descriptor)  # as the kernel does when the process is gone


def test_what_was_not_sent_ends_and_what_was_being_sent_is_looked_up(journal: Journal, path: Path) -> None:
    lock, plan = OwnerLock(schema.owners_dir(path)), confirms()
    journal.add_job(plan, lock.owner, held=False)
    journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,))
    journal.move(plan.id, 2, S.SENDING, come_from=(S.PREPARED,))
    journal.move(plan.id, 2, S.DONE, come_from=(S.SENDING,), answer={"id": "t2"})
    died(lock)
    found = owners.recover(journal)
    assert (found.unknown, found.codeless) == (((plan.id, 1),), ((plan.id, 3),)) and not found.dropped
    reader = JournalReader(path)
    assert [row.state for row in reader.operations(plan.id)] == [S.UNKNOWN, S.DONE, S.REFUSED]
    row = reader.operation(plan.id, 3)
    assert (row.code, row.rule, row.owner) == ("code-needed", "TRF-2", None)
    assert "billtui transfers confirm id:t3" in str(row.detail)
    assert set(reader.open_targets("p1", "1001")) == {"transfer:t1", "order:o1"}
    assert reader.verify() == []
    again = planner.confirm_transfer(account(), [transfer(3)])
    assert journal.add_job(again, "me", held=False) is True


def test_a_program_that_leaves_says_so_as_well(journal: Journal, path: Path) -> None:
    """Leaving in the ordinary way: other kinds wait for a person, these are over."""
    plan = confirms()
    cancel = planner.cancel_transfer(account(), [transfer(4)])
    for one in (plan, cancel):
        journal.add_job(one, "me", held=False)
    owners.release(journal, "me")
    reader = JournalReader(path)
    assert {row.code for row in reader.operations(plan.id)} == {"code-needed"} and reader.job(plan.id).finished
    assert reader.operation(cancel.id, 1).state is S.PREPARED and reader.job(cancel.id).paused is not None
    assert owners.recover(journal).codeless == ()


def test_a_plan_is_not_taken_on_without_its_codes(tmp_path: Path) -> None:
    from billtui.client import ConnectionSettings

    settings = SessionSettings(ConnectionSettings("http://127.0.0.1:9"), data_dir=tmp_path, state_dir=tmp_path)
    plan = confirms()
    for codes in (None, {}, {1: SecretStr("AAAA-BBBB"), 2: SecretStr("AAAA-BBBB")}):
        with pytest.raises(CodeNeeded, match="needs the one-time code"):
            check_plan(settings, account(), plan, codes)
    check_plan(settings, account(), plan, {number: SecretStr("AAAA-BBBB") for number in plan.coded})
    check_plan(settings, account(), planner.cancel_transfer(account(), [transfer()]))
