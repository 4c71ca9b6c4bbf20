"""Paying an invoice, by every method, and what a payment does (INV-3, INV-4, INV-11, PRM)."""

from __future__ import annotations

import json
from dataclasses import replace

from billtui.domain.money import Money
from billtui.domain.refusal import RuleBroken
from billtui.domain.rules import invoices as invoice_rules
from billtui.domain.rules import orders as order_rules
from billtui.domain.rules import promise as promise_rules
from billtui.domain.rules import renewal as renewal_rules
from billtui.domain.rules.facts import EXTERNAL_METHODS, PROMISE, PURSES
from billtui.domain.rules.invoices import Settlement
from billtui.domain.rules.quotes import price_refusal
from billtui.sandbox import mail
from billtui.sandbox.engine import ledger, plan_effects
from billtui.sandbox.engine.addresses import next_address
from billtui.sandbox.engine.errors import InvalidInput, NotFound, PriceChanged
from billtui.sandbox.engine.facts import invoice_facts, lines_of, order_facts, orders_on, purses_of, take
from billtui.sandbox.engine.reading import check_version, own_invoice, row_id
from billtui.sandbox.engine.rows import InvoiceRow, LineRow, PaymentRow, RenewalRow
from billtui.sandbox.engine.schedule import schedule_invoice, schedule_order, state_moved
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.views import invoice_json, payment_json
from billtui.sandbox.engine.wire import (
    PaymentJSON,
    PaymentMethodJSON,
    SettlementJSON,
    instant_json,
    instant_json_or_none,
    micros,
    money_of,
)

PAY_ADDRESS = "https://pay.example"
"""Where the invented provider takes money; nobody answers there."""


def payment_methods(tx: Tx, account_id: int, invoice_id: str) -> list[PaymentMethodJSON]:
    """Every method for this invoice, available or not, with the reason and from when (INV-3, PRM-2). ``NotFound``."""
    invoice = own_invoice(tx, account_id, invoice_id)
    lines = lines_of(tx, invoice.id)
    methods = invoice_rules.payment_methods(
        invoice_facts(invoice, lines),
        [order_facts(order) for order in orders_on(tx, lines)],
        purses_of(tx.accounts.need(account_id)),
        tx.now,
        tx.policy,
    )
    return [
        {
            "method": one.method.raw,
            "title": one.title.raw,
            "available": one.available,
            "code": None if one.code is None else one.code.raw,
            "rule": None if one.rule is None else one.rule.raw,
            "reason": None if one.reason is None else one.reason.raw,
            "available_from": instant_json_or_none(None if one.available_from is None else micros(one.available_from)),
            "deadline": instant_json_or_none(None if one.deadline is None else micros(one.deadline)),
            "related": {key.raw: value.raw for key, value in one.related.items()},
        }
        for one in methods
    ]


def payments_of(tx: Tx, account_id: int, invoice_id: str) -> list[PaymentJSON]:
    """Every payment of an invoice so far, oldest first. Raises ``NotFound``."""
    invoice = own_invoice(tx, account_id, invoice_id)
    tx.flush()
    return [payment_json(row) for row in tx.payments.where("invoice_id = ? ORDER BY id", (invoice.id,))]


def pay(
    tx: Tx,
    account_id: int,
    invoice_id: str,
    method: str,
    expected_total: Money | None = None,
    if_match: int | None = None,
) -> PaymentJSON:
    """Pay an invoice, the whole amount from one method or nothing at all (INV-3, INV-4).

    An external method answers with ``payment_url`` and leaves the invoice as it is; a promise defers it (PRM-1).
    Raises ``NotFound``, ``VersionMismatch``, ``InvalidInput``, ``PriceChanged``, ``RuleBroken``.
    """
    invoice = own_invoice(tx, account_id, invoice_id)
    check_version(invoice, if_match)
    if method not in invoice_rules.METHODS:
        detail = f"A payment method is one of {', '.join(invoice_rules.METHODS)}"
        raise InvalidInput(detail, fields={"method": detail})
    account = tx.accounts.need(account_id)
    lines = lines_of(tx, invoice.id)
    facts = invoice_facts(invoice, lines)
    closed = invoice_rules.state_refusal(facts)
    if closed is not None:
        raise RuleBroken(closed)
    changed = price_refusal(expected_total, facts.total)
    if changed is not None:
        raise PriceChanged(facts.total, changed.reason)
    orders = [order_facts(order) for order in orders_on(tx, lines)]
    refusal = invoice_rules.pay_refusal(facts, method, purses_of(account), orders, tx.now, tx.policy)
    if refusal is not None:
        raise RuleBroken(refusal)
    if method in PURSES:
        payment = pay_from_purse(tx, invoice, method, paid_by=account.login)
    elif method == PROMISE:
        payment = _promise(tx, invoice, lines)
    else:
        payment = start_external(tx, invoice, method)
    tx.flush()
    return payment_json(payment)


