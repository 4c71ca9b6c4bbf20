"""What the journal answers: jobs, operations and events as plain records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from billtui.domain.money import Money
from billtui.services.journal.states import CLOSED, JobState, OperationState, PauseReason

if TYPE_CHECKING:
    from billtui.domain.safetext import SafeText

UNDER_WAY: Final = (
    "SELECT o.job_id, o.number FROM operations o JOIN jobs j ON j.id = o.job_id"
    " WHERE o.state IN ('sending','unknown') AND j.panel_id = ? AND j.account_id = ?"
)
"""The operations of an account that may have an effect at this moment, or may have had one."""


@dataclass(frozen=True, slots=True)
class OperationRow:
    """One operation as the journal knows it."""

    job_id: str
    number: int
    key: str
    kind: str
    title: SafeText
    targets: tuple[str, ...]
    takes_from: int | None
    amount: Money | None
    state: OperationState
    code: str | None
    """Why it was refused or not sent, e.g. ``insufficient-funds`` or ``facts-changed``."""
    rule: str | None
    detail: SafeText | None
    """One sentence for a person."""
    request_id: str | None
    answer: dict[str, Any] | None
    """The panel's answer as JSON, once done."""
    sends: int
    """How often a request was begun."""
    first_sent_at: datetime | None
    changed_at: datetime
    owner: str | None
    picture: dict[str, Any] | None = None
    """Of a panel without idempotency keys: what it looked like directly before the request (``at``, ``seen``)."""
    finding: dict[str, Any] | None = None
    """What comparing with the picture found after a lost answer (``at``, ``state``, ``words``, ``now``)."""

    @property
    def closed(self) -> bool:
        """Whether its outcome is final."""
        return self.state in CLOSED

    @property
    def billed(self) -> Money | None:
        """What it came to, by the panel's answer: of add-ons perhaps less than what was confirmed (ORD-5).

        Without an answer, what was confirmed.
        """
        if self.amount is None or self.state is not OperationState.DONE or not self.answer:
            return self.amount
        invoice = self.answer.get("invoice")
        try:
            found = Money.model_validate(
                invoice.get("total") if isinstance(invoice, dict) else self.answer.get("amount")
            )
        except ValueError:
            return self.amount
        return found if found.currency == self.amount.currency and found < self.amount else self.amount


def amount_of(rows: Iterable[OperationRow], currency: str) -> Money:
    """What ``rows`` spend together; a purchase that one of them pays counts once."""
    known = list(rows)
    paid_later = {row.takes_from for row in known}
    return Money.total(
        (row.amount for row in known if row.amount is not None and row.number not in paid_later), currency
    )


@dataclass(frozen=True, slots=True)
class JobRow:
    """One confirmed plan and how far it is."""

    id: str
    """The plan's id."""
    kind: str
    title: SafeText
    panel_id: str
    panel_name: SafeText
    account_id: str
    login: SafeText
    profile: str
    total: Money
    left: Money
    """The total of what is neither done nor closed."""
    submitted_at: datetime
    state: JobState
    paused: PauseReason | None
    note: SafeText | None
    counts: Mapping[OperationState, int]
    owner: str | None = None
    """Which running program works on its open operations, by the name of its lock; ``None``: nobody."""

    @property
    def finished(self) -> bool:
        """Whether every outcome is final."""
        return self.state is JobState.FINISHED

    @property
    def count(self) -> int:
        """How many operations it has."""
        return sum(self.counts.values())

    @property
    def closed_count(self) -> int:
        """How many of its operations have their final outcome."""
        return sum(count for state, count in self.counts.items() if state in CLOSED)


@dataclass(frozen=True, slots=True)
class EventRow:
    """One move, in the order in which it was written down."""

    sequence: int
    at: datetime
    job_id: str
    number: int
    before: OperationState | None
    after: OperationState
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Busy:
    """A target that has an open operation already."""

    target: str
    job_id: str
    number: int
    state: OperationState
    title: SafeText
