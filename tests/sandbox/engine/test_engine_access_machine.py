"""Doors in any order: who is let in is what a plain model says, after every step (ACC-2, ACC-3, ACC-5, ACC-6).

The model is a few lists: the password, the live sessions, the keys, the codes. The slow hash is replaced by a quick
one, since hundreds of passwords are tried; that the real one is used, and slow, is tested elsewhere. Doors that were
broken by hand show that the model notices.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import ClassVar

import pyotp
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from billtui.domain.policy import DEFAULT_POLICY
from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import access
from billtui.domain.rules import accounts as account_rules
from billtui.domain.rules.accounts import locked_until
from billtui.sandbox.database import Database
from billtui.sandbox.engine import api_keys, passwords, recovery, second_factor, sessions
from billtui.sandbox.engine.callers import Caller, authenticate
from billtui.sandbox.engine.errors import EngineRefusal
from billtui.sandbox.engine.rows import AccountRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import micros
from billtui.sandbox.seed import people
from tests.support.engine import StandingTime

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
LOGIN, ADDRESS = people.FIRST.login, people.FIRST.email
PASSWORDS = (people.DEMO_PASSWORD, "second password", "third password", "fourth password")
_PLACE = st.integers(min_value=0, max_value=10_000)
_MOSTLY = st.sampled_from([True, True, True, False])
_PASSWORD = st.sampled_from(PASSWORDS)
POLICY = replace(DEFAULT_POLICY, recoveries_per_address=3)


def quick_hash(secret: str, salt: str) -> str:
    """Instead of scrypt."""
    return hashlib.sha256(f"{salt} {secret}".encode()).hexdigest()


@dataclass
class Key:
    """An API key, as the model knows it."""

    key_id: str
    read_only: bool
    ends: datetime | None
    revoked: bool = False


@dataclass
class Mailed:
    """A code that was mailed."""

    code: str
    asked_at: datetime
    state: str = "good"


@dataclass
class Model:
    """What must be so."""

    password: str = PASSWORDS[0]
    sessions: dict[str, bool] = field(default_factory=dict)
    """Every token there ever was, and whether it is good."""
    keys: dict[str, Key] = field(default_factory=dict)
    access: bool = True
    totp: bool = False
    begun: str | None = None
    codes: list[str] = field(default_factory=list)
    """The recovery codes that are unused."""
    spent: list[str] = field(default_factory=list)
    mailed: list[Mailed] = field(default_factory=list)
    asked: list[datetime] = field(default_factory=list)
    failures: list[datetime] = field(default_factory=list)

    def new_password(self, password: str, *, keep: str | None) -> None:
        """ACC-2, ACC-3: sessions end, codes are void."""
        self.password = password
        self.sessions = {token: good and token == keep for token, good in self.sessions.items()}
        for mail in self.mailed:
            if mail.state == "good":
                mail.state = "voided"
        self.failures = []


class Doors(RuleBasedStateMachine):
    """One account of a small panel on a real file, and the model beside it."""

    sown: ClassVar[Path | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.slow_hash = passwords.slow_hash
        passwords.slow_hash = quick_hash
        self.folder = Path(tempfile.mkdtemp(prefix="doors-"))
        if Doors.sown is None:
            people._hashed.cache_clear()
            Doors.sown = Path(tempfile.mkdtemp(prefix="doors-sown-")) / "panel.db"
            Database.open(Doors.sown, seed=7_351, fleet=0, clock_source=StandingTime()).close()
            people._hashed.cache_clear()
        for part in Doors.sown.parent.glob("panel.db*"):
            shutil.copy(part, self.folder / part.name)
        self.database = Database.open(self.folder / "panel.db", clock_source=StandingTime(), policy=POLICY)
        self.model = Model()

    def teardown(self) -> None:
        passwords.slow_hash = self.slow_hash
        self.database.close()
        shutil.rmtree(self.folder)

    # --- how things are done, and what is expected of them

    @property
    def now(self) -> datetime:
        return self.database.now()

    @property
    def locked(self) -> bool:
        return locked_until(self.model.failures, self.now, POLICY) is not None

    def outcome(self, work: Callable[[], object]) -> str:
        """``done``, or the code of the refusal."""
        try:
            work()
        except EngineRefusal as error:
            return error.code
        except RuleBroken as error:
            return error.refusal.code
        return "done"

    def caller(self, token: str) -> Caller:
        with self.database.read() as tx:
            return authenticate(tx, token)

    def session(self, place: int) -> str:
        """One of the tokens that are good."""
        good = [token for token, good in self.model.sessions.items() if good]
        return good[place % len(good)]

    def expected(self, current: str, *, code: str | None = None, allowed: str = "done") -> str:
        """What is answered to who shows this password (and code) with a session; keeps count of failures."""
        model = self.model
        if self.locked:
            return "locked-out"
        if current != model.password:
            model.failures.append(self.now)
            return "wrong-password"
        if allowed != "done":
            return allowed  # a rule in the way: nothing was proven wrong, nothing happened
        if code is not None and code not in model.codes:
            model.failures.append(self.now)
            return "wrong-totp"
        if code is not None:
            self.spend(code)
        model.failures = []
        return "done"

    def spend(self, code: str) -> None:
        self.model.codes.remove(code)
        self.model.spent.append(code)

    def a_code(self, place: int, *, good: bool) -> str:
        """A recovery code that is good, or one that never was or is no more."""
        source = self.model.codes if good else [*self.model.spent, "aaaaa-aaaaa"]
        return source[place % len(source)] if source else "aaaaa-aaaaa"

    # --- signing in

    @rule(password=_PASSWORD, right=_MOSTLY, place=_PLACE, with_code=_MOSTLY, good=_MOSTLY)
    def sign_in(self, password: str, right: bool, place: int, with_code: bool, good: bool) -> None:
        model = self.model
        password = model.password if right else password
        code = self.a_code(place, good=good) if with_code else None
        expected = "done"
        if self.locked:
            expected = "locked-out"
        elif password != model.password:
            expected = "wrong-credentials"
        elif model.totp and code is None:
            expected = "totp-required"
        elif model.totp and code not in model.codes:
            expected = "wrong-totp"
        made: list[str] = []
        result = self.outcome(lambda: made.append(sessions.sign_in(self.database, LOGIN, password, code)["token"]))
        assert result == expected
        if expected in ("wrong-credentials", "wrong-totp"):
            model.failures.append(self.now)
        if expected == "done":
            model.failures = []
            model.sessions[made[0]] = True
            if model.totp and code is not None:
                self.spend(code)

    @rule(times=st.integers(min_value=3, max_value=6), place=_PLACE, patient=_MOSTLY)
    def guess(self, times: int, place: int, patient: bool) -> None:
        """Wrong passwords in a row, by turns at the door and, where there is one, with a session; then the wait."""
        inside = any(self.model.sessions.values())
        caller = self.caller(self.session(place)) if inside else None
        for number in range(times):
            if caller is not None and number % 2:
                expected = self.expected("wrong")
                assert self.outcome(partial(second_factor.begin, self.database, caller, "wrong")) == expected
                continue
            expected = "locked-out" if self.locked else "wrong-credentials"
            assert self.outcome(lambda: sessions.sign_in(self.database, LOGIN, "wrong")) == expected
            if expected == "wrong-credentials":
                self.model.failures.append(self.now)
        if patient:
            self.database.advance(16 * 60)

    @precondition(lambda self: any(self.model.sessions.values()))
    @rule(place=_PLACE, other=_PLACE)
    def end_a_session(self, place: int, other: int) -> None:
        mine, theirs = self.session(place), self.session(other)
        session_id = self.caller(theirs).session_id
        with self.database.write() as tx:
            sessions.sign_out(tx, self.caller(mine).account_id, session_id)
        self.model.sessions[theirs] = False

    @precondition(lambda self: any(self.model.sessions.values()))
    @rule(place=_PLACE, current=_PASSWORD, right=_MOSTLY, new=st.sampled_from([*PASSWORDS, "short"]))
    def change_password(self, place: int, current: str, right: bool, new: str) -> None:
        token, model = self.session(place), self.model
        current = model.password if right else current
        broken = "password-too-short" if new == "short" else "password-unchanged" if new == model.password else "done"
        expected = self.expected(current, allowed=broken)
        assert self.outcome(lambda: passwords.change(self.database, self.caller(token), current, new)) == expected
        if expected == "done":
            model.new_password(new, keep=token)

    # --- the second factor

    @precondition(lambda self: any(self.model.sessions.values()))
    @rule(place=_PLACE, current=_PASSWORD, right=_MOSTLY, go_on=_MOSTLY)
    def begin(self, place: int, current: str, right: bool, go_on: bool) -> None:
        current = self.model.password if right else current
        caller, made = self.caller(self.session(place)), []
        expected = self.expected(current, allowed="totp-on" if self.model.totp else "done")

        def work() -> None:
            made.append(second_factor.begin(self.database, caller, current)["secret"])

        assert self.outcome(work) == expected
        if expected == "done":
            self.model.begun = made[0]
            if go_on:
                self.confirmed(place)

    @precondition(lambda self: any(self.model.sessions.values()))
    @rule(place=_PLACE)
    def confirm(self, place: int) -> None:
        self.confirmed(place)

    def confirmed(self, place: int) -> None:
        """The first code of the device is typed, whatever was begun."""
        model, made = self.model, []
        caller, secret = self.caller(self.session(place)), model.begun
        code = "not a code" if secret is None else pyotp.TOTP(secret).at(int(time.time()))
        allowed = "totp-on" if model.totp else "totp-not-begun" if secret is None else "done"
        expected = self.expected(model.password, allowed=allowed)

        def work() -> None:
            made.extend(second_factor.confirm(self.database, caller, model.password, code)["codes"])

        assert self.outcome(work) == expected
        if expected == "done":
            model.totp, model.begun, model.codes = True, None, made

    @precondition(lambda self: any(self.model.sessions.values()))
    @rule(place=_PLACE, code_place=_PLACE, good=_MOSTLY, off=st.booleans())
    def off_or_new_codes(self, place: int, code_place: int, good: bool, off: bool) -> None:
        model, made = self.model, []
        caller, code = self.caller(self.session(place)), self.a_code(code_place, good=good)
        expected = self.expected(model.password, code=code, allowed="done" if model.totp else "totp-off")

        def work() -> None:
            if off:
                second_factor.turn_off(self.database, caller, model.password, code)
            else:
                made.extend(second_factor.new_codes(self.database, caller, model.password, code)["codes"])

        assert self.outcome(work) == expected
        if expected == "done":
            model.spent += model.codes
            model.codes = made
            model.totp, model.begun = not off, None if off else model.begun

    # --- keys

    @precondition(lambda self: any(self.model.sessions.values()))
    @rule(place=_PLACE, read_only=st.booleans(), hours=st.sampled_from([None, 1, 30]))
    def make_a_key(self, place: int, read_only: bool, hours: int | None) -> None:
        ends = None if hours is None else self.now + timedelta(hours=hours)
        caller, made = self.caller(self.session(place)), []
        expected = self.expected(self.model.password)
        wish = api_keys.Wish("ci", ends, read_only)

        def work() -> None:
            made.append(api_keys.create(self.database, caller, self.model.password, wish))

        assert self.outcome(work) == expected
        if expected == "done":
            self.model.keys[made[0]["secret"]] = Key(made[0]["key"]["id"], read_only, ends)

    @precondition(lambda self: any(self.model.sessions.values()) and self.model.keys)
    @rule(place=_PLACE, which=_PLACE)
    def revoke_a_key(self, place: int, which: int) -> None:
        key = list(self.model.keys.values())[which % len(self.model.keys)]
        caller, password = self.caller(self.session(place)), self.model.password
        expected = self.expected(password, allowed="not-found" if key.revoked else "done")
        assert self.outcome(lambda: api_keys.revoke(self.database, caller, password, key.key_id)) == expected
        key.revoked = key.revoked or expected == "done"

    @precondition(lambda self: any(self.model.sessions.values()))
    @rule(place=_PLACE, on=st.booleans())
    def set_access(self, place: int, on: bool) -> None:
        caller, password = self.caller(self.session(place)), self.model.password
        expected = self.expected(password)
        assert self.outcome(lambda: api_keys.set_access(self.database, caller, password, on)) == expected
        self.model.access = on if expected == "done" else self.model.access

    # --- recovery

    @rule()
    def ask(self) -> None:
        model, now = self.model, self.now
        recovery.ask(self.database, ADDRESS)
        with self.database.read() as tx:
            codes = [row[0] for row in tx.sql("SELECT code FROM mails WHERE event = 'password-recovery' ORDER BY id")]
        heard = len([at for at in model.asked if at > now - timedelta(hours=1)]) < 3
        assert len(codes) == len(model.mailed) + heard
        if heard:
            for mail in model.mailed:
                mail.state = "voided" if mail.state == "good" else mail.state
            model.mailed.append(Mailed(codes[-1], now))
            model.asked.append(now)

    @precondition(lambda self: self.model.mailed)
    @rule(newest=_MOSTLY, which=_PLACE, new=st.sampled_from([*PASSWORDS, "short"]), early=_MOSTLY)
    def recover(self, newest: bool, which: int, new: str, early: bool) -> None:
        model = self.model
        if not early:
            self.database.advance(24 * 3_600)
        mail = model.mailed[-1 if newest else which % len(model.mailed)]
        expected = "done"
        if mail.state != "good":
            expected = f"recovery-code-{mail.state}"
        elif self.now >= mail.asked_at + timedelta(hours=24):
            expected = "recovery-code-expired"
        elif new in ("short", model.password):
            expected = "password-too-short" if new == "short" else "password-unchanged"
        assert self.outcome(lambda: recovery.recover(self.database, mail.code, new)) == expected
        if expected == "done":
            mail.state = "used"
            model.new_password(new, keep=None)

    @rule(minutes=st.sampled_from([1, 16, 61, 13 * 60, 25 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.database.advance(minutes * 60)

    # --- what is always so

    @invariant()
    def exactly_who_may_is_let_in(self) -> None:
        for token, good in self.model.sessions.items():
            assert self.outcome(partial(self.caller, token)) == ("done" if good else "session-expired")
        for secret, key in self.model.keys.items():
            over = key.revoked or (key.ends is not None and key.ends <= self.now)
            known = "done" if self.model.access else "api-access-disabled"
            expected = "session-expired" if key.revoked or (over and self.model.access) else known
            assert self.outcome(partial(self.caller, secret)) == expected
            if expected == "done":
                assert self.caller(secret).read_only is key.read_only

    @invariant()
    def the_account_says_what_is_so(self) -> None:
        from billtui.sandbox.engine import accounts

        with self.database.read() as tx:
            me = accounts.me(tx, people.FIRST.account_id)
        left = len(self.model.codes) if self.model.totp else None
        assert (me["totp"], me["recovery_codes_left"], me["api_access"]) == (self.model.totp, left, self.model.access)


def chosen(examples: int, *phases: Phase) -> settings:
    """The same histories in every run."""
    return settings(
        max_examples=examples,
        stateful_step_count=40,
        deadline=None,
        derandomize=True,
        database=None,
        phases=phases,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def test_who_is_let_in_is_what_the_model_says() -> None:
    """ACC-2, ACC-3, ACC-5, ACC-6."""
    run_state_machine_as_test(Doors, settings=chosen(200 if LONG else 20, Phase.generate, Phase.shrink))


# --- broken by hand

Patch = pytest.MonkeyPatch


def sessions_stay(patch: Patch) -> None:
    def replace(tx: Tx, account: AccountRow, new_kept: str, **_: str) -> None:
        account.password, account.password_changed_at = new_kept, tx.at

    patch.setattr(passwords, "replace", replace)


def own_session_ends_too(patch: Patch) -> None:
    real = passwords.replace
    patch.setattr(passwords, "replace", lambda tx, account, new_kept, **_: real(tx, account, new_kept))


def failures_are_not_counted(patch: Patch) -> None:
    patch.setattr(passwords, "remember_failure", lambda tx, login: None)


def failures_are_not_forgotten(patch: Patch) -> None:
    patch.setattr(sessions, "forget_failures", lambda tx, login: None)


def one_failure_more_is_let_pass(patch: Patch) -> None:
    real = account_rules.lockout_refusal
    lenient = replace(POLICY, lock_after_failures=6)
    patch.setattr(account_rules, "lockout_refusal", lambda failures, now, _: real(failures, now, lenient))


def the_lock_forgets_sessions(patch: Patch) -> None:
    patch.setattr(passwords, "refuse_locked", lambda tx, login: None)


def any_second_code_will_do(patch: Patch) -> None:
    patch.setattr(second_factor, "take", lambda account, shown: True)


def recovery_codes_work_again(patch: Patch) -> None:
    real = second_factor.take

    def take(account: AccountRow, shown: second_factor.Shown) -> bool:
        before = account.recovery_codes
        found = real(account, shown)
        account.recovery_codes = before
        return found

    patch.setattr(second_factor, "take", take)


def rule_without(part: str) -> Callable[[Patch], None]:
    """Mailed codes whose rule forgets ``part``."""
    real = access.recovery_refusal

    def broken(patch: Patch) -> None:
        def refusal(code: access.RecoveryCode | None, now: datetime) -> Refusal | None:
            if code is None:
                return real(code, now)
            ends = now + timedelta(days=1) if part == "end" else code.expires_at
            used, voided = (None if part == name else getattr(code, name) for name in ("used_at", "voided_at"))
            return real(access.RecoveryCode(ends, used, voided), now)

        patch.setattr(access, "recovery_refusal", refusal)

    return broken


def keys_never_end(patch: Patch) -> None:
    patch.setattr(api_keys, "micros", lambda at: micros(at) + 10**15)


def revoking_takes_any_password(patch: Patch) -> None:
    patch.setattr(passwords, "matches", lambda password, kept: True)


BROKEN: dict[str, Callable[[Patch], None]] = {
    "sessions stay": sessions_stay,
    "the own session ends too": own_session_ends_too,
    "failures are not counted": failures_are_not_counted,
    "failures are not forgotten": failures_are_not_forgotten,
    "one failure more is let pass": one_failure_more_is_let_pass,
    "the lock forgets sessions": the_lock_forgets_sessions,
    "any second code will do": any_second_code_will_do,
    "recovery codes work again": recovery_codes_work_again,
    "mailed codes work again": rule_without("used_at"),
    "older mailed codes stay good": rule_without("voided_at"),
    "mailed codes never end": rule_without("end"),
    "keys never end": keys_never_end,
    "any password will do": revoking_takes_any_password,
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_door_broken_by_hand_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    BROKEN[name](monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Doors, settings=chosen(100, Phase.generate))
