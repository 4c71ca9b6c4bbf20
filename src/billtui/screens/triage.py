"""Triage: take, assign, hand over, prioritise, hold, tag: one ticket at once and undone with ``u``, many confirmed.

Every change is a plan like any other (journal, drift guard). What a colleague did meanwhile is said, never overwritten
unseen (TKT-8, TKT-9).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from billtui.domain.models import Ticket, TicketChange, TicketPriority, TicketState
from billtui.domain.rules.ticket_desk import tag_of, tags_after, tags_refusal
from billtui.domain.rules.ticket_risk import span
from billtui.domain.safetext import SafeText
from billtui.screens.flows import (
    OUTCOME,
    busy_targets,
    carried_out,
    confirm_and_submit,
    job_ended,
    outcome_words,
    say_nothing_left,
    signed_in_account,
)
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.dialog import named
from billtui.screens.modals.prompt import Prompt
from billtui.screens.next_ticket import after_acting
from billtui.screens.ticket_actions import written_meanwhile
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
    ended: bool = False,
    ask: bool = False,
) -> list[Ticket]:
    """Make ``change``: one ticket at once, many after one confirmation that names what is left out and why.

    ``done`` is what is said of one ticket (``{}`` is its number), ``back`` how it is undone, ``keep`` why a ticket as
    the panel has it now is left as it is. Gives the tickets that were handed to the executor and not refused;
    ``ended`` waits for the outcome of many as well; ``ask`` confirms a single one, too.
    """  # fmt: skip
    account = signed_in_account(app)
    tickets = await app.session.tickets.tickets_by_ids([row.id for row in rows])
    if not tickets:
        app.say("These tickets are not there any more; press r to refresh.", "warning")
        return []
    if keep is not None and len(tickets) == 1 and (reason := keep(tickets[0])):
        app.say(reason, "warning")
        return []
    wanted = [one for one in tickets if keep is None or not keep(one)]
    plan = planner.change_tickets(account, wanted, change, busy=busy_targets(app), profile=app.profile.name)
    if len(wanted) < len(tickets) and keep is not None:
        aside = [_aside(one, str(keep(one))) for one in tickets if keep(one)]
        plan = plan.model_copy(update={"left_out": (*aside, *plan.left_out)})
    if len(rows) > 1 or ask:
        note = "All of them or none: where a colleague changes one meanwhile, nothing is sent, and the jobs (4) say so."
        chosen = {target for one in plan.operations for target in one.targets}
        named = [f"{one.number}  {one.subject}" for one in wanted if f"ticket:{one.id.raw}" in chosen]
        job_id = await confirm_and_submit(
            app, plan, button=button, note=note, hold=hold, rows=named, rows_title="Ticket by ticket"
        )
        if job_id is None:
            return []
        if ended:
            await job_ended(app, job_id, OUTCOME)
            found = app.session.journal.operations(job_id)
            chosen = {target for one in found if one.state is OperationState.DONE for target in one.targets}
        return [one for one in wanted if f"ticket:{one.id.raw}" in chosen]
    if not plan.operations:
        await say_nothing_left(app, plan)
        return []
    ticket = tickets[0]
    if hold:
        app.submit(plan, hold=True)
        return tickets
    operation = await carried_out(app, plan)
    if operation.state is not OperationState.DONE:
        await _say_what_is(app, ticket, outcome_words(operation))
        return []
    app.say(f"{done.format(ticket.number)}{f' u {back_words}.' if back is not None else ''}")
    if back is not None:
        undo = back(ticket)

        async def work() -> None:
            await change_tickets(
                app, rows, undo, title=title, done="Ticket {} is as it was.", button=button,
                keep=lambda now: _changed_since(now, change),
            )  # fmt: skip

        app.offer_undo(title, work)
    return tickets


def _changed_since(now: Ticket, change: TicketChange) -> str | None:
    """Why ``change`` is not taken back: somebody else has decided about the same meanwhile (TKT-8, TKT-9)."""
    whose = str(now.assignee or "")
    left = f"Ticket {now.number} is left as it is:"
    if (change.assignee is not None or change.department is not None) and whose != (change.assignee or ""):
        return f"{left} {whose or 'nobody'} has it now."
    if change.department is not None and now.department.raw != change.department:
        return f"{left} it was handed over again."
    if change.priority is not None and now.priority != change.priority:
        return f"{left} its priority is {now.priority} now."
    if change.state is not None and (now.state != change.state or now.hold_until != change.hold_until):
        return f"{left} it is {now.state} now."
    return None


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
        anyway = _anyway(app, "A assigns it anyway.")
        app.say(f"{now.assignee} has ticket {now.number} since just now: nothing was changed.{anyway}", "warning")
    else:
        app.say(f"Ticket {was.number} was not changed: {reason}", "warning")


# --- whose it is


async def take_tickets(app: Shell, rows: Sequence[TicketRow]) -> None:
    """Put one's own name on tickets; one that a colleague has is left to them, and said whose it is."""
    me = str(signed_in_account(app).login)

    def taken(ticket: Ticket) -> str | None:
        if ticket.assignee and str(ticket.assignee) != me:
            anyway = _anyway(app, "A assigns it to you all the same.")
            return f"{ticket.assignee} has ticket {ticket.number} already.{anyway}"
        if ticket.assignee:
            return f"Ticket {ticket.number} is yours already."
        return why_closed(ticket)

    await change_tickets(
        app, rows, TicketChange(assignee=me), title=f"Take {these(rows)}", done="Ticket {} is yours.", button="Take",
        back=_to_who_had_it if app.session.unavailable("staff.assign") is None else None,
        back_words="gives it back", keep=taken,
    )  # fmt: skip


