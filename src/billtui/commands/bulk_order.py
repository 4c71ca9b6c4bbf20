"""Commands of the order of many servers at once. The ids ``matrix.*`` are the matrix' own bindings."""

from __future__ import annotations

from billtui.commands.command import Command, Danger, Scope

COMMANDS = (
    Command(
        "order.new",
        "Order servers",
        "New servers, one or hundreds, over plans and locations (BLK).",
        ("b",),
        Scope.GLOBAL,
        capability="orders.new",
        verb="billtui order new",
    ),
    Command("matrix.left", "Left", "The location before.", ("left", "h"), Scope.BULK, in_palette=False),
    Command("matrix.right", "Right", "The next location.", ("right", "l"), Scope.BULK, in_palette=False),
    Command("matrix.up", "Up", "The plan above.", ("up", "k"), Scope.BULK, in_palette=False),
    Command("matrix.down", "Down", "The plan below.", ("down", "j"), Scope.BULK, in_palette=False),
    Command("matrix.first", "First location", "Go to the first location.", ("home",), Scope.BULK, in_palette=False),
    Command("matrix.last", "Last location", "Go to the last location.", ("end",), Scope.BULK, in_palette=False),
    Command("matrix.top", "First plan", "Go to the first plan.", ("pageup", "g"), Scope.BULK, in_palette=False),
    Command("matrix.bottom", "Last plan", "Go to the last plan.", ("pagedown", "G"), Scope.BULK, in_palette=False),
    Command("matrix.erase", "Erase a digit", "The last digit goes.", ("backspace",), Scope.BULK, in_palette=False),
    Command("matrix.clear", "Clear the cell", "As 0 does.", ("delete",), Scope.BULK, in_palette=False),
    Command(
        "bulk.buy",
        "Order and pay",
        "See the price line by line, choose how to pay, confirm.",
        ("enter",),
        Scope.BULK,
        Danger.MONEY,
        "orders.new",
        "billtui order new",
        bar=1,
        short="Order",
    ),
    Command(
        "bulk.fill_row",
        "Fill the row",
        "This plan in all available locations, so many in each (BLK-2).",
        ("f",),
        Scope.BULK,
        bar=2,
        short="Fill row",
    ),
    Command(
        "bulk.fill_column", "Fill the column", "Every plan in this location.", ("c",), Scope.BULK
    ),
    Command("bulk.fill_all", "Fill everything", "Every plan in every location.", ("*",), Scope.BULK),
    Command(
        "bulk.paste", "Paste lines", "Lines such as “nl micro 3”; every bad one is named.", ("v",), Scope.BULK, bar=3,
        short="Paste",
    ),
    Command(
        "bulk.fix", "Left out", "What is left out, why, and the ways out.", ("x",), Scope.BULK, bar=4
    ),
    Command(
        "bulk.explain",
        "Explain",
        "Why it costs what it costs, line by line.",
        ("e",),
        Scope.BULK,
        bar=5,
        verb="billtui quote order",
    ),
    Command("bulk.period", "Period", "For how many months (REN-3).", ("p",), Scope.BULK),
    Command("bulk.addons", "Add-ons", "What every server gets on top.", ("a",), Scope.BULK),
    Command("bulk.names", "Names", "A pattern such as web-{loc}-{n:02}.", ("n",), Scope.BULK),
    Command("bulk.auto_renew", "Auto-renewal", "On with its period, or off (REN-4).", ("t",), Scope.BULK),
    Command(
        "bulk.promo", "Promo code", "It takes per cent off (DSC-6).", ("d",), Scope.BULK,
        capability="orders.new-promo",
    ),
    Command(
        "bulk.copy_command", "Copy command", "Send the command line that orders the same to the clipboard.", ("Y",),
        Scope.BULK,
    ),
    Command("bulk.clear", "Clear everything", "Empty every cell; u brings them back.", ("X",), Scope.BULK),
)  # fmt: skip
