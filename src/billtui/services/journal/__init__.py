"""The journal: every operation is written down before it is sent (RELIABILITY "Money: at most once, and known")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billtui.late import late

if TYPE_CHECKING:
    from billtui.services.journal.errors import (
        DoneAnew,
        JobElsewhere,
        JournalDamaged,
        JournalError,
        MoveLost,
        NotAlone,
        TargetsBusy,
        UnknownJob,
    )
    from billtui.services.journal.owners import Recovered
    from billtui.services.journal.reader import JournalReader
    from billtui.services.journal.rows import Busy, EventRow, JobRow, OperationRow, amount_of
    from billtui.services.journal.states import CLOSED, MOVES, OPEN, JobState, OperationState, PauseReason
    from billtui.services.journal.writer import Journal

__all__ = [
    "CLOSED",
    "MOVES",
    "OPEN",
    "Busy",
    "DoneAnew",
    "EventRow",
    "JobElsewhere",
    "JobRow",
    "JobState",
    "Journal",
    "JournalDamaged",
    "JournalError",
    "JournalReader",
    "MoveLost",
    "NotAlone",
    "OperationRow",
    "OperationState",
    "PauseReason",
    "Recovered",
    "TargetsBusy",
    "UnknownJob",
    "amount_of",
]

_NAMES = {
    "Busy": "rows",
    "CLOSED": "states",
    "DoneAnew": "errors",
    "EventRow": "rows",
    "JobElsewhere": "errors",
    "JobRow": "rows",
    "JobState": "states",
    "Journal": "writer",
    "JournalDamaged": "errors",
    "JournalError": "errors",
    "JournalReader": "reader",
    "MOVES": "states",
    "MoveLost": "errors",
    "NotAlone": "errors",
    "OPEN": "states",
    "OperationRow": "rows",
    "OperationState": "states",
    "PauseReason": "states",
    "Recovered": "owners",
    "TargetsBusy": "errors",
    "UnknownJob": "errors",
    "amount_of": "rows",
}
__getattr__ = late(__name__, _NAMES)
