"""What support did since an instant, and what is left (TKT-10)."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median_low

from billtui.domain.periods import parse_instant
from billtui.sandbox.engine.errors import InvalidInput
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import DAY, SECOND, instant_json, instant_of, micros
from billtui.sandbox.engine.wire_staff import ShiftSummaryJSON

LONGEST = 31 * DAY
"""Span of a summary."""
HOUR = 3_600 * SECOND
_STAFF = "author_role IN ('support', 'admin')"


def summary(tx: Tx, since: str, login: str | None = None) -> ShiftSummaryJSON:
    """Answers, closings and first answers of one colleague or all; what came in and what is left is everybody's.

    Raises ``InvalidInput`` for an instant that is none, is still to come or lies more than 31 days back, and for
    somebody who is no colleague.
    """
    begin = _begin(tx, since)
    colleague = None if login is None else _colleague(tx, login)
    answered = _first_answers(tx, begin, colleague)
    return {
        "since": instant_json(begin),
        "until": instant_json(tx.at),
        "login": login,
        "answered": _count(
            tx, f"ticket_messages WHERE {_STAFF} AND internal = 0 AND at >= ?", begin, "author_id", colleague
        ),
        "closed": _count(
            tx,
            "ticket_states WHERE state = 'closed' AND at >= ? AND NOT EXISTS (SELECT 1 FROM ticket_merges"
            " WHERE ticket_merges.ticket_id = ticket_states.ticket_id AND ticket_merges.at = ticket_states.at)",
            begin,
            "by",
            colleague,
        ),
        "opened": _count(tx, "tickets WHERE created_at >= ?", begin),
        "first_answers": len(answered),
        "first_answers_late": sum(late for _, late in answered),
        "first_answer_seconds_median": median_low(taken for taken, _ in answered) if answered else None,
        "backlog": _count(tx, "tickets WHERE state = 'open' AND created_at >= ?", 0),
        "backlog_by_hour": _backlog_by_hour(tx, begin),
        "due_next_hour": [
            str(ticket_id)
            for (ticket_id,) in tx.sql(
                "SELECT id FROM tickets WHERE answer_due_at BETWEEN ? AND ? AND state <> 'closed'"
                " ORDER BY answer_due_at, id",
                (tx.at, tx.at + HOUR),
            )
        ],
    }


def _begin(tx: Tx, since: str) -> int:
    try:
        begin = micros(parse_instant(since))
    except (ValueError, OverflowError) as error:
        text = "since must be an instant such as 2026-01-31T12:00:00Z"
        raise InvalidInput(text, fields={"since": text}) from error
    if not tx.at - LONGEST <= begin <= tx.at:
        text = f"since lies within the last {LONGEST // DAY} days"
        raise InvalidInput(text, fields={"since": text})
    return begin


def _colleague(tx: Tx, login: str) -> int:
    found = tx.sql("SELECT id FROM accounts WHERE login = ? AND role IN ('support', 'admin')", (login,)).fetchone()
    if found is None:
        text = f"Nobody on the staff has the login “{login[:60]}”."
        raise InvalidInput(text, fields={"login": text})
    return int(found[0])


def _count(tx: Tx, what: str, begin: int, column: str = "", colleague: int | None = None) -> int:
    statement, values = f"SELECT count(*) FROM {what}", [begin]
    if colleague is not None:
        statement, values = f"{statement} AND {column} = ?", [begin, colleague]
    return int(tx.sql(statement, values).fetchone()[0])


def _first_answers(tx: Tx, begin: int, colleague: int | None) -> list[tuple[int, bool]]:
    """Of each first answer given since: open time that it took, in seconds, and whether it came late (TKT-10)."""
    by, values = "", [begin]
    if colleague is not None:
        by = (
            " AND EXISTS (SELECT 1 FROM ticket_messages WHERE thread_id = tickets.id AND at = first_answer_at"
            " AND internal = 0 AND author_id = ?)"
        )
        values.append(colleague)
    found = tx.sql(
        f"SELECT department, owed_since, first_answer_at FROM tickets WHERE first_answer_at >= ?{by}"
        " AND NOT (opened_by = 'support' AND first_answer_at = created_at)",
        values,
    ).fetchall()
    hours, answers = tx.policy.support_hours, []
    for department, owed, answered in found:
        taken = hours.between(instant_of(owed), instant_of(answered))
        level = tx.policy.first_answer.get(department, tx.policy.first_answer_otherwise)
        answers.append((int(taken.total_seconds()), taken > level))
    return answers


def _backlog_by_hour(tx: Tx, begin: int) -> list[int]:
    """How many support had to act on at the end of each hour, the last one cut at the present; told backwards."""
    count = int(tx.sql("SELECT count(*) FROM tickets WHERE state = 'open'").fetchone()[0])
    moves = tx.sql(
        "SELECT at, (state = 'open') - (was = 'open') FROM ticket_states WHERE at > ?"
        " AND (state = 'open') <> (was = 'open') ORDER BY at DESC, id DESC",
        (begin,),
    )
    ends = list(_hours(begin, tx.at))
    counts: list[int] = []
    move = moves.fetchone()
    for end in reversed(ends):
        while move is not None and move[0] > end:
            count -= move[1]
            move = moves.fetchone()
        counts.append(count)
    return counts[::-1]


def _hours(begin: int, until: int) -> Iterator[int]:
    end = begin + HOUR
    while end < until:
        yield end
        end += HOUR
    yield until
