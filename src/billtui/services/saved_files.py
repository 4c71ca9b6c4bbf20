"""Files from outside that are kept under a name of their own: the name made harmless, nothing written over (TKT-6)."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Final

LONGEST: Final = 120
"""Bytes of a name."""
NAMELESS: Final = "attachment"
_KEPT: Final = frozenset("-_.,+=@()[] ")
_RESERVED: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{name}{number}" for name in ("com", "lpt") for number in range(1, 10))}
)


def harmless_name(name: str) -> str:
    """A file name without folders, hidden beginnings, control or direction characters, and not too long.

    Letters and digits of any language stay, everything else that is not plain becomes ``-``.
    """
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    plain = "".join(one if _is_kept(one) else "-" for one in unicodedata.normalize("NFC", last))
    plain = " ".join(plain.split()).lstrip(".-~ ").rstrip(". ")
    stem, dot, ending = plain.rpartition(".")
    if dot and (len(ending) > 16 or not stem):
        stem, dot, ending = plain, "", ""
    elif not dot:
        stem, ending = plain, ""
    if not stem.strip("-_., "):
        stem = NAMELESS
    if stem.casefold() in _RESERVED:
        stem = f"{stem}-"
    room = LONGEST - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + dot + ending


def _is_kept(character: str) -> bool:
    return character.isalnum() or character in _KEPT or unicodedata.category(character) in ("Mn", "Mc")


def is_free(path: Path) -> bool:
    """Whether nothing is there, not even a link that leads nowhere."""
    return not (path.exists() or path.is_symlink())


def free_path(path: Path) -> Path:
    """``path``, or where something is there already the first of ``name-2.log``, ``name-3.log`` … that is free."""
    found, number = path, 2
    while not is_free(found):
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
        number += 1
    return found
