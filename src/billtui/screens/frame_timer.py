"""When a screen draws what has changed: at once after a rest, and not more often than sixty times a second.

Textual's own timer keeps to a grid of sixtieths that began long ago, and passes by the line of the grid that comes
next: what changes 17 to 33 ms after a picture may wait for 16 ms more, as it happens to fall. A key then takes 22 ms
instead of 6 (P-TABLE-2). Here only the time since the last picture counts.

The private interfaces used are ``Timer._run``, ``Timer._tick``, ``Timer._active`` and ``textual._time.sleep``.
"""

from __future__ import annotations

from asyncio import Event
from time import monotonic

from textual._time import sleep
from textual.timer import Timer


class FrameTimer(Timer):
    """Ticks once for each time it is resumed, not before its interval has gone by since it last ticked."""

    async def _run(self) -> None:
        active: Event = self._active
        count, last = 0, float("-inf")
        while True:
            await active.wait()
            left = last + self._interval - monotonic()
            if left > 0:
                await sleep(left)
            if active.is_set():  # not where it was paused meanwhile: somebody else has drawn
                count, last = count + 1, monotonic()
                await self._tick(next_timer=last, count=count)
