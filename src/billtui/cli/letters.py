"""Sending a letter by a command: its review, a thread that moved on, and the draft that is kept (TKT-2, TKT-9)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from billtui.cli.carrying import carry_out
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.problems import CliError
from billtui.cli.secrets import ask_line, can_ask
from billtui.cli.shapes import count
from billtui.cli.ticket_plan_text import detail_lines
from billtui.cli.ticket_text import draft_json, finding_json, finding_lines, news_json, show_news, ticket_json
from billtui.domain.models import Department, Ticket
from billtui.services import ticket_review
from billtui.services.drafts import AttachmentRefused, Draft, DraftKey, DraftKind
from billtui.services.plans import Plan
from billtui.services.session import Session
from billtui.services.ticket_review import (
    FOR_STAFF,
    Finding,
    GiveAccess,
    HoldBack,
    Known,
    KnownOrder,
    Mask,
    RemoveLines,
    TicketDraft,
)
from billtui.services.ticket_writing import Letter, News

MOVED_ON = "thread-moved-on"
_MOST_FIXES = 200


def seen_of(context: Context, session: Session, ticket: Ticket) -> str | None:
    """The last message that this person was shown, as far as it is known (TKT-9).

    ``--anyway`` is the explicit yes to all that is there; ``--seen`` says it; else what was last shown here, by
    ``tickets show`` or on the screen.
    """
    options = context.options
    if options.anyway:
        return ticket.last_message_id.raw if ticket.last_message_id is not None else None
    if options.seen:
        seen: str = options.seen
        return seen
    mark = session.tickets.seen(str(ticket.id))
    return mark.message_id if mark is not None else NEVER_SEEN


LAST = 0
"""What ``--draft`` without a number means."""
NEVER_SEEN = "nothing"
"""Stands for a thread that nobody looked at here: no message has this id, so all of it is new."""


def letter_on(context: Context, session: Session, ticket: Ticket, *, internal: bool) -> Letter:
    """The letter that is written: the draft that is kept, with ``--draft``, else one of its own. Raises CliError."""
    if context.options.draft is not None:
        return _kept(context, session, ticket, internal=internal)
    seen = seen_of(context, session, ticket)
    kept = session.writing.reply(ticket, seen=seen, internal=internal)
    return kept if not kept.draft.revision or kept.draft.is_empty else _beside(session, ticket, kept, seen)


def _kept(context: Context, session: Session, ticket: Ticket, *, internal: bool) -> Letter:
    """The draft with the number that ``--draft`` names, else the one that was saved last."""
    options, kind = context.options, DraftKind.NOTE if internal else DraftKind.REPLY
    found = [one for one in session.writing.drafts.of_ticket(ticket.id.raw) if one.key.kind is kind]
    found = [one for one in found if options.draft in (LAST, one.key.number)]
    if not found:
        words = f"No such {kind.value} on ticket {ticket.number} is kept here."
        raise CliError("no-draft", words, Exit.NOT_FOUND, hint="See: billtui tickets drafts")
    draft = max(found, key=lambda one: str(one.saved_at))
    if options.anyway or options.seen:
        draft = replace(draft, seen=seen_of(context, session, ticket))
    elif (mark := session.tickets.seen(str(ticket.id))) is not None:
        thread = [one.id for one in session.store.messages(str(ticket.id))]  # two messages can be of one second
        if mark.message_id in thread and draft.seen not in thread[thread.index(mark.message_id) :]:
            draft = replace(draft, seen=mark.message_id)  # the thread was read since the draft was begun
    return session.writing.open(draft, ticket)


def _beside(session: Session, ticket: Ticket, kept: Letter, seen: str | None) -> Letter:
    """Another letter on the same ticket: what is written already stays as it is."""
    kind, ticket_id = kept.kind, ticket.id.raw
    drafts = session.writing.drafts.of_ticket(ticket_id)
    number = max((one.key.number for one in drafts if one.key.kind is kind), default=0) + 1
    draft = Draft(
        key=DraftKey(kind, ticket_id, number),
        seen=seen,
        ticket_number=ticket.number.raw,
        ticket_subject=ticket.subject.raw,
    )
    return session.writing.open(draft, ticket)


async def attach(letter: Letter, paths: Sequence[str]) -> None:
    """Keep what was written, then copy files beside it. Raises CliError for one that cannot go along (TKT-6)."""
    await asyncio.to_thread(letter.save)
    for path in paths:
        try:
            await asyncio.to_thread(letter.attach, path)
        except AttachmentRefused as error:
            refusal = error.refusal
            words = f"{refusal.reason} Nothing was sent; the draft is kept."
            raise CliError(refusal.code, words, Exit.REFUSED, rule=refusal.rule) from None


async def send(
    context: Context, session: Session, letter: Letter, *, departments: Sequence[Department] | None = None
) -> Exit:
    """Review, plan, and carry out; whatever is not sent is kept as a draft, and that is said."""
    options, out = context.options, context.out
    known = known_orders(session)
    staff = session.tickets.is_staff
    fixed = _fix(letter, known, staff=staff) if getattr(options, "fixed", False) else []
    found = _review(letter, known, staff=staff)
    try:
        plan = await session.writing.plan(letter, departments=departments, profile=context.profile.name)
        if _moved_on(plan):
            plan = await _after_moving_on(context, session, letter)
        about = [f"Fixed: {ticket_review.said(one.fix)} ({one.id}, {one.rule})" for one in fixed]
        about += [*_shown(plan, letter, known), *finding_lines(found)]
        more = {"review": [finding_json(one) for one in found], "fixed": [one.id for one in fixed]}
        code = await carry_out(
            context,
            session,
            plan,
            about=about,
            more=more,
            submit=lambda one: session.writing.submit(letter, one),
            full=False,
        )
    except CliError:
        say_kept(context, letter)
        raise
    if options.dry_run and options.draft is None:  # of a draft that was there already nothing is taken away
        letter.discard()
    elif code is not Exit.DONE:
        if letter.reload():
            say_kept(context, letter)
        if code is Exit.CHANGED and letter.kind is not DraftKind.NEW:
            await _tell_news(context, session, letter)
    elif options.plan_out:
        session.writing.filed(letter, plan)
        out.note("The text is kept as a draft as well, until the plan is carried out.")
    return code


def _shown(plan: Plan, letter: Letter, known: Known) -> list[str]:
    """What is sent, line by line; a secret of the text is not repeated on the terminal, and goes as it was written."""
    subject, body = letter.draft.subject, letter.draft.body
    draft = TicketDraft(department="", subject=subject, body=body)
    masks = [one.fix for one in ticket_review.review(draft, known) if isinstance(one.fix, Mask)]
    for mask in sorted(masks, key=lambda one: one.start, reverse=True):  # from the end: the places before stay
        draft = ticket_review.apply(draft, mask)
    lines: list[str] = []
    for operation in plan.operations:
        words = {"subject": draft.subject, "body": draft.body}
        params = operation.params | {name: value for name, value in words.items() if name in operation.params}
        lines += detail_lines(operation.model_copy(update={"params": params}))
    return [*lines, ""] if lines else []


def known_orders(session: Session) -> Known:
    """The account's orders, as a text can name them."""
    rows = session.store.orders()
    return Known(tuple(KnownOrder(row.id, row.name, (row.address,) if row.address else ()) for row in rows))


