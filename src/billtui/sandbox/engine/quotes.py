"""Quotes of renewals, and buying them (REN-1, BLK-4…7, DSC-8)."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence

from billtui.domain.money import Money
from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import quotes as quote_rules
from billtui.domain.rules.discounts import PricedLine
from billtui.domain.rules.facts import OrderFacts
from billtui.domain.rules.quotes import RenewalOffer
from billtui.domain.rules.renewal import period_refusal
from billtui.sandbox.engine import invoicing
from billtui.sandbox.engine.errors import InvalidInput, NotFound, PriceChanged
from billtui.sandbox.engine.facts import lines_of, order_facts
from billtui.sandbox.engine.invoicing import NewLine
from billtui.sandbox.engine.reading import row_id
from billtui.sandbox.engine.rows import OrderRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.views import addon_parts_json, discounts_json, invoice_json
from billtui.sandbox.engine.wire import (
    DAY,
    ExclusionJSON,
    InvoiceJSON,
    QuoteJSON,
    QuoteLineJSON,
    cents_of,
    instant_json,
    instant_json_or_none,
    instant_of,
    micros,
    money_json,
    money_of,
)

_KEEP = DAY
"""A quote is forgotten this long after it expired."""


def quote_renewal(
    tx: Tx, account_id: int, order_ids: Sequence[str], period: int, promo_code: str | None = None
) -> QuoteJSON:
    """What renewing these orders by ``period`` months costs, line by line; what is left out, and why (BLK-5, BLK-6).

    An unknown id is left out as ``not-found``. Raises ``InvalidInput`` for a period that is not sold, a promo code
    that does not exist; ``RuleBroken`` for more than 1,000 (BLK-7).
    """
    wanted = list(dict.fromkeys(order_ids))
    for refusal in (quote_rules.bulk_refusal(len(wanted), tx.policy),):
        if refusal is not None:
            raise RuleBroken(refusal)
    unsold = period_refusal(period, tx.policy)
    if unsold is not None:
        raise InvalidInput(unsold.reason, fields={"period": unsold.reason})
    if promo_code:
        detail = f"There is no promo code “{promo_code[:40]}”"
        raise InvalidInput(detail, fields={"promo_code": detail})
    found = _own(tx, account_id, wanted)
    offer = _offer(tx, account_id, [order_facts(row) for row in found.values()], period)
    refused = dict(offer.excluded)
    excluded: list[ExclusionJSON] = []
    for order_id in wanted:
        if order_id not in found:
            gone = Refusal("not-found", "BLK-6", f"There is no order {order_id[:40]}: leave it out.")
            excluded.append(_exclusion(order_id, gone))
        elif order_id in refused:
            excluded.append(_exclusion(order_id, refused[order_id]))
    quote_id = secrets.token_urlsafe(12)
    expires = micros(quote_rules.quote_expires_at(tx.now, tx.policy))
    tx.conn.exec_driver_sql("DELETE FROM quotes WHERE expires_at < ?", (tx.at - _KEEP,))
    tx.conn.exec_driver_sql(
        "INSERT INTO quotes (id, account_id, kind, request, fingerprint, total_cents, created_at, expires_at)"
        " VALUES (?, ?, 'renewal', ?, ?, ?, ?, ?)",
        (
            quote_id,
            account_id,
            json.dumps({"order_ids": [line.order_id for line in offer.lines], "period": period}),
            _fingerprint(offer),
            cents_of(offer.total),
            tx.at,
            expires,
        ),
    )
    return {
        "id": quote_id,
        "kind": "renewal",
        "period": period,
        "lines": [_line_json(line, found[str(line.order_id)]) for line in offer.lines],
        "total": money_json(cents_of(offer.total), offer.total.currency),
        "excluded": excluded,
        "promo_code": None,
        "promo": None,
        "expires_at": instant_json(expires),
    }


def renew(tx: Tx, account_id: int, quote_id: str, expected_total: Money | None = None) -> InvoiceJSON:
    """Buy a quoted renewal: every line on one invoice, or nothing at all (BLK-4, BLK-6). Only paying renews (REN-1).

    Everything is priced anew at this moment: another price or another end is ``PriceChanged``, an order that can no
    longer be renewed is refused with its own reason. Raises ``NotFound``, ``RuleBroken``, ``PriceChanged``.
    """
    if not quote_id.isascii():
        raise NotFound("quote", "of that id")
    kept = tx.conn.exec_driver_sql(
        "SELECT request, fingerprint, total_cents, expires_at, invoice_id FROM quotes"
        " WHERE id = ? AND account_id = ? AND kind = 'renewal'",
        (quote_id, account_id),
    ).one_or_none()
    if kept is None:
        raise NotFound("quote", quote_id)
    request, fingerprint, total_cents, expires_at, invoice_id = kept
    if invoice_id is not None:
        reason = f"This quote was bought already: invoice {invoice_id} is its invoice."
        raise RuleBroken(Refusal("quote-used", "DSC-8", reason, {"invoice_id": str(invoice_id)}))
    asked = json.loads(request)
    refusal = quote_rules.quote_refusal(quote_id, instant_of(expires_at), len(asked["order_ids"]), tx.now)
    if refusal is not None:
        raise RuleBroken(refusal)
    found = _own(tx, account_id, asked["order_ids"])
    offer = _offer(tx, account_id, [order_facts(row) for row in found.values()], asked["period"])
    for _order_id, why in offer.excluded:
        raise RuleBroken(why)
    changed = quote_rules.price_refusal(expected_total, offer.total) or quote_rules.price_refusal(
        money_of(total_cents, offer.total.currency), offer.total
    )
    if changed is not None or fingerprint != _fingerprint(offer):
        raise PriceChanged(offer.total, "" if changed is None else changed.reason)
    invoice = invoicing.issue(tx, account_id, "renewal", [NewLine.of(line, "renewal") for line in offer.lines])
    tx.flush()
    tx.conn.exec_driver_sql("UPDATE quotes SET invoice_id = ? WHERE id = ?", (invoice.id, quote_id))
    return invoice_json(tx, invoice, lines_of(tx, invoice.id))


def _own(tx: Tx, account_id: int, order_ids: Sequence[str]) -> dict[str, OrderRow]:
    """The account's orders among these ids, by id as it was given, in that order."""
    ids: dict[int, str] = {}
    for order_id in order_ids:
        try:
            ids[row_id(order_id, "order")] = order_id
        except NotFound:
            continue
    return {ids[row.id]: row for row in tx.orders.many(ids) if row.account_id == account_id}


