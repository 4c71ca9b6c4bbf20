"""How many questions one thing takes that somebody waits for, while it is being asked.

Counted where requests are sent; the program shows it. Written in the client's loop, read from any thread.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final


@dataclass(slots=True)
class Questions:
    """The requests of one wait."""

    asked: int = 0
    """Requests so far that were answered or are under way; one that is tried again is one."""
    known: int = 0
    """How many there will be in all, as far as that is known; 0: it is not."""

    @property
    def all(self) -> int:
        """How many there will be, never fewer than there were; 0 where nobody knows."""
        return max(self.known, self.asked) if self.known else 0


QUESTIONS: Final[ContextVar[Questions | None]] = ContextVar("questions", default=None)
"""Set, in a task, where somebody wants to know how far it has come."""


def expect(count: int) -> None:
    """From here on there come ``count`` requests, as far as the driver knows: for whoever waits, nothing else."""
    questions = QUESTIONS.get()
    if questions is not None:
        questions.known = max(questions.known, questions.asked + count)


def one_more() -> None:
    """One of those that were expected takes another request."""
    questions = QUESTIONS.get()
    if questions is not None and questions.known:
        questions.known += 1


@asynccontextmanager
async def counted() -> AsyncIterator[None]:
    """While it lasts, one request is under way."""
    questions = QUESTIONS.get()
    if questions is None:
        yield
        return
    questions.asked += 1
    try:
        yield
    except BaseException:
        questions.asked -= 1
        raise
