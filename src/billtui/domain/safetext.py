"""Text from outside, made harmless to a terminal.

Every string that a panel sends is :class:`SafeText`: a ``str`` whose value can be drawn, with the raw value kept in
``raw`` for sending back. Control characters become visible pictures, direction overrides and private characters become
``�``, zero-width characters ``·``; stacked combining marks and lengths are capped.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

MAX_LINE = 10_000
"""Longest drawn text, in characters; what is beyond is cut with ``…`` (the raw value keeps it)."""
MAX_BODY = 1_000_000
"""Longest drawn multi-line text (a ticket message), in characters."""
MAX_COMBINING = 4
REPLACEMENT = "\ufffd"
DOT = "·"

_PLAIN = re.compile(r"[ -~]*\Z")
_ZERO_WIDTH = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u3164\uffa0")
_BIDI = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u206a\u206b\u206c\u206d\u206e\u206f"
)


def _clean_char(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if code < 0x7F:
        return char
    if char in _ZERO_WIDTH:
        return DOT
    if code < 0xA0 or char in _BIDI or 0xE0000 <= code <= 0xE0FFF or code in (0x2028, 0x2029):
        return REPLACEMENT
    if 0xFFF9 <= code <= 0xFFFB:
        return REPLACEMENT
    if unicodedata.category(char) in ("Cs", "Co", "Cn", "Cc"):
        return REPLACEMENT
    if 0xFE00 <= code <= 0xFE0F or 0x180B <= code <= 0x180D:
        return ""
    if unicodedata.category(char) == "Cf":
        return DOT
    return char


def clean(text: str, *, max_length: int = MAX_LINE, multiline: bool = False) -> str:
    """The drawable form of ``text``.

    With ``multiline``, line feeds are kept (``\\r\\n`` and ``\\r`` become one) and tabs become four spaces.
    The result never holds a control, direction-override, private-use, surrogate or unassigned character.
    """
    if len(text) <= max_length and _PLAIN.match(text):
        return text
    if multiline:
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    cut = len(text) > max_length
    if cut:
        text = text[: max_length - 1]
    out: list[str] = []
    marks = 0
    for char in text:
        if char == "\n" and multiline:
            out.append(char)
            marks = 0
            continue
        safe = _clean_char(char)
        if safe and unicodedata.category(safe) in ("Mn", "Me", "Mc"):
            marks += 1
            if marks > MAX_COMBINING:
                continue
        else:
            marks = 0
        out.append(safe)
    if cut:
        out.append("…")
    return "".join(out)


class SafeText(str):
    """One line of text from outside: its value is drawable, ``raw`` is what was sent."""

    __slots__ = ("raw",)
    raw: str

    def __new__(cls, raw: str = "") -> Self:
        """Clean ``raw``; a SafeText is taken as it is."""
        if isinstance(raw, cls):
            return raw
        self = super().__new__(cls, cls._cleaned(str.__str__(raw)))
        self.raw = raw.raw if isinstance(raw, SafeText) else raw
        return self

    @classmethod
    def _cleaned(cls, raw: str) -> str:
        return clean(raw)

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self.raw,)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate from any string, serialise as the raw string."""
        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                _raw_of, return_schema=core_schema.str_schema()
            ),
        )


class SafeBody(SafeText):
    """Text of several lines from outside (a message body): line feeds are kept."""

    __slots__ = ()

    @classmethod
    def _cleaned(cls, raw: str) -> str:
        return clean(raw, max_length=MAX_BODY, multiline=True)


def _raw_of(value: Any) -> str:
    return value.raw if isinstance(value, SafeText) else str(value)
