"""The cheapest way to renew: what to buy now, what later, with which codes, within which budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from textual.content import Content

from billtui.commands import COMMANDS, Command, Scope, handles
from billtui.screens.buying_now import buy_batches
from billtui.screens.computed import ComputedScreen
from billtui.screens.modals.choice import MessageDialog
from billtui.screens.modals.dialog import named
from billtui.screens.solving_inputs import Inputs, amount_field, inputs_dialog, inputs_of
from billtui.screens.solving_view import LOST, OUT, WAY_VIEWS, WayRow, way_columns, way_rows
from billtui.services.solver import (
    Probed,
    Solution,
    explain_line,
    explain_solution,
    probe_codes,
    question_from,
    rows_of,
    solve,
)
from billtui.widgets.formats import cents_text, count_text, date_text
from billtui.widgets.record_table import Column


class Worked(NamedTuple):
    """An answer with what the panel said about the codes."""

    solution: Solution
    codes: tuple[Probed, ...]
    first: datetime | None
    """When the first purchase after now is best made."""


class SolverScreen(ComputedScreen[WayRow, Worked]):
    """The answer, line by line; ``enter`` buys what is for now."""

    SCOPES = (Scope.SOLVER, Scope.LIST)
    LIST_NAME = "solver"
    NOUN = "order"
    VIEWS = WAY_VIEWS
    EMPTY = "None of these orders can be renewed. i changes the inputs, esc goes back."
    SORT = ("ends", False)

    def __init__(self, order_ids: Sequence[str], inputs: Inputs | None = None) -> None:
        """For these orders; with the usual inputs until others are given."""
        super().__init__()
        self.order_ids = tuple(order_ids)
        self.inputs = inputs or Inputs()

    def on_mount(self) -> None:
        """Work it out at once."""
        super().on_mount()
        self.guarded(self.compute())

    async def prepare(self) -> Callable[[Callable[[], bool]], tuple[Worked, Sequence[WayRow]]]:
        """Ask about the codes, read the orders; solving them is the work."""
        inputs, store, now = self.inputs, self.session.store, self.session.now()
        probed: list[Probed] = []
        if inputs.codes:
            probed = await probe_codes(self.session, inputs.codes, rows_of(store, self.order_ids), now)
            for one in probed:
                if one.terms is None:
                    self.billtui.say(f"Code {one.code} is not used: {one.refusal}", "warning")
        question = question_from(
            self.session.store,
            self.order_ids,
            now,
            months=inputs.months,
            budget=inputs.budget,
            codes=[one.terms for one in probed if one.terms is not None],
            lead_days=inputs.lead_days,
            effort=inputs.effort,
            others_end=inputs.others_end,
            policy=self.session.policy,
        )

        def work(stopped: Callable[[], bool]) -> tuple[Worked, Sequence[WayRow]]:
            solution = solve(question, stopped)
            rows = way_rows(solution)
            moments = (solution.brief_of(one).next_at for one in solution.order_ids)
            first = min((moment for moment in moments if moment is not None), default=None)
            return Worked(solution, tuple(probed), first), rows

        return work

    # --- what is shown

    def columns(self) -> Sequence[Column[WayRow]]:
        """Who, what now, what later, for how much."""
        return way_columns()

    def row_id(self, row: WayRow) -> str:
        """The order's id."""
        return row.id

    def headline(self, answer: Worked) -> str:
        """How long, whom."""
        solution = answer.solution
        text = f"{count_text(len(solution.order_ids), 'order')} for {count_text(solution.question.months, 'month')}"
        if solution.question.budget is not None:
            text += f", budget {cents_text(solution.question.budget, solution.currency)}"
        if solution.left:
            text += f", {len(solution.left)} not kept"
        if solution.excluded:
            text += f", {len(solution.excluded)} left out"
        return text

    def summary(self, rows: Sequence[WayRow], marked: Sequence[WayRow]) -> Content:
        """What is spent now, in all, and how good it is."""
        if self.answer is None:
            return Content("")
        solution = self.answer.solution
        sure = "the optimum" if not solution.gap else f"at most {cents_text(solution.gap)} above the best"
        return Content.assemble(
            (" now ", "$muted"),
            (cents_text(solution.spent_now, solution.currency), "bold"),
            ("  total ", "$muted"),
            (cents_text(solution.total), "bold"),
            ("  saves ", "$muted"),
            (cents_text(solution.saving), "bold"),
            (f"  {sure}", "$muted"),
        )

    def detail(self, row: WayRow) -> Content:
        """Why, beside the list."""
        return self._why(row)

    def _why(self, row: WayRow) -> Content:
        if self.answer is None:
            return Content("")
        if row.what in (LOST, OUT):
            lines = [row.reason]
        else:
            lines = explain_line(self.answer.solution, row.id)
        return Content("\n").join([Content.styled(named(row.name), "bold"), Content(""), *map(Content, lines)])

    def command_words(self) -> list[str]:
        """The same question on the command line."""
        inputs = self.inputs
        words = ["optimize", "renewals", "--months", str(inputs.months), "--lead-days", str(inputs.lead_days)]
        if inputs.budget is not None:
            words += ["--budget", amount_field(inputs.budget)]
        for code in inputs.codes:
            words += ["--promo", code]
        return [*words, "--others", "end"] if inputs.others_end else words

    def command_ids(self) -> list[str]:
        """All orders that were asked about."""
        return list(self.order_ids)

    def refusal_of(self, command: Command) -> str | None:
        """Nothing to buy before something was found."""
        if command.id == "solver.buy" and self.answer is not None and not self.answer.solution.batches:
            first = self.answer.first
            when = f" The first purchase is best made on {date_text(first)}." if first is not None else ""
            return f"Nothing is best bought now.{when} A greater lead (i) brings purchases forward."
        if command.scope is Scope.SOLVER and command.id in ("solver.inputs", "solver.again"):
            return None
        return super().refusal_of(command)

    # --- commands

    def open_row(self, row_id: str) -> None:
        """``enter`` buys."""
        self.run_command(COMMANDS["solver.buy"])

    @handles("solver.buy")
    async def buy(self) -> None:
        """Real quotes, the comparison, the confirmation."""
        if self.answer is None:
            return
        if self.stale:
            await self.compute()
            self.billtui.say("Orders changed meanwhile, so it was worked out anew: look at it, then enter again.")
            return
        solution = self.answer.solution
        await buy_batches(self.billtui, solution.batches, solution.currency, budget=solution.question.budget)

    @handles("solver.explain")
    async def explain(self) -> None:
        """The line under the cursor, then the whole."""
        row = self.table.cursor_row
        if row is None or self.answer is None:
            return
        whole = Content("\n").join(Content(line) for line in explain_solution(self.answer.solution))
        refused = [Content(f"Code {one.code}: {one.refusal}") for one in self.answer.codes if one.terms is None]
        body = Content("\n\n").join([self._why(row), Content.styled("All orders", "bold"), whole, *refused])
        await self.app.push_screen_wait(MessageDialog("Why so", body))

    @handles("solver.again")
    async def again(self) -> None:
        """With the orders as they are now."""
        await self.compute()

    @handles("solver.inputs")
    async def change_inputs(self) -> None:
        """Ask for horizon, budget, codes; then work it out anew."""
        given = await self.app.push_screen_wait(inputs_dialog(self.inputs))
        if given is not None:
            self.inputs = inputs_of(given)
            await self.compute()
