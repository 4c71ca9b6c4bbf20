"""The drift guard for tickets: does a reply, a change or a merge still rest on what was seen? (TKT-5, TKT-8, TKT-9)

Part of :mod:`billtui.services.drift`, which says what a difference means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from billtui.client.errors import NotFound
from billtui.domain.models import Ticket, TicketChange, TicketState
from billtui.domain.safetext import SafeText
from billtui.services.attachments import changed_since
from billtui.services.operation_kinds import OperationKind
from billtui.services.plans import Operation
from billtui.services.ticket_params import object_of

if TYPE_CHECKING:
    from billtui.client.billing_client import BillingClient

K = OperationKind
Facts = Mapping[str, Any]
MOVED_ON = "thread-moved-on"


class Compares(Protocol):
    """Where differences are noted."""

    differences: list[str]
    code: str | None
    rule: str | None
    version: int | None


class ReadsTickets(Protocol):
    """Where fresh tickets come from."""

    async def ticket(self, ticket_id: str) -> Ticket:
        """The ticket as it is now. Raises ClientError."""
        ...


async def on_tickets(client: BillingClient, reads: ReadsTickets, fresh: Compares, operation: Operation) -> None:
    """Compare everything that an operation on tickets rests on. Raises ClientError when it cannot be read."""
    match operation.kind:
        case K.TICKET_NEW:
            await _files(fresh, operation)
        case K.TICKET_REPLY:
            await _files(fresh, operation)
            _message(fresh, operation, await reads.ticket(operation.text("ticket_id")))
        case K.TICKET_CHANGE:
            await _change(reads, fresh, operation)
        case K.TICKET_MERGE:
            await _merge(reads, fresh, operation)
        case K.TICKET_UNMERGE | K.TICKET_SPLIT:
            ticket = await reads.ticket(operation.text("ticket_id"))
            _place(fresh, _facts_of(operation, ticket), ticket)
        case K.CANNED_SAVE | K.CANNED_DELETE:
            await _canned(client, fresh, operation)
        case _:
            raise AssertionError(operation.kind)


async def _files(fresh: Compares, operation: Operation) -> None:
    """The files of a message are still those that were chosen (TKT-6)."""
    for file in operation.files():
        words = await asyncio.to_thread(changed_since, file)
        if words is not None:
            fresh.code, fresh.rule = "attachment-changed", "TKT-6"
            fresh.differences.append(words)


def _message(fresh: Compares, operation: Operation, ticket: Ticket) -> None:
    """The thread ends with what its writer saw, in a ticket that stands as it did (TKT-9).

    That it was put on hold, taken or woken up meanwhile does not concern a reply; that it was closed does.
    """
    facts, last = operation.facts, ticket.last_message_id
    if ticket.merged_into is not None:
        fresh.differences.append(f"Ticket {ticket.number} was merged into another one: answer there.")
        return
    if last is None or last.raw != operation.text("seen"):
        fresh.code, fresh.rule = MOVED_ON, "TKT-9"
        fresh.differences.append(
            "The thread has moved on since you read it: look at what is new, then send or change your reply."
        )
    closed = ticket.state == TicketState.CLOSED
    if closed != (facts.get("state") == TicketState.CLOSED.value):
        word = "closed" if closed else "reopened"
        fresh.differences.append(f"Ticket {ticket.number} was {word} meanwhile: look at it before you answer.")


async def _change(reads: ReadsTickets, fresh: Compares, operation: Operation) -> None:
    """Every ticket still stands as it was shown, as far as the change is about that (TKT-8)."""
    change, ids = operation.change(), operation.texts("ticket_ids")
    tickets = await asyncio.gather(*(_read(reads, one) for one in ids))
    for ticket_id, ticket in zip(ids, tickets, strict=True):
        if ticket is None:
            fresh.differences.append(f"Ticket {SafeText(ticket_id)} is no longer there.")
            continue
        facts = _facts_of(operation, ticket)
        _place(fresh, facts, ticket)
        _fields(fresh, facts, ticket, change)
        if len(ids) == 1:
            fresh.version = ticket.version


def _fields(fresh: Compares, facts: Facts, ticket: Ticket, change: TicketChange) -> None:
    number = ticket.number
    if change.state is not None:
        _compare(fresh, f"Ticket {number}", facts.get("state"), str(ticket.state))
        last = ticket.last_message_id
        if "last_message_id" in facts and facts["last_message_id"] != (last.raw if last is not None else None):
            fresh.code, fresh.rule = MOVED_ON, "TKT-9"
            fresh.differences.append(f"Somebody wrote to ticket {number} meanwhile: look at what is new first.")
    if change.assignee is not None:
        now = ticket.assignee.raw if ticket.assignee is not None else None
        _compare(fresh, f"Ticket {number}: who has it", facts.get("assignee") or "nobody", now or "nobody")
    if change.department is not None:
        _compare(fresh, f"The department of ticket {number}", facts.get("department"), ticket.department.raw)
    if change.priority is not None:
        _compare(fresh, f"The priority of ticket {number}", facts.get("priority"), str(ticket.priority))
    if change.subject is not None:
        _compare(fresh, f"The subject of ticket {number}", facts.get("subject"), ticket.subject.raw)


async def _merge(reads: ReadsTickets, fresh: Compares, operation: Operation) -> None:
    """All of them are of one account, and none was merged or closed meanwhile (TKT-8)."""
    ids = [*operation.texts("ticket_ids"), operation.text("into")]
    tickets = await asyncio.gather(*(_read(reads, one) for one in ids))
    found = [one for one in tickets if one is not None]
    if len(found) != len(ids):
        fresh.differences.append("One of the tickets is no longer there.")
    if len({one.account_id for one in found}) > 1:
        fresh.differences.append("The tickets are not of one account.")
    for ticket in found:
        facts = _facts_of(operation, ticket)
        _place(fresh, facts, ticket)
        _compare(fresh, f"The account of ticket {ticket.number}", facts.get("account_id"), _raw(ticket.account_id))
        if ticket.id.raw == operation.params["into"] and ticket.state == TicketState.CLOSED:
            fresh.differences.append(f"Ticket {ticket.number} was closed meanwhile: open it again first.")


def _place(fresh: Compares, facts: Facts, ticket: Ticket) -> None:
    """Whether it is still a ticket of its own, or still merged into the same one."""
    if facts.get("merged_into") != _raw(ticket.merged_into):
        word = "merged into another one" if ticket.merged_into is not None else "taken out of the other one again"
        fresh.differences.append(f"Ticket {ticket.number} was {word} meanwhile.")


async def _canned(client: BillingClient, fresh: Compares, operation: Operation) -> None:
    """A canned reply still says what it said; a new one rests on nothing."""
    reply_id = operation.params.get("reply_id")
    if reply_id is None:
        return
    reply = next((one for one in await client.staff.canned_replies() if one.id.raw == reply_id), None)
    if reply is None:
        fresh.differences.append("The canned reply is no longer there.")
        return
    facts = operation.facts
    if (reply.title.raw, reply.body.raw) != (facts.get("title"), facts.get("body")):
        fresh.differences.append(f"The canned reply “{reply.title}” was changed by somebody else: look at it first.")
    fresh.version = reply.version


async def _read(reads: ReadsTickets, ticket_id: str) -> Ticket | None:
    try:
        return await reads.ticket(ticket_id)
    except NotFound:
        return None


def _facts_of(operation: Operation, ticket: Ticket) -> Facts:
    return object_of(object_of(operation.facts.get("tickets")).get(ticket.id.raw))


def _compare(fresh: Compares, what: str, before: object, now: object) -> None:
    if before != now:
        fresh.differences.append(f"{what} was {_shown(before)}, now it is {_shown(now)}.")


def _shown(value: object) -> SafeText:
    return SafeText("unknown" if value is None else str(value))


def _raw(value: SafeText | None) -> str | None:
    return value.raw if value is not None else None
