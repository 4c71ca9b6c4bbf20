"""Verbs about tickets."""

from __future__ import annotations

from billtui.cli.grammar_parts import Verb, flag, option

VERBS: tuple[Verb, ...] = (
    Verb(
        ("tickets", "check"),
        "Read a ticket before it is sent: what would make support ask back, and a secret that should not be in it.",
        "checking_tickets:check",
        (
            option(
                "file",
                help="the ticket: its subject is the first line, the rest its body; - or nothing is standard input",
                metavar="FILE",
                nargs="?",
                default="-",
            ),
            option(
                "--department",
                help="where it goes (default technical)",
                metavar="DEPARTMENT",
                choices=("technical", "finance", "sales", "abuse"),
                default="technical",
            ),
            option("--order", help="the id of the order that it is about", metavar="ID"),
            option(
                "--attach",
                help="names of the files that go with it",
                metavar="NAME",
                nargs="+",
                action="extend",
                default=[],
            ),
            flag("--access", "server access is given in its own field"),
            option(
                "--turn",
                help="new (default), or a reply: support has not answered yet, or the client must act",
                choices=("new", "support", "client"),
                default="new",
            ),
            flag("--fixed", "print the ticket with every fix that needs no choice, instead of the findings"),
        ),
        more="Works without a panel; the last copy of the profile, if there is one, tells which orders are yours. "
        "Exit code 0 without findings, 5 with some: they are advice, and nothing is sent or refused. "
        "No secret of the text is repeated. See tickets.md.",
        panel=False,
    ),
)
"""Verbs about tickets."""
