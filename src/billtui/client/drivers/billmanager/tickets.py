"""Tickets of a client: lists, threads, writing, rating, closing (wire: BILLmanager 13)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers import Query
from billtui.client.drivers.billmanager.asking import reading, writing
from billtui.client.drivers.billmanager.figures import instant
from billtui.client.drivers.billmanager.lists import Place, Wanted
from billtui.client.drivers.billmanager.memory import HeldFile
from billtui.client.drivers.billmanager.multipart import multipart
from billtui.client.drivers.billmanager.ordering import OrderCalls
from billtui.client.drivers.billmanager.payments import UNKNOWN_DAY
from billtui.client.drivers.billmanager.services import split_id
from billtui.client.drivers.billmanager.shapes import (
    Doc,
    attribute,
    first_of,
    is_on,
    needed,
    options,
    original,
    plain,
    unwrap,
)
from billtui.client.drivers.billmanager.threads import Thread, state_of, tells_turn, thread_of, whole
from billtui.client.errors import ConfigurationProblem, InvalidInput, NotFound, RuleRefused
from billtui.client.exchange import Answer, Call, Conversation, Steps, at_once
from billtui.client.settings import Write
from billtui.domain.models import (
    Attachment,
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
from billtui.domain.safetext import SafeText

OPEN_LIST: Final = "clientticket"
ARCHIVE: Final = "clientticket_archive"
GOOD, BAD = 4, 2


class TicketCalls(OrderCalls):
    """A client's calls about tickets."""

    # -- reading

    def departments(self) -> Conversation[list[Department]]:
        """Those of the form of a new ticket."""

        def begin() -> Steps[list[Department]]:
            form = yield from self.fetch("clientticket.edit")
            return [
                Department(
                    id=SafeText(key), name=SafeText(attribute(node, "plainval") or plain(unwrap(node)) or key),
                    about=SafeText(plain(unwrap(node)) if attribute(node, "plainval") else ""),
                )
                for key, node in options(form, "client_department")
            ]  # fmt: skip

        return reading(begin, "tickets")

    def ticket_lists(self) -> Sequence[str]:
        """The lists that together are all tickets."""
        return OPEN_LIST, ARCHIVE

    def list_tickets(self, query: Query) -> Conversation[Page[Ticket]]:
        """The open ones, then the archive."""

        def begin() -> Steps[Page[Ticket]]:
            yield from self.known_user()
            wanted = Wanted.of(query, ("state",))
            if wanted.ids:
                tickets: list[Ticket] = []
                for one in wanted.ids:
                    ticket = yield from self.ticket_row(one)
                    if ticket is not None:
                        tickets.append(ticket)
                return Page[Ticket](items=tickets, total=len(tickets))
            lists, place = self.ticket_lists(), Place.of(wanted.cursor)
            if place.part >= len(lists):
                return Page[Ticket](items=[])
            func = lists[place.part]
            if place.page == 1:
                yield from self.cleared(func)
            rows = yield from self.rows_at(func, place, wanted.limit)
            following = rows.following
            if following is None and place.part + 1 < len(lists):
                following = Place(part=place.part + 1)
            states = wanted.others.get("state")
            items = [self.ticket_of(func, row) for row in rows.rows]
            items = [one for one in items if states is None or str(one.state) in states]
            return Page[Ticket](items=items, next_cursor=following.text() if following is not None else None)

        return reading(begin, "tickets")

    def ticket_of(self, func: str, row: Doc) -> Ticket:
        """A row of a list as a ticket. What a list does not tell, its thread does."""
        key = needed(row, "id")
        at = instant(first_of(row, "last_message", "date_start"), self.chosen.offset) or UNKNOWN_DAY
        text = original(row.get("tstatus")) if func != ARCHIVE else "archive"
        unread = is_on(row.get("unread"))
        state = state_of(unwrap(row.get("tstatus")) or text, archived=func == ARCHIVE, unread=unread)
        return Ticket(
            id=SafeText(key), number=SafeText(key), subject=SafeText(plain(first_of(row, "name", "subject")) or key),
            department=SafeText(""), state=state, created_at=at, updated_at=at,
            login=SafeText(self.login), last_author_role=SafeText("support" if unread else ""),
        )  # fmt: skip

    def ticket_row(self, ticket_id: str) -> Steps[Ticket | None]:
        """The ticket as its list has it, or ``None``."""
        found = yield from self._listed(str(getattr(ticket_id, "raw", ticket_id)))
        return None if found is None else self.ticket_of(*found)

    def _listed(self, key: str) -> Steps[tuple[str, Doc] | None]:
        """The list that a ticket is in, and its row there."""
        for func in self.ticket_lists():
            row = yield from self.one_row(func, key)
            if row is not None:
                return func, row
        return None

    def ticket_and_thread(self, ticket_id: str) -> Steps[tuple[Ticket, Thread]]:
        """A ticket with its thread. Raises ``NotFound``."""
        key = str(getattr(ticket_id, "raw", ticket_id))
        yield from self.known_user()
        found = yield from self._listed(key)
        if found is None:
            raise NotFound(f"There is no ticket {SafeText(key)}.", "Refresh the list.")
        thread = yield from self.thread(key)
        told = tells_turn(unwrap(found[1].get("tstatus")))
        return whole(self.ticket_of(*found), thread, told=told), thread

    def thread(self, key: str) -> Steps[Thread]:
        """The thread of a ticket. Raises ClientError."""
        doc = yield from self.fetch("clientticket.edit", (("elid", key),))
        return thread_of(doc, key, self.chosen.offset)

    def get_ticket(self, ticket_id: str) -> Conversation[Ticket]:
        """The row of its list, and what its thread tells."""

        def begin() -> Steps[Ticket]:
            return (yield from self.ticket_and_thread(ticket_id))[0]

        return reading(begin, "tickets")

    def ticket_messages(self, ticket_id: str, query: Query) -> Conversation[Page[TicketMessage]]:
        """The whole thread as one page; reading it marks the ticket as read on the panel."""

        def begin() -> Steps[Page[TicketMessage]]:
            key = str(getattr(ticket_id, "raw", ticket_id))
            yield from self.known_user()
            messages = (yield from self.thread(key)).messages
            after = dict(query).get("after")
            if after is not None:
                ids = [one.id.raw for one in messages]
                if after not in ids:
                    raise NotFound("That message is no longer in the thread.", "Read it from the beginning.")
                messages = messages[ids.index(after) + 1 :]
            return Page[TicketMessage](items=messages, total=len(messages))

        return reading(begin, "tickets")

    def download(self, attachment_id: str, path: Path, replaces: bool) -> Conversation[int]:
        """``ticket.file``: whatever type it comes as, but not a page of the panel."""

        def begin() -> Steps[int]:
            yield from self.who()  # whether the session lives: what comes next is saved as it is
            exchange = self.saving("ticket.file", (("elid", attachment_id),), path, "*/*")
            size: int = yield Call(exchange, _size, _no_file)
            return size

        return reading(begin, "tickets.files")

    # -- writing

    def upload(
        self, name: str, data: bytes, write: Write, sent: Callable[[int], None] | None
    ) -> Conversation[Attachment]:
        """Kept here until its message is sent: BILLmanager takes files with the message alone."""
        if self.chosen.authinfo:
            raise ConfigurationProblem("With the option sign_in=authinfo no files can be sent. Nothing was sent.")
        key = self.memory.hold(name, data)
        if sent is not None:
            sent(len(data))
        digest = hashlib.sha256(data).hexdigest()
        return at_once(Attachment(id=SafeText(key), name=SafeText(name), size=len(data), sha256=SafeText(digest)))

    def held(self, ids: Sequence[str]) -> list[HeldFile]:
        """The files of a message. Raises ``ConfigurationProblem`` for one that is not here any more."""
        found = [self.memory.files.get(one) for one in ids]
        files = [one for one in found if one is not None]
        if len(files) != len(found):
            raise ConfigurationProblem("A file of this message is not at hand any more. Attach it again.")
        return files

    def written(self, func: str, fields: Query, attachments: Sequence[str]) -> Steps[Doc]:
        """Send a message, with its files in the same request."""
        files = self.held(attachments)
        if not files:
            doc = yield from self.send(func, fields)
        else:
            head = (("func", func), ("out", "json"), ("lang", self.chosen.lang))
            doc = yield from self.send(func, upload=multipart((*head, *fields), files))
            for one in attachments:
                self.memory.files.pop(one, None)
        if "ok" not in doc:
            raise UnreadableAnswer("it does not say that the message was written")
        return doc

    def new_ticket(self, request: TicketRequest, write: Write) -> Conversation[Ticket]:
        """``clientticket.edit`` without an id."""

        def begin() -> Steps[Ticket]:
            yield from self.known_user()
            if request.invoice_id is not None:
                raise InvalidInput("BILLmanager ties a ticket to a service alone: name the invoice in the text.")
            item = split_id(request.order_id)[1] if request.order_id else "null"
            fields = (
                ("subject", request.subject), ("message", request.body), ("client_department", request.department),
                ("ticket_item", item), ("sok", "ok"),
            )  # fmt: skip
            doc = yield from self.written("clientticket.edit", fields, request.attachments)
            key = unwrap(doc.get("id"))
            if not key:
                raise UnreadableAnswer("the new ticket's id is missing")
            ticket, _ = yield from self.ticket_and_thread(key)
            return as_asked(ticket, request)

        return writing(begin, "tickets.new")

    def write_message(self, ticket_id: str, request: MessageRequest, write: Write) -> Conversation[PostedMessage]:
        """``clientticket.edit`` with an id; the thread tells which message it became."""

        def begin() -> Steps[PostedMessage]:
            key = str(getattr(ticket_id, "raw", ticket_id))
            yield from self.known_user()
            if request.internal:
                raise InvalidInput("Only the panel's staff writes notes.")
            before = yield from self.thread(key)
            not_moved_on(before, request)
            fields = (("elid", key), ("message", request.body), ("sok", "ok"))
            yield from self.written("clientticket.edit", fields, request.attachments)
            if request.close:
                yield from self.send("clientticket.archive", (("elid", key), ("sok", "ok")))
            ticket, thread = yield from self.ticket_and_thread(key)
            return PostedMessage(message=new_message(before.ids, thread, request.body, "client"), ticket=ticket)

        return writing(begin, "tickets.reply")

    def change_ticket(self, ticket_id: str, change: TicketChange, write: Write) -> Conversation[Ticket]:
        """Closing, which is moving to the archive; a client can change nothing else."""

        def begin() -> Steps[Ticket]:
            key = str(getattr(ticket_id, "raw", ticket_id))
            yield from self.known_user()
            only_state(change, TicketState.CLOSED, "A client of BILLmanager can only close a ticket.")
            yield from self.send("clientticket.archive", (("elid", key), ("sok", "ok")))
            ticket, _ = yield from self.ticket_and_thread(key)
            if ticket.state != TicketState.CLOSED:
                raise UnreadableAnswer("the ticket is not in the archive")
            return ticket

        return writing(begin, "tickets.change")

    def rate_ticket(self, ticket_id: str, rating: int, comment: str, write: Write) -> Conversation[Ticket]:
        """Good or bad, of support's last message that can be rated."""

        def begin() -> Steps[Ticket]:
            key = str(getattr(ticket_id, "raw", ticket_id))
            yield from self.known_user()
            if comment.strip():
                raise InvalidInput("BILLmanager takes no words with a rating: write them as a reply.")
            if BAD < rating < GOOD:
                raise InvalidInput("BILLmanager knows good and bad alone: give 1, 2, 4 or 5.")
            thread = yield from self.thread(key)
            if not thread.rateable:
                raise RuleRefused("Nothing in this ticket can be rated.")
            func = f"ticket.message.rate.{'good' if rating >= GOOD else 'bad'}"
            yield from self.send(func, (("elid", thread.rateable[-1]), ("plid", key), ("sok", "ok")))
            ticket, _ = yield from self.ticket_and_thread(key)
            return ticket

        return writing(begin, "tickets.rate")


