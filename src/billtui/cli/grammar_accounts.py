"""The grammar of all accounts at once."""

from __future__ import annotations

from billtui.cli.grammar_parts import LIMIT, OFFLINE, PERIOD, WRITE, Option, Verb, flag, natural_number, option

_ONLY = option("--only", help="only this profile; may stand several times", metavar="NAME", action="append")
_ASK = flag("--ask", "ask for the passphrase of each encrypted sign-in (else such an account says so)")
_THINGS = option(
    "thing",
    help="PROFILE:id:ID, or PROFILE: and a number or name that only one has; several, of several profiles",
    metavar="PROFILE:ID",
    nargs="*",
)


def _per_account(one: Option) -> Option:
    """The options of a write, in the words of several accounts."""
    words = {
        "--max-total": "with --yes: go up to this total on each account, in its currency",
        "--plan-out": "write one plan file for each account into this folder; nothing is sent",
        "--yes": "do not ask; covers each account up to its own profile's limit",
    }
    help_ = words.get(one.names[0])
    if help_ is None:
        return one
    settings = dict(one.settings)
    if one.names[0] == "--plan-out":
        settings["metavar"] = "DIR"
    return Option(one.names, help_, settings)


_WRITE = tuple(map(_per_account, WRITE))
MORE = (
    "Each account has a plan, a total, a confirmation, a journal entry and a result of its own; one that fails stops "
    "no other. What the environment holds (BILLTUI_TOKEN …) is used for none of them."
)

VERBS: tuple[Verb, ...] = (
    Verb(
        ("accounts", "show"),
        "Unpaid invoices and orders that end within 30 days, of all profiles in one list.",
        "accounts:show",
        (
            _ONLY,
            option("--kind", help="only these", choices=("invoice", "order")),
            option("--expires-within", help="of the orders only those that end in so many days", metavar="DAYS",
                   type=natural_number),
            option("--sort", help="order by this (default when)", choices=("when", "profile", "amount", "name")),
            LIMIT, OFFLINE, _ASK,
        ),
        more="Totals are for each account and currency by themselves. An account that cannot be asked says so, and "
        "the exit code is then 7.",
        default=True,
    ),
    Verb(
        ("accounts", "pay"),
        "Pay invoices of several accounts: one plan for each account.",
        "accounts_writing:pay",
        (
            _THINGS, flag("--unpaid", "every unpaid, promised and overdue invoice of the accounts"),
            option("--method", help="internal, affiliate or promise", choices=("internal", "affiliate", "promise"),
                   required=True),
            _ONLY, _ASK, *_WRITE,
        ),
        more=MORE,
    ),
    Verb(
        ("accounts", "renew"),
        "Renew orders of several accounts: one plan for each account.",
        "accounts_writing:renew",
        (
            _THINGS,
            option("--expires-within", metavar="DAYS", type=natural_number,
                   help="every order that ended or ends in so many days and is on no open invoice, in no transfer"),
            PERIOD,
            option("--pay", help="pay the new invoices at once; without it they are only issued",
                   choices=("internal", "affiliate", "promise")),
            _ONLY, _ASK, *_WRITE,
        ),
        more=MORE,
    ),
)  # fmt: skip
"""Verbs over all accounts."""
