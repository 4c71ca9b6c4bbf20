"""Many at once: the lock counts every guess, and what works once works once (ACC-3, ACC-5, ACC-6)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest

from billtui.domain.refusal import RuleBroken
from billtui.sandbox.engine import api_keys, passwords, recovery, second_factor, sessions
from billtui.sandbox.engine.callers import Caller, authenticate
from billtui.sandbox.engine.errors import EngineRefusal, SessionExpired, SignInRefused
from billtui.sandbox.engine.passwords import NOBODY, hash_password, matches, new_salt
from billtui.sandbox.seed.people import DEMO_PASSWORD
from tests.support.engine import FIRST, SECOND, World

THREADS = 12


def at_once(work: Callable[[int], object]) -> Counter[str]:
    """``work`` in many threads that start together: how often each outcome came."""
    outcomes: Counter[str] = Counter()
    guard, start = threading.Lock(), threading.Barrier(THREADS)

    def run(number: int) -> None:
        start.wait()
        try:
            work(number)
            outcome = "done"
        except EngineRefusal as error:
            outcome = error.code
        except RuleBroken as error:
            outcome = error.refusal.code
        with guard:
            outcomes[outcome] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def signed_in(world: World, login: str = "olena.marsh", password: str = DEMO_PASSWORD) -> Caller:
    token = sessions.sign_in(world.database, login, password)["token"]
    return world.read(lambda tx: authenticate(tx, token))


def test_guesses_at_once_are_all_counted(world: World) -> None:
    """Five are heard, the others find the login locked: whether at signing in or with a session."""
    caller = signed_in(world)

    def guess(number: int) -> None:
        if number % 2:
            sessions.sign_in(world.database, "olena.marsh", f"guess-{number}")
        else:
            passwords.change(world.database, caller, f"guess-{number}", "quite another phrase")

    outcomes = at_once(guess)
    assert outcomes["wrong-credentials"] + outcomes["wrong-password"] == 5
    assert outcomes["locked-out"] == THREADS - 5


def test_a_mailed_code_makes_one_new_password(world: World) -> None:
    recovery.ask(world.database, "olena@marsh-hosting.example")
    code = str(world.value("SELECT code FROM mails WHERE event = 'password-recovery'"))
    outcomes = at_once(lambda number: recovery.recover(world.database, code, f"new password no {number}"))
    assert outcomes == {"done": 1, "recovery-code-used": THREADS - 1}


def test_a_recovery_code_makes_one_session(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    codes = with_second_factor(world)
    world.database.policy = world.database.policy.__class__(lock_after_failures=10**6)
    outcomes = at_once(lambda _: sessions.sign_in(world.database, "olena.marsh", DEMO_PASSWORD, codes[0]))
    assert outcomes == {"done": 1, "wrong-totp": THREADS - 1}


def with_second_factor(world: World) -> list[str]:
    """The first client's recovery codes."""
    import time

    import pyotp

    caller = signed_in(world)
    secret = second_factor.begin(world.database, caller, DEMO_PASSWORD)["secret"]
    code = pyotp.TOTP(secret).at(int(time.time()))
    return second_factor.confirm(world.database, caller, DEMO_PASSWORD, code)["codes"]


def test_a_session_that_was_ended_meanwhile_changes_nothing(world: World) -> None:
    """Between the check of the password and the change, somebody else changed it: the slower one is out."""
    slow, fast = signed_in(world), signed_in(world)
    passwords.change(world.database, fast, DEMO_PASSWORD, "quite another phrase")
    with pytest.raises(SessionExpired):
        passwords.change(world.database, slow, DEMO_PASSWORD, "a third one it is")
    assert signed_in(world, password="quite another phrase").account_id == FIRST


def test_only_hashes_are_kept(world: World) -> None:
    """scrypt for what people choose, and nothing of anything else."""
    caller = signed_in(world)
    made = api_keys.create(world.database, caller, DEMO_PASSWORD, api_keys.Wish("ci"))
    codes = with_second_factor(world)
    kept = str(world.rows("SELECT * FROM accounts")) + str(world.rows("SELECT * FROM api_keys"))
    for secret in (DEMO_PASSWORD, made["secret"], *codes, *(code.replace("-", "") for code in codes)):
        assert secret not in kept


def test_an_account_s_keys_are_its_own(world: World) -> None:
    """ACC-7."""
    mine, theirs = signed_in(world), signed_in(world, "kofi.brandt")
    made = api_keys.create(world.database, mine, DEMO_PASSWORD, api_keys.Wish("ci"))
    assert world.read(api_keys.api_keys, SECOND) == []
    with pytest.raises(EngineRefusal, match="no API key"):
        api_keys.revoke(world.database, theirs, DEMO_PASSWORD, made["key"]["id"])
    assert len(world.read(api_keys.api_keys, FIRST)) == 1


@pytest.mark.parametrize("password", ["", "x" * 1000, "\ud800", "пароль", "a\0b"])
def test_any_text_is_a_password(password: str) -> None:
    kept = hash_password(password, new_salt())
    assert matches(password, kept)
    assert not matches(password + "x", kept)
    assert not matches(password, NOBODY)


def test_failures_of_the_session_and_of_signing_in_are_one_count(world: World) -> None:
    caller = signed_in(world)
    for _ in range(4):
        with pytest.raises(EngineRefusal, match="current password"):
            passwords.change(world.database, caller, "wrong", "quite another phrase")
    with pytest.raises(SignInRefused, match="wrong"):
        sessions.sign_in(world.database, "olena.marsh", "wrong")
    with pytest.raises(SignInRefused) as locked:
        passwords.change(world.database, caller, DEMO_PASSWORD, "quite another phrase")
    assert (locked.value.code, locked.value.status) == ("locked-out", 423)
    world.advance(seconds=900)
    passwords.change(world.database, caller, DEMO_PASSWORD, "quite another phrase")
