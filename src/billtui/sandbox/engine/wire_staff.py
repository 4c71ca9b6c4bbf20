"""The JSON objects of what only staff works with: canned replies, a shift's summary (TKT-8, TKT-10)."""

from __future__ import annotations

from typing_extensions import TypedDict


class CannedReplyJSON(TypedDict):
    """A canned reply; no ``department`` means for all of them."""

    id: str
    title: str
    body: str
    department: str | None
    language: str
    updated_at: str
    version: int


class ShiftSummaryJSON(TypedDict):
    """What was done in a span of time, and what is left."""

    since: str
    until: str
    login: str | None
    answered: int
    closed: int
    opened: int
    first_answers: int
    first_answers_late: int
    first_answer_seconds_median: int | None
    backlog: int
    backlog_by_hour: list[int]
    due_next_hour: list[str]
