"""How many colours a terminal has, as the host's terminfo says it. Imports nothing that is not loaded (P-START-1).

Not by ``curses``: that remembers the first terminal it was asked about, and is slower to load than one small file to
read. The format is term(5): a header of six numbers, the names, a byte for each flag, then the numbers in their order.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself is not loaded yet
    from collections.abc import Iterator, Mapping

_MAX_COLORS = 13
"""The place of ``max_colors`` among the numbers."""
_SIZES = {0o432: 2, 0o1036: 4}
"""The mark at the beginning → bytes of each number."""
_MOST = 32_768
_DIRECTORIES = ("/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo", "/usr/lib/terminfo")


def colours_of(term: str, environment: Mapping[str, str]) -> int | None:
    """How many colours ``term`` has, 0 for a terminal that has none; None where the host does not know it."""
    if not term or "/" in term or term.startswith("."):
        return None
    for directory in _directories(environment):
        for folder in (term[0], f"{ord(term[0]):x}"):
            try:
                with open(f"{directory}/{folder}/{term}", "rb") as file:  # noqa: PTH123 - pathlib is not loaded yet
                    return _colours(file.read(_MOST))
            except (OSError, ValueError):
                continue
    return None


def _directories(environment: Mapping[str, str]) -> Iterator[str]:
    if own := environment.get("TERMINFO"):
        yield own
    if home := environment.get("HOME"):
        yield f"{home}/.terminfo"
    yield from (one for one in environment.get("TERMINFO_DIRS", "").split(":") if one)
    yield from _DIRECTORIES


def _colours(entry: bytes) -> int | None:
    def number(at: int, size: int = 2) -> int:
        return int.from_bytes(entry[at : at + size], "little", signed=True)

    size = _SIZES.get(number(0))
    if size is None or len(entry) < 12:
        return None
    names, flags, numbers = number(2), number(4), number(6)
    at = 12 + names + flags
    at += at % 2  # numbers begin at an even place
    if names < 0 or flags < 0 or len(entry) < at + numbers * size:
        return None
    return max(0, number(at + _MAX_COLORS * size, size)) if numbers > _MAX_COLORS else 0
