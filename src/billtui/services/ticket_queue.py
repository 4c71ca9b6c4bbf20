"""The queue of support staff: what is next and why, views with counts, what is about to be missed (TKT-7, TKT-10).

Works on the rows of the local copy; the order itself is the rule's (:mod:`billtui.domain.rules.ticket_risk`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from billtui.domain.models import TicketState
from billtui.domain.money import Money
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.rules import ticket_risk
from billtui.domain.rules.ticket_risk import Reason, RiskFacts
from billtui.domain.rules.tickets import Priority
from billtui.services.store.rows import TicketRow

PRIORITIES: Final[Mapping[str, Priority]] = {
    "service down": Priority.SERVICE_DOWN,
    "high": Priority.HIGH,
    "normal": Priority.NORMAL,
    "low": Priority.LOW,
}
"""A priority as a ticket says it; one that a panel has beside them counts as normal."""
HOUR: Final = timedelta(hours=1)
OPEN: Final = str(TicketState.OPEN.value)
ANSWERED: Final = str(TicketState.ANSWERED.value)
ON_HOLD: Final = str(TicketState.ON_HOLD.value)
CLOSED: Final = str(TicketState.CLOSED.value)
_BEHIND: Final = 10**12
"""Behind every instant that a ticket can have."""
STATES: Final = tuple(str(one.value) for one in TicketState)


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def facts_of(row: TicketRow) -> RiskFacts:
    """A row as far as its urgency goes; a state of another panel counts as one that asks nothing of support."""
    state = TicketState(row.state) if row.state in STATES else TicketState.CLOSED
    stake = None
    if row.at_stake is not None and row.currency:
        stake = Money(Decimal(row.at_stake).scaleb(-2), row.currency)
    due, said = row.answer_due_at, row.last_staff_at
    return RiskFacts(
        row.id,
        row.department,
        state,
        PRIORITIES.get(row.priority, Priority.NORMAL),
        _instant(row.last_client_at if row.last_client_at is not None else row.created_at),
        None if due is None else _instant(due),
        None if said is None else _instant(said),
        stake,
    )


class Ranks:
    """By when each ticket has to be looked at, worked out once and kept until the ticket changes."""

    def __init__(self, policy: Policy = DEFAULT_POLICY) -> None:
        """Nothing is known yet."""
        self.policy = policy
        self._known: dict[str, tuple[int, int]] = {}

    def act_by(self, row: TicketRow) -> int | None:
        """Epoch seconds; ``None`` where support does not have to act."""
        if row.state != OPEN:
            return None
        version, known = row.version, self._known.get(row.id)
        if known is not None and known[0] == version:
            return known[1]
        until = ticket_risk.act_by(facts_of(row), self.policy)
        seconds = 0 if until is None else int(until.timestamp())
        self._known[row.id] = (version, seconds)
        return seconds

    def key(self, row: TicketRow) -> tuple[int, int, int, str]:
        """What rows are sorted by, what cannot wait first; what asks nothing of support comes last, newest first."""
        until = self.act_by(row)
        if until is None:
            return (1, -row.updated_at, len(row.id), row.id)
        return (0, until, len(row.id), row.id)

    def number(self, row: TicketRow) -> int:
        """The same order as one whole number, for a table that sorts many; of two alike the table keeps its order."""
        until = self.act_by(row)
        return _BEHIND - row.updated_at if until is None else until

    def in_order(self, rows: Iterable[TicketRow]) -> list[TicketRow]:
        """What support must act on, what cannot wait first."""
        waiting = [row for row in rows if row.state == OPEN]
        waiting.sort(key=self.key)
        return waiting

    def reasons(self, row: TicketRow, now: int) -> tuple[Reason, ...]:
        """Why it stands where it does, the weightiest first."""
        return ticket_risk.reasons(facts_of(row), _instant(now), self.policy)


def why_next(row: TicketRow, reasons: Sequence[Reason], now: int) -> str:
    """In words why it is next; where support does not have to act, what it waits for."""
    if reasons:
        return " · ".join(reason.words for reason in reasons)
    if row.state == ON_HOLD:
        if row.hold_until is None:
            return "on hold"
        left = row.hold_until - now
        return f"wakes up in {ticket_risk.span(timedelta(seconds=left))}" if left > 0 else "wakes up now"
    if row.state == ANSWERED:
        since = now - (row.last_staff_at if row.last_staff_at is not None else row.updated_at)
        return f"the client's turn for {ticket_risk.span(timedelta(seconds=since))}"
    return "merged away" if row.merged_into else row.state


class QueueView(NamedTuple):
    """One way to look at the queue."""

    id: str
    title: str
    short: str
    """Its word in the line of views."""
    shows: Callable[[TicketRow, int], bool]
    """Of a row and the present instant in epoch seconds."""


def due_within(row: TicketRow, now: int, seconds: int = 3600) -> bool:
    """Whether its first answer is late already, or will be within the hour (TKT-10)."""
    return row.state == OPEN and row.answer_due_at is not None and row.answer_due_at <= now + seconds


def queue_views(me: str, departments: Mapping[str, str]) -> tuple[QueueView, ...]:
    """The ready-made views, in their order; ``me`` is the login, ``departments`` are names by id."""
    return (
        QueueView("next", "What is next", "next", lambda row, now: row.state == OPEN),
        QueueView("mine", "Mine", "mine", lambda row, now: row.assignee == me and row.state != CLOSED),
        QueueView("unassigned", "Nobody has it", "nobody's", lambda row, now: not row.assignee and row.state == OPEN),
        QueueView("due", "Misses its service level within the hour", "late or due", due_within),
        QueueView("waiting", "Waits for the client", "waiting", lambda row, now: row.state == ANSWERED),
        QueueView("hold", "On hold", "hold", lambda row, now: row.state == ON_HOLD),
        *(
            QueueView(f"dept-{one}", f"{name}: what is next", name if one.isdigit() else one, _of_department(one))
            for one, name in departments.items()
        ),
        QueueView("closed", "Closed", "closed", lambda row, now: row.state == CLOSED),
        QueueView("all", "All tickets", "all", lambda row, now: True),
    )


def _of_department(department: str) -> Callable[[TicketRow, int], bool]:
    return lambda row, now: row.department == department and row.state == OPEN


class Counts(NamedTuple):
    """How many tickets each view shows, and what the queue comes to; from one look at the rows."""

    by_view: Mapping[str, int]
    late: int
    """Open, and the first answer is late already."""
    due: int
    """Open, in time now, and late within the hour if nobody answers."""
    down: int
    """Open with priority "service down"."""


def count_views(rows: Iterable[TicketRow], me: str, now: int) -> Counts:
    """Count every ready-made view at once."""
    states: Counter[str] = Counter()
    departments: Counter[str] = Counter()
    mine = nobodys = late = due = down = 0
    soon = now + 3600
    for row in rows:
        state = row.state
        states[state] += 1
        if state == CLOSED:
            continue
        assignee = row.assignee
        if assignee == me:
            mine += 1
        if state == OPEN:
            departments[row.department] += 1
            if not assignee:
                nobodys += 1
            if row.priority == "service down":
                down += 1
            until = row.answer_due_at
            if until is not None and until <= soon:
                if until < now:
                    late += 1
                else:
                    due += 1
    counts = {
        "next": states[OPEN], "mine": mine, "unassigned": nobodys, "due": late + due, "waiting": states[ANSWERED],
        "hold": states[ON_HOLD], "closed": states[CLOSED], "all": states.total(),
    }  # fmt: skip
    counts.update({f"dept-{name}": count for name, count in departments.items()})
    return Counts(counts, late, due, down)


def next_ticket(
    rows: Iterable[TicketRow],
    ranks: Ranks,
    me: str,
    *,
    but: frozenset[str] = frozenset(),
    shows: Callable[[TicketRow], bool] | None = None,
) -> TicketRow | None:
    """The ticket to open next: what cannot wait first, of those that are mine or nobody's; ``but`` are left out."""
    found = (
        row for row in rows
        if row.state == OPEN and row.assignee in ("", me) and row.id not in but and (shows is None or shows(row))
    )  # fmt: skip
    return min(found, key=ranks.key, default=None)
