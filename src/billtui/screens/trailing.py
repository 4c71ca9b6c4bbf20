"""What stands beside a list and follows its cursor: at once after a key, and when the keys rest where one is held.

A row that scrolls costs one row. What is known of it is read from the copy and laid out anew for every key otherwise:
several times the row, to be seen for a thirtieth of a second (P-TABLE-2, P-BYTES-2). And beside a text that stands
still the terminal cannot move rows by itself: each of them is written anew, more than twice the bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from textual.message_pump import MessagePump
from textual.timer import Timer

REST = 0.12
"""Keys nearer to each other than this, in seconds, are one movement: a held key comes every 0.03 to 0.1."""
HELD = 4
"""So many steps of one movement are a key that is held; fewer may be fingers."""


class Trailing:
    """Calls ``follow`` for the first step of a movement, and once more when the movement has come to rest.

    While a key is held nothing stands there that is of another row: ``veil`` takes it away.
    """

    def __init__(
        self,
        owner: MessagePump,
        follow: Callable[[], None],
        veil: Callable[[], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """``owner`` has the timer, and ends it when it goes."""
        self._owner = owner
        self._follow = follow
        self._veil = veil
        self._steps = 0
        self.clock = clock
        self._moved_at = float("-inf")
        self._timer: Timer | None = None

    @property
    def behind(self) -> bool:
        """Whether the movement goes on, and what follows waits for its end."""
        return self._timer is not None

    def moved(self) -> None:
        """The cursor is on another row."""
        now = self.clock()
        alone = now - self._moved_at >= REST
        self._moved_at = now
        self._steps = 1 if alone else self._steps + 1
        if self._timer is not None:
            if self._steps == HELD:
                self._veil()
            return
        if alone:
            self._follow()
        else:
            self._wait(REST)

    def catch_up(self) -> None:
        """Follow now, if anything waits."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
            self._follow()

    def _wait(self, seconds: float) -> None:
        self._timer = self._owner.set_timer(seconds, self._rested, name="the keys rest")

    def _rested(self) -> None:
        left = self._moved_at + REST - self.clock()
        if left > 0.001:
            self._wait(left)
        else:
            self._timer = None
            self._follow()
