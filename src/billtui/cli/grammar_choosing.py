"""Options that choose many orders, and the verbs that are about what is chosen."""

from __future__ import annotations

from billtui.cli.grammar_parts import OFFLINE, Option, Verb, flag, option

CHOOSING = (
    option("--where", help="orders that an expression chooses, such as “loc:nl days<7 -tag:keep”", metavar="EXPR"),
    option("--select", help="the orders of a saved selection", metavar="NAME"),
    option("--from", help="a list of ids, names or addresses in a file; - is standard input", metavar="FILE",
           dest="from_file"),
    flag("--skip-unknown", "go on without what --from or --select names and is not there (else exit 4)"),
)  # fmt: skip
CHOOSING_MORE = (
    "Orders come from ORDER, --select and --from together; --where keeps of them what it matches, or chooses among all."
)
SOME_ORDERS: tuple[Option, ...] = (
    option("order", help="id, or name where only one has it; id:5 and name:web", metavar="ORDER", nargs="*"),
    *CHOOSING,
)
EXPORTS = ("csv", "json", "ips", "names")

VERBS: tuple[Verb, ...] = (
    Verb(
        ("orders", "rename"),
        "Give an order another name, or many by a pattern.",
        "renaming:rename",
        (
            option("name", help="ORDER NEW_NAME; with --pattern only orders", metavar="WORD", nargs="*"),
            option(
                "--pattern",
                help="names for all that is chosen, such as web-{loc}-{n:02}; {name}, {id}, {ip}, {plan} too",
                metavar="PATTERN",
            ),
            *CHOOSING,
        ),
        more=CHOOSING_MORE,
        writes=True,
    ),
    Verb(
        ("orders", "export"),
        "Orders as CSV, JSON, or a plain list of addresses or names; an existing file is never overwritten.",
        "choosing:export",
        (
            *SOME_ORDERS,
            option("--format", help="which kind of text (default csv)", choices=EXPORTS, default="csv"),
            option("--out", help="a new file (else standard output)", metavar="FILE"),
            OFFLINE,
        ),
        more=f"{CHOOSING_MORE} Without any of them: all that are not gone.",
    ),
    Verb(
        ("orders", "tag"),
        "Your own tags on orders, kept on this computer: add and remove them, or list them.",
        "choosing:tag",
        (
            option("change", help="what to do", choices=("add", "remove", "list")),
            option("tag", help="tags, with commas between them", metavar="TAG", nargs="?"),
            *SOME_ORDERS,
            OFFLINE,
        ),
        more=CHOOSING_MORE,
    ),
)
"""Verbs about what is chosen."""
