"""How long until each program shows something useful, and until it answers a key: P-START-1 and 2."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence

from bench.harness import RUNS, Figure, Yardsticks, run_time
from bench.peers.programs import (
    BARE,
    BILLTUI,
    ITSELF,
    MC,
    NEW,
    OURS,
    POSTING,
    PROGRAMS,
    SOME,
    WIDGETS,
    NotOnThisHost,
    Program,
)
from bench.peers.stage import Stage, stage
from bench.peers.venvs import Unavailable

ID = "peers"
TRIES = 4
PATIENCE = 5.0
"""Seconds after which a key that nobody answered is typed again: some programs empty their input while they start."""
TROUBLES = (Unavailable, TimeoutError, OSError, RuntimeError)
KNOWN = "starts were measured"


def start_once(stage: Stage, program: Program) -> tuple[float, float | None]:
    """Milliseconds until the first frame, and until the first key was answered."""
    with stage.terminal(program) as terminal:
        painted = terminal.until(program.paint, timeout=30)
        if not program.answer:
            return painted * 1000, None
        for _ in range(TRIES):
            before = len(terminal.output)
            terminal.send(program.key)
            end = terminal.now() + PATIENCE
            while program.answer.encode() not in terminal.output[before:] and terminal.now() < end:
                terminal.settle(0.05, timeout=0.05)
            terminal.settle(0.3, timeout=1.0)
            answered = terminal.seen(program.answer, since=painted)
            if answered is not None:
                return painted * 1000, answered * 1000
        raise TimeoutError("its first key was not answered")


def starts(yardsticks: Yardsticks) -> list[Figure]:
    """All programs in turns, so that a minute in which the machine is slow is slow for all."""
    return in_turns(PROGRAMS, yardsticks)


def own_starts(yardsticks: Yardsticks) -> list[Figure]:
    """The same without the peers, where they were not measured in this run."""
    return [] if KNOWN in yardsticks.values else in_turns(OURS, yardsticks)


def in_turns(programs: Sequence[Program], yardsticks: Yardsticks) -> list[Figure]:
    """Start each of the programs, again and again."""
    troubles: dict[str, str] = {}
    times: dict[str, list[tuple[float, float | None]]] = {}
    python: list[float] = []
    with stage() as scene:
        for turn in range(RUNS + 1):  # the first one fills the caches
            python.append(run_time([sys.executable, "-c", "pass"], runs=1))
            for program in programs:
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
    yardsticks.values[KNOWN] = 1.0
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
    if NEW in paint and BARE in paint:
        what = "first frame, nothing known yet"
        figures.append(Figure("P-START-1", what, paint[NEW], "ms", BARE, paint[BARE], 0.8))
    for name, budget in ((BARE, 0.85), (POSTING, 0.25), (WIDGETS, None)):
        if name in answer:
            what = f"answers a key (list of {SOME:,} orders, as it was last seen)"
            figures.append(Figure("P-START-2", what, answer[BILLTUI], "ms", name, answer[name], budget))
    for name in (BARE, WIDGETS):
        if name in answer and ITSELF in answer:
            what = f"the list of {SOME:,} orders itself, on which keys act"
            figures.append(Figure("P-START-2", what, answer[ITSELF], "ms", name, answer[name]))
    return figures
