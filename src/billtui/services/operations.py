"""One operation of a plan: the request it becomes, what it locks, what it rests on, and its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Final, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from billtui.domain.models import OrderCell, TicketChange
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services import ticket_params
from billtui.services.operation_kinds import (
    FALLING,
    HOLDABLE,
    ON_TICKETS,
    PARAMS,
    SPENDING,
    STEPS,
    OperationKind,
)
from billtui.services.plan_errors import PlanError
from billtui.services.ticket_params import TARGET_OF_TICKETS, AttachedFile

T = TypeVar("T")
MAX_OPERATIONS: Final = 20_000

_NUMBERED = re.compile(r"(?:[a-z.]+[-:])?[0-9]+")
"""A plan's id that says nothing to people."""
_TARGET = re.compile(rf"(invoice|order|transfer):\S{{1,200}}|new:[1-9][0-9]{{0,4}}|purse|account|{TARGET_OF_TICKETS}")


class PlanModel(BaseModel):
    """What a plan and its parts have in common: unchangeable, without unknown fields, silent about its input."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class Operation(PlanModel):
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
