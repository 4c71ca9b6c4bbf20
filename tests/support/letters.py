"""Tickets, accounts and journals for tests of what is written to tickets, without a panel."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from billtui.domain.models import Account, Ticket, TicketMessage
from billtui.services.journal import OperationState
from billtui.services.journal.writer import Journal
from billtui.services.plans import Plan
from tests.support.money_panel import MoneyPanel

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
OWNER = "0" * 24


def client_account() -> Account:
    """olena.marsh, who owns the fleet."""
    return MoneyPanel().account()


def staff_account(login: str = "ada.desk", account_id: str = "900013") -> Account:
    """A colleague of support."""
    values = MoneyPanel().account().model_dump(mode="json")
    return Account.model_validate(values | {"role": "support", "login": login, "account_id": account_id})


def ticket(ticket_id: str = "71", **values: Any) -> Ticket:
    """An open ticket whose last message is ``m3``."""
    return Ticket.model_validate(
        {
            "id": ticket_id, "number": f"T-{ticket_id}", "subject": "Disk is full", "department": "technical",
            "state": "open", "account_id": "204817", "created_at": "2026-11-25T09:00:00Z",
            "updated_at": "2026-11-25T11:00:00Z", "last_message_id": "m3", "last_author_role": "client",
            "message_count": 3, "version": 4,
        } | values
    )  # fmt: skip


def message(message_id: str, ticket_id: str = "71", **values: Any) -> TicketMessage:
    """A client's message."""
    return TicketMessage.model_validate(
        {
            "id": message_id, "ticket_id": ticket_id, "author": "olena.marsh", "author_role": "client",
            "at": "2026-11-25T11:30:00Z", "body": f"message {message_id}",
        } | values
    )  # fmt: skip


def refused_action(action: str, code: str, reason: str, rule: str = "TKT-5") -> dict[str, Any]:
    """As a panel says why not."""
    return {"action": action, "allowed": False, "code": code, "rule": rule, "reason": reason}


class Clerk:
    """Writes into a journal as an executor would, one step at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.journal = Journal(path)

    def submit(self, plan: Plan, *, held: bool = False) -> str:
        """The plan is taken on."""
        self.journal.add_job(plan, OWNER, held=held)
        return plan.id

    def end(self, plan: Plan, state: OperationState, **fields: Any) -> None:
        """Its first operation is sent, and comes to this."""
        sending = OperationState.SENDING
        if state is OperationState.CANCELLED:
            self.journal.move(plan.id, 1, state, come_from=(OperationState.HELD, OperationState.PREPARED), **fields)
            return
        self.journal.move(plan.id, 1, sending, come_from=(OperationState.PREPARED,), owner=OWNER)
        self.journal.move(plan.id, 1, state, come_from=(sending,), **fields)

    def close(self) -> None:
        """Close the journal."""
        self.journal.close()
