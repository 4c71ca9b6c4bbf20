"""Triage: take, assign, hand over, prioritise, hold, tag: one ticket at once and undone with ``u``, many confirmed.

Every change is a plan like any other (journal, drift guard). What a colleague did meanwhile is said, never overwritten
unseen (TKT-8, TKT-9).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from billtui.domain.models import Department, Ticket, TicketChange, TicketPriority, TicketState
from billtui.domain.rules.ticket_desk import tag_of, tags_after, tags_refusal
from billtui.domain.rules.ticket_risk import span
from billtui.domain.safetext import SafeText
from billtui.screens.flows import (
    busy_targets,
    carried_out,
    confirm_and_submit,
    outcome_words,
    say_nothing_left,
    signed_in_account,
)
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.dialog import named
from billtui.screens.modals.prompt import Prompt
from billtui.screens.next_ticket import after_acting
from billtui.services import planner
from billtui.services.hold_times import EXAMPLES, NotATime, read_hold, said
from billtui.services.journal import OperationState
from billtui.services.plans import LeftOut
from billtui.services.store import TicketRow
from billtui.services.ticket_queue import CLOSED, PRIORITIES
from billtui.widgets.formats import count_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

OTHER: Final = "other:"
NOBODY: Final = "nobody:"
_MOST_TAGS: Final = 12
"""Tags in use that are offered by name."""
Back = Callable[[Ticket], TicketChange]
"""From a ticket as it was to the change that makes it so again."""


async def change_tickets(
    app: Shell,
    rows: Sequence[TicketRow],
    change: TicketChange,
    *,
    title: str,
    done: str,
    button: str,
    back: Back | None = None,
    back_words: str = "",
    keep: Callable[[Ticket], str | None] | None = None,
    hold: bool = False,
) -> bool:
    """Make ``change``: one ticket at once, many after one confirmation that names what is left out and why.

    ``done`` is what is said of one ticket (``{}`` is its number), ``back`` how it is undone, ``keep`` why a ticket as
    the panel has it now is left as it is. Gives whether it was handed to the executor and not refused.
    """  # fmt: skip
    account = signed_in_account(app)
    tickets = await app.session.tickets.tickets_by_ids([row.id for row in rows])
    if not tickets:
        app.say("These tickets are not there any more; press r to refresh.", "warning")
        return False
    if keep is not None and len(tickets) == 1 and (reason := keep(tickets[0])):
        app.say(reason, "warning")
        return False
    wanted = [one for one in tickets if keep is None or not keep(one)]
    plan = planner.change_tickets(account, wanted, change, busy=busy_targets(app), profile=app.profile.name)
    if len(wanted) < len(tickets) and keep is not None:
        aside = [_aside(one, str(keep(one))) for one in tickets if keep(one)]
        plan = plan.model_copy(update={"left_out": (*aside, *plan.left_out)})
    if len(rows) > 1:
        note = "All of them or none: where a colleague changes one meanwhile, nothing is sent, and the jobs (4) say so."
        chosen = {target for one in plan.operations for target in one.targets}
        named = [f"{one.number}  {one.subject}" for one in wanted if f"ticket:{one.id.raw}" in chosen]
        job_id = await confirm_and_submit(
            app, plan, button=button, note=note, hold=hold, rows=named, rows_title="Ticket by ticket"
        )
        return job_id is not None
    if not plan.operations:
        await say_nothing_left(app, plan)
        return False
    ticket = tickets[0]
    if hold:
        app.submit(plan, hold=True)
        return True
    operation = await carried_out(app, plan)
    if operation.state is not OperationState.DONE:
        await _say_what_is(app, ticket, outcome_words(operation))
        return False
    app.say(f"{done.format(ticket.number)}{f' u {back_words}.' if back is not None else ''}")
    if back is not None:
        undo = back(ticket)

        async def work() -> None:
            await change_tickets(app, rows, undo, title=title, done="Ticket {} is as it was.", button=button)

        app.offer_undo(title, work)
    return True


def _aside(ticket: Ticket, reason: str) -> LeftOut:
    """A ticket that is left as it is, with the reason, in the confirmation."""
    title = SafeText(f"{ticket.number} {ticket.subject}")
    return LeftOut(
        target=f"ticket:{ticket.id.raw}", title=title, code=SafeText("left-as-it-is"), reason=SafeText(reason)
    )


async def _say_what_is(app: Shell, was: Ticket, reason: str) -> None:
    """A change did not come about: what the panel says of the ticket now, above all who has it."""
    [now] = await app.session.tickets.tickets_by_ids([was.id.raw]) or [was]
    if now.assignee and str(now.assignee) != str(was.assignee or ""):
        app.say(
            f"{now.assignee} has ticket {now.number} since just now: nothing was changed. A assigns it anyway.",
            "warning",
        )
    else:
        app.say(f"Ticket {was.number} was not changed: {reason}", "warning")


# --- whose it is


async def take_tickets(app: Shell, rows: Sequence[TicketRow]) -> None:
    """Put one's own name on tickets; one that a colleague has is left to them, and said whose it is."""
    me = str(signed_in_account(app).login)

    def taken(ticket: Ticket) -> str | None:
        if ticket.assignee and str(ticket.assignee) != me:
            return f"{ticket.assignee} has ticket {ticket.number} already. A assigns it to you all the same."
        if ticket.assignee:
            return f"Ticket {ticket.number} is yours already."
        return _closed(ticket)

    await change_tickets(
        app, rows, TicketChange(assignee=me), title=f"Take {_of(rows)}", done="Ticket {} is yours.", button="Take",
        back=lambda was: TicketChange(assignee=str(was.assignee or "")), back_words="gives it back", keep=taken,
    )  # fmt: skip


