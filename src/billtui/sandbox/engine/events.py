"""What time alone does: renews, blocks, deletes, cancels, breaks promises, ends transfers and holds, writes mails."""

from __future__ import annotations

from billtui.domain.rules import invoices as invoice_rules
from billtui.domain.rules import orders as order_rules
from billtui.domain.rules import promise as promise_rules
from billtui.domain.rules import renewal as renewal_rules
from billtui.domain.rules.discounts import loyalty_of
from billtui.sandbox import mail
from billtui.sandbox.engine import handover, invoicing, payments, ticket_states
from billtui.sandbox.engine.facts import invoice_facts, lines_of, order_facts, orders_on, purses_of, take
from billtui.sandbox.engine.rows import InvoiceRow, OrderRow
from billtui.sandbox.engine.schedule import (
    AUTO_RENEWAL,
    BLOCK,
    BROKEN_PROMISE,
    CANCEL,
    DELETE,
    ENDING,
    INVOICES,
    NOTICED_ENDING,
    NOTICED_SOON_DELETED,
    SOON_DELETED,
    TICKETS,
    TRANSFERS,
    WARN_BEFORE_DELETION,
    schedule_invoice,
    schedule_order,
    state_moved,
    table_of,
)
from billtui.sandbox.engine.shop import give_stock_back
from billtui.sandbox.engine.unit import Due, Tx
from billtui.sandbox.engine.wire import instant_json, instant_of


def apply(tx: Tx, due: Due) -> int:
    """Let ``due`` happen, if it still stands; returns 1 if it did."""
    table = table_of(due)
    if tx.standing.get((table, due.row_id)) is not due:
        return 0  # the row has changed since, and what is due for it now stands elsewhere on the agenda
    if table == TRANSFERS:
        handover.expire(tx, tx.transfers.need(due.row_id))
        return 1
    if table == TICKETS:
        ticket_states.wake(tx, tx.tickets.need(due.row_id))
        return 1
    if table == INVOICES:
        invoice = tx.invoices.need(due.row_id)
        if due.rank == BROKEN_PROMISE:
            _break_promise(tx, invoice)
        else:
            _remind(tx, invoice)
        schedule_invoice(tx, invoice)
        return 1
    order = tx.orders.need(due.row_id)
    _ORDER_EVENTS[due.rank](tx, order)
    schedule_order(tx, order)
    return 1


def _break_promise(tx: Tx, invoice: InvoiceRow) -> None:
    """PRM-8: the invoice becomes overdue and its orders are blocked at once."""
    lines = lines_of(tx, invoice.id)
    if not promise_rules.is_missed(invoice_facts(invoice, lines), tx.now):
        return
    deadline = instant_of(invoice.promise_until or tx.at)
    invoice.state = "overdue"
    for payment in tx.payments.where("invoice_id = ?", (invoice.id,)):
        if payment.state == "promised":
            payment.state = "failed"
    for order in orders_on(tx, lines):
        if order.promise_invoice_id != invoice.id:
            continue
        was = order.state
        take(order, promise_rules.broken(order_facts(order), str(invoice.id), deadline))
        state_moved(tx, order, was)
        if order.state == "blocked":
            _tell_blocked(tx, order)
        schedule_order(tx, order)
    subject = f"Invoice {invoice.number} is overdue"
    text = f"The promise to pay invoice {invoice.number} by {instant_json(tx.at)} was not kept. Pay it to go on."
    mail.send(tx, invoice.account_id, "promise-broken", subject, text, invoice_id=invoice.id)


def _remind(tx: Tx, invoice: InvoiceRow) -> None:
    invoice.reminded_at = tx.at
    subject = f"Invoice {invoice.number} is not paid yet"
    text = f"Invoice {invoice.number} ({invoice.title}) is due on {instant_json(invoice.due_at or tx.at)}."
    mail.send(tx, invoice.account_id, "invoice-reminder", subject, text, invoice_id=invoice.id)


