"""Commands on orders."""

from __future__ import annotations

from billtui.commands.command import Command, Danger, Scope

COMMANDS = (
    Command(
        "order.renew",
        "Renew",
        "Renew the order under the cursor, or all marked ones (REN).",
        ("R",),
        Scope.ORDERS,
        Danger.MONEY,
        "orders.renew",
        "billtui orders renew",
        2,
    ),
    Command(
        "order.pay",
        "Pay its invoice",
        "Pay the open invoice of this order.",
        ("p",),
        Scope.ORDERS,
        Danger.MONEY,
        "invoices.pay",
        "billtui invoices pay",
        4,
        "Pay",
    ),
    Command(
        "order.invoice",
        "Its open invoice",
        "Go to the invoice that blocks this order.",
        ("i",),
        Scope.ORDERS,
        bar=5,
        short="Invoice",
    ),
    Command(
        "order.auto_renew",
        "Auto-renewal",
        "Switch auto-renewal and its period (REN-4, REN-5).",
        ("a",),
        Scope.ORDERS,
        Danger.CHANGES,
        "orders.auto-renew",
        "billtui orders auto-renew",
        3,
        "Auto",
    ),
    Command(
        "order.actions",
        "Power",
        "Start, stop, reboot, reset, suspend, reinstall.",
        ("x",),
        Scope.ORDERS,
        Danger.CHANGES,
        "orders.power",
        "billtui orders action",
        6,
    ),
    Command(
        "order.rename",
        "Rename",
        "Give the order another name, or all marked ones by a pattern.",
        ("E",),
        Scope.ORDERS,
        Danger.CHANGES,
        "orders.rename",
        "billtui orders rename",
    ),
    Command(
        "order.addons",
        "Add-ons",
        "Add something to the order, or to all marked ones, for the rest of its time (ORD-5).",
        ("A",),
        Scope.ORDERS,
        Danger.MONEY,
        "orders.addons",
        "billtui orders addons",
    ),
    Command(
        "order.explain", "Explain", "What can be done with this order, and why not the rest.", ("e",), Scope.ORDERS
    ),
)
