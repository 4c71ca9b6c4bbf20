"""Commands of all accounts in one list."""

from __future__ import annotations

from billtui.commands.command import Command, Danger, Scope

COMMANDS = (
    Command(
        "app.accounts",
        "All accounts",
        "Expiries and unpaid invoices of every profile in one list.",
        (),
        Scope.GLOBAL,
        verb="billtui accounts",
    ),
    Command(
        "accounts.pay",
        "Pay invoices",
        "Pay what is marked on several accounts: one plan for each of them.",
        ("p",),
        Scope.ACCOUNTS,
        Danger.MONEY,
        bar=2,
        short="Pay",
        verb="billtui accounts pay",
    ),
    Command(
        "accounts.renew",
        "Renew orders",
        "Renew what is marked on several accounts: one plan for each of them.",
        ("R",),
        Scope.ACCOUNTS,
        Danger.MONEY,
        bar=3,
        short="Renew",
        verb="billtui accounts renew",
    ),
    Command(
        "accounts.sign_in",
        "Unlock",
        "Give the passphrase of this account's sign-in, so that it can be refreshed here.",
        ("i",),
        Scope.ACCOUNTS,
        bar=4,
    ),
    Command(
        "accounts.switch",
        "Switch to it",
        "Open the profile of this line, and sign in there if need be.",
        ("x",),
        Scope.ACCOUNTS,
        bar=5,
        short="Switch",
    ),
)
