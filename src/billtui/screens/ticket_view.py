"""How a ticket looks to the one who reads it: its state and what that means, its facts, the columns of a client's list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from textual.content import Content

from billtui.domain.models import Ticket
from billtui.screens.order_view import Labelled, labelled
from billtui.services.drafts import DraftKind
from billtui.services.store import MessageRow, StoreReader, TicketRow
from billtui.widgets.formats import (
    DAY,
    HOUR,
    MINUTE,
    TONE_STYLES,
    age_text,
    count_text,
    date_text,
    epoch,
    moment_text,
    span_text,
    state_cell,
    toned,
)
from billtui.widgets.record_table import Column, Tone, Toned
from billtui.widgets.thread import ThreadEntry, ThreadFile

OPEN, ANSWERED, ON_HOLD, CLOSED = "open", "answered", "on hold", "closed"


class Around(NamedTuple):
    """What is known besides the ticket itself."""

    staff: bool
    departments: Mapping[str, str]
    """Id → name."""
    order_name: str = ""
    invoice_number: str = ""
    merged_number: str = ""
    """Number of the ticket that it was merged into."""
    draft: DraftKind | None = None
    """What one has begun to write on it, and not sent."""


def entries_of(rows: Sequence[MessageRow], me: str) -> list[ThreadEntry]:
    """The messages of a thread as they are drawn; ``me`` is one's own login."""
    return [
        ThreadEntry(
            id=row.id,
            author=row.author,
            role=row.role,
            at=datetime.fromtimestamp(row.at, UTC),
            body=row.body,
            internal=bool(row.internal),
            files=tuple(ThreadFile(one.id, one.name, one.size) for one in row.attachments),
            merged_from=row.merged_from,
            mine=bool(me) and row.author == me,
        )
        for row in rows
    ]


def merged_number(store: StoreReader, row: TicketRow) -> str:
    """The number of the ticket that ``row`` was merged into, its id where no more is known; empty where it was not."""
    if not row.merged_into:
        return ""
    into = store.ticket_row(row.merged_into)
    return into.number if into is not None else f"id {row.merged_into}"


# --- state


def last_written(row: TicketRow) -> int:
    """When somebody last wrote, in epoch seconds."""
    return max(row.last_client_at or 0, row.last_staff_at or 0) or row.created_at


def who_acts(row: TicketRow, *, staff: bool) -> Toned:
    """Whose turn it is (TKT-5)."""
    if row.state == ANSWERED:
        return Toned("the client", "dim") if staff else Toned("you", "warning")
    if row.state == OPEN:
        return Toned("support", "warning" if staff else "")
    return Toned("later" if row.state == ON_HOLD else "nobody", "dim")


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``3rd``, ``11th``."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def meaning(row: TicketRow, now: int, around: Around) -> str:
    """What the state means for the one who reads (TKT-5, TKT-7)."""
    staff = around.staff
    if row.merged_into:
        return f"merged into ticket {around.merged_number} (o)"
    if row.state == OPEN:
        # Support works in the order of its own queue, by risk; the place that the client is told stands in the facts.
        place = f", {ordinal(row.queue_place)} in the queue" if row.queue_place and not staff else ""
        return f"support must answer{place}"
    if row.state == ANSWERED:
        return "the client must answer" if staff else "support waits for your answer"
    if row.state == ON_HOLD:
        if row.hold_until is None:
            return "nobody has to act now"
        return f"nobody has to act until {moment_text(epoch(row.hold_until))}"
    if row.reopen_until is not None and row.reopen_until > now:
        return f"a message reopens it until {date_text(epoch(row.reopen_until))}"
    if staff:
        return "the client can no longer reopen it, you can (O)"
    return "it can no longer be reopened: n in the list opens a new one"


def due(row: TicketRow, now: int) -> Toned | None:
    """The service level: when the first answer is due, or that it was missed (TKT-10)."""
    if row.answer_due_at is None or row.first_answer_at is not None or row.state == CLOSED:
        return None
    left = row.answer_due_at - now
    if left <= 0:
        return Toned(f"first answer overdue since {span_text(max(-left, MINUTE))}", "bad")
    tone: Tone = "warning" if left <= HOUR else ""
    return Toned(f"first answer within {span_text(max(left // MINUTE * MINUTE, MINUTE))}", tone)


def department_name(department: str, around: Around) -> str:
    """A department's name, or its id where the panel has not told one."""
    return around.departments.get(department, department)


# --- head and facts


