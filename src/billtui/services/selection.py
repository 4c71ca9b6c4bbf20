"""Marks: a set of ids with an algebra, undo, and refusals for what cannot be marked (BLK-5).

Ids, never positions: a refresh cannot move a mark to another server. What vanished is dropped by :meth:`keep`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from billtui.config.errors import UnsafePath
from billtui.config.paths import locked, read_private, write_private
from billtui.domain.refusal import Refusal

HISTORY: Final = 100
"""Steps that can be undone."""
MAX_NAME: Final = 60
MAX_SAVED: Final = 200

Refuse = Callable[[str], Refusal | None]
"""Why an id cannot be marked, or ``None`` where it can."""


class Refused(NamedTuple):
    """An id that was not marked, and why."""

    id: str
    refusal: Refusal


class Selection:
    """What is marked now. Every changing method answers what it refused to mark; the rest is marked."""

    def __init__(self, refuse: Refuse | None = None, ids: Iterable[str] = ()) -> None:
        self._refuse = refuse
        self._ids: frozenset[str] = frozenset(ids)
        self._past: list[frozenset[str]] = []
        self._future: list[frozenset[str]] = []

    @property
    def ids(self) -> frozenset[str]:
        """What is marked."""
        return self._ids

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, key: object) -> bool:
        return key in self._ids

    def _become(self, wanted: frozenset[str]) -> list[Refused]:
        refused: list[Refused] = []
        if self._refuse is not None:
            for key in wanted - self._ids:
                if (refusal := self._refuse(key)) is not None:
                    refused.append(Refused(key, refusal))
            wanted -= {item.id for item in refused}
        if wanted != self._ids:
            self._past = [*self._past[-(HISTORY - 1) :], self._ids]
            self._future = []
            self._ids = wanted
        return sorted(refused)

    def toggle(self, key: str) -> list[Refused]:
        """Mark ``key``, or take its mark away."""
        return self._become(self._ids ^ {key})

    def union(self, ids: Iterable[str]) -> list[Refused]:
        """Mark all of ``ids`` too."""
        return self._become(self._ids | frozenset(ids))

    def minus(self, ids: Iterable[str]) -> list[Refused]:
        """Take the marks of ``ids`` away."""
        return self._become(self._ids - frozenset(ids))

    def intersect(self, ids: Iterable[str]) -> list[Refused]:
        """Keep only the marks of ``ids``."""
        return self._become(self._ids & frozenset(ids))

    def replace(self, ids: Iterable[str]) -> list[Refused]:
        """Mark ``ids`` and nothing else."""
        return self._become(frozenset(ids))

    def invert(self, universe: Iterable[str]) -> list[Refused]:
        """Within ``universe`` (what is shown), mark what is not marked and the other way round; the rest stays."""
        return self._become(self._ids ^ frozenset(universe))

    def range(self, shown: Sequence[str], start: str, end: str) -> list[Refused]:
        """Mark everything from ``start`` to ``end`` in the order ``shown``, both included, whichever comes first.

        Raises KeyError where one of them is not shown.
        """
        places = {key: place for place, key in enumerate(shown)}
        first, last = sorted((places[start], places[end]))
        return self.union(shown[first : last + 1])

    def clear(self) -> list[Refused]:
        """Mark nothing."""
        return self._become(frozenset())

    def keep(self, existing: Iterable[str]) -> frozenset[str]:
        """Drop marks of what vanished, here and in the history; answers them. Not a step to undo."""
        there = frozenset(existing)
        gone = self._ids - there
        if gone:
            self._ids &= there
            self._past = [step & there for step in self._past]
            self._future = [step & there for step in self._future]
        return gone

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self._future)

    def undo(self) -> bool:
        """As it was before the last change; False where there is none."""
        if not self._past:
            return False
        self._future.append(self._ids)
        self._ids = self._past.pop()
        return True

    def redo(self) -> bool:
        """The change that was undone last, again; False where there is none."""
        if not self._future:
            return False
        self._past.append(self._ids)
        self._ids = self._future.pop()
        return True


class SavedSelections:
    """Selections by name, for one account, in a private file (``state/selections/…``)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self, kind: str) -> list[str]:
        """Names of the saved selections of ``kind`` (``order``, ``invoice``)."""
        return sorted(self._load().get(kind, {}))

    def get(self, kind: str, name: str) -> frozenset[str] | None:
        """A saved selection, or ``None``."""
        ids = self._load().get(kind, {}).get(name)
        return None if ids is None else frozenset(ids)

    def put(self, kind: str, name: str, ids: Iterable[str]) -> None:
        """Keep a selection. Raises ValueError for a bad name or too many, UnsafePath, OSError."""
        checked = check_name(name)
        with locked(self._path):
            content = self._load()
            kept = content.setdefault(kind, {})
            if checked not in kept and len(kept) >= MAX_SAVED:
                raise ValueError(f"There are {MAX_SAVED} saved selections already; remove one first.")
            kept[checked] = sorted(set(ids))
            write_private(self._path, json.dumps(content, ensure_ascii=False).encode())

    def remove(self, kind: str, name: str) -> bool:
        """Forget a selection; False where there is none."""
        with locked(self._path):
            content = self._load()
            if content.get(kind, {}).pop(name, None) is None:
                return False
            write_private(self._path, json.dumps(content, ensure_ascii=False).encode())
            return True

    def _load(self) -> dict[str, dict[str, list[str]]]:
        try:
            content = json.loads(read_private(self._path))
        except (FileNotFoundError, ValueError):
            return {}
        except UnsafePath:
            return {}
        if not isinstance(content, dict):
            return {}
        return {
            str(kind): {str(name): [str(key) for key in ids] for name, ids in kept.items() if isinstance(ids, list)}
            for kind, kept in content.items()
            if isinstance(kept, dict)
        }


def check_name(name: str) -> str:
    """A name that a person gave, as it is kept. Raises ValueError with what to type instead."""
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > MAX_NAME or not cleaned.isprintable():
        raise ValueError(f"A name is 1 to {MAX_NAME} printable characters.")
    return cleaned
