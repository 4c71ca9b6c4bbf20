"""Another password by keys: every slip, what it does to sessions and keys, and that it stands nowhere (ACC-2)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from textual.widgets import Button, Input

from billtui.config.secret_sources import Credential
from tests.support.driving import PASSWORD, Driver, Pocket, Program, type_at_once
from tests.support.sandbox import SandboxProcess
from tests.support.secrets_written import shown_with, written_with

NEW = "quiet-harbour-41"
WRONG = "not-my-password"


def api_key(sandbox: SandboxProcess, token: str, **more: Any) -> str:
    """A new key of the account, made by another client."""
    body = {"label": "a script", "read_only": False, "networks": [], "current_password": PASSWORD, **more}
    status, answer = sandbox.call("POST", "/api/v1/me/api-keys", body, token=token)
    assert status == 201, answer
    return str(answer["secret"])


def status_of(sandbox: SandboxProcess, token: str) -> int:
    """What one call with this token is answered."""
    return sandbox.call("GET", "/api/v1/me", token=token)[0]


def signing_in(sandbox: SandboxProcess, password: str, login: str = "olena.marsh") -> int:
    """What signing in with this password is answered."""
    return sandbox.call("POST", "/api/v1/sessions", {"login": login, "password": password})[0]


async def open_form(driver: Driver) -> None:
    await driver.go("0", "AccountScreen")
    await driver.press("P")
    await driver.on("PasswordDialog")


async def fill(driver: Driver, *texts: str) -> None:
    """Type into one field after the other, replacing what stands there, and press enter in the last."""
    for place, text in enumerate(texts):
        await driver.press("tab") if place else None
        field = driver.app.focused
        assert isinstance(field, Input)
        if field.value:
            await driver.press("home", "shift+end", "delete")
        await driver.type(text)
        assert field.value == text
    await driver.press("enter")


async def test_what_arrives_in_one_piece_lands_in_its_fields(program: Program) -> None:
    """Three fields with enter between them, at once: the password is the new one, and was sent once."""
    async with program.open() as driver:
        await open_form(driver)
        type_at_once(driver.app, *PASSWORD, "enter", *NEW, "enter", *NEW, "enter")
        await driver.sees("The password is changed")
        assert signing_in(program.sandbox, NEW) == 201


def fields(driver: Driver) -> dict[str, str]:
    """What stands in the form's fields."""
    return {str(one.id): one.value for one in driver.app.screen.query(Input)}


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_changed_with_a_slip_on_the_way(program: Program, size: tuple[int, int], tmp_path: Path) -> None:
    """Other sessions are out with their next call, the API key works, and the dialog had said both."""
    other = program.sandbox.sign_in("olena.marsh")
    key = api_key(program.sandbox, other)
    async with program.open(size=size) as driver:
        await open_form(driver)
        await driver.reads("Every other session of this account is signed out", "API keys stay valid")
        await fill(driver, WRONG, NEW, NEW)
        await driver.sees("The current password is wrong")
        assert fields(driver) == {"field-current": "", "field-new": NEW, "field-again": NEW}
        assert driver.app.focused is driver.app.screen.query_one("#field-current")
        assert status_of(program.sandbox, other) == 200
        await fill(driver, PASSWORD)
        await driver.on("AccountScreen")
        await driver.hears("The password is changed. Every other session is signed out; API keys still work.")
        assert status_of(program.sandbox, other) == 401
        assert status_of(program.sandbox, key) == 200
        assert signing_in(program.sandbox, PASSWORD) == 401
        assert signing_in(program.sandbox, NEW) == 201
        before = driver.app.session.store.synced_at()
        await driver.until(lambda: datetime.now(UTC).replace(microsecond=0) != before, "another second")
        await driver.press("r")
        await driver.until(lambda: driver.app.session.store.synced_at() != before and driver.online, "a refresh")
        assert driver.app.session.signed_in, "this session stays"
        secrets = [PASSWORD, NEW, WRONG]
        assert shown_with(driver, secrets) == []
    assert written_with(tmp_path, secrets) == []


@pytest.mark.parametrize(
    ("new", "again", "words"),
    [
        ("short-one", "short-one", "10 characters or more"),
        (PASSWORD, PASSWORD, "not the old password"),
        ("my-Olena.Marsh-1", "my-Olena.Marsh-1", "without the login"),
        ("9-olena@Marsh-hosting.example", "9-olena@Marsh-hosting.example", "without the e-mail"),
        (NEW, "quiet-harbour-42", "the same typed twice"),
    ],
    ids=["short", "old", "login", "e-mail", "repeated"],
)
async def test_each_rule_is_said_before_anything_is_sent(program: Program, new: str, again: str, words: str) -> None:
    """ACC-2: the rule that is not met stands unticked and is named; what was typed stays, and nothing is sent."""
    async with program.open() as driver:
        await open_form(driver)
        await fill(driver, PASSWORD, new, again)
        await driver.reads(f"is not good yet: {words}", f"[ ] {words}")
        assert driver.text().count("[ ]") == 1
        assert fields(driver)["field-new"] == new
        await driver.press("escape")
        await driver.on("AccountScreen")
        assert signing_in(program.sandbox, PASSWORD) == 201
        assert shown_with(driver, [PASSWORD, new]) == []


