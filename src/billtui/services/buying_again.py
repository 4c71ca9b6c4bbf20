"""A refused purchase, priced and planned anew: a new plan with new keys, to be confirmed like any other (DSC-8)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from billtui.domain.models import Account, AddonRequest, OrderRequest, Quote, RenewalRequest
from billtui.services import planner
from billtui.services.drift import addon_request, order_request, plan_change_request
from billtui.services.journal import DoneAnew
from billtui.services.journal.rows import Busy
from billtui.services.plans import PURCHASES, Operation, OperationKind, Plan

if TYPE_CHECKING:
    from billtui.services.session import Session

K = OperationKind


async def buy_again(
    session: Session,
    account: Account,
    plan: Plan,
    numbers: Collection[int],
    *,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan | None:
    """A plan of the purchases ``numbers`` of ``plan`` at today's prices; paid as they were to be paid.

    ``None`` where they are not purchases, all of one kind: then nothing can be priced anew in one plan. What was
    bought anew before is not bought once more: go on in that job. Raises DoneAnew where that is all of it,
    ClientError, as where a promo code does not hold any more (DSC-6), and PlanError for a damaged plan.
    """
    wanted = [one for one in plan.operations if one.number in numbers]
    kinds = {one.kind for one in wanted}
    if len(kinds) != 1 or not kinds <= PURCHASES:
        return None
    before = session.journal.done_anew(plan.id)
    left = [one for one in wanted if one.number not in before]
    if not left:
        raise DoneAnew(before[wanted[0].number])
    anew = await _priced(session, account, plan, left, busy, profile)
    return None if anew is None else anew.anew(plan.id, [one.number for one in left])


async def _priced(
    session: Session,
    account: Account,
    plan: Plan,
    wanted: list[Operation],
    busy: Mapping[str, Busy] | None,
    profile: str,
) -> Plan | None:
    kind = wanted[0].kind
    method = _method(plan, [one.number for one in wanted])
    now = session.now()
    if kind is K.ORDER:
        return await _new_servers(session, account, wanted, method, now, busy, profile)
    ids = [one for operation in wanted for one in operation.billed_orders()]
    orders = await session.orders_by_ids(ids)
    if kind is K.PLAN_CHANGE:
        if len(wanted) != 1 or not orders:
            return None  # a plan holds one
        request = plan_change_request(wanted[0])
        quote = await session.quote_plan_change(request)
        return planner.change_plan(account, quote, request, orders[0], method, now=now, busy=busy, profile=profile)
    quotes: list[Quote] = []
    if kind is K.ADDONS:
        requests: list[AddonRequest] = []
        for operation in wanted:
            asked = addon_request(operation)
            added = await session.offer_addons(asked.order_ids, asked.addons)
            quotes += added.quotes
            requests += added.requests
        return planner.addons(account, quotes, requests, orders, method, now=now, busy=busy, profile=profile)
    renewals: list[RenewalRequest] = []
    for operation in wanted:
        promo = operation.params.get("promo_code")
        code = promo if isinstance(promo, str) and promo else None
        renewed = await session.offer_renewal(operation.texts("order_ids"), operation.whole("period"), code)
        quotes += renewed.quotes
        renewals += renewed.requests
    return planner.renew_many(
        account,
        quotes,
        renewals,
        orders,
        method,
        now=now,
        busy=busy,
        profile=profile,
        together=session.traits.renews_together,
        in_turn=session.traits.one_basket,
    )


async def _new_servers(
    session: Session,
    account: Account,
    wanted: list[Operation],
    method: str | None,
    now: datetime,
    busy: Mapping[str, Busy] | None,
    profile: str,
) -> Plan:
    quotes: list[Quote] = []
    requests: list[OrderRequest] = []
    for operation in wanted:
        offer = await session.offer_order(order_request(operation))
        quotes += offer.quotes
        requests += offer.requests
    return planner.buy(
        account,
        quotes,
        requests,
        method,
        now=now,
        busy=busy,
        profile=profile,
        together=session.traits.buys_together,
        in_turn=session.traits.one_basket,
    )


def _method(plan: Plan, numbers: Collection[int]) -> str | None:
    """How the purchases were to be paid; ``None`` where they were not, or not all in one way."""
    ways = {one.text("method") for one in plan.operations if one.takes_from in numbers}
    return ways.pop() if len(ways) == 1 else None
