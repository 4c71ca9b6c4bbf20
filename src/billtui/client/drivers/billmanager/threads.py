"""Threads of tickets as models, for clients and staff alike (wire: BILLmanager 13.3).

Direction is from the provider's side in both views: *incoming* is written by the client, *outcoming* by support.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from billtui.client.drivers.billmanager.figures import instant
from billtui.client.drivers.billmanager.payments import UNKNOWN_DAY
from billtui.client.drivers.billmanager.shapes import Doc, attribute, body, objects, plain, unwrap
from billtui.domain.models import Action, Attachment, Ticket, TicketMessage, TicketState
from billtui.domain.safetext import SafeBody, SafeText

_ROLES: Final = {
    "incoming": "client",
    "outcoming": "support",
    "outgoing": "support",
    "note": "support",
    "system": "panel",
}
_STARS: Final = {"good": 5, "bad": 1}
ARCHIVED: Final = "archive"
CLOSED: Final = "closed"
_ANSWERED: Final = frozenset({"new replies", "waiting to reply"})
_TOLD: Final = _ANSWERED | {"in progress"}
"""The panel's words that say whose turn it is."""


@dataclass(slots=True)
class Thread:
    """The messages of a ticket, oldest first, and what can be rated."""

    messages: list[TicketMessage] = field(default_factory=list)
    rateable: list[str] = field(default_factory=list)
    """Ids of support's messages that can be rated."""
    rating: int | None = None

    @property
    def ids(self) -> list[str]:
        """The messages' ids."""
        return [one.id.raw for one in self.messages]

    def last_of(self, role: str) -> datetime | None:
        """When this role wrote last; notes do not count."""
        return max((one.at for one in self.messages if one.author_role == role and not one.internal), default=None)


def thread_of(doc: Doc, ticket_id: str, offset: timedelta) -> Thread:
    """``mlist[].message[]`` of a ticket's form. What only tells of services (``info``) is no message."""
    thread = Thread()
    found: list[tuple[datetime, int, TicketMessage]] = []
    for group in objects(doc.get("mlist")):
        day = instant(unwrap(group.get("fm_date_post")), offset)
        for node in objects(group.get("message")):
            kind = attribute(node, "type")
            if kind == "info" or kind not in _ROLES:
                continue
            at = instant(unwrap(node.get("date_post")), offset) or (found[-1][0] if found else None) or day
            message = _message(node, kind, ticket_id, at or UNKNOWN_DAY)
            found.append((message.at, len(found), message))
            _rates(node, message, thread)
    found.sort(key=lambda one: one[:2])
    thread.messages = list({one.id.raw: one for _, _, one in found}.values())
    return thread


def _message(node: Doc, kind: str, ticket_id: str, at: datetime) -> TicketMessage:
    text = body(unwrap(node.get("body")))
    key = attribute(node, "id") or "s" + hashlib.sha256(f"{kind}{at}{text}".encode()).hexdigest()[:16]
    user = node.get("user")
    author = plain(unwrap(user.get("realname"))) if isinstance(user, dict) else ""
    return TicketMessage(
        id=SafeText(key[:200]), ticket_id=SafeText(ticket_id), author=SafeText(author),
        author_role=SafeText(_ROLES[kind]), at=at, body=SafeBody(text), internal=kind == "note",
        attachments=[one for one in map(_file, objects(node.get("file"))) if one is not None],
    )  # fmt: skip


def _file(node: Doc) -> Attachment | None:
    key = unwrap(node.get("param"))
    if not key or len(key) > 200:
        return None
    return Attachment(id=SafeText(key), name=SafeText(plain(unwrap(node.get("name"))) or key))


def _rates(node: Doc, message: TicketMessage, thread: Thread) -> None:
    if "rates" not in node:
        return
    thread.rateable.append(message.id.raw)
    rates = node.get("rates")
    chosen = attribute(rates.get("rate"), "name") if isinstance(rates, dict) else ""
    thread.rating = _STARS.get(chosen, thread.rating)


def state_of(text: str, *, archived: bool, unread: bool) -> TicketState:
    """Who must act, by the panel's word, the list that it is in, and whether an answer is unread by the client."""
    word = text.strip().lower()
    if archived or ARCHIVED in word or CLOSED in word:
        return TicketState.CLOSED
    return TicketState.ANSWERED if unread or word in _ANSWERED else TicketState.OPEN


def tells_turn(text: str) -> bool:
    """Whether the panel's word says who must act: an answer that promises more leaves the ticket with support."""
    return text.strip().lower() in _TOLD


def whole(ticket: Ticket, thread: Thread, *, told: bool = False) -> Ticket:
    """A row of a list, with what its thread tells; who must act only where the row has not ``told`` it."""
    if not thread.messages:
        return ticket
    last = thread.messages[-1]
    written = [one for one in thread.messages if one.author_role != "panel" and not one.internal]
    state = ticket.state
    if state != TicketState.CLOSED and written and not told:
        state = TicketState.ANSWERED if written[-1].author_role == "support" else TicketState.OPEN
    changes: dict[str, Any] = {
        "created_at": thread.messages[0].at,
        "updated_at": max(last.at, ticket.updated_at),
        "last_message_id": last.id,
        "message_count": len(thread.messages),
        "last_author_role": written[-1].author_role if written else SafeText("panel"),
        "last_client_message_at": thread.last_of("client"),
        "last_staff_message_at": thread.last_of("support"),
        "state": state,
        "rating": thread.rating,
        "actions": _actions(state, thread),
    }
    return ticket.model_copy(update=changes)


def _actions(state: TicketState | SafeText, thread: Thread) -> list[Action]:
    closed = state == TicketState.CLOSED
    actions = [Action(action=SafeText("reply"), allowed=True), _one("close", not closed, "It is closed already.")]
    actions.append(_one("reopen", False, "Write a reply: that takes it out of the archive."))
    actions.append(_one("rate", bool(thread.rateable), "Nothing in it can be rated."))
    actions.append(_one("give-access", False, "BILLmanager keeps no server access with a ticket."))
    return actions


def _one(action: str, allowed: bool, reason: str) -> Action:
    if allowed:
        return Action(action=SafeText(action), allowed=True)
    return Action(action=SafeText(action), code=SafeText("not-possible"), reason=SafeText(reason))
