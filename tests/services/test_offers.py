"""Purchases of any size, priced: split, what is left out kept, a promo code only where it will hold (BLK-7)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import pytest

from billtui.client.errors import RuleRefused
from billtui.domain.models import AddonRequest, Exclusion, OrderRequest, Problem, PromoTerms, Quote, StockItem
from billtui.domain.models.catalogue import Location
from billtui.domain.policy import Policy
from billtui.services.offers import Offer, offer_addons, offer_order, offer_renewal
from billtui.services.session_settings import Catalogue
from tests.support.money_shop import Shop, euro

T = TypeVar("T")
FEW = Policy(bulk_limit=30)
"""So that a request is full after 30 servers."""
PLACES = ("nl", "de", "us")


class Prices:
    """The money panel's shop, asked directly; notes what is asked."""

    def __init__(self, **stock: int) -> None:
        self.shop = Shop(stock={f"vds-micro@{place}": number for place, number in stock.items()})
        self.asked: list[Any] = []
        self.least = 1

    async def quote_order(self, request: OrderRequest) -> Quote:
        self.asked.append(request)
        body = request.model_dump(mode="json")
        if request.all_locations:
            body["cells"] = [{"plan": body["plan"], "location": one, "quantity": body["quantity"]} for one in PLACES]
        code = body["promo_code"]
        if code is not None and sum(one["quantity"] for one in body["cells"]) < self.least:
            raise refused("promo-too-few", f"The code needs {self.least} servers.")
        priced = self.shop.price_cells(body, running=0)
        if isinstance(priced, tuple):
            raise refused(priced[1], "The code was used.")
        quote = quote_of(priced)
        if code is None:
            return quote
        terms = PromoTerms.model_validate({"code": code, "percent": "10", "uses_left": self.shop.codes[code]})
        return quote.model_copy(update={"promo": terms})

    async def quote_renewal(self, order_ids: Sequence[str], period: int, promo_code: str | None) -> Quote:
        self.asked.append((list(order_ids), promo_code))
        price = euro(self.shop.prices["vds-micro"] * period)
        lines = [{"order_id": one, "title": one, "list_price": price, "amount": price} for one in order_ids]
        return quote_of({"kind": "renewal", "lines": lines, "excluded": []})

    async def quote_addons(self, request: AddonRequest) -> Quote:
        self.asked.append(request)
        orders = {one.raw: {"name": one.raw, "paid_until": "2026-12-24T10:00:00Z"} for one in request.order_ids}
        return quote_of(self.shop.price_addons(request.model_dump(mode="json"), orders))

    async def stock(self) -> list[StockItem]:
        items = [(*key.split("@"), number) for key, number in self.shop.stock.items()]
        return [StockItem.model_validate({"plan": a, "location": b, "available": n}) for a, b, n in items]

    async def catalogue(self) -> Catalogue:
        return Catalogue((), tuple(Location.model_validate({"id": one, "name": one}) for one in PLACES), ())


def refused(code: str, words: str) -> RuleRefused:
    return RuleRefused(words, problem=Problem.model_validate({"code": code, "rule": "DSC-6", "detail": words}))


def quote_of(body: dict[str, Any]) -> Quote:
    total = sum((Decimal(one["amount"]["amount"]) for one in body["lines"]), Decimal(0))
    return Quote.model_validate(body | {"id": "q", "total": euro(total), "expires_at": "2036-01-01T00:00:00Z"})


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def ordering(cells: dict[str, int] | None = None, **more: Any) -> OrderRequest:
    found = [{"plan": "vds-micro", "location": place, "quantity": n} for place, n in (cells or {}).items()]
    return OrderRequest.model_validate({"cells": found, "period": 1} | more)


def shape(offer: Offer[OrderRequest]) -> list[list[tuple[str, int]]]:
    """Location and number of every request."""
    return [[(str(one.location), one.quantity) for one in request.cells] for request in offer.requests]


def left_out(offer: Offer[OrderRequest]) -> list[tuple[str, str]]:
    return [(str(one.location), str(one.code)) for one in offer.excluded]


def test_a_small_purchase_is_one_request(prices: Prices) -> None:
    offer = run(offer_order(prices, ordering({"nl": 3, "us": 2}), FEW))
    assert shape(offer) == [[("nl", 3), ("us", 2)]] and offer.count == 5
    assert len(prices.asked) == 1 and offer.total == offer.quotes[0].total


def test_all_locations_become_cells_and_what_is_left_out_stays(prices: Prices) -> None:
    """BLK-2: asked as "all locations", planned as the cells that are in."""
    prices.shop.stock["vds-micro@de"] = 2
    request = ordering(plan="vds-micro", quantity=3, all_locations=True)
    offer = run(offer_order(prices, request, FEW))
    assert prices.asked[0].all_locations and len(prices.asked) == 1
    assert shape(offer) == [[("nl", 3), ("us", 3)]] and not offer.requests[0].all_locations
    assert left_out(offer) == [("de", "out-of-stock")]


