"""How values look: money, instants, time left, states. A sign, a word and a tone; never a colour alone."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from textual.content import Content

from billtui.domain.money import group_digits
from billtui.domain.periods import here
from billtui.widgets.record_table_columns import Tone, Toned

MINUTE, HOUR, DAY = 60, 3_600, 86_400
MINUTES_WITHIN = 2 * HOUR
"""Nearer than this to an instant its minutes are told."""

TONE_STYLES: dict[str, str] = {
    "": "",
    "dim": "$muted",
    "good": "$text-success",
    "warning": "$text-warning",
    "bad": "bold $text-error",
    "accent": "$text-accent",
}
"""A tone as a style of the theme, for text outside a table."""

_STATES: dict[str, tuple[str, str, str, Tone]] = {
    # state: sign, ASCII sign, word, tone
    "active": ("●", "*", "active", "good"),
    "pending": ("○", "o", "pending", "dim"),
    "suspended": ("‖", "|", "suspended", "warning"),
    "blocked": ("■", "#", "blocked", "bad"),
    "deleted": ("×", "x", "deleted", "dim"),
    "cancelled": ("×", "x", "cancelled", "dim"),
    "unpaid": ("○", "o", "unpaid", "warning"),
    "promised": ("◷", "@", "promised", "accent"),
    "paid": ("✓", "+", "paid", "good"),
    "overdue": ("▲", "!", "overdue", "bad"),
    "combined": ("⊂", "c", "combined", "dim"),
    "refunded": ("↩", "<", "refunded", "dim"),
    # of tickets (TKT-5)
    "open": ("●", "*", "open", "warning"),
    "answered": ("✓", "+", "answered", "good"),
    "on hold": ("◷", "@", "on hold", "dim"),
    "closed": ("×", "x", "closed", "dim"),
    # of operations and jobs
    "held": ("◔", "~", "held back", "accent"),
    "prepared": ("○", "o", "waiting", "dim"),
    "sending": ("▶", ">", "sending", "accent"),
    "done": ("✓", "+", "done", "good"),
    "refused": ("×", "x", "refused", "bad"),
    "not-sent": ("×", "x", "not sent", "warning"),
    "unknown": ("?", "?", "unknown", "warning"),
    "needs-you": ("!", "!", "needs you", "bad"),
    "running": ("▶", ">", "running", "accent"),
    "paused": ("‖", "|", "paused", "warning"),
}


def state_cell(state: str, *, ascii_only: bool = False) -> Toned:
    """A state as sign and word; one that is not known is shown as it is."""
    sign, plain, word, tone = _STATES.get(state, ("·", ".", state, ""))
    return Toned(f"{plain if ascii_only else sign} {word}", tone)


def toned(text: str, tone: Tone = "") -> Content:
    """Plain text in a tone of the theme, as content for widgets."""
    return Content.styled(text, TONE_STYLES[tone]) if tone else Content(text)


def state_text(state: str, *, ascii_only: bool = False) -> Content:
    """:func:`state_cell` for widgets."""
    cell = state_cell(state, ascii_only=ascii_only)
    return toned(cell.text, cell.tone)


def cents_text(cents: int, currency: str = "") -> str:
    """A whole number of cents as ``1 234.50 EUR``."""
    amount = group_digits(Decimal(cents).scaleb(-2))
    return f"{amount} {currency}" if currency else amount


def local(instant: datetime) -> datetime:
    """``instant`` in the zone of the person at the terminal."""
    return here(instant)


def date_text(instant: datetime | None) -> str:
    """``2026-11-30``; a dash for none."""
    return local(instant).strftime("%Y-%m-%d") if instant else "–"


def moment_text(instant: datetime | None) -> str:
    """``2026-11-30 14:05``; a dash for none."""
    return local(instant).strftime("%Y-%m-%d %H:%M") if instant else "–"


def epoch(seconds: int | None) -> datetime | None:
    """An instant of a row, from whole seconds."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def span_text(seconds: float) -> str:
    """A length of time in its two greatest units: ``12 d 4 h``, ``5 h 10 min``, ``40 s``."""
    whole = int(abs(seconds))
    days, rest = divmod(whole, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    if days >= 10:
        return f"{days} d"
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min"
    return f"{rest} s"


def left_text(until: int, now: int) -> str:
    """Time left to an instant, both in epoch seconds: ``2 d 4 h``, or ``ended 2 d ago``.

    Minutes are told from two hours before to two hours after: a list of servers in their last day would otherwise be
    written anew every minute, for what nobody acts upon (P-BYTES-2).
    """
    left = until - now
    span = abs(left)
    words = span_text(span if span < MINUTES_WITHIN else span // HOUR * HOUR)
    return words if left > 0 else f"ended {words} ago"


def left_tone(until: int, now: int) -> Tone:
    """Three days or fewer is a warning (then a promise can be had, PRM-2); one day or over is bad."""
    left = until - now
    if left <= DAY:
        return "bad"
    return "warning" if left <= 3 * DAY else ""


def left_bar(until: int, now: int, *, width: int = 5, days: int = 30, ascii_only: bool = False) -> str:
    """The days left of a month as a bar: full is ``days`` or more."""
    full, empty = ("#", "-") if ascii_only else ("▰", "▱")
    filled = max(0, min(width, -(-(until - now) * width // (days * DAY))))
    return full * filled + empty * (width - filled)


def age_text(then: datetime | None, now: datetime) -> str:
    """How old data is, coarse enough not to change all the time: ``now``, ``4 min ago``, ``2 d ago``."""
    if then is None:
        return "never"
    seconds = (now - then).total_seconds()
    if seconds < MINUTE:
        return "just now"
    return f"{span_text(seconds // MINUTE * MINUTE if seconds < DAY else seconds // HOUR * HOUR)} ago"


def percent_text(percent: Decimal) -> str:
    """``5 %``; nothing for none."""
    return f"{percent.normalize():f} %" if percent else ""


def count_text(count: int, one: str, many: str = "") -> str:
    """``1 order``, ``3 orders``."""
    return f"{count} {one}" if count == 1 else f"{count} {many or one + 's'}"
