"""Selections by name: ids that a person keeps, to choose them again. What is marked now is the table's own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from billtui.config.errors import UnsafePath
from billtui.config.paths import locked, read_private, write_private

MAX_NAME: Final = 60
MAX_SAVED: Final = 200


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
