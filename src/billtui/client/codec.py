"""Bytes of an answer to values, strictly: no duplicate keys, no NaN, no deep nesting, UTF-8 only, sizes capped."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from pydantic import SecretStr

MAX_DEPTH = 32
"""Deepest nesting of arrays and objects in an answer."""

MAX_VALUES = 250_000
"""Most commas and brackets of an answer: 16 MB of ``{},`` would become 400 MB of objects."""
MAX_WIDE = 4 * 1024 * 1024
"""Largest answer with other than ASCII characters, which take up to four times as much in memory."""

_NOT_BRACKETS = bytes(code for code in range(256) if code not in b"[]{}")
_PAIR = re.compile(rb"\[\]|\{\}")
# Always matches from a quote on, to the end if it is never closed: linear whatever comes.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89abcdefABCDEF]")


class UnreadableAnswer(ValueError):
    """Bytes that are not what they should be. The text says what is wrong, never the bytes."""


def _check_structure(data: bytes) -> None:
    """Refuse what would cost much memory or recursion before anything is built, at the speed of ``translate``."""
    if _trouble(data) is not None:
        trouble = _trouble(_STRING.sub(b"", data))  # what stands inside strings does not count
        if trouble is not None:
            raise UnreadableAnswer(trouble)


def _trouble(data: bytes) -> str | None:
    brackets = data.translate(None, _NOT_BRACKETS)
    if len(brackets) + data.count(b",") > MAX_VALUES:
        return "it holds too many values"
    too_deep = "it is nested too deep or its brackets do not match"
    if b"[" * (MAX_DEPTH + 1) in brackets:
        return too_deep
    for _ in range(MAX_DEPTH):
        if not brackets:
            return None
        brackets = _PAIR.sub(b"", brackets)  # takes one level away
    return too_deep if brackets else None


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


def _exact(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise UnreadableAnswer("a number cannot be read") from None
    if abs(value.adjusted()) > _FARTHEST:
        raise UnreadableAnswer("a number is out of all bounds")
    return value


_FARTHEST = 100
"""Powers of ten: no amount and no count is larger or smaller."""
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
_EXACT = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_exact)


def parse_exact(data: bytes) -> Any:
    """As :func:`parse_json`, with every number that has a point as the ``Decimal`` that its digits say, never a float:
    for panels that write amounts as JSON numbers."""
    return parse_json(data, _EXACT)


def parse_json(data: bytes, decoder: json.JSONDecoder = _DECODER) -> Any:
    """The value of a JSON text. Raises :class:`UnreadableAnswer`."""
    if len(data) > MAX_WIDE and not data.isascii():
        raise UnreadableAnswer("it is too large")
    _check_structure(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableAnswer("it is not UTF-8") from None
    try:
        value = decoder.decode(text)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False, default=str).encode("utf-8")
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


def encode_form(form: Iterable[tuple[str, str | SecretStr]]) -> bytes:
    """A request's body as a form, UTF-8. Secrets are revealed here and nowhere before."""
    return urlencode([(name, _open(value)) for name, value in form]).encode("ascii")


def _open(value: str | SecretStr) -> str:
    return value if isinstance(value, str) else value.get_secret_value()


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
        self._body = bytearray()

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
        self._body += data

    def finish(self) -> bytes:
        """The whole body. Raises :class:`UnreadableAnswer` if compressed data ends early."""
        if self._inflate is not None and self._wire and not self._inflate.eof:
            raise UnreadableAnswer("its compressed data ends too early")
        body = bytes(self._body)
        self._body.clear()
        return body
