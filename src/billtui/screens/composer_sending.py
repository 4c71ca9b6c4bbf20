"""From a letter to its job: what is missing, findings once, the thread as it is now, and server access last (TKT-9)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from billtui.client.errors import ClientError
from billtui.domain.models import Ticket
from billtui.domain.safetext import SafeText
from billtui.screens.base import BilltuiScreen
from billtui.screens.composer_dialogs import NewMessage, SendWithFindings, ThreadMovedOn
from billtui.screens.flows import SIGN_IN_FIRST, job_ended, say_nothing_left
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.next_ticket import after_acting
from billtui.screens.tickets import TicketsScreen
from billtui.services.drafts import DraftConflict, DraftKind, DraftLocked, PlanOfAnother
from billtui.services.journal import OperationRow, OperationState
from billtui.services.plans import Plan
from billtui.services.session import NotSignedIn
from billtui.services.ticket_writing import Letter, News

if TYPE_CHECKING:
    from billtui.screens.composer import ComposerScreen
    from billtui.screens.shell import Shell

MOVED_ON: Final = "thread-moved-on"


async def send(screen: ComposerScreen, *, close: bool = False) -> None:
    """Send what is written, unless something is missing or the person goes back; then the draft is as it was."""
    if screen.sent_ticket_id:
        await _give_access_again(screen)
        return
    if screen.busy or _something_missing(screen):
        return
    screen.set_busy(True)
    job_id = None
    try:
        job_id = await _ready(screen) and await _submitted(screen, close)
    finally:
        if not job_id:
            screen.set_busy(False)
    if job_id:
        screen.job_id = job_id
        _leave_it_to_the_job(screen, job_id)


def _something_missing(screen: ComposerScreen) -> bool:
    """What no letter goes without; the cursor goes there."""
    subject = screen.subject
    if subject is not None and not subject.value.strip():
        screen.billtui.say("It needs a subject: what is wrong, and where.", "warning")
        subject.focus()
        return True
    if not screen.body.text.strip():
        screen.billtui.say("There is no text yet.", "warning")
        screen.body.focus()
        return True
    return False


async def _has_department(screen: ComposerScreen) -> bool:
    """Whether it is known whom a new ticket is for, by the panel's own departments (TKT-1)."""
    if screen.looks.kind != "new":
        return True
    try:
        await screen.know_departments()
    except ClientError as error:
        screen.billtui.say(f"Whom it can be written to is not known: {error} The draft is kept.", "error")
        return False
    if not screen.department:
        screen.billtui.say("Choose whom it is for (F2), then send it.", "warning")
        return False
    if screen.department != screen.kept.draft.department:
        await screen.keep()
    return True


async def _ready(screen: ComposerScreen) -> bool:
    """Whether the person wants it sent as it is: placeholders, then findings, once."""
    await screen.keep()
    if not await _placeholders_filled(screen):
        return False
    findings = await screen.reviewer.now()
    if findings and not await screen.app.push_screen_wait(SendWithFindings(findings, screen.looks.send_word)):
        screen.body.focus()
        return False
    return await screen.billtui.sign_in_first(SIGN_IN_FIRST) and await _has_department(screen)


async def _placeholders_filled(screen: ComposerScreen) -> bool:
    """A placeholder that still stands in the text is not sent; the way out is to write it in (TKT-8)."""
    text = screen.body.text
    left = [one for one in screen.placeholders if f"{{{one}}}" in text]
    if not left:
        return True
    names = ", ".join(f"{{{SafeText(one)}}}" for one in left)
    note = f"A client would read {names}. Nothing is known for it on this ticket (TKT-8)."
    choices = [
        Choice("go", f"Go to {{{SafeText(left[0])}}} and write it in", "It is selected; typing replaces it"),
        Choice("out", "Take the lines out", f"{names}: each line that one of them stands in"),
    ]
    chosen = await screen.app.push_screen_wait(ChoiceDialog("Not filled in", choices, note=note, chosen="go"))
    if chosen == "go":
        to_placeholder(screen, left[0])
    elif chosen == "out":
        lines = screen.body.text.split("\n")
        screen.body.become("\n".join(one for one in lines if not any(f"{{{name}}}" in one for name in left)))
        screen.body.focus()
    return False


