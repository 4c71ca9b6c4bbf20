"""Why a solution is as it is, in sentences: for the screen and the command line alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from billtui.domain.money import group_digits
from billtui.domain.periods import here
from billtui.services.solver.model import Line, Purchase, Solution
from billtui.services.solver.prices import Ending, discounted, parts, percent_words


def amount_words(cents: int, currency: str) -> str:
    """Cents as an amount with its currency (without, where it is empty); negative ones too."""
    amount = group_digits(Decimal(cents).scaleb(-2))
    return f"{amount} {currency}" if currency else amount


def _saves(cents: int, currency: str) -> str:
    return f"saves {amount_words(cents, currency)}" if cents >= 0 else f"costs {amount_words(-cents, currency)} more"


def _months(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"


def _day(instant: datetime) -> str:
    return here(instant).strftime("%Y-%m-%d")


def explain_solution(solution: Solution) -> list[str]:
    """What it costs, against what; how good it certainly is; whom the budget does not keep."""
    question, currency = solution.question, solution.currency
    kept = len(solution.order_ids)
    lines = [
        f"{kept} {'order' if kept == 1 else 'orders'} for {_months(question.months)} from their present ends: "
        f"{amount_words(solution.total, currency)}, of which {amount_words(solution.spent_now, currency)} now.",
        f"Month by month, each {question.lead_days} days before the end: {amount_words(solution.monthly, currency)}; "
        f"this {_saves(solution.saving, currency)}, with {solution.purchases} purchases instead of "
        f"{kept * question.months}. All of it bought now without a code: {amount_words(solution.at_once, currency)}.",
    ]
    if solution.gap:
        lines.append(
            f"At most {amount_words(solution.gap, currency)} above the best way there is, "
            f"where a purchase fewer is worth {amount_words(question.effort, currency)}."
        )
    else:
        lines.append(
            f"No way of these purchases is better, where a purchase fewer is worth "
            f"{amount_words(question.effort, currency)}."
        )
    if question.budget is not None:
        lines.append(f"Budget for now: {amount_words(question.budget, currency)}.")
    if solution.left:
        lines.append(
            f"{len(solution.left)} not kept: the budget goes to the soonest ends first, a month each; "
            "what does not fit is passed over."
        )
    lines += _tiers(solution)
    return lines


def _tiers(solution: Solution) -> Iterable[str]:
    rates = solution.rates
    kinds = {solution.line_of(one).row.kind for one in solution.order_ids[:2000]}
    for kind in sorted(kinds & rates.counts.keys()):
        steps = rates.counts[kind]
        running = solution.question.running.get(kind, 0)
        if steps.later == steps.now and steps.now:
            yield f"{running} {kind} services run: {_percent(steps.now)} by number (DSC-2), now and while they go on."
        if steps.later != steps.now:
            yield (
                f"The discount by number of {kind} services (DSC-2) is {_percent(steps.now)} now and "
                f"{_percent(steps.later)} later, because of the orders that end or come back."
            )
        for when, percent in steps.falls:
            yield f"From {_day(when)} on it is {_percent(percent)}: orders outside the selection end by then."


def _percent(parts: int) -> str:
    return f"{percent_words(parts)} %"


def explain_line(solution: Solution, order_id: str) -> list[str]:
    """Why this order is bought now or later, with this code or with loyalty, for these periods."""
    line = solution.line_of(order_id)
    currency = line.row.currency
    said: list[str] = []
    if line.now is not None:
        said.append(f"Now: {_bought(line.now, currency)}")
        said.append(_why_now(solution, line))
    else:
        said.append(f"Now: nothing. {_why_wait(solution, line)}")
    for one in line.later:
        said.append(f"{_day(one.at)}: {_bought(one, currency)}")
    said += _rises(solution, line)
    if line.row.individual_price:
        said.append("It has an individual price, so no discount and no code (DSC-4).")
    if line.row.addons:
        said.append(
            f"Its add-ons cost {amount_words(line.row.addons, currency)} a month on top, without discount (DSC-4)."
        )
    said.append(
        f"Together {amount_words(line.total, currency)}; month by month {amount_words(line.monthly, currency)}: "
        f"{_saves(line.saving, currency)}."
    )
    beyond = _beyond(solution, line)
    if beyond:
        said.append(f"That pays for {_months(beyond)} beyond the horizon; it is still the cheapest way to reach it.")
    return [one for one in said if one]


def _beyond(solution: Solution, line: Line) -> int:
    bought = (line.now.months if line.now else 0) + sum(one.months for one in line.later)
    return bought - solution.question.months


def _bought(one: Purchase, currency: str) -> str:
    why = f"code {one.code}" if one.code else "loyalty"
    off = f", −{one.percent} % by {why}" if one.percent != "0" else ", no discount"
    addons = f" + add-ons {amount_words(one.addons, currency)}" if one.addons else ""
    return (
        f"{_months(one.months)} for {amount_words(one.amount, currency)} "
        f"(list price {amount_words(one.list_price, currency)}{off}{addons}), paid until {_day(one.until)}."
    )


def _why_now(solution: Solution, line: Line) -> str:
    now, question = line.now, solution.question
    assert now is not None
    rest = f"{question.lead_days} days or fewer are left (or its auto-renewal is near)"
    if now.code:
        also = f" Besides, {rest}." if line.due else ""
        return f"The code is better than loyalty (DSC-7) and holds now; whether it will later, nobody knows.{also}"
    if line.due:
        more = ""
        if question.budget is not None:
            more = " The budget allows no longer period without losing more elsewhere." if line.later else ""
        return f"It has to be bought now: {rest}.{more}"
    return "Later it would cost more or need another purchase: now is the best moment."


def _why_wait(solution: Solution, line: Line) -> str:
    first = line.later[0]
    ending = Ending.of(line.row, solution.question.lead_days, solution.question.policy)
    curve = solution.rates.curve(line.row, ending, solution.question.months)
    then = parts(Decimal(first.percent))
    if then > curve.now:
        today = discounted(first.list_price, curve.now) + first.addons
        currency = line.row.currency
        return (
            f"Waiting until {_day(first.at)} brings {first.percent} % instead of {percent_words(curve.now)} % "
            f"(DSC-1, DSC-2): {_months(first.months)} cost {amount_words(today, currency)} today and "
            f"{amount_words(first.amount, currency)} then."
        )
    return f"It is paid until {_day(ending.end)}; buying before {_day(first.at)} brings nothing."


def _rises(solution: Solution, line: Line) -> Iterable[str]:
    """When loyalty changes within the horizon, and what the months before and after are bought at."""
    ending = Ending.of(line.row, solution.question.lead_days, solution.question.policy)
    curve = solution.rates.curve(line.row, ending, solution.question.months)
    before = curve.steps[0][1]
    for offset, percent in curve.steps[1:]:
        at = ending.moment(offset, solution.question.now)
        word = "rises" if percent > before else "falls"
        yield f"From the purchase of {_day(at)} on, loyalty {word} from {_percent(before)} to {_percent(percent)}."
        before = percent
