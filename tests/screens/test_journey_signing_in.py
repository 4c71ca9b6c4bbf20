"""Signing in by hand: slips, the second factor, the locked login (ACC-6)."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from time import monotonic

import pyotp
import pytest
from pydantic import SecretStr
from textual.widgets import Input

from billtui.config.credentials import KeepIn, Place
from billtui.config.profiles import make_profile
from billtui.screens import lock_wait
from billtui.screens.sign_in import LOST, SignInScreen
from billtui.services.session_settings import SignedIn
from tests.support.driving import PASSWORD, Driver, Pocket, Program, type_at_once


class Shelf(Pocket):
    """A keeper with all three places."""

    preferred: KeepIn | None = None

    def places(self) -> tuple[Place, ...]:
        """As on a desktop."""
        return (
            Place("keyring", "the keyring (Test)"),
            Place("file", "an encrypted file"),
            Place("memory", "memory, until the program ends"),
        )

    def prefer(self, place: KeepIn) -> None:
        """Remember what was chosen."""
        self.preferred = place


async def test_wrong_password_says_so_and_only_the_login_stays(program: Program) -> None:
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type("not-the-password")
        await driver.press("enter")
        await driver.until(lambda: driver.app.screen.query_one("#problem").has_class("shown"), "the reason")
        assert not driver.app.screen.query_one("#password", Input).value
        await driver.sees("Login or password is wrong")
        assert driver.app.screen.query_one("#login", Input).value == "olena.marsh"
        assert "not-the-password" not in driver.text()
        assert driver.app.focused is not None
        assert driver.app.focused.id == "password"
        assert not driver.app.session.signed_in


async def test_what_arrives_in_one_piece_lands_in_its_fields(program: Program) -> None:
    """On a slow line login, tab and password come at once: not a letter of the password stands where it is read."""
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.press("shift+tab")
        await driver.until(lambda: driver.app.focused is driver.app.screen.query_one("#login"), "the login's field")
        type_at_once(driver.app, *"kofi", "tab", *PASSWORD[:4], "shift+tab", *"mei", "tab", "x")
        login, password = (driver.app.screen.query_one(name, Input) for name in ("#login", "#password"))
        await driver.until(lambda: (login.value, password.value) == ("mei", "x"), "each key in its field")


async def test_enter_leads_on_at_once_too(program: Program) -> None:
    """Login, enter, password, enter in one piece: signed in, and the login's field has held nothing but the login."""
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.press("shift+tab")
        await driver.until(lambda: driver.app.focused is driver.app.screen.query_one("#login"), "the login's field")
        await driver.press("home", "shift+end", "delete")
        login, held = driver.app.screen.query_one("#login", Input), set[str]()
        driver.app.screen.watch(login, "value", lambda value: held.add(value))
        type_at_once(driver.app, *"olena.marsh", "enter", *PASSWORD, "enter")
        await driver.ready()
        assert driver.app.session.signed_in
        assert all("olena.marsh".startswith(one) for one in held), held


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


