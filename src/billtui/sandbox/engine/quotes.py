"""Quotes of renewals, and buying them (REN-1, BLK-4…7, DSC-6, DSC-8)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from billtui.domain.money import Money
from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import quotes as quote_rules
from billtui.domain.rules.discounts import PricedLine
from billtui.domain.rules.facts import OrderFacts
from billtui.domain.rules.promo import PromoFacts, is_used, promo_refusal, renewal_discounts, targets_of
from billtui.domain.rules.quotes import RenewalOffer
from billtui.domain.rules.renewal import period_refusal, renewal_refusal
from billtui.sandbox.engine import invoicing, kept_quotes, promos
from billtui.sandbox.engine.errors import InvalidInput, NotFound, PriceChanged
from billtui.sandbox.engine.facts import lines_of, told_facts
from billtui.sandbox.engine.invoicing import NewLine
from billtui.sandbox.engine.kept_quotes import exclusion
from billtui.sandbox.engine.reading import row_id
from billtui.sandbox.engine.rows import OrderRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.views import invoice_json, quote_line_json
from billtui.sandbox.engine.wire import InvoiceJSON, cents_of, instant_json, money_json, money_of
from billtui.sandbox.engine.wire_quotes import ExclusionJSON, QuoteJSON


def quote_renewal(
    tx: Tx, account_id: int, order_ids: Sequence[str], period: int, promo_code: str | None = None
) -> QuoteJSON:
    """What renewing these orders by ``period`` months costs, line by line; what is left out, and why (BLK-5, BLK-6).

    An unknown id is left out as ``not-found``. Raises ``InvalidInput`` for a period that is not sold, a promo code
    that does not exist; ``RuleBroken`` for more than 1,000 (BLK-7), and for a code that is not for this (DSC-6).
    """
    wanted = list(dict.fromkeys(order_ids))
    too_many = quote_rules.bulk_refusal(len(wanted), tx.policy)
    if too_many is not None:
        raise RuleBroken(too_many)
    check_period(tx, period)
    promo = promos.find(tx, account_id, promo_code) if promo_code else None
    found = own_orders(tx, account_id, wanted)
    offer = _offer(tx, account_id, [told_facts(tx, row) for row in found.values()], period, promo)
    request = {
        "lines": [line.order_id for line in offer.lines],
        "period": period,
        "promo_code": None if promo is None else promo.code,
    }
    quote_id, expires = kept_quotes.keep(tx, account_id, "renewal", request, offer.total, _fingerprint(offer))
    return {
        "id": quote_id,
        "kind": "renewal",
        "period": period,
        "lines": [quote_line_json(line, "renewal", found[str(line.order_id)]) for line in offer.lines],
        "total": money_json(cents_of(offer.total), offer.total.currency),
        "excluded": left_out(wanted, found, dict(offer.excluded)),
        "promo_code": None if promo is None else promo.code,
        "promo": None if promo is None else promos.promo_json(promo),
        "expires_at": instant_json(expires),
    }


def renew(tx: Tx, account_id: int, quote_id: str, expected_total: Money | None = None) -> InvoiceJSON:
    """Buy a quoted renewal: every line on one invoice, or nothing at all (BLK-4, BLK-6). Only paying renews (REN-1).

    Everything is priced anew at this moment: another price or another end is ``PriceChanged``; an order that can no
    longer be renewed, or a code that is no longer valid, is refused with its own reason. Raises ``NotFound``,
    ``RuleBroken``, ``PriceChanged``.
    """
    quote = kept_quotes.to_buy(tx, account_id, quote_id, "renewal")
    asked = quote.request
    found = own_orders(tx, account_id, asked["lines"])
    promo = promos.find(tx, account_id, asked["promo_code"]) if asked["promo_code"] else None
    offer = _offer(tx, account_id, [told_facts(tx, row) for row in found.values()], asked["period"], promo)
    for _order_id, why in offer.excluded:
        raise RuleBroken(why)
    check_total(expected_total, quote.total_cents, offer.total)
    check_content(quote.fingerprint, _fingerprint(offer), offer.total)
    invoice = invoicing.issue(tx, account_id, "renewal", [NewLine.of(line, "renewal") for line in offer.lines])
    kept_quotes.bought(tx, quote, invoice.id)
    if promo is not None and is_used(promo, offer.lines):
        promos.use(tx, account_id, promo, invoice)
    return invoice_json(tx, invoice, lines_of(tx, invoice.id))


def check_period(tx: Tx, period: int, field: str = "period") -> None:
    """Raises ``InvalidInput`` for a period that is not sold (REN-3)."""
    unsold = period_refusal(period, tx.policy)
    if unsold is not None:
        raise InvalidInput(unsold.reason, fields={field: unsold.reason})


def check_total(expected: Money | None, quoted_cents: int, actual: Money) -> None:
    """Raises ``PriceChanged`` if it costs something else than was shown, or quoted (DSC-8)."""
    changed = quote_rules.price_refusal(expected, actual) or quote_rules.price_refusal(
        money_of(quoted_cents, actual.currency), actual
    )
    if changed is not None:
        raise PriceChanged(actual, changed.reason)


def check_content(quoted: object, fresh: object, actual: Money) -> None:
    """Raises ``PriceChanged`` if what would be bought is not what was quoted, though the sum is the same (DSC-8)."""
    changed = quote_rules.content_refusal(quoted, fresh, actual)
    if changed is not None:
        raise PriceChanged(actual, changed.reason)


def own_orders(tx: Tx, account_id: int, order_ids: Sequence[str]) -> dict[str, OrderRow]:
    """The account's orders among these ids, by id as it was given, in that order."""
    ids: dict[int, str] = {}
    for order_id in order_ids:
        try:
            ids[row_id(order_id, "order")] = order_id
        except NotFound:
            continue
    return {ids[row.id]: row for row in tx.orders.many(ids) if row.account_id == account_id}


