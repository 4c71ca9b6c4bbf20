"""Plans that write to tickets: a new one, a reply, a note (TKT-1, TKT-6, TKT-9).

What they write is sealed in the plan, see :mod:`billtui.services.ticket_params`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from billtui.domain.models import Account, Department, Ticket, TicketState
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules import tickets as rules
from billtui.domain.rules.canned import placeholders_in
from billtui.domain.rules.tickets import TicketFacts
from billtui.domain.safetext import SafeText
from billtui.services.journal.rows import Busy
from billtui.services.planner.draft import Draft
from billtui.services.planner.facts import facts_of_ticket
from billtui.services.plans import OperationKind, Plan
from billtui.services.ticket_params import SEAL, AttachedFile, seal

K = OperationKind

STAFF: Final = frozenset({"support", "admin"})
"""Roles that write notes and triage (TKT-8)."""
_SUBJECT_SHOWN: Final = 60


def new_ticket(
    account: Account,
    *,
    department: str,
    subject: str,
    body: str,
    order_id: str | None = None,
    invoice_id: str | None = None,
    account_id: str | None = None,
    attachments: Sequence[AttachedFile] = (),
    number: int = 1,
    departments: Sequence[Department] | None = None,
    placeholders: Iterable[str] = (),
    policy: Policy = DEFAULT_POLICY,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Write a new ticket (TKT-1). ``number`` is its draft's: one draft is sent once at a time.

    ``account_id`` is for staff: whose ticket it shall be. ``departments``, where known, are those that the panel has.
    ``placeholders``: see :func:`reply`.
    """
    draft = Draft(account, K.TICKET_NEW, profile, busy or {})
    target = f"new-ticket:{number}"
    title = f"New ticket: {_short(subject)}" if subject.strip() else "New ticket"
    known = None if departments is None else [one.id.raw for one in departments]
    refusal: Refusal | None = None
    if not department or (known is not None and department not in known):
        refusal = Refusal("unknown-department", "TKT-1", "Choose the department that it is written to.")
    elif (wrong := rules.subject_refusal(subject)) is not None:
        refusal = wrong
    elif account_id is not None and account.role.raw not in STAFF:
        refusal = Refusal("forbidden", "TKT-8", "Only support opens tickets for somebody else.")
    else:
        refusal = text_refusal(body, attachments, placeholders, policy)
    if draft.taken([target], title):
        return draft.plan(title)
    if refusal is not None:
        draft.refuse(target, title, refusal)
        return draft.plan(title)
    params: dict[str, JsonValue] = {
        "department": department,
        "subject": subject,
        "body": body,
        "attachments": [one.param() for one in attachments],
    }
    about = {"order_id": order_id, "invoice_id": invoice_id, "account_id": account_id}
    params |= {name: value for name, value in about.items() if value is not None}
    draft.add(K.TICKET_NEW, [target], title, params=params, facts={SEAL: seal(K.TICKET_NEW, params)}, holdable=True)
    return draft.plan(title)


