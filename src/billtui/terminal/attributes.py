"""How a cell looks: styles as the terminal's own attributes, and the shortest way from one look to the next.

Attributes, and the cells drawn with them, are made once and compared by identity: that is what makes comparing two
screens cheap.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from unicodedata import combining, east_asian_width

from rich.cells import cell_len
from rich.color import ColorSystem
from rich.style import Style

from billtui.terminal.harmless import picture

BOLD, DIM, ITALIC, UNDERLINE, BLINK, BLINK2, REVERSE, CONCEAL, STRIKE, UNDERLINE2, FRAME, ENCIRCLE, OVERLINE = (
    1 << bit for bit in range(13)
)
"""The bits of ``Attributes.flags``, in Rich's order."""
_SEEN_ON_BLANKS = UNDERLINE | REVERSE | STRIKE | UNDERLINE2 | FRAME | ENCIRCLE | OVERLINE
_ON = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53")
_OFF = (
    (BOLD | DIM, "22"),
    (ITALIC, "23"),
    (UNDERLINE | UNDERLINE2, "24"),
    (BLINK | BLINK2, "25"),
    (REVERSE, "27"),
    (CONCEAL, "28"),
    (STRIKE, "29"),
    (FRAME | ENCIRCLE, "54"),
    (OVERLINE, "55"),
)
"""One code switches every flag of its group off."""
_MOST_STYLES = 4096
_MOST_CELLS = 4096
_LONGEST_CELL = 16
"""Code points in one cell: more marks on a letter than anybody writes."""

_SURE_RANGES = ((0x20, 0x7E), (0xA0, 0xAC), (0xAE, 0x2FF), (0x370, 0x377), (0x37A, 0x37F), (0x384, 0x482),
                (0x2010, 0x2012), (0x2013, 0x2027), (0x2030, 0x205E), (0x20A0, 0x20BF), (0x2190, 0x2199),
                (0x2200, 0x22FF), (0x2400, 0x2421), (0x2500, 0x25FC), (0x2713, 0x2713), (0x2717, 0x2717),
                (0x2800, 0x28FF), (0xFFFD, 0xFFFD))  # fmt: skip
NARROW = frozenset(chr(code) for first, last in _SURE_RANGES for code in range(first, last + 1))
"""Characters of which every terminal, and Textual, says that they take one cell."""
_SURE_WIDE = ((0x3001, 0x3029), (0x3041, 0x3096), (0x30A0, 0x30FF), (0x3131, 0x318E), (0x3400, 0x4DB5),
              (0x4E00, 0x9FA5), (0xAC00, 0xD7A3), (0xF900, 0xFA2D), (0xFF01, 0xFF60))  # fmt: skip


class Cell(NamedTuple):
    """One cell of the screen: what stands in it (the second half of a wide character is empty), and how."""

    text: str
    width: int
    """Cells taken: 1, 2, or 0 for the second half of a wide character."""
    attributes: Attributes
    sure: bool
    """Whether every terminal counts these cells alike; emoji and letters with marks are not sure."""


class _Cells(dict[str, Cell]):
    """The cells with the same attributes, by their text; made when first asked for."""

    __slots__ = ("attributes",)

    def __init__(self, attributes: Attributes) -> None:
        super().__init__()
        self.attributes = attributes

    def __missing__(self, text: str) -> Cell:
        if len(self) > _MOST_CELLS:
            self.clear()
        cell = self[text] = _cell(text, self.attributes)
        return cell


class Attributes:
    """Flags and colours of a cell, in one colour system. Two with the same look are one object."""

    __slots__ = ("_to", "background", "cells", "codes", "empty", "flags", "foreground", "plain", "rest", "shows_blanks")

    def __init__(
        self,
        flags: int,
        foreground: str,
        background: str,
        *,
        rest: Attributes | None = None,
        plain: Attributes | None = None,
    ) -> None:
        self.flags = flags
        self.foreground = foreground
        """Parameters of the sequence that sets it, ``38;5;12``; empty: the terminal's own."""
        self.background = background
        self.rest = rest if rest is not None else self
        """The same, as far as it is seen on a blank: without foreground, where nothing but the background shows."""
        self.plain = plain if plain is not None else self
        """The terminal's own look, as after a reset."""
        self.shows_blanks = bool(flags & _SEEN_ON_BLANKS)
        """Whether a blank drawn so is more than background."""
        self.codes = ";".join([*_flag_codes(flags), *filter(None, (foreground, background))])
        self.cells = _Cells(self)
        self.empty = Cell("", 0, self, True)
        """The second half of a wide character."""
        self._to: dict[Attributes, str] = {}

    def __repr__(self) -> str:
        return f"Attributes({self.codes!r})"

    def to(self, following: Attributes) -> str:
        """The shortest sequence that makes what is drawn next look like ``following``; empty for no change."""
        if following is self:
            return ""
        if (known := self._to.get(following)) is None:
            known = self._to[following] = _shortest(self, following)
        return known

    def to_by_reset(self, following: Attributes) -> str:
        """The same for a terminal of which it is not known that it can switch off one attribute alone."""
        if following is self:
            return ""
        gained = following.flags & ~self.flags
        if (
            self.flags & ~following.flags
            or (self.foreground and not following.foreground)
            or (self.background and not following.background)
        ):
            return _afresh(following)
        return _sequence([*_flag_codes(gained), *_colour_codes(self, following)])


