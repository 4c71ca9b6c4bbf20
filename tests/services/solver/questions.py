"""Random questions for the solver, and their answers by brute force over the rules of the domain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import Any

from hypothesis import strategies as st

from billtui.domain.models import Discount, PromoTerms
from billtui.domain.periods import PERIODS
from billtui.domain.rules.discounts import loyalty_of
from billtui.domain.rules.facts import OrderFacts
from billtui.domain.rules.renewal import price_renewal, renewed_until
from billtui.domain.safetext import SafeText
from billtui.services.pricing import facts_of
from billtui.services.solver import Question
from billtui.services.store import OrderRow, cents

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def order_row(
    key: str,
    *,
    left: timedelta = 20 * DAY,
    price: int = 990,
    used: timedelta = 100 * DAY,
    addon_prices: tuple[int, ...] = (),
    **more: Any,
) -> OrderRow:
    """An order of 9.90 EUR a month that ends in 20 days and is in use for 100, unless told otherwise."""
    end = NOW + left
    row = OrderRow(
        id=key, name=f"web-{key}", kind="vds", plan="micro", location="nl", address="", state="active", power="on",
        created_at=0, paid_until=int(end.timestamp()), price=price, currency="EUR", discount="0", individual_price=0,
        auto_on=0, auto_months=1, billing_day=end.day, in_use_since=int((NOW - used).timestamp()),
        unpaid_invoice_id=None, transfer_id=None, blocked_at=None, addons=sum(addon_prices),
        addon_prices=" ".join(map(str, addon_prices)), auto_since=None, auto_done_for=None, promise_until=None,
        version=1,
    )  # fmt: skip
    if left <= timedelta(0):
        row = row._replace(state="blocked", blocked_at=int(end.timestamp()))
    return row._replace(**more)


def promo(code: str, percent: str, **more: Any) -> PromoTerms:
    """A code for renewals."""
    return PromoTerms(code=SafeText(code), percent=Decimal(percent), renewals=True, **more)


@st.composite
def rows(draw: st.DrawFn, most: int) -> list[OrderRow]:
    """Orders near and far from their ends, some blocked, some with add-ons, individual prices or equal to others."""
    count = draw(st.integers(1, most))
    kinds = [
        order_row(
            "x",
            left=timedelta(hours=draw(st.integers(-5 * 24, 40 * 24))),
            price=draw(st.sampled_from([333, 590, 990, 1899])),
            used=timedelta(hours=draw(st.integers(0, 1200 * 24))),
            addon_prices=draw(st.sampled_from([(), (), (200,), (200, 345)])),
            plan=draw(st.sampled_from(["micro", "small"])),
            individual_price=int(draw(st.integers(0, 9)) == 0),
            auto_on=draw(st.integers(0, 1)),
        )
        for _ in range(draw(st.integers(1, count)))
    ]
    return [draw(st.sampled_from(kinds))._replace(id=str(place), name=f"web-{place}") for place in range(count)]


@st.composite
def codes(draw: st.DrawFn) -> list[PromoTerms]:
    """Up to two codes, limited in every way."""
    return [
        promo(
            f"CODE{place}",
            draw(st.sampled_from(["4", "12.5", "20", "33.3"])),
            plans=draw(st.sampled_from([[], ["micro"]])),
            periods=draw(st.sampled_from([[], [1, 3], [6, 12], [12]])),
            min_quantity=draw(st.sampled_from([1, 1, 2, 3])),
            uses_left=draw(st.sampled_from([None, 1, 2])),
        )
        for place in range(draw(st.integers(0, 2)))
    ]


@st.composite
def questions(draw: st.DrawFn, most: int = 3, horizon: int = 13) -> Question:
    """A whole question; ``running`` counts at least the running ones among the chosen."""
    chosen = draw(rows(most))
    running = sum(1 for row in chosen if row.state == "active") + draw(st.sampled_from([0, 2, 4, 9]))
    return Question(
        chosen,
        NOW,
        {"vds": running},
        months=draw(st.integers(1, horizon)),
        budget=draw(st.sampled_from([None, 0, 900, 2500, 7000, 20_000])),
        codes=draw(codes()),
        lead_days=draw(st.sampled_from([1, 3, 7])),
        effort=draw(st.sampled_from([0, 5])),
    )


@dataclass(frozen=True)
class Way:
    """A way for one order, priced by the rules of the domain."""

    now: int
    cost: int
    """Cents over the horizon, with the effort of its purchases."""
    use: tuple[str, int] | None
    """(code, months) of what is bought now."""


def due(question: Question, facts: OrderFacts) -> bool:
    """Whether the last sensible moment of an order has come."""
    return _moment(question, facts) <= question.now


def _moment(question: Question, facts: OrderFacts) -> datetime:
    assert facts.paid_until is not None
    lead = question.lead_days * DAY
    return facts.paid_until - (max(lead, 3 * DAY) if facts.auto_renew_on else lead)


def price(question: Question, facts: OrderFacts, months: int, count: int, at: datetime, code: PromoTerms | None) -> int:
    """Cents of one purchase, by the domain."""
    discount = Discount(name=SafeText("code"), percent=code.percent) if code is not None else None
    line = price_renewal(facts, months, loyalty_of(facts, count, at), discount)
    paid = cents(line.total)
    addons = sum(cents(one.monthly_price) * months for one in facts.addons)
    return paid if _has_addons(facts) else paid + addons


@lru_cache
def _priced_addons() -> bool:
    """Whether the domain's price of a renewal holds the add-ons already."""
    facts = facts_of(order_row("x", addon_prices=(100,)))
    return cents(price_renewal(facts, 1, ()).total) == 1090


