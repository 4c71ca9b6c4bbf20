"""A ticket and its thread as far as reading goes: the copy at once, then the panel; followed while it is open."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar, Final

from textual import on
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.timer import Timer
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input, Static

from billtui.client.errors import ClientError, NotFound
from billtui.commands import handles
from billtui.config.errors import UnsafePath
from billtui.domain.models import Ticket
from billtui.screens.base import BilltuiScreen
from billtui.screens.customer_card import CardLines
from billtui.screens.presence import PresenceLine
from billtui.screens.ticket_view import Around, entries_of, facts, head_lines, merged_number
from billtui.services.session_settings import SessionRefused
from billtui.services.session_thread import SessionClosed
from billtui.services.store import TicketRow
from billtui.services.thread_reading import first_unread
from billtui.services.ticket_desk import TicketDesk
from billtui.widgets.formats import count_text
from billtui.widgets.still import Still
from billtui.widgets.thread import ThreadView

WIDE_FROM: Final = 120
"""Columns of the terminal from which the facts stand beside the thread."""
KEEP_AFTER: Final = 0.5
"""Seconds from something new being seen to its mark being written: many keys are one write."""
LEAST_SEARCHED: Final = 2
"""Letters from which on a search follows what is typed."""


class TicketReading(BilltuiScreen):
    """Shows the copy at once, then asks the panel for what is new; follows while it is open."""

    AREA = "Tickets"
    CSS_PATH: ClassVar[CSSPathType | None] = Path(__file__).with_name("ticket.tcss")

    def __init__(self, ticket_id: str, *, message_id: str = "", find: str = "") -> None:
        """Show this ticket, from ``message_id`` on where it is given, and with a search for ``find``."""
        super().__init__()
        self.ticket_id = ticket_id
        self.row: TicketRow | None = None
        self.ticket: Ticket | None = None
        self._go_to = message_id
        self._find = find
        self._asked = False
        """Whether the panel has answered, or cannot."""
        self._unread: str | None = None
        self._unread_known = False
        self._departments: Mapping[str, str] = {}
        self._watched: TicketDesk | None = None
        self._seen_last = ""
        self._below = ""
        """The last message that came into sight while another screen stood over this one."""
        self._seen_timer: Timer | None = None

    # --- composition

    def compose_body(self) -> Iterable[Widget]:
        """Head, thread and facts, what is searched for, where one is."""
        with Vertical(id="ticket-head"):
            yield Still(id="subject")
            yield Still(id="state")
            yield Still(id="about")
        yield PresenceLine(self.ticket_id)
        with Horizontal(id="main"):
            yield Static(id="notice")
            yield ThreadView(ascii_only=self.billtui.ascii_only, id="thread")
            if self.staff:
                with Vertical(id="side"):
                    yield Still(id="facts")
                    yield CardLines()
            else:
                with VerticalScroll(id="side", can_focus=False):
                    yield Still(id="facts")
        with Horizontal(id="find-line"):
            yield Static(Content(" Find: "), id="find-label")
            field = Input(placeholder="words in this thread; enter keeps, esc clears", id="find")
            field.cursor_blink = False
            field.can_focus = False
            yield field
        yield Still(id="status")

    @property
    def thread(self) -> ThreadView:
        """The messages."""
        return self.query_one("#thread", ThreadView)

    def on_mount(self) -> None:
        """The copy first, then the panel."""
        super().on_mount()
        self._fit(self.app.size.width)
        self._watched = self.session.tickets
        self._watched.watch(self.ticket_id)
        self.thread.focus()
        self.reload_if_changed(force=True)
        self.guarded(self._fetch())
        self.guarded(self._fetch_departments())
        self.at_times(60, self._minute)

    def on_unmount(self) -> None:
        """Nobody looks any more; what was seen is kept."""
        self._keep_seen()
        if self._watched is not None and not self.session.closed:
            self._watched.unwatch(self.ticket_id)
        self._watched = None

    def on_screen_resume(self) -> None:
        """Back from writing: what was begun and not sent is said."""
        super().on_screen_resume()
        if self.is_mounted:
            self._show_words()
            if self._below:
                self._read(self._below)

    def on_resize(self, event: Resize) -> None:
        """A wide terminal gains the facts."""
        self._fit(event.size.width)

    def _fit(self, width: int) -> None:
        self.set_class(width >= WIDE_FROM, "wide")
        if self.is_mounted:
            self._show_words()

    # --- data

    async def _fetch(self) -> None:
        try:
            await self.session.tickets.thread(self.ticket_id)
        except NotFound:
            if self.row is not None:
                raise
        finally:
            self._asked = True
            self.reload_if_changed(force=True)

    async def _fetch_departments(self) -> None:
        with contextlib.suppress(ClientError, SessionRefused, SessionClosed):  # their ids stand there instead
            found = await self.session.tickets.departments()
            self._departments = {str(one.id): str(one.name) for one in found}
            self._show_words()

    def _minute(self) -> None:
        """Words for time left."""
        if self.is_seen and not self.session.closed:
            self._show_words()

    def begin_anew(self) -> None:
        """Another account's copy: this ticket was not its."""
        self._unread_known = False
        self.thread.show([])

    def reload(self) -> None:
        """Draw what the copy knows; what is being read does not move."""
        store = self.session.store
        self.row, self.ticket = store.ticket_row(self.ticket_id), store.ticket(self.ticket_id)
        held = store.messages_known(self.ticket_id)
        if self.row is None or not (held.whole or self._asked):
            self._notice(self._absent())
        else:
            rows = store.messages(self.ticket_id)
            if not self._unread_known and rows:
                self._unread_known = True
                tickets = self.session.tickets
                mark, unread = tickets.seen(self.ticket_id), tickets.is_unread(self.row)
                self._unread = first_unread(rows, mark, self.me, unread=unread, staff=self.staff)
            self.thread.show(entries_of(rows, self.me), self._unread)
            self._notice("" if rows else "No message of this ticket could be read. r asks the panel again.")
        self._show_words()
        self.refresh_keys()

    @property
    def me(self) -> str:
        """The login of whoever reads."""
        account = self.session.account
        return "" if account is None else str(account.login)

    @property
    def staff(self) -> bool:
        """Whether support reads."""
        return self.session.tickets.is_staff

    def _absent(self) -> str:
        if self.row is not None:
            return "Asking the panel for the messages …"
        if self._asked:
            return "This ticket is not there, or is another account's. esc goes back."
        return "This ticket is not in the local copy; asking the panel …"

    def _notice(self, words: str) -> None:
        notice = self.query_one("#notice", Static)
        notice.update(Content(words))
        notice.set_class(bool(words), "shown")
        self.thread.display = not words
        if not words and self.focused is None:
            self.set_focus(self.thread)

    def _go_where_asked(self) -> None:
        """The message that was asked for, or the first place of a search; once."""
        wanted, self._go_to = self._go_to, ""
        number = next((at for at, one in enumerate(self.thread.entries) if one.id == wanted), None)
        if number is not None:
            self.thread.go_to(number)
        if self._find and self.thread.entries:
            find, self._find = self._find, ""
            self._search(find)

    # --- words around the thread

    def _show_words(self) -> None:
        if self.session.closed:
            return
        lines, side = [Content(self.ticket_id), Content(""), Content("")], Content("")
        if self.row is not None:
            now, around = int(self.session.now().timestamp()), self._around(self.row)
            narrow, plain = not self.has_class("wide"), self.billtui.ascii_only
            lines = head_lines(self.row, self.ticket, now, around, narrow=narrow, ascii_only=plain)
            side = facts(self.row, self.ticket, now, around, ascii_only=self.billtui.ascii_only)
        for name, line in zip(("subject", "state", "about"), lines, strict=True):
            room = max(self.size.width - 2, 1)
            self.query_one(f"#{name}", Still).show(line.truncate(room, ellipsis=True))
        self.query_one("#facts", Still).show(side, grows=True)
        self._show_card()
        self._show_status()

    def _show_card(self) -> None:
        """For staff whose ticket it is, beside the thread where there is room (ACC-7)."""
        if self.staff and self.row is not None and self.row.account_id and self.has_class("wide"):
            self.query_one(CardLines).show(self.row.account_id, self.ticket_id)

    def _around(self, row: TicketRow) -> Around:
        store = self.session.store
        order = store.order_rows([row.order_id]).get(row.order_id) if row.order_id else None
        invoice = store.invoice_rows([row.invoice_id]).get(row.invoice_id) if row.invoice_id else None
        return Around(
            self.staff,
            self._departments,
            order_name=order.name if order is not None else "",
            invoice_number=invoice.number if invoice is not None else "",
            merged_number=merged_number(store, row),
            draft=self.session.writing.waiting().on_tickets.get(row.id),
        )

    def _show_status(self) -> None:
        thread = self.thread
        parts: list[Content] = []
        if thread.entries:
            parts.append(Content.styled(f" message {thread.chosen_number} of {len(thread.entries)}", "$muted"))
        if below := thread.not_shown_yet:
            parts.append(Content.styled(f"{below} new below: G", "bold $text-accent"))
        if thread.wanted:
            at, count = thread.found_at
            words = f"“{thread.wanted}”: {at} of {count}, n next, p before" if count else f"“{thread.wanted}”: nowhere"
            parts.append(Content.styled(words, "" if count else "$text-warning"))
        chosen = thread.chosen
        if chosen is not None and chosen.files:
            parts.append(Content.styled(f"{count_text(len(chosen.files), 'attachment')}: s saves", "$muted"))
        if thread.has_folds:
            parts.append(Content.styled("z unfolds, or folds", "$muted"))
        self.query_one("#status", Still).show(Content.styled(" · ", "$faint").join(parts))

    @on(ThreadView.Moved)
    def moved(self) -> None:
        """Where one is, in words; the first time, what was asked for is gone to."""
        self._go_where_asked()
        self._show_status()
        self.refresh_keys()

    @on(ThreadView.Shown)
    def seen(self, event: ThreadView.Shown) -> None:
        """What was on the screen was read; what came below a letter or a question only once that is gone (TKT-9)."""
        if self.is_on_top:  # ``is_current`` is also true below a dialog
            self._read(event.message_id)
        else:
            self._below = event.message_id

    def _read(self, message_id: str) -> None:
        """It is written a moment later."""
        self._seen_last, self._below = message_id, ""
        self._show_status()
        if self._seen_timer is None:
            self._seen_timer = self.set_timer(KEEP_AFTER, self._keep_seen)

    def _keep_seen(self) -> None:
        self._seen_timer = None
        seen, self._seen_last = self._seen_last, ""
        if not seen or self.session.closed or self._watched is not self.session.tickets:
            return
        try:
            if self.session.tickets.mark_seen(self.ticket_id, seen):
                self.billtui.dress_all()  # the copy did not change, what counts as unread did
        except (UnsafePath, OSError) as error:
            self.billtui.say(f"What was read cannot be kept: {error}", "warning")

    # --- search

    @handles("ticket.find")
    def start_find(self) -> None:
        """Type words; the thread goes to the first place with each key."""
        self.add_class("finding")
        field = self.query_one("#find", Input)
        field.can_focus = True
        self.set_focus(field)  # now, not with the next turn: what is typed ahead are words, no commands

    @on(Input.Changed, "#find")
    def follow_find(self, event: Input.Changed) -> None:
        """Go along with what is typed."""
        if len(event.value) >= LEAST_SEARCHED:
            self.thread.search(event.value)

    @on(Input.Submitted, "#find")
    def keep_find(self) -> None:
        """Back to the thread, at the place that was found."""
        self._search(self.query_one("#find", Input).value)
        self._leave_find()

    def _search(self, wanted: str) -> None:
        self.thread.search(wanted)
        self._show_status()

    def _leave_find(self) -> None:
        self.remove_class("finding")
        self.set_focus(self.thread)
        self.query_one("#find", Input).can_focus = False

    @handles("ticket.find_next")
    def find_next(self) -> None:
        """The next place."""
        self.thread.search_step(1)

    @handles("ticket.find_before")
    def find_before(self) -> None:
        """The place before."""
        self.thread.search_step(-1)

    @handles("app.back")
    def go_back(self) -> None:
        """``esc``: clear the search first, then one step back."""
        field = self.query_one("#find", Input)
        if self.has_class("finding") or self.thread.wanted:
            with field.prevent(Input.Changed):
                field.value = ""
            self._leave_find()
            self._search("")
        else:
            super().go_back()
