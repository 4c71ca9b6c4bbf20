"""Commands on the list of tickets and for reading a thread. The ids ``thread.*`` are the thread's own bindings."""

from __future__ import annotations

from billtui.commands.command import Command, Scope


def _own(name: str, title: str, about: str, *keys: str) -> Command:
    """A binding of the thread itself."""
    return Command(f"thread.{name}", title, about, keys, Scope.THREAD, in_palette=False)


COMMANDS = (
    Command(
        "app.tickets", "Tickets", "Letters to support and their answers; for support staff the queue.", ("9",),
        Scope.GLOBAL, verb="billtui tickets list",
    ),
    _own("down", "Down", "A row down; at the end the next message is chosen.", "down", "j"),
    _own("up", "Up", "A row up; at the beginning the message before is chosen.", "up", "k"),
    _own("page_down", "Page down", "One page down.", "pagedown", "space"),
    _own("page_up", "Page up", "One page up.", "pageup"),
    _own("first", "First message", "To the beginning of the thread.", "home", "g"),
    _own("last", "Last message", "To the end of the thread.", "end", "G"),
    _own("next", "Next message", "Choose the next message.", "]", "J"),
    _own("before", "Message before", "Choose the message before.", "[", "K"),
    _own("unread", "First unread", "To the first message that was not read yet.", "U"),
    _own("fold", "Unfold", "Show all of a long log, or fold it again.", "z"),
    Command(
        "ticket.open", "Go to", "The order or invoice that is meant here; a web address goes to the clipboard.", ("o",),
        Scope.THREAD, bar=9,
    ),
    Command(
        "ticket.save", "Save", "Save attachments of the chosen message, else of the thread; never run (TKT-6).",
        ("s",), Scope.THREAD, verb="billtui tickets attach", bar=10,
    ),
    Command("ticket.find", "Find", "Search in this thread, folded logs too.", ("/",), Scope.THREAD, bar=8),
    Command("ticket.find_next", "Next place", "The next place that was searched for.", ("n",), Scope.THREAD),
    Command("ticket.find_before", "Place before", "The place before.", ("p",), Scope.THREAD),
    Command("ticket.copy", "Copy", "Send the text of the chosen message to the clipboard.", ("y",), Scope.THREAD),
    Command(
        "ticket.copy_command", "Copy command", "Send the command line that shows this ticket to the clipboard.", ("Y",),
        Scope.THREAD,
    ),
    Command(
        "ticket.facts", "Facts", "All that is known of the ticket, and who read the server access (TKT-4).", ("f",),
        Scope.THREAD, bar=11,
    ),
)  # fmt: skip
