"""What other programs do to the same journal: their commands are followed, and what an ended one left is taken over.

Another program pauses, resumes or cancels a job of this one by writing so into the journal. This one never sends
against it (only ``prepared`` operations of a job that is not paused may be sent, and the journal checks that with each
one); here it notices soon, also while it is doing nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from billtui.services import locks
from billtui.services.executor.desk import Desk
from billtui.services.executor.engine import Engine
from billtui.services.executor.run import Run
from billtui.services.journal import Journal, JournalError, PauseReason, Recovered, owners
from billtui.services.journal.schema import owners_dir

logger = logging.getLogger(__name__)
_OWNERS_EVERY = 2
"""Looks between two looks at who has ended."""
WHY_PAUSED = "The journal could not be written, and nothing more was sent."


def _unwritten(run: Run) -> bool:
    """Whether it waits for want of a journal, which does not say so, and nobody resumes it just now."""
    return run.paused is PauseReason.JOURNAL and run.written_pause is None and not run.resuming


def _write_pause(run: Run, journal: Journal) -> None:
    """In the journal's thread, behind whatever a person has done in it meanwhile."""
    if _unwritten(run):
        journal.pause(run.job_id, PauseReason.JOURNAL, WHY_PAUSED)


class Watch:
    """Looks at the journal at intervals, in the executor's loop."""

    def __init__(self, desk: Desk, engine: Engine, recovered: Callable[[Recovered], None]) -> None:
        """``recovered`` is told what was taken over."""
        self._desk = desk
        self._engine = engine
        self._recovered = recovered
        self._generation = -1
        self._looks = 0
        self._failed = False
        """Whether the last look did, which is told once."""

    async def run(self) -> None:
        """Look until the executor ends."""
        closing = self._desk.closing
        while not closing.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._desk.limits.watch):
                    await closing.wait()
                    return
            try:
                await self.look()
            except JournalError:
                pass  # full or locked: looked at again
            except Exception:  # a fault of ours: without these looks nobody's pause would be followed any more
                if not self._failed:
                    logger.exception("looking at the journal failed in the program")
                self._failed = True
            else:
                self._failed = False

    async def look(self) -> None:
        """Follow what was written since the last look. Raises JournalError."""
        self._looks += 1
        generation = self._desk.reader.generation()
        if generation != self._generation:
            self._follow()
            self._generation = generation  # once it was followed: what failed is followed at the next look
        if self._looks % _OWNERS_EVERY == 0:
            await self._take_over()
        await self._write_pauses()

    def _follow(self) -> None:
        runs = {run.job_id: run for run in self._engine.runs()}
        for job_id, written in self._desk.reader.paused(runs).items():
            run = runs[job_id]
            if self._is_stale(run, written):
                signed_out = run.paused in (PauseReason.SIGN_IN, PauseReason.OTHER_ACCOUNT)
                self._engine.reload(job_id, wake=True, fresh_session=signed_out and written is None)
            else:
                run.written_pause = written

    async def _write_pauses(self) -> None:
        """Jobs that stopped for want of a journal: once it can be written again they are paused in it, too.

        So every program shows them as paused, and each can resume them. Nothing goes on by itself.
        """
        for run in self._engine.runs():
            if _unwritten(run) and not run.finished:
                await self._desk.journal.run(partial(_write_pause, run))
                if _unwritten(run):
                    run.written_pause = PauseReason.JOURNAL

    def _is_stale(self, run: Run, written: PauseReason | None) -> bool:
        """Whether somebody else has paused, resumed or cancelled it. A pause that this program is about to write is
        not in the journal yet, and neither is one for want of a journal: neither is a resumption."""
        if written is not None and run.paused is None:
            return True
        if written is None and run.written_pause is not None and run.paused is not None:
            return True
        if run.inflight or run.pumping or run.settling:
            return False
        counts = {state: count for state, count in run.counts.items() if count}
        return counts != dict(self._desk.reader.job(run.job_id).counts)

    async def _take_over(self) -> None:
        directory = owners_dir(self._desk.journal.path)
        others = [one for one in self._desk.reader.owners() if one != self._desk.owner]
        if others and not all(locks.is_held(directory, one) for one in others):
            found = await self._desk.journal.run(owners.recover)
            if found:
                self._recovered(found)
                self._engine.begin(self._engine.settle_leftovers())