class StyleBook:
    """The attributes of Rich's styles in one colour system."""

    def __init__(self, colour_system: ColorSystem) -> None:
        self.colour_system = colour_system
        self._looks: dict[tuple[int, str, str], Attributes] = {}
        self._styles: dict[int, tuple[Attributes, Style | None]] = {}
        """By the style's identity; it is kept, so that its number is nobody else's."""
        self.plain = Attributes(0, "", "")
        self._looks[0, "", ""] = self.plain

    def of(self, style: Style | None) -> Attributes:
        """How a cell in this style looks; links and Textual's notes in a style do not count."""
        known = self._styles.get(id(style))  # a style's own hash and comparison are Python: too slow for every segment
        if known is None:
            if len(self._styles) > _MOST_STYLES:
                self._styles.clear()
            known = self._styles[id(style)] = self.plain if style is None else self._read(style), style
        return known[0]

    def attributes(self, flags: int, foreground: str, background: str) -> Attributes:
        """The one object for this look."""
        key = (flags, foreground, background)
        known = self._looks.get(key)
        if known is None:
            if len(self._looks) > _MOST_STYLES:
                self._looks = {(0, "", ""): self.plain}
            bare = key if flags & _SEEN_ON_BLANKS else (0, "", background)
            rest = None if bare == key else self.attributes(*bare)
            known = Attributes(*key, rest=rest, plain=self.plain)
            self._looks[key] = known
        return known

    def _read(self, style: Style) -> Attributes:
        flags = sum(1 << bit for bit, name in enumerate(_NAMES) if getattr(style, name))
        foreground = background = ""
        if style.color is not None:
            foreground = ";".join(style.color.downgrade(self.colour_system).get_ansi_codes())
        if style.bgcolor is not None:
            background = ";".join(style.bgcolor.downgrade(self.colour_system).get_ansi_codes(foreground=False))
        return self.attributes(
            flags, "" if foreground == "39" else foreground, "" if background == "49" else background
        )


@lru_cache
def style_book(colour_system: ColorSystem) -> StyleBook:
    """The one book of this process for a colour system: pictures made with the same are compared cheaply."""
    return StyleBook(colour_system)


_NAMES = ("bold", "dim", "italic", "underline", "blink", "blink2", "reverse", "conceal", "strike", "underline2",
          "frame", "encircle", "overline")  # fmt: skip


def _cell(text: str, attributes: Attributes) -> Cell:
    """The cell for one grapheme. Whatever came here, no control character leaves it: the door's own last look."""
    if text == " ":
        return attributes.rest.cells[text] if attributes.rest is not attributes else Cell(" ", 1, attributes, True)
    if len(text) > 1 or not text.isprintable():
        first = text[0] if text[:1].isprintable() else picture(text[:1] or "\0")
        text = first + "".join(filter(_is_mark, text[1:]))
    text = text[:_LONGEST_CELL]
    if text in NARROW:
        return Cell(text, 1, attributes, True)
    width = max(1, min(2, cell_len(text)))
    return Cell(text, width, attributes, len(text) == 1 and _sure(ord(text), width))


def _is_mark(character: str) -> bool:
    """Whether it takes no place of its own behind another one. Tones of skin do on some terminals, as pictures of their
    own, and would reach over the edge."""
    if not character.isprintable() or cell_len(character):
        return False
    return bool(combining(character)) or east_asian_width(character) not in "WF"


def _sure(code: int, width: int) -> bool:
    return width == 2 and any(first <= code <= last for first, last in _SURE_WIDE)


def _flag_codes(flags: int) -> list[str]:
    return [code for bit, code in enumerate(_ON) if flags & (1 << bit)] if flags else []


def _colour_codes(before: Attributes, after: Attributes) -> list[str]:
    codes = [after.foreground or "39"] if after.foreground != before.foreground else []
    return [*codes, after.background or "49"] if after.background != before.background else codes


def _shortest(before: Attributes, after: Attributes) -> str:
    codes: list[str] = []
    kept = before.flags
    for group, code in _OFF:
        if before.flags & group & ~after.flags:
            codes.append(code)
            kept &= ~group
    step = _sequence([*codes, *_flag_codes(after.flags & ~kept), *_colour_codes(before, after)])
    return min(step, _afresh(after), key=len)


def _afresh(after: Attributes) -> str:
    return f"\x1b[0;{after.codes}m" if after.codes else "\x1b[m"


def _sequence(codes: list[str]) -> str:
    return f"\x1b[{';'.join(codes)}m"
