"""What the filter of a table looks into: the records' texts, or their columns. Free of Textual."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from typing import Generic, TypeVar

from billtui.widgets.record_table_chosen import InColumns, each_between, field_of

R = TypeVar("R")


def search_words(text: str) -> tuple[str, ...]:
    """The words of a filter text, in lower case; a record passes when it holds all of them, in any order."""
    return tuple(text.lower().split())


class SearchTexts(Generic[R]):
    """Finds records by words. Of records kept as columns, nothing is made and held but what is no field of theirs."""

    def __init__(self, search: Sequence[Callable[[R], str]]) -> None:
        """``search`` give the texts of a record."""
        self.search = tuple(search)
        self._made: list[str] = []
        """Of each record one text in small letters, as far as they were asked for."""

    def forget_from(self, place: int = 0) -> None:
        """The records from this place on are others, or nobody looks for words."""
        del self._made[place:]

    def warm(self, rows: Sequence[R], count: int) -> bool:
        """Make the texts of the next ``count`` records; True while some are left (P-TABLE-3)."""
        done = len(self._made)
        if not self._apart(rows) or done >= len(rows):
            return False
        self._make(rows, min(done + count, len(rows)))
        return len(self._made) < len(rows)

    def holding(self, rows: Sequence[R], words: Sequence[str], within: Sequence[int]) -> list[int]:
        """Those of ``within``, places of ``rows``, whose texts have every word, in their order."""
        if isinstance(rows, InColumns):
            return self._in_columns(rows, words, within)
        texts = self._whole(rows)
        found = list(within) if not words else []
        for number, word in enumerate(words):
            if number == 0 and isinstance(within, range):
                found = [index for index, text in enumerate(texts) if word in text]
            else:
                found = [index for index in (found if number else within) if word in texts[index]]
        return found

    def _in_columns(self, rows: InColumns, words: Sequence[str], within: Sequence[int]) -> list[int]:
        """Each word is looked for a column at a time, where the texts lie in memory."""
        of: Sequence[R] = rows  # type: ignore[assignment]  # records are a sequence, however they are kept
        names = [name for name in map(field_of, self.search) if name is not None]
        texts = self._whole(of) if self._apart(of) else []
        every = -1
        for word in words:
            found = int.from_bytes(bytes([word in text for text in texts]), "little")
            for name in names:
                found |= int.from_bytes(rows.holding(name, word), "little")
            every &= found
        flags = every.to_bytes(len(of), "little")
        return list(compress(within, flags if isinstance(within, range) else map(flags.__getitem__, within)))

    def _apart(self, rows: Sequence[R]) -> list[Callable[[R], str]]:
        """What has to be made for each record."""
        if not isinstance(rows, InColumns):
            return list(self.search)
        return [search for search in self.search if field_of(search) is None]

    def _whole(self, rows: Sequence[R]) -> list[str]:
        if len(self._made) < len(rows):
            self._make(rows, len(rows))
        return self._made

    def _make(self, rows: Sequence[R], stop: int) -> None:
        start, apart = len(self._made), self._apart(rows)
        if not apart:
            self._made += [""] * (stop - start)
            return
        fields = [each_between(rows, search, start, stop) for search in apart]
        self._made += [text.lower() for text in map("\n".join, zip(*fields, strict=True))]