def _offer(tx: Tx, account_id: int, orders: Sequence[OrderFacts], period: int) -> RenewalOffer:
    currency = tx.accounts.need(account_id).currency
    counts = {kind: tx.active_count(account_id, kind) for kind in {order.kind for order in orders}}
    return quote_rules.offer_renewal(orders, period, counts, currency, tx.now, policy=tx.policy)


def _fingerprint(offer: RenewalOffer) -> str:
    """What a quote is bound to: its orders, months, amounts and the ends they lead to (DSC-8)."""
    content = [
        (line.order_id, line.months, str(line.amount.amount), line.quantity, str(line.new_paid_until))
        for line in offer.lines
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _exclusion(order_id: str, refusal: Refusal) -> ExclusionJSON:
    return {
        "order_id": order_id,
        "code": refusal.code,
        "rule": refusal.rule,
        "reason": refusal.reason,
        "related": dict(refusal.related),
        "available_from": None if refusal.available_from is None else instant_json(micros(refusal.available_from)),
    }


def _line_json(line: PricedLine, row: OrderRow) -> QuoteLineJSON:
    currency = line.amount.currency
    return {
        "order_id": str(row.id),
        "kind": "renewal",
        "title": line.title,
        "months": line.months,
        "list_price": money_json(cents_of(line.list_price), currency),
        "discounts": discounts_json(invoicing.discounts_text(line)),
        "addons": addon_parts_json(invoicing.addons_text(line), currency),
        "amount": money_json(cents_of(line.amount), currency),
        "plan": row.plan,
        "location": row.location,
        "quantity": line.quantity,
        "unit_amount": money_json(cents_of(line.amount), currency),
        "names": [],
        "paid_until": instant_json_or_none(row.paid_until),
        "new_paid_until": None if line.new_paid_until is None else instant_json(micros(line.new_paid_until)),
    }
