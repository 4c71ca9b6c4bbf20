"""Many servers at once: a matrix of plans and locations, a live price, one confirmation, one invoice (BLK)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from textual import on
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.events import Paste, Resize
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from billtui.commands import COMMANDS, Command, Scope, handles
from billtui.config.errors import ConfigError
from billtui.keymap import keys_of, shown
from billtui.screens import bulk_order_choices as ask
from billtui.screens.base import BilltuiScreen
from billtui.screens.bulk_order_buying import buy_servers, settle_confirmed
from billtui.screens.bulk_order_price import LivePrice
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
)
from billtui.screens.explaining import quotes_explained
from billtui.screens.list_screen import DETAIL_FROM
from billtui.screens.modals.choice import MessageDialog
from billtui.services.cells_text import CellsRead, read_cells
from billtui.services.executor import JobEvent
from billtui.services.order_draft import OrderDraft, OrderDrafts
from billtui.services.order_estimate import Cell, estimate, fixes_of, left_out_of
from billtui.services.order_names import NamePreview
from billtui.services.session_settings import Catalogue
from billtui.widgets.formats import count_text
from billtui.widgets.quantity_matrix import MatrixColumn, MatrixRow, QuantityMatrix

PAUSE = 0.35
"""Seconds without a change after which the panel is asked, and the draft is kept."""
LOW = 20
"""Lines of the terminal below which the choices give way to the matrix."""


class BulkOrderScreen(BilltuiScreen):
    """Numbers in, a price beside them, then how to pay. Everything typed survives leaving, signing in and a restart."""

    AREA = "Orders"
    SCOPES = (Scope.BULK,)
    CSS_PATH = Path(__file__).with_suffix(".tcss")

    def __init__(self) -> None:
        """The draft is read when it is known whose it is."""
        super().__init__()
        self.draft = OrderDraft()
        self.catalogue = Catalogue()
        self.stock: dict[Cell, int] | None = None
        self.price = LivePrice(lambda: self.session)
        self.drafts: OrderDrafts | None = None
        self.pasted = ""
        """Lines that were not understood: they stand in the dialog when it is opened again."""
        self._account = ("", "")
        self._taken: frozenset[str] = frozenset()
        self._preview = ("", "")
        self._pause: Timer | None = None
        self._shown: dict[str, Content] = {}
        self._asked = False

    # --- composition

    def compose_body(self) -> Iterable[Widget]:
        """What it comes to, the matrix, the cell in words, the choices and the lines."""
        yield Static(id="headline")
        yield Static(id="status")
        yield QuantityMatrix(("Plan", "A month"), ascii_only=self.billtui.ascii_only, id="matrix")
        yield Static(id="cell")
        with Horizontal(id="below"):
            yield OptionList(id="form")
            with VerticalScroll(id="beside"):
                yield Static(id="beside-text")
        yield Static(id="left-out")

    def on_mount(self) -> None:
        """The draft at once, then what is sold."""
        super().on_mount()
        self._fit(self.app.size.width, self.app.size.height)
        self.reload_if_changed(force=True)
        self.matrix.focus()
        self.guarded(self.load())

    def on_unmount(self) -> None:
        """Leaving keeps what was typed."""
        self.keep()

    def on_resize(self, event: Resize) -> None:
        """A wide terminal shows the lines beside the choices."""
        self._fit(event.size.width, event.size.height)
        self.call_after_refresh(self.show)

    def _fit(self, width: int, height: int) -> None:
        self.set_class(width >= DETAIL_FROM and height >= LOW, "wide")
        self.set_class(height < LOW, "low")

    @property
    def matrix(self) -> QuantityMatrix:
        """The numbers."""
        return self.query_one("#matrix", QuantityMatrix)

    # --- data

    def reload(self) -> None:
        """Whose draft it is, and which names are taken."""
        account = self.session.account
        if account is None:
            return
        self._taken = frozenset(row.name for row in self.session.store.orders())
        mine = (account.panel_id.raw, account.account_id.raw)
        if mine != self._account:
            self._account = mine
            self.drafts = OrderDrafts(self.session.settings.state_dir, *mine)
            settle_confirmed(self.billtui, self.drafts)
            self.take_draft(self.drafts.load().draft)
        elif self._asked and not self.catalogue.plans:
            self.guarded(self.load())

    def begin_anew(self) -> None:
        """Another account: its own draft, its own panel."""
        self.keep()
        self._account, self.drafts = ("", ""), None
        self.catalogue, self.stock = Catalogue(), None
        self.guarded(self.load())

    def take_draft(self, draft: OrderDraft) -> None:
        """Show ``draft``, without a way back to what was there."""
        self.draft = draft
        self.matrix.begin_anew(draft.quantities)
        self.changed()

    async def load(self) -> None:
        """What is sold and how many there are; then the price."""
        try:
            self.catalogue = await self.session.catalogue()
            stock = await self.session.stock()
        finally:
            self._asked = True
            self.show()
        self.stock = {(one.plan.raw, one.location.raw): one.available for one in stock}
        plans = [MatrixRow(one.id.raw, str(one.name), f"{one.monthly_price.amount}") for one in self.catalogue.plans]
        self.matrix.set_axes(plans, [MatrixColumn(one.id.raw, str(one.id)) for one in self.catalogue.locations])
        self.matrix.styles.max_height = len(plans) + 1
        self.matrix.set_stock(self.stock)
        self._settle()
        self.show()

    def job_moved(self, event: JobEvent) -> None:
        """A purchase of this draft has ended: what was not bought comes back."""
        if event.done and self.drafts is not None:
            back = settle_confirmed(self.billtui, self.drafts)
            if back is not None and not self.draft.cells:
                self.take_draft(back)

    # --- from a change to a price

    def changed(self) -> None:
        """Something else is wanted: show it at once, ask the panel after a pause."""
        self.price.changed(self.draft)
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._settle)
        self.show()

    def _settle(self) -> None:
        """Nothing was typed for a moment: keep the draft, preview the names, ask for the price."""
        self._pause = None
        self.keep()
        names = self.names_preview()
        self._preview = (names.words(self.draft.names), names.problem(self.draft.names))
        self.run_worker(self._ask(), group="price", exclusive=True, exit_on_error=False)

    async def _ask(self) -> None:
        await self.price.ask(self.draft, names_hold=not self._preview[1])
        self.show()

    def keep(self) -> None:
        """Write the draft to its file."""
        if self.drafts is not None:
            try:
                self.drafts.save(self.draft)
            except (ConfigError, OSError) as error:
                self.billtui.say(f"What you typed holds until the program ends, but cannot be kept: {error}", "warning")

    def names_preview(self) -> NamePreview:
        """What patterns give for what is in now."""
        return NamePreview(self.standing().cells, self._taken)

    def standing(self) -> Standing:
        """How the order stands now."""
        guess = estimate(self.draft, self.catalogue, self.stock) if self.catalogue.plans else estimate(
            OrderDraft(), self.catalogue, None
        )
        price = self.price
        left_out = guess.left_out
        if price.offer is not None:
            left_out = left_out_of(price.offer.excluded, self.draft, self.stock)
        return Standing(self.draft, guess, left_out, price.offer, price.asking, price.trouble, price.code_problem)

    # --- what is shown

    def show(self) -> None:
        """Everything around the matrix; only what says something else is drawn."""
        if not self.is_mounted or not self.query("#headline"):
            return
        standing = self.standing()
        width = self.size.width
        offer = standing.offer
        left = (offer.expires_at - self.session.now()).total_seconds() if offer is not None else None
        self._put("headline", headline(standing, width))
        self._put("status", status(standing, left) if self.catalogue.plans else self._no_catalogue())
        self._put("cell", cell_words(self.matrix.cursor, self.catalogue, self.stock, standing))
        out = [left_out_line(one, self.catalogue) for one in standing.left_out]
        heading = Content.styled(f"Left out ({len(out)}), x: ways out  ", "$text-warning")
        self._put("left-out", Content("\n").join([Content.assemble(heading, out[0]), *out[1:]]) if out else Content(""))
        self.query_one("#left-out").set_class(bool(out), "some")
        self._show_form(standing, width - 76 if self.has_class("wide") else width - 2)
        if self.has_class("wide"):
            self._put("beside-text", self._beside(standing))
        self.refresh_keys()

    def _put(self, name: str, content: Content) -> None:
        if self._shown.get(name) != content:
            self._shown[name] = content
            self.query_one(f"#{name}", Static).update(content)

    def _no_catalogue(self) -> Content:
        kept = f" {count_text(len(self.draft.cells), 'cell')} that you typed are kept." if self.draft.cells else ""
        if self._asked:
            return Content.styled(f" The panel has not told what is sold; r asks again.{kept}", "$text-warning")
        return Content.styled(f" Asking the panel what is sold …{kept}", "$muted")

    def _show_form(self, standing: Standing, width: int) -> None:
        form = self.query_one("#form", OptionList)
        overrides = self.billtui.settings.keys

        def keys(command_id: str) -> str:
            return shown(keys_of(COMMANDS[command_id], overrides)[0])

        words, problem = self._preview
        names = f"{self.draft.names}  {words}" if self.draft.names else "the panel names them"
        lines = choice_lines(standing, self.catalogue.addons, names, problem, keys)
        for line in lines:
            content = line.content(width)
            if line.id not in self._shown:
                form.add_option(Option(content, id=line.id))
            elif self._shown[line.id] != content:
                form.replace_option_prompt(line.id, content)
            self._shown[line.id] = content

    def _beside(self, standing: Standing) -> Content:
        parts: list[Content] = []
        if standing.offer is not None and standing.offer.lines:
            parts.append(lines_content(standing.offer.lines, self.catalogue, 70))
        if standing.left_out:
            parts.append(left_out_content(standing.left_out, self.catalogue))
        return Content("\n\n").join(parts)

    # --- the matrix

    @on(QuantityMatrix.QuantitiesChanged)
    def quantities_changed(self) -> None:
        """Other numbers."""
        self.draft = self.draft.with_quantities(self.matrix.quantities)
        self.changed()

    @on(QuantityMatrix.CursorMoved)
    def cursor_moved(self, event: QuantityMatrix.CursorMoved) -> None:
        """The cell in words follows the cursor."""
        self._put("cell", cell_words(event.cell, self.catalogue, self.stock, self.standing()))

    @on(QuantityMatrix.NotSold)
    def not_sold(self, event: QuantityMatrix.NotSold) -> None:
        """A number where nothing is sold: say so, and where it is."""
        plan = next((one for one in self.catalogue.plans if one.id.raw == event.cell[0]), None)
        sold = ", ".join(map(str, plan.locations)) if plan is not None else ""
        name = plan_in(event.cell[0], event.cell[1], self.catalogue)
        self.billtui.say(f"{name} is not sold. It is in: {sold or 'no location'}.", "warning")

    @on(OptionList.OptionSelected, "#form")
    def form_chosen(self, event: OptionList.OptionSelected) -> None:
        """Enter on a choice changes it."""
        if event.option.id:
            self.run_command(COMMANDS[event.option.id])

    def on_paste(self, event: Paste) -> None:
        """Pasted lines become numbers at once; with a mistake in them the dialog shows them."""
        event.stop()
        found = read_cells(event.text, self.catalogue.plans, self.catalogue.locations)
        if found.cells and not found.bad:
            self._take_cells(found)
        else:
            self.pasted = event.text
            self.run_command(COMMANDS["bulk.paste"])

    def _take_cells(self, found: CellsRead) -> None:
        self.matrix.change({(one.plan.raw, one.location.raw): one.quantity for one in found.cells})
        self.billtui.say(
            f"{count_text(len(found.cells), 'cell')}, {count_text(found.count, 'server')} taken over; u brings back."
        )

    # --- commands

    def refusal_of(self, command: Command) -> str | None:
        """Why not, now."""
        if refusal := super().refusal_of(command):
            return refusal
        if command.scope is not Scope.BULK or command.id.startswith("matrix."):
            return None
        if not self.catalogue.plans:
            return "The panel has not told yet what is sold; r asks again."
        if command.id in ("bulk.buy", "bulk.explain", "bulk.clear") and not self.draft.cells:
            return "No servers are chosen yet: type a number in a cell, or f fills a row."
        if command.id == "bulk.buy" and self._preview[1]:
            return f"{self._preview[1]} n changes the pattern."
        if command.id == "bulk.fix" and not self.standing().left_out:
            return "Nothing is left out."
        return None

    @handles("bulk.buy")
    async def buy(self) -> None:
        """The price line by line, how to pay, the confirmation."""
        if self.price.offer is None or self.price.expired:
            await self._ask()
        if self.price.offer is None:
            self.billtui.say(self.price.trouble or "The panel has not answered yet; nothing was sent.", "warning")
            return
        await buy_servers(self)

    @handles("bulk.explain")
    async def explain(self) -> None:
        """Every line of the panel's price."""
        if self.price.offer is None or self.price.expired:
            await self._ask()
        offer = self.price.offer
        if offer is None:
            self.billtui.say(self.price.trouble or "There is no price of the panel yet.", "warning")
            return
        body = [quotes_explained(offer.quotes)]
        if self.price.code_problem:
            why = f"Without the code {self.draft.promo_code}: {self.price.code_problem}"
            body.append(Content.styled(why, "$text-warning"))
        if offer.excluded:
            body.append(left_out_content(self.standing().left_out, self.catalogue))
        await self.app.push_screen_wait(MessageDialog("Why it costs that", Content("\n\n").join(body)))

    @handles("bulk.fill_row")
    async def fill_row(self) -> None:
        """This plan everywhere (BLK-2)."""
        if (cell := self.matrix.cursor) is not None:
            await self._fill([cell[0]], [one.key for one in self.matrix.columns], cell, "in each location")

    @handles("bulk.fill_column")
    async def fill_column(self) -> None:
        """Every plan here."""
        if (cell := self.matrix.cursor) is not None:
            await self._fill([one.key for one in self.matrix.rows], [cell[1]], cell, "of each plan")

    @handles("bulk.fill_all")
    async def fill_all(self) -> None:
        """Every plan everywhere."""
        if (cell := self.matrix.cursor) is not None:
            rows, columns = [one.key for one in self.matrix.rows], [one.key for one in self.matrix.columns]
            await self._fill(rows, columns, cell, "of each plan in each location", ask_always=True)

    async def _fill(
        self, rows: list[str], columns: list[str], cell: Cell, each: str, *, ask_always: bool = False
    ) -> None:
        """With the number of the cell; without one, ask."""
        number: int | None = self.draft.quantities.get(cell, 0)
        if ask_always or not number:
            name = plan_in(cell[0] if len(rows) == 1 else "all plans", "all locations", self.catalogue)
            title = name if len(columns) > 1 else f"All plans in {cell[1]}"
            number = await ask.ask_quantity(self.billtui, title, f"How many {each}?")
        if number is None:
            return
        cells = self.matrix.sold_cells(rows, columns)
        self.matrix.change(dict.fromkeys(cells, number))
        missing = len(rows) * len(columns) - len(cells)
        where = f"; not sold in {count_text(missing, 'other cell')}" if missing else ""
        self.billtui.say(f"{number} in {count_text(len(cells), 'cell')}{where}. u brings back.")

    @handles("bulk.paste")
    async def paste(self) -> None:
        """Lines, typed or pasted; those that were not understood wait for the next time."""
        answer = await ask.ask_lines(self.billtui, self.catalogue, self.pasted)
        if answer is None:
            return
        text, found = answer
        lines = text.splitlines()
        self.pasted = "\n".join(lines[one.number - 1] for one in found.bad)
        if found.cells:
            self._take_cells(found)

    @handles("bulk.fix")
    async def fix(self) -> None:
        """Ways out for the cell under the cursor, else for the first that is left out."""
        left_out = self.standing().left_out
        one = next((one for one in left_out if one.cell == self.matrix.cursor), left_out[0])
        self.matrix.move_to(one.cell)
        fixes = fixes_of(one, left_out, self.draft, self.catalogue, self.stock)
        chosen = await ask.ask_fix(self.billtui, one, fixes, self.catalogue, len(left_out) - 1)
        if chosen is not None:
            self.matrix.change(chosen.changes)

    def _choose(self, draft: OrderDraft | None) -> None:
        if draft is not None and draft != self.draft:
            self.draft = draft
            self.changed()

    @handles("bulk.period")
    async def choose_period(self) -> None:
        """For how long."""
        self._choose(await ask.ask_period(self.billtui, self.draft))

    @handles("bulk.addons")
    async def choose_addons(self) -> None:
        """What every server gets on top."""
        self._choose(await ask.ask_addons(self.billtui, self.draft, self.catalogue, self.standing().count))

    @handles("bulk.names")
    async def choose_names(self) -> None:
        """A pattern of host names."""
        self._choose(await ask.ask_names(self.billtui, self.draft, self.names_preview()))

    @handles("bulk.auto_renew")
    async def choose_auto_renewal(self) -> None:
        """Whether they renew themselves."""
        self._choose(await ask.ask_auto_renewal(self.billtui, self.draft))

    @handles("bulk.promo")
    async def choose_promo_code(self) -> None:
        """A promo code."""
        self._choose(await ask.ask_promo_code(self.billtui, self.draft, self.price.code_problem))

    @handles("bulk.clear")
    def clear(self) -> None:
        """Empty every cell."""
        self.matrix.replace({})
        self.billtui.say("Every cell is empty; u brings them back.")

    @handles("app.undo")
    def undo_here(self) -> None:
        """What waits in the outbox first, then the last change of numbers."""
        if self.billtui.holds_something:
            self.billtui.undo()
        elif not self.matrix.undo():
            self.billtui.say("There is nothing to undo.")

    @handles("app.refresh")
    def refresh_from_panel(self) -> None:
        """What is sold, the stock and the price anew."""
        super().refresh_from_panel()
        self.price.changed(OrderDraft())
        self.price.changed(self.draft)
        self.guarded(self.load())

    @handles("order.new")
    def already_here(self) -> None:
        """This is the place."""
        self.matrix.focus()
