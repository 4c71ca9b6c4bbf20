"""What was refused is planned anew once: the job that did so is found, and a second one is not taken on.

A refused purchase stays refused in its own job, whatever a later one bought. So a repeated "try again", by a key, a
script or another program, would buy the same a second time, at a price that was confirmed each time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from billtui.services.journal.states import OperationState

Query = Callable[[str, tuple[Any, ...]], Iterable[Sequence[Any]]]
_JOBS: Final = "SELECT id, plan FROM jobs WHERE instr(plan, ?) ORDER BY submitted_at"
_LEFT: Final = "SELECT 1 FROM operations WHERE job_id = ? AND state <> ? LIMIT 1"


def done_anew(query: Query, job_id: str) -> dict[int, str]:
    """Number of each operation of ``job_id`` that another job has taken on anew, with that job's id.

    A job that was cancelled whole counts as none: nothing of it was sent, nor will be.
    """
    found: dict[int, str] = {}
    for other, document in list(query(_JOBS, (f'"{job_id}:',))):
        numbers = [
            int(one.partition(":")[2])
            for one in json.loads(document).get("instead_of", ())
            if one.startswith(f"{job_id}:")
        ]
        if numbers and any(True for _ in query(_LEFT, (other, OperationState.CANCELLED.value))):
            found |= dict.fromkeys(numbers, str(other))
    return found


def taken_on(query: Query, instead_of: Iterable[str]) -> str | None:
    """The job that has one of these ``JOB:NUMBER`` done anew already."""
    known: dict[str, dict[int, str]] = {}
    for one in instead_of:
        job_id, _, number = one.partition(":")
        if job_id not in known:
            known[job_id] = done_anew(query, job_id)
        if (other := known[job_id].get(int(number))) is not None:
            return other
    return None
