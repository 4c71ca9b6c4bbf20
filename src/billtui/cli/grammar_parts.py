"""What a verb and an option are, and the options that several verbs share."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

SETTLE_SECONDS = 30
"""So long a command looks an unknown outcome up before it ends with exit code 9."""


def whole_number(text: str) -> int:
    """1 or more. Raises ArgumentTypeError, ValueError."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be 1 or more")
    return number


def natural_number(text: str) -> int:
    """0 or more. Raises ArgumentTypeError, ValueError."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("it must not be negative")
    return number


whole_number.__name__ = "whole number"
natural_number.__name__ = "whole number"


class Option(NamedTuple):
    """One option or argument."""

    names: tuple[str, ...]
    help: str
    settings: Mapping[str, Any] = MappingProxyType({})
    own: bool = True
    """Of this verb alone; a common one may stand before the verb as well."""

    @property
    def positional(self) -> bool:
        """Whether it is an argument without dashes."""
        return not self.names[0].startswith("-")

    @property
    def takes_value(self) -> bool:
        """Whether something follows it."""
        return self.positional or self.settings.get("action") not in ("store_true", "store_false")

    @property
    def shown(self) -> str:
        """As it is written in the document."""
        metavar = self.settings.get("metavar") or self.names[0].lstrip("-").upper()
        if self.positional:
            return {"+": f"{metavar}...", "?": f"[{metavar}]", "*": f"[{metavar}...]"}.get(
                str(self.settings.get("nargs", "")), str(metavar)
            )
        name = self.names[-1]
        if not self.takes_value:
            return name
        choices = self.settings.get("choices")
        value = "|".join(map(str, choices)) if choices else metavar
        return f"{name} {value}" + ("..." if self.settings.get("nargs") else "")


def option(*names: str, help: str, **settings: Any) -> Option:
    """An option or argument; ``settings`` are argparse's."""
    return Option(names, help, settings)


def flag(name: str, help: str) -> Option:
    """An option that takes no value."""
    return Option((name,), help, {"action": "store_true"})


class Verb(NamedTuple):
    """One verb: where its code is, and what it takes."""

    path: tuple[str, ...]
    help: str
    run: str
    """``module:function`` under ``billtui.cli.verbs``, loaded when the verb runs."""
    options: tuple[Option, ...] = ()
    more: str = ""
    panel: bool = True
    """Whether it talks to a panel (and so starts the demo's, and needs a secret)."""
    writes: bool = False
    raw: bool = False
    """Everything behind it is handed on as it is."""
    default: bool = False
    """Runs when its group is named alone."""

    @property
    def name(self) -> str:
        """``invoices list``."""
        return " ".join(self.path)

    def all_options(self) -> tuple[Option, ...]:
        """Its own, those of writes, and those that all verbs have."""
        return (*self.options, *(WRITE if self.writes else ()), *COMMON)


def _common(*names: str, help: str, **settings: Any) -> Option:
    return Option(names, help, settings, own=False)


COMMON = (
    _common("--json", help="one JSON document on stdout; errors as JSON on stderr", action="store_true"),
    _common("-p", "--profile", help="which profile (else the last one used)", metavar="NAME"),
    _common("--demo", help="use the built-in reference panel; nothing is real", action="store_true"),
    _common("--fleet", help="orders of a new demo (default 40)", metavar="N", type=natural_number),
    _common("--seed", help="seed of a new demo (default 1)", metavar="S", type=natural_number),
    _common("--url", help="a panel without a profile; the secret comes from BILLTUI_TOKEN or BILLTUI_PASSWORD"),
    _common("--login", help="the login for --url (or another one of the demo)"),
    _common("--read-only", help="refuse everything that would change something", action="store_true"),
)
"""Options that every verb has, before or behind it."""

PROGRAM_OPTIONS = (
    option("--version", help="say which version this is and end", action="store_true"),
    *COMMON,
    option("--hostile", help="with --demo: a fleet full of texts that attack terminals", action="store_true"),
    option(
        "--reset", help="with --demo: begin anew: its database, copies, journal, tags and drafts", action="store_true"
    ),
)

WRITE = (
    flag("--dry-run", "show the plan and end; nothing is sent (exit 0, or 5 if everything is left out)"),
    flag("--yes", "do not ask; covers totals and counts up to the profile's limit"),
    option("--max-total", help="with --yes: go up to this total, e.g. 120.00EUR", metavar="AMOUNT"),
    option(
        "--plan-out",
        help="write the plan to a new file (mode 0600) for “billtui apply”; nothing is sent",
        metavar="FILE",
    ),
    flag("--force", "let --plan-out replace a file that is there"),
    option(
        "--settle-seconds",
        help=f"look an unknown outcome up for so long (default {SETTLE_SECONDS}), then exit 9",
        metavar="S",
        type=natural_number,
        default=SETTLE_SECONDS,
    ),
)
CONFIRM = tuple(one for one in WRITE if one.names[0] in ("--yes", "--max-total", "--settle-seconds"))

LIMIT = option("--limit", help="at most so many", metavar="N", type=whole_number)
OFFLINE = flag("--offline", "from the local copy; the panel is not asked")
QUERY = option("--query", help="only those with all of these words", metavar="TEXT")
STATE = option("--state", help="only in this state; may stand several times", metavar="STATE", action="append")
INVOICES = option("invoice", help="id or number; id:5 and number:5 where both exist", metavar="INVOICE", nargs="+")
INVOICE = option("invoice", help="id or number; id:5 and number:5 where both exist", metavar="INVOICE")
ORDERS = option("order", help="id, or name where only one has it; id:5 and name:web", metavar="ORDER", nargs="+")
ORDER = option("order", help="id, or name where only one has it; id:5 and name:web", metavar="ORDER")
PERIOD = option("--period", help="months: 1, 3, 6, 12 or 24", metavar="MONTHS", type=whole_number, required=True)
PROMO = option("--promo", help="a promo code", metavar="CODE")
AMOUNT = option("amount", help="for example 50 or 50.00EUR", metavar="AMOUNT")
JOB = option("job", help="its id, or six or more digits of its beginning", metavar="JOB")
