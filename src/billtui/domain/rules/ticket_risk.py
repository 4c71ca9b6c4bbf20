"""What support should answer next, and why (TKT-7, TKT-10): open tickets by the instant until which each can wait.

A first answer has its instant from the service level. Whoever has written again after our last word has none there and
waits for it all the same: the next answer is given four times as long as the first. Priority and money at stake move
that instant. No part of it depends on the present: a list in this order does not stir as time passes, only its words
do, and an instant that was worked out once can be kept until the ticket changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from billtui.domain.models.tickets import TicketState
from billtui.domain.money import Money
from billtui.domain.periods import shifted
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.rules.tickets import Priority, time_left

NEXT_ANSWER_FACTOR = 4
"""An answer after the first one may take so many times as long as the first."""
BROUGHT_FORWARD = {
    Priority.SERVICE_DOWN: timedelta(hours=8),
    Priority.HIGH: timedelta(hours=1),
    Priority.NORMAL: timedelta(0),
    Priority.LOW: timedelta(hours=-4),
}
"""How much sooner than its deadline alone would say a ticket is looked at, by priority."""
STAKE_STEPS = (
    (Decimal(1000), timedelta(minutes=60)),
    (Decimal(300), timedelta(minutes=30)),
    (Decimal(100), timedelta(minutes=15)),
    (Decimal(30), timedelta(minutes=5)),
)
"""The same by what its account pays a month for what it is about: from so much on, so much sooner."""


class Why(StrEnum):
    """What makes a ticket urgent."""

    MISSED = "missed"
    """The service level is missed."""
    DUE = "due"
    """The first answer is owed."""
    DOWN = "down"
    HIGH = "high"
    LOW = "low"
    """Nothing: it can wait longer than others."""
    WAITING = "waiting"
    """The client wrote again after our last word."""
    STAKE = "stake"


@dataclass(frozen=True, slots=True)
class RiskFacts:
    """A ticket as far as its urgency goes."""

    id: str
    department: str
    state: TicketState
    priority: Priority
    last_client_at: datetime
    """When the client last wrote."""
    answer_due_at: datetime | None = None
    """When the first answer is due; ``None`` once it was given."""
    last_staff_at: datetime | None = None
    """When support last answered."""
    at_stake: Money | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, in a few words that fit into a row."""

    why: Why
    words: str


def act_by(ticket: RiskFacts, policy: Policy = DEFAULT_POLICY) -> datetime | None:
    """Until when it can wait, all things weighed; ``None`` where support does not have to act.

    Not a promise to the client: that is :attr:`RiskFacts.answer_due_at`.
    """
    if ticket.state is not TicketState.OPEN:
        return None
    return shifted(answer_by(ticket, policy), -BROUGHT_FORWARD[ticket.priority] - _for_stake(ticket.at_stake))


def answer_by(ticket: RiskFacts, policy: Policy = DEFAULT_POLICY) -> datetime:
    """When the next answer should be there, by time alone: first answer or a later one (TKT-10)."""
    if ticket.answer_due_at is not None:
        return ticket.answer_due_at
    first = policy.first_answer.get(ticket.department, policy.first_answer_otherwise)
    return policy.support_hours.after(ticket.last_client_at, first * NEXT_ANSWER_FACTOR)


def reasons(ticket: RiskFacts, now: datetime, policy: Policy = DEFAULT_POLICY) -> tuple[Reason, ...]:
    """Why it stands where it does, the weightiest first; empty where support does not have to act.

    Times in the words are open time (TKT-10); what waits is counted by the clock, as the client counts.
    """
    if ticket.state is not TicketState.OPEN:
        return ()
    found: list[tuple[timedelta, Reason]] = []
    if ticket.answer_due_at is not None:
        found.append(_about_first_answer(ticket.answer_due_at, now, policy))
    else:
        waited = max(timedelta(0), now - ticket.last_client_at)
        late = now - answer_by(ticket, policy)
        words = "waits {} since our last word" if ticket.last_staff_at is not None else "waits {} for us"
        found.append((late, Reason(Why.WAITING, words.format(span(waited)))))
    match ticket.priority:
        case Priority.SERVICE_DOWN:
            found.append((BROUGHT_FORWARD[ticket.priority], Reason(Why.DOWN, "service down")))
        case Priority.HIGH:
            found.append((BROUGHT_FORWARD[ticket.priority], Reason(Why.HIGH, "high priority")))
        case Priority.LOW:
            found.append((timedelta.min, Reason(Why.LOW, "low priority")))
    stake = _for_stake(ticket.at_stake)
    if stake and ticket.at_stake is not None:
        found.append((stake, Reason(Why.STAKE, f"{ticket.at_stake} a month at stake")))
    found.sort(key=lambda one: one[0], reverse=True)
    return tuple(reason for _, reason in found)


def span(length: timedelta) -> str:
    """A length of time in at most 6 characters: ``45 s``, ``12 min``, ``3 h 05``, ``2 d``; a day from 48 hours on."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 10:
        return f"{hours} h {minutes % 60:02}"
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"


def _about_first_answer(due: datetime, now: datetime, policy: Policy) -> tuple[timedelta, Reason]:
    left = time_left(due, now, policy)
    if now > due:
        # What is broken already outweighs everything that only brings forward.
        return timedelta.max, Reason(Why.MISSED, f"first answer {span(-left)} late")
    return timedelta(hours=2) - left, Reason(Why.DUE, f"first answer due in {span(left)}")


def _for_stake(stake: Money | None) -> timedelta:
    if stake is None:
        return timedelta(0)
    return next((sooner for least, sooner in STAKE_STEPS if stake.amount >= least), timedelta(0))
