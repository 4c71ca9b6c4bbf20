"""How a transfer looks: its state as a line of steps, the columns of the list, and everything that is known of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from textual.content import Content

from billtui.domain.models import Transfer, TransferState, TransferStep
from billtui.screens.order_view import Labelled, actions_content, labelled
from billtui.services.store import TransferRow
from billtui.services.transfers import is_running, turn_of, waits_for_you
from billtui.widgets.formats import (
    DAY,
    HOUR,
    MINUTE,
    TONE_STYLES,
    cents_text,
    date_text,
    epoch,
    left_text,
    left_tone,
    moment_text,
    span_text,
    toned,
)
from billtui.widgets.record_table import Column, Tone, Toned

_NOW, _NEXT, _DONE, _ENDED = "now", "next", "done", "ended"
_SIGNS = {_NOW: ("●", "*"), _NEXT: ("○", "o"), _DONE: ("✓", "+"), _ENDED: ("×", "x")}


class Step(NamedTuple):
    """One step of a transfer: ``sign`` is empty for one that lies behind."""

    words: str
    sign: str = ""
    tone: Tone = ""


def steps_of(row: TransferRow) -> list[Step]:
    """The steps that were and will be (TRF-2, TRF-3)."""
    out = row.direction == "out"
    if row.state == TransferState.AWAITING_SENDER:
        you = "you confirm" if out else "they confirm"
        return [Step("pushed"), Step(you, _NOW, "warning" if out else "accent"), Step("accept", _NEXT, "dim")]
    if row.state == TransferState.AWAITING_RECIPIENT:
        they = "they accept" if out else "you accept"
        return [Step("pushed"), Step("confirmed"), Step(they, _NOW, "accent" if out else "warning")]
    if row.state == TransferState.COMPLETED:
        return [Step("pushed"), Step("confirmed"), Step("accepted", _DONE, "good")]
    behind = [Step("pushed"), Step("confirmed")] if row.confirmed else [Step("pushed")]
    return [*behind, Step(row.state, _ENDED, "dim")]


def steps_text(row: TransferRow, *, ascii_only: bool = False) -> Toned:
    """The steps in one line, toned as the step that counts: ``pushed ─ ● you confirm ─ ○ accept``."""
    steps = steps_of(row)
    words = (f"{_SIGNS[one.sign][ascii_only]} {one.words}" if one.sign else one.words for one in steps)
    tones: list[Tone] = [one.tone for one in steps if one.sign in (_NOW, _DONE, _ENDED)]
    tone: Tone = tones[0] if tones else ""
    return Toned((" - " if ascii_only else " ─ ").join(words), tone)


def other_side(row: TransferRow) -> str:
    """``to ivan``, ``from olena``."""
    return f"{'from' if row.direction == 'in' else 'to'} {row.counterparty}"


def left_of(row: TransferRow, now: int) -> Toned | str:
    """Time until it expires, or when it ended."""
    if not is_running(row):
        return Toned(_ago(now - row.ended_at), "dim") if row.ended_at else ""
    if row.expires_at is None:
        return ""
    if row.expires_at <= now:
        return Toned("expiring", "bad")
    return Toned(_hours_text(row.expires_at - now), left_tone(row.expires_at, now))


def _ago(seconds: int) -> str:
    days = max(seconds, 0) // DAY
    return f"{days} d ago" if days else "today"


def _hours_text(seconds: int) -> str:
    """Time left to the hour, in its last hour to the minute: ``2 d 4 h``, ``23 h``, ``40 min``."""
    return span_text(seconds // HOUR * HOUR) if seconds >= HOUR else span_text(max(seconds, MINUTE) // MINUTE * MINUTE)


def transfer_columns(now: Callable[[], int], *, ascii_only: bool = False) -> list[Column[TransferRow]]:
    """The columns of the list; ``now`` gives the panel's time in epoch seconds."""

    def steps(row: TransferRow) -> Toned:
        return steps_text(row, ascii_only=ascii_only)

    def left(row: TransferRow) -> Toned | str:
        return left_of(row, now())

    def turn(row: TransferRow) -> Toned | str:
        who = turn_of(row)
        return "" if who is None else Toned(str(who), "warning" if who.yours else "")

    def urgency(row: TransferRow) -> tuple[int, int]:
        if is_running(row):
            return (0, row.expires_at or 0)
        return (1, -(row.ended_at or row.created_at))

    def price(row: TransferRow) -> str:
        return "" if row.price is None else cents_text(row.price)

    return [
        Column(key="name", title="Server", cell=lambda r: r.order_name or r.order_id, min_width=12, max_width=30, flex=4, priority=10, sort_key=lambda r: r.order_name, search=lambda r: r.order_name),
        Column(key="side", title="With", cell=other_side, min_width=15, max_width=24, flex=3, priority=8, sort_key=other_side, search=other_side),
        Column(key="steps", title="Steps", cell=steps, width=34, priority=9, sort_key=lambda r: r.state, search=lambda r: r.state),
        Column(key="left", title="Left", cell=left, width=9, priority=7, sort_key=urgency),
        Column(key="turn", title="Who acts", cell=turn, width=12, priority=4, sort_key=lambda r: (not waits_for_you(r), r.state), search=lambda r: str(turn_of(r) or "")),
        Column(key="plan", title="Plan", cell=lambda r: r.plan, min_width=10, max_width=16, priority=3, sort_key=lambda r: r.plan, search=lambda r: r.plan),
        Column(key="location", title="Loc", cell=lambda r: r.location, width=7, priority=2, sort_key=lambda r: r.location, search=lambda r: r.location),
        Column(key="price", title="A month", cell=price, width=9, align="right", priority=1, sort_key=lambda r: r.price),
        Column(key="account", title="Account ID", cell=lambda r: r.counterparty_id, width=10, priority=0, sort_key=lambda r: r.counterparty_id, search=lambda r: r.counterparty_id),
        Column(key="created", title="Pushed", cell=lambda r: date_text(epoch(r.created_at)), width=10, priority=-1, sort_key=lambda r: r.created_at),
        Column(key="address", title="Address", cell=lambda r: r.address, min_width=15, max_width=24, priority=-2, sort_key=lambda r: r.address, search=lambda r: r.address),
        Column(key="id", title="Id", cell=lambda r: r.id, min_width=6, max_width=14, priority=-3, sort_key=lambda r: r.id, search=lambda r: r.id),
    ]  # fmt: skip


