"""Commands of balance, overview and settings."""

from __future__ import annotations

from billtui.commands.command import Command, Danger, Scope

COMMANDS = (
    Command(
        "balance.top_up",
        "Top up",
        "Put money on the internal balance (INV-13).",
        ("t",),
        Scope.BALANCE,
        Danger.MONEY,
        "balance.top-up",
        "billtui balance top-up",
        2,
    ),
    Command(
        "balance.move",
        "Move affiliate money",
        "Move money from the affiliate to the internal balance (ACC-4).",
        ("m",),
        Scope.BALANCE,
        Danger.MONEY,
        "balance.move",
        "billtui balance move",
        3,
        "Move",
    ),
    Command(
        "overview.open", "Open", "Open the list behind this line.", ("enter",), Scope.OVERVIEW, bar=1, in_palette=False
    ),
    Command(
        "settings.theme",
        "Theme",
        "Dark, light, high contrast, for colour-blind people, 16 colours.",
        ("t",),
        Scope.SETTINGS,
        bar=2,
    ),
    Command(
        "settings.doctor",
        "Doctor",
        "What billtui found on this host, to paste into a report.",
        ("d",),
        Scope.SETTINGS,
        bar=3,
        verb="billtui doctor",
    ),
)
