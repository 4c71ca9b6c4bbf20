"""Tickets: states, queue, service level, what may be written by whom (TKT)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum

from billtui.domain.models.tickets import TicketState
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules.facts import format_when

MIB = 1024 * 1024


class Priority(IntEnum):
    """What is served first (TKT-7); the smaller, the sooner."""

    SERVICE_DOWN = 0
    HIGH = 1
    NORMAL = 2
    LOW = 3


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """A ticket as far as the rules look at it."""

    id: str
    department: str
    state: TicketState
    created_at: datetime
    last_client_message_at: datetime
    last_message_id: str
    priority: Priority = Priority.NORMAL
    first_answer_at: datetime | None = None
    closed_at: datetime | None = None
    hold_until: datetime | None = None


# --- states (TKT-5)


def client_message_refusal(ticket: TicketFacts, now: datetime, policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """Why the client cannot write to it any more: closed for longer than 14 days (TKT-5)."""
    if ticket.state is not TicketState.CLOSED or ticket.closed_at is None:
        return None
    last = ticket.closed_at + policy.ticket_reopening
    if now < last:
        return None
    return Refusal(
        "ticket-closed",
        "TKT-5",
        f"This ticket was closed on {format_when(ticket.closed_at)} and can no longer be reopened: open a new one.",
        {"ticket_id": ticket.id},
    )


def after_client_message(ticket: TicketFacts, message_id: str, now: datetime) -> TicketFacts:
    """The client wrote: support must act, also where it was closed or on hold (TKT-5)."""
    return replace(
        ticket,
        state=TicketState.OPEN,
        last_client_message_at=now,
        last_message_id=message_id,
        closed_at=None,
        hold_until=None,
    )


def after_reply(ticket: TicketFacts, message_id: str, now: datetime, *, close: bool = False) -> TicketFacts:
    """Support answered, and closed it with the answer or not (TKT-5, TKT-8)."""
    return replace(
        ticket,
        state=TicketState.CLOSED if close else TicketState.ANSWERED,
        last_message_id=message_id,
        first_answer_at=ticket.first_answer_at or now,
        closed_at=now if close else None,
        hold_until=None,
    )


def after_note(ticket: TicketFacts, message_id: str) -> TicketFacts:
    """An internal note answers nobody: the state stays (TKT-6)."""
    return replace(ticket, last_message_id=message_id)


def hold_refusal(ticket: TicketFacts, until: datetime, now: datetime) -> Refusal | None:
    """Why it cannot be put on hold until then (TKT-5)."""
    if ticket.state is TicketState.CLOSED:
        return Refusal("ticket-closed", "TKT-5", "A closed ticket cannot be put on hold: reply to it first.")
    if until <= now:
        return Refusal("hold-in-the-past", "TKT-5", "The time to wake it up is over: give a later one.")
    return None


def on_hold(ticket: TicketFacts, until: datetime) -> TicketFacts:
    """Nobody has to act until then (TKT-5)."""
    return replace(ticket, state=TicketState.ON_HOLD, hold_until=until)


def woken(ticket: TicketFacts, now: datetime) -> TicketFacts:
    """The ticket as time leaves it: a hold that is over makes it open again (TKT-5)."""
    if ticket.state is TicketState.ON_HOLD and ticket.hold_until is not None and ticket.hold_until <= now:
        return replace(ticket, state=TicketState.OPEN, hold_until=None)
    return ticket


def closed(ticket: TicketFacts, now: datetime) -> TicketFacts:
    """The ticket once somebody closed it; closing twice changes nothing (TKT-5)."""
    if ticket.state is TicketState.CLOSED:
        return ticket
    return replace(ticket, state=TicketState.CLOSED, closed_at=now, hold_until=None)


# --- the queue (TKT-7) and the service level (TKT-10)


def queue(tickets: Iterable[TicketFacts]) -> list[TicketFacts]:
    """What support must act on, in the order in which it is served: priority, then the last client message (TKT-7)."""
    waiting = (ticket for ticket in tickets if ticket.state is TicketState.OPEN)
    return sorted(waiting, key=lambda one: (one.priority, one.last_client_message_at, one.id))


def queue_places(tickets: Iterable[TicketFacts]) -> dict[str, int]:
    """Place in the queue by ticket, from 1, counted within a department (TKT-7)."""
    places: dict[str, int] = {}
    seen: dict[str, int] = {}
    for ticket in queue(tickets):
        seen[ticket.department] = seen.get(ticket.department, 0) + 1
        places[ticket.id] = seen[ticket.department]
    return places


def answer_due_at(ticket: TicketFacts, policy: Policy = DEFAULT_POLICY) -> datetime | None:
    """When the first answer is due, in business hours (TKT-10); ``None`` once it was given or the ticket is closed."""
    if ticket.first_answer_at is not None or ticket.state is TicketState.CLOSED:
        return None
    length = policy.first_answer.get(ticket.department, policy.first_answer_otherwise)
    return policy.support_hours.after(ticket.created_at, length)


def answer_time_left(ticket: TicketFacts, now: datetime, policy: Policy = DEFAULT_POLICY) -> timedelta | None:
    """Open time left for the first answer; negative where it was missed; ``None`` where none is owed (TKT-10)."""
    due = answer_due_at(ticket, policy)
    if due is None:
        return None
    return policy.support_hours.between(now, due) if now <= due else -policy.support_hours.between(due, now)


# --- writing


def attachments_refusal(sizes: Iterable[int], policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """Why these attachments (sizes in bytes) cannot go with one message (TKT-6)."""
    found = list(sizes)
    if len(found) > policy.attachments_per_message:
        return Refusal(
            "too-many-attachments",
            "TKT-6",
            f"A message takes {policy.attachments_per_message} attachments: send the rest with another message.",
        )
    if any(size > policy.attachment_bytes for size in found):
        most = policy.attachment_bytes // MIB
        return Refusal("attachment-too-large", "TKT-6", f"An attachment is {most} MiB at most: compress or split it.")
    return None


def moved_on_refusal(ticket: TicketFacts, seen: str | None) -> Refusal | None:
    """Why a reply is held: the writer has not seen the last message of the thread (TKT-9)."""
    if seen == ticket.last_message_id:
        return None
    return Refusal(
        "thread-moved-on",
        "TKT-9",
        "The thread has moved on since you read it: look at what is new, then send or change your reply.",
        {"ticket_id": ticket.id, "message_id": ticket.last_message_id},
    )


def access_refusal(ticket: TicketFacts, role: str, reason: str) -> Refusal | None:
    """Why the server access cannot be read (TKT-4): support alone, while the ticket is not closed, for a reason."""
    if role != "support":
        return Refusal("forbidden", "TKT-4", "Only support reads the server access, on the ticket that it is given on.")
    if ticket.state is TicketState.CLOSED:
        return Refusal("access-wiped", "TKT-4", "The server access was wiped when the ticket closed: ask for it again.")
    if not reason.strip():
        return Refusal("reason-missing", "TKT-4", "Say why you read it: every reading is logged with its reason.")
    return None


# --- canned replies (TKT-8)

_PLACEHOLDER = re.compile(r"\{([^{}\n]{0,60})\}")


@dataclass(frozen=True, slots=True)
class FilledReply:
    """A canned reply with its placeholders filled; one with anything in ``unresolved`` cannot be sent (TKT-8)."""

    text: str
    unresolved: tuple[str, ...]


def fill_reply(template: str, values: Mapping[str, str]) -> FilledReply:
    """Fill ``{name}`` placeholders; those without a value, or with an empty one, stay and are named (TKT-8).

    What a value holds is never read as a placeholder again.
    """
    unresolved: list[str] = []

    def filled(match: re.Match[str]) -> str:
        name = match[1].strip()
        value = values.get(name, "")
        if value:
            return value
        if name not in unresolved:
            unresolved.append(name)
        return match[0]

    return FilledReply(_PLACEHOLDER.sub(filled, template), tuple(unresolved))
