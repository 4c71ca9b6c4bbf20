"""The overview of support staff: how the queue stands, what is about to be missed, who has how much (TKT-7, TKT-10)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from textual.content import Content

from billtui.domain.rules.ticket_risk import span
from billtui.screens.queue_view import why_cell
from billtui.services.store import HeldRows
from billtui.services.ticket_queue import ANSWERED, ON_HOLD, OPEN, Ranks, count_views
from billtui.widgets.formats import count_text, toned

if TYPE_CHECKING:
    from billtui.services.session import Session
    from billtui.services.store import TicketRow

ROOM = 62
"""Cells of a line behind its label, at 80 columns."""
LISTED = 6
"""Tickets that are named one by one."""
COLLEAGUES = 5


def staff_lines(
    session: Session, held: HeldRows, me: str, ranks: Ranks, *, ascii_only: bool = False
) -> list[tuple[str, str, Content]]:
    """Lines as (where it leads, label, words); a gap is an empty label with empty words.

    ``held`` are the tickets as they were read last: of 50,000 only those that changed are read again.
    """
    rows = session.store.tickets(held)
    now = int(session.now().timestamp())
    counts = count_views(rows, me, now)
    by_view = counts.by_view
    gap = ("", "", Content(""))
    waiting = by_view["next"]
    late = toned(f"  {counts.late} late", "bad") if counts.late else Content("")
    down = toned(f"  {counts.down} with service down", "bad") if counts.down else Content("")
    lines = [
        ("tickets:next", "Queue", Content.assemble((count_text(waiting, "ticket"), "bold"), " to answer", late, down)),
        (
            "tickets:due",
            "Next hour",
            _due(counts.due)
            if session.traits.keys or any(row.answer_due_at is not None for row in rows)
            else Content.styled("this panel tells no deadlines", "$muted"),
        ),
        ("tickets:mine", "Mine", Content(count_text(by_view["mine"], "ticket"))),
        (
            "tickets:unassigned",
            "Nobody’s",
            toned(str(by_view["unassigned"]), "warning" if by_view["unassigned"] else "dim"),
        ),
        ("tickets:waiting", "Client’s turn", Content(str(by_view["waiting"]))),
        ("tickets:hold", "On hold", Content.assemble(str(by_view["hold"]), *_waking(rows, now))),
        gap,
    ]
    for at, row in enumerate(ranks.in_order(row for row in rows if row.assignee in ("", me))[:LISTED]):
        cell = why_cell(row, ranks.reasons(row, now)[:1], now, ascii_only=ascii_only)
        words = Content.assemble(
            (f"{row.number}  ", "$muted"), toned(cell.text, cell.tone), "  ", (row.subject, "bold")
        )
        lines.append((f"ticket:{row.id}", "" if at else "Next", words.truncate(ROOM, ellipsis=True)))
    lines.append(gap)
    departments = Counter(row.department for row in rows if row.state == OPEN)
    for at, (department, count) in enumerate(sorted(departments.items(), key=lambda one: (-one[1], one[0]))):
        lines.append(
            (
                f"tickets:dept-{department}",
                "" if at else "Departments",
                Content.assemble(f"{department}  ", (str(count), "bold")),
            )
        )
    work = Counter(row.assignee for row in rows if row.assignee and row.state in (OPEN, ON_HOLD, ANSWERED))
    if work:
        shares = ", ".join(f"{who} {count}" for who, count in work.most_common(COLLEAGUES))
        lines.append(("tickets:all", "Who has what", Content(shares)))
    if not rows:
        lines.append(gap)
        lines.append(("tickets:all", "", Content.styled("No client has written yet.", "$muted")))
    return lines


def _due(count: int) -> Content:
    if not count:
        return toned("no first answer is missed", "good")
    return toned(f"{count_text(count, 'first answer')} will be missed", "warning")


def _waking(rows: Sequence[TicketRow], now: int) -> list[Content]:
    """When the next ones wake up."""
    held = sorted(row.hold_until for row in rows if row.state == ON_HOLD and row.hold_until is not None)
    if not held:
        return []
    soon = sum(one - now <= 3600 for one in held)
    first = span(timedelta(seconds=max(0, held[0] - now)))
    return [
        Content.styled(f"  the next wakes up in {first}" + (f", {soon} within the hour" if soon > 1 else ""), "$muted")
    ]
