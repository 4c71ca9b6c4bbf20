"""The tables of tickets (TKT). ``metadata`` holds them and those of :mod:`billtui.sandbox.tables`; units as there.

What staff and clients see of a ticket differs by internal notes. So that nothing of a note shows through, everything
that a note moves is kept twice: ``version``, ``updated_at``, ``message_count``, ``last_message`` are staff's, those
that begin with ``public_`` are the client's. Messages of clients and answers are numbered in a row of their own, notes
in another: there is no gap where a note stands.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from billtui.sandbox.columns import instant_column as _instant
from billtui.sandbox.columns import int_column as _int
from billtui.sandbox.columns import metadata
from billtui.sandbox.columns import text_column as _text

tickets = Table(
    "tickets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    _text("subject"),
    _text("department"),
    _text("state", default="open"),
    _int("priority", 2),  # 0 service down, 1 high, 2 normal, 3 low: the smaller, the sooner (TKT-7)
    Column("order_id", ForeignKey("orders.id")),
    Column("invoice_id", ForeignKey("invoices.id")),
    Column("assignee", Text),  # a login
    _text("opened_by", default="client"),
    _int("created_at"),
    _int("owed_since"),  # since when the first answer is owed: creation, or reopening without one (TKT-10)
    _instant("answer_due_at"),  # none once it was given, or while the ticket is closed
    _instant("first_answer_at"),
    _int("last_client_at"),  # when the client last wrote; when it was opened, where that has not happened
    _instant("last_staff_at"),  # notes do not count
    _text("last_author_role"),  # notes do not count
    _instant("hold_until"),
    _instant("closed_at"),
    _text("tags"),  # " one two ": each between spaces
    _text("access", default="none"),
    Column("merged_into", ForeignKey("tickets.id")),
    Column("split_from", ForeignKey("tickets.id")),
    Column("rating", Integer),
    _text("rating_comment"),
    _text("search"),
    _int("updated_at"),
    _int("message_count"),
    _text("last_message"),  # the id on the wire of the last message, notes too
    _int("public_updated_at"),
    _int("public_count"),
    _text("public_last"),
    _int("public_version", 1),
    _instant("next_due"),
    _int("version", 1),
    CheckConstraint("state IN ('open', 'answered', 'on hold', 'closed')", name="ticket_state"),
    CheckConstraint("(state = 'on hold') = (hold_until IS NOT NULL)", name="hold_has_an_end"),
    CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_since"),
    CheckConstraint("rating IS NULL OR rating BETWEEN 1 AND 5", name="ticket_rating"),
    Index("tickets_of_account", "account_id", "public_updated_at", "id"),
    Index("tickets_of_account_by_creation", "account_id", "created_at", "id"),
    Index("tickets_by_change", "updated_at", "id"),
    Index("tickets_by_creation", "created_at", "id"),
    Index("tickets_by_state", "state", "updated_at", "id"),
    Index("tickets_by_assignee", "assignee", "state", sqlite_where=text("assignee IS NOT NULL")),
    Index("tickets_by_order", "order_id", sqlite_where=text("order_id IS NOT NULL")),
    Index("tickets_by_invoice", "invoice_id", sqlite_where=text("invoice_id IS NOT NULL")),
    Index("tickets_merged", "merged_into", sqlite_where=text("merged_into IS NOT NULL")),
    Index("tickets_owed", "answer_due_at", "id", sqlite_where=text("answer_due_at IS NOT NULL")),
    # TKT-7: in this order a department's queue is served.
    Index("tickets_queue", "department", "priority", "last_client_at", "id", sqlite_where=text("state = 'open'")),
    Index("tickets_due", "next_due", sqlite_where=text("next_due IS NOT NULL")),
)

ticket_messages = Table(
    "ticket_messages",
    metadata,
    Column("id", Integer, primary_key=True),  # the order of writing; never on the wire
    _int("number"),  # of what clients see too: 1, 2, …; of notes: 1, 2, … (on the wire n1, n2, …)
    Column("thread_id", ForeignKey("tickets.id"), nullable=False),  # in whose thread it shows
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),  # which it was written in (TKT-8)
    Column("account_id", ForeignKey("accounts.id"), nullable=False),  # whose ticket it is
    Column("author_id", ForeignKey("accounts.id")),  # none: the panel by itself
    _text("author_role"),
    _int("internal"),
    _int("at"),
    _text("body"),
    UniqueConstraint("internal", "number"),
    Index("messages_of_thread", "thread_id", "id"),
    Index("messages_of_ticket", "ticket_id", "id"),
    Index("messages_for_client", "account_id", "id", sqlite_where=text("internal = 0")),
    Index("messages_by_time", "at", "id"),
)

ticket_states = Table(
    "ticket_states",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    _int("at"),
    _text("was"),  # empty: it was opened
    _text("state"),
    Column("by", ForeignKey("accounts.id")),  # none: the panel by itself
    Index("states_by_time", "at"),
    Index("states_of_ticket", "ticket_id", "id"),
)
"""Every change of a ticket's state: what a shift's summary counts (TKT-10)."""

attachments = Table(
    "attachments",
    metadata,
    Column("id", Text, primary_key=True),  # drawn at random: it tells nothing of what else there is
    Column("account_id", ForeignKey("accounts.id"), nullable=False),  # who handed it over
    Column("message_id", ForeignKey("ticket_messages.id")),  # none: no message names it yet
    _int("place"),  # within the message
    _text("name"),
    _int("size"),
    _text("sha256"),
    _int("at"),
    _instant("next_due"),  # dropped then, where no message names it
    Index("attachments_of_message", "message_id", sqlite_where=text("message_id IS NOT NULL")),
    Index("attachments_due", "next_due", sqlite_where=text("next_due IS NOT NULL")),
)

attachment_data = Table(
    "attachment_data",
    metadata,
    Column("attachment_id", ForeignKey("attachments.id"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

ticket_access = Table(
    "ticket_access",
    metadata,
    Column("ticket_id", ForeignKey("tickets.id"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # the key is in a file of its own (TKT-4)
    _int("given_at"),
)

access_readings = Table(
    "access_readings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    _int("at"),
    _text("reason"),
    Index("readings_of_ticket", "ticket_id", "id"),
)

ticket_merges = Table(
    "ticket_merges",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_id", ForeignKey("tickets.id"), nullable=False),  # what was merged away
    Column("into_id", ForeignKey("tickets.id"), nullable=False),
    _int("at"),
    Column("by", ForeignKey("accounts.id")),
    _int("mark"),  # the message by which the panel told of it
    _text("source_before", default="{}"),  # JSON: what it had, to be given back
    _text("into_before", default="{}"),  # JSON: the same of the other one, and what it had right afterwards
    _text("into_after", default="{}"),
    _instant("undone_at"),
    # TKT-8, in the schema itself: a ticket is merged into one other at a time.
    Index("one_merge_at_a_time", "ticket_id", unique=True, sqlite_where=text("undone_at IS NULL")),
    Index("merges_into", "into_id", "id"),
)

canned_replies = Table(
    "canned_replies",
    metadata,
    Column("id", Integer, primary_key=True),
    _text("title"),
    _text("body"),
    Column("department", Text),  # none: for all of them
    _text("language", default="en"),
    _int("updated_at"),
    _int("version", 1),
    sqlite_autoincrement=True,  # the id of one that was deleted never stands for another
)
