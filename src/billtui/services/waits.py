"""What a person waits for: what is asked of the panel, since when, how far it has come, and how it is left.

One :class:`Act` is what one key, button or view began. Whatever of it asks the panel says so by :func:`asking`,
wherever that is in the program; who shows it and who may leave it is the interface's business. Used in the interface's
loop alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from time import monotonic
from typing import Final

from billtui.client.questions import QUESTIONS, Questions

GOES_ON_WITHIN: Final = 0.5
"""Seconds between two questions of one act that belong to one wait: between them nothing was shown."""
NOTHING_SENT: Final = "Nothing was sent."
AT_WORK: Final = "What was confirmed goes on; 4 shows it."


class Leaving(Enum):
    """What becomes of it when whoever waits does not want to any more."""

    CANCELS = "cancels"
    """It only reads: its request is cut off, and nothing comes of it."""
    GOES_ON = "goes on"
    """It was sent, or is journalled: it goes on without being waited for."""
    HOLDS = "holds"
    """It was sent and its answer is shown nowhere else: it is waited for."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, in words for whoever waits."""

    words: str
    """Without a full stop: ``Pricing the renewal``."""
    leaving: Leaving = Leaving.CANCELS
    left: str = NOTHING_SENT
    """What is said of it once it was left."""


@dataclass(slots=True, eq=False)
class Asked:
    """A question under way."""

    question: Question
    questions: Questions = field(default_factory=Questions)


class Act:
    """What one key, button or view began; a part of the task that it was made in."""

    def __init__(self, changed: Callable[[Act], object], name: str) -> None:
        """``changed`` hears when a wait begins or ends. ``name`` says what a person began, and can end by ``esc``; one
        without a name belongs to a view, and goes with that."""
        self._changed = changed
        self._task = asyncio.current_task()
        self._ended = float("-inf")
        self.name = name
        self.asked: list[Asked] = []
        self.since = 0.0
        """Since when, on the monotonic clock, it has been waited for without anything being shown in between."""
        self.left = False
        """Whether nobody waits for it any more."""
        self.sent = False
        """Whether something of it was handed to the executor already."""

    @property
    def now(self) -> Asked | None:
        """What it waits for; of several things the first."""
        return self.asked[0] if self.asked else None

    @contextmanager
    def asking(self, question: Question) -> Iterator[None]:
        """Something of it is being asked."""
        one = Asked(question)
        if not self.asked and monotonic() - self._ended > GOES_ON_WITHIN:
            self.since = monotonic()
        self.asked.append(one)
        self._changed(self)
        token = QUESTIONS.set(one.questions)
        try:
            yield
        finally:
            QUESTIONS.reset(token)
            self.asked.remove(one)
            self._ended = monotonic()
            self._changed(self)

    def leave(self) -> None:
        """Wait no longer. What only reads is cut off, and nothing more comes of the act; what was sent goes on, and
        the act with it, without anybody waiting."""
        self.left = True
        if self._task is not None and self.now is not None and self.now.question.leaving is Leaving.CANCELS:
            self._task.cancel()


ACT: Final[ContextVar[Act | None]] = ContextVar("act", default=None)
"""The act that this task is a part of."""


@contextmanager
def asking(question: Question | str | None) -> Iterator[None]:
    """While it lasts, the act that runs now waits for an answer. Without a question, or an act, for nothing."""
    act = ACT.get()
    if act is None or not question:
        yield
        return
    with act.asking(Question(question) if isinstance(question, str) else question):
        yield


def was_left() -> bool:
    """Whether nobody waits for the present act any more: nothing of it comes up by itself then."""
    act = ACT.get()
    return act is not None and act.left


def note_sent() -> None:
    """Something of the present act was handed to the executor: leaving it afterwards takes nothing back."""
    act = ACT.get()
    if act is not None:
        act.sent = True
