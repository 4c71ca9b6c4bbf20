"""``billtui tickets close|rate|take|assign|hand-over|hold|tag|priority|merge|unmerge|split|bulk`` (TKT-5, TKT-8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError

from billtui.cli.carrying import busy, carry_out
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.problems import CliError
from billtui.cli.shapes import count, when
from billtui.cli.targets import all_found, ticket_ids
from billtui.cli.verbs.tickets import check_capability, chosen
from billtui.domain.models import Account, Ticket, TicketChange, TicketMessage, TicketPriority, TicketState
from billtui.domain.safetext import SafeText
from billtui.services import planner
from billtui.services.hold_times import NotATime, read_hold
from billtui.services.plans import LeftOut, Plan
from billtui.services.session import Session
from billtui.services.staff import is_staff


async def close(context: Context) -> Exit:
    """Close tickets; server access that was given goes with it (TKT-4, TKT-5)."""
    return await _change(context, TicketChange(state=TicketState.CLOSED))


async def rate(context: Context) -> Exit:
    """The client's word on how it went, 1 to 5."""
    options = context.options
    return await _change(context, TicketChange(rating=options.stars, rating_comment=options.comment))


async def take(context: Context) -> Exit:
    """Take tickets: they are yours then."""
    return await _change(context, None)


async def assign(context: Context) -> Exit:
    """Give tickets to a colleague, or back to nobody."""
    options = context.options
    if bool(options.to) == bool(options.nobody):
        raise CliError("usage", "To whom? Either --to LOGIN, or --nobody.")
    return await _change(context, TicketChange(assignee=options.to or ""))


async def hand_over(context: Context) -> Exit:
    """Hand tickets to another department (TKT-8); nobody has them then."""
    return await _change(context, TicketChange(department=context.options.department))


async def hold(context: Context) -> Exit:
    """Put tickets on hold until they wake up by themselves (TKT-5)."""
    async with context.signed_in(fresh=True) as (session, account):
        until = _until(context.options.until, session)
        context.out.note(f"On hold until {when(until)}.")
        change = TicketChange(state=TicketState.ON_HOLD, hold_until=until)
        return await _carry(context, session, account, await _tickets(context, session), change)


def _until(text: str, session: Session) -> datetime:
    try:
        return read_hold(text, session.now())
    except NotATime as error:
        raise CliError("bad-time", f"--until: {error} Nothing was sent.", rule="TKT-5") from None


async def tag(context: Context) -> Exit:
    """Put tags on tickets, and take them off."""
    options = context.options
    if not options.add and not options.remove:
        raise CliError("usage", "Which tags? --add TAG, --remove TAG; each may stand several times.")
    return await _change(context, TicketChange(tags_add=tuple(options.add), tags_remove=tuple(options.remove)))


async def priority(context: Context) -> Exit:
    """Serve tickets sooner or later than others (TKT-7)."""
    return await _change(context, TicketChange(priority=TicketPriority(context.options.to.replace("-", " "))))


async def bulk(context: Context) -> Exit:
    """Change many tickets alike: named, or chosen by what they are; all or none in a request (TKT-8)."""
    options = context.options
    async with context.signed_in(fresh=True) as (session, account):
        check_capability(session)
        keys = ticket_ids(session.store, options.ticket) if options.ticket else []
        if not options.ticket:
            if not _is_choosing(context):
                raise CliError("usage", "Which tickets? Name them, or choose: --state, --department, --tag, --query …")
            keys = [row.id for row in chosen(context, session, session.store.tickets())]
        if not keys:
            raise CliError("not-found", "No ticket is like that; nothing was sent.", Exit.NOT_FOUND)
        change = _bulk_change(context, session, account)
        tickets = all_found(keys, await session.tickets.tickets_by_ids(keys), "ticket")
        return await _carry(context, session, account, tickets, change, taking=options.take)


def _is_choosing(context: Context) -> bool:
    options = context.options
    names = ("state", "department", "priority", "tag", "query", "order", "client", "mine", "unassigned")
    return any(getattr(options, name) for name in names)


def _bulk_change(context: Context, session: Session, account: Account) -> TicketChange:
    options = context.options
    states = {"close": TicketState.CLOSED, "reopen": TicketState.OPEN}
    asked = [name for name in ("close", "reopen", "hold_until") if getattr(options, name)]
    if len(asked) > 1:
        raise CliError("usage", "--close, --reopen and --hold-until exclude each other.")
    state = states.get(asked[0], TicketState.ON_HOLD) if asked else None
    try:
        change = TicketChange(
            state=state,
            hold_until=_until(options.hold_until, session) if options.hold_until else None,
            department=options.to_department,
            assignee=account.login.raw if options.take else options.assign,
            priority=TicketPriority(options.to_priority.replace("-", " ")) if options.to_priority else None,
            tags_add=tuple(options.add_tag),
            tags_remove=tuple(options.remove_tag),
        )
    except ValidationError as error:  # pragma: no cover - the grammar allows nothing else
        raise CliError("usage", str(error)) from None
    if not change.on_wire() and change.assignee is None:
        raise CliError("usage", "What is to change? --close, --take, --to-department, --add-tag …")
    return change


