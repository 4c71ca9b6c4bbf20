"""Writing the lists of the local store: orders, invoices, transfers, tickets."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from billtui.services.store import schema
from billtui.services.store.file import SQL_VARIABLES, StoreFile, get_meta, note, raise_generation
from billtui.services.store.messages import forget_threads, regroup_threads
from billtui.services.store.news import News, invoice_news, order_news, ticket_news, transfer_news
from billtui.services.store.prepared import ROWS, Item, Kind, Prepared, Row
from billtui.services.store.rows import TicketRow

if TYPE_CHECKING:
    from billtui.domain.models import Invoice, Order, Ticket, Transfer

_ONLY_WHOLE: Final = ("lines", "actions", "history", "access_log")
_TOLD_BY_THREADS: Final = (
    "created_at", "updated_at", "last_client_message_at", "last_staff_message_at", "last_message_id",
    "last_author_role", "message_count", "rating",
)  # fmt: skip
_TOLD_WHEN_WRITTEN: Final = ("department", "order_id", "invoice_id")
_COLUMNS: Final = {"last_client_message_at": "last_client_at", "last_staff_message_at": "last_staff_at"}


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of writing objects: ids that are new or other than before, and ids that were older than ours."""

    changed: frozenset[str] = frozenset()
    stale: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()
    """Every id that was among them."""


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    row: type[Row]
    title: str
    """The column that names an object to a person."""
    rank: int
    """Its kind's place in ``words``."""
    news: Callable[[Any, Any], Iterator[News]] = field(compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        return self.row._fields

    def place(self, n: int) -> int:
        return self.rank << schema.KIND_BITS | n

    @property
    def update(self) -> str:
        sets = ", ".join(f"{name} = ?" for name in self.columns)
        return f"UPDATE {self.name}s SET {sets} WHERE id = ? RETURNING n"


_TABLES: Final[dict[Kind, _Table]] = {
    "order": _Table("order", ROWS["order"], "name", 0, order_news),
    "invoice": _Table("invoice", ROWS["invoice"], "number", 1, invoice_news),
    "transfer": _Table("transfer", ROWS["transfer"], "order_name", 2, transfer_news),
    "ticket": _Table("ticket", ROWS["ticket"], "number", 3, ticket_news),
}


class Lists(StoreFile):
    """Orders, invoices, transfers and tickets, each as a row, as a whole object, and as words that are found."""

    def apply_orders(self, orders: Iterable[Order], *, whole: bool = False, force: bool = False) -> Applied:
        """Write orders of a list (``whole``: read one by one, with all their actions). See :meth:`apply`."""
        return self.apply("order", [Prepared.of("order", orders, whole=whole)], force=force)

    def apply_invoices(self, invoices: Iterable[Invoice], *, whole: bool = False, force: bool = False) -> Applied:
        """Write invoices of a list (``whole``: read one by one, with their lines). See :meth:`apply`."""
        return self.apply("invoice", [Prepared.of("invoice", invoices, whole=whole)], force=force)

    def apply_transfers(self, transfers: Iterable[Transfer], *, whole: bool = False, force: bool = False) -> Applied:
        """Write transfers of a list (``whole``: read one by one, with their history). See :meth:`apply`."""
        return self.apply("transfer", [Prepared.of("transfer", transfers, whole=whole)], force=force)

    def apply_tickets(self, tickets: Iterable[Ticket], *, whole: bool = False, force: bool = False) -> Applied:
        """Write tickets of a list (``whole``: read one by one, with what can be done). See :meth:`apply`."""
        return self.apply("ticket", [Prepared.of("ticket", tickets, whole=whole)], force=force)

    def apply(self, kind: Kind, pages: Iterable[Prepared], *, force: bool = False) -> Applied:
        """Write objects of one kind, all of them in one transaction.

        What is older than ours by its version is left alone and named in ``stale``, unless ``force`` is given: an
        answer that was on its way while a newer one came must not undo it.
        """
        items = [item for page in pages for item in page.items()]
        if not items:
            return Applied()
        table = _TABLES[kind]
        changed: set[str] = set()
        stale: set[str] = set()
        with self._write() as connection:
            first_load = not get_meta(connection, "complete")
            touched: set[int] = set()
            regrouped: list[str] = []
            fresh: dict[str, Item] = {}
            for start in range(0, len(items), SQL_VARIABLES):
                part = items[start : start + SQL_VARIABLES]
                ours = self._ours(connection, table, [item.id for item in part])
                for item in part:
                    old = ours.get(item.id)
                    if old is None:
                        twice = fresh.get(item.id)
                        if twice is not None and item.row.version < twice.row.version and not force:
                            stale.add(item.id)
                        else:
                            fresh[item.id] = item
                        continue
                    if item.row.version < old.row.version and not force:
                        stale.add(item.id)
                        continue
                    item = _with_what_lists_lack(_with_what_its_thread_told(item, old), old)
                    if old.row == item.row and old.json == item.json:
                        continue
                    touched.add(self._change(connection, table, item) >> schema.CHUNK_BITS)
                    if kind == "ticket" and _merged(old) != _merged(item):
                        regrouped.append(item.id)
                    ours[item.id] = item
                    changed.add(item.id)
                    if not first_load:
                        note(connection, kind, item.id, table.news(old.row, item.row))
            regroup_threads(connection, regrouped)
            touched |= self._insert(connection, table, list(fresh.values()))
            changed |= fresh.keys()
            if not first_load:
                for item in fresh.values():
                    note(connection, kind, item.id, table.news(None, item.row))
            self._repack(connection, table, touched)
            if changed:
                raise_generation(connection)
        return Applied(frozenset(changed), frozenset(stale), frozenset([item.id for item in items]))

    @staticmethod
    def _ours(connection: sqlite3.Connection, table: _Table, ids: list[str]) -> dict[str, Item]:
        columns = ", ".join(f"l.{name}" for name in table.columns)
        marks = ",".join("?" * len(ids))
        make = table.row._make
        found: dict[str, Item] = {}
        for text, whole, *values in connection.execute(
            f"SELECT o.json, o.whole, {columns} FROM {table.name}s AS l JOIN {table.name}_objects AS o ON o.n = l.n "
            f"WHERE l.id IN ({marks})",
            ids,
        ):
            row = make(values)
            found[row.id] = Item(row, "", text, bool(whole))
        return found

    @staticmethod
    def _insert(connection: sqlite3.Connection, table: _Table, items: list[Item]) -> set[int]:
        """Add objects that were not there; answers the blocks they came into."""
        if not items:
            return set()
        name = table.name
        first = int(connection.execute(f"SELECT coalesce(max(n), 0) + 1 FROM {name}s").fetchone()[0])
        numbered = list(enumerate(items, first))
        marks = ",".join("?" * (len(table.columns) + 1))
        connection.executemany(f"INSERT INTO {name}s VALUES ({marks})", [(n, *item.row) for n, item in numbered])
        connection.executemany(
            f"INSERT INTO {name}_objects (n, whole, json) VALUES (?, ?, ?)",
            [(n, int(item.whole), item.json) for n, item in numbered],
        )
        connection.executemany(
            "INSERT INTO words (rowid, text) VALUES (?, ?)", [(table.place(n), item.text) for n, item in numbered]
        )
        return {n >> schema.CHUNK_BITS for n, _ in numbered}

    @staticmethod
    def _change(connection: sqlite3.Connection, table: _Table, item: Item) -> int:
        """Replace an object that is there; answers its number."""
        name = table.name
        n: int = connection.execute(table.update, (*item.row, item.id)).fetchone()[0]
        connection.execute(
            f"UPDATE {name}_objects SET whole = ?, json = ? WHERE n = ?", (int(item.whole), item.json, n)
        )
        place = table.place(n)
        connection.execute("UPDATE words SET text = ? WHERE rowid = ? AND text <> ?", (item.text, place, item.text))
        return n

    @staticmethod
    def _repack(connection: sqlite3.Connection, table: _Table, chunks: Iterable[int]) -> None:
        columns = ", ".join(table.columns)
        stamp = int(get_meta(connection, "generation")) + 1  # it is raised with whatever has changed
        for chunk in chunks:
            first = chunk << schema.CHUNK_BITS
            rows = connection.execute(
                f"SELECT {columns} FROM {table.name}s WHERE n BETWEEN ? AND ? ORDER BY n",
                (first, first + schema.CHUNK - 1),
            ).fetchall()
            if rows:
                connection.execute(
                    f"REPLACE INTO {table.name}_chunks VALUES (?, ?, ?, ?)", (chunk, stamp, *schema.pack(rows))
                )
            else:
                connection.execute(f"DELETE FROM {table.name}_chunks WHERE n = ?", (chunk,))

    def ids(self, kind: Kind) -> frozenset[str]:
        """Every id of a list as it stands; taken before the list is loaded, for :meth:`remove` afterwards."""
        return frozenset(row[0] for row in self._ask(f"SELECT id FROM {kind}s"))

    def remove(self, kind: Kind, ids: Iterable[str]) -> frozenset[str]:
        """Take objects out that the panel does not have any more; answers those that were there."""
        table = _TABLES[kind]
        wanted = list(ids)
        removed: set[str] = set()
        if not wanted:
            return frozenset()
        with self._write() as connection:
            touched: set[int] = set()
            for start in range(0, len(wanted), SQL_VARIABLES):
                part = wanted[start : start + SQL_VARIABLES]
                marks = ",".join("?" * len(part))
                gone = connection.execute(
                    f"DELETE FROM {kind}s WHERE id IN ({marks}) RETURNING n, id, {table.title}", part
                ).fetchall()
                places = [row[0] for row in gone]
                marks = ",".join("?" * len(places))
                connection.execute(f"DELETE FROM {kind}_objects WHERE n IN ({marks})", places)
                connection.execute(f"DELETE FROM words WHERE rowid IN ({marks})", [table.place(n) for n in places])
                if kind == "ticket":
                    forget_threads(connection, [row[1] for row in gone])
                touched.update(n >> schema.CHUNK_BITS for n in places)
                removed.update(row[1] for row in gone)
                for _, key, name in gone:
                    note(connection, kind, key, [News("removed", name, "", "")])
            self._repack(connection, table, touched)
            if removed:
                raise_generation(connection)
        return frozenset(removed)

    def versions(self, kind: Kind, ids: Iterable[str]) -> dict[str, int]:
        """The versions of some objects; what is not there is left out."""
        wanted = list(ids)
        found: dict[str, int] = {}
        for start in range(0, len(wanted), SQL_VARIABLES):
            part = wanted[start : start + SQL_VARIABLES]
            marks = ",".join("?" * len(part))
            found.update(
                (row[0], row[1]) for row in self._ask(f"SELECT id, version FROM {kind}s WHERE id IN ({marks})", part)
            )
        return found

    def raw_id(self, kind: Kind, key: str) -> str:
        """The id as the panel wrote it, for a request; ``key`` itself where the object is not known."""
        rows = self._ask(
            f"SELECT json_extract(o.json, '$.id') FROM {kind}s AS l JOIN {kind}_objects AS o ON o.n = l.n "
            "WHERE l.id = ?",
            (key,),
        )
        return str(rows[0][0]) if rows else key

    def without_lines(self, limit: int) -> list[str]:
        """Ids of open invoices of which only the list was read, soonest due first."""
        return [
            row[0]
            for row in self._ask(
                "SELECT i.id FROM invoices AS i JOIN invoice_objects AS o ON o.n = i.n "
                "WHERE o.whole = 0 AND i.state IN ('unpaid', 'promised', 'overdue') "
                "ORDER BY i.due_at IS NULL, i.due_at, i.n LIMIT ?",
                (limit,),
            )
        ]


def _merged(ticket: Item) -> tuple[object, object]:
    """What a ticket is merged into, and of which ones it holds the messages (TKT-8)."""
    raw = json.loads(ticket.json)
    return raw.get("merged_into"), raw.get("merged_from")


def _with_what_its_thread_told(item: Item, old: Item) -> Item:
    """Some panels' lists tell nothing of a thread: what it told, and who must act, stays while nothing is written."""
    new, row = item.row, old.row
    if item.whole or not isinstance(new, TicketRow) or not isinstance(row, TicketRow):
        return item
    if new.last_author_role or not row.last_author_role or new.version or new.updated_at > row.updated_at:
        return item
    before, after = json.loads(old.json), json.loads(item.json)
    stays = [key for key in _TOLD_BY_THREADS if key in before]
    if "closed" not in (new.state, row.state):
        stays.append("state")
    stays += [key for key in _TOLD_WHEN_WRITTEN if before.get(key) and not after.get(key)]
    return item._replace(
        row=new._replace(**{_COLUMNS.get(key, key): getattr(row, _COLUMNS.get(key, key)) for key in stays}),
        json=json.dumps(after | {key: before[key] for key in stays}, ensure_ascii=False, separators=(",", ":")),
    )


def _with_what_lists_lack(item: Item, old: Item) -> Item:
    """Lists carry no lines: those of the same version that were read before stay."""
    if item.whole or not old.whole or item.row.version != old.row.version:
        return item
    if item.row.version == 0 and item.row != old.row:
        return item
    before: dict[str, Any] = json.loads(old.json)
    merged = json.loads(item.json) | {key: before[key] for key in _ONLY_WHOLE if key in before}
    text = old.json if merged == before else json.dumps(merged, ensure_ascii=False, separators=(",", ":"))
    return item._replace(json=text, whole=True)
