"""Plans about orders: renewal, actions, names, auto-renewal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import JsonValue

from billtui.domain.models import (
    Account,
    AutoRenew,
    InvoiceKind,
    Order,
    Quote,
    RenewalRequest,
)
from billtui.domain.refusal import Refusal
from billtui.domain.rules import orders as order_rules
from billtui.domain.rules import renewal as renewal_rules
from billtui.domain.rules.facts import order_facts
from billtui.services.journal.rows import Busy
from billtui.services.planner.draft import Draft, counted
from billtui.services.planner.facts import facts_of_order, facts_of_quote
from billtui.services.planner.purchases import Bought, exclude, in_requests, lines_not_busy, one_by_one, only_in_turn
from billtui.services.planner.purchases import then_pay as pay_all
from billtui.services.plans import OperationKind, Plan

K = OperationKind
JsonObject = dict[str, JsonValue]


def renew(
    account: Account,
    quote: Quote,
    request: RenewalRequest,
    orders: Sequence[Order],
    then_pay: str | None = None,
    *,
    now: datetime | None = None,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Renew what ``quote`` prices, on one invoice (BLK-4), and perhaps pay that invoice at once by ``then_pay``.

    The plan holds the purchase and its amounts, not the quote: it is quoted afresh before it is bought (DSC-8). What
    the quote excludes is left out with its reason (BLK-6); ``then_pay`` that a purse cannot cover, or a promise that is
    not possible ``now`` (PRM-2, PRM-6), is left out as well.
    """
    return renew_many(account, [quote], [request], orders, then_pay, now=now, busy=busy, profile=profile)


def renew_many(
    account: Account,
    quotes: Sequence[Quote],
    requests: Sequence[RenewalRequest],
    orders: Sequence[Order],
    then: str | None = None,
    *,
    now: datetime | None = None,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
    together: bool = True,
    in_turn: bool = False,
) -> Plan:
    """:func:`renew` of any number of orders: an operation and an invoice for each quote with its request.

    More than 1,000 orders are several requests (BLK-7), as the session's ``offer_renewal`` makes them; requests may
    also differ in their period. A purse that does not hold the total of **all** of them pays none (ACC-4). Not
    ``together`` (``Traits.renews_together``): an operation and an invoice for each order, as the panel bills them.
    ``in_turn`` (``Traits.one_basket``): each is paid before the next begins; several that are not paid are left out.
    """
    if not together:
        quotes, requests = one_by_one(quotes, requests)
    draft = Draft(account, K.RENEW, profile, busy or {})
    names = {order.id.raw: order for order in orders}
    purchases: list[Bought] = []
    found: list[str] = []
    for quote, request in zip(quotes, requests, strict=True):
        exclude(draft, quote, names)
        ids = [line.order_id.raw for line in lines_not_busy(draft, quote, names) if line.order_id is not None]
        if not ids:
            continue
        what = named(ids, names)
        number = draft.add(
            K.RENEW,
            [f"order:{one}" for one in ids],
            f"Renew {what} for {counted(request.period, 'month')}",
            params={
                "order_ids": list(ids),
                "period": request.period,
                "promo_code": request.promo_code.raw if request.promo_code is not None else None,
            },
            facts=facts_of_quote(quote, names),
            amount=quote.total,
        )
        purchases.append(Bought(number, quote.total, what))
        found += ids
    if not purchases:
        return draft.plan("Renew nothing")
    if then is not None:
        facts = [order_facts(names[one]) for one in found if one in names]
        moment = now or datetime.now(UTC)
        pay_all(draft, then, purchases, moment, kind=InvoiceKind.RENEWAL, orders=facts, in_turn=in_turn)
    if only_in_turn(draft, purchases, in_turn):
        return draft.plan("Renew nothing")
    periods = sorted({request.period for request in requests})
    months = counted(periods[0], "month") if len(periods) == 1 else f"{periods[0]} to {periods[-1]} months"
    return draft.plan(f"Renew {named(found, names)} for {months}{in_requests(len(purchases))}")


