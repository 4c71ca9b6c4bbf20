"""The shell: lists, palette, help, search, keys, quitting, profiles, faults of the program itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.widgets import Input

from billtui.commands import handles
from billtui.config.paths import state_dir
from billtui.config.profiles import ProfileBook
from billtui.config.settings import Settings, load_settings
from tests.support.driving import Program


async def test_filter_and_esc(program: Program) -> None:
    """``/`` narrows with each key, enter keeps, esc clears; a filter that fits nothing says so."""
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.press("slash")
        await driver.type("git-")
        await driver.until(lambda: driver.list_screen.table.row_count == 6 or driver.list_screen.table.row_count < 10)
        found = driver.list_screen.table.row_count
        names = [driver.app.session.store.order_rows([one])[one].name for one in driver.list_screen.table.shown_ids()]
        assert found
        assert all("git-" in name for name in names)
        await driver.press("enter")
        await driver.sees("filter: git-")
        await driver.press("slash")
        await driver.type("zzz")
        await driver.sees("No row fits")
        await driver.press("escape")
        await driver.until(lambda: driver.list_screen.table.row_count > found, "all rows")
        await driver.press("escape", "escape")
        await driver.on("OrdersScreen")


async def test_views_sort_and_columns_that_stay(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.press("v")
        await driver.on("ChoiceDialog")
        await driver.choose("ends-3")
        await driver.sees("Ending in 3 days or ended")
        assert set(driver.list_screen.table.shown_ids()) == {"8", "7", "16", "1", "2"}
        before = driver.list_screen.table.sorted_by
        cursor = driver.cursor
        await driver.press("s")
        assert driver.list_screen.table.sorted_by != before
        await driver.press("S")
        assert driver.cursor == cursor
        await driver.press("c")
        await driver.on("ColumnsDialog")
        await driver.press("down", "space", "enter")
        await driver.on("OrdersScreen")
        assert "state" not in driver.list_screen.table.visible_columns
        assert "state" not in load_settings().settings.columns["orders"]
    async with program.open(settings=load_settings().settings) as driver:
        await driver.go("3", "OrdersScreen")
        assert "state" not in driver.list_screen.table.visible_columns


async def test_palette_runs_a_command(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.press("colon")
        await driver.on("Palette")
        await driver.type("bal")
        await driver.sees("Balance")
        await driver.press("enter")
        await driver.on("BalanceScreen")
        await driver.press("ctrl+p")
        await driver.on("Palette")
        await driver.press("escape")
        await driver.on("BalanceScreen")


async def test_help_lists_the_keys_of_the_place(program: Program) -> None:
    async with program.open(size=(100, 50)) as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.press("question_mark")
        await driver.on("HelpScreen")
        await driver.sees("Combine", "Delete", "Invoices")
        await driver.press("escape")
        await driver.on("InvoicesScreen")


async def test_search_finds_and_opens(program: Program) -> None:
    async with program.open() as driver:
        await driver.press("ctrl+f")
        await driver.on("SearchScreen")
        await driver.type("backup-jp-02")
        await driver.until(lambda: driver.app.screen.query_one("#hits").option_count == 2, "two hits")  # type: ignore[attr-defined]  # an OptionList
        await driver.press("enter")
        await driver.on("OrderScreen")
        await driver.sees("backup-jp-02")
        await driver.press("q")
        await driver.on("OverviewScreen")


async def test_overview_lines_lead_to_their_lists(program: Program) -> None:
    async with program.open() as driver:
        await driver.press("down", "enter")
        await driver.on("InvoicesScreen")
        await driver.sees("Open invoices")
        await driver.press("1", "down", "enter")
        await driver.on("OrdersScreen")
        await driver.sees("Ending in 3 days or ended")


async def test_q_asks_esc_never_quits(program: Program) -> None:
    async with program.open() as driver:
        await driver.press("escape", "escape")
        await driver.on("OverviewScreen")
        await driver.press("q")
        await driver.on("QuitDialog")
        await driver.press("escape")
        await driver.on("OverviewScreen")
        await driver.press("q")
        await driver.on("QuitDialog")
        await driver.press("enter")
        assert await driver.left() == 0


async def test_ctrl_q_asks_too(program: Program) -> None:
    async with program.open() as driver:
        await driver.press("ctrl+q")
        await driver.on("QuitDialog")
        assert driver.app.return_code is None
        await driver.press("enter")
        assert await driver.left() == 0


async def test_ctrl_q_in_a_dialog_does_not_end_the_program_unasked(program: Program) -> None:
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.press("v")
        await driver.on("ChoiceDialog")
        await driver.press("ctrl+q")
        await driver.quiet(10)
        assert driver.app.return_code is None
        assert not driver.app.session.closed


async def test_cyrillic_twins(program: Program) -> None:
    """On the ЙЦУКЕН layout the same physical keys work: о is j, к is r, й is q."""
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        first = driver.cursor
        await driver.press("о")
        assert driver.cursor != first
        await driver.press("л")
        assert driver.cursor == first
        await driver.press("К")
        await driver.on("ChoiceDialog")
        await driver.press("escape")
        await driver.press("й")
        await driver.on("QuitDialog")


async def test_own_keys_from_the_settings(program: Program) -> None:
    """A rebound command answers to its new key and to that key's twin, and no longer to the old one."""
    async with program.open(settings=Settings(keys={"order.renew": ["N"]})) as driver:
        await driver.go("3", "OrdersScreen")
        await driver.cursor_to("20")
        await driver.sees("N Renew")
        await driver.press("R")
        await driver.quiet(10)
        assert type(driver.app.screen).__name__ == "OrdersScreen"
        await driver.press("N")
        await driver.on("ChoiceDialog")
        await driver.press("escape")
        await driver.press("Т")
        await driver.on("ChoiceDialog")


