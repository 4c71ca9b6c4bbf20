"""Every verb of the command line, defined once: the parser, the completion and the document come from it."""

from __future__ import annotations

from billtui.cli.grammar_account import VERBS as ACCOUNT_VERBS
from billtui.cli.grammar_accounts import VERBS as ACCOUNTS_VERBS
from billtui.cli.grammar_buying import VERBS as BUYING_VERBS
from billtui.cli.grammar_choosing import CHOOSING, CHOOSING_MORE, SOME_ORDERS
from billtui.cli.grammar_choosing import VERBS as CHOOSING_VERBS
from billtui.cli.grammar_forecast import VERBS as FORECAST_VERBS
from billtui.cli.grammar_parts import (
    AMOUNT,
    COMMON,
    CONFIRM,
    INVOICE,
    INVOICES,
    JOB,
    LIMIT,
    OFFLINE,
    ORDER,
    PERIOD,
    PROGRAM_OPTIONS,
    PROMO,
    QUERY,
    STATE,
    WRITE,
    Option,
    Verb,
    flag,
    natural_number,
    option,
    whole_number,
)
from billtui.cli.grammar_password import VERBS as PASSWORD_VERBS
from billtui.cli.grammar_profiles import PANEL_KIND
from billtui.cli.grammar_profiles import VERBS as PROFILE_VERBS
from billtui.cli.grammar_solver import VERBS as SOLVER_VERBS
from billtui.cli.grammar_tickets import VERBS as TICKET_VERBS
from billtui.cli.grammar_transfers import VERBS as TRANSFER_VERBS
from billtui.cli.grammar_triage import VERBS as TRIAGE_VERBS
from billtui.domain.document_types import DOCUMENT_TYPES

__all__ = ["COMMON", "GROUPS", "PROGRAM_OPTIONS", "VERBS", "WRITE", "Option", "Verb"]

INVOICE_SORTS = ("number", "issued", "due", "total", "state")
ORDER_SORTS = ("ends", "name", "price", "state", "location", "plan", "id")
ACTIONS = ("start", "stop", "reboot", "reset", "reinstall", "suspend", "unsuspend")

