"""The catalogue: what is sold, where, and whether it is in stock."""

from __future__ import annotations

from pydantic import Field

from billtui.domain.models.wire import Id, WireModel
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText


class Plan(WireModel):
    """A plan: what an order is of, with its price a month."""

    id: Id
    name: SafeText
    kind: SafeText = SafeText("vds")
    monthly_price: Money
    cpu: int = 0
    memory_mib: int = 0
    disk_gib: int = 0
    locations: list[Id] = Field(default_factory=list)


class Location(WireModel):
    """Where servers stand."""

    id: Id
    name: SafeText
    country: SafeText = SafeText("")


class Addon(WireModel):
    """Something added to an order, with its price a month (ORD-5)."""

    id: Id
    name: SafeText
    kind: SafeText = SafeText("vds")
    monthly_price: Money


class OrderAddon(WireModel):
    """An add-on that an order has: billed at purchase for the rest of the period, then with every renewal (ORD-5)."""

    id: Id
    name: SafeText
    monthly_price: Money


class StockItem(WireModel):
    """How many servers of a plan can be had in a location now."""

    plan: Id
    location: Id
    available: int
