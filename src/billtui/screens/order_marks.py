"""Marks in the list of orders: kept for the account, told why not (BLK-5), chosen by words, lists and expressions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence, Set
from typing import ClassVar, Final

from textual import on
from textual.content import Content
from textual.timer import Timer

from billtui.commands import handles
from billtui.config.errors import UnsafePath
from billtui.config.kinds import USUAL_KIND
from billtui.screens.command_text import command_line
from billtui.screens.list_screen import ListScreen
from billtui.services.order_matching import predicate
from billtui.services.order_query import Query, QueryError, split_filter
from billtui.services.own_files import OwnFiles
from billtui.services.store import OrderRow, money
from billtui.widgets.formats import cents_text, count_text
from billtui.widgets.record_table import RecordTable
from billtui.widgets.record_table_chosen import total_of

KIND: Final = "order"
KEEP_AFTER: Final = 1.0
"""Seconds from a change of marks to their being written: many keys are one write."""
MANY_IDS: Final = 400
"""More ids than this do not go onto a command line: they become the saved selection :data:`COPIED`."""
COPIED: Final = "copied"

ON_INVOICE: Final = "on an open invoice (BLK-5)"
IN_TRANSFER: Final = "in a transfer (TRF-6)"
NOT_PAID: Final = "waiting for its first payment (ORD-1)"
GONE: Final = "deleted or cancelled (ORD-1)"


_RENEWABLE: Final = frozenset({"active", "suspended", "blocked"})


def why_unmarkable(row: OrderRow) -> str | None:
    """Why an order cannot be marked for bulk renewal, in few words; ``None`` if it can."""
    if row.unpaid_invoice_id is not None:
        return ON_INVOICE
    if row.transfer_id is not None:
        return IN_TRANSFER
    state = row.state
    if state in _RENEWABLE:
        return None
    return NOT_PAID if state == "pending" else GONE


class OrderMarks(ListScreen[OrderRow]):
    """The list of orders as far as choosing goes."""

    NOUN: ClassVar[str] = "order"

    def __init__(self) -> None:
        """Nothing is marked before the account is known."""
        super().__init__()
        self._own: OwnFiles | None = None
        self._keep_timer: Timer | None = None
        self._to_keep: Callable[[], Set[str]] | None = None
        self._query = Query()
        self._query_error: QueryError | None = None
        self._tags: Mapping[str, frozenset[str]] = {}

    # --- tags

    def tags(self) -> Mapping[str, frozenset[str]]:
        """The person's own tags, by the order's id; the same object until they change."""
        return self._tags

    def tags_text(self, row: OrderRow) -> str:
        """The tags of one order."""
        words = self._tags.get(row.id)
        return " ".join(sorted(words)) if words else ""

    def _chosen_columns(self) -> Sequence[str] | None:
        chosen = super()._chosen_columns()
        if chosen is not None:
            return chosen
        bare = self._bare_columns()
        return [column.key for column in self.columns() if column.key not in bare] if bare else None

    def _bare_columns(self) -> set[str]:
        """Columns in which nothing stands, or the same in every row: they leave their room to the names."""
        bare = set() if self._tags else {"tags"}
        if self.billtui.profile.kind != USUAL_KIND:
            traits = self.session.traits
            bare |= {key for key, told in (("location", traits.places), ("auto", traits.auto_renewals)) if not told}
        return bare

    # --- data

    def reload(self) -> None:
        """Rows anew; marks are this account's, and what became of them meanwhile is said."""
        own, before = self.session.own, bool(self._tags)
        self._tags = own.tags.all() if own is not None else {}
        if bool(self._tags) != before and not self.billtui.settings.columns.get(self.LIST_NAME):
            self.table.visible_columns = self._chosen_columns() or [column.key for column in self.columns()]
        super().reload()
        if own is None or not self.session.store.is_complete:
            return
        if self._own is None:
            self._own = own
            self.table.change_marks(add=own.marks.load(KIND))
        gone = self.table.settle_marks()
        if gone:
            self.billtui.say(f"{count_text(len(gone), 'marked order')} not there any more: unmarked.", "warning")

    def begin_anew(self) -> None:
        """Marks were another account's: they are kept for it, and this one's are read."""
        self._keep_now()
        self._own = None
        super().begin_anew()

    def on_unmount(self) -> None:
        """Leaving: what is not written yet is written now."""
        self._keep_now()

    @on(RecordTable.MarksChanged)
    def keep_marks(self) -> None:
        """Marks are written a moment after the last change."""
        if self._own is None:
            return
        self._to_keep = self.table.marks_now()
        if self._keep_timer is None:
            self._keep_timer = self.set_timer(KEEP_AFTER, self._keep_soon)

    def _keep_soon(self) -> None:
        self._keep_timer = None
        own, ids, self._to_keep = self._own, self._to_keep, None
        if own is not None and ids is not None:
            self.guarded(asyncio.to_thread(lambda: own.marks.save(KIND, ids())))

    def _keep_now(self) -> None:
        own, ids, self._to_keep = self._own, self._to_keep, None
        if self._keep_timer is not None:
            self._keep_timer.stop()
            self._keep_timer = None
        if own is not None and ids is not None:
            try:
                own.marks.save(KIND, ids())
            except (UnsafePath, OSError) as error:
                self.billtui.say(f"The marks could not be kept: {error}", "warning")

    # --- why not

    def mark_refusal(self, row: OrderRow) -> str | None:
        """An order on an open invoice cannot be marked for bulk renewal (BLK-5)."""
        return why_unmarkable(row)

    def refusal_text(self, event: RecordTable.MarkRefused) -> str:
        """Why, for how many, and the way out."""
        row = self.table.row_of(event.row_id)
        if row is None:
            return super().refusal_text(event)
        if event.total == 1:
            text = f"{row.name} is {event.reason}{self._invoice_text(row)}."
            way = " R shows the ways out; i opens the invoice, p pays it." if row.unpaid_invoice_id else ""
        else:
            text = f"{event.total} of them cannot be marked and are set aside (!): {row.name} is {event.reason}"
            text += f"{self._invoice_text(row)}, and {event.total - 1} more."
            way = " R lists them with their ways out."
        return text + way

    def _invoice_text(self, row: OrderRow) -> str:
        if row.unpaid_invoice_id is None:
            return ""
        invoice = self.session.store.invoice_rows([row.unpaid_invoice_id]).get(row.unpaid_invoice_id)
        if invoice is None:
            return ""
        return f": number {invoice.number}, {money(invoice.total, invoice.currency)}, {invoice.state}"

    def summary(self, rows: Sequence[OrderRow], marked: Sequence[OrderRow]) -> Content:
        """What the marked or shown orders cost a month, how many are set aside; first what is wrong with the filter."""
        if self._query_error is not None:
            return Content.styled(f" {self._query_error.problem} {self._query_error.hint}", "$text-warning")
        aside = self.table.aside_count
        parts: list[Content | tuple[str, str]] = []
        if aside:
            parts.append((f"{aside} set aside (R says why) ", "$text-warning"))
        chosen = marked or ([] if aside else self.table.all_shown())
        if chosen:
            parts += [
                (f" {'marked' if marked else 'shown'}: ", "$muted"),
                (cents_text(total_of(chosen, "price"), chosen[0].currency), "bold"),
                (" a month at list price", "$muted"),
            ]
        return Content.assemble(*parts)

    # --- what commands act on

    def chosen_rows(self) -> Sequence[OrderRow]:
        """The marked rows and those set aside, in their order, or the one under the cursor.

        What cannot be renewed can still be named, tagged, switched off; renewing shows it with its way out.
        """
        table = self.table
        if table.marked_count or table.aside_count:
            return table.chosen_rows()
        return [table.cursor_row] if table.cursor_row is not None else []

    @handles("list.copy_command")
    def copy_command(self) -> None:
        """The line that does the same for the present marks; too many for a line become a saved selection."""
        ids, own = self.command_ids(), self.session.own
        if len(ids) <= MANY_IDS or own is None:
            super().copy_command()
            return
        own.selections.put(KIND, COPIED, ids)
        words = [*self.command_words(), "--select", COPIED]
        self.billtui.copy(command_line(self.billtui.profile, words, []))
        self.billtui.say(f"{len(ids)} orders are too many for one line: they are kept as the selection “{COPIED}”.")

    # --- filter

    def apply_filter(self, text: str) -> None:
        """Plain words as ever; terms with a field narrow by what the order is."""
        words, query, self._query_error = split_filter(text)
        if query != self._query:
            self._query = query
            self._apply_view()
        self.table.set_filter(words)

    def view_predicate(self) -> Callable[[OrderRow], bool] | None:
        """The view's rows that the expression in the filter leaves."""
        shows = super().view_predicate()
        if not self._query.terms:
            return shows
        matches = predicate(self._query, self._now_epoch or self.now_epoch(), self._tags)
        return matches if shows is None else lambda row: shows(row) and matches(row)

    def filter_content(self) -> list[Content | str | tuple[str, str]]:
        """The words and terms in force."""
        parts = super().filter_content()
        if self._query.terms and not self.has_class("filtering"):
            parts += ["  " if parts else ("  filter: ", "$muted"), Content(str(self._query))]
        return parts
