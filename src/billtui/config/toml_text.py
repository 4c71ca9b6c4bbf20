"""Reading and changing small TOML files by hand and by program alike.

``tomllib`` reads; this module knows on which lines a value stands (for error messages), and changes single values
so that comments, order and unknown keys stay. Shape: scalars and flat lists under tables, as in settings and profiles.
Every change is read back: where the careful edit would not give exactly the wanted content (unusual spellings such as
inline tables), the whole document is written anew, without comments but with every value.
"""

from __future__ import annotations

import datetime
import math
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from billtui.config.errors import ConfigError

KeyPath = tuple[str, ...]
"""A key with the tables it stands in, outermost first: ``("profiles", "main", "url")``."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


class Span(NamedTuple):
    """Lines of one value or table, counted from 0; ``end`` is the line after the last."""

    start: int
    end: int


def parse(text: str, path: Path) -> dict[str, object]:
    """The content of a TOML text; decimals stay exact. Raises ConfigError with file and line."""
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        where = re.search(r"line (\d+), column (\d+)", str(error))
        place = f"{path}, line {where[1]}, column {where[2]}" if where else f"{path}, at its end"
        reason = re.sub(r"\s*\(at .*\)$", "", str(error))
        raise ConfigError(f"{place}: not valid TOML: {reason}.") from None
    except ValueError:  # e.g. an integer beyond what Python converts
        raise ConfigError(f"{path}: not valid TOML.") from None


def locate(text: str) -> dict[KeyPath, Span]:
    """On which lines each key and each table of a valid TOML text stands; keys of inline tables are not told apart."""
    found: dict[KeyPath, Span] = {}
    lines = _lines_of(text)
    table: KeyPath = ()
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        end = number + 1
        if line.startswith("["):
            table = _header(line)
            if table:
                found[table] = Span(number, end)
        elif line and not line.startswith("#"):
            while end < len(lines) and not _complete("\n".join(lines[number:end])):
                end += 1
            key = _only_path(tomllib.loads("\n".join(lines[number:end])))
            found[table + key] = Span(number, end)
        for depth in range(1, len(table) + 1):  # a table reaches to its last key, sub-tables included
            if table[:depth] in found and line and not line.startswith("#"):
                found[table[:depth]] = Span(found[table[:depth]].start, end)
        number = end
    return found


def edit(text: str, wanted: Mapping[str, object]) -> str:
    """``text`` changed as little as possible so that it holds exactly ``wanted``."""
    try:
        current = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError:
        return dump(wanted)
    for key in _paths(current) - _paths(wanted):
        text = _without(text, key)
    flat_now, flat_wanted = _flat(current), _flat(wanted)
    for key, value in flat_wanted.items():
        if key not in flat_now or flat_now[key] != value or type(flat_now[key]) is not type(value):
            text = _with(text, key, value)
    for table in sorted(_tables(wanted) - _tables(current)):
        if not any(key[: len(table)] == table for key in flat_wanted):
            text = f"{text.rstrip()}\n\n{_header_text(table)}\n".lstrip("\n")
    try:
        if tomllib.loads(text, parse_float=Decimal) == _plain(wanted):
            return text
    except tomllib.TOMLDecodeError:
        pass
    return dump(wanted)


def dump(content: Mapping[str, object]) -> str:
    """A TOML document of ``content``: scalars first, then one section for each table."""
    lines: list[str] = []
    _dump_table((), content, lines)
    return "\n".join(lines).strip("\n") + "\n" if lines else ""


def value_text(value: object) -> str:
    """One value as TOML. Raises ConfigError for what TOML cannot hold."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal | float):
        if not math.isfinite(value):
            return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
        number = format(value, "f") if isinstance(value, Decimal) else repr(value)
        return number if "." in number or "e" in number else f"{number}.0"
    if isinstance(value, str):
        return '"' + "".join(_escape(character) for character in value) + '"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(value_text(item) for item in value) + "]"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key_text(str(key))} = {value_text(item)}" for key, item in value.items())
        return "{ " + inner + " }" if inner else "{}"
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    raise ConfigError(f"A value of type {type(value).__name__} cannot be written to a TOML file.")


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        raise ConfigError("Half of a surrogate pair cannot be written to a file.")
    return f"\\u{code:04X}" if code < 0x20 or 0x7F <= code < 0xA0 else character


