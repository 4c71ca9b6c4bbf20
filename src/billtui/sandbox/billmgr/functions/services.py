"""Services: lists over the item types, one in detail, power, auto-renewal (wire: 10)."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from billtui.domain.numbers import is_number
from billtui.sandbox.billmgr import lists
from billtui.sandbox.billmgr.call import Call, How, function
from billtui.sandbox.billmgr.catalogue import ITEM_TYPES, KINDS, Catalogue
from billtui.sandbox.billmgr.lists import Condition, Listing
from billtui.sandbox.billmgr.nodes import Doc, Node, flag, scalars
from billtui.sandbox.billmgr.quirks import Quirk
from billtui.sandbox.billmgr.words import day, money, period, plain
from billtui.sandbox.engine.facts import addons_monthly
from billtui.sandbox.engine.rows import OrderRow
from billtui.sandbox.engine.wire import SECOND, cents_of
from billtui.sandbox.tables import NEVER

_SHOWN = {
    "1": "Ordered",
    "2": "Active",
    "2_stop": "Stopped",
    "3": "Suspended",
    "3_autosuspend": "Suspended automatically",
    "4": "Deleted",
    "5_open": "In progress (being opened)",
}
_OPENING = 5 * SECOND
CLOSING = "closing"
"""Under this name the panel remembers which services are not to go on."""
_END = f"coalesce(paid_until, {NEVER})"
WAS_THERE = "state <> 'cancelled'"
"""What was ordered and taken out of the basket before it was paid never became a service: the panel forgets it."""
_STATUS = {
    "1": "state = 'pending'",
    "2": "state = 'active'",
    "3": "state IN ('suspended', 'blocked')",
    "4": "state = 'deleted'",
    "5": "0",
}


def status_now(call: Call, row: OrderRow) -> str:
    """The same, as it is shown at this moment: a new server may take a while to be set up."""
    began = row.in_use_since
    if Quirk.SLOW_OPENING in call.quirks and began is not None and call.tx.at < began + _OPENING:
        return "5_open" if row.state == "active" else status_of(row)
    return status_of(row)


def status_of(row: OrderRow) -> str:
    """The status of a service with its detail, as ``item_status.$orig`` has it (wire: 10.1)."""
    match row.state:
        case "pending":
            return "1"
        case "active":
            return "2" if row.power == "running" else "2_stop"
        case "suspended":
            return "3"
        case "blocked":
            return "3_autosuspend"
        case _:
            return "4"


def _shown(call: Call, status: str) -> Node:
    if Quirk.STATUS_CODES in call.quirks:
        return Node(status[0])
    return Node(f"{call.say(_SHOWN[status])} ", {"orig": status})


def monthly_of(row: OrderRow) -> int:
    """What a service costs a month with its add-ons, in cents, before any discount."""
    return row.monthly_cents + cents_of(addons_monthly(row))


def closing(call: Call) -> list[int]:
    """The services that were deleted and run to the end of what is paid."""
    found: list[int] = call.memory(CLOSING).get("ids", [])
    return found


def service(call: Call, catalogue: Catalogue, row: OrderRow, ends: Collection[int] = ()) -> Node:
    """A service as it stands in a list; ``ends`` are those that are not to go on."""
    plan, place = catalogue.plan(row.plan), catalogue.location(row.location)
    status = status_now(call, row)
    live = status[0] in "23"
    months = row.auto_months if row.auto_on else 1
    cost = monthly_of(row) * months
    end = day(row.paid_until)
    found = scalars(
        {
            "id": row.id,
            "domain": row.name,
            "server_name": row.name,
            "name": row.name,
            "ip": "" if status[0] == "5" else row.address or "",
            "pricelist": plan.name,
            "pricelist_id": plan.number,
            "intname": plan.id,
            "itemtype": ITEM_TYPES.get(row.kind, row.kind),
            "datacenter": place.number,
            "datacentername": place.name,
            "createdate": day(row.created_at),
            "expiredate": "daily charging" if end and Quirk.EXPIRY_WORDS in call.quirks else end,
            "real_expiredate": end,
            "cost": f"{money(cost, row.currency)} / {period(months, call.lang)}",
            "item_cost": plain(cost, 4),
            "currency_str": row.currency,
            "status": status[0],
            "item_status": _shown(call, status),
            "item_real_status": status[0],
            "autoprolong": period(row.auto_months, call.lang) if row.auto_on else call.say("Do not renew"),
            "billdaily": flag(False),
            "scheduledclose": flag(row.id in ends and not row.auto_on and live),
            "transition": flag(live),
            "show_reboot": flag(status == "2"),
            "allow_changepassword": flag(status[0] == "2"),
            "has_ip_pricelist": flag(False),
        }
    )
    if Quirk.NO_ITEM_STATUS in call.quirks:
        found.children = [(name, node) for name, node in found.children if name != "item_status"]
    return found


def _rows(call: Call, condition: str, values: Sequence[Any]) -> list[Node]:
    catalogue = Catalogue(call.tx)
    ends = set(closing(call))
    return [service(call, catalogue, row, ends) for row in call.tx.orders.where(condition, values)]


def _numbered(column: str, things: str, first: int) -> lists.Filter:
    """By the number of a plan or a location."""

    def make(value: str) -> Condition | None:
        wanted = [int(one) - first for one in lists.parts_of(value) if is_number(one, 8)]
        if value in ("null", "any"):
            return None
        chosen = "SELECT value FROM json_each(?)"
        return f"{column} IN (SELECT id FROM {things} WHERE position IN ({chosen}))", [json.dumps(wanted)]

    return make


def _auto(value: str) -> Condition | None:
    return {"on": ("auto_on = 1", []), "off": ("auto_on = 0", []), "null": ("auto_on = 0", [])}.get(value)


def _listing(item: str) -> Listing:
    kind = KINDS[item]

    def base(call: Call) -> Condition:
        elsewhere = item == "vds" and Quirk.RENAMED_LIST in call.quirks and not call.renamed
        return f"account_id = ? AND kind = ? AND {WAS_THERE}" + (" AND 0" if elsewhere else ""), [call.account_id, kind]

    return Listing(
        name=item,
        table="orders",
        order="id",
        columns={
            "id": "id",
            "domain": "name",
            "name": "name",
            "server_name": "name",
            "ip": "coalesce(address, '')",
            "createdate": "created_at",
            "expiredate": _END,
            "real_expiredate": _END,
            "item_cost": "monthly_cents",
            "cost": "monthly_cents",
            "status": "state",
            "item_status": "state",
            "pricelist": "plan",
            "datacentername": "location",
        },
        filters={
            "id": lists.ids("id"),
            "ip": lists.contains("coalesce(address, '')"),
            "domain": lists.contains("name"),
            "pricelist": _numbered("plan", "plans", 501),
            "datacenter": _numbered("location", "locations", 1),
            "status": lists.codes(_STATUS),
            "cost_from": lists.at_least("monthly_cents"),
            "cost_to": lists.at_most("monthly_cents"),
            "autoprolong": _auto,
        },
        dates={"opendate": "created_at", "expiredate": _END},
        rows=_rows,
        base=base,
        buttons={
            "new": f"{item}.order",
            "edit": f"{item}.edit",
            "delete": f"{item}.delete",
            "changepassword": "service.changepassword",
            "prolong": "service.prolong",
            "reboot": "service.reboot",
            "start": "service.start",
            "stop": "service.stop",
            "filter": f"{item}.filter",
            "ask": "clientticket.edit",
        },
    )


LISTINGS = {item: _listing(item) for item in KINDS}


@function(*KINDS)
def services(call: Call) -> Doc:
    """The services of one item type (wire: 10.1)."""
    return lists.answer(call, LISTINGS[call.form.func])


@function(*(f"{item}.filter" for item in KINDS), how=How.FORM)
def services_filter(call: Call) -> Doc:
    """What of them is shown."""
    return lists.filter_form(call, LISTINGS[call.form.func.removesuffix(".filter")])
