"""``billtui optimize line-up``"""

from __future__ import annotations

import re
from typing import Any

from billtui.cli.choosing import chosen_orders
from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.output import Column
from billtui.cli.problems import CliError
from billtui.cli.shapes import amount, count, day, iso_of
from billtui.cli.verbs.optimizing import acts, buy, left_json
from billtui.services.line_up import LineUp, LineUpQuestion, LineUps, Step, spread_days, within_month_note
from billtui.services.line_up import line_up as bring_together
from billtui.services.session import Session
from billtui.services.solver import amount_words, bills_of, rows_of
from billtui.services.store import epoch, money

_STEPS = (
    Column("id", right=True),
    Column("name", cut=True),
    Column("ends"),
    Column("buy"),
    Column("then ends"),
    Column("cost", right=True),
    Column("beyond", right=True),
)


async def line_up(context: Context) -> Exit:
    """Bring ends together; bought only with ``--buy`` (REN-3, BLK-4)."""
    options = context.options
    async with context.signed_in(fresh=True) as (session, account):
        try:
            found = bring_together(_question(context, session))
        except ValueError as error:
            raise CliError("usage", str(error)) from None
        if not acts(context):
            _tell(context, found)
            return Exit.DONE if found.found else Exit.REFUSED
        chosen = next((one for one in found.found if one.name == options.way), None) or next(iter(found.found), None)
        notes = {} if chosen is None else {"Ends": _ends(chosen)}
        if chosen is not None and chosen.rounds > 1:
            notes["Rounds"] = f"this is the first of {chosen.rounds}; once it is paid, run it again"
        return await buy(context, session, account, () if chosen is None else chosen.batches, notes=notes)


def _question(context: Context, session: Session) -> LineUpQuestion:
    options = context.options
    rows = rows_of(session.store, chosen_orders(context, session))
    return LineUpQuestion(
        chosen=rows,
        now=session.now(),
        running=session.store.running_by_kind(),
        limit=options.limit,
        several=options.several,
        target=month_of(options.month) if options.month else None,
        policy=session.policy,
        bills=bills_of(session.store, rows),
    )


def month_of(text: str) -> tuple[int, int]:
    """``2027-03`` as year and month. Raises ValueError that says what to type instead."""
    found = re.fullmatch(r"\s*(20[0-9]{2})-(0[1-9]|1[0-2])\s*", text)
    if found is None:
        raise ValueError(f"“{text[:20]}” is not a month; write it as 2027-03.")
    return int(found[1]), int(found[2])


def _ends(one: LineUp) -> str:
    return f"{day(epoch(one.first))} … {day(epoch(one.last))}, {spread_days(one.spread_after)} days apart"


def _tell(context: Context, found: LineUps) -> None:
    out = context.out
    if out.as_json:
        out.document(
            "line-up", ways=[_json(one) for one in found.found], left_out=[left_json(one) for one in found.excluded]
        )
        return
    for one in found.found:
        currency = one.currency
        out.facts(
            [
                (one.name.capitalize(), _ends(one)),
                ("Before", f"{spread_days(one.spread_before)} days apart"),
                ("Costs now", f"{amount_words(one.cost, currency)} for {count(_bought(one), 'order')}"),
                ("Beyond", f"{amount_words(one.beyond, currency)} more than the same months one by one, at their time"),
            ]
        )
        if note := within_month_note(one):
            out.line(note)
        if one.rounds > 1:
            out.line(f"{one.rounds} purchases one after the other for some orders, each paid before the next (REN-2).")
        if one.missed:
            out.line(f"{count(len(one.missed), 'order')} cannot come into that month; marked with !.")
        out.line()
        out.table(_STEPS, (_cells(step) for step in one.steps))
        out.line()
    for left in found.excluded:
        out.line(f"Cannot be renewed now: {left.row.name}: {left.refusal.reason}")
    out.note("Nothing was sent. --buy buys the first purchases; it asks first.")


def _bought(one: LineUp) -> int:
    return sum(1 for step in one.steps if step.periods)


def periods_words(step: Step) -> str:
    """``12 + 3 mo``; ``stays`` for nothing."""
    return f"{' + '.join(map(str, step.periods))} mo" if step.periods else "stays"


def _cells(step: Step) -> list[str]:
    return [
        step.row.id,
        step.row.name,
        day(epoch(step.before)),
        f"{periods_words(step)}{' !' if step.missed else ''}",
        day(epoch(step.after)),
        amount_words(step.cost, ""),
        amount_words(step.beyond, ""),
    ]


def _json(one: LineUp) -> dict[str, Any]:
    def value(number: int) -> Any:
        return amount(money(number, one.currency))

    return {
        "way": one.name,
        "spread_before_seconds": one.spread_before,
        "spread_after_seconds": one.spread_after,
        "first_end": iso_of(one.first),
        "last_end": iso_of(one.last),
        "cost": value(one.cost),
        "beyond_month_by_month": value(one.beyond),
        "rounds": one.rounds,
        "note": within_month_note(one) or None,
        "items": [
            {
                "id": step.row.id,
                "name": step.row.name,
                "paid_until": iso_of(step.before),
                "periods": step.periods,
                "new_paid_until": iso_of(step.after),
                "cost": value(step.cost),
                "beyond_month_by_month": value(step.beyond),
                "in_month": not step.missed,
            }
            for step in one.steps
        ],
    }
