"""Commands on the list of tickets and for reading a thread. The ids ``thread.*`` are the thread's own bindings."""

from __future__ import annotations

from billtui.commands.command import Command, Scope


def _own(name: str, title: str, about: str, *keys: str) -> Command:
    """A binding of the thread itself."""
    return Command(f"thread.{name}", title, about, keys, Scope.THREAD, in_palette=False)


COMMANDS = (
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
)
