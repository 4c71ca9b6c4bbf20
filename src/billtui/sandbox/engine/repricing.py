"""A purchase that waits for payment, priced anew: with a promo code, or without some of its servers.

Panels with a basket let people change what they have not paid yet. The invoice of before is deleted and keeps its
number (INV-5, INV-8); the orders that stay keep their ids, and their places in stock.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace

from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import invoices as invoice_rules
from billtui.domain.rules import new_orders as order_rules
from billtui.domain.rules.new_orders import Cell
from billtui.domain.rules.promo import is_used, promo_refusal
from billtui.sandbox.engine import invoicing, promos, quotes
from billtui.sandbox.engine.facts import invoice_facts, lines_of, orders_on
from billtui.sandbox.engine.invoicing import NewLine
from billtui.sandbox.engine.reading import own_invoice
from billtui.sandbox.engine.rows import InvoiceRow, OrderRow
from billtui.sandbox.engine.shop import read_addons, read_shop
from billtui.sandbox.engine.unit import Tx


def reprice(
    tx: Tx, account_id: int, invoice_id: int, promo_code: str | None, without: Collection[int] = ()
) -> InvoiceRow | None:
    """The invoice that takes the place of an unpaid one, without some orders; ``None`` where nothing is left of it.

    An invoice of anything but new servers or renewals only gets smaller by being deleted whole. Raises ``NotFound``,
    ``InvalidInput`` for a code that does not exist, ``RuleBroken`` for one that is not for this, and for an invoice
    that is not unpaid.
    """
    invoice = own_invoice(tx, account_id, str(invoice_id))
    lines = lines_of(tx, invoice.id)
    refusal = invoice_rules.delete_refusal(invoice_facts(invoice, lines))
    if refusal is not None:
        raise RuleBroken(refusal)
    kept = [order for order in orders_on(tx, lines) if order.id not in without]
    months = next((line.months for line in lines if line.months is not None), None)
    if not kept or invoice.kind not in ("new-order", "renewal") or months is None:
        if promo_code:
            text = "A code gives nothing on this: leave it out."
            raise RuleBroken(Refusal("promo-wrong-plan", "DSC-4", text, {"promo_code": promo_code}))
        invoicing.withdraw(tx, invoice)
        tx.flush()
        return None
    if invoice.kind == "renewal":
        invoicing.withdraw(tx, invoice)
        tx.flush()
        quote = quotes.quote_renewal(tx, account_id, [str(order.id) for order in kept], months, promo_code)
        return own_invoice(tx, account_id, quotes.renew(tx, account_id, quote["id"])["id"])
    for order in kept:
        order.open_invoice_id = None  # so that they outlive the invoice
    invoicing.withdraw(tx, invoice)
    tx.flush()
    return _new_servers(tx, account_id, kept, months, promo_code)


def _new_servers(tx: Tx, account_id: int, kept: Sequence[OrderRow], months: int, promo_code: str | None) -> InvoiceRow:
    shop = read_shop(tx)
    addons = read_addons(tx, [addon for addon, _name, _cents in json.loads(kept[0].addons)])
    cells = order_rules.merged(Cell(order.plan, order.location, 1) for order in kept)
    promo = promos.find(tx, account_id, promo_code) if promo_code else None
    if promo is not None:
        refusal = promo_refusal(promo, months, order_rules.targets_of(shop, cells, tx.policy), tx.now)
        if refusal is not None:
            raise RuleBroken(refusal)
    counts = {kind: tx.active_count(account_id, kind) for kind in {order.kind for order in kept}}
    currency = tx.accounts.need(account_id).currency
    offer = order_rules.offer_new(
        shop, cells, months, counts, currency, tx.now, addons=addons, promo=promo, policy=tx.policy
    )
    priced = {(cell.plan, cell.location): line for cell, line in zip(offer.cells, offer.lines, strict=True)}
    lines: list[NewLine] = []
    for order in kept:
        line = priced[order.plan, order.location]
        period = "1 month" if months == 1 else f"{months} months"
        title = f"New server {order.name}, {period}"
        lines.append(NewLine.of(replace(line, order_id=str(order.id), title=title, quantity=1), "new-order"))
    invoice = invoicing.issue(tx, account_id, "new-order", lines)
    tx.flush()
    if promo is not None and is_used(promo, offer.lines):
        promos.use(tx, account_id, promo, invoice)
    return invoice