def _review(letter: Letter, known: Known, *, staff: bool) -> list[Finding]:
    """What the review says to whoever writes: a ticket's manners are the client's matter."""
    return [one for one in letter.review(known) if not staff or one.id in FOR_STAFF]


def _fix(letter: Letter, known: Known, *, staff: bool) -> list[Finding]:
    """Every fix that needs nobody's choice, done one after the other."""
    done: list[Finding] = []
    while len(done) < _MOST_FIXES:
        finding = next((one for one in _review(letter, known, staff=staff) if _goes_by_itself(one)), None)
        if finding is None:
            break
        letter.apply(finding.fix)
        done.append(finding)
    return done


def _goes_by_itself(finding: Finding) -> bool:
    fix = finding.fix
    return not ticket_review.needs_person(fix) and not isinstance(fix, GiveAccess | HoldBack | RemoveLines)


# -- a thread that moved on


def _moved_on(plan: Plan) -> bool:
    return any(one.code == MOVED_ON for one in plan.left_out)


async def _after_moving_on(context: Context, session: Session, letter: Letter) -> Plan:
    """Show what is new, and ask; only a yes of somebody who can read it goes on (TKT-9). Raises CliError."""
    news = await session.writing.news(letter)
    options = context.options
    if can_ask() and not options.yes and not options.dry_run and not context.out.as_json:
        _say_new(context, news)
        if ask_line("Send it all the same, now that you have read this? [y/N] ").lower() in ("y", "yes"):
            letter.accept(news)
            return await session.writing.plan(letter, profile=context.profile.name)
    elif context.out.as_json:
        _document(context, session, letter, news)
    else:
        _say_new(context, news)
    raise held_error(letter, news)


def held_error(letter: Letter, news: News) -> CliError:
    """The thread moved on: what is new was shown, and nothing was sent (TKT-9)."""
    verb = "note" if letter.kind is DraftKind.NOTE else "reply"
    number = letter.draft.key.number
    which = f" {number}" if number > 1 else ""
    words = f"The thread of ticket {news.ticket.number} has moved on: {count(len(news.messages), 'message')} you have"
    seen = f" --seen {news.last}" if news.last else ""
    return CliError(
        MOVED_ON,
        f"{words} not seen. Nothing was sent.",
        Exit.CHANGED,
        rule="TKT-9",
        hint=f"Read what is new, then: billtui tickets {verb} id:{news.ticket.id} --draft{which}{seen}",
        related={"ticket_id": news.ticket.id.raw, **({"message_id": news.last} if news.last else {})},
    )


def _say_new(context: Context, news: News) -> None:
    context.out.note(f"New in ticket {news.ticket.number} since you last read it ({len(news.messages)}):")
    show_news(context.out, news.messages)


def _document(context: Context, session: Session, letter: Letter, news: News) -> None:
    drafts = session.writing.drafts
    context.out.document(
        "ticket-moved-on",
        ticket=ticket_json(news.ticket),
        messages=[news_json(one) for one in news.messages],
        draft=draft_json(letter.draft, drafts.standing(letter.draft)),
    )


async def _tell_news(context: Context, session: Session, letter: Letter) -> None:
    """The panel itself found that the thread had moved on: between the plan and the request."""
    news = await session.writing.news(letter)
    if news and not context.out.as_json:
        _say_new(context, news)


def say_kept(context: Context, letter: Letter) -> None:
    """What was written is a draft now, and how it is sent."""
    draft = letter.draft
    if not draft.revision or context.out.as_json:  # a program reads it from “tickets drafts”
        return
    if letter.kind is DraftKind.NEW:
        way = f"billtui tickets new --draft {draft.key.number}"
    else:
        verb = "note" if letter.kind is DraftKind.NOTE else "reply"
        which = f" {draft.key.number}" if draft.key.number > 1 else ""
        way = f"billtui tickets {verb} id:{draft.key.ticket_id} --draft{which}"
    context.out.note(f"The draft is kept. Send it with: {way}")