GROUPS: dict[str, str] = {
    "profile": "Which panel, as whom",
    "accounts": "All profiles in one list, and a plan for each of several accounts",
    "account": "Who you are: loyalty, sessions, API keys, second factor, notifications",
    "password": "The password",
    "invoices": "Invoices: list, pay, promise, combine, split, delete, export",
    "orders": "Orders: list, choose, renew, control",
    "optimize": "Cheaper ways to renew, ends brought together, and what if",
    "transfers": "Orders to another account, and from one",
    "tickets": "Letters to support, and for support the work on them",
    "queue": "What support answers next",
    "canned": "Answers that support writes again and again",
    "order": "New servers",
    "plan": "Plan files, read before they are applied",
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
            flag("--password-stdin", "the password is the first line of standard input"),
            option("--password-file", help="the password is the first line of this file (mode 0600)", metavar="FILE"),
            flag("--totp-stdin", "the code of the second factor is the next line of standard input"),
        ),
        more="Asks on a terminal only. A password is never kept; the session's token is, in the keyring or encrypted.",
    ),
    Verb(("logout",), "End the session on the panel and forget its token.", "signing:logout"),
    Verb(
        ("profile", "add"), "Add a profile; on a terminal it asks for what is missing.", "profiles:add",
        (
            option("name", help="a short name", metavar="NAME", nargs="?"),
            *PANEL_KIND,
            option("--ca-file", help="a PEM file of the authority that signs the panel's certificate", metavar="FILE"),
            option("--fingerprint", help="SHA-256 of the panel's certificate", metavar="HEX"),
            option("--proxy", help="an HTTP proxy", metavar="URL"),
            option("--accent", help="a colour to tell it from others", metavar="COLOUR"),
            option("--confirm-limit", help="above this total it is typed, or --max-total is needed", metavar="AMOUNT"),
            option("--confirm-items", help="the same above so many steps", metavar="N", type=whole_number),
            option("--password-command", help="program and arguments that print the secret", metavar="WORD", nargs="+"),
            option("--secret-kind", help="what that command prints", choices=("password", "token")),
            flag("--replace", "replace the profile that has this name"),
            flag("--check", "look at the panel first, and write nothing unless it can be used"),
            flag("--no-check", "do not look at the panel; on a terminal that is done otherwise"),
        ),
        panel=False,
    ),
    Verb(("profile", "list"), "All profiles.", "profiles:list_all", panel=False),
    Verb(("profile", "show"), "One profile; no secret is ever in it.", "profiles:show",
         (option("name", help="its name (else the last one used)", metavar="NAME", nargs="?"),), panel=False),
    Verb(("profile", "remove"), "Forget a profile and its kept token.", "profiles:remove",
         (option("name", help="its name", metavar="NAME"),), panel=False),
    Verb(("profile", "test"), "Try the address and the sign-in; changes nothing.", "profiles:test",
         (option("name", help="its name (else the last one used)", metavar="NAME", nargs="?"),)),
    *PROFILE_VERBS,
    *ACCOUNTS_VERBS,
    Verb(("whoami",), "Who is signed in, where, with which balances.", "signing:whoami"),
    *ACCOUNT_VERBS,
    *PASSWORD_VERBS,
    Verb(
        ("invoices", "list"), "Invoices, the newest first.", "invoices:list_all",
        (
            STATE, QUERY,
            option("--sort", help="order by this", choices=INVOICE_SORTS), flag("--reverse", "the other way round"),
            LIMIT, OFFLINE,
        ),
    ),
    Verb(("invoices", "show"), "One invoice: lines, why they cost what they cost, ways to pay.", "invoices:show",
         (INVOICE, OFFLINE)),
    Verb(
        ("invoices", "pay"), "Pay invoices, each in full from one source.", "invoices:pay",
        (INVOICES, option("--method", help="internal, affiliate, promise, or an external one such as card",
                       metavar="METHOD", required=True)),
        writes=True,
    ),
    Verb(("invoices", "promise"), "Promise to pay (PRM): seven days from now.", "invoices:promise",
         (INVOICES,), writes=True),
    Verb(("invoices", "combine"), "Put two or more unpaid invoices onto one (INV-6).", "invoices:combine",
         (INVOICES,), writes=True),
    Verb(("invoices", "split"), "Give back what was combined (INV-7).", "invoices:split", (INVOICE,), writes=True),
    Verb(("invoices", "delete"), "Delete unpaid invoices (INV-5); their orders can be renewed again.",
         "invoices:delete", (INVOICES,), writes=True),
    Verb(
        ("invoices", "export"), "Save invoices as files (INV-9); an existing file is never overwritten.",
        "invoices:export",
        (
            INVOICES,
            option("--format", help="which kind of file (default pdf)", choices=tuple(DOCUMENT_TYPES), default="pdf"),
            option("--out", help="the file, for one invoice", metavar="FILE"),
            option("--dir", help="the folder (default: this one)", metavar="DIR"),
        ),
    ),
    Verb(
        ("orders", "list"), "Orders, the soonest end first.", "orders:list_all",
        (
            STATE,
            option("--location", help="only in this location; may stand several times", metavar="ID", action="append"),
            option("--plan", help="only of this plan; may stand several times", metavar="ID", action="append"),
            option("--expires-within", help="only running ones that end in so many days", metavar="DAYS",
                   type=natural_number),
            QUERY, *CHOOSING,
            option("--sort", help="order by this (default ends)", choices=ORDER_SORTS),
            flag("--reverse", "the other way round"),
            LIMIT, OFFLINE,
        ),
    ),
    Verb(("orders", "show"), "One order, what can be done with it, and why not the rest.", "orders:show",
         (ORDER, OFFLINE)),
    Verb(
        ("orders", "renew"), "Renew orders on one invoice, and perhaps pay it at once.", "orders:renew",
        (
            *SOME_ORDERS, PERIOD, PROMO,
            option("--pay", help="pay the new invoice at once; without it the invoice is only issued",
               choices=("internal", "affiliate", "promise")),
        ),
        more="Only payment renews: without --pay the ends stay as they are until the invoice is paid (REN-1). "
        + CHOOSING_MORE,
        writes=True,
    ),
    Verb(
        ("orders", "action"), "Start, stop, reboot, reset, reinstall, suspend or unsuspend orders.", "orders:action",
        (
            option("action", help="what to do", choices=ACTIONS), *SOME_ORDERS,
            option("--confirm-name", help="for reinstall: the order's name, typed; once for each order",
               metavar="NAME", action="append"),
        ),
        more=CHOOSING_MORE,
        writes=True,
    ),
    *CHOOSING_VERBS,
    Verb(
        ("orders", "auto-renew"), "Switch auto-renewal on, with its own period, or off.", "orders:auto_renew",
        (
            option("switch", help="on or off", choices=("on", "off")), *SOME_ORDERS,
            option("--months", help="its period: 1, 3, 6, 12 or 24 (default: as it is)", metavar="MONTHS",
                   type=whole_number),
        ),
        more=CHOOSING_MORE,
        writes=True,
    ),
    *BUYING_VERBS,
    Verb(("quote", "renewal"), "What a renewal would cost, line by line, and what it leaves out.", "orders:quote",
         (*SOME_ORDERS, PERIOD, PROMO), more=CHOOSING_MORE),
    Verb(
        ("apply",), "Carry out a plan that --plan-out wrote; it is done once, however often it is applied.",
        "applying:apply",
        (option("plan", help="the file", metavar="PLAN"), flag("--dry-run", "show the plan and end"), *CONFIRM),
    ),
    *SOLVER_VERBS,
    *FORECAST_VERBS,
    *TRANSFER_VERBS,
    *TICKET_VERBS,
    *TRIAGE_VERBS,
    Verb(("jobs", "list"), "Jobs, the newest first.", "jobs:list_all",
         (LIMIT, flag("--open", "only those that are not finished")), panel=False),
    Verb(("jobs", "show"), "Jobs with each of their operations.", "jobs:show",
         (option("job", help=JOB.help, metavar="JOB", nargs="+"),
          flag("--follow", "wait until they rest, with progress, rate and time left on a terminal; reads only")),
         panel=False),
    Verb(("jobs", "report"), "Every operation of a job with its outcome, as a file; none is ever written over.",
         "jobs:report",
         (JOB, option("--format", help="csv (default), safe in a spreadsheet, or json", choices=("csv", "json"),
                      default="csv"),
          option("--out", help="the new file; without it, standard output", metavar="FILE")),
         panel=False),
    Verb(("jobs", "resume"), "Go on with a paused job, after showing what is left and what changed.", "jobs:resume",
         (JOB, *CONFIRM)),
    Verb(("jobs", "cancel"), "Cancel what was not sent; what was sent is finished.", "jobs:cancel", (JOB,)),
    Verb(("jobs", "settle"), "Ask the panel now what became of unknown outcomes; reads only.", "jobs:settle",
         (JOB, CONFIRM[-1])),
    Verb(("jobs", "retry"), "Send again what was not sent (same keys), and confirm anew what was refused.",
         "jobs:retry", (JOB, *CONFIRM)),
    Verb(
        ("jobs", "decide"), "Close an operation whose outcome only a person can tell.", "jobs:decide",
        (
            JOB, option("number", help="the operation's number", metavar="NUMBER", type=whole_number),
            option("--as", help="what the panel shows", choices=("done", "not-done"), required=True, dest="verdict"),
        ),
    ),
    Verb(("balance", "show"), "Both purses; they are never added together (ACC-4).", "balance:show", default=True),
    Verb(("balance", "top-up"), "Put money on the internal balance by an external method (INV-13).", "balance:top_up",
         (AMOUNT, option("--method", help="for example card", metavar="METHOD", required=True)), writes=True),
    Verb(("balance", "move"), "Move money from the affiliate to the internal balance, one way (ACC-4).",
         "balance:move", (AMOUNT,), writes=True),
    Verb(("balance", "ledger"), "Every movement of money, the newest first.", "balance:ledger", (LIMIT,)),
    Verb(
        ("search",), "Find orders, invoices, transfers, tickets and messages by any of their text.", "searching:search",
        (
            option("text", help="words; order:web, ticket:disk and message:boot look among those only", metavar="TEXT",
                   nargs="+"),
            LIMIT, OFFLINE,
        ),
    ),
    Verb(("journal", "list"), "Every move of a job, or the operations of the latest jobs.", "jobs:journal_list",
         (option("job", help=JOB.help, metavar="JOB", nargs="?"), LIMIT), panel=False),
    Verb(("journal", "verify"), "Look for damage and gaps in the journal; it claims no more.", "jobs:journal_verify",
         panel=False),
    Verb(("sandbox", "serve"), "Serve the reference panel on 127.0.0.1; see its own --help.", "handing:serve",
         panel=False, raw=True),
    Verb(("doctor",), "What billtui found on this host, for a bug report; no secret is in it.", "doctor:doctor",
         (flag("--online", "ask the panels of the profiles as well, without signing in"),), panel=False),
    Verb(("completion",), "A script that completes verbs and options in your shell.", "completion:completion",
         (option("shell", help="which shell", choices=("bash", "zsh", "fish")),), panel=False),
    Verb(("keys",), "Every key of the full-screen program, as in force here.", "handing:keys", panel=False),
)  # fmt: skip
"""All verbs, in the order of help and document."""
