"""Answers as this gateway gives them: one JSON object, or the same as PHP serialises it (wire: RootPanel)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

Value = str | int | None | Sequence["Value"] | Mapping[str, "Value"]
"""What an answer is made of."""


def as_json(value: Value) -> bytes:
    """JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def as_php(value: Value) -> bytes:
    """PHP's ``serialize()``: lengths are in bytes, a list is an array with the keys 0, 1, 2 …"""
    if value is None:
        return b"N;"
    if isinstance(value, str):
        raw = value.encode()
        return b's:%d:"%s";' % (len(raw), raw)
    if isinstance(value, int):
        return b"i:%d;" % value
    pairs: Sequence[tuple[str | int, Value]]
    pairs = list(value.items()) if isinstance(value, Mapping) else list(enumerate(value))
    inner = b"".join(as_php(key) + as_php(one) for key, one in pairs)
    return b"a:%d:{%s}" % (len(pairs), inner)
