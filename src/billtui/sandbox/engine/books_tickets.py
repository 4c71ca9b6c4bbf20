"""What must hold of tickets at any moment, as :mod:`billtui.sandbox.engine.books` has it of the money."""

from __future__ import annotations

_LAST = (
    "coalesce((SELECT CASE internal WHEN 1 THEN 'n' ELSE '' END || number FROM ticket_messages WHERE thread_id ="
    " tickets.id{} ORDER BY id DESC LIMIT 1), '')"
)
TICKET_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "ticket {0} counts {1} messages, {2} of them public; there are {3} and {4}",
        "SELECT id, message_count, public_count,"
        " (SELECT count(*) FROM ticket_messages WHERE thread_id = tickets.id) AS many,"
        " (SELECT count(*) FROM ticket_messages WHERE thread_id = tickets.id AND internal = 0) AS seen"
        " FROM tickets WHERE message_count <> many OR public_count <> seen",
    ),
    (
        "ticket {0}: last message {1}, for its client {2}; it is {3}, and {4}",
        f"SELECT id, last_message, public_last, {_LAST.format('')} AS last, {_LAST.format(' AND internal = 0')} AS"
        " shown"
        " FROM tickets WHERE last_message <> last OR public_last <> shown",
    ),
    (
        "message {0} is of account {1}, in a thread of account {2}",  # what a client reads is found by the first
        "SELECT ticket_messages.id, ticket_messages.account_id, tickets.account_id FROM ticket_messages"
        " JOIN tickets ON tickets.id = thread_id WHERE tickets.account_id <> ticket_messages.account_id",
    ),
    (
        "ticket {0} is {1}, server access {2}: sealed access is there {3} times",  # TKT-4
        "SELECT id, state, access, (SELECT count(*) FROM ticket_access WHERE ticket_id = tickets.id) AS sealed"
        " FROM tickets WHERE (access = 'given') <> sealed OR (state = 'closed' AND sealed)",
    ),
    (
        "ticket {0} is {1} on hold until {2}; the clock looks at it at {3}",  # TKT-5
        "SELECT id, state, hold_until, next_due FROM tickets WHERE next_due IS NOT hold_until",
    ),
    (
        "ticket {0} is {1}: a first answer is due at {2}, and was given at {3}",  # TKT-10
        "SELECT id, state, answer_due_at, first_answer_at FROM tickets"
        " WHERE (answer_due_at IS NULL) <> (first_answer_at IS NOT NULL OR state = 'closed')",
    ),
    (
        "ticket {0} was merged into {1} and is {2}",  # TKT-8
        "SELECT id, merged_into, state FROM tickets WHERE merged_into IS NOT NULL AND state <> 'closed'",
    ),
    (
        "ticket {0} is {1}; the last that was noted of it is {2}",
        "SELECT id, state, (SELECT state FROM ticket_states WHERE ticket_id = tickets.id ORDER BY id DESC LIMIT 1)"
        " AS noted"
        " FROM tickets WHERE noted IS NOT state",
    ),
    (
        "attachment {0} of message {1} is dropped at {2}",  # TKT-6
        "SELECT id, message_id, next_due FROM attachments WHERE (message_id IS NULL) <> (next_due IS NOT NULL)",
    ),
    (
        "attachment {0} has {1} bytes, there are {2}",
        "SELECT id, size, length(data) FROM attachments LEFT JOIN attachment_data ON attachment_id = id"
        " WHERE length(data) IS NOT size",
    ),
)
