"""``billtui optimize renewals``"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from billtui.cli.carrying import busy, carry_out, nothing_left
from billtui.cli.choosing import chosen_orders
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.money_text import typed_money
from billtui.cli.output import Column
from billtui.cli.problems import CliError
from billtui.cli.shapes import amount, count, day, iso_of, refused_json
from billtui.cli.targets import all_found
from billtui.cli.verbs.invoices import purse_note
from billtui.domain.models import Account, PromoTerms
from billtui.domain.periods import here
from billtui.services import planner
from billtui.services.session import Session
from billtui.services.solver import (
    Batch,
    Left,
    Line,
    Probed,
    Purchase,
    Question,
    Solution,
    amount_words,
    differences,
    explain_line,
    explain_solution,
    probe_codes,
    question_from,
    quote_batches,
    rows_of,
    solve,
)
from billtui.services.store import cents, money

_BATCHES = (
    Column("period", right=True),
    Column("code"),
    Column("orders", right=True),
    Column("amount", right=True),
)
_LINES = (
    Column("id", right=True),
    Column("name", cut=True),
    Column("ends"),
    Column("now", right=True),
    Column("later"),
    Column("total", right=True),
    Column("monthly", right=True),
    Column("saves", right=True),
)


async def renewals(context: Context) -> Exit:
    """The cheapest way to keep orders paid; bought only with ``--buy`` (REN, DSC, INV-10)."""
    options = context.options
    async with context.signed_in(fresh=True) as (session, account):
        ids = chosen_orders(context, session)
        probed = await probe_codes(session, options.promo or (), rows_of(session.store, ids), session.now())
        for one in probed:
            if one.terms is None:
                context.out.note(f"Code {one.code} is not used: {one.refusal}")
        question = _question(context, session, account, ids, [one.terms for one in probed if one.terms is not None])
        try:
            solution = solve(question)
        except ValueError as error:
            raise CliError("usage", str(error)) from None
        if acts(context):
            budget = question.budget
            return await buy(context, session, account, solution.batches, notes=_notes(solution), budget=budget)
        if context.out.as_json:
            context.out.document("renewals", **_json(context, solution, probed))
        else:
            _show(context, solution)
        return Exit.DONE if solution.order_ids else Exit.REFUSED


def acts(context: Context) -> bool:
    """Whether a plan is wanted, not only a look."""
    options = context.options
    return bool(options.buy or options.plan_out or options.dry_run)


def _question(
    context: Context, session: Session, account: Account, ids: Sequence[str], codes: Sequence[PromoTerms]
) -> Question:
    options = context.options
    budget = typed_money(options.budget, account.currency, "--budget") if options.budget else None
    effort = typed_money(options.effort, account.currency, "--effort") if options.effort else None
    return question_from(
        session.store,
        ids,
        session.now(),
        months=options.months,
        budget=None if budget is None else cents(budget),
        codes=codes,
        lead_days=options.lead_days,
        effort=5 if effort is None else cents(effort),
        others_end=options.others == "end",
        policy=session.policy,
    )


async def buy(
    context: Context,
    session: Session,
    account: Account,
    batches: Sequence[Batch],
    *,
    notes: dict[str, str],
    budget: int | None = None,
) -> Exit:
    """Real quotes for the batches, compared with what was figured, then the plan as every writing verb has it.

    Raises CliError where the panel asks more than ``budget`` cents: the figures are this program's, the bill is not.
    """
    options = context.options
    if not batches:
        context.out.note("Nothing has to be bought now: there is nothing to plan. The dates stand in the view.")
        if context.out.as_json:
            context.out.document("plan", dry_run=True, plan=None, left_out=[])
        return Exit.DONE
    quoted = await quote_batches(session, batches)
    for line in differences(account.currency, quoted):
        context.out.note(f"Differs: {line}")
    asked = sum(cents(one.quote.total) for one in quoted)
    if budget is not None and asked > budget and not options.dry_run:
        raise CliError(
            "above-budget",
            f"The panel asks {amount_words(asked, account.currency)}, more than --budget "
            f"{amount_words(budget, account.currency)}; nothing was sent.",
            Exit.CHANGED,
            hint="Look at the plan with --dry-run, or ask with a smaller budget.",
        )
    ids = [one for batch in batches for one in batch.order_ids]
    orders = all_found(ids, await session.orders_by_ids(ids), "order")
    plan = planner.renew_many(
        account,
        [one.quote for one in quoted],
        [one.request for one in quoted],
        orders,
        options.pay,
        now=session.now(),
        busy=busy(session, account),
        profile=context.profile.name,
        together=session.traits.renews_together,
        in_turn=session.traits.one_basket,
    )
    if options.pay and plan.operations:
        refused = [one for one in plan.left_out if one.target == "invoice"]
        if refused and not options.dry_run:
            return nothing_left(context, plan.model_copy(update={"operations": (), "left_out": tuple(refused)}))
        notes = notes | purse_note(account, plan, options.pay, session.now())
    elif plan.operations:
        notes = notes | {"Note": "only payment renews; the ends stay until the invoices are paid (REN-1)"}
    return await carry_out(context, session, plan, notes=notes)


def _notes(solution: Solution) -> dict[str, str]:
    return {
        "Over": f"{count(solution.question.months, 'month')}: {amount_words(solution.total, solution.currency)}",
        "Saves": f"{amount_words(solution.saving, solution.currency)} against month by month",
    }


# -- showing


def _show(context: Context, solution: Solution) -> None:
    out, currency = context.out, solution.currency
    for text in explain_solution(solution):
        out.line(text)
    if solution.batches:
        out.line()
        out.line("Buy now:")
        out.table(
            _BATCHES,
            (
                [f"{one.months} mo", one.code or "–", str(len(one.order_ids)), amount_words(one.amount, currency)]
                for one in solution.batches
            ),
        )
    if solution.order_ids:
        out.line()
        out.table(_LINES, (_cells(solution.line_of(one)) for one in solution.order_ids))
    for title, lost in (("Not kept", solution.left), ("Cannot be renewed now", solution.excluded)):
        for left in lost:
            out.line(f"{title}: {left.row.name}: {left.refusal.reason}")
    if context.options.explain:
        for one in solution.order_ids:
            out.line()
            out.line(f"{solution.line_of(one).row.name} (id {one})")
            for text in explain_line(solution, one):
                out.line(f"  {text}")
    out.note("Nothing was sent. --buy buys what is to be bought now; it asks first.")


def _cells(line: Line) -> list[str]:
    return [
        line.row.id,
        line.row.name,
        day(line.row.paid_until),
        bought_words(line.now),
        later_words(line),
        amount_words(line.total, ""),
        amount_words(line.monthly, ""),
        amount_words(line.saving, ""),
    ]


def bought_words(one: Purchase | None) -> str:
    """``12 mo −20 % CODE``; a dash for nothing."""
    if one is None:
        return "–"
    off = f" −{one.percent} %" if one.percent != "0" else ""
    return f"{one.months} mo{off}{f' {one.code}' if one.code else ''}"


def later_words(line: Line) -> str:
    """The next purchase, and how many more follow."""
    if not line.later:
        return "–"
    first = line.later[0]
    more = f" + {len(line.later) - 1} more" if len(line.later) > 1 else ""
    return f"{here(first.at):%Y-%m-%d} {bought_words(first)}{more}"


# -- JSON


def _json(context: Context, solution: Solution, probed: Sequence[Probed]) -> dict[str, Any]:
    question, currency = solution.question, solution.currency

    def value(number: int) -> Any:
        return amount(money(number, currency)) if currency else None

    return {
        "months": question.months,
        "budget": None if question.budget is None else value(question.budget),
        "total": value(solution.total),
        "now": value(solution.spent_now),
        "later": value(solution.later_total),
        "month_by_month": value(solution.monthly),
        "all_now": value(solution.at_once),
        "saving": value(solution.saving),
        "optimal": solution.gap == 0,
        "at_most_above": value(solution.gap),
        "explanation": explain_solution(solution),
        "codes": [
            {"code": one.code, "used": one.terms is not None, "refusal": one.refusal, "reason": one.reason}
            for one in probed
        ],
        "buy_now": [
            {"period": one.months, "code": one.code, "order_ids": one.order_ids, "amount": value(one.amount)}
            for one in solution.batches
        ],
        "items": [_line_json(context, solution, solution.line_of(one), value) for one in solution.order_ids],
        "not_kept": [left_json(one) for one in solution.left],
        "left_out": [left_json(one) for one in solution.excluded],
    }


def left_json(one: Left) -> dict[str, Any]:
    """An order that is left, and why."""
    return {**refused_json(one.row, one.refusal), "related": dict(one.refusal.related)}


def _line_json(context: Context, solution: Solution, line: Line, value: Any) -> dict[str, Any]:
    found = {
        "id": line.row.id,
        "name": line.row.name,
        "now": None if line.now is None else _purchase_json(line.now, value),
        "later": [_purchase_json(one, value) for one in line.later],
        "total": value(line.total),
        "month_by_month": value(line.monthly),
        "paid_until": iso_of(line.until),
    }
    return found | ({"why": explain_line(solution, line.row.id)} if context.options.explain else {})


def _purchase_json(one: Purchase, value: Any) -> dict[str, Any]:
    return {
        "at": iso_of(one.at),
        "period": one.months,
        "discount_percent": one.percent,
        "code": one.code,
        "amount": value(one.amount),
        "paid_until": iso_of(one.until),
    }
