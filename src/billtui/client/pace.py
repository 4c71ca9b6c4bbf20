"""How hard a panel is asked: so many requests side by side, so long between two of them. See :mod:`.turns`."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

UNHURRIED: Final[ContextVar[bool]] = ContextVar("unhurried", default=False)
"""Set, in a task, where nobody waits for what it asks: copying lists. It leaves a place free for whoever waits."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What one kind of panel is spared from. Long polls do not count: they wait, and cost it nothing."""

    at_once: int = 0
    """Most requests at the same time; 0: as many as there are connections."""
    between: float = 0.0
    """Seconds between the beginnings of two requests."""


UNSPARED: Final = Pace()
"""For a panel that says itself when it is too much."""
