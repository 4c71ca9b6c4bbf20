"""Quotes of new servers, and buying them: stock, names, orders, invoice and promo code at once (BLK-1…7, DSC-6)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from billtui.domain.money import Money
from billtui.domain.naming import NameSlot, NamingError, expand_names
from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import new_orders as order_rules
from billtui.domain.rules import quotes as quote_rules
from billtui.domain.rules.facts import AddonFacts
from billtui.domain.rules.new_orders import Cell, Choice, NewOffer, Shop
from billtui.domain.rules.promo import PromoFacts, is_used, promo_refusal
from billtui.sandbox.engine import invoicing, kept_quotes, promos
from billtui.sandbox.engine.errors import InvalidInput, PriceChanged
from billtui.sandbox.engine.facts import addons_kept, lines_of
from billtui.sandbox.engine.invoicing import NewLine
from billtui.sandbox.engine.kept_quotes import KeptQuote, exclusion
from billtui.sandbox.engine.quotes import check_period, check_total
from billtui.sandbox.engine.rows import OrderRow
from billtui.sandbox.engine.shop import read_addons, read_shop, take_stock
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.views import OrderItems, invoice_json, new_line_json
from billtui.sandbox.engine.wire import cents_of, instant_json, money_json, money_of
from billtui.sandbox.engine.wire_quotes import BoughtOrdersJSON, QuoteJSON

OWN_PATTERN = "{plan}-{loc}-{n:02}"
"""How servers are called whose buyer wants no names of their own."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to buy: either ``cells``, or ``quantity`` of ``plan`` in every location (BLK-2, BLK-3)."""

    period: int
    cells: tuple[Cell, ...] = ()
    plan: str | None = None
    quantity: int = 1
    addons: tuple[str, ...] = ()
    names: str | None = None
    auto_on: bool = False
    auto_months: int = 1
    promo_code: str | None = None


def quote_order(tx: Tx, account_id: int, wish: Wish) -> QuoteJSON:
    """What new servers cost, a line for each plan and location; what is left out, and why (BLK-1 to BLK-6).

    Raises ``InvalidInput`` for a period, plan, add-on or code that does not exist and for names that cannot be;
    ``RuleBroken`` for more than 1,000 servers (BLK-7), and for a code that is not for this (DSC-6).
    """
    check_period(tx, wish.period)
    check_period(tx, wish.auto_months, "auto_renew.months")
    shop, addons = read_shop(tx), read_addons(tx, wish.addons)
    choice = _choice(tx, shop, wish, addons)
    promo = None if not wish.promo_code else promos.find(tx, account_id, wish.promo_code)
    offer = _offer(tx, account_id, shop, choice, wish.period, addons, promo)
    try:
        names = _names(tx, account_id, choice.kept, wish.names)
    except NamingError as error:
        raise InvalidInput(str(error), fields={"names": str(error)}) from error
    request: dict[str, Any] = {
        "lines": [
            [cell.plan, cell.location, cell.quantity, cents_of(line.total), named]
            for cell, line, named in zip(offer.cells, offer.lines, names, strict=True)
        ],
        "period": wish.period,
        "addons": list(wish.addons),
        "names": wish.names,
        "auto": [wish.auto_on, wish.auto_months],
        "promo_code": None if promo is None else promo.code,
    }
    quote_id, expires = kept_quotes.keep(tx, account_id, "order", request, offer.total)
    return {
        "id": quote_id,
        "kind": "order",
        "period": wish.period,
        "lines": [
            new_line_json(cell, line, named) for cell, line, named in zip(offer.cells, offer.lines, names, strict=True)
        ],
        "total": money_json(cents_of(offer.total), offer.total.currency),
        "excluded": [exclusion(why, plan=cell.plan, location=cell.location) for cell, why in choice.excluded],
        "promo_code": None if promo is None else promo.code,
        "promo": None if promo is None else promos.promo_json(promo),
        "expires_at": instant_json(expires),
    }


def _choice(tx: Tx, shop: Shop, wish: Wish, addons: Sequence[AddonFacts]) -> Choice:
    """What of the wish can be had; a thousand at most, counted as asked, or of ``plan`` as it can be had (BLK-7)."""
    if wish.plan is None:
        asked = sum(cell.quantity for cell in wish.cells)
        choice = order_rules.choose(shop, wish.cells, addons) if asked <= tx.policy.bulk_limit else None
    elif wish.plan not in shop.plans:
        detail = f"There is no plan “{wish.plan[:40]}”: choose one of the catalogue"
        raise InvalidInput(detail, fields={"plan": detail})
    else:
        choice = order_rules.choose(shop, order_rules.everywhere(shop, wish.plan, wish.quantity), addons)
        asked = choice.count
    too_many = quote_rules.bulk_refusal(asked, tx.policy)
    if too_many is not None or choice is None:
        assert too_many is not None
        raise RuleBroken(too_many)
    return choice


def _offer(
    tx: Tx,
    account_id: int,
    shop: Shop,
    choice: Choice,
    period: int,
    addons: Sequence[AddonFacts],
    promo: PromoFacts | None,
) -> NewOffer:
    """Raises ``RuleBroken`` for a code that is not valid for what can be had."""
    if promo is not None:
        targets = order_rules.targets_of(shop, choice.kept, tx.policy)
        refusal = promo_refusal(promo, period, targets, tx.now, left_out=choice.left_out)
        if refusal is not None:
            raise RuleBroken(refusal)
    counts = {kind: tx.active_count(account_id, kind) for kind in {shop.plans[cell.plan].kind for cell in choice.kept}}
    currency = tx.accounts.need(account_id).currency
    return order_rules.offer_new(
        shop, choice.kept, period, counts, currency, tx.now, addons=addons, promo=promo, policy=tx.policy
    )