def to_placeholder(screen: ComposerScreen, name: str) -> None:
    """Select the first place of a placeholder, so that typing replaces it."""
    body, mark = screen.body, f"{{{name}}}"
    start = body.text.find(mark)
    body.focus()
    if start >= 0:
        body.select_range(start, start + len(mark))


async def _submitted(screen: ComposerScreen, close: bool) -> str | None:
    """The job that sends it; ``None`` where it was held, left out, or the person went back."""
    app, letter = screen.billtui, screen.kept.letter
    letter.edit(close=close, held_back=False)
    try:
        job_id = await _planned(app, letter, screen.looks.send_word, screen.leave)
    except (DraftConflict, DraftLocked) as error:  # another program has it: nothing is sent from here as well
        app.say(str(error), "warning")
        return None
    if job_id:
        screen.kept.going()
    return job_id


async def _planned(
    app: Shell, letter: Letter, send_word: str, leave: Callable[[], Awaitable[object]] | None
) -> str | None:
    """Plan it by the ticket as it is now; what is new there is shown, and needs a yes of its own (TKT-9)."""
    while True:
        plan = await app.session.writing.plan(letter)
        if plan.operations:
            return _submit(app, letter, plan)
        if not any(one.code == MOVED_ON for one in plan.left_out):
            await say_nothing_left(app, plan)
            return None
        if not await _accepted(app, letter, send_word, leave):
            return None


async def _accepted(app: Shell, letter: Letter, send_word: str, leave: Callable[[], Awaitable[object]] | None) -> bool:
    """Show what is new; whether the letter is to be sent all the same. Otherwise it stays a draft."""
    news = await app.session.writing.news(letter)
    answer = await app.push_screen_wait(ThreadMovedOn(_shown(news), send_word))
    if answer == "send":
        letter.accept(news)
    elif answer == "look":
        if leave is not None:
            await leave()
        app.show_ticket(letter.draft.key.ticket_id)
    elif leave is None:
        app.compose_reply(letter.draft.key.ticket_id, internal=letter.kind is DraftKind.NOTE)
    return answer == "send"


def _submit(app: Shell, letter: Letter, plan: Plan) -> str | None:
    """Lock the draft and hand its plan on; it waits in the undo window first."""
    try:
        return app.session.writing.drafts.send(letter.draft, plan, lambda one: app.submit(one, hold=True))
    except (PlanOfAnother, DraftConflict, DraftLocked) as error:
        app.say(str(error), "warning")
        return None


def _shown(news: News) -> list[NewMessage]:
    return [NewMessage(str(one.author), one.at, str(one.body), one.internal) for one in news.messages]


# --- its outcome


def _leave_it_to_the_job(screen: ComposerScreen, job_id: str) -> None:
    """The screen goes at once, unless it holds server access, which is given once the ticket is there (TKT-4)."""
    app, access, letter = screen.billtui, screen.access, screen.kept.letter
    secret = SecretStr(access.value) if access is not None and access.value else None
    if secret is None and not screen.kept.draft.attachments:
        app.work(_followed(app, screen, job_id, None), "")
        if screen.is_current:
            app.pop_screen()
            _go_on(app, letter)
        return
    screen.review_panel.focus()
    seconds = 0 if letter.kind is DraftKind.NOTE else app.settings.undo_seconds  # a note goes at once
    first = f"It goes in {seconds} s; u takes it back. " if seconds else "On its way. "
    then = "Server access is given once the ticket is there." if secret is not None else "Its files go first."
    screen.show_sending(f"{first}{then}")
    app.work(_followed(app, screen, job_id, secret), "")


def _go_on(app: Shell, letter: Letter) -> None:
    """After an answer support goes on with what is next in its queue; a client stays in the thread (TKT-8)."""
    if letter.kind is DraftKind.REPLY:
        app.call_after_refresh(after_acting, app, [letter.draft.key.ticket_id])


async def _followed(app: Shell, screen: ComposerScreen, job_id: str, access: SecretStr | None) -> None:
    """What became of it; what was not sent is a draft again, with the reason."""
    await job_ended(app, job_id)
    row = app.session.journal.operations(job_id)[0]
    letter = screen.kept.letter
    if row.state is OperationState.DONE:
        await _sent(app, screen, row, access)
        return
    there = screen.kept.given_back()
    if screen.is_attached:
        screen.set_busy(False)
        screen.show_sending("")
    if not there:
        return
    if row.code == MOVED_ON:
        await _held(app, screen, access)
    elif not screen.is_attached and row.state is not OperationState.UNKNOWN:
        app.say(f"{_why(row)} {_where(letter)}", "warning")