async def test_table_commands_in_the_palette(program: Program) -> None:
    """What the table does by a key can be found by its name as well."""
    async with program.open() as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.press("colon")
        await driver.type("mark all")
        await driver.press("enter")
        await driver.until(lambda: len(driver.list_screen.table.marked_ids) == 9, "all marked")
        await driver.press("colon")
        await driver.type("clear marks")
        await driver.press("enter")
        await driver.until(lambda: not driver.list_screen.table.marked_ids, "none marked")


async def test_table_keys_can_be_rebound(program: Program) -> None:
    async with program.open(settings=Settings(keys={"table.mark": ["M"]})) as driver:
        await driver.go("3", "OrdersScreen")
        await driver.cursor_to("20")
        await driver.press("M")
        assert driver.list_screen.table.marked_ids == {"20"}


async def test_settings_are_changed_and_written(program: Program) -> None:
    async with program.open(size=(80, 30)) as driver:
        await driver.go("6", "SettingsScreen")
        await driver.press("t")
        await driver.on("ChoiceDialog")
        await driver.press("down", "enter")
        await driver.until(lambda: load_settings().settings.theme != "auto", "the file")
        assert driver.app.settings.theme == load_settings().settings.theme
        await driver.press("d")
        await driver.on("MessageDialog")


async def test_switching_the_profile_shows_nothing_of_the_first(program: Program) -> None:
    """Another account: its own rows everywhere, no row of the account before."""
    book = ProfileBook()
    for login in ("olena.marsh", "kofi.brandt"):
        book.add(program.profile(login).model_copy(update={"name": login.partition(".")[0]}))
    async with program.open(size=(80, 30)) as driver:
        await driver.go("2", "InvoicesScreen")
        await driver.cursor_to(program.bill("10"))
        await driver.press("enter")
        await driver.on("InvoiceScreen")
        await driver.go("3", "OrdersScreen")
        await driver.go("6", "SettingsScreen")
        await driver.press("colon")
        await driver.type("switch")
        await driver.press("enter")
        await driver.on("ProfileDialog")
        await driver.choose("kofi")
        await driver.until(lambda: driver.app.session.account and driver.app.session.account.login == "kofi.brandt")
        await driver.ready()
        await driver.go("3", "OrdersScreen")
        await driver.sees("kofi.brandt")
        ids = {one["id"] for one in program.panel("kofi.brandt").orders()}
        await driver.until(
            lambda: set(driver.list_screen.table.shown_ids()) <= ids and driver.list_screen.table.row_count
        )
        await driver.go("2", "InvoicesScreen")
        await driver.sees("promised", "overdue")
        assert program.bill("10") not in driver.list_screen.table.shown_ids()


async def test_an_account_with_little_shows_empty_states(program: Program) -> None:
    async with program.open(login="kofi.brandt") as driver:
        await driver.go("4", "JobsScreen")
        await driver.sees("Nothing was confirmed yet")
        await driver.go("3", "OrdersScreen")
        await driver.press("v")
        await driver.choose("ends-3")
        await driver.press("R", "p", "i", "enter", "space", "s", "y")
        await driver.quiet(5)
        assert driver.app.return_code is None


