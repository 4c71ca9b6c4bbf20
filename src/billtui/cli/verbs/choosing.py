"""``billtui orders export`` and ``billtui orders tag``: what is chosen, as text, and a person's own tags on it."""

from __future__ import annotations

import sys

from billtui.cli.choosing import chosen_orders, is_choosing, not_gone, own_files, tags_of
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.output import Column
from billtui.cli.problems import CliError
from billtui.cli.shapes import count
from billtui.config.paths import typed_path, write_new
from billtui.services.order_export import exported
from billtui.services.order_tags import check_tags


async def export(context: Context) -> Exit:
    """Orders as CSV, JSON, addresses or names, to standard output or a new file."""
    options = context.options
    async with context.reading() as session:
        if is_choosing(context):
            rows_by_id = session.store.order_rows(ids := chosen_orders(context, session))
            rows = [rows_by_id[one] for one in ids if one in rows_by_id]
        else:
            rows = not_gone(session.store.orders())
        text = exported(rows, options.format, tags_of(session))
    _hand_out(context, text, len(rows))
    return Exit.DONE


def _hand_out(context: Context, text: str, number: int) -> None:
    """Into a new file, or to standard output."""
    options, out = context.options, context.out
    if options.out:
        path = typed_path(options.out)
        try:
            write_new(path, text.encode())
        except FileExistsError:
            raise CliError("file-exists", f"{path} is there already and is not overwritten: another name.") from None
        if out.as_json:
            out.document("export", file=str(path), format=options.format, count=number)
        else:
            out.line(f"{count(number, 'order')} written to {path}")
    elif out.as_json and options.format != "json":
        out.document("export", format=options.format, count=number, text=text)
    else:
        for line in text.splitlines():
            out.line(line)


async def tag(context: Context) -> Exit:
    """Add or remove tags of what is chosen, or list them."""
    options, out = context.options, context.out
    async with context.reading() as session:
        tags = own_files(session).tags
        if options.change == "list":
            return _list(context, tags.counts())
        try:
            words = check_tags(one for one in (options.tag or "").split(",") if one)
        except ValueError as error:
            raise CliError("usage", str(error)) from None
        if not words:
            raise CliError("usage", f"Which tags? For example: billtui orders tag {options.change} keep --where loc:nl")
        ids = chosen_orders(context, session)
        try:
            changed = tags.change(
                ids, add=words if options.change == "add" else (), remove=words if options.change == "remove" else ()
            )
        except ValueError as error:
            raise CliError("usage", str(error)) from None
    if out.as_json:
        out.document("tags", change=options.change, tags=words, chosen=len(ids), changed=changed)
    else:
        out.line(f"{', '.join(words)}: {count(changed, 'order')} of {len(ids)} changed. Kept on this computer only.")
    return Exit.DONE


def _list(context: Context, counts: dict[str, int]) -> Exit:
    if context.out.as_json:
        context.out.document("tags", items=[{"tag": word, "orders": number} for word, number in counts.items()])
        return Exit.DONE
    columns = (Column("tag"), Column("orders", right=True))
    context.out.table(columns, ([word, str(number)] for word, number in counts.items()), empty="No tags yet.")
    if sys.stdout.isatty() and counts:
        context.out.note("Its orders: billtui orders list --where tag:WORD")
    return Exit.DONE
