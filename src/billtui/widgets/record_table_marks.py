"""Marks of a table: a set of ids that outlives sorting, filtering and refreshing. Free of Textual."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from typing import TypeAlias

UNDO_STEPS = 10
"""Mark changes that can be taken back."""


Ids: TypeAlias = set[str] | frozenset[str]


class Marks:
    """Marked ids, with undo. An id stays marked until a change names it, whether its record is shown or not.

    Beside them stands what was chosen and cannot be marked now: it is set aside, shown as such, and joins the marks
    when nothing is in the way any more (:meth:`settle`).
    """

    def __init__(self) -> None:
        self.ids: Ids = frozenset()
        """The marked ids; each change makes another set, nobody changes one."""
        self.aside: Ids = frozenset()
        """Chosen ids that cannot be marked; never one that is marked."""
        self._chosen: tuple[Ids, Ids, Ids] | None = None
        self._history: deque[tuple[Ids, Ids]] = deque(maxlen=UNDO_STEPS)

    def __contains__(self, row_id: str) -> bool:
        return row_id in self.ids

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def can_undo(self) -> bool:
        """Is there a change to take back?"""
        return bool(self._history)

    @property
    def chosen_count(self) -> int:
        """How many ids are marked or set aside."""
        return len(self.ids) + len(self.aside)

    @property
    def chosen(self) -> Ids:
        """What is marked, and what is set aside."""
        if not self.aside:
            return self.ids
        known = self._chosen
        if known is None or known[0] is not self.ids or known[1] is not self.aside:
            known = self._chosen = (self.ids, self.aside, self.ids | self.aside)
        return known[2]

    def change(self, add: Collection[str] = (), remove: Collection[str] = (), aside: Collection[str] = ()) -> bool:
        """Mark, unmark and set aside as one step; False when nothing changed. Marking wins over the other two.

        A set that is given may be kept: the caller does not change it afterwards.
        """
        ids = self.ids.difference(remove) if remove else self.ids
        if add:
            ids = ids.union(add) if ids else add if isinstance(add, (set, frozenset)) else set(add)
        kept = self.aside
        if kept or aside:
            kept = (set(kept).difference(remove).union(aside)).difference(ids)
        if len(ids) == len(self.ids) and len(kept) == len(self.aside) and ids == self.ids and kept == self.aside:
            return False
        self._history.append((self.ids, self.aside))
        self.ids, self.aside = ids, kept
        return True

    def settle(self, ids: Ids, aside: Ids) -> bool:
        """What became of the marks by itself: orders vanished, were freed, or blocked. Not a step to undo."""
        if ids == self.ids and aside == self.aside:
            return False
        self.ids, self.aside = ids, aside
        return True

    def undo(self) -> bool:
        """Take back the last change; False when there is none."""
        if not self._history:
            return False
        self.ids, self.aside = self._history.pop()
        return True

    def forget(self) -> bool:
        """Unmark everything, for good: the ids were other records'. False when there was nothing to forget."""
        had = bool(self.ids or self.aside or self._history)
        self.ids = self.aside = frozenset()
        self._history.clear()
        return had
