"""``billtui orders …`` and ``billtui quote renewal``"""

from __future__ import annotations

from collections.abc import Callable

from billtui.cli.carrying import busy, carry_out, nothing_left
from billtui.cli.choosing import chosen_orders, is_choosing, matching_rows, tags_of
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.listing import limited, listed_orders, orders_document
from billtui.cli.offer_text import offer_json, show_orders
from billtui.cli.output import Column
from billtui.cli.problems import CliError
from billtui.cli.shapes import age, count, day, left_of, when
from billtui.cli.targets import all_found, order_ids
from billtui.cli.verbs.invoices import purse_note
from billtui.domain.models import AutoRenew, Order
from billtui.domain.periods import PERIODS
from billtui.domain.safetext import SafeText
from billtui.services import planner
from billtui.services.session import Session
from billtui.services.store import OrderRow, money

_COLUMNS = (
    Column("id", right=True),
    Column("name", cut=True),
    Column("plan", cut=True),
    Column("loc"),
    Column("address", cut=True),
    Column("state"),
    Column("ends"),
    Column("left", right=True),
    Column("monthly", right=True),
    Column("auto"),
)


async def list_all(context: Context) -> Exit:
    """All orders that the filters leave."""
    options, out = context.options, context.out
    async with context.reading() as session:
        store, now = session.store, session.now()
        rows = listed_orders(options, _listed(context, session), int(now.timestamp()))
        synced = store.synced_at()
        if out.as_json:
            out.document("orders", **orders_document(options, rows, synced, tags_of(session)))
            return Exit.DONE
        shown = limited(options, rows)
        if not options.offline:
            await session.name_plans(row.plan for row in shown)
        word = session.plan_names.word
        rows_of = ([*_cells(row, word), left_of(row, now), *_price(row)] for row in shown)
        out.table(_COLUMNS, rows_of, empty="No orders.")
        more = f"; {len(rows) - len(shown)} more" if len(shown) < len(rows) else ""
        out.note(f"{count(len(shown), 'order')}{more}. As of {age(synced)}.")
    return Exit.DONE


def _listed(context: Context, session: Session) -> list[OrderRow]:
    """What is listed, before the filters: all orders, or those that the options choose; none is no mistake."""
    options, rows = context.options, session.store.orders()
    if options.select or options.from_file:
        chosen = set(chosen_orders(context, session, ()))
        return [row for row in rows if row.id in chosen]
    return matching_rows(session, rows, options.where) if is_choosing(context) else rows


def _cells(row: OrderRow, plan: Callable[[str], str]) -> list[str]:
    return [row.id, row.name, plan(row.plan), row.location, row.address, row.state, day(row.paid_until)]


def _price(row: OrderRow) -> list[str]:
    return [str(money(row.price, row.currency)), f"{row.auto_months} mo" if row.auto_on else "off"]


async def show(context: Context) -> Exit:
    """One order in full."""
    options, out = context.options, context.out
    async with context.reading() as session:
        (key,) = order_ids(session.store, [options.order])
        if options.offline:
            known = session.store.order(key)
            if known is None:
                raise CliError("not-found", f"Order {key} is not in the copy.", Exit.NOT_FOUND)
            order = known
        else:
            order = await session.order(key)
        if out.as_json:
            out.document("order", order=order)
        else:
            if not options.offline:
                await session.name_plans([order.plan.raw])
            _show(context, order, session.plan_names.word(order.plan.raw))
    return Exit.DONE


def _show(context: Context, order: Order, plan: str) -> None:
    out = context.out
    auto = f"on, {count(order.auto_renew.months, 'month')}" if order.auto_renew.on else "off"
    facts = [
        ("Order", f"{order.name} (id {order.id})"),
        ("State", f"{order.state}{f', {order.power}' if order.power else ''}"),
        ("What", f"{order.kind}, {SafeText(plan)} in {order.location}"),
        ("Address", str(order.address or "–")),
        ("Paid until", when(order.paid_until)),
        ("Monthly", f"{order.monthly_price}{' (individual price)' if order.individual_price else ''}"),
        ("Discount", f"{order.discount_percent.normalize():f} %"),
        ("Auto-renewal", auto),
        ("Made", when(order.created_at)),
    ]
    if order.promise_until is not None:
        facts.append(("Promise", f"pay by {when(order.promise_until)}; active until then (PRM-5)"))
    if order.unpaid_invoice_id is not None:
        facts.append(("Open invoice", f"id {order.unpaid_invoice_id}"))
    if order.transfer_id is not None:
        facts.append(("Transfer", f"id {order.transfer_id}"))
    if order.blocked_at is not None:
        facts.append(("Blocked", f"since {when(order.blocked_at)}; deleted 7 days later (ORD-2)"))
    out.facts([*facts, *((str(name), str(text)) for name, text in order.more.items())])
    if order.actions:
        out.line()
        rows = ([str(one.action), "yes" if one.allowed else "no", str(one.reason or "")] for one in order.actions)
        out.table((Column("action"), Column("allowed"), Column("why not", cut=True)), rows)


