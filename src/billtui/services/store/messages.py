"""Writing the messages of tickets: what the thread and the search over messages are read from (TKT-6).

The copy of a client never holds a note, whatever the panel sends: whose copy it is stands in the copy itself. Server
access is no part of a message, so it is nowhere here (TKT-4).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from billtui.domain.roles import STAFF
from billtui.services.store import schema
from billtui.services.store.file import SQL_VARIABLES, StoreFile, raise_generation

if TYPE_CHECKING:
    from billtui.domain.models import TicketMessage

_SECOND_BITS: Final = 20
_MOST_SECONDS: Final = 1 << 36
_WORKED_ON: Final = "('open', 'answered', 'on hold')"
_COLUMNS: Final = "id, ticket_id, author, role, at, internal, attachments, merged_from, raw_id, size, body"


@dataclass(frozen=True, slots=True)
class AppliedMessages:
    """What came of writing messages."""

    tickets: frozenset[str] = frozenset()
    """Tickets whose thread is other than before."""
    notes: int = 0
    """Notes of staff that were sent to a client: dropped."""
    strange: int = 0
    """Messages of tickets that are not in the copy: left out."""
    known: int = 0
    """Messages that were held already, just as they came."""


@dataclass(frozen=True, slots=True)
class WantedThread:
    """A thread that is to be read: from its beginning, or after the last message that is held."""

    ticket_id: str
    raw_id: str
    """The ticket's id as the panel wrote it."""
    after: str | None
    """Raw id of the last message that is held, where what is held before it is whole."""
    version: int
    """The ticket's, before the thread is read."""


class Messages(StoreFile):
    """Threads of the tickets that are in the copy."""

    @property
    def may_hold_notes(self) -> bool:
        """Whether this is the copy of somebody who may see notes (TKT-6)."""
        return _is_staff(self._connection)

    def apply_messages(self, messages: Iterable[TicketMessage]) -> AppliedMessages:
        """Write messages, of any tickets, in the order in which they were written.

        Those of tickets that are not known are left out; so are notes, in the copy of a client.
        """
        items = list(messages)
        if not items:
            return AppliedMessages()
        with self._write() as connection:
            staff = _is_staff(connection)
            known = _known_tickets(connection, {str(one.ticket_id) for one in items})
            fit = [one for one in items if str(one.ticket_id) in known]
            notes = 0 if staff else sum(one.internal for one in fit)
            once = {(one.ticket_id, one.id): one for one in fit if staff or not one.internal}
            kept = list(once.values())
            kept.sort(key=lambda one: one.at)  # the index takes what rises at a fraction of the cost
            words: list[tuple[int, str]] = []
            fresh = [one for one in kept if _put(connection, one, words)]
            connection.executemany("INSERT INTO message_words (rowid, body) VALUES (?, ?)", words)
            changed = frozenset(str(one.ticket_id) for one in fresh)
            _count_anew(connection, {str(one.ticket_id) for one in kept})
            if changed:
                raise_generation(connection)
        return AppliedMessages(changed, notes, len(items) - len(fit), len(kept) - len(fresh))

    def end_thread(self, ticket_id: str, version: int, seen: Sequence[str] | None = None) -> frozenset[str]:
        """The thread was read to its end, at this version of its ticket; answers the ticket where that changed it.

        ``seen`` are the ids of all its messages, in their order, where it was read from the beginning: what else is
        held is taken out, as it was split off, given back, or deleted (TKT-8).
        """
        with self._write() as connection:
            if ticket_id not in _known_tickets(connection, {ticket_id}):
                return frozenset()
            other = seen is not None and _hold_only(connection, ticket_id, seen)
            _count_anew(connection, {ticket_id})
            connection.execute(
                "UPDATE threads SET ended = 1, version = ?, regrouped = regrouped AND ? WHERE ticket_id = ?",
                (version, int(seen is None), ticket_id),
            )
            if other:
                raise_generation(connection)
        return frozenset({ticket_id}) if other else frozenset()

    def open_thread(self, ticket_id: str) -> WantedThread | None:
        """Somebody looks at this ticket: its thread is kept from now on. How to read it; ``None`` if it is unknown."""
        with self._write() as connection:
            if ticket_id not in _known_tickets(connection, {ticket_id}):
                return None
            connection.execute(
                "INSERT INTO threads VALUES (?, '', 0, 0, 0, -1, 1, 0) "
                "ON CONFLICT (ticket_id) DO UPDATE SET opened = 1",
                (ticket_id,),
            )
        return next(iter(self.threads([ticket_id])), None)

    def threads(self, ticket_ids: Sequence[str], *, only_wanted: bool = False) -> list[WantedThread]:
        """How to read the threads of these tickets; ``only_wanted``: those that are kept and not whole."""
        found: list[WantedThread] = []
        for start in range(0, len(ticket_ids), SQL_VARIABLES):
            part = ticket_ids[start : start + SQL_VARIABLES]
            condition = f"t.id IN ({','.join('?' * len(part))})"
            if only_wanted:
                condition += f" AND {self._wanted()}"
            found += self._threads(condition, part, len(part))
        return found

    def wanted_threads(self, limit: int) -> list[WantedThread]:
        """Threads that are kept and not whole, of the tickets that changed last first."""
        return self._threads(self._wanted(), (), limit)

    def count_wanted(self) -> int:
        """How many threads are kept and not whole."""
        sql = f"SELECT count(*) FROM tickets AS t LEFT JOIN threads AS h ON h.ticket_id = t.id WHERE {self._wanted()}"
        return int(self._ask(sql)[0][0])

    def _wanted(self) -> str:
        kept = f"(t.state IN {_WORKED_ON} OR h.opened = 1)" if self.may_hold_notes else "1"
        return f"{kept} AND (h.ticket_id IS NULL OR NOT {schema.WHOLE_THREAD})"

    def _threads(self, condition: str, values: Sequence[object], limit: int) -> list[WantedThread]:
        rows = self._ask(
            "SELECT t.id, json_extract(o.json, '$.id'), h.ended AND h.regrouped = 0, h.last_id, t.last_message_id, "
            "h.messages, t.message_count, t.version FROM tickets AS t JOIN ticket_objects AS o ON o.n = t.n "
            f"LEFT JOIN threads AS h ON h.ticket_id = t.id WHERE {condition} ORDER BY t.updated_at DESC, t.n DESC "
            "LIMIT ?",
            (*values, limit),
        )
        found: list[WantedThread] = []
        for key, raw, ended, last, newest, held, count, version in rows:
            goes_on = bool(ended and last) and not (last == newest and held != count)
            after = self._raw_message_id(key, last) if goes_on else None
            found.append(WantedThread(key, str(raw), after, version))
        return found

    def _raw_message_id(self, ticket_id: str, message_id: str) -> str:
        rows = self._ask("SELECT raw_id FROM messages WHERE ticket_id = ? AND id = ?", (ticket_id, message_id))
        return str(rows[0][0]) if rows and rows[0][0] is not None else message_id

    def fits(self, ticket_id: str) -> bool:
        """Whether what is held of a thread has as many messages as its ticket says, and ends with the same one."""
        rows = self._ask(
            "SELECT h.regrouped = 0 AND h.last_id = t.last_message_id AND h.messages = t.message_count "
            "FROM tickets AS t JOIN threads AS h ON h.ticket_id = t.id WHERE t.id = ?",
            (ticket_id,),
        )
        return bool(rows and rows[0][0])

    def held_characters(self) -> int:
        """Characters of all messages that are held."""
        return int(self._ask("SELECT coalesce(sum(characters), 0) FROM threads")[0][0])

    def trim_threads(self, most: int) -> frozenset[str]:
        """Let threads of closed tickets go, the longest unchanged first, until ``most`` characters are left."""
        over = self.held_characters() - most
        if over <= 0:
            return frozenset()
        gone: list[str] = []
        for key, characters in self._ask(
            "SELECT t.id, h.characters FROM tickets AS t JOIN threads AS h ON h.ticket_id = t.id "
            "WHERE t.state = 'closed' AND h.characters > 0 ORDER BY t.updated_at, t.n"
        ):
            if over <= 0:
                break
            gone.append(key)
            over -= characters
        if gone:
            with self._write() as connection:
                forget_threads(connection, gone)
                raise_generation(connection)
        return frozenset(gone)


