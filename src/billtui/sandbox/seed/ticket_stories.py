"""What the demo's tickets are made of: who wrote what, when, and what was done about it."""

from __future__ import annotations

from dataclasses import dataclass, field

CLIENT, SAM, ADA = "client", "sam.desk", "ada.desk"
SERVER = "@SERVER@"
"""Stands in the texts for the name of the server that a ticket is about."""
CLOCK = "@CLOCK@"
"""Stands in the texts for the time of the day, half an hour before they were written."""


@dataclass(frozen=True, slots=True)
class Said:
    """A message: how many hours ago, by whom (``client``, or the login of a colleague), and what."""

    ago: float
    by: str
    body: str
    note: bool = False
    close: bool = False
    files: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """A ticket from its first message to its present state."""

    owner: int
    """Which client: 0 is the one with the fleet."""
    department: str
    subject: str
    said: tuple[Said, ...]
    order: int | None = None
    """It is about the server at this place of the owner's seed."""
    invoice: bool = False
    """It is about the open invoice of that server."""
    priority: int = 2
    assignee: str | None = None
    tags: str = ""
    hold: tuple[float, float] | None = None
    """Put on hold so many hours ago, by the assignee, for so many hours."""
    closed: float | None = None
    """Closed by the client so many hours ago, without a word."""
    rating: tuple[int, str] | None = None
    access: tuple[float, str] | None = None
    """Server access given so many hours ago."""
    read: tuple[tuple[float, str, str], ...] = field(default=())
    """When, by whom, and why that was read."""
