"""Plans that change tickets: close, reopen, take, assign, hand over, hold, tag, rate, merge, split; canned replies.

What is possible is decided as the panel says it in a ticket's actions, else by the rules that are known here (TKT-5,
TKT-8). A change of many tickets is one request of up to 1,000, which the panel takes all or none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from pydantic import JsonValue

from billtui.domain.models import Account, CannedReply, Ticket, TicketChange, TicketMessage, TicketState
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules import canned
from billtui.domain.rules import ticket_desk as desk_rules
from billtui.domain.rules import tickets as ticket_rules
from billtui.domain.rules.facts import format_when
from billtui.domain.rules.ticket_desk import Mergeable
from billtui.domain.safetext import SafeText
from billtui.services.journal.rows import Busy
from billtui.services.planner.draft import Draft, counted
from billtui.services.planner.facts import facts_of_ticket
from billtui.services.planner.purchases import in_requests
from billtui.services.planner.tickets import (
    STAFF,
    action_refusal,
    merged_refusal,
    state_of,
    ticket_facts,
    title_of,
)
from billtui.services.plans import OperationKind, Plan
from billtui.services.ticket_params import MOST_TICKETS

K = OperationKind
_CLIENTS: Final = frozenset({"state", "rating", "rating_comment"})
"""What a client may change."""
_ANYWHERE: Final = frozenset({"tags_add", "tags_remove", "rating", "rating_comment"})
"""What can be changed of a ticket that was merged into another one as well."""


def change_tickets(
    account: Account,
    tickets: Sequence[Ticket],
    change: TicketChange,
    *,
    now: datetime | None = None,
    policy: Policy = DEFAULT_POLICY,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Change every one of ``tickets`` alike (TKT-5, TKT-8). One that is so already, or may not, is left out."""
    draft = Draft(account, K.TICKET_CHANGE, profile, busy or {})
    moment = now or datetime.now(UTC)
    what = words_of(change)
    chosen: list[Ticket] = []
    for ticket in tickets:
        target, title = f"ticket:{ticket.id.raw}", title_of(ticket)
        if draft.taken([target], title):
            continue
        refusal = change_refusal(account, ticket, change, moment, policy)
        if refusal is not None:
            draft.refuse(target, title, refusal)
        else:
            chosen.append(ticket)
    # A client has no bulk change (TKT-8): each of its tickets is a request of its own.
    most = min(MOST_TICKETS, policy.tickets_a_bulk) if account.role.raw in STAFF else 1
    for start in range(0, len(chosen), most):
        part = chosen[start : start + most]
        ids = [one.id.raw for one in part]
        whom = title_of(part[0]) if len(part) == 1 else counted(len(part), "ticket")
        wire: dict[str, JsonValue] = change.on_wire()
        draft.add(
            K.TICKET_CHANGE,
            [f"ticket:{one}" for one in ids],
            f"{what}: {whom}",
            params={"ticket_ids": list(ids), "change": wire},
            facts={"tickets": {one.id.raw: facts_of_ticket(one) for one in part}},
            holdable=change.state is TicketState.CLOSED,
        )
    several = in_requests(len(draft.operations))
    return draft.plan(draft.named(f"{what}: {counted(len(chosen), 'ticket')}{several}"))


def words_of(change: TicketChange) -> str:
    """What a change does, in a few words: ``Close``, ``Assign to ada.desk, priority high``."""
    words: list[str] = []
    if change.state is not None:
        until = f" until {format_when(change.hold_until)}" if change.hold_until is not None else ""
        named = {TicketState.CLOSED: "close", TicketState.OPEN: "reopen", TicketState.ON_HOLD: f"hold{until}"}
        words.append(named.get(change.state, f"state {change.state}"))
    if change.department is not None:
        words.append(f"hand over to {SafeText(change.department)}")
    if change.assignee is not None:
        words.append(f"assign to {SafeText(change.assignee)}" if change.assignee else "give back")
    if change.priority is not None:
        words.append(f"priority {change.priority}")
    if change.subject is not None:
        words.append(f"subject “{SafeText(change.subject)}”")
    words += [f"tag {SafeText(one)}" for one in change.tags_add] + [
        f"untag {SafeText(one)}" for one in change.tags_remove
    ]
    if change.rating is not None:
        words.append(f"rate {change.rating} of 5")
    line = ", ".join(words) or "change"
    return line[:1].upper() + line[1:]


def change_refusal(
    account: Account, ticket: Ticket, change: TicketChange, now: datetime, policy: Policy = DEFAULT_POLICY
) -> Refusal | None:
    """Why ``change`` cannot be made on ``ticket`` (TKT-5, TKT-8), the panel's own words first."""
    about = {"ticket_id": ticket.id.raw}
    if not change.on_wire():
        return Refusal("nothing-to-do", "TKT-8", "Nothing is to be changed.", about)
    if account.role.raw not in STAFF:
        beyond = change.on_wire().keys() - _CLIENTS
        if beyond or change.state not in (None, TicketState.CLOSED):
            words = "Only support changes that. A message reopens a ticket for 14 days after it was closed."
            return Refusal("forbidden", "TKT-8", words, about)
    if _is_so(ticket, change):
        return Refusal("nothing-to-do", "TKT-8", "It is so already.", about)
    for action in _actions(account, ticket, change):
        refusal = action_refusal(ticket, action)
        if refusal is not None:
            return refusal
    return _known_refusal(ticket, change, now, policy)