def forget_threads(connection: sqlite3.Connection, ticket_ids: Sequence[str]) -> None:
    """Take the messages of tickets out, inside a transaction."""
    for start in range(0, len(ticket_ids), SQL_VARIABLES):
        part = ticket_ids[start : start + SQL_VARIABLES]
        marks = ",".join("?" * len(part))
        _take_out(connection, f"ticket_id IN ({marks})", part)
        connection.execute(f"DELETE FROM threads WHERE ticket_id IN ({marks})", part)


def regroup_threads(connection: sqlite3.Connection, ticket_ids: Sequence[str]) -> None:
    """These tickets were merged or unmerged: what is held of them says little of what they hold now (TKT-8)."""
    connection.executemany("UPDATE threads SET regrouped = 1 WHERE ticket_id = ?", [(key,) for key in ticket_ids])


def forget_notes(connection: sqlite3.Connection) -> None:
    """Take every note out, inside a transaction: this is no copy of staff any more (TKT-6)."""
    tickets = {row[0] for row in connection.execute("SELECT ticket_id FROM messages WHERE internal = 1")}
    _take_out(connection, "internal = 1", ())
    _count_anew(connection, tickets)


def _take_out(connection: sqlite3.Connection, condition: str, values: Sequence[object]) -> None:
    """Take messages out, and first their words: the index has no text of its own to know them by.

    No trigger does it: one would have the index written to the file at each message, six times as slowly.
    """
    connection.execute(
        "INSERT INTO message_words (message_words, rowid, body) "
        f"SELECT 'delete', n, body FROM messages WHERE {condition}",
        values,
    )
    connection.execute(f"DELETE FROM messages WHERE {condition}", values)


