"""``billtui search``"""

from __future__ import annotations

from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.output import Column
from billtui.services.search import covered
from billtui.services.search import search as look

DEFAULT_HITS = 50


async def search(context: Context) -> Exit:
    """What has all of the words, messages last; exit 4 where there is nothing."""
    options, out = context.options, context.out
    async with context.reading() as session:
        if (
            not options.offline and not session.tickets.is_staff
        ):  # of staff that is what the program copies, open all day
            await session.tickets.copy_messages()
        hits = look(session.store, " ".join(options.text), options.limit or DEFAULT_HITS)
        if out.as_json:
            out.document("search", items=[hit._asdict() for hit in hits])
        else:
            columns = (
                Column("kind"),
                Column("id", right=True),
                Column("title"),
                Column("state"),
                Column("detail", cut=True),
            )
            out.table(
                columns, ([hit.kind, hit.id, hit.title, hit.state, hit.detail] for hit in hits), empty="Nothing found."
            )
            if words := covered(session.store.coverage()):
                out.note(words)
    return Exit.DONE if hits else Exit.NOT_FOUND
