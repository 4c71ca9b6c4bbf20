"""The words of the order of many servers: what it comes to, and nothing raw from a panel in them."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from billtui.domain.models import (
    Addon,
    AutoRenew,
    Exclusion,
    Location,
    OrderRequest,
    Plan,
    PromoTerms,
    Quote,
    QuoteLine,
)
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.screens import bulk_order_text as words
from billtui.services.offers import Offer
from billtui.services.order_draft import OrderDraft
from billtui.services.order_estimate import Cell, estimate, left_out_of
from billtui.services.session_settings import Catalogue
from tests.widgets.test_record_table_drawing import HOSTILE


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        ({("a", "nl"): 3, ("a", "de"): 3}, "3 × 2 locations = 6 servers"),
        ({("a", "nl"): 1}, "1 × 1 location = 1 server"),
        ({("a", "nl"): 3, ("a", "de"): 4}, "7 servers in 2 locations"),
        ({("a", "nl"): 2, ("b", "nl"): 2, ("a", "de"): 2, ("b", "de"): 2}, "2 × 2 locations × 2 plans = 8 servers"),
        ({("a", "nl"): 2, ("b", "de"): 2}, "4 servers in 2 locations, 2 plans"),
        ({}, "0 servers: everything is left out"),
    ],
)
def test_quantity_times_locations(cells: dict[Cell, int], text: str) -> None:
    """BLK-2: as it is written on paper, where it is that simple."""
    assert words.how_many(cells) == text


def test_what_cannot_be_known_yet_is_not_left_out() -> None:
    """A panel that has not told what it sells: the numbers that were typed stand there, not that all are left out."""
    draft = OrderDraft().with_quantities({("a", "nl"): 3, ("a", "de"): 3})
    standing = words.Standing(draft, estimate(draft, Catalogue(), None), ())
    assert "3 × 2 locations = 6 servers" in words.headline(standing, 80).plain


def harmless(content: Content | str) -> bool:
    text = content if isinstance(content, str) else content.plain
    return not any(unicodedata.category(one) in {"Cc", "Cf", "Cs", "Co"} for one in text.replace("\n", ""))


@given(st.sampled_from(HOSTILE), st.integers(1, 200), st.booleans())
def test_nothing_of_a_panel_reaches_the_words_raw(text: str, width: int, known: bool) -> None:
    """Ids, names and reasons that attack: at any width, priced or not, in the catalogue or gone from it."""
    name, eur = SafeText(text[:150]), Money("5.90", "EUR")
    plan = Plan(id=name, name=name, kind=SafeText("vds"), monthly_price=eur, locations=[name])
    addon = Addon(id=name, name=name, monthly_price=eur)
    catalogue = Catalogue((plan,), (Location(id=name, name=name, country=name),), (addon,)) if known else Catalogue()
    cell = (name.raw, name.raw)
    typed = text[:150].encode(errors="replace").decode()  # half a character can neither be typed nor kept
    draft = OrderDraft(
        addons=(typed,), names=typed, auto_renew=AutoRenew(on=True, months=3), promo_code=typed
    ).with_quantities({cell: 3})
    line = QuoteLine(title=name, plan=name, location=name, quantity=3, list_price=eur * 3, amount=eur * 3)
    quote = Quote(
        id=name, kind=name, lines=[line], total=eur * 3, expires_at=datetime(2026, 11, 1, tzinfo=UTC),
        excluded=[Exclusion(plan=name, location=name, code=name, reason=name)],
        promo=PromoTerms(code=name, percent=Decimal(5)),
    )  # fmt: skip
    offer = Offer((OrderRequest(period=1),), (quote,))
    for priced in (offer, None):
        guess = estimate(draft, catalogue, {})
        left_out = left_out_of(quote.excluded, draft, {}) if priced else guess.left_out
        standing = words.Standing(draft, guess, left_out, priced, code_problem=str(name))
        shown: list[Content | str] = [
            words.headline(standing, width),
            words.status(standing, 900),
            words.cell_words(cell, catalogue, {}, standing),
            words.left_out_content(left_out),
            words.lines_content(quote.lines, catalogue, width),
            words.exclusion_name(quote.excluded[0], catalogue),
            words.sums(standing, [("Internal", eur)]),
            *(one.content(width) for one in words.choice_lines(standing, [addon], "", str(name), lambda _: "p")),
        ]
        for one in shown:
            assert harmless(one), one
        assert words.headline(standing, max(width, 40)).cell_length <= max(width, 40)
