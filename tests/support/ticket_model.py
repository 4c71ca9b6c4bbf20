"""What must become of tickets, worked out beside the panel by other means than its rules (TKT-4 to TKT-10).

Threads are lists of messages with a place where each shows; a merge is remembered by the very list that it moved.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

REOPENING = timedelta(days=14)
URGENCY = ("service down", "high", "normal", "low")
FIRST_ANSWER = {"technical": timedelta(minutes=15)}
OTHERWISE = timedelta(hours=4)


@dataclass
class Said:
    """One message."""

    id: str
    ticket: str
    """Where it was written."""
    shows: str
    """In whose thread it is now."""
    role: str
    author: str
    body: str
    internal: bool = False


@dataclass
class Merge:
    """A ticket that went into another, with what has to come back."""

    source: str
    into: str
    moved: list[str]
    source_had: dict[str, Any]
    into_had: dict[str, Any]
    into_got: dict[str, Any]
    mark: int
    """How many messages there were."""


@dataclass
class Held:
    """One ticket."""

    id: str
    account: int
    department: str
    subject: str
    created: datetime
    owed: datetime
    state: str = "open"
    priority: str = "normal"
    assignee: str | None = None
    hold: datetime | None = None
    closed: datetime | None = None
    tags: set[str] = field(default_factory=set)
    first_answer: datetime | None = None
    access: str | None = None
    """The secret, while it is there."""
    access_state: str = "none"
    readings: list[tuple[str, str]] = field(default_factory=list)
    """(login, reason), newest first."""
    rating: int | None = None
    merged_into: str | None = None
    split_from: str | None = None

    def open_to_clients(self) -> tuple[object, ...]:
        """What support can change that its client sees."""
        return (self.department, self.priority, self.assignee, self.state, self.hold)

    def group(self) -> dict[str, Any]:
        """What a merge may change of the ticket that stays."""
        return {name: getattr(self, name) for name in ("state", "hold", "closed", "owed", "priority")}

    def due(self) -> datetime | None:
        """TKT-10, around the clock."""
        if self.first_answer is not None or self.state == "closed":
            return None
        return self.owed + FIRST_ANSWER.get(self.department, OTHERWISE)


@dataclass
class TicketModel:
    """Every ticket and message since the beginning."""

    tickets: dict[str, Held] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)

    def thread(self, ticket: str, *, staff: bool) -> list[Said]:
        """What a reader sees, in the order of writing."""
        return [one for one in self.said if one.shows == ticket and (staff or not one.internal)]

    def last(self, ticket: str, *, staff: bool) -> str:
        """What ``seen`` must name."""
        return self.thread(ticket, staff=staff)[-1].id

    def message(self, message: str) -> Said:
        """One of them, by its id."""
        return next(one for one in self.said if one.id == message)

    # --- writing

    def refused(
        self, ticket: Held, role: str, account: int, seen: str | None, now: datetime, *, internal: bool
    ) -> str | None:
        """The code of the refusal of a message, ``None`` if it must be taken."""
        staff = role != "client"
        if not staff and account != ticket.account:
            return "not-found"
        if internal and not staff:
            return "forbidden"
        if ticket.merged_into is not None:
            return "ticket-merged"
        if not staff and ticket.closed is not None and now >= ticket.closed + REOPENING:
            return "ticket-closed"
        if seen is not None and seen != self.last(ticket.id, staff=staff):
            return "thread-moved-on"
        return None

    def wrote(self, ticket: Held, one: Said, now: datetime, *, close: bool) -> None:
        """A message was taken."""
        self.said.append(one)
        if not one.internal:
            if one.role != "client" and ticket.first_answer is None:
                ticket.first_answer = now
            self.into_state(ticket, "open" if one.role == "client" else "answered", now)
        if close:  # after what the message itself does: one that closes a closed ticket closes it anew
            self.into_state(ticket, "closed", now)

    def into_state(self, ticket: Held, state: str, now: datetime, hold: datetime | None = None) -> None:
        """TKT-5: what goes with a state; an answer that is still owed is owed anew by a ticket that comes back."""
        if ticket.state == "closed" and state == "open" and ticket.first_answer is None:
            ticket.owed = now
        if state == "closed":
            if ticket.state != "closed":
                ticket.closed = now
                self._wipe(ticket)
        else:
            ticket.closed = None
        if state != ticket.state or state == "on hold":
            ticket.hold = hold
        ticket.state = state

    def _wipe(self, ticket: Held) -> None:
        if ticket.access is not None:
            ticket.access, ticket.access_state = None, "wiped"

    def passed(self, now: datetime) -> None:
        """Holds that are over end."""
        for ticket in self.tickets.values():
            if ticket.state == "on hold" and ticket.hold is not None and ticket.hold <= now:
                ticket.state, ticket.hold = "open", None

    # --- merging

    def merged(self, sources: list[Held], into: Held, told: Said, told_each: list[Said], now: datetime) -> None:
        """They went into another; the panel said so in every one of them."""
        had = into.group()
        records = []
        for one in sources:
            moved = [message.id for message in self.said if message.shows == one.id]
            records.append((one, moved, {**one.group(), "first_answer": one.first_answer}))
        if any(one.state == "open" for one in sources):
            into.state, into.hold = "open", None
        into.priority = min((into.priority, *(one.priority for one in sources)), key=URGENCY.index)
        for one, moved, _ in records:
            for message in moved:
                self.message(message).shows = into.id
            self.into_state(one, "closed", now)
            self._wipe(one)
            one.hold = None
            one.merged_into = into.id
        self.said += [*told_each, told]
        for one, moved, source_had in records:
            self.merges.append(Merge(one.id, into.id, moved, source_had, had, into.group(), len(self.said)))

    def unmerged(self, one: Held, told: list[Said]) -> None:
        """It was taken out again: what it had comes back, and the other one's state if nothing has happened to it."""
        record = next(merge for merge in self.merges if merge.source == one.id)
        self.merges.remove(record)
        for message in record.moved:
            self.message(message).shows = one.id
        for name, value in record.source_had.items():
            if name != "priority":
                setattr(one, name, value)
        one.merged_into = None
        into = self.tickets[record.into]
        others = [merge for merge in self.merges if merge.into == into.id]
        later = [merge for merge in others if merge.mark > record.mark and merge.into_had == record.into_got]
        if later:
            later[0].into_had = record.into_had
        written = [
            message for message in self.said[record.mark :]
            if message.ticket == into.id and message.role != "panel" and not message.internal
        ]  # fmt: skip
        if not others and not written and into.group() == record.into_got:
            for name, value in record.into_had.items():
                setattr(into, name, value)
        self.said += told

    # --- the queue

    @staticmethod
    def places(views: list[dict[str, Any]]) -> dict[str, int]:
        """TKT-7, of all tickets that staff sees: by priority, then by who has waited longest."""
        places: dict[str, int] = {}
        for department in {one["department"] for one in views}:
            waiting = [one for one in views if one["department"] == department and one["state"] == "open"]
            waiting.sort(
                key=lambda one: (URGENCY.index(one["priority"]), one["last_client_message_at"], int(one["id"]))
            )
            places |= {one["id"]: place for place, one in enumerate(waiting, 1)}
        return places
