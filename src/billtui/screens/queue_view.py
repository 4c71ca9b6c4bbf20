"""How a ticket looks in the queue: the columns, why it is next, and what the pane beside the list says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from textual.content import Content

from billtui.domain.rules.ticket_risk import Reason, Why
from billtui.screens.ticket_view import draft_words
from billtui.services.drafts import DraftKind
from billtui.services.store import TicketRow
from billtui.services.ticket_queue import CLOSED, ON_HOLD, OPEN, PRIORITIES, Counts, QueueView, Ranks, why_next
from billtui.widgets.formats import cents_text, count_text, epoch, moment_text, span_text, toned
from billtui.widgets.record_table import Column, Tone, Toned

LABEL = 13
_TONES: Mapping[Why, Tone] = {
    Why.MISSED: "bad", Why.DOWN: "bad", Why.DUE: "warning", Why.HIGH: "warning", Why.WAITING: "", Why.STAKE: "",
    Why.LOW: "dim",
}  # fmt: skip
_SIGNS: Mapping[Why, tuple[str, str]] = {Why.MISSED: ("▲", "!"), Why.DOWN: ("■", "#"), Why.DUE: ("◷", "@")}
_STATES: Mapping[str, tuple[str, str, Tone]] = {
    "open": ("●", "*", "warning"),
    "answered": ("✓", "+", "good"),
    "on hold": ("◷", "@", "dim"),
    "closed": ("×", "x", "dim"),
}


def ticket_state(state: str, *, ascii_only: bool = False) -> Toned:
    """A state as sign and word."""
    sign, plain, tone = _STATES.get(state, ("·", ".", ""))
    return Toned(f"{plain if ascii_only else sign} {state}", tone)


def why_cell(row: TicketRow, reasons: Sequence[Reason], now: int, *, ascii_only: bool = False) -> Toned:
    """Why it is next, toned and signed as its weightiest reason."""
    words = why_next(row, reasons, now)
    if not reasons:
        return Toned(words, "dim")
    first = reasons[0].why
    sign = _SIGNS.get(first, ("·", "."))[ascii_only]
    return Toned(f"{sign} {words}", _TONES[first])


def waits(row: TicketRow, now: int) -> str:
    """How long the client has been waiting for us; nothing where it is not our turn."""
    if row.state != OPEN:
        return ""
    return span_text(max(60, now - (row.last_client_at or row.created_at)) // 60 * 60)


def stake(row: TicketRow) -> str:
    """What its account pays a month for what it is about."""
    return "" if row.at_stake is None else cents_text(row.at_stake)


def queue_columns(
    now: Callable[[], int], ranks: Ranks, department: Callable[[str], str], *, ascii_only: bool = False
) -> list[Column[TicketRow]]:
    """The columns of the queue; ``now`` gives the panel's time in epoch seconds, ``department`` its word by id."""

    def why(row: TicketRow) -> Toned:
        moment = now()
        return why_cell(row, ranks.reasons(row, moment), moment, ascii_only=ascii_only)

    def state(row: TicketRow) -> Toned:
        return ticket_state(row.state, ascii_only=ascii_only)

    def who(row: TicketRow) -> Toned:
        return Toned(row.assignee, "accent") if row.assignee else Toned("nobody", "dim")

    def priority(row: TicketRow) -> Toned:
        return Toned(
            row.priority, "bad" if row.priority == "service down" else "warning" if row.priority == "high" else ""
        )

    def last(row: TicketRow) -> int:
        return row.last_client_at or row.created_at

    return [
        Column(key="number", title="Ticket", cell=lambda r: r.number, min_width=6, max_width=9, flex=0, priority=8, sort_key=lambda r: r.created_at, search=lambda r: r.number),
        Column(key="why", title="Why it is next", cell=why, min_width=33, max_width=60, flex=2, priority=10, sort_key=ranks.number),
        Column(key="subject", title="Subject", cell=lambda r: r.subject, min_width=17, max_width=70, flex=3, priority=9, sort_key=lambda r: r.subject.casefold(), search=lambda r: r.subject),
        Column(key="who", title="Who", cell=who, min_width=9, max_width=12, flex=0, priority=7, sort_key=lambda r: r.assignee or "~", search=lambda r: r.assignee),
        Column(key="department", title="For", cell=lambda r: department(r.department), min_width=9, max_width=11, flex=0, priority=5, sort_key=lambda r: r.department, search=lambda r: r.department),
        Column(key="client", title="Client", cell=lambda r: r.login, min_width=11, max_width=18, priority=6, sort_key=lambda r: r.login, search=lambda r: r.login),
        Column(key="state", title="State", cell=state, width=10, priority=4, sort_key=lambda r: r.state, search=lambda r: r.state),
        Column(key="priority", title="Priority", cell=priority, width=12, priority=1, sort_key=lambda r: int(PRIORITIES.get(r.priority, 2)), search=lambda r: r.priority),
        Column(key="waits", title="Waits", cell=lambda r: waits(r, now()), width=11, align="right", priority=3, sort_key=last),
        Column(key="stake", title="A month", cell=stake, width=10, align="right", priority=2, sort_key=lambda r: -(r.at_stake or 0)),
        Column(key="tags", title="Tags", cell=lambda r: Toned(r.tags, "accent"), min_width=6, max_width=18, priority=1, sort_key=lambda r: r.tags or "~", search=lambda r: r.tags),
        Column(key="messages", title="Msgs", cell=lambda r: str(r.message_count), width=5, align="right", priority=0, sort_key=lambda r: -r.message_count),
        Column(key="changed", title="Changed", cell=lambda r: moment_text(epoch(r.updated_at))[5:], width=11, priority=-1, sort_key=lambda r: -r.updated_at),
        Column(key="order", title="Order", cell=lambda r: r.order_id, min_width=6, max_width=10, priority=-2, sort_key=lambda r: r.order_id, search=lambda r: r.order_id),
        Column(key="id", title="Id", cell=lambda r: r.id, min_width=5, max_width=12, priority=-3, sort_key=lambda r: r.id, search=lambda r: r.id),
    ]  # fmt: skip


