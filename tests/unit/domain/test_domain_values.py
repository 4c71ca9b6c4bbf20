"""Money, months, harmless text, and the wire models' way there and back."""

from __future__ import annotations

import copy
import pickle
import sys
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from billtui.domain import models
from billtui.domain.money import (
    MAX_AMOUNT,
    CurrencyMismatch,
    Money,
    group_digits,
    parse_amount,
    round_fraction,
    round_money,
)
from billtui.domain.periods import add_months, format_instant, months_left, parse_instant, utc, whole_months_between
from billtui.domain.safetext import MAX_COMBINING, MAX_LINE, SafeBody, SafeText, clean

CENTS = st.integers(-(10**12), 10**12)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def money(cents: int) -> Money:
    return Money(Decimal(cents).scaleb(-2), "EUR")


@given(CENTS, CENTS, st.integers(0, 99))
def test_inv_10_money_is_cents(first: int, second: int, count: int) -> None:
    """INV-10: money behaves as whole cents do."""
    assert money(first) + money(second) == money(first + second)
    assert money(first) - money(second) == money(first) + -money(second)
    assert money(first) * count == money(first * count)
    assert (money(first) < money(second), money(first) >= money(second)) == (first < second, first >= second)
    assert Money.total([money(first), money(second)], "EUR") == money(first + second)
    assert Money.model_validate_json(money(first).model_dump_json()) == money(first)


def test_inv_10_currencies_never_mix() -> None:
    """INV-10."""
    other = Money("1", "USD")
    for mix in (lambda: money(1) + other, lambda: money(1) < other, lambda: Money.total([other], "EUR")):
        with pytest.raises(CurrencyMismatch):
            mix()
    assert money(100) != other
    assert Money.total([], "EUR") == Money.zero("EUR")


@pytest.mark.parametrize(
    "amount",
    [
        "1.001",
        "1e2",
        "1_0",
        "٣",
        " 1",
        "",
        "NaN",
        "Infinity",
        "1.",
        ".5",
        "9" * 40,
        1.5,
        True,
        None,
        [],
        Decimal("NaN"),
    ],
)
def test_inv_10_only_a_decimal_is_money(amount: object) -> None:
    """INV-10: never a float; nothing that Python would kindly read as a number."""
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": amount, "currency": "EUR"})


def test_inv_10_money_of_the_wire() -> None:
    """INV-10: two places, no minus before zero, unknown fields ignored, and a currency that can be drawn."""
    assert Money("-0.00", "EUR").model_dump_json() == '{"amount":"0.00","currency":"EUR"}'
    assert Money.model_validate_json('{"amount":"7.500","currency":"EUR","text":"x"}') == money(750)
    assert Money(Decimal("1E+2"), "EUR") == Money(100, "EUR") == money(10_000)
    for wrong in ('{"amount":"1.00"}', '{"currency":"EUR"}', '{"amount":"1.00","currency":"\\u001b[31m"}'):
        with pytest.raises(ValidationError):
            Money.model_validate_json(wrong)
    with pytest.raises(ValidationError):
        Money(MAX_AMOUNT, "EUR") + money(1)
    assert str(Money("1234567.5", "EUR")) == "1 234 567.50 EUR"
    assert group_digits(Decimal("-1234.5")) == "-1 234.50"


def test_inv_10_a_sum_that_is_only_shown_may_be_more_than_any_amount() -> None:
    """INV-10: exact, whatever many amounts come to; what is sent or kept stays within the bounds of the wire."""
    most = Money(MAX_AMOUNT, "EUR")
    whole = Money.shown_total([most, most, money(3)], "EUR")
    assert str(whole) == "2 000 000 000 000.01 EUR" and whole.model_dump(mode="json")["amount"] == "2000000000000.01"
    assert most < whole and Money.shown_total([money(1)], "EUR") == money(1)
    with pytest.raises(ValidationError):
        Money.total([most, money(1)], "EUR")
    with pytest.raises(ValidationError):
        Money.model_validate_json(whole.model_dump_json())
    with pytest.raises(CurrencyMismatch):
        Money.shown_total([most], "USD")


@given(st.fractions(-(10**9), 10**9))
def test_inv_10_rounds_half_away_from_zero(exact: Fraction) -> None:
    """INV-10: as far as Decimal can say it, Decimal says the same; otherwise at most half a cent away."""
    rounded = round_fraction(exact)
    assert abs(Fraction(rounded) - exact) <= Fraction(1, 200)
    assert round_fraction(-exact) == -rounded
    tenth = Fraction(round(exact * 1000), 1000)
    assert round_fraction(tenth) == round_money(Decimal(tenth.numerator) / Decimal(tenth.denominator))


