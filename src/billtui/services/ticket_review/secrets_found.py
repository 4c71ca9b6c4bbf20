"""Secrets in a text: keys, tokens, connection strings, passwords that are told. Only their places ever leave here.

The whole body is looked at, not only its sentences: keys hide in logs. The few letters that each kind begins with are
searched for first; patterns with bounded repetitions look at those places only, so that the time is in proportion to
the text, whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from billtui.services.ticket_review.fixes import MASK

SECRETS_READ: Final = 1_000_000
"""So many characters are looked at for secrets; a panel draws no longer message."""
PLACES_READ: Final = 500
"""So many places of each kind are looked at."""
_LINES_OF_A_KEY: Final = 200


class Place(NamedTuple):
    """Where a secret stands, and what kind it is, in words."""

    start: int
    end: int
    kind: str


_PEM: Final = r"(?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----"
_KEY_BEGIN: Final = re.compile(rf"-----BEGIN {_PEM}|PuTTY-User-Key-File-\d:")
_KEY_END: Final = re.compile(rf"-----END {_PEM}|Private-MAC: [0-9a-f]{{8,64}}")
_KEY_LINE: Final = re.compile(r"\s*(?:[A-Za-z0-9+/=]{16,200}|[A-Za-z][A-Za-z-]{1,30}: .{0,200}|)\s*\Z")
_TOKENS: Final = re.compile(
    r"""(?<![A-Za-z0-9])(?:
      gh[pousr]_[A-Za-z0-9]{20,80}
    | github_pat_[A-Za-z0-9_]{20,100}
    | gl(?:pat|rt|dt|cbt)-[A-Za-z0-9_-]{16,64}
    | xox[abprs]-[A-Za-z0-9-]{10,100}
    | (?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])
    | (?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,100}
    | sk-[A-Za-z0-9_-]{20,200}
    | bpk_[A-Za-z0-9_-]{20,64}
    | AIza[A-Za-z0-9_-]{35}
    | npm_[A-Za-z0-9]{30,40}
    | hf_[A-Za-z0-9]{30,40}
    | dop_v1_[0-9a-f]{40,64}
    | GR1348941[A-Za-z0-9_-]{16,40}
    | eyJ[A-Za-z0-9_-]{10,2000}\.[A-Za-z0-9_-]{8,4000}(?:\.[A-Za-z0-9_-]{8,1000})?
    | \d{8,10}:AA[A-Za-z0-9_-]{30,40}
    )""",
    re.VERBOSE,
)
_ADDRESS: Final = re.compile(r"://[^\s:/@]{0,64}:([^\s@/]{1,128})@")
_BEARER: Final = re.compile(r"(?:bearer|basic|token)\s{1,4}([A-Za-z0-9+/=_.~-]{16,2000})", re.IGNORECASE)
_NAME: Final = (
    r"(?:(?:[A-Za-z0-9]{1,30}[_.-]){0,4}(?:password|passwd|passphrase|pass|pwd|secret|token|psk|apikey|privatekey"
    r"|presharedkey"
    r"|(?:api|access|secret|private|auth|encryption|preshared)[_ -]?key|key[_ -]?id|registration[_ -]token)"
    r"(?:[_-][A-Za-z0-9]{1,20})?)"
)
_WORDS: Final = (
    r"(?:парол[а-яіє]{0,4}|пасс?ворд[а-я]{0,2}|токен[а-яи]{0,3}"
    r"|ключ[а-я]{0,3}\ api|api[ -]ключ[а-я]{0,2}|секрет[а-я]{0,3})"
)
_OPTION: Final = r"(?:IDENTIFIED\ BY|requirepass|sshpass\ -p|--password|--token|--registration-token)"
_LETTER: Final = "A-Za-zА-Яа-яіїєґ0-9"
_NAMED: Final = re.compile(
    rf"(?<![{_LETTER}])(?P<name>{_NAME}|{_WORDS}|{_OPTION})"
    r"(?P<between>(?:[\"'`]?\s{0,3}(?:[:=]|=>|[—–-]\s|\s(?:is|was|это|такой|будет|такий))\s{0,3}|\s{1,3}))"
    r"(?P<quote>[\"'`«“]?)(?P<value>[^\s\"'`»”«“]{3,200})",
    re.IGNORECASE,
)
_PASSWORD_WORD: Final = re.compile(
    rf"(?<![{_LETTER}])(?:password|passwd|pass|pwd|secret|token|api key|{_WORDS})(?![{_LETTER}_])", re.IGNORECASE
)
_NEXT: Final = re.compile(r"[ \t]{0,8}\n?[ \t]{0,8}([^\s]{1,200})")
_WORDS_AFTER: Final = 9
"""So many words behind “password” may be the password."""
_POINTING: Final = frozenset({"is", "was", "это", "такой", "такий", "це", "вот", "ось", "-", "—", "–", "=>"})
_PAIR: Final = re.compile(
    r"(?<![A-Za-z0-9.@/-])(?:root|admin|administrator|postgres|mysql|user|ubuntu|debian)(?:\s{0,2}[/|:;]\s{0,2}|\s{1,3})"
    r"(?P<value>[^\s/|:;@,()\"'`-][^\s/|:;@,()\"'`]{5,64})"
)
_INLINE: Final = re.compile(r"(?<!\S)-p(?P<value>[^\s'\"=-][^\s'\"]{5,64})")
_CLIENT: Final = re.compile(r"\b(?:mysql|mysqldump|sshpass|mariadb|mysqladmin)\b")
_QUOTES: Final = "\"'`«»“”"
_CLOSING: Final = {"«": "»", "“": "”"}
_CODE: Final = re.compile(r"[{}\[\]<>=|\\]|[\"'][:;)]|\w\(")
_REFERENCE: Final = re.compile(
    r"[A-Za-z_]{1,40}[)\]}]|[\w$>-]{1,60}(?:[.:\w]{1,60})?[\[(]|[A-Za-z_]\w{0,60}(?:(?:\.|->|::)[A-Za-z_]\w{0,60}){1,6}\W{0,3}\Z"
)
_NAME_WORD: Final = re.compile(r"pass|secret|token|key|str|ask|self", re.IGNORECASE)
_PLACEHOLDER: Final = re.compile(
    r"[*•·x.xX_?-]{3,}\Z|<.*|\$.*|%.*|\{.*|\[.*|\(.*|.*(?:example-password|your[_-]?(?:password|token|key)|changeme|redacted|removed|hidden|masked|secret_here)|.*\*\*\*|.*(?:…|\.\.\.)\Z",
    re.IGNORECASE,
)
_TRAILING: Final = ".,;:!?)]}>…"
"""What ends a sentence: not looked at when a word is judged."""
_OUTSIDE: Final = ".,;:"
"""What stays behind a masked word; “!” may belong to a password."""


_TOKEN_BEGINS: Final = (
    "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "glrt-", "gldt-", "glcbt-", "xoxa-", "xoxb-",
    "xoxp-", "xoxr-", "xoxs-", "AKIA", "ASIA", "sk_", "rk_", "pk_", "sk-", "bpk_", "AIza", "npm_", "hf_", "dop_v1_",
    "GR1348941", "eyJ",
)  # fmt: skip
_NAME_BEGINS: Final = (
    "pass", "pwd", "secret", "token", "psk", "key", "identified by",
    "парол", "пасворд", "пассворд", "токен", "ключ", "секрет",
)  # fmt: skip
_LOGINS: Final = ("root", "admin", "postgres", "mysql", "user", "ubuntu", "debian")
_PART_OF_A_NAME: Final = re.compile(rf"[{_LETTER}_. -]{{0,40}}\Z")


def secrets_in(text: str) -> list[Place]:
    """All places, without overlaps, in the order of the text."""
    read = text[:SECRETS_READ]
    lower = read.lower()
    if len(lower) != len(read):  # a few letters of other scripts become two
        lower = "".join(char.lower() if len(char.lower()) == 1 else char for char in read)
    found = sorted({*_keys(read), *_tokens(read, lower), *_told(read, lower)}, key=lambda one: (one.start, -one.end))
    kept: list[Place] = []
    for place in found:
        if not kept or place.start >= kept[-1].end:
            kept.append(place)
        elif place.end > kept[-1].end:
            kept[-1] = Place(kept[-1].start, place.end, kept[-1].kind)
    return kept


def _places(text: str, *beginnings: str) -> Iterator[int]:
    """Where any of these letters stand, the first ones of each."""
    for letters in beginnings:
        at = text.find(letters)
        for _ in range(PLACES_READ):
            if at < 0:
                break
            yield at
            at = text.find(letters, at + len(letters))


def _keys(text: str) -> Iterator[Place]:
    """Private keys from their first line to their last, or as far as their lines go where the last is missing."""
    end = 0
    for at in sorted(_places(text, "-----BEGIN ", "PuTTY-User-Key-File-")):
        begin = _KEY_BEGIN.match(text, at)
        if begin is None or at < end:
            continue
        end = begin.end()
        for _ in range(_LINES_OF_A_KEY):
            line_end = text.find("\n", end + 1)
            line_end = len(text) if line_end < 0 else line_end
            line = text[end : min(line_end, end + 400)]
            if last := _KEY_END.search(line):
                end += last.end()
                break
            if line_end - end > 400 or not _KEY_LINE.match(line):
                break
            end = line_end
            if end == len(text):
                break
        yield Place(at, end, "a private key")


def _tokens(text: str, lower: str) -> Iterator[Place]:
    for at in _places(text, *_TOKEN_BEGINS):
        if match := _TOKENS.match(text, at):
            yield Place(match.start(), match.end(), "an access token")
    for at in _places(text, ":AA"):
        for digits in (10, 9, 8):
            if at >= digits and (match := _TOKENS.match(text, at - digits)):
                yield Place(match.start(), match.end(), "an access token")
                break
    for at in _places(text, "://"):
        match = _ADDRESS.match(text, at)
        if match and at and text[at - 1].isalpha() and not _PLACEHOLDER.match(match[1]):
            yield Place(match.start(1), match.end(1), "the password of a connection string")
    for at in _places(lower, "bearer", "basic", "token"):
        match = _BEARER.match(text, at)
        if match and _mixed(match[1]) and not _PLACEHOLDER.match(match[1]):
            yield Place(match.start(1), match.end(1), "an access token")


def _told(text: str, lower: str) -> Iterator[Place]:
    """Passwords, tokens and keys that are named before they are told."""
    seen: set[int] = set()
    for at in _places(lower, *_NAME_BEGINS):
        for start in _beginnings_of_name(text, at):
            match = _NAMED.match(text, start)
            if match and match.end("name") > at:
                signed = any(sign in match["between"] for sign in ":=") or match["name"].startswith("--")
                if place := _value(text, match, signed=signed):
                    yield place
                break
        word = _PASSWORD_WORD.match(text, at)
        if word and word.end() not in seen:
            seen.add(word.end())
            if place := _further_on(text, word.end()):
                yield place
    for at in _places(lower, *_LOGINS):
        match = _PAIR.match(text, at)
        if match and _strong(match["value"].rstrip(_TRAILING)) and not _PLACEHOLDER.match(match["value"]):
            start = match.start("value")
            yield Place(start, start + len(match["value"].rstrip(_OUTSIDE)), "a password")
    for at in _places(text, " -p"):
        match = _INLINE.match(text, at + 1)
        if match and _CLIENT.search(text[max(0, at - 200) : at].rpartition("\n")[2]) and _mixed(match["value"]):
            yield Place(match.start("value"), match.end("value"), "a password")


def _beginnings_of_name(text: str, at: int) -> Iterator[int]:
    """Where the name that holds these letters may begin: “DB_PASSWORD”, “access key”, “--token”."""
    before = _PART_OF_A_NAME.search(text[max(0, at - 40) : at])
    first = at - (len(before[0]) if before else 0)
    for start in range(first, at + 1):
        if start == 0 or not text[start - 1].isalnum():
            yield start


def _further_on(text: str, at: int) -> Place | None:
    """The password that follows in the sentence: “the password of the server, it is …”."""
    pointed = text[at : at + 1] in (":", "=")
    for number in range(_WORDS_AFTER):
        match = _NEXT.match(text, at)
        if match is None or MASK in match[1]:
            return None
        if _CODE.search(match[1]):
            return None
        word = match[1].strip(_QUOTES + "()")
        value = word.rstrip(_TRAILING + _QUOTES)
        pointed = (pointed or match[1][0] in _QUOTES) and "\n" not in text[at : match.start(1)]
        if number and _clear(value, pointed) and not _is_ordinary(value):
            start = match.start(1) + match[1].index(value)
            return Place(start, start + len(word.rstrip(_OUTSIDE + _QUOTES)), "a password")
        if word.endswith((".", "!", "?", ";")):
            return None
        pointed = word.endswith((":", "=")) or word.lower() in _POINTING
        at = match.end()
    return None


def _clear(value: str, pointed: bool) -> bool:
    """Whether this word is a password, where one is expected, or where anything may follow."""
    if len(value) < 6 or value.startswith("[") or _PLACEHOLDER.match(value) or "://" in value:
        return False
    return _mixed(value) if pointed else _strong(value)


def _value(text: str, match: re.Match[str], *, signed: bool) -> Place | None:
    """The told value, unless it is a word of the sentence, a placeholder, or a name."""
    value = match["value"]
    stripped = value.rstrip(_TRAILING if not match["quote"] else "")
    if len(stripped) < 4 or value.startswith(MASK) or _PLACEHOLDER.match(stripped) or "://" in stripped:
        return None
    if value.rstrip(").,;:").endswith("…") or "..." in value:  # cut short by who wrote it
        return None
    quoted = bool(match["quote"])
    if not quoted and (_REFERENCE.match(value) or _is_variable(stripped)):
        return None  # code that handles a password tells none
    # A word of a sentence is no password; a value that a sign or quotation marks set apart may be any mixture.
    if signed:
        rest = text[match.end("value") : match.end("value") + 1]
        alone = rest in ("", "\n", "\r") or quoted
        clear = _mixed(stripped) or (alone and stripped.isascii() and stripped.lower() not in _ORDINARY)
    else:
        clear = _strong(stripped) or (quoted and _mixed(stripped))
    if not clear or _is_ordinary(stripped.rstrip(_TRAILING)):
        return None
    start = match.start("value")
    name = match["name"].lower()
    kind = "a password" if name.startswith(("pa", "pw", "па", "--pass", "ident", "sshpass", "require")) else "a secret"
    end = start + len(value.rstrip(_OUTSIDE))
    if quoted:  # a passphrase of several words, as far as its line goes
        closing = text.find(_CLOSING.get(match["quote"], match["quote"]), start, start + 200)
        end = closing if closing > 0 and "\n" not in text[start:closing] else start + len(stripped)
    return Place(start, end, kind)


_ORDINARY_WORDS: Final = """
    yes no none null true false wrong incorrect invalid empty required changed reset expired rejected accepted missing
    authentication auth prompt permission denied failed login root admin same here below field ok disabled enabled
    authorization bearer basic begin string value undefined locked
    auth_failed unknown string default blank optional
