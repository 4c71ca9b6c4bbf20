"""The driver on documents of the wire text, without a network: what it makes of them and what it asks."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.acts import Act
from billtui.client.drivers.billmanager.assumed import ASSUMED, OPTIONS, Options
from billtui.client.drivers.billmanager.basket import basket_of
from billtui.client.drivers.billmanager.cart import cart_of
from billtui.client.drivers.billmanager.driver import BillManager
from billtui.client.drivers.billmanager.lists import Place
from billtui.client.drivers.billmanager.memory import HeldFile
from billtui.client.drivers.billmanager.multipart import multipart
from billtui.client.drivers.billmanager.threads import thread_of
from billtui.client.drivers.kinds import make_driver
from billtui.client.errors import (
    CapabilityMissing,
    ClientError,
    ConfigurationProblem,
    Forbidden,
    InvalidInput,
    NotFound,
    RuleRefused,
    SessionExpired,
    SignInRefused,
    TotpRequired,
)
from billtui.client.settings import ConnectionSettings
from billtui.domain.models import (
    AutoRenew,
    InvoiceState,
    MessageRequest,
    OrderCell,
    OrderRequest,
    OrderState,
    TicketChange,
    TicketRequest,
    TicketState,
)
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText
from tests.client.billmanager.kit import (
    Doc,
    driver,
    fields_of,
    play,
    refusal,
    row,
    text,
    write,
)

VDS = {
    "$func": "vds", "$lang": "en", "p_elems": text("1"), "p_num": text("1"),
    "elem": [row(id="8101", domain="web-1.example", item_status=text("Active", orig="2"), cost="4.90 EUR / Month",
                 pricelist="KVM-2", real_expiredate="2026-10-15", expiredate="daily charging")],
}  # fmt: skip
MENU = {"mainmenu": {"node": [{"$name": "mainmenuservice", "node": [
    {"$name": "vds", "$action": "vds", "$type": "list"}, {"$name": "x", "$action": "order", "$type": "form"},
    {"$name": "vps", "$action": "vds.vps", "$type": "list"}]}, {"$name": "mainmenufinance", "node": [
        {"$name": "payment", "$action": "payment", "$type": "list"}]}]}}  # fmt: skip
BASKET = {
    "billorder": text("904"), "total_sum": text("4.90"), "tax": text("0.00"), "full_discount": text("0.00"),
    "list": [{"$name": "itemlist", "elem": [row(
        id="3001", item__id="8103", item__type="vds", item__period="1", item__autoprolong="1",
        pricelist_name="KVM-2", desc="KVM-2<br/>Memory 2 Gb", cost="4.90", fullcost="4.90", discount_percent="0%")]}],
}  # fmt: skip
THREAD = {
    "elid": text("4501"), "subject": text("Server is down"), "closed_ticket_user": text("off"),
    "mlist": [{"fm_date_post": text("2026-02-01 10:00:00"), "message": [
        {"$type": "info", "rowgroup": [{"row": [text("VPS web-1 #8101")]}]},
        {"$id": "90011", "$type": "incoming", "date_post": text("2026-02-01 10:00:00"), "body": text("Please check"),
         "user": {"realname": text("Ivan Test")}, "avatar": text("/img/a.png", name="a.png"),
         "file": [{"name": text("a.log"), "param": text("771")}]},
        {"$id": "90015", "$type": "outcoming", "date_post": text("2026-02-01 10:20:00"), "body": text("Done"),
         "user": {"realname": text("Support")}, "rates": {"rate": {"$name": "good"}}},
        {"$id": "90020", "$type": "system", "body": text("Ticket was moved to Archive")}]}],
}  # fmt: skip


def one(table: dict[str, Any]) -> Any:
    """A panel that answers each function with one document; it knows no others."""

    def panel(form: dict[str, str]) -> Any:
        found = table.get(form["func"], refusal("missed", "func"))
        return found(form) if callable(found) else found

    return panel


# -- services


def test_the_example_of_a_service_is_read_field_by_field() -> None:
    order = play(driver().get_order("vds:8101"), one({"vds": VDS}))
    assert (order.id, order.name, order.plan, order.state) == ("vds:8101", "web-1.example", "KVM-2", OrderState.ACTIVE)
    assert order.monthly_price == Money("4.90", "EUR")
    assert order.paid_until == datetime(2026, 10, 15, tzinfo=UTC)  # expiredate is words here
    allowed = {action.action for action in order.actions if action.allowed}
    assert {"renew", "reboot", "reset", "rename", "auto-renew"} <= allowed
    assert {"suspend", "reinstall", "transfer"} & allowed == set()


@pytest.mark.parametrize(
    ("status", "said", "state"),
    [
        ("1", "Ordered", "pending"),
        ("2_2_16", "Active", "active"),
        ("3", "Suspended", "suspended"),
        ("3_autosuspend", "Suspended automatically", "suspended"),
        ("3_employeesuspend", "Suspended by Administrator", "blocked"),
        ("3_abusesuspend", "Abuse", "blocked"),
        ("4", "Deleted", "deleted"),
        ("5_open", "In progress", "pending"),
        ("5_prolong", "In progress", "active"),
        ("5_close", "In progress", "being deleted"),
        ("5", " In progress ", "in progress"),
        ("9_new", "Something new", "something new"),
    ],
)
def test_states_by_their_code_and_never_by_words(status: str, said: str, state: str) -> None:
    made = driver()
    order = made.order_of("vds", row(id="1", item_status=text(said, orig=status)), "EUR", None)
    assert str(order.state) == state
    if said.strip().lower() not in (state, "active", "ordered"):  # the panel's own words stand beside it
        assert order.power == said.strip()


def test_a_panel_with_other_codes_is_an_option() -> None:
    made = driver(order_states="3=active,4=suspended,5=deleted", payment_states="2=paid")
    for code, state in (("3", "active"), ("4", "suspended"), ("5_open", "deleted")):
        assert str(made.order_of("vds", row(id="1", status=code), "EUR", None).state) == state
    assert made.payment_of(row(id="1", status=text("x", orig="2"), subaccountamount_iso="1.00 EUR"), "EUR").state == (
        InvoiceState.PAID
    )


def test_item_cost_is_for_the_period_that_cost_names() -> None:
    made = driver()
    for cost, exact, monthly in (
        ("610.80 EUR / Year", "610.8000", "50.90"), ("14.70 EUR / 3 Months", "", "4.90"),
        ("1.80\u00a0€ / Month", "1.8000", "1.80"), ("0.50 EUR / Day", "0.5000", "15.00"),
    ):  # fmt: skip
        order = made.order_of("vds", row(id="1", status="2", cost=cost, item_cost=exact), "EUR", None)
        assert order.monthly_price == Money(monthly, "EUR"), cost


def test_services_of_all_item_types_come_one_after_the_other() -> None:
    asked: list[dict[str, str]] = []
    other = {**VDS, "elem": row(id="8101", server_name="second", status="2")}  # one row as an object
    table = {"menu": MENU, "vds": {"p_elems": text("0")}, "vds.vps": other}
    made = driver()
    first = play(made.list_orders((("limit", "2"),)), one(table), asked)
    assert first.items == [] and first.next_cursor is not None and first.total is None
    second = play(made.list_orders((("limit", "2"), ("cursor", first.next_cursor))), one(table), asked)
    assert [order.id for order in second.items] == ["vds.vps:8101"] and second.next_cursor is None
    assert [form["func"] for form in asked] == ["menu", "vds.filter", "vds", "vds.vps.filter", "vds.vps"]
    assert all({"p_num", "p_cnt", "p_col"} <= form.keys() for form in asked if form["func"] in ("vds", "vds.vps"))


def test_a_menu_without_services_means_vds_and_an_option_means_itself() -> None:
    assert play(driver().list_orders(()), one({"menu": {}, "vds": VDS})).items[0].id == "vds:8101"
    asked: list[dict[str, str]] = []
    play(driver(item_types="instances").list_orders(()), one({"instances": VDS}), asked)
    assert "menu" not in {form["func"] for form in asked}


# -- lists and their traps


def _paged(rows: int, cap: int, *, told: bool = True, clamps: bool = True) -> Any:
    """A list of so many rows, at most ``cap`` a page; a page past the end is the last one again."""

    def panel(form: dict[str, str]) -> Doc:
        if form["func"] != "payment":
            return refusal("missed", "func")
        size = min(int(form["p_cnt"]), cap)
        page = int(form["p_num"])
        if clamps:
            page = min(page, max(1, -(-rows // size)))
        ids = range((page - 1) * size, min(rows, page * size))
        doc: Doc = {"elem": [row(id=str(one + 1), status=text("New", orig="1"), subaccountamount_iso="1.00 EUR")
                             for one in ids]}  # fmt: skip
        return {**doc, "p_elems": text(str(rows)), "p_num": text(str(page))} if told else doc

    return panel


@pytest.mark.parametrize(
    ("rows", "cap", "told"),
    [*((rows, 10, told) for rows in (0, 7, 10, 25, 30) for told in (True, False)), (23, 5, True)],
)
def test_every_row_comes_once_and_the_list_ends(rows: int, cap: int, told: bool) -> None:
    made, cursor, found = driver(), None, list[str]()
    for _ in range(20):
        query = (("limit", "10"), *((("cursor", cursor),) if cursor else ()))
        page = play(made.list_invoices(query), _paged(rows, cap, told=told))
        found += [one.id.raw for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == [str(one + 1) for one in range(rows)]


def test_a_filter_that_was_left_behind_is_taken_away() -> None:
    kept = {"status": text("4"), "createdate": text("nodate"), "sender": {}}
    state = {"kept": dict(kept)}

    def panel(form: dict[str, str]) -> Doc | str:
        if form["func"] == "payment.filter":
            if form.get("sok") == "ok":
                assert form["status"] == "" and form["out"] == "json"
                state["kept"] = {name: text("") for name in kept}
                return {"ok": {}}
            return state["kept"]
        assert not any(node.get("$") == "4" for node in state["kept"].values())
        return _paged(3, 10)(form)  # type: ignore[no-any-return]  # a document

    assert len(play(driver().list_invoices(()), panel).items) == 3


def test_a_panel_that_only_echoes_the_filter_is_asked_as_a_page() -> None:
    asked: list[dict[str, str]] = []

    def panel(form: dict[str, str]) -> Doc | str:
        if form["func"] == "payment.filter":
            return {"status": text("4")} if "out" in form else "<html>done</html>"
        return _paged(3, 10)(form)  # type: ignore[no-any-return]  # a document

    play(driver().list_invoices(()), panel, asked)
    assert [form.get("out", "") for form in asked if form["func"] == "payment.filter" and "sok" in form] == ["json", ""]


def test_one_row_is_found_although_the_panel_does_not_filter() -> None:
    invoice = play(driver().get_invoice("17"), _paged(25, 10))
    assert invoice.id == "17"
    with pytest.raises(NotFound):
        play(driver().get_invoice("26"), _paged(25, 10))


def test_a_place_of_another_list_is_refused() -> None:
    for cursor in ("x", "1.2", "-1.1.0.a", "1.1.1"):
        with pytest.raises(ConfigurationProblem):
            Place.of(cursor)
    place = Place(1, 3, 20, "a.b.c")
    assert Place.of(place.text()) == place


def test_a_filter_that_the_panel_has_not_is_refused_and_not_ignored() -> None:
    with pytest.raises(InvalidInput, match="location"):
        play(driver().list_orders((("location", "nl"),)), one({}))


# -- payments, basket, cart


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


# -- tickets


def test_the_example_of_a_thread_with_its_directions() -> None:
    thread = thread_of(THREAD, "4501", driver().chosen.offset)
    assert [(one.id, one.author_role, one.author) for one in thread.messages] == [
        ("90011", "client", "Ivan Test"), ("90015", "support", "Support"), ("90020", "panel", ""),
    ]  # fmt: skip
    assert thread.messages[0].attachments[0].id == "771" and thread.messages[2].at == thread.messages[1].at
    assert thread.rateable == ["90015"] and thread.rating == 5


@pytest.mark.parametrize(
    ("word", "state"), [("In progress", "open"), ("Waiting to reply", "answered"), ("В работе", "answered")]
)
def test_whose_turn_it_is_says_the_panel_and_the_thread_only_where_it_does_not(word: str, state: str) -> None:
    """An answer that promises more leaves the ticket with support: reading it takes it off nobody's queue."""
    made = driver()
    made.memory.level = 29
    table = {
        "ticket_all": {"elem": [row(id="4501", name="Disk", client="ivan", tstatus=word)]},
        "ticket_all.edit": THREAD, "ticket": {"elem": []},
    }  # fmt: skip
    assert play(made.get_ticket("4501"), one(table)).state == state


