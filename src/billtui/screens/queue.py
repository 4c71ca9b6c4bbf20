"""The queue of support staff: what is next and why, in views with live counts; triage without leaving the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual.content import Content

from billtui.client.errors import ClientError
from billtui.commands import Command, Scope, handles
from billtui.screens.composer_view import WIDE
from billtui.screens.list_screen import View
from billtui.screens.queue_view import DEFAULT_COLUMNS, counts_line, last_words, queue_columns, ticket_facts
from billtui.screens.saved_view_list import SavedViewList
from billtui.screens.ticket_actions import close_ticket
from billtui.screens.ticket_view import merged_number
from billtui.screens.triage import close_tickets
from billtui.screens.triage_commands import TriageCommands
from billtui.services.drafts import DraftKind
from billtui.services.session_settings import SessionRefused
from billtui.services.session_thread import SessionClosed
from billtui.services.store import TicketRow
from billtui.services.ticket_filter import FIELDS, TicketFilter, read_filter
from billtui.services.ticket_queue import CLOSED, Counts, QueueView, Ranks, count_views, queue_views
from billtui.widgets.formats import count_text, toned
from billtui.widgets.record_table import Column

USUAL_DEPARTMENTS = ("technical", "finance", "sales", "abuse")
"""In the order of the views; others follow by name (TKT-1)."""
_NO_ROW_NEEDED = frozenset({"queue.due", "queue.shift", "queue.canned", "queue.advance", "ticket.next"})


class QueueScreen(SavedViewList[TicketRow], TriageCommands):
    """Tickets of all clients, what cannot wait first."""

    AREA = "Tickets"
    SCOPES = (Scope.QUEUE, Scope.TRIAGE, Scope.LIST)
    LIST_NAME = "queue"
    NOUN = "ticket"
    CAPABILITY = "staff"
    EMPTY = "No client has written yet. What comes in stands here by itself."
    SORT = ("why", False)

    def __init__(self) -> None:
        """The view is what is next."""
        self.ranks = Ranks()
        self._departments: Mapping[str, str] = {}
        self._views: tuple[QueueView, ...] = queue_views("", {})
        self._counts = Counts({}, 0, 0, 0)
        self._filter = TicketFilter()
        self._before_due = ""
        self._begun: Mapping[str, DraftKind] = {}
        """Tickets on which an answer or a note was begun and not sent."""
        self._made_for = ""
        """The login that the views were made for."""
        self._tickets: Sequence[TicketRow] = ()
        self._names: Mapping[str, str] = {}
        self._nameless = False
        """Whether the departments' names were asked for in vain."""
        self._applied: tuple[View | None, TicketFilter] | None = None
        super().__init__()

    def on_mount(self) -> None:
        """The departments' names, as the panel calls them."""
        super().on_mount()
        self.guarded(self._fetch_departments())

    async def _fetch_departments(self) -> None:
        self._nameless = False
        try:
            found = await self.session.tickets.departments()
        except (ClientError, SessionRefused, SessionClosed):  # their ids stand there instead
            self._nameless = True
            return
        self._names = {str(one.id.raw): str(one.name) for one in found}
        self._departments = {}
        if self.is_attached and not self.session.closed:
            self.reload()

    # --- rows and views

    def views(self) -> Sequence[View]:
        """Ready-made views, a department's own among them."""
        views = [View(view.id, view.title, view.shows) for view in self._views]
        drafts = View("drafts", "With a draft of yours", lambda row, now: row.id in self._begun)
        return [*views[:-2], drafts, *views[-2:]]  # what is closed, and all, stay the last ones

    def columns(self) -> Sequence[Column[TicketRow]]:
        """Number, why it is next, subject, who has it, and more where there is room."""
        return queue_columns(
            lambda: self._now_epoch, self.ranks, self._department_word, ascii_only=self.billtui.ascii_only
        )

    def _chosen_columns(self) -> Sequence[str] | None:
        return super()._chosen_columns() or DEFAULT_COLUMNS

    def row_id(self, row: TicketRow) -> str:
        """The ticket's id."""
        return row.id

    def load_rows(self) -> Sequence[TicketRow]:
        """All tickets of the copy."""
        return self._tickets

    @property
    def me(self) -> str:
        """The login of whoever sits here."""
        account = self.session.account
        return "" if account is None else str(account.login)

    def reload(self) -> None:
        """Rows anew, and how many there are in each view."""
        self._tickets = self.session.store.tickets(self.held("tickets"))
        self._now_epoch = self.now_epoch()
        self._read_begun()
        found = {row.department for row in self._tickets}
        departments = {one: self.department_name(one) for one in (*USUAL_DEPARTMENTS, *sorted(found)) if one in found}
        if departments != self._departments or not self._views or self._made_for != self.me:
            self._departments, self._made_for = departments, self.me
            self._views = queue_views(self.me, departments)
            self.view = next((one for one in self.views() if self.view and one.id == self.view.id), self.views()[0])
        self._count()
        self._read_filter()
        super().reload()

    def _read_begun(self) -> None:
        begun = self.session.writing.waiting().on_tickets
        if begun != self._begun and self.view is not None and self.view.id == "drafts":
            self._applied = None
        self._begun = begun

    def on_screen_resume(self) -> None:
        """Coming back from writing: what was begun and not sent is counted."""
        super().on_screen_resume()
        if self._nameless:  # it was begun before anybody had signed in
            self.guarded(self._fetch_departments())
        if not self.session.closed and self._begun != self.session.writing.waiting().on_tickets:
            self._read_begun()
            self._apply_view()
            self._show_around()

    def department_name(self, department: str) -> str:
        """A department's name; its id where the panel has not told one."""
        return self._names.get(department, department)

    def _department_word(self, department: str) -> str:
        """Its id where that is a word, as people of that panel use it; of a number the name."""
        return self.department_name(department) if department.isdigit() else department

    def _count(self) -> None:
        self._counts = count_views(self._tickets, self.me, self._now_epoch)

    def _minute(self) -> None:
        """Words of time change, and what is late; nothing is sent where they stay the same."""
        super()._minute()
        if self.is_current and not self.session.closed:
            self._count()
            if self.view is not None and self.view.id == "due":
                self._applied = None
                self._apply_view()
            self._show_around()

    def count_of(self, view: View) -> int:
        """From one look at all rows."""
        return len(self._begun) if view.id == "drafts" else self._counts.by_view.get(view.id, 0)

    def begin_anew(self) -> None:
        """Another account's tickets."""
        super().begin_anew()
        self.ranks = Ranks(self.ranks.policy)
        self._filter, self._before_due = TicketFilter(), ""

    # --- what stands around the list

    def summary(self, rows: Sequence[TicketRow], marked: Sequence[TicketRow]) -> Content:
        """What is wrong with the filter, what the marks are, or how many tickets each view has."""
        if self._filter.problem:
            return toned(f" {self._filter.problem}", "warning")
        if marked:
            states: dict[str, int] = {}
            for row in marked:
                states[row.state] = states.get(row.state, 0) + 1
            words = ", ".join(f"{count} {state}" for state, count in states.items())
            return Content.assemble(
                (words, "$muted"), ("  of ", "$muted"), count_text(len({row.login for row in marked}), "client")
            )
        view = self.view.id if self.view else ""
        return counts_line(self._views, self._counts, view, self.app.size.width, drafts=len(self._begun))

    def detail(self, row: TicketRow) -> Content:
        """The ticket beside the list, and what was last written."""
        store, now = self.session.store, self._now_epoch
        order = store.order_rows([row.order_id]).get(row.order_id) if row.order_id else None
        parts = [
            ticket_facts(
                row, self.ranks.reasons(row, now), now, department=self.department_name(row.department),
                order=order.name if order is not None else "", merged=merged_number(store, row),
                draft=self._begun.get(row.id), ascii_only=self.billtui.ascii_only,
                takes=self.session.unavailable("staff.take") is None,
            )
        ]  # fmt: skip
        messages = store.messages(row.id)
        if messages:
            last = messages[-1]
            parts += [
                Content(""),
                last_words(last.author, last.role, last.at, last.body, internal=bool(last.internal), now=now),
            ]
        return Content("\n").join(parts)

    # --- filter

    def apply_filter(self, text: str) -> None:
        """Plain words as ever; ``who:me`` and its like narrow by what a ticket is."""
        before = self._filter.terms
        self._filter = read_filter(text, self.me, self._now_epoch or self.now_epoch())
        if self._filter.terms != before:
            self._apply_view()
        self.table.set_filter(self._filter.words)

    def _read_filter(self) -> None:
        """Lengths of time in the filter count from now on."""
        if self._filter.terms:
            text = " ".join((*self._filter.terms, self._filter.words))
            self._filter = read_filter(text, self.me, self._now_epoch)

    def _apply_view(self) -> None:
        """Only where something else is to be shown: of 50,000 rows each look takes its time, and the instant that a
        view goes by is read anew at each look anyway."""
        wanted = (self.view, self._filter)
        if wanted != self._applied:
            self._applied = wanted
            super()._apply_view()

    def view_predicate(self) -> Callable[[TicketRow], bool] | None:
        """The view's rows that the terms of the filter leave."""
        shows, matches = super().view_predicate(), self._filter.matches
        if matches is None:
            return shows
        return matches if shows is None else lambda row: shows(row) and matches(row)

    def filter_content(self) -> list[Content | str | tuple[str, str]]:
        """The words and terms in force, and the saved view's name."""
        parts = super().filter_content()
        if self._filter.terms and not self.has_class("filtering"):
            parts += ["  " if parts else ("  filter: ", "$muted"), Content(" ".join(self._filter.terms))]
        if self.saved:
            parts.append((f"  “{self.saved}”", "$text-accent"))
        if self.has_class("filtering"):
            parts.append((f"  {', '.join(f'{one}:' for one in FIELDS)}", "$faint"))
        return parts

    # --- triage

    def triage_rows(self) -> list[TicketRow]:
        """The marked ones, or the one under the cursor."""
        return list(self.chosen_rows())

    def refusal_of(self, command: Command) -> str | None:
        """Views and the shift need no ticket under the cursor."""
        refusal = super().refusal_of(command)
        if refusal is not None and command.id in _NO_ROW_NEEDED and refusal == self._nothing_chosen():
            return None
        return refusal

    def open_row(self, row_id: str) -> None:
        """The thread."""
        self.billtui.show_ticket(row_id)

    @handles("queue.answer")
    async def answer(self) -> None:
        """Write to the client, over the thread: nobody answers what was not there to be read (TKT-9)."""
        if (row := self.table.cursor_row) is not None:
            if not self.session.store.messages_known(row.id).whole:
                await self.session.tickets.thread(row.id)
            self.billtui.show_ticket(row.id)
            last, mark = self.session.store.ticket_row(row.id) or row, self.session.tickets.seen(row.id)
            if self.app.size.width < WIDE and (mark is None or mark.message_id != last.last_message_id):
                self.billtui.say("There is something that you have not read yet: a answers it from here (TKT-9).")
            else:
                self.billtui.compose_reply(row.id)

    @handles("queue.close")
    async def close_chosen(self) -> None:
        """Close what is chosen; a single mark elsewhere is not the ticket that is looked at, so it is asked first."""
        rows = self.chosen_rows()
        if [row.id for row in rows] == [self.table.cursor_id]:
            await close_ticket(self.billtui, rows[0].id)
            return
        await close_tickets(self.billtui, [row for row in rows if row.state != CLOSED] or rows, ask=len(rows) == 1)

    @handles("queue.due")
    def show_due(self) -> None:
        """What misses its service level within the hour; again: the view before."""
        now = self.view.id if self.view else ""
        if now == "due":
            self.show_view(self._before_due or "next")
        else:
            self._before_due = now
            self.show_view("due")

    @handles("queue.shift")
    def show_shift(self) -> None:
        """What was done, and what is left."""
        from billtui.screens.shift import ShiftScreen

        self.app.push_screen(ShiftScreen())

    @handles("queue.canned")
    def show_canned(self) -> None:
        """Answers that are kept ready."""
        from billtui.screens.canned import CannedScreen

        self.app.push_screen(CannedScreen())

    @handles("queue.advance")
    def switch_advance(self) -> None:
        """Whether the next ticket opens by itself."""
        on = not self.billtui.settings.next_ticket
        self.billtui.change_settings(next_ticket=on)
        self.billtui.say(
            "The next ticket opens by itself after an answer, a hand-over or a close."
            if on
            else "No ticket opens by itself any more: N opens the next one."
        )

    @handles("app.undo")
    def undo_here(self) -> None:
        """What waits in the outbox, then the last change that can be changed back, then marks."""
        if self.billtui.holds_something or self.billtui.undo_offered:
            self.billtui.undo()
        else:
            self.table.action_undo_marks()

    def command_words(self) -> list[str]:
        """Taking what is chosen."""
        return ["tickets", "take"]
