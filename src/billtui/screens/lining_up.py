"""Line up: bring the ends of the chosen orders together; before and after, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from textual.content import Content

from billtui.commands import COMMANDS, Command, Scope, handles
from billtui.screens.buying_now import buy_batches
from billtui.screens.computed import ComputedScreen
from billtui.screens.list_screen import View
from billtui.screens.modals.choice import MessageDialog
from billtui.screens.modals.dialog import named
from billtui.screens.modals.form import Field, FormDialog, FormProblem
from billtui.services.line_up import (
    MAX_LIMIT,
    LineUp,
    LineUpQuestion,
    LineUps,
    Step,
    line_up,
    spread_days,
    within_month_note,
)
from billtui.services.solver import Left, bills_of, rows_of
from billtui.widgets.formats import cents_text, count_text, date_text
from billtui.widgets.record_table import Column, Toned

LINE_UP_VIEWS = (
    View("all", "Line up", lambda row, now: True),
    View("moved", "Moved", lambda row, now: isinstance(row, Step) and bool(row.periods)),
    View("not", "Left out or not in the month", lambda row, now: isinstance(row, Left) or row.missed),
)
Row = Step | Left


@dataclass(frozen=True)
class LineUpInputs:
    """What a person gives."""

    limit: int = 12
    several: bool = False
    month: tuple[int, int] | None = None


def periods_words(step: Step) -> str:
    """``12 + 3 mo``; ``stays`` for nothing."""
    return f"{' + '.join(map(str, step.periods))} mo" if step.periods else "stays"


def line_up_columns() -> list[Column[Row]]:
    """Who, from when to when, what is bought for it."""

    def buy(row: Row) -> Toned:
        if isinstance(row, Left):
            return Toned("left out", "warning")
        if row.missed:
            return Toned(f"{periods_words(row)} !", "warning")
        return Toned(periods_words(row), "good" if row.periods else "dim")

    def after(row: Row) -> str:
        return row.refusal.reason if isinstance(row, Left) else date_text(row.after)

    def before(row: Row) -> float:
        return float(row.row.paid_until or 0)

    def cents(row: Row, beyond: bool) -> int:
        return 0 if isinstance(row, Left) else row.beyond if beyond else row.cost

    def amount(row: Row, beyond: bool) -> str:
        return "" if isinstance(row, Left) else cents_text(cents(row, beyond))

    return [
        Column(key="name", title="Order", cell=lambda r: r.row.name, min_width=12, max_width=30, flex=2, priority=10, sort_key=lambda r: r.row.name, search=lambda r: r.row.name),
        Column(key="before", title="Paid until", cell=lambda r: "–" if isinstance(r, Left) else date_text(r.before), width=10, priority=8, sort_key=before),
        Column(key="buy", title="Buy", cell=buy, min_width=9, max_width=20, priority=9, sort_key=lambda r: r.months if isinstance(r, Step) else -1),
        Column(key="after", title="Then until", cell=after, min_width=10, max_width=70, flex=3, priority=7, sort_key=lambda r: r.after.timestamp() if isinstance(r, Step) else 0.0),
        Column(key="cost", title="Cost", cell=lambda r: amount(r, False), width=10, align="right", priority=6, sort_key=lambda r: cents(r, False)),
        Column(key="beyond", title="Beyond", cell=lambda r: amount(r, True), width=8, align="right", priority=5, sort_key=lambda r: cents(r, True)),
    ]  # fmt: skip


class LineUpScreen(ComputedScreen[Row, LineUps]):
    """The ends before and after; ``enter`` buys the first purchases."""

    SCOPES = (Scope.LINE_UP, Scope.LIST)
    LIST_NAME = "line-up"
    NOUN = "order"
    VIEWS = LINE_UP_VIEWS
    EMPTY = "None of these orders can be renewed. i changes the inputs, esc goes back."
    SORT = ("before", False)

    def __init__(self, order_ids: Sequence[str]) -> None:
        """For these orders."""
        super().__init__()
        self.order_ids = tuple(order_ids)
        self.inputs = LineUpInputs()
        self.place = 0
        """Which of the ways is shown."""

    def on_mount(self) -> None:
        """Work it out at once."""
        super().on_mount()
        self.guarded(self.compute())

    async def prepare(self) -> Callable[[Callable[[], bool]], tuple[LineUps, Sequence[Row]]]:
        """Read the orders; finding the windows is the work."""
        store = self.session.store
        rows = rows_of(store, self.order_ids)
        question = LineUpQuestion(
            rows,
            self.session.now(),
            store.running_by_kind(),
            limit=self.inputs.limit,
            several=self.inputs.several,
            target=self.inputs.month,
            policy=self.session.policy,
            bills=bills_of(store, rows),
        )
        self.place = 0

        def work(stopped: Callable[[], bool]) -> tuple[LineUps, Sequence[Row]]:
            found = line_up(question, stopped)
            return found, _rows(found, 0)

        return work

    @property
    def way(self) -> LineUp | None:
        """The way that is shown."""
        if self.answer is None or not self.answer.found:
            return None
        return self.answer.found[min(self.place, len(self.answer.found) - 1)]

    # --- what is shown

    def columns(self) -> Sequence[Column[Row]]:
        """Before, what is bought, after."""
        return line_up_columns()

    def row_id(self, row: Row) -> str:
        """The order's id."""
        return row.row.id

    def headline(self, answer: LineUps) -> str:
        """Which way, and how near it brings the ends."""
        way = self.way
        if way is None:
            return "nothing can be moved"
        name = {"tightest": "the tightest", "cheapest": "the cheapest within a month", "month": "into one month"}[
            way.name
        ]
        text = f"{name}: {spread_days(way.spread_before)} → {spread_days(way.spread_after)} days apart"
        return f"{text}, w: the other way" if len(answer.found) > 1 else text

    def summary(self, rows: Sequence[Row], marked: Sequence[Row]) -> Content:
        """The window, the cost, what of it is extra."""
        way = self.way
        if way is None:
            return Content("")
        return Content.assemble(
            (" ends ", "$muted"),
            " … ".join(dict.fromkeys(map(date_text, (way.first, way.last)))),
            ("  cost ", "$muted"),
            (cents_text(way.cost, way.currency), "bold"),
            ("  beyond ", "$muted"),
            (cents_text(way.beyond), "bold"),
            (f"  {way.rounds} rounds" if way.rounds > 1 else "", "$text-warning"),
        )

    def detail(self, row: Row) -> Content:
        """What moves this end."""
        return self._why(row)

    def _why(self, row: Row) -> Content:
        if isinstance(row, Left):
            return Content("\n\n").join([Content.styled(named(row.row.name), "bold"), Content(row.refusal.reason)])
        lines = [f"Paid until {date_text(row.before)}, then until {date_text(row.after)}."]
        if row.periods:
            bought = ", ".join(
                f"{count_text(months, 'month')} for {cents_text(cents, row.row.currency)}"
                for months, cents in zip(row.periods, row.costs, strict=True)
            )
            prices = "today's loyalty" if self.session.traits.loyalty else "list price"
            lines.append(f"Buy {bought}, at {prices}.")
            word = "more" if row.beyond >= 0 else "less"
            lines.append(
                f"The same months one by one, each at its time, cost {cents_text(row.anyway)}: "
                f"this is {cents_text(abs(row.beyond))} {word}."
            )
        else:
            lines.append("It ends in the window already: nothing is bought.")
        if len(row.periods) > 1:
            lines.append("Each purchase has to be paid before the next (REN-2): this takes several rounds.")
        if row.missed:
            lines.append(
                "No choice of periods brings it into the month; this is as near as it comes. "
                "Several purchases (i) or a greater limit may."
            )
        return Content("\n\n").join([Content.styled(named(row.row.name), "bold"), *map(Content, lines)])

    def command_words(self) -> list[str]:
        """The same question on the command line."""
        words = ["optimize", "line-up", "--limit", str(self.inputs.limit)]
        words += ["--several"] if self.inputs.several else []
        if self.inputs.month is not None:
            words += ["--month", _month_text(self.inputs.month)]
        return words

    def command_ids(self) -> list[str]:
        """All orders that were asked about."""
        return list(self.order_ids)

    def refusal_of(self, command: Command) -> str | None:
        """Nothing to buy before something was found."""
        way = self.way
        if command.id == "line_up.buy" and way is not None and not way.buys:
            return "The ends are as near as they come; there is nothing to buy. i changes the inputs."
        if command.id == "line_up.way" and self.answer is not None and len(self.answer.found) < 2:
            return "There is one way only: the tightest is the cheapest."
        if command.id in ("line_up.inputs", "line_up.again"):
            return None
        return super().refusal_of(command)

    # --- commands

    def open_row(self, row_id: str) -> None:
        """``enter`` buys."""
        self.run_command(COMMANDS["line_up.buy"])

    @handles("line_up.buy")
    async def buy(self) -> None:
        """Real quotes, the confirmation."""
        way = self.way
        if way is None:
            return
        if self.stale:
            await self.compute()
            self.billtui.say("Orders changed meanwhile, so it was worked out anew: look at it, then enter again.")
            return
        note = ""
        if way.rounds > 1:
            note = f"This is the first of {way.rounds} rounds: once it is paid, line up again for the next."
        await buy_batches(self.billtui, way.batches, way.currency, note)

    @handles("line_up.way")
    def other_way(self) -> None:
        """The tightest, the cheapest, and round again."""
        if self.answer is not None and self.answer.found:
            self.place = (self.place + 1) % len(self.answer.found)
            self.rows = _rows(self.answer, self.place)
            self.reload()
            self.refresh_keys()

    @handles("line_up.explain")
    async def explain(self) -> None:
        """This order, then the whole."""
        row, way = self.table.cursor_row, self.way
        if row is None or way is None:
            return
        parts = [
            self._why(row),
            Content.styled("All orders", "bold"),
            Content(self.headline(self.answer or LineUps((), ()))),
        ]
        if note := within_month_note(way):
            parts.append(Content(note))
        await self.app.push_screen_wait(MessageDialog("Why so", Content("\n\n").join(parts)))

    @handles("line_up.again")
    async def again(self) -> None:
        """With the orders as they are now."""
        await self.compute()

    @handles("line_up.inputs")
    async def change_inputs(self) -> None:
        """Ask for limit and month; then work it out anew."""
        inputs = self.inputs
        given = await self.app.push_screen_wait(
            FormDialog(
                "Line up",
                [
                    Field("limit", "Move by at most (months)", str(inputs.limit), f"1 to {MAX_LIMIT}"),
                    Field("month", "Into the month", _month_text(inputs.month), "wherever they come closest"),
                    Field("several", "Several purchases (y/n)", "y" if inputs.several else "n", "n"),
                ],
                check=_check,
                button="Work it out",
                note="An order can be on one open invoice only (REN-2): several purchases are made one after the other.",
            )
        )
        if given is not None:
            self.inputs = line_up_inputs(given)
            await self.compute()


def _rows(found: LineUps, place: int) -> list[Row]:
    steps: Sequence[Row] = found.found[place].steps if found.found else ()
    return [*steps, *found.excluded]


def _month_text(month: tuple[int, int] | None) -> str:
    return "" if month is None else f"{month[0]}-{month[1]:02}"


def line_up_inputs(given: Mapping[str, str]) -> LineUpInputs:
    """The inputs that were typed. Raises ValueError with a sentence."""
    limit, several, month = given["limit"] or "12", given["several"].lower(), given["month"]
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= MAX_LIMIT:
        raise ValueError(f"Months: a whole number from 1 to {MAX_LIMIT}.")
    if several not in ("y", "yes", "n", "no", ""):
        raise ValueError("Type y or n.")
    found = re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", month)
    if month and found is None:
        raise ValueError("A month is written as 2027-03; leave it empty for wherever they come closest.")
    return LineUpInputs(int(limit), several in ("y", "yes"), (int(found[1]), int(found[2])) if found else None)


def _check(given: Mapping[str, str]) -> FormProblem | None:
    for field, text in given.items():
        try:
            line_up_inputs({**dict.fromkeys(given, ""), field: text})
        except ValueError as error:
            return FormProblem(field, str(error))
    return None
