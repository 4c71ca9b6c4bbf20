"""Up to where a person has read tickets, for one account of one panel: a private file with ids and instants."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from billtui.services.account_files import read_json, write_json
from billtui.services.store import LastWord, TicketRow

if TYPE_CHECKING:
    from billtui.services.store.list_reader import ListReader

VERSION: Final = 1
MOST: Final = 5_000
"""Marks that are kept; tickets that were read longer ago count as read by their time."""


class ReadMark(NamedTuple):
    """The last message that was read of a ticket, and when it was written, in seconds since 1970."""

    message_id: str
    at: int


class Threads(Protocol):
    """What is known of the order of messages: two can be of one second."""

    def is_later(self, ticket_id: str, message_id: str, than: str) -> bool | None:
        """Whether in a ticket's thread a message stands behind another one; ``None``: not known."""

    def wrote_behind(self, ticket_id: str, message_id: str, up_to: str, *, by_client: bool) -> bool | None:
        """Whether a client, or the other side, wrote behind a message; ``None``: not known up to the last one."""


class ReadMarks:
    """What was read. On a computer that never saw the account, what was closed before counts as read."""

    def __init__(self, path: Path) -> None:
        """The file is read when it is first needed."""
        self._path = path
        self._marks: dict[str, ReadMark] | None = None
        self._since = 0
        self._written: tuple[int, int] | None = None
        """Which file the marks are of."""
        self.changes = 0
        """How often something was marked since it was loaded."""

    def _loaded(self) -> dict[str, ReadMark]:
        if self._marks is None:
            self._written = self._state()
            self._marks, self._since = _read(read_json(self._path))
        return self._marks

    def _state(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def refresh(self) -> None:
        """Take over what another program marked meanwhile: the command line beside the screen."""
        if self._marks is not None and self._state() != self._written:
            self._marks = None
            self.changes += 1

    def seen(self, ticket_id: str) -> ReadMark | None:
        """Up to where a ticket was read."""
        return self._loaded().get(str(ticket_id))

    def mark(self, ticket_id: str, message_id: str, at: int, threads: Threads) -> bool:
        """It was read up to this message. False where that was known, or more. Raises UnsafePath, OSError."""
        self.refresh()
        marks = self._loaded()
        key, new = str(ticket_id), ReadMark(str(message_id), at)
        old = marks.get(key)
        if old is not None and (old == new or old.at > at):
            return False
        if old is not None and old.at == at and threads.is_later(key, old.message_id, new.message_id):
            return False
        marks.pop(key, None)
        marks[key] = new
        for oldest in list(marks)[: max(0, len(marks) - MOST)]:
            self._since = max(self._since, marks.pop(oldest).at)
        self.changes += 1
        write_json(self._path, {"version": VERSION, "since": self._since, "read": marks})
        self._written = self._state()
        return True

    @property
    def since(self) -> int:
        """Closed tickets that have not changed since then count as read."""
        self._loaded()
        return self._since

    def is_unread(self, row: TicketRow, threads: Threads, *, staff: bool) -> bool:
        """Whether the other side wrote last, and that was not read yet. For staff the other side is the client."""
        if not row.last_author_role or (row.last_author_role == "client") != staff:
            return False
        if row.state == "closed" and row.updated_at <= self.since:
            return False
        wrote = row.last_client_at if staff else row.last_staff_at
        last = LastWord(row.id, row.last_message_id, row.updated_at if wrote is None else wrote)
        return self.is_new(last, threads, staff=staff)

    def is_new(self, last: LastWord, threads: Threads, *, staff: bool) -> bool:
        """Whether the other side's last word was not read yet.

        Within the second of what was read the order in the thread tells; where that is not known, it was not read.
        """
        mark = self.seen(last.ticket_id)
        if mark is None or mark.message_id == last.message_id:
            return mark is None
        if mark.at == last.at:
            behind = threads.wrote_behind(last.ticket_id, mark.message_id, last.message_id, by_client=staff)
            return behind is not False
        return mark.at < last.at


def unread_tickets(store: ListReader, marks: ReadMarks, *, staff: bool, assignee: str | None = None) -> frozenset[str]:
    """Ids of the tickets in which the other side wrote last and that were not read here yet, from the copy.

    With ``assignee`` only those that this colleague has taken.
    """
    last = store.last_words(by_client=staff, since=marks.since, assignee=assignee)
    return frozenset(one.ticket_id for one in last if marks.is_new(one, store, staff=staff))


def _read(content: object) -> tuple[dict[str, ReadMark], int]:
    now = int(time.time())
    if not isinstance(content, dict) or content.get("version") != VERSION or not isinstance(content.get("read"), dict):
        return {}, now
    since = content.get("since")
    marks = {
        key: ReadMark(one[0], one[1])
        for key, one in content["read"].items()
        if isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) and isinstance(one[1], int)
    }
    return marks, since if isinstance(since, int) else now
