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
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from billtui.domain.models import Instant, OrderCell, TicketChange
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services import ticket_params
from billtui.services.operation_kinds import (
    CODED,
    FALLING,
    HOLDABLE,
    ON_TICKETS,
    PARAMS,
    PURCHASES,
    SPENDING,
    STEPS,
    OperationKind,
)
from billtui.services.plan_errors import PlanError
from billtui.services.ticket_params import TARGET_OF_TICKETS, AttachedFile

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
    "planned_total",
]

T = TypeVar("T")
SCHEMA_VERSION: Final = 1
MAX_PLAN_BYTES: Final = 16 * 1024 * 1024
MAX_OPERATIONS: Final = 20_000

_PLAN_ID = re.compile(r"[0-9a-f]{32}")
_NUMBERED = re.compile(r"(?:[a-z.]+[-:])?[0-9]+")
"""A plan's id that says nothing to people."""
_PROFILE = re.compile(r"([a-z0-9][a-z0-9_-]{0,31})?")
_REPLACED = re.compile(r"[0-9a-f]{32}:[1-9][0-9]{0,4}")
_TARGET = re.compile(rf"(invoice|order|transfer):\S{{1,200}}|new:[1-9][0-9]{{0,4}}|purse|account|{TARGET_OF_TICKETS}")


class _PlanModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class Operation(_PlanModel):
    """One request that changes something, and what was true when it was planned."""

    number: Annotated[int, Field(ge=1, le=MAX_OPERATIONS)]
    kind: OperationKind
    targets: tuple[str, ...] = ()
    """What it locks; one open operation per target at a time.

    ``invoice:ID``, ``order:ID``, ``transfer:ID`` (raw ids), ``purse``, ``account`` (its settings), or ``new:N``: the
    N-th request for new servers of its plan. So a second purchase of new servers waits until the outcome of the first
    is known, in every program on the account. A step of a transfer locks the transfer and its order. Of tickets:
    ``ticket:ID``, ``canned:ID``, ``new-ticket:N`` (the number of its draft), ``new-canned:N``.
    """
    params: dict[str, JsonValue] = Field(default_factory=dict)
    facts: dict[str, JsonValue] = Field(default_factory=dict)
    """States, totals and prices that it rests on; compared again directly before the request (drift guard)."""
    amount: Money | None = None
    """What it spends, if it spends."""
    title: SafeText
    takes_from: int | None = None
    """Number of an earlier operation whose answer supplies the invoice."""
    holdable: bool = False

    def text(self, name: str) -> str:
        """The parameter ``name`` as a string. Raises PlanError where the plan has none."""
        value = self.params.get(name)
        if not isinstance(value, str) or not value:
            raise PlanError(f"Operation {self.number} of the plan has no {name}; make the plan anew.")
        return value

    def texts(self, name: str) -> list[str]:
        """The parameter ``name`` as a list of strings. Raises PlanError where the plan has none."""
        value = self.params.get(name)
        texts = [item for item in value if isinstance(item, str) and item] if isinstance(value, list) else []
        if not isinstance(value, list) or not texts or len(texts) != len(value):
            raise PlanError(f"Operation {self.number} of the plan has no list of {name}; make the plan anew.")
        return texts

    def billed_orders(self) -> list[str]:
        """The orders that a purchase bills. Raises PlanError where the plan names none."""
        return [self.text("order_id")] if self.kind is OperationKind.PLAN_CHANGE else self.texts("order_ids")

    def whole(self, name: str) -> int:
        """The parameter ``name`` as a whole number. Raises PlanError where the plan has none."""
        value = self.params.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise PlanError(f"Operation {self.number} of the plan has no number {name}; make the plan anew.")
        return value

    def cells(self) -> list[OrderCell]:
        """The parameter ``cells`` of a purchase of new servers. Raises PlanError where the plan has none."""
        value = self.params.get("cells")
        try:
            cells = [OrderCell.model_validate(one) for one in value] if isinstance(value, list) else []
        except ValidationError:
            cells = []
        if not cells:
            raise PlanError(f"Operation {self.number} of the plan has no cells; make the plan anew.")
        return cells

    def settings(self) -> dict[str, dict[str, bool]]:
        """The parameter ``settings``: channels of events, ``{event: {channel: on}}``. Raises PlanError without any."""
        settings = _matrix(self.params.get("settings"))
        if not settings:
            raise PlanError(f"Operation {self.number} of the plan has no settings; make the plan anew.")
        return settings

    def files(self) -> tuple[AttachedFile, ...]:
        """The files that go with a message (TKT-6). Raises PlanError where the plan is damaged."""
        return self._checked(ticket_params.files_in)

    def change(self) -> TicketChange:
        """What a change of tickets changes (TKT-8). Raises PlanError where the plan is damaged."""
        return self._checked(ticket_params.change_in)

    def _checked(self, read: Callable[[Mapping[str, JsonValue]], T]) -> T:
        try:
            return read(self.params)
        except ValueError as error:
            raise PlanError(f"Operation {self.number} of the plan is damaged: {error}; make the plan anew.") from None

    @property
    def new_count(self) -> int:
        """How many new servers it buys."""
        return sum(one.quantity for one in self.cells()) if self.kind is OperationKind.ORDER else 0

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for target in self.targets:
            if not _TARGET.fullmatch(target):
                raise ValueError("a target is invoice:ID, order:ID, transfer:ID, ticket:ID, new:N, purse or account")
        if len(set(self.targets)) != len(self.targets):
            raise ValueError("a target stands twice in one operation")
        missing = PARAMS[self.kind] - self.params.keys()
        if missing:
            raise ValueError(f"{self.kind} needs {', '.join(sorted(missing))}")
        if self.takes_from is None and not self.targets:
            raise ValueError("an operation needs a target")
        if self.takes_from is not None and (self.kind is not OperationKind.PAY or self.takes_from >= self.number):
            raise ValueError("only a payment can take its invoice from an earlier operation")
        if (self.kind in SPENDING) != (self.amount is not None):
            raise ValueError("a purchase or payment carries its amount, and nothing else does")
        if self.amount is not None and self.amount.amount < 0:
            raise ValueError("an amount is not negative")
        if self.holdable and self.kind not in HOLDABLE:
            raise ValueError(f"{self.kind} cannot be held back")
        if self.kind is OperationKind.PAY and (self.takes_from is None) == ("invoice_id" not in self.params):
            raise ValueError("a payment has an invoice, or takes it from an earlier operation")
        if self.kind is OperationKind.ORDER and not self.cells():
            raise ValueError("a purchase of new servers says which")
        if self.kind is OperationKind.NOTIFY and not _matrix(self.params["settings"]):
            raise ValueError("a change of notifications says which")
        if self.kind in STEPS and sum(one.startswith("order:") for one in self.targets) != 1:
            raise ValueError("a step of a transfer names its order")
        ticket_params.check(self.kind, self.targets, self.params, self.facts, holdable=self.holdable)
        if self._acts_on() - set(self.targets):
            raise ValueError(f"{self.kind} acts on something that is not among its targets")
        return self

    def _acts_on(self) -> set[str]:
        """What the parameters name, as targets: it has to be what is locked, and what a person is shown."""
        found: set[str] = set()
        if self.kind in ON_TICKETS:
            return found  # theirs were checked, and the order that a new ticket is about is not locked
        for name, value in self.params.items():
            kind, _, many = name.partition("_")
            if kind in ("invoice", "order", "transfer") and many in ("id", "ids"):
                found |= {f"{kind}:{one}" for one in (value if isinstance(value, list) else [value])}
        return found


