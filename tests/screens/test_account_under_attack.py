"""The account's screens when things go against them: any size, hostile texts, plain ASCII, an ended session."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr
from textual.widgets import Input

from billtui.screens.modals.dialog import Fact
from billtui.screens.modals.shown_once import ShownOnce
from billtui.widgets.secret_text import SecretText
from tests.screens.test_hostile_fleet import hostile as hostile
from tests.screens.test_hostile_fleet import hostile_panel as hostile_panel
from tests.screens.test_hostile_fleet import raw_controls
from tests.screens.test_journey_password import api_key
from tests.screens.test_sizes import FEW, SIZES, through_sizes
from tests.support.driving import PASSWORD, Program
from tests.support.secrets_written import shown_with
from tests.support.slow_relay import SlowRelay
from tests.support.small_panel import PASSWORD as SMALL_PASSWORD
from tests.support.small_panel import SmallPanel, order
from tests.support.waiting import hold

CHANGE = "POST /api/v1/me/password"
LISTS = {"K": "ApiKeysScreen", "W": "SessionsScreen", "N": "NotificationsScreen"}


async def test_every_list_at_every_size(program: Program) -> None:
    api_key(program.sandbox, program.sandbox.sign_in("olena.marsh"))
    async with program.open() as driver:
        await driver.go("0", "AccountScreen")
        await through_sizes(driver, "AccountScreen", SIZES)
        for key, name in LISTS.items():
            await driver.press(key)
            await driver.on(name)
            await through_sizes(driver, name, SIZES)
            await driver.press("escape")
            await driver.on("AccountScreen")


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ("P", "PasswordDialog"),
        ("F", "BeginTotp"),
        ("Kn", "NewKeyDialog"),
        ("Ka", "SwitchAccess"),
        ("L", "MessageDialog"),
    ],
)
async def test_every_form_at_every_size(program: Program, keys: str, name: str) -> None:
    """What was typed survives a resize."""
    async with program.open() as driver:
        await driver.go("0", "AccountScreen")
        await driver.until(lambda: driver.app.screen.loyalty is not None, "loyalty")  # type: ignore[attr-defined]  # an AccountScreen
        for key in keys:
            await driver.press(key)
            await driver.on(LISTS.get(key, name))
        await driver.type("abc") if driver.app.screen.query(Input) else None
        await through_sizes(driver, name, FEW)
        assert all(one.value in ("abc", "", "90") for one in driver.app.screen.query(Input))
        assert any(one.value == "abc" for one in driver.app.screen.query(Input)) or keys == "L"


@pytest.mark.parametrize("size", [(80, 24), (60, 15), (40, 12)])
async def test_the_field_and_the_buttons_are_reached_however_low_the_terminal(
    program: Program, size: tuple[int, int]
) -> None:
    """A form that is higher than the terminal scrolls to what has the focus; esc leaves it."""
    async with program.open(size=size) as driver:
        await driver.go("0", "AccountScreen")
        await driver.press("P")
        await driver.on("PasswordDialog")
        for _ in range(3):
            field = driver.app.focused
            assert isinstance(field, Input)
            await driver.until(lambda field=field: field.region in driver.app.screen.region, "the field in sight")  # type: ignore[misc]  # a default argument binds it
            await driver.press("tab")
        await driver.press("tab")
        await driver.sees("Change it", "Cancel")
        await driver.press("escape")
        await driver.on("AccountScreen")


async def test_hostile_names_are_drawn_harmlessly(hostile: Program) -> None:
    """A key's label, an account's names: nothing raw, nothing acts."""
    token = hostile.sandbox.sign_in("olena.marsh")
    label = "ops \x1b[2J\u202e[@click=app.quit]x[/] \x05"
    api_key(hostile.sandbox, token, label=label[:100])
    async with hostile.open() as driver:
        await driver.go("0", "AccountScreen")
        assert raw_controls(driver) == []
        for key, name in LISTS.items():
            await driver.press(key)
            await driver.on(name)
            await driver.until(lambda: driver.list_screen.table.row_count, "its rows")
            assert raw_controls(driver) == []
            await driver.press("escape")
            await driver.on("AccountScreen")
        await driver.press("K")
        await driver.on("ApiKeysScreen")
        await driver.until(lambda: driver.list_screen.table.row_count, "its rows")
        await driver.press("D")
        await driver.on("RevokeKey")
        assert raw_controls(driver) == []
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.hears("is revoked")
        assert raw_controls(driver) == []


async def test_plain_ascii_shows_the_secret_as_text(program: Program) -> None:
    async with program.open(ascii_only=True) as driver:
        await driver.go("0", "AccountScreen")
        await driver.press("F")
        await driver.on("BeginTotp")
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.on("ConfirmTotp")
        await driver.reads("There is no room for a QR code")


async def test_an_ended_session_asks_to_sign_in_and_sends_nothing_twice(program: Program) -> None:
    """In mid-form: the sign-in comes on top, the form stays and is sent anew by hand."""
    async with program.open() as driver:
        await driver.go("0", "AccountScreen")
        await driver.press("P")
        await driver.on("PasswordDialog")
        program.sandbox.faults({"kind": "expire-session", "path": "/me/password", "times": 1})
        for text in (PASSWORD, "quiet-harbour-41", "quiet-harbour-41"):
            await driver.type(text)
            await driver.press("enter")
        await driver.on("SignInScreen")
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.on("PasswordDialog")
        await driver.reads("The session has expired, and nothing was changed")
        assert [one.value for one in driver.app.screen.query(Input)] == ["", "", ""]
        body = {"login": "olena.marsh", "password": PASSWORD}
        assert program.sandbox.call("POST", "/api/v1/sessions", body)[0] == 201
        assert shown_with(driver, [PASSWORD, "quiet-harbour-41"]) == []


def shown_once(secret: str) -> ShownOnce:
    return ShownOnce(
        "A key", [SecretStr(secret)], facts=[Fact("Label", "x")], warning="Once.", file_name="key.txt", heading=["x"]
    )


async def test_a_secret_that_cannot_be_saved_stays_on_the_screen(program: Program) -> None:
    async with program.open() as driver:
        await driver.app.push_screen(shown_once("canary-once-42"))
        await driver.on("ShownOnce")
        await driver.press("right", "enter")
        await driver.on("Prompt")
        await driver.press("home", "shift+end", "delete")
        await driver.type("/proc/nowhere.txt")
        await driver.press("enter")
        await driver.until(lambda: driver.says("cannot be written") or driver.says("no file of that name"), "why not")
        await driver.press("escape") if type(driver.app.screen).__name__ == "Prompt" else None
        await driver.on("ShownOnce")
        await driver.sees("canary-once-42")


async def test_what_is_shown_once_is_not_selected_by_the_mouse(program: Program) -> None:
    """Copying a selection says what was copied; a secret has its own way, whose words do not repeat it."""
    async with program.open() as driver:
        await driver.app.push_screen(shown_once("canary-once-42"))
        await driver.on("ShownOnce")
        assert driver.app.screen.query_one("#secret", SecretText).allow_select is False
        await driver.press("enter")
        await driver.hears("Sent to the terminal's clipboard: 14 characters")
        assert not any("canary" in said for said in driver.said)


async def test_many_orders_do_not_hold_the_screen(large_program: Program) -> None:
    """With 10,000 orders loyalty is worked out beside the loop: the screen is there before it."""
    async with large_program.open() as driver:
        await driver.go("0", "AccountScreen")
        await driver.sees("204817")
        await driver.until(lambda: driver.app.screen.loyalty is not None, "loyalty")  # type: ignore[attr-defined]  # an AccountScreen
        await driver.sees("All services")


@dataclass
class Elsewhere:
    """A panel that can little, as far as programs ask for it."""

    url: str
    accounts: list[dict[str, str]]


async def test_what_a_panel_cannot_do_stays_visible_and_says_why(tmp_path: Path) -> None:
    """Without the capabilities: each with its reason, and nothing is sent to find out."""
    panel = SmallPanel()
    panel.put("order", order(1))
    panel.start()
    try:
        there = Elsewhere(panel.url, [{"login": "olena", "password": SMALL_PASSWORD}])
        program = Program(there, tmp_path)  # type: ignore[arg-type]  # as far as it is asked
        async with program.open(login="olena") as driver:
            await driver.go("0", "AccountScreen")
            await driver.sees("1001", "100.00 EUR", "1 VDS", "4 more VDS → 3 %")
            for key, capability in (("P", "password"), ("F", "totp"), ("K", "api-keys"), ("N", "notifications")):
                driver.said.clear()
                await driver.press(key)
                await driver.hears(f"account.{capability}")
                await driver.hears("This account may not")
            assert type(driver.app.screen).__name__ == "AccountScreen"
            await driver.press("end")
            await driver.reads("this panel does not tell its settings")
            await driver.press("W")
            await driver.on("SessionsScreen")
            await driver.sees("not-found", "r tries again")
        assert not [line for line in panel.requests if "/me/" in line or line.startswith("PATCH")]
    finally:
        panel.stop()


async def test_while_the_panel_is_asked_nothing_is_sent_again_and_nothing_is_taken_back(
    slow: Program, relay: SlowRelay
) -> None:
    """Enter twice sends once; esc says that what was sent cannot be taken back, and the answer still comes."""
    async with slow.open() as driver:
        await driver.go("0", "AccountScreen")
        await driver.press("P")
        await driver.on("PasswordDialog")
        hold(relay, CHANGE)
        for text in (PASSWORD, "quiet-harbour-41", "quiet-harbour-41"):
            await driver.type(text)
            await driver.press("enter")
        await driver.press("enter", "escape")
        await driver.reads("Waiting for the panel's answer; what was sent cannot be taken back")
        assert type(driver.app.screen).__name__ == "PasswordDialog"
        relay.let_go()
        await driver.on("AccountScreen")
        await driver.hears("The password is changed")
        assert [one for one in relay.calls if one == CHANGE] == [CHANGE]


async def test_a_secret_that_was_not_sent_to_the_clipboard_is_not_let_go_at_once(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """tmux may keep the clipboard to itself: nothing is copied then, and closing warns as if nothing was tried."""
    monkeypatch.setattr("billtui.terminal.clipboard._sent", lambda *_: None)
    async with program.open(ready=False) as driver:
        await driver.app.push_screen(shown_once("canary-once-42"))
        await driver.on("ShownOnce")
        await driver.press("enter")
        await driver.hears("nothing was sent")
        await driver.press("escape")
        await driver.reads("It was neither copied nor saved")
        await driver.sees("canary-once-42")
