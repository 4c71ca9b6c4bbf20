"""Verbs about tickets for those who write them: reading, letters, attachments, server access."""

from __future__ import annotations

from billtui.cli.grammar_parts import (
    LIMIT,
    OFFLINE,
    QUERY,
    STATE,
    Option,
    Verb,
    flag,
    natural_number,
    option,
    whole_number,
)

DEPARTMENTS = ("technical", "finance", "sales", "abuse")
TICKET = option("ticket", help="number or id; number:1042 and id:17 where both exist", metavar="TICKET")
TICKETS = option("ticket", help="numbers or ids; number:1042 and id:17 where both exist", metavar="TICKET", nargs="+")
_FILE = option(
    "file",
    help="the text; - is standard input. Without one $EDITOR opens on a terminal, and standard input is read elsewhere",
    metavar="FILE",
    nargs="?",
)
_ATTACH = option(
    "--attach", help="a file that goes along, at most 5 of 10 MiB; may stand several times (TKT-6)", metavar="FILE",
    action="append", default=[],
)  # fmt: skip
_DRAFT = option(
    "--draft", help="send the draft that is kept (the last one, or number N) instead of a text", metavar="N", nargs="?",
    const=0, type=natural_number,
)  # fmt: skip
_FIXED = flag("--fixed", "do every fix of the review that needs no choice before it is sent")
_SEEN: tuple[Option, ...] = (
    option("--seen", help="the id of the last message that you have read (TKT-9)", metavar="MESSAGE"),
    flag("--anyway", "send it whatever was written meanwhile: your yes to what you have not seen (TKT-9)"),
)
_ACCESS_FILE = option(
    "--access-file", help="server access from a file that only you can read (mode 0600); - is standard input",
    metavar="FILE",
)  # fmt: skip
CHOOSING: tuple[Option, ...] = (
    STATE,
    option("--department", help="only of this department; may stand several times", metavar="ID", action="append"),
    option("--order", help="only about this order: its id or name", metavar="ORDER"),
    QUERY,
    option("--priority", help="staff: service-down, high, normal or low; may stand several times", metavar="LEVEL",
           action="append"),
    option("--tag", help="staff: only with this tag; may stand several times", metavar="TAG", action="append"),
    option("--client", help="staff: only of this login or account ID", metavar="CLIENT"),
    flag("--mine", "staff: only those that you have taken"),
    flag("--unassigned", "staff: only those that nobody has taken"),
)  # fmt: skip
"""Which tickets."""
_CANNED = option(
    "--canned", help="staff: this canned reply, filled in for the ticket: its id or title (TKT-8)", metavar="REPLY"
)
_SEEN_MORE = (
    "A reply goes to the thread as you last read it here (tickets show, or the screen). Where it has moved on, what is "
    "new is shown and nothing is sent: on a terminal you are asked, elsewhere the exit code is 8, the draft is kept, "
    "and --seen MESSAGE or --anyway is your yes."
)
_REVIEW_MORE = (
    "Before it is sent it is read as support would read it (tickets check); what is found is advice, and no secret of "
    "the text is repeated."
)

