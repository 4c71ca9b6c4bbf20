"""The feed of changes: what was touched after a cursor."""

from __future__ import annotations

from billtui.domain.numbers import is_number
from billtui.sandbox.engine.errors import CursorExpired
from billtui.sandbox.engine.held_rows import STAFF_FEED
from billtui.sandbox.engine.unit import Tx, last_sequence
from billtui.sandbox.engine.wire import ChangeFeedJSON, ChangeJSON

MAX_CHANGES = 1_000


def _epoch(tx: Tx) -> str:
    return str(tx.conn.exec_driver_sql("SELECT epoch FROM panel").scalar_one())


def present_cursor(tx: Tx) -> str:
    """The cursor of this moment: ask with it after listing, and nothing is missed."""
    return f"{_epoch(tx)}-{last_sequence(tx.conn)}"


def changes_after(
    tx: Tx, account_id: int, cursor: str, limit: int = MAX_CHANGES, *, staff: bool = False
) -> ChangeFeedJSON:
    """What changed for the account after ``cursor``, oldest first, each object once with its last version.

    ``staff`` also learns of every ticket (TKT-5).

    Raises ``CursorExpired`` for a cursor of before a reset, older than what is kept, or of another panel altogether:
    to whoever holds it, a cursor is just a text, and the way out is the same.
    """
    epoch, _, digits = cursor.rpartition("-")
    after = int(digits) if is_number(digits) else -1
    kept_from = int(tx.conn.exec_driver_sql("SELECT history_from FROM panel").scalar_one())
    last = last_sequence(tx.conn)
    if epoch != _epoch(tx) or after < kept_from or after > last:
        raise CursorExpired("This cursor is too old: load everything again")
    found = tx.conn.exec_driver_sql(
        "SELECT seq, kind, object_id, version, change FROM changes"
        " WHERE account_id IN (?, ?) AND seq > ? ORDER BY seq LIMIT ?",
        (account_id, STAFF_FEED if staff else account_id, after, limit),
    ).all()
    reached = int(found[-1][0]) if len(found) == limit else last
    items: dict[tuple[str, str], ChangeJSON] = {}
    for _seq, kind, object_id, version, change in found:
        before = items.pop((kind, object_id), None)
        if before is not None and before["change"] == "created" and change == "changed":
            change = "created"
        items[kind, object_id] = {"kind": kind, "id": object_id, "version": version, "change": change}
    return {"items": list(items.values()), "cursor": f"{epoch}-{reached}"}
