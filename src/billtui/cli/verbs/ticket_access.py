"""``billtui tickets access give|reveal``: server access, a secret from end to end (TKT-4).

Neither is a plan: it is sent once, never journalled and never repeated. What a lost answer means is said in words.
"""

from __future__ import annotations

import asyncio

from billtui.cli.access import show_briefly, typed_access
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.problems import CliError
from billtui.cli.secrets import can_ask
from billtui.cli.shapes import iso_of
from billtui.cli.verbs.tickets import check_capability
from billtui.cli.verbs.writing_tickets import ticket_of


async def access(context: Context) -> Exit:
    """Give it, or read it."""
    return await (_give if context.options.what == "give" else _reveal)(context)


async def _give(context: Context) -> Exit:
    options, out = context.options, context.out
    secret = typed_access(options)
    async with context.signed_in(fresh=True) as (session, _account):
        ticket = await ticket_of(context, session)
        await session.tickets.give_access(str(ticket.id), secret)
        if out.as_json:
            out.document("server-access", ticket_id=ticket.id.raw, access="given")
        else:
            out.line(f"Server access is given on ticket {ticket.number}. Only support on it reads it, and each reading "
                     "is logged; it is wiped when the ticket closes.")  # fmt: skip
    return Exit.DONE


async def _reveal(context: Context) -> Exit:
    options, out = context.options, context.out
    if not options.reason or not options.reason.strip():
        raise CliError("reason-missing", "Say why it is read: --reason TEXT. The client sees it in the log.",
                       rule="TKT-4")  # fmt: skip
    if not options.stdout and not can_ask():
        raise CliError(
            "usage",
            "Server access is shown on a terminal only, and there is none; nothing was read.",
            rule="TKT-4",
            hint="Add --stdout to hand it to another program; never into a file that stays.",
        )
    async with context.signed_in(fresh=True) as (session, _account):
        check_capability(session, "staff")
        ticket = await ticket_of(context, session)
        found = await session.tickets.reveal_access(str(ticket.id), options.reason.strip())
    if options.stdout and out.as_json:
        out.document("server-access", ticket_id=ticket.id.raw, at=iso_of(found.at),
                     access=found.access.get_secret_value())  # fmt: skip
    elif options.stdout:
        for line in found.access.get_secret_value().split("\n"):
            out.line(line)
    else:
        await asyncio.to_thread(show_briefly, found.access)
        if out.as_json:
            out.document("server-access", ticket_id=ticket.id.raw, at=iso_of(found.at), access=None)
    return Exit.DONE
