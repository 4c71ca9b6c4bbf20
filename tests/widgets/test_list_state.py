"""The four states of a list."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.content import Content

from billtui.widgets.list_state import ListState
from billtui.widgets.record_table import RecordTable
from tests.widgets.table_fleet import COLUMNS, Server, servers


class ListApp(App[None]):
    """One list."""

    def __init__(self) -> None:
        super().__init__()
        self.table = RecordTable[Server](COLUMNS, lambda row: row.id)
        self.list = ListState(self.table, empty="No orders yet. n orders one.")
        self.retries = 0

    def compose(self) -> ComposeResult:
        yield self.list

    def on_list_state_retry_requested(self, message: ListState.RetryRequested) -> None:
        assert message.control is self.list
        self.retries += 1

    def text(self) -> str:
        return "\n".join(strip.text for strip in self.screen._compositor.render_strips())


async def test_loading_then_rows_then_refresh_keeps_the_rows() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 10)) as pilot:
        assert app.list.phase.value == "loading"
        assert "Loading" in app.text()
        app.table.set_rows(servers(3))
        app.list.show_rows()
        await pilot.pause()
        assert app.list.phase.value == "rows"
        assert "web-000" in app.text()
        assert "Loading" not in app.text()
        app.list.show_loading("refreshing · as of 14:02")
        await pilot.pause()
        assert "web-000" in app.text()
        assert "as of 14:02" in app.text()
        app.list.show_error("The panel does not answer.")
        await pilot.pause()
        assert "web-000" in app.text()
        assert "The panel does not answer. · r tries again" in app.text()
        app.list.show_rows()
        await pilot.pause()
        assert "does not answer" not in app.text()


async def test_rows_there_from_the_start_are_shown_at_once() -> None:
    app = ListApp()
    app.table.set_rows(servers(3))
    async with app.run_test(size=(60, 10)):
        assert app.list.phase.value == "rows"
        assert "web-000" in app.text()


async def test_empty_names_the_next_key_and_takes_no_markup() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.list.show_rows()
        await pilot.pause()
        assert app.list.phase.value == "empty"
        assert "No orders yet. n orders one." in app.text()
        app.list.show_empty("[/] \x1b[31m [@click=app.quit]x")
        await pilot.pause()
        assert "[/] ␛[31m [@click=app.quit]x" in app.text()
        app.list.show_empty(Content("esc shows all"))
        await pilot.pause()
        assert "esc shows all" in app.text()


async def test_error_without_rows_and_the_key_to_retry() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.list.show_error("No network.")
        app.list.focus_list()
        await pilot.pause()
        assert "No network. · r tries again" in app.text()
        await pilot.press("r")
        assert app.retries == 1


async def test_focus_goes_to_what_is_shown() -> None:
    app = ListApp()
    async with app.run_test(size=(60, 10)) as pilot:
        app.list.focus_list()
        await pilot.pause()
        assert app.focused is not None
        app.table.set_rows(servers(3))
        app.list.show_rows()
        await pilot.pause()
        assert app.focused is app.table
        app.table.set_rows([])
        app.list.show_rows()
        await pilot.pause()
        assert app.focused is not None
        assert app.focused is not app.table
        await pilot.press("r")
        assert app.retries == 1