class LeftOut(_PlanModel):
    """What the person chose but the plan leaves out, and why."""

    target: str
    title: SafeText
    code: SafeText
    rule: SafeText = SafeText("")
    reason: SafeText
    related: dict[str, SafeText] = Field(default_factory=dict)
    available_from: Instant | None = None


class Plan(_PlanModel):
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


def _matrix(value: object) -> dict[str, dict[str, bool]]:
    """``{event: {channel: on}}``, or nothing where ``value`` is something else."""
    found: dict[str, dict[str, bool]] = {}
    for event, channels in value.items() if isinstance(value, dict) else ():
        wanted = channels if isinstance(channels, dict) else {}
        found[event] = {name: on for name, on in wanted.items() if isinstance(on, bool)}
        if not wanted or len(found[event]) != len(wanted):
            return {}
    return found


def at_most(operation: Operation) -> bool:
    """Whether it may come out cheaper than confirmed: what falls while time passes (ORD-5, ORD-6), and new servers with
    a promo code, which some panels take off only when they bill (DSC-6)."""
    promo = operation.kind is OperationKind.ORDER and bool(operation.params.get("promo_code"))
    return promo or operation.kind in FALLING


def cell_key(plan: str, location: str) -> str:
    """How the facts of a purchase name a plan in a location; ids as the panel wrote them."""
    return f"{getattr(plan, 'raw', plan)}@{getattr(location, 'raw', location)}"


def cell_words(operation: Operation, cell: OrderCell) -> str:
    """What a cell of a purchase is, for people: ``KVM-2 in Amsterdam``.

    Ids of panels that number what they sell (``vds-501`` in ``6``) say nothing: then its title of the quote stands
    there, without how long it is for, and the ids behind it, because they are what is sent.
    """
    ids = f"{SafeText(cell.plan.raw)} in {SafeText(cell.location.raw)}"
    lines = operation.facts.get("lines")
    facts = lines.get(cell_key(cell.plan, cell.location)) if isinstance(lines, dict) else None
    title = facts.get("title") if isinstance(facts, dict) else None
    if not _NUMBERED.fullmatch(cell.plan.raw) or not isinstance(title, str) or not title.strip():
        return ids
    name = SafeText(title.partition(" (")[0].strip()[:36])
    return ids if name == cell.plan else f"{name} ({ids})"


def planned_total(operations: tuple[Operation, ...], currency: str) -> Money:
    """The sum of all amounts; a purchase that a later operation pays counts once. Raises ValueError for a mixture."""
    paid_later = {operation.takes_from for operation in operations}
    amounts = [op.amount for op in operations if op.amount is not None and op.number not in paid_later]
    return Money.total(amounts, currency)


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
