"""Commands of the solver, of line up and of what-if."""

from __future__ import annotations

from billtui.commands.command import Command, Danger, Scope

_WHICH = "The cheapest way to renew what is chosen, its ends brought together, or what would be without it."

COMMANDS = (
    Command(
        "order.optimize", "Cheapest way", _WHICH, ("P",), Scope.ORDERS, verb="billtui optimize renewals",
        bar=7, short="Cheapest",
    ),
    Command(
        "planner.optimize", "Cheapest way", _WHICH, ("P",), Scope.PLANNER, verb="billtui optimize renewals", bar=5,
        short="Cheapest",
    ),
    Command(
        "solver.buy", "Buy what is for now",
        "Real quotes for what is to be bought now, then the confirmation. Enter does the same.",
        ("B",), Scope.SOLVER, Danger.MONEY, "orders.renew", "billtui optimize renewals", 1, "Buy now",
    ),
    Command("solver.explain", "Explain", "Why this order is bought now or later, and for what price.", ("e",),
            Scope.SOLVER, bar=2),
    Command("solver.inputs", "Inputs", "How long, which budget, which codes.", ("i",), Scope.SOLVER, bar=3),
    Command("solver.again", "Compute anew", "With the orders as they are now.", ("C",), Scope.SOLVER),
    Command(
        "line_up.buy", "Buy the first purchases",
        "Real quotes for what brings the ends together, then the confirmation. Enter does the same.",
        ("B",), Scope.LINE_UP, Danger.MONEY, "orders.renew", "billtui optimize line-up", 1, "Buy",
    ),
    Command("line_up.explain", "Explain", "What moves this order's end, and what it costs.", ("e",), Scope.LINE_UP,
            bar=2),
    Command("line_up.way", "Other way", "The tightest ends, or the cheapest within a month.", ("w",), Scope.LINE_UP,
            bar=3),
    Command("line_up.inputs", "Inputs", "How far ends may be moved, and into which month.", ("i",), Scope.LINE_UP,
            bar=4),
    Command("line_up.again", "Compute anew", "With the orders as they are now.", ("C",), Scope.LINE_UP),
    Command("what_if.inputs", "Inputs", "What becomes of the chosen orders, and which new ones come.", ("i",),
            Scope.WHAT_IF, bar=2),
    Command("what_if.explain", "Explain", "What changes for this order, and from when.", ("e",), Scope.WHAT_IF, bar=1),
    Command("what_if.again", "Compute anew", "With the orders as they are now.", ("C",), Scope.WHAT_IF),
)  # fmt: skip