VERBS: tuple[Verb, ...] = (
    Verb(
        ("tickets", "list"),
        "Your tickets, unread ones first; for support all of them.",
        "tickets:list_all",
        (
            *CHOOSING,
            option("--search", help="only those with a message that holds all of these words", metavar="TEXT"),
            flag("--unread", "only those with something that you have not read"),
            LIMIT,
            OFFLINE,
        ),
    ),
    Verb(
        ("tickets", "show"),
        "One ticket and its thread; what was shown counts as read.",
        "tickets:show",
        (
            TICKET,
            flag("--new", "only what is new since you last read it"),
            option("--last", help="only the last N messages", metavar="N", type=whole_number),
            flag("--keep-unread", "it does not count as read"),
            OFFLINE,
        ),
        more="With --json nothing counts as read.",
    ),
    Verb(
        ("tickets", "new"),
        "Write to support.",
        "writing_tickets:new",
        (
            _FILE,
            option("--subject", help="what it is about; without it the first line of the text", metavar="TEXT"),
            option("--department", help="where it goes (default technical)", metavar="ID"),
            option("--order", help="the order that it is about: its id or name", metavar="ORDER"),
            option("--invoice", help="the invoice that it is about: its id or number", metavar="INVOICE"),
            option("--account", help="staff: whose ticket it is, an account ID", metavar="ID"),
            _ATTACH,
            flag("--access", "ask for server access, without showing it, and give it with the ticket (TKT-4)"),
            _ACCESS_FILE,
            _FIXED,
            _DRAFT,
        ),
        more=f"{_REVIEW_MORE} Server access is never part of the text, the plan or the draft.",
        writes=True,
    ),
    Verb(
        ("tickets", "reply"),
        "Answer a ticket.",
        "writing_tickets:reply",
        (TICKET, _FILE, _ATTACH, flag("--close", "close the ticket with this answer"), _CANNED, _FIXED, *_SEEN, _DRAFT),
        more=f"{_REVIEW_MORE} {_SEEN_MORE}",
        writes=True,
    ),
    Verb(
        ("tickets", "close"),
        "Close tickets; server access that was given goes with it (TKT-5).",
        "triage:close",
        (TICKETS,),
        writes=True,
    ),
    Verb(
        ("tickets", "reopen"),
        "Open a closed ticket again with a message, for 14 days after it was closed (TKT-5).",
        "writing_tickets:reopen",
        (TICKET, _FILE, _ATTACH, _FIXED, *_SEEN, _DRAFT),
        more=_SEEN_MORE,
        writes=True,
    ),
    Verb(
        ("tickets", "attach"),
        "Send files to a ticket.",
        "writing_tickets:attach_files",
        (
            TICKET,
            option("files", help="at most 5, of at most 10 MiB each (TKT-6)", metavar="FILE", nargs="+"),
            option("--text", help="what to write with them (default: their names)", metavar="TEXT"),
            *_SEEN,
            _DRAFT,
        ),
        more=_SEEN_MORE,
        writes=True,
    ),
    Verb(
        ("tickets", "save"),
        "Save attachments of a ticket as new files, which are never run; a file that is there is left alone (TKT-6).",
        "tickets:save",
        (
            TICKET,
            option("attachment", help="their ids; without any all of the ticket", metavar="ATTACHMENT", nargs="*"),
            option("--to", help="the folder (default: this one)", metavar="FOLDER"),
        ),
    ),
    Verb(
        ("tickets", "rate"),
        "Say how it went, from 1 to 5, once it was answered or closed.",
        "triage:rate",
        (
            TICKETS,
            option("--stars", help="1 to 5", metavar="N", type=int, choices=range(1, 6), required=True),
            option("--comment", help="a word about it", metavar="TEXT"),
        ),
        writes=True,
    ),
    Verb(
        ("tickets", "drafts"),
        "What is written and not sent, and why it was given back.",
        "tickets:drafts",
        (
            option(
                "--discard",
                help="throw this one away; may stand several times",
                metavar="DRAFT",
                action="append",
                default=[],
            ),
        ),
    ),
    Verb(
        ("tickets", "access"),
        "Give support access to the ticket's server, or for support, read it (TKT-4).",
        "ticket_access:access",
        (
            option("what", help="what to do", choices=("give", "reveal"), metavar="give|reveal"),
            TICKET,
            _ACCESS_FILE,
            option("--reason", help="reveal: why it is read; the client sees it in the log", metavar="TEXT"),
            flag("--stdout", "reveal: hand it to another program instead of showing it on the terminal"),
        ),
        more="Access is typed without being shown, or read from a file of yours alone: never an argument, a plan "
        "or a draft. Read access is shown for 60 s on the terminal's second page, which no scrollback keeps. "
        "Such a call is sent once and never repeated: where its answer is lost, the exit code is 9 and the words say "
        "how to see.",
    ),
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
                choices=DEPARTMENTS,
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
    Verb(
        ("tickets", "note"),
        "Support: write a note that only staff sees (TKT-6).",
        "writing_tickets:note",
        (TICKET, _FILE, _ATTACH, *_SEEN, _DRAFT),
        more=_SEEN_MORE,
        writes=True,
    ),
)
"""Verbs about tickets."""