def _new_payment(tx: Tx, invoice: InvoiceRow, method: str, state: str) -> PaymentRow:
    return tx.payments.add(
        PaymentRow(
            id=tx.payments.new_id(),
            invoice_id=invoice.id,
            account_id=invoice.account_id,
            method=method,
            state=state,
            cents=invoice.total_cents,
            currency=invoice.currency,
            payment_url=None,
            created_at=tx.at,
            done_at=None,
            promise_until=None,
        )
    )


def start_external(tx: Tx, invoice: InvoiceRow, method: str) -> PaymentRow:
    """An external payment: where to pay; the invoice stays as it is until the provider reports (INV-3)."""
    payment = _new_payment(tx, invoice, method, "pending")
    payment.payment_url = f"{PAY_ADDRESS}/{method}/{payment.id}"
    return payment


def pay_from_purse(tx: Tx, invoice: InvoiceRow, purse: str, *, paid_by: str) -> PaymentRow:
    """Take the whole amount from one purse and let the payment do what it does, all in this transaction (INV-4)."""
    payment = _new_payment(tx, invoice, purse, "done")
    ledger.post(
        tx,
        invoice.account_id,
        "payment",
        {purse: -invoice.total_cents, ledger.REVENUE: invoice.total_cents},
        invoice_id=invoice.id,
        payment_id=payment.id,
        note=invoice.title,
    )
    _paid(tx, invoice, payment, paid_by)
    return payment


def _promise(tx: Tx, invoice: InvoiceRow, lines: list[LineRow]) -> PaymentRow:
    """PRM-1, PRM-3, PRM-5: pay within the days to come; the orders stay or become active meanwhile."""
    deadline = promise_rules.promise_deadline(tx.now, tx.policy)
    payment = _new_payment(tx, invoice, PROMISE, "promised")
    payment.promise_until = invoice.promise_until = micros(deadline)
    invoice.state = "promised"
    for order in orders_on(tx, lines):
        was = order.state
        take(order, promise_rules.promised(order_facts(order), str(invoice.id), deadline))
        state_moved(tx, order, was)
        schedule_order(tx, order)
    schedule_invoice(tx, invoice)
    subject = f"You promised to pay invoice {invoice.number}"
    text = f"Invoice {invoice.number} ({invoice.title}) is to be paid by {instant_json(micros(deadline))}."
    mail.send(tx, invoice.account_id, "promise", subject, text, invoice_id=invoice.id)
    return payment


def _paid(tx: Tx, invoice: InvoiceRow, payment: PaymentRow, paid_by: str) -> None:
    """What a payment does: the invoice is paid, its orders renewed or activated, a top-up credited (INV-4, REN-1)."""
    invoice.state = "paid"
    invoice.paid_at = payment.done_at = tx.at
    invoice.paid_by = paid_by
    invoice.paid_method = payment.method
    if invoice.promise_until is not None:
        tx.flush()
        for other in tx.payments.where("invoice_id = ? AND state = 'promised'", (invoice.id,)):
            other.state = "kept"
    schedule_invoice(tx, invoice)
    for line in lines_of(tx, invoice.id):
        if line.kind == "top-up":
            ledger.post(
                tx,
                invoice.account_id,
                "top-up",
                {ledger.PROVIDER: -line.amount_cents, ledger.INTERNAL: line.amount_cents},
                invoice_id=invoice.id,
                payment_id=payment.id,
                note=line.title,
            )
        elif line.order_id is not None:
            _paid_line(tx, invoice, payment, line, line.order_id)


