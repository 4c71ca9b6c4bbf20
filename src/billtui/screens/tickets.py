"""A client's tickets: what is new first, who acts, where each stands in the queue; found by anything that was said."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence

from textual import on
from textual.content import Content

from billtui.client.errors import ClientError
from billtui.commands import Command, Scope, handles
from billtui.screens.list_screen import View
from billtui.screens.record_list import RecordList
from billtui.screens.saved_view_list import SavedViewList
from billtui.screens.ticket_view import (
    ANSWERED,
    CLOSED,
    ON_HOLD,
    OPEN,
    USUAL_COLUMNS,
    Around,
    facts,
    merged_number,
    ticket_columns,
)
from billtui.services.search import covered
from billtui.services.session_settings import SessionRefused
from billtui.services.session_thread import SessionClosed
from billtui.services.store import MessageHit, TicketRow
from billtui.services.ticket_writing import NOTHING_WAITS
from billtui.widgets.formats import count_text
from billtui.widgets.record_table import Column, RecordTable

LEAST_SEARCHED = 3
"""Letters from which on messages are searched, too: with fewer nearly every one would be found."""
MOST_HITS = 500
"""Messages that a search looks at; the newest ones."""


class TicketsScreen(SavedViewList[TicketRow]):
    """The list of a client's tickets."""

    AREA = "Tickets"
    SCOPES = (Scope.TICKETS, Scope.LIST)
    LIST_NAME = "tickets"
    NOUN = "ticket"
    CAPABILITY = "tickets"
    EMPTY = "You have not written to support yet. n writes a ticket, H on an order one about it."
    SORT = ("new", False)

    def __init__(self) -> None:
        """Nothing is known before the copy is read."""
        self._unread: frozenset[str] = frozenset()
        self._begun = NOTHING_WAITS
        self._names: Mapping[str, str] = {}
        self._departments: Mapping[str, str] = {}
        self._words: tuple[str, ...] = ()
        self._hits: Mapping[str, MessageHit] = {}
        self._written: tuple[str, str | None] | None = None
        """A ticket that was just written here and is not in the copy yet, and where the cursor was then."""
        super().__init__()

    # --- rows and views

    def views(self) -> Sequence[View]:
        """Ready-made views."""
        return (
            View("current", "Current tickets", lambda row, now: row.state != CLOSED),
            View("unread", "Unread", lambda row, now: self.is_unread(row)),
            View("open", "Support must answer", lambda row, now: row.state in (OPEN, ON_HOLD)),
            View("answered", "Waiting for you", lambda row, now: row.state == ANSWERED),
            View("drafts", "With a draft of yours", lambda row, now: row.id in self._begun.on_tickets),
            View("closed", "Closed", lambda row, now: row.state == CLOSED),
            View("all", "All tickets", lambda row, now: True),
        )

    def columns(self) -> Sequence[Column[TicketRow]]:
        """What is new, subject, state, who acts, age, order, queue."""
        return ticket_columns(
            lambda: self._now_epoch,
            self.is_unread,
            self.order_name,
            lambda row: self._departments.get(row.department, row.department),
            lambda row: row.id in self._begun.on_tickets,
            ascii_only=self.billtui.ascii_only,
        )

    def _chosen_columns(self) -> Sequence[str] | None:
        return super()._chosen_columns() or USUAL_COLUMNS

    def row_id(self, row: TicketRow) -> str:
        """The ticket's id."""
        return row.id

    def load_rows(self) -> Sequence[TicketRow]:
        """All tickets of the copy."""
        return self.session.store.tickets(self.held("tickets"))

    def is_unread(self, row: TicketRow) -> bool:
        """Whether support wrote last, and that was not read here yet."""
        return row.id in self._unread

    def order_name(self, row: TicketRow) -> str:
        """The order that it is about."""
        return self._names.get(row.order_id, row.order_id)

    def on_mount(self) -> None:
        """Names of departments come from the panel once."""
        super().on_mount()
        self.guarded(self._fetch_departments())

    async def _fetch_departments(self) -> None:
        with contextlib.suppress(ClientError, SessionRefused, SessionClosed):  # their ids stand there instead
            found = await self.session.tickets.departments()
            self._departments = {str(one.id): str(one.name) for one in found}
            self.table.refresh_cells()
            self._show_detail()

    def on_screen_resume(self) -> None:
        """Coming back from a thread: what was read there is not new any more."""
        super().on_screen_resume()
        if self.session.closed:
            return
        if self.session.tickets.is_staff:
            self.billtui.go_tickets()
        elif self._unread != self._unread_now() or self._begun != self.session.writing.waiting():
            self.reload_if_changed(force=True)

    def _unread_now(self) -> frozenset[str]:
        return self.session.tickets.unread()

    def reload(self) -> None:
        """Rows anew, with what is new and the names of their orders."""
        self._unread = self._unread_now()
        self._begun = self.session.writing.waiting()
        rows = self.load_rows()
        orders = self.session.store.order_rows({row.order_id for row in rows if row.order_id})
        self._names = {key: order.name or key for key, order in orders.items()}
        self._look(" ".join(self._words))
        super().reload()
        if self._written is not None and self._written[1] == self.table.cursor_id:
            self.point_at(self._written[0])

    def point_at(self, ticket_id: str) -> None:
        """The cursor on a ticket that was just written, once the copy has it; unless the cursor was moved meanwhile."""
        there = self.table.move_cursor_to(ticket_id)
        self._written = None if there else (ticket_id, self.table.cursor_id)

    def begin_anew(self) -> None:
        """Another account's tickets."""
        super().begin_anew()
        self._departments, self._hits = {}, {}
        self.guarded(self._fetch_departments())

    # --- filter: the columns and everything that was said

    def view_predicate(self) -> Callable[[TicketRow], bool] | None:
        """The view; while something is searched for, its words as well, in the columns or in a message."""
        shown = super().view_predicate()
        words, hits = self._words, self._hits
        if not words:
            return shown
        texts = [column.search for column in self.table.columns if column.search is not None]

        def fits(row: TicketRow) -> bool:
            if shown is not None and not shown(row):
                return False
            if row.id in hits:
                return True
            line = "\n".join(text(row) for text in texts).casefold()
            return all(word in line for word in words)

        return fits

    def apply_filter(self, text: str) -> None:
        """Narrow by the columns and by what messages say."""
        self._look(text)
        self._apply_view()

    def _look(self, text: str) -> None:
        self._words = tuple(text.casefold().split())
        searched = len("".join(self._words)) >= LEAST_SEARCHED
        found = self.session.store.search_messages(text, MOST_HITS) if searched else []
        self._hits = {hit.ticket_id: hit for hit in reversed(found)}

    def filter_content(self) -> list[Content | str | tuple[str, str]]:
        """How the heading names the filter while it is not being typed."""
        parts: list[Content | str | tuple[str, str]] = []
        if self._words and not self.has_class("filtering"):
            parts += [("  filter: ", "$muted"), Content(" ".join(self._words))]
        if self.saved:
            parts.append((f"  “{self.saved}”", "$text-accent"))
        return parts

    # --- around the list

    def summary(self, rows: Sequence[TicketRow], marked: Sequence[TicketRow]) -> Content:
        """Where the words were found, or what is new and what waits for whom."""
        row = self.table.cursor_row
        if self._words:
            hit = self._hits.get(row.id) if row is not None else None
            if hit is not None:
                return Content.assemble((f" {hit.author or 'the panel'}: ", "$muted"), f"“{hit.excerpt}”")
            return Content.styled(f" {covered(self.session.store.coverage())}", "$muted")
        new = len(self._unread)
        states = self.session.store.ticket_states()
        waiting, answered = states.get(OPEN, 0), states.get(ANSWERED, 0)
        return Content.assemble(
            (
                f" {count_text(new, 'unread answer')}" if new else " nothing unread",
                "bold $text-accent" if new else "$muted",
            ),
            ("; ", "$muted"),
            (f"{answered} for you to answer", "$text-warning" if answered else "$muted"),
            (f", {waiting} with support", "$muted"),
            (self._begun_words(), "$text-accent"),
        )

    def _begun_words(self) -> str:
        """Letters that were begun and not sent: n goes on with the new tickets among them."""
        answers, new = len(self._begun.on_tickets), self._begun.new
        parts = [count_text(answers, "draft")] if answers else []
        parts += [f"{new} new (n)"] if new else []
        return f"; {', '.join(parts)}" if parts else ""

    @on(RecordTable.CursorMoved)
    def summary_follows(self) -> None:
        """The summary says what was found in the row under the cursor."""
        if self._words:
            self._show_summary()

    def detail(self, row: TicketRow) -> Content:
        """The ticket beside the list, and what was found in it."""
        around = Around(
            False, self._departments, order_name=self._names.get(row.order_id, ""), invoice_number=self._number_of(row),
            merged_number=merged_number(self.session.store, row), draft=self._begun.on_tickets.get(row.id),
        )  # fmt: skip
        ticket = self.session.store.ticket(row.id)
        parts = [
            Content.styled(row.subject or "(no subject)", "bold"),
            Content.styled(row.number, "$muted"),
            Content(""),
            facts(row, ticket, self._now_epoch, around, ascii_only=self.billtui.ascii_only),
        ]
        if (hit := self._hits.get(row.id)) is not None:
            parts += [
                Content(""),
                Content.styled(f"Found in a message of {hit.author or 'the panel'}", "$muted"),
                Content(hit.excerpt),
            ]
        return Content("\n").join(parts)

    def _number_of(self, row: TicketRow) -> str:
        if not row.invoice_id:
            return ""
        invoice = self.session.store.invoice_rows([row.invoice_id]).get(row.invoice_id)
        return "" if invoice is None else invoice.number

    def open_row(self, row_id: str) -> None:
        """The thread; where messages were searched, at what was found, and with a single word still looked for."""
        hit = self._hits.get(row_id)
        if hit is None:
            self.billtui.show_ticket(row_id)
        else:
            find = self._words[0] if len(self._words) == 1 else ""
            self.billtui.show_ticket(row_id, message_id=hit.message_id, find=find)

    def command_words(self) -> list[str]:
        """Showing what is chosen."""
        return ["tickets", "show"]

    def refusal_of(self, command: Command) -> str | None:
        """A new ticket needs no row."""
        if command.id == "ticket.new":
            return super(RecordList, self).refusal_of(command)
        return super().refusal_of(command)

    @handles("ticket.new")
    def write_new(self) -> None:
        """Write a ticket."""
        self.billtui.compose_ticket()

    def _nothing_chosen(self) -> str:
        return "There is no ticket under the cursor. n writes one, v shows other views, / another filter."
