"""What stands beside a ticket where a panel's list tells less."""

from __future__ import annotations

from billtui.screens.queue_view import ticket_facts
from billtui.services.ticket_queue import queue_views
from tests.support.ticket_rows import NOW, ticket_row


def test_a_thread_that_was_not_read_yet_is_not_called_empty() -> None:
    known = ticket_facts(ticket_row(1, message_count=3), (), NOW, department="Technical").plain
    unknown = ticket_facts(ticket_row(1, message_count=0), (), NOW, department="Technical").plain
    assert "3, opened" in known
    assert "Messages" not in unknown and "Opened" in unknown


def test_a_department_is_named_by_its_number_nowhere() -> None:
    """FOSSBilling numbers its departments; the ids of others are words that their people use."""
    shorts = {
        view.id: view.short for view in queue_views("sam.desk", {"1": "General", "technical": "Technical support"})
    }
    assert (shorts["dept-1"], shorts["dept-technical"]) == ("General", "technical")
