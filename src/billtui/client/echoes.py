"""A panel, or a proxy before it, that repeats what it was sent: secrets are taken out before anybody reads the answer.

An error page that quotes the request, or a message like "wrong password: …", would else reach a screen, a log, the
journal (which keeps what a panel said) or a bug report.
"""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

if TYPE_CHECKING:
    from billtui.client.exchange import Exchange

COVER = b"(hidden)"
_SHORTEST = 3
"""Shorter ones could be part of anything, and hide nothing."""
_SHORT_SECRET = 6
"""Shorter ones are covered where they stand as words of their own only; no secret of the field is shorter."""
_LONG = 8
_ALONE = rb"(?<![A-Za-z0-9.])%b(?![A-Za-z0-9.]*[0-9])"
"""A short code is not looked for inside longer numbers, amounts and words."""
_WORD = rb"(?<![A-Za-z0-9_.-])(?:%b)(?![A-Za-z0-9_.-])(?!\\{0,8}+\"[ \t\r\n]{0,8}:)"
"""A very short secret as a word; never the name of a field."""
_QUOTED = rb"(?<=[\"'=>])"
"""What stands before a very short one that would else be a number or a word of JSON itself."""
_OF_JSON = frozenset({"true", "false", "null"})
_CODED = 8
"""Fewer characters of base64 could be part of any word."""

_ESCAPED = frozenset(bytes([one]) for one in b'"\\/bfnrtu')
"""What follows a backslash in JSON."""


def secrets_of(exchange: Exchange, token: SecretStr | None) -> list[str]:
    """The secrets of one request: in its body or form, the token it goes with, and what its headers make of that."""
    found = list(_inside((exchange.body, exchange.form)))
    for name, value in exchange.headers:
        if name in ("Authorization", "Cookie"):
            shown = value.rpartition(" ")[2]
            found += [shown, *([shown.partition("=")[2]] if name == "Cookie" else [])]
    if token is not None:
        found.append(token.get_secret_value())
    return [one for one in dict.fromkeys(found) if len(one) >= _SHORTEST]


def without_echo(answer: bytes, secrets: list[str]) -> bytes:
    """``answer`` with every secret in it covered, in small letters or capitals, however it is written: see
    :func:`_spelling`; in base64, also inside a longer text that was encoded; in hexadecimal digits."""
    if not answer or not secrets:
        return answer
    small = answer.lower()
    for secret in sorted(_in_all_letters(secrets), key=len, reverse=True):  # else half of a longer one stays
        plain = secret.encode("utf-8", "replace")
        found = [*_coded(plain, answer)]
        if (digits := plain.hex().encode()) in small:
            found.append(b"(?i:%b)" % digits)
        if max(_RUNS.findall(plain), key=len, default=b"").lower() in small:
            found.append(_written(secret, plain))
        for pattern in found:
            answer = _covered(answer, pattern)
        if found:
            small = answer.lower()
    return answer


def text_without_echo(text: str | None, secrets: list[str]) -> str | None:
    """The same for a line of an answer's head."""
    if text is None:
        return None
    return without_echo(text.encode("utf-8", "replace"), secrets).decode("utf-8", "replace")


def _in_all_letters(secrets: list[str]) -> Iterator[str]:
    """Each; where letters beyond ASCII are in it, which patterns over bytes know no other size of, those as well."""
    for secret in secrets:
        yield from {secret} if secret.isascii() else {secret, secret.upper(), secret.lower()}


def _written(secret: str, plain: bytes) -> bytes:
    """A pattern of the secret as itself, in every spelling."""
    unchanged = _UNCHANGED.fullmatch(secret) is not None
    spelled = re.escape(plain) if unchanged else _spelling(secret)
    if len(secret) < _SHORT_SECRET:
        number = secret.isdigit() or secret.lower() in _OF_JSON
        return (_QUOTED if number else b"") + _WORD % spelled
    if unchanged and len(plain) < _LONG and plain.isalnum():
        return _ALONE % spelled
    return b"(?i:%b)" % spelled


def _coded(plain: bytes, answer: bytes) -> Iterator[bytes]:
    """Patterns of the secret in base64, wherever it begins within what was encoded."""
    for shift in range(3):
        padded = b"\0" * shift + plain
        for coded in {b64encode(padded), urlsafe_b64encode(padded)}:
            whole = coded.rstrip(b"=")
            # What a neighbour's bits are part of is left out, and taken with it where it stands there.
            core = whole[(0, 2, 3)[shift] : len(padded) * 8 // 6]
            longest = max(_RUNS.findall(core), key=len, default=b"")
            if len(core) >= _CODED and longest in answer:
                before = rb"[A-Za-z0-9+/_-]?" if shift else b""
                yield before + _spelling(core.decode("ascii")) + rb"[A-Za-z0-9+/_-]?(?:=|%(?:25){0,3}3[dD]){0,2}"


_RUNS = re.compile(rb"[A-Za-z0-9]+")
"""What stands in every spelling as it is: where the longest is not, nothing is."""
_UNCHANGED = re.compile(r"[A-Za-z0-9_.-]+")
"""Characters that are written as they are everywhere."""
_PARTS = re.compile(r"(\\+)|([A-Za-z0-9_.-]+)|(.)", re.DOTALL)
_SHORT = {"\n": "n", "\t": "t", "\r": "r", "\b": "b", "\f": "f"}


def _spelling(secret: str) -> bytes:
    """A pattern of all ways in which JSON (also within JSON), addresses, forms, HTML and XML write a secret.

    Nothing in it is repeated without bounds: an answer of backslashes alone is looked through once.
    """
    parts: list[bytes] = []
    lead = rb"\\{1,8}+"
    for backslashes, unchanged, character in _PARTS.findall(secret):
        if backslashes:
            count, ways = (
                len(backslashes),
                rb"%(?:25){0,3}5[cC]|&(?:amp;){0,3}#(?:0{0,6}92|[xX]0{0,6}5[cC]);|\\{1,8}+u005[cC]",
            )
            parts.append(rb"(?:\\{%d,%d}+|(?:%b){%d})" % (count, 8 * count, ways, count))
        else:
            parts.append(re.escape(unchanged.encode()) or _ways_of(character, lead))
        lead = rb"\\{0,8}+" if backslashes else rb"\\{1,8}+"  # they take those of an escape behind them, too
    return b"".join(parts)


def _ways_of(character: str, lead: bytes) -> bytes:
    """One character; ``lead`` stands before what JSON escapes."""
    code, plain = ord(character), character.encode("utf-8", "replace")
    units = character.encode("utf-16-be", "surrogatepass").hex()
    escape = rb"\\{1,8}+".join(b"u(?i:%b)" % units[at : at + 4].encode() for at in range(0, len(units), 4))
    if character in _SHORT:
        escape = b"(?:%b|%b)" % (_SHORT[character].encode(), escape)
    entity = f"&(?:amp;){{0,3}}(?:#0{{0,6}}{code}|#[xX]0{{0,6}}(?i:{code:x})|{_NAMES.get(code, '#')});".encode()
    percent = b"".join(rb"%%(?:25){0,3}(?i:%02x)" % one for one in plain)
    ways = [entity, percent, re.escape(plain), *([rb"\+"] if character == " " else [])]
    return rb"(?:%b%b|\\{0,8}+(?:%b))" % (lead, escape, b"|".join(ways))


_NAMES = {34: "quot", 38: "amp", 39: "apos", 60: "lt", 62: "gt", 160: "nbsp"}


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
