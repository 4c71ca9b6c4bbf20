"""The driver on documents of the wire text: payments, the basket and the cart."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.billmanager.basket import basket_of
from billtui.client.drivers.billmanager.cart import cart_of
from billtui.client.drivers.traits import ENDLESS
from billtui.client.errors import (
    InvalidInput,
    NotFound,
    RuleRefused,
)
from billtui.domain.models import (
    InvoiceState,
    OrderCell,
    OrderRequest,
)
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from tests.client.billmanager.documents import VDS, one
from tests.client.billmanager.kit import (
    Doc,
    driver,
    play,
    refusal,
    row,
    text,
    write,
)

BASKET = {
    "billorder": text("904"), "total_sum": text("4.90"), "tax": text("0.00"), "full_discount": text("0.00"),
    "list": [{"$name": "itemlist", "elem": [row(
        id="3001", item__id="8103", item__type="vds", item__period="1", item__autoprolong="1",
        pricelist_name="KVM-2", desc="KVM-2<br/>Memory 2 Gb", cost="4.90", fullcost="4.90", discount_percent="0%")]}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "state"),
    [("1", "unpaid"), ("2", "payment in progress"), ("3", "promised"), ("4", "paid"), ("5", "awaiting refund"),
     ("6", "refunded"), ("7", "held for fraud"), ("8", "payment initiated"), ("9", "deleted"), ("100", "deleted"),
     ("55", "New thing")],
)  # fmt: skip
def test_states_of_payments(code: str, state: str) -> None:
    made = driver().payment_of(
        row(id="1", number="B/1", status=text("New thing", orig=code), subaccountamount_iso="10.00 EUR"), "EUR"
    )
    assert str(made.state) == state
    assert made.is_open == (code in ("1", "3"))


def test_a_refund_is_told_by_its_number() -> None:
    made = driver().payment_of(
        row(id="9", number="return/B/1", status=text("Paid", orig="4"), subaccountamount_iso="10.00 EUR",
            create_date="2026-02-01", paymethod_name="Select"), "EUR",
    )  # fmt: skip
    assert (str(made.kind), made.state, made.total) == ("refund", InvoiceState.REFUNDED, Money("10.00", "EUR"))


def test_a_payment_that_became_another_one_is_not_believed() -> None:
    """Else the first one would still be new, and be paid once more."""
    listed = {
        "p_elems": text("1"),
        "elem": [row(id="7", status=text("New", orig="1"), subaccountamount_iso="5.00 EUR")],
    }
    way = row(paymethod="1", paymethod_type="0", name="Balance")
    made = {"7": "8"}

    def method(form: dict[str, str]) -> Doc:
        if form.get("sok") == "ok":
            assert (form["payment_id"], form["clicked_button"], form["amount"]) == ("7", "fromsubaccount", "5.00")
            return {"ok": text("func=order"), "payment_id": text(made["7"])}
        return {"list": [{"$name": "methodlist", "elem": [way]}], "payment_currency": text("1")}

    table = {"payment": listed, "payment.add.method": method, "profile": {"elem": row(id="3")}}
    with pytest.raises(UnreadableAnswer, match="another payment"):
        play(driver(ordering="v1").pay("7", "internal", Money("5.00", "EUR"), write()), one(table))
    made["7"] = "7"
    with pytest.raises(UnreadableAnswer, match="as new as before"):  # nothing is told as paid, nor as begun
        play(driver(ordering="v1").pay("7", "internal", Money("5.00", "EUR"), write()), one(table))


def test_signing_out_never_signs_in_again() -> None:
    asked: list[dict[str, str]] = []
    play(driver().sign_out(), one({"logon": "<html>bye</html>"}), asked)
    play(driver(sign_out_func="logoff").sign_out(), one({}), asked)
    assert [form["func"] for form in asked] == ["logon", "logoff"]


def test_the_example_of_a_basket_is_an_unpaid_invoice() -> None:
    invoice = play(driver(ordering="v1").get_invoice("basket:904"), one({"basket": BASKET}))
    assert (invoice.state, invoice.total, invoice.line_count) == (InvoiceState.UNPAID, Money("4.90", "EUR"), 1)
    assert invoice.lines[0].order_id == "vds:8103" and invoice.lines[0].title == "KVM-2 Memory 2 Gb"
    with pytest.raises(NotFound):
        play(driver(ordering="v1").get_invoice("basket:905"), one({"basket": BASKET}))


def test_a_basket_without_its_total_is_not_believed() -> None:
    for name in ("billorder", "total_sum"):
        with pytest.raises(UnreadableAnswer):
            basket_of({**BASKET, name: {}}, "EUR")
    assert basket_of({}, "EUR").items == []


def test_a_cart_whose_total_is_not_its_sum_is_not_believed() -> None:
    line = {
        "id": text("7"),
        "main": row(name="KVM-2", period="1"),
        "price": {"price": row(cost="4.90", currency="EUR")},
    }
    doc = {"total": row(cost="9.80", currency="EUR"), "list": [{"$name": "lineitems", "elem": [line]}]}
    with pytest.raises(UnreadableAnswer, match="sum"):
        cart_of(doc, "EUR")
    doc["total"] = row(cost="4.90", currency="EUR")
    assert cart_of(doc, "EUR").total == Money("4.90", "EUR")


def test_a_renewal_is_refused_while_something_waits_in_the_basket() -> None:
    asked: list[dict[str, str]] = []
    made = driver()
    form = {"period": text("1"), "newexpiredate": text("2026-11-15"), "orderinfo": text("<p>Total: 4.90 EUR</p>")}
    table = {"vds": VDS, "service.prolong": form, "basket": BASKET}
    quote = play(made.quote_renewal(["vds:8101"], 1, None), one({**table, "basket": {}}))
    assert quote.total == Money("4.90", "EUR") and quote.lines[0].new_paid_until == datetime(2026, 11, 15, tzinfo=UTC)
    with pytest.raises(RuleRefused, match="paid along"):
        play(made.renew(quote.id.raw, quote.total, write()), one(table), asked)
    assert all(form.get("sok") is None for form in asked)


def test_what_never_ends_is_not_renewed() -> None:
    service = row(id="8101", domain="web-1", status="2", cost="4.90 EUR / Month", real_expiredate="9999-12-31")
    table: dict[str, Doc] = {"vds": {"elem": [service], "p_elems": text("1")}, "basket": {}}
    quote = play(driver().quote_renewal(["vds:8101"], 1, None), one(table))
    assert [(one.code, one.reason) for one in quote.excluded] == [("not-renewable", ENDLESS)] and not quote.lines
    order = play(driver().get_order("vds:8101"), one(table))
    assert [(one.allowed, one.code) for one in order.actions if one.action == "renew"] == [(False, "not-renewable")]


def test_a_renewal_without_a_price_in_its_form_is_priced_by_the_month() -> None:
    quote = play(driver().quote_renewal(["vds:8101"], 3, None), one({"vds": VDS, "service.prolong": {}, "basket": {}}))
    assert quote.total == Money("14.70", "EUR")


def test_what_cannot_be_renewed_is_left_out_with_the_panels_words() -> None:
    words = "The service can be renewed only after 2026-10-01"
    table = {"vds": VDS, "service.prolong": refusal("value", "period", words), "basket": {}}
    quote = play(driver().quote_renewal(["vds:8101", "vds:9"], 3, None), one(table))
    assert quote.lines == [] and [str(one.order_id) for one in quote.excluded] == ["vds:9", "vds:8101"]
    assert words in quote.excluded[1].reason and not quote.excluded[1].related
    for words, named in (
        ("Invoice 338 still bills “db-nl-01”: pay or delete that invoice first.", {"invoice_id": "338"}),
        ("There is an unpaid payment #12", {"invoice_id": "12"}),
        ("Payment 1 and payment 2 are unpaid", {}),
        ("Prepayment 30 days", {}),
    ):
        table["service.prolong"] = refusal("value", "elid", words)
        quote = play(driver().quote_renewal(["vds:8101"], 3, None), one(table))
        assert {str(key): str(value) for key, value in quote.excluded[0].related.items()} == named, words
    with pytest.raises(InvalidInput, match="basket"):
        play(driver().quote_renewal(["vds:8101"], 3, "CODE"), one(table))


def test_names_and_parts_of_new_servers_are_refused_where_the_panel_has_none() -> None:
    cell = OrderCell(plan=SafeText("vds-502"), location=SafeText("1"), quantity=2)
    for request, words in (
        (OrderRequest(cells=[cell], period=1, addons=[SafeText("5")]), "Parts"),
        (OrderRequest(cells=[cell], period=1, names=SafeText("web-{n}")), "names several"),
    ):
        with pytest.raises(InvalidInput, match=words):
            play(driver(ordering="v1").quote_order(request), one({}))


def test_what_the_provider_lends_stands_beside_the_balance() -> None:
    table = {
        "whoami": {"user": {"$id": "77", "$name": "ivan", "$email": "ivan@example.org", "$level": "16"}},
        "dashboard.info": {"elem": row(id="1", realbalance="12,30 €")},
        "dashboard.subaccount_credit": {"elem": [row(credit="50.00 EUR", available_credit="40.00 EUR")]},
        "payment.add.method": {
            "list": [{"$name": "methodlist", "elem": row(paymethod="4", paymethod_type="7", name="Card")}]
        },
    }
    account = play(driver().me(), one(table))
    assert (account.login, account.account_id, account.currency) == ("ivan", "77", "EUR")
    assert account.balances.internal == Money("12.30", "EUR") and account.balances.credit == Money("50.00", "EUR")
    assert account.payment_methods == ["internal", "card-4"]
    without = {**table, "dashboard.subaccount_credit": refusal("missed")}
    assert play(driver().me(), one(without)).balances.credit is None
