"""What support does with tickets besides answering: assigning, tagging, merging, taking apart (TKT-8)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from billtui.domain.models.tickets import TicketState
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.roles import STAFF
from billtui.domain.rules.tickets import TicketFacts, hold_refusal

TAG_LENGTH = 30
"""Longest tag, in characters."""
MOST_TAGS = 20
"""Tags that one ticket may have."""
_TAG = re.compile(r"[^\W_][\w.:+-]*\Z")


# --- changing


def colleague_refusal(login: str, roles: Mapping[str, str]) -> Refusal | None:
    """Why a ticket cannot be given to ``login``: only staff works on tickets (TKT-8). ``roles`` by login."""
    if roles.get(login) in STAFF:
        return None
    text = f"Nobody on the staff has the login “{login[:60]}”: choose a colleague."
    return Refusal("no-such-colleague", "TKT-8", text)


def tag_of(text: str) -> str:
    """A tag as it is kept: lower case, without ``#`` and spaces around."""
    return text.strip().removeprefix("#").casefold()


def tags_refusal(there: Iterable[str], add: Sequence[str], remove: Sequence[str]) -> Refusal | None:
    """Why the tags cannot become so (TKT-8)."""
    for text in (*add, *remove):
        tag = tag_of(text)
        if len(tag) > TAG_LENGTH or not _TAG.match(tag):
            reason = f"“{text[:40]}” is no tag: one word of up to {TAG_LENGTH} letters, digits, - _ . : or +."
            return Refusal("bad-tag", "TKT-8", reason)
    if len(tags_after(there, add, remove)) > MOST_TAGS:
        return Refusal("too-many-tags", "TKT-8", f"A ticket has up to {MOST_TAGS} tags: take some away first.")
    return None


def tags_after(there: Iterable[str], add: Sequence[str], remove: Sequence[str]) -> list[str]:
    """The tags afterwards, each once, in order of the alphabet; what is added and removed at once is gone."""
    return sorted((set(there) | {tag_of(one) for one in add}) - {tag_of(one) for one in remove})


def state_refusal(
    ticket: TicketFacts, wanted: TicketState, hold_until: datetime | None, now: datetime
) -> Refusal | None:
    """Why staff cannot bring a ticket into that state (TKT-5, TKT-8).

    Staff opens a closed ticket again at any time; that it is answered comes of an answer alone.
    """
    if wanted is TicketState.ANSWERED:
        return Refusal("answer-it", "TKT-5", "A ticket becomes answered by an answer: write one.")
    if wanted is TicketState.ON_HOLD:
        if hold_until is None:
            return Refusal("hold-in-the-past", "TKT-5", "A hold needs the time at which it ends: say until when.")
        return hold_refusal(ticket, hold_until, now)
    return None


# --- merging and taking apart


@dataclass(frozen=True, slots=True)
class Mergeable:
    """A ticket as far as merging goes."""

    id: str
    number: str
    account_id: str
    state: TicketState
    merged_into: str | None = None


def merge_refusals(
    sources: Sequence[Mergeable], into: Mergeable, policy: Policy = DEFAULT_POLICY
) -> list[tuple[Mergeable, Refusal]]:
    """Which tickets cannot be merged into ``into``, each with its reason; empty where all can (TKT-8).

    A ticket that holds merged ones may go on into another; what is merged away is worked on where it went.
    """
    if into.merged_into is not None:
        text = f"Ticket {into.number} was merged into another one itself: choose that one."
        return [(into, _no(text, into.merged_into))]
    if into.state is TicketState.CLOSED:
        return [
            (into, _no(f"Ticket {into.number} is closed: open it again before others are merged into it.", into.id))
        ]
    found: list[tuple[Mergeable, Refusal]] = []
    for one in sources:
        if one.account_id != into.account_id:
            text = f"Ticket {one.number} is of another account: only tickets of one account can be merged."
            found.append((one, _no(text, one.id)))
        elif one.merged_into is not None:
            text = f"Ticket {one.number} was merged already: take it out of there first."
            found.append((one, _no(text, one.merged_into)))
    return found


def sources_refusal(sources: Sequence[str], into: str, policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """Why there is nothing to merge, or too much (TKT-8); ``sources`` are the ids without ``into``."""
    if not sources:
        return _no("A ticket cannot be merged into itself: choose another one too.", into)
    if len(sources) > policy.tickets_a_merge:
        return _no(f"At most {policy.tickets_a_merge} tickets are merged at a time: merge some of them first.", into)
    return None


def tickets_refused(refused: Sequence[tuple[str, Refusal]], asked: int) -> Refusal:
    """The answer to a change of ``asked`` tickets of which some, by number, cannot be: none is changed (TKT-8)."""
    if len(refused) == 1:
        return refused[0][1]
    numbers = ", ".join(number for number, _ in refused[:5])
    more = f" and {len(refused) - 5} more" if len(refused) > 5 else ""
    text = (
        f"{len(refused)} of {asked} tickets cannot be changed so: {numbers}{more}. Nothing was changed; leave them out."
    )
    return Refusal("tickets-refused", "TKT-8", text)


def unmerge_refusal(ticket: Mergeable, target: Mergeable | None) -> Refusal | None:
    """Why a ticket cannot be taken out of the one that it was merged into (TKT-8); ``target`` is that one."""
    if ticket.merged_into is None or target is None:
        text = f"Ticket {ticket.number} is not merged into another one: there is nothing to take apart."
        return Refusal("not-merged", "TKT-8", text, {"ticket_id": ticket.id})
    if target.merged_into is not None:
        text = f"Ticket {target.number}, which holds it, was merged itself: take that one out first."
        return _no(text, target.id)
    return None


@dataclass(frozen=True, slots=True)
class Splittable:
    """A message as far as splitting goes."""

    id: str
    author_role: str
    merged_from: str | None = None
    internal: bool = False


def split_refusal(thread: Sequence[Splittable], chosen: Sequence[str], ticket_id: str) -> Refusal | None:
    """Why these messages cannot become a ticket of their own (TKT-8).

    One of its own at least goes and one stays that the client can read, the panel's words apart; what came with a
    merged ticket goes back with that ticket.
    """
    there = {one.id: one for one in thread}
    unknown = [one for one in chosen if one not in there]
    about = {"ticket_id": ticket_id}

    def no(text: str, **more: str) -> Refusal:
        return Refusal("not-splittable", "TKT-8", text, {**about, **more})

    if unknown:
        return no(f"Message {unknown[0][:40]} is not in this thread.")
    taken = [there[one] for one in dict.fromkeys(chosen)]
    own = [one for one in thread if one.author_role != "panel" and not one.internal and one.merged_from is None]
    for one in taken:
        if one.merged_from is not None:
            text = "A message came with a ticket that was merged: take that ticket out as a whole instead."
            return no(text, message_id=one.id)
        if one.author_role == "panel":
            return no("What the panel wrote belongs to this ticket: leave it out.", message_id=one.id)
    if not taken:
        return no("No message is chosen: choose those that are about the other problem.")
    going = sum(not one.internal for one in taken)
    if not going:
        return no("Only notes are chosen, and the client would see a ticket with nothing in it: choose a message too.")
    if going == len(own):
        return no("All that the client can read is chosen, which would leave nothing here: leave one message.")
    return None


def _no(text: str, ticket_id: str) -> Refusal:
    return Refusal("not-mergeable", "TKT-8", text, {"ticket_id": ticket_id})
