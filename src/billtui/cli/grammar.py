"""Every verb and option of the command line, defined once: the parser, the completion and the document come from it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SETTLE_SECONDS = 30
"""So long a command looks an unknown outcome up before it ends with exit code 9."""


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it must be 1 or more")
    return number


def _natural(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("it must not be negative")
    return number


_count.__name__ = "whole number"
_natural.__name__ = "whole number"


@dataclass(frozen=True)
class Option:
    """One option or argument."""

    names: tuple[str, ...]
    help: str
    settings: Mapping[str, Any] = field(default_factory=dict)
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


def _o(*names: str, help: str, **settings: Any) -> Option:
    return Option(names, help, settings)


def _flag(name: str, help: str) -> Option:
    return Option((name,), help, {"action": "store_true"})


@dataclass(frozen=True)
class Verb:
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
    _common("--fleet", help="orders of a new demo (default 40)", metavar="N", type=_natural),
    _common("--seed", help="seed of a new demo (default 1)", metavar="S", type=_natural),
    _common("--url", help="a panel without a profile; the secret comes from BILLTUI_TOKEN or BILLTUI_PASSWORD"),
    _common("--login", help="the login for --url (or another one of the demo)"),
    _common("--read-only", help="refuse everything that would change something", action="store_true"),
)
"""Options that every verb has, before or behind it."""

PROGRAM_OPTIONS = (
    _o("--version", help="say which version this is and end", action="store_true"),
    *COMMON,
    _o("--hostile", help="with --demo: a fleet full of texts that attack terminals", action="store_true"),
    _o("--reset", help="with --demo: begin anew, its database, copies and journal", action="store_true"),
)

WRITE = (
    _flag("--dry-run", "show the plan and end; nothing is sent (exit 0, or 5 if everything is left out)"),
    _flag("--yes", "do not ask; covers totals and counts up to the profile's limit"),
    _o("--max-total", help="with --yes: go up to this total, e.g. 120.00EUR", metavar="AMOUNT"),
    _o(
        "--plan-out",
        help="write the plan to a new file (mode 0600) for “billtui apply”; nothing is sent",
        metavar="FILE",
    ),
    _flag("--force", "let --plan-out replace a file that is there"),
    _o(
        "--settle-seconds",
        help=f"look an unknown outcome up for so long (default {SETTLE_SECONDS}), then exit 9",
        metavar="S",
        type=_natural,
        default=SETTLE_SECONDS,
    ),
)
_CONFIRM = tuple(option for option in WRITE if option.names[0] in ("--yes", "--max-total", "--settle-seconds"))

_LIMIT = _o("--limit", help="at most so many", metavar="N", type=_count)
_OFFLINE = _flag("--offline", "from the local copy; the panel is not asked")
_QUERY = _o("--query", help="only those with all of these words", metavar="TEXT")
_STATE = _o("--state", help="only in this state; may stand several times", metavar="STATE", action="append")
_INVOICES = _o("invoice", help="id or number; id:5 and number:5 where both exist", metavar="INVOICE", nargs="+")
_INVOICE = _o("invoice", help="id or number; id:5 and number:5 where both exist", metavar="INVOICE")
_ORDERS = _o("order", help="id, or name where only one has it; id:5 and name:web", metavar="ORDER", nargs="+")
_ORDER = _o("order", help="id, or name where only one has it; id:5 and name:web", metavar="ORDER")
_PERIOD = _o("--period", help="months: 1, 3, 6 or 12", metavar="MONTHS", type=_count, required=True)
_PROMO = _o("--promo", help="a promo code", metavar="CODE")
_AMOUNT = _o("amount", help="for example 50 or 50.00EUR", metavar="AMOUNT")
_JOB = _o("job", help="its id, or six or more digits of its beginning", metavar="JOB")

INVOICE_SORTS = ("number", "issued", "due", "total", "state")
ORDER_SORTS = ("ends", "name", "price", "state", "location", "plan", "id")
ACTIONS = ("start", "stop", "reboot", "reset", "reinstall", "suspend", "unsuspend")

GROUPS: dict[str, str] = {
    "profile": "Which panel, as whom",
    "invoices": "Invoices: list, pay, promise, combine, split, delete, export",
    "orders": "Orders: list, renew, control",
    "quote": "What something would cost, explained, without buying",
    "jobs": "What was confirmed, and how far it is",
    "balance": "Both purses",
    "journal": "What was written down before it was sent",
    "sandbox": "The reference panel by itself",
}

VERBS: tuple[Verb, ...] = (
    Verb(
        ("login",), "Sign in and keep the session.", "signing:login",
        (
            _flag("--password-stdin", "the password is the first line of standard input"),
            _o("--password-file", help="the password is the first line of this file (mode 0600)", metavar="FILE"),
            _flag("--totp-stdin", "the code of the second factor is the next line of standard input"),
        ),
        more="Asks on a terminal only. A password is never kept; the session's token is, in the keyring or encrypted.",
    ),
    Verb(("logout",), "End the session on the panel and forget its token.", "signing:logout"),
    Verb(
        ("profile", "add"), "Add a profile; on a terminal it asks for what is missing.", "profiles:add",
        (
            _o("name", help="a short name", metavar="NAME", nargs="?"),
            _o("--ca-file", help="a PEM file of the authority that signs the panel's certificate", metavar="FILE"),
            _o("--fingerprint", help="SHA-256 of the panel's certificate", metavar="HEX"),
            _o("--proxy", help="an HTTP proxy", metavar="URL"),
            _o("--accent", help="a colour to tell it from others", metavar="COLOUR"),
            _o("--confirm-limit", help="above this total it is typed, or --max-total is needed", metavar="AMOUNT"),
            _o("--confirm-items", help="the same above so many steps", metavar="N", type=_count),
            _o("--password-command", help="program and arguments that print the secret", metavar="WORD", nargs="+"),
            _o("--secret-kind", help="what that command prints", choices=("password", "token")),
            _flag("--replace", "replace the profile that has this name"),
        ),
        panel=False,
    ),
    Verb(("profile", "list"), "All profiles.", "profiles:list_all", panel=False),
    Verb(("profile", "show"), "One profile; no secret is ever in it.", "profiles:show",
         (_o("name", help="its name (else the last one used)", metavar="NAME", nargs="?"),), panel=False),
    Verb(("profile", "remove"), "Forget a profile and its kept token.", "profiles:remove",
         (_o("name", help="its name", metavar="NAME"),), panel=False),
    Verb(("profile", "test"), "Try the address and the sign-in; changes nothing.", "profiles:test",
         (_o("name", help="its name (else the last one used)", metavar="NAME", nargs="?"),)),
    Verb(("whoami",), "Who is signed in, where, with which balances.", "signing:whoami"),
    Verb(("account",), "The account: addresses, second factor, what it may do, open sessions.", "signing:account"),
    Verb(
        ("invoices", "list"), "Invoices, the newest first.", "invoices:list_all",
        (
            _STATE, _QUERY,
            _o("--sort", help="order by this", choices=INVOICE_SORTS), _flag("--reverse", "the other way round"),
            _LIMIT, _OFFLINE,
        ),
    ),
    Verb(("invoices", "show"), "One invoice: lines, why they cost what they cost, ways to pay.", "invoices:show",
         (_INVOICE, _OFFLINE)),
    Verb(
        ("invoices", "pay"), "Pay invoices, each in full from one source.", "invoices:pay",
        (_INVOICES, _o("--method", help="internal, affiliate, promise, or an external one such as card",
                       metavar="METHOD", required=True)),
        writes=True,
    ),
    Verb(("invoices", "promise"), "Promise to pay (PRM): seven days from now.", "invoices:promise",
         (_INVOICES,), writes=True),
    Verb(("invoices", "combine"), "Put two or more unpaid invoices onto one (INV-6).", "invoices:combine",
         (_INVOICES,), writes=True),
    Verb(("invoices", "split"), "Give back what was combined (INV-7).", "invoices:split", (_INVOICE,), writes=True),
    Verb(("invoices", "delete"), "Delete unpaid invoices (INV-5); their orders can be renewed again.",
         "invoices:delete", (_INVOICES,), writes=True),
    Verb(
        ("invoices", "export"), "Save invoices as files (INV-9); an existing file is never overwritten.",
        "invoices:export",
        (
            _INVOICES,
            _o("--format", help="which kind of file (default pdf)", choices=("pdf", "csv", "json"), default="pdf"),
            _o("--out", help="the file, for one invoice", metavar="FILE"),
            _o("--dir", help="the folder (default: this one)", metavar="DIR"),
        ),
    ),
    Verb(
        ("orders", "list"), "Orders, the soonest end first.", "orders:list_all",
        (
            _STATE,
            _o("--location", help="only in this location; may stand several times", metavar="ID", action="append"),
            _o("--plan", help="only of this plan; may stand several times", metavar="ID", action="append"),
            _o("--expires-within", help="only running ones that end in so many days", metavar="DAYS", type=_natural),
            _QUERY,
            _o("--sort", help="order by this (default ends)", choices=ORDER_SORTS),
            _flag("--reverse", "the other way round"),
            _LIMIT, _OFFLINE,
        ),
    ),
    Verb(("orders", "show"), "One order, what can be done with it, and why not the rest.", "orders:show",
         (_ORDER, _OFFLINE)),
    Verb(
        ("orders", "renew"), "Renew orders on one invoice, and perhaps pay it at once.", "orders:renew",
        (
            _ORDERS, _PERIOD, _PROMO,
            _o("--pay", help="pay the new invoice at once; without it the invoice is only issued",
               choices=("internal", "affiliate", "promise")),
        ),
        more="Only payment renews: without --pay the ends stay as they are until the invoice is paid (REN-1).",
        writes=True,
    ),
    Verb(
        ("orders", "action"), "Start, stop, reboot, reset, reinstall, suspend or unsuspend orders.", "orders:action",
        (
            _o("action", help="what to do", choices=ACTIONS), _ORDERS,
            _o("--confirm-name", help="for reinstall: the order's name, typed; once for each order",
               metavar="NAME", action="append"),
        ),
        writes=True,
    ),
    Verb(("orders", "rename"), "Give an order another name.", "orders:rename",
         (_ORDER, _o("new_name", help="the new name", metavar="NEW_NAME")), writes=True),
    Verb(
        ("orders", "auto-renew"), "Switch auto-renewal on, with its own period, or off.", "orders:auto_renew",
        (
            _o("switch", help="on or off", choices=("on", "off")), _ORDERS,
            _o("--months", help="its period: 1, 3, 6 or 12 (default: as it is)", metavar="MONTHS", type=_count),
        ),
        writes=True,
    ),
    Verb(("quote", "renewal"), "What a renewal would cost, line by line, and what it leaves out.", "orders:quote",
         (_ORDERS, _PERIOD, _PROMO)),
    Verb(
        ("apply",), "Carry out a plan that --plan-out wrote; it is done once, however often it is applied.",
        "applying:apply",
        (_o("plan", help="the file", metavar="PLAN"), _flag("--dry-run", "show the plan and end"), *_CONFIRM),
    ),
    Verb(("jobs", "list"), "Jobs, the newest first.", "jobs:list_all",
         (_LIMIT, _flag("--open", "only those that are not finished")), panel=False),
    Verb(("jobs", "show"), "Jobs with each of their operations.", "jobs:show",
         (_o("job", help=_JOB.help, metavar="JOB", nargs="+"),), panel=False),
    Verb(("jobs", "resume"), "Go on with a paused job, after showing what is left and what changed.", "jobs:resume",
         (_JOB, *_CONFIRM)),
    Verb(("jobs", "cancel"), "Cancel what was not sent; what was sent is finished.", "jobs:cancel", (_JOB,)),
    Verb(("jobs", "settle"), "Ask the panel now what became of unknown outcomes; reads only.", "jobs:settle",
         (_JOB, _CONFIRM[-1])),
    Verb(("jobs", "retry"), "Send again what was not sent (same keys), and confirm anew what was refused.",
         "jobs:retry", (_JOB, *_CONFIRM)),
    Verb(
        ("jobs", "decide"), "Close an operation whose outcome only a person can tell.", "jobs:decide",
        (
            _JOB, _o("number", help="the operation's number", metavar="NUMBER", type=_count),
            _o("--as", help="what the panel shows", choices=("done", "not-done"), required=True, dest="verdict"),
        ),
    ),
    Verb(("balance", "show"), "Both purses; they are never added together (ACC-4).", "balance:show", default=True),
    Verb(("balance", "top-up"), "Put money on the internal balance by an external method (INV-13).", "balance:top_up",
         (_AMOUNT, _o("--method", help="for example card", metavar="METHOD", required=True)), writes=True),
    Verb(("balance", "move"), "Move money from the affiliate to the internal balance, one way (ACC-4).",
         "balance:move", (_AMOUNT,), writes=True),
    Verb(("balance", "ledger"), "Every movement of money, the newest first.", "balance:ledger", (_LIMIT,)),
    Verb(
        ("search",), "Find orders and invoices by any of their text.", "searching:search",
        (
            _o("text", help="words; order:web and invoice:55 look among those only", metavar="TEXT", nargs="+"),
            _LIMIT, _OFFLINE,
        ),
    ),
    Verb(("journal", "list"), "Every move of a job, or the operations of the latest jobs.", "jobs:journal_list",
         (_o("job", help=_JOB.help, metavar="JOB", nargs="?"), _LIMIT), panel=False),
    Verb(("journal", "verify"), "Look for damage and gaps in the journal; it claims no more.", "jobs:journal_verify",
         panel=False),
    Verb(("sandbox", "serve"), "Serve the reference panel on 127.0.0.1; see its own --help.", "handing:serve",
         panel=False, raw=True),
    Verb(("doctor",), "What billtui found on this host; no secret is in it.", "doctor:doctor", panel=False),
    Verb(("completion",), "A script that completes verbs and options in your shell.", "completion:completion",
         (_o("shell", help="which shell", choices=("bash", "zsh", "fish")),), panel=False),
    Verb(("keys",), "Every key of the full-screen program, as in force here.", "handing:keys", panel=False),
)  # fmt: skip
"""All verbs, in the order of help and document."""