async def test_a_fault_of_the_program_is_a_message_with_its_place_only(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unforeseen error in a command, awaited or not: no crash, no secret in what is said or kept."""
    from billtui.screens.orders import OrdersScreen

    secret = "hunter2-canary"

    @handles("order.renew")
    async def broken(self: OrdersScreen) -> None:
        password = secret
        raise RuntimeError(f"no luck with {password}")

    @handles("order.explain")
    def broken_at_once(self: OrdersScreen) -> None:
        raise ValueError(secret)

    monkeypatch.setattr(OrdersScreen, "renew", broken)
    monkeypatch.setattr(OrdersScreen, "explain", broken_at_once)
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        for key, name in (("R", "RuntimeError"), ("e", "ValueError")):
            await driver.press(key)
            await driver.hears(name)
        assert driver.app.return_code is None
        await driver.press("j")
        await driver.sees("git-nl-01")
        assert secret not in " ".join(driver.said)
    reports = [path.read_text() for path in (state_dir() / "crashes").glob("crash-*.txt")]
    assert len(reports) == 2
    assert not any(secret in report for report in reports)
    assert any("RuntimeError" in report and "test_shell.py" in report for report in reports)


async def test_ten_thousand_orders_open_and_filter(large_program: Program) -> None:
    async with large_program.open() as driver:
        await driver.go("3", "OrdersScreen")
        await driver.until(lambda: driver.list_screen.table.total_count > 10_000, "all rows")
        await driver.press("slash")
        await driver.type("git-nl-1")
        await driver.until(lambda: 0 < driver.list_screen.table.row_count < 300, "the filter")
        await driver.press("enter", "G")
        assert driver.cursor == list(driver.list_screen.table.shown_ids())[-1]


async def test_export_writes_files_and_overwrites_none(program: Program, tmp_path: Path) -> None:
    """INV-9."""
    async with program.open() as driver:
        await driver.go("2", "InvoicesScreen")
        for _ in range(2):
            await driver.cursor_to(program.bill("10"))
            await driver.press("w")
            await driver.on("ChoiceDialog")
            await driver.choose("json")
            await driver.on("Prompt")
            driver.app.screen.query_one("#field", Input).value = str(tmp_path)
            driver.said.clear()
            await driver.press("enter")
            await driver.hears("Saved")
    number = program.panel().invoice(program.bill("10"))["number"]
    for name in (f"invoice-{number}.json", f"invoice-{number}-2.json"):
        assert json.loads((tmp_path / name).read_text())["id"] == program.bill("10")


async def test_a_message_takes_the_place_of_the_one_before_and_errors_stay(program: Program) -> None:
    """Ten refusals in a row cover one corner, not the list; what went wrong is not wiped away by small talk."""
    async with program.open() as driver:
        for number in range(10):
            driver.app.say(f"small talk {number}", "warning")
        await driver.sees("small talk 9")
        await driver.until(lambda: "small talk 8" not in driver.text(), "one message only")
        driver.app.say("it went wrong", "error")
        driver.app.say("small talk again")
        await driver.sees("it went wrong", "small talk again")
        await driver.until(lambda: "small talk 9" not in driver.text(), "the error and the newest message")


async def test_what_was_said_goes_when_a_question_comes_up(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message of a second ago does not lie on the ways to pay; one of this moment, and an error, stay."""
    async with program.open() as driver:
        await driver.go("3", "OrdersScreen")
        monkeypatch.setattr("billtui.app.HUSH_AFTER", 0.0)
        driver.app.say("small talk")
        await driver.sees("small talk")
        await driver.press("v")
        await driver.on("ChoiceDialog")
        await driver.until(lambda: "small talk" not in driver.text(), "the message to go")
        await driver.press("escape")
        driver.app.say("it went wrong", "error")
        await driver.press("v")
        await driver.on("ChoiceDialog")
        await driver.sees("it went wrong")


async def test_errors_that_come_again_and_again_never_cover_the_screen(program: Program) -> None:
    """A key pressed many times without a network: two errors stand side by side, the newest among them."""
    async with program.open() as driver:
        for number in range(12):
            driver.app.say(f"trouble number {number}", "error")
            await driver.quiet()
        standing = [one.message for one in driver.app._notifications]
        assert len(standing) <= 2
        assert "trouble number 11" in standing
        driver.app.say("something else")
        assert len(driver.app._notifications) <= 3, "an error is not swept away by a message"
