"""Prices explained before anything is bought, and buying what was priced (REN-1, BLK-1, ORD-5, DSC-8)."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import Response

from billtui.domain.rules.new_orders import Cell
from billtui.sandbox.engine import addons, new_orders, plan_changes, quotes
from billtui.sandbox.engine.new_orders import Wish
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire_quotes import QuoteJSON
from billtui.sandbox.http.bodies import PurchaseBody, QuoteBody, money_or_none
from billtui.sandbox.http.calls import Quoting, Writing
from billtui.sandbox.http.fault_set import PREFIX
from billtui.sandbox.http.openapi import keyed, ref, unkeyed, writes
from billtui.sandbox.http.problems import ApiProblem

router = APIRouter(prefix=PREFIX, tags=["purchases"])


@router.post("/quotes", responses=writes(ref("Quote"), 404, 409), openapi_extra=unkeyed())
async def quote(call: Quoting, body: QuoteBody) -> Response:
    """Price a purchase without buying: every amount explained, and what is left out and why (BLK-6)."""
    quoted = _KINDS.get(body.kind)
    if quoted is None:
        detail = "There is no such kind of quote."
        raise ApiProblem(422, "invalid-input", detail, fields={"kind": ", ".join(_KINDS)})
    work = quoted(body, call.caller.account_id)
    return await call.answer(work, store=False)


def _renewal(body: QuoteBody, account_id: int) -> Callable[[Tx], QuoteJSON]:
    period, order_ids = body.period, body.order_ids
    if period is None or order_ids is None:
        missing = {"period": "how many months"} if period is None else {}
        if order_ids is None:
            missing["order_ids"] = "which orders"
        raise ApiProblem(422, "invalid-input", "A renewal needs orders and a period.", fields=missing)
    return lambda tx: quotes.quote_renewal(tx, account_id, order_ids, period, body.promo_code)


def _order(body: QuoteBody, account_id: int) -> Callable[[Tx], QuoteJSON]:
    missing = {"period": "how many months"} if body.period is None else {}
    if body.cells is None and not (body.plan is not None and body.all_locations):
        missing["cells"] = "which plans where, or plan and quantity with all_locations"
    if body.cells is not None and (body.plan is not None or body.all_locations):
        missing["cells"] = "either these, or plan and quantity with all_locations"
    if missing or body.period is None:
        raise ApiProblem(422, "invalid-input", "New servers need plans, locations and a period.", fields=missing)
    wish = Wish(
        period=body.period,
        cells=tuple(Cell(one.plan, one.location, one.quantity) for one in body.cells or ()),
        plan=body.plan,
        quantity=body.quantity,
        addons=tuple(body.addons),
        names=body.names,
        auto_on=body.auto_renew is not None and body.auto_renew.on,
        auto_months=1 if body.auto_renew is None else body.auto_renew.months,
        promo_code=body.promo_code,
    )
    return lambda tx: new_orders.quote_order(tx, account_id, wish)


def _addon(body: QuoteBody, account_id: int) -> Callable[[Tx], QuoteJSON]:
    order_ids = body.order_ids
    missing = {} if order_ids is not None else {"order_ids": "which orders"}
    if not body.addons:
        missing["addons"] = "which add-ons"
    if body.promo_code:
        missing["promo_code"] = "a code gives nothing on add-ons (DSC-4): leave it out"
    if missing or order_ids is None:
        raise ApiProblem(422, "invalid-input", "Add-ons need orders, and no promo code.", fields=missing)
    return lambda tx: addons.quote_addons(tx, account_id, order_ids, body.addons)


def _plan_change(body: QuoteBody, account_id: int) -> Callable[[Tx], QuoteJSON]:
    order_id, plan = body.order_id, body.plan
    missing = {} if order_id is not None else {"order_id": "which order"}
    if plan is None:
        missing["plan"] = "which plan it is to have"
    if body.promo_code:
        missing["promo_code"] = "a code gives nothing on a change of plan: leave it out"
    if missing or order_id is None or plan is None:
        raise ApiProblem(
            422, "invalid-input", "A change of plan needs an order and a plan, and no promo code.", fields=missing
        )
    return lambda tx: plan_changes.quote_plan_change(tx, account_id, order_id, plan)


_KINDS: dict[str, Callable[[QuoteBody, int], Callable[[Tx], QuoteJSON]]] = {
    "renewal": _renewal,
    "order": _order,
    "addon": _addon,
    "plan_change": _plan_change,
}


@router.post("/renewals", status_code=201, responses=writes(ref("Bought"), 404, 409, status=201), openapi_extra=keyed())
async def renew(call: Writing, body: PurchaseBody) -> Response:
    """Buy a renewal quote: an invoice with every line, or nothing at all. Only payment renews (REN-1)."""
    expected = money_or_none(body.expected_total)
    return await call.answer(
        lambda tx: {"invoice": quotes.renew(tx, call.caller.account_id, body.quote_id, expected)}, status=201
    )


@router.post(
    "/orders", status_code=201, responses=writes(ref("BoughtOrders"), 404, 409, status=201), openapi_extra=keyed()
)
async def order(call: Writing, body: PurchaseBody) -> Response:
    """Buy a quote of new servers: their invoice and the pending orders, or nothing at all (BLK-1, BLK-6)."""
    expected = money_or_none(body.expected_total)
    return await call.answer(
        lambda tx: new_orders.buy_orders(tx, call.caller.account_id, body.quote_id, expected), status=201
    )


@router.post("/addons", status_code=201, responses=writes(ref("Bought"), 404, 409, status=201), openapi_extra=keyed())
async def add(call: Writing, body: PurchaseBody) -> Response:
    """Buy a quote of add-ons: an invoice with a line for each order. Paying it adds them (ORD-5)."""
    expected = money_or_none(body.expected_total)
    return await call.answer(
        lambda tx: {"invoice": addons.buy_addons(tx, call.caller.account_id, body.quote_id, expected)}, status=201
    )


@router.post(
    "/plan-changes", status_code=201, responses=writes(ref("Bought"), 404, 409, status=201), openapi_extra=keyed()
)
async def change_plan(call: Writing, body: PurchaseBody) -> Response:
    """Buy a quote of a change of plan: an invoice over the difference. Once it is paid the order has the plan (ORD-6).

    A cheaper plan costs nothing: its invoice over 0.00 is paid at once.
    """
    expected = money_or_none(body.expected_total)
    account_id = call.caller.account_id
    return await call.answer(
        lambda tx: {"invoice": plan_changes.buy_plan_change(tx, account_id, body.quote_id, expected)}, status=201
    )
