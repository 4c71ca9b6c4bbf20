"""Small programs to measure: `python -m bench.apps KIND [ROWS]`, KIND one of record-table, datatable, bare, screens,
curses, curses-pane."""

from __future__ import annotations

import gc
import random
import sys
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import curses

    from textual.app import App

    from billtui.widgets.record_table import Column, RecordTable

READY = b"web-000000"
"""Stands in the first row of every table."""


class Order(NamedTuple):
    """A record as the order list has it."""

    id: str
    name: str
    plan: str
    location: str
    address: str
    state: str
    days: int
    price: int


TITLES = ("Id", "Name", "Plan", "Location", "Address", "State", "Days", "Price")


def orders(count: int) -> list[Order]:
    """Invented orders, the same each time."""
    chance = random.Random(7)
    return [
        Order(
            str(100_000 + number),
            f"web-{number:06}",
            chance.choice(("micro", "small", "medium", "large", "huge")),
            chance.choice(("Amsterdam", "Frankfurt", "Kyiv", "London", "Madrid", "Oslo", "Paris", "Praha", "Warszawa")),
            f"198.51.{number // 256 % 256}.{number % 256}",
            chance.choice(("active", "active", "active", "blocked", "pending")),
            chance.randrange(0, 720),
            chance.randrange(200, 20_000),
        )
        for number in range(count)
    ]


def cells(order: Order) -> tuple[str, ...]:
    """The order as texts."""
    return (*order[:6], f"{order.days} d", f"{order.price / 100:.2f} EUR")


def columns() -> list[Column[Order]]:
    """The columns of the table under test; every one sorts, the texts are searched."""
    from billtui.widgets.record_table import Column

    texts = (("id", 8, 9), ("name", None, 8), ("plan", 8, 5), ("location", 12, 4), ("address", 16, 6), ("state", 9, 7))
    made: list[Column[Order]] = []
    for key, width, priority in texts:
        field = attrgetter(key)
        made.append(
            Column(key=key, title=key.title(), cell=field, width=width, priority=priority, sort_key=field, search=field)
        )
    days = Column[Order](
        key="days", title="Days", cell=lambda r: f"{r.days} d", width=8, align="right", priority=7,
        sort_key=lambda r: r.days,
    )  # fmt: skip
    price = Column[Order](
        key="price", title="Price", cell=lambda r: f"{r.price / 100:.2f} EUR", width=12, align="right", priority=3,
        sort_key=lambda r: r.price,
    )  # fmt: skip
    return [*made, days, price]


def record_table(rows: list[Order]) -> RecordTable[Order]:
    """The table under test."""
    from billtui.widgets.record_table import RecordTable

    table = RecordTable[Order](columns(), lambda order: order.id)
    table.set_rows(rows)
    return table


def record_table_app(count: int) -> App[None]:
    """Nothing but the table under test, behind the door to the terminal that billtui has."""
    from textual.app import ComposeResult

    from billtui.terminal.output_filter import HarmlessApp

    class Program(HarmlessApp[None]):
        door_wanted = True

        def compose(self) -> ComposeResult:
            yield record_table(orders(count))

        def on_mount(self) -> None:
            self.call_after_refresh(self.freeze)

        def freeze(self) -> None:
            """What is there after the start is not looked at again by the collector: the policy of billtui itself."""
            gc.collect()
            gc.freeze()

    return Program()


def datatable_app(count: int) -> App[None]:
    """Nothing but Textual's own table, with the cursor on rows."""
    from textual.app import App, ComposeResult
    from textual.widgets import DataTable

    class Program(App[None]):
        def compose(self) -> ComposeResult:
            yield DataTable(cursor_type="row")

        def on_mount(self) -> None:
            table = self.query_one(DataTable)
            table.add_columns(*TITLES)
            table.add_rows([cells(order) for order in orders(count)])

    return Program()


def bare_app(_: int) -> App[None]:
    """The smallest Textual program that shows something and answers a key."""
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    class Program(App[None]):
        def compose(self) -> ComposeResult:
            yield Static("web-000000", markup=False)

        def on_key(self) -> None:
            self.query_one(Static).update("answered")

    return Program()


