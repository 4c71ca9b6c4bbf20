"""Pictures and findings in the journal: durable with the step, guarded by the chain, and new in its format 2."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from billtui.services import planner
from billtui.services.journal import Journal, JournalError, JournalReader, MoveLost, OperationState
from billtui.services.plans import Plan
from tests.support.money_panel import MoneyPanel

S = OperationState
PICTURE: dict[str, Any] = {"at": "2026-11-26T10:00:00.000+00:00", "seen": {"balance": "1.00 EUR"}}
FINDING: dict[str, Any] = {"at": "x", "state": "unclear", "words": "Two new invoices.", "now": {"balance": "0.00 EUR"}}


def one_payment() -> Plan:
    panel = MoneyPanel()
    return planner.pay(panel.account(), panel.add_invoices(1), "internal")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal"


def sent(path: Path, plan: Plan) -> Journal:
    journal = Journal(path)
    journal.add_job(plan, "me", held=False)
    journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,), owner="me", picture=PICTURE)
    return journal


def damage(path: Path, statement: str) -> list[str]:
    db = sqlite3.connect(path)
    db.executescript(statement)
    db.close()
    return JournalReader(path).verify()


def test_a_picture_stays_and_a_new_one_takes_its_finding_along(path: Path) -> None:
    plan = one_payment()
    journal, reader = sent(path, plan), JournalReader(path)
    journal.move(plan.id, 1, S.UNKNOWN, come_from=(S.SENDING,), finding=FINDING)
    row = reader.operation(plan.id, 1)
    assert (row.picture, row.finding) == (PICTURE, FINDING)
    assert reader.operations(plan.id, answers=False)[0].picture is None  # long lists do not show them
    journal.move(plan.id, 1, S.PREPARED, come_from=(S.UNKNOWN,))
    journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,), owner="me", picture=PICTURE | {"at": "later"})
    row = reader.operation(plan.id, 1)
    assert row.picture is not None
    assert (row.picture["at"], row.finding) == ("later", None)
    assert reader.verify() == []
    journal.close()


def test_a_finding_for_a_person_is_noted_only_while_one_decides(path: Path) -> None:
    plan = one_payment()
    journal, reader = sent(path, plan), JournalReader(path)
    with pytest.raises(MoveLost):
        journal.note_finding(plan.id, 1, FINDING)
    journal.move(plan.id, 1, S.UNKNOWN, come_from=(S.SENDING,))
    journal.move(plan.id, 1, S.NEEDS_YOU, come_from=(S.UNKNOWN,), finding=FINDING)
    journal.note_finding(plan.id, 1, FINDING | {"words": "Now three."})
    row = reader.operation(plan.id, 1)
    assert (row.state, str(row.detail)) == (S.NEEDS_YOU, "Now three.")
    assert reader.verify() == []
    journal.close()


@pytest.mark.parametrize("name", ["picture", "finding"])
def test_what_was_changed_by_hand_is_found(path: Path, name: str) -> None:
    plan = one_payment()
    journal = sent(path, plan)
    journal.move(plan.id, 1, S.UNKNOWN, come_from=(S.SENDING,), finding=FINDING)
    journal.close()
    found = damage(path, f"UPDATE operations SET {name} = '{{}}'")
    assert len(found) == 1
    assert name in found[0]


def test_a_journal_of_format_1_is_read_and_carried_over(path: Path) -> None:
    plan = one_payment()
    Journal(path).add_job(plan, "me", held=False)
    columns = "".join(f"ALTER TABLE operations DROP COLUMN {name};" for name in ("picture", "finding"))
    assert damage(path, f"{columns}PRAGMA user_version = 1;") == []
    reader = JournalReader(path)
    assert [one.picture for one in (reader.operation(plan.id, 1), *reader.operations(plan.id))] == [None, None]
    journal = Journal(path)  # a writer carries it over; the reader that was open goes on
    journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,), owner="me", picture=PICTURE)
    assert reader.operation(plan.id, 1).picture == PICTURE
    assert reader.verify() == []
    journal.close()


def test_a_journal_of_a_later_format_is_left_alone(path: Path) -> None:
    Journal(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 3")
    db.close()
    with pytest.raises(JournalError, match="format 3"):
        Journal(path)
