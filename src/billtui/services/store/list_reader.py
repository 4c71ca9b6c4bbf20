"""Reading whole lists from the local store, as rows: what needs no models, and so loads none (P-START-3)."""

from __future__ import annotations

from datetime import datetime

from billtui.services.store.columns import RowsInColumns
from billtui.services.store.reading import HeldRows, ReadFile
from billtui.services.store.rows import InvoiceRow, LastWord, OrderRow, TicketRow, TransferRow, instant


class ListReader(ReadFile):
    """The lists of the copy."""

    def generation(self) -> int:
        """A number that rises with each change of the store (0 for an empty one)."""
        return int(self.meta("generation") or 0)

    def synced_at(self) -> datetime | None:
        """When the copy last agreed with the panel (this computer's clock), or ``None`` if it never did."""
        seconds = self.meta("synced_at")
        return None if seconds is None else instant(int(seconds))

    def account_text(self) -> str | None:
        """The account as JSON of the wire, or ``None`` before the first sign-in."""
        text: str | None = self._one("SELECT json FROM account")
        return text

    # -- lists

    def orders(self) -> list[OrderRow]:
        """All orders, in no particular order."""
        return self._chunks("order_chunks", OrderRow)

    def held_orders(self, held: HeldRows) -> RowsInColumns[OrderRow]:
        """All orders as columns, in no particular order. What has not changed since ``held`` was given before is not
        read again; where nothing has, the answer is the same object."""
        return self._columns("order_chunks", OrderRow, held)

    def invoices(self) -> list[InvoiceRow]:
        """All invoices, in no particular order."""
        return self._chunks("invoice_chunks", InvoiceRow)

    def held_invoices(self, held: HeldRows) -> RowsInColumns[InvoiceRow]:
        """All invoices as columns, in no particular order. See :meth:`held_orders`."""
        return self._columns("invoice_chunks", InvoiceRow, held)

    def transfers(self, held: HeldRows | None = None) -> list[TransferRow]:
        """All transfers, incoming and outgoing, in no particular order. What has not changed since ``held`` was given
        before is not read again, and its rows are the same objects."""
        return self._chunks("transfer_chunks", TransferRow, held)

    def tickets(self, held: HeldRows | None = None) -> list[TicketRow]:
        """All tickets, in no particular order. What has not changed since ``held`` was given before is not read
        again, and its rows are the same objects."""
        return self._chunks("ticket_chunks", TicketRow, held)

    def last_words(self, *, by_client: bool, since: int, assignee: str | None = None) -> list[LastWord]:
        """Who wrote what last, in the tickets in which a client did, or in which everybody else did.

        Tickets that were closed and have not changed since the instant ``since`` are left out; so are those of others
        than ``assignee``, where that is given.
        """
        role, wrote = ("=", "last_client_at") if by_client else ("<>", "last_staff_at")
        mine, values = ("", []) if assignee is None else ("assignee = ? AND ", [assignee])
        found = (
            f"SELECT id, last_message_id, coalesce({wrote}, updated_at) FROM tickets "
            f"WHERE {mine}last_author_role {role} 'client' AND last_author_role <> '' AND state"
        )
        sql = f"{found} IN ('open', 'answered', 'on hold') UNION ALL {found} = 'closed' AND updated_at > ?"
        return list(map(LastWord._make, self.query(sql, (*values, *values, since))))

    def is_later(self, ticket_id: str, message_id: str, than: str) -> bool | None:
        """Whether a message of a thread stands behind another one; ``None`` where one of them is not held.

        Two can be of one second: only their order tells them apart.
        """
        sql = "SELECT one.n > other.n FROM messages AS one JOIN messages AS other USING (ticket_id) WHERE "
        later = self._one(sql + "ticket_id = ? AND one.id = ? AND other.id = ?", (str(ticket_id), message_id, than))
        return None if later is None else bool(later)

    def wrote_behind(self, ticket_id: str, message_id: str, up_to: str, *, by_client: bool) -> bool | None:
        """Whether a client, or everybody else but for notes, wrote behind a message of a thread.

        ``None`` where that message is not held, or not all up to the last one, ``up_to``.
        """
        role = "=" if by_client else "<>"
        found = self._one(
            "SELECT EXISTS (SELECT 1 FROM messages AS new WHERE new.ticket_id = one.ticket_id AND new.n > one.n "
            f"AND new.role {role} 'client' AND new.role <> '' AND new.internal = 0) "
            "FROM messages AS one JOIN messages AS last USING (ticket_id) "
            "WHERE ticket_id = ? AND one.id = ? AND last.id = ?",
            (str(ticket_id), message_id, up_to),
        )
        return None if found is None else bool(found)