@pytest.mark.parametrize(
    ("typed", "amount"),
    [("12.50", "12.50"), ("12,5", "12.50"), (" 1 234.5 ", "1234.50"), ("1'000", "1000.00"), ("7.", "7.00")],
)
def test_amounts_typed(typed: str, amount: str) -> None:
    """What people type."""
    assert parse_amount(typed) == Decimal(amount)


@pytest.mark.parametrize("typed", ["", "-1", "1.234", "1,234.56", "abc", "1e3", "٣", ".", "9" * 20, "0x10", "1.2.3"])
def test_amounts_refused(typed: str) -> None:
    """Each with a sentence."""
    with pytest.raises(ValueError, match=r"amount"):
        parse_amount(typed)


@given(INSTANTS, st.integers(0, 60), st.integers(0, 60))
def test_ren_3_months_add_up(start: datetime, first: int, second: int) -> None:
    """REN-3: with the original day, steps give what one step gives; and more months are later."""
    step = add_months(add_months(start, first), second, start.day)
    assert step == add_months(start, first + second)
    assert whole_months_between(start, add_months(start, first)) == first
    assert (add_months(start, first) < add_months(start, second)) == (first < second)
    assert add_months(start, first).timetz() == start.timetz()


@given(INSTANTS, st.integers(0, 60), INSTANTS)
def test_ord_5_months_left(now: datetime, months: int, end: datetime) -> None:
    """ORD-5: whole months count whole; the rest is less than one month; nothing is left of a period that is over."""
    assert months_left(now, add_months(now, months)) == months
    left = months_left(now, end)
    assert (left == 0) == (end <= now)
    assert whole_months_between(now, end) <= left < whole_months_between(now, end) + 1


def test_ord_5_a_clamped_month_never_counts_more_than_it_is() -> None:
    """ORD-5: from 31 January, the second before 31 March is less than two months."""
    now = datetime(2026, 1, 31, tzinfo=UTC)
    assert months_left(now, datetime(2026, 3, 30, 23, 59, 59, tzinfo=UTC)) < 2


