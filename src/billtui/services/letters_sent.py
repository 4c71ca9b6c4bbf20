"""Whether a new ticket was sent already by another plan: a plan file outlives the draft that it was made of (TKT-9).

A reply names what its writer has seen, so the panel holds a second one back. A new ticket rests on nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from billtui.services.journal import JournalReader, OperationState
from billtui.services.plans import OperationKind, Plan

_SURE: Final = timedelta(seconds=1)
"""Instants are kept to the second: what was sent in the second in which a plan was made was sent before it."""


def sent_by_another(journal: JournalReader, plan: Plan) -> str | None:
    """The job that has sent a new ticket of ``plan``, word for word, since ``plan`` was made. Raises JournalError."""
    wanted = [one.params for one in plan.operations if one.kind is OperationKind.TICKET_NEW]
    if not wanted:
        return None
    for job in journal.jobs(panel_id=plan.panel_id, account_id=plan.account_id):
        if job.submitted_at <= plan.made_at + _SURE:
            return None
        if job.id == plan.id or not job.counts.get(OperationState.DONE):
            continue
        done = {row.number for row in journal.operations(job.id) if row.state is OperationState.DONE}
        if any(one.number in done and one.params in wanted for one in journal.plan(job.id).operations):
            return job.id
    return None
