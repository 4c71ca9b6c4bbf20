"""``billtui forecast``"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from billtui.cli.context import Context
from billtui.cli.exits import Exit
from billtui.cli.output import Column
from billtui.cli.problems import CliError
from billtui.cli.shapes import age, amount, count, iso, iso_of, when
from billtui.services.forecast import BLOCKED, DaySums, Event, Forecast, What, forecast_from
from billtui.services.forecast.words import CODES, SHORT, amount_of, why
from billtui.services.store import instant, money

MOST_DAYS = 3_650
TROUBLE = frozenset(What) - {What.RENEWED_INTERNAL, What.RENEWED_AFFILIATE, What.INVOICE_DUE}
_SUMS = ("renewed", "failed", "manual", "invoices")
_COUNTS = ("promises", "blocks", "deletions", "cancelled")


async def show(context: Context) -> Exit:
    """What comes if nobody acts (REN-4, ORD-2, PRM-8)."""
    options, out = context.options, context.out
    if options.days > MOST_DAYS:
        raise CliError("usage", f"--days: at most {MOST_DAYS}; nobody knows more than ten years ahead.")
    async with context.reading() as session:
        made = forecast_from(session.store, session.now(), options.days, zone=None, policy=session.policy)
        synced = session.store.synced_at()
    if made is None:
        raise CliError("no-copy", "There is no local copy yet: leave --offline away once.", Exit.NOT_FOUND)
    troubles = [*made.events(kinds=TROUBLE)] if options.fails else []
    if out.as_json:
        document = _document(made, troubles, by_month=options.by == "month")
        if not options.fails:
            del document["items"]
        out.document("forecast", synced_at=iso_of(synced), days=options.days, **document)
        return Exit.DONE
    out.facts(_facts(made))
    out.line()
    if options.fails:
        _write_troubles(context, made, troubles)
    else:
        _write_sums(context, made, by_month=options.by == "month")
    out.note(f"A forecast: what happens if nobody acts. As of {age(synced)}.")
    if made.left_out:
        out.note(f"Left out: {count(made.left_out, 'order')} in another currency than {made.currency} (INV-10).")
    return Exit.DONE


def _facts(made: Forecast) -> list[tuple[str, str]]:
    def cash(cents: int) -> str:
        return str(money(cents, made.currency))

    totals = made.totals
    facts = [
        ("Until", when(instant(made.until))),
        (
            "Balance",
            f"{cash(made.purses.internal)} internal"
            + (f", {cash(made.purses.affiliate)} affiliate" if made.purses.both else ""),
        ),
        ("Falls due", cash(totals.due_cents)),
        ("Auto-renewal pays", f"{cash(totals.renewed_cents)} for {count(totals.renewed, 'renewal')}"),
        (
            "Will fail",
            f"{cash(totals.failed_cents)} for {count(totals.failed, 'renewal')}" if totals.failed else "none",
        ),
        ("Needs you", f"{count(totals.manual, 'order')}, {cash(totals.manual_cents)} for a month each"),
        ("Open invoices", f"{cash(totals.invoices_cents)} in {count(totals.invoices, 'invoice')}"),
    ]
    if saved := made.saving:
        enough = "" if saved.smallest else "at most "
        facts.append(("Top-up that saves", f"{enough}{cash(saved.cents)} by {when(instant(saved.by))}"))
    return facts


def _write_sums(context: Context, made: Forecast, *, by_month: bool) -> None:
    columns = (
        Column("month" if by_month else "day"),
        Column("renews itself", right=True),
        Column("will fail", right=True),
        Column("needs you", right=True),
        Column("invoices", right=True),
        Column("trouble", cut=True),
        Column("internal", right=True),
        *([Column("affiliate", right=True)] if made.purses.both else []),
    )
    rows = []
    for name, days in _groups(made, by_month=by_month):
        if not by_month and not days[0].due and not _trouble(days):
            continue
        cells = [name]
        for what in _SUMS:
            number, cents = _sum(days, what), _sum(days, f"{what}_cents")
            cells.append(f"{number}: {money(cents, made.currency).amount}" if number else "")
        purses = days[-1].internal, days[-1].affiliate
        rows.append(
            [*cells, _trouble(days), *(str(money(one, made.currency)) for one in purses[: 1 + made.purses.both])]
        )
    context.out.table(columns, rows, empty="Nothing falls due.")


def _write_troubles(context: Context, made: Forecast, troubles: Sequence[Event]) -> None:
    columns = (Column("when"), Column("what"), Column("id", right=True), Column("name", cut=True),
               Column("amount", right=True), Column("why", cut=True))  # fmt: skip
    rows = (
        [
            when(instant(one.at)),
            SHORT[one.what],
            one.order_id or one.invoice_id,
            one.title,
            str(amount_of(one, made.currency) or ""),
            why(one, made.currency),
        ]
        for one in troubles
    )
    context.out.table(columns, rows, empty="Nothing goes wrong.")


def _groups(made: Forecast, *, by_month: bool) -> Iterable[tuple[str, Sequence[DaySums]]]:
    if not by_month:
        return [(day.date.isoformat(), [day]) for day in made.days]
    months: dict[str, list[DaySums]] = {}
    for day in made.days:
        months.setdefault(f"{day.date:%Y-%m}", []).append(day)
    return months.items()


def _sum(days: Iterable[DaySums], field: str) -> int:
    return sum(getattr(day, field) for day in days)


def _trouble(days: Sequence[DaySums]) -> str:
    words = (("promises", "promise ends"), ("blocks", "blocked"), ("deletions", "deleted"), ("cancelled", "cancelled"))
    found = ((_sum(days, field), word) for field, word in words)
    return ", ".join(f"{number} {word}" for number, word in found if number)


def _document(made: Forecast, troubles: Iterable[Event], *, by_month: bool) -> dict[str, Any]:
    def cash(cents: int) -> dict[str, str] | None:
        return amount(money(cents, made.currency))

    def sums(days: Sequence[DaySums]) -> dict[str, Any]:
        found: dict[str, Any] = {
            what: {"count": _sum(days, what), "amount": cash(_sum(days, f"{what}_cents"))} for what in _SUMS
        }
        return found | {what: _sum(days, what) for what in _COUNTS}

    saved = made.saving

    def second(cents: int) -> Any:
        return cash(cents) if made.purses.both else None

    groups = _groups(made, by_month=by_month)
    return {
        "since": iso(made.since),
        "now": iso(made.now),
        "until": iso(made.until),
        "balances": {"internal": cash(made.purses.internal), "affiliate": second(made.purses.affiliate)},
        "due": cash(made.totals.due_cents),
        "totals": sums(made.days),
        "first_failure_at": iso(made.first_failure),
        "top_up": saved and {
            "amount": cash(saved.cents), "by": iso(saved.by), "renewals": saved.renewals, "smallest": saved.smallest,
        },
        "by": "month" if by_month else "day",
        "sums": [
            {"date": name, **sums(days), "internal": cash(days[-1].internal), "affiliate": second(days[-1].affiliate)}
            for name, days in groups
        ],
        "items": [
            {
                "at": iso(one.at), "what": CODES[one.what], "order_id": one.order_id or None,
                "invoice_id": one.invoice_id or None, "title": one.title,
                "amount": amount(amount_of(one, made.currency)), "why": why(one, made.currency),
                "blocks": one.what in BLOCKED,
            }
            for one in troubles
        ],
        "left_out": made.left_out,
    }  # fmt: skip