@pytest.mark.parametrize(
    ("word", "archived", "unread", "state"),
    [("In progress", False, False, "open"), ("New replies", False, False, "answered"), ("x", False, True, "answered"),
     ("Waiting to reply", False, False, "answered"), ("In archive", False, False, "closed"),
     ("", True, True, "closed")],
)  # fmt: skip
def test_states_of_tickets(word: str, archived: bool, unread: bool, state: str) -> None:
    made = driver()
    func = "clientticket_archive" if archived else "clientticket"
    ticket = made.ticket_of(func, row(id="1", name="Hi", tstatus=word, unread="on" if unread else "off"))
    assert ticket.state == TicketState(state)


def test_files_go_with_their_message_in_one_body() -> None:
    made = driver()
    assert play(made.upload('a"b\r\n.log', b"--x\r\n", write(), None), one({})).size == 5
    upload = multipart((("func", "clientticket.edit"), ("message", "Hä")), [HeldFile('a"b\r\n.log', b"--x\r\n")])
    boundary = upload.content_type.partition("boundary=")[2].encode()
    assert upload.data.count(b"--" + boundary) == 4
    assert b'name="file_1"; filename="a_b__.log"' in upload.data and "Hä".encode() in upload.data


def test_a_reply_to_a_thread_that_moved_on_is_not_sent() -> None:
    asked: list[dict[str, str]] = []
    request = MessageRequest(body="And now?", seen="90011")
    with pytest.raises(RuleRefused) as caught:
        play(driver().write_message("4501", request, write()), one({"clientticket.edit": THREAD}), asked)
    assert caught.value.code == "thread-moved-on" and not any("sok" in form for form in asked)


