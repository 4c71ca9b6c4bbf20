"""Records and an app for the tests of the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.message import Message

from billtui.widgets.record_table import Column, RecordTable, Toned


class Server(NamedTuple):
    """A record like those of the order list."""

    id: str
    name: str
    days: int | None = 0
    locked: bool = False


COLUMNS: list[Column[Server]] = [
    Column(
        key="id", title="Id", cell=lambda r: r.id, width=8, priority=9, sort_key=lambda r: r.id,
        search=lambda r: r.id,
    ),
    Column(
        key="name", title="Name", cell=lambda r: r.name, min_width=6, priority=8, sort_key=lambda r: r.name,
        search=lambda r: r.name,
    ),
    Column(
        key="days", title="Days", cell=lambda r: Toned(f"{r.days} d", "warning"), width=8, align="right", priority=5,
        sort_key=lambda r: r.days,
    ),
    Column(key="plan", title="Plan", cell=lambda r: "micro", width=10, priority=1),
]  # fmt: skip


def servers(count: int) -> list[Server]:
    """Invented servers."""
    return [Server(f"o{number}", f"web-{number * 7919 % 1000:03}", number * 31 % 90) for number in range(count)]


def refuse_locked(server: Server) -> str | None:
    """Why a server cannot be marked."""
    return "an open invoice blocks it" if server.locked else None


class WatchedTable(RecordTable[Server]):
    """Notes which lines it asks to be drawn again; None stands for all of them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.drawn: list[int | None] = []
        super().__init__(*args, **kwargs)

    def refresh(self, *regions: Region, **kwargs: Any) -> WatchedTable:
        for region in regions:
            self.drawn.extend(region.line_range)
        if not regions:
            self.drawn.append(None)
        super().refresh(*regions, **kwargs)
        return self


class TableApp(App[None]):
    """One table and a record of what it said."""

    def __init__(
        self,
        rows: Sequence[Server],
        columns: Sequence[Column[Server]] = COLUMNS,
        mark_refusal: Callable[[Server], str | None] | None = None,
        ascii_only: bool = False,
    ) -> None:
        super().__init__()
        self.table = WatchedTable(columns, lambda r: r.id, mark_refusal=mark_refusal, ascii_only=ascii_only)
        self.table.set_rows(rows)
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_record_table_cursor_moved(self, message: RecordTable.CursorMoved) -> None:
        self.said.append(message)

    def on_record_table_marks_changed(self, message: RecordTable.MarksChanged) -> None:
        self.said.append(message)

    def on_record_table_mark_refused(self, message: RecordTable.MarkRefused) -> None:
        self.said.append(message)

    def on_record_table_row_opened(self, message: RecordTable.RowOpened) -> None:
        self.said.append(message)

    def on_record_table_sort_changed(self, message: RecordTable.SortChanged) -> None:
        self.said.append(message)

    def lines(self) -> list[str]:
        """What the table shows, line by line."""
        return [self.table.render_line(y).text for y in range(self.table.size.height)]
