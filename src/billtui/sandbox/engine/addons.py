"""Quotes of add-ons for orders, and buying them (ORD-5, BLK-6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from billtui.domain.money import Money
from billtui.domain.refusal import RuleBroken
from billtui.domain.rules import quotes as quote_rules
from billtui.domain.rules.addons import AddonOffer, offer_addons
from billtui.sandbox.engine import invoicing, kept_quotes
from billtui.sandbox.engine.facts import lines_of, told_facts
from billtui.sandbox.engine.invoicing import NewLine
from billtui.sandbox.engine.quotes import check_content, check_total, left_out, own_orders
from billtui.sandbox.engine.rows import OrderRow
from billtui.sandbox.engine.shop import read_addons
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.views import invoice_json, quote_line_json
from billtui.sandbox.engine.wire import InvoiceJSON, cents_of, instant_json, instant_of, money_json
from billtui.sandbox.engine.wire_quotes import QuoteJSON


def quote_addons(tx: Tx, account_id: int, order_ids: Sequence[str], addons: Sequence[str]) -> QuoteJSON:
    """What these add-ons cost for each order up to the end of its paid period; who is left out, and why (ORD-5).

    Raises ``InvalidInput`` for an add-on that does not exist, ``RuleBroken`` for more than 1,000 orders (BLK-7).
    """
    wanted = list(dict.fromkeys(order_ids))
    too_many = quote_rules.bulk_refusal(len(wanted), tx.policy)
    if too_many is not None:
        raise RuleBroken(too_many)
    found = own_orders(tx, account_id, wanted)
    offer = _offer(tx, account_id, found, addons, tx.at)
    fingerprint = _fingerprint(offer, addons)
    priced_at = kept_quotes.priced_before(tx, account_id, "addon", fingerprint)
    if priced_at != tx.at:
        offer = _offer(tx, account_id, found, addons, priced_at)
    request = {"lines": _content(offer), "addons": list(addons), "priced_at": priced_at}
    quote_id, expires = kept_quotes.keep(tx, account_id, "addon", request, offer.total, fingerprint)
    return {
        "id": quote_id,
        "kind": "addon",
        "period": None,
        "lines": [quote_line_json(line, "addon", found[str(line.order_id)]) for line in offer.lines],
        "total": money_json(cents_of(offer.total), offer.total.currency),
        "excluded": left_out(wanted, found, dict(offer.excluded)),
        "promo_code": None,
        "promo": None,
        "expires_at": instant_json(expires),
    }


def buy_addons(tx: Tx, account_id: int, quote_id: str, expected_total: Money | None = None) -> InvoiceJSON:
    """Buy quoted add-ons: a line for each order on one invoice, or nothing at all; paying it adds them (ORD-5, BLK-6).

    The remaining period counts from the quote, so waiting changes no price. Raises ``NotFound``, ``RuleBroken`` (an
    order can no longer have them), ``PriceChanged``.
    """
    quote = kept_quotes.to_buy(tx, account_id, quote_id, "addon")
    quoted = quote.request["lines"]
    found = own_orders(tx, account_id, [order_id for order_id, _cents, _end in quoted])
    offer = _offer(tx, account_id, found, quote.request["addons"], quote.request["priced_at"])
    for _order_id, why in offer.excluded:
        raise RuleBroken(why)
    check_total(expected_total, quote.total_cents, offer.total)
    check_content(quoted, _content(offer), offer.total)
    invoice = invoicing.issue(tx, account_id, "addon", [NewLine.of(line, "addon") for line in offer.lines])
    kept_quotes.bought(tx, quote, invoice.id)
    return invoice_json(tx, invoice, lines_of(tx, invoice.id))


def _fingerprint(offer: AddonOffer, addons: Sequence[str]) -> str:
    """Which add-ons for which orders."""
    what = [sorted(str(line.order_id) for line in offer.lines), sorted(set(addons))]
    return hashlib.sha256(json.dumps(what).encode()).hexdigest()


def _content(offer: AddonOffer) -> list[list[Any]]:
    """What a quote of add-ons is bound to: orders, amounts and the ends up to which they count (DSC-8)."""
    return [[line.order_id, cents_of(line.total), str(line.paid_until)] for line in offer.lines]


def _offer(tx: Tx, account_id: int, found: dict[str, OrderRow], addons: Sequence[str], priced_at: int) -> AddonOffer:
    return offer_addons(
        [told_facts(tx, row) for row in found.values()],
        read_addons(tx, addons),
        tx.accounts.need(account_id).currency,
        tx.now,
        priced_at=instant_of(priced_at),
        policy=tx.policy,
    )
