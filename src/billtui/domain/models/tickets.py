"""Tickets: written requests to a department, with their thread of messages (TKT)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from billtui.domain.models.orders import Action
from billtui.domain.models.wire import Id, Instant, OpenEnum, Whole, WireModel
from billtui.domain.money import Money
from billtui.domain.periods import format_instant
from billtui.domain.safetext import SafeBody, SafeText


class TicketState(StrEnum):
    """Who must act (TKT-5)."""

    OPEN = "open"
    """Support must act."""
    ANSWERED = "answered"
    """The client must act."""
    ON_HOLD = "on hold"
    """Nobody until it wakes up."""
    CLOSED = "closed"


class TicketPriority(StrEnum):
    """What is served first (TKT-7), in this order."""

    SERVICE_DOWN = "service down"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class AccessState(StrEnum):
    """Whether a ticket holds server access: never the access itself (TKT-4)."""

    NONE = "none"
    GIVEN = "given"
    WIPED = "wiped"
    """The ticket was closed since."""


class Doing(StrEnum):
    """What a colleague does on a ticket: advice, never a lock (TKT-9)."""

    READING = "reading"
    WRITING = "writing"
    LEFT = "left"


class Department(WireModel):
    """Whom a ticket is written to (TKT-1)."""

    id: Id
    """``technical``, ``finance``, ``sales``, ``abuse``; a panel may have others."""
    name: SafeText
    about: SafeText = SafeText("")
    """Which questions belong there."""
    first_answer_minutes: Whole | None = None
    """The first answer is due after so many minutes of business hours (TKT-10)."""


class Attachment(WireModel):
    """A file of a message: what it is called and how large it is; it is saved, never run (TKT-6)."""

    id: Id
    name: SafeText
    size: Whole = 0
    """Bytes."""
    content_type: SafeText = SafeText("application/octet-stream")
    sha256: SafeText = SafeText("")


class TicketMessage(WireModel):
    """One message of a thread (TKT-6)."""

    id: Id
    ticket_id: Id
    author: SafeText
    """A login; empty where the panel wrote by itself."""
    author_role: SafeText
    """``client``, ``support``, ``admin`` or ``panel``."""
    at: Instant
    body: SafeBody
    internal: bool = False
    """A note that only staff sees."""
    attachments: list[Attachment] = Field(default_factory=list)
    merged_from: Id | None = None
    """The ticket that it was written in, where another one was merged into this (TKT-8)."""


class Presence(WireModel):
    """A colleague on the same ticket (TKT-9)."""

    login: SafeText
    doing: OpenEnum[Doing]
    since: Instant


class AccessReading(WireModel):
    """One reading of the server access, as it was logged (TKT-4)."""

    login: SafeText
    at: Instant
    reason: SafeText = SafeText("")


class Ticket(WireModel):
    """A ticket, as the account that asks may see it: a client never sees what comes of internal notes.

    Fields that only staff gets: ``tags``, ``presence``, ``at_stake``, ``login``. In lists ``actions``, ``presence`` and
    ``access_log`` are shortened or missing.
    """

    id: Id
    number: SafeText
    subject: SafeText
    department: SafeText
    """The department's id."""
    state: OpenEnum[TicketState]
    priority: OpenEnum[TicketPriority] = TicketPriority.NORMAL
    account_id: Id | None = None
    login: SafeText = SafeText("")
    """Whose ticket it is."""
    order_id: Id | None = None
    invoice_id: Id | None = None
    assignee: SafeText | None = None
    """Login of the colleague who took it."""
    opened_by: SafeText = SafeText("client")
    """``client``, ``support``, or ``panel`` where it opened by itself (ORD-6)."""
    queue_place: Whole | None = None
    """Place in its department's queue, from 1, while support must act (TKT-7)."""
    answer_due_at: Instant | None = None
    """When the first answer is due; ``None`` once it was given (TKT-10)."""
    first_answer_at: Instant | None = None
    created_at: Instant
    updated_at: Instant
    last_client_message_at: Instant | None = None
    last_staff_message_at: Instant | None = None
    """When support last answered; notes do not count."""
    last_message_id: Id | None = None
    """The last message that the one who asks may see: what ``seen`` of a reply is held against (TKT-9)."""
    last_author_role: SafeText = SafeText("")
    """Who wrote the last message that is no note."""
    message_count: Whole = 0
    hold_until: Instant | None = None
    """When it wakes up (TKT-5)."""
    closed_at: Instant | None = None
    reopen_until: Instant | None = None
    """Until when a client's message reopens it, once it is closed (TKT-5)."""
    tags: list[SafeText] = Field(default_factory=list)
    access: OpenEnum[AccessState] = AccessState.NONE
    access_log: list[AccessReading] = Field(default_factory=list)
    """Who read the server access, newest first; the client sees it as well (TKT-4)."""
    at_stake: Money | None = None
    """What its account pays a month for the order that it is about, or for all of them."""
    presence: list[Presence] = Field(default_factory=list)
    merged_into: Id | None = None
    merged_from: list[Id] = Field(default_factory=list)
    split_from: Id | None = None
    rating: Whole | None = None
    """1 to 5, from the client once it was answered or closed."""
    rating_comment: SafeText = SafeText("")
    actions: list[Action] = Field(default_factory=list)
    """reply, close, reopen, rate, give-access; for staff also take, assign, hand-over, note, hold, tag, prioritise,
    merge, unmerge, split, reveal-access: allowed or why not."""
    version: Whole = 0