def screens_app(_: int) -> App[None]:
    """Two screens with as many widgets as billtui's overview and list of orders have, of Textual's own: what is left
    to do for a program that opens one, and the other at a key."""
    from textual.app import App, ComposeResult
    from textual.containers import Horizontal, Vertical, VerticalScroll
    from textual.screen import Screen
    from textual.widgets import Input, OptionList, Static

    class First(Screen[None]):
        def compose(self) -> ComposeResult:
            yield Static("web-000000", markup=False)
            yield Static("areas", markup=False)
            with Vertical(), Horizontal():
                yield OptionList(*(f"line {number}" for number in range(20)))
                with VerticalScroll():
                    yield Static("news", markup=False)
            yield Static("waiting", markup=False)
            yield Static("keys", markup=False)

    class Second(Screen[None]):
        def compose(self) -> ComposeResult:
            yield Static("top", markup=False)
            yield Static("areas", markup=False)
            with Vertical():
                with Horizontal():
                    yield Static("heading", markup=False)
                    yield Input()
                with Horizontal(), Vertical():
                    yield OptionList(*(f"row {number}" for number in range(50)))
                    yield Static("nothing", markup=False)
                    yield Static("pane", markup=False)
                yield Static("answered", markup=False)
                yield Static("summary", markup=False)
            yield Static("waiting", markup=False)
            yield Static("keys", markup=False)

    class Program(App[None]):
        MODES = {"first": First, "second": Second}
        DEFAULT_MODE = "first"

        async def on_key(self) -> None:
            await self.switch_mode("second")

    return Program()


PANE = 50
"""Columns of the pane beside a list, as billtui has it on a terminal of 120."""


def curses_table(count: int, pane: int = 0) -> None:
    """A table as a C programmer would write it: the floor for bytes and time. With a pane beside it, which says more
    of the row at the cursor, the terminal cannot scroll the rows alone."""
    import curses

    rows = orders(count)
    widths = (8, 30, 8, 12, 16, 9, 8, 12)

    def line(order: Order) -> str:
        return " ".join(cell[:width].ljust(width) for cell, width in zip(cells(order), widths, strict=True))

    def run(screen: curses.window) -> None:
        curses.curs_set(0)
        screen.idlok(True)
        screen.scrollok(False)
        height, width = screen.getmaxyx()
        room = width - pane
        window, top, cursor = height - 1, 0, 0
        screen.addnstr(
            0, 0, " ".join(t.ljust(w) for t, w in zip(TITLES, widths, strict=True)), width - 1, curses.A_BOLD
        )
        while True:
            for place in range(window):
                look = curses.A_REVERSE if top + place == cursor else curses.A_NORMAL
                screen.addnstr(1 + place, 0, line(rows[top + place]).ljust(room - 1), room - 1, look)
            for place in range(window if pane else 0):
                parts = [*zip(TITLES, cells(rows[cursor]), strict=True)][place : place + 1]
                said = "".join(f"{title:<10}{cell}" for title, cell in parts)
                screen.addnstr(1 + place, room, f"| {said}".ljust(pane - 1), pane - 1)
            screen.refresh()
            key = screen.getch()
            step = {curses.KEY_DOWN: 1, curses.KEY_UP: -1, curses.KEY_NPAGE: window - 1}.get(key, 0)
            if key == ord("q"):
                return
            cursor = max(0, min(cursor + step, count - 1))
            if abs(step) > 1:
                top += step
            top = max(0, min(max(cursor - window + 1, min(top, cursor)), count - window))

    curses.wrapper(run)


APPS: dict[str, Callable[[int], App[None]]] = {
    "record-table": record_table_app,
    "datatable": datatable_app,
    "bare": bare_app,
    "screens": screens_app,
}


def command(kind: str, count: int = 0) -> list[str]:
    """The command that runs one of these programs."""
    return [sys.executable, "-m", "bench.apps", kind, str(count)]


def main() -> None:
    """Run the program named on the command line."""
    kind, count = sys.argv[1], int(sys.argv[2])
    if kind.startswith("curses"):
        curses_table(count, pane=PANE if kind == "curses-pane" else 0)
    else:
        APPS[kind](count).run()


if __name__ == "__main__":
    main()
