"""Tickets: as a client one's own, as staff everybody's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers import Query
from billtui.client.drivers.fossbilling.calling import Place, call, listing, raw
from billtui.client.drivers.fossbilling.invoices import done
from billtui.client.drivers.fossbilling.lists import asked, key, list_of, some
from billtui.client.drivers.fossbilling.role import Role
from billtui.client.drivers.fossbilling.values import Row, made, whole_of
from billtui.client.errors import CapabilityMissing, InvalidInput, RuleRefused
from billtui.client.exchange import Call, Conversation, Kind, Request, Steps, ask
from billtui.client.settings import Write
from billtui.domain.models import (
    CannedReply,
    Department,
    MessageRequest,
    Page,
    PostedMessage,
    Ticket,
    TicketChange,
    TicketMessage,
    TicketRequest,
    TicketState,
)
from billtui.domain.safetext import SafeBody, SafeText

STATES: Final = {"open": TicketState.OPEN, "on_hold": TicketState.ANSWERED, "closed": TicketState.CLOSED}
"""``on_hold`` is what a reply of the staff leaves: the client must act."""
WORDS: Final = {TicketState.OPEN: "open", TicketState.ANSWERED: "on_hold", TicketState.ON_HOLD: "on_hold",
                TicketState.CLOSED: "closed"}  # fmt: skip
TICKETS_A_PAGE: Final = 100
"""A row of the list carries every message of its ticket."""
NOTE: Final = "note-"


def read_ticket(row: Row) -> Ticket:
    """A ticket without its messages; when who wrote last is read from them."""
    messages = row.rows("messages")
    status = row.text("status")
    by_client = [one for one in messages if not one.has("admin_id")]
    by_staff = [one for one in messages if one.has("admin_id")]
    client = row.row("client")
    number = row.id()
    return made(
        Ticket, "ticket", id=number, number=SafeText(f"#{number}"), subject=SafeText(row.text("subject") or "–"),
        department=row.maybe_id("support_helpdesk_id") or "1", state=STATES.get(status, SafeText(status)),
        account_id=row.maybe_id("client_id"), login=SafeText(client.text("email")),
        order_id=row.maybe_id("rel_id") if row.text("rel_type") == "order" else None,
        opened_by="support" if messages and messages[0].has("admin_id") else "client",
        created_at=row.some_time("created_at", "updated_at"), updated_at=row.some_time("updated_at", "created_at"),
        last_client_message_at=by_client[-1].time("created_at") if by_client else None,
        last_staff_message_at=by_staff[-1].time("created_at") if by_staff else None,
        first_answer_at=by_staff[0].time("created_at") if by_staff else None,
        last_message_id=messages[-1].id() if messages else None,
        last_author_role="" if not messages else "support" if messages[-1].has("admin_id") else "client",
        message_count=max(len(messages), row.whole("replies")),
        closed_at=row.time("updated_at") if status == "closed" else None,
    )  # fmt: skip


def messages_of(row: Row) -> list[TicketMessage]:
    """The thread, oldest first, with the notes that staff sees."""
    ticket_id = row.id()
    found = [_message(one, ticket_id) for one in row.rows("messages")]
    found += [_note(one, ticket_id) for one in row.rows("notes")]
    return sorted(found, key=lambda one: one.at)


def _message(row: Row, ticket_id: str) -> TicketMessage:
    staff = row.has("admin_id")
    author = row.row("author")
    return made(
        TicketMessage, "messages", id=row.id(), ticket_id=ticket_id,
        author=SafeText(author.text("name") or author.text("email")), author_role="support" if staff else "client",
        at=row.some_time("created_at", "updated_at"), body=SafeBody(row.text("content")),
    )  # fmt: skip


def _note(row: Row, ticket_id: str) -> TicketMessage:
    author = row.row("author")
    return made(
        TicketMessage, "notes", id=f"{NOTE}{row.id()}", ticket_id=ticket_id,
        author=SafeText(author.text("name") or author.text("email")), author_role="support",
        at=row.some_time("created_at", "updated_at"), body=SafeBody(row.text("note")), internal=True,
    )  # fmt: skip


class TicketCalls(Role):
    """``client/support`` or ``admin/support``."""

    def departments(self) -> Request[list[Department]]:
        """The helpdesks."""
        if self.ways.staff:

            def begin() -> Steps[list[Department]]:
                page = yield from ask(listing("admin/support/helpdesk_get_list", _helpdesk, Place(), TICKETS_A_PAGE))
                return page.items

            return Conversation(begin, "tickets")

        def pairs(result: Any) -> list[Department]:
            if not isinstance(result, dict) or not all(isinstance(name, str) for name in result.values()):
                raise UnreadableAnswer("the helpdesks are no names by number")
            return [made(Department, "helpdesk", id=one, name=SafeText(name)) for one, name in result.items()]

        return call("client/support/helpdesk_get_pairs", pairs, "tickets")

    def list_tickets(self, query: Query) -> Request[Page[Ticket]]:
        """``support/ticket_get_list``, newest first."""
        by = asked(query, _word, TICKETS_A_PAGE)
        path = f"{self.user}/support/ticket_get_list"
        if by.ids:
            return some(path, f"{self.user}/support/ticket_get", read_ticket, by, "tickets")
        return list_of(path, read_ticket, by, "tickets")

    def get_ticket(self, ticket_id: str) -> Request[Ticket]:
        """``support/ticket_get``."""

        def begin() -> Steps[Ticket]:
            return read_ticket((yield from ask(self.ticket_row(ticket_id))))

        return Conversation(begin, "tickets")

    def ticket_row(self, ticket_id: str) -> Call[Row]:
        """The row of a ticket, with its messages."""
        number = key(ticket_id)

        def read(result: Any) -> Row:
            row = Row(result, "ticket")
            if row.id() != str(number):
                raise UnreadableAnswer("id is not what was asked for")
            return row

        return call(f"{self.user}/support/ticket_get", read, "tickets", id=number)

    def ticket_messages(self, ticket_id: str, query: Query) -> Request[Page[TicketMessage]]:
        """The whole thread; FOSSBilling gives it with its ticket."""
        after = next((value for name, value in query if name == "after"), None)

        def begin() -> Steps[Page[TicketMessage]]:
            found = messages_of((yield from ask(self.ticket_row(ticket_id))))
            ids = [one.id.raw for one in found]
            if after in ids:
                found = found[ids.index(after) + 1 :]
            return Page(items=found, total=len(found))

        return Conversation(begin, "tickets")

    def new_ticket(self, request: TicketRequest, write: Write) -> Request[Ticket]:
        """``client/support/ticket_create``, sent once."""
        if request.attachments:
            raise InvalidInput("Files cannot be sent to FOSSBilling from here. Take them out.")
        params: dict[str, Any] = {
            "content": raw(request.body), "subject": raw(request.subject),
            "support_helpdesk_id": key(request.department),
        }  # fmt: skip
        if request.order_id:
            params |= {"rel_type": "order", "rel_id": key(request.order_id)}
        if self.ways.staff:
            if not request.account_id:
                raise InvalidInput("Say whose ticket it shall be.")
            params["client_id"] = key(request.account_id)

        def begin() -> Steps[Ticket]:
            number = yield from ask(self.create_call(params))
            row = yield from ask(self.ticket_row(str(number)))
            if row.text("subject").strip() != raw(request.subject).strip():
                raise UnreadableAnswer("subject is not what was written")
            return read_ticket(row)

        return Conversation(begin, "tickets.new", writes=True)

    def write_message(self, ticket_id: str, request: MessageRequest, write: Write) -> Request[PostedMessage]:
        """``support/ticket_reply`` or ``admin/support/note_create``, and ``ticket_close`` where it is to be closed."""
        if request.attachments:
            raise InvalidInput("Files cannot be sent to FOSSBilling from here. Take them out.")
        if request.internal and not self.ways.staff:
            raise CapabilityMissing("Only staff writes notes.")

        def begin() -> Steps[PostedMessage]:
            before = yield from ask(self.ticket_row(ticket_id))
            known = {one.id.raw for one in messages_of(before)}
            last = read_ticket(before).last_message_id
            if request.seen is not None and last is not None and raw(request.seen) not in (last.raw, ""):
                raise RuleRefused(
                    "Somebody wrote to this ticket meanwhile. Nothing was sent.", "Read it first.",
                    code="thread-moved-on",
                )  # fmt: skip
            yield from ask(self.message_call(ticket_id, request))
            if request.close:
                yield from ask(self.close_call(ticket_id))
            after = yield from ask(self.ticket_row(ticket_id))
            mine = [one for one in messages_of(after) if one.id.raw not in known and is_mine(one, request, self.user)]
            if not mine:
                raise UnreadableAnswer("the message is not in the thread")
            return PostedMessage(message=mine[0], ticket=read_ticket(after))

        return Conversation(begin, "tickets.reply", writes=True)

    def create_call(self, params: Mapping[str, Any]) -> Call[int]:
        """The write of a new ticket; its number."""
        return call(f"{self.user}/support/ticket_create", _number, kind=Kind.WRITE, **params)

    def message_call(self, ticket_id: str, request: MessageRequest) -> Call[None]:
        """The write of a reply or a note."""
        number, text = key(ticket_id), raw(request.body)
        if request.internal:
            return call("admin/support/note_create", _anything, kind=Kind.WRITE, ticket_id=number, note=text)
        return call(f"{self.user}/support/ticket_reply", _anything, kind=Kind.WRITE, id=number, content=text)

    def close_call(self, ticket_id: str) -> Call[None]:
        """The write that closes a ticket."""
        return call(f"{self.user}/support/ticket_close", done, kind=Kind.WRITE, id=key(ticket_id))

    def change_ticket(self, ticket_id: str, change: TicketChange, write: Write) -> Request[Ticket]:
        """``ticket_close``; as staff also ``ticket_update``: another helpdesk, subject, or state."""
        wanted = change.on_wire()
        only_close = wanted == {"state": TicketState.CLOSED.value}
        if not only_close and not (self.ways.staff and wanted.keys() <= {"state", "department", "subject"}):
            raise CapabilityMissing("On this panel a ticket can be closed from here, and nothing else be changed.")
        params: dict[str, Any] = {"id": key(ticket_id)}
        if change.state is not None:
            params["status"] = WORDS[change.state]
        if change.subject is not None:
            params["subject"] = raw(change.subject)
        if change.department is not None:
            params["support_helpdesk_id"] = key(change.department)

        def begin() -> Steps[Ticket]:
            if only_close:
                yield from ask(self.close_call(ticket_id))
            else:
                yield from ask(call("admin/support/ticket_update", done, kind=Kind.WRITE, **params))
            ticket = read_ticket((yield from ask(self.ticket_row(ticket_id))))
            if change.state is not None and ticket.state != STATES[WORDS[change.state]]:
                raise UnreadableAnswer("status is not what was asked for")
            return ticket

        return Conversation(begin, "tickets.change", writes=True)

    def canned_replies(self) -> Request[list[CannedReply]]:
        """``admin/support/canned_get_list``."""

        def begin() -> Steps[list[CannedReply]]:
            if not self.ways.staff:
                raise CapabilityMissing("Only staff has canned replies.")
            found: list[CannedReply] = []
            cursor: str | None = None
            for _ in range(100):
                page = yield from ask(
                    listing("admin/support/canned_get_list", _canned, Place.of(cursor), TICKETS_A_PAGE)
                )
                found += page.items
                cursor = page.next_cursor
                if cursor is None:
                    break
            return found

        return Conversation(begin, "staff.canned")


def is_mine(message: TicketMessage, request: MessageRequest, user: str) -> bool:
    """Whether a message is the one that was to be written, as far as its words and its side say."""
    side = "support" if user == "admin" else "client"
    same = " ".join(message.body.raw.split()) == " ".join(raw(request.body).split())
    return same and message.author_role == side and message.internal == request.internal


def _word(state: str) -> str:
    """The panel's word for a state; others go as they are."""
    try:
        return WORDS[TicketState(state)]
    except ValueError:
        return state


def _helpdesk(row: Row) -> Department:
    return made(Department, "helpdesk", id=row.id(), name=SafeText(row.text("name") or row.id()))


def _canned(row: Row) -> CannedReply:
    return made(
        CannedReply, "canned", id=row.id(), title=SafeText(row.text("title") or "–"),
        body=SafeBody(row.text("content")), updated_at=row.time("updated_at"),
    )  # fmt: skip


def _number(result: Any) -> int:
    found = whole_of(result, "the ticket's number")
    if found < 1:
        raise UnreadableAnswer("the ticket's number is none")
    return found


def _anything(result: Any) -> None:
    """``true``, or the number of what was made."""
    if result is None or result is False:
        raise UnreadableAnswer("it does not say that it was done")