def test_all_locations_beyond_one_request(prices: Prices) -> None:
    """BLK-2, BLK-7: what one request leaves out is left out of all, and the rest is split and priced anew."""
    prices.shop.stock["vds-micro@de"] = 5
    offer = run(offer_order(prices, ordering(plan="vds-micro", quantity=20, all_locations=True), FEW))
    assert shape(offer) == [[("nl", 20), ("us", 10)], [("us", 10)]]
    assert left_out(offer) == [("de", "out-of-stock")] and offer.count == 40
    assert all(len(one.excluded) == (1 if at == 0 else 0) for at, one in enumerate(offer.quotes))


def test_a_cell_cut_in_two_has_to_be_in_stock_as_a_whole(prices: Prices) -> None:
    """BLK-2: each of the requests would find enough by itself."""
    prices.shop.stock["vds-micro@nl"] = 40
    offer = run(offer_order(prices, ordering({"nl": 45, "de": 4}), FEW))
    assert shape(offer) == [[("de", 4)]]
    [one] = offer.excluded
    assert (str(one.code), str(one.rule)) == ("out-of-stock", "BLK-2") and "Only 40 of 45" in one.reason
    prices.shop.stock["vds-micro@nl"] = 45
    assert left_out(run(offer_order(prices, ordering({"nl": 45, "de": 4}), FEW))) == []


def test_everything_left_out_is_a_quote_without_lines(prices: Prices) -> None:
    prices.shop.stock.clear()
    offer = run(offer_order(prices, ordering({"nl": 45, "de": 4}), FEW))
    assert not offer.lines and offer.total.amount == 0 and len(offer.quotes) == 1
    assert sorted(left_out(offer)) == [("de", "out-of-stock"), ("nl", "out-of-stock")]


def test_a_slip_of_the_finger_is_one_question(prices: Prices) -> None:
    """BLK-7: a million million servers are left out by the stock, not cut into requests first."""
    offer = run(offer_order(prices, ordering(plan="vds-micro", quantity=10**12, all_locations=True), FEW))
    assert not offer.lines and offer.total.amount == 0 and len(prices.asked) == 1
    assert sorted(left_out(offer)) == [(place, "out-of-stock") for place in sorted(PLACES)]
    offer = run(offer_order(prices, ordering({"nl": 10**12, "de": 4}, promo_code=None), FEW))
    assert shape(offer) == [[("de", 4)]] and len(prices.asked) == 2


def test_a_code_is_asked_for_as_often_as_it_can_be_used(prices: Prices) -> None:
    """DSC-6: each request takes one use; the third would find it used up, and be dearer than confirmed."""
    prices.shop.codes["TWICE"] = 2
    offer = run(offer_order(prices, ordering({"nl": 80}, promo_code="TWICE"), FEW))
    assert [one.promo_code for one in offer.requests] == ["TWICE", "TWICE", None]
    assert [str(one.lines[0].discounts[0].name) for one in offer.quotes] == ["TWICE", "TWICE", "10 or more services"]


def test_a_request_that_misses_the_codes_terms_is_priced_without_it(prices: Prices) -> None:
    """DSC-6: the minimum quantity is of one purchase; the first request says why a code does not hold at all."""
    prices.shop.codes["MANY"] = 9
    prices.least = 25
    offer = run(offer_order(prices, ordering({"nl": 45}, promo_code="MANY"), FEW))
    assert [one.promo_code for one in offer.requests] == ["MANY", None]
    prices.least = 31
    with pytest.raises(RuleRefused, match="needs 31"):
        run(offer_order(prices, ordering({"nl": 45}, promo_code="MANY"), FEW))


def test_renewals_and_add_ons_of_any_number(prices: Prices) -> None:
    """BLK-7: in their order, each order once."""
    ids = [str(number) for number in range(70)]
    renewal = run(offer_renewal(prices, [*ids, "5"], 1, policy=FEW))
    assert [len(one.order_ids) for one in renewal.requests] == [30, 30, 10]
    assert [one.raw for request in renewal.requests for one in request.order_ids] == ids
    assert renewal.total.amount == Decimal("210.00") and renewal.count == 70
    added = run(offer_addons(prices, ids, ["backup", "backup"], FEW))
    assert [len(one.order_ids) for one in added.requests] == [30, 30, 10]
    assert added.requests[0].addons == ["backup"] and added.total.amount == Decimal("105.00")
    assert run(offer_renewal(prices, [], 1)).lines == []


@pytest.fixture
def prices() -> Prices:
    return Prices(nl=100, de=100, us=100)


def test_what_is_left_out_without_saying_which_is_asked_for_once() -> None:
    """BLK-7: a panel that names no plan and location is not asked for ever."""

    class Vague(Prices):
        async def quote_order(self, request: OrderRequest) -> Quote:
            assert len(self.asked) < 20
            vague = {"code": "out-of-stock", "reason": "Something is sold out."}
            return (await super().quote_order(request)).model_copy(
                update={"excluded": [Exclusion.model_validate(vague)]}
            )

    offer = run(offer_order(Vague(nl=1000, de=1000), ordering({"nl": 20, "de": 20}), FEW))
    assert shape(offer) == [[("nl", 20), ("de", 10)], [("de", 10)]]
    assert {str(one.reason) for one in offer.excluded} == {"Something is sold out."}
