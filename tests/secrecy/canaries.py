"""Secrets that were planted or learned, and the search for them in everything that was written.

A secret is looked for as it is, in capitals and in small letters, and as base64, hex, JSON, HTML, an address or UTF-16
would write it; on a terminal also with the escape sequences taken out, since a line may be drawn in pieces.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

_LONG = 8
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Za-z0-9]|.)")
_GAP = re.compile(rb"[\s\x00-\x1f]+")

TOLD_ONCE = ("secret", "uri", "codes", "mail code")
"""Secrets that the panel makes and a person has to read, so they may stand on the terminal."""


class Canaries:
    """All secrets of one scene, by name. May be used from several threads."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self._forms: dict[str, list[re.Pattern[bytes]]] = {}
        self._lock = threading.Lock()

    def plant(self, name: str, value: str) -> str:
        """Remember a secret; every name keeps every value it ever had. Gives the value back."""
        with self._lock:
            if value and value not in self.secrets.values():
                number = sum(1 for one in self.secrets if one.partition("#")[0] == name)
                known = f"{name}#{number + 1}" if number else name
                self.secrets[known] = value
                self._forms[known] = list(_patterns(value))
        return value

    def kinds(self) -> set[str]:
        """Which kinds of secret there were."""
        with self._lock:
            return {name.partition("#")[0] for name in self.secrets}

    def found_in(self, data: bytes, *, but: tuple[str, ...] = ()) -> set[str]:
        """The names of the secrets that ``data`` holds, except those of the kinds ``but``."""
        with self._lock:
            forms = {name: found for name, found in self._forms.items() if name.partition("#")[0] not in but}
        return {name for name, patterns in forms.items() if any(pattern.search(data) for pattern in patterns)}

    def found_on_terminal(self, output: bytes) -> set[str]:
        """The same for the bytes of a terminal, where what is told once may stand."""
        plain = _SEQUENCE.sub(b"", output)
        return {name for form in (output, plain, _GAP.sub(b"", plain)) for name in self.found_in(form, but=TOLD_ONCE)}

    def found_below(self, *roots: Path) -> dict[str, set[str]]:
        """Secrets in files below these directories, and in their names: by path."""
        found: dict[str, set[str]] = {}
        for root in roots:
            for path in root.rglob("*"):
                names = self.found_in(str(path).encode())
                if path.is_file() and not path.is_symlink():
                    names |= self.found_in(path.read_bytes())
                if names:
                    found[str(path)] = names
        return found


def _patterns(value: str) -> Iterator[re.Pattern[bytes]]:
    raw = value.encode()
    if len(value) < _LONG:  # a code of six digits: by itself, not inside a longer number
        yield re.compile(rb"(?<![0-9A-Za-z.])%b(?![0-9A-Za-z.]*[0-9])" % re.escape(raw))
        return
    forms = {raw, raw[::-1], json.dumps(value)[1:-1].encode(), quote(value, safe="").encode()}
    forms |= {raw.lower(), raw.upper(), html.escape(value).encode()}
    forms |= {raw.hex().encode(), raw.hex().upper().encode(), value.encode("utf-16-le")}
    for shift in range(3):  # wherever it begins within a longer text that was encoded
        encoded = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        forms.add(encoded[4 if shift else 0 : -1])
    yield re.compile(b"|".join(re.escape(form) for form in sorted(forms)))


_OF_REQUESTS = ("password", "current_password", "new_password", "totp", "code")
_OF_ANSWERS = ("token", "secret", "uri", "codes")
_OF_FORMS = {
    "password": "password", "passwd": "new password", "confirm": "new password", "old_passwd": "password",
    "qrcode": "totp or code", "auth": "session", "authinfo": "password", "apikey": "key",
}  # fmt: skip
"""Fields of other panels' forms → the kind of their secret."""
SESSION_COOKIES = ("PHPSESSID", "billmgrses5")


def learn_from_request(canaries: Canaries, body: Any) -> None:
    """Learn the secrets that a request carried."""
    if isinstance(body, dict):
        for name in _OF_REQUESTS:
            if isinstance(body.get(name), str):
                canaries.plant("totp or code" if name in ("totp", "code") else name, body[name])


def learn_from_form(canaries: Canaries, body: str) -> None:
    """Learn the secrets that a form carried, as panels of other kinds are asked."""
    for name, value in parse_qsl(body):
        if name in _OF_FORMS:
            canaries.plant(_OF_FORMS[name], value.partition(":")[2] if name == "authinfo" else value)


def learn_from_head(canaries: Canaries, authorization: str, cookies: str) -> None:
    """Learn the secrets of a request's head: a bearer's token, a key by HTTP Basic, a session's cookie."""
    kind, _, shown = authorization.partition(" ")
    if kind == "Bearer":
        canaries.plant("token", shown)
    elif kind == "Basic":
        canaries.plant("key", base64.b64decode(shown).decode().partition(":")[2])
    learn_from_cookies(canaries, cookies)


def learn_from_cookies(canaries: Canaries, text: str) -> None:
    """Learn the sessions of a ``Cookie`` or ``Set-Cookie`` header, and what FOSSBilling's second token is made of."""
    for name, value in re.findall(r"([A-Za-z0-9]+)=([^;,\s]+)", text):
        if name in SESSION_COOKIES:
            canaries.plant("session", value)
            canaries.plant("csrf", hashlib.md5(value.encode(), usedforsecurity=False).hexdigest())


def learn_from_answer(canaries: Canaries, body: Any) -> None:
    """Learn the secrets that an answer carried, wherever they stand in it."""
    if isinstance(body, list):
        for item in body:
            learn_from_answer(canaries, item)
    elif isinstance(body, dict):
        for name, value in body.items():
            if name in _OF_ANSWERS and isinstance(value, str):
                canaries.plant(name, value)
            elif name == "auth" and isinstance(value, dict):  # BILLmanager: a session
                canaries.plant("session", str(value.get("$id") or value.get("$") or ""))
            elif name == "codes" and isinstance(value, list):
                for one in value:
                    canaries.plant(name, str(one))
            else:
                learn_from_answer(canaries, value)
        if "subject" in body and isinstance(body.get("code"), str):
            canaries.plant("mail code", body["code"])
