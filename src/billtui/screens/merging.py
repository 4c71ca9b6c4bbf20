"""Merge tickets of one customer after a look at the joined thread; take them apart; split one (TKT-3, TKT-8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.containers import VerticalScroll
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Button, Static

from billtui.domain.models import Ticket, TicketMessage, TicketState
from billtui.domain.models.wire import Id
from billtui.domain.rules.ticket_desk import Mergeable, Splittable, merge_refusals, sources_refusal, split_refusal
from billtui.domain.safetext import SafeBody, SafeText
from billtui.screens.flows import (
    busy_targets,
    carried_out,
    confirm_and_submit,
    outcome_words,
    say_nothing_left,
    signed_in_account,
)
from billtui.screens.modals.checklist import ChecklistDialog
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.dialog import Dialog
from billtui.screens.modals.prompt import Prompt
from billtui.services import planner
from billtui.services.journal import OperationState
from billtui.services.plans import Plan
from billtui.services.store import MessageRow, TicketRow
from billtui.services.ticket_queue import CLOSED
from billtui.services.waits import asking
from billtui.widgets.formats import count_text, epoch, moment_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

PREVIEWED = 200
"""Messages of a joined thread that the preview draws; what is left out of it is counted."""
FIRST_LINE = 90


class MergePreview(Dialog[bool]):
    """The joined thread, message by message, before it is one: ``True`` to merge."""

    confirms = True
    CSS_PATH: ClassVar[CSSPathType | None] = [
        Path(__file__).parent / "modals/dialog.tcss",
        Path(__file__).with_name("merging.tcss"),
    ]

    def __init__(self, into: Ticket, others: Sequence[Ticket], messages: Sequence[MessageRow]) -> None:
        """``messages`` are those of all of the tickets, in order of time."""
        super().__init__()
        self.title_text = f"Merge into ticket {into.number}"
        self.into, self.others, self.messages = into, others, messages

    def compose_body(self) -> Iterable[Widget]:
        """What becomes of the tickets, then the thread."""
        numbers = ", ".join(str(one.number) for one in self.others)
        closes = "closes and leads" if len(self.others) == 1 else "close and lead"
        yield Static(
            Content.assemble(
                (str(self.into.subject), "bold"), (f"  of {self.into.login}\n", "$muted"),
                f"{numbers} {closes} here; the client is told so in the thread.",
            )
        )  # fmt: skip
        with VerticalScroll(classes="rows tall", id="joined") as scroll:
            scroll.can_focus = True
            named = {one.id.raw: str(one.number) for one in (self.into, *self.others)}
            yield Static(joined_thread(self.messages, named, min(110, self.app.size.width) - 7))
        note = "It can be taken apart again: each ticket gets its own messages back, what is written meanwhile stays."
        yield Static(Content(note), classes="note")

    def compose_buttons(self) -> Iterable[Widget]:
        """The safe answer first."""
        yield Button("Cancel", id="cancel")
        yield Button("Merge", id="merge")

    def on_mount(self) -> None:
        """Nothing is merged by accident."""
        self.query_one("#cancel").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Yes or no."""
        if event.button.id == "merge":
            event.stop()
            self.dismiss(True)
        else:
            super().on_button_pressed(event)


def first_line(body: str) -> str:
    """The first line of a message that says something, cut."""
    line = next((line.strip() for line in body.splitlines() if line.strip()), "")
    return line if len(line) <= FIRST_LINE else f"{line[: FIRST_LINE - 1]}…"


def joined_thread(messages: Sequence[MessageRow], numbers: dict[str, str], room: int) -> Content:
    """A line of ``room`` cells for each message: when, from which ticket, who, how it begins; days stand apart."""
    width = max(map(len, numbers.values()), default=0)
    lines: list[Content] = []
    day = ""
    for message in messages[:PREVIEWED]:
        when = moment_text(epoch(message.at))
        if when[:10] != day:
            day = when[:10]
            lines.append(Content.styled(day, "$muted underline"))
        mark = (" note", "$text-warning") if message.internal else ("", "")
        line = Content.assemble(
            (f"{when[11:]}  ", "$muted"),
            (f"{numbers.get(message.ticket_id, ''):<{width}}  ", "$text-accent"),
            (message.author or "panel", "bold"), mark, "  ", first_line(message.body),
        )  # fmt: skip
        lines.append(line.truncate(room, ellipsis=True))
    if len(messages) > PREVIEWED:
        lines.append(Content.styled(f"… and {len(messages) - PREVIEWED} more", "$muted"))
    return Content("\n").join(lines)


