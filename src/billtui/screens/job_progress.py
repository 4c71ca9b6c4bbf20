"""How far a job is, in one short line, and who carries it out: drawn seldom, and only where words changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from textual.content import Content

from billtui.services.executor.pace import Estimate, Pace, pace_words
from billtui.services.journal import JobRow, JobState, OperationState
from billtui.services.journal.workers import Worker
from billtui.widgets.formats import count_text, state_cell, toned

S = OperationState
BAR = 20
_ORDER = (S.DONE, S.SENDING, S.PREPARED, S.HELD, S.UNKNOWN, S.NEEDS_YOU, S.REFUSED, S.NOT_SENT, S.CANCELLED)
_MOVING = (JobState.RUNNING, JobState.SETTLING)


def progress_text(job: JobRow) -> str:
    """``3 of 5 done, 1 refused``."""
    words = [f"{job.counts.get(S.DONE, 0)} of {job.count} done"]
    for state in _ORDER[1:]:
        if count := job.counts.get(state, 0):
            words.append(f"{count} {state_cell(state).text[2:]}")
    return ", ".join(words)


def outcome(job: JobRow) -> str:
    """The job's state, and of a finished one whether all of it was done."""
    if job.state is not JobState.FINISHED:
        return str(job.state)
    if job.counts.get(S.DONE, 0) == job.count:
        return "done"
    if job.counts.get(S.CANCELLED, 0) == job.count:
        return "cancelled"
    if job.counts.get(S.DONE, 0):
        return "partly done"
    return "refused" if job.counts.get(S.REFUSED, 0) or not job.counts.get(S.NOT_SENT, 0) else "not-sent"


class Follower:
    """The pace of one job, as somebody follows it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing was seen yet."""
        self._clock = clock
        self._pace = Pace()

    def look(self, job: JobRow) -> Estimate:
        """How fast it goes, by what was seen of it so far."""
        closed = job.closed_count
        return self._pace.look(self._clock(), closed, job.count - closed, moving=job.state in _MOVING)


def pace_text(job: JobRow, estimate: Estimate) -> str:
    """The pace of a job that moves, in words; nothing for one that does not."""
    return pace_words(estimate) if job.state in _MOVING else ""


def progress_line(job: JobRow, estimate: Estimate, *, ascii_only: bool) -> Content:
    """State, bar, how many have their outcome, and the pace."""
    full, empty = ("#", "-") if ascii_only else ("█", "░")
    closed, count = job.closed_count, job.count
    filled = closed * BAR // count if count else 0
    cell = state_cell(outcome(job), ascii_only=ascii_only)
    percent = closed * 100 // count if count else 100
    pace = pace_text(job, estimate)
    return Content.assemble(
        " ", toned(cell.text, cell.tone), " ", Content(full * filled + empty * (BAR - filled)),
        (f" {closed} of {count}", "bold"), Content(f" ({percent} %)"), (f"  {pace}" if pace else "", "$muted"),
    )  # fmt: skip


class Standing(NamedTuple):
    """Who carries a job out, seen from this program."""

    worker: Worker | None
    mine: bool

    @property
    def elsewhere(self) -> bool:
        """Whether another running program carries it out."""
        return self.worker is not None and not self.mine and self.worker.alive

    @property
    def orphaned(self) -> bool:
        """Whether the program that carried it out has ended."""
        return self.worker is not None and not self.mine and not self.worker.alive


NOBODY = Standing(None, False)


def standing_text(job: JobRow, standing: Standing) -> Content:
    """Who carries it out where that is not this program, or why it waits; empty where there is nothing to say."""
    if job.finished:
        return Content("")
    waits = job.counts.get(S.PREPARED, 0)
    if standing.orphaned:
        return toned(" The program that carried it out has ended. p shows what is left and goes on here.", "warning")
    if standing.elsewhere and standing.worker is not None:
        words = f" Carried out by {standing.worker.words}."
        words += " Paused: p lets it go on." if job.paused else " p pauses, K cancels."
        return toned(words, "accent")
    if job.paused is not None and waits:
        why = f" {job.note}" if job.note else ""
        return toned(f" {count_text(waits, 'step')} left; p shows them and goes on.{why}", "warning")
    return Content("")
