"""What is being asked as whoever is signed in: it ends with them, so no answer of theirs meets the next one's copy."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from billtui.services.session_settings import NotSignedIn


class SomebodyElse(NotSignedIn):
    """Somebody signed in or out while it was asked; nothing was changed by it."""


class Asking:
    """The reads under way. Used in the session's loop alone."""

    def __init__(self) -> None:
        """Nothing is asked yet."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._let_go: set[asyncio.Task[Any]] = set()

    @contextlib.asynccontextmanager
    async def as_now(self) -> AsyncIterator[None]:
        """Ask as whoever is signed in now. Raises SomebodyElse as soon as that is another, or nobody."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if task not in self._let_go or task.uncancel():
                raise  # whoever asked does not wait for it any more
            raise SomebodyElse("The sign-in that this was asked with has ended. Sign in, then ask again.") from None
        finally:
            self._tasks.discard(task)
            self._let_go.discard(task)

    def let_go(self) -> None:
        """End what is under way: a page, a long poll or a late "session expired" of theirs says nothing any more."""
        here = asyncio.current_task()
        for task in self._tasks - self._let_go - {here}:
            self._let_go.add(task)
            task.cancel()
