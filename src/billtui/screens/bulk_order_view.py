"""How the order of many servers looks: the matrix, what it comes to, the choices, the lines, what is left out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from textual import on
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.events import Resize
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from billtui.client.errors import ClientError
from billtui.commands import COMMANDS, Command, Scope
from billtui.domain.money import Money
from billtui.keymap import keys_of, shown
from billtui.screens.base import BilltuiScreen
from billtui.screens.bulk_order_buying import settle_confirmed
from billtui.screens.bulk_order_desk import OrderDesk
from billtui.screens.bulk_order_text import (
    Standing,
    cell_words,
    choice_lines,
    headline,
    left_out_content,
    left_out_line,
    lines_content,
    plan_in,
    status,
    sums,
)
from billtui.screens.list_screen import DETAIL_FROM
from billtui.services.executor import JobEvent
from billtui.services.order_draft import OrderDraft
from billtui.services.session_settings import SessionRefused
from billtui.widgets.choices import Choices
from billtui.widgets.formats import count_text
from billtui.widgets.quantity_matrix import MatrixColumn, MatrixRow, QuantityMatrix
from billtui.widgets.still import Still

PAUSE = 0.35
"""Seconds without a change after which the panel is asked, and the draft is kept."""
RETRY = 10.0
"""Seconds after which a price that failed is asked for again by itself."""
LOW = 20
"""Lines of the terminal below which the choices give way to the matrix."""
TALL = 34
"""Lines from which a narrow terminal has room for how the total comes about."""
HIGH = 28
"""Lines from which there is room for the lines of the price beside the choices."""
BESIDE = 68
"""Cells that the lines beside the choices take."""


class BulkOrderView(BilltuiScreen):
    """Shows the desk, and brings what is typed to it. Everything typed is drawn at once and priced after a pause."""

    AREA = "Orders"
    SCOPES = (Scope.BULK,)
    CSS_PATH = Path(__file__).with_name("bulk_order.tcss")

    def __init__(self) -> None:
        """The draft is read when it is known whose it is."""
        super().__init__()
        self.desk = OrderDesk(lambda: self.session)
        self._pause: Timer | None = None
        self._shown: dict[str, Content] = {}

    # --- composition

    def compose_body(self) -> Iterable[Widget]:
        """What it comes to, the matrix, the cell in words, the choices and the lines."""
        yield Still(id="headline")
        yield Still(id="status")
        yield QuantityMatrix(("Plan", "A month"), ascii_only=self.billtui.ascii_only, id="matrix")
        yield Still(id="cell")
        with Horizontal(id="below"):
            with Vertical(id="choosing"):
                yield Choices(id="form")
                yield Still(id="sums")
            with VerticalScroll(id="beside"):
                yield Still(id="beside-text")
        yield Still(id="left-out")

    def on_mount(self) -> None:
        """The draft at once, then what is sold."""
        super().on_mount()
        self._fit(self.app.size.width, self.app.size.height)
        self.reload_if_changed(force=True)
        self.matrix.focus()
        self.guarded(self.load())
        self.at_times(60, self._minute)

    def on_unmount(self) -> None:
        """Leaving keeps what was typed."""
        self.desk.keep()

    def on_screen_resume(self) -> None:
        """Back from a question, or from signing in again: what has no price is asked for."""
        super().on_screen_resume()
        desk = self.desk
        waits = self._pause is not None and not desk.price.trouble
        if desk.draft.cells and desk.catalogue.plans and desk.price.offer is None and not waits:
            self._settle()

    def _minute(self) -> None:
        """How long the price holds; one that ran out is asked for again."""
        if self.is_seen and not self.session.closed:
            if self.desk.price.expired:
                self._settle()
            self.show()

    def on_resize(self, event: Resize) -> None:
        """A wide terminal shows the lines beside the choices."""
        self._fit(event.size.width, event.size.height)
        self.call_after_refresh(self.show)

    def _fit(self, width: int, height: int) -> None:
        self.set_class(width >= DETAIL_FROM and height >= HIGH, "wide")
        self.set_class(height < LOW, "low")
        self.set_class(width < DETAIL_FROM and height >= TALL, "tall")

    @property
    def matrix(self) -> QuantityMatrix:
        """The numbers."""
        return self.query_one("#matrix", QuantityMatrix)

    # --- data

    def reload(self) -> None:
        """Whose draft it is."""
        account, desk = self.session.account, self.desk
        if account is None:
            return
        if not desk.is_of(account):
            drafts = desk.open(account)
            settle_confirmed(self.billtui, drafts)
            self.take_draft(drafts.load().draft)
        if desk.asked and not desk.catalogue.plans:
            self.guarded(self.load())

    def begin_anew(self) -> None:
        """Another account: its own draft, its own panel."""
        self.keep()
        self.desk.leave()
        self.matrix.begin_anew({})
        self.guarded(self.load())

    def take_draft(self, draft: OrderDraft) -> None:
        """Show ``draft``, without a way back to what was there."""
        self.desk.draft = draft
        self.matrix.begin_anew(draft.quantities)
        self.changed()

    async def load(self) -> None:
        """What is sold and how many there are; then the price."""
        desk = self.desk
        try:
            await desk.load()
        except (ClientError, SessionRefused) as error:
            desk.price.fail(error)
            self.show()
            raise
        plans = [MatrixRow(one.id.raw, str(one.name), f"{one.monthly_price.amount}") for one in desk.catalogue.plans]
        self.matrix.set_axes(plans, [MatrixColumn(one.id.raw, str(one.id)) for one in desk.catalogue.locations])
        self.matrix.styles.max_height = len(plans) + 1
        self.matrix.set_stock(desk.stock)
        self._settle()
        self.show()

    def job_moved(self, event: JobEvent) -> None:
        """A purchase of this draft has ended: what was not bought comes back."""
        if event.done and self.desk.drafts is not None:
            self.guarded(self.load())  # what was bought is out of stock
            back = settle_confirmed(self.billtui, self.desk.drafts)
            if back is not None and not self.desk.draft.cells:
                self.take_draft(back)

    # --- from a change to a price

    def choose(self, draft: OrderDraft | None) -> None:
        """Something was chosen, or ``None``. The numbers are the matrix': they may have changed since it was asked."""
        draft = None if draft is None else draft.with_quantities(self.matrix.quantities)
        if draft is not None and draft != self.desk.draft:
            self.desk.draft = draft
            self.changed()

    def changed(self) -> None:
        """Something else is wanted: show it at once, ask the panel after a pause."""
        self.desk.price.changed(self.desk.draft)
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._settle)
        self.show()

    def _settle(self) -> None:
        """Nothing was typed for a moment: keep the draft, preview the names, ask for the price."""
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
        if self.session.closed or not self.is_attached or not self.is_running:
            return  # the screen is being left; what was typed is kept then
        self.keep()
        self.desk.preview_names()
        # The method, not its coroutine: a worker that is never begun then leaves nothing that was never awaited.
        self.run_worker(self._price, group="price", exclusive=True, exit_on_error=False)  # type: ignore[arg-type]  # mypy cannot tell which of Textual's three kinds of work it is

    async def _price(self) -> None:
        await self.billtui.boundary(self.ask_price(), "price")

    async def ask_price(self) -> None:
        """The panel's price of what is wanted now, shown when it comes."""
        try:
            await self.desk.ask_price()
        except asyncio.CancelledError:
            self.show()
            raise
        self.matrix.set_stock(self.desk.stock)
        self.desk.preview_names()  # what is left out gets no name
        if self.desk.price.trouble and self._pause is None:
            self._pause = self.set_timer(RETRY, self._settle)
        self.show()

    def keep(self) -> None:
        """Write the draft to its file."""
        if problem := self.desk.keep():
            self.billtui.say(problem, "warning")

    # --- what is shown

    def show(self) -> None:
        """Everything around the matrix; only what says something else is drawn."""
        if not self.is_mounted or not self.query("#headline"):
            return
        standing = self.desk.standing()
        width = self.size.width
        offer = standing.offer
        left = (offer.expires_at - self.session.now()).total_seconds() if offer is not None else None
        self._put("headline", headline(standing, width))
        self._put("status", status(standing, left) if self.desk.catalogue.plans else self._no_catalogue())
        self._put("cell", cell_words(self.matrix.cursor, self.desk.catalogue, self.desk.stock, standing))
        out = [left_out_line(one) for one in standing.left_out]
        heading = Content.styled(f"{len(out)} left out, x: ways out  ", "$text-warning")
        self._put("left-out", Content("\n").join([Content.assemble(heading, out[0]), *out[1:]]) if out else Content(""))
        self.query_one("#left-out").set_class(bool(out), "some")
        self._show_form(standing, width - BESIDE if self.has_class("wide") else width - 2)
        if self.has_class("wide"):
            self._put("beside-text", self._beside(standing))
        if self.has_class("wide") or self.has_class("tall"):
            self._put("sums", sums(standing, self._purses()))
        self.refresh_keys()

    def _put(self, name: str, content: Content) -> None:
        self.query_one(f"#{name}", Still).show(content, grows=True)

    def _no_catalogue(self) -> Content:
        cells = len(self.desk.draft.cells)
        kept = f" {count_text(cells, 'cell')} that you typed are kept." if cells else ""
        if self.desk.asked:
            return Content.styled(f" The panel has not told what is sold; r asks again.{kept}", "$text-warning")
        return Content.styled(f" Asking the panel what is sold …{kept}", "$muted")

    def _show_form(self, standing: Standing, width: int) -> None:
        form = self.query_one("#form", OptionList)
        overrides = self.billtui.settings.keys

        def keys(command_id: str) -> str:
            return shown(keys_of(COMMANDS[command_id], overrides)[0])

        pattern = self.desk.draft.names
        names = f"{pattern}  {self.desk.names_shown}" if pattern else "the panel names them"
        takes_code = self.billtui.capability_refusal("orders.new-promo") is None
        addons = self.desk.catalogue.addons
        lines = choice_lines(standing, addons, names, self.desk.names_problem, keys, takes_code=takes_code)
        for line in lines:
            content = line.content(width)
            if line.id not in self._shown:
                form.add_option(Option(content, id=line.id))
            elif self._shown[line.id] != content:
                form.replace_option_prompt(line.id, content)
            self._shown[line.id] = content

    def _purses(self) -> list[tuple[str, Money]]:
        account = self.session.account
        if account is None:
            return []
        return [(name.capitalize(), held) for name, held in account.purses.items()]

    def _beside(self, standing: Standing) -> Content:
        parts: list[Content] = []
        if standing.offer is not None and standing.offer.lines:
            parts.append(lines_content(standing.offer.lines, self.desk.catalogue, BESIDE - 6))
        if standing.left_out:
            parts.append(left_out_content(standing.left_out))
        return Content("\n\n").join(parts)

    # --- the matrix

    def run_command(self, command: Command) -> None:
        """Commands act on what was typed, however fast they come behind it."""
        self.quantities_changed()
        self.matrix.stop_typing()
        super().run_command(command)

    @on(QuantityMatrix.QuantitiesChanged)
    def quantities_changed(self) -> None:
        """Other numbers."""
        self.choose(self.desk.draft)

    @on(QuantityMatrix.CursorMoved)
    def cursor_moved(self, event: QuantityMatrix.CursorMoved) -> None:
        """The cell in words follows the cursor."""
        self._put("cell", cell_words(event.cell, self.desk.catalogue, self.desk.stock, self.desk.standing()))

    @on(QuantityMatrix.NotSold)
    def not_sold(self, event: QuantityMatrix.NotSold) -> None:
        """A number where nothing is sold: say so, and where it is."""
        plan = next((one for one in self.desk.catalogue.plans if one.id.raw == event.cell[0]), None)
        sold = ", ".join(map(str, plan.locations)) if plan is not None else ""
        name = plan_in(event.cell[0], event.cell[1], self.desk.catalogue)
        self.billtui.say(f"{name} is not sold. It is in: {sold or 'no location'}.", "warning")

    @on(OptionList.OptionSelected, "#form")
    def form_chosen(self, event: OptionList.OptionSelected) -> None:
        """Enter on a choice changes it."""
        if event.option.id:
            self.run_command(COMMANDS[event.option.id])
