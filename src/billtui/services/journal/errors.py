"""What can go wrong with the journal. Without a journal line there is no request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billtui.services.journal.rows import Busy


class JournalError(Exception):
    """The journal cannot be read or written; the message says why and what to do. Nothing was sent."""


class JournalDamaged(JournalError):
    """The file is not a sound journal (of this version)."""


class MoveLost(JournalError):
    """An operation was not in the state that a move starts from: somebody else moved it."""


class NotAlone(JournalError):
    """Another operation of the account is being sent, or has no known outcome: on a panel without idempotency keys the
    effect of one could be taken for that of the other."""


class UnknownJob(JournalError, LookupError):
    """There is no such job or operation in the journal."""


class JobElsewhere(JournalError):
    """Another running billtui works on this job."""


class DoneAnew(JournalError):
    """What was refused has been planned anew already, in another job."""

    def __init__(self, job_id: str) -> None:
        """``job_id`` is that job."""
        super().__init__(
            f"This was done anew already, as job {job_id[:12]}: see what became of it, and go on there. "
            "Nothing was sent."
        )
        self.job_id = job_id


class TargetsBusy(JournalError):
    """Some targets have an open operation already; nothing of the plan was taken on."""

    def __init__(self, busy: Sequence[Busy]) -> None:
        """``busy`` names each target and the operation that holds it."""
        first = busy[0]
        more = f" and {len(busy) - 1} more" if len(busy) > 1 else ""
        super().__init__(
            f"{first.target.replace(':', ' ')}{more} already has an open operation "
            f"({first.title}, {first.state}, job {first.job_id[:8]}). "
            "Finish or cancel that one first; nothing was sent."
        )
        self.busy = tuple(busy)
