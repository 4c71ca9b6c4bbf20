"""What is measured of each program: first paint, first key answered, bytes at rest, bytes and time per key, memory."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.harness import QUICK, RUNS, Figure, Yardsticks, run_time
from bench.peers import venvs
from bench.peers.programs import BARE, BILLTUI, DOWN, MC, POSTING, PROGRAMS, SOME, NotOnThisHost, Program, material
from bench.peers.venvs import Unavailable
from bench.program import idle_bytes, prepared
from bench.startup import PROGRAM, own_directories
from bench.terminals import LINES, Terminal

ID = "peers"
KEYS = 40 if QUICK else 100
REST = 5.0 if QUICK else 15.0
"""Seconds in which bytes at rest are counted."""
PATIENCE = 3.0
"""Seconds after which a key that nobody answered is typed again: some programs empty their input while they start."""
TROUBLES = (Unavailable, TimeoutError, OSError, RuntimeError)


@dataclass(frozen=True)
class Stage:
    """Where the programs run."""

    place: Path
    ours: dict[str, str]
    theirs: dict[str, str]

    def terminal(self, program: Program, more: tuple[tuple[str, str], ...] = ()) -> Terminal:
        """Start a program. Raises Unavailable."""
        env = (self.ours if program.ours else self.theirs) | dict(more)
        command = program.command(self.place)
        return Terminal(command, env, None if command[0] == sys.executable else self.place)


@contextmanager
def stage() -> Iterator[Stage]:
    """Directories of their own for all, files to look at, and a panel with as many orders for billtui."""
    with tempfile.TemporaryDirectory() as name, prepared(SOME) as ours:
        place = Path(name)
        material(place)
        home = place / "home"
        home.mkdir()
        kinds = ("CONFIG", "STATE", "DATA", "CACHE")
        theirs = own_directories(home) | {f"XDG_{kind}_HOME": str(home / kind.lower()) for kind in kinds}
        yield Stage(place, ours, theirs | {"HOME": str(home)})


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


# --- starting --------------------------------------------------------------------------------------------------------


def start_once(stage: Stage, program: Program) -> tuple[float, float | None]:
    """Milliseconds until the first frame, and until the first key was answered."""
    with stage.terminal(program) as terminal:
        painted = terminal.until(program.paint, timeout=30)
        if not program.answer:
            return painted * 1000, None
        for _ in range(3):
            terminal.send(program.key)
            terminal.settle(0.5, timeout=PATIENCE)
            answered = terminal.seen(program.answer, since=painted)
            if answered is not None:
                return painted * 1000, answered * 1000
        raise TimeoutError("its first key was not answered")


def starts(yardsticks: Yardsticks) -> list[Figure]:
    """All programs in turns, so that an hour in which the machine is slow is slow for all."""
    troubles: dict[str, str] = {}
    times: dict[str, list[tuple[float, float | None]]] = {}
    python: list[float] = []
    with stage() as scene:
        for turn in range(RUNS + 1):  # the first one fills the caches
            python.append(run_time([PROGRAM[0], "-c", "pass"], runs=1))
            for program in PROGRAMS:
                if program.name in troubles:
                    continue
                try:
                    found = start_once(scene, program)
                except TROUBLES as trouble:
                    troubles[program.name] = "" if isinstance(trouble, NotOnThisHost) else str(trouble)[:150]
                else:
                    times.setdefault(program.name, []).extend([found] if turn else [])
    figures = [Figure(ID, f"{name}: start", 0.0, "ms", failed=words) for name, words in troubles.items() if words]
    paint: dict[str, float] = {}
    answer: dict[str, float] = {}
    for name, turns in times.items():
        if name in troubles or not turns:
            continue
        paint[name] = statistics.median(first for first, _ in turns)
        figures.append(Figure(ID, f"{name}: first paint", paint[name], "ms"))
        answers = [second for _, second in turns if second is not None]
        if answers:
            answer[name] = statistics.median(answers)
            figures.append(Figure(ID, f"{name}: answers a key", answer[name], "ms"))
    pass_time = statistics.median(python[1:])
    yardsticks.values["python -c pass, ms"] = pass_time
    if BARE in paint:
        yardsticks.values["bare Textual first paint, ms"] = paint[BARE]
        yardsticks.values["bare Textual answers a key, ms"] = answer[BARE]
    return figures + budgets(paint, answer, pass_time)


def budgets(paint: dict[str, float], answer: dict[str, float], pass_time: float) -> list[Figure]:
    """P-START-1 and 2, where both sides were measured."""
    if BILLTUI not in paint:
        return []
    what = f"first frame, with a copy of {SOME:,} orders"
    figures = [Figure("P-START-1", what, paint[BILLTUI], "ms", "python -c pass", pass_time, 1.5)]
    if MC in paint:
        figures.append(Figure("P-START-1", what, paint[BILLTUI], "ms", MC, paint[MC], 1.0))
    for name, budget in ((BARE, 0.85), (POSTING, 0.25)):
        if name in answer:
            what = f"answers a key (list of {SOME:,} orders shown)"
            figures.append(Figure("P-START-2", what, answer[BILLTUI], "ms", name, answer[name], budget))
    return figures


# --- at rest and in their lists --------------------------------------------------------------------------------------


class ListCosts(NamedTuple):
    """A program in its list."""

    rest: float
    size: float
    cpu: float
    time: float
    memory: float


def list_costs(stage: Stage, program: Program) -> ListCosts:
    """Bytes per second at rest as it opens; per key at the lower edge of its list: bytes, processor time and
    milliseconds; megabytes."""
    with stage.terminal(program) as terminal:
        terminal.until(program.paint, timeout=30)
        terminal.settle(3.0, timeout=8.0)
        rest = idle_bytes(terminal, REST) / REST
    with stage.terminal(program, program.list_env) as terminal:
        terminal.until(program.paint, timeout=30)
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
            try:
                costs = list_costs(scene, program)
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
