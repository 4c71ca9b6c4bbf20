"""A price that can be read in two ways, or that is another thing's, is none: the gateway is told no price at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.rootpanel.driver import RootPanel
from billtui.client.drivers.rootpanel.reading import OrderReader, balance, tarifs
from billtui.client.drivers.rootpanel.shapes import amount_of, exact_of, told_currency
from billtui.client.drivers.traits import ENDLESS
from billtui.client.errors import InvalidInput, RuleRefused
from billtui.client.settings import Write
from billtui.domain.models import OrderCell, OrderRequest
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from tests.client.billmanager.kit import play
from tests.client.rootpanel.test_rootpanel_reading import ONE, PLAIN, answer
from tests.support.spellings import Spelled, only_digits, spellings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("1 234,50", "1234.50"), ("1'234.50", "1234.50"),
        ("1,234,567.00 USD", "1234567.00"), ("12.345.678,90", "12345678.90"), ("4.90/mo", "4.90"), ("0.500", "0.50"),
        ("1,234", None), ("1.234", None), ("1.234.50", None), ("1,23,4.50", None), ("10-20", None), (True, None),
        ("12 34.50", None),
    ],
)  # fmt: skip
def test_amounts_of_thousands(text: Any, said: str | None) -> None:
    found = amount_of(text)
    assert (None if found is None else str(found)) == said


@given(spellings())
def test_every_clear_spelling_has_its_one_amount(spelled: Spelled) -> None:
    assert (amount_of(spelled.text), told_currency(spelled.text)) == (spelled.amount, spelled.currency), spelled.text


@given(st.text(alphabet="0123456789.,'\u2019\u00a0 -", min_size=1, max_size=30), st.sampled_from(["", "€", " EUR"]))
def test_no_digit_is_lost_or_added(text: str, behind: str) -> None:
    found = exact_of(text + behind)
    assert found is None or only_digits(text) == only_digits(str(found)), text


@pytest.mark.parametrize(
    "text",
    ["1 000" * 400, "12,34.56", "15 points", "10 GB", "USD 5 EUR", "\u0661\u0662", "007", "0 123", "1 234'567", "5+3",
     "15 - 20", "15%", "(5)", "5,-", "5-"],
)  # fmt: skip
def test_what_could_be_another_amount_is_not_read(text: str) -> None:
    assert exact_of(text) is None
    with pytest.raises(UnreadableAnswer):
        balance({"balance": text, "currency": "EUR"})


def test_a_price_is_in_the_currency_that_stands_beside_it() -> None:
    reader = OrderReader(PLAIN, "EUR")
    assert str(reader.order(of(price="4.90 USD")).monthly_price) == "4.90 USD"
    assert reader.price(of(price="4.90 USD"), 2) == Money("9.80", "USD")
    assert reader.price(of(price="4.90 USD", currency="EUR"), 1) is None, "the row speaks of two"
    assert reader.price(of(prices={"3": "9 USD", "6": "20 EUR"}), 6) == Money("20.00", "EUR")
    assert reader.price(of(prices={"3": "9 USD"}, price=""), 3) is None
    with pytest.raises(UnreadableAnswer):
        balance({"balance": "5 USD", "currency": "EUR"})
    assert balance({"balance": "5 USD"}) == Money("5.00", "USD")


class Gateway:
    """Answers commands with rows, and keeps what was written."""

    def __init__(self, orders: list[dict[str, Any]], sold: list[dict[str, Any]] | None = None) -> None:
        self.orders, self.sold, self.written = orders, sold or [], list[dict[str, str]]()

    def __call__(self, form: dict[str, str]) -> Any:
        rows: dict[str, Any] = {"status": "SUCCESS"}
        match form["command"]:
            case "getBalance":
                rows |= {"balance": "100.00", "currency": "EUR"}
            case "getOrders":
                rows["orders"] = [one for one in self.orders if form.get("orderid", "") in ("", one.get("orderid"))]
            case "getTarifs":
                rows["tarifs"] = self.sold if form["vid"] == "vds" else []
            case _:
                self.written.append(form)
        return answer(rows)


def of(**values: Any) -> dict[str, Any]:
    return {**ONE, **values}


@pytest.mark.parametrize("price", ["-5.00", "0", 4.905, "4.905", "1,234", "free"])
def test_what_costs_nothing_or_parts_of_a_cent_is_not_renewed(price: Any) -> None:
    made, panel = RootPanel("ivan"), Gateway([of(price=price)])
    quote = play(made.quote_renewal(["7"], 1, None), panel)
    assert [one.code for one in quote.excluded] == ["no-price"] and not quote.lines


def test_what_never_ends_is_not_renewed() -> None:
    panel = Gateway([of(todate="9999-12-31", price="4.90")])
    quote = play(RootPanel("ivan").quote_renewal(["7"], 1, None), panel)
    assert [(one.code, one.reason) for one in quote.excluded] == [("not-renewable", ENDLESS)] and not quote.lines
    (order,) = play(RootPanel("ivan").list_orders(()), panel).items
    assert ("renew", "not-renewable") in [(one.action, one.code) for one in order.actions]


def test_parts_of_a_cent_may_be_whole_cents_together() -> None:
    quote = play(RootPanel("ivan").quote_renewal(["7"], 2, None), Gateway([of(price=4.905)]))
    assert quote.total == Money("9.81", "EUR")


def request(plan: str, **more: Any) -> OrderRequest:
    cell = OrderCell(plan=SafeText(plan), location=SafeText("any"), quantity=1)
    return OrderRequest.model_validate({"cells": [cell], "period": 1} | more)


def test_addons_that_the_price_does_not_hold_are_not_ordered() -> None:
    panel = Gateway([], [{"id": "1", "price": "3.00"}])
    assert play(RootPanel("ivan").quote_order(request("vds:1")), panel).total == Money("3.00", "EUR")
    with pytest.raises(InvalidInput, match="no price of add-ons"):
        play(RootPanel("ivan").quote_order(request("vds:1", addons=[SafeText("ip")])), panel)


def test_the_place_in_a_list_is_no_id() -> None:
    """A gateway that calls ids otherwise than it is assumed would be sent another tariff's, or another order's."""
    sold = {"status": "SUCCESS", "tarifs": [{"name": "A", "price": "9"}, {"name": "B", "price": "1"}]}
    assert tarifs(PLAIN, "vds", sold, "EUR") == []
    assert [one.id for one in tarifs(PLAIN, "vds", {"status": "SUCCESS", "7": {"price": "9"}}, "EUR")] == ["7"]
    made, panel = RootPanel("ivan"), Gateway([{"domain": "web-1.example", "price": "5.00", "todate": "2026-12-01"}])
    (order,) = play(made.list_orders(()), panel).items
    with pytest.raises(RuleRefused, match="tells no id"):
        play(made.act_on_order(order.id, "suspend", Write("a-key"), None), panel)
    assert [one.code for one in play(made.quote_renewal([order.id], 1, None), panel).excluded] == ["not-one"]
    assert panel.written == []


@pytest.mark.parametrize("order_id", ["7", "7#2"])
def test_of_two_services_with_one_id_none_is_touched(order_id: str) -> None:
    made, panel = RootPanel("ivan"), Gateway([of(price="5.00"), of(price="50.00", domain="other.example")])
    assert [one.code for one in play(made.quote_renewal([order_id], 1, None), panel).excluded] == ["not-one"]
    with pytest.raises(RuleRefused, match="several"):
        play(made.act_on_order(order_id, "reinstall", Write("a-key"), None), panel)
    assert panel.written == []


def test_what_is_billed_in_several_currencies_or_beyond_all_bounds_has_no_one_price() -> None:
    several = Gateway(
        [of(price="5.00", currency="USD"), of(orderid="8", price="5.00", currency="EUR")],
        [{"id": "1", "price": "3.00", "currency": "USD"}, {"id": "2", "price": "999999999.99", "currency": "EUR"}],
    )
    with pytest.raises(InvalidInput, match="several currencies"):
        play(RootPanel("ivan").quote_renewal(["7", "8"], 1, None), several)
    both = request("vds:1", cells=[*request("vds:1").cells, *request("vds:2").cells])
    with pytest.raises(InvalidInput, match="several currencies"):
        play(RootPanel("ivan").quote_order(both), several)
    many = request("vds:2", cells=[request("vds:2").cells[0].model_copy(update={"quantity": 500})], period=36)
    with pytest.raises(InvalidInput, match="more than can be billed"):
        play(RootPanel("ivan").quote_order(many), several)
