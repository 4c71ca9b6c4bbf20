"""A plan in the making: operations, what is left out, and what is busy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from billtui.domain.models import Account
from billtui.domain.money import Money
from billtui.domain.refusal import Refusal
from billtui.domain.rules.facts import EXTERNAL_METHODS, PROMISE, PURSES
from billtui.domain.safetext import SafeText
from billtui.services.journal.rows import Busy
from billtui.services.journal.states import OperationState
from billtui.services.plans import LeftOut, Operation, OperationKind, Plan, planned_total

K = OperationKind
JsonObject = dict[str, JsonValue]


@dataclass(slots=True)
class Draft:
    """A plan in the making."""

    account: Account
    kind: OperationKind
    profile: str = ""
    busy: Mapping[str, Busy] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def refuse(self, target: str, title: str, refusal: Refusal) -> None:
        self.left_out.append(
            LeftOut(
                target=target,
                title=SafeText(title),
                code=SafeText(refusal.code),
                rule=SafeText(refusal.rule),
                reason=SafeText(refusal.reason),
                related={name: SafeText(value) for name, value in refusal.related.items()},
                available_from=refusal.available_from,
            )
        )

    def taken(self, targets: Sequence[str], title: str) -> bool:
        """Whether one of the targets stands in the plan already, or has an open operation; the latter is left out."""
        if any(target in self.seen for target in targets):
            return True
        self.seen.update(targets)
        for target in targets:
            open_one = self.busy.get(target)
            if open_one is not None:
                reason = (
                    f"It already has an open operation ({open_one.title}, {open_one.state}): finish that one first."
                    if open_one.state is not OperationState.HELD
                    else f"“{open_one.title}” is about to be done: take that back, or wait the few seconds until it is."
                )
                related = {"job_id": open_one.job_id}
                self.refuse(target, title, Refusal("operation-open", "", reason, related))
                return True
        return False

    def add(
        self,
        kind: OperationKind,
        targets: Sequence[str],
        title: str,
        *,
        params: JsonObject,
        facts: JsonObject | None = None,
        amount: Money | None = None,
        takes_from: int | None = None,
        holdable: bool = False,
    ) -> int:
        number = len(self.operations) + 1
        self.operations.append(
            Operation(
                number=number,
                kind=kind,
                targets=tuple(targets),
                params=params,
                facts=facts or {},
                amount=amount,
                title=SafeText(title),
                takes_from=takes_from,
                holdable=holdable or kind in (K.DELETE, K.COMBINE, K.SPLIT),
            )
        )
        return number

    def named(self, many: str) -> str:
        """What the plan does: a single operation by its own title, several as ``many``."""
        return str(self.operations[0].title) if len(self.operations) == 1 else many

    def plan(self, title: str) -> Plan:
        operations = tuple(self.operations)
        return Plan(
            kind=self.kind.value,
            title=SafeText(title),
            panel_id=self.account.panel_id.raw,
            panel_name=self.account.panel_name,
            account_id=self.account.account_id.raw,
            login=self.account.login,
            profile=self.profile,
            operations=operations,
            left_out=tuple(self.left_out),
            total=planned_total(operations, self.account.currency),
        )


def external_methods(account: Account) -> tuple[str, ...]:
    known = tuple(one.raw for one in account.payment_methods if one.raw not in PURSES and one.raw != PROMISE)
    return known or EXTERNAL_METHODS


def counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
