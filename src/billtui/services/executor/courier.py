"""One operation from ``prepared`` to its outcome: bind, guard, write down, send once, write the outcome down."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from billtui.client.errors import ClientError, RateLimited, Refused, ServerTrouble, SessionExpired
from billtui.services.attachments import AttachmentRefused
from billtui.services.billed import billed
from billtui.services.drift import FACTS_CHANGED, read_afresh
from billtui.services.executor.desk import Desk, OtherAccount
from billtui.services.executor.events import Progress
from billtui.services.executor.in_turn import leave_the_rest
from billtui.services.executor.keyless import after_refusal, known_before_again, until_alone
from billtui.services.executor.readings import MOST_AT_ONCE, Readings
from billtui.services.executor.requests import OddAnswer, Ready, invoice_in, perform
from billtui.services.executor.run import Run
from billtui.services.findings import act_of, may_repeat, paid_at_once, paid_by_panel, take_picture
from billtui.services.journal import (
    Journal,
    JournalError,
    MoveLost,
    NotAlone,
    OperationState,
    PauseReason,
    TargetsBusy,
)
from billtui.services.one_time_codes import CODE_NEEDED, code_needed_words, without_code
from billtui.services.operation_kinds import SPENDING
from billtui.services.own_faults import REPORT_SAYS_WHERE
from billtui.services.panel_ways import pays_by_itself
from billtui.services.plans import Operation, PlanError
from billtui.services.settle import MEMORY, Verdict, held_against, look_up, verdict_of_error, without

if TYPE_CHECKING:
    from billtui.client.billing_client import BillingClient
    from billtui.client.drivers.traits import Traits
    from billtui.domain.models import Invoice

logger = logging.getLogger(__name__)
S = OperationState


class Courier:
    """Carries single operations out for the engine."""

    def __init__(self, desk: Desk, settle: Callable[[Run, int], None], reload: Callable[[Run], None]) -> None:
        """``settle`` starts the look-up of an unknown outcome, ``reload`` takes the journal's word for a job again."""
        self._desk = desk
        self._reload = reload
        self._settle = settle
        self._sessions: dict[tuple[str, int], int] = {}
        """Of what is carried out: how often somebody had signed in or out when it began."""

    async def carry(self, run: Run, number: int) -> None:
        """Take one prepared operation as far as it goes now. Raises nothing but cancellation."""
        self._sessions[run.job_id, number] = self._desk.panel.sessions
        try:
            await self._carry(run, number)
        except JournalError as error:
            self._desk.journal_failed(run, error)
        except Exception:  # a fault of ours must not turn in circles: the job stops, and says so
            logger.exception("operation %s failed in the program", number)
            await self._failed(run, number)
        finally:
            self._sessions.pop((run.job_id, number), None)

    async def _carry(self, run: Run, number: int) -> None:
        """Raises JournalError where something could not be written down."""
        operation = run.operation(number)
        try:
            await self._wait_for_turn(run)
            if run.lacks_code(number):
                await self._without_code(run, operation)
                return
            traits = (await self._client(run)).driver.traits
            async with self._desk.place(traits):
                await (self._carry_by_key(run, operation) if traits.keys else self._carry_alone(run, operation))
        except NotAlone:
            pass  # another program was quicker: it waits for that outcome, and is prepared anew
        except OtherAccount:
            words = "This job belongs to another account or panel: sign in there, then resume."
            await self._desk.pause(run, PauseReason.OTHER_ACCOUNT, words)
        except ClientError as error:
            await self._read_failed(run, number, error)
        except MoveLost:
            self._reload(run)  # cancelled, paused or taken by somebody else meanwhile: nothing was sent
        except TargetsBusy as error:
            await self._finish(run, number, Verdict(S.REFUSED, "operation-open", detail=str(error)), S.PREPARED)
        except PlanError as error:
            await self._finish(run, number, Verdict(S.REFUSED, "damaged-plan", detail=str(error)), S.PREPARED)

    async def _failed(self, run: Run, number: int) -> None:
        """The program itself failed: what was sent is looked up, and nothing more is begun where nothing was."""
        try:
            if run.states.get(number) is S.SENDING:
                words = "billtui failed after sending; its outcome is looked up."
                await self._finish(run, number, Verdict(S.UNKNOWN, "internal", detail=words), S.SENDING)
                return
            when = " before sending" if run.states.get(number) is S.PREPARED else ""
            await self._desk.pause(run, PauseReason.TROUBLE, f"billtui failed{when}; {REPORT_SAYS_WHERE}.")
        except JournalError as error:
            self._desk.journal_failed(run, error)

    async def _carry_by_key(self, run: Run, operation: Operation) -> None:
        ready = await self._prepare(run, operation)
        if ready is None:
            return
        began = asyncio.get_running_loop().time()
        sent: tuple[Verdict, ClientError | None] | None = None
        async with self._desk.starting:
            if asyncio.get_running_loop().time() - began > self._desk.limits.guard_age:
                ready = await self._prepare(run, operation)
            if ready is not None and run.paused is None:
                sent = await self._send(run, operation, ready)
        if sent is not None:  # the request is over: another may run while its outcome is written down
            await self._conclude(run, operation.number, *sent)

    async def _carry_alone(self, run: Run, operation: Operation) -> None:
        """On a panel without keys: nothing else of the account is under way from the last look to the outcome."""
        number = operation.number
        async with self._desk.alone:
            if not await until_alone(self._desk, run, number):
                if (
                    run.states.get(number) is S.NOT_SENT
                ):  # it waited too long, and what takes from it is not sent either
                    await self.follow_up(run, number, S.NOT_SENT)
                return
            if (known := await known_before_again(self._desk, run, operation, await self._client(run))) is not None:
                await self._finish(run, number, known, S.PREPARED)
                return
            invoice = None if operation.takes_from is None else await self._bind(run, operation, operation.takes_from)
            if operation.takes_from is not None and invoice is None:
                return
            seen = await self._picture(run, operation, invoice.id.raw if invoice is not None else None)
            ready = await self._prepare(run, operation)  # last of all: the panel takes no "at most this price"
            if ready is None or run.paused is not None or self._desk.closing.is_set():
                return
            sent = await self._send(run, operation, ready, seen)
            if sent is not None:
                await self._conclude(run, number, *sent)

    # -- before the request -------------------------------------------------------------------------------------------

    async def _wait_for_turn(self, run: Run) -> None:
        left = run.not_before - asyncio.get_running_loop().time()
        if left > 0:
            await asyncio.sleep(left)

    async def _client(self, run: Run) -> BillingClient:
        """A client of the job's own account. Raises OtherAccount, ClientError."""
        return await self._desk.panel.client_as(run.plan.panel_id, run.plan.account_id)

    async def _picture(self, run: Run, operation: Operation, invoice_id: str | None) -> dict[str, Any]:
        """What the journal notes with the request, where a lost answer is found by comparing. Raises ClientError."""
        desk, client = self._desk, await self._client(run)
        place = desk.reader.generation()  # what is sent from here on may be what is new later
        asked = desk.as_invoiced(run.plan, operation)
        act = act_of(asked, invoice_id, run.plan.key(operation.number))
        picture = await take_picture(client, act, desk.clock(), place)
        return {"picture": picture, "alone": not may_repeat(client.driver.traits, operation)}

    async def _prepare(self, run: Run, operation: Operation) -> Ready | None:
        """Bind a late invoice, then compare the facts; ``None`` if the operation ended here."""
        invoice_id: str | None = None
        if operation.takes_from is not None:
            invoice = await self._bind(run, operation, operation.takes_from)
            if invoice is None:
                return None
            invoice_id = invoice.id.raw
            operation = self._desk.as_invoiced(run.plan, operation)
            if (lines := billed(invoice)) is not None:
                operation = operation.model_copy(update={"facts": {**operation.facts, "billed": lines}})
        client = await self._client(run)
        if run.readings is None:
            run.readings = Readings(lambda: self._client(run), self._desk.limits.guard_age)
        run.readings.look_ahead(lambda: run.coming(MOST_AT_ONCE))
        fresh = await read_afresh(client, run.readings, operation, invoice_id)
        if not fresh.differences:
            return Ready(invoice_id, fresh.version, fresh.quote_id, amount=fresh.total)
        traits = client.driver.traits
        if operation.takes_from is not None and fresh.invoice is not None and self._may_be_paid(run, operation, traits):
            paid = paid_by_panel(operation, fresh.invoice)
            if paid is not None:
                await self._finish(run, operation.number, paid, S.PREPARED)
                return None
        if not traits.keys:  # what was sent was looked at again before; of another host's doings nothing can be asked
            known = Verdict(S.PREPARED)
        else:
            # A plan's own effects are not drift: perhaps an earlier try or another host did this very operation.
            known = await self._known_by_key(run, operation, client, invoice_id)
        if known.state in (S.DONE, S.REFUSED):
            verdict = known
        elif known.state is None:
            verdict = Verdict(S.UNKNOWN, known.code, detail=known.detail)
        else:
            verdict = Verdict(S.REFUSED, fresh.code or FACTS_CHANGED, fresh.rule, " ".join(fresh.differences[:20]))
        await self._finish(run, operation.number, verdict, S.PREPARED)
        return None

    async def _known_by_key(
        self, run: Run, operation: Operation, client: BillingClient, invoice_id: str | None
    ) -> Verdict:
        known = await look_up(client, run.plan.key(operation.number), None, self._desk.clock)
        return held_against(known, operation, invoice_id)

    def _may_be_paid(self, run: Run, operation: Operation, traits: Traits) -> bool:
        """Whether the panel may have paid the invoice of a payment by itself, when it was made (renew and pay)."""
        return pays_by_itself(traits, run.operation(operation.takes_from or operation.number).kind)

    async def _without_code(self, run: Run, operation: Operation) -> None:
        """End a step whose one-time code is gone (TRF-2): not sent, unless it was before, and the panel knows of it."""
        number = operation.number
        verdict = Verdict(S.REFUSED, CODE_NEEDED, "TRF-2", code_needed_words(operation.kind, operation.targets))
        if run.sends.get(number, 0):
            known = await look_up(await self._client(run), run.plan.key(number), None, self._desk.clock)
            known = held_against(known, operation, None)
            if known.state is None:
                verdict = Verdict(S.UNKNOWN, known.code, detail=known.detail)
            elif known.state is not S.PREPARED:
                verdict = known
        if verdict.state is S.NEEDS_YOU:  # from here it is reached through a look-up only
            verdict = Verdict(S.UNKNOWN, verdict.code, detail=verdict.detail)
        await self._finish(run, number, verdict, S.PREPARED)

    async def _bind(self, run: Run, operation: Operation, source: int) -> Invoice | None:
        """The invoice that ``source`` made, as the panel answered; ``None`` if the operation ended here."""
        number = operation.number
        answer = self._desk.reader.operation(run.job_id, source).answer
        invoice = invoice_in(answer)
        if invoice is None:
            words = "The purchase was done, but its invoice is not known here: find it in the list and pay it there."
            await self._finish(run, number, Verdict(S.REFUSED, "no-invoice", detail=words), S.PREPARED)
            return None
        operation = self._desk.as_invoiced(run.plan, operation)
        if invoice.total != operation.amount:
            words = f"The new invoice is {invoice.total}, but {operation.amount} was confirmed; it was not paid."
            await self._finish(run, number, Verdict(S.REFUSED, FACTS_CHANGED, detail=words), S.PREPARED)
            return None
        target = f"invoice:{invoice.id.raw}"

        def bind(journal: Journal) -> None:
            journal.bind(run.job_id, number, target)

        await self._desk.journal.run(bind)
        run.bound(number, target)
        paid = paid_by_panel(operation, invoice)
        if paid is not None and self._may_be_paid(run, operation, (await self._client(run)).driver.traits):
            await self._finish(run, number, paid, S.PREPARED)
            return None
        return invoice

    # -- the request --------------------------------------------------------------------------------------------------

    async def _send(
        self, run: Run, operation: Operation, ready: Ready, seen: Mapping[str, Any] | None = None
    ) -> tuple[Verdict, ClientError | None] | None:
        """Write down that it is sent, with what was ``seen`` before, and send it once: its verdict, which is still to
        be written down."""
        desk, number = self._desk, operation.number
        if self._is_too_old(run, number):
            words = "It was sent more than 29 days ago: what became of it is looked up before anything is sent again."
            await self._finish(run, number, Verdict(S.UNKNOWN, "too-old", detail=words), S.PREPARED)
            return None
        code = run.codes.get(number)
        client = await self._client(run)  # asked again: somebody else may have signed in while it waited its turn
        asked, traits, noted = desk.as_invoiced(run.plan, operation), client.driver.traits, dict(seen or {})
        await desk.move(run, number, S.SENDING, S.PREPARED, **noted)  # durable before the first byte
        desk.step("sending-written")
        error: ClientError | None = None
        try:
            async with desk.sending:
                if run.paused is not None or desk.closing.is_set():
                    return Verdict(S.PREPARED), None  # paused while it waited its turn: nothing has left
                ready = replace(ready, code=code, again=run.sends.get(number, 0) > 1)
                answer = await perform(
                    client, asked, run.plan.key(number), ready, lambda news: self._on_its_way(run, number, news)
                )
            verdict = paid_at_once(traits, operation, answer)
        except ClientError as caught:
            error, verdict = caught, verdict_of_error(caught)
            if verdict.state is S.REFUSED and caught.of_write and operation.kind in SPENDING:
                verdict = await after_refusal(desk, client, asked, ready.invoice_id, noted.get("picture"), verdict)
        except PlanError as caught:
            verdict = Verdict(S.NOT_SENT, "damaged-plan", detail=str(caught))
        except AttachmentRefused as caught:  # of the message nothing has left
            verdict = Verdict(S.NOT_SENT, caught.refusal.code, caught.refusal.rule, str(caught))
        except OddAnswer as caught:
            verdict = Verdict(S.UNKNOWN, "odd-answer", detail=f"{caught} Its outcome is looked up.")
        except Exception:  # whatever went wrong in here, the request may have left: it is unknown, and looked up
            logger.exception("sending operation %s failed in the program", number)
            verdict = Verdict(S.UNKNOWN, "internal", detail="billtui failed while sending; its outcome is looked up.")
        desk.step("answered")
        return without(verdict, code), error

    def _on_its_way(self, run: Run, number: int, news: Progress) -> None:
        """A file of a message goes, or is there (TKT-6)."""
        self._desk.tell(run, number, progress=news)
        if news.done:
            self._desk.step("file-sent")

    async def _conclude(self, run: Run, number: int, verdict: Verdict, error: ClientError | None) -> None:
        code = run.codes.get(number)
        await self._finish(run, number, verdict, S.SENDING)
        self._desk.step("outcome-written")
        if verdict.state is S.PREPARED and error is not None:
            await self._not_executed(run, number, error, without_code(error.message, code))

    def _is_too_old(self, run: Run, number: int) -> bool:
        """Whether it was sent before, so long ago that the panel may have forgotten its key: then the key protects
        nothing any more, though a look-up said "never seen" (a line can hold a request up beyond any look-up)."""
        row = run.rows.get(number)
        sent = row.first_sent_at if row is not None else None
        return sent is not None and abs(self._desk.clock() - sent) > MEMORY  # of the future: the clock was wrong

    async def _finish(self, run: Run, number: int, verdict: Verdict, before: OperationState) -> None:
        """Write the outcome down and draw its consequences for what depends on it."""
        if verdict.state is None:
            raise ValueError("an operation that still runs has no outcome")
        await self._desk.move_surely(run, number, verdict.state, before, **verdict.fields())
        await self.follow_up(run, number, verdict.state)

    async def follow_up(self, run: Run, number: int, state: OperationState) -> None:
        """What the outcome of ``number`` means for operations that take from it, and for the job."""
        if state is S.DONE:
            run.waits = 0
            for dependent in run.dependents.get(number, []):
                run.put_back(dependent)
        elif state in (S.REFUSED, S.NOT_SENT, S.CANCELLED):
            await self._drop_dependents(run, number, state)
            await leave_the_rest(self._desk, run)
        elif state is S.UNKNOWN:
            self._settle(run, number)

    async def _drop_dependents(self, run: Run, number: int, state: OperationState) -> None:
        """End what was to follow ``number``, unless that goes again meanwhile: looked at in the same transaction."""
        end = S.NOT_SENT if state is S.NOT_SENT else S.CANCELLED
        words = f"What it depends on was {'not sent' if end is S.NOT_SENT else 'not done'}; nothing was sent."
        fields = {"code": "earlier-not-done", "detail": words}
        waiting = [one for one in run.dependents.get(number, []) if run.states.get(one) is S.PREPARED]

        def drop(journal: Journal) -> list[int]:
            query = "SELECT state FROM operations WHERE job_id = ? AND number = ?"
            if journal.rows(query, (run.job_id, number)) != [(state.value,)]:
                return []
            return self._desk.move_prepared(journal, run, waiting, end, fields)

        if waiting:
            for dependent in await self._desk.journal.run(drop):
                run.moved(dependent, end, self._desk.clock(), fields)
                self._desk.tell(run, dependent, end)

    # -- when it does not work ----------------------------------------------------------------------------------------

    async def _not_executed(self, run: Run, number: int, error: ClientError, words: str) -> None:
        """401 and 429: nothing was done; the same key goes again, after signing in or after the wait."""
        if isinstance(error, SessionExpired):
            if self._sessions[run.job_id, number] != self._desk.panel.sessions:
                return  # it was said of the session before: it goes again by itself
            self._desk.panel.renew()
            await self._desk.pause(run, PauseReason.SIGN_IN, "The session is over: sign in again, then resume.")
            return
        limits = self._desk.limits
        run.waits += 1
        if run.waits > limits.most_waits:
            await self._desk.pause(run, PauseReason.BUSY_PANEL, f"{words} The job waits; resume it later.")
            return
        wait = error.retry_after if error.retry_after is not None else limits.rate_pause
        run.not_before = max(run.not_before, asyncio.get_running_loop().time() + wait)
        self._desk.tell(run, error=words, waiting=wait)

    async def _read_failed(self, run: Run, number: int, error: ClientError) -> None:
        """The facts could not be read, so nothing was sent."""
        if isinstance(error, SessionExpired | RateLimited):
            await self._not_executed(run, number, error, error.message)
        elif isinstance(error, Refused):
            verdict = Verdict(S.REFUSED, error.code, error.rule, error.message, error.request_id)
            await self._finish(run, number, verdict, S.PREPARED)
        elif isinstance(error, ServerTrouble):
            await self._give_up(run, [number], error)
        else:
            # The line is down. Money does not queue for its return: what was never sent ends as not sent, and a
            # person sends it again, with the same keys.
            waiting = [one for one, state in run.states.items() if state is S.PREPARED and one not in run.inflight]
            await self._give_up(run, [number, *waiting], error)

    async def _give_up(self, run: Run, numbers: list[int], error: ClientError) -> None:
        said = "" if "Nothing was sent." in error.message else " Nothing was sent."
        fields = {"code": error.code, "detail": f"{error.message}{said}", "request_id": error.request_id}
        never_sent = [number for number in numbers if run.sends.get(number, 0) == 0]

        def end(journal: Journal) -> list[int]:
            return self._desk.move_prepared(journal, run, never_sent, S.NOT_SENT, fields)

        for number in await self._desk.journal.run(end):
            run.moved(number, S.NOT_SENT, self._desk.clock(), fields)
            self._desk.tell(run, number, S.NOT_SENT)
            await self._drop_dependents(run, number, S.NOT_SENT)
        run.ready = type(run.ready)(one for one in run.ready if run.states[one] is S.PREPARED)
        if len(never_sent) < len(numbers):
            await self._desk.pause(run, PauseReason.OFFLINE, f"{error.message} The job waits; resume it later.")
