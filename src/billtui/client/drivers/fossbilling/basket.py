"""A purchase: what is put into the cart, and what the cart says that it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.fossbilling import reading
from billtui.client.drivers.fossbilling.lists import key
from billtui.client.drivers.fossbilling.values import Row, made, money_of, period_of
from billtui.client.drivers.sealed import seal, unseal
from billtui.client.errors import InvalidInput
from billtui.domain.models import Discount, Exclusion, OrderCell, OrderRequest, QuoteLine
from billtui.domain.money import CENT, Money, round_money
from billtui.domain.safetext import SafeText

PURCHASE: Final = "fossbilling-order"
MOST_AT_ONCE: Final = 100
"""Servers in one cart: each is put in by a call of its own, so that each becomes an order of its own."""


def mark_of(key: str) -> str:
    """The mark of what the operation with this key buys; it tells nothing but that."""
    return key[:32]


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many servers of one product."""

    product: int
    count: int


@dataclass(frozen=True, slots=True)
class Basket:
    """A purchase: what, for how long, with which promo code."""

    cells: tuple[Wanted, ...]
    months: int
    promo: str | None

    def sealed(self) -> str:
        """As the id of a quote."""
        cells = [[one.product, one.count] for one in self.cells]
        return seal(PURCHASE, {"cells": cells, "months": self.months, "promo": self.promo})

    @classmethod
    def opened(cls, quote_id: str) -> Basket:
        """What a quote was of. Raises ``ConfigurationProblem``."""
        content = unseal(PURCHASE, quote_id)
        cells = tuple(Wanted(int(product), int(count)) for product, count in content["cells"])
        return cls(cells, int(content["months"]), content["promo"])


def basket_of(request: OrderRequest) -> tuple[Basket, list[Exclusion]]:
    """What a request asks for. Raises ``InvalidInput`` for what the panel has no way to be told."""
    if request.addons:
        raise InvalidInput("Add-ons are chosen on the panel's own web pages. Take them out.")
    if request.names:
        raise InvalidInput("This panel names new servers itself. Take the pattern of names out.")
    if request.auto_renew is not None and request.auto_renew.on:
        raise InvalidInput("Auto-renewal is set on the panel's own web pages. Take it out.")
    cells = list(request.cells)
    if request.all_locations:
        plan = request.plan or SafeText("")
        cells = [OrderCell(plan=plan, location=SafeText(reading.PLACE), quantity=request.quantity or 1)]
    excluded = [
        left_out(one.plan.raw, one.location.raw, "unknown-location", "FOSSBilling knows no such location.")
        for one in cells if one.location.raw != reading.PLACE
    ]  # fmt: skip
    good = [one for one in cells if one.location.raw == reading.PLACE]
    if sum(one.quantity for one in good) > MOST_AT_ONCE:
        raise InvalidInput(f"One cart takes at most {MOST_AT_ONCE} servers here. Buy them in several orders.")
    wanted = tuple(Wanted(key(one.plan), one.quantity) for one in good)
    promo = request.promo_code.raw if request.promo_code else None
    return Basket(wanted, request.period, promo), excluded


def left_out(plan: str, location: str, code: str, reason: str) -> Exclusion:
    return made(Exclusion, "excluded", plan=plan, location=location, code=code, reason=reason)


def check_same(row: Row, basket: Basket) -> None:
    """The cart holds what was put in, and nothing else. Raises ``UnreadableAnswer``."""
    found: dict[int, int] = {}
    for item in row.rows("items"):
        product = key(item.id("product_id"))
        if item.text("period") != period_of(basket.months):
            raise UnreadableAnswer("items.period is not what was put in")
        found[product] = found.get(product, 0) + item.whole("quantity", 1)
    wanted: dict[int, int] = {}
    for one in basket.cells:
        wanted[one.product] = wanted.get(one.product, 0) + one.count
    if found != wanted:
        raise UnreadableAnswer("items are not what was put in")


def currency_of(row: Row) -> str:
    return row.row("currency").text("code")


def lines_of(row: Row, basket: Basket, rate: Decimal) -> list[QuoteLine]:
    """A line for each product; together they are what the invoice will come to."""
    currency = currency_of(row)
    whole: dict[str, Decimal] = {}
    off: dict[str, Decimal] = {}
    titles: dict[str, str] = {}
    for item in row.rows("items"):
        product = item.id("product_id")
        titles[product] = item.text("title")
        whole[product] = (
            whole.get(product, Decimal(0)) + item.decimal("total") + item.decimal("setup_price", Decimal(0))
        )
        off[product] = off.get(product, Decimal(0)) + item.decimal("discount", Decimal(0))
    net = round_money(row.decimal("total"))
    if abs(sum(whole.values(), Decimal(0)) - sum(off.values(), Decimal(0)) - net) > CENT:
        raise UnreadableAnswer("total is not the sum of its items")
    shares = _shares({one: whole[one] - off[one] for one in whole}, net)
    gross = _shares(shares, net + round_money(net * rate / 100)) if rate else shares
    counts: dict[str, int] = {}
    for one in basket.cells:
        counts[str(one.product)] = counts.get(str(one.product), 0) + one.count
    promo = row.text("promocode")
    return [
        _line(product, titles[product], counts[product], basket.months, money_of(gross[product], currency, "total"),
              _discount(promo, whole[product], off[product]), gross[product] - shares[product] + whole[product])
        for product in whole
    ]  # fmt: skip


def _shares(parts: Mapping[str, Decimal], total: Decimal) -> dict[str, Decimal]:
    """``parts`` in whole cents that are ``total`` together: the last one takes what rounding leaves."""
    exact = sum(parts.values(), Decimal(0))
    factor = total / exact if exact else Decimal(1)
    found = {name: round_money(part * factor) for name, part in parts.items()}
    rest = total - sum(found.values(), Decimal(0))
    if rest and found:
        found[list(found)[-1]] += rest
    return found


def _discount(promo: str, whole: Decimal, off: Decimal) -> list[Discount]:
    if not off or not whole:
        return []
    percent = (off * 100 / whole).quantize(CENT)
    return [made(Discount, "discount", name=SafeText(promo or "discount"), percent=percent)]


def _line(
    product: str, title: str, count: int, months: int, amount: Money, discounts: list[Discount], list_price: Decimal
) -> QuoteLine:  # fmt: skip
    unit = money_of(amount.amount / count, amount.currency, "price")
    return made(
        QuoteLine, "lines", title=SafeText(title), months=months, plan=product, location=reading.PLACE, quantity=count,
        list_price=money_of(list_price, amount.currency, "price"), discounts=discounts, amount=amount,
        unit_amount=unit if unit * count == amount else None,
    )  # fmt: skip
