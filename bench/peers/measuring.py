"""Installing the programs, and what each costs at rest and in its list: bytes, processor time, memory."""

from __future__ import annotations

import statistics
import time
from typing import NamedTuple

from bench.harness import QUICK, Figure, Yardsticks
from bench.peers import venvs
from bench.peers.programs import DOWN, NEW, PROGRAMS, NotOnThisHost, Program
from bench.peers.stage import Stage, stage
from bench.peers.starting import ID, TROUBLES
from bench.peers.venvs import Unavailable
from bench.program import idle_bytes, opened
from bench.terminals import LINES, Terminal

KEYS = 40 if QUICK else 100
REST = 5.0 if QUICK else 15.0
"""Seconds in which bytes at rest are counted."""


def installing(_: Yardsticks) -> list[Figure]:
    """Get all of them ready; what does not succeed is a line of its own."""
    figures = []
    for name in venvs.names():
        start = time.perf_counter()
        try:
            venvs.install(name)
        except Unavailable as trouble:
            figures.append(Figure(ID, f"{name}: installation", 0.0, "s", failed=str(trouble)))
        else:
            seconds = time.perf_counter() - start
            figures.append(Figure(ID, f"{name}: installation", seconds, "s", note="0: it was there"))
    return figures


# --- at rest and in their lists --------------------------------------------------------------------------------------


class ListCosts(NamedTuple):
    """A program in its list."""

    rest: float
    size: float
    cpu: float
    time: float
    memory: float


def ready(terminal: Terminal, program: Program) -> None:
    """Wait until the program takes keys: billtui's first frame stands long before."""
    if program.ours:
        opened(terminal)


def list_costs(stage: Stage, program: Program) -> ListCosts:
    """Bytes per second at rest as it opens; per key at the lower edge of its list: bytes, processor time and
    milliseconds; megabytes."""
    with stage.terminal(program) as terminal:
        terminal.until(program.paint, timeout=30)
        ready(terminal, program)
        terminal.settle(3.0, timeout=8.0)
        rest = idle_bytes(terminal, REST) / REST
    with stage.terminal(program, program.list_env) as terminal:
        terminal.until(program.paint, timeout=30)
        ready(terminal, program)
        terminal.settle(1.0, timeout=3.0)
        for keys in program.to_list:
            terminal.send(keys)
            terminal.settle(1.0, timeout=3.0)
        terminal.settle(3.0, timeout=6.0)  # what is said for some seconds has gone
        moved: list[tuple[float, int]] = []
        cpu = 0.0
        if program.rows:
            for _ in range(LINES):
                terminal.key(DOWN)
            cpu = terminal.cpu()
            moved = [terminal.key(DOWN) for _ in range(KEYS)]
            cpu = (terminal.cpu() - cpu) / KEYS * 1000
            if not statistics.median(size for _, size in moved):
                raise RuntimeError("its list did not move")
        size = statistics.median(size for _, size in moved) if moved else 0.0
        spent = statistics.median(one for one, _ in moved) if moved else 0.0
        return ListCosts(rest, size, cpu, spent, terminal.memory())


def lists(_: Yardsticks) -> list[Figure]:
    """One program after the other."""
    figures = []
    with stage() as scene:
        for program in PROGRAMS:
            if program.name == NEW:
                continue
            try:
                costs = list_costs(scene, program)
            except NotOnThisHost:
                continue
            except TROUBLES as trouble:
                figures.append(
                    Figure(ID, f"{program.name}: at rest and in its list", 0.0, "", failed=str(trouble)[:150])
                )
                continue
            figures.append(Figure(ID, f"{program.name}: at rest", costs.rest, "B/s", note=f"{REST:.0f} s"))
            figures.append(Figure(ID, f"{program.name}: memory", costs.memory, "MB"))
            if program.rows:
                note = f"{program.rows}, {KEYS} keys"
                figures.append(Figure(ID, f"{program.name}: bytes per key", costs.size, "B", note=note))
                figures.append(Figure(ID, f"{program.name}: processor time per key", costs.cpu, "ms", note=note))
                figures.append(Figure(ID, f"{program.name}: key to last byte", costs.time, "ms", note=note))
    return figures
