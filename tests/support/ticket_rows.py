"""Rows of tickets made by hand, for what works on the local copy without one."""

from __future__ import annotations

from billtui.services.store import TicketRow

NOW = 1_795_644_000
"""2026-11-25 22:00 UTC."""
MINUTE, HOUR = 60, 3_600


def ticket_row(number: int, **values: object) -> TicketRow:
    """An open technical ticket that was written ten minutes ago, with other ``values`` where they are given."""
    row = TicketRow(
        id=str(number),
        number=f"{10_000 + number}",
        subject=f"Subject {number}",
        department="technical",
        state="open",
        priority="normal",
        account_id="204817",
        login="olena.marsh",
        order_id="",
        invoice_id="",
        assignee="",
        opened_by="client",
        queue_place=None,
        answer_due_at=NOW + 5 * MINUTE,
        first_answer_at=None,
        created_at=NOW - 10 * MINUTE,
        updated_at=NOW - 10 * MINUTE,
        last_client_at=NOW - 10 * MINUTE,
        last_staff_at=None,
        last_message_id=f"m{number}",
        last_author_role="client",
        message_count=1,
        hold_until=None,
        closed_at=None,
        reopen_until=None,
        tags="",
        access="none",
        at_stake=None,
        currency="EUR",
        merged_into="",
        rating=None,
        version=1,
    )
    return row._replace(**values)  # type: ignore[arg-type]  # fields of the row, each by its name
