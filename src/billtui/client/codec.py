"""Bytes of an answer to values, strictly: no duplicate keys, no NaN, no deep nesting, UTF-8 only, sizes capped."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 32
"""Deepest nesting of arrays and objects in an answer."""

_NOT_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
_PAIR = re.compile(rb"\[\]|\{\}")
# Always matches from a quote on, to the end if it is never closed: linear whatever comes.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89abcdefABCDEF]")


class UnreadableAnswer(ValueError):
    """Bytes that are not what they should be. The text says what is wrong, never the bytes."""


def _nested_too_deep(data: bytes) -> bool:
    """Whether brackets nest deeper than ``MAX_DEPTH`` (or do not match), at the speed of ``bytes.translate``."""
    if not _beyond(data.translate(None, _NOT_BRACKETS)):
        return False
    return _beyond(_STRING.sub(b"", data).translate(None, _NOT_BRACKETS))  # brackets inside strings do not count


def _beyond(brackets: bytes) -> bool:
    """Whether something is left after the innermost pairs were taken away ``MAX_DEPTH`` times."""
    if b"[" * (MAX_DEPTH + 1) in brackets:
        return True
    for _ in range(MAX_DEPTH):
        if not brackets:
            return False
        brackets = _PAIR.sub(b"", brackets)
    return bool(brackets)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise UnreadableAnswer("an object names the same field twice")
    return value


def _constant(_name: str) -> Any:
    raise UnreadableAnswer("a number is not finite")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise UnreadableAnswer("a number is not finite")
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)


def parse_json(data: bytes) -> Any:
    """The value of a JSON text. Raises :class:`UnreadableAnswer`."""
    if _nested_too_deep(data):
        raise UnreadableAnswer("it is nested too deep or its brackets do not match")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableAnswer("it is not UTF-8") from None
    try:
        value = _DECODER.decode(text)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnreadableAnswer:
        raise
    except UnicodeEncodeError:
        raise UnreadableAnswer("it holds half a character") from None
    except (ValueError, RecursionError):
        raise UnreadableAnswer("it is not JSON") from None
    return value


def _plain(value: Any) -> Any:
    reveal = getattr(value, "get_secret_value", None)
    if reveal is not None:
        return reveal()
    raise TypeError(f"a {type(value).__name__} cannot be sent")


def encode_json(body: Mapping[str, Any]) -> bytes:
    """A request's body. Secrets (``SecretStr``) are revealed here and nowhere before."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode("utf-8")


class BodyReader:
    """Collects an answer's body chunk by chunk, decompressing, and stops at the caps."""

    def __init__(self, encoding: str, *, max_wire: int, max_decoded: int) -> None:
        """``encoding`` is the answer's ``Content-Encoding``; only gzip and identity are understood."""
        name = encoding.strip().lower()
        if name not in ("", "identity", "gzip", "x-gzip"):
            raise UnreadableAnswer("it is compressed in a way that was not asked for")
        self._inflate = zlib.decompressobj(wbits=31) if name.endswith("gzip") else None
        self._max_wire = max_wire
        self._max_decoded = max_decoded
        self._wire = 0
        self._size = 0
        self._parts: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        """Take one chunk off the wire. Raises :class:`UnreadableAnswer` beyond a cap."""
        self._wire += len(chunk)
        if self._wire > self._max_wire:
            raise UnreadableAnswer("it is too large")
        if self._inflate is None:
            self._keep(chunk)
            return
        try:
            if self._inflate.eof and chunk:
                raise UnreadableAnswer("something follows its compressed end")
            self._keep(self._inflate.decompress(chunk, self._max_decoded - self._size + 1))
        except zlib.error:
            raise UnreadableAnswer("its compression is broken") from None
        if self._inflate.unused_data:
            raise UnreadableAnswer("something follows its compressed end")

    def _keep(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > self._max_decoded:
            raise UnreadableAnswer("it is too large once decompressed")
        if data:
            self._parts.append(data)

    def finish(self) -> bytes:
        """The whole body. Raises :class:`UnreadableAnswer` if compressed data ends early."""
        if self._inflate is not None and self._wire and not self._inflate.eof:
            raise UnreadableAnswer("its compressed data ends too early")
        return b"".join(self._parts)
