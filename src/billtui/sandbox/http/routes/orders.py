"""Orders: list, detail with every action explained, changes and actions (ORD)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from billtui.domain.models.orders import OrderState
from billtui.sandbox.engine import orders
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import OrderJSON
from billtui.sandbox.http.bodies import OrderActionBody, OrderChangeBody
from billtui.sandbox.http.calls import Reading, Writing, readable
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.listing import INSTANT, ListParameters, many, one
from billtui.sandbox.http.openapi import keyed, list_of, reads, ref, writes
from billtui.sandbox.http.problems import ApiProblem

router = APIRouter(prefix=f"{PREFIX}/orders", tags=["orders"])
_LIST = ListParameters(
    (
        "id",
        "name",
        "state",
        "plan",
        "location",
        "monthly_price",
        "created_at",
        "paid_until",
        "kind",
        "address",
        "billing_day",
        "in_use_since",
    ),
    (
        ("state", many(*OrderState), "Any of these states."),
        ("kind", many(), "Any of these kinds."),
        ("plan", many(), "Any of these plans."),
        ("location", many(), "Any of these locations."),
        ("id", many(), "Any of these orders."),
        ("name", many(), "Any of these names."),
        ("address", many(), "Any of these addresses."),
        ("unpaid_invoice_id", many(), "Billed by any of these open invoices."),
        ("expires_before", INSTANT, "Paid until earlier than this."),
        ("expires_after", INSTANT, "Paid until this or later."),
        ("auto_renew", one("on", "off"), "Auto-renewal (REN-4)."),
        ("open_invoice", one("yes", "no"), "Whether an open invoice bills it (REN-2)."),
        ("account_id", many(), "Of any of these accounts; for staff alone (ACC-7)."),
    ),
)


@router.get("", responses=reads(list_of("Order"), 422), openapi_extra=_LIST.openapi)
async def list_orders(call: Reading, request: Request) -> Response:
    """A page of orders. Of their actions only the refused ones are listed, with code and what they relate to."""
    query = _LIST.read(request)
    return await call.answer(lambda tx, caller: orders.list_orders(tx, caller.reads_of, readable(caller, query)))


@router.get("/{order_id}", responses=reads(ref("Order"), 404))
async def get_order(call: Reading, order_id: str) -> Response:
    """One order; every action with whether it is allowed, and if not why (ORD-7)."""
    return await call.answer(lambda tx, caller: orders.get_order(tx, caller.reads_of, order_id))


@router.patch("/{order_id}", responses=writes(ref("Order"), 404, 409, 412), openapi_extra=keyed(if_match=True))
async def change_order(call: Writing, order_id: str, body: OrderChangeBody) -> Response:
    """Rename, or set auto-renewal, or both (ORD-4, REN-5)."""
    if body.name is None and body.auto_renew is None:
        raise ApiProblem(
            422, "invalid-input", "Nothing to change: send a name or auto_renew.", fields={"name": "or auto_renew"}
        )
    account_id = call.caller.account_id

    def work(tx: Tx) -> OrderJSON:
        if_match = call.if_match
        changed: OrderJSON | None = None
        if body.name is not None:
            changed = orders.rename(tx, account_id, order_id, body.name, if_match)
            if_match = None  # the version rose by this very request
        if body.auto_renew is not None:
            wanted = body.auto_renew
            changed = orders.set_auto_renew(tx, account_id, order_id, wanted.on, wanted.months, if_match)
        assert changed is not None
        return changed

    return await call.answer(work)


@router.post("/{order_id}/actions", responses=writes(ref("Order"), 404, 409, 412), openapi_extra=keyed(if_match=True))
async def act(call: Writing, order_id: str, body: OrderActionBody) -> Response:
    """Start, stop, reboot, reset, reinstall, suspend or unsuspend (ORD-4)."""
    return await call.answer(
        lambda tx: orders.act(tx, call.caller.account_id, order_id, body.action, body.confirm_name, call.if_match)
    )
