"""``billtui orders change-plan`` and its quote (ORD-6)."""

from __future__ import annotations

from billtui.cli.carrying import busy, carry_out, nothing_left
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.output import Column, table_lines
from billtui.cli.problems import CliError
from billtui.cli.shapes import amount, when
from billtui.cli.targets import all_found, order_ids
from billtui.cli.verbs.buying import AT_MOST
from billtui.cli.verbs.invoices import purse_note
from billtui.domain.models import Order, PlanChangeRequest, Quote
from billtui.domain.models.catalogue import Plan
from billtui.services import planner
from billtui.services.cells_text import find_named
from billtui.services.plan_change_text import difference_rows, what_comes
from billtui.services.session import Session

_STEPS = (Column("step"), Column("amount", right=True))


async def quote_plan_change(context: Context) -> Exit:
    """What another plan costs more for the rest of the paid period; exit 5 where the order cannot have it."""
    out = context.out
    async with context.signed_in(fresh=True) as (session, _account):
        order, request = await _asked(context, session)
        quote = await session.quote_plan_change(request)
        if out.as_json:
            fields = {"total": amount(quote.total), "quote": quote, "request": request, "left_out": quote.excluded}
            out.document("quote", **fields)
        else:
            for line in _explained(quote) or ["Nothing is priced."]:
                out.line(line)
            if quote.lines:
                out.line(f"Total {quote.total}; the price holds until {when(quote.expires_at)}.")
            for one in quote.excluded:
                out.note(f"Left out: {order.name}: {one.reason}{f' ({one.rule})' if one.rule else ''}")
        return Exit.DONE if quote.lines else Exit.REFUSED


async def change_plan(context: Context) -> Exit:
    """Give an order another plan, and perhaps pay the difference at once (ORD-6)."""
    options = context.options
    async with context.signed_in(fresh=True) as (session, account):
        order, request = await _asked(context, session)
        quote = await session.quote_plan_change(request)
        plan = planner.change_plan(
            account,
            quote,
            request,
            order,
            options.pay,
            now=session.now(),
            busy=busy(session, account),
            profile=context.profile.name,
        )
        refused = tuple(one for one in plan.left_out if one.target == "invoice")
        if refused and not options.dry_run:
            # It was asked for as one thing: an invoice that cannot be paid now is not issued unasked.
            return nothing_left(context, plan.model_copy(update={"operations": (), "left_out": refused}))
        notes = {}
        if quote.total.amount:
            notes["Price"] = AT_MOST
            if options.pay:
                notes |= purse_note(account, plan, options.pay, session.now())
            else:
                notes["Note"] = "the plan changes once the invoice is paid; it is only issued now"
        return await carry_out(context, session, plan, notes=notes, about=_explained(quote))


def _explained(quote: Quote) -> list[str]:
    """How the difference comes about, step by step, and what comes after (DSC-8)."""
    lines: list[str] = []
    for line in quote.lines:
        if line.plan_change is not None:
            lines += table_lines(_STEPS, [list(row) for row in difference_rows(line.plan_change, line.amount)], None)
            lines.append(what_comes(line.plan_change))
    return lines


async def _asked(context: Context, session: Session) -> tuple[Order, PlanChangeRequest]:
    """The order and the plan that are meant. Raises CliError."""
    keys = order_ids(session.store, [context.options.order])
    (order,) = all_found(keys, await session.orders_by_ids(keys), "order")
    plans = (await session.catalogue()).plans
    plan = _plan(context.options.plan, [one for one in plans if one.kind == order.kind], plans)
    return order, PlanChangeRequest(order_id=order.id, plan=plan.id)


def _plan(word: str, likely: list[Plan], plans: tuple[Plan, ...]) -> Plan:
    """The plan that ``word`` names, of the order's kind if there are several. Raises CliError."""
    found = find_named(word, likely) or find_named(word, plans)
    if len(found) == 1:
        return found[0]
    ids = ", ".join(str(one.id) for one in found or likely or plans)
    if found:
        raise CliError("ambiguous", f"“{word[:80]}” could be {len(found)} plans: {ids}. Write its id.")
    raise CliError("unknown-plan", f"There is no plan “{word[:80]}”. There are: {ids}.", rule="ORD-6")
