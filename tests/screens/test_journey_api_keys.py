"""API keys and sessions by keys: made with slips on the way, shown once, ended at once (ACC-5)."""

from __future__ import annotations

import re
import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from textual.widgets import Input

from billtui.screens.api_keys import ApiKeysScreen
from billtui.screens.sessions import SessionsScreen
from billtui.widgets.secret_text import SecretText
from tests.screens.test_journey_password import api_key, status_of
from tests.support.driving import PASSWORD, Driver, Panel, Program, type_at_once
from tests.support.secrets_written import shown_with, written_with

LABEL, EXPIRES, NETWORKS = range(3)


async def open_keys(driver: Driver) -> None:
    await driver.go("0", "AccountScreen")
    await driver.press("K")
    await driver.on("ApiKeysScreen")
    await driver.until(lambda: driver.app.screen._answered, "the list")  # type: ignore[attr-defined]  # an ApiKeysScreen


async def put(driver: Driver, field: str, text: str) -> None:
    """Type into a field of the form, over what stands there."""
    while driver.app.focused is None or driver.app.focused.id != f"field-{field}":
        await driver.press("tab")
    await driver.press("home", "shift+end", "delete")
    await driver.type(text)


async def test_no_letter_of_the_password_stands_in_the_label(program: Program) -> None:
    """On a slow line label, enter, password come in one piece: what can be read holds the label alone."""
    async with program.open() as driver:
        await open_keys(driver)
        await driver.press("n")
        await driver.on("NewKeyDialog")
        label, held = driver.app.screen.query_one("#field-label", Input), set[str]()
        driver.app.screen.watch(label, "value", lambda value: held.add(value))
        type_at_once(driver.app, *"monitoring", "enter", *PASSWORD, "enter")
        await shown_key(driver)
        assert all("monitoring".startswith(one) for one in held), held


async def shown_key(driver: Driver) -> str:
    """The key, as a person reads it from the screen."""
    await driver.on("ShownOnce")
    secret = str(driver.app.screen.query_one("#secret", SecretText).content)
    assert re.fullmatch(r"bpk_[\w-]{20,}", secret)
    await driver.sees(secret)
    return secret


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_a_key_is_made_shown_once_and_revoked(program: Program, size: tuple[int, int], tmp_path: Path) -> None:
    panel = program.panel()
    async with program.open(size=size) as driver:
        await open_keys(driver)
        await driver.sees("There is no API key. n makes one")
        await driver.press("n")
        await driver.on("NewKeyDialog")
        await driver.press("enter")
        await driver.reads("Type what the key is for")
        await driver.type("monitoring")
        await put(driver, "networks", "127.0.0.9/8")
        await driver.reads("the network of that length is 127.0.0.0/8")
        await put(driver, "networks", "127.0.0.0/8, ::1")
        await put(driver, "expires", "soon")
        await driver.reads("Type a number of days such as 90")
        await put(driver, "expires", "30")
        await driver.reads("It reads only, until", "from 127.0.0.0/8, ::1/128 only")
        await put(driver, "current", "not-my-password")
        await driver.press("enter")
        await driver.reads("The current password is wrong")
        assert driver.app.screen.query_one("#field-current", Input).value == ""
        assert driver.app.screen.query_one("#field-label", Input).value == "monitoring"
        await driver.type(PASSWORD)
        await driver.press("enter")
        secret = await shown_key(driver)
        assert status_of(program.sandbox, secret) == 200
        assert (
            program.sandbox.call("PATCH", "/api/v1/orders/1", {"name": "x"}, token=secret)[1]["code"]
            == "api-key-read-only"
        )
        assert secret not in driver.app.export_screenshot()
        await driver.press("enter")
        await driver.hears("Sent to the terminal's clipboard: 47 characters")
        await driver.press("escape")
        await driver.on("ApiKeysScreen")
        await driver.sees("monitoring", f"…{secret[-4:]}", "read")
        (made,) = panel.get("/me/api-keys")["items"]
        expires = datetime.fromisoformat(made["expires_at"])
        assert timedelta(days=29) < expires - datetime.fromisoformat(made["created_at"]) <= timedelta(days=30)
        assert made["networks"] == ["127.0.0.0/8", "::1/128"]
        await driver.press("D")
        await driver.on("RevokeKey")
        await driver.reads("monitoring", "Whatever uses it is refused at once")
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.hears("is revoked")
        await driver.sees("There is no API key")
        assert status_of(program.sandbox, secret) == 401
        secrets = [secret, PASSWORD]
        assert shown_with(driver, secrets) == []
    assert written_with(tmp_path, secrets) == []