async def assign_tickets(app: Shell, rows: Sequence[TicketRow]) -> None:
    """Choose who shall have them."""
    me = str(signed_in_account(app).login)
    work = Counter(row.assignee for row in app.session.store.tickets() if row.assignee and row.state != CLOSED)
    colleagues = [me, *sorted(one for one in work if one != me)]
    choices = [
        Choice(one, one + (" (you)" if one == me else ""), f"has {count_text(work[one], 'ticket')}")
        for one in colleagues
    ]
    choices += [
        Choice(NOBODY, "Nobody", "It goes back to the department's queue"),
        Choice(OTHER, "Another colleague …", "Type the login"),
    ]
    now = rows[0].assignee
    who = await app.push_screen_wait(ChoiceDialog(f"Who shall have {_of(rows)}?", choices, chosen=now or me))
    if who == OTHER:
        who = await app.push_screen_wait(
            Prompt("Assign", label="Login of the colleague", button="Assign",
                   check=lambda text: None if text.strip() else "Type a login, as it stands in the queue.")
        )  # fmt: skip
    if who is None:
        return
    login = "" if who == NOBODY else who.strip()
    words = f"Ticket {{}} is {'yours' if login == me else f'{named(login)}’s' if login else 'nobody’s'} now."
    await change_tickets(
        app, rows, TicketChange(assignee=login), title=f"Assign {_of(rows)} to {named(login) or 'nobody'}", done=words,
        button="Assign", back=lambda was: TicketChange(assignee=str(was.assignee or "")),
        back_words="gives it back to who had it", keep=lambda one: _same(one.assignee or "", login, one, "assigned so"),
    )  # fmt: skip


