"""``billtui forecast``: what it takes."""

from __future__ import annotations

from billtui.cli.grammar_parts import OFFLINE, Verb, flag, option, whole_number

VERBS: tuple[Verb, ...] = (
    Verb(
        ("forecast",),
        "What falls due, what auto-renewal will pay, what will fail, and the top-up that saves it.",
        "forecasting:show",
        (
            option(
                "--days",
                help="how far ahead: 30 (default), 90, 365, or any other number up to 3650",
                metavar="DAYS",
                type=whole_number,
                default=30,
            ),
            option("--by", help="sums for each day (default) or month", choices=("day", "month"), default="day"),
            flag("--fails", "what goes wrong, one by one: renewals that fail, promises, blocks, deletions"),
            OFFLINE,
        ),
        more="A forecast from the local copy: what time alone does if nobody acts. Nothing is sent.",
    ),
)
