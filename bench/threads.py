"""P-THREAD: threads of 400 messages and messages of a megabyte, in the widget and on a terminal."""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from textual.app import App, ComposeResult

from bench.harness import RUNS, Benchmark, Figure, Yardsticks, percentile
from bench.table import FEW, costs, painted
from bench.terminals import COLUMNS, LINES, Terminal
from billtui.domain.safetext import SafeBody
from billtui.widgets.thread import ThreadEntry, ThreadView

MANY = 400
MEGABYTE = 1_000_000
KEYS = 200
START = datetime(2026, 11, 2, 8, tzinfo=UTC)
DOWN, PAGE = b"\x1b[B", b"\x1b[6~"
WORDS = (
    "Since the reboot at 04:12 UTC the root file system comes up read-only and the mail queue stands still.\n\n"
    "1. rebooted it\n2. looked at the console, see https://status.example.net/incidents/7\n\n"
    "> May we take a snapshot first and then run fsck from the rescue system?\n\n"
    "Yes, please go on; перезавантажив сервер, лог нижче.\n\n```\nEXT4-fs error (device vda1): inode #262146\n```\n"
)
LOG = "2026-11-02T04:12:07 web-07 kernel: nvme0n1: I/O {:06} QID 3 timeout, completion polled by the driver\n"


def thread(kind: str) -> list[ThreadEntry]:
    """``many``: 400 messages; ``log``: one of a megabyte in lines; ``line``: one line of a megabyte, ``wide`` CJK."""
    if kind == "many":
        bodies = [WORDS * (1 + number % 3) for number in range(MANY)]
    elif kind == "log":
        bodies = ["Here it is.", "".join(map(LOG.format, range(MEGABYTE // len(LOG))))]
    elif kind == "line":
        bodies = ["Here it is.", "".join(f"{number}, and so on without an end; " for number in range(MEGABYTE // 34))]
    else:
        bodies = ["Here it is.", "漢字かな交じり文、" * (MEGABYTE // 9)]
    cleaned = {body: str(SafeBody(body)) for body in set(bodies)}
    return [
        ThreadEntry(
            str(number),
            f"person.{number % 3}",
            ("client", "support")[number % 2],
            START + timedelta(hours=number),
            cleaned[body],
        )
        for number, body in enumerate(bodies)
    ]


class ThreadApp(App[None]):
    """The widget alone."""

    def __init__(self, kind: str = "") -> None:
        super().__init__()
        self.kind = kind

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours that the program's own themes add."""
        return {"muted": "#8f9aab", "faint": "#5d6675"}

    def compose(self) -> ComposeResult:
        """The thread."""
        yield ThreadView(id="thread")

    def on_mount(self) -> None:
        """Show it."""
        view = self.query_one(ThreadView)
        view.focus()
        if self.kind:
            view.show(thread(self.kind))
            gc.collect()
            gc.freeze()


def headless(measure: Callable[[ThreadApp], Awaitable[list[float]]]) -> list[float]:
    """Run a measurement in the widget's program without a terminal."""

    async def run() -> list[float]:
        app = ThreadApp()
        async with app.run_test(size=(COLUMNS, LINES)):
            return await measure(app)

    return asyncio.run(run())


async def _cost(view: ThreadView, change: Callable[[], object]) -> float:
    start = time.process_time()
    change()
    await painted(view)
    return (time.process_time() - start) * 1000


def opening(kind: str) -> tuple[float, float, float, float]:
    """Milliseconds of processor time: first paint, unfold all of the last message, another width, a search."""
    entries = thread(kind)
    wanted = {"many": "fsck", "log": "completion", "line": "and so on", "wide": "交じり"}[kind]

    async def measure(app: ThreadApp) -> list[float]:
        times: list[list[float]] = [[], [], [], []]
        for _run in range(RUNS):
            view = app.query_one(ThreadView)
            await view.remove()
            view = ThreadView()
            await app.screen.mount(view)
            await painted(view)
            times[0].append(await _cost(view, lambda view=view: view.show(entries)))  # type: ignore[misc]  # bound now
            times[1].append(await _cost(view, view.action_fold))
            await _cost(view, lambda view=view: view.action_page(-3))  # type: ignore[misc]  # bound now
            times[2].append(await _cost(view, lambda view=view: setattr(view.styles, "width", 77)))  # type: ignore[misc]
            times[3].append(await _cost(view, lambda view=view: view.search(wanted)))  # type: ignore[misc]
        return [statistics.median(one) for one in times]

    first, unfold, width, search = headless(measure)
    return first, unfold, width, search


def first_paint(_: Yardsticks) -> list[Figure]:
    """P-THREAD: the messages at hand (reading them from the copy is measured with the store)."""
    figures: list[Figure] = []
    for kind, what, budget in (
        ("many", f"{MANY} messages", 100.0),
        ("log", "1 MB of log", 1000.0),
        ("line", "one line of 1 MB", 1000.0),
        ("wide", "one line of 1 MB, wide", 1000.0),
    ):
        first, unfold, width, search = opening(kind)
        lag = 16.7 if kind == "many" else 200.0
        figures += [
            Figure("P-THREAD", f"{what}: first paint", first, "ms", budget=budget),
            Figure("P-THREAD", f"{what}: unfold", unfold, "ms", budget=200.0),
            Figure("P-THREAD", f"{what}: another width", width, "ms", budget=max(lag, 33.0)),
            Figure("P-THREAD", f"{what}: search in it", search, "ms", budget=200.0),
        ]
    return figures


def keys(yardsticks: Yardsticks) -> list[Figure]:
    """P-THREAD: scrolling on a real terminal, everything unfolded; beside a row of our table in the same run."""
    table = costs(yardsticks, "record-table", FEW)
    figures: list[Figure] = []
    for kind, what in (("many", f"{MANY} messages"), ("log", "1 MB of log"), ("line", "one line of 1 MB")):
        with Terminal([sys.executable, "-m", "bench.threads", kind]) as terminal:
            terminal.until(b"person.")
            terminal.settle(1.0)
            terminal.key(b"z")
            terminal.key(b"g")
            for _key in range(LINES):
                terminal.key(DOWN)
            cpu = terminal.cpu()
            scrolls = [terminal.key(DOWN) for _key in range(KEYS)]
            cpu = (terminal.cpu() - cpu) / KEYS * 1000
            pages = [terminal.key(PAGE) for _key in range(RUNS)]
            end = terminal.key(b"G")[0]
        times = [milliseconds for milliseconds, _bytes in scrolls]
        page = statistics.median(milliseconds for milliseconds, _bytes in pages)
        figures += [
            Figure("P-THREAD", f"{what}: scroll by a row, CPU per key", cpu, "ms", "own table", table.cpu, 1.3),
            Figure(
                "P-THREAD", f"{what}: key to last byte, p50", statistics.median(times), "ms", "own table", table.p50
            ),
            Figure("P-THREAD", f"{what}: key to last byte, p99", percentile(times, 99), "ms", "own table", table.p99),
            Figure("P-THREAD", f"{what}: a page", page, "ms", budget=200.0),
            Figure("P-THREAD", f"{what}: to the end", end, "ms", budget=200.0),
        ]
    return figures


def benchmarks() -> list[Benchmark]:
    """Threads."""
    return [Benchmark("threads.open", first_paint, ("P-THREAD",)), Benchmark("threads.keys", keys, ("P-THREAD",))]


if __name__ == "__main__":
    ThreadApp(sys.argv[1]).run()
