"""Answers about tickets held against the question: one about another ticket or message is no proof of ours (TKT)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from billtui.client.drivers.billing_v1.calling import raw
from billtui.client.drivers.billing_v1.reading import items, must, read
from billtui.client.exchange import Answer
from billtui.domain.models import (
    Account,
    Attachment,
    CannedReply,
    MessageRequest,
    Page,
    PostedMessage,
    Ticket,
    TicketChange,
    TicketMessage,
    TicketRequest,
    TicketState,
)


def ticket(answer: Answer, ticket_id: str) -> Ticket:
    """The ticket that was asked for."""
    result = read(Ticket, answer)
    must(raw(result.id) == raw(ticket_id), "id")
    return result


def messages(answer: Answer, ticket_id: str) -> Page[TicketMessage]:
    """Messages of the ticket that was asked for, each once."""
    page = read(Page[TicketMessage], answer)
    must(all(raw(one.ticket_id) == raw(ticket_id) for one in page.items), "items.ticket_id")
    must(len({raw(one.id) for one in page.items}) == len(page.items), "items.id")
    return page


def opened(answer: Answer, request: TicketRequest) -> Ticket:
    """The new ticket, about what was asked, with the department that was asked."""
    result = read(Ticket, answer)
    must(raw(result.department) == request.department, "department")
    must(request.order_id is None or raw(result.order_id or "") == request.order_id, "order_id")
    return result


def posted(answer: Answer, ticket_id: str, request: MessageRequest) -> PostedMessage:
    """The message as it was written, in this ticket; a note that came back as no note would be read by the client."""
    result = read(PostedMessage, answer)
    must(raw(result.ticket.id) == raw(ticket_id) and raw(result.message.ticket_id) == raw(ticket_id), "id")
    must(result.message.internal == request.internal, "message.internal")
    must(not request.close or result.ticket.state == TicketState.CLOSED, "ticket.state")
    return result


def changed(answer: Answer, ticket_id: str, change: TicketChange) -> Ticket:
    """The ticket, as it was to become."""
    result = ticket(answer, ticket_id)
    if change.department is not None:
        must(raw(result.department) == change.department, "department")
    if change.priority is not None:
        must(result.priority == change.priority, "priority")
    if change.assignee is not None:
        must(raw(result.assignee or "") == change.assignee, "assignee")
    if change.state is not None:
        must(result.state == change.state, "state")
    return result


def bulk(answer: Answer, ticket_ids: Sequence[str]) -> list[Ticket]:
    """Exactly the tickets that were to be changed."""
    found = items(Ticket, answer)
    must(sorted(raw(one.id) for one in found) == sorted(ticket_ids), "items.id")
    return found


def split_off(answer: Answer, ticket_id: str) -> Ticket:
    """Another ticket, split off the one that was asked for."""
    result = read(Ticket, answer)
    must(raw(result.id) != raw(ticket_id) and raw(result.split_from or "") == raw(ticket_id), "split_from")
    return result


def uploaded(answer: Answer, data: bytes) -> Attachment:
    """An attachment of this size, and with this check sum where the panel tells one."""
    result = read(Attachment, answer)
    must(result.size == len(data), "size")
    must(raw(result.sha256) in ("", hashlib.sha256(data).hexdigest()), "sha256")
    return result


def canned(answer: Answer, reply_id: str | None, title: str) -> CannedReply:
    """The canned reply that was saved."""
    result = read(CannedReply, answer)
    must(reply_id is None or raw(result.id) == raw(reply_id), "id")
    must(raw(result.title).strip() == raw(title).strip(), "title")
    return result


def account(answer: Answer, account_id: str) -> Account:
    """The account that was asked for."""
    result = read(Account, answer)
    must(raw(result.account_id) == raw(account_id), "account_id")
    return result
