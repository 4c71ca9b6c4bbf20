"""Verbs about the account itself: password, second factor, API keys, sessions, notifications, loyalty."""

from __future__ import annotations

from billtui.cli.grammar_parts import Verb, flag, option

_STDIN = flag("--password-stdin", "your password is the first line of standard input")
_SECRETS = (
    "Passwords, codes and keys are never arguments: they are asked for on a terminal without being shown, or come from"
    " standard input, a line each. They are sent once and written down nowhere."
)
_ONCE = "Such a call is never repeated: where its answer is lost, the exit code is 9 and the words say how to see."

VERBS: tuple[Verb, ...] = (
    Verb(
        ("account", "show"),
        "The account: addresses, second factor, what it may do, open sessions.",
        "account:show",
        default=True,
    ),
    Verb(
        ("account", "loyalty"),
        "Loyalty discounts by kind of service, and exactly what reaches the next step (DSC).",
        "account:loyalty",
    ),
    Verb(
        ("account", "notifications"),
        "Which event is told by which channel (ACC-8); with --set, change it.",
        "account:notifications",
        (
            option(
                "--set",
                help="for example order-blocked:telegram=on; may stand several times",
                metavar="EVENT:CHANNEL=on|off",
                action="append",
                dest="settings",
            ),
        ),
        writes=True,
    ),
    Verb(("account", "sessions"), "Who is signed in as this account, where.", "account_care:sessions"),
    Verb(
        ("account", "revoke"),
        "End sessions at once; API keys are not touched by it.",
        "account_care:revoke",
        (
            option("session", help="its id, as “account sessions” shows it", metavar="SESSION", nargs="*"),
            flag("--others", "every session but this one"),
            flag("--yes", "do not ask"),
        ),
        more=_ONCE,
    ),
    Verb(("account", "keys"), "API keys, by label and last four characters (ACC-5).", "account_care:keys"),
    Verb(
        ("account", "key-new"),
        "Make an API key; it is printed once, alone on standard output.",
        "account_care:key_new",
        (
            option("label", help="what it is for", metavar="LABEL"),
            option("--expires", help="days, a date such as 2027-03-01, or never (default 90)", metavar="WHEN",
                   default="90"),
            option("--network", help="only from this network; may stand several times", metavar="CIDR",
                   action="append"),
            flag("--can-change", "not read-only: it may change and pay"),
            option("--out", help="write it to this new file (mode 0600) instead", metavar="FILE"),
            _STDIN,
        ),
        more=f"{_SECRETS} {_ONCE}",
    ),
    Verb(
        ("account", "key-revoke"),
        "End an API key at once.",
        "account_care:key_revoke",
        (option("key", help="its id, label or last four characters", metavar="KEY"), _STDIN),
        more=f"{_SECRETS} {_ONCE}",
    ),
    Verb(
        ("account", "api-access"),
        "Let API keys in, or none of them (ACC-5).",
        "account_care:api_access",
        (option("switch", help="on or off", choices=("on", "off")), _STDIN),
        more=f"{_SECRETS} {_ONCE}",
    ),
    Verb(
        ("account", "second-factor"),
        "Turn the second factor on or off, or make new recovery codes (ACC-6).",
        "account_care:second_factor",
        (
            option("action", help="what to do", choices=("on", "codes", "off")),
            option("--out", help="write the recovery codes to this new file (mode 0600)", metavar="FILE"),
            _STDIN,
        ),
        more=f"With --password-stdin the code is the second line; turning it on needs a terminal. {_SECRETS} {_ONCE}",
    ),
    Verb(
        ("password", "change"),
        "Change the password (ACC-2): other sessions are signed out, API keys stay valid.",
        "changing_password:change",
        (flag("--password-stdin", "the present password and the new one are the first two lines of standard input"),),
        more=f"{_SECRETS} {_ONCE}",
    ),
)  # fmt: skip
"""Verbs about the account."""
