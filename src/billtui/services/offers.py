"""Purchases of any size, priced: split into requests of at most 1,000 servers, each with its quote (BLK-7)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from billtui.client.errors import Refused
from billtui.domain.models import (
    AddonRequest,
    Exclusion,
    OrderCell,
    OrderRequest,
    Quote,
    QuoteLine,
    RenewalRequest,
    StockItem,
)
from billtui.domain.money import Money
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.rules.quotes import requests_of
from billtui.domain.safetext import SafeText
from billtui.services.planner import split_cells
from billtui.services.plans import cell_key

if TYPE_CHECKING:
    from billtui.services.session_settings import Catalogue

R = TypeVar("R", OrderRequest, RenewalRequest, AddonRequest)
C = TypeVar("C", OrderRequest, RenewalRequest)


@dataclass(frozen=True, slots=True)
class Offer(Generic[R]):
    """A purchase as it would be made: one request and one quote for each 1,000 servers, belonging together in order.

    Hand ``quotes`` and ``requests`` to ``planner.buy``, ``planner.renew_many`` or ``planner.addons``. There is always
    at least one quote; where everything is left out it has no lines.
    """

    requests: tuple[R, ...]
    """What is asked for; of new servers always cells, never "all locations"."""
    quotes: tuple[Quote, ...]

    @property
    def lines(self) -> list[QuoteLine]:
        """All lines. A plan and location that is cut between two requests has a line in each."""
        return [line for quote in self.quotes for line in quote.lines]

    @property
    def excluded(self) -> list[Exclusion]:
        """All that is left out, with the reasons (BLK-2, BLK-6)."""
        return [one for quote in self.quotes for one in quote.excluded]

    @property
    def total(self) -> Money:
        """What all requests cost together."""
        return Money.total((quote.total for quote in self.quotes), self.quotes[0].total.currency)

    @property
    def count(self) -> int:
        """How many servers are in."""
        return sum(line.quantity for line in self.lines)

    @property
    def expires_at(self) -> datetime:
        """Until when every price holds (DSC-8)."""
        return min(quote.expires_at for quote in self.quotes)


class AsksForPrices(Protocol):
    """The questions that an offer is made of. Each raises ClientError."""

    async def quote_order(self, request: OrderRequest) -> Quote:
        """The price of new servers."""
        ...

    async def quote_renewal(self, order_ids: Sequence[str], period: int, promo_code: str | None) -> Quote:
        """The price of a renewal."""
        ...

    async def quote_addons(self, request: AddonRequest) -> Quote:
        """The price of add-ons."""
        ...

    async def stock(self) -> list[StockItem]:
        """What is in stock now."""
        ...

    async def catalogue(self) -> Catalogue:
        """What is sold where."""
        ...


async def offer_order(
    panel: AsksForPrices, request: OrderRequest, policy: Policy = DEFAULT_POLICY
) -> Offer[OrderRequest]:
    """New servers of any number, priced. Raises ClientError, as for a code that is not valid (DSC-6).

    "All locations" become cells here. Where several requests are needed, what one of them leaves out is left out of
    all, and the rest is split and priced anew: each price is of exactly what is bought.
    """
    cells = list(request.cells)
    if request.all_locations:
        quantity, plan = request.quantity or 1, request.plan or SafeText("")
        places = [one.id for one in (await panel.catalogue()).locations]
        if quantity * len(places) <= policy.bulk_limit:
            quote = await panel.quote_order(request)
            return Offer((_resolved(request, quote),), (quote,))
        cells = [OrderCell(plan=plan, location=one, quantity=quantity) for one in places]
    excluded: list[Exclusion] = []
    if any(one.quantity > policy.bulk_limit for one in cells):
        # What is cut in any case is looked up first: a slip of the finger is not a million requests for prices.
        excluded = _short([one for one in _whole(cells) if one.quantity > policy.bulk_limit], await panel.stock())
    while True:
        gone = {_key(one) for one in excluded}
        left = [one for one in cells if cell_key(one.plan, one.location) not in gone]
        if not left:
            one = _of_cells(request, [cells[0].model_copy(update={"quantity": 1})])
            requests = [one.model_copy(update={"promo_code": None})]  # one alone may be too few for the code
            asked = await panel.quote_order(requests[0])
            nothing = Money.total((), asked.total.currency)
            quotes = [asked.model_copy(update={"lines": [], "total": nothing, "excluded": []})]
            break
        parts = split_cells(left, policy.bulk_limit, policy=policy)
        requests, quotes = await _priced([_of_cells(request, part) for part in parts], panel.quote_order)
        if len(requests) == 1:
            break
        found = [one for quote in quotes for one in quote.excluded]
        found += _short(_cut(parts), await panel.stock(), found)
        if not found:
            break
        if {cell_key(one.plan, one.location) for one in left}.isdisjoint(map(_key, found)):
            break  # it tells of what was not asked for: asking once more would change nothing
        excluded += _each_once(found)
    quotes[0] = quotes[0].model_copy(update={"excluded": [*excluded, *quotes[0].excluded]})
    both = zip(requests, quotes, strict=True)
    return Offer(tuple(_resolved(one, quote) for one, quote in both), tuple(quotes))


async def offer_renewal(
    panel: AsksForPrices,
    order_ids: Sequence[str],
    period: int,
    promo_code: str | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> Offer[RenewalRequest]:
    """A renewal of any number of orders, each once, priced. Raises ClientError."""
    code = SafeText(promo_code) if promo_code else None
    requests = [
        RenewalRequest(order_ids=part, period=period, promo_code=code) for part in _parts(order_ids, policy)
    ]  # fmt: skip

    async def ask(request: RenewalRequest) -> Quote:
        return await panel.quote_renewal([one.raw for one in request.order_ids], period, request.promo_code)

    priced, quotes = await _priced(requests, ask)
    return Offer(tuple(priced), tuple(quotes))


async def offer_addons(
    panel: AsksForPrices, order_ids: Sequence[str], addons: Sequence[str], policy: Policy = DEFAULT_POLICY
) -> Offer[AddonRequest]:
    """Add-ons for any number of orders, each once, priced (ORD-5). Raises ClientError."""
    wanted = [SafeText(one) for one in dict.fromkeys(addons)]
    requests = [AddonRequest(order_ids=part, addons=wanted) for part in _parts(order_ids, policy)]
    quotes = await asyncio.gather(*(panel.quote_addons(one) for one in requests))
    return Offer(tuple(requests), tuple(quotes))


def _parts(order_ids: Sequence[str], policy: Policy) -> list[list[SafeText]]:
    ids = list({one.raw: one for one in map(SafeText, order_ids)}.values())
    return [list(part) for part in requests_of(ids, policy)] or [[]]


async def _priced(requests: list[C], ask: Callable[[C], Awaitable[Quote]]) -> tuple[list[C], list[Quote]]:
    """Each request with its quote; a promo code only where it will hold.

    Each purchase takes one use of a code (DSC-6), so with one use left the first request alone can have it. A request
    whose own terms it misses (a minimum quantity) is priced without it. The first one says why a code does not work.
    """
    first = await ask(requests[0])
    code, terms = requests[0].promo_code, first.promo
    uses = terms.uses_left if terms is not None and code else None
    rest = [
        one if uses is None or number < uses else one.model_copy(update={"promo_code": None})
        for number, one in enumerate(requests[1:], start=1)
    ]

    async def with_or_without(request: C) -> tuple[C, Quote]:
        try:
            return request, await ask(request)
        except Refused as error:
            about_code = error.rule == "DSC-6" or error.code.startswith("promo-")
            if not request.promo_code or not about_code:
                raise
        plain = request.model_copy(update={"promo_code": None})
        return plain, await ask(plain)

    pairs: list[tuple[C, Quote]] = [(requests[0], first)]
    pairs += await asyncio.gather(*map(with_or_without, rest))
    return [request for request, _ in pairs], [quote for _, quote in pairs]


def _resolved(request: OrderRequest, quote: Quote) -> OrderRequest:
    """What is in: the cells of the quote's lines, as a plan holds them."""
    cells = [
        OrderCell(plan=line.plan, location=line.location, quantity=line.quantity)
        for line in quote.lines
        if line.plan is not None and line.location is not None
    ]
    return _of_cells(request, cells)


