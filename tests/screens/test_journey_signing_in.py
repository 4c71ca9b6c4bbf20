"""Signing in by hand: slips, the second factor, the locked login (ACC-6)."""

from __future__ import annotations

import pyotp
from textual.widgets import Input

from tests.support.driving import Pocket, Program


async def test_wrong_password_says_so_and_keeps_what_was_typed(program: Program) -> None:
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type("not-the-password")
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen.query_one("#problem").has_class("shown"), "the reason")
        assert driver.app.screen.query_one("#password", Input).value == "not-the-password"
        assert driver.app.screen.query_one("#login", Input).value == "olena.marsh"
        assert "not-the-password" not in driver.text()
        assert driver.app.focused is not None
        assert driver.app.focused.id == "password"
        assert not driver.app.session.signed_in


async def test_second_factor_is_asked_for_and_checked(program: Program) -> None:
    """ACC-6: the code's field appears when it is needed; a wrong code is said, the right one signs in."""
    secret = next(one["totp_secret"] for one in program.sandbox.accounts if one["login"] == "mei.tanaka")
    async with program.open(login="mei.tanaka", credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        assert "second factor" not in driver.text()
        await driver.type("demo-fleet-2026")
        await driver.press("enter")
        await driver.sees("second factor: type its present code")
        code = pyotp.TOTP(secret).now()
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        await driver.type(wrong)
        await driver.press("enter")
        field = driver.app.screen.query_one("#totp", Input)
        await driver.until(lambda: not field.value, "the wrong code to be refused")
        assert not driver.app.session.signed_in
        await driver.type(pyotp.TOTP(secret).now())
        await driver.press("enter")
        await driver.ready()
        assert driver.app.session.account is not None
        assert driver.app.session.account.login == "mei.tanaka"
        await driver.sees("mei.tanaka")


async def test_a_locked_login_says_how_long(program: Program) -> None:
    """ACC-6: five failures lock the login; the answer says until when, and what was typed stays."""
    body = {"login": "olena.marsh", "password": "wrong-password"}
    for _ in range(5):
        program.sandbox.call("POST", "/api/v1/sessions", body)
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type("demo-fleet-2026")
        await driver.press("enter")
        await driver.sees("try again at")
        assert driver.app.screen.query_one("#password", Input).value == "demo-fleet-2026"


async def test_looking_around_without_signing_in_and_signing_in_later(program: Program) -> None:
    """``esc`` leaves the form; what needs the panel says so, and the settings lead back to the form."""
    async with program.open(home="known"):
        pass
    async with program.open(home="known", credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.press("escape")
        await driver.go("3", "OrdersScreen")
        await driver.sees("git-nl-01", "signed out")
        await driver.press("R")
        await driver.until(lambda: any("ign in" in said for said in driver.said), "the reason")
        await driver.go("6", "SettingsScreen")
        await driver.press("down", "down", "down", "enter")
        await driver.on("SignInScreen")
        await driver.type("demo-fleet-2026")
        await driver.press("enter")
        await driver.ready()
        await driver.sees("signed in; enter signs out")
