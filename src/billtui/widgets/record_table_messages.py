"""What a table says to the screen around it. Handlers are named `on_record_table_…`; all carry the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from billtui.widgets.record_table import RecordTable


@dataclass
class TableMessage(Message, namespace="record_table"):
    """A message of a table."""

    table: RecordTable[Any]

    @property
    def control(self) -> RecordTable[Any]:
        """The table that says so."""
        return self.table


@dataclass
class CursorMoved(TableMessage, namespace="record_table"):
    """The cursor is on another record (None: nothing is shown).

    `vanished` names the record it stood on when that one is no longer shown: whoever asked something about it must
    close the question.
    """

    row_id: str | None
    vanished: str | None = None


@dataclass
class MarksChanged(TableMessage, namespace="record_table"):
    """Marks changed: how many there are, and how many of them are not shown (filtered out, or gone)."""

    marked: int
    hidden: int


@dataclass
class RangeChanged(TableMessage, namespace="record_table"):
    """A range was begun, reaches other rows than before by their order or a filter, or there is none any more."""


@dataclass
class RowOpened(TableMessage, namespace="record_table"):
    """The record under the cursor was chosen."""

    row_id: str


@dataclass
class SortChanged(TableMessage, namespace="record_table"):
    """The sort order changed; None: the source order."""

    column: str | None
    reverse: bool


@dataclass
class MarkRefused(TableMessage, namespace="record_table"):
    """A record cannot be marked. Where one key met several of them this is the first; `total` counts them all."""

    row_id: str
    reason: str
    total: int = 1
