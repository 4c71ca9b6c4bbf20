"""What a review finds: advice with a reason and a fix, never a wall (TKT-2, TKT-3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from billtui.services.ticket_review.fixes import Fix, Part


class Severity(StrEnum):
    """How much it matters; all of it is advice."""

    RISK = "risk"
    """Something is given away that cannot be taken back: a secret."""
    DELAY = "delay"
    """Support would have to ask back, or the ticket would wait in the wrong queue."""
    STYLE = "style"
    """It would be easier to read."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the subject or of the body, in characters, the end not included."""

    part: Part
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One piece of advice."""

    id: str
    """Stable, in kebab-case: one of :data:`RULES`."""
    severity: Severity
    reason: str
    """One sentence for people. No secret of the text is ever repeated in it."""
    fix: Fix
    span: Span | None = None
    """What it is about, where it is about a part of the text."""

    @property
    def rule(self) -> str:
        """The rule of the house that it follows from."""
        return RULES[self.id]


WRONG_DEPARTMENT: Final = "wrong-department"
NO_ORDER: Final = "no-order"
NO_SERVER_ACCESS: Final = "no-server-access"
BILLING_PASSWORD: Final = "billing-password"
NO_STEPS: Final = "no-steps"
EMPTY_SECTION: Final = "empty-section"
TRANSLITERATION: Final = "transliteration"
SLANG: Final = "slang"
TWO_PROBLEMS: Final = "two-problems"
SUBJECT_SAYS_NOTHING: Final = "subject-says-nothing"
MISSING_ATTACHMENT: Final = "missing-attachment"
SECRET_IN_TEXT: Final = "secret-in-text"
BUMPING: Final = "bumping"

RULES: Final[dict[str, str]] = {
    WRONG_DEPARTMENT: "TKT-2",
    NO_ORDER: "TKT-2",
    NO_SERVER_ACCESS: "TKT-2",
    BILLING_PASSWORD: "TKT-2",
    NO_STEPS: "TKT-2",
    EMPTY_SECTION: "TKT-2",
    TRANSLITERATION: "TKT-2",
    SLANG: "TKT-2",
    TWO_PROBLEMS: "TKT-3",
    SUBJECT_SAYS_NOTHING: "TKT-3",
    MISSING_ATTACHMENT: "TKT-3",
    SECRET_IN_TEXT: "TKT-3",
    BUMPING: "TKT-3",
}
"""Every finding and its rule, in the order in which findings of one weight are told."""
FOR_STAFF: Final = frozenset({SECRET_IN_TEXT, MISSING_ATTACHMENT})
"""Advice for those who answer: a ticket's manners are the client's matter."""
