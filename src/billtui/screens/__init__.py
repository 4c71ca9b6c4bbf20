"""One screen a file; the areas by name, imported when first shown."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from textual.screen import Screen

_AREAS = {
    "overview": ("billtui.screens.overview", "OverviewScreen"),
    "invoices": ("billtui.screens.invoices", "InvoicesScreen"),
    "orders": ("billtui.screens.orders", "OrdersScreen"),
    "jobs": ("billtui.screens.jobs", "JobsScreen"),
    "balance": ("billtui.screens.balance", "BalanceScreen"),
    "settings": ("billtui.screens.settings", "SettingsScreen"),
    "transfers": ("billtui.screens.transfers", "TransfersScreen"),
    "tickets": ("billtui.screens.tickets", "TicketsScreen"),
    "planner": ("billtui.screens.planner", "PlannerScreen"),
    "queue": ("billtui.screens.queue", "QueueScreen"),
    "account": ("billtui.screens.account", "AccountScreen"),
}


def make(name: str) -> Screen[Any]:
    """A new screen of the area ``name``."""
    module, screen = _AREAS[name]
    made: Screen[Any] = getattr(import_module(module), screen)()
    return made
