"""Many servers at once: a matrix of plans and locations, a live price, one confirmation, one invoice (BLK)."""

from __future__ import annotations

from textual.content import Content
from textual.events import Paste

from billtui.commands import COMMANDS, Command, Scope, handles
from billtui.screens import bulk_order_choices as ask
from billtui.screens.bulk_order_buying import buy_servers
from billtui.screens.bulk_order_text import left_out_content, location_name, plan_in, plan_name
from billtui.screens.bulk_order_view import BulkOrderView
from billtui.screens.command_text import command_line
from billtui.screens.explaining import quotes_explained
from billtui.screens.modals.choice import MessageDialog
from billtui.services.cells_text import CellsRead, read_cells
from billtui.services.order_estimate import Cell, fixes_of
from billtui.widgets.formats import count_text
from billtui.widgets.quantity_grid import MOST

NEED_CELLS = ("bulk.buy", "bulk.explain", "bulk.clear", "bulk.copy_command")
"""Commands that are about what is chosen."""


class BulkOrderScreen(BulkOrderView):
    """Numbers in, a price beside them, then how to pay. Everything typed survives leaving, signing in and a restart."""

    def on_paste(self, event: Paste) -> None:
        """Pasted lines become numbers at once; with a mistake in them the dialog shows them."""
        event.stop()
        if len(event.text) > ask.MOST_TEXT:
            self.billtui.say(ask.TOO_LONG, "warning")
            return
        found = read_cells(event.text, self.desk.catalogue.plans, self.desk.catalogue.locations)
        if found.cells and not found.bad:
            self._take_cells(found)
        else:
            self.desk.pasted = event.text
            self.run_command(COMMANDS["bulk.paste"])

    def _take_cells(self, found: CellsRead) -> None:
        self.matrix.change({(one.plan.raw, one.location.raw): one.quantity for one in found.cells})
        over = [one for one in found.cells if one.quantity > MOST]
        if over:
            where = plan_in(over[0].plan.raw, over[0].location.raw, self.desk.catalogue)
            more = f", and {len(over) - 1} more" if len(over) > 1 else ""
            wanted = f"{where}, {over[0].quantity:,} wanted{more}"
            self.billtui.say(f"A cell holds at most {MOST:,}, and that stands there now: {wanted}.", "warning")
            return
        self.billtui.say(
            f"{count_text(len(found.cells), 'cell')}, {count_text(found.count, 'server')} taken over; u brings back."
        )

    # --- commands

    def refusal_of(self, command: Command) -> str | None:
        """Why not, now."""
        refusal = super().refusal_of(command)
        if refusal and not (command.id == "bulk.promo" and self.desk.draft.promo_code):  # a code of before is taken out
            return refusal
        if command.scope is not Scope.BULK or command.id.startswith("matrix."):
            return None
        if not self.desk.catalogue.plans:
            return "The panel has not told yet what is sold; r asks again."
        if command.id in NEED_CELLS and not self.desk.draft.cells:
            return "No servers are chosen yet: type a number in a cell, or f fills a row."
        if command.id == "bulk.buy" and self.desk.names_problem:
            return f"{self.desk.names_problem} n changes the pattern."
        if command.id == "bulk.fix" and not self.desk.standing().left_out:
            return "Nothing is left out."
        return None

    @handles("bulk.buy")
    async def buy(self) -> None:
        """The price line by line, how to pay, the confirmation."""
        self.desk.preview_names()
        if self.desk.names_problem:
            self.billtui.say(f"{self.desk.names_problem} n changes the pattern.", "warning")
            return
        if not self.desk.price.is_of(self.desk.draft) or self.desk.price.expired:
            await self.ask_price()
        if not self.desk.price.is_of(self.desk.draft):
            self.billtui.say(self.desk.price.trouble or "The panel has not answered yet; nothing was sent.", "warning")
            return
        await buy_servers(self)

    @handles("bulk.explain")
    async def explain(self) -> None:
        """Every line of the panel's price."""
        if self.desk.price.offer is None or self.desk.price.expired:
            await self.ask_price()
        offer = self.desk.price.offer
        if offer is None:
            self.billtui.say(self.desk.price.trouble or "There is no price of the panel yet.", "warning")
            return
        body = [quotes_explained(offer.quotes)]
        if self.desk.price.code_problem:
            why = f"Without the code {self.desk.draft.promo_code}: {self.desk.price.code_problem}"
            body.append(Content.styled(why, "$text-warning"))
        if offer.excluded:
            body.append(left_out_content(self.desk.standing().left_out))
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
        number: int | None = self.desk.draft.quantities.get(cell, 0)
        if ask_always or not number:
            plan = plan_name(cell[0], self.desk.catalogue) if len(rows) == 1 else "All plans"
            place = "all locations" if len(columns) > 1 else location_name(cell[1], self.desk.catalogue)
            title = f"{plan} in {place}"
            number = await ask.ask_quantity(self.billtui, title, f"How many {each}?")
        if number is None:
            return
        cells = self.matrix.sold_cells(rows, columns)
        self.matrix.change(dict.fromkeys(cells, number))
        if len(rows) == 1:
            catalogue = self.desk.catalogue
            missing = [location_name(one, catalogue) for one in columns if (rows[0], one) not in cells]
            if missing:
                where = count_text(len(cells), "location")
                self.billtui.say(f"{number} in each of {where}; not sold in {', '.join(missing)}.")

    @handles("bulk.paste")
    async def paste(self) -> None:
        """Lines, typed or pasted; those that were not understood wait for the next time."""
        answer = await ask.ask_lines(self.billtui, self.desk.catalogue, self.desk.pasted)
        if answer is None:
            return
        text, found = answer
        lines = text.splitlines()
        self.desk.pasted = "\n".join(lines[one.number - 1] for one in found.bad)
        if found.cells:
            self._take_cells(found)

    @handles("bulk.fix")
    async def fix(self) -> None:
        """Ways out for the cell under the cursor, else for the first that is left out."""
        left_out = self.desk.standing().left_out
        one = next((one for one in left_out if one.cell == self.matrix.cursor), left_out[0])
        self.matrix.move_to(one.cell)
        fixes = fixes_of(one, left_out, self.desk.draft, self.desk.catalogue, self.desk.stock)
        chosen = await ask.ask_fix(self.billtui, one, fixes, self.desk.catalogue, len(left_out) - 1)
        if chosen is not None:
            self.matrix.change(chosen.changes)

    @handles("bulk.period")
    async def choose_period(self) -> None:
        """For how long."""
        self.choose(await ask.ask_period(self.billtui, self.desk.draft))

    @handles("bulk.addons")
    async def choose_addons(self) -> None:
        """What every server gets on top."""
        desk = self.desk
        self.choose(await ask.ask_addons(self.billtui, desk.draft, desk.catalogue, desk.standing().count))

    @handles("bulk.names")
    async def choose_names(self) -> None:
        """A pattern of host names."""
        self.choose(await ask.ask_names(self.billtui, self.desk.draft, self.desk.names()))

    @handles("bulk.auto_renew")
    async def choose_auto_renewal(self) -> None:
        """Whether they renew themselves."""
        self.choose(await ask.ask_auto_renewal(self.billtui, self.desk.draft))

    @handles("bulk.promo")
    async def choose_promo_code(self) -> None:
        """A promo code."""
        self.choose(await ask.ask_promo_code(self.billtui, self.desk.draft, self.desk.price.code_problem))

    @handles("bulk.copy_command")
    def copy_command(self) -> None:
        """The command line that orders the same."""
        self.billtui.copy(command_line(self.billtui.profile, self.desk.draft.command_words(), []))

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
        self.desk.price.ask_anew()
        self.show()
        self.guarded(self.load())

    @handles("order.new")
    def already_here(self) -> None:
        """This is the place."""
        self.matrix.focus()
