"""Canned replies: kept for all of the staff, by department and language (TKT-8)."""

from __future__ import annotations

from typing import Any

from billtui.domain.refusal import Refusal
from billtui.domain.rules import canned as rules
from billtui.domain.rules.tickets import department_refusal
from billtui.sandbox.engine.departments import DEPARTMENTS
from billtui.sandbox.engine.errors import NotFound, VersionMismatch, WrongKindOfInput
from billtui.sandbox.engine.reading import row_id
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import instant_json
from billtui.sandbox.engine.wire_staff import CannedReplyJSON

_COLUMNS = "id, title, body, department, language, updated_at, version"


def all_replies(tx: Tx) -> list[CannedReplyJSON]:
    """Every canned reply: those of all departments first, then by department, language and title."""
    found = tx.sql(
        f"SELECT {_COLUMNS} FROM canned_replies ORDER BY department IS NOT NULL, department, language, title, id"
    )
    return [_json(row) for row in found]


def save(
    tx: Tx, reply_id: str | None, title: str, body: str, department: str | None, language: str,
    if_match: int | None = None,
) -> CannedReplyJSON:  # fmt: skip
    """Make a canned reply, or change the one with this id.

    Raises ``NotFound``, ``VersionMismatch``, ``WrongKindOfInput`` for a title, a text or a department that cannot be.
    """
    _check(title, body, department)
    if reply_id is None:
        made = tx.sql(
            "INSERT INTO canned_replies (title, body, department, language, updated_at) VALUES (?, ?, ?, ?, ?)",
            (title.strip(), body, department, language, tx.at),
        )
        return _json(_row(tx, str(made.lastrowid)))
    before = _json(_row(tx, reply_id))
    _same_version(before, if_match)
    if (before["title"], before["body"], before["department"], before["language"]) == (
        title.strip(), body, department, language,
    ):  # fmt: skip
        return before
    tx.sql(
        "UPDATE canned_replies SET title = ?, body = ?, department = ?, language = ?, updated_at = ?,"
        " version = version + 1 WHERE id = ?",
        (title.strip(), body, department, language, tx.at, row_id(reply_id, "canned reply")),
    )
    return _json(_row(tx, reply_id))


def delete(tx: Tx, reply_id: str, if_match: int | None = None) -> None:
    """Take a canned reply away; answers that were made of it stay as they are. Raises ``NotFound``."""
    _same_version(_json(_row(tx, reply_id)), if_match)
    tx.sql("DELETE FROM canned_replies WHERE id = ?", (row_id(reply_id, "canned reply"),))


def _check(title: str, body: str, department: str | None) -> None:
    wrong: Refusal | None = rules.title_refusal(title)
    if wrong is not None:
        raise WrongKindOfInput(wrong, "title")
    wrong = rules.body_refusal(body)
    if wrong is not None:
        raise WrongKindOfInput(wrong, "body")
    if department is not None:
        unknown = department_refusal(department, DEPARTMENTS)
        if unknown is not None:
            raise WrongKindOfInput(unknown, "department")


def _row(tx: Tx, reply_id: str) -> tuple[Any, ...]:
    found = tx.sql(
        f"SELECT {_COLUMNS} FROM canned_replies WHERE id = ?", (row_id(reply_id, "canned reply"),)
    ).fetchone()
    if found is None:
        raise NotFound("canned reply", reply_id)
    return tuple(found)


def _same_version(reply: CannedReplyJSON, if_match: int | None) -> None:
    if if_match is not None and if_match != reply["version"]:
        detail = f"This has changed since you saw it: it is at version {reply['version']}, not {if_match}"
        raise VersionMismatch(detail)


def _json(row: tuple[Any, ...]) -> CannedReplyJSON:
    reply_id, title, body, department, language, updated_at, version = row
    return {
        "id": str(reply_id),
        "title": title,
        "body": body,
        "department": department,
        "language": language,
        "updated_at": instant_json(updated_at),
        "version": version,
    }
