"""Add-ons: who can have them, what they cost now, and with every renewal (ORD-5, DSC-4)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.models.invoices import Discount
from billtui.domain.periods import months_left
from billtui.domain.rules import addons, renewal
from billtui.domain.rules.facts import AddonFacts
from billtui.domain.safetext import SafeText
from tests.unit.domain.made_facts import DAY, HOUR, NOW, at, eur, order

BACKUP = AddonFacts("backup", "Daily backup", eur("3.40"))
IPV4 = AddonFacts("ipv4", "IPv4 address", eur("2.00"))
RAID = AddonFacts("raid", "Hardware RAID", eur("14.00"), "dedicated")

# docs/rules.md holds these numbers: server a month, add-ons a month, months, per cent; list price, server, add-ons,
# amount.
RENEWALS = [
    ("9.90", "3.40", 3, "8", "39.90", "27.32", "10.20", "37.52"),  # 27.324
    ("5.90", "2.00 + 3.40", 1, "5", "11.30", "5.61", "5.40", "11.01"),  # 5.605
    ("18.90", "11.90", 12, "20", "369.60", "181.44", "142.80", "324.24"),
    ("52.00", "3.40", 1, "0", "55.40", "52.00", "3.40", "55.40"),  # an individual price
]


@pytest.mark.parametrize(("price", "more", "months", "percent", "listed", "server", "extra", "amount"), RENEWALS)
def test_ord_5_add_ons_renew_with_the_server(
    price: str, more: str, months: int, percent: str, listed: str, server: str, extra: str, amount: str
) -> None:
    """ORD-5, DSC-4, INV-10: on top for the same months, without discount."""
    held = tuple(AddonFacts(f"a{place}", "x", eur(one)) for place, one in enumerate(more.split(" + ")))
    loyal = (Discount(name=SafeText("loyal"), percent=Decimal(percent)),)
    line = renewal.price_renewal(order(monthly_price=eur(price), addons=held), months, loyal)
    assert (line.list_price, line.amount) == (eur(listed), eur(amount))
    parts = sum((one.amount for one in line.addons), eur("0.00"))
    assert (line.amount - parts, parts) == (eur(server), eur(extra))


@pytest.mark.parametrize(
    ("facts", "code", "rule"),
    [
        ({"open_invoice_id": "5531"}, "open-invoice", "REN-2"),
        ({"transfer_id": "t1"}, "in-transfer", "TRF-6"),
        ({"state": "blocked", "blocked_at": NOW - HOUR, "paid_until": NOW - HOUR}, "order-blocked", "ORD-2"),
        ({"state": "pending", "paid_until": None}, "order-pending", "ORD-1"),
        ({"paid_until": NOW - HOUR, "promise_invoice_id": "9", "promise_until": NOW + DAY}, "period-over", "ORD-5"),
        ({"kind": "dedicated"}, "addon-other-kind", "ORD-5"),
        ({"addons": (IPV4,)}, "addon-there", "ORD-5"),
    ],
)
def test_ord_5_who_cannot_have_add_ons(facts: dict[str, Any], code: str, rule: str) -> None:
    """ORD-5: with the reason."""
    one = order("17", **facts)
    refusal = addons.addons_refusal(one, [BACKUP, IPV4], NOW)
    assert refusal is not None and refusal.code == code
    assert refusal.reason.endswith(".")
    if code not in ("open-invoice", "in-transfer"):
        assert refusal.rule == rule
    offer = addons.offer_addons([one, order("18"), order("18")], [BACKUP, IPV4], "EUR", NOW)
    assert [line.order_id for line in offer.lines] == ["18"]
    assert [(order_id, why.code) for order_id, why in offer.excluded] == [("17", code)]


def test_ord_5_the_remaining_period_is_billed_and_told() -> None:
    """ORD-5: each add-on rounded once; no discount; the title says for how long."""
    now, end = at("2026-03-10 12:00:00"), at("2026-04-15 12:00:00")
    line = addons.price_addons(order(name="web-1", paid_until=end), [AddonFacts("x", "X", eur("4.00")), IPV4], now)
    assert [one.amount for one in line.addons] == [eur("4.67"), eur("2.33")]  # 7/6 months
    assert (line.list_price, line.amount, line.discounts, line.months) == (eur("7.00"), eur("7.00"), (), None)
    assert line.title == "Add-ons for web-1, 1 month 5 days until 2026-04-15 12:00 UTC: X, IPv4 address"
    with pytest.raises(ValueError, match="no paid period"):
        addons.price_addons(order(paid_until=None), [IPV4], now)


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("2026-03-10 12:00:01", "1 hour"),
        ("2026-03-10 23:00:00", "11 hours"),
        ("2026-03-11 12:00:00", "1 day"),
        ("2026-03-30 11:00:00", "19 days"),
        ("2026-04-10 12:00:00", "1 month"),
        ("2027-03-10 13:00:00", "12 months"),
        ("2026-05-12 12:00:00", "2 months 2 days"),
    ],
)
def test_the_remaining_period_in_words(end: str, words: str) -> None:
    """ORD-5: as a person counts it."""
    assert addons.remaining_words(at("2026-03-10 12:00:00"), at(end)) == words


@given(st.integers(1, 400 * 86_400), st.integers(0, 899), st.lists(st.integers(1, 5_000), min_size=1, max_size=3))
def test_law_a_quote_of_add_ons_does_not_move_while_it_holds(left: int, later: int, cents: list[int]) -> None:
    """DSC-8, ORD-5: priced at the instant of the quote, also when it is bought up to 15 minutes later."""
    wanted = [AddonFacts(f"a{place}", "x", eur(f"{one / 100:.2f}")) for place, one in enumerate(cents)]
    one = order(paid_until=NOW + timedelta(seconds=left + 900))
    quoted = addons.offer_addons([one], wanted, "EUR", NOW)
    bought = addons.offer_addons([one], wanted, "EUR", NOW + timedelta(seconds=later), priced_at=NOW)
    assert quoted == bought
    months = months_left(NOW, NOW + timedelta(seconds=left + 900))
    exact = [Fraction(part.monthly_price.amount) * months for part in wanted]
    for part, value in zip(quoted.lines[0].addons, exact, strict=True):
        assert abs(Fraction(part.amount.amount) - value) <= Fraction(1, 200)
    assert quoted.total.amount == sum(part.amount.amount for part in quoted.lines[0].addons)
