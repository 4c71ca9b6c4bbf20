"""Rows as the wire's objects, with every action explained (ORD-7)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from billtui.domain.money import Money
from billtui.domain.policy import Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules import invoices as invoice_rules
from billtui.domain.rules import orders as order_rules
from billtui.domain.rules.discounts import PricedLine, loyalty, percent_of
from billtui.domain.rules.facts import OrderFacts
from billtui.domain.rules.new_orders import Cell
from billtui.sandbox.engine.facts import invoice_facts, order_facts, orders_on, told_facts
from billtui.sandbox.engine.invoicing import addons_text, discounts_text, plan_change_text
from billtui.sandbox.engine.ledger import CLIENT_PURSES, PANEL, counter_kind
from billtui.sandbox.engine.rows import InvoiceRow, LedgerRow, LineRow, OrderRow, PaymentRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import (
    EPOCH,
    ActionJSON,
    AddonPartJSON,
    DiscountJSON,
    InvoiceJSON,
    LedgerLineJSON,
    LineJSON,
    OrderAddonJSON,
    OrderJSON,
    PaymentJSON,
    PlanChangePartJSON,
    cents_of,
    instant_json,
    instant_json_or_none,
    instant_or_none,
    micros,
    money_json,
)
from billtui.sandbox.engine.wire_quotes import QuoteLineJSON


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def explained(actions: Mapping[str, Refusal | None]) -> list[ActionJSON]:
    """Every action, allowed or with the whole reason why not."""
    return [
        {"action": action, "allowed": True}
        if refusal is None
        else {
            "action": action,
            "allowed": False,
            "code": refusal.code,
            "rule": refusal.rule,
            "reason": refusal.reason,
            "related": dict(refusal.related),
            "available_from": None if refusal.available_from is None else instant_json(micros(refusal.available_from)),
        }
        for action, refusal in actions.items()
    ]


def refused(actions: Mapping[str, Refusal | None]) -> list[ActionJSON]:
    """The refused actions only, in short: what items of lists carry."""
    return [
        {"action": action, "code": refusal.code, "related": dict(refusal.related)}
        for action, refusal in actions.items()
        if refusal is not None
    ]


_ORDER, _INVOICE, _TRANSFER = "\0order", "\0invoice", "\0transfer"
"""Stand for the ids in a pattern of refusals; no real id holds a NUL."""
_Pattern = tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]


def _refused_pattern(state: str, on_invoice: bool, in_transfer: bool, own_price: bool, policy: Policy) -> _Pattern:
    """The refused actions of any order in this situation, ids left open."""
    now = EPOCH
    facts = OrderFacts(
        id=_ORDER,
        name="",
        kind="vds",
        state=state,
        paid_until=None if state == "pending" else now + policy.promise_window * 10,
        monthly_price=Money.zero("EUR"),
        open_invoice_id=_INVOICE if on_invoice else None,
        transfer_id=_TRANSFER if in_transfer else None,
        individual_price=own_price,
        created_at=now,
        blocked_at=now if state == "blocked" else None,
    )
    return tuple(
        (action, refusal.code, tuple(refusal.related.items()))
        for action, refusal in order_rules.allowed_actions(facts, now, policy).items()
        if refusal is not None
    )


class OrderItems:
    """Makes the items of a list of orders.

    Once the clock has applied what is due, the refusals of an order depend on its state, its open invoice, its
    transfer, and whether its price is its own: a page of hundreds asks the rules once per situation. A test holds this
    against the rules.
    """

    def __init__(self, tx: Tx) -> None:
        """For one transaction."""
        self._tx = tx
        self._patterns: dict[tuple[str, bool, bool, bool], _Pattern] = {}

    def refused(self, row: OrderRow) -> list[ActionJSON]:
        """The refused actions of one order, in short."""
        own_price = bool(row.individual_price)
        situation = (row.state, row.open_invoice_id is not None, row.transfer_id is not None, own_price)
        pattern = self._patterns.get(situation)
        if pattern is None:
            pattern = self._patterns[situation] = _refused_pattern(*situation, self._tx.policy)
        ids = {_ORDER: str(row.id), _INVOICE: str(row.open_invoice_id), _TRANSFER: str(row.transfer_id)}
        return [
            {"action": action, "code": code, "related": {key: ids.get(value, value) for key, value in related}}
            for action, code, related in pattern
        ]

    def item(self, row: OrderRow) -> OrderJSON:
        """One item."""
        return _order(self._tx, row, self.refused(row))


def order_json(tx: Tx, row: OrderRow) -> OrderJSON:
    """An order in full, every action explained (ORD-7)."""
    facts = told_facts(tx, row)
    return _order(tx, row, explained(order_rules.allowed_actions(facts, tx.now, tx.policy)))


def _percent(tx: Tx, row: OrderRow) -> str:
    """The loyalty of an order in per cent, as ORD-7 shows it."""
    count = tx.active_count(row.account_id, row.kind)
    since = instant_or_none(row.in_use_since)
    discounts = loyalty(row.kind, since, count, tx.now, bool(row.individual_price), tx.policy)
    return format(percent_of(discounts).normalize(), "f")


def _order(tx: Tx, row: OrderRow, actions: list[ActionJSON]) -> OrderJSON:
    return {
        "id": str(row.id),
        "account_id": str(row.account_id),
        "name": row.name,
        "kind": row.kind,
        "plan": row.plan,
        "location": row.location,
        "address": row.address,
        "state": row.state,
        "power": row.power,
        "created_at": instant_json(row.created_at),
        "paid_until": instant_json_or_none(row.paid_until),
        "monthly_price": money_json(row.monthly_cents, row.currency),
        "discount_percent": _percent(tx, row),
        "individual_price": bool(row.individual_price),
        "auto_renew": {"on": bool(row.auto_on), "months": row.auto_months},
        "auto_renew_since": instant_json_or_none(row.auto_since),
        "auto_renew_done_for": instant_json_or_none(row.auto_checked_for),
        "addons": [] if row.addons == "[]" else _addons(row),
        "billing_day": row.billing_day,
        "in_use_since": instant_json_or_none(row.in_use_since),
        "unpaid_invoice_id": _text(row.open_invoice_id),
        "transfer_id": _text(row.transfer_id),
        "plan_change_ticket_id": _text(row.plan_change_ticket_id),
        "blocked_at": instant_json_or_none(row.blocked_at),
        "promise_until": instant_json_or_none(row.promise_until),
        "actions": actions,
        "version": row.version,
    }


def _addons(row: OrderRow) -> list[OrderAddonJSON]:
    return [
        {"id": addon, "name": name, "monthly_price": money_json(cents, row.currency)}
        for addon, name, cents in json.loads(row.addons)
    ]


def line_json(line: LineRow, currency: str) -> LineJSON:
    """A line of an invoice, its discounts by name (DSC-8)."""
    return {
        "order_id": _text(line.order_id),
        "kind": line.kind,
        "title": line.title,
        "months": line.months,
        "list_price": money_json(line.list_cents, currency),
        "discounts": discounts_json(line.discounts),
        "addons": addon_parts_json(line.addons, currency),
        "plan_change": plan_change_json(line.plan_change, currency),
        "amount": money_json(line.amount_cents, currency),
    }


def discounts_json(kept: str) -> list[DiscountJSON]:
    """Discounts as they are kept with a line, as the wire writes them."""
    return [] if kept == "[]" else [{"name": name, "percent": percent} for name, percent in json.loads(kept)]


def addon_parts_json(kept: str, currency: str) -> list[AddonPartJSON]:
    """Add-ons as they are kept with a line, as the wire writes them."""
    if kept == "[]":
        return []
    return [
        {"id": addon, "name": name, "amount": money_json(cents, currency)}
        for addon, name, cents, _monthly in json.loads(kept)
    ]


def plan_change_json(kept: str, currency: str) -> PlanChangePartJSON | None:
    """A change of plan as it is kept with a line, as the wire writes it (ORD-6)."""
    if not kept:
        return None
    old, old_name, new, new_name, old_cents, new_cents, billed_from, billed_until = json.loads(kept)
    return {
        "old_plan": old,
        "old_plan_name": old_name,
        "new_plan": new,
        "new_plan_name": new_name,
        "old_monthly_price": money_json(old_cents, currency),
        "new_monthly_price": money_json(new_cents, currency),
        "billed_from": instant_json(billed_from),
        "billed_until": instant_json(billed_until),
    }


def _quote_line(line: PricedLine, kind: str) -> QuoteLineJSON:
    """A line of a quote: every amount is of the whole line (INV-10)."""
    currency = line.amount.currency
    return {
        "order_id": line.order_id,
        "kind": kind,
        "title": line.title,
        "months": line.months,
        "list_price": money_json(cents_of(line.list_price) * line.quantity, currency),
        "discounts": discounts_json(discounts_text(line)),
        "addons": addon_parts_json(addons_text(line), currency),
        "plan_change": plan_change_json(plan_change_text(line), currency),
        "amount": money_json(cents_of(line.total), currency),
        "plan": None,
        "location": None,
        "quantity": line.quantity,
        "unit_amount": money_json(cents_of(line.amount), currency),
        "names": [],
        "paid_until": None if line.paid_until is None else instant_json(micros(line.paid_until)),
        "new_paid_until": None if line.new_paid_until is None else instant_json(micros(line.new_paid_until)),
    }


def quote_line_json(line: PricedLine, kind: str, order: OrderRow) -> QuoteLineJSON:
    """A line of a quote for an order that there is; of a change of plan, ``plan`` is the new one (ORD-6)."""
    plan = order.plan if line.change is None else line.change.new_plan
    return {**_quote_line(line, kind), "plan": plan, "location": order.location}


def new_line_json(cell: Cell, line: PricedLine, names: list[str]) -> QuoteLineJSON:
    """A line of a quote for new servers (BLK-3)."""
    return {**_quote_line(line, "new-order"), "plan": cell.plan, "location": cell.location, "names": names}


def invoice_actions(tx: Tx, row: InvoiceRow, lines: list[LineRow]) -> dict[str, Refusal | None]:
    """Every action of an invoice, with why not."""
    orders = [order_facts(order) for order in orders_on(tx, lines)] if row.state == "unpaid" else []
    return invoice_rules.invoice_actions(invoice_facts(row, lines), orders, tx.now, tx.policy)


def invoice_json(tx: Tx, row: InvoiceRow, lines: list[LineRow]) -> InvoiceJSON:
    """An invoice in full, with lines and every action explained."""
    invoice = _invoice(row, explained(invoice_actions(tx, row, lines)))
    invoice["lines"] = [line_json(line, row.currency) for line in lines]
    return invoice


def invoice_item(tx: Tx, row: InvoiceRow, lines: list[LineRow]) -> InvoiceJSON:
    """An item of a list of invoices. ``lines`` are looked at only while it is unpaid."""
    return _invoice(row, refused(invoice_actions(tx, row, lines)))


def _invoice(row: InvoiceRow, actions: list[ActionJSON]) -> InvoiceJSON:
    return {
        "id": str(row.id),
        "number": str(row.number),
        "kind": row.kind,
        "state": row.state,
        "issued_at": instant_json(row.issued_at),
        "due_at": instant_json_or_none(row.due_at),
        "paid_at": instant_json_or_none(row.paid_at),
        "paid_by": row.paid_by,
        "paid_method": row.paid_method,
        "total": money_json(row.total_cents, row.currency),
        "line_count": row.line_count,
        "title": row.title,
        "combined_into": _text(row.combined_into),
        "combined_from": [str(part) for part in row.parts],
        "promise_until": instant_json_or_none(row.promise_until),
        "actions": actions,
        "version": row.version,
    }


def payment_json(row: PaymentRow) -> PaymentJSON:
    """A payment."""
    return {
        "id": str(row.id),
        "invoice_id": str(row.invoice_id),
        "method": row.method,
        "state": row.state,
        "amount": money_json(row.cents, row.currency),
        "payment_url": row.payment_url,
        "created_at": instant_json(row.created_at),
        "promise_until": instant_json_or_none(row.promise_until),
    }


def ledger_json(row: LedgerRow) -> LedgerLineJSON:
    """A line of the ledger: a client's purse, or the other side of its entry, which belongs to the panel."""
    own = row.purse in CLIENT_PURSES
    return {
        "id": str(row.id),
        "at": instant_json(row.at),
        "account_id": str(row.account_id) if own else PANEL,
        "purse": row.purse,
        "amount": money_json(row.cents, row.currency),
        "kind": row.kind if own else counter_kind(row.purse, row.kind),
        "invoice_id": _text(row.invoice_id),
        "operation": row.operation,
        "note": row.note,
        "entry": str(row.entry),
    }