async def test_the_rules_tick_off_while_it_is_typed(program: Program) -> None:
    async with program.open() as driver:
        await open_form(driver)
        await driver.press("tab")
        await driver.type("quiet-ha")
        assert "[ ] 10 characters or more" in driver.text()
        await driver.type("rbour")
        await driver.sees("[✓] 10 characters or more", "[ ] the same typed twice")


async def test_five_wrong_ones_lock_and_the_wait_is_counted_down(program: Program) -> None:
    """ACC-6: the fifth wrong current password locks the login; the form says how long, and sends nothing meanwhile."""
    async with program.open() as driver:
        await open_form(driver)
        await fill(driver, WRONG, NEW, NEW)
        for _ in range(4):
            await driver.sees("The current password is wrong")
            await fill(driver, WRONG)
            await driver.until(lambda: fields(driver)["field-current"] == "", "the answer")
        await driver.until(lambda: signing_in(program.sandbox, PASSWORD) == 423, "the lock")
        if not driver.says("locked"):
            await fill(driver, PASSWORD)
        await driver.reads("This login is locked", "Next try in")
        assert driver.app.screen.query_one("#send", Button).disabled
        assert set(fields(driver).values()) == {""}, "nothing waits in the fields"
        assert driver.app.session.signed_in, "this session goes on"
        await driver.press("escape")
        await driver.on("AccountScreen")


async def test_a_lost_answer_is_explained_and_not_repeated(program: Program) -> None:
    """The panel did it and the answer is lost: the words say how to see, and the fields are empty."""
    async with program.open() as driver:
        await open_form(driver)
        program.sandbox.faults({"kind": "drop-after", "path": "/me/password", "method": "POST", "times": 1})
        await fill(driver, PASSWORD, NEW, NEW)
        await driver.reads("Whether the password was changed is not known")
        assert set(fields(driver).values()) == {""}
        assert program.sandbox.fault_strikes() == [1]
        assert signing_in(program.sandbox, NEW) == 201
        await driver.press("escape")
        await driver.on("AccountScreen")


async def test_what_never_left_is_sent_again_with_one_key(program: Program) -> None:
    """Nobody saw it: the fields stay."""
    async with program.open() as driver:
        await open_form(driver)
        program.sandbox.kill()
        await fill(driver, PASSWORD, NEW, NEW)
        await driver.until(lambda: driver.app.screen.query_one("#problem").has_class("shown"), "the reason")
        assert fields(driver)["field-current"] == PASSWORD
        program.sandbox.start()
        await driver.press("enter")
        await driver.on("AccountScreen")
        assert signing_in(program.sandbox, NEW) == 201


async def test_why_not_on_a_read_only_profile_or_by_an_api_key(program: Program) -> None:
    """ACC-5: a key cannot touch it, and the words say what to do; a read-only profile changes nothing."""
    async with program.open(read_only=True) as driver:
        await driver.go("0", "AccountScreen")
        await driver.press("P")
        await driver.hears("This profile is read-only")
    key = api_key(program.sandbox, program.sandbox.sign_in("olena.marsh"), read_only=True)
    pocket = Pocket(Credential("token", SecretStr(key), "test"))
    async with program.open(credentials=pocket, home="by-key") as driver:
        await driver.go("0", "AccountScreen")
        await driver.sees("an API key that only reads")
        for command in "PFKW":
            driver.said.clear()
            await driver.press(command)
            await driver.hears("a key cannot touch password, second factor, keys or sessions (ACC-5)")
            await driver.hears("Sign in with login and password")
        assert type(driver.app.screen).__name__ == "AccountScreen"
        await driver.sees("READ-ONLY")
        await driver.go("3", "OrdersScreen")
        await driver.until(lambda: driver.list_screen.table.row_count, "the orders")
        await driver.press("R")
        await driver.hears("The API key that you are signed in with only reads (ACC-5)")


async def test_staff_see_what_they_have(program: Program) -> None:
    """ACC-7: who one is, what one may, and no discounts without services."""
    async with program.open(login="sam.desk") as driver:
        await driver.go("0", "AccountScreen")
        await driver.sees("900011", "support: reads all accounts and their orders")