async def merge(context: Context) -> Exit:
    """Merge tickets of one account into one of them; it can be taken back with unmerge (TKT-8)."""
    options = context.options
    async with context.signed_in(fresh=True) as (session, account):
        check_capability(session)
        keys = ticket_ids(session.store, [*options.ticket, options.into])
        [into_key] = ticket_ids(session.store, [options.into])
        found = {str(one.id): one for one in all_found(keys, await session.tickets.tickets_by_ids(keys), "ticket")}
        into = found.pop(into_key)
        if not found:
            raise CliError("usage", "A ticket is not merged into itself: name another one.")
        messages = sum(one.message_count for one in found.values())
        about = [
            f"{count(messages, 'message')} come to {into.number}: {into.subject}; the others close and point to it."
        ]
        plan = planner.merge(
            account, list(found.values()), into, busy=busy(session, account), profile=context.profile.name
        )
        return await carry_out(context, session, plan, about=about)


async def unmerge(context: Context) -> Exit:
    """Give a ticket that was merged away its own messages back (TKT-8)."""
    async with context.signed_in(fresh=True) as (session, account):
        [ticket] = await _tickets(context, session, [context.options.ticket])
        plan = planner.unmerge(account, ticket, busy=busy(session, account), profile=context.profile.name)
        return await carry_out(context, session, plan)


async def split(context: Context) -> Exit:
    """Make a new ticket of some messages of one: one problem per ticket (TKT-3, TKT-8)."""
    options = context.options
    async with context.signed_in(fresh=True) as (session, account):
        [ticket] = await _tickets(context, session, [options.ticket])
        key = str(ticket.id)
        await session.tickets.thread(key)
        messages = {one.id: one for one in session.store.messages(key)}
        missing = [one for one in options.message if one not in messages]
        if missing:
            raise CliError("not-found", f"Ticket {ticket.number} has no message {missing[0]}.", Exit.NOT_FOUND,
                           hint=f"See: billtui tickets show id:{key}")  # fmt: skip
        chosen_ones = [_message(ticket, messages[one].id) for one in messages if one in options.message]
        plan = planner.split_ticket(
            account,
            ticket,
            chosen_ones,
            subject=options.subject,
            department=options.department or ticket.department.raw,
            busy=busy(session, account),
            profile=context.profile.name,
        )
        return await carry_out(context, session, plan)


def _message(ticket: Ticket, key: str) -> TicketMessage:
    """A message by its id: all that a plan of splitting takes of it."""
    return TicketMessage.model_validate(
        {
            "id": getattr(key, "raw", key), "ticket_id": ticket.id.raw, "author": "", "author_role": "", "body": "",
            "at": ticket.created_at,
        }
    )  # fmt: skip


async def _change(context: Context, change: TicketChange | None) -> Exit:
    """``None`` takes them for oneself."""
    async with context.signed_in(fresh=True) as (session, account):
        tickets = await _tickets(context, session)
        wanted = change if change is not None else TicketChange(assignee=account.login.raw)
        return await _carry(context, session, account, tickets, wanted, taking=change is None)


async def _tickets(context: Context, session: Session, references: Sequence[str] | None = None) -> list[Ticket]:
    check_capability(session)
    keys = ticket_ids(session.store, context.options.ticket if references is None else references)
    return all_found(keys, await session.tickets.tickets_by_ids(keys), "ticket")


async def _carry(
    context: Context,
    session: Session,
    account: Account,
    tickets: Sequence[Ticket],
    change: TicketChange,
    *,
    taking: bool = False,
) -> Exit:
    """``taking``: what a colleague has stays theirs, and is said whose it is (TKT-8)."""
    if len(tickets) > 1 and is_staff(account):  # a client closes several each by itself
        check_capability(session, "staff.bulk")
    me = account.login.raw
    theirs = [one for one in tickets if taking and one.assignee is not None and one.assignee.raw not in ("", me)]
    plan: Plan = planner.change_tickets(
        account,
        [one for one in tickets if one not in theirs],
        change,
        now=session.now(),
        busy=busy(session, account),
        profile=context.profile.name,
    )
    if theirs:
        assigns = session.unavailable("staff.assign") is None
        aside = tuple(_of_a_colleague(one, me if assigns else None) for one in theirs)
        plan = plan.model_copy(update={"left_out": (*aside, *plan.left_out)})
    return await carry_out(context, session, plan)


def _of_a_colleague(ticket: Ticket, me: str | None) -> LeftOut:
    """``me``: who would have it by assigning it; ``None`` where this panel assigns no tickets from here."""
    instead = (
        f"billtui tickets assign {ticket.number} --to {me} gives it to you anyway."
        if me is not None
        else "ask them, or do it on the panel's own pages."
    )
    words = f"{ticket.assignee} has it already: {instead}"
    return LeftOut(
        target=f"ticket:{ticket.id.raw}", title=SafeText(f"{ticket.number}: {ticket.subject}"),
        code=SafeText("left-as-it-is"), rule=SafeText("TKT-8"), reason=SafeText(words),
    )  # fmt: skip
