"""New servers: what of a bulk order can be had, and what it costs, in one cell for each plan and location (BLK)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from billtui.domain.money import Money
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules.addons import kind_refusal
from billtui.domain.rules.discounts import PricedLine, better_of, loyalty, priced_line
from billtui.domain.rules.facts import AddonFacts
from billtui.domain.rules.promo import PromoFacts, PromoTarget, has_discounts


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A plan on sale."""

    id: str
    name: str
    kind: str
    monthly_price: Money


@dataclass(frozen=True, slots=True)
class Shop:
    """What is sold where, and how many are left."""

    plans: Mapping[str, PlanFacts]
    locations: Mapping[str, str]
    """Names by id, in the order in which they are shown."""
    stock: Mapping[tuple[str, str], int]
    """By plan and location; a cell that is not in it is not sold there."""


@dataclass(frozen=True, slots=True)
class Cell:
    """So many servers of one plan in one location (BLK-3)."""

    plan: str
    location: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Choice:
    """What of a bulk order can be had, and which cells are left out and why (BLK-2, BLK-6)."""

    kept: tuple[Cell, ...]
    excluded: tuple[tuple[Cell, Refusal], ...]

    @property
    def count(self) -> int:
        """How many servers are kept."""
        return sum(cell.quantity for cell in self.kept)

    @property
    def left_out(self) -> int:
        """How many servers are left out."""
        return sum(cell.quantity for cell, _ in self.excluded)


@dataclass(frozen=True, slots=True)
class NewOffer:
    """New servers, priced: a line for each kept cell, in the same order, and the sum (BLK-1, BLK-6)."""

    cells: tuple[Cell, ...]
    lines: tuple[PricedLine, ...]
    total: Money


def everywhere(shop: Shop, plan: str, quantity: int) -> list[Cell]:
    """``quantity`` of one plan in each location there is (BLK-2)."""
    return [Cell(plan, location, quantity) for location in shop.locations]


def merged(cells: Iterable[Cell]) -> list[Cell]:
    """Each plan and location once, in the order in which they came first."""
    counts: Counter[tuple[str, str]] = Counter()
    for cell in cells:
        counts[cell.plan, cell.location] += cell.quantity
    return [Cell(plan, location, count) for (plan, location), count in counts.items()]


def choose(shop: Shop, cells: Iterable[Cell], addons: Sequence[AddonFacts] = ()) -> Choice:
    """The cells that can be had in full; the others are left out whole, never silently fewer (BLK-2, BLK-6)."""
    kept: list[Cell] = []
    excluded: list[tuple[Cell, Refusal]] = []
    for cell in merged(cells):
        refusal = cell_refusal(shop, cell, addons)
        if refusal is None:
            kept.append(cell)
        else:
            excluded.append((cell, refusal))
    return Choice(tuple(kept), tuple(excluded))


def cell_refusal(shop: Shop, cell: Cell, addons: Sequence[AddonFacts] = ()) -> Refusal | None:
    """Why a cell cannot be had (BLK-2, ORD-5); ``None`` if it can, in full."""
    about = {"plan": cell.plan, "location": cell.location}
    plan = shop.plans.get(cell.plan)
    if plan is None:
        reason = f"There is no plan “{cell.plan[:40]}”: choose one of the catalogue."
        return Refusal("unknown-plan", "BLK-3", reason, about)
    place = shop.locations.get(cell.location)
    if place is None:
        reason = f"There is no location “{cell.location[:40]}”: choose one of the catalogue."
        return Refusal("unknown-location", "BLK-3", reason, about)
    available = shop.stock.get((cell.plan, cell.location))
    if available is None:
        reason = f"{plan.name} is not sold in {place}: choose another location or plan."
        return Refusal("not-sold-there", "BLK-2", reason, about)
    refusal = kind_refusal(addons, plan.kind)
    if refusal is not None:
        return Refusal(refusal.code, refusal.rule, refusal.reason, {**refusal.related, **about})
    if available < cell.quantity:
        reason = f"{plan.name} is sold out in {place}: choose another location or plan."
        if available:
            reason = f"{place} has {available} of {plan.name}, not {cell.quantity}: order {available} or fewer there."
        return Refusal("out-of-stock", "BLK-2", reason, {**about, "available": str(available)})
    return None


def targets_of(shop: Shop, cells: Iterable[Cell], policy: Policy = DEFAULT_POLICY) -> list[PromoTarget]:
    """What a promo code may cover in a purchase of ``cells``, which must be sold (DSC-6)."""
    return [
        PromoTarget(cell.plan, cell.location, cell.quantity, has_discounts(shop.plans[cell.plan].kind, policy=policy))
        for cell in cells
    ]


def offer_new(
    shop: Shop,
    cells: Sequence[Cell],
    months: int,
    counts: Mapping[str, int],
    currency: str,
    now: datetime,
    *,
    addons: Sequence[AddonFacts] = (),
    promo: PromoFacts | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> NewOffer:
    """Price ``cells``, each of which must be sold: one server rounded once, times the quantity (INV-10).

    ``counts``: running services by kind; those bought here count as well (DSC-5). A new server has no length of use.
    ``promo``, already found valid, takes a line that it covers if it beats the loyalty there (DSC-7). Add-ons come on
    top for the whole period, without discount (BLK-1, DSC-4).
    """
    bought: Counter[str] = Counter()
    for cell in cells:
        bought[shop.plans[cell.plan].kind] += cell.quantity
    lines: list[PricedLine] = []
    for cell in cells:
        plan = shop.plans[cell.plan]
        discounts = loyalty(plan.kind, None, counts.get(plan.kind, 0) + bought[plan.kind], now, policy=policy)
        if promo is not None and promo.covers(cell.plan, cell.location) and has_discounts(plan.kind, policy=policy):
            discounts = better_of(discounts, promo.discount)
        period = "1 month" if months == 1 else f"{months} months"
        title = f"{plan.name} in {shop.locations[cell.location]}, {period}"
        lines.append(priced_line(None, title, plan.monthly_price, months, discounts, cell.quantity, addons=addons))
    return NewOffer(tuple(cells), tuple(lines), Money.total((line.total for line in lines), currency))


def changed_refusal(
    quoted: Sequence[tuple[Cell, Money, Sequence[str]]], offer: NewOffer, names: Sequence[Sequence[str]]
) -> Refusal | None:
    """What is no longer as the quote said: the price of a line, or the names (DSC-8, BLK-6); ``None`` if all is.

    ``quoted``: each cell with the amount of its line and the names that were shown.
    """
    for (cell, amount, shown), line, now_named in zip(quoted, offer.lines, names, strict=True):
        about = {"plan": cell.plan, "location": cell.location}
        if amount != line.total:
            reason = f"{line.title}: the price changed from {amount} to {line.total}. Look at the new one and confirm."
            return Refusal("price-changed", "DSC-8", reason, about)
        for before, after in zip(shown, now_named, strict=True):
            if before != after:
                reason = f"The name “{before}” is taken meanwhile; it would be “{after}”. Look at the names again."
                return Refusal("names-changed", "DSC-8", reason, {**about, "name": before, "free_name": after})
    return None
