"""Commands of the planner and its agenda."""

from __future__ import annotations

from billtui.commands.command import Command, Danger, Scope

COMMANDS = (
    Command("planner.open", "Open the day", "What happens on this day.", ("enter",), Scope.PLANNER, bar=1, short="Day"),
    Command(
        "planner.calendar",
        "Calendar",
        "The month: what falls due on each day.",
        ("c",),
        Scope.PLANNER,
    ),
    Command(
        "planner.agenda",
        "Agenda",
        "Everything that will happen, one after the other.",
        ("a",),
        Scope.PLANNER,
        bar=4,
        verb="billtui forecast",
    ),
    Command("planner.cash", "Cash", "What both purses hold, day by day.", ("f",), Scope.PLANNER, bar=6),
    Command(
        "planner.horizon",
        "30, 90 or 365 days",
        "How far ahead the forecast looks.",
        ("z",),
        Scope.PLANNER,
        bar=7,
        short="Days",
    ),
    Command(
        "planner.top_up",
        "Top up what saves",
        "Put the money onto the internal balance with which every auto-renewal succeeds (REN-4, INV-13).",
        ("t",),
        Scope.PLANNER,
        Danger.MONEY,
        "balance.top-up",
        "billtui balance top-up",
        2,
        "Top up",
    ),
    Command(
        "agenda.horizon",
        "30, 90 or 365 days",
        "How far ahead the forecast looks.",
        ("z",),
        Scope.AGENDA,
        bar=2,
        short="Days",
    ),
    Command(
        "agenda.top_up",
        "Top up what saves",
        "Put the money onto the internal balance with which every auto-renewal succeeds (REN-4, INV-13).",
        ("t",),
        Scope.AGENDA,
        Danger.MONEY,
        "balance.top-up",
        "billtui balance top-up",
        3,
        "Top up",
    ),
)
