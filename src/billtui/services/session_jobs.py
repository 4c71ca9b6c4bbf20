"""The session's jobs: the executor, and reading again at once what a job touched."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from billtui.services.journal import JobState, JournalError, OperationState, PauseReason
from billtui.services.session_events import JobChanged, JobsRecovered, JournalTrouble, SessionEvent
from billtui.services.session_settings import ReadOnlySession, SessionSettings
from billtui.services.session_thread import LoopThread, SessionClosed

if TYPE_CHECKING:
    from billtui.client import BillingClient
    from billtui.services.executor import Executor, JobEvent
    from billtui.services.plans import Plan


ACCOUNT = frozenset({"account", "purse"})
"""Targets of what changes the account itself: its settings, its purses."""
QUIET_SECONDS = 0.25
"""Time between two messages about a job that merely goes on."""
_PLAIN = frozenset({OperationState.SENDING, OperationState.DONE, OperationState.PREPARED})


@dataclass(frozen=True, slots=True)
class Touched:
    """Raw ids of what operations were about."""

    orders: set[str] = field(default_factory=set)
    invoices: set[str] = field(default_factory=set)
    transfers: set[str] = field(default_factory=set)
    tickets: set[str] = field(default_factory=set)

    @property
    def count(self) -> int:
        """How many objects these are."""
        return len(self.orders) + len(self.invoices) + len(self.transfers) + len(self.tickets)

    def add(self, other: Touched) -> None:
        """Add what another operation was about."""
        self.orders.update(other.orders)
        self.invoices.update(other.invoices)
        self.transfers.update(other.transfers)
        self.tickets.update(other.tickets)


class SessionJobs:
    """Starts the executor when it is needed and listens to it. Safe to use from any thread."""

    def __init__(
        self,
        settings: SessionSettings,
        threads: LoopThread,
        listener: Callable[[SessionEvent], None],
        token: Callable[[], SecretStr | None],
        reread: Callable[[Touched], Awaitable[None]],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        check_session: Callable[[], None],
    ) -> None:
        """``spawn`` and ``check_session`` (a job says that the session is over) are called in the session's loop."""
        self._settings = settings
        self._threads = threads
        self._tell = listener
        self._token = token
        self._reread = reread
        self._spawn = spawn
        self._check_session = check_session
        self._lock = threading.Lock()
        self._executor: Executor | None = None
        self._starting = False
        self._closed = False
        self._own: set[str] = set()
        self._touched = Touched()
        self._account = False
        self._reading = False
        self._pace = NewsPace()

    @property
    def executor(self) -> Executor:
        """The executor, made and started when it is first wanted.

        Raises JournalError where the journal cannot be used, ReadOnlySession.
        """
        if self._settings.read_only:
            raise ReadOnlySession("This profile is read-only; nothing is changed through it.")
        with self._lock:
            if self._closed:
                raise SessionClosed("The session has ended.")
            if self._executor is None:
                from billtui.services.executor import Executor

                executor = Executor(
                    self._new_client,
                    self._settings.journal_path,
                    self._heard,
                    program=self._settings.program,
                    recovered=lambda found: self._tell(JobsRecovered(found)),
                )
                executor.start()
                self._executor = executor
                if found := executor.recover():
                    self._tell(JobsRecovered(found))
            return self._executor

    @property
    def owner(self) -> str | None:
        """The name by which this program's operations go in the journal; ``None`` before it has any."""
        executor = self._executor
        return executor.owner if executor is not None else None

    def _new_client(self) -> BillingClient:
        from billtui.client import BillingClient

        return BillingClient(self._settings.line, self._token(), driver=self._settings.driver())

    def start(self) -> None:
        """Start the executor without being waited for: it settles what an earlier run left open."""
        if not self._starting:
            self._starting = True
            threading.Thread(target=self._start, name="billtui-executor-start", daemon=True).start()

    def _start(self) -> None:
        try:
            self.executor  # noqa: B018 - made here
        except JournalError as error:
            self._starting = False
            self._tell(JournalTrouble(str(error)))
        except SessionClosed:
            return

    def submit(self, plan: Plan, hold_seconds: float, codes: Mapping[int, SecretStr] | None = None) -> str:
        """Hand a checked plan over, with its one-time codes; its job goes on by itself after a sign-in in this session.

        Raises JournalError, ReadOnlySession.
        """
        job_id = self.executor.submit(plan, hold_seconds=hold_seconds, codes=codes)
        self._own.add(job_id)
        return job_id

    def signed_in(self) -> None:
        """There is a new token: jobs of this session that wait for one go on, unless a command's. In the loop."""
        executor = self._executor
        if executor is None:
            return
        executor.new_session()
        if self._own and self._settings.stays:
            own = sorted(self._own)
            threading.Thread(
                target=lambda: self._go_on(executor, own), name="billtui-executor-resume", daemon=True
            ).start()

    def signed_out(self) -> None:
        """Nobody is signed in any more: nothing more is begun with the token that was valid before."""
        executor = self._executor
        if executor is not None:
            executor.new_session()

    @staticmethod
    def _go_on(executor: Executor, own: list[str]) -> None:
        for job_id in own:
            with contextlib.suppress(JournalError):
                if executor.reader.job(job_id).paused is PauseReason.SIGN_IN:
                    executor.resume(job_id)

    def close(self, seconds: float) -> None:
        """End the executor, ``seconds`` at most; what was confirmed stays in the journal."""
        if not self._lock.acquire(timeout=seconds):
            return
        try:
            self._closed = True
            executor, self._executor = self._executor, None
        finally:
            self._lock.release()
        if executor is not None:
            ending = threading.Thread(
                target=executor.close, args=(seconds / 2,), name="billtui-executor-end", daemon=True
            )
            ending.start()
            ending.join(seconds)

    # -- what a job touched

    def _heard(self, event: JobEvent) -> None:
        """In the executor's thread: pass the event on, and have what it touched read again.

        A thousand operations would be two thousand messages, and the next key would wait behind them: what merely
        goes on is told a few times a second. Everything else is told at once: how a job turns, pauses or ends, and
        every outcome that somebody should hear of.
        """
        if self._pace.lets_pass(event):
            self._tell(JobChanged(event))
        if event.paused is PauseReason.SIGN_IN:
            self._threads.call(self._check_session)
        if event.operation is None or event.outcome is None:
            return
        what = touched(event.operation.targets, event.answer)
        account = not ACCOUNT.isdisjoint(event.operation.targets) and event.outcome is OperationState.DONE
        self._threads.call(lambda: self._note(what, account))

    def _note(self, what: Touched, account: bool) -> None:
        """In the loop. The account is read with whatever else is."""
        self._account = self._account or account
        self._touched.add(what)
        if not self._reading and self._has_to_read():
            self._reading = True
            self._spawn(self._drain())

    def _has_to_read(self) -> bool:
        return bool(self._touched.count or self._account)

    async def _drain(self) -> None:
        try:
            while self._has_to_read():
                self._account = False
                what, self._touched = self._touched, Touched()
                await self._reread(what)
        finally:
            self._reading = False


