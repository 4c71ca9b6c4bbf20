"""Plan files for panels without keys: what the panel looked like when the file was written.

What is done to an order or an invoice is stopped a second time by what it changed there. New servers and top-ups are
not: carried out on two computers they are bought twice. So what their effect would be recognised by goes into the file,
and is looked at again before the file is carried out anywhere.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from billtui.services.findings import act_of, makes_new
from billtui.services.operation_kinds import SPENDING, OperationKind
from billtui.services.pictures import changes
from billtui.services.plans import Operation, Plan

if TYPE_CHECKING:
    from billtui.client import BillingClient
    from billtui.services.journal import JournalReader

K = OperationKind
SEEN: Final = "panel_seen"
"""The fact that holds it: ``at`` and ``seen``, as in a picture of the journal."""
TRACES: Final = SPENDING | {K.DELETE, K.COMBINE, K.SPLIT, K.TRANSFER_PUSH, K.TRANSFER_ACCEPT}
"""What changes invoices, servers or the balance, by which a purchase would be recognised. A new name, a reboot or a
ticket does not: who wrote one explains nothing by it."""


def _first(plan: Plan) -> Operation | None:
    """The first operation that buys something new: where the plan was begun elsewhere, its effect is there."""
    return next((one for one in plan.operations if one.targets and one.kind in SPENDING and makes_new(one)), None)


async def with_panel_seen(client: BillingClient, plan: Plan) -> Plan:
    """``plan`` as it goes into a file. Raises ClientError."""
    operation = None if client.driver.traits.keys else _first(plan)
    at = datetime.now(UTC).isoformat(timespec="microseconds")  # what is done from here on may be what differs later
    seen = None if operation is None else await client.outcomes.before(act_of(operation, None))
    if operation is None or seen is None:
        return plan
    fact: dict[str, Any] = {"at": at, "seen": seen}
    noted = operation.model_copy(update={"facts": {**operation.facts, SEEN: fact}})
    return plan.model_copy(update={"operations": tuple(noted if one is operation else one for one in plan.operations)})


async def changed_since_written(client: BillingClient, journal: JournalReader, plan: Plan) -> list[str]:
    """What differs on the panel from when the file was written, in words; nothing where this computer bought, paid
    or the like there since, which may be what it comes from. Raises ClientError, JournalError."""
    operation = None if client.driver.traits.keys else _first(plan)
    fact = None if operation is None else operation.facts.get(SEEN)
    before = fact.get("seen") if isinstance(fact, dict) else None
    if operation is None or not isinstance(fact, dict) or not isinstance(before, dict):
        return []
    now = await client.outcomes.before(act_of(operation, None))
    if now is None or now == before:
        return []
    if journal.any_sent_since(plan.panel_id, plan.account_id, str(fact.get("at")), TRACES):
        return []
    return changes(before, now)
