"""``billtui optimize …``: verbs that look for cheaper or tidier ways, and what they take."""

from __future__ import annotations

from billtui.cli.grammar_choosing import CHOOSING_MORE, SOME_ORDERS
from billtui.cli.grammar_parts import Verb, flag, natural_number, option, whole_number

_BUY = (
    flag("--buy", "buy what is to be bought now: asks first; without it nothing is sent"),
    option(
        "--pay",
        help="pay the new invoices at once; without it they are only issued",
        choices=("internal", "affiliate"),
    ),
)
_NOTHING_SENT = "Only shows, unless --buy, --plan-out or --dry-run is there."

VERBS: tuple[Verb, ...] = (
    Verb(
        ("optimize", "renewals"),
        "The cheapest way to keep orders paid: which periods, which codes, now or later, within a budget.",
        "optimizing:renewals",
        (
            *SOME_ORDERS,
            option("--months", help="how long, from each order's present end on: 1 to 24 (default 12)",
                   metavar="MONTHS", type=whole_number, default=12),
            option("--budget", help="the most that may be spent now, e.g. 100.00EUR", metavar="AMOUNT"),
            option("--promo", help="a promo code; may stand several times; each is asked about first", metavar="CODE",
                   action="append"),
            option("--lead-days", help="what is not bought now is bought so many days before its end (default 3)",
                   metavar="DAYS", type=whole_number, default=3),
            option("--effort", help="what a purchase fewer is worth (default 0.05); 0 looks at the price alone",
                   metavar="AMOUNT"),
            option("--others", help="orders that are not chosen go on, or end if they do not renew themselves",
                   choices=("go-on", "end"), default="go-on"),
            flag("--explain", "why, for every order"),
            *_BUY,
        ),
        more=f"{_NOTHING_SENT} {CHOOSING_MORE}",
        writes=True,
    ),
    Verb(
        ("optimize", "line-up"),
        "Bring the ends of orders together with the periods that can be bought.",
        "lining_up:line_up",
        (
            *SOME_ORDERS,
            option("--limit", help="no order is paid for more than so many months at once (default 12)",
                   metavar="MONTHS", type=whole_number, default=12),
            option("--month", help="all ends into this month, such as 2027-03 (default: wherever they come closest)",
                   metavar="MONTH"),
            flag("--several", "an order may need several purchases, one after the other; the first ones are planned"),
            option("--way", help="which way --buy takes (default the tightest)", choices=("tightest", "cheapest"),
                   default="tightest"),
            *_BUY,
        ),
        more=f"{_NOTHING_SENT} {CHOOSING_MORE}",
        writes=True,
    ),
    Verb(
        ("optimize", "what-if"),
        "What tier, discounts and costs would be if the orders chosen ended or went away, or new ones came.",
        "supposing:what_if",
        (
            *SOME_ORDERS,
            option("--transfer", help="the orders chosen go to another account (default: they end unrenewed)",
                   action="store_true"),
            option("--add", help="new servers, PLAN:LOCATION:NUMBER; may stand several times", metavar="SERVERS",
                   action="append"),
            option("--lead-days", help="renewals are made so many days before the end (default 3)", metavar="DAYS",
                   type=natural_number, default=3),
        ),
        more=f"Nothing is sent. {CHOOSING_MORE}",
    ),
)  # fmt: skip
