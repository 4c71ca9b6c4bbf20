"""What all parts of the executor share: the journal, the panel, the listener, and the limits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from billtui.client.errors import NotSent
from billtui.domain.models import PaymentState
from billtui.domain.safetext import SafeText
from billtui.services.executor.events import JobEvent, Progress
from billtui.services.executor.journal_thread import JournalThread
from billtui.services.executor.requests import as_invoiced, invoice_in
from billtui.services.executor.run import Limits, Run
from billtui.services.findings import FOUND
from billtui.services.journal import Journal, JournalError, JournalReader, MoveLost, OperationState, PauseReason
from billtui.services.journal.writer import Step, no_step, now_utc
from billtui.services.plans import Operation, Plan, at_most

if TYPE_CHECKING:
    from billtui.client.billing_client import BillingClient
    from billtui.client.drivers.traits import Traits

logger = logging.getLogger(__name__)
ClientFactory = Callable[[], "BillingClient"]


AWAITS_PAYMENT: Final = "awaits-payment"
"""Code of an operation that is done as far as it goes here: a person pays elsewhere (INV-3, INV-13)."""
_PAY_THERE: Final = "The address to pay at is ready; it is paid only once the provider says so."
_BEGUN: Final = "The payment is begun; it is paid only once the panel says so. How to go on stands on its own pages."


def awaits_payment(answer: Mapping[str, Any] | None) -> str | None:
    """What is said of an answer by which somebody has yet to pay, or the panel to credit it; ``None`` for others."""
    payment = (answer or {}).get("payment", answer)
    if not isinstance(payment, Mapping) or payment.get("state") == "done":
        return None
    if payment.get("payment_url"):
        return _PAY_THERE
    begun = payment.get("state") == PaymentState.PENDING and payment.get("invoice_id") is not None
    return _BEGUN if begun else None


class OtherAccount(NotSent):
    """Somebody else is signed in than the one whose job it is."""

    default_code = "other-account"


class Panel:
    """The executor's own client: opened when first needed, replaced after a session ended."""

    def __init__(self, factory: ClientFactory) -> None:
        """``factory`` makes a client with the session's present token."""
        self._factory = factory
        self._client: BillingClient | None = None
        self._old: list[BillingClient] = []
        self._opening = asyncio.Lock()
        self._asking = asyncio.Lock()
        self._who: tuple[BillingClient, tuple[str, str]] | None = None
        self.sessions = 0
        """How often somebody signed in or out so far: what the session before is told says nothing of this one."""

    async def client(self) -> BillingClient:
        """An open client."""
        if self._client is not None:
            return self._client
        async with self._opening:
            if self._client is None:
                client = self._factory()
                await client.__aenter__()
                self._client = client
            return self._client

    async def identity(self) -> tuple[str, str]:
        """(panel, account) that the client really talks to and as. Raises ClientError."""
        return (await self._known())[1]

    async def client_as(self, panel_id: str, account_id: str) -> BillingClient:
        """A client that was seen to talk to this panel as this account, whoever signs in afterwards.

        Raises OtherAccount, ClientError.
        """
        client, who = await self._known()
        if who != (panel_id, account_id):
            raise OtherAccount("Another account or panel is signed in than the one that this job belongs to.")
        return client

    async def _known(self) -> tuple[BillingClient, tuple[str, str]]:
        if self._who is not None and self._who[0] is self._client:
            return self._who
        async with self._asking:
            client = await self.client()
            who = self._who
            if who is None or who[0] is not client:
                account = await client.account.me()
                who = self._who = (client, (account.panel_id.raw, account.account_id.raw))
            return who

    def renew(self) -> None:
        """The session is over: the next request uses a new client with whatever token there is then."""
        if self._client is not None:
            self._old.append(self._client)
        self._client, self._who = None, None

    def another_session(self) -> None:
        """Somebody signed in or out."""
        self.sessions += 1
        self.renew()

    async def close(self) -> None:
        """Close every client."""
        self.renew()
        for client in self._old:
            with suppress(OSError, RuntimeError):
                await client.__aexit__(None, None, None)


