"""Every amount explained adds up on the screen: server part, discounts, rounding, add-ons, quantity (DSC-8, INV-10)."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.models import AddonPart, Discount, InvoiceLine, PromoTerms, QuoteLine
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from billtui.screens.explaining import explained


def money(amount: str | Decimal) -> Money:
    return Money(amount, "EUR")


def discount(name: str, percent: str) -> Discount:
    return Discount(name=SafeText(name), percent=Decimal(percent))


def part(name: str, amount: str | Decimal) -> AddonPart:
    return AddonPart(id=SafeText(name), name=SafeText(name), amount=money(amount))


def rows(line: InvoiceLine, promo: PromoTerms | None = None) -> list[list[str]]:
    """Label and value of each row below the title."""
    text = explained(line, promo=promo).plain.splitlines()[1:]
    return [re.split(r"\s{2,}", one.strip()) for one in text]


def test_three_servers_with_a_backup_for_three_months() -> None:
    """17.70 − 5 % = 16.815 → 16.82; + 10.20 = 27.02; × 3 = 81.06."""
    line = QuoteLine(
        title=SafeText("VDS micro in Amsterdam, 3 months"), months=3, quantity=3, list_price=money("83.70"),
        discounts=[discount("10 or more services", "5")], addons=[part("Daily backup", "30.60")],
        amount=money("81.06"), unit_amount=money("27.02"),
    )  # fmt: skip
    assert explained(line).plain.startswith("3 × VDS micro in Amsterdam, 3 months\n")
    assert rows(line) == [
        ["list price of one for 3 months", "17.70"],
        ["10 or more services", "−5 %"],
        ["rounded half up, once, to", "16.82"],
        ["+ Daily backup for 3 months", "10.20"],
        ["one costs", "27.02"],
        ["× 3", "81.06"],
    ]


def test_an_invoice_line_with_an_addon() -> None:
    line = InvoiceLine(
        title=SafeText("db-1"), months=1, list_price=money("9.30"), addons=[part("Daily backup", "3.40")],
        discounts=[discount("over 3 months", "1")], amount=money("9.24"),
    )  # fmt: skip
    assert rows(line) == [
        ["list price for 1 month", "5.90"],
        ["over 3 months", "−1 %"],
        ["rounded half up, once, to", "5.84"],
        ["+ Daily backup for 1 month", "3.40"],
        ["together", "9.24"],
    ]


def test_a_line_of_addons_alone_has_no_server_part() -> None:
    line = QuoteLine(
        title=SafeText("db-1"), list_price=money("0.54"), amount=money("0.54"),
        addons=[part("IPv4", "0.20"), part("Backup", "0.34")],
    )  # fmt: skip
    assert rows(line) == [["+ IPv4", "0.20"], ["+ Backup", "0.34"], ["together", "0.54"]]


def test_a_plain_line_is_as_it_was() -> None:
    line = InvoiceLine(title=SafeText("db-1"), months=1, list_price=money("5.90"), amount=money("5.90"))
    assert rows(line) == [["list price for 1 month", "5.90"], ["no discount", "5.90"]]


LONG_USE = [discount("over 36 months", "15"), discount("10 or more services", "15")]


@pytest.mark.parametrize(
    ("discounts", "words"),
    [
        ([discount("promo code FLEET25", "25")], "code FLEET25 −25 % beats loyalty"),
        (LONG_USE, "loyalty is no less than code FLEET25 −25 %"),
        ([], ""),
        ([discount("10 or more services", "5")], ""),
    ],
)
def test_it_says_which_discount_won(discounts: list[Discount], words: str) -> None:
    """DSC-7: they do not stack; where the code covers nothing of the line, nothing is claimed."""
    promo = PromoTerms(code=SafeText("FLEET25"), percent=Decimal(25))
    line = QuoteLine(title=SafeText("x"), list_price=money("10.00"), discounts=discounts, amount=money("7.50"))
    text = explained(line, promo=promo).plain
    assert (words in text) if words else ("do not stack" not in text)


@given(st.integers(1, 1000), st.integers(0, 10**6), st.lists(st.integers(0, 10**5), max_size=3), st.integers(0, 100))
def test_whatever_the_panel_prices_the_rows_add_up(count: int, cents: int, addons: list[int], percent: int) -> None:
    server = (Decimal(cents) * (100 - percent) / 100).quantize(Decimal(1), "ROUND_HALF_UP")
    one = Decimal(sum(addons)) + server
    line = QuoteLine(
        title=SafeText("x"), quantity=count, list_price=money(Decimal((cents + sum(addons)) * count).scaleb(-2)),
        discounts=[discount("d", str(percent))] if percent else [],
        addons=[part(f"a{place}", Decimal(each * count).scaleb(-2)) for place, each in enumerate(addons)],
        amount=money((one * count).scaleb(-2)),
    )  # fmt: skip
    shown = dict(rows(line))
    values = {label: Decimal(value.replace(" ", "")) for label, value in shown.items() if "%" not in value}
    parts = sum((value for label, value in values.items() if label.startswith("+ ")), Decimal(0))
    base = values.get("rounded half up, once, to", values.get("no discount", Decimal(0)))
    assert base + parts == values.get("one costs", values.get("together", base))
    assert (base + parts) * count == line.amount.amount


def test_a_panel_whose_parts_do_not_divide_is_shown_whole() -> None:
    line = QuoteLine(title=SafeText("x"), quantity=3, list_price=money("10.00"), amount=money("10.00"))
    assert rows(line) == [["list price", "10.00"], ["no discount", "10.00"]]
