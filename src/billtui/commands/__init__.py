"""Every action of the program, defined once.

A :class:`Command` feeds the key bindings, the palette, the key bar, the help screen, ``docs/keys.md`` and names the
command-line verb that does the same. It holds no code: a screen says with :func:`handles` which method runs it.
Each module here lists the commands of one place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from billtui.commands import (
    account,
    accounts,
    bulk_order,
    choosing,
    everywhere,
    invoices,
    jobs,
    lists,
    orders,
    places,
    planner,
    queue,
    solver,
    thread,
    transfers,
    writing,
)
from billtui.commands.command import Command, Danger, Scope

__all__ = ["COMMANDS", "Command", "Danger", "Scope", "handlers_of", "handles", "of_scopes"]

_MODULES = (
    everywhere, lists, invoices, orders, bulk_order, choosing, jobs, places, planner, solver, transfers, account,
    accounts, thread, writing, queue,
)  # fmt: skip

COMMANDS: dict[str, Command] = {command.id: command for module in _MODULES for command in module.COMMANDS}
"""All commands by id, in the order of help and documentation."""


def of_scopes(scopes: Iterable[Scope]) -> list[Command]:
    """The commands that work where ``scopes`` hold, the most particular scope first."""
    return [command for scope in scopes for command in COMMANDS.values() if command.scope is scope]


Method = TypeVar("Method", bound=Callable[..., Any])


def handles(*command_ids: str) -> Callable[[Method], Method]:
    """Mark a screen's method as what runs these commands. Raises ``KeyError`` for an id that does not exist."""
    for command_id in command_ids:
        COMMANDS[command_id]

    def mark(method: Method) -> Method:
        method.__dict__["handled_commands"] = command_ids
        return method

    return mark


def handlers_of(owner: object) -> dict[str, str]:
    """Command id → name of the method of ``owner`` that runs it (the most derived one wins)."""
    found: dict[str, str] = {}
    for base in reversed(type(owner).__mro__):
        for name, value in vars(base).items():
            for command_id in getattr(value, "handled_commands", ()):
                found[command_id] = name
    return found
