"""What FOSSBilling writes as an amount is a JSON number or plain digits; any other spelling is an unexpected answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.client.codec import UnreadableAnswer, parse_exact
from billtui.client.drivers.fossbilling.values import decimal_of, money_of
from billtui.domain.money import Money
from tests.support.spellings import Spelled, only_digits, spellings


@given(spellings())
def test_only_plain_digits_are_an_amount(spelled: Spelled) -> None:
    plain = f"{spelled.amount:.2f}"
    if spelled.text == plain:
        assert money_of(spelled.text, "EUR", "price") == Money(spelled.amount, "EUR")
        return
    with pytest.raises(UnreadableAnswer):
        money_of(spelled.text, "EUR", "price")


@given(st.text(alphabet="0123456789.,'\u2019\u00a0 -\u0661eE_", min_size=1, max_size=30))
def test_no_digit_is_lost_or_added(text: str) -> None:
    try:
        found = decimal_of(text, "price")
    except UnreadableAnswer:
        return
    assert only_digits(text) == only_digits(format(found, "f"))


@pytest.mark.parametrize("value", ["1 000" * 400, "12,34.56", "1,234", "5 EUR", "€5", "", "1e3", None, True, [5]])
def test_what_could_be_another_amount_is_not_read(value: Any) -> None:
    with pytest.raises(UnreadableAnswer):
        money_of(value, "EUR", "price")


def test_a_number_of_an_answer_is_what_its_digits_say() -> None:
    said = parse_exact(b'{"price": 150.03, "few": 1e2, "long": 0.10000000000000000001}')
    assert [decimal_of(said[one], one) for one in ("price", "few")] == [Decimal("150.03"), Decimal(100)]
    assert money_of(said["long"], "EUR", "long") == Money("0.10", "EUR")