async def hand_over(app: Shell, rows: Sequence[TicketRow]) -> None:
    """To another department, with a note for whoever takes it there; nobody has it then."""
    departments = await app.session.tickets.departments()
    here = rows[0].department if len({row.department for row in rows}) == 1 else ""
    choices = [
        Choice(str(one.id.raw), str(one.name), str(one.about), "It is there already." if one.id.raw == here else "")
        for one in departments
    ]
    where = await app.push_screen_wait(ChoiceDialog(f"Hand over {_of(rows)} to", choices))
    if where is None:
        return
    name = _name_of(where, departments)
    note = await app.push_screen_wait(
        Prompt(
            "Hand over", label=f"A note for {name} (only staff sees it); empty for none", button="Hand over",
            note="What was found, what was promised, what is to be done. Nobody has it until somebody there takes it.",
        )
    )  # fmt: skip
    if note is None:
        return
    if note.strip() and not await add_note(app, rows, note.strip()):
        return
    moved = await change_tickets(
        app, rows, TicketChange(department=where), title=f"Hand over {_of(rows)} to {name}",
        done=f"Ticket {{}} is with {name} now.", button="Hand over", back=_where_it_was, back_words="brings it back",
        keep=lambda one: _closed(one) or _same(one.department, where, one, f"with {name}"),
    )  # fmt: skip
    if moved:
        after_acting(app, [row.id for row in rows])


def _where_it_was(ticket: Ticket) -> TicketChange:
    return TicketChange(department=ticket.department.raw, assignee=str(ticket.assignee or ""))


async def add_note(app: Shell, rows: Sequence[TicketRow], text: str) -> bool:
    """Leave the same note on each of ``rows``; whether all of them have it (TKT-6)."""
    account = signed_in_account(app)
    for ticket in await app.session.tickets.tickets_by_ids([row.id for row in rows]):
        seen = ticket.last_message_id.raw if ticket.last_message_id is not None else None
        plan = planner.reply(
            account, ticket, text, internal=True, seen=seen, busy=busy_targets(app), profile=app.profile.name
        )
        if not plan.operations:
            await say_nothing_left(app, plan)
            return False
        operation = await carried_out(app, plan)
        if operation.state is not OperationState.DONE:
            app.say(f"The note was not written, so nothing is handed over: {outcome_words(operation)}", "warning")
            return False
    return True


# --- how urgent, until when, what about


async def set_priority(app: Shell, rows: Sequence[TicketRow]) -> None:
    """Service down, high, normal or low (TKT-7)."""
    about = {
        "service down": "The client's service is down: looked at before everything else",
        "high": "Before others of the same age",
        "normal": "In the order in which clients wrote",
        "low": "Can wait behind the others",
    }
    now = rows[0].priority
    chosen = await app.push_screen_wait(
        ChoiceDialog(f"Priority of {_of(rows)}", [Choice(one, one, about[one]) for one in PRIORITIES], chosen=now)
    )
    if chosen is None:
        return
    await change_tickets(
        app, rows, TicketChange(priority=TicketPriority(chosen)), title=f"Set the priority of {_of(rows)} to {chosen}",
        done=f"Ticket {{}}: priority {chosen}.", button="Set it", back=_as_urgent_as_before, back_words="puts it back",
        keep=lambda one: _closed(one) or _same(one.priority, chosen, one, f"of priority {chosen}"),
    )  # fmt: skip


def _as_urgent_as_before(ticket: Ticket) -> TicketChange:
    known = {one.value: one for one in TicketPriority}
    return TicketChange(priority=known.get(str(ticket.priority), TicketPriority.NORMAL))


async def hold_tickets(app: Shell, rows: Sequence[TicketRow]) -> None:
    """Until a time in words, said back exactly while it is typed (TKT-5)."""

    def live(text: str) -> str:
        try:
            at = read_hold(text, app.session.now())
        except NotATime:
            return ""
        return f"It comes back on {said(at)}, in {span(at - app.session.now())}."

    def check(text: str) -> str | None:
        try:
            read_hold(text, app.session.now())
        except NotATime as problem:
            return str(problem)
        return None

    typed = await app.push_screen_wait(
        Prompt(
            f"Hold {_of(rows)}", label="Until when?", value="tomorrow 9:00", button="Hold", check=check, live=live,
            note=f"For example: {EXAMPLES}. A message of the client brings it back at once.",
        )
    )  # fmt: skip
    if typed is None:
        return
    until = read_hold(typed, app.session.now())
    await change_tickets(
        app, rows, TicketChange(state=TicketState.ON_HOLD, hold_until=until), title=f"Hold {_of(rows)}",
        done=f"Ticket {{}} is on hold until {said(until)}.", button="Hold", back=_as_awake_as_before,
        back_words="brings it back now", keep=_closed,
    )  # fmt: skip


