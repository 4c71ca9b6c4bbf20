"""Names by pattern: ``web-{loc}-{n:02}`` for new servers and for renaming (BLK-1, ORD-4).

One function for the panel, which gives the names, and for the preview, which shows them first: they cannot differ.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence, Set
from dataclasses import dataclass

MAX_NAME = 200
"""Longest name of a server, in characters (ORD-4)."""
NUMBER = "n"
OF_NEW: tuple[str, ...] = ("loc", "plan")
"""What is known of a server that is not bought yet."""
OF_OWN: tuple[str, ...] = (*OF_NEW, "name", "id", "ip")
"""What is known of a server that is renamed."""

_MAX_WIDTH = 12
_NUMBERED = re.compile(r"n(?::0?(\d{1,2}))?(?:@(\d{1,9}))?")
_PIECES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")


class NamingError(ValueError):
    """A pattern that gives no usable names; the message says which name or placeholder, and what to do."""


@dataclass(frozen=True, slots=True)
class NameSlot:
    """One server that wants a name. ``name``, ``id`` and ``address`` are those of a server that is renamed."""

    plan: str
    location: str
    name: str = ""
    id: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class _Text:
    text: str


@dataclass(frozen=True, slots=True)
class _Field:
    name: str


@dataclass(frozen=True, slots=True)
class _Number:
    width: int
    start: int | None


_Part = _Text | _Field | _Number


def expand_names(pattern: str, slots: Sequence[NameSlot], taken: Collection[str]) -> list[str]:
    """A name for each of ``slots``, in their order; none twice, and none of ``taken`` (a set is not copied).

    ``{n}`` counts from 1 (``{n@5}``: from 5; ``{n:02}``: two digits at least), anew for each distinct rest of the
    pattern, so that ``web-{loc}-{n:02}`` begins again in each location; numbers whose name is taken are skipped.
    ``{{`` and ``}}`` are braces. Blanks at the ends are dropped. Raises :class:`NamingError` with a sentence.
    """
    parts = _parse(pattern, OF_OWN if not slots or all(slot.id for slot in slots) else OF_NEW)
    used: Set[str] = taken if isinstance(taken, Set) else frozenset(taken)
    given: set[str] = set()
    if not any(isinstance(part, _Number) for part in parts):
        return [_once(_filled(parts, slot), used, given) for slot in slots]
    start = next((part.start for part in parts if isinstance(part, _Number) and part.start is not None), 1)
    following: dict[tuple[str | int, ...], int] = {}
    names: list[str] = []
    for slot in slots:
        pieces = tuple(_piece(part, slot) for part in parts)
        number = following.get(pieces, start)
        while (name := _numbered(pieces, number)) in used or name in given:
            number += 1
        following[pieces] = number + 1
        given.add(name)
        names.append(_checked(name))
    return names


def _parse(pattern: str, allowed: tuple[str, ...]) -> list[_Part]:
    if not pattern.strip():
        raise NamingError("The pattern is empty: type one, for example web-{loc}-{n:02}")
    parts: list[_Part] = []
    starts: set[int] = set()
    for found in _PIECES.finditer(pattern):
        text, inside = found.group(), found.group(1)
        if text in ("{{", "}}"):
            parts.append(_Text(text[0]))
        elif text in ("{", "}"):
            raise NamingError(f"A brace “{text}” stands alone: write {text * 2} for a brace in the name")
        elif inside is None:
            parts.append(_Text(text))
        else:
            part = _placeholder(inside, allowed)
            if isinstance(part, _Number) and part.start is not None:
                starts.add(part.start)
            parts.append(part)
    if len(starts) > 1:
        raise NamingError("The pattern begins to count at two numbers: keep one @")
    return parts


def _placeholder(inside: str, allowed: tuple[str, ...]) -> _Part:
    if inside in allowed:
        return _Field(inside)
    numbered = _NUMBERED.fullmatch(inside)
    if numbered is not None:
        width = int(numbered[1] or 0)
        if width > _MAX_WIDTH:
            raise NamingError(f"{{{inside}}} is too wide: at most {_MAX_WIDTH} digits, for example {{n:02}}")
        return _Number(width, None if numbered[2] is None else int(numbered[2]))
    if inside in OF_OWN:
        raise NamingError(f"{{{inside}}} is not known of a server before it is bought: use {_list(allowed)}")
    if inside.startswith(("n:", "n@")):
        raise NamingError(f"{{{inside[:40]}}} is no number: write {{n}}, {{n:02}} or {{n:02@5}}")
    raise NamingError(f"There is no placeholder {{{inside[:40]}}}: use {_list(allowed)}")


def _list(allowed: tuple[str, ...]) -> str:
    words = [f"{{{name}}}" for name in allowed]
    return f"{', '.join(words)} or {{n}}"


def _value(field: str, slot: NameSlot) -> str:
    if field == "loc":
        return slot.location
    if field == "plan":
        return slot.plan
    if field == "name":
        return slot.name
    if field == "id":
        return slot.id
    if not slot.address:
        raise NamingError(f"Server {slot.id} has no address yet: leave {{ip}} out, or leave that server out")
    return slot.address


def _piece(part: _Part, slot: NameSlot) -> str | int:
    """A text, or the width of a number."""
    if isinstance(part, _Number):
        return part.width
    return part.text if isinstance(part, _Text) else _value(part.name, slot)


def _filled(parts: Sequence[_Part], slot: NameSlot) -> str:
    return "".join(str(_piece(part, slot)) for part in parts).strip()


def _numbered(pieces: Sequence[str | int], number: int) -> str:
    return "".join([piece if isinstance(piece, str) else str(number).zfill(piece) for piece in pieces]).strip()


def _once(name: str, used: Set[str], given: set[str]) -> str:
    """A name without a number must be free by itself."""
    _checked(name)
    if name in given:
        raise NamingError(f"Two servers would be called “{name}”: add {{n}} to the pattern")
    if name in used:
        raise NamingError(f"There is a server called “{name}” already: add {{n}} to the pattern, or another word")
    given.add(name)
    return name


def _checked(name: str) -> str:
    if not name:
        raise NamingError("A server would get an empty name: add a word or {n}")
    if len(name) > MAX_NAME:
        raise NamingError(f"“{name[:40]}…” has {len(name)} characters: at most {MAX_NAME}, so shorten the pattern")
    if not (name.isascii() and name.isprintable()):
        for char in name:
            if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp"):
                raise NamingError(f"A name has no control characters: take U+{ord(char):04X} out of the pattern")
    return name
