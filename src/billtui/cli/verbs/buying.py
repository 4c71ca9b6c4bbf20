"""``billtui order new``, ``orders addons`` and their quotes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TypeVar

from billtui.cli.carrying import busy, carry_out, nothing_left
from billtui.cli.choosing import chosen_orders
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.offer_text import offer_json, servers_text, show_cells, show_orders
from billtui.cli.problems import CliError
from billtui.cli.shapes import count
from billtui.cli.targets import all_found
from billtui.cli.verbs.invoices import purse_note
from billtui.cli.verbs.orders import check_period
from billtui.config.paths import typed_path
from billtui.domain.models import Account, AutoRenew, OrderCell, OrderRequest
from billtui.domain.models.catalogue import Addon, Location, Plan
from billtui.domain.safetext import SafeText
from billtui.services import planner, plans
from billtui.services.cells_text import MOST, find_named, read_cells
from billtui.services.session import Catalogue, Session

T = TypeVar("T", Plan, Location, Addon)
MAX_CELLS_BYTES = 1024 * 1024
MOST_AT_ONCE = 10 * MOST
"""Most servers of one purchase: a thousand requests, with an invoice each (BLK-7)."""
AT_MOST = (
    "at most this: it is for the rest of the paid period, so it costs a little less when it is bought later"
    " (ORD-5, ORD-6)"
)


async def quote_order(context: Context) -> Exit:
    """What new servers would cost (DSC-8); exit 5 where everything is left out."""
    check_period(context.options.period)
    async with context.signed_in() as (session, _account):
        offer = await session.offer_order(_request(context, await session.catalogue()))
        if context.out.as_json:
            context.out.document("quote", **offer_json(offer))
        else:
            show_cells(context.out, offer, session.plan_names.word)
        return Exit.DONE if offer.lines else Exit.REFUSED


async def order_new(context: Context) -> Exit:
    """Buy new servers, and perhaps pay them at once (BLK)."""
    options = context.options
    check_period(options.period)
    async with context.signed_in() as (session, account):
        offer = await session.offer_order(_request(context, await session.catalogue()))
        plan = planner.buy(
            account,
            offer.quotes,
            offer.requests,
            options.pay,
            now=session.now(),
            busy=busy(session, account),
            profile=context.profile.name,
            together=session.traits.buys_together,
            in_turn=session.traits.one_basket,
        )
        notes = {"Servers": servers_text(offer.quotes)}
        elsewhere = ("not-sold-there",) if options.all_locations else ()  # "all" are those that sell it (BLK-2)
        return await _buy(context, session, account, plan, notes, elsewhere)


async def quote_addons(context: Context) -> Exit:
    """What add-ons would cost for the rest of the paid periods (ORD-5)."""
    out = context.out
    async with context.signed_in(fresh=True) as (session, _account):
        wanted = _addons(context, await session.catalogue())
        offer = await session.offer_addons(chosen_orders(context, session), [one.raw for one in wanted])
        if out.as_json:
            out.document("quote", **offer_json(offer))
        else:
            names = session.store.order_rows(str(one.order_id) for one in offer.excluded)
            show_orders(
                out, offer, lambda key: names[key].name if key in names else key, "None of these can have them."
            )
        return Exit.DONE if offer.lines else Exit.REFUSED


async def orders_addons(context: Context) -> Exit:
    """Buy add-ons for orders, and perhaps pay them at once (ORD-5)."""
    options = context.options
    async with context.signed_in(fresh=True) as (session, account):
        keys = chosen_orders(context, session)
        orders = all_found(keys, await session.orders_by_ids(keys), "order")
        wanted = _addons(context, await session.catalogue())
        offer = await session.offer_addons([one.id.raw for one in orders], [one.raw for one in wanted])
        plan = planner.addons(
            account,
            offer.quotes,
            offer.requests,
            orders,
            options.pay,
            now=session.now(),
            busy=busy(session, account),
            profile=context.profile.name,
        )
        return await _buy(context, session, account, plan, {"Add-ons": ", ".join(map(str, wanted)), "Price": AT_MOST})


async def _buy(
    context: Context,
    session: Session,
    account: Account,
    plan: plans.Plan,
    notes: dict[str, str],
    not_asked_for: tuple[str, ...] = (),
) -> Exit:
    options = context.options
    if options.pay:
        refused = [one for one in plan.left_out if one.target == "invoice"]
        if refused and not options.dry_run:
            # It was asked for as one thing: an invoice that cannot be paid now is not issued unasked.
            return nothing_left(context, plan.model_copy(update={"operations": (), "left_out": tuple(refused)}))
        notes |= purse_note(account, plan, options.pay, session.now())
    else:
        notes["Note"] = "nothing starts before the invoice is paid; it is only issued now"
    return await carry_out(context, session, plan, notes=notes, not_asked_for=not_asked_for)


# -- what was typed


def _request(context: Context, catalogue: Catalogue) -> OrderRequest:
    """The request that the options are. Raises CliError."""
    options = context.options
    ways = [options.cells is not None, options.cells_file is not None, options.plan is not None]
    if sum(ways) != 1:
        raise CliError("usage", "Which servers? One of --cells, --cells-file and --plan.")
    if options.plan is None and (options.all_locations or options.location or options.quantity):
        raise CliError("usage", "--all-locations, --location and --quantity go with --plan.")
    if (options.quantity or 1) > MOST:
        raise CliError("usage", f"--quantity: {options.quantity:,} are taken for a slip; at most {MOST:,}.")
    more = {
        "period": options.period,
        "addons": _addons(context, catalogue),
        "names": SafeText(options.names) if options.names else None,
        "auto_renew": AutoRenew(on=True, months=options.auto_renew) if options.auto_renew else None,
        "promo_code": SafeText(options.promo) if options.promo else None,
    }
    if options.auto_renew:
        check_period(options.auto_renew)
    if options.plan is None:
        return OrderRequest(cells=_cells(context, catalogue), **more)
    plan = _one(options.plan, catalogue.plans, "plan")
    if bool(options.all_locations) == bool(options.location):
        raise CliError("usage", "Where? Either --all-locations, or --location once for each.")
    if options.all_locations:
        return OrderRequest(plan=plan.id, quantity=options.quantity or 1, all_locations=True, **more)
    places = [_one(word, catalogue.locations, "location") for word in options.location]
    cells = [OrderCell(plan=plan.id, location=one.id, quantity=options.quantity or 1) for one in places]
    return OrderRequest(cells=cells, **more)


def _cells(context: Context, catalogue: Catalogue) -> list[OrderCell]:
    options = context.options
    text = "\n".join(options.cells.split(",")) if options.cells is not None else _file(options.cells_file)
    found = read_cells(text, catalogue.plans, catalogue.locations)
    if found.bad:
        word = "Cell" if options.cells is not None else "Line"
        lines = [f"{word} {one.number}, “{one.text}”: {one.reason}" for one in found.bad[:20]]
        more = f"\n… and {len(found.bad) - 20} more." if len(found.bad) > 20 else ""
        raise CliError("bad-cells", "Not understood; nothing was sent.\n" + "\n".join(lines) + more)
    if not found.cells:
        raise CliError("bad-cells", "There is no line such as “nl micro 3” in it; nothing was sent.")
    if found.count > MOST_AT_ONCE:
        raise CliError("bad-cells", f"{found.count:,} servers are taken for a slip; at most {MOST_AT_ONCE:,} at once.")
    return list(found.cells)


def _file(name: str) -> str:
    if name == "-":
        content = sys.stdin.buffer.read(MAX_CELLS_BYTES + 1) if sys.stdin is not None else b""
    else:
        try:
            with typed_path(name).open("rb") as file:
                content = file.read(MAX_CELLS_BYTES + 1)
        except FileNotFoundError:
            raise CliError("not-found", f"There is no file {name}.", Exit.NOT_FOUND) from None
    if len(content) > MAX_CELLS_BYTES:
        raise CliError("bad-cells", "That is more than 1 MB of lines; nothing was sent.")
    return content.decode("utf-8-sig", "replace")


def _addons(context: Context, catalogue: Catalogue) -> list[SafeText]:
    return [_one(word, catalogue.addons, "add-on").id for word in context.options.addon or ()]


def _one(word: str, things: Sequence[T], what: str) -> T:
    """The plan, location or add-on that ``word`` names. Raises CliError where there is none, or more than one."""
    found = find_named(word, things)
    if len(found) == 1:
        return found[0]
    likely = ", ".join(str(one.id) for one in found or things)
    if found:
        raise CliError("ambiguous", f"“{word}” could be {count(len(found), what)}: {likely}. Write its id.")
    raise CliError("not-found", f"There is no {what} “{word}”. There are: {likely}.", Exit.NOT_FOUND)
