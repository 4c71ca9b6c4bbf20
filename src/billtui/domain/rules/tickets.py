"""Tickets: states, queue, service level, what may be written by whom (TKT)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum

from billtui.domain.models.tickets import TicketState
from billtui.domain.periods import shifted
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
    owed_since: datetime | None = None
    """Since when the first answer is owed, where not since its creation: it was reopened without one (TKT-10)."""
    merged_into: str | None = None
    """The ticket that has its messages now (TKT-8)."""


# --- states (TKT-5)


def client_message_refusal(ticket: TicketFacts, now: datetime, policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """Why the client cannot write to it any more: closed for longer than 14 days (TKT-5)."""
    if ticket.merged_into is not None:
        return merged_refusal(ticket)
    if ticket.state is not TicketState.CLOSED or ticket.closed_at is None:
        return None
    last = shifted(ticket.closed_at, policy.ticket_reopening)
    if now < last:
        return None
    return Refusal(
        "ticket-closed",
        "TKT-5",
        f"This ticket was closed on {format_when(ticket.closed_at)} and can no longer be reopened: open a new one.",
        {"ticket_id": ticket.id},
    )


def merged_refusal(ticket: TicketFacts) -> Refusal | None:
    """Why nothing is written to a ticket that was merged into another: its thread goes on there (TKT-8)."""
    if ticket.merged_into is None:
        return None
    return Refusal(
        "ticket-merged",
        "TKT-8",
        "This ticket was merged into another one, and its thread goes on there: write there.",
        {"ticket_id": ticket.merged_into},
    )


def after_client_message(ticket: TicketFacts, message_id: str, now: datetime) -> TicketFacts:
    """The client wrote: support must act, also where it was closed or on hold (TKT-5)."""
    again = ticket.state is TicketState.CLOSED and ticket.first_answer_at is None
    return replace(
        ticket,
        state=TicketState.OPEN,
        owed_since=now if again else ticket.owed_since,
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
    refusal = _closed_hold(ticket)
    if refusal is not None:
        return refusal
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


def reopened(ticket: TicketFacts, now: datetime) -> TicketFacts:
    """Support must act again: it was closed, answered or on hold (TKT-5)."""
    if ticket.state is TicketState.OPEN:
        return ticket
    again = ticket.state is TicketState.CLOSED and ticket.first_answer_at is None
    return replace(
        ticket,
        state=TicketState.OPEN,
        closed_at=None,
        hold_until=None,
        owed_since=now if again else ticket.owed_since,
    )


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
    return policy.support_hours.after(ticket.owed_since or ticket.created_at, length)


def time_left(due: datetime, now: datetime, policy: Policy = DEFAULT_POLICY) -> timedelta:
    """Open time left for a first answer that is due; negative where it was missed (TKT-10)."""
    return policy.support_hours.between(now, due) if now <= due else -policy.support_hours.between(due, now)


# --- writing

SUBJECT_LENGTH = 200
"""Longest subject, in characters."""
BODY_LENGTH = 1_000_000
"""Longest message, in characters."""
NAME_LENGTH = 255
"""Longest name of an attachment, in characters."""


def department_refusal(department: str, known: Collection[str]) -> Refusal | None:
    """Why a ticket cannot go there (TKT-1)."""
    if department in known:
        return None
    text = f"There is no department “{department[:40]}”: choose one of {', '.join(known)}."
    return Refusal("unknown-department", "TKT-1", text)


def subject_refusal(subject: str) -> Refusal | None:
    """Why a ticket cannot have this subject (TKT-1)."""
    if not subject.strip():
        return Refusal("subject-missing", "TKT-1", "A ticket needs a subject: say in a few words what it is about.")
    if len(subject) > SUBJECT_LENGTH:
        text = f"A subject has at most {SUBJECT_LENGTH} characters: the rest belongs into the message."
        return Refusal("subject-too-long", "TKT-1", text)
    return None


def body_refusal(body: str) -> Refusal | None:
    """Why a message cannot have this text (TKT-6)."""
    if not body.strip():
        return Refusal("body-missing", "TKT-6", "There is nothing in the message: write what it is about.")
    if len(body) > BODY_LENGTH:
        text = f"A message has at most {BODY_LENGTH:,} characters: attach long logs as a file."
        return Refusal("body-too-long", "TKT-6", text)
    return None


def rating_refusal(ticket: TicketFacts) -> Refusal | None:
    """Why the client cannot rate it yet: it has neither been answered nor closed (TKT-5)."""
    if ticket.state in (TicketState.ANSWERED, TicketState.CLOSED) or ticket.first_answer_at is not None:
        return None
    return Refusal("not-rateable", "TKT-5", "Nobody has answered yet: rate it once there is an answer.")


def giving_access_refusal(ticket: TicketFacts) -> Refusal | None:
    """Why server access cannot be given (TKT-4): the ticket is closed, and with it the access would go."""
    if ticket.state is not TicketState.CLOSED:
        return None
    text = "This ticket is closed, and server access goes when a ticket closes: reopen it first."
    return Refusal("ticket-closed", "TKT-4", text, {"ticket_id": ticket.id})


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


def access_refusal(ticket: TicketFacts, role: str, reason: str, *, access: str = "given") -> Refusal | None:
    """Why the server access cannot be read (TKT-4): support alone, while the ticket is not closed, for a reason.

    ``access``: ``none``, ``given``, or ``wiped``.
    """
    if role != "support":
        return Refusal("forbidden", "TKT-4", "Only support reads the server access, on the ticket that it is given on.")
    if access == "none":
        return Refusal("no-access-given", "TKT-4", "The client has given no server access: ask for it in a reply.")
    if ticket.state is TicketState.CLOSED or access == "wiped":
        return Refusal("access-wiped", "TKT-4", "The server access was wiped when the ticket closed: ask for it again.")
    if not reason.strip():
        return Refusal("reason-missing", "TKT-4", "Say why you read it: every reading is logged with its reason.")
    return None


# --- what can be done with a ticket, and by whom (ORD-7 does the same for orders)

CLIENT_ACTIONS = ("reply", "close", "reopen", "rate", "give-access")
STAFF_ACTIONS = (
    *("reply", "note", "close", "reopen", "take", "assign", "hand-over", "hold", "tag", "prioritise"),
    *("merge", "unmerge", "split", "reveal-access"),
)


def ticket_actions(
    ticket: TicketFacts, role: str, now: datetime, *, login: str = "", access: str = "none", assignee: str | None = None
) -> dict[str, Refusal | None]:
    """Every action that a role has on a ticket, with why not (TKT-4, TKT-5, TKT-8).

    ``login`` is who asks, ``access`` whether server access is given, ``assignee`` who has the ticket.
    """
    merged = merged_refusal(ticket)
    is_closed = ticket.state is TicketState.CLOSED
    already = Refusal("ticket-closed", "TKT-5", "This ticket is closed already.") if is_closed else None
    is_open = None if is_closed else Refusal("ticket-not-closed", "TKT-5", "This ticket is not closed.")
    if role == "client":
        write = client_message_refusal(ticket, now)
        return {
            "reply": write,
            "close": merged or already,
            "reopen": write or is_open,
            "rate": rating_refusal(ticket),
            "give-access": merged or giving_access_refusal(ticket),
        }
    has = Refusal("already-taken", "TKT-8", "It is yours already.") if assignee and assignee == login else None
    apart = None if ticket.merged_into else Refusal("not-merged", "TKT-8", "It was not merged into another ticket.")
    return {
        "reply": merged,
        "note": merged,
        "close": merged or already,
        "reopen": merged or is_open,
        "take": merged or has,
        "assign": merged,
        "hand-over": merged,
        "hold": merged or _closed_hold(ticket),
        "tag": None,
        "prioritise": merged,
        "merge": merged,
        "unmerge": apart,
        "split": merged,
        "reveal-access": access_refusal(ticket, role, "asked", access=access),
    }


def _closed_hold(ticket: TicketFacts) -> Refusal | None:
    if ticket.state is not TicketState.CLOSED:
        return None
    return Refusal("ticket-closed", "TKT-5", "A closed ticket cannot be put on hold: reply to it first.")


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
