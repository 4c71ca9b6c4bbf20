"""What support changes about tickets, one or a thousand at a time (TKT-8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from billtui.domain.models.tickets import TicketPriority, TicketState
from billtui.domain.numbers import is_number
from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import ticket_desk as rules
from billtui.domain.rules import tickets as ticket_rules
from billtui.sandbox.engine.departments import DEPARTMENTS
from billtui.sandbox.engine.errors import FieldsRefused, InvalidInput, WrongKindOfInput
from billtui.sandbox.engine.rows_tickets import TicketRow
from billtui.sandbox.engine.ticket_states import PRIORITIES, Person, close, set_due, stirred, take, ticket_facts
from billtui.sandbox.engine.ticket_views import TicketViews
from billtui.sandbox.engine.tickets import check_seen, seen_ticket, ticket_json
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire_tickets import TicketJSON


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be other; ``None``, and no tags, leave it as it is."""

    department: str | None = None
    priority: TicketPriority | None = None
    assignee: str | None = None
    """A login; empty gives the ticket back."""
    state: TicketState | None = None
    hold_until: datetime | None = None
    subject: str | None = None
    tags_add: tuple[str, ...] = ()
    tags_remove: tuple[str, ...] = ()

    @property
    def wanted(self) -> TicketState | None:
        """The state; a time to wake up alone means a hold."""
        if self.state is None and self.hold_until is not None:
            return TicketState.ON_HOLD
        return self.state


def change(tx: Tx, who: Person, ticket_id: str, wish: Change, if_match: int | None = None) -> TicketJSON:
    """Change one ticket. Raises ``NotFound``, ``VersionMismatch``, ``WrongKindOfInput``, ``RuleBroken``."""
    row = seen_ticket(tx, who, ticket_id)
    check_seen(who, row, if_match)
    _check(tx, wish)
    refusal = _refusal(tx, row, wish)
    if refusal is not None:
        raise RuleBroken(refusal)
    _apply(tx, who, row, wish)
    return ticket_json(tx, who, row)


def bulk(tx: Tx, who: Person, ticket_ids: Sequence[str], wish: Change) -> list[TicketJSON]:
    """Change many tickets alike, all of them or none.

    Raises ``InvalidInput`` for too many, ``WrongKindOfInput``, ``NotFound``, and ``FieldsRefused`` with each that
    cannot be changed so, and why.
    """
    wanted = list(dict.fromkeys(ticket_ids))
    if not wanted or len(wanted) > tx.policy.tickets_a_bulk:
        text = f"Name 1 to {tx.policy.tickets_a_bulk:,} tickets: change the rest after them."
        raise InvalidInput(text, fields={"ticket_ids": text})
    _check(tx, wish)
    rows = _all(tx, who, wanted)
    refused = [(row, why) for row in rows if (why := _refusal(tx, row, wish)) is not None]
    if refused:
        raise FieldsRefused(
            rules.tickets_refused([(str(row.number), why) for row, why in refused], len(rows)),
            {f"ticket_ids.{row.id}": why.reason for row, why in refused},
        )
    for row in rows:
        _apply(tx, who, row, wish)
    tx.flush()
    views = TicketViews(tx, who, rows)
    return [views.item(row) for row in rows]


def _all(tx: Tx, who: Person, ticket_ids: Sequence[str]) -> list[TicketRow]:
    """Each of them, read at once. Raises ``NotFound``."""
    tx.tickets.many(int(one) for one in ticket_ids if is_number(one))
    return [seen_ticket(tx, who, one) for one in ticket_ids]


def _check(tx: Tx, wish: Change) -> None:
    """What is wrong whatever the ticket. Raises ``WrongKindOfInput``, ``InvalidInput``."""
    if wish.department is not None:
        _raise_wrong(ticket_rules.department_refusal(wish.department, DEPARTMENTS), "department")
    if wish.subject is not None:
        _raise_wrong(ticket_rules.subject_refusal(wish.subject), "subject")
    _raise_wrong(rules.tags_refusal((), wish.tags_add, wish.tags_remove), "tags_add")
    if wish.assignee:
        roles = dict(tx.sql("SELECT login, role FROM accounts WHERE login = ?", (wish.assignee,)).fetchall())
        _raise_wrong(rules.colleague_refusal(wish.assignee, roles), "assignee")
    if wish.wanted is TicketState.ON_HOLD and wish.hold_until is None:
        text = "A hold needs the time at which it ends: say until when."
        _raise_wrong(Refusal("hold-in-the-past", "TKT-5", text), "hold_until")
    if wish.wanted is not TicketState.ON_HOLD and wish.hold_until is not None:
        text = "Only a ticket on hold wakes up: leave hold_until out, or put it on hold."
        raise InvalidInput(text, fields={"hold_until": text})


def _raise_wrong(refusal: Refusal | None, field: str) -> None:
    if refusal is not None:
        raise WrongKindOfInput(refusal, field)


def _refusal(tx: Tx, row: TicketRow, wish: Change) -> Refusal | None:
    """Why this ticket cannot be changed so."""
    facts = ticket_facts(row, staff=True)
    refusal = ticket_rules.merged_refusal(facts)
    if refusal is None and wish.wanted is not None:
        refusal = rules.state_refusal(facts, wish.wanted, wish.hold_until, tx.now)
    return refusal or rules.tags_refusal(row.tag_list, wish.tags_add, wish.tags_remove)


def _apply(tx: Tx, who: Person, row: TicketRow, wish: Change) -> None:
    """What its client sees is told to the client as well; tags are staff's alone."""
    before = (row.department, row.priority, row.assignee, row.subject, row.state, row.hold_until)
    if wish.department is not None and wish.department != row.department:
        row.department = wish.department
        row.assignee = None
        set_due(tx, row)
    if wish.assignee is not None:
        row.assignee = wish.assignee or None
    if wish.priority is not None:
        row.priority = PRIORITIES[wish.priority]
    if wish.subject is not None:
        row.subject = " ".join(wish.subject.split())
        row.index_text()
    _bring_to(tx, who, row, wish)
    tags = _kept(rules.tags_after(row.tag_list, wish.tags_add, wish.tags_remove))
    if (row.department, row.priority, row.assignee, row.subject, row.state, row.hold_until) != before:
        stirred(tx, row)
    elif tags != row.tags:
        stirred(tx, row, public=False)
    row.tags = tags


def _bring_to(tx: Tx, who: Person, row: TicketRow, wish: Change) -> None:
    facts = ticket_facts(row, staff=True)
    if wish.wanted is TicketState.CLOSED:
        close(tx, row, who.account_id)
    elif wish.wanted is TicketState.OPEN:
        take(tx, row, ticket_rules.reopened(facts, tx.now), who.account_id)
    elif wish.wanted is TicketState.ON_HOLD and wish.hold_until is not None:
        take(tx, row, ticket_rules.on_hold(facts, wish.hold_until), who.account_id)


def _kept(tags: Iterable[str]) -> str:
    """As they are kept, and looked for: each between spaces."""
    joined = " ".join(tags)
    return f" {joined} " if joined else ""
