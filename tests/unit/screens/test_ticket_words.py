"""What stands beside a ticket where a panel's list tells less."""

from __future__ import annotations

from billtui.screens.queue_view import ticket_facts
from tests.support.ticket_rows import NOW, ticket_row


def test_a_thread_that_was_not_read_yet_is_not_called_empty() -> None:
    known = ticket_facts(ticket_row(1, message_count=3), (), NOW, department="Technical").plain
    unknown = ticket_facts(ticket_row(1, message_count=0), (), NOW, department="Technical").plain
    assert "3, opened" in known
    assert "Messages" not in unknown and "Opened" in unknown
