"""The executor as screens and the command line see it: commands in, events out, everything else in its own threads."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import SecretStr

from billtui.services import locks
from billtui.services.executor.desk import ClientFactory, Desk, Panel
from billtui.services.executor.engine import Engine
from billtui.services.executor.events import Listener, Notifier, ignore
from billtui.services.executor.journal_thread import JournalThread
from billtui.services.executor.run import DEFAULT_LIMITS, Limits, rests
from billtui.services.executor.watch import Watch
from billtui.services.journal import (
    JobRow,
    JournalError,
    JournalReader,
    OperationState,
    PauseReason,
    Recovered,
    owners,
)
from billtui.services.journal.schema import owners_dir
from billtui.services.journal.writer import Step, no_step
from billtui.services.locks import LockTrouble, OwnerLock
from billtui.services.own_faults import keep_reports
from billtui.services.plans import Plan, PlanError

T = TypeVar("T")
S = OperationState
_LOOK_AGAIN: Final = 0.5
_COMMAND_SECONDS: Final = 5.0


class Executor:
    """Carries confirmed plans out, at most once and known.

    It belongs to the session, not to a screen. Its thread ``billtui-executor`` has a loop, a client and a journal of
    its own; a stalled terminal or a slow listener stalls nothing here. Commands are short: each waits for its line in
    the journal (about a disk's fsync) and returns; call them in a thread where even that is too long.
    """

    def __init__(
        self,
        client_factory: ClientFactory,
        journal_path: Path,
        listener: Listener = ignore,
        concurrency: int = DEFAULT_LIMITS.concurrency,
        *,
        limits: Limits | None = None,
        step: Step = no_step,
        program: str = "program",
        recovered: Callable[[Recovered], None] | None = None,
    ) -> None:
        """``client_factory`` makes a signed-in client; ``listener`` gets each :class:`JobEvent`, in its own thread.

        ``limits`` replaces all numbers at once; ``step`` is the seam of the crash tests; ``program`` says to other
        programs who this is; ``recovered`` hears, in a thread, what was taken over of a program that has ended.
        """
        self.journal_path: Final = journal_path
        self.reader: Final = JournalReader(journal_path)
        self._factory = client_factory
        self._listener = listener
        self._limits = limits or Limits(concurrency=concurrency)
        self._step = step
        self._idle = threading.Condition()
        self._idle_count = 0
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._engine: Engine | None = None
        self._journal: JournalThread | None = None
        self._notifier: Notifier | None = None
        self._lock: OwnerLock | None = None
        self._program = program
        self._recovered = recovered

    # -- life ---------------------------------------------------------------------------------------------------------

    @property
    def started(self) -> bool:
        """Whether it runs."""
        return self._engine is not None

    def start(self) -> None:
        """Open the journal, take the owner's lock, start the threads. Raises JournalError; then nothing can be sent."""
        if self.started:
            return
        keep_reports()
        self._journal = JournalThread(self.journal_path, step=self._step)
        try:
            self._lock = OwnerLock(owners_dir(self.journal_path), _about_this(self._program))
        except LockTrouble as error:
            self._journal.close(1.0)
            self._journal = None
            raise JournalError(f"{error} Nothing is sent without it.") from error
        ready: Future[None] = Future()
        try:
            self._notifier = Notifier(self._listener)
            self._thread = threading.Thread(target=self._live, args=(ready,), name="billtui-executor", daemon=True)
            self._thread.start()
            ready.result()
        except Exception as error:  # no thread or no file is to be had: nobody waits for what never begins
            self._take_down()
            raise JournalError(f"What sends could not be started ({error}). Nothing is sent without it.") from error

    def close(self, timeout: float = 1.5) -> None:
        """End within about ``timeout`` seconds. What is held is dropped, what is left is paused, what is cut off while
        being sent is looked up at the next start."""
        if self._loop is None or self._stop is None or self._thread is None:
            return
        self._closing_seconds = timeout
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout + 1.5)
        self._engine = None
        if self._journal is not None and self._lock is not None:
            owner = self._lock.owner
            with contextlib.suppress(JournalError):  # then the next start finds it, by the lock
                self._journal.call(lambda journal: owners.release(journal, owner), timeout=1.0)
                self._lock.release()
            self._journal.close(1.0)
        if self._notifier is not None:
            self._notifier.close(0.5)
        self._wake_waiters()
        self.reader.close()
        self._loop = None

    def _take_down(self) -> None:
        """Leave nothing behind of a start that failed."""
        if self._notifier is not None:
            self._notifier.close(0.5)
        if self._lock is not None:
            self._lock.release()
        if self._journal is not None:
            self._journal.close(1.0)
        self._notifier, self._lock, self._journal, self._thread = None, None, None, None
        self._engine, self._loop = None, None

    def _live(self, ready: Future[None]) -> None:
        """In its thread: run the loop. What keeps it from beginning is told to whoever waits for that."""
        main = self._main(ready)
        try:
            asyncio.run(main)
        except Exception as error:
            if ready.done():
                raise
            ready.set_exception(error)
        finally:
            main.close()

    async def _main(self, ready: Future[None]) -> None:
        assert self._journal is not None and self._lock is not None and self._notifier is not None
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        desk = Desk(
            journal=self._journal,
            reader=self.reader,
            panel=Panel(self._factory),
            owner=self._lock.owner,
            tell=self._notifier.put if self._listener is not ignore else ignore,
            idle=self._wake_waiters,
            limits=self._limits,
            step=self._step,
        )
        self._engine = engine = Engine(desk)
        engine.begin(Watch(desk, engine, self._tell_recovered).run())
        ready.set_result(None)
        await self._stop.wait()
        await engine.stop(self._closing_seconds)

    def _tell_recovered(self, found: Recovered) -> None:
        if self._recovered is not None and found:
            threading.Thread(target=self._recovered, args=(found,), name="billtui-recovered", daemon=True).start()

    _closing_seconds: float = 1.5

    # -- commands -----------------------------------------------------------------------------------------------------

    def submit(self, plan: Plan, *, hold_seconds: float = 0, codes: Mapping[int, SecretStr] | None = None) -> str:
        """Take a confirmed plan on and return its job's id (the plan's). It is in the journal when this returns.

        ``codes`` are one-time codes by operation number (TRF-2); they stay in memory, until each operation is over.
        What needs one and has none is not sent.

        The same plan again shows the job that is there. With ``hold_seconds`` what can be held back waits that long.
        Raises TargetsBusy (something has an open operation already), JournalError, PlanError for an empty plan.
        """
        if not plan.operations:
            raise PlanError("There is nothing to do in this plan.")
        owner = self._owner
        held = hold_seconds > 0
        new = self._write(lambda journal: journal.add_job(plan, owner, held=held))
        if new:
            given = dict(codes or {})
            self._in_loop(lambda engine: engine.reload(plan.id, codes=given))
            if held:
                self._in_loop(lambda engine: engine.hold(plan.id, hold_seconds))
        return plan.id

    def release(self, job_id: str) -> None:
        """Confirm what is held now, without waiting for the end of the undo window."""
        self._write(lambda journal: owners.confirm_held(journal, job_id, self._owner))
        self._in_loop(lambda engine: engine.reload(job_id))

    def take_back(self, job_id: str) -> int:
        """Take back what is held: how many operations; 0 when it is too late.

        Raises JournalError where that cannot be written now: it is not sent all the same, and written soon.
        """
        self._in_loop(lambda engine: engine.recall(job_id))
        count = self._write(lambda journal: owners.take_back(journal, job_id))
        self._in_loop(lambda engine: engine.reload(job_id))
        return count

    def pause(self, job_id: str) -> None:
        """Start nothing new of the job; what is being sent ends."""
        self._write(lambda journal: journal.pause(job_id, PauseReason.USER))
        self._in_loop(lambda engine: engine.reload(job_id))

    def resume(self, job_id: str) -> None:
        """Go on with a paused job; show :meth:`differences` first. Where another running program works on it, that
        one goes on. Raises JobElsewhere, UnknownJob."""
        paused = self.reader.job(job_id).paused
        self.take_over()
        if (run := self._running().known(job_id)) is not None:
            run.resuming = True  # its pause for want of a journal may be about to be written
        if self._write(lambda journal: owners.resume(journal, job_id, self._owner)) is not None:
            return
        new = paused in (PauseReason.SIGN_IN, PauseReason.OTHER_ACCOUNT)
        self._in_loop(lambda engine: engine.reload(job_id, wake=True, fresh_session=new))

    def cancel(self, job_id: str) -> int:
        """Cancel what was not sent, whoever works on it; how many operations. What is under way goes on."""
        self.take_over()
        count = self._write(lambda journal: owners.cancel(journal, job_id, self._owner))
        self._in_loop(lambda engine: engine.reload(job_id))
        return count

    def retry_failed(self, job_id: str) -> int:
        """Send again what was not sent, with the same keys; how many operations. Raises TargetsBusy, JobElsewhere.

        What was refused needs a newly confirmed plan, with new keys: ``planner.again``.
        """
        self.take_over()
        count = self._write(lambda journal: owners.retry_not_sent(journal, job_id, self._owner))
        self._in_loop(lambda engine: engine.reload(job_id, insisted=True))
        return count

    def settle_now(self, job_id: str) -> None:
        """Look unknown outcomes up at once instead of after the pause; and look once more at what a person has to
        decide, where the panel is compared with what it looked like before."""
        self.take_over()
        self._write(lambda journal: owners.claim(journal, job_id, self._owner))

        def look(engine: Engine) -> None:
            engine.reload(job_id, wake=True)
            engine.begin(engine.look_again(job_id))

        self._in_loop(look)

    def look_again(self, job_id: str, timeout: float = 120.0) -> None:
        """Look once more at what a person has to decide, and wait for it; reads only. Raises ClientError, TimeoutError.

        Only on panels that are compared with what they looked like before: others cannot tell.
        """
        self.settle_now(job_id)
        self._run(self._running().look_again(job_id), timeout)

    def decide(self, job_id: str, number: int, *, as_done: bool) -> None:
        """Close an operation that needs a person. Raises MoveLost when it does not (any more)."""
        self._write(lambda journal: owners.decide(journal, job_id, number, as_done=as_done))
        self._in_loop(lambda engine: engine.decided(job_id, number, as_done=as_done))

    def recover(self) -> Recovered:
        """At start: take over what ended processes left, and look up what is unknown. Returns what there is to tell.

        Raises JournalError where nothing could be taken over; what is nobody's already is looked up all the same.
        """
        try:
            return self._write(owners.recover)
        finally:
            self._in_loop(lambda engine: engine.begin(engine.settle_leftovers()))

    def take_over(self) -> None:
        """What programs that have ended left becomes anybody's, and is looked up: before a command on a job of
        theirs, without waiting for the next look around."""
        mine, directory = self._owner, owners_dir(self.journal_path)
        if any(owner != mine and not locks.is_held(directory, owner) for owner in self.reader.owners()):
            self._tell_recovered(self.recover())

    def new_session(self) -> None:
        """Somebody signed in or out: nothing more is begun with the token that was valid before. Returns at once."""
        engine, loop = self._engine, self._loop
        if engine is not None and loop is not None:
            with contextlib.suppress(RuntimeError):  # it is closing: nothing new is begun anyway
                loop.call_soon_threadsafe(engine.new_session)

    def differences(self, job_id: str) -> Future[dict[int, list[str]]]:
        """What differs from the plan for everything not yet sent, by operation; reads only. May end in ClientError.

        A large job takes hundreds of requests, on a slow line minutes: whoever waits may cancel it.
        """
        return self._begin(self._running().differences(job_id))

    def wait(self, job_id: str, timeout: float | None = None) -> JobRow:
        """Wait until the job is finished, paused with nothing under way, or needs a person; the job as it is then."""
        until = time.monotonic() + timeout if timeout is not None else None
        while True:
            with self._idle:
                seen = self._idle_count
            row = self.reader.job(job_id)
            left = until - time.monotonic() if until is not None else None
            run = self._engine.known(job_id) if self._engine is not None else None
            if run is not None and run.paused is not None and run.written_pause is None:
                row = replace(row, paused=run.paused)  # a full disk pauses a job without a line in the journal
            if rests(row, run) or (left is not None and left <= 0) or not self.started:
                return row
            with self._idle:
                if self._idle_count == seen:  # another process may work on it: its moves wake nobody here
                    self._idle.wait(min(left, _LOOK_AGAIN) if left is not None else _LOOK_AGAIN)

    # -- inside -------------------------------------------------------------------------------------------------------

    @property
    def owner(self) -> str | None:
        """The name by which this executor's operations go in the journal, while it runs."""
        return self._lock.owner if self._lock is not None and self.started else None

    @property
    def _owner(self) -> str:
        if self._lock is None:
            raise JournalError("The executor does not run; nothing was sent.")
        return self._lock.owner

    def _running(self) -> Engine:
        if self._engine is None:
            raise JournalError("The executor does not run; nothing was sent.")
        return self._engine

    def _write(self, work: Callable[[Any], T]) -> T:
        self._running()
        if self._journal is None:
            raise JournalError("The journal is closed; nothing was sent.")
        return self._journal.call(work)

    def _in_loop(self, action: Callable[[Engine], None]) -> None:
        engine, loop = self._running(), self._loop

        done = threading.Event()

        def act() -> None:
            try:
                engine.obey(action)
            finally:
                done.set()

        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it is closing: the journal has the command
                loop.call_soon_threadsafe(act)
                done.wait(_COMMAND_SECONDS)

    def _begin(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        if self._loop is None:
            coroutine.close()
            raise JournalError("The executor does not run; nothing was sent.")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def _run(self, coroutine: Coroutine[Any, Any, T], timeout: float) -> T:
        future = self._begin(coroutine)
        try:
            return future.result(timeout)
        except TimeoutError:
            future.cancel()
            raise

    def _wake_waiters(self) -> None:
        with self._idle:
            self._idle_count += 1
            self._idle.notify_all()


def _about_this(program: str) -> str:
    """What other programs show of this one."""
    terminal = ""
    with contextlib.suppress(OSError):
        terminal = os.ttyname(0).removeprefix("/dev/")
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return json.dumps({"pid": os.getpid(), "terminal": terminal, "program": program, "since": since})