def _to_who_had_it(was: Ticket) -> TicketChange:
    return TicketChange(assignee=str(was.assignee or ""))


def _anyway(app: Shell, assign: str) -> str:
    """What to do about a ticket that a colleague has: ``assign``, or where this panel assigns none, what else."""
    if app.session.unavailable("staff.assign") is None:
        return f" {assign}"
    page = app.session.web_page
    return f" From here it cannot be given to you: ask them, or do it on the panel's page{f': {page}' if page else '.'}"


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
    who = await app.push_screen_wait(
        ChoiceDialog(f"Who shall have {these(rows)}?", choices, chosen=now or me).that_sends()
    )
    if who == OTHER:
        who = await app.push_screen_wait(
            Prompt("Assign", label="Login of the colleague", button="Assign",
                   check=lambda text: None if text.strip() else "Type a login, as it stands in the queue.").that_sends()
        )  # fmt: skip
    if who is None:
        return
    login = "" if who == NOBODY else who.strip()
    words = f"Ticket {{}} is {'yours' if login == me else f'{named(login)}’s' if login else 'nobody’s'} now."
    await change_tickets(
        app, rows, TicketChange(assignee=login), title=f"Assign {these(rows)} to {named(login) or 'nobody'}",
        done=words, button="Assign", back=_to_who_had_it,
        back_words="gives it back to who had it",
        keep=lambda one: why_same(one.assignee or "", login, one, "assigned so"),
    )  # fmt: skip


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
        ChoiceDialog(
            f"Priority of {these(rows)}", [Choice(one, one, about[one]) for one in PRIORITIES], chosen=now
        ).that_sends()
    )
    if chosen is None:
        return
    await change_tickets(
        app, rows, TicketChange(priority=TicketPriority(chosen)),
        title=f"Set the priority of {these(rows)} to {chosen}",
        done=f"Ticket {{}}: priority {chosen}.", button="Set it", back=_as_urgent_as_before, back_words="puts it back",
        keep=lambda one: why_closed(one) or why_same(one.priority, chosen, one, f"of priority {chosen}"),
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
            f"Hold {these(rows)}", label="Until when?", value="tomorrow 9:00", button="Hold", check=check, live=live,
            note=f"For example: {EXAMPLES}. A message of the client brings it back at once.",
        ).that_sends()
    )  # fmt: skip
    if typed is None:
        return
    until = read_hold(typed, app.session.now())
    await change_tickets(
        app, rows, TicketChange(state=TicketState.ON_HOLD, hold_until=until), title=f"Hold {these(rows)}",
        done=f"Ticket {{}} is on hold until {said(until)}.", button="Hold", back=_as_awake_as_before,
        back_words="brings it back now", keep=why_closed,
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
            f"Tags of {these(rows)}", label=f"Now: {has or 'none'}", placeholder="disk -waiting", button="Keep",
            check=check, live=live, note=f"In use: {names}." if names else "",
        ).that_sends()
    )  # fmt: skip
    if typed is None:
        return
    add, remove = _tags(typed)
    await change_tickets(
        app, rows, TicketChange(tags_add=add, tags_remove=remove), title=f"Tag {these(rows)}",
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


async def close_tickets(app: Shell, rows: Sequence[TicketRow], *, ask: bool = False) -> None:
    """Close them; that waits in the outbox, and ``u`` takes it back (TKT-5). None is closed over unseen words.

    ``ask``: also before a single one.
    """
    shown = {row.id: row.last_message_id for row in rows}

    def left(ticket: Ticket) -> str | None:
        if _is_closed(ticket):
            return f"Ticket {ticket.number} is closed already."
        return written_meanwhile(ticket, shown.get(str(ticket.id), ""))

    closed = await change_tickets(
        app, rows, TicketChange(state=TicketState.CLOSED), title=f"Close {these(rows)}", done="Ticket {} is closed.",
        button="Close", keep=left, hold=True, ask=ask,
    )  # fmt: skip
    if closed:
        after_acting(app, [row.id for row in rows])


# --- words


def these(rows: Sequence[TicketRow]) -> str:
    """One by its number, several by their count."""
    return f"ticket {rows[0].number}" if len(rows) == 1 else f"{len(rows)} tickets"


def _is_closed(ticket: Ticket) -> bool:
    return str(ticket.state) == TicketState.CLOSED.value


def why_closed(ticket: Ticket) -> str | None:
    """Why a closed ticket is left as it is."""
    if not _is_closed(ticket):
        return None
    return f"Ticket {ticket.number} is closed: O in its thread reopens it, an answer does as well (TKT-5)."


def why_same(now: object, wanted: str, ticket: Ticket, words: str) -> str | None:
    """Why a ticket that is so already is left as it is."""
    return f"Ticket {ticket.number} is {words} already." if str(getattr(now, "raw", now)) == wanted else None
