"""Rows of tickets and their messages, as :mod:`billtui.sandbox.engine.rows` has the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(slots=True)
class TicketRow:
    """A ticket (TKT-5). What begins with ``public_`` is what its client sees instead of what has the name without it.

    A change of ``HIDDEN`` columns alone is told to staff only, and leaves ``public_version`` as it is.
    """

    id: int
    number: int
    account_id: int
    subject: str
    department: str
    state: str
    created_at: int
    owed_since: int
    last_client_at: int
    priority: int = 2
    order_id: int | None = None
    invoice_id: int | None = None
    assignee: str | None = None
    opened_by: str = "client"
    answer_due_at: int | None = None
    first_answer_at: int | None = None
    last_staff_at: int | None = None
    last_author_role: str = ""
    hold_until: int | None = None
    closed_at: int | None = None
    tags: str = ""
    access: str = "none"
    merged_into: int | None = None
    split_from: int | None = None
    rating: int | None = None
    rating_comment: str = ""
    search: str = ""
    updated_at: int = 0
    message_count: int = 0
    last_message: str = ""
    public_updated_at: int = 0
    public_count: int = 0
    public_last: str = ""
    public_version: int = 1
    next_due: int | None = None
    version: int = 1

    TABLE: ClassVar[str] = "tickets"
    KIND: ClassVar[str] = "ticket"
    SEEN_BY: ClassVar[tuple[str, ...]] = ("account_id",)
    QUIET: ClassVar[frozenset[str]] = frozenset({"next_due", "search", "owed_since", "public_version"})
    HIDDEN: ClassVar[frozenset[str]] = frozenset({"tags", "updated_at", "message_count", "last_message"})

    @property
    def tag_list(self) -> list[str]:
        """The tags, each once, in order."""
        return self.tags.split()

    def index_text(self) -> None:
        """Bring the text that ``q`` looks in up to date."""
        self.search = f"{self.number} {self.subject}".casefold()


@dataclass(slots=True)
class MessageRow:
    """A message (TKT-6). It stands in the thread of ``thread_id``, and was written in ``ticket_id`` (TKT-8)."""

    id: int
    number: int
    thread_id: int
    ticket_id: int
    account_id: int
    author_id: int | None
    author_role: str
    internal: int
    at: int
    body: str

    TABLE: ClassVar[str] = "ticket_messages"

    @property
    def wire_id(self) -> str:
        """Its id on the wire: of a note with an ``n`` in front, so that notes leave no gap between the others."""
        return wire_id(self.internal, self.number)


def wire_id(internal: int, number: int) -> str:
    """The id of a message on the wire."""
    return f"n{number}" if internal else str(number)