def _mergeable(ticket: Ticket) -> Mergeable:
    known = {one.value: one for one in TicketState}
    return Mergeable(
        ticket.id.raw, str(ticket.number), ticket.account_id.raw if ticket.account_id is not None else "",
        known.get(str(ticket.state), TicketState.OPEN),
        ticket.merged_into.raw if ticket.merged_into is not None else None,
    )  # fmt: skip


async def merge_tickets(app: Shell, rows: Sequence[TicketRow]) -> None:
    """Choose what goes together and into which, look at it, then do it; ``u`` takes it apart again."""
    account = signed_in_account(app)
    ids = [row.id for row in rows]
    if len(ids) == 1:
        others = await _others_of(app, rows[0])
        if others is None:
            return
        ids += others
    tickets = await app.session.tickets.tickets_by_ids(ids)
    if len(tickets) < 2:
        app.say("It takes two tickets of one customer: mark them with space, then M.", "warning")
        return
    into = await _into(app, tickets)
    if into is None:
        return
    sources = [one for one in tickets if one.id != into.id]
    refusal = sources_refusal([one.id.raw for one in sources], into.id.raw)
    if refusal is not None:
        app.say(refusal.reason, "warning")
        return
    for one in tickets:
        await app.session.tickets.thread(one.id.raw)
    store = app.session.store
    messages = sorted(
        (message for one in tickets for message in store.messages(one.id.raw)), key=lambda one: (one.at, one.n)
    )
    if not await app.push_screen_wait(MergePreview(into, sources, messages)):
        return
    plan = planner.merge(account, sources, into, busy=busy_targets(app), profile=app.profile.name)
    if not plan.operations:
        await say_nothing_left(app, plan)
        return
    if not await _done(app, plan, "Nothing was merged"):
        return
    unmark(app)
    app.say(f"{count_text(len(sources), 'ticket')} merged into {into.number}. u takes them apart again.")

    async def apart() -> None:
        for one in sources:
            await _unmerge(app, one.id.raw, said=len(sources) == 1)
        if len(sources) > 1:
            app.say("They are apart again.")

    app.offer_undo(f"Merge into {into.number}", apart)


def unmark(app: Shell) -> None:
    """Marks are used up by what they were confirmed for."""
    from billtui.screens.base import BilltuiScreen

    if isinstance(app.screen, BilltuiScreen):
        app.screen.unmark()


async def _others_of(app: Shell, row: TicketRow) -> list[str] | None:
    """Which other tickets of the same customer; ``None`` for none."""
    mine = [
        one for one in app.session.store.tickets_of_account(row.account_id)
        if one.id != row.id and not one.merged_into and one.state != CLOSED
    ]  # fmt: skip
    if not mine:
        app.say(f"{row.login} has no other ticket that is not closed: there is nothing to merge with.", "warning")
        return None
    choices = [
        Choice(one.id, f"{one.number}  {one.subject}", f"{one.state}, {moment_text(epoch(one.created_at))}")
        for one in mine
    ]
    return await app.push_screen_wait(
        ChecklistDialog(f"Merge {row.number} with which tickets of {row.login}?", choices, button="Go on", least=1)
    )


async def _into(app: Shell, tickets: Sequence[Ticket]) -> Ticket | None:
    """Into which one: the oldest unless another is chosen; what cannot be it says why."""
    found = sorted(tickets, key=lambda one: one.created_at)
    choices = []
    for one in found:
        refusals = merge_refusals([_mergeable(other) for other in found if other.id != one.id], _mergeable(one))
        refused = refusals[0][1].reason if refusals else ""
        choices.append(
            Choice(
                one.id.raw,
                f"{one.number}  {one.subject}",
                f"opened {moment_text(one.created_at)}, {one.state}",
                refused,
            )
        )
    if all(one.refusal for one in choices):
        app.say(choices[0].refusal, "warning")
        return None
    chosen = await app.push_screen_wait(
        ChoiceDialog("Into which ticket?", choices, note="The oldest keeps the place in the queue.")
    )
    return next((one for one in found if one.id.raw == chosen), None)


async def _done(app: Shell, plan: Plan, failed: str) -> bool:
    operation = await carried_out(app, plan)
    if operation.state is OperationState.DONE:
        return True
    app.say(f"{failed}: {outcome_words(operation)}", "warning")
    return False