def _has_addons(facts: OrderFacts) -> bool:
    return bool(facts.addons) and _priced_addons()


def later(question: Question, facts: OrderFacts, start: OrderFacts, done: int, count: int) -> int:
    """The cheapest way on from an end, ``done`` months after the first, trying every period at each step."""
    if done >= question.months:
        return 0
    at = max(question.now, _moment(question, start))
    return min(
        price(question, start, months, count, at, None)
        + question.effort
        + later_cached(question, facts, done + months, count)
        for months in PERIODS
    )


_KNOWN: dict[tuple[int, OrderFacts, int, int], int] = {}


def later_cached(question: Question, facts: OrderFacts, done: int, count: int) -> int:
    """:func:`later`, remembered for one question."""
    key = (id(question), facts, done, count)
    if key not in _KNOWN:
        start = replace(facts, paid_until=renewed_until(facts, done)) if done else facts
        _KNOWN[key] = later(question, facts, start, done, count)
    return _KNOWN[key]


def ways(question: Question, row: OrderRow, count_later: int) -> Iterator[Way]:
    """Every way of one order."""
    facts = facts_of(row)
    running = question.running["vds"]
    if not due(question, facts):
        yield Way(0, later_cached(question, facts, 0, count_later), None)
    for months in PERIODS:
        on = question.effort + later_cached(question, facts, months, count_later)
        plain = price(question, facts, months, running, question.now, None)
        yield Way(plain, plain + on, None)
        for code in question.codes:
            covered = (not code.plans or row.plan in map(str, code.plans)) and not row.individual_price
            if covered and (not code.periods or months in code.periods):
                now = price(question, facts, months, running, question.now, code)
                yield Way(now, now + on, (str(code.code), months))


def brute_force(question: Question, chosen: list[OrderRow], lost: int, limit: int = 1_000) -> int | None:
    """The least cost of keeping all of ``chosen``, trying every combination; ``None`` where none is possible.

    ``limit`` is the most orders of one purchase (BLK-7).
    """
    _KNOWN.clear()
    back = sum(1 for row in chosen if row.state == "blocked")
    count = question.running["vds"] + back - lost
    best: int | None = None
    for combination in product(*(list(ways(question, row, count)) for row in chosen)):
        if question.budget is not None and sum(way.now for way in combination) > question.budget:
            continue
        if not codes_allow(question, [way.use for way in combination], limit):
            continue
        cost = sum(way.cost for way in combination)
        best = cost if best is None else min(best, cost)
    return best


def codes_allow(question: Question, uses: list[tuple[str, int] | None], limit: int = 1_000) -> bool:
    """Whether the codes may be used so: each for so many purchases, each purchase with its least number."""
    for code in question.codes:
        of_code = [use for use in uses if use is not None and use[0] == str(code.code)]
        purchases = 0
        for one in set(of_code):
            parts = -(-of_code.count(one) // limit)
            purchases += parts
            if of_code.count(one) // parts < code.min_quantity:
                return False
        if code.uses_left is not None and purchases > code.uses_left:
            return False
    return True
