"""``billtui tickets list|show|save|drafts``: reading tickets; nothing of a ticket is changed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.listing import chosen_tickets, limited, listed_tickets, tickets_document
from billtui.cli.output import Column
from billtui.cli.problems import CliError
from billtui.cli.shapes import age, count, when
from billtui.cli.targets import order_ids, ticket_ids
from billtui.cli.ticket_text import (
    COLUMNS,
    STAFF_COLUMNS,
    draft_json,
    facts_of_ticket,
    list_cells,
    message_json,
    show_messages,
    size_text,
    ticket_json,
)
from billtui.client.errors import ClientError
from billtui.config.paths import typed_path
from billtui.services.read_marks import ReadMark
from billtui.services.saved_files import harmless_name
from billtui.services.session import NotSignedIn, Session
from billtui.services.store import TicketRow
from billtui.services.store.rows import AttachmentRow, MessageRow

SEARCHED = 500
"""So many messages at most a search brings."""
_DRAFTS = (
    Column("draft"),
    Column("ticket", right=True),
    Column("subject", cut=True),
    Column("characters", right=True),
    Column("saved"),
    Column("state", cut=True),
)


def check_capability(session: Session, capability: str = "tickets") -> None:
    """Raises CliError where the panel, or this account on it, has nothing of the kind."""
    if why := session.unavailable(capability):
        raise CliError("capability-missing", why, Exit.REFUSED)


_NONE: Final = "No tickets. Write one with: billtui tickets new"
_NONE_FITS: Final = "No ticket fits what was asked for."


async def department_names(session: Session, ids: Collection[str]) -> dict[str, str]:
    """Names of departments by id, on panels that number them; none where they cannot be asked for."""
    if not any(one.isdigit() for one in ids):
        return {}
    with contextlib.suppress(ClientError, NotSignedIn):
        return {one.id.raw: str(one.name) for one in await session.tickets.departments()}
    return {}


async def list_all(context: Context) -> Exit:
    """Tickets: unread ones first, then what changed last."""
    options, out = context.options, context.out
    async with context.reading() as session:
        check_capability(session)
        store, now = session.store, session.now()
        staff = session.tickets.is_staff
        rows = store.tickets()
        unread = session.tickets.unread()
        rows = listed_tickets(options, chosen(context, session, rows), unread)
        hits = {}
        if options.search:
            hits = {hit.ticket_id: hit for hit in reversed(store.search_messages(options.search, SEARCHED))}
            rows = [row for row in rows if row.id in hits]
        synced = store.synced_at()
        if out.as_json:
            found = tickets_document(options, rows, synced, unread)
            if hits:
                for item in found["items"]:
                    hit = hits[item["id"]]
                    item["found"] = {"message_id": hit.message_id, "excerpt": hit.excerpt}
            out.document("tickets", **found)
            return Exit.DONE
        shown = limited(options, rows)
        names = {key: row.name for key, row in store.order_rows(row.order_id for row in shown if row.order_id).items()}
        departments = await department_names(session, {row.department for row in shown})
        out.table(
            STAFF_COLUMNS if staff else COLUMNS,
            (
                list_cells(row, unread=row.id in unread, staff=staff, orders=names, departments=departments, now=now)
                for row in shown
            ),
            empty=_NONE_FITS if store.tickets() else _NONE,
        )
        more = f"; {len(rows) - len(shown)} more" if len(shown) < len(rows) else ""
        searched = f" {_searched(session)}" if options.search else ""
        out.note(f"{count(len(shown), 'ticket')}{more}, {len(unread)} unread.{searched} As of {age(synced)}.")
    return Exit.DONE


def _searched(session: Session) -> str:
    """How much a search over messages went through."""
    cover = session.store.coverage()
    if cover.whole == cover.tickets:
        return f"All {count(cover.messages, 'message')} were searched."
    return f"The threads of {cover.whole} of {count(cover.tickets, 'ticket')} are here and were searched."


def chosen(context: Context, session: Session, rows: list[TicketRow]) -> list[TicketRow]:
    """Those of ``rows`` that the options of choosing mean. Raises CliError."""
    options = context.options
    wanted_order = order_ids(session.store, [options.order])[0] if options.order else None
    me = str(session.account.login) if session.account is not None else ""
    return chosen_tickets(options, rows, login=me, order_id=wanted_order)


async def show(context: Context) -> Exit:
    """One ticket with its thread; what was shown counts as read, unless it is for a program."""
    options, out = context.options, context.out
    async with context.reading() as session:
        check_capability(session)
        store = session.store
        [key] = ticket_ids(store, [options.ticket])
        ticket = store.ticket(key) if options.offline else await session.tickets.thread(key)
        if ticket is None:
            raise CliError("not-found", f"Ticket {key} is not in the copy.", Exit.NOT_FOUND)
        messages = store.messages(key)
        mark = session.tickets.seen(key)
        whole = store.messages_known(key).whole
        unread = _unread_from(messages, mark)
        shown = messages[unread:] if options.new and mark is not None else messages
        if options.last:
            shown = shown[-options.last :]
        skipped = len(messages) - len(shown) - unread
        if out.as_json:
            out.document(
                "ticket",
                ticket=ticket_json(ticket),
                seen=None if mark is None else mark.message_id,
                whole=whole,
                messages=[message_json(one) for one in shown],
            )
            return Exit.DONE
        order_id = "" if ticket.order_id is None else str(ticket.order_id)
        named = store.order_rows([order_id]).get(order_id)
        name = named.name if named is not None else ""
        departments = await department_names(session, {str(ticket.department)})
        out.facts(facts_of_ticket(ticket, name, departments, session.now(), staff=session.tickets.is_staff))
        if len(shown) < len(messages):
            out.line(f"{count(len(messages) - len(shown), 'earlier message')} not shown.")
        show_messages(out, shown, new_after=mark.message_id if mark is not None else None)
        if not whole:
            out.note("Only a part of the thread is in the copy; leave --offline away to read it whole.")
        elif skipped > 0:
            out.note(f"{count(skipped, 'unread message')} not shown, so the thread does not count as read (TKT-9).")
        elif messages and not options.keep_unread:
            session.tickets.mark_seen(key, messages[-1].id)
    return Exit.DONE


def _unread_from(messages: Sequence[MessageRow], mark: ReadMark | None) -> int:
    """The place of the first message that was not shown here yet (TKT-9); the whole thread where tickets came together.

    By the message itself: two can be of one second. What came with another ticket may stand before what was read.
    """
    if mark is None:
        return 0
    places = [place for place, one in enumerate(messages) if one.id == mark.message_id]
    unread = places[-1] + 1 if places else sum(one.at <= mark.at for one in messages)
    return 0 if any(one.role == "panel" for one in messages[unread:]) else unread


async def save(context: Context) -> Exit:
    """Attachments of a ticket into new files; never run, never over a file that is there (TKT-6)."""
    options, out = context.options, context.out
    async with context.signed_in(fresh=True) as (session, _account):
        check_capability(session)
        [key] = ticket_ids(session.store, [options.ticket])
        await session.tickets.thread(key)
        found = [file for one in session.store.messages(key) for file in one.attachments]
        wanted = [file for file in found if not options.attachment or file.id in options.attachment]
        missing = sorted(set(options.attachment) - {file.id for file in found})
        if missing or not wanted:
            words = f"Ticket {options.ticket} has no attachment {missing[0]}." if missing else "It has no attachments."
            raise CliError("not-found", words, Exit.NOT_FOUND)
        places = _places(typed_path(options.to or "."), wanted)
        saved = []
        for file, path in zip(wanted, places, strict=True):
            size = await session.tickets.save_attachment(file.id, path)
            saved.append({"id": file.id, "name": file.name, "path": str(path), "size": size})
            if not out.as_json:
                out.line(f"{path}  {size_text(size)}")
        if out.as_json:
            out.document("attachments", items=saved)
    return Exit.DONE


def _places(folder: Path, files: list[AttachmentRow]) -> list[Path]:
    """Where each goes. Raises CliError where a file is there already; of two with one name the second is told apart."""
    if not folder.is_dir():
        raise CliError("not-found", f"There is no folder {folder}; nothing was saved.", Exit.NOT_FOUND)
    places: list[Path] = []
    for file in files:
        path = wanted = folder / harmless_name(file.name)
        number = 2
        while path in places:
            path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
            number += 1
        if os.path.lexists(path):
            raise CliError(
                "file-exists", f"{path} is there already; nothing was saved.", hint="Give another folder: --to"
            )
        places.append(path)
    return places


async def drafts(context: Context) -> Exit:
    """What is written and not sent, with why it was given back."""
    options, out = context.options, context.out
    async with context.signed_in() as (session, _account):
        check_capability(session)
        kept = session.writing.drafts
        found = [(one, kept.standing(one)) for one in kept.all()]
        if options.discard:
            gone = [one for one, _standing in found if name_of(one.key.kind.value, one.ticket_number, one.key.number)
                    in options.discard]  # fmt: skip
            if len(gone) != len(set(options.discard)):
                raise CliError("not-found", "There is no such draft; nothing was discarded.", Exit.NOT_FOUND,
                               hint="See: billtui tickets drafts")  # fmt: skip
            for one in gone:
                kept.discard(one)
            found = [(one, standing) for one, standing in found if one not in gone]
        if out.as_json:
            out.document("drafts", items=[draft_json(one, standing) for one, standing in found])
            return Exit.DONE
        out.table(
            _DRAFTS,
            (
                [
                    name_of(one.key.kind.value, one.ticket_number, one.key.number),
                    one.ticket_number or "new",
                    one.subject or one.ticket_subject,
                    str(len(one.body)),
                    when(one.saved_at),
                    f"{standing.state.value}: {standing.reason}" if standing.reason else standing.state.value,
                ]
                for one, standing in found
            ),
            empty="No drafts.",
        )
        for words in kept.damaged():
            out.note(words)
    return Exit.DONE


def name_of(kind: str, ticket: str, number: int) -> str:
    """How a draft is named: ``new-1``, ``reply-1042-1``."""
    return f"{kind}-{number}" if kind == "new" else f"{kind}-{ticket}-{number}"
