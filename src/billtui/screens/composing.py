"""Ways into the composer: a new ticket with what is known of its matter, an answer, a note."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from billtui.domain.models import AccessState, Ticket, TicketState
from billtui.domain.safetext import SafeText
from billtui.screens.composer import ComposerScreen
from billtui.screens.composer_keeping import KeptLetter
from billtui.screens.composer_view import WIDE, Looks
from billtui.screens.flows import signed_in_account
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.ticket_actions import is_staff
from billtui.services.drafts import Draft, DraftKind, DraftState
from billtui.services.ticket_review import Turn
from billtui.services.ticket_writing import Letter
from billtui.widgets.formats import epoch, moment_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell

ANEW: Final = "new"
TAIL: Final = 5
"""So many of the last messages stand beside an answer, where there is room."""
LAST_SHOWN: Final = 4000
"""Characters of each of them."""


def compose_ticket(app: Shell, **facts: Any) -> None:
    """Write a new ticket; without facts, drafts of new tickets that wait are offered first."""
    signed_in_account(app)
    waiting = [] if facts else waiting_drafts(app)
    if waiting:
        app.work(_choose(app, waiting))
    else:
        app.push_screen(_new(app, app.session.writing.new(**facts)))


def waiting_drafts(app: Shell) -> list[Draft]:
    """Drafts of new tickets that are not being sent, the last written first."""
    drafts = app.session.writing.drafts
    found = [one for one in drafts.all() if one.key.kind is DraftKind.NEW]
    return [one for one in found if drafts.standing(one).state in (DraftState.WRITING, DraftState.RETURNED)]


async def _choose(app: Shell, waiting: list[Draft]) -> None:
    """Go on with a draft, or begin anew."""
    writing = app.session.writing
    choices = []
    for number, draft in enumerate(waiting):
        standing = writing.drafts.standing(draft)
        detail = f"written {moment_text(draft.saved_at)}"
        if draft.held_back:
            detail = f"kept until support has answered; {detail}"
        if standing.state is DraftState.RETURNED and standing.reason:
            detail = f"not sent: {SafeText(standing.reason)}"
        words = draft.subject.strip() or draft.body.strip()[:60] or "without a subject"
        choices.append(Choice(str(number), f"Go on: {SafeText(words)}", detail))
    choices.append(Choice(ANEW, "Begin a new one", "The drafts stay"))
    chosen = await app.push_screen_wait(ChoiceDialog("New ticket", choices, note="There are drafts that wait."))
    if chosen == ANEW:
        app.push_screen(_new(app, writing.new()))
    elif chosen is not None:
        app.push_screen(_new(app, writing.open(waiting[int(chosen)])))


def _new(app: Shell, letter: Letter) -> ComposerScreen:
    return ComposerScreen(Looks("new", staff=is_staff(app)), KeptLetter(letter))


def compose_reply(
    app: Shell, ticket_id: str, *, internal: bool = False, quote: str = "", seen: str | None = None
) -> None:
    """Answer a ticket that is in the copy, or write a note on it; one that is not is asked for first.

    ``seen``: the last message that was shown, where that is not the last one of the thread (TKT-9).
    """
    signed_in_account(app)
    ticket = app.session.store.ticket(ticket_id)
    if ticket is None:
        app.work(_fetched(app, ticket_id, internal, quote))
        return
    _reply(app, ticket, internal, quote, seen)


async def _fetched(app: Shell, ticket_id: str, internal: bool, quote: str) -> None:
    await app.session.tickets.thread(ticket_id)
    ticket = app.session.store.ticket(ticket_id)
    if ticket is None:
        app.say("This ticket is not there any more; press r to refresh.", "warning")
    else:
        _reply(app, ticket, internal, quote)


def _reply(app: Shell, ticket: Ticket, internal: bool, quote: str, seen: str | None = None) -> None:
    store, staff = app.session.store, is_staff(app)
    messages = store.messages(ticket.id.raw)
    shown_here = TAIL if app.size.width >= WIDE else 0  # beside the text, where there is room
    if seen is None or internal or seen in [one.id for one in messages[-1 - shown_here :]]:
        seen = messages[-1].id if messages else None
    letter = app.session.writing.reply(ticket, seen=seen, internal=internal, quote=_quoted(quote))
    spoken = [one for one in messages if internal or not one.internal][-TAIL:]
    whose = f"  client {ticket.login}" if staff and ticket.login else ""
    closed = "  closed: your message reopens it" if ticket.state == TicketState.CLOSED else ""
    looks = Looks(
        "note" if internal else "reply",
        head=f"{'NOTE on ' if internal else ''}{ticket.number}  {ticket.subject}{whose}{closed}",
        staff=staff,
        tail=tuple(
            (one.author or "the panel", epoch(one.at), one.body[:LAST_SHOWN], bool(one.internal)) for one in spoken
        ),
        ticket_id=ticket.id.raw,
    )
    turn = Turn.SUPPORT if ticket.state == TicketState.OPEN and ticket.last_author_role.raw == "client" else Turn.CLIENT
    app.push_screen(
        ComposerScreen(looks, KeptLetter(letter), turn=turn, access_given=ticket.access == AccessState.GIVEN)
    )
    if staff and app.session.traits.taken_first and (whose_it_is := _not_taken(app, ticket)):
        app.say(whose_it_is, "warning")


def _not_taken(app: Shell, ticket: Ticket) -> str | None:
    """What is said before an answer that the panel would refuse, since its writer has not taken the ticket."""
    has = str(ticket.assignee or "")
    if has == str(signed_in_account(app).login):
        return None
    if not has:
        return f"Nobody has ticket {ticket.number}, and this panel takes answers only from who has it: esc, then t."
    return f"{has} has ticket {ticket.number}, and this panel takes answers only from who has it. A draft is kept."


def _quoted(text: str) -> str:
    """Each line behind ``>``."""
    lines = text.strip("\n").split("\n") if text.strip() else []
    return "\n".join(f"> {line}".rstrip() for line in lines)
