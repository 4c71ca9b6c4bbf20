"""Choosing many orders by keys: expressions, pasted lists, saved selections; marks that outlive the program."""

from __future__ import annotations

import csv
import json
import re
import shlex
import stat
from pathlib import Path
from unittest.mock import Mock

import pytest
from textual import events
from textual.widgets import Input, TextArea

from billtui.screens.modals.expression import ExpressionDialog
from billtui.screens.modals.paste import PasteDialog
from billtui.screens.order_actions import copy_addresses
from tests.support.driving import Driver, Panel, Program


def marks(driver: Driver) -> set[str]:
    """What is marked."""
    return set(driver.list_screen.table.marked_ids)


def aside(driver: Driver) -> set[str]:
    """What was chosen and cannot be marked."""
    return set(driver.list_screen.table.aside_ids)


def living(panel: Panel) -> list[dict]:  # type: ignore[type-arg]  # JSON
    return [one for one in panel.orders() if one["state"] not in ("deleted", "cancelled")]


async def way(driver: Driver, choice: str, dialog: str) -> None:
    """``m`` and one of its ways."""
    await driver.press("m")
    await driver.on("ChoiceDialog")
    await driver.choose(choice)
    await driver.on(dialog)


async def button(driver: Driver, button_id: str) -> None:
    """With tab to a button of the dialog, and enter."""
    screen = driver.app.screen
    for _ in range(8):
        if driver.app.focused is not None and driver.app.focused.id == button_id:
            break
        await driver.press("tab")
    assert driver.app.focused is not None
    assert driver.app.focused.id == button_id
    await driver.press("enter")
    await driver.until(lambda: driver.app.screen is not screen or isinstance(screen, PasteDialog), "an answer")


async def test_an_expression_is_counted_as_it_is_typed(program: Program) -> None:
    panel = program.panel()
    wanted = {one["id"] for one in living(panel) if one["location"] in ("nl", "de")}
    held = {one["id"] for one in living(panel) if one["unpaid_invoice_id"] or one["transfer_id"]}
    blocked = held & wanted
    assert blocked
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await way(driver, "expression", "ExpressionDialog")
        await driver.type("loc:nl,de dais<7")
        await driver.sees("there is no field “dais”", "Did you mean days<?", "          ^")
        await driver.press(*["backspace"] * 7)
        await driver.sees(f"{len(wanted)} orders", f"{len(blocked)} cannot and are set aside", "open invoice (BLK-5)")
        await driver.press("enter")
        await driver.on("OrdersScreen")
        assert marks(driver) | aside(driver) == wanted
        assert aside(driver) == blocked
        await driver.hears("cannot be marked and are set aside")
        # the other ways, one after the other
        await way(driver, "expression", "ExpressionDialog")
        await driver.type("loc:de")
        await button(driver, "subtract")
        nl = {one["id"] for one in living(panel) if one["location"] == "nl"}
        assert marks(driver) | aside(driver) == nl
        await way(driver, "expression", "ExpressionDialog")
        await driver.type("bill:none")
        await button(driver, "intersect")
        assert (marks(driver), aside(driver)) == (nl - blocked, set())
        await driver.press("u", "u")
        assert marks(driver) | aside(driver) == wanted