def reply(
    account: Account,
    ticket: Ticket,
    body: str,
    *,
    seen: str | None,
    internal: bool = False,
    close: bool = False,
    attachments: Sequence[AttachedFile] = (),
    placeholders: Iterable[str] = (),
    policy: Policy = DEFAULT_POLICY,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Answer ``ticket`` (which is as it is now), or write a note on it (``internal``), closing it with it or not.

    ``seen`` is the raw id of the last message that the writer saw: where the thread has moved on the reply is left out
    with ``thread-moved-on`` (TKT-9). A note goes at once; a reply can be held back. ``placeholders`` are names of
    canned replies' placeholders that were put in: where one still stands in the body, the reply is left out with
    ``unresolved-placeholder`` (TKT-8).
    """
    draft = Draft(account, K.TICKET_REPLY, profile, busy or {})
    target = f"ticket:{ticket.id.raw}"
    verb = "Note on" if internal else "Answer and close" if close else "Answer"
    title = f"{verb} {title_of(ticket)}"
    refusal = _reply_refusal(account, ticket, seen, internal=internal, close=close)
    refusal = refusal or text_refusal(body, attachments, placeholders, policy)
    if draft.taken([target], title):
        return draft.plan(title)
    if refusal is not None or seen is None:
        draft.refuse(target, title, refusal or _moved_on(ticket))
        return draft.plan(title)
    params: dict[str, JsonValue] = {
        "ticket_id": ticket.id.raw,
        "body": body,
        "attachments": [one.param() for one in attachments],
        "internal": internal,
        "seen": seen,
        "close": close,
    }
    facts = facts_of_ticket(ticket) | {SEAL: seal(K.TICKET_REPLY, params)}
    draft.add(K.TICKET_REPLY, [target], title, params=params, facts=facts, holdable=not internal)
    return draft.plan(title)


def text_refusal(
    body: str,
    attachments: Sequence[AttachedFile] = (),
    placeholders: Iterable[str] = (),
    policy: Policy = DEFAULT_POLICY,
) -> Refusal | None:
    """Why this text with these files cannot be sent (TKT-6, TKT-8)."""
    refusal = rules.body_refusal(body)
    if refusal is not None:
        return refusal
    put_in = set(placeholders)
    left = [name for name in placeholders_in(body) if name in put_in] if put_in else []
    if left:
        words = f"“{{{SafeText(left[0])}}}” is not filled in yet: put the right words there, or take it out."
        return Refusal("unresolved-placeholder", "TKT-8", words, {"placeholder": left[0]})
    return rules.attachments_refusal((one.size for one in attachments), policy)


def _reply_refusal(
    account: Account, ticket: Ticket, seen: str | None, *, internal: bool, close: bool
) -> Refusal | None:
    about = {"ticket_id": ticket.id.raw}
    staff = account.role.raw in STAFF
    if internal and not staff:
        return Refusal("forbidden", "TKT-6", "Only support writes notes.", about)
    if internal and close:
        return Refusal("forbidden", "TKT-6", "A note closes nothing: close the ticket by itself.", about)
    merged = merged_refusal(ticket)
    if merged is not None:
        return merged
    named = action_refusal(ticket, "note" if internal else "reply")
    if named is not None:
        return named
    if close and not internal:
        named = action_refusal(ticket, "close") if ticket.state != TicketState.CLOSED else None
    if named is not None:
        return named
    last = ticket.last_message_id
    return _moved_on(ticket) if last is None or last.raw != seen else None


def _moved_on(ticket: Ticket) -> Refusal:
    refusal = rules.moved_on_refusal(ticket_facts(ticket), None)
    assert refusal is not None  # nothing was seen
    return refusal


def merged_refusal(ticket: Ticket) -> Refusal | None:
    """Why nothing is done to a ticket that was merged into another one: its thread goes on there (TKT-8)."""
    return rules.merged_refusal(ticket_facts(ticket))


def ticket_facts(ticket: Ticket) -> TicketFacts:
    """A ticket as far as the rules look at it."""
    last = ticket.last_message_id
    return TicketFacts(
        id=ticket.id.raw,
        department=ticket.department.raw,
        state=state_of(ticket),
        created_at=ticket.created_at,
        last_client_message_at=ticket.last_client_message_at or ticket.created_at,
        last_message_id=last.raw if last is not None else "",
        first_answer_at=ticket.first_answer_at,
        closed_at=ticket.closed_at,
        hold_until=ticket.hold_until,
        merged_into=ticket.merged_into.raw if ticket.merged_into is not None else None,
    )


def state_of(ticket: Ticket) -> TicketState:
    """Its state; one that is not known here counts as open, and the panel decides."""
    return TicketState(str(ticket.state)) if ticket.state in set(TicketState) else TicketState.OPEN


def action_refusal(ticket: Ticket, action: str) -> Refusal | None:
    """Why the panel does not allow ``action`` on ``ticket``, in its words; ``None`` where it does, or does not say."""
    for one in ticket.actions:
        if one.action == action and not one.allowed:
            return Refusal(
                str(one.code or "refused"), str(one.rule or "TKT-5"), str(one.reason or "The panel does not allow it."),
                {"ticket_id": ticket.id.raw}, one.available_from,
            )  # fmt: skip
    return None


def title_of(ticket: Ticket) -> str:
    """``T-1042: Disk is full``, short enough for a line."""
    return f"{ticket.number}: {_short(ticket.subject.raw)}"


def _short(text: str) -> str:
    words = str(SafeText(" ".join(text.split())))
    return words if len(words) <= _SUBJECT_SHOWN else f"{words[: _SUBJECT_SHOWN - 1].rstrip()}…"
