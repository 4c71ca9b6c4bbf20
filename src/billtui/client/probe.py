"""Which kind of panel answers at an address, before anybody signs in. Reads only, and nothing secret is sent."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from billtui.client.codec import UnreadableAnswer, parse_json
from billtui.client.drivers.billing_v1.calling import PREFIX
from billtui.client.drivers.billing_v1.problems import explain_answer, read_problem
from billtui.client.errors import ServerTrouble, SessionExpired
from billtui.client.exchange import Answer, Exchange, Kind
from billtui.client.settings import ConnectionSettings
from billtui.client.transport import Transport

SECONDS = 15.0
"""Deadline of one question."""
LOOKED_AT = 64 * 1024
"""Bytes of a page that are searched for a name."""

_KNOWN = (
    ("billmanager", "BILLmanager"),
    ("vmmanager", "VMmanager"),
    ("ispsystem", "a panel of ISPsystem"),
    ("whmcs", "WHMCS"),
    ("hostbill", "HostBill"),
    ("blesta", "Blesta"),
    ("fossbilling", "FOSSBilling"),
    ("rootpanel", "RootPanel"),
    ("boxbilling", "BoxBilling"),
    ("paymenter", "Paymenter"),
    ("wisecp", "WISECP"),
    ("clientexec", "Clientexec"),
    ("virtualizor", "Virtualizor"),
    ("solusvm", "SolusVM"),
    ("proxmox", "Proxmox"),
    ("directadmin", "DirectAdmin"),
    ("cpanel", "cPanel"),
    ("plesk", "Plesk"),
)
"""What a page of a panel names itself, in small letters → in its own spelling. The first that occurs counts."""
_TITLE = re.compile(rb"<title[^>]*>([^<]{1,200})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PanelSeen:
    """What answered at an address."""

    kind: str | None
    """A word of ``client.drivers.kinds``, or ``None``: not a kind that is known."""
    words: str
    """What it is or seems to be, in words that follow "It is"; cleaned."""
    points_to: str | None = None
    """Scheme and host that it redirects to."""
    seconds: float = 0.0
    """How long its first answer took."""
    clock_skew: timedelta | None = None
    """Panel's clock minus this machine's."""


_GATEWAY = Exchange(
    "POST", "", Kind.ONCE, form=(("command", "getBalance"), ("json", "1")), authorised=False, deadline=SECONDS
)  # fmt: skip
"""A RootPanel gateway's plainest read, without login and key: it answers with an error of its own (wire: RootPanel)."""
_SIGN = "/billmgr"


async def look_at_panel(settings: ConnectionSettings) -> PanelSeen:
    """Ask who is there. Raises NotSent (CertificateProblem …), TimedOut, ConnectionLost, BadAnswer, ServerTrouble.

    An address that ends as one kind's does is asked as that kind first. Nobody's login is named, nothing is changed.
    """
    path = settings.address().path.lower()
    async with Transport(settings) as transport:
        look = _Look(transport)
        if path.endswith("/apih.php"):
            return await look.at_gateway() or look.unknown(None)
        if path.endswith(_SIGN) and (seen := await look.at_billmanager("")) is not None:
            return seen
        return await look.at_others()


class _Look:
    """One look at one panel, question by question."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._first: Answer | None = None
        self._took = 0.0

    async def _ask(self, exchange: Exchange) -> Answer:
        begun = time.monotonic()
        answer = await self._transport.send(exchange, None, SECONDS)
        if self._first is None:
            self._first, self._took = answer, time.monotonic() - begun
        return answer

    def _is(self, kind: str, words: str) -> PanelSeen:
        return PanelSeen(kind, words, None, self._took, self._transport.clock_skew)

    async def at_gateway(self) -> PanelSeen | None:
        """Whether the address itself is a RootPanel gateway."""
        answer = await self._ask(_GATEWAY)
        if _object(answer).get("status") in ("SUCCESS", "ERROR"):
            return self._is("rootpanel", "a RootPanel gateway")
        return None

    async def at_billmanager(self, path: str) -> PanelSeen | None:
        """Whether a BILLmanager answers at ``path`` below the address."""
        query = (("func", "whoami"), ("out", "json"))
        answer = await self._ask(Exchange("GET", path, Kind.ONCE, query=query, authorised=False))
        if isinstance(_object(answer).get("doc"), dict):
            return self._is("billmanager", "a BILLmanager panel")
        return None

    async def at_others(self) -> PanelSeen:
        """The Billing API first, then those that are known by their answers; else what the page seems to be."""
        answer = await self._ask(Exchange("GET", f"{PREFIX}/me", Kind.ONCE, authorised=False))
        problem = read_problem(answer)
        if isinstance(explain_answer(answer), SessionExpired) and problem is not None:
            return self._is("billing_v1", "a billing panel that billtui speaks with")
        if answer.status >= 500 and problem is not None:
            raise explain_answer(answer)
        version = await self._ask(Exchange("GET", "/api/guest/system/version", Kind.ONCE, authorised=False))
        if {"result", "error"} <= _object(version).keys():
            return self._is("fossbilling", "a FOSSBilling panel")
        if (seen := await self.at_billmanager(_SIGN)) is not None:
            return seen
        page = await self._ask(Exchange("GET", "/", Kind.ONCE, accept="text/html", authorised=False))
        if page.status >= 500 and answer.status >= 500:
            raise ServerTrouble(f"The panel has trouble (status {page.status}).", "Try again later.")
        return self.unknown(page)

    def unknown(self, page: Answer | None) -> PanelSeen:
        """What it seems to be."""
        answer = self._first or page
        if answer is None:  # somebody answered, or an error was raised before
            raise ServerTrouble("The panel did not answer.", "Try again later.")
        page = page or answer
        place = page.place or answer.place
        return PanelSeen(None, _seems(answer, page), place, self._took, self._transport.clock_skew)


def _object(answer: Answer) -> dict[str, Any]:
    """The JSON object that an answer holds, whatever type it says it is; empty for anything else."""
    try:
        found = parse_json(answer.body)
    except UnreadableAnswer:
        return {}
    return found if isinstance(found, dict) else {}


def _seems(answer: Answer, page: Answer) -> str:
    """What a panel of another kind seems to be."""
    from billtui.domain.safetext import clean

    start = page.body[:LOOKED_AT]
    text = start.decode("utf-8", "replace").lower()
    title = _TITLE.search(start)
    named = clean(" ".join(title[1].decode("utf-8", "replace").split()), max_length=60) if title else ""
    for word, name in _KNOWN:
        if word in text:
            return f"{name}, by the words of its page"
    if page.place or answer.place:
        return "only a signpost: it points elsewhere"
    if named:
        return f"a web page called “{named}”"
    if "json" in answer.content_type or "json" in page.content_type:
        return "some other service with an interface for programs"
    if "html" in page.content_type:
        return "a web page without a name"
    return f"something that answers with status {page.status}"