def test_what_a_client_cannot_change_is_said() -> None:
    with pytest.raises(InvalidInput, match="close"):
        play(driver().change_ticket("1", TicketChange(subject="x"), write()), one({}))
    with pytest.raises(InvalidInput, match="invoice"):
        request = TicketRequest(department="1", subject="s", body="b", invoice_id="5")
        play(driver().new_ticket(request, write()), one({}))
    with pytest.raises(InvalidInput, match="good and bad"):
        play(driver().rate_ticket("1", 3, "", write()), one({}))


# -- signing in


def test_the_second_session_replaces_the_first() -> None:
    asked: list[dict[str, str]] = []
    table = {
        "auth": {"auth": {"$id": "half01", "$level": "16", "$": "half01"}},
        "whoami": {"ok": text("func=totp.confirm")},
        "totp.confirm": {"auth": {"$id": "whole02"}},
    }
    with pytest.raises(TotpRequired):
        play(driver().sign_in("ivan", SecretStr("pw"), None), one(table))
    token = play(driver().sign_in("ivan", SecretStr("pw"), SecretStr("123456")), one(table), asked)
    assert token.token.get_secret_value() == "whole02"
    assert asked[-1]["auth"] == "half01" and asked[-1]["qrcode"] == "123456"
    with pytest.raises(UnreadableAnswer):
        play(driver().sign_in("ivan", SecretStr("pw"), SecretStr("1")), one({**table, "totp.confirm": table["auth"]}))
    with pytest.raises(SignInRefused):
        wrong = {**table, "totp.confirm": refusal("value", "qrcode", "Wrong code")}
        play(driver().sign_in("ivan", SecretStr("pw"), SecretStr("1")), one(wrong))


