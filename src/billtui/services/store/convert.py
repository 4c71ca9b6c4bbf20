"""From the models of the wire to the rows of the store."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from billtui.domain.transfer_states import RUNNING_STATES, TransferState
from billtui.services.store.rows import InvoiceRow, OrderRow, TicketRow, TransferRow, cents, epoch

if TYPE_CHECKING:
    from billtui.domain.models import Invoice, Order, Ticket, Transfer

_CONFIRMED = frozenset({TransferState.AWAITING_RECIPIENT, TransferState.COMPLETED})


def order_row(order: Order) -> OrderRow:
    """The row of an order."""
    return OrderRow(
        id=str(order.id),
        name=str(order.name),
        kind=str(order.kind),
        plan=str(order.plan),
        location=str(order.location),
        address=str(order.address or ""),
        state=str(order.state),
        power=str(order.power or ""),
        created_at=int(order.created_at.timestamp()),
        paid_until=epoch(order.paid_until),
        price=cents(order.monthly_price),
        currency=str(order.monthly_price.currency),
        discount=percent(order.discount_percent),
        individual_price=int(order.individual_price),
        auto_on=int(order.auto_renew.on),
        auto_months=order.auto_renew.months,
        billing_day=order.billing_day,
        in_use_since=epoch(order.in_use_since),
        unpaid_invoice_id=None if order.unpaid_invoice_id is None else str(order.unpaid_invoice_id),
        transfer_id=None if order.transfer_id is None else str(order.transfer_id),
        blocked_at=epoch(order.blocked_at),
        addons=sum(cents(one.monthly_price) for one in order.addons),
        addon_prices=" ".join(str(cents(one.monthly_price)) for one in order.addons),
        auto_since=epoch(order.auto_renew_since),
        auto_done_for=epoch(order.auto_renew_done_for),
        promise_until=epoch(order.promise_until),
        version=order.version,
    )


def invoice_row(invoice: Invoice) -> InvoiceRow:
    """The row of an invoice."""
    return InvoiceRow(
        id=str(invoice.id),
        number=str(invoice.number),
        kind=str(invoice.kind),
        state=str(invoice.state),
        issued_at=int(invoice.issued_at.timestamp()),
        due_at=epoch(invoice.due_at),
        paid_at=epoch(invoice.paid_at),
        total=cents(invoice.total),
        currency=str(invoice.total.currency),
        title=str(invoice.title),
        promise_until=epoch(invoice.promise_until),
        combined_into=None if invoice.combined_into is None else str(invoice.combined_into),
        line_count=invoice.line_count or len(invoice.lines),
        version=invoice.version,
    )


def transfer_row(transfer: Transfer) -> TransferRow:
    """The row of a transfer."""
    last = transfer.history[-1] if transfer.history else None
    ended = last is not None and transfer.state not in RUNNING_STATES
    states = [transfer.state, *(step.state for step in transfer.history)]
    return TransferRow(
        id=str(transfer.id),
        order_id=str(transfer.order_id),
        order_name=str(transfer.order_name),
        plan=str(transfer.plan),
        location=str(transfer.location),
        address=str(transfer.address or ""),
        price=None if transfer.monthly_price is None else cents(transfer.monthly_price),
        currency="" if transfer.monthly_price is None else str(transfer.monthly_price.currency),
        paid_until=epoch(transfer.paid_until),
        direction=str(transfer.direction),
        state=str(transfer.state),
        counterparty=str(transfer.counterparty),
        counterparty_id=str(transfer.counterparty_account_id or ""),
        push_id=str(transfer.push_id or ""),
        created_at=int(transfer.created_at.timestamp()),
        expires_at=epoch(transfer.expires_at),
        ended_at=epoch(last.at) if last is not None and ended else None,
        why=str(last.reason) if last is not None and ended else "",
        confirmed=int(any(state in _CONFIRMED for state in states)),
        version=transfer.version,
    )


def ticket_row(ticket: Ticket) -> TicketRow:
    """The row of a ticket."""
    stake = ticket.at_stake
    return TicketRow(
        id=str(ticket.id),
        number=str(ticket.number),
        subject=str(ticket.subject),
        department=str(ticket.department),
        state=str(ticket.state),
        priority=str(ticket.priority),
        account_id=str(ticket.account_id or ""),
        login=str(ticket.login),
        order_id=str(ticket.order_id or ""),
        invoice_id=str(ticket.invoice_id or ""),
        assignee=str(ticket.assignee or ""),
        opened_by=str(ticket.opened_by),
        queue_place=ticket.queue_place,
        answer_due_at=epoch(ticket.answer_due_at),
        first_answer_at=epoch(ticket.first_answer_at),
        created_at=int(ticket.created_at.timestamp()),
        updated_at=int(ticket.updated_at.timestamp()),
        last_client_at=epoch(ticket.last_client_message_at),
        last_staff_at=epoch(ticket.last_staff_message_at),
        last_message_id=str(ticket.last_message_id or ""),
        last_author_role=str(ticket.last_author_role),
        message_count=ticket.message_count,
        hold_until=epoch(ticket.hold_until),
        closed_at=epoch(ticket.closed_at),
        reopen_until=epoch(ticket.reopen_until),
        tags=" ".join(str(tag) for tag in ticket.tags),
        access=str(ticket.access),
        at_stake=None if stake is None else cents(stake),
        currency="" if stake is None else str(stake.currency),
        merged_into=str(ticket.merged_into or ""),
        rating=ticket.rating,
        version=ticket.version,
    )


def percent(value: Decimal) -> str:
    """A percentage without needless zeros: ``7``, ``12.5``."""
    return f"{value.normalize():f}" if value else "0"