def _as_awake_as_before(ticket: Ticket) -> TicketChange:
    if ticket.hold_until is not None:
        return TicketChange(state=TicketState.ON_HOLD, hold_until=ticket.hold_until)
    return TicketChange(state=TicketState.OPEN)


async def tag_tickets(app: Shell, rows: Sequence[TicketRow]) -> None:
    """Words to add; with a minus in front, to take away."""
    used = Counter(tag for row in app.session.store.tickets() for tag in row.tags.split())
    has = " ".join(sorted({tag for row in rows for tag in row.tags.split()}))

    def live(text: str) -> str:
        add, remove = _tags(text)
        if len(rows) > 1 or not (add or remove):
            return ""
        return f"Then: {' '.join(tags_after(rows[0].tags.split(), add, remove)) or 'no tag'}"

    def check(text: str) -> str | None:
        add, remove = _tags(text)
        if not add and not remove:
            return "Type tags with spaces between: disk raid. A minus takes one away: -waiting."
        refusal = tags_refusal(rows[0].tags.split() if len(rows) == 1 else (), add, remove)
        return refusal.reason if refusal is not None else None

    names = ", ".join(tag for tag, _ in used.most_common(_MOST_TAGS))
    typed = await app.push_screen_wait(
        Prompt(
            f"Tags of {_of(rows)}", label=f"Now: {has or 'none'}", placeholder="disk -waiting", button="Keep",
            check=check, live=live, note=f"In use: {names}." if names else "",
        )
    )  # fmt: skip
    if typed is None:
        return
    add, remove = _tags(typed)
    await change_tickets(
        app, rows, TicketChange(tags_add=add, tags_remove=remove), title=f"Tag {_of(rows)}",
        done="Ticket {} is tagged.",
        button="Tag", back=lambda was: _tagged_as_before(was, add, remove), back_words="takes that back",
    )  # fmt: skip


def _tags(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    words = dict.fromkeys(text.replace(",", " ").split())
    add = tuple(tag_of(word) for word in words if not word.startswith("-"))
    return add, tuple(tag_of(word[1:]) for word in words if word.startswith("-") and len(word) > 1)


def _tagged_as_before(ticket: Ticket, add: Sequence[str], remove: Sequence[str]) -> TicketChange:
    had = {str(tag) for tag in ticket.tags}
    return TicketChange(
        tags_add=tuple(tag for tag in remove if tag in had), tags_remove=tuple(tag for tag in add if tag not in had)
    )


async def close_tickets(app: Shell, rows: Sequence[TicketRow]) -> None:
    """Close them; that waits in the outbox, and ``u`` takes it back (TKT-5)."""
    closed = await change_tickets(
        app, rows, TicketChange(state=TicketState.CLOSED), title=f"Close {_of(rows)}", done="Ticket {} is closed.",
        button="Close",
        keep=lambda one: f"Ticket {one.number} is closed already." if _is_closed(one) else None, hold=True,
    )  # fmt: skip
    if closed:
        after_acting(app, [row.id for row in rows])


# --- words


def _of(rows: Sequence[TicketRow]) -> str:
    return f"ticket {rows[0].number}" if len(rows) == 1 else f"{len(rows)} tickets"


def _is_closed(ticket: Ticket) -> bool:
    return str(ticket.state) == TicketState.CLOSED.value


def _closed(ticket: Ticket) -> str | None:
    if not _is_closed(ticket):
        return None
    return f"Ticket {ticket.number} is closed: O in its thread reopens it, an answer does as well (TKT-5)."


def _same(now: object, wanted: str, ticket: Ticket, words: str) -> str | None:
    return f"Ticket {ticket.number} is {words} already." if str(getattr(now, "raw", now)) == wanted else None


def _name_of(department: str, departments: Sequence[Department]) -> str:
    return next((str(one.name) for one in departments if one.id.raw == department), department)
