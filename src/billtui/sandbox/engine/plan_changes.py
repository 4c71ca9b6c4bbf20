"""Quotes of another plan for an order, and buying it (ORD-6)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from billtui.domain.money import Money
from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules.discounts import PricedLine
from billtui.domain.rules.facts import INTERNAL
from billtui.domain.rules.new_orders import Cell
from billtui.domain.rules.plan_changes import ChangeOffer, offer_plan_change
from billtui.sandbox.engine import invoicing, kept_quotes, payments
from billtui.sandbox.engine.errors import InvalidInput, NotFound
from billtui.sandbox.engine.facts import lines_of, told_facts
from billtui.sandbox.engine.invoicing import NewLine, plan_change_text
from billtui.sandbox.engine.quotes import check_content, check_total, left_out, own_orders
from billtui.sandbox.engine.rows import OrderRow
from billtui.sandbox.engine.shop import read_shop, take_stock
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.views import invoice_json, quote_line_json
from billtui.sandbox.engine.wire import InvoiceJSON, cents_of, instant_json, instant_of, money_json
from billtui.sandbox.engine.wire_quotes import QuoteJSON

KIND = "plan-change"
"""Of the invoice and its line (INV-2)."""


def quote_plan_change(tx: Tx, account_id: int, order_id: str, plan: str) -> QuoteJSON:
    """What ``plan`` costs more up to the end of the order's paid period, or why the order cannot have it (ORD-6).

    Raises ``InvalidInput`` for a plan that does not exist.
    """
    found = own_orders(tx, account_id, [order_id])
    shop = read_shop(tx)
    if plan not in shop.plans:
        detail = f"There is no plan “{plan[:40]}”: choose one of {', '.join(shop.plans)}"
        raise InvalidInput(detail, fields={"plan": detail})
    refused: dict[str, Refusal] = {}
    lines: list[PricedLine] = []
    fingerprint, priced_at = "", tx.at
    total = Money.zero(tx.accounts.need(account_id).currency)
    row = found.get(order_id)
    if row is not None:
        fingerprint = hashlib.sha256(json.dumps([order_id, plan]).encode()).hexdigest()
        priced_at = kept_quotes.priced_before(tx, account_id, "plan_change", fingerprint)
        offer = _offer(tx, row, plan, priced_at)
        if offer.refusal is not None:
            refused[str(row.id)] = refused[order_id] = offer.refusal
        if offer.line is not None:
            lines, total = [offer.line], offer.total
    request = {
        "lines": [_content(line) for line in lines],
        "order_id": order_id,
        "plan": plan,
        "priced_at": priced_at,
    }
    quote_id, expires = kept_quotes.keep(tx, account_id, "plan_change", request, total, fingerprint)
    return {
        "id": quote_id,
        "kind": "plan_change",
        "period": None,
        "lines": [quote_line_json(line, KIND, found[order_id]) for line in lines],
        "total": money_json(cents_of(total), total.currency),
        "excluded": left_out([order_id], found, refused),
        "promo_code": None,
        "promo": None,
        "expires_at": instant_json(expires),
    }


def buy_plan_change(tx: Tx, account_id: int, quote_id: str, expected_total: Money | None = None) -> InvoiceJSON:
    """Buy a quoted change of plan: an invoice over the difference; paying it changes the plan (ORD-6).

    A place of the new plan is kept for the order until the invoice is paid or deleted. A plan that is not dearer costs
    nothing and gives nothing back: its invoice over 0.00 is paid at once, and the order has the plan. Raises
    ``NotFound``, ``RuleBroken`` (the order can no longer have it), ``PriceChanged``.
    """
    quote = kept_quotes.to_buy(tx, account_id, quote_id, "plan_change")
    order_id, plan = quote.request["order_id"], quote.request["plan"]
    row = own_orders(tx, account_id, [order_id]).get(order_id)
    if row is None:
        raise NotFound("order", order_id)
    offer = _offer(tx, row, plan, quote.request["priced_at"])
    if offer.refusal is not None or offer.line is None:
        assert offer.refusal is not None
        raise RuleBroken(offer.refusal)
    check_total(expected_total, quote.total_cents, offer.total)
    check_content(quote.request["lines"], [_content(offer.line)], offer.total)
    take_stock(tx, [Cell(plan, row.location, 1)])
    invoice = invoicing.issue(tx, account_id, KIND, [NewLine.of(offer.line, KIND)])
    kept_quotes.bought(tx, quote, invoice.id)
    if invoice.total_cents == 0:
        payments.pay_from_purse(tx, invoice, INTERNAL, paid_by=tx.accounts.need(account_id).login)
        tx.flush()
    return invoice_json(tx, invoice, lines_of(tx, invoice.id))


def _content(line: PricedLine) -> list[Any]:
    """What a quote of a plan change is bound to: order, amount, end, plans and both prices (DSC-8)."""
    return [line.order_id, cents_of(line.total), str(line.paid_until), plan_change_text(line)]


def _offer(tx: Tx, row: OrderRow, plan: str, priced_at: int) -> ChangeOffer:
    return offer_plan_change(
        told_facts(tx, row),
        plan,
        read_shop(tx),
        tx.accounts.need(row.account_id).currency,
        tx.now,
        priced_at=instant_of(priced_at),
        policy=tx.policy,
    )
