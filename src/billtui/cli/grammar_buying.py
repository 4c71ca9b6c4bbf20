"""Verbs that buy new servers, add-ons and other plans, and that read plan files."""

from __future__ import annotations

from billtui.cli.grammar_choosing import CHOOSING_MORE, SOME_ORDERS
from billtui.cli.grammar_parts import PERIOD, PROMO, Verb, flag, option, whole_number

_CELLS = (
    option("--cells", help="how many where, such as nl:vds-micro=3,de:vds-micro=2", metavar="CELLS"),
    option("--cells-file", help="the same as lines like “nl micro 3” in a file; - is standard input", metavar="FILE"),
    option("--plan", help="one plan for --all-locations or --location: its id, or a part that only one has",
           metavar="PLAN"),
    flag("--all-locations", "in every location that sells the plan and has enough (BLK-2)"),
    option("--location", help="in this location; may stand several times", metavar="ID", action="append"),
    option("--quantity", help="so many in each location (default 1)", metavar="N", type=whole_number),
    PERIOD,
    option("--addon", help="every server gets it; may stand several times", metavar="ID", action="append"),
    option("--names", help="a pattern for their names, such as web-{loc}-{n:02}", metavar="PATTERN"),
    option("--auto-renew", help="switch auto-renewal on, with this period", metavar="MONTHS", type=whole_number),
    PROMO,
)  # fmt: skip
_ADDONS = (
    *SOME_ORDERS,
    option("--addon", help="which add-on; may stand several times", metavar="ID", action="append", required=True),
)
_PLAN_CHANGE = (
    option("order", help="its id or name", metavar="ORDER"),
    option("plan", help="the plan that it is to have: its id, or a part that only one has", metavar="PLAN"),
)
_NO_REFUND = (
    "The plan changes when the invoice is paid, and a ticket with the technical department opens by itself. "
    "A plan that is not dearer costs nothing, changes at once, and gives nothing back."
)
_PAY = option(
    "--pay",
    help="pay the new invoice at once; without it the invoice is only issued",
    choices=("internal", "affiliate"),
)
_WHICH = "Which servers: --cells, --cells-file, or --plan with --all-locations or --location."

VERBS: tuple[Verb, ...] = (
    Verb(
        ("order", "new"),
        "Order new servers, any number of plans and locations on one invoice (BLK).",
        "buying:order_new",
        (*_CELLS, _PAY),
        more=f"{_WHICH} More than 1,000 servers become several requests with an invoice each (BLK-7). "
        "New servers start when their invoice is paid. What is left out is said before anything is bought; "
        "where something is left out and the rest is bought, the exit code is 7 (locations that do not sell the plan "
        "are no part of --all-locations).",
        writes=True,
    ),
    Verb(
        ("orders", "addons"),
        "Add add-ons to orders, for the rest of their paid periods, on one invoice (ORD-5).",
        "buying:orders_addons",
        (*_ADDONS, _PAY),
        more=CHOOSING_MORE,
        writes=True,
    ),
    Verb(
        ("orders", "change-plan"),
        "Give an order another plan; the difference is billed for the rest of its paid period (ORD-6).",
        "changing_plans:change_plan",
        (*_PLAN_CHANGE, _PAY),
        more=f"{_NO_REFUND} Stock is that of the location where the server stands.",
        writes=True,
    ),
    Verb(
        ("quote", "order"),
        "What new servers would cost: a line for each plan and location, and what is left out.",
        "buying:quote_order",
        _CELLS,
        more=_WHICH,
    ),
    Verb(
        ("quote", "addons"),
        "What add-ons would cost for the rest of the orders' paid periods.",
        "buying:quote_addons",
        _ADDONS,
        more=CHOOSING_MORE,
    ),
    Verb(
        ("quote", "plan-change"),
        "What another plan would cost for the rest of an order's paid period, step by step (ORD-6).",
        "changing_plans:quote_plan_change",
        _PLAN_CHANGE,
        more=_NO_REFUND,
    ),
    Verb(
        ("plan", "show"),
        "What a plan file says, in full: what would be bought, paid and changed, at which price, and what is left out.",
        "applying:show",
        (option("plan", help="the file; - is standard input", metavar="PLAN"),),
        more="Nothing is sent, and no panel is asked.",
        panel=False,
    ),
)
"""Verbs about purchases and plan files."""
