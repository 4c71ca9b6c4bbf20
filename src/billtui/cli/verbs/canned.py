"""``billtui canned list|show|save|delete``: answers that are written again and again, with placeholders (TKT-8)."""

from __future__ import annotations

from billtui.cli.bodies import given_text
from billtui.cli.carrying import busy, carry_out
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.output import Column
from billtui.cli.problems import CliError
from billtui.cli.shapes import count, when
from billtui.cli.verbs.tickets import check_capability
from billtui.domain.models import CannedReply, Invoice, Order, Ticket
from billtui.domain.rules.canned import PLACEHOLDERS, placeholders_in, values_for
from billtui.domain.rules.tickets import FilledReply, fill_reply
from billtui.services import planner
from billtui.services.session import Session

_COLUMNS = (
    Column("id", right=True),
    Column("title", cut=True),
    Column("department"),
    Column("language"),
    Column("characters", right=True),
)
EVERYWHERE = "all"
"""``--department all``: a reply for every department."""


async def list_all(context: Context) -> Exit:
    """Every canned reply, by department and title."""
    options, out = context.options, context.out
    async with context.signed_in() as (session, _account):
        found = await _all(session)
        words = (options.query or "").casefold().split()
        found = [one for one in found if all(word in f"{one.title} {one.body}".casefold() for word in words)]
        if options.department:
            found = [one for one in found if one.department is None or one.department == options.department]
        if options.language:
            found = [one for one in found if one.language == options.language]
        found.sort(key=lambda one: (str(one.department or ""), str(one.title).casefold()))
        if out.as_json:
            out.document("canned-replies", items=[one.model_dump(mode="json") for one in found])
            return Exit.DONE
        out.table(
            _COLUMNS,
            (
                [str(one.id), str(one.title), str(one.department or EVERYWHERE), str(one.language), str(len(one.body))]
                for one in found
            ),
            empty="No canned replies. Make one with: billtui canned save --title TITLE FILE",
        )
        out.note(f"{count(len(found), 'canned reply').replace('replys', 'replies')}.")
    return Exit.DONE


async def show(context: Context) -> Exit:
    """One of them, as it is written."""
    out = context.out
    async with context.signed_in() as (session, _account):
        one = _meant(await _all(session), context.options.reply)
        if out.as_json:
            out.document("canned-reply", reply=one.model_dump(mode="json"))
            return Exit.DONE
        out.facts(
            [
                ("Title", f"{one.title} (id {one.id})"),
                ("Department", str(one.department or EVERYWHERE)),
                ("Language", str(one.language)),
                ("Changed", when(one.updated_at)),
            ]
        )
        out.line()
        for line in str(one.body).split("\n"):
            out.line(line)
    return Exit.DONE


async def save(context: Context) -> Exit:
    """A new one, or with ``--change`` another text, title, department or language for one that there is."""
    options = context.options
    async with context.signed_in() as (session, account):
        before = _meant(await _all(session), options.change) if options.change else None
        if before is None and not options.title:
            raise CliError("usage", "A new canned reply needs --title TITLE.")
        keeps_text = before is not None and options.file is None and (options.title or options.department)
        body = before.body.raw if keeps_text and before is not None else given_text(
            options.file, str(before.body) if before is not None else "", session.settings.state_dir
        )  # fmt: skip
        department = before.department.raw if before is not None and before.department is not None else None
        if options.department:
            department = None if options.department == EVERYWHERE else options.department
        plan = planner.save_canned(
            account,
            title=options.title or (before.title.raw if before is not None else ""),
            body=body,
            reply=before,
            department=department,
            language=options.language or (before.language.raw if before is not None else "en"),
            busy=busy(session, account),
            profile=context.profile.name,
        )
        return await carry_out(context, session, plan, about=_by_hand(body))


def _by_hand(body: str) -> list[str]:
    """Which placeholders of a text nothing is known for: meant to be so, or misspelt (TKT-8)."""
    names = [name for name in placeholders_in(body) if name not in PLACEHOLDERS]
    if not names:
        return []
    written = ", ".join(f"{{{name}}}" for name in names)
    return [f"To be written in by hand before each sending: {written}. Known ones: {', '.join(PLACEHOLDERS)}."]


async def delete(context: Context) -> Exit:
    """Take one away."""
    async with context.signed_in() as (session, account):
        one = _meant(await _all(session), context.options.reply)
        plan = planner.delete_canned(account, one, busy=busy(session, account), profile=context.profile.name)
        return await carry_out(context, session, plan)


async def _all(session: Session) -> list[CannedReply]:
    check_capability(session, "staff")
    return await session.tickets.canned_replies()


def _meant(found: list[CannedReply], reference: str) -> CannedReply:
    """By id, else by a title that only one has. Raises CliError."""
    wanted = reference.removeprefix("id:")
    by_id = [one for one in found if one.id == wanted]
    same = by_id or [one for one in found if str(one.title).casefold() == reference.casefold()]
    if len(same) == 1:
        return same[0]
    if same:
        ids = ", ".join(f"id:{one.id}" for one in same[:5])
        raise CliError("ambiguous", f"“{reference[:80]}” is the title of {len(same)} canned replies.", hint=ids)
    raise CliError("not-found", f"There is no canned reply “{reference[:80]}”.", Exit.NOT_FOUND,
                   hint="See: billtui canned list")  # fmt: skip


async def filled_reply(session: Session, ticket: Ticket, reference: str) -> FilledReply:
    """A canned reply as it is on this ticket; what nothing is known for stays, and is not sent (TKT-8). CliError."""
    reply = _meant(await _all(session), reference)
    account = session.account
    departments = await session.tickets.departments()
    department = next((one for one in departments if one.id == ticket.department), None)
    order: Order | None = None
    invoice: Invoice | None = None
    whose = "" if ticket.account_id is None else ticket.account_id.raw
    if ticket.order_id is not None:
        order = next((one for one in await session.tickets.orders_of(whose) if one.id == ticket.order_id), None)
    if ticket.invoice_id is not None:
        invoice = next((one for one in await session.tickets.invoices_of(whose) if one.id == ticket.invoice_id), None)
    me = "" if account is None else account.login.raw
    return fill_reply(str(reply.body), values_for(ticket, me, department=department, order=order, invoice=invoice))
