"""How much may be under way on a line: asked of the terminal itself, because nobody else knows.

A pseudo-terminal takes 18 kB before it is full, and behind it an SSH server takes megabytes: on a line of 8 KiB/s that
is seconds of pictures which nobody needs any more, and a key's effect comes after them. So now and then a picture ends
with a question that every terminal answers when it has read that far (``CSI 5 n``, answered by ``CSI 0 n``). From how
long that takes follows how much may be under way; until the answer comes only the newest picture is kept.

A terminal that never answers is believed to be as fast as its line takes bytes. An answer can get lost (another program
read it): from then on every answer would be taken for the question before. So when one comes at once although others
are overdue, and none behind it, it was the newest question's. Pure: times are given, in seconds.
"""

from __future__ import annotations

from collections import deque

QUESTION = "\x1b[5n"
ANSWER = "\x1b[0n"

SPARE_SECONDS = 0.1
"""So much later than on an idle line an answer may come before less is sent."""
ASK_BYTES = 400
"""So much goes unasked: a key's few bytes need no question."""
LEAST = 1_024
MOST = 64 * 1024
GIVEN_UP_SECONDS = 3.0
"""An answer that takes longer is not waited for any more: the line may be stuck."""
SILENT_AFTER = 5
"""After so many answers that did not come the terminal is one that does not answer, until it does."""
FORGET = 1.05
"""The best time so far counts for a little less with every answer of a line that has little to do: lines change."""


class Flow:
    """What was written, what of it is known to have arrived, and whether more may follow."""

    def __init__(self) -> None:
        self.written = 0
        """Bytes given to the line since the start."""
        self.arrived = 0
        """Of them, so many have certainly been read by the terminal."""
        self.window = 8 * 1024
        """So many bytes may be under way when another picture is begun."""
        self.answers = False
        """Whether this terminal has ever answered."""
        self._open: deque[tuple[int, float]] = deque()
        """Questions without an answer: the bytes they end, and when they were asked; the oldest first."""
        self._given_up = 0
        """Of them, so many are not waited for any more."""
        self._best = float("inf")
        self._doubt_until = 0.0
        """Until then it is open whether an answer was the newest question's, those of the others being lost."""

    @property
    def waiting(self) -> bool:
        """Whether an answer is waited for."""
        return len(self._open) > self._given_up

    def wants_question(self, size: int) -> bool:
        """Whether a write of ``size`` bytes should end with the question; only one is ever waited for."""
        return self.answers and not self.waiting and self.written + size - self.arrived >= ASK_BYTES

    def wrote(self, size: int) -> None:
        """The line has taken ``size`` bytes more."""
        self.written += size

    def asked(self, upto: int, now: float) -> None:
        """The question ends the first ``upto`` bytes written since the start."""
        self._open.append((upto, now))
        self._doubt_until = 0.0

    def answered(self, now: float) -> None:
        """The terminal has read everything up to the oldest question: answers come in their order."""
        self.answers = True
        if not self._open:
            return
        newest = self._open[-1][1]
        upto, since = self._open.popleft()
        carried = max(upto - self.arrived, 0)
        self.arrived = max(self.arrived, upto)
        self._doubt_until = 0.0
        if self._given_up:
            self._given_up -= 1
            if self._open and now - newest <= self._best + SPARE_SECONDS:
                self._doubt_until = now + min(newest - since, 2 * GIVEN_UP_SECONDS) + SPARE_SECONDS
            return
        took = max(now - since, 0.0005)
        self._best = min(self._best * FORGET if carried < 2 * ASK_BYTES else self._best, took)
        allowed = self._best + SPARE_SECONDS
        if took > allowed:
            self.window = max(LEAST, int(carried * allowed / took))
        elif carried * 2 >= self.window:  # what was sent was what was allowed: more may be
            self.window = min(self.window * 2, MOST)

    def answer_in(self, now: float) -> float:
        """Seconds for which an answer is still waited for; 0 where none is."""
        if not self.waiting:
            return 0.0
        if self._doubt_until:
            if now < self._doubt_until:
                return self._doubt_until - now
            self._doubt_until = 0.0  # nothing came behind it: it was the newest one's
            self.arrived = max(self.arrived, self._open[-1][0])
            self._open.clear()
            self._given_up = 0
            return 0.0
        left = self._open[-1][1] + GIVEN_UP_SECONDS - now
        if left > 0:
            return left
        self.window = LEAST
        self._given_up = len(self._open)
        if self._given_up >= SILENT_AFTER:
            self._open.clear()
            self._given_up = 0
            self.answers = False
        return 0.0

    def room_in(self, now: float) -> float:
        """Seconds until another picture may be begun, 0 for now; an answer may come earlier."""
        if not self.answers or self.written - self.arrived < self.window:
            return 0.0
        if now < self._doubt_until:  # of what is likely the right one, it came as fast as ever
            return 0.0
        return self.answer_in(now)
