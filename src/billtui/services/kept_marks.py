"""Marks of a list that outlive the program: which ids were marked, for one account of one panel."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from billtui.services.account_files import read_json, write_json

VERSION: Final = 1


class KeptMarks:
    """A private file with the ids that were chosen; what each of them allows is looked up anew when it is read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, kind: str) -> frozenset[str]:
        """The ids of ``kind`` (``order``); none where nothing is kept."""
        return frozenset(self._load().get(kind, ()))

    def save(self, kind: str, ids: Collection[str]) -> None:
        """Keep these ids instead. Raises UnsafePath, OSError."""
        content = self._load()
        if content.get(kind, []) == (wanted := sorted(ids)):
            return
        content[kind] = wanted
        write_json(self._path, {"version": VERSION, "marks": content})

    def _load(self) -> dict[str, list[str]]:
        content = read_json(self._path)
        marks = content.get("marks") if isinstance(content, dict) and content.get("version") == VERSION else None
        if not isinstance(marks, dict):
            return {}
        return {
            str(kind): [str(key) for key in ids if isinstance(key, str)]
            for kind, ids in marks.items()
            if isinstance(ids, list)
        }
