"""Signing in, sessions, the account's card (ACC-1, ACC-4, ACC-6, ACC-7, ACC-8)."""

from __future__ import annotations

import time

import pyotp
import pytest

from billtui.sandbox.engine import accounts, sessions
from billtui.sandbox.engine.callers import authenticate
from billtui.sandbox.engine.errors import InvalidInput, NotFound, SessionExpired, SignInRefused
from billtui.sandbox.seed.people import DEMO_PASSWORD
from tests.support.engine import FIRST, THIRD, World


def sign_in(world: World, login: str, password: str = DEMO_PASSWORD, totp: str | None = None) -> str:
    return sessions.sign_in(world.database, login, password, totp)["token"]


def refusal(world: World, login: str, password: str = DEMO_PASSWORD, totp: str | None = None) -> SignInRefused:
    with pytest.raises(SignInRefused) as refused:
        sign_in(world, login, password, totp)
    return refused.value


def test_a_session_speaks_for_its_account(world: World) -> None:
    """ACC-1, ACC-7; only a hash of the token is kept."""
    token = sign_in(world, "olena.marsh")
    caller = world.read(lambda tx: authenticate(tx, token))
    assert (caller.account_id, caller.login, caller.role) == (FIRST, "olena.marsh", "client")
    assert token not in str(world.rows("SELECT * FROM sessions"))
    assert DEMO_PASSWORD not in str(world.rows("SELECT * FROM accounts"))
    world.write(lambda tx: sessions.sign_out(tx, FIRST, caller.session_id))
    with pytest.raises(SessionExpired):
        world.read(lambda tx: authenticate(tx, token))
    with pytest.raises(NotFound):
        world.write(lambda tx: sessions.sign_out(tx, FIRST, caller.session_id))


def test_sessions_end_in_real_time_only(world: World) -> None:
    """Moving the panel's clock signs nobody out; two weeks of real time do."""
    token = sign_in(world, "olena.marsh")
    world.advance(days=200)
    caller = world.read(lambda tx: authenticate(tx, token))
    listed = world.read(lambda tx: sessions.sessions(tx, FIRST, caller.session_id))
    assert [one["current"] for one in listed] == [True]
    world.time.pass_(days=15)
    with pytest.raises(SessionExpired):
        world.read(lambda tx: authenticate(tx, token))


def test_five_failures_lock_the_login(world: World) -> None:
    """ACC-6: for 15 minutes, also for the right password; the waiting time is told; unknown logins lock alike."""
    for login in ("olena.marsh", "nobody.at.all"):
        for _ in range(5):
            assert refusal(world, login, "wrong").code == "wrong-credentials"
        locked = refusal(world, login)
        assert (locked.code, locked.status) == ("locked-out", 423)
        assert 0 < (locked.retry_after or 0) <= 900
    world.advance(seconds=899)
    assert refusal(world, "olena.marsh").code == "locked-out"
    world.advance(seconds=1)
    sign_in(world, "olena.marsh")


def test_success_forgets_the_failures(world: World) -> None:
    """ACC-6."""
    for _ in range(3):
        for _ in range(4):
            refusal(world, "kofi.brandt", "wrong")
        sign_in(world, "kofi.brandt")


def test_second_factor(world: World) -> None:
    """ACC-6: asked for, checked, each code once; a missing code is no failure."""
    secret = str(world.value("SELECT totp_secret FROM accounts WHERE id = ?", THIRD))
    for _ in range(6):
        assert refusal(world, "mei.tanaka").code == "totp-required"
    assert refusal(world, "mei.tanaka", totp="000000").code in ("wrong-totp",)
    code = pyotp.TOTP(secret).at(int(time.time()))
    sign_in(world, "mei.tanaka", totp=code)
    assert refusal(world, "mei.tanaka", totp=code).code == "wrong-totp"
    assert refusal(world, "mei.tanaka", "wrong", totp=code).code == "wrong-credentials"


def test_hostile_credentials_are_just_wrong(world: World) -> None:
    """Any text is a wrong password, never a crash."""
    for login, password in (
        ("", ""),
        ("a" * 10_000, "x"),
        ("olena.marsh\0", "\ud800"),
        ("\ud800", "\ud800"),
        ("' OR 1=1 --", "' OR 1=1 --"),
    ):
        assert refusal(world, login, password).code == "wrong-credentials"


def test_the_account_card(world: World) -> None:
    """ACC-1, ACC-4: numeric id, login that is not the e-mail, two purses apart."""
    me = world.read(lambda tx: accounts.me(tx, FIRST))
    assert me["account_id"].isdigit() and me["login"] != me["email"] and me["email"] in me["emails"]
    assert me["currency"] == me["balances"]["internal"]["currency"] == "EUR"
    assert "invoices.promise" in me["capabilities"]
    assert me["payment_methods"] == ["internal", "affiliate", "card", "crypto", "promise"]
    assert me["panel_id"]


def test_settings_per_event_and_channel(world: World) -> None:
    """ACC-8."""
    wanted = {"notifications": {"order-blocked": {"telegram": True, "email": False}}}
    changed = world.write(lambda tx: accounts.update_settings(tx, FIRST, wanted))
    assert changed["settings"] == wanted
    for bad in (
        {"notifications": {"unknown": {"email": True}}},
        {"notifications": {"order-blocked": {"pigeon": True}}},
        {"notifications": {"order-blocked": {"email": "yes"}}},
        {"theme": "dark"},
    ):
        with pytest.raises(InvalidInput):
            world.write(accounts.update_settings, FIRST, bad)


def test_staff_see_all_accounts(world: World) -> None:
    """ACC-7."""
    found = world.read(lambda tx: accounts.all_accounts(tx))
    assert [one["login"] for one in found] == [person["login"] for person in world.database.seed_accounts()]
    for one in found:
        assert world.read(accounts.account_card, one["account_id"]) == one
    with pytest.raises(NotFound):
        world.read(lambda tx: accounts.account_card(tx, "1"))
