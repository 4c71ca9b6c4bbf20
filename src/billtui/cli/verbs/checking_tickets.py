"""``billtui tickets check``: the review of a ticket, from a file or standard input; nothing is sent."""

from __future__ import annotations

from typing import Any

from billtui.cli.bodies import read_text
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.problems import CliError
from billtui.cli.shapes import count
from billtui.config.errors import ConfigError
from billtui.services import ticket_review
from billtui.services.store import KnownAccounts, StoreReader
from billtui.services.ticket_review import Finding, Known, KnownOrder, Span, TicketDraft, Turn


def check(context: Context) -> Exit:
    """Findings as text or JSON; with ``--fixed`` the ticket as the fixes leave it."""
    options, out = context.options, context.out
    subject, _, body = read_text(options.file).partition("\n")
    known = Known(_own_orders(context))
    draft = TicketDraft(
        department=options.department,
        subject=subject.strip(),
        body=body.strip("\n"),
        order_id=options.order,
        attachments=tuple(options.attach),
        access_given=options.access,
        turn=Turn(options.turn),
    )
    found = ticket_review.review(draft, known)
    if options.fixed:
        return _print_fixed(context, draft, known)
    if out.as_json:
        out.document("ticket-review", count=len(found), findings=[_finding_json(one) for one in found])
    else:
        for one in found:
            out.line(f"{one.id} ({one.rule}){_place(draft, one.span)}: {one.reason}")
            out.line(f"  {ticket_review.said(one.fix)}")
        out.note(f"{count(len(found), 'finding')}; all of it is advice." if found else "Nothing to say against it.")
    return Exit.REFUSED if found else Exit.DONE


def _own_orders(context: Context) -> tuple[KnownOrder, ...]:
    """Orders of the profile's last copy; none where there is no profile or copy: the review does without."""
    if context.options.demo:
        return ()
    try:
        settings = context.session_settings()
    except (CliError, ConfigError):
        return ()
    accounts = KnownAccounts(settings.data_dir)
    account = accounts.get(settings.profile, settings.connection.url, settings.login)
    if account is None:
        return ()
    reader = StoreReader(accounts.store(account))
    try:
        return tuple(KnownOrder(row.id, row.name, (row.address,) if row.address else ()) for row in reader.orders())
    finally:
        reader.close()


def _print_fixed(context: Context, draft: TicketDraft, known: Known) -> Exit:
    """Apply what needs nobody's choice, and print the ticket; exit 5 where something is left to do by hand."""
    fixed, done = ticket_review.fixed(draft, known)
    left = ticket_review.review(fixed, known)
    out = context.out
    if out.as_json:
        out.document(
            "ticket-fixed",
            department=fixed.department,
            order_id=fixed.order_id,
            subject=fixed.subject,
            body=fixed.body,
            split_off=[
                {"department": one.department, "subject": one.subject, "body": one.body} for one in fixed.split_off
            ],
            fixed=[one.id for one in done],
            findings=[_finding_json(one) for one in left],
        )
        return Exit.REFUSED if left else Exit.DONE
    for line in (fixed.subject, *fixed.body.split("\n")):
        out.line(line)
    for one in done:
        out.note(f"Fixed: {one.id} ({one.rule}): {ticket_review.said(one.fix)}")
    for one in left:
        out.note(f"Left: {one.id} ({one.rule}): {one.reason}")
    for number, other in enumerate(fixed.split_off, 1):
        out.note(f"Split off, {number}, for {other.department}:\n{other.subject}\n{other.body}")
    return Exit.REFUSED if left else Exit.DONE


def _place(draft: TicketDraft, span: Span | None) -> str:
    """Where it is, as the lines of the file count: the subject is line 1."""
    if span is None:
        return ""
    if span.part is ticket_review.Part.SUBJECT:
        return ", line 1"
    first = draft.body.count("\n", 0, span.start) + 2
    last = draft.body.count("\n", 0, max(span.start, span.end - 1)) + 2
    return f", line {first}" if first == last else f", lines {first}-{last}"


def _finding_json(one: Finding) -> dict[str, Any]:
    span = one.span
    return {
        "id": one.id,
        "rule": one.rule,
        "severity": one.severity.value,
        "reason": one.reason,
        "span": None if span is None else {"part": span.part.value, "start": span.start, "end": span.end},
        "fix": type(one.fix).__name__,
        "fix_words": ticket_review.said(one.fix),
        "needs_choice": ticket_review.needs_person(one.fix),
    }