DEFAULT_COLUMNS = ("number", "why", "subject", "who", "client", "department", "waits", "stake")
"""Shown until a person chooses; a narrow terminal shows those of them that have room."""


def counts_line(views: Sequence[QueueView], counts: Counts, chosen: str, width: int, *, drafts: int = 0) -> Content:
    """How many tickets each view shows, the present one marked; as many as have room."""
    parts: list[Content] = [Content(" ")]
    if counts.late:
        parts.append(toned(f"{counts.late} late  ", "bad"))
    if counts.down:
        parts.append(toned(f"{counts.down} down  ", "bad"))
    if drafts:
        parts.append(toned(f"{count_text(drafts, 'draft')}  ", "accent"))
    room = width - sum(part.cell_length for part in parts)
    shown = [view for view in views if view.id not in ("all", "closed")]
    for view in sorted(shown, key=lambda one: one.id != chosen):  # the present one always has room
        number = counts.by_view.get(view.id, 0)
        room -= len(f"{view.short} {number}  ")
        if room < 0:
            shown = [one for one in shown if one.id != view.id]
    for view in shown:
        number, here = counts.by_view.get(view.id, 0), view.id == chosen
        tone: Tone = "warning" if view.id == "due" and number else "" if number else "dim"
        words = Content.assemble((f"{view.short} ", "bold" if here else "$muted"), toned(str(number), tone))
        parts.append(words.stylize("underline") if here else words)
        parts.append(Content("  "))
    return Content("").join(parts)


def _line(label: str, value: Content | str) -> Content:
    return Content.assemble((f"{label:<{LABEL}}", "$muted"), value)


def ticket_facts(
    row: TicketRow,
    reasons: Sequence[Reason],
    now: int,
    *,
    department: str,
    order: str = "",
    invoice: str = "",
    merged: str = "",
    draft: DraftKind | None = None,
    ascii_only: bool = False,
    takes: bool = True,
) -> Content:
    """What stands about a ticket: why it is next, whose it is, what it is about, until when.

    ``takes``: whether tickets can be taken on this panel.
    """  # fmt: skip
    nobody = toned("nobody: t takes it" if takes else "nobody", "dim")
    state = ticket_state(row.state, ascii_only=ascii_only)
    lines = [
        Content.styled(row.subject, "bold"),
        Content.assemble((f"{row.number}  ", "$muted"), toned(state.text, state.tone), (f"  {row.priority}", "$muted")),
        Content(""),
    ]
    for at, reason in enumerate(reasons):
        lines.append(_line("" if at else "Why next", toned(reason.words, _TONES[reason.why])))
    if not reasons:
        lines.append(_line("Now", why_next(row, reasons, now)))
    if draft is not None:
        lines.append(_line("Begun", toned(draft_words(draft), "accent")))
    lines += [
        _line("Client", Content.assemble((row.login or row.account_id, "bold"), (f"  {row.account_id}", "$muted"))),
        _line("Department", department),
        _line("Who has it", toned(row.assignee, "accent") if row.assignee else nobody),
    ]
    if row.order_id:
        lines.append(_line("Order", order or row.order_id))
    if row.invoice_id:
        lines.append(_line("Invoice", invoice or row.invoice_id))
    if row.at_stake is not None:
        lines.append(_line("At stake", f"{cents_text(row.at_stake, row.currency)} a month"))
    if row.state == ON_HOLD and row.hold_until is not None:
        lines.append(_line("On hold until", moment_text(epoch(row.hold_until))))
    if row.answer_due_at is not None:
        lines.append(_line("Answer due", moment_text(epoch(row.answer_due_at))))
    if row.tags:
        lines.append(_line("Tags", toned(row.tags, "accent")))
    if row.access == "given":
        lines.append(_line("Access", toned("given: E reads it, with a reason", "warning")))
    if row.merged_into:
        lines.append(_line("Merged into", f"{merged or row.merged_into}: M takes it apart again"))
    opened = moment_text(epoch(row.created_at))
    if row.message_count:
        lines.append(_line("Messages", f"{row.message_count}, opened {opened}"))
    else:  # a list that does not tell them: a ticket without a message there is none
        lines.append(_line("Opened", opened))
    if row.state == CLOSED and row.closed_at is not None:
        lines.append(_line("Closed", moment_text(epoch(row.closed_at))))
    if row.rating is not None:
        lines.append(_line("Rated", f"{row.rating} of 5"))
    return Content("\n").join(lines)


def last_words(author: str, role: str, at: int, body: str, *, internal: bool, now: int, lines: int = 8) -> Content:
    """The last message, as far as a pane beside a list shows it."""
    text = [line.rstrip() for line in body.splitlines() if line.strip()][:lines]
    note = " (note, only staff sees it)" if internal else ""
    head = Content.assemble(
        (author or "the panel", "bold"),
        (f"  {role}{note}, {span_text(max(60, now - at) // 60 * 60)} ago", "$warning" if internal else "$muted"),
    )
    return Content("\n").join([head, *map(Content, (line[:200] for line in text))])
