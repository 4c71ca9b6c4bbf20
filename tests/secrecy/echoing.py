"""Panels of every kind that repeat whatever they were sent, in every spelling and at every place of an answer."""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, quote, quote_plus

from tests.client.panel_stub import Line, Script, Seen, head

SPELLINGS: Final[Mapping[str, Callable[[str], str]]] = {
    "as it is": lambda text: text,
    "address": lambda text: quote(text, safe=""),
    "form": quote_plus,
    "html": html.escape,
    "json": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "json in json": lambda text: json.dumps(json.dumps(text)),
    "base64": lambda text: b64encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "capitals": lambda text: text.upper(),
    "small letters": lambda text: text.lower(),
}
"""How a text is repeated."""


def _problem(said: str) -> tuple[str, Any]:
    return "409 No", {"code": "no", "status": 409, "title": "No", "detail": f"Not with {said}", "fields": {"x": said}}


def _billmgr(said: str) -> tuple[str, Any]:
    error = {"$type": "value", "$object": said[:200], "msg": {"$": f"Not with {said}"}, "param": [{"$": said}]}
    return "200 OK", {"doc": {"error": error, "tparams": {"said": {"$": said}}}}


def _foss(said: str) -> tuple[str, Any]:
    return "200 OK", {"result": None, "error": {"message": f"Not with {said}", "code": 9999}}


def _gateway(said: str) -> tuple[str, Any]:
    return "200 OK", {"status": "ERROR", "errorCode": "7", "errorMsg": f"Not with {said}"}


REFUSALS: Final[Mapping[str, Callable[[str], tuple[str, Any]]]] = {
    "billing_v1": _problem,
    "billmanager": _billmgr,
    "fossbilling": _foss,
    "rootpanel": _gateway,
}
"""How a panel of each kind refuses, with a text of its own in it."""
PLACES: Final = ("refusal", "page", "redirect")


def values_of(seen: Seen) -> list[str]:
    """What a request held, value by value: its head, and each field of its form or JSON."""
    found = [seen.headers.get("authorization", ""), seen.headers.get("cookie", "")]
    body = seen.body.decode("utf-8", "replace")
    if "json" in seen.headers.get("content-type", ""):
        found += [value for value in json.loads(body).values() if isinstance(value, str)]
    else:
        found += [value for _, value in parse_qsl(body)]
    return [one for one in found if one]


def echoing(kind: str, place: str, spelling: str) -> Script:
    """A script that answers as a panel of this ``kind`` would, and repeats the request at that ``place``."""
    spell = SPELLINGS[spelling]

    async def script(seen: Seen, line: Line) -> None:
        values = [spell(one) for one in values_of(seen)]
        said = " ".join([spell(seen.body.decode("utf-8", "replace")), *values])
        words = "-".join("".join(char for char in one if (char.isascii() and char.isalnum()) or char in "-._")
                         for one in values)  # fmt: skip
        lines = [f"X-Request-Id: {' '.join(values).encode('ascii', 'replace').decode()[:3000]}"]
        if place == "refusal":
            status, document = REFUSALS[kind](said)
            body, of = json.dumps(document).encode(), "application/json; charset=utf-8"
        elif place == "page":
            status, body, of = "502 Oops", f"<title>{said}</title><pre>{said}</pre>".encode(), "text/html"
        else:
            status, body, of = "302 Found", b"", "text/html"
            lines.append(f"Location: https://{words}.panel.example/?{quote(said)[:2000]}")
        lines += [f"Content-Type: {of}", f"Content-Length: {len(body)}"]
        await line.send(head(status, *(one.replace("\n", " ") for one in lines)) + body)

    return script
