"""Calls on tickets, their messages, attachments and server access, and what staff works with (TKT)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from billtui.client.drivers import Query
from billtui.client.drivers.billing_v1 import ticket_checks as checks
from billtui.client.drivers.billing_v1.calling import NO_CONTENT, PREFIX, Calling, nothing, raw
from billtui.client.drivers.billing_v1.problems import explain_answer
from billtui.client.drivers.billing_v1.reading import items, read
from billtui.client.exchange import Call, Exchange, Kind, Upload, segment
from billtui.client.settings import Write
from billtui.domain.models import (
    Account,
    Attachment,
    CannedReply,
    Department,
    Doing,
    MessageRequest,
    Page,
    PostedMessage,
    Presence,
    RevealedAccess,
    ShiftSummary,
    Ticket,
    TicketChange,
    TicketMessage,
    TicketRequest,
)

UPLOAD_SECONDS = 300.0
"""Deadline of an upload or a download of an attachment."""
PRESENCE_SECONDS = 5.0
"""Advice that comes late is none."""


class TicketCalls(Calling):
    """``/tickets``, ``/messages``, ``/attachments``, ``/departments``."""

    def departments(self) -> Call[list[Department]]:
        """``GET /departments`` (TKT-1)."""
        return self._read("/departments", lambda answer: items(Department, answer), need="tickets")

    def list_tickets(self, query: Query) -> Call[Page[Ticket]]:
        """``GET /tickets``."""
        return self._list("/tickets", Ticket, query, "tickets")

    def get_ticket(self, ticket_id: str) -> Call[Ticket]:
        """``GET /tickets/{id}``."""
        path = f"/tickets/{segment(ticket_id)}"
        return self._read(path, lambda answer: checks.ticket(answer, ticket_id), need="tickets")

    def ticket_messages(self, ticket_id: str, query: Query) -> Call[Page[TicketMessage]]:
        """``GET /tickets/{id}/messages``, oldest first; ``after`` is the id of a message."""
        path = f"/tickets/{segment(ticket_id)}/messages"
        return self._read(path, lambda answer: checks.messages(answer, ticket_id), query, "tickets")

    def list_messages(self, query: Query) -> Call[Page[TicketMessage]]:
        """``GET /messages``: of every ticket that may be seen, in the order in which they were written."""
        return self._list("/messages", TicketMessage, query, "tickets")

    def new_ticket(self, request: TicketRequest, write: Write) -> Call[Ticket]:
        """``POST /tickets``."""
        body = request.on_wire()
        return self._write("POST", "/tickets", write, lambda answer: checks.opened(answer, request), body, "tickets")

    def write_message(self, ticket_id: str, request: MessageRequest, write: Write) -> Call[PostedMessage]:
        """``POST /tickets/{id}/messages`` (TKT-6, TKT-9)."""
        path = f"/tickets/{segment(ticket_id)}/messages"
        return self._write(
            "POST", path, write, lambda answer: checks.posted(answer, ticket_id, request), request.on_wire(), "tickets"
        )

    def change_ticket(self, ticket_id: str, change: TicketChange, write: Write) -> Call[Ticket]:
        """``PATCH /tickets/{id}`` (TKT-5, TKT-8)."""
        path = f"/tickets/{segment(ticket_id)}"
        return self._write(
            "PATCH", path, write, lambda answer: checks.changed(answer, ticket_id, change), change.on_wire(), "tickets"
        )

    def rate_ticket(self, ticket_id: str, rating: int, comment: str, write: Write) -> Call[Ticket]:
        """``PATCH /tickets/{id}`` with ``rating``."""
        return self.change_ticket(ticket_id, TicketChange(rating=rating, rating_comment=comment or None), write)

    # Attachments (TKT-6)

    def upload(self, name: str, data: bytes, write: Write, sent: Callable[[int], None] | None) -> Call[Attachment]:
        """``POST /attachments?name=…`` with the file as raw body."""
        exchange = Exchange(
            "POST", f"{PREFIX}/attachments", Kind.WRITE, query=(("name", raw(name)),), upload=Upload(data, sent=sent),
            write=write, deadline=UPLOAD_SECONDS,
        )  # fmt: skip
        return Call(exchange, lambda answer: checks.uploaded(answer, data), explain_answer, "tickets")

    def download(self, attachment_id: str, path: Path, replaces: bool) -> Call[int]:
        """``GET /attachments/{id}`` streamed to ``path``; the size in bytes."""
        exchange = Exchange(
            "GET", f"{PREFIX}/attachments/{segment(attachment_id)}", accept="application/octet-stream", save_to=path,
            replaces=replaces,
        )  # fmt: skip
        return Call(exchange, lambda answer: answer.size, explain_answer, "tickets", frozenset({200}))

    # Server access (TKT-4): the panel stores no answer for these, and their bodies are secrets

    def give_access(self, ticket_id: str, access: SecretStr) -> Call[None]:
        """``PUT /tickets/{id}/access``."""
        path = f"/tickets/{segment(ticket_id)}/access"
        exchange = Exchange("PUT", PREFIX + path, Kind.WRITE, body={"access": access})
        return Call(exchange, nothing, explain_answer, "tickets", NO_CONTENT)

    def reveal_access(self, ticket_id: str, reason: str) -> Call[RevealedAccess]:
        """``POST /tickets/{id}/access/reveal``: logged with its reason."""
        path = f"/tickets/{segment(ticket_id)}/access/reveal"
        return self._secret_write(path, {"reason": raw(reason)}, lambda answer: read(RevealedAccess, answer), "staff")


class StaffCalls(Calling):
    """What only staff can ask for (TKT-8)."""

    def bulk_change(self, ticket_ids: Sequence[str], change: TicketChange, write: Write) -> Call[list[Ticket]]:
        """``POST /tickets/bulk``: all of them or none."""
        ids = [raw(one) for one in ticket_ids]
        body = {"ticket_ids": ids, "change": change.on_wire()}
        return self._write("POST", "/tickets/bulk", write, lambda answer: checks.bulk(answer, ids), body, "staff")

    def merge_tickets(self, ticket_ids: Sequence[str], into: str, write: Write) -> Call[Ticket]:
        """``POST /tickets/merge``; the ticket that has all of their messages now."""
        ids = [raw(one) for one in ticket_ids]
        body = {"ticket_ids": ids, "into": raw(into)}
        return self._write("POST", "/tickets/merge", write, lambda answer: checks.ticket(answer, into), body, "staff")

    def unmerge_ticket(self, ticket_id: str, write: Write) -> Call[Ticket]:
        """``POST /tickets/{id}/unmerge``: the ticket that was merged away has its own messages again."""
        path = f"/tickets/{segment(ticket_id)}/unmerge"
        return self._write("POST", path, write, lambda answer: checks.ticket(answer, ticket_id), need="staff")

    def split_ticket(
        self, ticket_id: str, message_ids: Sequence[str], subject: str, department: str, write: Write
    ) -> Call[Ticket]:
        """``POST /tickets/{id}/split``: a new ticket with these messages."""
        path = f"/tickets/{segment(ticket_id)}/split"
        body = {
            "message_ids": [raw(one) for one in message_ids], "subject": raw(subject), "department": raw(department),
        }  # fmt: skip
        return self._write("POST", path, write, lambda answer: checks.split_off(answer, ticket_id), body, "staff")

    def presence(self, ticket_id: str, doing: Doing) -> Call[list[Presence]]:
        """``PUT /tickets/{id}/presence``: who else is there (TKT-9). Repeated at will, so it counts as a read."""
        path = f"{PREFIX}/tickets/{segment(ticket_id)}/presence"
        exchange = Exchange("PUT", path, Kind.READ, body={"doing": doing.value}, deadline=PRESENCE_SECONDS)
        return Call(exchange, lambda answer: items(Presence, answer), explain_answer, "staff")

    def shift_summary(self, query: Query) -> Call[ShiftSummary]:
        """``GET /shift-summary?since=…&login=…``."""
        return self._read("/shift-summary", lambda answer: read(ShiftSummary, answer), query, "staff")

    def canned_replies(self) -> Call[list[CannedReply]]:
        """``GET /canned-replies``."""
        return self._read("/canned-replies", lambda answer: items(CannedReply, answer), need="staff")

    def save_canned_reply(
        self, reply_id: str | None, title: str, body: str, department: str | None, language: str, write: Write
    ) -> Call[CannedReply]:
        """``POST /canned-replies``, or ``PUT /canned-replies/{id}``."""
        sent = {"title": raw(title), "body": raw(body), "department": department, "language": raw(language)}
        method, path = ("POST", "/canned-replies") if reply_id is None else ("PUT", _canned(reply_id))
        return self._write(method, path, write, lambda answer: checks.canned(answer, reply_id, title), sent, "staff")

    def delete_canned_reply(self, reply_id: str, write: Write) -> Call[None]:
        """``DELETE /canned-replies/{id}``."""
        call = self._write("DELETE", _canned(reply_id), write, nothing, need="staff")
        return replace(call, expect=NO_CONTENT)

    def list_accounts(self) -> Call[list[Account]]:
        """``GET /accounts`` (ACC-7)."""
        return self._read("/accounts", lambda answer: items(Account, answer), need="staff")

    def get_account(self, account_id: str) -> Call[Account]:
        """``GET /accounts/{id}``: the customer's card (ACC-7)."""
        path = f"/accounts/{segment(account_id)}"
        return self._read(path, lambda answer: checks.account(answer, account_id), need="staff")


def _canned(reply_id: str) -> str:
    return f"/canned-replies/{segment(reply_id)}"
