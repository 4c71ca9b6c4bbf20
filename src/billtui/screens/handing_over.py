"""Handing tickets over to another department, with a note for whoever takes them there (TKT-6, TKT-8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from billtui.domain.models import Department, Ticket, TicketChange
from billtui.screens.flows import busy_targets, carried_out, outcome_words, say_nothing_left, signed_in_account
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.prompt import Prompt
from billtui.screens.next_ticket import after_acting
from billtui.screens.triage import change_tickets, these, why_closed, why_same
from billtui.services import planner
from billtui.services.journal import OperationState
from billtui.services.store import TicketRow
from billtui.services.waits import asking

if TYPE_CHECKING:
    from billtui.screens.shell import Shell


async def hand_over(app: Shell, rows: Sequence[TicketRow]) -> None:
    """To another department, with a note for whoever takes it there; nobody has it then."""
    with asking("Asking for the departments"):
        departments = await app.session.tickets.departments()
    here = rows[0].department if len({row.department for row in rows}) == 1 else ""
    choices = [
        Choice(str(one.id.raw), str(one.name), str(one.about), "It is there already." if one.id.raw == here else "")
        for one in departments
    ]
    where = await app.push_screen_wait(ChoiceDialog(f"Hand over {these(rows)} to", choices))
    if where is None:
        return
    name = _name_of(where, departments)
    note = await app.push_screen_wait(
        Prompt(
            "Hand over", label=f"A note for {name} (only staff sees it); empty for none", button="Hand over",
            note="What was found, what was promised, what is to be done. Nobody has it until somebody there takes it.",
        ).that_sends()
    )  # fmt: skip
    if note is None:
        return
    moved = await change_tickets(
        app, rows, TicketChange(department=where), title=f"Hand over {these(rows)} to {name}",
        done=f"Ticket {{}} is with {name} now.", button="Hand over", back=_where_it_was, back_words="brings it back",
        keep=lambda one: why_closed(one) or why_same(one.department, where, one, f"with {name}"),
        ended=bool(note.strip()),
    )  # fmt: skip
    if note.strip() and moved:
        await _add_note(app, moved, note.strip())
    elif note.strip() and (ticket := app.session.store.ticket(rows[0].id)) is not None:
        _keep_note(app, ticket, note.strip())
    if moved:
        after_acting(app, [row.id for row in rows])


def _where_it_was(ticket: Ticket) -> TicketChange:
    return TicketChange(department=ticket.department.raw, assignee=str(ticket.assignee or ""))


async def _add_note(app: Shell, tickets: Sequence[Ticket], text: str) -> None:
    """Leave the same note on each of these, as they are now; one that is not written is a draft (TKT-6)."""
    account = signed_in_account(app)
    for ticket in await app.session.tickets.tickets_by_ids([one.id.raw for one in tickets]):
        seen = ticket.last_message_id.raw if ticket.last_message_id is not None else None
        plan = planner.reply(
            account, ticket, text, internal=True, seen=seen, busy=busy_targets(app), profile=app.profile.name
        )
        if not plan.operations:
            _keep_note(app, ticket, text)
            await say_nothing_left(app, plan)
            return
        operation = await carried_out(app, plan)
        if operation.state is not OperationState.DONE:
            app.say(f"The note was not written: {outcome_words(operation)}", "warning")
            _keep_note(app, ticket, text)
            return


def _keep_note(app: Shell, ticket: Ticket, text: str) -> None:
    """What was typed for a note that was not written is a draft."""
    letter = app.session.writing.reply(ticket, internal=True)
    before = letter.draft.body.rstrip()
    letter.edit(body=f"{before}\n\n{text}" if before else text)
    letter.save()
    app.say(f"Your note is kept as a draft: i on ticket {ticket.number} goes on with it.")


def _name_of(department: str, departments: Sequence[Department]) -> str:
    return next((str(one.name) for one in departments if one.id.raw == department), department)
