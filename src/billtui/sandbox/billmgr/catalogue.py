"""Ids on this wire are numbers: how the panel's own ids become numbers, and back.

Accounts, orders, invoices, payments and tickets have numbers already. Plans, locations and add-ons are told by their
place in the catalogue, which the database keeps; departments by theirs. Nothing of it changes while the file lives.
"""

from __future__ import annotations

from dataclasses import dataclass

from billtui.sandbox.engine.departments import DEPARTMENTS
from billtui.sandbox.engine.unit import Tx

_PLAN, _LOCATION, _ADDON, _DEPARTMENT = 501, 1, 11, 12
ITEM_TYPES = {"vds": "vds", "dedicated": "dedic"}
"""Kind of service in the engine → item type, which is also the name of its list (wire: 10)."""
KINDS = {item: kind for kind, item in ITEM_TYPES.items()}


@dataclass(frozen=True, slots=True)
class Thing:
    """A plan, a location or an add-on."""

    number: str
    id: str
    name: str
    kind: str = ""
    cents: int = 0
    country: str = ""
    cpu: int = 0
    memory: int = 0
    disk: int = 0


class Catalogue:
    """The catalogue as one transaction sees it."""

    def __init__(self, tx: Tx) -> None:
        """Read at once; it is small."""
        plans = tx.sql("SELECT id, name, kind, monthly_cents, cpu, memory_mib, disk_gib, position FROM plans")
        places = tx.sql("SELECT id, name, country, position FROM locations")
        addons = tx.sql("SELECT id, name, kind, monthly_cents, position FROM addons")
        self.plans = sorted(
            (
                Thing(str(_PLAN + place), i, n, kind, cents, cpu=c, memory=m, disk=d)
                for i, n, kind, cents, c, m, d, place in plans
            ),
            key=lambda one: int(one.number),
        )
        self.locations = sorted(
            (Thing(str(_LOCATION + place), i, n, country=country) for i, n, country, place in places),
            key=lambda one: int(one.number),
        )
        self.addons = sorted(
            (Thing(str(_ADDON + place), i, n, kind, cents) for i, n, kind, cents, place in addons),
            key=lambda one: int(one.number),
        )
        self._plan = {one.id: one for one in self.plans}
        self._location = {one.id: one for one in self.locations}

    def plan(self, plan_id: str) -> Thing:
        """A plan by the engine's id."""
        return self._plan[plan_id]

    def location(self, location_id: str) -> Thing:
        """A location by the engine's id."""
        return self._location[location_id]

    def plan_numbered(self, number: str) -> Thing | None:
        """A plan by its number on this wire."""
        return next((one for one in self.plans if one.number == number), None)

    def location_numbered(self, number: str) -> Thing | None:
        """A location by its number on this wire."""
        return next((one for one in self.locations if one.number == number), None)

    def addon_numbered(self, number: str) -> Thing | None:
        """An add-on by its number on this wire."""
        return next((one for one in self.addons if one.number == number), None)


def department_number(department: str) -> str:
    """The number of a department."""
    return str(_DEPARTMENT + DEPARTMENTS.index(department))


def department_of(number: str) -> str | None:
    """The department of a number."""
    return next((one for one in DEPARTMENTS if department_number(one) == number), None)
