"""Text that is not typed here: from the person's own editor, a template, or a canned reply (TKT-8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billtui.config.paths import ensure_private_dir
from billtui.screens.canned_picker import CannedPicker
from billtui.screens.modals.found_choice import Findable, FoundChoice
from billtui.services import ticket_templates
from billtui.services.ticket_templates import TicketTemplate
from billtui.terminal.editor import EditorError, edit_text

if TYPE_CHECKING:
    from billtui.screens.composer import ComposerScreen


async def use_editor(screen: ComposerScreen) -> None:
    """Give the terminal to $VISUAL or $EDITOR until it ends; what cannot be used leaves the text as it is."""
    await screen.keep()
    folder = ensure_private_dir(screen.session.settings.state_dir / "editing")
    try:
        with screen.app.suspend():
            text = edit_text(screen.body.text, folder, suffix=".md")
    except EditorError as error:
        screen.billtui.say(str(error), "warning")
        return
    except OSError as error:
        screen.billtui.say(f"The editor could not be used: {error.strerror or error}. The text is as it was.", "error")
        return
    screen.body.become(text)
    screen.body.focus()
    await screen.keep()
    await screen.reviewer.now()


async def insert_template(screen: ComposerScreen) -> None:
    """Staff: a canned reply, filled in for this ticket. Clients: a template of the department."""
    if screen.looks.staff:
        await _canned(screen)
    else:
        await _template(screen)
    screen.reviewer.soon()


async def _template(screen: ComposerScreen) -> None:
    language = ticket_templates.language_of(screen.body.text) or ticket_templates.own_language()
    offered = ticket_templates.offered(screen.addressees.matter(screen.department), language)
    by_id = {one.id: one for one in offered}
    things = [
        Findable(one.id, one.title, _about(screen, one), f"{one.department} {one.language} {one.subject}")
        for one in offered
    ]
    chosen = await screen.app.push_screen_wait(
        FoundChoice("Which template?", things, placeholder="A word of it, a department, en ru uk")
    )
    if chosen is None:
        return
    one = by_id[chosen]
    subject = screen.subject
    if subject is not None and not subject.value.strip():
        subject.value = one.subject
    if subject is not None and not screen.body.text.strip():
        screen.set_department(one.department)
    _put(screen, one.body)


def _about(screen: ComposerScreen, one: TicketTemplate) -> str:
    return f"{screen.addressees.name(one.department)}, {ticket_templates.LANGUAGE_NAMES[one.language]}"


def _put(screen: ComposerScreen, text: str) -> None:
    """Above the facts that a ticket began with, at the end of an own text, and as one undo step."""
    body = screen.body.text
    begin = len(body) - len(body.lstrip("\n"))
    if not body.strip() or body[begin:].startswith("```"):
        after = f"{text}\n{body}" if body.strip() else f"{text}\n"
        place = 0
    else:
        after, place = f"{body.rstrip()}\n\n{text}\n", len(body.rstrip()) + 2
    screen.body.become(after)
    line = screen.body.location_at(place)[0]
    screen.body.focus()
    screen.body.move_cursor((line, len(screen.body.document.get_line(line))))


async def _canned(screen: ComposerScreen) -> None:
    session, ticket = screen.session, screen.kept.letter.ticket
    replies = await session.tickets.canned_replies()
    values = await _values(screen)
    language = ticket_templates.language_of(screen.looks.tail[-1][2] if screen.looks.tail else "") or "en"
    department = ticket.department.raw if ticket is not None else screen.department
    picker = CannedPicker(replies, values, department=department, language=language)
    chosen = await screen.app.push_screen_wait(picker)
    if chosen is None:
        return
    filled = picker.filled(chosen)
    screen.placeholders = tuple(dict.fromkeys((*screen.placeholders, *filled.unresolved)))
    _put(screen, filled.text)
    screen.touched()
    if filled.unresolved:
        from billtui.screens.composer_sending import to_placeholder

        names = ", ".join(f"{{{one}}}" for one in filled.unresolved)
        to_placeholder(screen, filled.unresolved[0])
        screen.billtui.say(f"{names}: nothing is known for it. Write it in; it is not sent before (TKT-8).", "warning")


async def _values(screen: ComposerScreen) -> dict[str, str]:
    """What the placeholders stand for on this ticket (TKT-8)."""
    from billtui.client.errors import ClientError
    from billtui.domain.rules.canned import values_for

    session, ticket = screen.session, screen.kept.letter.ticket
    account = session.account
    if ticket is None or account is None:
        return {} if account is None else {"me": str(account.login)}
    departments = await session.tickets.departments()
    department = next((one for one in departments if one.id.raw == ticket.department.raw), None)
    order = invoice = None
    try:
        if ticket.order_id is not None:
            order = next(iter(await session.orders_by_ids([ticket.order_id.raw])), None)
        if ticket.invoice_id is not None:
            invoice = next(iter(await session.invoices_by_ids([ticket.invoice_id.raw])), None)
    except ClientError as error:
        screen.billtui.say(f"Not everything of this ticket could be read: {error}", "warning")
    return values_for(ticket, str(account.login), department=department, order=order, invoice=invoice)
