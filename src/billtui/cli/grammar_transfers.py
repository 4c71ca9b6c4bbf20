"""Verbs that move orders to another account, and the sandbox's mails."""

from __future__ import annotations

from billtui.cli.grammar_choosing import CHOOSING_MORE, SOME_ORDERS
from billtui.cli.grammar_parts import LIMIT, OFFLINE, STATE, Option, Verb, flag, option

_TRANSFER = option("transfer", help="its id, or its order's name; id:5, name:web, order:7", metavar="TRANSFER")
_TRANSFERS = option(
    "transfer", help="ids, or their orders' names; id:5, name:web, order:7", metavar="TRANSFER", nargs="+"
)
_CODED = option("transfer", help=f"{_TRANSFERS.help}; links name them themselves", metavar="TRANSFER", nargs="*")
_WHOLE = flag("--whole-push", "and all others that were pushed together with it and still go on")
_CODES: tuple[Option, ...] = (
    flag("--code-stdin", "the codes are lines of standard input, one for each TRANSFER in their order"),
    flag(
        "--link-stdin", "links of the mails are lines of standard input; each says by itself which transfer it is for"
    ),
)
_CODES_MORE = (
    "On a terminal each code is asked for without being shown; the whole link of the mail does as well. "
    "A code is never an option, and stands in no plan file: --plan-out is refused."
)
_SELECTED_MORE = "Each step is for one side in one state (TRF-3); what is not possible is left out with the reason."

VERBS: tuple[Verb, ...] = (
    Verb(
        ("transfers", "list"),
        "Transfers to and from other accounts: whose turn it is, and for how long.",
        "transfers:list_all",
        (
            STATE,
            option("--direction", help="only outgoing or incoming ones", choices=("out", "in")),
            flag("--open", "only those that go on"),
            LIMIT,
            OFFLINE,
        ),
    ),
    Verb(
        ("transfers", "show"),
        "One transfer: every step so far, what can be done, and what it does to your bill.",
        "transfers:show",
        (_TRANSFER,),
    ),
    Verb(
        ("transfers", "push"),
        "Begin to hand orders over to another account (TRF): the first step, which you then confirm by mail.",
        "transfers:push",
        (
            *SOME_ORDERS,
            option("--to-login", help="the recipient's login, not their e-mail", metavar="LOGIN", required=True),
            option(
                "--to-id", help="the recipient's account ID; both must belong together", metavar="ID", required=True
            ),
        ),
        more="Shows first what is in the way of each order and how to remove it, what goes along, and what it does to "
        "your discounts. Those that can go are pushed all together or, if the panel refuses one, none. "
        f"On a terminal the recipient's login is typed once more. {CHOOSING_MORE}",
        writes=True,
    ),
    Verb(
        ("transfers", "confirm"),
        "Confirm transfers as their sender, with the codes of the mails (TRF-2).",
        "transfers:confirm",
        (_CODED, *_CODES),
        more=_CODES_MORE,
        writes=True,
    ),
    Verb(
        ("transfers", "accept"),
        "Accept transfers as their recipient, with the codes of the mails: the orders are yours then (TRF-2).",
        "transfers:accept",
        (_CODED, *_CODES),
        more=_CODES_MORE,
        writes=True,
    ),
    Verb(
        ("transfers", "decline"),
        "Decline transfers as their recipient (TRF-3).",
        "transfers:decline",
        (_TRANSFERS, _WHOLE),
        more=_SELECTED_MORE,
        writes=True,
    ),
    Verb(
        ("transfers", "cancel"),
        "Cancel transfers as their sender, any time before they are completed (TRF-3).",
        "transfers:cancel",
        (_TRANSFERS, _WHOLE),
        more=_SELECTED_MORE,
        writes=True,
    ),
    Verb(
        ("mail",),
        "The sandbox's mails, codes and links included; a real panel sends them, and has no such place.",
        "mail:mail",
        (
            flag("--all", "those to everybody, not only to this account"),
            option("--to", help="those to this address", metavar="ADDRESS"),
            LIMIT,
        ),
    ),
)
"""Verbs about transfers and mail."""
