"""What a program draws: every update of its compositor, counted, and put onto a grid of cells as a terminal would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual._callback import invoke
from textual._compositor import ChopsUpdate, Compositor, LayoutUpdate
from textual.app import App
from textual.geometry import Region
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.strip import Strip

from tests.support.queueing import Stopwatch

PATIENCE = 15.0
"""Seconds until a screen has come to rest, or never does."""
Cell = tuple[str, Style | None]
Grid = list[list[Cell]]


def cells_of(segments: Iterator[Segment] | Strip) -> Iterator[Cell]:
    """Text and looks of each cell; the second cell of a wide character is empty."""
    for text, style, control in segments:
        if control:
            continue
        style = None if style is None else style.clear_meta_and_links()
        for character in text:
            width = cell_len(character)
            if width:
                yield character, style
            for _ in range(width - 1):
                yield "", style


class Drawing:
    """Watches an app: what it draws, in the order of the updates."""

    def __init__(self, app: App[Any]) -> None:
        """From now on."""
        self.app = app
        self.grid: Grid = []
        self.spans: list[tuple[int, int, int]] = []
        """Line, first column, column behind the last, of everything drawn since :meth:`forget`."""
        self.updates = 0
        self._shown = app._display

        def display(screen: Any, update: Any) -> None:
            if update is not None and not app._batch_count:
                self._take(update)
            self._shown(screen, update)

        app._display = display  # type: ignore[method-assign,assignment]  # sees what is drawn

    def _take(self, update: Any) -> None:
        self.updates += 1
        if isinstance(update, LayoutUpdate):
            lines = [[cell for strip in line for cell in cells_of(strip)] for line in update.strips]
            x, y, width, height = update.region
            assert (x, y, height) == (0, 0, len(lines))
            self.grid = lines
            self.spans += [(line, 0, width) for line in range(height)]
            return
        assert isinstance(update, ChopsUpdate), update
        for y, x1, x2 in update.spans:
            for (x, strip), end in zip(update.chops[y].items(), update.chop_ends[y], strict=True):
                if x < x2 and end > x1:
                    assert strip is not None, f"nothing for line {y} from {x} to {end}"
                    cells = list(cells_of(strip))
                    assert len(cells) == end - x
                    if self.grid:
                        self.grid[y][x:end] = cells
            self.spans.append((y, x1, x2))

    async def done(self, pilot: Pilot[Any]) -> None:
        """Wait until everything that was asked for is worked off, and drawn."""
        while True:
            for _ in range(3):
                await asyncio.sleep(0)
                await pilot._wait_for_screen()
            screen = self.app.screen
            if not (
                screen._layout_required or screen._scroll_required or screen._repaint_required or screen._dirty_widgets
            ):
                return
            await asyncio.sleep(0.002)

    def end(self) -> None:
        """No longer."""
        self.app._display = self._shown  # type: ignore[method-assign]  # as it was

    def forget(self) -> None:
        """Count from here."""
        self.spans, self.updates = [], 0

    @property
    def cells(self) -> int:
        """How many cells were drawn."""
        return sum(x2 - x1 for _, x1, x2 in self.spans)

    def lines_within(self, region: Region) -> set[int]:
        """Lines of the screen that were drawn at least in part within these columns and lines."""
        return {y for y, x1, x2 in self.spans if region.y <= y < region.bottom and x1 < region.right and x2 > region.x}

    def outside(self, region: Region) -> list[tuple[int, int, int]]:
        """What was drawn elsewhere."""
        return [
            (y, x1, x2)
            for y, x1, x2 in self.spans
            if not (region.y <= y < region.bottom and region.x <= x1 and x2 <= region.right)
        ]


def as_textual_draws(app: App[Any]) -> Grid:
    """The whole screen by Textual's own compositor, whichever the screen has."""
    from textual._context import visible_screen_stack

    compositor = app.screen._compositor
    visible_screen_stack.set(app._background_screens)
    chops = Compositor._render_chops(compositor, compositor.size.region, lambda _: True)
    return [list(cells_of(Strip.join(list(line.values())))) for line in chops]


def ringing(app: App[Any]) -> list[tuple[MessagePump, Callable[[], object]]]:
    """Every clock that goes on ringing by itself: of the program, its screens and all that stands on them."""
    nodes = (node for screen in app.screen_stack for node in screen.walk_children())
    found: list[tuple[MessagePump, Callable[[], object]]] = []
    for pump in (app, *app.screen_stack, *nodes):
        timers: list[Any] = list(pump._timers)
        found += [
            (pump, timer._callback)
            for timer in timers
            if timer._repeat is None and timer._callback is not None and timer._active.is_set()
        ]
    return found


async def let_ring(app: App[Any]) -> None:
    """All of them ring once."""
    for pump, callback in ringing(app):
        with pump._context():
            await invoke(callback)


async def drawn_at_rest(app: App[Any], pilot: Pilot[Any]) -> list[tuple[int, int, int]]:
    """What is drawn when all clocks ring and nothing has happened (P-BYTES-2); a minute that just passes may pass."""
    drawing, watch = Drawing(app), Stopwatch()
    try:
        while not watch.has_run(PATIENCE):  # what is still on its way from the panel comes, and is drawn once
            await drawing.done(pilot)
            drawing.forget()
            await let_ring(app)
            await drawing.done(pilot)
            if not drawing.spans:
                break
        return drawing.spans
    finally:
        drawing.end()