def transfer_detail(
    row: TransferRow, transfer: Transfer | None, now: datetime, siblings: int = 0, *, ascii_only: bool = False
) -> Content:
    """Everything the store knows of a transfer; ``siblings`` went on their way in the same push (TRF-7)."""
    moment = int(now.timestamp())
    history = transfer.history if transfer is not None else []
    steps = steps_text(row, ascii_only=ascii_only)
    rows = [Labelled("Comes from" if row.direction == "in" else "Goes to", Content(row.counterparty))]
    if row.counterparty_id:
        rows.append(Labelled("Account ID", Content(row.counterparty_id)))
    turn = turn_of(row)
    if turn is not None:
        rows.append(Labelled("Who acts", _turn_words(row)))
    if row.expires_at is not None and is_running(row):
        left = left_text(row.expires_at, moment)
        until = f"{moment_text(epoch(row.expires_at))}, in {left}" if row.expires_at > moment else "now"
        rows.append(Labelled("Expires", toned(until, left_tone(row.expires_at, moment))))
    if row.ended_at is not None:
        rows.append(Labelled("Ended", Content(moment_text(epoch(row.ended_at)))))
    if row.why:
        rows.append(Labelled("Because", toned(row.why, "warning")))
    rows += [
        Labelled("Plan", Content(f"{row.plan} in {row.location}")),
        Labelled("Address", Content(row.address or "–")),
    ]
    if row.price is not None:
        rows.append(Labelled("Price", Content(f"{cents_text(row.price, row.currency)} a month")))
    if row.paid_until is not None:
        rows.append(Labelled("Paid until", Content(moment_text(epoch(row.paid_until)))))
    rows.append(Labelled("Order", Content(row.order_id)))
    if siblings:
        rows.append(Labelled("Same push", Content(f"with {siblings} more")))
    rows.append(Labelled("Id", Content(row.id)))
    parts = [
        Content.styled(row.order_name or row.order_id, "bold"),
        Content.styled(steps.text, TONE_STYLES[steps.tone]),
        Content(""),
        labelled(rows),
    ]
    if history:
        parts += [Content(""), Content.styled("History", "$muted"), history_content(history)]
    said = [one for one in transfer.actions if one.allowed or one.reason] if transfer is not None else []
    if said:
        parts += [Content(""), actions_content(said)]
    return Content("\n").join(parts)


def _turn_words(row: TransferRow) -> Content:
    turn = turn_of(row)
    if turn is None:
        return Content("")
    if not turn.yours:
        return Content(f"{turn}; the mail is theirs")
    key = "f" if turn.step == "confirm" else "a"
    return toned(f"{turn} ({key}, the mail's code)", "warning")


_HAPPENED: dict[str, str] = {
    TransferState.AWAITING_SENDER: "pushed",
    TransferState.AWAITING_RECIPIENT: "confirmed",
    TransferState.COMPLETED: "accepted",
}


def history_content(history: Sequence[TransferStep]) -> Content:
    """When it came to which state, who brought it there, and why."""
    lines: list[Content] = []
    for step in history:
        by = f" by {step.by}" if step.by else ""
        why = f": {step.reason}" if step.reason else ""
        what = _HAPPENED.get(str(step.state), str(step.state))
        lines.append(Content.assemble((f"{moment_text(step.at)[2:]}  ", "$muted"), f"{what}{by}{why}"))
    return Content("\n").join(lines)
