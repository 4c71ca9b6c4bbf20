"""Plans about orders: renewal, actions, names, auto-renewal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import JsonValue

from billtui.domain.models import (
    Account,
    AutoRenew,
    Exclusion,
    InvoiceKind,
    InvoiceLine,
    InvoiceState,
    Order,
    Quote,
    RenewalRequest,
)
from billtui.domain.money import Money
from billtui.domain.refusal import Refusal
from billtui.domain.rules import accounts as account_rules
from billtui.domain.rules import orders as order_rules
from billtui.domain.rules import renewal as renewal_rules
from billtui.domain.rules.facts import PROMISE, PURSES, InvoiceFacts, OrderFacts, Purses, order_facts
from billtui.domain.rules.promise import promise_refusal
from billtui.domain.safetext import SafeText
from billtui.services.journal.rows import Busy
from billtui.services.planner.draft import Draft, counted, external_methods
from billtui.services.planner.facts import facts_of_order, facts_of_quote
from billtui.services.plans import LeftOut, OperationKind, Plan

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
    draft = Draft(account, K.RENEW, profile, busy or {})
    names = {order.id.raw: order for order in orders}
    for exclusion in quote.excluded:
        _exclude(draft, exclusion, names)
    lines: list[InvoiceLine] = []
    for line in quote.lines:
        if line.order_id is None:
            continue
        order = names.get(line.order_id.raw)
        if not draft.taken([f"order:{line.order_id.raw}"], str(order.name) if order is not None else str(line.title)):
            lines.append(line)
    if len(lines) != len(quote.lines):
        draft.left_out += _whole_or_nothing(lines, draft.left_out)
        return draft.plan("Renew nothing")
    if not lines:
        return draft.plan("Renew nothing")
    ids = [line.order_id.raw for line in lines if line.order_id is not None]
    months = counted(request.period, "month")
    what = counted(len(ids), "order")
    number = draft.add(
        K.RENEW,
        [f"order:{one}" for one in ids],
        f"Renew {what} for {months}",
        params={
            "order_ids": list(ids),
            "period": request.period,
            "promo_code": request.promo_code.raw if request.promo_code is not None else None,
        },
        facts=facts_of_quote(quote, names),
        amount=quote.total,
    )
    if then_pay is not None:
        facts = [order_facts(names[one]) for one in ids if one in names]
        _then_pay(draft, then_pay, number, quote.total, what, facts, now or datetime.now(UTC))
    return draft.plan(f"Renew {what} for {months}")


def _then_pay(
    draft: Draft, method: str, number: int, total: Money, what: str, orders: Sequence[OrderFacts], now: datetime
) -> None:
    account = draft.account
    refusal = None
    if method in PURSES:
        refusal = account_rules.purse_refusal(method, total, Purses.of(account.balances))
    elif method == PROMISE:
        coming = InvoiceFacts("", "of this renewal", InvoiceKind.RENEWAL, InvoiceState.UNPAID, total)
        refusal = promise_refusal(coming, orders, now)
    elif method not in external_methods(account):
        refusal = Refusal("unknown-method", "INV-3", f"There is no payment method “{method}”.")
    if refusal is not None:
        draft.refuse("invoice", "Paying the new invoice", refusal)
        return
    verb = "Promise to pay" if method == PROMISE else "Pay"
    draft.add(
        K.PAY, [], f"{verb} the invoice for {what}", params={"method": method}, amount=total, takes_from=number
    )  # fmt: skip


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
    now: datetime | None = None,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Switch auto-renewal of each order on (with its own period) or off (REN-4, REN-5)."""
    draft = Draft(account, K.AUTO_RENEW, profile, busy or {})
    moment = now or datetime.now(UTC)
    words = f"on, {counted(setting.months, 'month')}" if setting.on else "off"
    for order in orders:
        target, title = f"order:{order.id.raw}", str(order.name)
        if draft.taken([target], title):
            continue
        refusal = order_rules.action_refusal(order_facts(order), "auto-renew", moment)
        refusal = refusal or (renewal_rules.period_refusal(setting.months) if setting.on else None)
        if order.auto_renew == setting:
            refusal = Refusal("nothing-to-do", "REN-5", f"Its auto-renewal is {words} already.")
        if refusal is not None:
            draft.refuse(target, title, refusal)
            continue
        params: JsonObject = {"order_id": order.id.raw, "on": setting.on, "months": setting.months}
        draft.add(
            K.AUTO_RENEW, [target], f"Auto-renewal {words}: {title}", params=params, facts=facts_of_order(order)
        )  # fmt: skip
    return draft.plan(draft.named(f"Auto-renewal {words} for {counted(len(draft.operations), 'order')}"))


def _exclude(draft: Draft, exclusion: Exclusion, orders: Mapping[str, Order]) -> None:
    one = exclusion.order_id
    order = orders.get(one.raw) if one is not None else None
    draft.left_out.append(
        LeftOut(
            target=f"order:{one.raw}" if one is not None else "order",
            title=order.name if order is not None else SafeText(one.raw if one is not None else "Order"),
            code=exclusion.code,
            rule=exclusion.rule or SafeText(""),
            reason=exclusion.reason,
            related={str(name): value for name, value in exclusion.related.items()},
        )
    )


def _whole_or_nothing(lines: Sequence[InvoiceLine], left_out: Sequence[LeftOut]) -> list[LeftOut]:
    """A quote is bought whole or not at all (BLK-6): if an order of it is busy, the others wait for a new quote."""
    names = ", ".join(str(one.title) for one in left_out[-3:])
    return [
        LeftOut(
            target=f"order:{line.order_id.raw}" if line.order_id is not None else "order",
            title=line.title,
            code=SafeText("quote-again"),
            rule=SafeText("BLK-6"),
            reason=SafeText(f"The price holds only for all of it: unmark {names} and take the price again."),
        )
        for line in lines
    ]
