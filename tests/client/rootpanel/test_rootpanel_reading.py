"""The tolerant reader: whatever shape a list has, no row is lost; what is not understood is kept."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.rootpanel.assumed import Assumed
from billtui.client.drivers.rootpanel.calling import command
from billtui.client.drivers.rootpanel.driver import RootPanel
from billtui.client.drivers.rootpanel.reading import OrderReader, marks_of_orders, plan_of, tarifs
from billtui.client.drivers.rootpanel.shapes import amount_of, currency_of, day_of, prices_of, rows_of
from billtui.client.errors import ClientError, ConfigurationProblem, SessionExpired, ShutOut
from billtui.client.exchange import Answer, Exchange
from billtui.domain.models import Order

ONE = {"orderid": "7", "domain": "web-1.example", "status": "active", "todate": "2026-05-01", "price": "4.90"}
TWO = {"orderid": 8, "domain": "db", "price": 12.5, "todate": "2026-06-01 00:00:00"}
PLAIN = Assumed.of({})


def answer(value: Any, kind: str = "application/json") -> Answer:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Answer(200, kind, body, len(body))


def told(order: Order) -> dict[str, str]:
    """What was not understood."""
    return {str(name): str(text) for name, text in order.more.items()}


@pytest.mark.parametrize(
    "shape",
    [
        {"orders": [ONE, TWO]},
        {"whatever": [ONE, TWO]},
        {"data": {"orders": [ONE, TWO]}, "count": "2"},
        {"orders": {"7": ONE, "8": TWO}},
        {"7": ONE, "8": TWO},
        {"list": {"items": {"a": ONE, "b": TWO}}},
        {"active": [ONE], "ended": [TWO]},
        {"total": "2", "page": "1", "orders": [{**ONE, "ips": ["192.0.2.1"], "disks": [{"size": 1}]}, TWO]},
        {"data": {"total": 2, "page": 1, "orders": {"7": {**ONE, "disks": [{"size": 1}]}, "8": TWO}}},
    ],
)
def test_a_list_is_found_under_any_key(shape: dict[str, Any]) -> None:
    orders = OrderReader(PLAIN, "EUR").orders({"status": "SUCCESS", **shape})
    assert [(one.id.raw, one.name.raw) for one in orders] == [("7", "web-1.example"), ("8", "db")]
    assert [one.monthly_price.amount for one in orders] == [Decimal("4.90"), Decimal("12.50")]


@pytest.mark.parametrize(
    "empty", [{}, {"orders": []}, {"orders": ""}, {"orders": None}, {"orders": False}, {"orders": {}}]
)
def test_an_empty_list_is_empty(empty: dict[str, Any]) -> None:
    assert OrderReader(PLAIN, "EUR").orders({"status": "SUCCESS", **empty}) == []


def test_one_order_may_stand_by_itself() -> None:
    for shape in ({**ONE, "x": 1}, {"order": {**ONE, "disks": [{"size": 1}, {"size": 2}]}}, {"7": {"domain": "x"}}):
        assert [one.id.raw for one in OrderReader(PLAIN, "EUR").orders({"status": "SUCCESS", **shape})] == ["7"]


def test_no_row_is_dropped_and_ids_stay_apart() -> None:
    rows = {"orders": [ONE, ONE, {"color": "red"}, "just text", 5, None, {}]}
    orders = OrderReader(PLAIN, "EUR").orders({"status": "SUCCESS", **rows})
    assert len(orders) == 7 == len({one.id.raw for one in orders})
    assert orders[1].id.raw == "7#2"
    assert told(orders[2])["color"] == "red"
    assert told(orders[3])["value"] == "just text"
    assert told(orders[2])["price"] == "not told"


def test_fields_that_are_not_understood_are_kept() -> None:
    row = {**ONE, "osname": "Debian", "disks": {"main": {"size": 20}}, "ips": ["192.0.2.1", "192.0.2.2"], "empty": ""}
    assert told(OrderReader(PLAIN, "EUR").order(row)) == {
        "osname": "Debian",
        "disks.main.size": "20",
        "ips": "192.0.2.1, 192.0.2.2",
    }


def test_each_assumption_can_be_said_otherwise() -> None:
    options = {
        "order_id": "nr", "order_until": "gueltig", "order_state": "zustand", "states": "an=active,aus=suspended",
        "paid_until": "end", "currency": "UAH", "order_price": "preis", "price": "listed",
    }  # fmt: skip
    reader = OrderReader(Assumed.of(options), "EUR")
    row = {"nr": "5", "gueltig": "31.12.2026", "zustand": "aus", "preis": "100,50", "orderid": "no"}
    order = reader.order(row)
    assert (order.id.raw, str(order.state), str(order.monthly_price)) == ("5", "suspended", "100.50 UAH")
    assert order.paid_until == datetime(2027, 1, 1, tzinfo=UTC)
    assert told(order)["orderid"] == "no"
    assert reader.price(row, 1) is None


def test_options_that_cannot_be_are_refused_in_words() -> None:
    with pytest.raises(ConfigurationProblem, match="has no option colour"):
        RootPanel.for_profile("ann", {"colour": "x"})
    with pytest.raises(ConfigurationProblem, match="debit, invoice"):
        RootPanel.for_profile("ann", {"renewal": "maybe"})
    assert not RootPanel.for_profile("ann", {"renewal": "invoice"}).traits.renewal_pays
    assert RootPanel("ann").traits.renewal_pays


def test_the_day_on_which_an_order_ends_is_its_billing_day() -> None:
    assert OrderReader(PLAIN, "EUR").order({**ONE, "todate": "2026-05-27"}).billing_day == 27
    assert OrderReader(PLAIN, "EUR").order({**ONE, "todate": ""}).billing_day == 1


def test_states_that_nobody_knows_stay_as_they_are() -> None:
    reader = OrderReader(PLAIN, "EUR")
    assert str(reader.order({**ONE, "status": "Заморожен"}).state) == "заморожен"
    assert str(reader.order({**ONE, "status": ""}).state) == "active"
    assert str(reader.order({**ONE, "status": "STOPPED"}).state) == "suspended"


def test_prices_by_months_go_before_multiples() -> None:
    reader = OrderReader(PLAIN, "EUR")
    assert str(reader.price({**ONE, "prices": {"3": "14.11"}}, 3)) == "14.11 EUR"
    assert str(reader.price({**ONE, "prices": [{"period": 3, "price": 14.11}]}, 3)) == "14.11 EUR"
    assert str(reader.price(ONE, 3)) == "14.70 EUR"
    assert reader.price({"orderid": "1"}, 1) is None


def test_tariffs() -> None:
    found = tarifs(PLAIN, "vds", {"status": "SUCCESS", "tarifs": [
        {"id": "1", "name": "Micro", "price": "3.00", "period": "1", "memory": "1024", "available": "0"},
        {"id": "2", "name": "Yearly", "price": "30", "period": "12"}, {"name": "no id"}, {"id": "3"},
    ]}, "EUR")  # fmt: skip
    assert [one.id for one in found] == ["1", "2", "3"], "without an id it cannot be ordered"
    micro, yearly = found[:2]
    assert (str(micro.price(3)), micro.stock) == ("9.00 EUR", 0)
    assert yearly.price(1) is None and str(yearly.price(24)) == "60.00 EUR"
    spoken = {
        "status": "SUCCESS",
        "tarifs": [{"id": "4", "price": "30", "period": "1 year"}, {"id": "5", "price": "9", "period": "once"}],
    }
    assert [dict(one.prices).keys() for one in tarifs(PLAIN, "vds", spoken, "EUR")] == [{12}, set()]
    plan = plan_of(PLAIN, yearly)
    assert plan is not None and str(plan.monthly_price) == "2.50 EUR" and plan.id.raw == "vds:2"
    assert plan_of(PLAIN, found[2]) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [("12.50", "12.50"), (12.5, "12.50"), ("1 234,5", "1234.50"), ("4.90 EUR", "4.90"), ("-3", "-3.00"), ("", None),
     ("1,234.50", "1234.50"), ("1.234.567,50", "1234567.50"), ("1,234", None), ("4.900.000", None), ("1,2.5", None),
     ("12e5", None), ("1'234.50", "1234.50"), ("free", None), (None, None),
     ([], None), (True, None), ("9" * 30, None), (1e300, None)],
)  # fmt: skip
def test_amounts(text: Any, said: str | None) -> None:
    found = amount_of(text)
    assert (None if found is None else str(found)) == said


def test_days_and_currencies() -> None:
    assert day_of("2026-05-01 10:00:00") == day_of("01.05.2026") == datetime(2026, 5, 1, tzinfo=UTC)
    assert day_of("2026-13-01") is day_of("soon") is day_of("9999-12-31", end=True) is None
    assert [currency_of(one) for one in ("eur", "руб.", "₴", "", "EURO", None)] == ["EUR", "RUB", "UAH", "", "", ""]
    assert prices_of({"1": "2", "x": "3", "3": "no"}) == {1: Decimal("2.00")}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["orders", "orderid", "domain", "price", "todate", "status", "tarifs", "currency", "prices"])
        | st.text(max_size=8), inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@given(ANYTHING)
def test_no_answer_is_anything_but_read_or_unreadable(value: Any) -> None:
    inside = value if isinstance(value, dict) else {"list": value}
    row = {**inside, "status": "SUCCESS"}
    try:
        orders = OrderReader(PLAIN, "EUR").orders(row)
        assert len(orders) == len(rows_of(row, marks_of_orders(PLAIN)))
        assert len({one.id.raw for one in orders}) == len(orders)
        tarifs(PLAIN, "vds", row, "EUR")
    except UnreadableAnswer:
        pass


@given(st.binary(max_size=200) | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_no_body_makes_a_call_fail_otherwise(body: bytes) -> None:
    call = command("getOrders", lambda row: row)
    try:
        call.read(answer(body))
    except (UnreadableAnswer, ClientError):
        pass


def test_what_errors_mean() -> None:
    call = command("getBalance", lambda row: row, bad_keys=("*",))
    for code, kind in (("5", ShutOut), ("1", SessionExpired), (7, SessionExpired)):
        with pytest.raises(kind, match="Доступ") as caught:
            call.read(answer({"status": "ERROR", "errorCode": code, "errorMsg": "Доступ\x1b[2J закрыт"}))
        assert "\x1b" not in str(caught.value)
    with pytest.raises(UnreadableAnswer, match="web page"):
        call.read(answer(b"<html>", "text/html"))
    with pytest.raises(UnreadableAnswer, match="neither"):
        call.read(answer({"status": "MAYBE"}))


def test_many_rows_of_one_id_are_named_apart_in_no_long_time() -> None:
    rows = [{"orderid": "1"}] * 3_000 + [{"orderid": "1#2"}, {"orderid": "1#2"}]
    began = time.process_time()
    found = OrderReader(PLAIN, "EUR").orders({"status": "SUCCESS", "orders": rows})
    assert len({order.id.raw for order in found}) == len(rows)
    assert time.process_time() - began < 10  # each against each: a minute of it and more


def test_a_token_that_is_none_of_ours_is_refused_in_words() -> None:
    with pytest.raises(ConfigurationProblem):
        RootPanel("me").authorised(Exchange("POST", ""), SecretStr("rootpanel:no-hex:key"))