def _paid_line(tx: Tx, invoice: InvoiceRow, payment: PaymentRow, line: LineRow, order_id: int) -> None:
    order = tx.orders.need(order_id)
    was, old_until = order.state, order.paid_until
    facts = order_facts(order)
    if line.kind == "renewal" and line.months is not None:
        facts = renewal_rules.renewed(facts, line.months, tx.now)
    elif line.kind == "new-order" and line.months is not None and order.state == "pending":
        facts = order_rules.activated(facts, line.months, tx.now)
        order.address = order.address or next_address(tx)
        order.index_text()
    elif order.open_invoice_id == invoice.id:
        facts = replace(facts, open_invoice_id=None)
    take(order, facts)
    if line.kind == "addon":
        bought = [[addon, name, monthly] for addon, name, _cents, monthly in json.loads(line.addons)]
        order.addons = json.dumps([*json.loads(order.addons), *bought])
    if order.paid_until is not None and order.paid_until != old_until:
        order.noticed = 0
        moment = renewal_rules.auto_renews_at(facts, tx.policy)
        # REN-4: the moment of the new period has passed already: this one does not renew by itself.
        order.auto_checked_for = order.paid_until if moment is not None and moment <= tx.now else None
        tx.renewals.add(
            RenewalRow(
                id=tx.renewals.new_id(),
                order_id=order.id,
                invoice_id=invoice.id,
                payment_id=payment.id,
                months=line.months or 0,
                old_until=old_until,
                new_until=order.paid_until,
                at=tx.at,
            )
        )
    if line.plan_change:
        plan_effects.take_effect(tx, order, line, invoice)
    state_moved(tx, order, was)
    schedule_order(tx, order)


def settle(tx: Tx, payment_id: str, event_id: str | None = None) -> SettlementJSON:
    """The external provider reports that a payment arrived (INV-3, INV-11).

    The event counts once: the same ``event_id`` again is ``repeated`` and changes nothing. Money for an invoice that
    is no longer payable is ``credited`` to the internal balance. Raises ``NotFound`` for no external payment.
    """
    payment = tx.payments.get(row_id(payment_id, "payment"))
    if payment is None or payment.method not in EXTERNAL_METHODS:
        raise NotFound("external payment", payment_id)
    event = event_id or f"settled-{payment.id}"
    found = tx.conn.exec_driver_sql("SELECT event_id FROM provider_events WHERE event_id = ?", (event,)).scalars()
    invoice = tx.invoices.need(payment.invoice_id)
    facts = invoice_facts(invoice, lines_of(tx, invoice.id))
    settlement = invoice_rules.settle_external(facts, money_of(payment.cents, payment.currency), event, set(found))
    outcome = "repeated"
    if settlement is not Settlement.COUNTED_BEFORE:
        if settlement is Settlement.PAYS_INVOICE:
            outcome = "paid"
            _settle_invoice(tx, invoice, payment)
        else:
            outcome = "credited"
            _credit(tx, invoice, payment)
        tx.flush()
        tx.conn.exec_driver_sql(
            "INSERT INTO provider_events (event_id, payment_id, at, outcome) VALUES (?, ?, ?, ?)",
            (event, payment.id, tx.at, outcome),
        )
    return {
        "outcome": outcome,
        "payment": payment_json(payment),
        "invoice": invoice_json(tx, invoice, lines_of(tx, invoice.id)),
    }


def _settle_invoice(tx: Tx, invoice: InvoiceRow, payment: PaymentRow) -> None:
    payment.state = "done"
    if invoice.kind != "top-up":
        ledger.post(
            tx,
            invoice.account_id,
            "payment",
            {ledger.PROVIDER: -payment.cents, ledger.REVENUE: payment.cents},
            invoice_id=invoice.id,
            payment_id=payment.id,
            note=invoice.title,
        )
    _paid(tx, invoice, payment, tx.accounts.need(invoice.account_id).login)


def _credit(tx: Tx, invoice: InvoiceRow, payment: PaymentRow) -> None:
    """INV-11: the money is there, the invoice is not payable: it goes to the internal balance, with a notice."""
    if payment.state == "pending":
        payment.state = "credited"
        payment.done_at = tx.at
    amount = money_of(payment.cents, payment.currency)
    ledger.post(
        tx,
        payment.account_id,
        "late-payment",
        {ledger.PROVIDER: -payment.cents, ledger.INTERNAL: payment.cents},
        invoice_id=invoice.id,
        payment_id=payment.id,
        note=f"Payment {payment.id} arrived for invoice {invoice.number}, which is {invoice.state}",
    )
    subject = f"{amount} were credited to your balance"
    text = f"Invoice {invoice.number} is {invoice.state}, so the payment of {amount} went to the internal balance."
    mail.send(tx, payment.account_id, "late-payment", subject, text, invoice_id=invoice.id)
