"""The local store: P-STORE, P-SYNC, and what the rows of 100,000 orders weigh (a part of P-MEM)."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pydantic import SecretStr, TypeAdapter

from bench import panel_stub
from bench.harness import RUNS, Benchmark, Figure, Yardsticks, median, series
from billtui.client.settings import ConnectionSettings
from billtui.config.credentials import Credential, SaveResult
from billtui.domain.models import Order, Page
from billtui.services.session import Session, SessionSettings
from billtui.services.session_events import SyncProgress
from billtui.services.store import HeldRows, Store, StoreReader
from billtui.services.store.prepared import Prepared
from billtui.services.sync_lists import AT_ONCE, TRANSACTIONS

SIZES = (1_000, 10_000, 100_000)
HELD_MS = 50
QUERIES = ("web-00", "example", "198.51.7", "db-004217", "medium sg", "nothing-like-this", "we", "104217")


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def filled(directory: Path, orders: int) -> tuple[Path, float]:
    """A store of so many orders, and the milliseconds that writing it took: several pages at once, as a load does."""
    path = directory / f"{orders}.db"
    pages = TypeAdapter(Page[Order])
    store = Store(path)
    spent = 0.0
    at_once = max(panel_stub.PAGE, min(AT_ONCE, orders // TRANSACTIONS))
    for first in range(0, orders, at_once):
        read = [
            Prepared.of("order", pages.validate_json(panel_stub.page(orders, at)).items).packed()
            for at in range(first, min(first + at_once, orders), panel_stub.PAGE)
        ]
        batch = [Prepared.unpacked("order", one) for one in read]
        spent += timed(partial(store.apply, "order", batch))
    store.complete("1")
    store.tidy()
    store.close()
    return path, spent


def first_page(path: Path) -> None:
    """Open the store and read its first 50 rows."""
    reader = StoreReader(path)
    assert len(reader.first_orders(50)) == 50
    reader.close()


def all_rows(path: Path) -> float:
    """Milliseconds to read every order's row, in a fresh reader, the collector as at a start."""
    reader = StoreReader(path)
    gc.collect()
    gc.freeze()
    try:
        return timed(reader.orders)
    finally:
        gc.unfreeze()
        reader.close()


def reading(_yardsticks: Yardsticks) -> list[Figure]:
    """P-STORE."""
    figures: list[Figure] = []
    opened: dict[int, float] = {}
    searched: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o700)
        for size in SIZES:
            path, spent = filled(directory, size)
            opened[size] = median(partial(timed, partial(first_page, path)))
            budget = 5 if size == SIZES[-1] else None
            figures.append(
                Figure("P-STORE", f"open and first page, {size:,} orders", opened[size], "ms", budget=budget)
            )
            figures.append(Figure("P-STORE", f"write {size:,} orders in pages", spent, "ms", note="one run"))
            reader = StoreReader(path)
            searched[size] = max(median(partial(timed, partial(reader.search, text))) for text in QUERIES)
            if size != SIZES[-1]:
                reader.close()
        what = f"search, slowest of {len(QUERIES)}, 100,000 orders"
        figures.append(Figure("P-STORE", what, searched[SIZES[-1]], "ms", budget=10))
        rows = median(lambda: all_rows(path))
        figures.append(Figure("P-STORE", "all rows of 100,000 orders", rows, "ms", budget=350))
        held = HeldRows()
        reader.held_orders(held)
        again = median(partial(timed, partial(reader.held_orders, held)))
        figures.append(Figure("P-STORE", "the same again, where nothing changed", again, "ms"))
        one = median(lambda: timed(lambda: reader.order_rows(["104217"])))
        figures.append(Figure("P-STORE", "one row by id, 100,000 orders", one, "ms"))
        figures.append(Figure("P-MEM", "rows of 100,000 orders in memory", weight(path), "MB"))
    for what, by_size, before, growth in (
        ("open the copy, first page", opened, SIZES[0], 2.0),
        ("search the copy", searched, SIZES[1], 10.0),
    ):
        whole, some = by_size[SIZES[-1]], by_size[before]
        size_name = f"own, {before:,}"
        figures.append(
            Figure("P-GROWTH", f"{what}, 100,000", whole, "ms", size_name, some, growth, series=series(by_size))
        )
    return figures


def weight(path: Path) -> float:
    """Megabytes that a process gains by reading every row."""
    code = (
        "import sys, psutil; from pathlib import Path; from billtui.services.store import HeldRows, StoreReader\n"
        "reader = StoreReader(Path(sys.argv[1])); reader.first_orders(50); me = psutil.Process()\n"
        "before = me.memory_info().rss; held = HeldRows(); rows = reader.held_orders(held)\n"
        "print(me.memory_info().rss - before, len(rows))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0]) / 1e6


class Nothing:
    """A credential keeper with a fixed token."""

    def load(self) -> Credential | None:
        """The token of the stub, which takes any."""
        return Credential("token", SecretStr("bench"), "bench")

    def save(self, credential: Credential) -> SaveResult:
        """Nowhere."""
        return SaveResult("nowhere", None)

    def forget(self) -> list[str]:
        """Nothing to forget."""
        return []

    def missed(self) -> str:
        """Nobody was asked."""
        return ""

    def cancel(self) -> None:
        """Nothing is waited for."""


async def first_sync(port: int, directory: Path) -> float:
    """Milliseconds from opening a session with no copy until all lists are in it."""
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    settings = SessionSettings(
        ConnectionSettings(f"http://127.0.0.1:{port}"), data_dir=directory / "data", state_dir=directory / "state",
        read_only=True,
    )  # fmt: skip

    def listen(event: object) -> None:
        if isinstance(event, SyncProgress) and event.done:
            loop.call_soon_threadsafe(done.set)

    import billtui.client.billing_client  # noqa: F401 - the import is no part of the sync

    start = time.perf_counter()
    async with Session(settings, listener=listen, credentials=Nothing()) as session:
        await asyncio.wait_for(done.wait(), 300)
        spent = (time.perf_counter() - start) * 1000
        assert session.store.is_complete
    return spent


def raw_parse(orders: int) -> float:
    """Milliseconds to read every page's JSON, with the collector paused."""
    pages = [panel_stub.page(orders, at) for at in range(0, orders, panel_stub.PAGE)]
    gc.disable()
    try:
        return timed(lambda: [json.loads(text) for text in pages])
    finally:
        gc.enable()


def syncing(_yardsticks: Yardsticks) -> list[Figure]:
    """P-SYNC: 10,000 orders from a panel that answers after 50 ms."""
    orders = 10_000
    stub = subprocess.Popen(
        [sys.executable, "-m", "bench.panel_stub", str(orders), str(HELD_MS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert stub.stdout is not None and stub.stdin is not None
    try:
        port = int(stub.stdout.readline())
        spent: list[float] = []
        for _ in range(RUNS):
            with tempfile.TemporaryDirectory() as name:
                Path(name).chmod(0o700)
                spent.append(asyncio.run(first_sync(port, Path(name))))
        value = sorted(spent)[len(spent) // 2]
        ideal = orders / panel_stub.PAGE * HELD_MS + median(lambda: raw_parse(orders))
    finally:
        stub.stdin.close()
        stub.wait(10)
    return [
        Figure("P-SYNC", "first sync of 10,000 orders at 50 ms", value, "ms", "pages × latency + raw parse", ideal, 1.3)
    ]


def benchmarks() -> list[Benchmark]:
    """The store."""
    return [
        Benchmark("store.reading", reading, ("P-STORE", "P-MEM", "P-GROWTH")),
        Benchmark("store.sync", syncing, ("P-SYNC",)),
    ]
