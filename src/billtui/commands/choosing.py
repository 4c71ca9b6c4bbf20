"""Commands that choose orders, and that need nothing but what is chosen."""

from __future__ import annotations

from billtui.commands.command import Command, Scope

COMMANDS = (
    Command(
        "order.choose",
        "Choose by…",
        "Mark by an expression, a pasted list or a saved selection; save marks.",
        ("m",),
        Scope.ORDERS,
        verb="billtui orders list",
        bar=9,
        short="Choose",
    ),
    Command(
        "order.tag",
        "Tags",
        "Add or take away your own tags, kept on this computer.",
        ("t",),
        Scope.ORDERS,
        verb="billtui orders tag",
    ),
    Command(
        "order.export",
        "Export",
        "What is chosen as CSV, JSON, or a list of addresses or names.",
        ("w",),
        Scope.ORDERS,
        verb="billtui orders export",
    ),
)
