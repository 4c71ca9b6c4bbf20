"""Commands of the planner."""

from __future__ import annotations

from billtui.commands.command import Command, Scope

COMMANDS = (
    Command("planner.open", "Open the day", "What happens on this day.", ("enter",), Scope.PLANNER, bar=1, short="Day"),
)