def head_lines(
    row: TicketRow, ticket: Ticket | None, now: int, around: Around, *, narrow: bool = False, ascii_only: bool = False
) -> list[Content]:
    """Three lines above a thread: what it is called, what its state means, what it is about."""
    state = state_cell(row.state, ascii_only=ascii_only)
    second: list[Content | str | tuple[str, str]] = [
        (state.text, TONE_STYLES[_state_tone(row, staff=around.staff)]),
        (": ", "$muted"),
        meaning(row, now, around),
    ]
    if (level := due(row, now)) is not None:
        second += [("  ", ""), (level.text, TONE_STYLES[level.tone])]
    name = department_name(row.department, around)
    third = [row.priority] if around.staff and row.priority != "normal" else []
    third.append(name.partition(" ")[0] if narrow else name)
    if row.order_id:
        third.append(f"order {around.order_name or row.order_id} (o)")
    if row.invoice_id:
        third.append(f"invoice {around.invoice_number or row.invoice_id} (o)")
    if around.staff and row.login:
        third.append(f"of {row.login}")
    if row.assignee or around.staff:
        third.append(f"{row.assignee or 'nobody'} has it")
    if row.access != "none":
        third.append(access_words(row, ticket))
    if row.tags:
        third.append(" ".join(f"#{tag}" for tag in row.tags.split()))
    return [
        Content.assemble((row.number, "$muted"), "  ", (row.subject or "(no subject)", "bold")),
        Content.assemble(*second),
        Content.assemble(
            (f"{draft_words(around.draft)}  " if around.draft is not None else "", "$text-accent"),
            (" · ".join(third), "$muted"),
        ),
    ]


def draft_words(kind: DraftKind | None) -> str:
    """That something was begun here, and the key that goes on with it; empty where nothing was."""
    if kind is None:
        return ""
    return "your note waits (i)" if kind is DraftKind.NOTE else "your draft waits (a)"


def _state_tone(row: TicketRow, *, staff: bool) -> Tone:
    yours = OPEN if staff else ANSWERED
    return "warning" if row.state == yours else "dim" if row.state == CLOSED else ""


def access_words(row: TicketRow, ticket: Ticket | None) -> str:
    """Whether support has the server access, and how often it was read (TKT-4)."""
    if row.access == "wiped":
        return "access wiped"
    if row.access != "given":
        return "none given"
    read = len(ticket.access_log) if ticket is not None else 0
    return "access given, " + ("not read" if not read else f"read {'once' if read == 1 else f'{read} times'}")


def facts(row: TicketRow, ticket: Ticket | None, now: int, around: Around, *, ascii_only: bool = False) -> Content:
    """Everything that is known of a ticket but its messages."""
    state = state_cell(row.state, ascii_only=ascii_only)
    rows: list[Labelled] = []
    if (level := due(row, now)) is not None:
        rows.append(Labelled("Answer", toned(level.text, level.tone)))
    rows += [
        Labelled("Department", Content(department_name(row.department, around))),
        Labelled("Priority", toned(row.priority, "bad" if row.priority == "service down" else "")),
        Labelled("Taken by", Content(row.assignee or "nobody yet")),
    ]
    if around.staff and row.login:
        rows.append(Labelled("Client", Content(f"{row.login} ({row.account_id})" if row.account_id else row.login)))
    if row.order_id:
        rows.append(Labelled("Order", Content(f"{around.order_name or row.order_id}")))
    if row.invoice_id:
        rows.append(Labelled("Invoice", Content(f"{around.invoice_number or row.invoice_id}")))
    if row.tags:
        rows.append(Labelled("Tags", Content(" ".join(f"#{tag}" for tag in row.tags.split()))))
    if around.staff and row.state == OPEN and row.queue_place:
        rows.append(Labelled("Place", Content(f"{ordinal(row.queue_place)} in the queue, as the client reads it")))
    opened = {"panel": " by itself", "support": " by support"}.get(row.opened_by, "")
    rows += [
        Labelled("Opened", Content(f"{moment_text(epoch(row.created_at))}{opened}")),
        Labelled(
            "Last word",
            Content(
                f"{age_text(epoch(last_written(row)), datetime.fromtimestamp(now, UTC))}, {count_text(row.message_count, 'message')}"
            ),
        ),
    ]
    if around.draft is not None:
        rows.append(Labelled("Begun", toned(draft_words(around.draft), "accent")))
    if row.closed_at is not None:
        rows.append(Labelled("Closed", Content(moment_text(epoch(row.closed_at)))))
    if row.rating is not None:
        rows.append(Labelled("Rated", Content(f"{row.rating} of 5")))
    if ticket is not None and ticket.split_from:
        rows.append(Labelled("Split from", Content(str(ticket.split_from))))
    if ticket is not None and ticket.merged_from:
        rows.append(Labelled("Merged", Content(", ".join(map(str, ticket.merged_from)))))
    rows.append(Labelled("Access", Content(access_words(row, ticket))))
    parts = [
        toned(state.text, _state_tone(row, staff=around.staff)),
        Content(meaning(row, now, around)),
        Content(""),
        labelled(rows),
    ]
    if ticket is not None and ticket.access_log:
        parts += [Content(""), Content.styled("Server access was read by", "$muted")]
        for reading in ticket.access_log:
            reason = f": {reading.reason}" if reading.reason else ""
            parts.append(Content.assemble((f"{moment_text(reading.at)[2:]}  ", "$muted"), f"{reading.login}{reason}"))
    return Content("\n").join(parts)