"""
_ORDINARY: Final = frozenset(_ORDINARY_WORDS.split())
_DATE_OR_NUMBER: Final = re.compile(r"[\d.,:/%+-]{1,24}(?:[A-Za-zА-Яа-я]{1,3})?\Z")
_HOST: Final = re.compile(
    r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?:/\S{0,100})?\Z|/[\w./-]{1,200}\Z|\S{1,64}@\S{1,64}\.[A-Za-z]{2,}\Z"
)


def _is_variable(value: str) -> bool:
    """Names in code that speak of a secret, such as “token”, “ask_passphrase”."""
    return value.replace("_", "").isalpha() and _NAME_WORD.search(value) is not None


def _is_ordinary(value: str) -> bool:
    """Dates, numbers with a unit, host names, paths and addresses are told openly."""
    return bool(value.lower() in _ORDINARY or _HOST.match(value) or (_DATE_OR_NUMBER.match(value) and len(value) < 10))


def _mixed(value: str) -> bool:
    """Letters with digits or signs inside."""
    letters = any(char.isalpha() for char in value)
    digits = any(char.isdigit() for char in value)
    signs = any(not char.isalnum() for char in value.strip("-_.,;:!?"))
    return (letters and (digits or signs) and not _compound(value)) or (digits and len(value) >= 10)


def _strong(value: str) -> bool:
    """As nobody writes a word: digits with letters, and capitals or signs between them."""
    if not (any(char.isdigit() for char in value) and any(char.isalpha() for char in value)) or len(value) < 7:
        return False
    if len(value) >= 20 and value.isalnum() and sum(char.isdigit() for char in value) >= 4:
        return True
    return any(char.isupper() for char in value) and any(char.islower() for char in value) and not _is_name(value)


def _compound(value: str) -> bool:
    """Words with hyphens or slashes between them, without a digit."""
    return all(part.isalpha() for part in re.split(r"[-/'’]", value.strip("-/'’.,")) if part)


def _is_name(value: str) -> bool:
    """Names of versions and hosts: lower-case words and numbers with one kind of sign."""
    return bool(re.match(r"[A-Z]?[a-z]+[-.]?\d+(?:[.-]\d+){0,4}\Z", value))
