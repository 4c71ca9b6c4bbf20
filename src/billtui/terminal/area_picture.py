"""A list as it was last seen, cell by cell, for a key that is typed while the program loads (P-START-2).

Unlike the overview of the first frame it is not laid out anew: it is shown only on a terminal of the same size and
colours, of the same account, with the same settings. Kept are what the door to the terminal let through and where it
stood, a run of cells alike after the other; it is as harmless on its way in as on its way out. The lines above and
below are not kept: they are the first frame's, with the age of what is shown. Loads nothing.
"""

from __future__ import annotations

from billtui.terminal.first_frame import Page, around, moment
from billtui.terminal.frame_facts import private_content, sealed, unsealed
from billtui.terminal.harmless import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from billtui.terminal.first_frame import Look
    from billtui.terminal.frame_facts import Facts

ABOVE, BELOW = 2, 1
"""Lines of the screen that are not part of the list: where one is and the areas; the keys."""
_HEAD = "billtui list 1"
_CODES = frozenset("0123456789;")
_LONGEST_RUN = 300
"""Cells in a run at most, so that none is cut on its way to the file."""

Run = tuple[int, str, str]
"""Column, parameters of the sequence that draws it, text; an empty text: blanks to the end of the line."""


class Picture:
    """A list as it stood on the terminal, and what has to be the same for it to be shown again."""

    __slots__ = (
        "account", "area", "columns", "key", "lines", "login", "look", "profile", "rows", "settings_stamp",
        "synced_at", "theme", "title", "url",
    )  # fmt: skip

    def __init__(self) -> None:
        """Of nothing yet."""
        self.profile = self.url = self.login = self.account = ""
        """Whose list it is, as the first frame says it."""
        self.area = self.key = self.title = ""
        """The area in the program, the key that shows it, and its title."""
        self.theme = self.look = self.settings_stamp = ""
        """How it was drawn: theme, what the terminal can show (:func:`look_of`), settings."""
        self.columns = self.rows = 0
        """The terminal's size."""
        self.synced_at = 0
        """When the panel was last heard before it was seen, in seconds since 1970."""
        self.lines: list[list[Run]] = []
        """The lines between :data:`ABOVE` and :data:`BELOW`."""


_TEXTS = (
    "profile", "url", "login", "account", "area", "key", "title", "theme", "look", "settings_stamp",
)  # fmt: skip
_NUMBERS = ("columns", "rows", "synced_at")


def look_of(look: Look) -> str:
    """What a terminal can show, as one word to compare."""
    return f"{look.system}:{int(look.no_color)}{int(look.plain)}{int(look.erases)}"


def encode(picture: Picture) -> bytes:
    """The picture as it is kept."""
    rows: list[tuple[str, ...]] = [(_HEAD,)]
    rows += [(name, getattr(picture, name)) for name in _TEXTS]
    rows += [(name, str(getattr(picture, name))) for name in _NUMBERS]
    for line in picture.lines:
        runs = [part for run in line for part in _cut(run)]
        rows.append(("line", *(field for column, codes, text in runs for field in (str(column), codes, text))))
    return sealed(rows)


def _cut(run: Run) -> list[Run]:
    """A run as runs that are short enough. Only those of one cell a letter are ever that long."""
    column, codes, text = run
    if len(text) <= _LONGEST_RUN:
        return [run]
    return [(column + at, codes, text[at : at + _LONGEST_RUN]) for at in range(0, len(text), _LONGEST_RUN)]


def decode(content: bytes) -> Picture | None:
    """What :func:`encode` made; ``None`` for anything else, whole or in part."""
    try:
        rows = unsealed(content)
        return _picture(rows[1:]) if rows and rows[0] == [_HEAD] else None
    except (ValueError, IndexError):
        return None


def _picture(rows: list[list[str]]) -> Picture:
    picture = Picture()
    for name, *fields in rows:
        if name in _TEXTS:
            setattr(picture, name, one_line(fields[0]))
        elif name in _NUMBERS:
            setattr(picture, name, int(fields[0]))
        elif name == "line":
            runs = list(zip(map(int, fields[::3]), fields[1::3], map(one_line, fields[2::3]), strict=True))
            if any(not 0 <= column < picture.columns or not _CODES.issuperset(codes) for column, codes, _ in runs):
                raise ValueError
            picture.lines.append(runs)
        else:
            raise ValueError
    if len(picture.lines) != picture.rows - ABOVE - BELOW or picture.synced_at <= 0:
        raise ValueError
    return picture


def read(path: str) -> Picture | None:
    """The picture in a file that is ours alone; ``None`` where there is none, or it is not what it should be."""
    return decode(private_content(path))


def holds(picture: Picture, facts: Facts, look: Look, size: tuple[int, int], settings_stamp: str) -> bool:
    """Whether it may be shown where the first frame says ``facts``: the same account, the same look, the same size."""
    return (
        (picture.profile, picture.url, picture.login) == (facts.profile, facts.url, facts.login)
        and picture.account == facts.account != ""
        and (picture.key, picture.title) in facts.areas
        and (picture.theme, picture.settings_stamp) == (facts.theme, settings_stamp)
        and picture.look == look_of(look)
        and (picture.columns, picture.rows) == size
    )


def draw(picture: Picture, facts: Facts, look: Look, now: float) -> str:
    """What makes a screen that the first frame stands on show the list, with its age.

    Its age is that of the older part: the balance in the first line was kept with the overview.
    """
    page = Page(facts, look, picture.columns, picture.rows)
    page.clear()
    before, facts.synced_at = facts.synced_at, min(picture.synced_at, facts.synced_at or picture.synced_at)
    words = f"Opening … The list as of {moment(facts.synced_at)}. What you type now is kept."
    around(page, facts, now, words, picture.title)
    facts.synced_at = before
    parts, look_now = page.parts, _parts("")
    parts.append("\x1b[0m")
    for row, line in enumerate(picture.lines, ABOVE):
        end = -1
        for column, codes, text in line:
            if column != end:
                parts.append(f"\x1b[{row + 1};{column + 1}H")
            wanted = _parts(codes)
            parts += [_between(look_now, wanted), text or (look.erases and "\x1b[K") or " " * (page.columns - column)]
            look_now = wanted
            end = column + len(text) if text.isascii() else -1  # else somebody may count it differently
    return "".join(parts)


def _parts(codes: str) -> tuple[str, str, str]:
    """Flags, foreground and background among the parameters of a sequence; empty: the terminal's own."""
    flags, fore, back = [], "", ""
    words = iter(codes.split(";") if codes else ())
    for word in words:
        if word in ("38", "48"):
            kind = next(words, "")
            word = ";".join((word, kind, *(next(words, "") for _ in range(3 if kind == "2" else 1))))
        if len(word) == 1 or word[0] in "25":
            flags.append(word)
        elif word[0] in "39":
            fore = word
        else:
            back = word
    return ";".join(flags), fore, back


def _between(before: tuple[str, str, str], after: tuple[str, str, str]) -> str:
    """What makes one look of another."""
    if before == after:
        return ""
    if before[0] != after[0]:
        return f"\x1b[{';'.join(['0', *filter(None, after)])}m"
    codes = [
        one or default for old, one, default in zip(before[1:], after[1:], ("39", "49"), strict=True) if one != old
    ]
    return f"\x1b[{';'.join(codes)}m"
