"""The order of a table: which records are shown, and in what order. Free of Textual.

Records are never moved or copied. Sorting and filtering make a new sequence of *indices* into them; whatever needs work
per record (ids, search texts, sort keys) is made when first needed and kept until the records change.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Sequence, Set
from itertools import compress
from typing import Any, Generic, TypeVar

from billtui.widgets.record_table_chosen import (
    SORT_KEYS_KEPT,
    AllBut,
    Choice,
    ChosenRows,
    InColumns,
    each_between,
    each_of,
    field_of,
    plain_keys,
)
from billtui.widgets.record_table_marks import Ids, IdsTogether, NearlyAll
from billtui.widgets.record_table_search import SearchTexts, search_words

R = TypeVar("R")

_TURNED = bytes([1]) + bytes(255)


class RecordView(Generic[R]):
    """Records, and the indices of those shown, in the order shown.

    Ids must be unique; should two records share one, the first is the one found by id.
    """

    def __init__(self, row_id: Callable[[R], str], search: Sequence[Callable[[R], str]] = ()) -> None:
        self.row_id = row_id
        self.refusal: Callable[[R], str | None] | None = None
        """Why a record cannot be marked, by the record alone; asked once for each."""
        self.rows: Sequence[R] = ()
        self.base: Sequence[int] = range(0)
        """All records in the present sort order."""
        self.shown: Sequence[int] = range(0)
        """The records that pass predicate and filter, in the present sort order."""
        self.words: tuple[str, ...] = ()
        self._texts = SearchTexts(search)
        self._predicate: Callable[[R], bool] | None = None
        self._candidates: Sequence[int] | None = None  # base, after the predicate
        self._dropped: frozenset[int] = frozenset()  # places that it left out
        self._sort: tuple[str, Callable[[R], Any], bool] | None = None
        self._keys: dict[str, list[Any]] = {}
        self._ids: list[str] = []
        self._together = IdsTogether()  # the same, as a set
        self._index: dict[str, int] = {}
        self._indexed = False
        self._refused: set[str] = set()
        self._refused_places: list[int] = []  # of the same, in source order
        self._refused_of = 0  # records that were asked
        self._shown_set: frozenset[int] | None = None
        self._all_shown: tuple[Sequence[R], Sequence[int], ChosenRows[R]] | None = None
        self._hidden: tuple[Sequence[R], Sequence[int], frozenset[int]] | None = None

    def __len__(self) -> int:
        return len(self.shown)

    # --- records -------------------------------------------------------------------------------------------------

    def set_rows(self, rows: Sequence[R]) -> None:
        """Take new records, in their source order, and apply the present sort, predicate and filter to them.

        Without any of these nothing is done per record: 100,000 open as fast as 1,000 (P-TABLE-1).
        """
        same = rows.same_until(self.rows) if isinstance(rows, InColumns) else 0
        if same < max(len(self.rows), len(rows)):
            self._forget_from(same)
        before: Sequence[int] = ()
        if same and self._sort is not None and field_of(self._sort[1]):  # what it goes by is the same
            before = [index for index in self.base if index < same]
        self.rows = rows
        self._order(before)

    def _forget_from(self, place: int) -> None:
        """Records from this place on are others: what was found out about them does not hold any more."""
        self._keys.clear()
        self._index = {}
        self._indexed = False
        if place < self._refused_of:
            self._refused.difference_update(self._ids[place:])
            del self._refused_places[bisect_left(self._refused_places, place) :]
            self._refused_of = place
        del self._ids[place:]
        self._together.forget()
        self._texts.forget_from(place)

    def id_at(self, position: int) -> str:
        """The id of the record shown at a position."""
        index, ids = self.shown[position], self._ids
        return ids[index] if index < len(ids) else self.row_id(self.rows[index])

    def row_at(self, position: int) -> R:
        """The record shown at a position."""
        return self.rows[self.shown[position]]

    def row_of(self, row_id: str) -> R | None:
        """The record with an id, shown or not."""
        index = self._find(row_id)
        return None if index is None else self.rows[index]

    def rows_of(self, ids: Collection[str]) -> list[R]:
        """The records with these ids, in their order; ids that are gone are left out. One search for all of them."""
        if len(ids) < 4:
            return [row for row_id in ids if (row := self.row_of(row_id)) is not None]
        return list(self.among(ids)[1])

    def among(self, ids: Iterable[str]) -> tuple[list[str], ChosenRows[R]]:
        """Those of ``ids`` that a record has, and their records, one by one."""
        index = self._whole_index()
        there = [row_id for row_id in ids if row_id in index]
        return there, ChosenRows(self.rows, [index[row_id] for row_id in there])

    def missing(self, ids: set[str] | frozenset[str]) -> set[str] | frozenset[str]:
        """Those of ``ids`` that no record has."""
        return ids.difference(self._whole_index())

    def shown_rows(self) -> list[R]:
        """The records shown, in the order shown."""
        rows = self.rows
        return [rows[index] for index in self.shown]

    def position_of(self, row_id: str) -> int | None:
        """Where the record with an id is shown; None when it is not shown."""
        index = self._find(row_id)
        return None if index is None else self.place_of(index)

    def place_of(self, index: int) -> int | None:
        """Where the record at this index of :attr:`rows` is shown; None when it is not shown."""
        try:
            return self.shown.index(index)
        except ValueError:
            return None

    def shown_ids(self) -> list[str]:
        """The ids of all shown records, in the order shown."""
        ids = self.all_ids()
        if len(self.shown) == len(ids) and isinstance(self.shown, range):
            return ids
        return [ids[index] for index in self.shown]

    def shown_pairs(self) -> tuple[Collection[str], Sequence[R]]:
        """Ids and records of all that is shown, one by one, in any order.

        Source order is kinder to the memory than the order shown, and a set is made faster of a dict (P-TABLE-3).
        """
        ids = self.all_ids()
        if len(self.shown) == len(ids):
            return (self._index if self._indexed else ids), self.rows
        return [ids[index] for index in self.shown], ChosenRows(self.rows, self.shown)

    def in_order(self, ids: Set[str]) -> ChosenRows[R]:
        """The records with these ids: those shown first, in the order shown, then the others by their ids."""
        rows, shown = self.rows, self.shown
        if not ids:
            return ChosenRows(rows, ())
        every, found, flags = self.all_ids(), array("l"), None
        if len(ids) * 4 < len(rows):
            index = self._whole_index()
            places = {index[row_id] for row_id in ids if row_id in index}
            found.extend(filter(places.__contains__, shown))
        else:
            flags = bytearray(map(ids.__contains__, every))
            if len(ids) == len(shown) == flags.count(1) and all(map(flags.__getitem__, shown)):
                return ChosenRows(rows, shown, flags)
            found.extend(compress(shown, map(flags.__getitem__, shown)))
        if len(found) < len(ids):
            index, others = self._whole_index(), sorted(ids - set(map(every.__getitem__, found)))
            found.extend(index[row_id] for row_id in others if row_id in index)
        return ChosenRows(rows, found, flags if flags is not None and flags.count(1) == len(found) else None)

    def all_shown(self) -> ChosenRows[R]:
        """The records shown, in the order shown; the same object while they are: for what they come to."""
        known = self._all_shown
        if known is None or known[0] is not self.rows or known[1] is not self.shown:
            known = self._all_shown = (self.rows, self.shown, self._all_but(()))
        return known[2]

    def _all_but(self, left_out: Collection[int]) -> ChosenRows[R]:
        """The records shown without those at these places, which are shown."""
        few = len(left_out) + len(self.rows) - len(self.shown)
        out = frozenset(left_out)
        if few * 4 > len(self.rows):
            return ChosenRows(self.rows, [place for place in self.shown if place not in out] if out else self.shown)
        return AllBut(self.rows, self.shown, self.hidden | out)

    @property
    def hidden(self) -> frozenset[int]:
        """The places of records that are not shown; looked for once, until others are shown."""
        known = self._hidden
        if known is None or known[0] is not self.rows or known[1] is not self.shown:
            count = len(self.rows)
            places = frozenset() if len(self.shown) == count else frozenset(range(count)).difference(self.shown)
            known = self._hidden = (self.rows, self.shown, places)
        return known[2]

    def choose_shown(self) -> Choice[R]:
        """All that is shown: what can be marked of it, and what cannot."""
        ids, places = self.all_ids(), self._refused_shown()
        refused = [ids[place] for place in places]
        if (len(ids) - len(self.shown)) * 4 > len(ids):
            some = set(map(ids.__getitem__, self.shown))
            some.difference_update(refused)
            return Choice(some, refused, self._all_but(places))
        out = set(map(ids.__getitem__, self.hidden))
        out.update(refused)
        return Choice(NearlyAll(self.every_id(), out), refused, self._all_but(places))

    def every_id(self) -> Ids:
        """The ids of all records, as a set; made once for the same records."""
        return self._together.whole(self._index if self._indexed else self.all_ids())

    def all_ids(self) -> list[str]:
        """The ids of all records, in source order."""
        if len(self._ids) < len(self.rows):
            self._ids.extend(each_between(self.rows, self.row_id, len(self._ids)))
            self._together.more_came()
        return self._ids

    def refused(self, rows: Sequence[R], ids: Collection[str]) -> list[str]:
        """Those of ``ids``, which are the ids of ``rows``, that cannot be marked, in their order."""
        if self.refusal is None:
            return []
        if len(rows) * 4 < len(self.rows):
            return list(compress(ids, each_of(rows, self.refusal)))
        self._ask(len(self.rows))
        return list(filter(self._refused.__contains__, ids)) if self._refused else []

    def _refused_shown(self) -> list[int]:
        """The places of those shown that cannot be marked, in source order."""
        self._ask(len(self.rows))
        if len(self.shown) * 4 < len(self.rows):
            return list(filter(self._as_set().__contains__, self._refused_places))
        hidden = self.hidden
        return [place for place in self._refused_places if place not in hidden] if hidden else self._refused_places[:]

    def all_refused(self) -> frozenset[str]:
        """The ids of all records that cannot be marked."""
        self._ask(len(self.rows))
        return frozenset(self._refused)

    def _ask(self, end: int) -> None:
        start, end = self._refused_of, min(end, len(self.rows))
        if self.refusal is not None and start < end:
            found = list(compress(range(start, end), each_between(self.rows, self.refusal, start, end)))
            self._refused_places += found
            self._refused.update(map(self.all_ids().__getitem__, found))
        self._refused_of = end

    def count_shown(self, ids: Set[str]) -> int:
        """How many of these ids are shown."""
        if not ids:
            return 0
        if len(ids) * 4 > len(self.shown):
            return sum(map(ids.__contains__, self.shown_pairs()[0]))
        index, shown = self._whole_index(), self._as_set()
        return sum(1 for row_id in ids if index.get(row_id, -1) in shown)

    def neighbour(self, rows: Sequence[R], order: Sequence[int], start: int) -> int | None:
        """The position now of the record that takes over from one that vanished.

        `rows` and `order` are what was there before, `start` the place in that order: the next record that is still
        shown, else the one before, else whatever stands in that place; None when nothing is shown.
        """
        if not self.shown:
            return None
        same, shown = rows is self.rows, self._as_set()
        index = {} if same else self._whole_index()
        for places in (range(start + 1, len(order)), range(start - 1, -1, -1)):
            for place in places:
                found = order[place] if same else index.get(self.row_id(rows[order[place]]))
                if found is not None and found in shown:
                    return self.shown.index(found)
        return min(start, len(self.shown) - 1)

    def _as_set(self) -> frozenset[int] | range:
        if isinstance(self.shown, range):
            return self.shown
        if self._shown_set is None:
            self._shown_set = frozenset(self.shown)
        return self._shown_set

    def _find(self, row_id: str) -> int | None:
        if self._indexed:
            return self._index.get(row_id)
        try:
            return self.all_ids().index(row_id)
        except ValueError:
            return None

    def _whole_index(self) -> dict[str, int]:
        if not self._indexed:
            ids = self.all_ids()
            self._index = dict(zip(ids, range(len(ids)), strict=True))
            if len(self._index) < len(ids):  # a repeated id: the first record has it
                self._index.update(zip(reversed(ids), range(len(ids) - 1, -1, -1), strict=True))
            self._indexed = True
        return self._index

    # --- sort ----------------------------------------------------------------------------------------------------

    def sort(self, name: str | None, key: Callable[[R], Any] | None = None, *, reverse: bool = False) -> None:
        """Sort by a key, stable in both directions (equal keys keep the source order); None: the source order.

        `name` names the key, whose values are kept under it. None among the keys comes last in both directions.
        """
        self._sort = None if name is None or key is None else (name, key, reverse)
        self._order()

    def _sort_keys(self, name: str, key: Callable[[R], Any]) -> list[Any]:
        keys = self._keys.pop(name, None)
        if keys is None:
            keys = plain_keys(list(each_between(self.rows, key)))
            if isinstance(self.rows, InColumns):  # made as fast as they are sorted, and held by nobody else (P-MEM)
                return keys
            while len(self._keys) >= SORT_KEYS_KEPT:
                self._keys.pop(next(iter(self._keys)))
        self._keys[name] = keys  # the last used stands last
        return keys

    def _order(self, before: Sequence[int] = ()) -> None:
        """Put all records in order; ``before`` are the first ones of them, as they stood in this order already."""
        count = len(self.rows)
        if self._sort is None:
            self.base = range(count)
        else:
            name, key, reverse = self._sort
            keys = self._sort_keys(name, key)
            order: Sequence[int] = [*before, *range(len(before), count)] if before else range(count)
            none: list[int] = []
            if None in keys:
                none = [index for index in order if keys[index] is None]
                order = [index for index in order if keys[index] is not None]
            self.base = sorted(order, key=keys.__getitem__, reverse=reverse) + none
        self._candidates = None
        self._narrow()

    # --- filter --------------------------------------------------------------------------------------------------

    def set_filter(self, text: str) -> None:
        """Show only records that hold every word of the text. A text that only adds to the last one looks at what
        is still shown, nothing else."""
        words = search_words(text)
        if words == self.words:
            return
        narrower = all(any(old in new for new in words) for old in self.words)
        self.words = words
        self._narrow(self.shown if narrower else None)

    def set_predicate(self, predicate: Callable[[R], bool] | None, *, rows_follow: bool = False) -> None:
        """Show only records for which the predicate is true (None: all), besides the filter text.

        ``rows_follow``: new records are set next, and only they are asked.
        """
        self._predicate = predicate
        if not rows_follow:
            self._candidates = None
            self._narrow()

    def _narrow(self, within: Sequence[int] | None = None) -> None:
        if within is None:
            if self._candidates is None:
                self._candidates, self._dropped = self.base, frozenset()
                if self._predicate is not None:
                    keep = bytearray(map(bool, each_between(self.rows, self._predicate)))
                    self._dropped = frozenset(compress(range(len(keep)), keep.translate(_TURNED)))
                    in_order = keep if isinstance(self.base, range) else map(keep.__getitem__, self.base)
                    self._candidates = list(compress(self.base, in_order))
            within = self._candidates
        self._shown_set = None
        if not self.words:
            self.shown = within
            self._hidden = (self.rows, self.shown, self._dropped)
            return
        self.shown = self._texts.holding(self.rows, self.words, within)

    # --- ahead of time

    def warm(self, count: int) -> bool:
        """Ask ahead which of the next `count` records cannot be marked, then have their ids ready to be marked all at
        once; True while some are left (P-TABLE-3)."""
        if self._refused_of < len(self.rows):
            self._ask(self._refused_of + count)
            return True
        return self._together.gather(self.all_ids(), count)

    def warm_texts(self, count: int) -> bool:
        """Prepare the search texts of the next `count` records; True while some are left (P-TABLE-3)."""
        return self._texts.warm(self.rows, count)

    def forget_texts(self) -> None:
        """Nobody filters: the texts are made again when somebody does (P-MEM)."""
        if not self.words:
            self._texts.forget_from()
