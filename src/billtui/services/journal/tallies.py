"""How many operations of each job are in each state, counted anew only for jobs that moved.

A list of jobs is drawn again each second while one of them runs; counting every operation of every job for that would
cost more than the jobs themselves. Every move has its line in ``events``, so the lines since the last look say which
jobs to count.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final, NamedTuple

from billtui.services.journal.states import CLOSED, OperationState

_CLOSED: Final = ",".join(f"'{state.value}'" for state in sorted(CLOSED))
_COUNT: Final = f"""
SELECT state, COUNT(*), SUM(CASE WHEN state IN ({_CLOSED}) OR amount IS NULL OR number IN
    (SELECT takes_from FROM operations WHERE job_id = ?1 AND takes_from IS NOT NULL)
    THEN 0 ELSE CAST(REPLACE(amount, '.', '') AS INTEGER) END)
FROM operations WHERE job_id = ?1 GROUP BY state
"""
"""Amounts are written with two decimals, so without the point they are cents. A purchase that a later operation pays
counts once."""


class Tally(NamedTuple):
    """One job, counted."""

    counts: Mapping[OperationState, int]
    left_cents: int
    """What is neither done nor closed."""


class Tallies:
    """The counts of all jobs that were asked for. Used under the reader's lock, inside one state of the journal."""

    def __init__(self) -> None:
        self._known: dict[str, Tally] = {}
        self._generation = 0

    def follow(self, db: sqlite3.Connection) -> None:
        """Forget the counts of jobs that moved since the last call."""
        now = int(db.execute("SELECT COALESCE(MAX(sequence), 0) FROM events").fetchone()[0])
        if now < self._generation:  # another file lies there now
            self._known.clear()
        elif now > self._generation and self._known:
            moved = db.execute("SELECT DISTINCT job_id FROM events WHERE sequence > ?", (self._generation,))
            for (job_id,) in moved.fetchall():
                self._known.pop(job_id, None)
        self._generation = now

    def of(self, db: sqlite3.Connection, job_id: str) -> Tally:
        """The counts of one job."""
        tally = self._known.get(job_id)
        if tally is None:
            rows = db.execute(_COUNT, (job_id,)).fetchall()
            counts = {OperationState(state): int(count) for state, count, _ in rows}
            tally = self._known[job_id] = Tally(counts, sum(int(cents) for _, _, cents in rows))
        return tally
