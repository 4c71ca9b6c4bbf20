"""The catalogue: plans, locations, add-ons, stock."""

from __future__ import annotations

from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import AddonJSON, LocationJSON, PlanJSON, StockJSON, money_json

CURRENCY = "EUR"


def plans(tx: Tx) -> list[PlanJSON]:
    """Every plan, with the locations where it is sold (also those that are out of stock now)."""
    sold: dict[str, list[str]] = {}
    for plan, location in tx.conn.exec_driver_sql(
        "SELECT stock.plan, stock.location FROM stock JOIN locations ON locations.id = stock.location"
        " ORDER BY locations.position"
    ):
        sold.setdefault(plan, []).append(location)
    found = tx.conn.exec_driver_sql(
        "SELECT id, name, kind, monthly_cents, cpu, memory_mib, disk_gib FROM plans ORDER BY position"
    )
    return [
        {
            "id": plan,
            "name": name,
            "kind": kind,
            "monthly_price": money_json(cents, CURRENCY),
            "cpu": cpu,
            "memory_mib": memory,
            "disk_gib": disk,
            "locations": sold.get(plan, []),
        }
        for plan, name, kind, cents, cpu, memory, disk in found
    ]


def locations(tx: Tx) -> list[LocationJSON]:
    """Every location."""
    found = tx.conn.exec_driver_sql("SELECT id, name, country FROM locations ORDER BY position")
    return [{"id": location, "name": name, "country": country} for location, name, country in found]


def addons(tx: Tx) -> list[AddonJSON]:
    """Every add-on, price a month."""
    found = tx.conn.exec_driver_sql("SELECT id, name, kind, monthly_cents FROM addons ORDER BY position")
    return [
        {"id": addon, "name": name, "kind": kind, "monthly_price": money_json(cents, CURRENCY)}
        for addon, name, kind, cents in found
    ]


def stock(tx: Tx, plan: str | None = None, location: str | None = None) -> list[StockJSON]:
    """How many of each plan can be had where; a cell that is not listed is not sold there."""
    found = tx.conn.exec_driver_sql(
        "SELECT stock.plan, stock.location, available FROM stock JOIN plans ON plans.id = stock.plan"
        " JOIN locations ON locations.id = stock.location ORDER BY plans.position, locations.position"
    )
    return [
        {"plan": row_plan, "location": row_location, "available": available}
        for row_plan, row_location, available in found
        if plan in (None, row_plan) and location in (None, row_location)
    ]
