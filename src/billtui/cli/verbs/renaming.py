"""``billtui orders rename``: one order by its new name, many by a pattern."""

from __future__ import annotations

from billtui.cli.carrying import busy, carry_out
from billtui.cli.choosing import chosen_orders, is_choosing
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.problems import CliError
from billtui.cli.targets import all_found, order_ids
from billtui.domain.naming import NamingError
from billtui.services import planner
from billtui.services.renaming import pattern_names


async def rename(context: Context) -> Exit:
    """Another name (ORD-4), or many names by a pattern."""
    options = context.options
    if options.pattern is None and (len(options.name) != 2 or is_choosing(context)):
        raise CliError(
            "usage",
            "One order and its new name, or --pattern for many.",
            hint="billtui orders rename web-1 web-01, or: billtui orders rename --pattern 'web-{n:02}' --where loc:nl",
        )
    async with context.signed_in(fresh=True) as (session, account):
        store = session.store
        keys = order_ids(store, options.name[:1]) if options.pattern is None else None
        keys = keys or chosen_orders(context, session, options.name)
        orders = all_found(keys, await session.orders_by_ids(keys), "order")
        if options.pattern is None:
            names = [options.name[1]]
        else:
            try:
                names = pattern_names(options.pattern, orders, store.orders())
            except NamingError as error:
                raise CliError("bad-pattern", f"{error}. Nothing was sent.", rule="ORD-4") from None
        plan = planner.rename_all(
            account,
            list(zip(orders, names, strict=True)),
            now=session.now(),
            busy=busy(session, account),
            profile=context.profile.name,
        )
        return await carry_out(context, session, plan)
