"""Carries out calls: reads with patience, writes exactly once."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from pydantic import SecretStr

from billtui.client.alone import alone_with
from billtui.client.auth import Credentials
from billtui.client.codec import UnreadableAnswer
from billtui.client.errors import (
    CircuitOpen,
    ClientError,
    ConfigurationProblem,
    ConnectionLost,
    NotSent,
    Outcome,
    OutcomeUnknown,
    RateLimited,
    Refused,
    ServerTrouble,
    SessionExpired,
    TakenBack,
    TimedOut,
)
from billtui.client.exchange import Answer, Call, Conversation, Exchange, Kind, Request, Together
from billtui.client.pace import UNHURRIED, UNSPARED, Pace
from billtui.client.questions import counted
from billtui.client.retry import Breaker, next_pause
from billtui.client.transport import Transport
from billtui.client.turns import Turns
from billtui.client.unread import UnreadPage, reader_of, unusable
from billtui.domain.models import Page

T = TypeVar("T")
_BUSY: Final = frozenset({429, 503})
"""Statuses by which a panel, or what stands before it, asks for a pause."""


@dataclass(slots=True)
class Runner:
    """Sends the exchange of a call, reads or explains its answer, and decides about trying again."""

    transport: Transport
    credentials: Credentials
    authorised: Callable[[Exchange, SecretStr], Exchange]
    """Puts the token into a request, as the driver says."""
    pace: Pace = UNSPARED
    breaker: Breaker = field(default_factory=Breaker)
    for_people: bool = False
    """Whether somebody waits for what it reads, unless that is :data:`UNHURRIED`."""
    rng: random.Random = field(default_factory=random.SystemRandom, repr=False)
    heard: Callable[[], None] = field(default=lambda: None, repr=False)
    """Called whenever the panel itself has answered something, if only with a clear no."""
    turns: Turns = field(init=False, repr=False)
    """Its own, until those are put here that clients of the same account share."""

    def __post_init__(self) -> None:
        self.turns = Turns(self.pace)

    async def run(self, request: Request[T]) -> T:
        """The result of ``request``. Raises :class:`ClientError` only (besides cancellation)."""
        if isinstance(request, Conversation):
            if request.alone is None:
                return await self._converse(request)
            thing = f"{self.transport.settings.url} {request.alone}"
            async with alone_with(thing, self.transport.settings.locks):
                return await self._converse(request)
        call = request
        if call.exchange.pause:
            await asyncio.sleep(call.exchange.pause)
        if call.exchange.kind is Kind.WRITE:
            return await self._write(call)
        if call.exchange.kind is Kind.ONCE:
            await self._heed(1.0)
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

    async def _converse(self, conversation: Conversation[T]) -> T:
        """Call by call. What fails after a write that may have reached the panel leaves the whole unknown; what fails
        before any, of one that writes, is not sent."""
        steps = conversation.begin()
        asked = earlier = present = False  # a write was asked for; one before this one, or this one, may have been done
        refused: ClientError | None = None
        result: object = None
        failed: ClientError | None = None
        try:
            while True:
                call = steps.throw(failed) if failed is not None else steps.send(result)
                result, failed = None, None
                if asked and (rest := self.turns.held()):
                    await asyncio.sleep(rest)  # half of it is not given up for a pause that somebody else met
                try:
                    if isinstance(call, Together):
                        result = await self._side_by_side(call)
                        continue
                    result = await self.run(call)
                except ClientError as error:
                    failed = error
                    if isinstance(call, Together):
                        continue
                if call.exchange.kind is Kind.WRITE:
                    asked = True
                    if not call.exchange.continues:
                        earlier, present = earlier or present, False
                    present = failed is None or _may_be_done(call, failed)
                    refused = None if present or earlier else failed
        except StopIteration as end:
            value: T = end.value
            return value
        except (ValueError, ArithmeticError) as error:
            unread = unusable(self.transport.place, _told(error), None)
            raise _of_the_whole(unread, conversation, asked=asked, written=earlier or present) from None
        except ClientError as error:
            if error is refused:
                raise
            raise _of_the_whole(error, conversation, asked=asked, written=earlier or present) from None
        finally:
            steps.close()

    async def _side_by_side(self, questions: Together) -> tuple[Any, ...]:
        """What all of them say. Raises the error of the first that failed, once all are over."""
        tasks = [asyncio.ensure_future(self.run(one)) for one in questions.requests]
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            for task in tasks:
                task.cancel()
        return tuple(task.result() for task in tasks)

    def _deadline(self, call: Call[T]) -> float:
        settings = self.transport.settings
        if call.exchange.deadline is not None:
            return call.exchange.deadline
        if call.exchange.save_to is not None:
            return settings.document_deadline
        return settings.read_deadline if call.exchange.kind is Kind.READ else settings.write_deadline

    async def _write(self, call: Call[T]) -> T:
        """Once. Whatever hides the outcome becomes :class:`OutcomeUnknown`."""
        await self._heed(1.0)
        try:
            return await self._watched(call, self._deadline(call))
        except ClientError as error:
            if error.outcome is Outcome.UNKNOWN:
                raise OutcomeUnknown(error) from None
            error.of_write = True
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
            waiting = self.breaker.wait(time.monotonic(), person=self.for_people and not UNHURRIED.get())
            if waiting is not None:
                raise CircuitOpen(
                    f"{self.transport.place} failed several times in a row. Nothing was sent;"
                    f" the next try is possible in {max(1, math.ceil(waiting))} s.",
                    retry_after=waiting,
                )
            await self._heed(started + patience - time.monotonic())
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

    async def _heed(self, left: float) -> None:
        """Let a pause pass that the panel asked anybody of this account for. Raises :class:`RateLimited` where it is
        longer than ``left`` seconds: nothing was sent."""
        waiting = self.turns.held()
        if waiting > left:
            raise RateLimited(
                f"{self.transport.place} asked for a pause. Nothing was sent;"
                f" the next try is possible in {max(1, math.ceil(waiting))} s.",
                retry_after=waiting,
            )
        if waiting:
            await asyncio.sleep(waiting)

    async def _watched(self, call: Call[T], left: float) -> T:
        """One try, counted by the circuit breaker (which never holds a write back: that is for a person to decide)."""
        counted = False
        try:
            result = await self._once(call, left)
        except ConfigurationProblem:
            raise  # nothing was asked: that says nothing of the line
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
        exchange, token = call.exchange, self.credentials.token
        if exchange.authorised and token is not None:
            exchange = self.authorised(exchange, token)
        async with self.turns.turn(waits_for_news=exchange.kind is Kind.POLL), counted():
            answer = await self.transport.send(exchange, token, deadline)
        if answer.status in _BUSY and answer.retry_after is not None:
            self.turns.hold(answer.retry_after)
        try:
            if answer.status not in call.expect:
                raise call.explain(answer)
            result = _read_answer(call, answer, self.transport.place)
        except Refused:
            self.heard()
            raise
        self.heard()
        return result


def _may_be_done(call: Call[Any], failed: ClientError) -> bool:
    """Whether a write may have had its effect. That nobody may ask what came of it says nothing about it."""
    if call.exchange.continues:
        return failed.outcome is not Outcome.REFUSED
    return failed.outcome is Outcome.UNKNOWN


def _of_the_whole(error: ClientError, conversation: Conversation[T], *, asked: bool, written: bool) -> ClientError:
    """What an error of one of its calls means for a conversation.

    After a write that was refused, what is seen then may still say that a part of it was done.
    """
    if isinstance(error, TakenBack):
        return error
    if written or (asked and error.outcome is Outcome.UNKNOWN):
        return error if isinstance(error, OutcomeUnknown) else OutcomeUnknown(error)
    if conversation.writes and error.outcome is Outcome.UNKNOWN:
        return NotSent(f"{error.fact} Nothing was sent.", "Try again.", request_id=error.request_id)
    return error


def _read_answer(call: Call[T], answer: Answer, place: str) -> T:
    try:
        return call.read(answer)
    except (ValueError, ArithmeticError) as error:
        raise unusable(place, _told(error), answer.request_id) from None


def _told(error: ValueError | ArithmeticError) -> UnreadableAnswer:
    """What is said of an answer with a value that nobody thought of."""
    return error if isinstance(error, UnreadableAnswer) else UnreadableAnswer("a value in it is out of all bounds")
