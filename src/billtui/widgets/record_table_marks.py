"""Marks of a table: a set of ids that outlives sorting, filtering and refreshing. Free of Textual."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from typing import TypeAlias, TypeVar

T = TypeVar("T")

UNDO_STEPS = 10
"""Mark changes that can be taken back."""


Ids: TypeAlias = set[str] | frozenset[str]


class NearlyAll(Set[str]):
    """All ids of a list but few. A hundred thousand are marked by naming the few (P-TABLE-3).

    A set of them would be made, looked through by the collector and thrown away again, each of it through all of their
    memory. It is made when somebody asks for more than how many there are and whether one is among them.
    """

    __slots__ = ("_but", "_every", "_plain")

    def __init__(self, every: Ids, but: Ids = frozenset()) -> None:
        """``every`` are the ids of the list, of which those of ``but`` are left out. Neither is changed by anybody."""
        self._every = every
        self._but = but & every
        self._plain: Ids | None = None if self._but else every

    @classmethod
    def _from_iterable(cls, it: Iterable[T]) -> frozenset[T]:  # what & and | come to
        return frozenset(it)

    def __contains__(self, row_id: object) -> bool:
        return row_id in self._every and row_id not in self._but

    def __len__(self) -> int:
        return len(self._every) - len(self._but)

    def __iter__(self) -> Iterator[str]:
        return iter(self.plain())

    def plain(self) -> Ids:
        """The same as a set, which nobody changes."""
        if self._plain is None:
            self._plain = self._every.difference(self._but)
        return self._plain


class IdsTogether:
    """The ids of a list as one set, put together a part at a time ahead of the key that marks all (P-TABLE-3)."""

    def __init__(self) -> None:
        """None of them yet."""
        self._whole: Ids | None = None
        self._first: set[str] = set()
        """The first ids, on the way to the whole."""
        self._count = 0

    def forget(self) -> None:
        """Some of them are others by now."""
        self._whole, self._first, self._count = None, set(), 0

    def more_came(self) -> None:
        """Behind those that there were; what was given out stays as it is."""
        self._whole = None

    def whole(self, ids: Collection[str]) -> Ids:
        """All of ``ids``, which are those of the list; made once for the same ones, and changed by nobody."""
        if self._whole is None:
            self._whole, self._first, self._count = set(ids), set(), 0
        return self._whole

    def gather(self, ids: Sequence[str], count: int) -> bool:
        """Put the next ``count`` of ``ids`` together; True while some are left."""
        if self._whole is not None:
            return False
        start, self._count = self._count, self._count + count
        self._first.update(ids[start : self._count])
        if self._count < len(ids):
            return True
        self._whole, self._first, self._count = self._first, set(), 0
        return False


def plain(ids: Ids | NearlyAll) -> Ids:
    """The same ids, as a set."""
    return ids.plain() if isinstance(ids, NearlyAll) else ids


class Marks:
    """Marked ids, with undo. An id stays marked until a change names it, whether its record is shown or not.

    Beside them stands what was chosen and cannot be marked now: it is set aside, shown as such, and joins the marks
    when nothing is in the way any more (:meth:`settle`).
    """

    def __init__(self) -> None:
        self._ids: Ids | NearlyAll = frozenset()
        self.aside: Ids = frozenset()
        """Chosen ids that cannot be marked; never one that is marked."""
        self._chosen: tuple[Ids, Ids, Ids] | None = None
        self._history: deque[tuple[Ids | NearlyAll, Ids]] = deque(maxlen=UNDO_STEPS)

    def __contains__(self, row_id: str) -> bool:
        return row_id in self._ids

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def ids(self) -> Ids:
        """The marked ids; each change makes another set, nobody changes one."""
        return plain(self._ids)

    @property
    def state(self) -> tuple[object, object]:
        """What is another object after each change of the marked ids, and of those set aside."""
        return self._ids, self.aside

    @property
    def can_undo(self) -> bool:
        """Is there a change to take back?"""
        return bool(self._history)

    @property
    def chosen_count(self) -> int:
        """How many ids are marked or set aside."""
        return len(self._ids) + len(self.aside)

    @property
    def chosen(self) -> Ids:
        """What is marked, and what is set aside."""
        if not self.aside:
            return self.ids
        known = self._chosen
        if known is None or known[0] is not self.ids or known[1] is not self.aside:
            known = self._chosen = (self.ids, self.aside, self.ids | self.aside)
        return known[2]

    def now(self) -> Callable[[], Ids]:
        """What gives :attr:`chosen` as it is at this moment, whenever it is asked."""
        ids, aside = self._ids, self.aside
        return lambda: plain(ids) | aside if aside else plain(ids)

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
        self._history.append((self._ids, self.aside))
        self._ids, self.aside = ids, kept
        return True

    def begin(self, ids: Ids | NearlyAll, aside: Collection[str]) -> bool:
        """Mark these and set those aside, which are others, as one step, where nothing was chosen before; False where
        there are none. Raises ValueError where something was chosen."""
        if self.chosen_count:
            raise ValueError("something was chosen before")
        if not ids and not aside:
            return False
        self._history.append((self._ids, self.aside))
        self._ids, self.aside = ids, frozenset(aside)
        return True

    def settle(self, ids: Ids, aside: Ids) -> bool:
        """What became of the marks by itself: orders vanished, were freed, or blocked. Not a step to undo."""
        if ids == self.ids and aside == self.aside:
            return False
        self._ids, self.aside = ids, aside
        return True

    def undo(self) -> bool:
        """Take back the last change; False when there is none."""
        if not self._history:
            return False
        self._ids, self.aside = self._history.pop()
        return True

    def forget(self) -> bool:
        """Unmark everything, for good: the ids were other records'. False when there was nothing to forget."""
        had = bool(self._ids or self.aside or self._history)
        self._ids = self.aside = frozenset()
        self._history.clear()
        return had