class CannedReply(WireModel):
    """An answer that is written again and again, with placeholders like ``{client}`` (TKT-8)."""

    id: Id
    title: SafeText
    body: SafeBody
    department: SafeText | None = None
    """The department's id; ``None`` for all."""
    language: SafeText = SafeText("en")
    updated_at: Instant | None = None
    version: Whole = 0


class RevealedAccess(WireModel):
    """The server access of a ticket, read once with a reason; a secret (TKT-4)."""

    access: SecretStr
    at: Instant


class PostedMessage(WireModel):
    """What writing to a ticket answers: the message, and the ticket as it is afterwards."""

    message: TicketMessage
    ticket: Ticket


class ShiftSummary(WireModel):
    """What support did in a span of time, and what is left (TKT-10)."""

    since: Instant
    until: Instant
    login: SafeText | None = None
    """Whose work; ``None`` for everybody's."""
    answered: Whole = 0
    """Answers to clients; notes do not count."""
    closed: Whole = 0
    opened: Whole = 0
    first_answers: Whole = 0
    first_answers_late: Whole = 0
    first_answer_seconds_median: Whole | None = None
    """In business hours, of the first answers given in the span."""
    backlog: Whole = 0
    """Tickets that support must act on now."""
    backlog_by_hour: list[Whole] = Field(default_factory=list)
    """How many support had to act on at the end of each hour of the span, oldest first."""
    due_next_hour: list[Id] = Field(default_factory=list)
    """Tickets whose first answer is due within the next hour."""


class _Wanted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class TicketRequest(_Wanted):
    """A new ticket. Server access is never in it: it is given by a call of its own (TKT-4)."""

    department: str
    subject: str
    body: str
    order_id: str | None = None
    invoice_id: str | None = None
    attachments: tuple[str, ...] = ()
    """Ids of uploaded files."""
    account_id: str | None = None
    """Staff: whose ticket it shall be."""

    def on_wire(self) -> dict[str, Any]:
        """The body of ``POST /tickets``."""
        return _told(self.model_dump())


class MessageRequest(_Wanted):
    """A reply or a note."""

    body: str
    seen: str | None = None
    """Id of the last message that the writer saw (TKT-9); ``None`` asks for no check."""
    attachments: tuple[str, ...] = ()
    internal: bool = False
    close: bool = False
    """Close the ticket with this reply."""

    def on_wire(self) -> dict[str, Any]:
        """The body of ``POST /tickets/{id}/messages``."""
        return _told(self.model_dump())


class TicketChange(_Wanted):
    """What is to be other about a ticket; only what is set is sent (TKT-8)."""

    department: str | None = None
    """Hands it over: nobody has it then, unless ``assignee`` says who."""
    priority: TicketPriority | None = None
    assignee: str | None = None
    """A login; ``""`` gives it back."""
    state: TicketState | None = None
    """``closed``, ``open`` (staff: reopen, or end a hold) or ``on hold``, with ``hold_until``."""
    hold_until: datetime | None = None
    subject: str | None = None
    tags_add: tuple[str, ...] = ()
    tags_remove: tuple[str, ...] = ()
    rating: int | None = Field(default=None, ge=1, le=5)
    rating_comment: str | None = None

    def on_wire(self) -> dict[str, Any]:
        """The body of ``PATCH /tickets/{id}``."""
        body = _told(self.model_dump())
        if self.hold_until is not None:
            body["hold_until"] = format_instant(self.hold_until)
        return body


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Only what was said; tuples as lists, enums as their text."""
    body: dict[str, Any] = {}
    for name, value in values.items():
        if value is None or value is False or value == ():
            continue
        body[name] = list(value) if isinstance(value, tuple) else value.value if isinstance(value, StrEnum) else value
    return body
