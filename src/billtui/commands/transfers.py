"""Commands on transfers, and the way to them from an order (TRF)."""

from __future__ import annotations

from billtui.commands.command import Command, Danger, Scope

COMMANDS = (
    Command(
        "app.transfers", "Transfers", "Servers on their way to another account, or from one to you.", ("8",),
        Scope.GLOBAL, verb="billtui transfers list",
    ),
    Command(
        "app.mail", "Mail of the sandbox",
        "The mails that a real panel would have sent: the codes of transfers stand there.", (), Scope.GLOBAL,
        capability="sandbox.mail", verb="billtui mail",
    ),
    Command(
        "order.transfer", "Transfer",
        "Push the order, or all that are chosen, to another account; on one that is on its way: open that (TRF).",
        ("T",), Scope.ORDERS, Danger.CHANGES, "transfers", "billtui transfers push",
    ),
    Command(
        "transfer.confirm", "Confirm", "The sender's confirmation, with the code of the mail; many at once (TRF-2).",
        ("f",), Scope.TRANSFERS, Danger.CHANGES, "transfers", "billtui transfers confirm", 2,
    ),
    Command(
        "transfer.accept", "Accept", "The recipient's acceptance, with the code of the mail: the order moves (TRF-2).",
        ("a",), Scope.TRANSFERS, Danger.CHANGES, "transfers", "billtui transfers accept", 3,
    ),
    Command(
        "transfer.decline", "Decline", "The recipient's no: the order stays with its owner (TRF-3).", ("D",),
        Scope.TRANSFERS, Danger.DESTRUCTIVE, "transfers", "billtui transfers decline", 4,
    ),
    Command(
        "transfer.cancel", "Cancel", "The sender's no, any time before completion: the order stays (TRF-3).", ("X",),
        Scope.TRANSFERS, Danger.DESTRUCTIVE, "transfers", "billtui transfers cancel", 5,
    ),
    Command("transfer.order", "Its order", "Go to the order, where it is yours.", ("O",), Scope.TRANSFERS),
    Command(
        "transfer.mail", "Mail", "The sandbox's mails: enter on one with a code uses it.", ("M",), Scope.TRANSFERS,
        capability="sandbox.mail", verb="billtui mail", bar=6, in_palette=False,
    ),
)  # fmt: skip
