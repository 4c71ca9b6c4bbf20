"""A panel, a journal on disk, and processes that come and go: the money engine in one thread and in warped time.

The real engine, journal, driver and error mapping run on an event loop whose pauses take no time; the network is
replaced directly below the client. Processes are killed by forgetting them: their transactions roll back and their
owner's lock is let go, as when a process dies.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionSettings
from billtui.client.errors import ConnectionLost, NotSent, TimedOut
from billtui.client.exchange import Answer, Exchange, Kind
from billtui.domain.money import Money
from billtui.services.executor.desk import Desk, Panel
from billtui.services.executor.engine import Engine
from billtui.services.executor.events import JobEvent
from billtui.services.executor.run import Limits
from billtui.services.journal import Journal, JournalError, JournalReader, OperationState, owners
from billtui.services.journal.schema import owners_dir
from billtui.services.journal.states import OPEN
from billtui.services.locks import OwnerLock
from billtui.services.plans import PURCHASES, OperationKind, Plan
from tests.support.money_panel import Json, MoneyPanel

T = TypeVar("T")
S = OperationState
LIMITS: Final = Limits(concurrency=3, first_pause=0.5, longest_pause=8.0, most_sends=4, most_waits=3)
LOCAL_REFUSALS: Final = frozenset({"facts-changed", "operation-open", "no-invoice", "decided"})
SCRATCH: Final = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Violation(AssertionError):
    """The engine broke a promise."""


class WarpLoop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time."""

    warped = 0.0

    def time(self) -> float:
        return super().time() + self.warped

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled  # type: ignore[attr-defined]  # the loop's own queues
        if not ready and scheduled:
            self.warped += max(0.0, scheduled[0].when() - self.time())
        super()._run_once()  # type: ignore[misc]  # of BaseEventLoop


class Patient:
    """A circuit breaker that never opens: its clock is the machine's, not the history's."""

    def wait(self, _now: float, *, person: bool = False) -> float | None:
        return None

    def failed(self, _now: float) -> None:
        pass

    def succeeded(self) -> None:
        pass

    def abandoned(self) -> None:
        pass


@dataclass
class Process:
    """One running billtui."""

    world: World
    journal: Journal
    lock: OwnerLock
    reader: JournalReader
    engine: Engine = field(init=False)
    dead: bool = False
    signed_in: bool = True
    held: set[str] = field(default_factory=set)

    async def run(self, work: Callable[[Journal], T]) -> T:
        """What the journal's thread does, in turn with everything else."""
        await asyncio.sleep(0)
        return self.call(work)

    def call(self, work: Callable[[Journal], T]) -> T:
        if self.dead:
            raise asyncio.CancelledError
        with self.journal.transaction():
            return work(self.journal)

    # The parts of the client's transport that the runner uses:
    settings = ConnectionSettings("http://127.0.0.1:9", tries=2, retry_base=0.001)
    place = "the panel"
    clock_skew = None

    async def send(self, exchange: Exchange, token: SecretStr | None, _deadline: float) -> Answer:
        return await self.world.travel(self, exchange, token)

    async def __aenter__(self) -> Process:
        return self

    async def aclose(self) -> None:
        pass


