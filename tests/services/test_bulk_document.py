"""docs/bulk.md: its worked example is what the rules say, its table of fields what the program reads."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.models import Discount
from billtui.domain.money import Money
from billtui.domain.periods import add_months
from billtui.domain.rules.discounts import loyalty
from billtui.domain.rules.facts import AddonFacts, OrderFacts
from billtui.domain.rules.renewal import price_renewal
from billtui.domain.safetext import SafeText
from billtui.screens.order_marks import why_unmarkable
from billtui.services.order_query import FIELDS, parse
from billtui.services.pricing import unmarkable
from billtui.services.store import instant
from tests.services.order_rows import DAY, NOW, order_row

DOCUMENT = (Path(__file__).parents[2] / "docs" / "bulk.md").read_text()
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)
STAY10 = Discount(name=SafeText("STAY10"), percent=Decimal(10))


@pytest.mark.parametrize(
    ("price", "used", "addon", "plain", "with_code"),
    [
        ("5.90", 7, None, "5.43", "5.31"),
        ("9.90", 25, None, "8.42", "8.42"),
        ("3.50", 2, "3.40", "6.73", "6.55"),
    ],
)
def test_the_worked_example(price: str, used: int, addon: str | None, plain: str, with_code: str) -> None:
    """DSC-1 to DSC-4, DSC-7, INV-10: the numbers as the document prints them."""
    order = OrderFacts(
        "1", "one", "vds", "active", AT, Money(price, "EUR"), in_use_since=add_months(AT, -used),
        addons=(AddonFacts("backup", "Daily backup", Money(addon, "EUR")),) if addon else (),
    )  # fmt: skip
    discounts = loyalty("vds", order.in_use_since, 40, AT, False)
    assert price_renewal(order, 1, discounts).total == Money(plain, "EUR")
    assert price_renewal(order, 1, discounts, STAY10).total == Money(with_code, "EUR")
    assert plain in DOCUMENT
    assert with_code in DOCUMENT


def test_the_example_adds_up() -> None:
    assert Decimal("5.43") + Decimal("8.42") + Decimal("6.73") == Decimal("20.58")
    assert Decimal("5.31") + Decimal("8.42") + Decimal("6.55") == Decimal("20.28")
    assert "**20.58**" in DOCUMENT
    assert "**20.28**" in DOCUMENT


def test_every_field_stands_in_the_document() -> None:
    for name, field in FIELDS.items():
        assert f"| `{name}` | `{field.example}` | {field.help} |" in DOCUMENT
        assert parse(field.example).terms[0].field == name


@given(
    st.sampled_from(["pending", "active", "suspended", "blocked", "deleted", "cancelled"]),
    st.sampled_from([None, "9"]),
    st.sampled_from([None, "3"]),
)
def test_what_the_list_refuses_to_mark_is_what_the_rules_refuse(
    state: str, invoice: str | None, transfer: str | None
) -> None:
    """BLK-5, REN-2, ORD-1, TRF-6: the quick answer for 100,000 rows is the rules' own."""
    paid = None if state == "pending" else NOW + DAY * (-2 if state == "blocked" else 20)
    row = order_row(
        state=state, unpaid_invoice_id=invoice, transfer_id=transfer, paid_until=paid,
        blocked_at=paid if state == "blocked" else None,
    )  # fmt: skip
    assert (why_unmarkable(row) is None) == (unmarkable(row, instant(NOW)) is None)
