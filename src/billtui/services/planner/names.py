"""Plans that give orders other names (ORD-4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import JsonValue

from billtui.domain.models import Account, Order
from billtui.domain.refusal import Refusal
from billtui.domain.rules import orders as order_rules
from billtui.domain.rules.facts import order_facts
from billtui.services.journal.rows import Busy
from billtui.services.planner.draft import Draft, counted
from billtui.services.planner.facts import facts_of_order
from billtui.services.plans import OperationKind, Plan

K = OperationKind


def rename_all(
    account: Account,
    names: Sequence[tuple[Order, str]],
    *,
    now: datetime | None = None,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Give each order its new name. One that has it already, or may not be renamed now, is left out with the reason."""
    draft = Draft(account, K.RENAME, profile, busy or {})
    moment = now or datetime.now(UTC)
    for order, name in names:
        target, title, wanted = f"order:{order.id.raw}", str(order.name), name.strip()
        if draft.taken([target], title):
            continue
        refusal = order_rules.action_refusal(order_facts(order), "rename", moment)
        if not wanted:
            refusal = Refusal("invalid-input", "ORD-4", "An order needs a name: type one.")
        elif wanted == order.name.raw:
            refusal = Refusal("nothing-to-do", "ORD-4", "It has that name already.")
        if refusal is not None:
            draft.refuse(target, title, refusal)
            continue
        params: dict[str, JsonValue] = {"order_id": order.id.raw, "name": wanted}
        draft.add(K.RENAME, [target], f"Rename {title} to {wanted}", params=params, facts=facts_of_order(order))
    if len(names) == 1:
        return draft.plan(f"Rename {names[0][0].name}")
    return draft.plan(draft.named(f"Rename {counted(len(draft.operations), 'order')}"))