def left_out(wanted: Sequence[str], found: dict[str, OrderRow], refused: dict[str, Refusal]) -> list[ExclusionJSON]:
    """Which of the wanted orders are not in a quote, and why (BLK-5, BLK-6)."""
    excluded: list[ExclusionJSON] = []
    for order_id in wanted:
        if order_id not in found:
            gone = Refusal("not-found", "BLK-6", f"There is no order {order_id[:40]}: leave it out.")
            excluded.append(exclusion(gone, order_id=order_id))
        elif order_id in refused:
            excluded.append(exclusion(refused[order_id], order_id=order_id))
    return excluded


def _offer(
    tx: Tx, account_id: int, orders: Sequence[OrderFacts], period: int, promo: PromoFacts | None
) -> RenewalOffer:
    currency = tx.accounts.need(account_id).currency
    counts = {kind: tx.active_count(account_id, kind) for kind in {order.kind for order in orders}}
    codes = None
    if promo is not None:
        can = [order for order in orders if renewal_refusal(order, tx.now, tx.policy) is None]
        targets = targets_of(can, tx.policy)
        refusal = promo_refusal(promo, period, targets, tx.now, renewal=True, left_out=len(orders) - len(can))
        if refusal is not None:
            raise RuleBroken(refusal)
        codes = renewal_discounts(promo, can, tx.policy)
    return quote_rules.offer_renewal(orders, period, counts, currency, tx.now, codes, tx.policy)


def _fingerprint(offer: RenewalOffer) -> str:
    """What a quote is bound to: its orders, months, amounts and the ends they lead to (DSC-8)."""

    def content(line: PricedLine) -> tuple[object, ...]:
        return line.order_id, line.months, str(line.amount.amount), line.quantity, str(line.new_paid_until)

    return hashlib.sha256(json.dumps([content(line) for line in offer.lines]).encode()).hexdigest()