async def unmerge_ticket(app: Shell, row: TicketRow) -> None:
    """Give a ticket its messages back, after a question (TKT-8)."""
    into = app.session.store.ticket_row(row.merged_into)
    number = into.number if into is not None else row.merged_into
    question = ChoiceDialog(
        f"Take ticket {row.number} out of {number}?",
        [
            Choice("no", "Leave them together"),
            Choice("yes", f"Take {row.number} out", "It gets its messages back; what was written meanwhile stays"),
        ],
    )
    question.confirms = True
    if await app.push_screen_wait(question) == "yes":
        await _unmerge(app, row.id, said=True)


async def _unmerge(app: Shell, ticket_id: str, *, said: bool) -> None:
    account = signed_in_account(app)
    tickets = await app.session.tickets.tickets_by_ids([ticket_id])
    if not tickets:
        return
    plan = planner.unmerge(account, tickets[0], busy=busy_targets(app), profile=app.profile.name)
    if not plan.operations:
        await say_nothing_left(app, plan)
    elif await _done(app, plan, "They were not taken apart") and said:
        app.say(f"Ticket {tickets[0].number} is by itself again.")


# --- splitting


async def split_ticket(app: Shell, row: TicketRow) -> None:
    """Choose messages, a subject and a department; they become a ticket of their own (TKT-3)."""
    account = signed_in_account(app)
    await app.session.tickets.thread(row.id)
    messages = app.session.store.messages(row.id)
    thread = [Splittable(one.id, one.role, one.merged_from or None) for one in messages]
    choices = [
        Choice(
            one.id,
            f"{moment_text(epoch(one.at))}  {one.author or 'panel'}{'  (note)' if one.internal else ''}",
            first_line(one.body),
            "What the panel wrote belongs to this ticket." if one.role == "panel" else
            "It came with a merged ticket: take that one out as a whole." if one.merged_from else "",
        )
        for one in messages
    ]  # fmt: skip

    def what(chosen: Sequence[str]) -> str:
        refusal = split_refusal(thread, chosen, row.id)
        return (
            refusal.reason
            if refusal is not None
            else f"{count_text(len(chosen), 'message')} become a ticket of their own."
        )

    chosen = await app.push_screen_wait(
        ChecklistDialog(
            f"Split ticket {row.number}: which messages are about something else?", choices, button="Go on",
            summary=what,
            least=1,
        )
    )  # fmt: skip
    if chosen is None:
        return
    refusal = split_refusal(thread, chosen, row.id)
    if refusal is not None:
        app.say(refusal.reason, "warning")
        return
    first = next(one for one in messages if one.id in chosen)
    subject = await app.push_screen_wait(
        Prompt(
            "Split", label="Subject of the new ticket", value=first_line(first.body)[:60], button="Go on",
            check=lambda text: None if text.strip() else "Say in a few words what it is about.",
        )
    )  # fmt: skip
    if subject is None:
        return
    with asking("Asking for the departments"):
        departments = await app.session.tickets.departments()
    where = await app.push_screen_wait(
        ChoiceDialog(
            "For which department?", [Choice(one.id.raw, str(one.name), str(one.about)) for one in departments],
            chosen=row.department,
        )
    )  # fmt: skip
    if where is None:
        return
    tickets = await app.session.tickets.tickets_by_ids([row.id])
    if not tickets:
        return
    page = [one for one in messages if one.id in chosen]
    plan = planner.split_ticket(
        account, tickets[0], [_named(one) for one in page], subject=subject.strip(), department=where,
        busy=busy_targets(app), profile=app.profile.name,
    )  # fmt: skip
    note = "The new ticket is the same customer's; the messages leave this thread. The client is told so in both."
    await confirm_and_submit(
        app,
        plan,
        button="Split",
        note=note,
        rows=[first_line(one.body) for one in page],
        rows_title="Message by message",
    )


def _named(row: MessageRow) -> TicketMessage:
    """A message of the copy as far as a plan names it."""
    at = epoch(row.at)
    assert at is not None
    return TicketMessage(
        id=Id(row.id), ticket_id=Id(row.ticket_id), author=SafeText(row.author), author_role=SafeText(row.role), at=at,
        body=SafeBody(""), internal=bool(row.internal),
    )  # fmt: skip
