"""Quotes and bulk renewal: what is in, what is left out and why, and that nobody pays another price (DSC-8, BLK)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from billtui.domain.models.invoices import Discount
from billtui.domain.money import Money
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules.discounts import PricedLine, loyalty_of
from billtui.domain.rules.facts import OrderFacts, format_when
from billtui.domain.rules.renewal import price_renewal, renewal_refusal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RenewalOffer:
    """A bulk renewal, priced: lines, what is left out and why, and the sum of the lines (BLK-4, BLK-6)."""

    lines: tuple[PricedLine, ...]
    excluded: tuple[tuple[str, Refusal], ...]
    total: Money


def offer_renewal(
    orders: Iterable[OrderFacts],
    months: int,
    counts: Mapping[str, int],
    currency: str,
    now: datetime,
    promo: Mapping[str, Discount] | None = None,
    policy: Policy = DEFAULT_POLICY,
) -> RenewalOffer:
    """Price the renewal of ``orders``, each once, in the order given; the others are left out with the reason.

    ``counts`` is the number of services per kind (``discounts.count_services``, DSC-5); ``promo`` maps order ids to
    the discount of a valid code (DSC-7). An order on an open invoice is left out and its invoice named (BLK-5).
    """
    lines: list[PricedLine] = []
    excluded: list[tuple[str, Refusal]] = []
    seen: set[str] = set()
    codes = promo or {}
    for order in orders:
        if order.id in seen:
            continue
        seen.add(order.id)
        refusal = renewal_refusal(order, now, policy)
        if refusal is not None:
            excluded.append((order.id, refusal))
            continue
        loyal = loyalty_of(order, counts.get(order.kind, 0), now, policy)
        lines.append(price_renewal(order, months, loyal, codes.get(order.id)))
    return RenewalOffer(tuple(lines), tuple(excluded), Money.total((line.total for line in lines), currency))


def quote_expires_at(now: datetime, policy: Policy = DEFAULT_POLICY) -> datetime:
    """Until when a quote made ``now`` can be bought (DSC-8)."""
    return now + policy.quote_lifetime


def quote_refusal(quote_id: str, expires_at: datetime, line_count: int, now: datetime) -> Refusal | None:
    """Why a quote cannot be bought: it expired (DSC-8), or nothing is in it (BLK-6)."""
    about = {"quote_id": quote_id}
    if now >= expires_at:
        return Refusal(
            "quote-expired",
            "DSC-8",
            f"The quote was valid until {format_when(expires_at)}: ask for the price again.",
            about,
        )
    if line_count == 0:
        return Refusal(
            "nothing-to-buy", "BLK-6", "Nothing is left to buy in this quote: see why its orders are left out.", about
        )
    return None


def price_refusal(expected: Money | None, actual: Money) -> Refusal | None:
    """A price that changed since it was shown is never taken silently (DSC-8); ``None`` expected asks nothing."""
    if expected is None or expected == actual:
        return None
    return Refusal(
        "price-changed",
        "DSC-8",
        f"The price changed from {expected} to {actual}: look at the new one and confirm it.",
        {"expected_total": f"{expected.amount:.2f}", "actual_total": f"{actual.amount:.2f}"},
    )


def content_refusal(quoted: object, fresh: object, total: Money) -> Refusal | None:
    """A quote is bound to its content, not to its sum: the same orders, periods, amounts and ends (DSC-8).

    Each kind of quote keeps its content in a form of its own, which compares equal only where it is the same.
    ``total`` is what the fresh one costs.
    """
    if quoted == fresh:
        return None
    return Refusal(
        "price-changed",
        "DSC-8",
        f"What this quote buys has changed since it was made; it costs {total} now: ask for the price again.",
        {"actual_total": f"{total.amount:.2f}"},
    )


def bulk_refusal(count: int, policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """At most 1,000 servers in one request (BLK-7)."""
    if count <= policy.bulk_limit:
        return None
    return Refusal(
        "bulk-limit",
        "BLK-7",
        f"{count:,} servers are too many for one request: at most {policy.bulk_limit:,}, so send several.",
        {"limit": str(policy.bulk_limit)},
    )


def requests_of(items: Sequence[T], policy: Policy = DEFAULT_POLICY) -> list[Sequence[T]]:
    """A larger selection as several requests of at most 1,000 each, in the same order (BLK-7)."""
    return [items[begin : begin + policy.bulk_limit] for begin in range(0, len(items), policy.bulk_limit)]
