"""Pages of long lists, read in a thread and in a process beside: the same rows, whatever becomes of the process."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from billtui.client.drivers.billing_v1.reading import cursor_guess, json_body, page_head, page_rows
from billtui.client.errors import BadAnswer
from billtui.client.exchange import PageReader
from billtui.client.unread import UnreadPage
from billtui.domain.models import Order
from billtui.services import page_reading
from billtui.services.page_process import JOB, READY
from billtui.services.page_reading import PageReading
from tests.support.listening import until
from tests.support.small_panel import order

ROWS = 40


def unread(first: int, *, total: int = ROWS, **other: Any) -> UnreadPage[Order]:
    """A page of a list of ``total`` orders, as it came over the line."""
    page = {"items": [order(first + place, **other) for place in range(ROWS)], "next_cursor": "c", "total": total}
    return as_came(json.dumps(page).encode())


def as_came(body: bytes) -> UnreadPage[Order]:
    reader = PageReader(json_body, page_head, partial(page_rows, Order), cursor_guess)
    return UnreadPage(body, reader, "panel.example", "r1")


async def ready(reading: PageReading) -> page_reading._Reader:
    """Wait until a process reads what comes from now on."""
    await (await reading.begin("order", unread(0, total=page_reading.BESIDE_FROM))).rows
    reader = reading._reader
    assert reader is not None
    beside = reader.beside
    assert beside is not None
    await until(beside.is_ready)
    return reader


async def test_a_process_reads_just_what_a_thread_does() -> None:
    hostile = unread(100, name="\x1b[2Jred\u202e", location="ночь")
    reading = PageReading()
    async with reading.while_loading():
        by_thread = await (await reading.begin("order", hostile)).rows
        reader = await ready(reading)
        page = await reading.begin("order", hostile)
        by_process = await page.rows
    assert page.head == (ROWS, "c", ROWS)
    assert reader.read_beside == 1
    assert by_thread.items() == by_process.items()
    assert all(
        type(one.row) is type(other.row) for one, other in zip(by_thread.items(), by_process.items(), strict=True)
    )


async def test_a_short_list_starts_no_process() -> None:
    reading = PageReading()
    async with reading.while_loading():
        await (await reading.begin("order", unread(0, total=page_reading.BESIDE_FROM - 1))).rows
        assert reading._reader is not None
        assert reading._reader.beside is None


async def test_a_process_that_dies_costs_no_row() -> None:
    reading = PageReading()
    async with reading.while_loading():
        reader = await ready(reading)
        assert reader.beside is not None
        pid = reader.beside.pid
        os.kill(pid, signal.SIGSTOP)  # so that it has a page, and says nothing of it
        begun = [asyncio.ensure_future(reading.begin("order", unread(first))) for first in (0, 1_000, 2_000)]
        await asyncio.wait(begun, timeout=0.05)
        assert not any(one.done() for one in begun)
        os.kill(pid, signal.SIGKILL)
        read = [await (await one).rows for one in begun]
    assert [one.items()[0].id for one in read] == ["0", "1000", "2000"]
    assert reader.read_beside == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_process_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = PageReading()
    async with reading.while_loading():
        reader = await ready(reading)
        assert reader.beside is not None
        os.kill(reader.beside.pid, signal.SIGSTOP)
        monkeypatch.setattr(page_reading, "PATIENCE", 0.01)
        rows = await (await reading.begin("order", unread(0))).rows
    assert (len(rows.items()), reader.read_beside) == (ROWS, 0)


async def test_thread_and_process_end_with_the_last_load() -> None:
    reading = PageReading()
    async with reading.while_loading():
        async with reading.while_loading():
            reader = await ready(reading)
        assert reader.beside is not None
        pid = reader.beside.pid
        os.kill(pid, 0)
    assert await asyncio.to_thread(reader.worker.stop, 20)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_load_that_is_given_up_waits_for_nothing() -> None:
    reading = PageReading()
    async with reading.while_loading():
        reader = await ready(reading)
        assert reader.beside is not None
        os.kill(reader.beside.pid, signal.SIGSTOP)
        begun = asyncio.ensure_future(reading.begin("order", unread(0)))
        await asyncio.wait([begun], timeout=0.05)
        begun.cancel()
        with pytest.raises(asyncio.CancelledError):
            await begun
    assert await asyncio.to_thread(reader.worker.stop, 20)


@pytest.mark.parametrize("where", ["thread", "process"])
@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"items": [', "nested too deep or its brackets do not match"),
        (b'{"items": 3}', "items is missing or wrong"),
        (json.dumps({"items": [order(1) | {"name": 5}]}).encode(), "items.0.name is missing or wrong"),
    ],
)
async def test_what_cannot_be_read_is_said_alike(where: str, body: bytes, why: str) -> None:
    reading = PageReading()
    async with reading.while_loading():
        reader = await ready(reading) if where == "process" else None
        with pytest.raises(BadAnswer, match=why) as caught:
            await (await reading.begin("order", as_came(body))).rows
        assert caught.value.request_id == "r1"
        assert "panel.example" in str(caught.value)
        good = await (await reading.begin("order", unread(7))).rows  # it goes on with the next one
    assert good.items()[0].id == "7"
    assert reader is None or reader.read_beside == 1


async def test_where_the_next_page_begins_is_known_before_its_rows_are_read() -> None:
    """P-SYNC: the next page is asked for while this one is read."""
    may_go_on = threading.Event()

    def slowly(rows: list[Any]) -> list[Order]:
        assert may_go_on.wait(20)
        return page_rows(Order, rows)

    page = replace(unread(0), reader=PageReader(json_body, page_head, slowly, cursor_guess))
    reading = PageReading()
    async with reading.while_loading():
        arriving = await reading.begin("order", page)
        assert arriving.next_cursor == "c"
        assert not arriving.rows.done()
        may_go_on.set()
        assert len((await arriving.rows).items()) == ROWS


def test_no_secret_goes_to_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given the answer and how to read it: no token, no address but the place for messages."""
    given = pickle.dumps(("order", unread(0)))
    assert b"Bearer" not in given
    assert b"SecretStr" not in given
    monkeypatch.setenv("BILLTUI_CANARY", "hunter2")
    beside = page_reading._Beside.begun()
    assert beside is not None
    try:
        assert b"BILLTUI_" not in Path(f"/proc/{beside.pid}/environ").read_bytes()
    finally:
        beside.end()


@pytest.mark.parametrize("sent", [b"", b"\x10\x00", JOB.pack(100) + b"cut short"])
def test_the_process_ends_when_the_program_does(sent: bytes) -> None:
    """However the program ended: its end of the line closes with it."""
    command = [sys.executable, "-P", "-m", "billtui.services.page_process"]
    done = subprocess.run(command, input=sent, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, READY, b"")
