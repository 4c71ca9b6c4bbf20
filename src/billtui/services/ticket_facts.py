"""What a ticket about an order, an invoice or a failed step begins with: what support would ask for (TKT-2).

Facts stand between ```` ``` ```` below an empty place to write: the review reads no sentences there, and no secret is
in them. Instants are UTC, so that both sides read the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from billtui.services.journal import JobRow, OperationRow, OperationState
from billtui.services.store import InvoiceRow, OrderRow, money
from billtui.services.ticket_review.draft import FINANCE, TECHNICAL
from billtui.services.ticket_writing import Words
from billtui.terminal.harmless import one_line

MONEY_KINDS: Final = ("invoice", "balance", "payment", "promise")
"""Beginnings of the kinds of steps whose failure is finance's matter."""
_STATES: Final[Mapping[OperationState, str]] = {
    OperationState.REFUSED: "was refused",
    OperationState.NOT_SENT: "was not sent",
    OperationState.UNKNOWN: "has no known outcome",
    OperationState.NEEDS_YOU: "has no known outcome",
}
LABEL: Final = 10


@dataclass(frozen=True, slots=True)
class TicketFacts:
    """What a new ticket begins with."""

    department: str
    subject: str
    body: str
    order_id: str | None = None
    invoice_id: str | None = None

    def words(self) -> Words:
        """As a new letter begins with them."""
        return {
            "department": self.department,
            "subject": self.subject,
            "body": self.body,
            "order_id": self.order_id,
            "invoice_id": self.invoice_id,
        }


def about_order(row: OrderRow) -> TicketFacts:
    """A ticket about an order: what it is, where, its state, until when it is paid."""
    power = f", power {row.power}" if row.power else ""
    facts = [
        ("Order", f"{row.name} (id {row.id})"),
        ("Plan", f"{row.plan}, {row.location}, {row.kind}"),
        ("Address", row.address),
        ("State", f"{row.state}{power}"),
        ("Blocked", _at(row.blocked_at)),
        ("Paid until", _at(row.paid_until)),
        ("Invoice", f"id {row.unpaid_invoice_id}, unpaid" if row.unpaid_invoice_id else ""),
        ("Transfer", f"id {row.transfer_id}, under way" if row.transfer_id else ""),
    ]
    return TicketFacts(TECHNICAL, f"{row.name}: ", _body(facts), order_id=row.id)


def about_invoice(row: InvoiceRow) -> TicketFacts:
    """A ticket about an invoice: number, state, amount, and when it was issued, is due, was paid."""
    facts = [
        ("Invoice", f"{row.number} (id {row.id}), {row.kind}"),
        ("For", row.title),
        ("State", row.state),
        ("Total", str(money(row.total, row.currency))),
        ("Issued", _at(row.issued_at)),
        ("Due", _at(row.due_at)),
        ("Paid", _at(row.paid_at)),
        ("Promise", f"until {_at(row.promise_until)}" if row.promise_until else ""),
    ]
    return TicketFacts(FINANCE, f"Invoice {row.number}: ", _body(facts), invoice_id=row.id)


def about_step(job: JobRow, row: OperationRow) -> TicketFacts:
    """A ticket about one step of a job: what was to be done, when it was sent, the panel's words and its request id."""
    what = _STATES.get(row.state, str(row.state))
    rule = f" ({row.rule})" if row.rule else ""
    targets = dict(target.split(":", 1) for target in row.targets if ":" in target)
    facts = [
        ("Step", f"{row.title}: {what}"),
        ("Job", f"{job.title}, submitted {_utc(job.submitted_at)}"),
        ("About", ", ".join(target.replace(":", " ", 1) for target in row.targets)),
        ("Amount", str(row.amount) if row.amount is not None else ""),
        ("Sent", f"{row.sends}x, first {_utc(row.first_sent_at)}" if row.first_sent_at else "not sent"),
        ("Answer", f"{row.detail}{rule}" if row.detail else ""),
        ("Code", row.code or ""),
        ("Request", row.request_id or ""),
        ("Last moved", _utc(row.changed_at)),
    ]
    department = FINANCE if row.kind.startswith(MONEY_KINDS) else TECHNICAL
    return TicketFacts(
        department,
        f"{row.title} {what}",
        _body(facts),
        order_id=targets.get("order"),
        invoice_id=targets.get("invoice"),
    )


def _body(facts: Sequence[tuple[str, str]]) -> str:
    """An empty place to write, and below it what is known; what has no value is left out."""
    lines = [f"{label:<{LABEL}}  {one_line(value)}" for label, value in facts if value and value != "-"]
    return "\n".join(["", "", "```", *(line.replace("```", "'''") for line in lines), "```"])


def _at(seconds: int | None) -> str:
    return "" if seconds is None else _utc(datetime.fromtimestamp(seconds, UTC))


def _utc(instant: datetime | None) -> str:
    return "" if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
