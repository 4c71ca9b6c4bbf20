"""Server access on a ticket: given by its client, sealed, read by support for a reason, wiped when it closes (TKT-4).

Nothing of it stands anywhere but in its sealed row: no answer, no operation, no change tells it.
"""

from __future__ import annotations

from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import tickets as rules
from billtui.sandbox.engine.errors import Forbidden, WrongKindOfInput
from billtui.sandbox.engine.ticket_states import Person, stirred, ticket_facts
from billtui.sandbox.engine.tickets import seen_ticket
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import instant_json
from billtui.sandbox.engine.wire_tickets import RevealedAccessJSON

REASON_LENGTH = 500


def give(tx: Tx, who: Person, ticket_id: str, secret: str) -> None:
    """Give access, or replace what was given. Raises ``NotFound``, ``Forbidden`` for staff, ``RuleBroken``."""
    row = seen_ticket(tx, who, ticket_id)
    if who.is_staff:
        text = "Only the client gives access to the own server: ask for it in a reply."
        raise Forbidden(Refusal("forbidden", "TKT-4", text))
    facts = ticket_facts(row, staff=False)
    refusal = rules.merged_refusal(facts) or rules.giving_access_refusal(facts)
    if refusal is not None:
        raise RuleBroken(refusal)
    tx.sql(
        "INSERT INTO ticket_access (ticket_id, sealed, given_at) VALUES (?, ?, ?)"
        " ON CONFLICT (ticket_id) DO UPDATE SET sealed = excluded.sealed, given_at = excluded.given_at",
        (row.id, tx.vault.seal(secret, _about(row.id)), tx.at),
    )
    row.access = "given"
    stirred(tx, row)
    tx.tickets.touch(row)


def reveal(tx: Tx, who: Person, ticket_id: str, reason: str) -> RevealedAccessJSON:
    """Read it: the reading is logged with its reason, and the client sees the log.

    Raises ``NotFound``, ``Forbidden`` for everybody but support, ``WrongKindOfInput`` without a reason, ``RuleBroken``.
    """
    row = seen_ticket(tx, who, ticket_id)
    facts = ticket_facts(row, staff=who.is_staff)
    refusal = rules.access_refusal(facts, who.role, reason, access=row.access)
    if refusal is not None:
        if refusal.code == "forbidden":
            raise Forbidden(refusal)
        if refusal.code == "reason-missing":
            raise WrongKindOfInput(refusal, "reason")
        raise RuleBroken(refusal)
    found = tx.sql("SELECT sealed FROM ticket_access WHERE ticket_id = ?", (row.id,)).fetchone()
    secret = None if found is None else tx.vault.open(bytes(found[0]), _about(row.id))
    if secret is None:
        text = (
            "The server access cannot be opened any more: the panel's key is another one. Ask the client for it again."
        )
        raise RuleBroken(Refusal("access-wiped", "TKT-4", text))
    tx.sql(
        "INSERT INTO access_readings (ticket_id, account_id, at, reason) VALUES (?, ?, ?, ?)",
        (row.id, who.account_id, tx.at, reason.strip()),
    )
    stirred(tx, row)
    tx.tickets.touch(row)
    return {"access": secret, "at": instant_json(tx.at)}


def _about(ticket_id: int) -> str:
    return f"server access of ticket {ticket_id}"
