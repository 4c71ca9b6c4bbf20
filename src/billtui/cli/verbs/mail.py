"""``billtui mail``: what the sandbox would have sent; a real panel has no such place."""

from __future__ import annotations

from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.problems import CliError
from billtui.cli.shapes import count, when
from billtui.domain.models import Mail

_WHOSE = "the sandbox's: nothing was really sent, and a real panel shows no mails here"


async def mail(context: Context) -> Exit:
    """Mails to this account, oldest first; with codes and links, since they are what the mail is for."""
    options, out = context.options, context.out
    if options.all and options.to:
        raise CliError("usage", "--all and --to exclude each other.")
    if options.all or options.to:
        async with context.open() as session:
            found = await session.mails(options.to)
    else:
        async with context.signed_in() as (session, account):
            addresses = {account.email.raw, *(one.raw for one in account.emails)}
            found = [one for one in await session.mails() if one.to.raw in addresses]
    shown = found[-options.limit :] if options.limit else found
    if out.as_json:
        out.document(
            "mail", sandbox=True, total=len(found), items=[one.model_dump(mode="json") for one in shown]
        )  # fmt: skip
        return Exit.DONE
    out.note(f"These mails are {_WHOSE}.")
    for one in shown:
        _show(context, one)
    if not shown:
        out.line("No mail.")
    out.note(f"{count(len(shown), 'mail')} of {len(found)}.")
    return Exit.DONE


def _show(context: Context, one: Mail) -> None:
    out = context.out
    out.line(f"Mail {one.id} of the sandbox, {when(one.at)}")
    out.line(f"  To       {one.to}")
    out.line(f"  Subject  {one.subject}")
    for line in one.body.raw.splitlines():  # each is cleaned on its way out
        out.line(f"  {line}")
    if one.code is not None:
        out.line(f"  Code     {one.code}")
    if one.link is not None:
        out.line(f"  Link     {one.link}")
    out.line()
