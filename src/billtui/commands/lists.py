"""Commands of every list. The ids ``table.*`` are the table's own bindings."""

from __future__ import annotations

from billtui.commands.command import Command, Scope

COMMANDS = (
    Command("table.down", "Down", "The next row.", ("down", "j"), Scope.LIST, in_palette=False),
    Command("table.up", "Up", "The row before.", ("up", "k"), Scope.LIST, in_palette=False),
    Command("table.first", "First row", "Go to the first row.", ("g", "home"), Scope.LIST, in_palette=False),
    Command("table.last", "Last row", "Go to the last row.", ("G", "end"), Scope.LIST, in_palette=False),
    Command("table.page_down", "Page down", "One page down.", ("pagedown",), Scope.LIST, in_palette=False),
    Command("table.page_up", "Page up", "One page up.", ("pageup",), Scope.LIST, in_palette=False),
    Command("table.open", "Open", "Open what is under the cursor.", ("enter",), Scope.LIST, bar=1, in_palette=False),
    Command("table.mark", "Mark", "Mark or unmark the row.", ("space",), Scope.LIST, bar=8, in_palette=False),
    Command(
        "table.mark_range",
        "Mark a range",
        "Begin a range here; V again marks it, and so does whatever is done with rows. Esc leaves it.",
        ("V",),
        Scope.LIST,
        in_palette=False,
    ),
    Command("table.mark_all", "Mark all shown", "Mark every row that the filter shows.", ("*",), Scope.LIST),
    Command("table.invert_marks", "Invert marks", "Mark what is not marked, among the rows shown.", ("!",), Scope.LIST),
    Command("table.clear_marks", "Clear marks", "Unmark everything, shown or not.", (), Scope.LIST),
    Command("list.filter", "Filter", "Show only rows with these words.", ("/",), Scope.LIST, bar=7),
    Command("list.sort", "Sort", "Sort by the next column.", ("s",), Scope.LIST),
    Command("list.sort_reverse", "Reverse sort", "Turn the order round.", ("S",), Scope.LIST),
    Command("list.columns", "Columns", "Choose the columns.", ("c",), Scope.LIST),
    Command("list.views", "Views", "Filters ready made for this list.", ("v",), Scope.LIST),
    Command(
        "list.save_view",
        "Save view",
        "Keep filter, sort and columns under a name; v shows them, or forgets one.",
        ("W",),
        Scope.LIST,
    ),
    Command("list.copy_id", "Copy id", "Send the id to the terminal's clipboard.", ("y",), Scope.LIST),
    Command(
        "list.copy_command",
        "Copy command",
        "Send the command line that does the same to the clipboard.",
        ("Y",),
        Scope.LIST,
    ),
)