class World:
    """A panel, a journal on disk, and processes that come and go."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.loop = WarpLoop()
        self.directory = Path(tempfile.mkdtemp(prefix="billtui-history-", dir=SCRATCH))
        self.path = self.directory / "state" / "journal.sqlite"
        self.panel = MoneyPanel(balance=Decimal("1000.00"))
        self.panel.add_invoices(6)
        self.orders = self.panel.add_orders(4)
        self.faults: list[str] = []
        self.late: list[Callable[[], object]] = []
        self.late_keys: set[str] = set()
        self.forgotten: set[str] = set()
        self.processes: list[Process] = []
        self.plans: dict[str, Plan] = {}
        self.confirmed: set[tuple[str, str]] = set()
        """(owner, job): a person confirmed or resumed the job in that process."""
        self.stopped: set[str] = set()
        """Jobs that were paused or cancelled and not resumed since."""
        self.never: set[str] = set()
        """Keys of operations that were taken back, dropped or cancelled: they must never happen."""
        self.in_flight: Counter[str] = Counter()
        self.changed: dict[str, set[str]] = {}
        """Targets that changed in the panel, with the plans that were made before."""
        self.violations: list[Violation] = []
        self.offset = timedelta()
        self.trace: list[str] = []
        self.start()

    def close(self) -> None:
        for process in list(self.processes):
            self._kill(process)
        self.loop.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    async def travel(self, process: Process, exchange: Exchange, token: SecretStr | None) -> Answer:
        """A request on its way: it can be lost, come late, or be answered by something else."""
        try:
            return await self._travel(process, exchange, token)
        except Violation as error:
            self.violations.append(error)
            raise

    async def _travel(self, process: Process, exchange: Exchange, token: SecretStr | None) -> Answer:
        write = exchange.kind is Kind.WRITE
        key = exchange.write.key if exchange.write is not None else ""
        if write:
            self._check_send(process, exchange, key)
            self.in_flight[key] += 1
            if sum(self.in_flight.values()) > LIMITS.concurrency * max(1, len(self.processes)):
                raise Violation("more requests at one time than allowed")
        try:
            await asyncio.sleep(0)
            return await self._arrive(process, exchange, key, write, token)
        finally:
            if write:
                self.in_flight[key] -= 1
                if process.dead:
                    self.in_flight.pop(key, None)

    async def _arrive(self, process: Process, exchange: Exchange, key: str, write: bool, token: Any) -> Answer:
        if process.dead:
            raise asyncio.CancelledError
        fault = self.faults.pop(0) if write and self.faults else "none"
        path = exchange.path.removeprefix("/api/v1")
        secret = token.get_secret_value() if token is not None and process.signed_in else "wrong"
        headers = {"authorization": f"Bearer {secret}", "idempotency-key": key}
        if exchange.write is not None and exchange.write.if_match is not None:
            headers["if-match"] = f'"{exchange.write.if_match}"'
        query = "&".join(f"{name}={value}" for name, value in exchange.query)
        body = _json(exchange.body)

        def work() -> tuple[int, Json]:
            return self.panel._answer(exchange.method, path, query, headers, body)

        match fault:
            case "no-route":
                raise NotSent("No route.")
            case "late":
                self.late.append(work)
                self.late_keys.add(key)
                raise ConnectionLost("The line broke.")
            case "drop-before":
                raise ConnectionLost("The line broke.")
            case "hang-before":
                raise TimedOut("No answer.")
            case "500-before" | "503-before":
                return _answer(int(fault[:3]), {"title": "trouble", "status": int(fault[:3])})
            case "html-before":
                return Answer(200, "text/html", b"<html>", 6)
            case "429":
                return _answer(429, {"title": "slow", "status": 429, "code": "rate-limited"}, retry_after=1.0)
            case "401":
                return _answer(401, {"title": "over", "status": 401, "code": "session-expired"})
        before = len(self.panel.effects)
        status, answer = work()
        for effect in self.panel.effects[before:]:
            if effect.key in self.never:
                raise Violation("something happened that had been taken back or cancelled")
        await asyncio.sleep(0)
        match fault:
            case "none":
                return _answer(status, answer)
            case "drop-after":
                raise ConnectionLost("The line broke.")
            case "hang-after":
                raise TimedOut("No answer.")
            case "500-after":
                return _answer(500, {"title": "trouble", "status": 500})
            case "html-after":
                return Answer(200, "text/html", b"<html>", 6)
            case "wrong-id-after":
                return _answer(status, answer | {"id": "999999", "invoice_id": "999999"})
        return Answer(status, "application/json", b'{"id": ', 7)

    def _check_send(self, process: Process, exchange: Exchange, key: str) -> None:
        """What must be true at the instant at which a request that changes something leaves."""
        found = [
            (job, number, row)
            for job in self.plans.values()
            for number in range(1, len(job.operations) + 1)
            if job.key(number) == key
            for row in [process.reader.operation(job.id, number)]
        ]
        if not found:
            raise Violation("a request with a key of no confirmed operation")
        plan, number, row = found[0]
        if row.state is not S.SENDING or row.owner != process.lock.owner:
            raise Violation(f"a request left while the journal says {row.state}")
        if self.in_flight[key]:
            raise Violation("one operation was sent twice at the same time")
        if (process.lock.owner, plan.id) not in self.confirmed:
            raise Violation("something was sent that nobody confirmed or resumed in this life")
        if key in self.never:
            raise Violation("something was sent that had been taken back or cancelled")
        amount = plan.operation(number).amount
        told = (exchange.body or {}).get("expected_total")
        if told is not None and amount is not None and Money.model_validate(told) != amount:
            source = plan.operation(plan.operation(number).takes_from or number)
            if source.kind is not OperationKind.ADDONS or Money.model_validate(told) > amount:
                raise Violation("another amount was sent than was confirmed")
        if plan.operation(number).takes_from is not None:
            bought = [one.number for one in plan.operations if one.kind in PURCHASES]
            moving = [process.reader.operation(plan.id, one).state for one in bought]
            if any(one in (S.PREPARED, S.SENDING, S.UNKNOWN) for one in moving):
                raise Violation("something was paid while its plan still had something to buy")
        for target in row.targets:
            if plan.id in self.changed.get(target, ()):
                raise Violation("something was sent although it had changed since the plan")

    def start(self) -> None:
        """A process starts: its lock, its journal, its engine; it takes over what ended ones left."""
        path = self.path
        path.parent.mkdir(mode=0o700, exist_ok=True)
        journal = Journal(path, clock=self.now)
        process = Process(self, journal, OwnerLock(owners_dir(path)), JournalReader(path))
        self.processes.append(process)

        async def make() -> None:
            desk = Desk(
                journal=process,  # type: ignore[arg-type]  # has the one method that is used
                reader=process.reader, panel=Panel(lambda: self._client(process)), owner=process.lock.owner,
                tell=self._told, idle=lambda: None, limits=LIMITS, clock=self.now,
            )  # fmt: skip
            process.engine = Engine(desk)

        self.loop.run_until_complete(make())
        living = {one.lock.owner for one in self.processes}
        before = self._owned_by(process.reader, living)
        found = process.call(owners.recover)
        if self._owned_by(process.reader, living) != before:
            raise Violation("a start took operations over from a living process")
        for job_id, number in found.dropped:
            self.never.add(self.plans[job_id].key(number))
        self._in_loop(process, lambda: process.engine.begin(process.engine.settle_leftovers()))

    @staticmethod
    def _owned_by(reader: JournalReader, owners_of: set[str]) -> list[tuple[str, int, str]]:
        rows = reader.in_state(*OPEN)
        return [(row.job_id, row.number, row.state.value) for row in rows if row.owner in owners_of]

    def _client(self, process: Process) -> BillingClient:
        client = BillingClient(process.settings, SecretStr("token"))
        client._transport = process  # type: ignore[assignment]  # the network of this history
        client._runner.transport = process  # type: ignore[assignment]
        client._runner.breaker = Patient()  # type: ignore[assignment]
        return client

    def _told(self, _event: JobEvent) -> None:
        pass

    def _kill(self, process: Process) -> None:
        process.dead = True
        self.processes.remove(process)
        process.engine._desk.closing.set()
        tasks = set(process.engine._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            self._run(asyncio.wait(tasks, timeout=1))
        process.reader.close()
        process.journal.close()
        os.close(process.lock._descriptor)  # what the kernel does for a dead process

    def _submit(self, plan: Plan, hold: float = 0.0) -> None:
        if not plan.operations or not self.processes:
            return
        process = self.processes[0]
        known = plan.id in self.plans
        self.plans[plan.id] = plan
        try:
            new = process.call(lambda journal: journal.add_job(plan, process.lock.owner, held=hold > 0))
        except JournalError:
            if not known:
                del self.plans[plan.id]
            raise
        if new:
            self.confirmed.add((process.lock.owner, plan.id))
            self._in_loop(process, lambda: process.engine.reload(plan.id))
            if hold:
                process.held.add(plan.id)
                self._in_loop(process, lambda: process.engine.hold(plan.id, hold))

    def _note_change(self, target: str) -> None:
        """What was planned before rests on other facts; what is planned from now on does not."""
        self.changed.setdefault(target, set()).update(self.plans)

    def _pick(self, choice: int) -> tuple[Process | None, str]:
        if not self.processes or not self.plans:
            return None, ""
        return self.processes[0], list(self.plans)[choice % len(self.plans)]

    def _quiet(self) -> bool:
        """Whether no request of ours is under way or about to leave."""
        self._run(asyncio.sleep(300))
        return not any(self.in_flight.values())

    def _spin(self, times: int) -> None:
        async def turns() -> None:
            for _ in range(times):
                await asyncio.sleep(0)

        self._run(turns())

    def _in_loop(self, process: Process, action: Callable[[], None]) -> None:
        async def act() -> None:
            if not process.dead:
                action()

        self._run(act())

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self.loop.run_until_complete(coroutine)
        if self.violations:
            raise self.violations[0]


def _json(body: Any) -> bytes:
    return json.dumps(body).encode() if body is not None else b""


def _answer(status: int, body: Json, retry_after: float | None = None) -> Answer:
    content = _json(body)
    kind = "application/json" if status < 400 else "application/problem+json"
    return Answer(status, kind, content, len(content), None, retry_after)