def _known_refusal(ticket: Ticket, change: TicketChange, now: datetime, policy: Policy) -> Refusal | None:
    facts = ticket_facts(ticket)
    refusal = merged_refusal(ticket) if change.on_wire().keys() - _ANYWHERE else None
    if refusal is None and change.state is not None:
        refusal = desk_rules.state_refusal(facts, change.state, change.hold_until, now)
    if refusal is None and (change.tags_add or change.tags_remove):
        there = [one.raw for one in ticket.tags]
        refusal = desk_rules.tags_refusal(there, change.tags_add, change.tags_remove)
    if change.subject is not None:
        refusal = refusal or ticket_rules.subject_refusal(change.subject)
    if change.rating is not None:
        refusal = refusal or ticket_rules.rating_refusal(facts)
    return refusal


def _is_so(ticket: Ticket, change: TicketChange) -> bool:
    """Whether everything that was asked for is so already."""
    tags = {one.raw for one in ticket.tags}
    same = [
        change.state is None or (ticket.state == change.state and change.hold_until in (None, ticket.hold_until)),
        change.department is None or ticket.department.raw == change.department,
        change.assignee is None or (ticket.assignee.raw if ticket.assignee is not None else "") == change.assignee,
        change.priority is None or ticket.priority == change.priority,
        change.subject is None or ticket.subject.raw == change.subject,
        desk_rules.tags_after(tags, change.tags_add, change.tags_remove) == sorted(tags),
        change.rating is None
        or (ticket.rating, ticket.rating_comment.raw) == (change.rating, change.rating_comment or ""),
    ]
    return all(same)


def _actions(account: Account, ticket: Ticket, change: TicketChange) -> list[str]:
    """Under which of a ticket's actions the panel says whether it allows this."""
    found: list[str] = []
    if change.state is TicketState.CLOSED:
        found.append("close")
    elif change.state is TicketState.OPEN and ticket.state == TicketState.CLOSED:  # else it ends a hold
        found.append("reopen")
    elif change.state is TicketState.ON_HOLD:
        found.append("hold")
    if change.department is not None:
        found.append("hand-over")
    if change.assignee is not None:
        found.append("take" if change.assignee == account.login.raw else "assign")
    if change.priority is not None:
        found.append("prioritise")
    if change.tags_add or change.tags_remove:
        found.append("tag")
    if change.rating is not None:
        found.append("rate")
    return found


