"""The facts that operations rest on, as they stand in a plan."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from billtui.domain.models import Invoice, Order, Quote, Ticket, Transfer
from billtui.domain.money import Money
from billtui.domain.periods import format_instant
from billtui.domain.rules.discounts import percent_of
from billtui.services.billed import billed
from billtui.services.plans import OperationKind, cell_key

K = OperationKind
JsonObject = dict[str, JsonValue]


def facts_of_invoice(invoice: Invoice) -> JsonObject:
    """What an operation on an invoice rests on; ``billed`` where its lines are told."""
    lines = billed(invoice)
    return {
        "number": invoice.number.raw,
        "state": str(invoice.state),
        "total": money_fact(invoice.total),
        "combined_from": [one.raw for one in invoice.combined_from],
        "version": invoice.version,
        **({"billed": lines} if lines is not None else {}),
    }


def facts_of_order(order: Order) -> JsonObject:
    """What an operation on an order rests on."""
    return {
        "name": order.name.raw,
        "state": str(order.state),
        "monthly_price": money_fact(order.monthly_price),
        "auto_renew": {"on": order.auto_renew.on, "months": order.auto_renew.months},
        "transfer_id": order.transfer_id.raw if order.transfer_id is not None else None,
        "version": order.version,
    }


def facts_of_pushed(order: Order) -> JsonObject:
    """What a push rests on: what goes along, and what is in its way (TRF-4, TRF-5)."""
    return facts_of_order(order) | {
        "paid_until": format_instant(order.paid_until) if order.paid_until is not None else None,
        "unpaid_invoice_id": order.unpaid_invoice_id.raw if order.unpaid_invoice_id is not None else None,
    }


def facts_of_transfer(transfer: Transfer) -> JsonObject:
    """What a step of a transfer rests on: whose turn it is, which order, who the other side is (TRF-3)."""
    other, addons = transfer.counterparty_account_id, transfer.addons_monthly
    return {
        "state": str(transfer.state),
        "direction": str(transfer.direction),
        "order_id": transfer.order_id.raw,
        "order_name": transfer.order_name.raw,
        "counterparty": transfer.counterparty.raw,
        "counterparty_account_id": other.raw if other is not None else None,
        "monthly_price": money_fact(transfer.monthly_price) if transfer.monthly_price is not None else None,
        "addons_monthly": money_fact(addons) if addons is not None else None,
        "paid_until": format_instant(transfer.paid_until) if transfer.paid_until is not None else None,
    }


def facts_of_quote(quote: Quote, orders: Mapping[str, Order]) -> JsonObject:
    """What a purchase rests on: each order's discounts, amount and present end, and the total (DSC-8)."""
    lines: JsonObject = {}
    for line in quote.lines:
        if line.order_id is None:
            continue
        order = orders.get(line.order_id.raw)
        until = line.paid_until or (order.paid_until if order is not None else None)
        lines[line.order_id.raw] = {
            "title": order.name.raw if order is not None else line.title.raw,
            "discounts": f"{percent_of(line.discounts).normalize():f}",
            "amount": money_fact(line.amount),
            "paid_until": format_instant(until) if until is not None else None,
        }
    return {"lines": lines, "total": money_fact(quote.total)}


def facts_of_plan_change(quote: Quote, order: Order) -> JsonObject:
    """What a change of plan rests on: the amount, the order's end, both plans and their prices (ORD-6, DSC-8)."""
    facts = facts_of_quote(quote, {order.id.raw: order})
    change = next((line.plan_change for line in quote.lines if line.plan_change is not None), None)
    return facts | {
        "plan_change": {
            "old_plan": order.plan.raw if change is None else change.old_plan.raw,
            "old_plan_name": order.plan.raw if change is None else change.old_plan_name.raw,
            "new_plan_name": None if change is None else change.new_plan_name.raw,
            "old_monthly_price": money_fact(order.monthly_price if change is None else change.old_monthly_price),
            "new_monthly_price": None if change is None else money_fact(change.new_monthly_price),
        }
    }


def facts_of_cells(quote: Quote) -> JsonObject:
    """What a purchase of new servers rests on: each cell's number, discounts and amount, and the total (DSC-8).

    ``title`` is what a person calls it, where the panel's ids are numbers (see :func:`cell_words`).

    The names that a quote expects are no facts: they depend on what is named so when it is bought.
    """
    lines: JsonObject = {}
    for line in quote.lines:
        if line.plan is not None and line.location is not None:
            lines[cell_key(line.plan, line.location)] = {
                "title": line.title.raw,
                "quantity": line.quantity,
                "discounts": f"{percent_of(line.discounts).normalize():f}",
                "amount": money_fact(line.amount),
            }
    return {"lines": lines, "total": money_fact(quote.total)}


def money_fact(money: Money) -> JsonObject:
    return {"amount": f"{money.amount:.2f}", "currency": money.currency}


def facts_of_ticket(ticket: Ticket) -> JsonObject:
    """What an operation on a ticket rests on: state, who has it, where it stands, the last message (TKT-5, TKT-9)."""
    last, hold = ticket.last_message_id, ticket.hold_until
    return {
        "number": ticket.number.raw,
        "account_id": ticket.account_id.raw if ticket.account_id is not None else None,
        "state": str(ticket.state),
        "department": ticket.department.raw,
        "priority": str(ticket.priority),
        "assignee": ticket.assignee.raw if ticket.assignee is not None else None,
        "hold_until": format_instant(hold) if hold is not None else None,
        "subject": ticket.subject.raw,
        "last_message_id": last.raw if last is not None else None,
        "merged_into": ticket.merged_into.raw if ticket.merged_into is not None else None,
        "version": ticket.version,
    }