def _auto_renew(tx: Tx, order: OrderRow) -> None:
    """REN-4: an invoice, paid from one purse alone, or left unpaid."""
    facts = order_facts(order)
    refusal = renewal_rules.auto_renewal_refusal(facts, tx.now, tx.policy)
    order.auto_checked_for = order.paid_until
    if refusal is not None:
        return
    handover.cancel_for_time(tx, order, "auto-renewal of the server fell due")  # TRF-6
    loyalty = loyalty_of(facts, tx.active_count(order.account_id, order.kind), tx.now, tx.policy)
    line = renewal_rules.price_renewal(facts, order.auto_months, loyalty)
    invoice = invoicing.issue(tx, order.account_id, "renewal", [invoicing.NewLine.of(line, "renewal")])
    account = tx.accounts.need(order.account_id)
    purse = renewal_rules.purse_for(line.total, purses_of(account))
    if purse is not None:
        payments.pay_from_purse(tx, invoice, purse, paid_by="auto-renewal")
        subject = f"“{order.name}” was renewed automatically"
        text = f"Invoice {invoice.number} over {line.total} was paid from the {purse} balance."
    else:
        subject = f"“{order.name}” could not be renewed automatically"
        text = f"No balance alone holds {line.total}. Invoice {invoice.number} stays unpaid: pay it by hand."
    mail.send(tx, order.account_id, "auto-renewal", subject, text, order_id=order.id, invoice_id=invoice.id)


def _block(tx: Tx, order: OrderRow) -> None:
    """ORD-2: the paid period is over."""
    was = order.state
    event = order_rules.next_event(order_facts(order), tx.policy)
    if event is None:
        return
    handover.cancel_for_time(tx, order, "the paid period of the server is over")  # TRF-6
    take(order, order_rules.after_event(order_facts(order), event))
    state_moved(tx, order, was)
    _tell_blocked(tx, order)


def _tell_blocked(tx: Tx, order: OrderRow) -> None:
    subject = f"“{order.name}” is blocked"
    until = instant_json(tx.at + int(tx.policy.deletion_after_block.total_seconds()) * 1_000_000)
    text = f"The paid period of “{order.name}” is over. Renew it before {until}, or it is deleted."
    mail.send(tx, order.account_id, "order-blocked", subject, text, order_id=order.id)


def _gone(tx: Tx, order: OrderRow) -> None:
    """ORD-2, ORD-3: deleted or cancelled, and with it every open invoice that bills it (INV-12)."""
    event = order_rules.next_event(order_facts(order), tx.policy)
    if event is None:
        return
    was = order.state
    open_invoice = order.open_invoice_id
    take(order, order_rules.after_event(order_facts(order), event))
    order.deleted_at = tx.at
    order.power = "stopped"
    state_moved(tx, order, was)
    give_stock_back(tx, (order,))
    invoice = None if open_invoice is None else tx.invoices.need(open_invoice)
    if invoice is not None and invoice_rules.goes_with(invoice_facts(invoice, lines_of(tx, invoice.id)), str(order.id)):
        invoicing.withdraw(tx, invoice)
        subject = f"Invoice {invoice.number} was deleted"
        text = f"Invoice {invoice.number} billed “{order.name}”, which is {order.state}. Nothing is to be paid."
        mail.send(tx, order.account_id, "invoice-deleted", subject, text, order_id=order.id, invoice_id=invoice.id)
    else:
        subject = f"“{order.name}” is {order.state}"
        text = f"“{order.name}” was not paid in time and is {order.state}."
        mail.send(tx, order.account_id, f"order-{order.state}", subject, text, order_id=order.id)


def _tell_ending(tx: Tx, order: OrderRow) -> None:
    order.noticed |= NOTICED_ENDING
    subject = f"The paid period of “{order.name}” ends soon"
    text = f"“{order.name}” is paid until {instant_json(order.paid_until or tx.at)}."
    mail.send(tx, order.account_id, "period-ending", subject, text, order_id=order.id)


def _tell_soon_deleted(tx: Tx, order: OrderRow) -> None:
    order.noticed |= NOTICED_SOON_DELETED
    subject = f"“{order.name}” is deleted in a day"
    text = f"“{order.name}” is blocked and is deleted at {instant_json(tx.at + WARN_BEFORE_DELETION)}. Renew it now."
    mail.send(tx, order.account_id, "order-soon-deleted", subject, text, order_id=order.id)


_ORDER_EVENTS = {
    AUTO_RENEWAL: _auto_renew,
    BLOCK: _block,
    DELETE: _gone,
    CANCEL: _gone,
    ENDING: _tell_ending,
    SOON_DELETED: _tell_soon_deleted,
}
