"""One at a time of what speaks of one thing that a panel keeps for a whole session: its cart.

Several clients may share a session: that of the screens, that of running jobs, and other programs of the same person on
this computer. What one puts into the cart to ask for its price, another would buy.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from billtui.client.errors import NotSent

PATIENCE: Final = 300.0
"""Seconds that one waits for the other: a hundred servers go into the cart of a slow panel one by one."""
_FIRST_LOOK, _LONGEST = 0.005, 0.2
_held: set[str] = set()
_guard = threading.Lock()


@asynccontextmanager
async def alone_with(thing: str, folder: Path | None) -> AsyncIterator[None]:
    """Hold ``thing`` (a panel's address and what it keeps): here in every event loop, and in other programs too where
    there is a ``folder`` that they share. The kernel lets go of it with the program.

    Raises :class:`NotSent` where somebody else has it for longer than :data:`PATIENCE`.
    """
    name = sha256(thing.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    loop, pause = asyncio.get_running_loop(), _FIRST_LOOK
    until = loop.time() + PATIENCE
    while (descriptor := _take(name, folder)) is None:
        if loop.time() > until:
            raise NotSent(
                "Another billtui on this computer has this panel's cart in hand.",
                "Nothing was sent; try again when it is done.",
                code="cart-in-use",
            )
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST)
    try:
        yield
    finally:
        _let_go(name, descriptor)


def _take(name: str, folder: Path | None) -> int | None:
    """A descriptor that holds it, -1 where there is no file to hold; ``None`` while somebody else does."""
    with _guard:
        if name in _held:
            return None
        descriptor = _opened(name, folder)
        if descriptor >= 0:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return None
            except OSError:  # a file system without locks: this program alone is kept in order
                os.close(descriptor)
                descriptor = -1
        _held.add(name)
        return descriptor


def _opened(name: str, folder: Path | None) -> int:
    if folder is None:
        return -1
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(folder / f"{name}.cart", flags, 0o600)
    except OSError:  # no program of this person has written anything there yet
        return -1


def _let_go(name: str, descriptor: int) -> None:
    with _guard:
        _held.discard(name)
        if descriptor >= 0:
            os.close(descriptor)
