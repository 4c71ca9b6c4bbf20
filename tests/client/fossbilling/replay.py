"""A server that answers with the recorded exchanges, one after the other, and looks at what it is asked."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from billtui.client.codec import parse_exact
from tests.client.panel_stub import Line, PanelStub, Seen, head

FOLDER = Path(__file__).with_name("recorded")
API_KEY = "k3yOfAliceForTheReplay0000000001"
COOKIE = "replayed0session0of0alice0"
STATUSES = {200: "200 OK", 401: "401 Unauthorized"}


@dataclass(frozen=True)
class Recorded:
    """One exchange as it was recorded."""

    number: int
    path: str
    params: dict[str, Any]
    auth: str
    status: int
    headers: dict[str, str]
    body: Any
    text: bytes

    @property
    def result(self) -> Any:
        """What the panel answered."""
        return self.body["result"]

    @property
    def exact(self) -> Any:
        """What the panel answered, as the driver reads it: without floats."""
        return parse_exact(self.text)["result"]


def recorded() -> list[Recorded]:
    """All of them, in the order in which they were made."""
    found = []
    for file in sorted(FOLDER.glob("*.json")):
        value = json.loads(file.read_text("utf-8"))
        request = value["request"]
        params = request["params"] or {}
        text = json.dumps(value["body"], ensure_ascii=True).encode()
        found.append(
            Recorded(int(file.name[:2]), request["path"], params, request["auth"], value["status"], value["headers"],
                     value["body"], text)
        )  # fmt: skip
    return found


@dataclass
class Replay:
    """What stands next, and what was not asked as it was recorded."""

    waiting: list[Recorded]
    extra: tuple[str, ...] = ()
    """More header lines for the next answer."""
    faults: list[str] = field(default_factory=list)
    url: str = ""

    async def script(self, seen: Seen, line: Line) -> None:
        """Answer the next one."""
        one = self.waiting.pop(0)
        self.faults += [f"{one.number}: {fault}" for fault in _differences(one, seen)]
        lines = [f"{name}: {value}" for name, value in one.headers.items()]
        await line.send(head(STATUSES[one.status], *lines, *self.extra, f"Content-Length: {len(one.text)}") + one.text)


def _differences(one: Recorded, seen: Seen) -> list[str]:
    """A page goes in the query instead of the body; its size is always named; a session's token goes along."""
    wanted = dict(one.params)
    query = {"page": str(wanted.pop("page"))} if "page" in wanted else {}
    if one.path.endswith("get_list") and "nope" not in one.path:
        wanted.setdefault("per_page", 100)
    if one.auth == "cookie":
        wanted["CSRFToken"] = hashlib.md5(COOKIE.encode()).hexdigest()
    parts = urlsplit(seen.target)
    checks = {
        "method": (seen.method, "POST"),
        "path": (parts.path, f"/api/{one.path}"),
        "query": (dict(parse_qsl(parts.query)), query),
        "body": (json.loads(seen.body), wanted),
        "type": (seen.headers.get("content-type"), "application/json"),
        "key": (seen.headers.get("authorization"), _basic(one)),
        "cookie": (seen.headers.get("cookie"), f"PHPSESSID={COOKIE}" if one.auth == "cookie" else None),
    }
    return [f"{name} {is_!r}, not {was!r}" for name, (is_, was) in checks.items() if is_ != was]


def _basic(one: Recorded) -> str | None:
    if one.auth != "basic client":
        return None
    return "Basic " + base64.b64encode(f"client:{API_KEY}".encode()).decode()


@asynccontextmanager
async def replaying(*numbers: int) -> AsyncIterator[Replay]:
    """A server that answers these exchanges in this order; all of them without numbers."""
    chosen = [one for one in recorded() if not numbers or one.number in numbers]
    replay = Replay(chosen)
    async with PanelStub(replay.script) as stub:
        replay.url = stub.url
        yield replay
    assert replay.faults == []
    assert replay.waiting == []