async def test_an_expression_that_cannot_be_read_marks_nothing(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await way(driver, "expression", "ExpressionDialog")
        await driver.type("days<x")
        await driver.press("enter")
        assert isinstance(driver.app.screen, ExpressionDialog)
        await driver.press("escape")
        assert marks(driver) == set()


async def test_a_pasted_list_keeps_what_it_does_not_mean(program: Program) -> None:
    panel = program.panel()
    free = [one for one in living(panel) if one["unpaid_invoice_id"] is None and one["address"]]
    first, second, third = free[:3]
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await way(driver, "paste", "PasteDialog")
        area = driver.app.screen.query_one("#list", TextArea)
        text = f"{first['id']}; {second['address']},ghost-1\n{third['name'][:-1]}"
        driver.app.post_message(events.Paste(text))
        await driver.sees("2 orders found", "2 not found: ghost-1")
        await button(driver, "replace")
        await driver.sees("2 before", "correct it")
        assert area.text.split() == ["ghost-1", third["name"][:-1]]
        await driver.press("down", "end", third["name"][-1])
        await driver.sees("1 order found, 2 before")
        await button(driver, "replace")
        assert area.text.split() == ["ghost-1"]
        await button(driver, "replace")
        await driver.on("OrdersScreen")
        assert marks(driver) == {first["id"], second["id"], third["id"]}


async def test_saved_selections(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.mark("1", "2")
        await way(driver, "save", "Prompt")
        await driver.type("mine")
        await driver.press("enter")
        await driver.hears("2 orders saved as “mine”")
        await driver.press("-")
        await driver.mark("3")
        await way(driver, "saved", "ChoiceDialog")
        await driver.choose("mine")
        await driver.on("ChoiceDialog")
        await driver.choose("add")
        await driver.on("OrdersScreen")
        assert marks(driver) == {"1", "2", "3"}
        await way(driver, "saved", "ChoiceDialog")
        await driver.choose("mine")
        await driver.on("ChoiceDialog")
        await driver.choose("intersect")
        await driver.on("OrdersScreen")
        assert marks(driver) == {"1", "2"}
        await way(driver, "saved", "ChoiceDialog")
        await driver.choose("mine")
        await driver.on("ChoiceDialog")
        await driver.choose("delete")
        await driver.hears("“mine” is deleted")


async def test_marks_outlive_the_program_and_are_no_other_accounts(program: Program) -> None:
    """They are kept by id for the account; what vanished is dropped and said; blocked ones stay aside."""
    panel = program.panel()
    bill = panel.renew(["2"])
    async with program.open(home="one") as driver:
        await driver.go("3", "OrdersScreen")
        await driver.until(lambda: driver.app.session.store.order_rows(["2"])["2"].unpaid_invoice_id, "the bill")
        await driver.mark("1", "3")
        await driver.cursor_to("2")
        await driver.press("space")
        await driver.hears(f"number {bill['number']}")
        await driver.sees("2 marked", "1 set aside")
        own = driver.app.session.own
        assert own is not None
        await driver.until(lambda: own.marks.load("order") == {"1", "2", "3"}, "the marks to be written")
        own.marks.save("order", ["1", "2", "3", "no-such-order"])
    async with program.open(home="one", login="kofi.brandt") as other:
        await other.go("3", "OrdersScreen")
        assert marks(other) | aside(other) == set()
        await other.press("space")
    panel.write("DELETE", f"/invoices/{bill['id']}")
    async with program.open(home="one") as again:
        await again.go("3", "OrdersScreen")
        await again.until(lambda: marks(again) == {"1", "2", "3"}, "the marks, the freed order among them")
        await again.hears("1 marked order not there any more: unmarked")
        assert aside(again) == set()


async def test_the_filter_takes_expressions_and_leaves_words_alone(program: Program) -> None:
    panel = program.panel()
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        table = driver.list_screen.table
        field = driver.app.screen.query_one("#filter", Input)
        assert not field.can_focus  # an unseen field must not get the keys of a list that is just being opened
        await driver.press("/")
        await driver.type("nl")
        plain = set(table.shown_ids())
        assert plain == {one["id"] for one in living(panel) if "nl" in f"{one['name']} {one['location']} {one['plan']}"}
        await driver.type(" -bill:open days<40")
        assert set(table.shown_ids()) < plain
        assert all(row.unpaid_invoice_id is None for row in table.shown_rows())
        await driver.type(" price<")
        await driver.sees("a value is missing")
        await driver.press(*["backspace"] * 7, "enter")
        await driver.sees("filter: nl", "-bill:open days<40")
        await driver.press("*")
        assert marks(driver) == set(table.shown_ids())
        await driver.press("escape")
        assert len(table.shown_ids()) == len(living(panel))
        assert not field.can_focus


async def test_tags_are_written_found_and_shown(program: Program) -> None:
    async with program.open(size=(140, 40)) as driver:
        await driver.go("3", "OrdersScreen")
        await driver.mark("1", "2")
        await driver.press("t")
        await driver.on("Prompt")
        await driver.type("two:words")
        await driver.press("enter")
        await driver.sees("A tag")
        await driver.press(*["backspace"] * 9)
        await driver.type("keep client-7")
        await driver.press("enter")
        await driver.hears("2 orders of 2 changed")
        await driver.sees("client-7 keep")
        await driver.press("-", "/")
        await driver.type("tag:keep")
        assert set(driver.list_screen.table.shown_ids()) == {"1", "2"}
        await driver.press("enter", "escape")
        await driver.cursor_to("1")
        await driver.press("t")
        await driver.on("Prompt")
        await driver.type("-client-7")
        await driver.press("enter")
        own = driver.app.session.own
        assert own is not None
        await driver.until(lambda: own.tags.of("1") == ["keep"], "the tag to go")
        assert own.tags.of("2") == ["client-7", "keep"]


async def test_export_of_what_is_chosen(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.mark("1", "3")
        for form, name in (("csv", "a.csv"), ("ips", "b.txt"), ("json", "c.json")):
            await driver.press("w")
            await driver.on("ChoiceDialog")
            await driver.choose(form)
            await driver.on("Prompt")
            await driver.press(*["backspace"] * 40)
            await driver.type(name)
            await driver.press("enter")
            await driver.hears(f"Saved 2 orders in {name}")
        rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
        assert {row["id"] for row in rows} == {"1", "3"}
        assert (tmp_path / "b.txt").read_text().split() == [row["address"] for row in rows]
        assert len(json.loads((tmp_path / "c.json").read_text())["items"]) == 2
        assert stat.S_IMODE((tmp_path / "a.csv").stat().st_mode) == 0o600
        await driver.press("w")
        await driver.on("ChoiceDialog")
        await driver.choose("csv")
        await driver.on("Prompt")
        await driver.press(*["backspace"] * 40)
        await driver.type("a.csv")
        await driver.press("enter")
        await driver.sees("not overwritten")
        await driver.press("escape")
        assert len((tmp_path / "a.csv").read_text().splitlines()) == 3


async def test_names_by_a_pattern_are_shown_before_they_are_given(program: Program) -> None:
    """ORD-4: one plan, every new name in sight, a clash refused before anything is sent."""
    panel = program.panel()
    before = {one["id"]: one["name"] for one in panel.orders()}
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.mark("1", "2", "3")
        await driver.press("E")
        await driver.on("PatternDialog")
        await driver.press(*["backspace"] * 6)
        await driver.type(before["4"])
        await driver.sees("add {n}")
        await driver.press("enter")
        await driver.on("PatternDialog")
        await driver.press(*["backspace"] * len(before["4"]))
        await driver.type("fleet-{n:02}")
        await driver.sees("fleet-01", "fleet-03")
        await driver.press("enter")
        await driver.confirm()
        job = await driver.finished()
        assert job.counts == {"done": 3}
    after = {one["id"]: one["name"] for one in panel.orders()}
    assert sorted(after[one] for one in ("1", "2", "3")) == ["fleet-01", "fleet-02", "fleet-03"]
    assert {key: name for key, name in after.items() if key not in "123"} == {
        key: name for key, name in before.items() if key not in "123"
    }


async def test_a_copied_command_names_all_marks_or_a_selection(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``Y``: ids as long as they fit a line, else a saved selection that says the same."""
    monkeypatch.setattr("billtui.screens.order_marks.MANY_IDS", 2)
    async with program.open() as driver:
        sent: list[str] = []
        copy = driver.app.copy

        def listening(text: str) -> None:
            sent.append(text)
            copy(text)

        monkeypatch.setattr(driver.app, "copy", listening)
        await driver.go("3", "OrdersScreen")
        await driver.mark("1", "2")
        await driver.press("Y")
        words = shlex.split(sent[-1])
        assert words[:5] == ["billtui", "orders", "renew", "--period", "1"]
        assert set(words[-2:]) == {"1", "2"}
        await driver.mark("3")
        await driver.press("Y")
        assert shlex.split(sent[-1])[-2:] != ["1", "2"]
        assert "--select copied" in sent[-1]
        own = driver.app.session.own
        assert own is not None
        assert own.selections.get("order", "copied") == frozenset("123")


async def test_200_marked_switch_auto_renewal_in_one_plan(large_program: Program) -> None:
    """REN-5 at fleet size: what is left out is said, and so many are typed before anything is sent."""
    async with large_program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await way(driver, "expression", "ExpressionDialog")
        await driver.type("name:web-nl-*,web-de-*,web-pl-*,db-nl-*")
        await driver.press("enter")
        await driver.on("OrdersScreen")
        rows = driver.list_screen.chosen_rows()
        assert len(rows) >= 200
        already = sum(1 for row in rows if row.auto_on and row.auto_months == 6)
        await driver.press("a")
        await driver.on("ChoiceDialog")
        await driver.choose("6")
        await driver.on("ConfirmPlan")
        await driver.sees("to confirm")
        wanted = re.search(r"Type (\d+) to confirm", driver.text())
        assert wanted is not None
        assert int(wanted[1]) <= len(rows) - already
        await driver.type(wanted[1])
        await driver.press("enter", "enter")
        job = await driver.finished()
        assert job.counts == {"done": int(wanted[1])}


async def test_a_range_that_was_begun_is_what_the_next_key_is_for(program: Program) -> None:
    program.panel()
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        table = driver.list_screen.table
        shown = list(table.all_shown())
        free = next(place for place in range(30) if not driver.list_screen.mark_refusal(shown[place]))
        wanted = [row.id for row in shown[free : free + 4]]
        await driver.press(*["j"] * free, "V", "j", "j", "j")
        await driver.sees("range of 4 · V marks it, esc leaves it")
        assert not marks(driver)
        await driver.press("escape")
        await driver.until(lambda: not table.range_count, "no range")
        await driver.until(lambda: not driver.says("range of"), "a summary without it")
        await driver.press("V", "k", "k", "k", "R")  # not of the row under the cursor alone
        await driver.on("ChoiceDialog")
        assert set(table.marked_ids) | set(table.aside_ids) == set(wanted)
        await driver.sees("Renew 4 orders")
        await driver.press("escape")
        await driver.on("OrdersScreen")


async def test_looking_does_not_mark_a_range(program: Program) -> None:
    program.panel()
    async with program.open() as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.press("V", "j", "v")
        await driver.on("ChoiceDialog")
        await driver.press("escape")
        await driver.on("InvoicesScreen")
        assert not marks(driver)
        assert driver.list_screen.table.range_count == 2
        await driver.press("y")  # the ids of both
        assert len(marks(driver)) == 2


async def test_a_range_in_another_order_is_named_as_it_is_now(program: Program) -> None:
    """It reaches from a row to a row, by their ids: by another order other rows stand between them."""
    program.panel()
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        table = driver.list_screen.table
        await driver.press("V", "j", "j")
        await driver.sees("range of 3 · V marks it")
        for column in table.columns:
            table.sort_by(column.key)
            if table.range_count != 3:
                break
        assert table.range_count != 3, "an order by which other rows stand between"
        await driver.sees(f"range of {table.range_count} · V marks it")


async def test_addresses_are_copied_a_line_each(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what is marked, set aside too; else of the row under the cursor, and of the order that is open."""
    program.panel()
    async with program.open() as driver:
        sent: list[str] = []

        def kept(text: str, *_: object) -> tuple[str, str]:
            sent.append(text)
            return "", "here"

        monkeypatch.setattr("billtui.terminal.clipboard._sent", kept)
        await driver.go("3", "OrdersScreen")
        table = driver.list_screen.table
        rows = list(table.all_shown())
        await driver.press("I")
        assert sent.pop() == rows[0].address
        await driver.hears(f"Sent to here: {rows[0].address}")
        await driver.press("V", "j", "j", "j", "j", "I")
        assert sent.pop().splitlines() == [row.address for row in rows[:5]]
        await driver.hears("Sent to here: 5 addresses")
        await driver.press("enter")
        await driver.on("OrderScreen")
        await driver.press("I")
        assert sent.pop() == rows[4].address


@pytest.mark.parametrize(
    ("addresses", "said", "sent"),
    [
        (["192.0.2.1", "", "192.0.2.3"], "2 addresses; 1 order without one left out", "192.0.2.1\n192.0.2.3"),
        ([""], "“web” has no address: the panel names one once the server is there.", None),
        (["", ""], "2 orders have no address: the panel names one once the server is there.", None),
        (["192.0.2.200"] * 5_000, "5000 addresses are too much for a terminal's clipboard", None),
    ],
)
def test_what_cannot_be_copied_is_said(addresses: list[str], said: str, sent: str | None) -> None:
    app = Mock(spec=["copy", "say"])
    copy_addresses(app, [Mock(address=address) for address in addresses] if said[0] != "“" else [named_web()])
    if sent is None:
        app.copy.assert_not_called()
        assert said in app.say.call_args.args[0].replace("\u202f", "").replace(" 000", "000")
    else:
        app.copy.assert_called_once_with(sent, what=said)


def named_web() -> Mock:
    """An order of this name, without an address."""
    order = Mock(address="")
    order.name = "web"
    return order