def as_asked(ticket: Ticket, request: TicketRequest) -> Ticket:
    """A new ticket with what the panel's lists do not tell of it, and was asked for."""
    order = SafeText(request.order_id) if request.order_id else None
    return ticket.model_copy(update={"department": SafeText(request.department), "order_id": order})


def not_moved_on(thread: Thread, request: MessageRequest) -> None:
    """Raises ``RuleRefused`` where somebody wrote after what the writer saw (TKT-9)."""
    if request.seen is not None and thread.ids and thread.ids[-1] != request.seen:
        raise RuleRefused(
            "The thread has moved on since you read it.", "Look at what is new, then send or change your reply.",
            code="thread-moved-on",
        )  # fmt: skip


def new_message(before: Sequence[str], thread: Thread, text: str, role: str) -> TicketMessage:
    """The message that came to a thread. Raises ``UnreadableAnswer`` where there is none like it."""
    for one in reversed(thread.messages):
        if one.id.raw not in before and one.author_role == role and same_text(one.body.raw, text):
            return one
    raise UnreadableAnswer("the message is not in the thread")


def same_text(first: str, second: str) -> bool:
    """Whether two texts differ in spaces at most."""
    return "".join(first.split()) == "".join(second.split())


def only_state(change: TicketChange, state: TicketState, words: str) -> None:
    """Raises ``InvalidInput`` for a change of anything else."""
    if change != TicketChange(state=state):
        raise InvalidInput(words)


def _size(answer: Answer) -> int:
    return answer.size


def _no_file(answer: Answer) -> NotFound:
    return NotFound(f"The panel gave no file (status {answer.status}).", "Look at it on the panel's own pages.")