class NewsPace:
    """Which events of running jobs are worth a message."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds."""
        self._clock = clock
        self._told: dict[str, tuple[float, JobState, PauseReason | None]] = {}

    def lets_pass(self, event: JobEvent) -> bool:
        """Whether to tell ``event``."""
        now = self._clock()
        at, state, paused = self._told.get(event.job_id, (float("-inf"), None, None))
        plain = event.operation is not None and event.outcome in _PLAIN and not event.done
        if plain and event.state is state and event.paused is paused and now - at < QUIET_SECONDS:
            return False
        if event.done:
            self._told.pop(event.job_id, None)
        else:
            self._told[event.job_id] = (now, event.state, event.paused)
        return True


def touched(targets: Iterable[str], answer: Mapping[str, object] | None) -> Touched:
    """What an operation was about, by its targets and its answer."""
    found = Touched()
    kinds = {"order": found.orders, "invoice": found.invoices, "transfer": found.transfers, "ticket": found.tickets}
    for target in targets:
        kind, _, key = target.partition(":")
        if kind in kinds:
            kinds[kind].add(key)
    answer = answer or {}
    many, ids = answer.get("items"), answer.get("transfer_ids")
    for one in many if isinstance(many, list) else ():
        one_id = one.get("id") if isinstance(one, Mapping) else None
        if isinstance(one_id, str):
            _list_of(found, one).add(one_id)  # of a split, of a push, or of a bulk change
    found.transfers.update(key for key in (ids if isinstance(ids, list) else ()) if isinstance(key, str))
    for place in (answer, answer.get("invoice"), answer.get("payment"), answer.get("ticket")):
        if not isinstance(place, Mapping):
            continue
        own, invoice, ticket = place.get("id"), place.get("invoice_id"), place.get("ticket_id")
        if isinstance(own, str) and "number" in place:
            _list_of(found, place).add(own)
        if isinstance(invoice, str):
            found.invoices.add(invoice)
        if isinstance(ticket, str):
            found.tickets.add(ticket)
    new = answer.get("order_ids")
    found.orders.update(key for key in (new if isinstance(new, list) else ()) if isinstance(key, str))
    return found


def _list_of(found: Touched, one: Mapping[str, object]) -> set[str]:
    """Where an object of an answer belongs, by what it has: a ticket a department, an invoice a number."""
    if "department" in one:
        return found.tickets
    return found.invoices if "number" in one else found.transfers
