"""Plan files for panels without keys: what the panel looked like when the file was written.

What is done to an order or an invoice is stopped a second time by what it changed there. New servers and top-ups are
not: carried out on two computers they are bought twice. So what their effect would be recognised by goes into the file,
and is looked at again before the file is carried out anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from billtui.services.findings import act_of, makes_new
from billtui.services.operation_kinds import SPENDING, OperationKind
from billtui.services.pictures import changes
from billtui.services.plans import Operation, Plan

if TYPE_CHECKING:
    from billtui.client import BillingClient
    from billtui.client.drivers.acts import Act
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
    seen = None if operation is None else await client.outcomes.before(_act(plan, operation))
    if operation is None or seen is None:
        return plan
    fact: dict[str, Any] = {"at": at, "seen": seen}
    noted = operation.model_copy(update={"facts": {**operation.facts, SEEN: fact}})
    return plan.model_copy(update={"operations": tuple(noted if one is operation else one for one in plan.operations)})


async def changed_since_written(client: BillingClient, journal: JournalReader, plan: Plan) -> list[str]:
    """What differs on the panel from when the file was written, in words. Raises ClientError, JournalError.

    Where this computer bought, paid or the like there since, that is what it may come from: then only what is new there
    and was not made from here, and what looks like this very plan.
    """
    operation = None if client.driver.traits.keys else _first(plan)
    fact = None if operation is None else operation.facts.get(SEEN)
    before = fact.get("seen") if isinstance(fact, dict) else None
    if operation is None or not isinstance(fact, dict) or not isinstance(before, dict):
        return []
    seen = await client.outcomes.before(_act(plan, operation))
    now = {name: value for name, value in (seen or {}).items() if name in before}  # a later billtui may look at more
    if not now or now == before:
        return []
    at = str(fact.get("at"))
    if not journal.any_sent_since(plan.panel_id, plan.account_id, at, TRACES):
        return changes(before, now)
    done = journal.done_since(plan.panel_id, plan.account_id, TRACES, _instant(at))
    ours = {one for row in done for one in _made(row.answer)}
    servers = {one for row in done for one in _servers(row.answer)}
    foreign = changes(before, {name: _foreign(value, now.get(name), ours, servers) for name, value in before.items()})
    found = await client.outcomes.found(_act(plan, operation), before)
    made = _made(found.answer) if found.state == "done" else set()
    like_this = f"{found.words[:1].lower()}{found.words[1:].rstrip('.')}, as this plan says"
    return foreign + ([like_this] if made and not made & ours else [])


def _instant(text: str) -> datetime:
    """When the file was looked at; long ago where it does not say."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def _act(plan: Plan, operation: Operation) -> Act:
    return act_of(operation, None, plan.key(operation.number))


def _made(answer: Mapping[str, Any] | None) -> set[str]:
    """The end of the id of the invoice that an answer names; no orders, whose numbers are others' as well."""
    invoice = (answer or {}).get("invoice")
    return {str(invoice["id"]).rpartition(":")[2]} if isinstance(invoice, Mapping) and "id" in invoice else set()


def _servers(answer: Mapping[str, Any] | None) -> set[str]:
    """Ids of the new orders of an answer, whole, as the journal keeps it: see ``kept_answer`` in :mod:`settle`."""
    kept = (answer or {}).get("order_ids")
    return set(map(str, kept)) if isinstance(kept, list) else set()


def _foreign(before: Any, now: Any, invoices: Set[str], servers: Set[str], kind: str | None = None) -> Any:
    """``before``, and of what is listed ``now`` also what is newer than all of that and was not made from here.

    ``kind`` is that of the servers in a list of them, whose ids it begins; a list without one is of invoices.
    """
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        return {name: _foreign(value, now.get(name), invoices, servers, name) for name, value in before.items()}
    if not isinstance(before, list) or not isinstance(now, list):
        return before
    newest = max((int(one) for one in before if str(one).isdecimal()), default=-1)
    new = [one for one in now if one not in before and not (str(one).isdecimal() and int(one) <= newest)]
    if kind is None:
        return before + [one for one in new if str(one).rpartition(":")[2] not in invoices]
    return before + [one for one in new if servers.isdisjoint((str(one), f"{kind}:{one}"))]
