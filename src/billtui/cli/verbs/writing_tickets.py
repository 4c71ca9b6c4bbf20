"""``billtui tickets new|reply|note|attach|reopen``: letters, from a file, standard input or the editor (TKT)."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from billtui.cli.access import typed_access
from billtui.cli.bodies import given_text
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.letters import LAST, attach, letter_on, say_kept, send
from billtui.cli.problems import CliError
from billtui.cli.targets import invoice_ids, order_ids, ticket_ids
from billtui.cli.verbs.canned import filled_reply
from billtui.cli.verbs.tickets import check_capability
from billtui.client.errors import ClientError, NotFound
from billtui.domain.models import Ticket, TicketState
from billtui.services.drafts import DraftKind
from billtui.services.plans import Plan
from billtui.services.session import Session
from billtui.services.ticket_writing import Letter

_EMPTY = "# The first line is the subject, the rest the text. An empty text sends nothing.\n"


async def new(context: Context) -> Exit:
    """A new ticket; with ``--access`` the server access is asked for and given once the ticket is there (TKT-4)."""
    options = context.options
    access = typed_access(options) if options.access or options.access_file else None
    async with context.signed_in(fresh=True) as (session, _account):
        check_capability(session)
        letter = _new_letter(context, session)
        letter.access_given = access is not None
        await attach(letter, options.attach)
        try:
            departments = await session.tickets.departments()
        except ClientError:
            say_kept(context, letter)
            raise
        code = await send(context, session, letter, departments=departments)
        made = _answered(context, session) if code is Exit.DONE else None
        if made is not None:
            await _known(session, str(made["id"]))
            if access is not None:
                await _give(context, session, str(made["id"]), access)
        elif access is not None and not options.dry_run:
            context.out.note("Server access was not given: billtui tickets access give, once the ticket is there.")
        return code


def _new_letter(context: Context, session: Session) -> Letter:
    options = context.options
    if options.draft is not None:
        kept = [one for one in session.writing.drafts.all() if one.key.kind is DraftKind.NEW]
        kept = [one for one in kept if options.draft in (LAST, one.key.number)]
        if not kept:
            raise CliError("no-draft", "No such draft of a new ticket is kept here.", Exit.NOT_FOUND,
                           hint="See: billtui tickets drafts")  # fmt: skip
        letter = session.writing.open(max(kept, key=lambda one: str(one.saved_at)))
    else:
        text = given_text(options.file, "" if options.subject else _EMPTY, _folder(session))
        subject, body = (options.subject, text) if options.subject else _parted(text)
        letter = session.writing.new(department="technical", subject=subject, body=body)
    if options.department:
        letter.edit(department=options.department)
    if options.subject:
        letter.edit(subject=options.subject)
    if options.order:
        letter.edit(order_id=raw_id(session, "order", order_ids(session.store, [options.order])[0]))
    if options.invoice:
        letter.edit(invoice_id=raw_id(session, "invoice", invoice_ids(session.store, [options.invoice])[0]))
    if options.account:
        letter.edit(account_id=options.account)
    return letter


def _parted(text: str) -> tuple[str, str]:
    """Subject and body of a text whose first line is the subject, as ``tickets check`` reads it."""
    subject, _, body = text.removeprefix(_EMPTY).partition("\n")
    return subject.strip(), body.strip("\n")


def raw_id(session: Session, kind: str, key: str) -> str:
    """The id of an order or invoice as the panel wrote it."""
    store = session.store
    found = store.order(key) if kind == "order" else store.invoice(key)
    return found.id.raw if found is not None else key


async def reply(context: Context) -> Exit:
    """An answer on a ticket; with ``--close`` it closes it as well."""
    return await _answer(context, internal=False)


async def note(context: Context) -> Exit:
    """A note that only staff sees (TKT-6)."""
    return await _answer(context, internal=True)


async def reopen(context: Context) -> Exit:
    """A message to a closed ticket opens it again for 14 days (TKT-5); support may do it without one."""
    async with context.signed_in(fresh=True) as (session, _account):
        ticket = await ticket_of(context, session)
        if ticket.state != TicketState.CLOSED:
            words = f"Ticket {ticket.number} is {ticket.state}, not closed: answer it with billtui tickets reply."
            raise CliError("not-closed", words, Exit.REFUSED, rule="TKT-5")
        return await _send_answer(context, session, ticket, internal=False)


async def attach_files(context: Context) -> Exit:
    """Files to a ticket, with a line that says which (TKT-6)."""
    options = context.options
    names = ", ".join(Path(one).name for one in options.files)
    async with context.signed_in(fresh=True) as (session, _account):
        ticket = await ticket_of(context, session)
        letter = letter_on(context, session, ticket, internal=False)
        letter.edit(body=options.text or f"Attached: {names}")
        await attach(letter, options.files)
        return await _sent(context, session, letter)


async def _answer(context: Context, *, internal: bool) -> Exit:
    async with context.signed_in(fresh=True) as (session, _account):
        ticket = await ticket_of(context, session)
        return await _send_answer(context, session, ticket, internal=internal)


async def ticket_of(context: Context, session: Session) -> Ticket:
    """The ticket that is meant, with its whole thread in the copy. Raises CliError."""
    check_capability(session)
    [key] = ticket_ids(session.store, [context.options.ticket])
    try:
        return await session.tickets.thread(key)
    except NotFound:
        raise CliError("not-found", f"There is no ticket “{key}” any more.", Exit.NOT_FOUND) from None


async def _send_answer(context: Context, session: Session, ticket: Ticket, *, internal: bool) -> Exit:
    options = context.options
    canned = getattr(options, "canned", None)
    if canned and options.file is not None:
        raise CliError("usage", "Either a text, or --canned REPLY.")
    letter = letter_on(context, session, ticket, internal=internal)
    if canned:
        filled = await filled_reply(session, ticket, canned)
        letter.edit(body=filled.text, placeholders=filled.unresolved)
    elif options.draft is None or options.file is not None:
        letter.edit(body=given_text(options.file, letter.draft.body, _folder(session)))
    if getattr(options, "close", False):
        letter.edit(close=True)
    await attach(letter, options.attach)
    return await _sent(context, session, letter)


async def _sent(context: Context, session: Session, letter: Letter) -> Exit:
    ticket_id = letter.draft.key.ticket_id
    code = await send(context, session, letter)
    answer = _answered(context, session) if code is Exit.DONE else None
    if answer is not None:
        message = answer.get("message")
        written = message.get("id") if isinstance(message, dict) else None
        await _known(session, ticket_id, str(written) if written else None)
    return code


def _answered(context: Context, session: Session) -> dict[str, object] | None:
    """What the panel answered to the letter that this command sent; ``None`` where nothing was sent."""
    if context.job_id is None:
        return None
    rows = session.journal.operations(context.job_id)
    return dict(rows[0].answer) if rows and rows[0].answer else None


async def _known(session: Session, ticket_id: str, message_id: str | None = None) -> None:
    """What this person wrote counts as read, so that the next letter does not ask about it (TKT-9)."""
    try:
        ticket = await session.tickets.thread(ticket_id)
    except ClientError:
        return  # sent is sent; that it was read is only said
    last = message_id or (str(ticket.last_message_id) if ticket.last_message_id is not None else None)
    if last is not None:
        session.tickets.mark_seen(str(ticket.id), last)


async def _give(context: Context, session: Session, ticket_id: str, access: SecretStr) -> None:
    try:
        await session.tickets.give_access(ticket_id, access)
    except ClientError:
        way = f"billtui tickets access give id:{ticket_id}"
        context.out.note(f"The ticket was sent, do not send it again. Server access is given by: {way}")
        raise
    context.out.note("Server access was given: only support on this ticket can read it, and each reading is logged.")


def _folder(session: Session) -> Path:
    """The private directory in which the editor's file lies."""
    return session.settings.state_dir


__all__ = ["Plan", "attach_files", "new", "note", "raw_id", "reopen", "reply", "ticket_of"]
