"""Commands on invoices."""

from __future__ import annotations

from billtui.commands.command import Command, Danger, Scope

COMMANDS = (
    Command(
        "invoice.pay",
        "Pay",
        "Pay the invoice under the cursor, or all marked ones.",
        ("p",),
        Scope.INVOICES,
        Danger.MONEY,
        "invoices.pay",
        "billtui invoices pay",
        2,
    ),
    Command(
        "invoice.combine",
        "Combine",
        "Put two or more unpaid invoices onto one (INV-6).",
        ("C",),
        Scope.INVOICES,
        Danger.CHANGES,
        "invoices.combine",
        "billtui invoices combine",
        3,
    ),
    Command(
        "invoice.split",
        "Split",
        "Give back what was combined (INV-7).",
        ("X",),
        Scope.INVOICES,
        Danger.CHANGES,
        "invoices.split",
        "billtui invoices split",
        4,
    ),
    Command(
        "invoice.delete",
        "Delete",
        "Delete unpaid invoices; their orders can be renewed again (INV-5).",
        ("D",),
        Scope.INVOICES,
        Danger.DESTRUCTIVE,
        "invoices.delete",
        "billtui invoices delete",
        5,
    ),
    Command(
        "invoice.explain",
        "Explain",
        "Why the invoice costs what it costs, line by line.",
        ("e",),
        Scope.INVOICES,
        bar=6,
    ),
    Command(
        "invoice.export",
        "Export",
        "Save as PDF, CSV or JSON (INV-9).",
        ("w",),
        Scope.INVOICES,
        capability="invoices.document",
        verb="billtui invoices export",
    ),
    Command("invoice.orders", "Its orders", "Go to the orders on this invoice.", ("O",), Scope.INVOICES),
)
