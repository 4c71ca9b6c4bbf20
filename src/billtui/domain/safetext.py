"""Text from outside, made harmless to a terminal.

Every string that a panel sends is :class:`SafeText`: a ``str`` whose value can be drawn, with the raw value kept in
``raw`` for sending back. Control characters become visible pictures, direction overrides and private characters become
``�``, zero-width characters ``·``; stacked combining marks and lengths are capped.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema, core_schema

MAX_LINE = 10_000
"""Longest drawn text, in characters; what is beyond is cut with ``…`` (the raw value keeps it)."""
MAX_BODY = 1_000_000
"""Longest drawn multi-line text (a ticket message), in characters."""
MAX_COMBINING = 4
REPLACEMENT = "\ufffd"
DOT = "·"
BEARER = "\u25cc"
"""Carries a combining mark that stands at the beginning, so that it does not land on what is drawn before."""

_MARKS = frozenset({"Mn", "Me", "Mc"})
_PLAIN = re.compile(r"[ -~]*\Z")
_HARMLESS = " -~\u00a1-\u00ac\u00ae-\u024f\u0400-\u0482\u048a-\u052f\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fef"
"""Ranges of characters that are drawn as they are, whatever stands beside them: no marks, nothing invisible."""
_RUN = re.compile(f"[{_HARMLESS}]+")
_RUN_OF_LINES = re.compile(f"[{_HARMLESS}\n]+")
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
    cut = len(text) > max_length
    if cut:
        text = text[:max_length]
    if multiline:
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    out: list[str] = []
    marks = 0
    at_start = True
    runs = (_RUN_OF_LINES if multiline else _RUN).match
    at, end = 0, len(text)
    while at < end:
        if run := runs(text, at):  # a megabyte of log has few characters that need a look of their own
            part = run.group()
            out.append(part)
            marks, at_start, at = 0, part[-1] == "\n", run.end()
            continue
        safe = _clean_char(text[at])
        at += 1
        if not safe:
            continue
        if unicodedata.category(safe) in _MARKS:
            if at_start:
                out.append(BEARER)
            marks += 1
        else:
            marks = 0
        at_start = False
        if marks <= MAX_COMBINING:
            out.append(safe)
    result = "".join(out)
    if cut or len(result) > max_length:
        return result[: max_length - 1] + "…"
    return result


class SafeText(str):
    """One line of text from outside: its value is drawable, ``raw`` is what was sent."""

    __slots__ = ("raw",)
    raw: str

    def __new__(cls, raw: str = "") -> Self:
        """Clean ``raw``; one of the same class is taken as it is, one of another is cleaned anew from its raw text."""
        if type(raw) is cls:
            return raw
        sent = raw.raw if isinstance(raw, SafeText) else str.__str__(raw)
        self = super().__new__(cls, cls._cleaned(sent))
        self.raw = sent
        return self

    @classmethod
    def _cleaned(cls, raw: str) -> str:
        return clean(raw)

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        return type(self), (self.raw,)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate from any string, serialise as the raw string."""
        from pydantic_core import core_schema  # by whoever makes models; what only reads the copy does without

        text = core_schema.str_schema()

        def keep_raw(value: Any, validate: core_schema.ValidatorFunctionWrapHandler) -> SafeText:
            # pydantic makes a plain string of a subclass, and the raw text would be lost.
            return cls(value) if isinstance(value, SafeText) else cls(validate(value))

        return core_schema.json_or_python_schema(
            json_schema=core_schema.no_info_after_validator_function(cls, text),
            python_schema=core_schema.no_info_wrap_validator_function(keep_raw, text),
            serialization=core_schema.plain_serializer_function_ser_schema(_raw_of, return_schema=text),
        )


class SafeBody(SafeText):
    """Text of several lines from outside (a message body): line feeds are kept."""

    __slots__ = ()

    @classmethod
    def _cleaned(cls, raw: str) -> str:
        return clean(raw, max_length=MAX_BODY, multiline=True)


def _raw_of(value: Any) -> str:
    return value.raw if isinstance(value, SafeText) else str(value)
