"""Looks lost answers up until there is a verdict, patiently while the line is down."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

from billtui.client.errors import ClientError, SessionExpired
from billtui.services.executor.desk import Desk, OtherAccount
from billtui.services.executor.run import Run
from billtui.services.journal import JournalError, OperationState, PauseReason
from billtui.services.one_time_codes import CODE_NEEDED, code_needed_words
from billtui.services.settle import Verdict, held_against, look_up, without

S = OperationState


def bound_invoice(targets: tuple[str, ...]) -> str | None:
    """The invoice that an operation is about, where it is about one."""
    return targets[0].removeprefix("invoice:") if len(targets) == 1 and targets[0].startswith("invoice:") else None


class Settler:
    """Settles operations in ``unknown``: reads only, never sends again by itself."""

    def __init__(self, desk: Desk, follow_up: Callable[[Run, int, OperationState], Awaitable[None]]) -> None:
        """``follow_up`` draws the consequences of a verdict."""
        self._desk = desk
        self._follow_up = follow_up

    async def settle(self, run: Run, number: int) -> None:
        """Ask again and again, with growing pauses, until the panel says what became of the operation."""
        limits = self._desk.limits
        pause = limits.first_pause
        while run.states.get(number) is S.UNKNOWN:
            run.wake.clear()
            signed_out = False
            try:
                if await self._ask(run, number):
                    return
            except SessionExpired:
                signed_out = True
                self._desk.panel.renew()
                await self._signed_out(run)
            except (ClientError, JournalError):
                pass  # the line is down, or the disk full: it stays unknown, and is asked again
            with suppress(TimeoutError):
                async with asyncio.timeout(None if signed_out else pause * random.uniform(0.75, 1.25)):
                    await run.wake.wait()
                    pause = limits.first_pause
                    continue
            pause = min(pause * 2, limits.longest_pause)

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
            verdict = await look_up(client, row.key, row.first_sent_at, desk.clock)
            operation = desk.as_invoiced(run.plan, run.operation(number))
            verdict = held_against(verdict, operation, bound_invoice(row.targets))
        if verdict.state is None:
            return False
        await self._apply(run, number, verdict)
        return True

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
