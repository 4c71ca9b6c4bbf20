"""Text into cells of a terminal line: cleaned, measured, cut and aligned."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

from rich.cells import cell_len, set_cell_size
from rich.errors import StyleSyntaxError
from rich.segment import Segment
from rich.style import Style
from rich.text import Text

from billtui.widgets.record_table_columns import Align

Piece = tuple[str, Style | None]
"""Text, and the style to lay over that of its line."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_CHARACTERS_PER_CELL = 8


def clean(text: str) -> str:
    """Plain text without anything a terminal could obey: control bytes become their pictures, whatever else is
    invisible or has no meaning (direction marks, tags, halves of surrogate pairs) becomes U+FFFD.

    Text from the panel was cleaned when it arrived; this is the second wall, and costs nothing for clean text.
    """
    if text.isprintable():
        return text
    return "".join(map(_clean_character, text))


def _clean_character(character: str) -> str:
    if character < " ":
        return chr(0x2400 + ord(character))
    if character == "\x7f":
        return "\N{SYMBOL FOR DELETE}"
    return REPLACEMENT if unicodedata.category(character) in _UNSAFE else character


def to_ascii(text: str) -> str:
    """For terminals without UTF-8: what is not ASCII becomes `?`, as wide as it was."""
    if text.isascii():
        return text
    return "".join(one if one.isascii() else "?" * cell_len(one) for one in text)


def width_of(text: str) -> int:
    """Width in terminal cells."""
    return len(text) if text.isascii() else cell_len(text)


def cut(text: str, width: int, ellipsis: str) -> str:
    """The text, cut with an ellipsis when it is wider than `width` cells."""
    if width <= 0:
        return ""
    if width_of(text) <= width:
        return text
    return set_cell_size(text, width - 1) + ellipsis


def place(pieces: list[Piece], width: int, align: Align, ellipsis: str) -> Iterator[Piece]:
    """Pieces cut or padded to exactly `width` cells."""
    used = sum(width_of(text) for text, _ in pieces)
    if used > width:
        yield from _shorten(pieces, width, ellipsis)
        return
    spare = width - used
    before = 0 if align == "left" else spare if align == "right" else spare // 2
    if before:
        yield " " * before, None
    yield from pieces
    if spare > before:
        yield " " * (spare - before), None


def _shorten(pieces: list[Piece], width: int, ellipsis: str) -> Iterator[Piece]:
    if width <= 0:
        return
    room = width - 1
    for text, style in pieces:
        wide = width_of(text)
        if wide > room:
            yield set_cell_size(text, room) + ellipsis, style
            return
        room -= wide
        yield text, style
    yield " " * room + ellipsis, None


def text_pieces(text: Text, width: int) -> list[Piece]:
    """The text of a Rich `Text` with the looks of its spans; links and actions in it are dropped."""
    plain = text.plain[: _CHARACTERS_PER_CELL * width + _CHARACTERS_PER_CELL]
    whole = _look(text.style)
    cuts = sorted({0, len(plain), *(edge for span in text.spans for edge in span[:2] if 0 < edge < len(plain))})
    pieces: list[Piece] = []
    for start, end in pairwise(cuts):
        style = whole
        for span in text.spans:
            if span.start <= start and span.end >= end:
                look = _look(span.style)
                style = look if style is None else style if look is None else style + look
        pieces.append((clean(plain[start:end]), style))
    return pieces


def plain_pieces(text: str, width: int, style: Style | None) -> list[Piece]:
    """One piece of plain text; no more of a huge text is looked at than can be seen."""
    most = _CHARACTERS_PER_CELL * width + _CHARACTERS_PER_CELL
    if len(text) > most:
        text = text[:most]
    return [(clean(text), style)]


def _look(style: str | Style) -> Style | None:
    if isinstance(style, str):
        if not style:
            return None
        try:
            style = Style.parse(style)
        except StyleSyntaxError:
            return None
    return style.clear_meta_and_links()


def segments_of(pieces: Iterable[tuple[str, Style]]) -> list[Segment]:
    """Segments with neighbours of one style joined: fewer segments are fewer bytes."""
    segments: list[Segment] = []
    texts: list[str] = []
    current: Style | None = None
    for text, style in pieces:
        if style is not current and style != current and texts and current is not None:
            segments.append(Segment("".join(texts), current))
            texts.clear()
        current = style
        texts.append(text)
    if texts and current is not None and any(texts):
        segments.append(Segment("".join(texts), current))
    return segments
