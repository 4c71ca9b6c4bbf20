"""A relay before the panel that learns every secret of the wire, and answers badly where a test asks for it."""

from __future__ import annotations

import json

from tests.client.panel_stub import Line, Script, Seen, head
from tests.secrecy.canaries import (
    Canaries,
    learn_from_answer,
    learn_from_cookies,
    learn_from_form,
    learn_from_head,
    learn_from_request,
)
from tests.support.relay import Relay


class Wiretap(Relay):
    """``with Wiretap(port, canaries) as tap``: the program's panel is ``tap.url``."""

    def __init__(self, port: int, canaries: Canaries) -> None:
        super().__init__(port)
        self.canaries = canaries
        self.fault: Script | None = None
        """What every request meets instead of the panel, from now on."""
        self.strikes = 0
        self.answered = 0
        """How often the panel itself has answered."""
        self.requests: list[str] = []
        """Method and path of each request."""

    async def answer(self, seen: Seen, line: Line) -> None:
        self.requests.append(f"{seen.method} {seen.path}")
        learn_from_head(self.canaries, seen.headers.get("authorization", ""), seen.headers.get("cookie", ""))
        kind = seen.headers.get("content-type", "")
        if seen.body and "json" in kind:
            learn_from_request(self.canaries, json.loads(seen.body))
        elif seen.body and "urlencoded" in kind:
            learn_from_form(self.canaries, seen.body.decode())
        if self.fault is not None:
            self.strikes += 1
            await self.fault(seen, line)
            return
        told = await self.asked(seen)
        if told.body.lstrip()[:1] == b"{":  # other kinds of panels send JSON as text
            learn_from_answer(self.canaries, json.loads(told.body))
        learn_from_cookies(self.canaries, " ".join(value for name, value in told.headers if name == "set-cookie"))
        self.answered += 1
        await self.hand_on(told, line)


async def spiteful(seen: Seen, line: Line) -> None:
    """Repeats in its refusal whatever it was sent, as some proxies' error pages do."""
    said = f"{seen.headers.get('authorization', '')} {seen.body.decode('utf-8', 'replace')}"
    body = json.dumps({"code": "no", "status": 409, "title": "No", "detail": f"Not with {said}"}).encode()
    lines = ["Content-Type: application/problem+json", f"Content-Length: {len(body)}"]
    await line.send(head("409 No", *lines) + body)
