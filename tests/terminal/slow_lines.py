"""A terminal at the end of a thin line: it reads so many bytes a second, and answers when it has read the question."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from typing import Any

from billtui.terminal.flow import ANSWER, QUESTION
from tests.terminal.ptys import Terminal


class SlowTerminal(Terminal):
    """``rate`` in bytes a second; ``answers`` as every terminal does that is worth the name."""

    def __init__(self, *arguments: Any, rate: float = 1_000_000, answers: bool = True, **options: Any) -> None:
        self.rate = rate
        self.answers = answers
        self.questions = 0
        self._read_at = time.monotonic()
        super().__init__(*arguments, **options)

    def read(self, seconds: float = 0.05) -> bool:
        """Take what the line has carried since the last time; whether there was anything."""
        now = time.monotonic()
        credit = int((now - self._read_at) * self.rate)
        if credit < 1:
            select.select([], [], [], min(seconds, 1 / self.rate))
            return False
        self._read_at = max(self._read_at + credit / self.rate, now - 0.05)  # a line does not carry what it did not
        if not select.select([self.master], [], [], min(seconds, 0.02))[0]:
            return False
        try:
            data = os.read(self.master, min(credit, int(self.rate * 0.05) + 1))
        except (OSError, BlockingIOError):
            return False
        begin = max(0, len(self.output) - len(QUESTION) + 1)
        self.output += data
        asked = self.output.count(QUESTION.encode(), begin)
        self.questions += asked
        if self.answers and asked:
            os.write(self.master, ANSWER.encode() * asked)
        return bool(data)

    def hold(self, keys: list[bytes], hertz: float = 30) -> None:
        """Press keys one after the other as a held key repeats, reading all the while."""
        begun = time.monotonic()
        for number, key in enumerate(keys):
            while time.monotonic() < begun + number / hertz:
                self.read(0.005)
            os.write(self.master, key)

    def bytes_until(self, condition: Callable[[], bool], seconds: float = 30) -> int:
        """How many bytes it reads until the condition holds: over the rate, the seconds that the eye is behind."""
        before = len(self.output)
        self.wait_for(condition, seconds)
        return len(self.output) - before
