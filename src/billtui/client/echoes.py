"""A panel, or a proxy before it, that repeats what it was sent: secrets are taken out before anybody reads the answer.

An error page that quotes the request, or a message like "wrong password: …", would else reach a screen, a log, the
journal (which keeps what a panel said) or a bug report.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pydantic import SecretStr

if TYPE_CHECKING:
    from billtui.client.exchange import Exchange

COVER = b"(hidden)"
_SHORTEST = 6
"""Shorter ones could be part of any word; no secret of the field is shorter."""
_LONG = 8
_ALONE = rb"(?<![A-Za-z0-9.])%b(?![A-Za-z0-9.]*[0-9])"
"""A short code is not looked for inside longer numbers, amounts and words."""

_ESCAPED = frozenset(bytes([one]) for one in b'"\\/bfnrtu')
"""What follows a backslash in JSON."""


def secrets_of(exchange: Exchange, token: SecretStr | None) -> list[str]:
    """The secrets of one request: in its body or form, the token it goes with, and what its headers make of that."""
    found = list(_inside((exchange.body, exchange.form)))
    found += [value.rpartition(" ")[2] for name, value in exchange.headers if name in ("Authorization", "Cookie")]
    if token is not None:
        found.append(token.get_secret_value())
    return [one for one in found if len(one) >= _SHORTEST]


def without_echo(answer: bytes, secrets: list[str]) -> bytes:
    """``answer`` with every secret in it covered: as it is, as JSON writes it, and as an address does."""
    for secret in secrets:
        escaped = json.dumps(secret)[1:-1]
        forms = {secret, escaped, json.dumps(secret, ensure_ascii=False)[1:-1], quote(secret, safe="")}
        for form in sorted({*forms, escaped.replace("/", "\\/")}, key=len, reverse=True):  # else half an escape stays
            shown = form.encode("utf-8", "replace")
            if shown in answer:
                alone = len(shown) < _LONG and shown.isalnum()
                answer = _covered(answer, _ALONE % shown if alone else re.escape(shown))
    return answer


def _covered(answer: bytes, pattern: bytes) -> bytes:
    """``answer`` with what matches covered, and no half of an escape left: JSON stays JSON, whatever a secret holds."""
    kept, at, find = [], 0, re.compile(pattern).search
    while (match := find(answer, at)) is not None:
        start, end = match.span()
        start -= _backslashes(answer, at, start) % 2
        if _backslashes(answer, at, end) % 2 and answer[end : end + 1] in _ESCAPED:
            end += 1
        kept += [answer[at:start], COVER]
        at = end
    return b"".join([*kept, answer[at:]])


def _backslashes(text: bytes, start: int, end: int) -> int:
    """How many stand directly before ``end``."""
    part = text[start:end]
    return len(part) - len(part.rstrip(b"\\"))


def _inside(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _inside(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _inside(item)
