"""The driver on documents of the wire text, without a network: services, lists, and what it says of itself."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from billtui.client.drivers.billmanager.assumed import ASSUMED, OPTIONS, Options
from billtui.client.drivers.billmanager.driver import BillManager
from billtui.client.drivers.billmanager.lists import Place
from billtui.client.drivers.kinds import make_driver
from billtui.client.errors import (
    CapabilityMissing,
    ConfigurationProblem,
    InvalidInput,
    NotFound,
)
from billtui.client.settings import ConnectionSettings
from billtui.domain.models import (
    InvoiceState,
    OrderState,
)
from billtui.domain.money import Money
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

MENU = {"mainmenu": {"node": [{"$name": "mainmenuservice", "node": [
    {"$name": "vds", "$action": "vds", "$type": "list"}, {"$name": "x", "$action": "order", "$type": "form"},
    {"$name": "vps", "$action": "vds.vps", "$type": "list"}]}, {"$name": "mainmenufinance", "node": [
        {"$name": "payment", "$action": "payment", "$type": "list"}]}]}}  # fmt: skip


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
