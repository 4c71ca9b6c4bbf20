"""Marks of a table: a set of ids that outlives sorting, filtering and refreshing. Free of Textual."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection

UNDO_STEPS = 10
"""Mark changes that can be taken back."""


class Marks:
    """Marked ids, with undo. An id stays marked until a change names it, whether its record is shown or not."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        """The marked ids; each change makes another set, nobody changes one."""
        self._history: deque[set[str]] = deque(maxlen=UNDO_STEPS)

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
        ids = self.ids.difference(remove) if remove else self.ids
        if add:
            ids = ids.union(add) if ids else set(add)
        if len(ids) == len(self.ids) and ids == self.ids:
            return False
        self._history.append(self.ids)
        self.ids = ids
        return True

    def undo(self) -> bool:
        """Take back the last change; False when there is none."""
        if not self._history:
            return False
        self.ids = self._history.pop()
        return True

    def forget(self) -> bool:
        """Unmark everything, for good: the ids were other records'. False when there was nothing to forget."""
        had = bool(self.ids or self._history)
        self.ids = set()
        self._history.clear()
        return had