def test_a_half_session_is_no_session() -> None:
    with pytest.raises(SessionExpired, match="second factor"):
        play(driver().me(), one({"whoami": {"ok": text("func=totp.confirm")}}))


def test_no_access_is_told_from_no_session_by_keepalive() -> None:
    table = {"vds": refusal("access", "vds", "Insufficient privileges"), "keepalive": {"ok": {}}, "menu": {}}
    with pytest.raises(Forbidden, match="Insufficient privileges"):
        play(driver().list_orders(()), one(table))
    with pytest.raises(SessionExpired, match="has ended"):
        play(driver().list_orders(()), one({**table, "keepalive": refusal("access")}))


def test_authinfo_is_an_option_and_goes_with_every_call() -> None:
    made = driver(sign_in="authinfo")
    exchange = made.authorised(made.form("vds"), SecretStr("p:w"))
    assert fields_of(exchange)["authinfo"] == "ivan:p:w" and "p:w" not in repr(exchange)
    assert "tickets.files" not in made.capabilities
    usual = driver()
    assert fields_of(usual.authorised(usual.form("vds"), SecretStr("abc")))["auth"] == "abc"
    with pytest.raises(ConfigurationProblem):
        usual.authorised(usual.form("vds"), SecretStr("two words"))


def test_a_recovery_link_is_read_and_anything_else_refused() -> None:
    asked: list[dict[str, str]] = []
    table = {"recovery.change": {"auth": {"$id": "x"}}}
    for code in ("https://panel.example/billmgr?func=recovery.change&userid=77&secret=abc", "77:abc"):
        play(driver().recover(SecretStr(code), SecretStr("new")), one(table), asked)
        assert (asked[-1]["userid"], asked[-1]["secret"]) == ("77", "abc")
    with pytest.raises(ConfigurationProblem):
        play(driver().recover(SecretStr("nonsense"), SecretStr("new")), one(table))