def _of_cells(request: OrderRequest, cells: list[OrderCell]) -> OrderRequest:
    return request.model_copy(update={"cells": cells, "plan": None, "quantity": None, "all_locations": False})


def _whole(cells: Iterable[OrderCell]) -> list[OrderCell]:
    """Each plan and location once, with all that is wanted of it."""
    wanted: Counter[str] = Counter()
    first: dict[str, OrderCell] = {}
    for cell in cells:
        key = cell_key(cell.plan, cell.location)
        wanted[key] += cell.quantity
        first.setdefault(key, cell)
    return [cell.model_copy(update={"quantity": wanted[key]}) for key, cell in first.items()]


def _cut(parts: Sequence[Sequence[OrderCell]]) -> list[OrderCell]:
    """The cells that are cut between requests, whole: each request by itself would find enough in stock."""
    every = [cell for part in parts for cell in part]
    often = Counter(cell_key(cell.plan, cell.location) for cell in every)
    return [one for one in _whole(every) if often[cell_key(one.plan, one.location)] > 1]


def _short(cells: Iterable[OrderCell], stock: Iterable[StockItem], known: Sequence[Exclusion] = ()) -> list[Exclusion]:
    """Those of ``cells`` that are more than there are in stock, without those that are ``known`` to be left out."""
    left_out = {_key(one) for one in known}
    held = {cell_key(one.plan, one.location): one.available for one in stock}
    keyed = [(cell_key(cell.plan, cell.location), cell) for cell in cells]
    return [
        Exclusion(
            plan=cell.plan,
            location=cell.location,
            code=SafeText("out-of-stock"),
            rule=SafeText("BLK-2"),
            reason=SafeText(f"Only {held[key]:,} of {cell.quantity:,} are in stock: take {held[key]:,} or fewer."),
            related={SafeText("available"): SafeText(str(held[key]))},
        )
        for key, cell in keyed
        if key not in left_out and held.get(key, cell.quantity) < cell.quantity
    ]


def _key(one: Exclusion) -> str:
    return cell_key(one.plan or "", one.location or "")


def _each_once(found: Iterable[Exclusion]) -> list[Exclusion]:
    return list({_key(one): one for one in found}.values())