def test_instants() -> None:
    """Aware and in UTC, or refused."""
    east = datetime(2026, 11, 23, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    assert format_instant(east) == "2026-11-23T10:00:00Z"
    assert format_instant(east.replace(microsecond=5)) == "2026-11-23T10:00:00.000005Z"
    with pytest.raises(ValueError, match="time zone"):
        utc(datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="years 1 to 9999"):
        parse_instant("9999-12-31T23:59:59-12:00")
    with pytest.raises(ValueError, match="billing day"):
        add_months(east, 1, 32)


@given(INSTANTS)
def test_instants_come_back(instant: datetime) -> None:
    assert parse_instant(format_instant(instant)) == instant


FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_every_character_becomes_harmless() -> None:
    """All 1,114,112 code points: no control, direction, private, surrogate or invisible character is drawn."""
    drawn: set[str] = set(clean("".join("a" + chr(code) for code in range(256)), multiline=True)) - {"\n"}
    for begin in range(0, sys.maxunicode + 1, MAX_LINE // 2):
        drawn |= set(clean("".join("a" + chr(code) for code in range(begin, min(begin + MAX_LINE // 2, 0x110000)))))
    assert len(drawn) > 100_000
    assert {char for char in drawn if unicodedata.category(char) in FORBIDDEN} == set()
    assert drawn.isdisjoint("\u034f\u115f\u1160\u17b4\u17b5\u180b\u3164\ufe0f\uffa0")
    again = "".join("a" + char for char in sorted(drawn))
    assert clean(again, max_length=len(again)) == again


@given(st.text(st.characters(), max_size=60), st.integers(2, 40), st.booleans())
def test_cleaning_is_idempotent_and_bounded(text: str, longest: int, multiline: bool) -> None:
    once = clean(text, max_length=longest, multiline=multiline)
    assert clean(once, max_length=longest, multiline=multiline) == once
    assert len(once) <= longest
    assert multiline or "\n" not in once


@given(st.text(st.sampled_from("e\u0301\u0302\ufe0f\u200b\u20dd\n x"), max_size=60), st.booleans())
def test_marks_do_not_pile_up(text: str, multiline: bool) -> None:
    """No run of marks is longer than allowed, also around dropped characters; none stands at a line's beginning."""
    run = 0
    for line in clean(text, multiline=multiline).split("\n"):
        assert not line or unicodedata.category(line[0]) not in {"Mn", "Me", "Mc"}
        for char in line:
            run = run + 1 if unicodedata.category(char) in {"Mn", "Me", "Mc"} else 0
            assert run <= MAX_COMBINING


def test_safe_text_keeps_what_was_sent() -> None:
    """What is drawn is clean, what goes back is what came: also through copies, other classes and models."""
    evil = "a\x1b[31m\u202eb\n"
    text = SafeText(evil)
    assert (str(text), text.raw) == ("a␛[31m\ufffdb␊", evil)
    assert SafeText(text) is text
    assert SafeBody(text) == "a␛[31m\ufffdb\n"
    assert SafeText(SafeBody("a\nb")) == "a␊b"
    for same in (copy.deepcopy(text), pickle.loads(pickle.dumps(text)), TypeAdapter(SafeText).validate_python(text)):
        assert (same, same.raw) == (text, evil)
    again = models.Problem(detail=text, fields={text: text})
    assert models.Problem.model_validate_json(again.model_dump_json()) == again
    assert models.Problem.model_validate(again.model_dump()).fields[text].raw == evil
    assert len(SafeText("x" * (MAX_LINE + 5))) == MAX_LINE
    assert len(SafeText("x" * (MAX_LINE + 5)).raw) == MAX_LINE + 5


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
IDS = TEXT.filter(lambda text: len(clean(text)) > 0).map(lambda text: text or "x")


@st.composite
def wire_orders(draw: st.DrawFn) -> dict[str, object]:
    return {
        "id": draw(IDS),
        "name": draw(TEXT),
        "plan": "vds-micro",
        "location": draw(IDS),
        "state": draw(st.sampled_from(["active", "blocked", "some-new-state"])),
        "created_at": format_instant(draw(INSTANTS)),
        "paid_until": draw(st.none() | INSTANTS.map(format_instant)),
        "monthly_price": {"amount": f"{draw(st.integers(0, 10**6))}.50", "currency": "EUR"},
        "discount_percent": f"{draw(st.integers(0, 100))}",
        "auto_renew": {"on": draw(st.booleans()), "months": 3},
        "billing_day": draw(st.integers(1, 31)),
        "unpaid_invoice_id": draw(st.none() | IDS),
        "from_the_future": draw(TEXT),
    }


@given(wire_orders())
def test_orders_there_and_back(sent: dict[str, object]) -> None:
    """An order of the wire survives: unknown values are kept, unknown fields ignored, ids go back raw."""
    order = models.Order.model_validate(sent)
    back = models.Order.model_validate_json(order.model_dump_json())
    assert back == order
    assert (order.id.raw, order.name.raw) == (sent["id"], sent["name"])
    dumped = order.model_dump(mode="json")
    assert {key: dumped[key] for key in sent if key != "from_the_future"} == {
        key: value for key, value in sent.items() if key != "from_the_future"
    }


@given(INSTANTS, st.integers(0, 10**9), st.sampled_from([*models.InvoiceState, "unheard-of"]), TEXT)
def test_invoices_there_and_back(issued: datetime, cents: int, state: str, title: str) -> None:
    """INV-2: also a state that this program has never heard of."""
    line = models.InvoiceLine(
        title=SafeText(title),
        list_price=money(cents),
        amount=money(cents),
        discounts=[models.Discount(name=SafeText("x"), percent=Decimal("1.5"))],
    )
    invoice = models.Invoice.model_validate(
        {
            "id": 5531,
            "number": "7",
            "kind": "renewal",
            "state": str(state),
            "issued_at": issued,
            "total": money(cents),
            "lines": [line],
        }
    )
    assert invoice.id == "5531"
    assert models.Invoice.model_validate_json(invoice.model_dump_json()) == invoice
    assert str(invoice.state) == str(state)


@pytest.mark.parametrize("percent", ["1E+500000", "1E-500000", "NaN", "1001"])
def test_a_percentage_is_bounded(percent: str) -> None:
    """No exponent of the wire makes a text of a million digits."""
    with pytest.raises(ValidationError):
        models.Discount.model_validate({"name": "x", "percent": percent})
