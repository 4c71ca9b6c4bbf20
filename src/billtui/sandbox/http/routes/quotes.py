"""Prices explained before anything is bought, and buying what was priced (REN-1, DSC-8)."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from billtui.sandbox.engine import quotes
from billtui.sandbox.http.bodies import PurchaseBody, QuoteBody, money_or_none
from billtui.sandbox.http.calls import Quoting, Writing
from billtui.sandbox.http.openapi import keyed, ref, unkeyed, writes
from billtui.sandbox.http.problems import ApiProblem

router = APIRouter(tags=["purchases"])
_LATER = ("order", "addon", "plan_change")


@router.post("/quotes", responses=writes(ref("Quote"), 404, 409), openapi_extra=unkeyed())
async def quote(call: Quoting, body: QuoteBody) -> Response:
    """Price a purchase without buying: every amount explained, and what is left out and why (BLK-6)."""
    if body.kind in _LATER:
        raise ApiProblem(
            422,
            "kind-not-available",
            f"This panel does not sell “{body.kind}” over this interface; only renewals.",
            fields={"kind": "renewal"},
        )
    if body.kind != "renewal":
        raise ApiProblem(422, "invalid-input", "There is no such kind of quote.", fields={"kind": "renewal"})
    period = body.period
    if period is None or body.order_ids is None:
        missing = {"period": "how many months"} if period is None else {}
        if body.order_ids is None:
            missing["order_ids"] = "which orders"
        raise ApiProblem(422, "invalid-input", "A renewal needs orders and a period.", fields=missing)
    order_ids = body.order_ids
    return await call.answer(
        lambda tx: quotes.quote_renewal(tx, call.caller.account_id, order_ids, period, body.promo_code),
        store=False,
    )


@router.post(
    "/renewals",
    status_code=201,
    responses=writes(ref("Bought"), 404, 409, status=201),
    openapi_extra=keyed(),
)
async def renew(call: Writing, body: PurchaseBody) -> Response:
    """Buy a renewal quote: an invoice with every line, or nothing at all. Only payment renews (REN-1)."""
    expected = money_or_none(body.expected_total)
    return await call.answer(
        lambda tx: {"invoice": quotes.renew(tx, call.caller.account_id, body.quote_id, expected)}, status=201
    )