async def test_a_key_that_may_change_has_to_be_asked_for_and_goes_to_a_file(program: Program, tmp_path: Path) -> None:
    async with program.open() as driver:
        await open_keys(driver)
        await driver.press("n")
        await driver.on("NewKeyDialog")
        await driver.type("deploy")
        await put(driver, "expires", "never")
        await put(driver, "current", PASSWORD)
        await driver.press("tab", "space")
        await driver.reads("It reads, changes and pays, for ever, until it is revoked, from anywhere.")
        await driver.press("shift+tab", "enter")
        secret = await shown_key(driver)
        status, answer = program.sandbox.call(
            "PATCH", "/api/v1/orders/1", {"name": "by-key"}, token=secret, headers={"Idempotency-Key": "k" * 32}
        )
        assert status == 200, answer
        await driver.press("right", "enter")
        await driver.on("Prompt")
        await driver.press("home", "shift+end", "delete")
        kept = tmp_path / "key.txt"
        await driver.type(str(kept))
        await driver.press("enter")
        await driver.on("ShownOnce")
        await driver.hears("mode 0600")
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert secret in kept.read_text().split()
        await driver.press("escape")
        await driver.on("ApiKeysScreen")
        await driver.sees("deploy", "read, change", "never")


async def test_api_access_off_and_on(program: Program) -> None:
    """ACC-5: with it off every call by a key is refused, whichever key."""
    key = api_key(program.sandbox, program.sandbox.sign_in("olena.marsh"))
    async with program.open() as driver:
        await open_keys(driver)
        await driver.sees("a script", "API access is on")
        for words, status in (("API access is off: no key works", 403), ("API access is on", 200)):
            await driver.press("a")
            await driver.on("SwitchAccess")
            await driver.type(PASSWORD)
            await driver.press("enter")
            await driver.on("ApiKeysScreen")
            await driver.sees(words)
            assert status_of(program.sandbox, key) == status


async def test_a_lost_answer_leaves_a_key_that_is_revoked(program: Program) -> None:
    """The key was in the answer: the words say to revoke it, and the list has it."""
    async with program.open() as driver:
        await open_keys(driver)
        await driver.press("n")
        await driver.on("NewKeyDialog")
        await driver.type("lost")
        await put(driver, "current", PASSWORD)
        program.sandbox.faults({"kind": "drop-after", "path": "/me/api-keys", "method": "POST", "times": 1})
        await driver.press("enter")
        await driver.reads("Whether the key was made is not known", "revoke it")
        assert driver.app.screen.query_one("#field-current", Input).value == ""
        await driver.press("escape")
        await driver.on("ApiKeysScreen")
        await driver.sees("lost")
        assert isinstance(driver.app.screen, ApiKeysScreen)
        assert len(driver.app.screen.rows) == 1


# -- sessions


async def open_sessions(driver: Driver, count: int) -> SessionsScreen:
    await driver.go("0", "AccountScreen")
    await driver.press("W")
    await driver.on("SessionsScreen")
    screen = driver.app.screen
    assert isinstance(screen, SessionsScreen)
    await driver.until(lambda: len(screen.rows) == count, f"{count} sessions")
    return screen


async def test_one_session_and_then_all_others_are_ended(program: Program) -> None:
    """This one is marked and stays; an API key is not touched by it."""
    tokens = [program.sandbox.sign_in("olena.marsh") for _ in range(3)]
    key = api_key(program.sandbox, tokens[0])
    async with program.open() as driver:
        screen = await open_sessions(driver, 4)
        await driver.sees("this one", "127.0.0.1")
        mine = next(row for row in screen.rows if row.current)
        ended = next(one["id"] for one in Panel(program.sandbox, tokens[1]).get("/sessions")["items"] if one["current"])
        await driver.cursor_to(str(mine.id))
        await driver.press("D")
        await driver.hears("This is the session you are in")
        await driver.cursor_to(ended)
        await driver.press("D")
        await driver.on("ChoiceDialog")
        await driver.sees("End 1 session?", "API keys are not touched by it")
        await driver.choose("end")
        await driver.until(lambda: len(screen.rows) == 3, "the list anew")
        assert [status_of(program.sandbox, one) for one in tokens] == [200, 401, 200]
        await driver.press("X")
        await driver.on("ChoiceDialog")
        await driver.press("enter")
        await driver.on("SessionsScreen")
        assert [status_of(program.sandbox, one) for one in tokens] == [200, 401, 200], "the cursor rests on no"
        await driver.press("X")
        await driver.on("ChoiceDialog")
        await driver.choose("end")
        await driver.until(lambda: len(screen.rows) == 1, "the list anew")
        assert [status_of(program.sandbox, one) for one in tokens] == [401, 401, 401]
        assert status_of(program.sandbox, key) == 200
        driver.said.clear()
        await driver.press("X")
        await driver.hears("There is no other session")
        assert driver.app.session.signed_in


async def test_a_session_that_ended_by_itself_meanwhile_is_no_trouble(program: Program) -> None:
    token = program.sandbox.sign_in("olena.marsh")
    async with program.open() as driver:
        screen = await open_sessions(driver, 2)
        assert program.sandbox.call("DELETE", "/api/v1/sessions/current", token=token)[0] in (200, 204)
        await driver.press("X")
        await driver.on("ChoiceDialog")
        await driver.choose("end")
        await driver.until(lambda: len(screen.rows) == 1, "the list anew")
        await driver.hears("1 session ended")
