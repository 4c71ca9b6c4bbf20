"""Tickets in the local store: P-STORE and P-SYNC for 50,000 of them, and a thread out of the copy (for P-THREAD)."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter

from bench import ticket_stub
from bench.harness import Benchmark, Figure, Yardsticks, median
from bench.panel_stub import PAGE
from bench.store import Nothing, timed
from billtui.client.settings import ConnectionSettings
from billtui.domain.models import Account, Page, Ticket, TicketMessage
from billtui.services.read_marks import ReadMarks, unread_tickets
from billtui.services.session import Session, SessionSettings
from billtui.services.store import Store, StoreReader

SIZES = (1_000, 10_000, 50_000)
MESSAGES_FOR = 12_000
"""Tickets whose thread is held as well: 60,000 messages of 400 characters."""
LONG = "42"
"""The ticket whose thread has 400 messages."""
QUERIES = ("сервер", "kernel panic", "ref0041", "backup invoice", "no-such-thing", "Festplatte langsam", "оплата 3")
HELD_MS = 50
SYNCED = 10_000
_TICKETS = TypeAdapter(Page[Ticket])
_MESSAGES = TypeAdapter(list[TicketMessage])


def filled(directory: Path, tickets: int) -> tuple[Path, float, float]:
    """A store of so many tickets, and the milliseconds that writing them, and their messages, took."""
    path = directory / f"{tickets}.db"
    store = Store(path)
    store.apply_account(Account.model_validate(ticket_stub.STAFF))
    lists = messages = 0.0
    for at in range(0, tickets, PAGE):
        items = _TICKETS.validate_json(ticket_stub.ticket_page(tickets, at)).items
        lists += timed(partial(store.apply_tickets, items))
    held = min(tickets, MESSAGES_FOR)
    raw = [ticket_stub.message(number, at) for number in range(held) for at in range(ticket_stub.count_of(number))]
    raw += [ticket_stub.message(int(LONG), at) for at in range(ticket_stub.count_of(int(LONG)), 400)]
    for at in range(0, len(raw), 100):
        part = _MESSAGES.validate_python(raw[at : at + 100])
        messages += timed(partial(store.apply_messages, part))
    store.complete("1")
    store.tidy()
    store.close()
    return path, lists, messages


def first_page(path: Path) -> None:
    """Open the store and read the 50 tickets that changed last."""
    reader = StoreReader(path)
    assert len(reader.first_tickets(50)) == 50
    reader.close()


def all_rows(path: Path) -> float:
    """Milliseconds to read every ticket's row, in a fresh reader."""
    reader = StoreReader(path)
    gc.collect()
    gc.freeze()
    try:
        return timed(reader.tickets)
    finally:
        gc.unfreeze()
        reader.close()


def thread(path: Path) -> None:
    """A whole thread out of the copy."""
    reader = StoreReader(path)
    assert len(reader.messages(LONG)) == 400
    reader.close()


def reading(_yardsticks: Yardsticks) -> list[Figure]:
    """P-STORE and P-THREAD, out of the copy."""
    figures: list[Figure] = []
    opened: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        directory.chmod(0o700)
        for size in SIZES:
            path, lists, messages = filled(directory, size)
            opened[size] = median(partial(timed, partial(first_page, path)))
            last = size == SIZES[-1]
            figures.append(
                Figure(
                    "P-STORE", f"open and first page, {size:,} tickets", opened[size], "ms", budget=5 if last else None
                )
            )
            figures.append(Figure("P-STORE", f"write {size:,} tickets in pages", lists, "ms", note="one run"))
        figures.append(Figure("P-STORE", "write 60,000 messages with their words", messages, "ms", note="one run"))
        reader = StoreReader(path)
        found = max(median(partial(timed, partial(reader.search_messages, text))) for text in QUERIES)
        figures.append(
            Figure("P-STORE", f"search over 60,000 messages, slowest of {len(QUERIES)}", found, "ms", budget=10)
        )
        named = max(median(partial(timed, partial(reader.search, text))) for text in QUERIES)
        figures.append(
            Figure("P-STORE", f"search over 50,000 tickets, slowest of {len(QUERIES)}", named, "ms", budget=10)
        )
        figures.append(
            Figure("P-STORE", "all rows of 50,000 tickets", median(lambda: all_rows(path)), "ms", budget=250)
        )
        states = median(partial(timed, reader.ticket_states))
        figures.append(Figure("P-STORE", "how many in each state, 50,000 tickets", states, "ms", budget=5))
        marks = ReadMarks(directory / "read.json")

        def unread() -> None:
            assert len(unread_tickets(reader, marks, staff=True)) > 1_000

        figures.append(Figure("P-STORE", "which are unread, 50,000 tickets", median(partial(timed, unread)), "ms"))
        cover = median(partial(timed, reader.coverage))
        figures.append(Figure("P-STORE", "how much a search covers, 50,000 tickets", cover, "ms"))
        whole = median(partial(timed, partial(thread, path)))
        figures.append(Figure("P-THREAD", "400 messages out of the copy, 60,000 held", whole, "ms", budget=20))
        figures.append(Figure("P-MEM", "rows of 50,000 tickets in memory", weight(path), "MB"))
        reader.close()
    figures.append(
        Figure("P-GROWTH", "open and first page, 50,000 tickets", opened[SIZES[-1]], "ms", "1,000", opened[SIZES[0]], 2)
    )
    return figures


