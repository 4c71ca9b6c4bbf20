"""The JSON objects about tickets (TKT), as :mod:`billtui.sandbox.engine.wire` has the others."""

from __future__ import annotations

from typing_extensions import TypedDict

from billtui.sandbox.engine.wire import ActionJSON, MoneyJSON


class DepartmentJSON(TypedDict):
    """Whom a ticket is written to (TKT-1), and how soon it answers for the first time (TKT-10)."""

    id: str
    name: str
    about: str
    first_answer_minutes: int


class AttachmentJSON(TypedDict):
    """A file of a message (TKT-6)."""

    id: str
    name: str
    size: int
    content_type: str
    sha256: str


class TicketMessageJSON(TypedDict):
    """A message (TKT-6); ``merged_from`` is the ticket that it was written in, where that is another (TKT-8)."""

    id: str
    ticket_id: str
    author: str
    author_role: str
    at: str
    body: str
    internal: bool
    attachments: list[AttachmentJSON]
    merged_from: str | None


class PresenceJSON(TypedDict):
    """A colleague on the same ticket (TKT-9)."""

    login: str
    doing: str
    since: str


class AccessReadingJSON(TypedDict):
    """One reading of the server access (TKT-4)."""

    login: str
    at: str
    reason: str


class TicketJSON(TypedDict):
    """A ticket as its client, or staff, sees it. For clients what is staff's alone is empty.

    That is ``login``, ``tags``, ``presence`` and ``at_stake``.
    """

    id: str
    number: str
    subject: str
    department: str
    state: str
    priority: str
    account_id: str
    login: str
    order_id: str | None
    invoice_id: str | None
    assignee: str | None
    opened_by: str
    queue_place: int | None
    answer_due_at: str | None
    first_answer_at: str | None
    created_at: str
    updated_at: str
    last_client_message_at: str
    last_staff_message_at: str | None
    last_message_id: str | None
    last_author_role: str
    message_count: int
    hold_until: str | None
    closed_at: str | None
    reopen_until: str | None
    tags: list[str]
    access: str
    access_log: list[AccessReadingJSON]
    at_stake: MoneyJSON | None
    presence: list[PresenceJSON]
    merged_into: str | None
    merged_from: list[str]
    split_from: str | None
    rating: int | None
    rating_comment: str
    actions: list[ActionJSON]
    version: int


class PostedMessageJSON(TypedDict):
    """What writing to a ticket answers: the message, and the ticket afterwards."""

    message: TicketMessageJSON
    ticket: TicketJSON


class RevealedAccessJSON(TypedDict):
    """The server access of a ticket: a secret (TKT-4)."""

    access: str
    at: str
