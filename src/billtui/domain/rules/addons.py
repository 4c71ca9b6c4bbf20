"""Add-ons for orders: who can have them, and what they cost for the rest of the paid period (ORD-5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from billtui.domain.money import Money
from billtui.domain.periods import add_months, whole_months_between
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules.discounts import PricedAddon, PricedLine
from billtui.domain.rules.facts import AddonFacts, OrderFacts, format_when
from billtui.domain.rules.orders import action_refusal, addon_amount, remaining_period_refusal


@dataclass(frozen=True, slots=True)
class AddonOffer:
    """Add-ons for several orders, priced: a line for each order, and who is left out and why (ORD-5, BLK-6)."""

    lines: tuple[PricedLine, ...]
    excluded: tuple[tuple[str, Refusal], ...]
    total: Money


def kind_refusal(addons: Iterable[AddonFacts], kind: str) -> Refusal | None:
    """An add-on is for one kind of service (ORD-5)."""
    for addon in addons:
        if addon.kind != kind:
            reason = f"“{addon.name}” is for {addon.kind}, not for {kind}: leave it out here, or order these apart."
            return Refusal("addon-other-kind", "ORD-5", reason, {"addon": addon.id, "kind": kind})
    return None


def addons_refusal(
    order: OrderFacts, addons: Sequence[AddonFacts], now: datetime, policy: Policy = DEFAULT_POLICY
) -> Refusal | None:
    """Why the order cannot have these add-ons now (ORD-5, ORD-4, ORD-1, TRF-6); ``None`` if it can."""
    refusal = (
        action_refusal(order, "addons", now, policy)
        or remaining_period_refusal(order, now)
        or kind_refusal(addons, order.kind)
    )
    if refusal is not None:
        return refusal
    held = {one.id for one in order.addons}
    for addon in addons:
        if addon.id in held:
            reason = f"“{order.name}” has “{addon.name}” already: leave that add-on out for it."
            return Refusal("addon-there", "ORD-5", reason, {"order_id": order.id, "addon": addon.id})
    return None


def price_addons(order: OrderFacts, addons: Sequence[AddonFacts], now: datetime) -> PricedLine:
    """What add-ons cost from ``now`` to the end of the paid period: each rounded once, no discount (ORD-5, DSC-4).

    Raises ``ValueError`` for an order that has no paid period.
    """
    if order.paid_until is None:
        raise ValueError(f"order {order.id} has no paid period")
    end = order.paid_until
    parts = tuple(
        PricedAddon(one.id, one.name, addon_amount(one.monthly_price, now, end), one.monthly_price) for one in addons
    )
    total = Money.total((one.amount for one in parts), order.monthly_price.currency)
    what = "Add-on" if len(addons) == 1 else "Add-ons"
    which = ", ".join(one.name for one in addons)
    title = f"{what} for {order.name}, {remaining_words(now, end)} until {format_when(end)}: {which}"
    return PricedLine(order.id, title, None, total, (), total, 1, end, None, parts)


def remaining_words(now: datetime, until: datetime) -> str:
    """The remaining period as a person counts it: ``1 month 5 days``; below a day in hours, rounded up."""
    months = whole_months_between(now, until)
    rest = until - add_months(now, months)
    words = []
    if months:
        words.append("1 month" if months == 1 else f"{months} months")
    if rest.days:
        words.append("1 day" if rest.days == 1 else f"{rest.days} days")
    if not words:
        hours = -(-rest.seconds // 3_600)
        words.append("1 hour" if hours == 1 else f"{hours} hours")
    return " ".join(words)


def offer_addons(
    orders: Iterable[OrderFacts],
    addons: Sequence[AddonFacts],
    currency: str,
    now: datetime,
    *,
    priced_at: datetime | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> AddonOffer:
    """Price ``addons`` for each of ``orders`` once, in the order given; the others are left out with the reason.

    ``priced_at``: the instant of the quote, from which the remaining period counts also when it is bought a little
    later (DSC-8: a quote holds for 15 minutes). Who can have them is asked ``now``.
    """
    lines: list[PricedLine] = []
    excluded: list[tuple[str, Refusal]] = []
    seen: set[str] = set()
    for order in orders:
        if order.id in seen:
            continue
        seen.add(order.id)
        refusal = addons_refusal(order, addons, now, policy)
        if refusal is None:
            lines.append(price_addons(order, addons, priced_at or now))
        else:
            excluded.append((order.id, refusal))
    return AddonOffer(tuple(lines), tuple(excluded), Money.total((line.total for line in lines), currency))
