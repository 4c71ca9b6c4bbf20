"""The feed of changes, and the state of an idempotent operation."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from billtui.domain.models.problem import Problem
from billtui.domain.models.wire import Id, OpenEnum, Whole, WireModel
from billtui.domain.safetext import SafeText


class ObjectKind(StrEnum):
    """Kinds of objects in ``/changes``."""

    ACCOUNT = "account"
    ORDER = "order"
    INVOICE = "invoice"
    TRANSFER = "transfer"
    TICKET = "ticket"


class ChangeKind(StrEnum):
    """What happened to the object."""

    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"


class Change(WireModel):
    """One object that changed; ``version`` is the object's version afterwards."""

    kind: OpenEnum[ObjectKind]
    id: Id
    version: Whole = 0
    change: OpenEnum[ChangeKind]


class ChangeFeed(WireModel):
    """What changed after a cursor, and the cursor to ask with next."""

    items: list[Change]
    cursor: str


class OperationStatus(WireModel):
    """``GET /operations/{key}``: ``never-seen``, ``running``, ``done`` (with answer) or ``refused`` (with problem)."""

    state: SafeText
    status: Whole | None = None
    answer: dict[str, Any] | None = None
    problem: Problem | None = None
