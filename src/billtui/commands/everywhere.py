"""Commands that work everywhere."""

from __future__ import annotations

from billtui.commands.command import Command, Scope

COMMANDS = (
    Command("app.help", "Help", "The keys and commands of this place.", ("?",), Scope.GLOBAL, bar=90, short="Help"),
    Command(
        "app.palette",
        "Commands",
        "Find any command by its name.",
        (":", "ctrl+p"),
        Scope.GLOBAL,
        bar=91,
        in_palette=False,
    ),
    Command(
        "app.back", "Back", "One step back; never leaves the program.", ("escape",), Scope.GLOBAL, in_palette=False
    ),
    Command(
        "app.close",
        "Close",
        "Close this view; on the top view, ask whether to quit.",
        ("q",),
        Scope.GLOBAL,
        bar=95,
        in_palette=False,
    ),
    Command(
        "app.quit",
        "Quit",
        "Leave billtui. Asks first while something is held back or running.",
        ("ctrl+q",),
        Scope.GLOBAL,
    ),
    Command("app.refresh", "Refresh", "Ask the panel for what changed.", ("r",), Scope.GLOBAL),
    Command(
        "app.undo",
        "Undo",
        "Take back what waits in the outbox; otherwise undo the last change of marks.",
        ("u",),
        Scope.GLOBAL,
    ),
    Command("app.repaint", "Repaint", "Draw the whole screen anew.", ("ctrl+l",), Scope.GLOBAL),
    Command(
        "app.overview",
        "Overview",
        "What is owed, what runs out, what changed.",
        ("1",),
        Scope.GLOBAL,
        verb="billtui whoami",
    ),
    Command(
        "app.invoices", "Invoices", "All invoices, paid and unpaid.", ("2",), Scope.GLOBAL, verb="billtui invoices list"
    ),
    Command("app.orders", "Orders", "All servers and services.", ("3",), Scope.GLOBAL, verb="billtui orders list"),
    Command(
        "app.jobs", "Jobs", "What was confirmed, and how far it is.", ("4",), Scope.GLOBAL, verb="billtui jobs list"
    ),
    Command(
        "app.balance",
        "Balance",
        "Both purses and every movement of money.",
        ("5",),
        Scope.GLOBAL,
        verb="billtui balance",
    ),
    Command("app.settings", "Settings", "Profile, appearance, limits, this terminal.", ("6",), Scope.GLOBAL),
    Command(
        "app.planner",
        "Planner",
        "What falls due when, and what the balance will pay.",
        ("7",),
        Scope.GLOBAL,
        verb="billtui forecast",
    ),
    Command(
        "app.search",
        "Search",
        "Find an order, invoice or transfer by any of its text.",
        ("ctrl+f",),
        Scope.GLOBAL,
        verb="billtui search",
    ),
    Command(
        "app.sign-out",
        "Sign out",
        "End the session on the panel and forget its token.",
        (),
        Scope.GLOBAL,
        verb="billtui logout",
    ),
    Command(
        "app.profile",
        "Switch profile",
        "All profiles with what their copies say: open another one, or all accounts in one list.",
        ("@",),
        Scope.GLOBAL,
        verb="billtui profile list",
    ),
)
