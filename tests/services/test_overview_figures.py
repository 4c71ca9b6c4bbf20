"""The overview and local prices: what is owed, runs out and will fail, by the rules."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.models import Account, Invoice, Order
from billtui.domain.money import Money
from billtui.domain.rules.facts import order_facts
from billtui.domain.rules.renewal import renewal_refusal
from billtui.services.overview import overview
from billtui.services.pricing import Prices, facts_of, unmarkable
from billtui.services.search import search
from billtui.services.store import Store, StoreReader
from billtui.services.store.convert import order_row
from tests.support.small_panel import NOW, invoice, iso, money, order


def eur(text: str) -> Money:
    return Money(text, "EUR")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "data" / "copy.db")


def put_orders(store: Store, *items: dict[str, object]) -> None:
    store.apply_orders([Order.model_validate(item) for item in items])


def put_invoices(store: Store, *items: dict[str, object]) -> None:
    store.apply_invoices([Invoice.model_validate(item) for item in items])


def put_account(store: Store, internal: str, affiliate: str) -> None:
    values = {"panel_id": "p", "account_id": "1", "login": "o", "email": "o@example.net", "currency": "EUR"}
    balances = {"internal": money(internal), "affiliate": money(affiliate)}
    store.apply_account(Account.model_validate(values | {"balances": balances}))


def test_nothing_known_yet() -> None:
    empty = overview(StoreReader(None), NOW)
    assert [empty.account, empty.internal, empty.synced_at] == [None, None, None]
    assert (empty.unpaid.count, empty.failing, empty.blocked, empty.changes) == (0, (), (), ())
    assert [item.count for item in empty.running_out] == [0, 0, 0, 0]


def test_what_is_owed_by_state(store: Store) -> None:
    """INV-2: unpaid, overdue and promised apart; PRM-3: deadlines, soonest first; ACC-4: purses apart."""
    put_account(store, "10.00", "3.00")
    put_invoices(
        store,
        invoice(1),
        invoice(2, total=money("0.99"), due_at=iso(NOW - timedelta(hours=1))),
        invoice(3, state="overdue", total=money("7.00")),
        invoice(4, state="promised", promise_until=iso(NOW + timedelta(days=3))),
        invoice(5, state="promised", promise_until=iso(NOW + timedelta(hours=5))),
        invoice(6, state="paid"),
        invoice(7, state="combined"),
    )
    seen = overview(StoreReader(store.path), NOW)
    assert (seen.unpaid.count, seen.unpaid.total) == (2, eur("19.99"))
    assert (seen.overdue.count, seen.overdue.total) == (1, eur("7.00"))
    assert (seen.promised.count, seen.promised.total) == (2, eur("38.00"))
    assert seen.past_due == 1
    assert [promise.invoice.id for promise in seen.promises] == ["i5", "i4"]
    assert seen.promises[0].left(NOW) == timedelta(hours=5)
    assert (seen.internal, seen.affiliate) == (eur("10.00"), eur("3.00"))


def test_sums_beyond_the_largest_amount_are_told_exactly(store: Store) -> None:
    """INV-10: each is an amount that a panel may send; together they are more than any."""
    most = money("999999999999.99")
    put_account(store, "10.00", "3.00")
    put_invoices(store, *(invoice(number, total=most) for number in (1, 2)))
    put_orders(
        store, *(order(number, paid_until=iso(NOW + timedelta(days=1)), monthly_price=most) for number in (1, 2))
    )
    seen = overview(StoreReader(store.path), NOW)
    assert str(seen.unpaid.total) == "1 999 999 999 999.98 EUR"
    assert str(seen.running_out[0].monthly) == "1 999 999 999 999.98 EUR"


def test_running_out_counts_each_horizon_to_the_second(store: Store) -> None:
    def ends(number: int, after: timedelta, **other: object) -> dict[str, object]:
        return order(number, paid_until=iso(NOW + after), **other)

    second = timedelta(seconds=1)
    put_orders(
        store,
        ends(1, timedelta(0)),
        ends(2, second),
        ends(3, timedelta(days=3)),
        ends(4, timedelta(days=3) + second, auto_renew={"on": True, "months": 1}),
        ends(5, timedelta(days=14), state="suspended"),
        ends(6, timedelta(days=20), state="blocked"),
        ends(7, timedelta(days=31)),
    )
    seen = overview(StoreReader(store.path), NOW).running_out
    assert [(item.days, item.count, item.monthly, item.auto) for item in seen] == [
        (3, 2, eur("19.00"), 0),
        (7, 3, eur("28.50"), 1),
        (14, 4, eur("38.00"), 1),
        (30, 4, eur("38.00"), 1),
    ]


def test_blocked_orders_say_when_they_are_deleted(store: Store) -> None:
    """ORD-2: seven days after the block; unknown where the panel does not say when that was."""
    put_orders(
        store,
        order(1, state="blocked", blocked_at=iso(NOW - timedelta(days=1))),
        order(2, state="blocked", blocked_at=iso(NOW - timedelta(days=6))),
        order(3, state="blocked"),
    )
    seen = overview(StoreReader(store.path), NOW)
    assert [(item.order.id, item.deleted_at) for item in seen.blocked] == [
        ("2", NOW + timedelta(days=1)),
        ("1", NOW + timedelta(days=6)),
        ("3", None),
    ]
    assert seen.orders == {"blocked": 3}


def auto(number: int, days: int, price: str, **other: object) -> dict[str, object]:
    return order(
        number,
        paid_until=iso(NOW + timedelta(days=days)),
        monthly_price=money(price),
        auto_renew={"on": True, "months": 1},
        individual_price=True,
        **other,
    )


def test_auto_renewals_that_will_fail_for_lack_of_money(store: Store) -> None:
    """REN-4: one purse alone, internal first, in the order of the ends; ACC-4: 6 + 5 do not pay 8."""
    put_account(store, "10.00", "5.00")
    put_orders(
        store,
        auto(1, 4, "4.00"),  # internal: 6 left
        auto(2, 5, "8.00"),  # neither 6 nor 5 hold it: fails
        auto(3, 6, "5.50"),  # internal: 0.50 left
        auto(4, 7, "5.00"),  # affiliate
        auto(5, 8, "0.51"),  # fails
        auto(6, 3, "90.00", unpaid_invoice_id="i1"),  # has an open invoice: skipped
        auto(7, 60, "90.00"),  # too far ahead
    )
    seen = overview(StoreReader(store.path), NOW)
    assert [(item.order_id, item.price, item.at) for item in seen.failing] == [
        ("2", eur("8.00"), NOW + timedelta(days=3)),
        ("5", eur("0.51"), NOW + timedelta(days=6)),
    ]


def test_prices_name_their_discounts() -> None:
    """DSC-1, DSC-2, DSC-3, INV-10: 400 days (over 12 months, 5 %) and 10 services (5 %): 9.50 × 3 less 10 %."""
    row = order_row(Order.model_validate(order(1)))
    line = Prices({"vds": 10}).renewal(facts_of(row), 3, NOW)
    assert [discount.percent for discount in line.discounts] == [5, 5]
    assert (line.list_price, line.total) == (eur("28.50"), eur("25.65"))


states = st.sampled_from(["pending", "active", "suspended", "blocked", "deleted", "cancelled"])


@given(states, st.sampled_from([None, "i5"]), st.sampled_from([None, "t1"]), st.integers(-10, 40), st.integers(0, 9))
def test_rows_give_the_same_facts_and_the_same_refusals_as_objects(
    state: str, invoice_id: str | None, transfer_id: str | None, days: int, blocked: int
) -> None:
    """BLK-5, REN-2, ORD-1, TRF-6: the quick way of marking decides as the rule does."""
    item = Order.model_validate(
        order(
            1,
            state=state,
            unpaid_invoice_id=invoice_id,
            transfer_id=transfer_id,
            paid_until=None if state == "pending" else iso(NOW + timedelta(days=days)),
            blocked_at=iso(NOW - timedelta(days=blocked)) if state == "blocked" else None,
        )
    )
    row = order_row(item)
    assert facts_of(row) == order_facts(item)
    by_rule = renewal_refusal(order_facts(item), NOW)
    assert unmarkable(row, NOW) == by_rule
    if by_rule is not None and invoice_id is not None and transfer_id is None and state in ("active", "suspended"):
        assert by_rule.related["invoice_id"] == invoice_id


def test_search_puts_exact_hits_first(store: Store) -> None:
    put_orders(store, order(1, name="web-12"), order(12, name="db"), order(3, name="12-mail"), order(4, name="web"))
    put_invoices(store, {**invoice(1), "number": "web", "title": "web"})
    reader = StoreReader(store.path)
    assert [(hit.kind, hit.id) for hit in search(reader, "web")][:2] == [("invoice", "i1"), ("order", "4")]
    assert {hit.kind for hit in search(reader, "invoice: web")} == {"invoice"}
    assert search(reader, "order:12")[0].id == "12"
    assert len(search(reader, "web", limit=1)) == 1
