"""Reading tickets and their threads from the local store."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from billtui.domain import models
from billtui.domain.safetext import SafeText
from billtui.services.store import schema
from billtui.services.store.list_reader import ListReader
from billtui.services.store.rows import AttachmentRow, Coverage, HeldThread, MessageHit, MessageRow, TicketRow
from billtui.services.store.text import excerpt, like, quoted, words_of

if TYPE_CHECKING:
    from billtui.domain.models import Ticket

EXCERPT: Final = 160
"""Characters of a message that a search shows."""
_MESSAGE: Final = "n, id, ticket_id, author, role, at, internal, body, attachments, merged_from, raw_id"


class TicketReader(ListReader):
    """Tickets, threads, and the search over messages."""

    def first_tickets(self, count: int = 50) -> list[TicketRow]:
        """The tickets that changed last, for a first page before all are read."""
        return self._ticket_rows("1 ORDER BY updated_at DESC, n DESC LIMIT ?", count)

    def ticket_rows(self, ids: Iterable[str]) -> dict[str, TicketRow]:
        """The rows of some tickets by id; what is not there is left out."""
        rows = self._by_id("tickets", schema.TICKET_COLUMNS, ids)
        return {row[0]: TicketRow._make(row) for row in rows}

    def ticket_row(self, ticket_id: str) -> TicketRow | None:
        """The row of one ticket, or ``None``."""
        return self.ticket_rows([ticket_id]).get(str(ticket_id))

    def ticket(self, ticket_id: str) -> Ticket | None:
        """A ticket as it was last read, or ``None``; all ``actions`` and the ``access_log`` once it was opened.

        Who else is on it is never kept: ``presence`` is asked for each time.
        """
        text = self._object("ticket", ticket_id)
        return None if text is None else models.Ticket.model_validate_json(text)

    def tickets_of_account(self, account_id: str) -> list[TicketRow]:
        """The tickets of a customer, the newest first; for staff."""
        return self._ticket_rows("account_id = ? ORDER BY created_at DESC, n DESC", str(account_id))

    def ticket_states(self) -> dict[str, int]:
        """How many tickets are in each state."""
        return {str(state): int(count) for state, count in self.query("SELECT state, count(*) FROM tickets GROUP BY 1")}

    def _ticket_rows(self, condition: str, *values: object) -> list[TicketRow]:
        sql = f"SELECT {schema.TICKET_COLUMNS} FROM tickets WHERE {condition}"
        return [TicketRow._make(row) for row in self.query(sql, values)]

    # -- threads

    def messages(self, ticket_id: str) -> list[MessageRow]:
        """What is held of a thread, in the order in which it was written; see :meth:`messages_known`."""
        rows = self.query(f"SELECT {_MESSAGE} FROM messages WHERE ticket_id = ? ORDER BY n", (str(ticket_id),))
        return [_message(row) for row in rows]

    def message_time(self, ticket_id: str, message_id: str) -> int | None:
        """When a message was written, in seconds since 1970; ``None`` where it is not held."""
        sql = "SELECT at FROM messages WHERE ticket_id = ? AND id = ?"
        at: int | None = self._one(sql, (str(ticket_id), str(message_id)))
        return at

    def messages_known(self, ticket_id: str) -> HeldThread:
        """Up to which message a thread is held, and whether that is all of it."""
        rows = self.query(
            f"SELECT h.last_id, {schema.WHOLE_THREAD} FROM threads AS h JOIN tickets AS t ON t.id = h.ticket_id "
            "WHERE h.ticket_id = ?",
            (str(ticket_id),),
        )
        if not rows:
            return HeldThread(None, False)
        last, whole = rows[0]
        return HeldThread(last or None, bool(whole))

    def coverage(self) -> Coverage:
        """How much of the messages :meth:`search_messages` goes through."""
        tickets, whole, messages = self.query(
            f"SELECT count(*), coalesce(sum({schema.WHOLE_THREAD}), 0), coalesce(sum(h.messages), 0) "
            "FROM tickets AS t LEFT JOIN threads AS h ON h.ticket_id = t.id"
        )[0]
        return Coverage(int(tickets), int(whole), int(messages))

    def search_messages(self, text: str, limit: int = 50) -> list[MessageHit]:
        """Messages that hold every word of ``text``, the newest first; one word at least has three letters or more.

        Notes are found in the copy of staff alone, as no other holds any. :meth:`coverage` says what was gone through.
        """
        words = words_of(text)
        long = [word for word in words if len(word) >= 3]
        if not long:
            return []
        short = [word for word in words if len(word) < 3]
        narrow = "".join(" AND m.body LIKE ? ESCAPE '\\'" for _ in short)
        rows = self.query(
            "SELECT m.ticket_id, m.id, t.number, t.subject, t.state, m.author, m.at, m.internal, m.body "
            "FROM message_words AS w JOIN messages AS m ON m.n = w.rowid JOIN tickets AS t ON t.id = m.ticket_id "
            f"WHERE message_words MATCH ?{narrow} ORDER BY w.rowid DESC LIMIT ?",
            (quoted(long), *map(like, short), limit),
        )
        return [MessageHit._make((*row[:-1], excerpt(row[-1], words, EXCERPT))) for row in rows]


def _message(row: tuple[Any, ...]) -> MessageRow:
    *head, files, merged_from, raw_id = row
    if raw_id is not None:
        head[1] = SafeText(raw_id)
    attachments = () if files == "[]" else tuple(
        AttachmentRow(SafeText(key), SafeText(name), size) for key, name, size in json.loads(files)
    )  # fmt: skip
    return MessageRow._make((*head, attachments, merged_from))
