"""Commands of writing: new tickets, replies and notes, and the ways to them (TKT-2, TKT-5, TKT-9)."""

from __future__ import annotations

from billtui.commands.command import Command, Danger, Scope

COMMANDS = (
    Command(
        "ticket.new", "New ticket", "Write to support; the draft that was begun goes on (TKT-1).", ("n",),
        Scope.TICKETS, Danger.CHANGES, "tickets.new", "billtui tickets new", 2, "New",
    ),
    Command(
        "order.ticket", "Ask support about it", "Open a ticket about this order, with its facts filled in (TKT-2).",
        ("H",), Scope.ORDERS, Danger.CHANGES, "tickets.new", "billtui tickets new",
    ),
    Command(
        "invoice.ticket", "Ask support about it", "Open a ticket about this invoice, with its facts filled in (TKT-2).",
        ("H",), Scope.INVOICES, Danger.CHANGES, "tickets.new", "billtui tickets new",
    ),
    Command(
        "job.ticket", "Ask support about it",
        "Open a ticket about this step: what was sent, when, the panel's words and its request id (TKT-2).", ("H",),
        Scope.JOB, Danger.CHANGES, "tickets.new", "billtui tickets new",
    ),
    Command(
        "ticket.answer", "Answer", "Write into this thread; the draft that was begun goes on (TKT-6).", ("a",),
        Scope.THREAD, Danger.CHANGES, "tickets.reply", "billtui tickets reply", 2,
    ),
    Command(
        "ticket.quote", "Quote", "Answer, with the message under the cursor quoted.", (">",), Scope.THREAD,
        Danger.CHANGES, "tickets.reply", "billtui tickets reply",
    ),
    Command(
        "ticket.close", "Close the ticket", "It is settled; server access is wiped (TKT-4, TKT-5).", ("x",),
        Scope.THREAD, Danger.CHANGES, "tickets.change", "billtui tickets close", 5, "Close it",
        at_once=True,
    ),
    Command(
        "ticket.reopen", "Reopen", "A message reopens it, for 14 days after it was closed (TKT-5).", ("O",),
        Scope.THREAD, Danger.CHANGES, "tickets.change", "billtui tickets reopen",
        at_once=True,
    ),
    Command(
        "ticket.rate", "Rate", "How support did, 1 to 5, and a word about it.", ("*",), Scope.THREAD,
        Danger.CHANGES, "tickets.rate",
    ),
    Command(
        "ticket.access", "Give server access",
        "The server's root password, for support alone: encrypted, every reading logged, wiped on closing (TKT-4).",
        ("W",), Scope.THREAD, Danger.CHANGES, "tickets.access",
    ),
    Command(
        "composer.send", "Send", "Send it; with findings it is asked once (TKT-2).", ("ctrl+o", "f9"), Scope.COMPOSER,
        Danger.CHANGES, "tickets", "billtui tickets new", 1,
        at_once=True,
    ),
    Command(
        "composer.resolve", "Answer and close", "Send the answer, and close the ticket with it (TKT-8).", ("ctrl+r",),
        Scope.COMPOSER, Danger.CHANGES, "staff", "billtui tickets reply", 6, "Answer+close",
        at_once=True,
    ),
    Command(
        "composer.fix", "Fix a finding", "Outside the text: the fix of the finding with this number (TKT-2, TKT-3).",
        ("1", "2", "3", "4", "5", "6", "7", "8", "9"), Scope.COMPOSER,
    ),
    Command(
        "composer.fix_first", "Fix the first finding", "The fix of the first finding; works inside the text too.",
        ("ctrl+t",), Scope.COMPOSER, bar=2, short="Fix 1st",
    ),
    Command(
        "composer.department", "Department", "Whom it is written to (TKT-1).", ("f2",), Scope.COMPOSER, bar=7,
        short="To",
    ),
    Command(
        "composer.order", "Order", "The order that it is about, found by typing (TKT-2).", ("f3",), Scope.COMPOSER,
        bar=8,
    ),
    Command(
        "composer.editor", "Editor", "Write the text in your own editor ($VISUAL, $EDITOR).", ("ctrl+g", "f4"),
        Scope.COMPOSER, bar=4,
    ),
    Command(
        "composer.template", "Template",
        "Put a template into the text; staff: a canned reply, filled in for this ticket (TKT-8).", ("f5",),
        Scope.COMPOSER, bar=3,
    ),
    Command(
        "composer.attach", "Files", "Add a file, or take one off: at most 5, 10 MiB each (TKT-6).", ("f8",),
        Scope.COMPOSER, bar=5,
    ),
    Command(
        "composer.discard", "Throw the draft away", "Outside the text: delete what was written, after asking.", ("D",),
        Scope.COMPOSER,
    ),
)  # fmt: skip
