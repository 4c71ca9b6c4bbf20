"""Tickets as the wire's objects, for whoever looks: a client sees nothing that comes of notes (TKT-6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from billtui.domain.models.tickets import TicketState
from billtui.domain.refusal import Refusal
from billtui.domain.rules import tickets as rules
from billtui.domain.rules.tickets import Priority
from billtui.sandbox.engine.facts import addons_monthly
from billtui.sandbox.engine.rows import LIVE
from billtui.sandbox.engine.rows_tickets import MessageRow, TicketRow
from billtui.sandbox.engine.ticket_states import PRIORITY_WORDS, Person, ticket_facts
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.views import explained
from billtui.sandbox.engine.wire import (
    SECOND,
    ActionJSON,
    MoneyJSON,
    cents_of,
    instant_json,
    instant_json_or_none,
    money_json,
)
from billtui.sandbox.engine.wire_tickets import AccessReadingJSON, AttachmentJSON, TicketJSON, TicketMessageJSON

CONTENT_TYPE = "application/octet-stream"
"""Of every attachment, whatever its name says: it is saved, never run (TKT-6)."""
_LOG = 100
"""So many readings of the server access are shown, the newest first."""
_ADDONS = "(SELECT coalesce(sum(json_extract(value, '$[2]')), 0) FROM json_each(addons))"
_LIVE = ", ".join(f"'{state}'" for state in sorted(LIVE))
_MONTHLY = (
    f"SELECT account_id, sum(monthly_cents + CASE addons WHEN '[]' THEN 0 ELSE {_ADDONS} END) FROM orders"
    f" WHERE state IN ({_LIVE}) AND account_id IN "
)
_TICKET, _MERGED = "\0ticket", "\0merged"
"""Stand for the ids in a pattern of refusals; no real id holds a NUL."""
_Situation = tuple[str, bool, bool, bool, str, bool]
_Pattern = tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]


class TicketViews:
    """Makes the objects of a page of tickets, asking for what they need once."""

    def __init__(self, tx: Tx, who: Person, rows: Sequence[TicketRow]) -> None:
        """For one transaction, one reader and these rows."""
        self._tx = tx
        self._who = who
        self._places = queue_places(tx, rows)
        self._merged = _merged_from(tx, rows)
        self._patterns: dict[_Situation, _Pattern] = {}
        self._monthly: dict[int, int] = {}
        if who.is_staff:
            tx.accounts.many({row.account_id for row in rows})
            tx.orders.many({row.order_id for row in rows if row.order_id is not None})
            self._monthly = _monthly(tx, {row.account_id for row in rows if row.order_id is None})

    def item(self, row: TicketRow) -> TicketJSON:
        """An item of a list: refused actions only, and no log."""
        return self._ticket(row, whole=False)

    def whole(self, row: TicketRow) -> TicketJSON:
        """A ticket with every action explained (ORD-7), and who read its server access (TKT-4)."""
        return self._ticket(row, whole=True)

    def _ticket(self, row: TicketRow, *, whole: bool) -> TicketJSON:
        tx, who = self._tx, self._who
        staff = who.is_staff
        return {
            "id": str(row.id),
            "number": str(row.number),
            "subject": row.subject,
            "department": row.department,
            "state": row.state,
            "priority": PRIORITY_WORDS[Priority(row.priority)],
            "account_id": str(row.account_id),
            "login": tx.accounts.need(row.account_id).login if staff else "",
            "order_id": _text(row.order_id),
            "invoice_id": _text(row.invoice_id),
            "assignee": row.assignee,
            "opened_by": row.opened_by,
            "queue_place": self._places.get(row.id),
            "answer_due_at": instant_json_or_none(row.answer_due_at),
            "first_answer_at": instant_json_or_none(row.first_answer_at),
            "created_at": instant_json(row.created_at),
            "updated_at": instant_json(row.updated_at if staff else row.public_updated_at),
            "last_client_message_at": instant_json(row.last_client_at),
            "last_staff_message_at": instant_json_or_none(row.last_staff_at),
            "last_message_id": (row.last_message if staff else row.public_last) or None,
            "last_author_role": row.last_author_role,
            "message_count": row.message_count if staff else row.public_count,
            "hold_until": instant_json_or_none(row.hold_until),
            "closed_at": instant_json_or_none(row.closed_at),
            "reopen_until": self._reopen_until(row),
            "tags": row.tag_list if staff else [],
            "access": row.access,
            "access_log": _access_log(tx, row.id) if whole and row.access != "none" else [],
            "at_stake": self._at_stake(row) if staff else None,
            "presence": tx.presences.others(row.id, who.account_id) if whole and staff else [],
            "merged_into": _text(row.merged_into),
            "merged_from": self._merged.get(row.id, []),
            "split_from": _text(row.split_from),
            "rating": row.rating,
            "rating_comment": row.rating_comment,
            "actions": explained(self._actions(row)) if whole else self._refused(row),
            "version": row.version if staff else row.public_version,
        }

    def _actions(self, row: TicketRow) -> dict[str, Refusal | None]:
        who = self._who
        facts = ticket_facts(row, staff=who.is_staff)
        return rules.ticket_actions(
            facts, who.role, self._tx.now, login=who.login, access=row.access, assignee=row.assignee
        )

    def _refused(self, row: TicketRow) -> list[ActionJSON]:
        """The refused actions, in short: a page of hundreds asks the rules once per situation."""
        tx, who = self._tx, self._who
        reopens = row.closed_at is not None and tx.at < row.closed_at + _micros(tx.policy.ticket_reopening)
        mine = row.assignee is not None and row.assignee == who.login
        merged = row.merged_into is not None
        situation = (row.state, reopens, merged, row.first_answer_at is not None, row.access, mine)
        pattern = self._patterns.get(situation)
        if pattern is None:
            ids = {str(row.id): _TICKET, str(row.merged_into): _MERGED}
            pattern = self._patterns[situation] = tuple(
                (action, refusal.code, tuple((key, ids.get(value, value)) for key, value in refusal.related.items()))
                for action, refusal in self._actions(row).items()
                if refusal is not None
            )
        ids = {_TICKET: str(row.id), _MERGED: str(row.merged_into)}
        return [
            {"action": action, "code": code, "related": {key: ids.get(value, value) for key, value in related}}
            for action, code, related in pattern
        ]

    def _reopen_until(self, row: TicketRow) -> str | None:
        if row.closed_at is None or row.merged_into is not None:
            return None
        return instant_json(row.closed_at + _micros(self._tx.policy.ticket_reopening))

    def _at_stake(self, row: TicketRow) -> MoneyJSON:
        """What the account pays a month for the order that it is about, or for all that run."""
        tx = self._tx
        if row.order_id is not None:
            order = tx.orders.need(row.order_id)
            gone = order.state in ("deleted", "cancelled")
            cents = 0 if gone else order.monthly_cents + cents_of(addons_monthly(order))
            return money_json(cents, order.currency)
        return money_json(self._monthly.get(row.account_id, 0), tx.accounts.need(row.account_id).currency)


def _micros(length: timedelta) -> int:
    return int(length.total_seconds()) * SECOND


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _monthly(tx: Tx, account_ids: set[int]) -> dict[int, int]:
    """What each account pays a month for all that runs, in cents."""
    found: dict[int, int] = {}
    for account_id in account_ids:
        known = tx.known_total(("at stake", account_id))
        if known is not None:
            found[account_id] = known
    missing = [account_id for account_id in account_ids if account_id not in found]
    if missing:
        counted = tx.sql(f"{_MONTHLY} ({', '.join('?' * len(missing))}) GROUP BY account_id", missing).fetchall()
        sums = {int(account_id): int(cents) for account_id, cents in counted}
        for account_id in missing:
            found[account_id] = sums.get(account_id, 0)
            tx.keep_total(("at stake", account_id), found[account_id])
    return found


def queue_places(tx: Tx, rows: Iterable[TicketRow]) -> dict[int, int]:
    """Place in the department's queue, from 1, of those among ``rows`` that support must act on (TKT-7).

    Counted in SQL, along the index of the queue: from one of the rows to the next, so that a page costs one walk
    along each queue at most.
    """
    by_department: dict[str, list[tuple[int, int, int]]] = {}
    for row in rows:
        if row.state == TicketState.OPEN:
            by_department.setdefault(row.department, []).append((row.priority, row.last_client_at, row.id))
    places: dict[int, int] = {}
    for department, found in by_department.items():
        place = 0
        after = (-1, 0, 0)
        for until in sorted(found):
            place += _between(tx, department, after, until)
            places[until[2]] = place
            after = until
    return places


def _between(tx: Tx, department: str, after: tuple[int, int, int], until: tuple[int, int, int]) -> int:
    """How many wait in a queue behind ``after``, up to and with ``until``."""
    count = 0
    for priority in range(max(0, after[0]), until[0] + 1):
        first = after[1:] if priority == after[0] else (-1, -1)
        condition, values = "(last_client_at, id) > (?, ?)", list(first)
        if priority == until[0]:
            condition += " AND (last_client_at, id) <= (?, ?)"
            values += until[1:]
        count += int(
            tx.sql(
                "SELECT count(*) FROM tickets INDEXED BY tickets_queue WHERE state = 'open' AND department = ?"
                f" AND priority = ? AND {condition}",
                (department, priority, *values),
            ).fetchone()[0]
        )
    return count


def _merged_from(tx: Tx, rows: Sequence[TicketRow]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    ids = [row.id for row in rows]
    marks = ", ".join("?" * len(ids))
    asked = f"SELECT merged_into, id FROM tickets WHERE merged_into IN ({marks}) ORDER BY id"
    for into, ticket_id in tx.sql(asked, ids):
        found.setdefault(int(into), []).append(str(ticket_id))
    return found


def _access_log(tx: Tx, ticket_id: int) -> list[AccessReadingJSON]:
    found = tx.sql(
        "SELECT login, at, reason FROM access_readings JOIN accounts ON accounts.id = account_id"
        " WHERE ticket_id = ? ORDER BY access_readings.id DESC LIMIT ?",
        (ticket_id, _LOG),
    )
    return [{"login": login, "at": instant_json(at), "reason": reason} for login, at, reason in found]


def messages_json(tx: Tx, rows: Sequence[MessageRow]) -> list[TicketMessageJSON]:
    """Messages with their attachments."""
    attached = _attached(tx, rows)
    tx.accounts.many({row.author_id for row in rows if row.author_id is not None})
    return [
        {
            "id": row.wire_id,
            "ticket_id": str(row.thread_id),
            "author": "" if row.author_id is None else tx.accounts.need(row.author_id).login,
            "author_role": row.author_role,
            "at": instant_json(row.at),
            "body": row.body,
            "internal": bool(row.internal),
            "attachments": attached.get(row.id, []),
            "merged_from": None if row.ticket_id == row.thread_id else str(row.ticket_id),
        }
        for row in rows
    ]


def _attached(tx: Tx, rows: Sequence[MessageRow]) -> dict[int, list[AttachmentJSON]]:
    found: dict[int, list[AttachmentJSON]] = {}
    ids = [row.id for row in rows]
    asked = (
        "SELECT message_id, id, name, size, sha256 FROM attachments"
        f" WHERE message_id IN ({', '.join('?' * len(ids))}) ORDER BY message_id, place"
    )
    for message_id, attachment_id, name, size, digest in tx.sql(asked, ids):
        found.setdefault(int(message_id), []).append(attachment_json(attachment_id, name, size, digest))
    return found


def attachment_json(attachment_id: str, name: str, size: int, digest: str) -> AttachmentJSON:
    """An attachment."""
    return {"id": attachment_id, "name": name, "size": size, "content_type": CONTENT_TYPE, "sha256": digest}
