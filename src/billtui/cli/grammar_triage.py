"""Verbs of support staff: triage of tickets, the queue, canned replies (TKT-8)."""

from __future__ import annotations

from billtui.cli.grammar_parts import LIMIT, OFFLINE, QUERY, Verb, flag, option
from billtui.cli.grammar_tickets import CHOOSING, TICKET, TICKETS

LEVELS = ("service-down", "high", "normal", "low")
_REPLY = option("reply", help="its id, or its title where only one has it", metavar="REPLY")
_UNTIL = "such as 2h, 3d, 17:30, “tomorrow 9:00”, monday, or “2026-12-01 10:00”"

VERBS: tuple[Verb, ...] = (
    Verb(("tickets", "take"), "Support: take tickets; they are yours then.", "triage:take", (TICKETS,), writes=True),
    Verb(
        ("tickets", "assign"),
        "Support: give tickets to a colleague, or back to nobody.",
        "triage:assign",
        (TICKETS, option("--to", help="the colleague's login", metavar="LOGIN"), flag("--nobody", "nobody has them")),
        writes=True,
    ),
    Verb(
        ("tickets", "hand-over"),
        "Support: hand tickets to another department; nobody has them then.",
        "triage:hand_over",
        (TICKETS, option("--department", help="which", metavar="ID", required=True)),
        writes=True,
    ),
    Verb(
        ("tickets", "hold"),
        "Support: put tickets on hold; they wake up by themselves (TKT-5).",
        "triage:hold",
        (TICKETS, option("--until", help=f"until when, {_UNTIL}", metavar="WHEN", required=True)),
        writes=True,
    ),
    Verb(
        ("tickets", "tag"),
        "Support: put tags on tickets, and take them off.",
        "triage:tag",
        (
            TICKETS,
            option("--add", help="put this on; may stand several times", metavar="TAG", action="append", default=[]),
            option(
                "--remove", help="take this off; may stand several times", metavar="TAG", action="append", default=[]
            ),
        ),
        writes=True,
    ),
    Verb(
        ("tickets", "priority"),
        "Support: serve tickets sooner or later than others (TKT-7).",
        "triage:priority",
        (TICKETS, option("--to", help="the priority", choices=LEVELS, required=True)),
        writes=True,
    ),
    Verb(
        ("tickets", "merge"),
        "Support: merge tickets of one account into one of them; unmerge takes it back (TKT-8).",
        "triage:merge",
        (TICKETS, option("--into", help="the ticket that holds all of it afterwards", metavar="TICKET", required=True)),
        writes=True,
    ),
    Verb(
        ("tickets", "unmerge"),
        "Support: give a ticket that was merged away its messages back.",
        "triage:unmerge",
        (TICKET,),
        writes=True,
    ),
    Verb(
        ("tickets", "split"),
        "Support: make a new ticket of some messages of one: one problem per ticket (TKT-3).",
        "triage:split",
        (
            TICKET,
            option(
                "--message",
                help="the id of a message that moves; may stand several times",
                metavar="MESSAGE",
                action="append",
                required=True,
            ),
            option("--subject", help="of the new ticket", metavar="TEXT", required=True),
            option("--department", help="of the new ticket (default: the same)", metavar="ID"),
        ),
        writes=True,
    ),
    Verb(
        ("tickets", "bulk"),
        "Support: change many tickets alike, named or chosen; all or none of them (TKT-8).",
        "triage:bulk",
        (
            option(
                "ticket", help="numbers or ids; without any they are chosen by the options", metavar="TICKET", nargs="*"
            ),
            *CHOOSING,
            flag("--close", "close them"),
            flag("--reopen", "open them again, or end their hold"),
            option("--hold-until", help=f"put them on hold, {_UNTIL}", metavar="WHEN"),
            flag("--take", "take them yourself"),
            option("--assign", help="give them to this colleague", metavar="LOGIN"),
            option("--to-department", help="hand them to this department", metavar="ID"),
            option("--to-priority", help="their new priority", choices=LEVELS),
            option(
                "--add-tag", help="put this on; may stand several times", metavar="TAG", action="append", default=[]
            ),
            option(
                "--remove-tag",
                help="take this off; may stand several times",
                metavar="TAG",
                action="append",
                default=[],
            ),
        ),
        more="One that is so already, or may not, is left out with the reason; beyond 1,000 in several requests.",
        writes=True,
    ),
    Verb(
        ("queue", "show"),
        "Support: what to answer next, and why (TKT-7, TKT-10).",
        "queue:show",
        (
            option(
                "--view",
                help="next (default), mine, unassigned, due, waiting, hold, closed, all, or dept-DEPARTMENT",
                metavar="VIEW",
                default="next",
            ),
            QUERY,
            LIMIT,
            OFFLINE,
        ),
        default=True,
    ),
    Verb(
        ("queue", "summary"),
        "Support: what was done in a shift, by one or by all, and what is left (TKT-10).",
        "queue:summary",
        (
            option("--hours", help="of the last so many hours (default 8)", metavar="N", type=int, default=8),
            flag("--mine", "only your own work"),
            option("--by", help="only the work of this colleague", metavar="LOGIN"),
        ),
    ),
    Verb(
        ("canned", "list"),
        "Support: canned replies, by department and title.",
        "canned:list_all",
        (
            QUERY,
            option("--department", help="those that can be used there", metavar="ID"),
            option("--language", help="only in this language, such as en", metavar="CODE"),
        ),
    ),
    Verb(("canned", "show"), "Support: one canned reply as it is written.", "canned:show", (_REPLY,)),
    Verb(
        ("canned", "save"),
        "Support: make a canned reply, or change one.",
        "canned:save",
        (
            option(
                "file",
                help="its text, with placeholders like {client}; - is standard input; without one $EDITOR opens",
                metavar="FILE",
                nargs="?",
            ),
            option("--title", help="by which it is found", metavar="TEXT"),
            option("--change", help="change this one: its id, or its title where only one has it", metavar="REPLY"),
            option("--department", help="for this department; “all” for every one (default)", metavar="ID"),
            option("--language", help="its language (default en)", metavar="CODE"),
        ),
        writes=True,
    ),
    Verb(("canned", "delete"), "Support: take a canned reply away.", "canned:delete", (_REPLY,), writes=True),
)
"""Verbs of support."""
