"""Every action of the program, defined once.

A :class:`Command` feeds the key bindings, the palette, the key bar, the help screen, ``docs/keys.md`` and names the
command-line verb that does the same. It holds no code: a screen says with :func:`handles` which method runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar


class Scope(StrEnum):
    """Where a command works. A screen names its scopes, most particular first."""

    GLOBAL = "everywhere"
    LIST = "lists"
    OVERVIEW = "overview"
    INVOICES = "invoices"
    INVOICE = "invoice"
    ORDERS = "orders"
    ORDER = "order"
    JOBS = "jobs"
    JOB = "job"
    BALANCE = "balance"
    SETTINGS = "settings"


class Danger(StrEnum):
    """What a command can do. Anything beyond ``NONE`` asks before it acts."""

    NONE = "looks only"
    CHANGES = "changes something; can be changed back"
    MONEY = "spends or promises money"
    DESTRUCTIVE = "cannot be taken back"


@dataclass(frozen=True, slots=True)
class Command:
    """One action: what it is called, which keys run it, where it works, what it can do."""

    id: str
    """``area.verb``; also the id of its key binding, so that a keymap can name it."""
    title: str
    help: str
    keys: tuple[str, ...]
    scope: Scope
    danger: Danger = Danger.NONE
    capability: str | None = None
    """What the panel must be able to do; without it the command is shown disabled with that reason."""
    verb: str | None = None
    """The command line that does the same."""
    bar: int = 0
    """Rank in the key bar: 1 first; 0 is not shown there."""
    short: str = ""
    """Its word in the key bar, where the title is too long."""
    in_palette: bool = True

    @property
    def writes(self) -> bool:
        """Whether it sends a write to the panel: a read-only profile refuses it."""
        return self.danger is not Danger.NONE


def _commands() -> tuple[Command, ...]:
    c = Command
    s = Scope
    money, changes, destructive = Danger.MONEY, Danger.CHANGES, Danger.DESTRUCTIVE
    return (
        # Everywhere
        c("app.help", "Help", "The keys and commands of this place.", ("?",), s.GLOBAL, bar=90, short="Help"),
        c(
            "app.palette",
            "Commands",
            "Find any command by its name.",
            (":", "ctrl+p"),
            s.GLOBAL,
            bar=91,
            in_palette=False,
        ),
        c("app.back", "Back", "One step back; never leaves the program.", ("escape",), s.GLOBAL, in_palette=False),
        c(
            "app.close",
            "Close",
            "Close this view; on the top view, ask whether to quit.",
            ("q",),
            s.GLOBAL,
            bar=95,
            in_palette=False,
        ),
        c(
            "app.quit",
            "Quit",
            "Leave billtui. Asks first while something is held back or running.",
            ("ctrl+q",),
            s.GLOBAL,
        ),
        c("app.refresh", "Refresh", "Ask the panel for what changed.", ("r",), s.GLOBAL),
        c(
            "app.undo",
            "Undo",
            "Take back what waits in the outbox; otherwise undo the last change of marks.",
            ("u",),
            s.GLOBAL,
        ),
        c("app.repaint", "Repaint", "Draw the whole screen anew.", ("ctrl+l",), s.GLOBAL),
        c(
            "app.overview",
            "Overview",
            "What is owed, what runs out, what changed.",
            ("1",),
            s.GLOBAL,
            verb="billtui whoami",
        ),
        c("app.invoices", "Invoices", "All invoices, paid and unpaid.", ("2",), s.GLOBAL, verb="billtui invoices list"),
        c("app.orders", "Orders", "All servers and services.", ("3",), s.GLOBAL, verb="billtui orders list"),
        c("app.jobs", "Jobs", "What was confirmed, and how far it is.", ("4",), s.GLOBAL, verb="billtui jobs list"),
        c(
            "app.balance",
            "Balance",
            "Both purses and every movement of money.",
            ("5",),
            s.GLOBAL,
            verb="billtui balance",
        ),
        c("app.settings", "Settings", "Profile, appearance, limits, this terminal.", ("6",), s.GLOBAL),
        c(
            "app.search",
            "Search",
            "Find an order or invoice by any of its text.",
            ("ctrl+f",),
            s.GLOBAL,
            verb="billtui search",
        ),
        c(
            "app.sign-out",
            "Sign out",
            "End the session on the panel and forget its token.",
            (),
            s.GLOBAL,
            verb="billtui logout",
        ),
        c("app.profile", "Switch profile", "Sign in with another profile.", (), s.GLOBAL),
        # Lists. The ids table.* are the table's own bindings.
        c("table.down", "Down", "The next row.", ("down", "j"), s.LIST, in_palette=False),
        c("table.up", "Up", "The row before.", ("up", "k"), s.LIST, in_palette=False),
        c("table.first", "First row", "Go to the first row.", ("g", "home"), s.LIST, in_palette=False),
        c("table.last", "Last row", "Go to the last row.", ("G", "end"), s.LIST, in_palette=False),
        c("table.page_down", "Page down", "One page down.", ("pagedown",), s.LIST, in_palette=False),
        c("table.page_up", "Page up", "One page up.", ("pageup",), s.LIST, in_palette=False),
        c("table.open", "Open", "Open what is under the cursor.", ("enter",), s.LIST, bar=1, in_palette=False),
        c("table.mark", "Mark", "Mark or unmark the row.", ("space",), s.LIST, bar=8, in_palette=False),
        c(
            "table.mark_range",
            "Mark a range",
            "Mark from the last marked row to here.",
            ("V",),
            s.LIST,
            in_palette=False,
        ),
        c("table.mark_all", "Mark all shown", "Mark every row that the filter shows.", ("*",), s.LIST),
        c("table.invert_marks", "Invert marks", "Mark what is not marked, among the rows shown.", ("!",), s.LIST),
        c("table.clear_marks", "Clear marks", "Unmark everything, shown or not.", (), s.LIST),
        c("list.filter", "Filter", "Show only rows with these words.", ("/",), s.LIST, bar=7),
        c("list.sort", "Sort", "Sort by the next column.", ("s",), s.LIST),
        c("list.sort_reverse", "Reverse sort", "Turn the order round.", ("S",), s.LIST),
        c("list.columns", "Columns", "Choose the columns.", ("c",), s.LIST),
        c("list.views", "Views", "Filters ready made for this list.", ("v",), s.LIST),
        c("list.copy_id", "Copy id", "Send the id to the terminal's clipboard.", ("y",), s.LIST),
        c(
            "list.copy_command",
            "Copy command",
            "Send the command line that does the same to the clipboard.",
            ("Y",),
            s.LIST,
        ),
        # Invoices
        c(
            "invoice.pay",
            "Pay",
            "Pay the invoice under the cursor, or all marked ones.",
            ("p",),
            s.INVOICES,
            money,
            "invoices.pay",
            "billtui invoices pay",
            2,
        ),
        c(
            "invoice.combine",
            "Combine",
            "Put two or more unpaid invoices onto one (INV-6).",
            ("C",),
            s.INVOICES,
            changes,
            "invoices.combine",
            "billtui invoices combine",
            3,
        ),
        c(
            "invoice.split",
            "Split",
            "Give back what was combined (INV-7).",
            ("X",),
            s.INVOICES,
            changes,
            "invoices.split",
            "billtui invoices split",
            4,
        ),
        c(
            "invoice.delete",
            "Delete",
            "Delete unpaid invoices; their orders can be renewed again (INV-5).",
            ("D",),
            s.INVOICES,
            destructive,
            "invoices.delete",
            "billtui invoices delete",
            5,
        ),
        c(
            "invoice.explain",
            "Explain",
            "Why the invoice costs what it costs, line by line.",
            ("e",),
            s.INVOICES,
            bar=6,
        ),
        c(
            "invoice.export",
            "Export",
            "Save as PDF, CSV or JSON (INV-9).",
            ("w",),
            s.INVOICES,
            capability="invoices.document",
            verb="billtui invoices export",
        ),
        c("invoice.orders", "Its orders", "Go to the orders on this invoice.", ("O",), s.INVOICES),
        # Orders
        c(
            "order.renew",
            "Renew",
            "Renew the order under the cursor, or all marked ones (REN).",
            ("R",),
            s.ORDERS,
            money,
            "orders.renew",
            "billtui orders renew",
            2,
        ),
        c(
            "order.pay",
            "Pay its invoice",
            "Pay the open invoice of this order.",
            ("p",),
            s.ORDERS,
            money,
            "invoices.pay",
            "billtui invoices pay",
            4,
            "Pay",
        ),
        c(
            "order.invoice",
            "Its open invoice",
            "Go to the invoice that blocks this order.",
            ("i",),
            s.ORDERS,
            bar=5,
            short="Invoice",
        ),
        c(
            "order.auto_renew",
            "Auto-renewal",
            "Switch auto-renewal and its period (REN-4, REN-5).",
            ("a",),
            s.ORDERS,
            changes,
            "orders.auto-renew",
            "billtui orders auto-renew",
            3,
            "Auto",
        ),
        c(
            "order.actions",
            "Power",
            "Start, stop, reboot, reset, suspend, reinstall.",
            ("x",),
            s.ORDERS,
            changes,
            "orders.power",
            "billtui orders action",
            6,
        ),
        c(
            "order.rename",
            "Rename",
            "Give the order another name.",
            ("E",),
            s.ORDERS,
            changes,
            "orders.rename",
            "billtui orders rename",
        ),
        c("order.explain", "Explain", "What can be done with this order, and why not the rest.", ("e",), s.ORDERS),
        # Jobs
        c(
            "job.pause",
            "Pause or go on",
            "Stop starting operations, or go on.",
            ("p",),
            s.JOBS,
            bar=2,
            short="Pause",
            verb="billtui jobs resume",
        ),
        c("job.retry", "Retry failed", "Confirm what failed once more.", ("R",), s.JOBS, money, bar=3, short="Retry"),
        c(
            "job.settle",
            "Settle now",
            "Ask the panel what became of the unknown ones.",
            ("t",),
            s.JOBS,
            bar=4,
            short="Settle",
        ),
        c(
            "job.cancel",
            "Cancel",
            "Start nothing new; what was sent is finished.",
            ("K",),
            s.JOBS,
            changes,
            bar=5,
            verb="billtui jobs cancel",
        ),
        c("job.decide", "Decide", "Close an operation whose outcome only a person can tell.", ("d",), s.JOBS, changes),
        # Balance
        c(
            "balance.top_up",
            "Top up",
            "Put money on the internal balance (INV-13).",
            ("t",),
            s.BALANCE,
            money,
            "balance.top-up",
            "billtui balance top-up",
            2,
        ),
        c(
            "balance.move",
            "Move affiliate money",
            "Move money from the affiliate to the internal balance (ACC-4).",
            ("m",),
            s.BALANCE,
            money,
            "balance.move",
            "billtui balance move",
            3,
            "Move",
        ),
        # Overview
        c("overview.open", "Open", "Open the list behind this line.", ("enter",), s.OVERVIEW, bar=1, in_palette=False),
        # Settings
        c("settings.theme", "Theme", "Dark, light, high contrast, 16 colours.", ("t",), s.SETTINGS, bar=2),
        c(
            "settings.doctor",
            "Doctor",
            "What billtui found on this host, to paste into a report.",
            ("d",),
            s.SETTINGS,
            bar=3,
            verb="billtui doctor",
        ),
    )


COMMANDS: dict[str, Command] = {command.id: command for command in _commands()}
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