# --- the client's list


def short_age(seconds: int) -> str:
    """How long ago in one unit: ``now``, ``12 min``, ``5 h``, ``3 d``."""
    if seconds < MINUTE:
        return "now"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min"
    return f"{seconds // HOUR} h" if seconds < DAY else f"{seconds // DAY} d"


def ticket_columns(
    now: Callable[[], int],
    unread: Callable[[TicketRow], bool],
    order_name: Callable[[TicketRow], str],
    department: Callable[[TicketRow], str],
    drafted: Callable[[TicketRow], bool] = lambda row: False,
    *,
    ascii_only: bool = False,
) -> list[Column[TicketRow]]:
    """The columns of a client's list; ``now`` gives the panel's time in epoch seconds.

    ``drafted``: whether one has begun to write on it and not sent it, so that oneself acts next.
    """

    def new(row: TicketRow) -> Toned | str:
        return Toned("new", "accent") if unread(row) else ""

    def urgency(row: TicketRow) -> tuple[int, int, int]:
        order = {ANSWERED: 0, OPEN: 1, ON_HOLD: 2, CLOSED: 3}.get(row.state, 1)
        return (0 if unread(row) else 1, 0 if order < 3 else 1, -last_written(row))

    def state(row: TicketRow) -> Toned:
        return Toned(state_cell(row.state, ascii_only=ascii_only).text, _state_tone(row, staff=False))

    def queue(row: TicketRow) -> str:
        return ordinal(row.queue_place) if row.queue_place else ""

    def age(row: TicketRow) -> str:
        return short_age(max(now() - last_written(row), 0))

    def acts(row: TicketRow) -> Toned:
        return Toned("draft", "accent") if drafted(row) else who_acts(row, staff=False)

    def about(row: TicketRow) -> str:
        return department(row).partition(" ")[0]

    return [
        Column(key="new", title="", cell=new, width=3, priority=9, sort_key=urgency),
        Column(key="subject", title="Subject", cell=lambda r: r.subject, min_width=24, max_width=70, flex=5, priority=10, sort_key=lambda r: r.subject.casefold(), search=lambda r: r.subject),
        Column(key="state", title="State", cell=state, width=10, priority=8, sort_key=lambda r: r.state, search=lambda r: r.state),
        Column(key="acts", title="Who acts", cell=acts, width=8, priority=6, sort_key=lambda r: (r.state != ANSWERED, r.state), search=lambda r: acts(r).text),
        Column(key="age", title="Last", cell=age, width=6, align="right", priority=7, sort_key=lambda r: -last_written(r)),
        Column(key="order", title="Order", cell=order_name, min_width=8, max_width=16, flex=1, priority=5, sort_key=order_name, search=order_name),
        Column(key="queue", title="Queue", cell=queue, width=5, align="right", priority=4, sort_key=lambda r: r.queue_place or 1 << 30),
        Column(key="department", title="For", cell=about, min_width=9, max_width=10, priority=3, sort_key=department, search=department),
        Column(key="number", title="Ticket", cell=lambda r: r.number, min_width=7, max_width=14, priority=2, sort_key=lambda r: r.created_at, search=lambda r: r.number),
        Column(key="messages", title="Msgs", cell=lambda r: str(r.message_count), width=4, align="right", priority=1, sort_key=lambda r: r.message_count),
        Column(key="opened", title="Opened", cell=lambda r: date_text(epoch(r.created_at)), width=10, priority=0, sort_key=lambda r: r.created_at),
        Column(key="id", title="Id", cell=lambda r: r.id, min_width=5, max_width=14, priority=-1, sort_key=lambda r: r.id, search=lambda r: r.id),
    ]  # fmt: skip


USUAL_COLUMNS = ("new", "subject", "state", "acts", "age", "order", "queue", "department")
"""Shown until a person chooses others; a narrow terminal shows those of them that have room."""