async def test_a_code_typed_ahead_does_not_spoil_the_password(program: Program) -> None:
    """ACC-6: the code's field opens when the panel has answered; what came before belongs to no password."""
    secret = next(one["totp_secret"] for one in program.sandbox.accounts if one["login"] == "mei.tanaka")
    async with program.open(login="mei.tanaka", credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        type_at_once(driver.app, *PASSWORD, "enter", *"123456")
        await driver.sees("second factor: type its present code")
        field = driver.app.screen.query_one("#totp", Input)
        before = None
        while field.value != before:  # a quick panel: the first keys come into this field
            before = field.value
            await driver.pilot.pause(0.3)
        assert "123456".endswith(field.value)
        assert driver.app.screen.query_one("#password", Input).value == PASSWORD
        field.value = ""
        await driver.type(pyotp.TOTP(secret).now())
        await driver.press("enter")
        await driver.ready()
        assert driver.app.session.signed_in


async def test_letters_behind_the_password_are_said_to_be_lost(program: Program) -> None:
    """ACC-6: no field takes them while the panel judges; whoever typed a code ahead is told to type it whole."""
    async with program.open(login="mei.tanaka", credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        form, session, judged = driver.app.screen, driver.app.session, asyncio.Event()
        assert isinstance(form, SignInScreen)
        sign_in = session.sign_in

        async def sign_in_late(
            login: str, password: SecretStr, totp: SecretStr | None = None, *, keep_in: KeepIn | None = None
        ) -> SignedIn:
            await judged.wait()
            return await sign_in(login, password, totp, keep_in=keep_in)

        session.sign_in = sign_in_late  # type: ignore[method-assign]  # the answer waits for the letters
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.until(lambda: form._busy, "what was typed to be sent")
        type_at_once(driver.app, *"123")
        await driver.until(lambda: form._lost, "letters that no field takes")
        judged.set()
        await driver.sees("type its present code")
        await driver.until(lambda: LOST in " ".join(driver.text().replace("│", " ").split()), "that they are lost")


async def test_the_demos_changed_password_has_a_way_out(program: Program) -> None:
    """The hint of the form is wrong once somebody has changed it: how to begin anew is said."""
    async with program.open(profile=program.profile(demo=True), credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.sees(f"the demo's is {PASSWORD}", "Kept in memory, until the program ends")
        await driver.type("not-the-password")
        await driver.press("enter")
        await driver.sees("Login or password is wrong", "billtui --demo --reset begins anew")


async def test_an_unknown_login_is_refused_in_the_same_words(program: Program) -> None:
    """ACC-6: nobody learns which logins exist."""
    async with program.open(login="nobody.here", credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type("not-the-password")
        await driver.press("enter")
        await driver.sees("Login or password is wrong")


def recovery_codes(program: Program) -> list[str]:
    """New recovery codes of mei.tanaka, made by another client."""
    account = next(one for one in program.sandbox.accounts if one["login"] == "mei.tanaka")
    present = pyotp.TOTP(account["totp_secret"])
    now = datetime.now(UTC)
    body = {"login": "mei.tanaka", "password": PASSWORD, "totp": present.at(now)}
    status, session = program.sandbox.call("POST", "/api/v1/sessions", body)
    assert status == 201, session
    following = present.at(now + timedelta(seconds=30))  # no code is good twice, and this one is good already
    body = {"action": "new-codes", "current_password": PASSWORD, "code": following}
    status, answer = program.sandbox.call("POST", "/api/v1/me/totp", body, token=session["token"])
    assert status == 200, answer
    return [str(one) for one in answer["codes"]]


async def test_a_recovery_code_stands_in_for_the_second_factor(program: Program) -> None:
    """ACC-6: it is good once, and how many are left is said."""
    codes = recovery_codes(program)
    code = codes[0]
    async with program.open(login="mei.tanaka", credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.sees("second factor: type its present code")
        await driver.type(code)
        await driver.press("enter")
        await driver.ready()
        await driver.hears("recovery code, which is spent: 9 left")
        assert code not in driver.text()


def lock(program: Program, login: str = "olena.marsh") -> None:
    """Five failures."""
    for _ in range(5):
        program.sandbox.call("POST", "/api/v1/sessions", {"login": login, "password": "wrong-password"})


def wait_of(driver: Driver) -> int | None:
    """The seconds that the form counts down."""
    found = re.search(r"Next try in (\d+):(\d\d)", driver.text())
    return int(found[1]) * 60 + int(found[2]) if found else None


async def test_a_locked_login_counts_down_by_itself(program: Program) -> None:
    """ACC-6: five failures lock the login; the wait stands there and runs, the password is gone, the login stays."""
    lock(program)
    program.sandbox.advance(seconds=15 * 60 - 120)
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.until(lambda: wait_of(driver), "the waiting time")
        first = wait_of(driver)
        assert first is not None
        assert 100 <= first <= 121, "the panel's own time, not capped as the pauses of reads are"
        await driver.sees("after too many failed sign-ins (ACC-6)", "or recover the password")
        assert driver.app.screen.query_one("#go").disabled
        assert not driver.app.screen.query_one("#password", Input).value
        assert driver.app.screen.query_one("#login", Input).value == "olena.marsh"
        await driver.until(lambda: (wait_of(driver) or first) <= first - 2, "the time to run")
        await driver.type(PASSWORD)
        await driver.press("enter")
        assert wait_of(driver), "enter does not send while it waits"
        assert driver.app.screen.query_one("#password", Input).value == PASSWORD, "judged by nobody, so it stays"


async def test_a_lock_is_one_logins_and_ends(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """ACC-6: another login need not wait; when the time is over the form says so and signs in."""
    passed = 0.0
    monkeypatch.setattr(lock_wait, "monotonic", lambda: monotonic() + passed)
    lock(program)
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.until(lambda: wait_of(driver), "the waiting time")
        login = driver.app.screen.query_one("#login", Input)
        login.focus()
        await driver.press("end", "x")
        await driver.until(lambda: wait_of(driver) is None, "another login, which need not wait")
        assert not driver.app.screen.query_one("#go").disabled
        await driver.press("backspace")
        await driver.until(lambda: wait_of(driver), "the one that is locked, which waits on")
        program.sandbox.advance(seconds=15 * 60)
        passed = 15 * 60
        await driver.sees("The wait is over")
        driver.app.screen.query_one("#password", Input).focus()
        await driver.type(PASSWORD)
        await driver.press("enter")
        await driver.ready()


async def test_where_the_sign_in_is_kept_is_said_and_can_be_changed(program: Program) -> None:
    """Keyring, encrypted file, memory: what is there, the next one offered, and what was chosen is what is done."""
    keeper = Shelf()
    async with program.open(credentials=keeper, ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.sees("Kept in the keyring (Test)", "File instead")
        await driver.type(PASSWORD)
        await driver.press("tab", "enter")
        await driver.sees("Kept in an encrypted file", "Memory instead")
        await driver.press("enter")
        await driver.sees("Kept in memory, until the program ends", "Keyring instead")
        await driver.press("shift+tab", "enter")
        await driver.ready()
        assert keeper.preferred == "memory"
        assert keeper.credential is not None
        assert keeper.credential.kind == "token", "a password is never kept"


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


async def test_a_panel_without_recovery_does_not_offer_it(program: Program) -> None:
    for kind, offered in (("rootpanel", False), ("billmanager", True), ("billing_v1", True)):
        profile = make_profile(name="test", url=program.sandbox.url, login="olena.marsh", kind=kind)
        async with program.open(profile=profile, credentials=Pocket(), ready=False, home=kind) as driver:
            await driver.sees("Kept in")
            assert ("Password forgotten" in driver.text()) is offered, kind


async def test_whoever_is_not_signed_in_is_told_the_way(program: Program) -> None:
    async with program.open(credentials=Pocket(), ready=False) as driver:
        await driver.on("SignInScreen")
        await driver.press("escape")
        await driver.go("3", "OrdersScreen")
        await driver.press("b")
        await driver.hears("6 Settings, then Session")
        await driver.go("6", "SettingsScreen")
        await driver.sees("signed out; enter signs in")
