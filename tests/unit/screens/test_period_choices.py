"""The periods of a renewal are shown as the ends that they lead to (REN-3)."""

from __future__ import annotations

from datetime import UTC, datetime

from billtui.domain.models import Order
from billtui.screens.renewing import period_choices
from tests.support.small_panel import order


def test_an_end_is_counted_from_the_order_s_own_day_where_its_billing_day_does_not_fit() -> None:
    told = Order.model_validate(order(1)).model_copy(
        update={"paid_until": datetime(2026, 11, 27, tzinfo=UTC), "billing_day": 27}
    )
    not_told = told.model_copy(update={"billing_day": 1})
    assert [str(one.detail) for one in period_choices([told])][:2] == ["paid until 2026-12-27", "paid until 2027-02-27"]
    assert period_choices([not_told]) == period_choices([told])