def _key_text(key: str) -> str:
    return key if _BARE.fullmatch(key) else value_text(key)


def _header_text(table: KeyPath) -> str:
    return "[" + ".".join(_key_text(part) for part in table) + "]"


def _dump_table(table: KeyPath, content: Mapping[str, object], lines: list[str]) -> None:
    scalars = {key: value for key, value in content.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in content.items() if isinstance(value, Mapping)}
    if table and (scalars or not tables):
        lines += ["", _header_text(table)]
    lines += [f"{_key_text(key)} = {value_text(value)}" for key, value in scalars.items()]
    for key, value in tables.items():
        _dump_table((*table, key), value, lines)


def _complete(fragment: str) -> bool:
    try:
        tomllib.loads(fragment)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _only_path(content: Mapping[str, object]) -> KeyPath:
    """The dotted key of a document that holds one ``key = value``."""
    path: list[str] = []
    inner: object = content
    while isinstance(inner, Mapping) and len(inner) == 1:
        key, inner = next(iter(inner.items()))
        path.append(key)
    return tuple(path)


def _header(line: str) -> KeyPath:
    try:
        content: object = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    path: list[str] = []
    while isinstance(content, dict) and content:
        key, content = next(iter(content.items()))
        path.append(key)
        if isinstance(content, list):  # [[array]]: not our shape, and its keys are nobody's
            return ("[[]]", *path)
    return tuple(path)


def _flat(content: Mapping[str, object], table: KeyPath = ()) -> dict[KeyPath, object]:
    flat: dict[KeyPath, object] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, (*table, key))
        else:
            flat[(*table, key)] = _plain(value)
    return flat


def _tables(content: Mapping[str, object], table: KeyPath = ()) -> set[KeyPath]:
    found: set[KeyPath] = set()
    for key, value in content.items():
        if isinstance(value, Mapping):
            found |= {(*table, key)} | _tables(value, (*table, key))
    return found


def _paths(content: Mapping[str, object]) -> set[KeyPath]:
    return set(_flat(content)) | _tables(content)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _without(text: str, key: KeyPath) -> str:
    span = locate(text).get(key)
    if span is None:
        return text
    lines = _lines_of(text)
    return "\n".join(lines[: span.start] + lines[span.end :]).strip("\n") + "\n"


def _with(text: str, key: KeyPath, value: object) -> str:
    lines = _lines_of(text)
    places = locate(text)
    entry = f"{_key_text(key[-1])} = {value_text(value)}"
    span, table = places.get(key), places.get(key[:-1])
    if span is not None:
        lines[span.start : span.end] = [entry]
    elif len(key) == 1:  # before the first table, after the last plain key
        ends = [
            place.end for path, place in places.items() if len(path) == 1 and not lines[place.start].startswith("[")
        ]
        lines.insert(max(ends, default=0), entry)
    elif table is not None:
        ends = [place.end for path, place in places.items() if path[:-1] == key[:-1] and place.start >= table.start]
        own = [end for end in ends if not any(line.startswith("[") for line in lines[table.start + 1 : end])]
        lines.insert(max(own, default=table.start + 1), entry)
    else:
        lines += ["", _header_text(key[:-1]), entry] if lines else [_header_text(key[:-1]), entry]
    return "\n".join(lines) + "\n"


def _lines_of(text: str) -> list[str]:
    """The lines of a document as TOML ends them; what else ends lines for Python may stand inside a text."""
    lines = text.replace("\r\n", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]
