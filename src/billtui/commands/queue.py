"""Commands of support staff: the queue, triage of tickets in queue and thread, canned replies (TKT-8)."""

from __future__ import annotations

from billtui.commands.command import Command, Danger, Scope

COMMANDS = (
    Command(
        "ticket.take", "Take", "Put your name on what is chosen; where a colleague has it already, you are told who.",
        ("t",), Scope.TRIAGE, Danger.CHANGES, "staff.take", bar=3, verb="billtui tickets take",
        at_once=True,
    ),
    Command(
        "ticket.note", "Note", "Write an internal note, which only staff ever sees (TKT-6).",
        ("i",), Scope.TRIAGE, Danger.CHANGES, "staff.note", bar=4, verb="billtui tickets note",
    ),
    Command(
        "ticket.hand_over", "Hand over", "To another department, with a note for whoever takes it there.",
        ("h",), Scope.TRIAGE, Danger.CHANGES, "staff.hand-over", bar=5, verb="billtui tickets hand-over",
    ),
    Command(
        "ticket.hold", "Hold", "Until a time in words (2h, tomorrow 9:00, friday); then it comes back (TKT-5).",
        ("L",), Scope.TRIAGE, Danger.CHANGES, "staff.hold", bar=6, verb="billtui tickets hold",
    ),
    Command(
        "ticket.next", "Next", "Open the ticket that is next in the queue.",
        ("N",), Scope.TRIAGE, capability="staff", bar=7, verb="billtui queue show",
    ),
    Command(
        "ticket.assign", "Assign", "Put a colleague's name on what is chosen, or nobody's.",
        ("A",), Scope.TRIAGE, Danger.CHANGES, "staff.assign", verb="billtui tickets assign",
    ),
    Command(
        "ticket.priority", "Priority", "Service down, high, normal or low (TKT-7).",
        ("P",), Scope.TRIAGE, Danger.CHANGES, "staff.priority", verb="billtui tickets priority",
    ),
    Command(
        "ticket.tag", "Tags", "Add tags, or take them away with a minus in front: disk -waiting.",
        ("#",), Scope.TRIAGE, Danger.CHANGES, "staff.tag", verb="billtui tickets tag",
    ),
    Command(
        "ticket.merge", "Merge", "Put tickets of one customer together, after a look at the thread that comes of it.",
        ("M",), Scope.TRIAGE, Danger.CHANGES, "staff.merge", verb="billtui tickets merge",
    ),
    Command(
        "ticket.unmerge", "Take apart again", "Give a ticket that was merged away its messages back (TKT-8).",
        (), Scope.TRIAGE, Danger.CHANGES, "staff.merge", verb="billtui tickets unmerge",
    ),
    Command(
        "ticket.split", "Split", "Make a ticket of its own of some messages: one problem, one ticket (TKT-3).",
        ("B",), Scope.TRIAGE, Danger.CHANGES, "staff.merge", verb="billtui tickets split",
    ),
    Command(
        "ticket.card", "Customer", "Whose ticket it is: account, servers, unpaid invoices, earlier tickets.",
        ("C",), Scope.TRIAGE, capability="staff",
    ),
    Command(
        "ticket.read_access", "Server access", "Read it for a reason that is logged and that the client sees (TKT-4).",
        ("E",), Scope.TRIAGE, Danger.CHANGES, "staff.access",
    ),
    Command(
        "queue.answer", "Answer", "Write to the client of the ticket under the cursor.",
        ("a",), Scope.QUEUE, Danger.CHANGES, "tickets.reply", bar=2, verb="billtui tickets reply",
    ),
    Command(
        "queue.close", "Close", "Close what is chosen; it waits a few seconds, and u takes it back (TKT-5).",
        ("x",), Scope.QUEUE, Danger.CHANGES, "tickets.change", verb="billtui tickets close",
        at_once=True,
    ),
    Command(
        "queue.due", "Due soon", "What misses its service level within the hour, and back (TKT-10).",
        ("m",), Scope.QUEUE, capability="staff",
    ),
    Command(
        "queue.shift", "Shift", "What was answered, how fast, and what is left.",
        ("d",), Scope.QUEUE, capability="staff.summary", verb="billtui queue summary",
    ),
    Command(
        "queue.canned", "Canned replies", "Read, write and delete the answers that are kept ready (TKT-8).",
        ("K",), Scope.QUEUE, capability="staff.canned", verb="billtui canned list",
    ),
    Command(
        "queue.advance", "Next by itself", "Whether the next ticket opens after an answer, a hand-over, a close.",
        (), Scope.QUEUE, capability="staff",
    ),
    Command(
        "shift.span", "Since when", "A shift, today, a day, a week.", ("w",), Scope.SHIFT,
        capability="staff.summary", bar=2,
    ),
    Command(
        "shift.whose", "Whose", "Your own numbers, or everybody's.", ("m",), Scope.SHIFT,
        capability="staff.summary", bar=3,
    ),
    Command(
        "canned.new", "New", "Write a canned reply.",
        ("n",), Scope.CANNED, Danger.CHANGES, "staff.canned-write", bar=2, verb="billtui canned save",
    ),
    Command(
        "canned.edit", "Edit", "Change the one under the cursor.",
        ("e",), Scope.CANNED, Danger.CHANGES, "staff.canned-write", bar=3, verb="billtui canned save",
    ),
    Command(
        "canned.delete", "Delete", "Delete the one under the cursor, for everybody.",
        ("D",), Scope.CANNED, Danger.DESTRUCTIVE, "staff.canned-write", bar=4, verb="billtui canned delete",
    ),
)  # fmt: skip
