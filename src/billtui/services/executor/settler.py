"""Looks lost answers up until there is a verdict, patiently while the line is down."""

from __future__ import annotations

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from billtui.client.errors import ClientError, SessionExpired
from billtui.services.executor.desk import Desk, OtherAccount
from billtui.services.executor.keyless import bound_invoice, look
from billtui.services.executor.run import Run
from billtui.services.journal import JournalError, OperationState, PauseReason
from billtui.services.one_time_codes import CODE_NEEDED, code_needed_words
from billtui.services.own_faults import REPORT_SAYS_WHERE
from billtui.services.settle import Verdict, held_against, look_up, without

logger = logging.getLogger(__name__)
S = OperationState


class Settler:
    """Settles operations in ``unknown``: reads only, never sends again by itself."""

    def __init__(self, desk: Desk, follow_up: Callable[[Run, int, OperationState], Awaitable[None]]) -> None:
        """``follow_up`` draws the consequences of a verdict."""
        self._desk = desk
        self._follow_up = follow_up
        self._looks: Counter[tuple[str, int]] = Counter()
        """How often a panel without keys was looked at for what became of an operation."""
        self._failures: Counter[tuple[str, int]] = Counter()
        """How often looking it up failed in the program itself."""

    async def settle(self, run: Run, number: int) -> None:
        """Ask again and again, with growing pauses, until the panel says what became of the operation."""
        limits = self._desk.limits
        pause = limits.first_pause
        while run.states.get(number) is S.UNKNOWN:
            run.wake.clear()
            signed_out, sessions = False, self._desk.panel.sessions
            try:
                if await self._ask(run, number):
                    return
            except SessionExpired:
                if sessions == self._desk.panel.sessions:  # else it was said of the session before
                    self._desk.panel.renew()
                    await self._signed_out(run)
                    signed_out = sessions == self._desk.panel.sessions
            except (ClientError, JournalError):
                pass  # the line is down, or the disk full: it stays unknown, and is asked again
            except Exception:  # a fault of ours: perhaps it passes, else a person is asked; it is never left alone
                logger.exception("looking operation %s up failed in the program", number)
                if await self._fails_too_often(run, number):
                    return
            with suppress(TimeoutError):
                async with asyncio.timeout(None if signed_out else pause * random.uniform(0.75, 1.25)):
                    await run.wake.wait()
                    pause = limits.first_pause
                    continue
            pause = min(pause * 2, limits.longest_pause)

    async def _fails_too_often(self, run: Run, number: int) -> bool:
        """Whether the program failed at it so often that a person has to look."""
        self._failures[run.job_id, number] += 1
        if self._failures[run.job_id, number] < self._desk.limits.looks:
            return False
        del self._failures[run.job_id, number]
        words = f"billtui itself failed at looking it up; {REPORT_SAYS_WHERE}. Compare with the panel, then decide."
        with suppress(JournalError):
            await self._desk.move_surely(run, number, S.NEEDS_YOU, S.UNKNOWN, code="internal", detail=words)
        return True

    async def _ask(self, run: Run, number: int) -> bool:
        desk = self._desk
        async with desk.look_ups:
            try:
                client = await desk.panel.client_as(run.plan.panel_id, run.plan.account_id)
            except OtherAccount:
                await desk.pause(run, PauseReason.OTHER_ACCOUNT, "Sign in to the account that this job belongs to.")
                return False
            row = desk.reader.operation(run.job_id, number)
            if row.state is not S.UNKNOWN:
                run.moved(number, row.state, row.changed_at, {"code": row.code, "answer": row.answer})
                return True
            if client.driver.traits.keys:
                verdict = await look_up(client, row.key, row.first_sent_at, desk.clock)
                operation = desk.as_invoiced(run.plan, run.operation(number))
                verdict = held_against(verdict, operation, bound_invoice(row.targets))
            else:
                verdict = await look(desk, run, row, client)
        if verdict.state is None or self._looks_again(run, number, verdict):
            return False
        await self._apply(run, number, verdict)
        return True

    def _looks_again(self, run: Run, number: int, verdict: Verdict) -> bool:
        """Whether it is too early for a person: a slow panel may still be at work on a request that timed out."""
        self._looks[run.job_id, number] += 1
        again = verdict.state is S.NEEDS_YOU and verdict.finding is not None
        if again and self._looks[run.job_id, number] < self._desk.limits.looks:
            return True
        del self._looks[run.job_id, number]
        return False

    async def look_again(self, run: Run, number: int) -> None:
        """Look once more at what a person has to decide: perhaps it can be seen by now. Raises ClientError."""
        desk = self._desk
        async with desk.look_ups:
            client = await desk.panel.client_as(run.plan.panel_id, run.plan.account_id)
            row = desk.reader.operation(run.job_id, number)
            if row.state is not S.NEEDS_YOU or row.picture is None or client.driver.traits.keys:
                return
            verdict = await look(desk, run, row, client)
        if verdict.state is S.DONE:
            await desk.move(run, number, S.DONE, S.NEEDS_YOU, **verdict.fields())
            await self._follow_up(run, number, S.DONE)
        elif (finding := verdict.finding) is not None:
            await desk.journal.run(lambda journal: journal.note_finding(run.job_id, number, finding))
            desk.tell(run, number, S.NEEDS_YOU)

    async def _apply(self, run: Run, number: int, verdict: Verdict) -> None:
        state = verdict.state
        if state is None:
            return
        verdict = without(verdict, run.codes.get(number))
        if state is S.PREPARED and run.lacks_code(number):
            operation = run.operation(number)
            state, words = S.REFUSED, code_needed_words(operation.kind, operation.targets)
            verdict = Verdict(state, CODE_NEEDED, "TRF-2", words)
        if state is S.PREPARED and run.sends.get(number, 0) >= self._desk.limits.most_sends:
            words = (
                "The panel does not carry it out, again and again; nothing happened. The job waits: resume it later."
            )
            await self._desk.pause(run, PauseReason.BUSY_PANEL, words)
        await self._desk.move_surely(run, number, state, S.UNKNOWN, **verdict.fields())
        await self._follow_up(run, number, state)

    async def _signed_out(self, run: Run) -> None:
        with suppress(JournalError):
            await self._desk.pause(run, PauseReason.SIGN_IN, "The session is over: sign in again, then resume.")
