"""Whether the journal is whole: the chain of events, and whether the tables agree with it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from typing import Any

from billtui.services.journal import chain
from billtui.services.journal.schema import version_of
from billtui.services.journal.states import CLOSED, MOVES, OPEN, OperationState
from billtui.services.journal.writer import DOCUMENTS, digest
from billtui.services.plans import Plan, PlanError

MOST = 50
"""So many findings are told; more than that is one sentence."""


def findings(db: sqlite3.Connection) -> list[str]:
    """All damage and gaps that can be seen, one sentence each, at most :data:`MOST` and one more."""
    found: list[str] = []
    db.execute("BEGIN")
    try:
        found += [f"SQLite reports: {row[0]}" for row in db.execute("PRAGMA quick_check(10)") if row[0] != "ok"]
        last, documents, plans = _chain(db, found)
        _operations(db, found, last, documents)
        _jobs(db, found, plans)
        _locks(db, found)
    finally:
        db.execute("COMMIT")
    if len(found) > MOST:
        found = [*found[:MOST], f"… and {len(found) - MOST} more findings."]
    return found


_Last = dict[tuple[str, int], str]
_Documents = dict[tuple[str, int], dict[str, str]]


def _chain(db: sqlite3.Connection, found: list[str]) -> tuple[_Last, _Documents, dict[str, str]]:
    previous, expected = chain.GENESIS, 1
    last: _Last = {}
    documents: _Documents = {}
    plans: dict[str, str] = {}
    for sequence, at, job_id, number, before, after, detail, link in db.execute(
        "SELECT sequence, at, job_id, number, before, after, detail, hash FROM events ORDER BY sequence"
    ):
        if sequence != expected:
            found.append(f"Events {expected} to {sequence - 1} are missing.")
        if chain.link(previous, sequence, at, job_id, number, before, after, detail) != link:
            found.append(
                f"Event {sequence} (job {job_id[:8]}, operation {number}) was changed, or what stood before it."
            )
        previous, expected = link, sequence + 1
        noted = _object(detail)
        if number == 0:
            if after == "job":
                plans[job_id] = str(noted.get("plan"))
            continue
        known = last.get((job_id, number))
        if known != before:
            found.append(
                f"Event {sequence} moves operation {number} of job {job_id[:8]} from {before}, but it was {known}."
            )
        elif before is not None and before != after and after not in MOVES.get(OperationState(before), ()):
            found.append(f"Event {sequence} is a move that does not exist: {before} → {after}.")
        last[job_id, number] = after
        known_ones = documents.setdefault((job_id, number), {})
        if "picture" in noted:
            known_ones.pop("finding", None)
        known_ones |= {name: str(noted[name]) for name in DOCUMENTS if name in noted}
    return last, documents, plans


def _operations(db: sqlite3.Connection, found: list[str], last: _Last, documents: _Documents) -> None:
    seen: set[tuple[str, int]] = set()
    names = ", ".join(DOCUMENTS) if version_of(db) > 1 else "answer, NULL, NULL"
    for job_id, number, state, *texts in db.execute(f"SELECT job_id, number, state, {names} FROM operations"):
        where = f"operation {number} of job {job_id[:8]}"
        seen.add((job_id, number))
        if last.get((job_id, number)) != state:
            found.append(f"The state of {where} is {state}, but the last event says {last.get((job_id, number))}.")
        written = documents.get((job_id, number), {})
        for name, text in zip(DOCUMENTS, texts, strict=True):
            if (digest(text) if text is not None else None) != written.get(name):
                found.append(f"The {name} of {where} is not the one that was written down.")
    found += [
        f"Operation {number} of job {job_id[:8]} is missing, but has events." for job_id, number in last.keys() - seen
    ]


def _jobs(db: sqlite3.Connection, found: list[str], plans: dict[str, str]) -> None:
    seen: set[str] = set()
    for job_id, document in db.execute("SELECT id, plan FROM jobs").fetchall():
        seen.add(job_id)
        if hashlib.sha256(document.encode()).hexdigest() != plans.get(job_id):
            found.append(f"The plan of job {job_id[:8]} was changed.")
        try:
            plan = Plan.from_json(document)
        except PlanError as error:
            found.append(f"The plan of job {job_id[:8]} cannot be read: {error}")
            continue
        rows = db.execute(
            "SELECT number, key, kind, amount, takes_from, targets FROM operations WHERE job_id = ?", (job_id,)
        ).fetchall()
        if len(rows) != len(plan.operations):
            found.append(f"Job {job_id[:8]} has {len(rows)} operations, its plan {len(plan.operations)}.")
        for number, key, kind, amount, takes_from, targets in rows:
            if not 1 <= number <= len(plan.operations):
                continue
            planned = plan.operation(number)
            wanted = f"{planned.amount.amount:.2f}" if planned.amount is not None else None
            same = (key, kind, amount, takes_from) == (plan.key(number), planned.kind, wanted, planned.takes_from)
            if not same or (planned.takes_from is None and json.loads(targets) != list(planned.targets)):
                found.append(f"Operation {number} of job {job_id[:8]} is not what its plan says.")
    found += [f"Job {job_id[:8]} is missing, but has events." for job_id in plans.keys() - seen]


def _locks(db: sqlite3.Connection, found: list[str]) -> None:
    held: dict[tuple[str, int], set[str]] = {}
    for job_id, number, target in db.execute("SELECT job_id, number, target FROM locks WHERE open = 1"):
        held.setdefault((job_id, number), set()).add(target)
    for job_id, number, state, targets in db.execute("SELECT job_id, number, state, targets FROM operations"):
        here = held.pop((job_id, number), set())
        if OperationState(state) in OPEN and here != set(json.loads(targets)):
            found.append(f"Operation {number} of job {job_id[:8]} is {state}, but does not lock all its targets.")
        if OperationState(state) in CLOSED and here:
            found.append(
                f"Operation {number} of job {job_id[:8]} is {state}, but still locks {', '.join(sorted(here))}."
            )
    found += [f"A lock belongs to operation {number} of job {job_id[:8]}, which is missing." for job_id, number in held]


def _object(detail: str) -> dict[str, Any]:
    try:
        value = json.loads(detail)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
