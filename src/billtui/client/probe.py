"""Which kind of panel answers at an address, before anybody signs in. Reads only, and nothing secret is sent."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import timedelta

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
    """``billing_v1``, or ``None``: not a kind that can be used."""
    words: str
    """What it is or seems to be, in words that follow "It is"; cleaned."""
    points_to: str | None = None
    """Scheme and host that it redirects to."""
    seconds: float = 0.0
    """How long its first answer took."""
    clock_skew: timedelta | None = None
    """Panel's clock minus this machine's."""


async def look_at_panel(settings: ConnectionSettings) -> PanelSeen:
    """Ask who is there. Raises NotSent (CertificateProblem …), TimedOut, ConnectionLost, BadAnswer, ServerTrouble."""
    async with Transport(settings) as transport:
        begun = time.monotonic()
        answer = await transport.send(Exchange("GET", f"{PREFIX}/me", Kind.ONCE, authorised=False), None, SECONDS)
        took = time.monotonic() - begun
        skew = transport.clock_skew
        problem = read_problem(answer)
        if isinstance(explain_answer(answer), SessionExpired) and problem is not None:
            return PanelSeen("billing_v1", "a billing panel that billtui speaks with", None, took, skew)
        if answer.status >= 500 and problem is not None:
            raise explain_answer(answer)
        page = await transport.send(
            Exchange("GET", "/", Kind.ONCE, accept="text/html", authorised=False), None, SECONDS
        )
    if page.status >= 500 and answer.status >= 500:
        raise ServerTrouble(f"The panel has trouble (status {page.status}).", "Try again later.")
    return PanelSeen(None, _seems(answer, page), page.place or answer.place, took, skew)


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
