"""The forecast in words for the planner's screens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from textual.content import Content

from billtui.services.forecast import DaySums, Event, Forecast, What
from billtui.services.forecast.words import SHORT, amount_of, why
from billtui.services.store import instant
from billtui.widgets.cash_chart import CashDay
from billtui.widgets.formats import age_text, cents_text, count_text, date_text, moment_text, toned
from billtui.widgets.month_calendar import CalendarDay
from billtui.widgets.record_table import Tone, Toned

_SIGNS: dict[What, tuple[str, str, Tone]] = {
    # sign, ASCII sign, tone
    What.RENEWED_INTERNAL: ("✓", "+", "good"),
    What.RENEWED_AFFILIATE: ("✓", "+", "good"),
    What.FAILED: ("!", "!", "bad"),
    What.ON_INVOICE: ("–", "-", "warning"),
    What.TOO_LATE: ("–", "-", "warning"),
    What.PROMISE_BROKEN: ("▲", "^", "bad"),
    What.BLOCKED_MANUAL: ("■", "#", "warning"),
    What.BLOCKED_UNPAID: ("■", "#", "bad"),
    What.BLOCKED_BROKEN: ("■", "#", "bad"),
    What.DELETED: ("×", "x", "bad"),
    What.CANCELLED: ("×", "x", ""),
    What.INVOICE_GONE: ("×", "x", ""),
    What.INVOICE_DUE: ("○", "o", "warning"),
    What.TRANSFER_EXPIRES: ("⇄", ">", "warning"),
}


def what_cell(event: Event, *, ascii_only: bool = False) -> Toned:
    """What happens, as sign, word and tone."""
    sign, plain, tone = _SIGNS[event.what]
    return Toned(f"{plain if ascii_only else sign} {SHORT[event.what]}", tone)


def calendar_day(day: DaySums) -> CalendarDay:
    """A day of the calendar."""
    gone = day.deletions + day.cancelled
    return CalendarDay(day.due, day.due_cents, day.failed, day.promises, day.blocks, gone, day.renewed, day.manual)


def cash_days(made: Forecast) -> Sequence[CashDay]:
    """The days of the chart, from today on."""
    return [CashDay(day.date, day.internal, day.affiliate, day.failed) for day in days_ahead(made)]


def days_ahead(made: Forecast) -> Sequence[DaySums]:
    """Today and what comes after it: a copy that is old has days before."""
    today = made.day_of(made.now)
    return [day for day in made.days if day.begins >= today.begins]


def headline(made: Forecast, days: int, key: str) -> Content:
    """What falls due, what pays it, what fails, and what would save it; ``key`` tops up."""
    totals, currency = made.totals, made.currency

    def cash(cents: int) -> str:
        return cents_text(cents, currency)

    pays = f" for {totals.renewed}."
    first = Content.assemble(
        (f"Next {days} days: ", "$muted"), (cash(totals.due_cents), "bold"),
        (" fall due. Auto-renewal pays ", "$muted"), (cash(totals.renewed_cents), "bold"), (pays, "$muted"),
    )  # fmt: skip
    needs = toned(
        f"Needs you: {count_text(totals.manual, 'order')}, {cash(totals.manual_cents)} a month; "
        f"{count_text(totals.invoices, 'open invoice')}, {cash(totals.invoices_cents)}.",
        "warning" if totals.manual or totals.invoices else "dim",
    )
    return Content("\n").join([first, needs, _verdict(made, key)])


def _verdict(made: Forecast, key: str) -> Content:
    totals, saved, failure = made.totals, made.saving, made.first_failure
    if saved is None or failure is None:
        words = "Every auto-renewal succeeds." if totals.renewed else "No order renews itself."
        return toned(words, "good" if totals.renewed else "dim")
    fails = "1 renewal will fail" if totals.failed == 1 else f"{totals.failed} renewals will fail"
    amount = cents_text(saved.cents, made.currency)
    enough = "" if saved.smallest else "at most "
    return Content.assemble(
        toned(f"! {fails} from {date_text(instant(failure))}; ", "bad"),
        toned(f"top up {enough}{amount} before then: {key}", "warning"),
    )


def saving_note(made: Forecast, days: int) -> str:
    """What the suggested top-up is for."""
    saved = made.saving
    if saved is None:
        return ""
    return (
        f"{cents_text(saved.cents, made.currency)} on the internal balance before {moment_text(instant(saved.by))} and "
        f"all {count_text(saved.renewals, 'auto-renewal')} of the next {days} days succeed. It must have arrived by "
        "then: a later top-up pays nothing by itself (REN-4)."
    )


def foot(made: Forecast, synced: datetime | None, now: datetime) -> Content:
    """That it is a forecast, and of how old a copy."""
    left_out = f"  {count_text(made.left_out, 'order')} in another currency left out." if made.left_out else ""
    return Content.styled(
        f" Forecast: what happens if nobody acts. Copy of {age_text(synced, now)}.{left_out}", "$muted"
    )


def day_line(day: DaySums, currency: str) -> Content:
    """A day in one line."""
    parts = [
        toned(f"{number} {word} {cents_text(cents)}", tone) for number, word, cents, tone in _sums_of(day) if number
    ] + [toned(f"{number} {word}", tone) for number, word, tone in _troubles_of(day) if number]
    words = Content(", ").join(parts) if parts else Content.styled("nothing", "$muted")
    return Content.assemble((f" {day.date:%a %Y-%m-%d}  ", "bold"), words)


def _sums_of(day: DaySums) -> tuple[tuple[int, str, int, Tone], ...]:
    return (
        (day.renewed, "renewed", day.renewed_cents, "good"),
        (day.failed, "will fail", day.failed_cents, "bad"),
        (day.manual, "needs you", day.manual_cents, "warning"),
        (day.invoices, "invoices", day.invoices_cents, "warning"),
    )


def _troubles_of(day: DaySums) -> tuple[tuple[int, str, Tone], ...]:
    return (
        (day.promises, "promise ends", "bad"),
        (day.blocks, "blocked", "bad"),
        (day.deletions, "deleted", "bad"),
        (day.cancelled, "cancelled", "dim"),
    )


def day_pane(made: Forecast, day: DaySums, rows: int, *, ascii_only: bool = False) -> Content:
    """A day beside the calendar: its sums, both purses at its end, what happens first."""
    currency = made.currency
    lines = [Content.styled(f"{day.date:%A, %Y-%m-%d}", "bold"), Content("")]
    for number, word, cents, tone in _sums_of(day):
        if number:
            lines.append(toned(f"{number:>5} {word:<10}{cents_text(cents, currency):>18}", tone))
    lines += [toned(f"{number:>5} {word}", tone) for number, word, tone in _troubles_of(day) if number]
    if len(lines) == 2:
        lines.append(Content.styled("Nothing happens.", "$muted"))
    lines += [
        Content(""),
        Content.styled("At the end of the day", "$muted"),
        Content(f"  internal   {cents_text(day.internal, currency):>18}"),
        *([Content(f"  affiliate  {cents_text(day.affiliate, currency):>18}")] if made.purses.both else []),
        Content(""),
    ]
    first, last = span_of(made, day)
    total = made.count(first, last)
    shown = list(islice(made.events(first, last), max(0, rows - len(lines) - 1)))
    for event in shown:
        cell = what_cell(event, ascii_only=ascii_only)
        when = moment_text(instant(event.at))[11:]
        text = Content.assemble((f"{when} ", "$muted"), toned(cell.text, cell.tone), f" {event.title}")
        lines.append(text.truncate(44, ellipsis=True))
    if total > len(shown):
        lines.append(Content.styled(f"and {total - len(shown)} more: enter", "$muted"))
    return Content("\n").join(lines)


def _end_of(made: Forecast, day: DaySums) -> int:
    later = next((one.begins for one in made.days if one.begins > day.begins), None)
    return made.until if later is None else later - 1


def span_of(made: Forecast, day: DaySums) -> tuple[int, int]:
    """The first and the last second of a day of the forecast."""
    return day.begins, _end_of(made, day)


def event_detail(made: Forecast, event: Event) -> Content:
    """One event in full words."""
    cell = what_cell(event)
    money = amount_of(event, made.currency)
    lines = [
        Content.styled(str(event.title), "bold"),
        toned(cell.text, cell.tone),
        Content(""),
        Content(moment_text(instant(event.at))),
        Content(why(event, made.currency) + "."),
    ]
    if money is not None:
        lines.insert(4, Content(str(money)))
    saved = made.saving
    if event.what == What.FAILED and saved is not None:
        lines += [
            Content(""),
            toned(
                f"A top-up of {cents_text(saved.cents, made.currency)} before {moment_text(instant(saved.by))} lets "
                f"this and all other auto-renewals succeed.",
                "warning",
            ),
        ]
    return Content("\n").join(lines)
