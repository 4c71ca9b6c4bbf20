"""At the end of a thin line: what is on the screen is never far behind the keys, and a stall stops no work."""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from billtui.services.journal import OperationState
from tests.support.sandbox import SandboxProcess
from tests.terminal.slow_lines import SlowTerminal
from tests.terminal.whole_program import Operator, journal, program, wait_until

pytestmark = pytest.mark.pty

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
RATE = 8192
SECONDS = 10 if LONG else 2
"""So long a key is held."""
STALL = 12.0 if LONG else 1.0
"""So long a stall lasts, and longer where the job takes longer."""
QUIET = 0.6
"""After so long without a byte, and without work that a busy machine keeps waiting, nothing is on its way."""
BREATH = 0.2
"""So long is still waited after the program wanted a processor."""


def test_the_screen_keeps_up_with_the_keys_and_a_stall_stops_no_job(
    own_sandbox: Callable[..., SandboxProcess], record_property: Callable[[str, object], None]
) -> None:
    panel = own_sandbox(fleet=60)
    with program(panel, door=True, terminal=SlowTerminal) as operator:
        terminal = operator.terminal
        assert isinstance(terminal, SlowTerminal)
        operator.press("3", "61 orders", "▸")
        assert terminal.questions, "the terminal was asked nothing"
        there_and_back = [b"j"] * 59 + [b"k"] * 59  # a list that is at its end writes nothing
        down = (there_and_back * SECONDS)[: 30 * SECONDS]
        pages = [b"g", b"G"] * (15 * SECONDS)
        wanted = [picture_after(operator, b"g" + b"".join(keys)) for keys in (down, pages)]
        page = quiet(terminal, then=b"g")
        record_property("bytes of a page", page)
        terminal.rate = RATE
        for name, keys, picture, most in (
            ("a row", down, wanted[0], 0.5 * RATE),
            ("a page", pages, wanted[1], 3 * page),  # the one on its way when the last key came, and the last
        ):
            quiet(terminal, then=b"g")
            before, kept_waiting = len(terminal.output), waited(terminal.pid)
            terminal.hold(keys)
            meanwhile = len(terminal.output) - before
            behind = quiet(terminal)
            kept_waiting = waited(terminal.pid) - kept_waiting
            assert rows(operator) == picture
            record_property(f"bytes behind a held key, {name} each", behind)
            # Keys wait as well where the machine keeps the program waiting; the line is not behind by them.
            assert behind < most + RATE * kept_waiting
            assert meanwhile > 0.5 * RATE * max(0.0, SECONDS - kept_waiting), "the line is used"
        a_yes_counts_only_to_a_question_that_was_seen(operator)
        a_job_during_a_stall(operator, record_property)


def a_yes_counts_only_to_a_question_that_was_seen(operator: Operator) -> None:
    """Pressed while the question is still on its way to the terminal, it pays nothing; pressed again, it does."""
    terminal = operator.terminal
    assert isinstance(terminal, SlowTerminal)
    operator.press("2", "Open invoices", "○ unpaid", "p Pay")
    operator.press("p", "How?", "Internal balance")
    quiet(terminal)
    terminal.rate = RATE / 4
    terminal.send(b"\r")
    operator.sees("from the internal balance")
    assert "To a file" not in operator.text(), "it has come as a whole already"
    terminal.send(b"\x1b[C\r")
    operator.sees("Typed before this stood here", "To a file")
    reader = journal()
    assert reader.jobs() == []
    quiet(terminal)
    terminal.send(b"\x1b[C\r")
    terminal.wait_for(lambda: [job.counts for job in reader.jobs()] == [{OperationState.DONE: 1}])
    reader.close()
    terminal.rate = RATE


def picture_after(operator: Operator, keys: bytes) -> list[str]:
    """The list as it stands after the keys, one by one on a line that is fast."""
    terminal = operator.terminal
    assert isinstance(terminal, SlowTerminal)
    for key in keys:
        terminal.send(bytes([key]))
        terminal.read(0.01)
    quiet(terminal)
    return rows(operator)


def quiet(terminal: SlowTerminal, *, then: bytes = b"") -> int:
    """Press keys and read until nothing comes any more; the bytes that came."""
    before = len(terminal.output)
    terminal.send(then)
    still = time.monotonic() + QUIET
    while time.monotonic() < still:
        if terminal.read(0.02):
            still = time.monotonic() + QUIET
        elif wants_a_processor(terminal.pid):
            still = max(still, time.monotonic() + BREATH)
    return len(terminal.output) - before


def waited(process: int) -> float:
    """Seconds for which the machine has kept the program and its terminal, which is this test, from a processor."""
    total = 0
    for task in (*Path(f"/proc/{process}/task").glob("*/schedstat"), Path("/proc/self/schedstat")):
        with suppress(OSError):  # a thread that has ended meanwhile
            total += int(task.read_text().split()[1])
    return total / 1e9


def wants_a_processor(process: int) -> bool:
    """Whether a thread of it runs, or would if the machine let it; keys that it has not read are no bytes yet."""
    for state in Path(f"/proc/{process}/task").glob("*/stat"):
        with suppress(OSError):  # a thread that has ended meanwhile
            if state.read_text().rpartition(")")[2].split()[0] == "R":
                return True
    return False


def rows(operator: Operator) -> list[str]:
    """The list: cursor and names."""
    return [line[:20] for line in operator.terminal.screen().display[4:28]]


def a_job_during_a_stall(operator: Operator, record_property: Callable[[str, object], None]) -> None:
    """RELIABILITY: a bulk of 30 during a 12 s stalled terminal, 30 recorded; and the newest picture comes at once."""
    terminal = operator.terminal
    assert isinstance(terminal, SlowTerminal)
    operator.press("3", "61 orders", "▸")
    operator.press("*", "marked")
    operator.press("a", "Auto-renewal", "On, 6 months at a time")
    terminal.send(b"\x1b[B" * 3 + b"\r")
    operator.sees("to confirm")
    [count] = re.findall(r"Type (\d+) to confirm", operator.text())
    assert int(count) >= 30
    quiet(terminal)
    terminal.send(count.encode() + b"\r\r")
    reader = journal()
    wait_until(lambda: {OperationState.DONE: int(count)} in [job.counts for job in reader.jobs()], "the job")
    select.select([], [], [], STALL)  # nobody reads the terminal since the keys were sent
    assert reader.verify() == []
    reader.close()
    record_property("recorded during a stall", int(count))
    terminal.send(b"4")  # the list of jobs
    select.select([], [], [], 0.5)
    terminal.rate = RATE
    behind = terminal.bytes_until(lambda: "done" in operator.text() and "to confirm" not in operator.text())
    record_property("bytes behind a stall", behind)
    assert behind < 12_000, "two or three pictures, whatever was drawn meanwhile"