def named(ids: Sequence[str], names: Mapping[str, Order]) -> str:
    """One order by its name, several by their count: steps that differ in their order alone can be told apart."""
    name = str(names[ids[0]].name) if len(ids) == 1 and ids[0] in names else ""
    return name or counted(len(ids), "order")


def order_action(
    account: Account,
    orders: Sequence[Order],
    action: str,
    confirm_names: Mapping[str, str] | None = None,
    *,
    now: datetime | None = None,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Do ``action`` with each order (ORD-4); a destructive one needs the order's name, typed, by order id."""
    draft = Draft(account, K.ACTION, profile, busy or {})
    moment = now or datetime.now(UTC)
    for order in orders:
        target, title = f"order:{order.id.raw}", str(order.name)
        if draft.taken([target], title):
            continue
        known = order_facts(order)
        typed = (confirm_names or {}).get(order.id.raw)
        refusal = order_rules.action_refusal(known, action, moment) or order_rules.confirm_name_refusal(
            known, action, typed
        )
        if refusal is not None:
            draft.refuse(target, title, refusal)
            continue
        params: JsonObject = {"order_id": order.id.raw, "action": action}
        if typed is not None:
            params["confirm_name"] = order.name.raw
        draft.add(K.ACTION, [target], f"{action} {order.name}", params=params, facts=facts_of_order(order))
    return draft.plan(draft.named(f"{action} {counted(len(draft.operations), 'order')}"))


def rename(
    account: Account, order: Order, name: str, *, busy: Mapping[str, Busy] | None = None, profile: str = ""
) -> Plan:
    """Give the order another name (ORD-4)."""
    draft = Draft(account, K.RENAME, profile, busy or {})
    target, title = f"order:{order.id.raw}", str(order.name)
    wanted = name.strip()
    refusal = order_rules.action_refusal(order_facts(order), "rename", datetime.now(UTC))
    if not wanted:
        refusal = Refusal("invalid-input", "ORD-4", "An order needs a name: type one.")
    elif wanted == order.name.raw:
        refusal = Refusal("nothing-to-do", "ORD-4", "It has that name already.")
    if refusal is not None:
        draft.refuse(target, title, refusal)
    elif not draft.taken([target], title):
        params: JsonObject = {"order_id": order.id.raw, "name": wanted}
        draft.add(K.RENAME, [target], f"Rename {title} to {wanted}", params=params, facts=facts_of_order(order))
    return draft.plan(f"Rename {title}")


def auto_renew(
    account: Account,
    orders: Sequence[Order],
    setting: AutoRenew,
    *,
    own_periods: bool = False,
    now: datetime | None = None,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Switch auto-renewal of each order on (with its own period) or off (REN-4, REN-5).

    With ``own_periods`` an order that is switched off keeps the period that it had, for the next time.
    """
    draft = Draft(account, K.AUTO_RENEW, profile, busy or {})
    moment = now or datetime.now(UTC)
    words = f"on, {counted(setting.months, 'month')}" if setting.on else "off"
    for order in orders:
        target, title = f"order:{order.id.raw}", str(order.name)
        if draft.taken([target], title):
            continue
        refusal = order_rules.action_refusal(order_facts(order), "auto-renew", moment)
        refusal = refusal or (renewal_rules.period_refusal(setting.months) if setting.on else None)
        months = order.auto_renew.months if own_periods and not setting.on else setting.months
        if order.auto_renew == AutoRenew(on=setting.on, months=months):
            refusal = Refusal("nothing-to-do", "REN-5", f"Its auto-renewal is {words} already.")
        if refusal is not None:
            draft.refuse(target, title, refusal)
            continue
        params: JsonObject = {"order_id": order.id.raw, "on": setting.on, "months": months}
        draft.add(
            K.AUTO_RENEW, [target], f"Auto-renewal {words}: {title}", params=params, facts=facts_of_order(order)
        )  # fmt: skip
    return draft.plan(draft.named(f"Auto-renewal {words} for {counted(len(draft.operations), 'order')}"))
