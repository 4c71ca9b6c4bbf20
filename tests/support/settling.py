"""A pilot's wait for the screen, at a fraction of its cost: it is what tests of screens do most.

Textual 8.2.8 asks every widget by a callback, whose parameters it counts anew and for which it looks through the
widget's classes. Here one message goes to all of them and is answered by being taken from the queue; who is asked, in
which order, and that each has worked off what it was sent before, is as in ``Pilot._wait_for_screen``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.message import Message
from textual.pilot import Pilot, WaitForScreenTimeout


class Asked(Message, bubble=False, no_dispatch=None):
    """Whether all before it has been worked off. It goes to many, is handed to nobody, and has its answers counted."""

    def __init__(self, answered: Callable[[], None]) -> None:
        """``answered`` is called by each that takes it from its queue."""
        self._answered = answered
        super().__init__()

    @property
    def no_dispatch(self) -> bool:  # type: ignore[override]  # looked at once, where a message begins to be dispatched
        """No handler is looked for."""
        self._answered()
        return True


async def wait_for_screen(pilot: Pilot[Any], timeout: float = 30.0) -> bool:
    """Wait until the app, its screen and all on it have worked off what they were sent by now.

    Gives whether they did: not if the app fails meanwhile. Raises ``WaitForScreenTimeout``.
    """
    app = pilot.app
    try:
        screen = app.screen
    except Exception:  # noqa: BLE001  as Textual's: there is none yet, or none any more
        return False
    answers = 0
    wanted = -1
    done = asyncio.Event()

    def answered() -> None:
        nonlocal answers
        answers += 1
        if answers == wanted:
            done.set()

    asked = Asked(answered)
    wanted = [one.post_message(asked) for one in (app, *screen.walk_children(with_self=True))].count(True)
    if wanted == 0:
        return True
    failed: asyncio.Event = app._exception_event
    waits: list[asyncio.Task[Any]] = [asyncio.create_task(done.wait()), asyncio.create_task(failed.wait())]
    _, pending = await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    if len(pending) == len(waits):
        raise WaitForScreenTimeout("Timed out while waiting for widgets to process pending messages.")
    return answers == wanted


def install() -> None:
    """Every pilot waits so, in this process."""
    Pilot._wait_for_screen = wait_for_screen  # type: ignore[method-assign, assignment]  # the one that is replaced
