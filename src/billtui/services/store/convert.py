"""From the models of the wire to the rows of the store."""

from __future__ import annotations

from decimal import Decimal

from billtui.domain.models import Invoice, Order, Transfer
from billtui.domain.models.transfers import RUNNING_STATES, TransferState
from billtui.services.store.rows import InvoiceRow, OrderRow, TransferRow, cents, epoch

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


def percent(value: Decimal) -> str:
    """A percentage without needless zeros: ``7``, ``12.5``."""
    return f"{value.normalize():f}" if value else "0"
