"""What a bulk order comes to before the panel has answered, what is left out of it, and the ways out.

Estimates are list prices by the catalogue and the stock as last read: shown as such, never bought by (DSC-8).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from billtui.domain.distance import kilometres
from billtui.domain.models import Addon, Exclusion, Location, Plan
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.services.order_draft import OrderDraft
from billtui.services.session_settings import Catalogue

Cell = tuple[str, str]
"""Raw ids of the plan and the location."""
Stock = Mapping[Cell, int]


class LeftOutCell(NamedTuple):
    """A cell that is not bought as it stands, and why (BLK-2)."""

    cell: Cell
    quantity: int
    available: int | None
    """How many there are; ``None`` where it is not sold."""
    reason: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is in by what is known here."""

    cells: dict[Cell, int]
    """What is in."""
    amount: Money | None
    """List price, add-ons included, for the whole period; ``None`` where nothing is in."""
    left_out: list[LeftOutCell]

    @property
    def count(self) -> int:
        """How many servers are in."""
        return sum(self.cells.values())


class Fix(NamedTuple):
    """A way out for a cell that is left out: what it does to which cells."""

    id: str
    title: str
    detail: str
    changes: dict[Cell, int]


def estimate(draft: OrderDraft, catalogue: Catalogue, stock: Stock | None) -> Estimate:
    """The list price of what can be had: quantity × (price a month + add-ons a month) × months."""
    plans = {plan.id.raw: plan for plan in catalogue.plans}
    inside: dict[Cell, int] = {}
    left_out: list[LeftOutCell] = []
    amounts: list[Money] = []
    for cell, quantity in draft.quantities.items():
        plan = plans.get(cell[0])
        available = None if stock is None else stock.get(cell)
        reason = _reason(cell, quantity, plan, catalogue.locations, stock)
        if reason or plan is None:
            left_out.append(LeftOutCell(cell, quantity, available, reason or ""))
            continue
        inside[cell] = quantity
        monthly = Money.total(
            [plan.monthly_price, *(one.monthly_price for one in addons_for(draft, plan, catalogue.addons))],
            plan.monthly_price.currency,
        )
        amounts.append(monthly * (quantity * draft.period))
    amount = Money.total(amounts, amounts[0].currency) if amounts else None
    return Estimate(inside, amount, left_out)


def addons_for(draft: OrderDraft, plan: Plan, addons: Iterable[Addon]) -> list[Addon]:
    """The chosen add-ons that a server of ``plan`` can have."""
    return [one for one in addons if one.id.raw in draft.addons and one.kind == plan.kind]


def _reason(
    cell: Cell, quantity: int, plan: Plan | None, locations: Sequence[Location], stock: Stock | None
) -> str | None:
    place = next((one for one in locations if one.id.raw == cell[1]), None)
    if plan is None:
        return f"The plan {SafeText(cell[0])} is not sold any more."
    if place is None:
        return f"There is no location {SafeText(cell[1])} any more."
    if stock is None:
        return None
    if cell not in stock:
        return f"{plan.name} is not sold in {place.name}."
    if not stock[cell]:
        return f"{plan.name} is sold out in {place.name}."
    return f"Only {stock[cell]} of {plan.name} are left in {place.name}." if stock[cell] < quantity else None


def left_out_of(excluded: Iterable[Exclusion], draft: OrderDraft, stock: Stock | None) -> list[LeftOutCell]:
    """What a quote leaves out, by cell, with the panel's reasons."""
    found = []
    for one in excluded:
        if one.plan is None or one.location is None:
            continue
        cell = (one.plan.raw, one.location.raw)
        available = None if stock is None else stock.get(cell)
        told = one.related.get(SafeText("available"), SafeText())
        if told.isascii() and told.isdigit():
            available = int(told[:9])
        found.append(LeftOutCell(cell, draft.quantities.get(cell, 0), available, str(one.reason)))
    return found


def fixes_of(
    one: LeftOutCell, everything: Sequence[LeftOutCell], draft: OrderDraft, catalogue: Catalogue, stock: Stock | None
) -> list[Fix]:
    """The ways out for a cell that is left out, the most useful first."""
    name = place_name(one.cell[1], catalogue.locations)
    held = one.available or 0
    short = one.quantity - held
    fixes: list[Fix] = []
    if held:
        fixes.append(Fix("take", f"Take the {held} that {_are(held)} there", f"{name}: {held}", {one.cell: held}))
    near = nearest(one.cell, short, draft, catalogue, stock)
    if near is not None:
        wanted = draft.quantities.get(near, 0)
        there = place_name(near[1], catalogue.locations)
        changes = {one.cell: held, near: wanted + short}
        here = f"{held} here, " if held else ""
        detail = f"the nearest location with enough: {(stock or {}).get(near, 0)} in stock"
        fixes.append(Fix("nearest", f"{here}{short} in {there} instead", detail, changes))
    fixes.append(Fix("drop", f"Drop {name}", f"{one.quantity} fewer are wanted", {one.cell: 0}))
    if len(everything) > 1:
        what_is_there = {other.cell: min(other.available or 0, other.quantity) for other in everything}
        if any(what_is_there.values()):
            detail = f"{sum(what_is_there.values())} servers of {len(everything)} cells that are left out"
            fixes.append(Fix("take-all", "Take what is there, everywhere", detail, what_is_there))
        detail = f"{len(everything)} cells"
        fixes.append(Fix("drop-all", "Drop all that is left out", detail, {other.cell: 0 for other in everything}))
    return fixes


def nearest(cell: Cell, count: int, draft: OrderDraft, catalogue: Catalogue, stock: Stock | None) -> Cell | None:
    """The nearest other location that has ``count`` more of the plan than are wanted there already."""
    countries = {one.id.raw: str(one.country) for one in catalogue.locations}
    wanted = draft.quantities
    able = [
        (plan, place)
        for (plan, place), held in (stock or {}).items()
        if plan == cell[0] and place != cell[1] and held - wanted.get((plan, place), 0) >= count
    ]

    def far(other: Cell) -> float:
        distance = kilometres(countries.get(cell[1], ""), countries.get(other[1], ""))
        return float("inf") if distance is None else distance

    return min(able, key=far, default=None)


def place_name(location: str, locations: Iterable[Location]) -> str:
    """A location as a person says it: its name and id."""
    found = next((one for one in locations if one.id.raw == location), None)
    return f"{found.name} ({found.id})" if found is not None else str(SafeText(location))


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
