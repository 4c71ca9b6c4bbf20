"""Marks of a table: a set of ids that outlives sorting, filtering and refreshing. Free of Textual."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import NamedTuple

UNDO_STEPS = 20
"""Mark changes that can be taken back."""


class MarkChange(NamedTuple):
    """What one change added and removed."""

    added: set[str]
    removed: set[str]


class Marks:
    """Marked ids, with undo. An id stays marked until a change names it, whether its record is shown or not."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self._history: deque[MarkChange] = deque(maxlen=UNDO_STEPS)

    def __contains__(self, row_id: str) -> bool:
        return row_id in self.ids

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def can_undo(self) -> bool:
        """Is there a change to take back?"""
        return bool(self._history)

    def change(self, add: Collection[str] = (), remove: Collection[str] = ()) -> bool:
        """Mark and unmark ids as one step; False when nothing changed."""
        added = set(add) if not self.ids else set(add) - self.ids
        removed = self.ids.intersection(remove)
        if not added and not removed:
            return False
        if removed:
            self.ids -= removed
        self.ids |= added
        self._history.append(MarkChange(added, removed))
        return True

    def undo(self) -> bool:
        """Take back the last change; False when there is none."""
        if not self._history:
            return False
        added, removed = self._history.pop()
        self.ids -= added
        self.ids |= removed
        return True