async def _sent(app: Shell, screen: ComposerScreen, row: OperationRow, access: SecretStr | None) -> None:
    ticket_id = ticket_of(row) or screen.kept.draft.key.ticket_id
    if access is not None and ticket_id:
        screen.sent_ticket_id = ticket_id
        if not await _give_access(app, screen, ticket_id, access):
            return
    if screen.is_attached and screen.is_current:
        app.pop_screen()
        _go_on(app, screen.kept.letter)
    if ticket_id and screen.kept.letter.kind is DraftKind.NEW and isinstance(app.screen, TicketsScreen):
        app.screen.point_at(ticket_id)


def ticket_of(row: OperationRow) -> str:
    """The raw id of the ticket that a finished step wrote or made; empty where its answer does not tell."""
    answer = row.answer or {}
    found = answer.get("ticket", answer)
    value = found.get("id") if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""


async def _held(app: Shell, screen: ComposerScreen, access: SecretStr | None) -> None:
    """The panel held the reply: what is new is shown, and what becomes of the draft is asked (TKT-9).

    While somebody answers another question or writes something else, it is only said.
    """
    letter, there, top = screen.kept.letter, screen.is_attached, app.screen
    if top is not screen and (not isinstance(top, BilltuiScreen) or type(top) is type(screen)):
        app.say(f"Held: the thread has moved on (TKT-9). {_where(letter)}", "warning")
        return
    word = screen.looks.send_word
    try:
        if not await _accepted(app, letter, word, screen.leave if there else None):
            return
        job_id = await _planned(app, letter, word, screen.leave if there else None)
    except (ClientError, NotSignedIn, DraftConflict, DraftLocked) as error:
        app.say(f"Held: the thread has moved on (TKT-9). {_where(letter)} {error}", "warning")
        return
    if job_id:
        screen.kept.going()
        screen.job_id = job_id
        if there:
            screen.set_busy(True)
        await _followed(app, screen, job_id, access)


def _why(row: OperationRow) -> str:
    return f"Not sent: {row.detail}" if row.detail else "It was not sent."


def _where(letter: Letter) -> str:
    """Where the draft is found again."""
    if letter.kind is DraftKind.NEW:
        return "Your text is kept: n in Tickets goes on with it."
    key = "i" if letter.kind is DraftKind.NOTE else "a"
    number = SafeText(letter.draft.ticket_number)
    return f"Your text is kept: {key} on ticket {number} goes on with it."


# --- server access (TKT-4)


async def _give_access(app: Shell, screen: ComposerScreen, ticket_id: str, access: SecretStr) -> bool:
    """Give it, in a call of its own; where that fails it stays in its field, and is said."""
    try:
        await app.session.tickets.give_access(ticket_id, access)
    except ClientError as error:
        app.say(f"The ticket was sent, server access was not given: {error}", "error")
        if screen.is_attached:
            screen.only_access_left(f"Sent; server access was not given: {error}")
        return False
    app.say("Server access was given: support alone can read it, every reading is logged (TKT-4).")
    return True


async def _give_access_again(screen: ComposerScreen) -> None:
    field = screen.access
    if field is None or not field.value:
        screen.billtui.say("The field for server access is empty; esc leaves it so.", "warning")
        return
    screen.show_sending("Giving server access…")
    if await _give_access(screen.billtui, screen, screen.sent_ticket_id, SecretStr(field.value)) and screen.is_current:
        screen.app.pop_screen()


# --- while somebody writes


def show_news(screen: ComposerScreen) -> None:
    """Somebody else wrote in the thread meanwhile: say so now, not only when it is sent (TKT-9)."""
    ticket: Ticket | None = screen.kept.letter.ticket
    if ticket is None or screen.busy or screen.sent_ticket_id:
        return
    row = screen.session.store.ticket_row(ticket.id.raw)
    seen = screen.kept.draft.seen
    if row is None or not row.last_message_id or seen is None or row.last_message_id == seen:
        screen.show_sending("")
        return
    by_client = row.last_author_role == "client"
    screen.answered(not by_client)
    who = "The client" if by_client else "Support"
    screen.show_sending(f"{who} wrote meanwhile; it is shown before anything is sent (TKT-9).")