# -- what it says of itself


def test_options_are_known_by_name_and_value() -> None:
    assert set(OPTIONS) >= {"item_types", "order_states", "ordering"} and ASSUMED
    assert Options.of({"utc_offset": "-03:30"}).offset.total_seconds() == -12_600
    for bad in (
        {"utc_offset": "3"},
        {"order_states": "x"},
        {"ordering": "v3"},
        {"order_cap": "0"},
        {"path": "billmgr"},
    ):
        with pytest.raises(ConfigurationProblem):
            Options.of(bad)
    with pytest.raises(ConfigurationProblem, match="no_such"):
        make_driver("billmanager", "ivan", {"no_such": "1"})


def test_the_address_may_end_with_the_door() -> None:
    for url in ("https://panel.example", "https://panel.example/billmgr", "https://panel.example/billmgr/"):
        assert ConnectionSettings(url).below("/billmgr").address().path == ""
    assert ConnectionSettings("https://h.example/manager/billmgr").below("/billmgr").address().path == "/manager"
    assert driver(path="/other").traits.door == "/other"


def test_capabilities_that_have_no_known_call_are_missing() -> None:
    gone = {"invoices.combine", "invoices.split", "invoices.promise", "transfers", "staff.priority", "staff.canned",
            "operations", "changes"}  # fmt: skip
    assert not gone & BillManager.capabilities
    with pytest.raises(CapabilityMissing):
        play(driver().combine(["1", "2"], Money("1.00", "EUR"), write()), one({}))
    assert BillManager.traits.repeatable == {"invoice.delete", "order.rename", "order.auto-renew"}
    assert not BillManager.traits.keys


# -- whatever comes

EXAMPLES = 6

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["$", "$orig", "$id", "$name", "$type", "id", "elem", "ok", "error", "list", "slist", "val", "user", "auth",
             "p_elems", "p_num", "status", "cost", "price", "total", "total_sum", "billorder", "item.id", "item.type",
             "mlist", "message", "body", "realbalance", "number", "subaccountamount_iso", "node", "doc", "msg"]
        ),
        inner, max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip
CALLS: dict[str, Any] = {
    "sign_in": lambda made: made.sign_in("ivan", SecretStr("pw"), SecretStr("123456")),
    "sign_out": lambda made: made.sign_out(),
    "me": lambda made: made.me(),
    "change_password": lambda made: made.change_password(SecretStr("a"), SecretStr("b")),
    "ask_recovery": lambda made: made.ask_recovery("a@example.org"),
    "recover": lambda made: made.recover(SecretStr("7:x"), SecretStr("b")),
    "list_orders": lambda made: made.list_orders(()),
    "get_order": lambda made: made.get_order("vds:8101"),
    "rename_order": lambda made: made.rename_order("vds:8101", "x", write()),
    "set_auto_renew": lambda made: made.set_auto_renew("vds:8101", AutoRenew(on=True, months=3), write()),
    "act_on_order": lambda made: made.act_on_order("vds:8101", "reboot", write(), None),
    "quote_renewal": lambda made: made.quote_renewal(["vds:8101"], 1, None),
    "quote_order": lambda made: made.quote_order(
        OrderRequest(cells=[OrderCell(plan=SafeText("vds-502"), location=SafeText("1"), quantity=1)], period=1)
    ),
    "plans": lambda made: made.plans(None),
    "locations": lambda made: made.locations(None),
    "stock": lambda made: made.stock(None),
    "list_invoices": lambda made: made.list_invoices(()),
    "get_invoice": lambda made: made.get_invoice("1"),
    "basket": lambda made: made.get_invoice("basket:1"),
    "payment_methods": lambda made: made.payment_methods("1"),
    "pay": lambda made: made.pay("1", "internal", Money("1.00", "EUR"), write()),
    "top_up": lambda made: made.top_up(Money("1.00", "EUR"), "card-2", write()),
    "delete_invoice": lambda made: made.delete_invoice("1", write()),
    "document": lambda made: made.document("1", "pdf", Path("/nowhere")),
    "ledger": lambda made: made.ledger(()),
    "departments": lambda made: made.departments(),
    "list_tickets": lambda made: made.list_tickets(()),
    "get_ticket": lambda made: made.get_ticket("1"),
    "ticket_messages": lambda made: made.ticket_messages("1", ()),
    "new_ticket": lambda made: made.new_ticket(TicketRequest(department="1", subject="s", body="b"), write()),
    "write_message": lambda made: made.write_message("1", MessageRequest(body="b"), write()),
    "change_ticket": lambda made: made.change_ticket("1", TicketChange(state=TicketState.CLOSED), write()),
    "rate_ticket": lambda made: made.rate_ticket("1", 5, "", write()),
}


@pytest.mark.parametrize("staff", [False, True])
@pytest.mark.parametrize("name", CALLS)
@settings(max_examples=EXAMPLES)
@given(docs=st.lists(JUNK.filter(lambda node: isinstance(node, dict)) | st.binary(max_size=60), min_size=1, max_size=6))
def test_whatever_comes_only_client_errors_leave(name: str, staff: bool, docs: list[Any]) -> None:
    made = driver()
    made.memory.currency = ""
    made.memory.level = 29 if staff else 16
    turn = iter(range(10_000))

    def panel(_form: dict[str, str]) -> Any:
        return docs[next(turn) % len(docs)]

    try:
        play(CALLS[name](made), panel)
    except (ClientError, UnreadableAnswer):
        pass


ACTS: dict[str, dict[str, Any]] = {
    "order.renew": {"order_ids": ["vds:8101"], "period": 1},
    "order.new": {"cells": [{"plan": "vds-502", "location": "1", "quantity": 1}], "period": 1},
    "invoice.pay": {"invoice_id": "7", "method": "internal"},
    "balance.top-up": {"method": "card-2"},
    "invoice.delete": {"invoice_id": "7"},
    "order.rename": {"order_id": "vds:8101", "name": "x"},
    "order.auto-renew": {"order_id": "vds:8101", "on": True, "months": 1},
    "ticket.new": {"subject": "s", "body": "b", "department": "1", "attachments": []},
    "ticket.reply": {"ticket_id": "1", "body": "b"},
    "ticket.change": {"ticket_ids": ["1"]},
}


@pytest.mark.parametrize("kind", ACTS)
@settings(max_examples=EXAMPLES)
@given(docs=st.lists(JUNK.filter(lambda node: isinstance(node, dict)), min_size=1, max_size=6))
def test_looking_never_writes_and_only_client_errors_leave(kind: str, docs: list[Any]) -> None:
    made = driver()
    act = Act(kind, ACTS[kind], Money("4.90", "EUR"))
    turn = iter(range(10_000))

    def panel(form: dict[str, str]) -> Any:
        assert form.get("sok") != "ok" or form["func"] in ("menu",) or form["func"].endswith(".filter")
        return docs[next(turn) % len(docs)]

    request = made.before(act)
    assert request is not None
    try:
        picture = play(request, panel)
        play(made.found(act, picture), panel)
    except (ClientError, UnreadableAnswer):
        pass


def test_an_action_has_nothing_to_compare() -> None:
    act = Act("order.action", {"order_id": "vds:1", "action": "reboot"})
    assert driver().before(act) is None
    assert play(driver().found(act, {}), one({})).state == "unclear"


def test_the_driver_holds_no_input_or_output() -> None:
    import billtui.client.drivers.billmanager as package

    folder = Path(inspect.getfile(package)).parent
    for file in folder.glob("*.py"):
        source = file.read_text()
        assert not re.search(r"import (httpx|asyncio|socket|time)\b|\bopen\(", source), file.name
