"""The executor's heart: jobs, their scheduling, their start and end. One event loop, one thread."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

from pydantic import SecretStr

from billtui.client.errors import ClientError
from billtui.client.questions import expect
from billtui.services.drift import read_afresh
from billtui.services.executor.courier import Courier
from billtui.services.executor.desk import Desk
from billtui.services.executor.in_turn import leave_the_rest
from billtui.services.executor.readings import MOST_AT_ONCE, Readings
from billtui.services.executor.run import Run
from billtui.services.executor.settler import Settler
from billtui.services.journal import (
    Journal,
    JournalDamaged,
    JournalError,
    MoveLost,
    OperationRow,
    OperationState,
    UnknownJob,
    owners,
)
from billtui.services.plans import PlanError

logger = logging.getLogger(__name__)
S = OperationState
_FIRST_PAUSE, _CONFIRM_WITHIN = 0.2, 20.0
"""Seconds: between two tries to confirm what was held, and how long they go on."""
_ENDED = frozenset({S.REFUSED, S.NOT_SENT, S.CANCELLED})


class Engine:
    """Runs jobs. Its methods are called in the executor's loop only."""

    def __init__(self, desk: Desk) -> None:
        """Nothing runs before the first job."""
        self._desk = desk
        self._runs: dict[str, Run] = {}
        self._recalled: set[str] = set()
        """Jobs that somebody has taken back: what is held of them is not sent any more, once that can be written."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(desk.limits.concurrency * 2)
        self._courier = Courier(desk, self._start_settling, self.reload_run)
        self._settler = Settler(desk, self._settled)

    # -- jobs ---------------------------------------------------------------------------------------------------------

    def reload(
        self,
        job_id: str,
        *,
        wake: bool = False,
        fresh_session: bool = False,
        codes: Mapping[int, SecretStr] | None = None,
        insisted: bool = False,
    ) -> None:
        """Take the journal's word for a job (again) and go on with it, with ``codes`` at hand. Raises JournalError.

        ``insisted``: a person has sent again what was not sent, see :attr:`Run.insisted`.
        """
        run = self._runs.get(job_id)
        if run is None:
            run = self._runs[job_id] = Run(self._desk.reader.plan(job_id))
        run.codes |= codes or {}
        run.insisted = run.insisted or insisted
        if fresh_session:
            self._desk.panel.another_session()
        self.reload_run(run)
        if wake:
            run.wake.set()

    def reload_run(self, run: Run) -> None:
        """Load states from the journal, start what may start, look up what is unknown, and tell."""
        if run.readings is not None:  # whatever happened meanwhile: nothing read before it counts as fresh
            run.readings.close()
            run.readings = None
        job = self._desk.reader.job(run.job_id)
        run.load(self._desk.reader.operations(run.job_id, answers=False), job.paused, self._desk.owner)
        if run.paused is None:
            run.waits = 0
        for number, state in run.states.items():
            if number in run.mine and number not in run.inflight:
                if state is S.UNKNOWN:
                    self._start_settling(run, number)
                elif state is S.SENDING:  # its outcome could not be written down
                    self._spawn(self._lost(run, number))
        for source, dependents in run.dependents.items():
            end = run.states[source]
            if end in _ENDED and any(run.states[one] is S.PREPARED and one in run.mine for one in dependents):
                self._spawn(self._follow_up(run, source, end))  # a crash came between the two
        if run.after:
            self._spawn(leave_the_rest(self._desk, run))
        self._desk.tell(run)
        self._pump(run)
        self._desk.idle()

    def hold(self, job_id: str, seconds: float) -> None:
        """After ``seconds`` what is held is confirmed, unless it was taken back."""
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, lambda: self._spawn(self.confirm(job_id)))

    def recall(self, job_id: str) -> None:
        """Somebody takes back what is held; the journal may be in use just now."""
        self._recalled.add(job_id)

    async def confirm(self, job_id: str) -> None:
        """The undo window is over: ``held`` becomes ``prepared`` and starts. A journal that cannot be written at that
        moment is tried again for a little; later, nothing is sent by surprise."""
        loop, pause = asyncio.get_running_loop(), _FIRST_PAUSE
        until = loop.time() + _CONFIRM_WITHIN
        while not self._desk.closing.is_set():  # leaving drops what is held, also when its time is over just then
            try:
                await self._desk.journal.run(lambda journal: self._end_of_window(journal, job_id))
            except JournalError as error:
                logger.warning("job %s could not be confirmed", job_id[:8], exc_info=True)
                if loop.time() + pause > until:
                    self._not_confirmed(job_id, error)
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._desk.closing.wait()
                pause *= 2
            else:
                self.reload(job_id)
                return

    def _end_of_window(self, journal: Journal, job_id: str) -> None:
        if job_id in self._recalled:
            owners.take_back(journal, job_id)
        else:
            owners.confirm_held(journal, job_id, self._desk.owner)

    def _not_confirmed(self, job_id: str, error: JournalError) -> None:
        run = self._runs.get(job_id)
        if run is not None:
            self._desk.journal_failed(run, error)

    async def differences(self, job_id: str) -> dict[int, list[str]]:
        """What differs from the plan for everything not yet sent, by operation; reads only. Raises ClientError."""
        plan = self._desk.reader.plan(job_id)
        found: dict[int, list[str]] = {}
        panel = self._desk.panel
        client = await panel.client_as(plan.panel_id, plan.account_id)
        readings = Readings(lambda: panel.client_as(plan.panel_id, plan.account_id), self._desk.limits.guard_age)
        rows = self._desk.reader.operations(job_id, (S.PREPARED, S.NOT_SENT, S.HELD), answers=False)
        rows = [row for row in rows if plan.operation(row.number).takes_from is None or row.targets]
        gate = asyncio.Semaphore(self._desk.limits.concurrency)
        expect(math.ceil(len(rows) / MOST_AT_ONCE))

        async def compare(row: OperationRow, coming: list[OperationRow]) -> None:
            operation = self._desk.as_invoiced(plan, plan.operation(row.number))
            invoice_id = row.targets[0].removeprefix("invoice:") if operation.takes_from is not None else None
            async with gate:
                readings.look_ahead(lambda: [target for one in coming for target in one.targets])
                fresh = await read_afresh(client, readings, operation, invoice_id)
            if fresh.differences:
                found[row.number] = fresh.differences

        for start in range(0, len(rows), MOST_AT_ONCE):  # as many as one request reads
            some = rows[start : start + MOST_AT_ONCE]
            await asyncio.gather(*(compare(row, some[place + 1 :]) for place, row in enumerate(some)))
        return dict(sorted(found.items()))

    async def settle_leftovers(self) -> None:
        """Look up what earlier processes left unknown for this account, as soon as the panel can be reached."""
        pause = self._desk.limits.first_pause
        while not self._desk.closing.is_set():
            try:
                for job_id in await self._claim_unknown(*await self._desk.panel.identity()):
                    self._take_up(job_id)
            except (ClientError, JournalError):
                pause = await self._rest(pause)
            except Exception:  # a fault of ours: perhaps it passes, and what is unknown must not be left at that
                logger.exception("taking up what was left failed in the program")
                pause = await self._rest(pause)
            else:
                return

    async def _rest(self, seconds: float) -> float:
        """Wait so long, unless all ends; how long to wait the next time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._desk.closing.wait()
        return min(seconds * 2, self._desk.limits.longest_pause)

    def _take_up(self, job_id: str) -> None:
        """Go on with a job that was left; a damaged plan keeps no other from being looked up. Raises JournalError."""
        try:
            self.reload(job_id)
        except JournalDamaged:
            logger.warning("the plan of job %s cannot be read", job_id[:8], exc_info=True)

    async def _claim_unknown(self, panel_id: str, account_id: str) -> list[str]:
        owner = self._desk.owner
        return await self._desk.journal.run(lambda journal: owners.claim_unknown(journal, owner, panel_id, account_id))

    def new_session(self) -> None:
        """Somebody signed in or out: from now on the session's present token is used, also for what is looked up."""
        self._desk.panel.another_session()
        for run in self._runs.values():
            run.wake.set()

    def runs(self) -> list[Run]:
        """Every job that this engine has in memory."""
        return list(self._runs.values())

    def known(self, job_id: str) -> Run | None:
        """The job as this engine has it in memory, for those who wait."""
        return self._runs.get(job_id)

    def decided(self, job_id: str, number: int, *, as_done: bool) -> None:
        """A person closed ``number``: go on with what depends on it."""
        self.reload(job_id)
        run = self._runs.get(job_id)
        if run is not None:
            self._spawn(self._follow_up(run, number, S.DONE if as_done else S.REFUSED))

    async def _follow_up(self, run: Run, number: int, state: OperationState) -> None:
        """Draw the consequences of an outcome that came by another way, and go on with what waited for it."""
        await self._settled(run, number, state)
        run.put_back(number)
        self._pump(run)
        self._desk.idle()
        self._forget(run)

    async def look_again(self, job_id: str) -> None:
        """Look once more at what a person has to decide on a panel without keys. Raises ClientError."""
        run = self._runs.get(job_id)
        if run is not None:
            for number in [one for one, state in run.states.items() if state is S.NEEDS_YOU]:
                await self._look_again(run, number)

    def obey(self, command: Callable[[Engine], None]) -> None:
        """Follow a command that stands in the journal. Where that cannot be read just now, it is followed soon."""
        try:
            command(self)
        except (JournalDamaged, UnknownJob, PlanError):
            logger.warning("the executor cannot follow a command", exc_info=True)
        except JournalError:
            logger.warning("the executor could not follow a command yet", exc_info=True)
            self._spawn(self._obey_later(command))

    async def _obey_later(self, command: Callable[[Engine], None]) -> None:
        await self._rest(_FIRST_PAUSE)
        if not self._desk.closing.is_set():
            self.obey(command)

    def begin(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run ``coroutine`` in the background, under this engine's care."""
        self._spawn(coroutine)

    async def stop(self, seconds: float) -> None:
        """Start nothing new, let what is being sent end for at most ``seconds``, then cut it off.

        What is cut off stays ``sending`` in the journal and becomes ``unknown``: it is looked up at the next start.
        """
        self._desk.closing.set()
        self._desk.stirred.set()
        for run in self._runs.values():
            run.ready.clear()
        until = asyncio.get_running_loop().time() + seconds
        while self._is_sending() and (left := until - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._tasks, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        tasks = set(self._tasks)
        for run in self._runs.values():
            if run.readings is not None:
                run.readings.close()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)
        for run in self._runs.values():
            run.codes.clear()
        await self._desk.panel.close()

    def _is_sending(self) -> bool:
        return bool(self._tasks) and any(run.counts.get(S.SENDING) for run in self._runs.values())

    # -- scheduling ---------------------------------------------------------------------------------------------------

    def _pump(self, run: Run) -> None:
        if run.ready and run.paused is None and not run.pumping and not self._desk.closing.is_set():
            run.pumping = True
            self._spawn(self._feed(run))

    async def _feed(self, run: Run) -> None:
        """Start ready operations while there are free places."""
        try:
            while run.ready and run.paused is None:
                await self._slots.acquire()
                if not self._start_next(run):
                    self._slots.release()
                    break
        finally:
            run.pumping = False

    def _start_next(self, run: Run) -> bool:
        if not run.ready or run.paused is not None or self._desk.closing.is_set():
            return False
        number = run.ready.popleft()
        run.inflight.add(number)
        self._spawn(self._carry(run, number))
        return True

    async def _carry(self, run: Run, number: int) -> None:
        try:
            await self._courier.carry(run, number)
        finally:
            self._slots.release()
            run.inflight.discard(number)
            run.put_back(number)
            self._pump(run)
            if not run.inflight:
                self._desk.idle()
            self._forget(run)

    # -- unknown outcomes ---------------------------------------------------------------------------------------------

    def _start_settling(self, run: Run, number: int) -> None:
        if number not in run.settling and not self._desk.closing.is_set():
            run.settling.add(number)
            self._spawn(self._settle(run, number))

    async def _settle(self, run: Run, number: int) -> None:
        try:
            await self._settler.settle(run, number)
        finally:
            run.settling.discard(number)
            run.put_back(number)
            self._pump(run)
            self._desk.idle()
            self._forget(run)

    async def _look_again(self, run: Run, number: int) -> None:
        with suppress(MoveLost):  # somebody has decided meanwhile
            await self._settler.look_again(run, number)
        run.put_back(number)
        self._pump(run)
        self._desk.idle()

    def _forget(self, run: Run) -> None:
        """A job that is done with needs no memory (some 3 kB for each operation); a command on it reads it again."""
        if run.finished and not (run.inflight or run.settling or run.pumping):
            self._runs.pop(run.job_id, None)

    async def _settled(self, run: Run, number: int, state: OperationState) -> None:
        """Draw the consequences of an outcome that was looked up or decided. Where they cannot be written down, the job
        waits and says so: they are drawn when it is resumed."""
        try:
            await self._courier.follow_up(run, number, state)
        except JournalError as error:
            self._desk.journal_failed(run, error)

    async def _lost(self, run: Run, number: int) -> None:
        with suppress(MoveLost):
            await self._desk.move(
                run, number, S.UNKNOWN, S.SENDING, code="interrupted", detail="Its outcome is looked up."
            )  # fmt: skip
        self._start_settling(run, number)

    # -- tasks --------------------------------------------------------------------------------------------------------

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._guarded(coroutine))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: coroutine.close())  # one that was cut off before its first step

    async def _guarded(self, coroutine: Coroutine[Any, Any, None]) -> None:
        try:
            await coroutine
        except (JournalError, ClientError, PlanError) as error:
            logger.warning("a task of the executor ended: %s", type(error).__name__, exc_info=True)
        except Exception:  # the last line of the executor: logged with its trace, the other jobs go on
            logger.exception("a task of the executor failed")