def _hold_only(connection: sqlite3.Connection, ticket_id: str, seen: Sequence[str]) -> bool:
    """Take out what is not in ``seen``; what was written in one second comes in that order. True where that was new."""
    held = connection.execute("SELECT n, id, at FROM messages WHERE ticket_id = ? ORDER BY n", (ticket_id,)).fetchall()
    place = {key: number for number, key in enumerate(seen)}
    gone = [n for n, key, _ in held if key not in place]
    for start in range(0, len(gone), SQL_VARIABLES):
        part = gone[start : start + SQL_VARIABLES]
        _take_out(connection, f"n IN ({','.join('?' * len(part))})", part)
    kept = [(n, key, at) for n, key, at in held if key in place]
    right = sorted(kept, key=lambda one: (one[2], place[one[1]]))
    if right != kept:  # some came by a merge after others of the same second
        rows = connection.execute(f"SELECT {_COLUMNS} FROM messages WHERE ticket_id = ?", (ticket_id,)).fetchall()
        rows.sort(key=lambda row: (row[4], place[row[0]]))
        _take_out(connection, "ticket_id = ?", (ticket_id,))
        words = [(_insert(connection, row), row[-1]) for row in rows]
        connection.executemany("INSERT INTO message_words (rowid, body) VALUES (?, ?)", words)
    return bool(gone) or right != kept


def _insert(connection: sqlite3.Connection, row: tuple[Any, ...], n: int | None = None) -> int:
    n = _free(connection, row[4]) if n is None else n
    connection.execute(f"INSERT INTO messages (n, {_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", (n, *row))
    return n


def _is_staff(connection: sqlite3.Connection) -> bool:
    row = connection.execute("SELECT json_extract(json, '$.role') FROM account").fetchone()
    return row is not None and row[0] in STAFF


def _known_tickets(connection: sqlite3.Connection, ids: set[str]) -> set[str]:
    wanted = sorted(ids)
    found: set[str] = set()
    for start in range(0, len(wanted), SQL_VARIABLES):
        part = wanted[start : start + SQL_VARIABLES]
        marks = ",".join("?" * len(part))
        found.update(row[0] for row in connection.execute(f"SELECT id FROM tickets WHERE id IN ({marks})", part))
    return found


def _put(connection: sqlite3.Connection, message: TicketMessage, words: list[tuple[int, str]]) -> bool:
    """Write one message unless it is held just so, and add to ``words`` what is to be found. True where it was not."""
    key, body = str(message.id), str(message.body)
    at = min(max(int(message.at.timestamp()), 0), _MOST_SECONDS)
    files = json.dumps([[one.id.raw, one.name.raw, one.size] for one in message.attachments], separators=(",", ":"))
    row = (
        key, str(message.ticket_id), str(message.author), str(message.author_role), at, int(message.internal), files,
        str(message.merged_from or ""), None if message.id.raw == key else message.id.raw, len(body), body,
    )  # fmt: skip
    held = connection.execute(
        f"SELECT n, {_COLUMNS} FROM messages WHERE ticket_id = ? AND id = ?", (row[1], key)
    ).fetchone()
    if held is not None:
        if held[1:] == row:
            return False
        _take_out(connection, "n = ?", (held[0],))
    words.append((_insert(connection, row, held[0] if held is not None and held[5] == at else None), body))
    return True


def _free(connection: sqlite3.Connection, at: int) -> int:
    """A number after every message written up to that second, and before those written later."""
    first = at << _SECOND_BITS
    last = connection.execute(
        "SELECT max(n) FROM messages WHERE n BETWEEN ? AND ?", (first, first + (1 << _SECOND_BITS) - 1)
    ).fetchone()[0]
    if last is None:
        return first
    if last + 1 < first + (1 << _SECOND_BITS):
        return int(last) + 1
    return int(connection.execute("SELECT max(n) + 1 FROM messages").fetchone()[0])


def _count_anew(connection: sqlite3.Connection, ticket_ids: Iterable[str]) -> None:
    """How much of each thread is held; one that fits its ticket needs no reading any more."""
    for key in ticket_ids:
        count, characters = connection.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM messages WHERE ticket_id = ?", (key,)
        ).fetchone()
        last = connection.execute(
            "SELECT id FROM messages WHERE ticket_id = ? ORDER BY n DESC LIMIT 1", (key,)
        ).fetchone()
        connection.execute(
            "INSERT INTO threads VALUES (?1, ?2, ?3, ?4, 0, -1, 0, 0) ON CONFLICT (ticket_id) DO UPDATE SET "
            "last_id = ?2, messages = ?3, characters = ?4",
            (key, "" if last is None else last[0], count, characters),
        )
        connection.execute(
            "UPDATE threads SET ended = 1 WHERE ticket_id = ?1 AND messages > 0 AND EXISTS (SELECT 1 FROM tickets AS t "
            "WHERE t.id = ?1 AND t.last_message_id = threads.last_id AND t.message_count = threads.messages)",
            (key,),
        )