class Desk:
    """Moves operations in the journal and tells the listener; the only way to do either."""

    def __init__(
        self,
        *,
        journal: JournalThread,
        reader: JournalReader,
        panel: Panel,
        owner: str,
        tell: Callable[[JobEvent], None],
        idle: Callable[[], None],
        limits: Limits,
        clock: Callable[[], datetime] = now_utc,
        step: Step = no_step,
    ) -> None:
        """``tell`` hands an event over at once; ``idle`` wakes those who wait for a job."""
        self.journal = journal
        self.reader = reader
        self.panel = panel
        self.owner = owner
        self.limits = limits
        self.clock = clock
        self.step = step
        self.starting = asyncio.Semaphore(limits.concurrency + limits.concurrency // 4)
        """Operations between their last check and their answer: a few more than requests run, so that the next one is
        written down while the line is busy."""
        self.sending = asyncio.Semaphore(limits.concurrency)
        """Requests that run."""
        self.look_ups = asyncio.Semaphore(limits.look_ups)
        self.alone = asyncio.Lock()
        """Held from the last check to the written outcome, where a panel knows no keys: one operation at a time."""
        self.stirred = asyncio.Event()
        """Set with each move: whoever waits for another operation's outcome looks again."""
        self._places: asyncio.Semaphore | None = None
        self.closing = asyncio.Event()
        self._tell = tell
        self.idle = idle

    def place(self, traits: Traits) -> AbstractAsyncContextManager[Any]:
        """One operation's place beside the others: no more than the panel is asked for at once."""
        if not traits.pace.at_once:
            return nullcontext()
        if self._places is None:
            self._places = asyncio.Semaphore(traits.pace.at_once)
        return self._places

    def as_invoiced(self, plan: Plan, operation: Operation) -> Operation:
        """``operation``; a payment of what falls with time as its invoice has it, once that is. Raises JournalError."""
        source = plan.operation(operation.takes_from) if operation.takes_from is not None else None
        if source is None or not at_most(source):
            return operation
        return as_invoiced(operation, invoice_in(self.reader.operation(plan.id, source.number).answer))

    async def move(self, run: Run, number: int, to: OperationState, *come_from: OperationState, **fields: Any) -> None:
        """One durable move, then its event. Raises MoveLost, JournalError."""
        if to is OperationState.SENDING and self.closing.is_set():
            raise MoveLost("billtui is ending: nothing new is sent")
        if to in (OperationState.SENDING, OperationState.PREPARED, OperationState.UNKNOWN):
            fields["owner"] = self.owner
        told = awaits_payment(fields.get("answer")) if to is OperationState.DONE else None
        if told is not None and fields.get("code") in (None, FOUND):
            fields |= {"code": AWAITS_PAYMENT, "detail": told}
        await self.journal.run(lambda journal: journal.move(run.job_id, number, to, come_from=come_from, **fields))
        run.moved(number, to, self.clock(), fields)
        self.stirred.set()
        self.tell(run, number, to)

    async def move_surely(
        self, run: Run, number: int, to: OperationState, *come_from: OperationState, **fields: Any
    ) -> None:
        """Write an outcome down, however long the disk is full: the request is over, its result must not be lost.

        If billtui ends before, the operation is still ``sending`` in the journal and is looked up at the next start.
        """
        pause = 0.05
        while True:
            try:
                await self.move(run, number, to, *come_from, **fields)
            except MoveLost:
                logger.warning("operation %s of job %s was moved by somebody else", number, run.job_id[:8])
                return
            except JournalError as error:
                self.journal_failed(run, error)
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self.closing.wait()
                        raise
                pause = min(pause * 2, 5.0)
            else:
                return

    @staticmethod
    def move_prepared(
        journal: Journal, run: Run, numbers: list[int], to: OperationState, fields: Mapping[str, str | None]
    ) -> list[int]:
        """Move every one of ``numbers`` that is still prepared; those that were moved. In the journal's thread."""
        moved = []
        for number in numbers:
            with suppress(MoveLost):
                journal.move(run.job_id, number, to, come_from=(OperationState.PREPARED,), **fields)
                moved.append(number)
        return moved

    async def pause(self, run: Run, reason: PauseReason, note: str) -> None:
        """Start nothing new of the job, and say why."""
        if run.paused is None:
            run.paused = reason
            await self.journal.run(lambda journal: journal.pause(run.job_id, reason, note))
            run.written_pause = reason  # so that its end is seen, however soon another program lifts it
            self.tell(run, error=note)

    def journal_failed(self, run: Run, error: JournalError) -> None:
        """Without a journal line there is no request: the job waits."""
        run.paused = run.paused or PauseReason.JOURNAL
        self.tell(run, error=str(error))

    def tell(
        self,
        run: Run,
        number: int | None = None,
        outcome: OperationState | None = None,
        *,
        error: str | None = None,
        waiting: float | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Hand an event to the listener, without waiting for it."""
        row = run.rows.get(number) if number is not None else None
        words = SafeText(error) if error else row.detail if row is not None else None
        self._tell(
            JobEvent(
                job_id=run.job_id,
                plan_title=run.plan.title,
                state=run.state,
                states=dict(run.counts),
                operation=row,
                outcome=outcome,
                answer=row.answer if row is not None else None,
                error=words,
                paused=run.paused,
                done=run.finished,
                waiting_seconds=waiting,
                progress=progress,
            )
        )
