"""Plans: what a person confirms, typed and serialisable, with the facts it rests on.

A plan is made once (its id is random), shown, confirmed, journalled and executed. It can be written to a file and
applied later or elsewhere: every operation's idempotency key is derived from the plan's id, so the same plan is done
once, wherever and however often it is applied, while a newly made plan has new keys. On panels without keys that is so
on one computer, by its journal; see ``services/panel_seen.py`` for another one.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any, Final, Self

from pydantic import Field, ValidationError, model_validator

from billtui.domain.models import Instant
from billtui.domain.money import MAX_AMOUNT, Money
from billtui.domain.safetext import SafeText
from billtui.services.operation_kinds import (
    CODED,
    FALLING,
    HOLDABLE,
    PURCHASES,
    SPENDING,
    STEPS,
    OperationKind,
)
from billtui.services.operations import MAX_OPERATIONS, Operation, PlanModel, at_most, cell_key, cell_words
from billtui.services.plan_errors import PlanError

__all__ = [
    "CODED",
    "FALLING",
    "HOLDABLE",
    "MAX_OPERATIONS",
    "MAX_PLAN_BYTES",
    "PURCHASES",
    "SCHEMA_VERSION",
    "SPENDING",
    "STEPS",
    "LeftOut",
    "Operation",
    "OperationKind",
    "Plan",
    "PlanError",
    "at_most",
    "cell_key",
    "cell_words",
    "idempotency_key",
    "payable_total",
    "planned_total",
]

SCHEMA_VERSION: Final = 1
MAX_PLAN_BYTES: Final = 16 * 1024 * 1024

_PLAN_ID = re.compile(r"[0-9a-f]{32}")
_PROFILE = re.compile(r"([a-z0-9][a-z0-9_-]{0,31})?")
_REPLACED = re.compile(r"[0-9a-f]{32}:[1-9][0-9]{0,4}")


class LeftOut(PlanModel):
    """What the person chose but the plan leaves out, and why."""

    target: str
    title: SafeText
    code: SafeText
    rule: SafeText = SafeText("")
    reason: SafeText
    related: dict[str, SafeText] = Field(default_factory=dict)
    available_from: Instant | None = None


class Plan(PlanModel):
    """Typed operations, what is left out and why, and the total: the thing that is confirmed."""

    schema_version: int = SCHEMA_VERSION
    id: str = Field(default_factory=lambda: uuid.uuid4().hex)
    made_at: Instant = Field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    kind: str
    """The kind of its first operation, or of what was asked for."""
    title: SafeText
    panel_id: str
    panel_name: SafeText = SafeText("")
    account_id: str
    login: SafeText = SafeText("")
    profile: str = ""
    operations: tuple[Operation, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    total: Money
    """What is spent (or promised) when every operation is done."""
    instead_of: tuple[str, ...] = ()
    """``JOB:NUMBER`` of each refused operation that it does anew; the journal takes each of them on once."""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not _PLAN_ID.fullmatch(self.id):
            raise ValueError("the id of a plan is 32 hexadecimal digits")
        if not _PROFILE.fullmatch(self.profile):
            raise ValueError("its profile has a name that no profile can have")
        if not all(map(_REPLACED.fullmatch, self.instead_of)):
            raise ValueError("what it does anew is not named as JOB:NUMBER")
        if not self.panel_id or not self.account_id:
            raise ValueError("a plan belongs to a panel and an account")
        if len(self.operations) > MAX_OPERATIONS:
            raise ValueError(f"a plan has at most {MAX_OPERATIONS} operations")
        if [operation.number for operation in self.operations] != list(range(1, len(self.operations) + 1)):
            raise ValueError("operations are numbered 1, 2, 3 … without gaps")
        taken: set[str] = set()
        sources: set[int] = set()
        for operation in self.operations:
            for target in operation.targets:
                if target in taken:
                    raise ValueError(f"{target} stands in two operations")
                taken.add(target)
            if operation.takes_from is not None:
                source = self.operations[operation.takes_from - 1]
                if operation.takes_from in sources or source.kind not in PURCHASES:
                    raise ValueError("an invoice comes from one purchase and is paid once")
                if operation.amount != source.amount:
                    raise ValueError("a payment has the amount of the purchase that it pays")
                sources.add(operation.takes_from)
        pushes = [one for one in self.operations if one.kind is OperationKind.TRANSFER_PUSH]
        if pushes and len({_recipient(one) for one in self.operations}) > 1:
            # Its recipient's login is what is typed to confirm it: nothing else may go under that word.
            raise ValueError("a plan that pushes orders pushes them to one recipient, and does nothing else")
        if self.total != planned_total(self.operations, self.total.currency):
            raise ValueError("the total is not the sum of the operations' amounts")
        return self

    @property
    def item_count(self) -> int:
        """How many orders and invoices it acts on: what the limit of items counts.

        A renewal of 50 orders is 50, a purchase of 21 new servers is 21; a transfer counts by its order.
        """
        beside = ("new:", "transfer:")
        targets = {target for one in self.operations for target in one.targets if not target.startswith(beside)}
        new = sum(one.new_count for one in self.operations)
        return max(len(targets) + new, sum(1 for one in self.operations if one.takes_from is None))

    @property
    def coded(self) -> tuple[int, ...]:
        """Numbers of the operations that need a one-time code, see :data:`CODED`."""
        return tuple(one.number for one in self.operations if one.kind in CODED)

    def operation(self, number: int) -> Operation:
        """The operation with ``number``. Raises PlanError when there is none."""
        if not 1 <= number <= len(self.operations):
            raise PlanError(f"The plan has no operation {number}.")
        return self.operations[number - 1]

    def key(self, number: int) -> str:
        """The idempotency key of operation ``number``."""
        return idempotency_key(self.id, number)

    def to_json(self) -> str:
        """The plan as a JSON document; ids and titles as the panel sent them, amounts as decimal strings."""
        unsaid = None if self.instead_of else {"instead_of"}
        return self.model_dump_json(indent=1, exclude=unsaid)

    def anew(self, job_id: str, numbers: Collection[int]) -> Plan:
        """The same plan, known to be made for the refused operations ``numbers`` of the job ``job_id``."""
        return self.model_copy(update={"instead_of": tuple(f"{job_id}:{number}" for number in sorted(numbers))})

    @classmethod
    def from_json(cls, document: str | bytes) -> Plan:
        """Read a plan file. Raises PlanError for anything that is not a sound plan of this schema version."""
        if len(document) > MAX_PLAN_BYTES:
            raise PlanError(f"This is not a plan of billtui: it is larger than {MAX_PLAN_BYTES // 1024 // 1024} MB.")
        try:
            data = json.loads(document, object_pairs_hook=_no_twins, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise PlanError(f"This is not a plan of billtui: {_first_line(error)}.") from None
        if not isinstance(data, dict):
            raise PlanError("This is not a plan of billtui: it is not a JSON object.")
        version = data.get("schema_version")
        if version != SCHEMA_VERSION or isinstance(version, bool):
            shown = version if isinstance(version, int) else "none"
            raise PlanError(f"The plan has schema version {shown}; this billtui reads {SCHEMA_VERSION}. Make it anew.")
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            where = ".".join(str(SafeText(str(part))) for part in first["loc"]) or "plan"
            why = "it is none that this billtui knows" if first["type"] == "enum" else first["msg"]
            raise PlanError(f"The plan is damaged at {where}: {why}. Make it anew.") from None


def _recipient(operation: Operation) -> str:
    """Whom a push is for; nobody where it is none."""
    return json.dumps([operation.params.get(one) for one in ("recipient_login", "recipient_account_id")])


def planned_total(operations: tuple[Operation, ...], currency: str) -> Money:
    """The sum of all amounts; a purchase that a later operation pays counts once.

    Raises ValueError for a mixture, PlanError as :func:`payable_total`.
    """
    paid_later = {operation.takes_from for operation in operations}
    amounts = [op.amount for op in operations if op.amount is not None and op.number not in paid_later]
    return payable_total(amounts, currency)


def payable_total(amounts: Iterable[Money], currency: str) -> Money:
    """What several amounts come to. Raises PlanError beyond the largest amount there is, ValueError for a mixture."""
    total = Money.shown_total(amounts, currency)
    if total.amount > MAX_AMOUNT:
        most = Money(MAX_AMOUNT, currency)
        raise PlanError(f"Together this is {total}, and one plan comes to {most} at most: choose fewer at a time.")
    return total


def idempotency_key(plan_id: str, number: int) -> str:
    """The Idempotency-Key of one operation: the same for every re-send, on every host; new for every new plan."""
    return hashlib.sha256(f"billtui/{plan_id}/{number}".encode()).hexdigest()


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return result


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return str(SafeText(lines[0][:120])) if lines else type(error).__name__
