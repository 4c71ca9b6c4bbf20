"""Carries out calls: reads with patience, writes exactly once."""

from __future__ import annotations

import asyncio
import math
import random
import time
from dataclasses import dataclass, field
from typing import TypeVar

from billtui.client.auth import Credentials
from billtui.client.codec import UnreadableAnswer
from billtui.client.errors import (
    CircuitOpen,
    ClientError,
    ConnectionLost,
    NotSent,
    Outcome,
    OutcomeUnknown,
    ServerTrouble,
    SessionExpired,
    TimedOut,
)
from billtui.client.exchange import Answer, Call, Kind
from billtui.client.retry import Breaker, next_pause
from billtui.client.transport import Transport
from billtui.client.unread import UnreadPage, reader_of, unusable
from billtui.domain.models import Page

T = TypeVar("T")


@dataclass(slots=True)
class Runner:
    """Sends the exchange of a call, reads or explains its answer, and decides about trying again."""

    transport: Transport
    credentials: Credentials
    breaker: Breaker = field(default_factory=Breaker)
    rng: random.Random = field(default_factory=random.SystemRandom, repr=False)

    async def run(self, call: Call[T]) -> T:
        """The result of ``call``. Raises :class:`ClientError` only (besides cancellation)."""
        if call.exchange.kind is Kind.WRITE:
            return await self._write(call)
        if call.exchange.kind is Kind.ONCE:
            return await self._once(call, self._deadline(call))
        return await self._read(call)

    async def unread(self, call: Call[Page[T]]) -> UnreadPage[T]:
        """The page that ``call`` asks for, as it came. Raises :class:`ClientError` only (besides cancellation)."""
        reader, place = reader_of(call.page), self.transport.place
        as_it_came: Call[UnreadPage[T]] = Call(
            call.exchange, lambda answer: UnreadPage.of(answer, reader, place), call.explain, call.capability,
            call.expect,
        )  # fmt: skip
        return await self.run(as_it_came)

    def _deadline(self, call: Call[T]) -> float:
        settings = self.transport.settings
        if call.exchange.deadline is not None:
            return call.exchange.deadline
        if call.exchange.save_to is not None:
            return settings.document_deadline
        return settings.read_deadline if call.exchange.kind is Kind.READ else settings.write_deadline

    async def _write(self, call: Call[T]) -> T:
        """Once. Whatever hides the outcome becomes :class:`OutcomeUnknown`."""
        try:
            return await self._watched(call, self._deadline(call))
        except ClientError as error:
            if error.outcome is Outcome.UNKNOWN:
                raise OutcomeUnknown(error) from None
            raise

    async def _read(self, call: Call[T]) -> T:
        """Repeats on trouble within the deadline, and once with a new session."""
        started = time.monotonic()
        settings = self.transport.settings
        deadline = self._deadline(call)
        patience = min(deadline, settings.read_deadline)
        tries = settings.tries if call.exchange.kind is Kind.READ else 1
        attempt = 0
        renewed = False
        while True:
            waiting = self.breaker.wait(time.monotonic())
            if waiting is not None:
                raise CircuitOpen(
                    f"{self.transport.place} failed several times in a row. Nothing was sent;"
                    f" the next try is possible in {max(1, math.ceil(waiting))} s.",
                    retry_after=waiting,
                )
            used = self.credentials.token
            try:
                return await self._watched(call, started + deadline - time.monotonic())
            except SessionExpired:
                if renewed or not call.exchange.authorised or not await self.credentials.renew(used):
                    raise
                renewed = True
            except ClientError as error:
                left = started + patience - time.monotonic()
                seconds = next_pause(error, attempt, tries=tries, left=left, base=settings.retry_base, rng=self.rng)
                if seconds is None:
                    raise
                attempt += 1
                await asyncio.sleep(seconds)

    async def _watched(self, call: Call[T], left: float) -> T:
        """One try, counted by the circuit breaker (which never holds a write back: that is for a person to decide)."""
        counted = False
        try:
            result = await self._once(call, left)
        except ClientError as error:
            counted = True
            if isinstance(error, NotSent | TimedOut | ConnectionLost | ServerTrouble):
                self.breaker.failed(time.monotonic())
            else:
                self.breaker.succeeded()
            raise
        else:
            counted = True
            self.breaker.succeeded()
            return result
        finally:
            if not counted:
                self.breaker.abandoned()

    async def _once(self, call: Call[T], deadline: float) -> T:
        answer = await self.transport.send(call.exchange, self.credentials.token, deadline)
        if answer.status not in call.expect:
            raise call.explain(answer)
        return _read_answer(call, answer, self.transport.place)


def _read_answer(call: Call[T], answer: Answer, place: str) -> T:
    try:
        return call.read(answer)
    except UnreadableAnswer as error:
        raise unusable(place, error, answer.request_id) from None
