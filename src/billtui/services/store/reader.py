"""Reading the local store: for the interface's thread (or the command line), over a connection that cannot write."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Final, TypeVar

from billtui.domain import models
from billtui.services.store import schema
from billtui.services.store.column_forms import rows_of
from billtui.services.store.reading import HeldRows, gc_paused
from billtui.services.store.rows import ChangeRow, EndingRow, InvoiceRow, OrderRow, SearchHit, TransferRow
from billtui.services.store.text import search_conditions
from billtui.services.store.ticket_reader import TicketReader

if TYPE_CHECKING:
    from billtui.domain.models import Account, Invoice, Order, Transfer

__all__ = ["HeldRows", "StoreReader", "gc_paused"]

T = TypeVar("T")
_RUNNING: Final = "('active', 'suspended')"


class StoreReader(TicketReader):
    """A store to read from, in the one thread that made it. ``StoreReader(None)`` is an empty one.

    A file that turns out damaged reads as empty from then on; ``on_damage`` is called once with the reason, so that
    whoever writes the store can build it anew.
    """

    # -- what is known about the copy itself

    @property
    def is_complete(self) -> bool:
        """Whether all lists were loaded once; before that, what is missing may still come."""
        return bool(self.meta("complete"))

    def account(self) -> Account | None:
        """The account with its balances, or ``None`` before the first sign-in."""
        text = self.account_text()
        return None if text is None else models.Account.model_validate_json(text)

    # -- lists

    def of_orders(self, make: Callable[[Iterator[OrderRow]], T]) -> T:
        """What ``make`` makes of all orders, which come to it one after another and are never all in memory at once.

        It must not ask this reader anything meanwhile, and may be called again, from the first row, when the copy
        turns out damaged.
        """

        def work(connection: sqlite3.Connection) -> T:
            found = connection.execute("SELECT crc, rows FROM order_chunks ORDER BY n")
            return make(row for crc, blob in found for row in rows_of(OrderRow, schema.unpack(crc, blob)))

        with gc_paused():
            return self._read(work)

    def first_orders(self, count: int = 50) -> list[OrderRow]:
        """The orders that end soonest (paid-until, then as they came), for a first page before all are read."""
        sql = f"SELECT {schema.ORDER_COLUMNS} FROM orders WHERE paid_until IS NOT NULL ORDER BY paid_until, n LIMIT ?"
        return [OrderRow._make(row) for row in self.query(sql, (count,))]

    def order_rows(self, ids: Iterable[str]) -> dict[str, OrderRow]:
        """The rows of some orders by id; what is not there is left out."""
        rows = self._by_id("orders", schema.ORDER_COLUMNS, ids)
        return {row[0]: OrderRow._make(row) for row in rows}

    def invoice_rows(self, ids: Iterable[str]) -> dict[str, InvoiceRow]:
        """The rows of some invoices by id; what is not there is left out."""
        rows = self._by_id("invoices", schema.INVOICE_COLUMNS, ids)
        return {row[0]: InvoiceRow._make(row) for row in rows}

    def transfer_rows(self, ids: Iterable[str]) -> dict[str, TransferRow]:
        """The rows of some transfers by id; what is not there is left out."""
        rows = self._by_id("transfers", schema.TRANSFER_COLUMNS, ids)
        return {row[0]: TransferRow._make(row) for row in rows}

    def transfers_running(self) -> list[TransferRow]:
        """Transfers that somebody still has to act on, soonest expiry first (TRF-3)."""
        sql = (
            f"SELECT {schema.TRANSFER_COLUMNS} FROM transfers WHERE state IN ('awaiting sender', 'awaiting recipient') "
            "ORDER BY expires_at IS NULL, expires_at, n"
        )
        return [TransferRow._make(row) for row in self.query(sql)]

    def transfers_of_order(self, order_id: str) -> list[TransferRow]:
        """The transfers that an order was in, the newest first."""
        sql = f"SELECT {schema.TRANSFER_COLUMNS} FROM transfers WHERE order_id = ? ORDER BY created_at DESC, n DESC"
        return [TransferRow._make(row) for row in self.query(sql, (order_id,))]

    def transfers_of_push(self, push_id: str) -> list[TransferRow]:
        """All transfers of one push (TRF-7), in the order in which they came."""
        sql = f"SELECT {schema.TRANSFER_COLUMNS} FROM transfers WHERE push_id = ? ORDER BY n"
        return [TransferRow._make(row) for row in self.query(sql, (push_id,))]

    def open_invoices(self) -> list[InvoiceRow]:
        """Every unpaid, promised and overdue invoice, soonest due first."""
        sql = (
            f"SELECT {schema.INVOICE_COLUMNS} FROM invoices WHERE state IN ('unpaid', 'promised', 'overdue') "
            "ORDER BY due_at IS NULL, due_at, n"
        )
        return [InvoiceRow._make(row) for row in self.query(sql)]

    def counts(self) -> dict[str, int]:
        """How many of each there are: ``{"order": …, "invoice": …, "transfer": …, "ticket": …}``."""
        kinds = ("order", "invoice", "transfer", "ticket")
        return {kind: int(self._one(f"SELECT count(*) FROM {kind}s") or 0) for kind in kinds}

    # -- sums for the overview and for prices

    def states(self) -> dict[str, int]:
        """How many orders are in each state."""
        return {str(state): int(count) for state, count in self.query("SELECT state, count(*) FROM orders GROUP BY 1")}

    def running_by_kind(self) -> dict[str, int]:
        """How many running orders of each kind there are: what count discounts go by (DSC-5)."""
        sql = f"SELECT kind, count(*) FROM orders WHERE state IN {_RUNNING} GROUP BY 1"
        return {str(kind): int(count) for kind, count in self.query(sql)}

    def ending(self, after: int, until: int) -> tuple[int, int, int]:
        """Running orders whose paid period ends in (``after``, ``until``]: count, monthly cents, auto-renewing ones."""
        sql = (
            "SELECT count(*), coalesce(sum(price), 0), coalesce(sum(auto_on), 0) FROM orders "
            f"WHERE state IN {_RUNNING} AND paid_until > ? AND paid_until <= ?"
        )
        count, price, auto = self.query(sql, (after, until))[0]
        return int(count), int(price), int(auto)

    def ending_until(self, until: int, limit: int) -> list[OrderRow]:
        """Orders that run or are blocked and end by ``until``, soonest first: what time changes by then."""
        sql = (
            f"SELECT {schema.ORDER_COLUMNS} FROM orders WHERE paid_until <= ? "
            f"AND state IN ('active', 'suspended', 'blocked') ORDER BY paid_until, n LIMIT ?"
        )
        return [OrderRow._make(row) for row in self.query(sql, (until, limit))]

    def brief_ending_until(self, until: int, limit: int) -> list[EndingRow]:
        """:meth:`ending_until`, but only what a line of a list over several accounts shows: much quicker to read."""
        sql = (
            f"SELECT {', '.join(EndingRow._fields)} FROM orders WHERE paid_until <= ? "
            "AND state IN ('active', 'suspended', 'blocked') ORDER BY paid_until, n LIMIT ?"
        )
        with gc_paused():
            return list(map(EndingRow._make, self.query(sql, (until, limit))))

    def count_ending_until(self, until: int) -> int:
        """How many orders :meth:`ending_until` would give without its limit."""
        sql = "SELECT count(*) FROM orders WHERE paid_until <= ? AND state IN ('active', 'suspended', 'blocked')"
        return int(self._one(sql, (until,)))

    def in_state(self, state: str, limit: int) -> list[OrderRow]:
        """Orders in a state, soonest end first."""
        sql = f"SELECT {schema.ORDER_COLUMNS} FROM orders WHERE state = ? ORDER BY paid_until, n LIMIT ?"
        return [OrderRow._make(row) for row in self.query(sql, (state, limit))]

    # -- objects in full

    def order(self, order_id: str) -> Order | None:
        """An order as it was last read, or ``None``. ``actions`` holds the refused ones only, unless it was opened."""
        text = self._object("order", order_id)
        return None if text is None else models.Order.model_validate_json(text)

    def invoice(self, invoice_id: str) -> Invoice | None:
        """An invoice as it was last read, or ``None``. ``lines`` is empty while only the list was read."""
        text = self._object("invoice", invoice_id)
        return None if text is None else models.Invoice.model_validate_json(text)

    def transfer(self, transfer_id: str) -> Transfer | None:
        """A transfer as it was last read, or ``None``; ``history`` and all ``actions`` once it was opened."""
        text = self._object("transfer", transfer_id)
        return None if text is None else models.Transfer.model_validate_json(text)

    def orders_by_id(self, ids: Iterable[str]) -> dict[str, Order]:
        """Several orders as they were last read; what is not there is left out."""
        found = ((key, self.order(key)) for key in ids)
        return {key: order for key, order in found if order is not None}

    # -- search and changes

    def search(self, text: str, limit: int = 50, kinds: Collection[str] | None = None) -> list[SearchHit]:
        """Orders, invoices, transfers and tickets that hold every word of ``text``: three letters or more anywhere.

        Shorter words are looked for at the beginning of names and numbers, and as whole ids. What tickets say is found
        by :meth:`search_messages`.
        """
        conditions = search_conditions(text, kinds)
        if conditions is None:
            return []
        hits: list[SearchHit] = []
        for sql, parameters in conditions:
            for row in self.query(sql, (*parameters, limit)):
                hit = SearchHit(*row)
                if hit not in hits:
                    hits.append(hit)
            if len(hits) >= limit:
                break
        return hits[:limit]

    def changes_since_visit(self, limit: int = 200) -> list[ChangeRow]:
        """What happened since the program was last left, newest first."""
        seen = int(self.meta("seen_change") or 0)
        sql = (
            "SELECT number, at, kind, id, what, title, before, after FROM changes WHERE number > ? "
            "ORDER BY number DESC LIMIT ?"
        )
        return [ChangeRow._make(row) for row in self.query(sql, (seen, limit))]