def _names(tx: Tx, account_id: int, cells: Sequence[Cell], pattern: str | None) -> list[list[str]]:
    """The names of each cell's servers, by one pattern over all of them. Raises ``NamingError``."""
    wanted = pattern or OWN_PATTERN
    slots = [NameSlot(cell.plan, cell.location) for cell in cells for _ in range(cell.quantity)]
    given = iter(expand_names(wanted, slots, _taken(tx, account_id, wanted)))
    return [list(islice(given, cell.quantity)) for cell in cells]


def _taken(tx: Tx, account_id: int, pattern: str) -> Collection[str]:
    """Names of the account's servers that a name by this pattern could meet: those that begin as it begins."""
    tx.flush()
    start = pattern.partition("{")[0].strip()
    return {
        name
        for (name,) in tx.sql(
            "SELECT name FROM orders WHERE account_id = ? AND name >= ? AND name < ?"
            " AND state NOT IN ('deleted', 'cancelled')",
            (account_id, start, start + "\U0010ffff"),
        )
    }


def buy_orders(tx: Tx, account_id: int, quote_id: str, expected_total: Money | None = None) -> BoughtOrdersJSON:
    """Buy quoted servers: all on one invoice, pending until it is paid, or nothing at all (BLK-1, BLK-6, ORD-1).

    Everything is looked at anew. What changed since the quote is refused with the difference: ``out-of-stock``, the
    condition of the code that fails now, ``price-changed``, ``names-changed``. Raises ``NotFound``, ``RuleBroken``,
    ``PriceChanged``.
    """
    quote = kept_quotes.to_buy(tx, account_id, quote_id, "order")
    asked = quote.request
    shop, addons = read_shop(tx), read_addons(tx, asked["addons"])
    cells = tuple(Cell(plan, location, quantity) for plan, location, quantity, _cents, _names in asked["lines"])
    choice = order_rules.choose(shop, cells, addons)
    for _cell, why in choice.excluded:
        raise RuleBroken(why)
    promo = promos.find(tx, account_id, asked["promo_code"]) if asked["promo_code"] else None
    offer = _offer(tx, account_id, shop, choice, asked["period"], addons, promo)
    names = _unchanged(tx, account_id, quote, offer)
    check_total(expected_total, quote.total_cents, offer.total)
    take_stock(tx, cells)
    orders: list[OrderRow] = []
    lines: list[NewLine] = []
    for cell, line, named in zip(offer.cells, offer.lines, names, strict=True):
        for name in named:
            order = _order(tx, account_id, shop, cell, name, addons, asked["auto"])
            orders.append(order)
            period = "1 month" if line.months == 1 else f"{line.months} months"
            one = replace(line, order_id=str(order.id), title=f"New server {name}, {period}", quantity=1)
            lines.append(NewLine.of(one, "new-order"))
    invoice = invoicing.issue(tx, account_id, "new-order", lines)
    kept_quotes.bought(tx, quote, invoice.id)
    if promo is not None and is_used(promo, offer.lines):
        promos.use(tx, account_id, promo, invoice)
    items = OrderItems(tx)
    return {
        "invoice": invoice_json(tx, invoice, lines_of(tx, invoice.id)),
        "orders": [items.item(order) for order in orders],
    }


def _unchanged(tx: Tx, account_id: int, quote: KeptQuote, offer: NewOffer) -> list[list[str]]:
    """The names, if they and the prices are still as quoted. Raises ``PriceChanged``, ``RuleBroken`` (DSC-8)."""
    try:
        names = _names(tx, account_id, offer.cells, quote.request["names"])
    except NamingError as error:
        raise RuleBroken(Refusal("names-changed", "DSC-8", f"{error}.")) from error
    quoted = [
        (Cell(plan, location, quantity), money_of(cents, offer.total.currency), shown)
        for plan, location, quantity, cents, shown in quote.request["lines"]
    ]
    changed = order_rules.changed_refusal(quoted, offer, names)
    if changed is None:
        return names
    if changed.code == "price-changed":
        raise PriceChanged(offer.total, changed.reason)
    raise RuleBroken(changed)


def _order(
    tx: Tx, account_id: int, shop: Shop, cell: Cell, name: str, addons: Sequence[AddonFacts], auto: tuple[bool, int]
) -> OrderRow:
    plan = shop.plans[cell.plan]
    order = OrderRow(
        id=tx.orders.new_id(),
        account_id=account_id,
        name=name,
        kind=plan.kind,
        plan=plan.id,
        location=cell.location,
        address=None,
        state="pending",
        power="stopped",
        created_at=tx.at,
        paid_until=None,
        in_use_since=None,
        billing_day=1,
        monthly_cents=cents_of(plan.monthly_price),
        currency=plan.monthly_price.currency,
        auto_on=int(auto[0]),
        auto_months=auto[1],
        auto_since=tx.at if auto[0] else None,
        addons=addons_kept(addons),
    )
    order.index_text()
    return tx.orders.add(order)