def weight(path: Path) -> float:
    """Megabytes that a process gains by reading every row."""
    code = (
        "import sys, psutil; from pathlib import Path; from billtui.services.store import StoreReader\n"
        "reader = StoreReader(Path(sys.argv[1])); reader.first_tickets(50); me = psutil.Process()\n"
        "before = me.memory_info().rss; rows = reader.tickets(); print(me.memory_info().rss - before, len(rows))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0]) / 1e6


async def first_sync(port: int, directory: Path) -> tuple[float, float]:
    """Milliseconds until all tickets are in an empty copy, and from there until all threads worked on are."""
    settings = SessionSettings(
        ConnectionSettings(f"http://127.0.0.1:{port}"), data_dir=directory / "data", state_dir=directory / "state",
        read_only=True,
    )  # fmt: skip
    worked = sum(ticket_stub.STATES[number % 10] != "closed" for number in range(SYNCED))

    import billtui.client.billing_client  # noqa: F401 - the import is no part of the sync

    start = time.perf_counter()
    async with Session(settings, credentials=Nothing()) as session:
        async with asyncio.timeout(300):
            while not session.store.is_complete:  # noqa: ASYNC110 - the end of a load is told before it is whole
                await asyncio.sleep(0.005)
            listed = time.perf_counter()
            while session.store.coverage().whole < worked:  # noqa: ASYNC110 - no event tells of the last one
                await asyncio.sleep(0.05)
    return (listed - start) * 1000, (time.perf_counter() - listed) * 1000


def raw_parse(tickets: int) -> float:
    """Milliseconds to read every page's JSON, with the collector paused."""
    pages = [ticket_stub.ticket_page(tickets, at) for at in range(0, tickets, PAGE)]
    gc.disable()
    try:
        return timed(lambda: [json.loads(text) for text in pages])
    finally:
        gc.enable()


def syncing(_yardsticks: Yardsticks) -> list[Figure]:
    """P-SYNC: 10,000 tickets, and the messages of the 4,000 that are worked on, from a panel that takes 50 ms."""
    stub = subprocess.Popen(
        [sys.executable, "-m", "bench.ticket_stub", str(SYNCED), str(HELD_MS)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert stub.stdout is not None and stub.stdin is not None
    try:
        port = int(stub.stdout.readline())
        spent: list[tuple[float, float]] = []
        for _ in range(3):
            with tempfile.TemporaryDirectory() as name:
                Path(name).chmod(0o700)
                spent.append(asyncio.run(first_sync(port, Path(name))))
    finally:
        stub.stdin.close()
        stub.wait(10)
    listed, copied = (sorted(values)[1] for values in zip(*spent, strict=True))
    ideal = SYNCED / PAGE * HELD_MS + median(lambda: raw_parse(SYNCED))
    return [
        Figure(
            "P-SYNC", f"first sync of {SYNCED:,} tickets at 50 ms", listed, "ms", "pages × latency + raw parse", ideal,
            1.3, "3 runs",
        ),
        Figure("P-SYNC", "messages of 4,000 tickets in the background", copied, "ms", note="3 runs"),
    ]  # fmt: skip


def benchmarks() -> list[Benchmark]:
    """Tickets in the store."""
    return [
        Benchmark("tickets.reading", reading, ("P-STORE", "P-MEM", "P-THREAD", "P-GROWTH")),
        Benchmark("tickets.sync", syncing, ("P-SYNC",)),
    ]