def merge(
    account: Account,
    tickets: Sequence[Ticket],
    into: Ticket,
    *,
    policy: Policy = DEFAULT_POLICY,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Merge ``tickets`` into one of the same account; it can be undone (TKT-8). Another account's is left out."""
    draft = Draft(account, K.TICKET_MERGE, profile, busy or {})
    main = f"ticket:{into.id.raw}"
    whole = _staff_only(account) or action_refusal(into, "merge")
    if draft.taken([main], title_of(into)):
        return draft.plan("Merge nothing")
    chosen: list[Ticket] = []
    for ticket in tickets:
        target, title = f"ticket:{ticket.id.raw}", title_of(ticket)
        if draft.taken([target], title):
            continue
        refusal = whole or action_refusal(ticket, "merge") or _merge_refusal(ticket, into, policy)
        if refusal is None and len(chosen) == policy.tickets_a_merge:
            ids = [one.id.raw for one in (*chosen, ticket)]
            refusal = desk_rules.sources_refusal(ids, into.id.raw, policy)
        if refusal is not None:
            draft.refuse(target, title, refusal)
        else:
            chosen.append(ticket)
    if not chosen:
        return draft.plan("Merge nothing")
    ids = [one.id.raw for one in chosen]
    what = title_of(chosen[0]) if len(chosen) == 1 else counted(len(chosen), "ticket")
    title = f"Merge {what} into {title_of(into)}"
    facts: dict[str, JsonValue] = {one.id.raw: facts_of_ticket(one) for one in (*chosen, into)}
    draft.add(
        K.TICKET_MERGE,
        [main, *(f"ticket:{one}" for one in ids)],
        title,
        params={"ticket_ids": list(ids), "into": into.id.raw},
        facts={"tickets": facts},
    )
    return draft.plan(title)


def _merge_refusal(ticket: Ticket, into: Ticket, policy: Policy) -> Refusal | None:
    found = desk_rules.merge_refusals([_mergeable(ticket)], _mergeable(into), policy)
    return found[0][1] if found else None


def _mergeable(ticket: Ticket) -> Mergeable:
    account, merged = ticket.account_id, ticket.merged_into
    return Mergeable(
        ticket.id.raw, str(ticket.number), account.raw if account is not None else "", state_of(ticket),
        merged.raw if merged is not None else None,
    )  # fmt: skip


def unmerge(account: Account, ticket: Ticket, *, busy: Mapping[str, Busy] | None = None, profile: str = "") -> Plan:
    """Give a ticket that was merged away its own messages back (TKT-8)."""
    draft = Draft(account, K.TICKET_UNMERGE, profile, busy or {})
    target, title = f"ticket:{ticket.id.raw}", f"Take {title_of(ticket)} out again"
    refusal = _staff_only(account) or action_refusal(ticket, "unmerge")
    if refusal is None and ticket.merged_into is None:
        refusal = desk_rules.unmerge_refusal(_mergeable(ticket), None)
    if not draft.taken([target], title):
        if refusal is not None:
            draft.refuse(target, title, refusal)
        else:
            facts: dict[str, JsonValue] = {"tickets": {ticket.id.raw: facts_of_ticket(ticket)}}
            draft.add(K.TICKET_UNMERGE, [target], title, params={"ticket_id": ticket.id.raw}, facts=facts)
    return draft.plan(title)


def split(
    account: Account,
    ticket: Ticket,
    messages: Sequence[TicketMessage],
    *,
    subject: str,
    department: str,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Make a new ticket of some messages of one: one problem per ticket (TKT-3)."""
    draft = Draft(account, K.TICKET_SPLIT, profile, busy or {})
    target = f"ticket:{ticket.id.raw}"
    title = f"Split {counted(len(messages), 'message')} off {title_of(ticket)}"
    refusal = _staff_only(account) or action_refusal(ticket, "split")
    refusal = refusal or ticket_rules.subject_refusal(subject)
    if refusal is None and not department:
        refusal = Refusal("unknown-department", "TKT-1", "Choose the department of the new ticket.")
    if refusal is None and not messages:
        refusal = Refusal("body-missing", "TKT-8", "Mark the messages that belong to the new ticket.")
    if not draft.taken([target], title):
        if refusal is not None:
            draft.refuse(target, title, refusal)
        else:
            params: dict[str, JsonValue] = {
                "ticket_id": ticket.id.raw,
                "message_ids": [one.id.raw for one in messages],
                "subject": subject.strip(),
                "department": department,
            }
            facts: dict[str, JsonValue] = {"tickets": {ticket.id.raw: facts_of_ticket(ticket)}}
            draft.add(K.TICKET_SPLIT, [target], title, params=params, facts=facts)
    return draft.plan(title)


def save_canned(
    account: Account,
    *,
    title: str,
    body: str,
    reply: CannedReply | None = None,
    department: str | None = None,
    language: str = "en",
    number: int = 1,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Make a canned reply, or change ``reply`` as it was read (TKT-8). ``number`` tells new ones apart."""
    draft = Draft(account, K.CANNED_SAVE, profile, busy or {})
    target = f"canned:{reply.id.raw}" if reply is not None else f"new-canned:{number}"
    name = f"{'Change' if reply is not None else 'New'} canned reply: {SafeText(title.strip())}"
    refusal = _staff_only(account)
    refusal = refusal or canned.title_refusal(title) or canned.body_refusal(body)
    if not draft.taken([target], name):
        if refusal is not None:
            draft.refuse(target, name, refusal)
        else:
            params: dict[str, JsonValue] = {"title": title.strip(), "body": body, "language": language}
            params |= {"department": department} if department is not None else {}
            params |= {"reply_id": reply.id.raw} if reply is not None else {}
            draft.add(K.CANNED_SAVE, [target], name, params=params, facts=_facts_of_canned(reply))
    return draft.plan(name)


def delete_canned(
    account: Account, reply: CannedReply, *, busy: Mapping[str, Busy] | None = None, profile: str = ""
) -> Plan:
    """Delete a canned reply, as it was read (TKT-8)."""
    draft = Draft(account, K.CANNED_DELETE, profile, busy or {})
    target, name = f"canned:{reply.id.raw}", f"Delete canned reply: {reply.title}"
    refusal = _staff_only(account)
    if not draft.taken([target], name):
        if refusal is not None:
            draft.refuse(target, name, refusal)
        else:
            params: dict[str, JsonValue] = {"reply_id": reply.id.raw}
            draft.add(K.CANNED_DELETE, [target], name, params=params, facts=_facts_of_canned(reply))
    return draft.plan(name)


def _facts_of_canned(reply: CannedReply | None) -> dict[str, JsonValue]:
    return {} if reply is None else {"version": reply.version, "title": reply.title.raw, "body": reply.body.raw}


def _staff_only(account: Account) -> Refusal | None:
    return None if account.role.raw in STAFF else Refusal("forbidden", "TKT-8", "Only support does that.")
