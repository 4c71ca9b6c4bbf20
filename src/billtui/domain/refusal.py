"""Why something is not allowed, and the way out: the one shape of every "no"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Refusal:
    """A broken rule, said so that a person can act on it."""

    code: str
    """Stable, kebab-case; on the wire ``code``."""
    rule: str
    """The id of the rule, e.g. ``PRM-2``."""
    reason: str
    """One sentence that says why, and what to do instead."""
    related: Mapping[str, str] = field(default_factory=dict)
    """What it is about, e.g. ``{"invoice_id": "5531"}``."""
    available_from: datetime | None = None
    """From when on it will be allowed, where waiting helps."""


class RuleBroken(Exception):
    """A :class:`Refusal` as an exception, for code that cannot go on."""

    def __init__(self, refusal: Refusal) -> None:
        """Wrap ``refusal``."""
        super().__init__(refusal.reason)
        self.refusal = refusal
