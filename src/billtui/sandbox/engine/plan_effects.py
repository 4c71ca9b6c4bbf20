"""What a paid change of plan does: the order has the plan and its price, and a ticket opens by itself (ORD-6)."""

from __future__ import annotations

import json

from billtui.domain.rules.facts import format_when
from billtui.domain.rules.plan_changes import TICKET_DEPARTMENT, TICKET_SUBJECT
from billtui.sandbox.engine import tickets
from billtui.sandbox.engine.rows import InvoiceRow, LineRow, OrderRow
from billtui.sandbox.engine.shop import give_stock_back
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import instant_of, money_of


def take_effect(tx: Tx, order: OrderRow, line: LineRow, invoice: InvoiceRow) -> None:
    """The order has the plan that the line is for, at the price that was quoted (ORD-6, DSC-8).

    The place that it had can be sold again. The ticket names the order and the invoice, the order names the ticket.
    """
    _old, old_name, plan, name, old_cents, cents, *_billed = json.loads(line.plan_change)
    give_stock_back(tx, (order,))
    order.plan, order.monthly_cents = plan, cents
    order.index_text()
    old_price, price = money_of(old_cents, order.currency), money_of(cents, order.currency)
    body = (
        f"The plan of {order.name} ({order.address or 'no address yet'}, {order.location}) changes from {old_name}"
        f" ({old_price} a month) to {name} ({price} a month).\n\n"
        f"Order {order.id}, invoice {invoice.number} over {money_of(invoice.total_cents, invoice.currency)}, paid"
        f" {format_when(instant_of(invoice.paid_at or tx.at))}.\n\n"
        "Please move the server to the new plan. If it has to stop for that, agree on the time here first."
    )
    opened = tickets.open_by_panel(
        tx, order.account_id, TICKET_DEPARTMENT, TICKET_SUBJECT, body, order_id=order.id, invoice_id=invoice.id
    )
    order.plan_change_ticket_id = opened.id