# -- prices


async def quote(context: Context) -> Exit:
    """What a renewal would cost (DSC-8)."""
    options, out = context.options, context.out
    check_period(options.period)
    async with context.signed_in(fresh=True) as (session, _account):
        offer = await session.offer_renewal(chosen_orders(context, session), options.period, options.promo)
        if out.as_json:
            # "quote" is the first one, as it always was; all of them are in "quotes".
            out.document("quote", quote=offer.quotes[0], **offer_json(offer))
        else:
            names = session.store.order_rows(str(one.order_id) for one in offer.excluded if one.order_id is not None)
            show_orders(
                out, offer, lambda key: names[key].name if key in names else key, "Nothing of this can be renewed."
            )
        return Exit.DONE if offer.lines else Exit.REFUSED


def check_period(months: int) -> None:
    """Raises CliError where there is no such period (REN-3)."""
    if months not in PERIODS:
        raise CliError(
            "unknown-period",
            f"There is no period of {count(months, 'month')}: {', '.join(map(str, PERIODS))}.",
            rule="REN-3",
        )


# -- writes


async def _chosen(context: Context, session: Session) -> list[Order]:
    keys = chosen_orders(context, session)
    return all_found(keys, await session.orders_by_ids(keys), "order")


async def renew(context: Context) -> Exit:
    """Renew on one invoice, and perhaps pay it at once (REN, BLK-4)."""
    options = context.options
    check_period(options.period)
    async with context.signed_in(fresh=True) as (session, account):
        orders = await _chosen(context, session)
        offer = await session.offer_renewal([one.id.raw for one in orders], options.period, options.promo)
        plan = planner.renew_many(
            account,
            offer.quotes,
            offer.requests,
            orders,
            options.pay,
            now=session.now(),
            busy=busy(session, account),
            profile=context.profile.name,
            together=session.traits.renews_together,
            in_turn=session.traits.one_basket,
        )
        notes = {"Period": count(options.period, "month")}
        if options.pay:
            refused = [one for one in plan.left_out if one.target == "invoice"]
            if refused and not options.dry_run:
                # It was asked for as one thing: an invoice that cannot be paid now is not issued unasked.
                return nothing_left(context, plan.model_copy(update={"operations": (), "left_out": tuple(refused)}))
            notes |= purse_note(account, plan, options.pay, session.now())
        else:
            notes["Note"] = "only payment renews; the ends stay until the invoice is paid (REN-1)"
        return await carry_out(context, session, plan, notes=notes)


async def action(context: Context) -> Exit:
    """Power, suspend, reinstall (ORD-4)."""
    options = context.options
    async with context.signed_in(fresh=True) as (session, account):
        orders = await _chosen(context, session)
        typed = options.confirm_name or []
        names = {one.id.raw: one.name.raw for one in orders if one.name.raw in typed or str(one.name) in typed}
        plan = planner.order_action(
            account,
            orders,
            options.action,
            names,
            now=session.now(),
            busy=busy(session, account),
            profile=context.profile.name,
        )
        return await carry_out(context, session, plan)


async def auto_renew(context: Context) -> Exit:
    """Auto-renewal on or off, with its own period (REN-4, REN-5)."""
    options = context.options
    async with context.signed_in(fresh=True) as (session, account):
        orders = await _chosen(context, session)
        on = options.switch == "on"
        periods = {one.auto_renew.months for one in orders}
        if on and options.months is None and len(periods) > 1:
            raise CliError("usage", "These orders have different periods now.", hint="Add --months, for example 1.")
        months = options.months if options.months is not None else next(iter(periods), 1)
        plan = planner.auto_renew(
            account,
            orders,
            AutoRenew(on=on, months=months),
            own_periods=options.months is None,
            now=session.now(),
            busy=busy(session, account),
            profile=context.profile.name,
        )
        return await carry_out(context, session, plan)
