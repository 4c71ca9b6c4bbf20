"""The second factor: TOTP, and ten one-time codes for when the device is lost (ACC-6)."""

from __future__ import annotations

import hmac
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyotp

from billtui.domain.refusal import RuleBroken
from billtui.domain.rules import access
from billtui.sandbox import mail
from billtui.sandbox.engine import one_time_codes, passwords
from billtui.sandbox.engine.callers import Caller
from billtui.sandbox.engine.errors import WrongSecret
from billtui.sandbox.engine.rows import AccountRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire_accounts import RecoveryCodesJSON, TotpSetupJSON

if TYPE_CHECKING:
    from billtui.sandbox.database import Database

_STEP = 30
_DIGITS = 6
_GROUPS = 2
"""50 bits: to be typed by hand, and hashed slowly therefore."""
WRONG = "The code of the second factor is wrong, or was used already"


@dataclass(frozen=True, slots=True)
class Shown:
    """A code as it was typed: digits of the device, or the slow hash of a recovery code. Never both."""

    digits: str | None = None
    recovery: str | None = None


def look_at(code: str, kept_codes: str) -> Shown:
    """What a typed code may be; slow for a recovery code, so outside of any transaction. ``kept_codes`` as kept."""
    plain = one_time_codes.plain(code)
    if len(plain) == _DIGITS and plain.isascii() and plain.isdigit():
        return Shown(digits=plain)
    salt = json.loads(kept_codes).get("salt")
    return Shown() if salt is None else Shown(recovery=passwords.slow_hash(plain, salt))


def codes_left(account: AccountRow) -> int | None:
    """How many recovery codes are unused; ``None`` without a second factor."""
    return len(json.loads(account.recovery_codes).get("left", [])) if account.totp_secret is not None else None


def take(account: AccountRow, shown: Shown) -> bool:
    """Whether what was shown is right; it is used up with that."""
    if shown.digits is not None:
        return _take_digits(account, account.totp_secret or "", shown.digits)
    kept = json.loads(account.recovery_codes)
    left = [one for one in kept.get("left", ()) if not hmac.compare_digest(one, shown.recovery or "")]
    if len(left) == len(kept.get("left", ())):
        return False
    account.recovery_codes = json.dumps({**kept, "left": left})
    return True


def tell_used(tx: Tx, account: AccountRow) -> None:
    """The mail about a sign-in with a recovery code."""
    left = f"{codes_left(account)} of them are left"
    text = f"A recovery code stood in for the second factor at a sign-in; {left}. {passwords.NOT_YOU}"
    mail.send(tx, account.id, "recovery-code-used", "A recovery code was used", text)


def _take_digits(account: AccountRow, secret: str, digits: str) -> bool:
    """Each code is good once. Codes follow real time, as the person's device does."""
    generator = pyotp.TOTP(secret)
    present = int(time.time()) // _STEP
    for step in (present, present - 1, present + 1):
        if step > account.totp_step and hmac.compare_digest(generator.at(step * _STEP), digits):
            account.totp_step = step
            return True
    return False


def begin(database: Database, caller: Caller, password: str) -> TotpSetupJSON:
    """A fresh secret; it is off until its first code is confirmed. Begun again, the earlier one is worth nothing.

    Raises ``RuleBroken`` if a second factor is on.
    """
    secret = pyotp.random_base32()

    def work(tx: Tx, account: AccountRow) -> TotpSetupJSON:
        _refuse("begin", account)
        account.totp_pending = secret
        issuer = str(tx.sql("SELECT name FROM panel").fetchone()[0])
        uri = pyotp.TOTP(secret, name=account.login, issuer=issuer).provisioning_uri()
        return {"secret": secret, "uri": uri}

    return passwords.proven(database, caller, password, work)


def confirm(database: Database, caller: Caller, password: str, code: str) -> RecoveryCodesJSON:
    """Turn it on with its first code; the recovery codes are shown this once.

    Raises ``RuleBroken`` if it is on or was not begun, ``WrongSecret`` for a wrong code.
    """
    codes, kept = _new_codes(database)
    shown = look_at(code, "{}")

    def work(tx: Tx, account: AccountRow) -> RecoveryCodesJSON:
        _refuse("confirm", account)
        if shown.digits is None or not _take_digits(account, account.totp_pending or "", shown.digits):
            raise WrongSecret("wrong-totp", "The code is not the one that the device must show now", "code")
        account.totp_secret, account.totp_pending = account.totp_pending, None
        account.recovery_codes = kept
        text = f"From now on signing in needs a code of your device, or a recovery code. {passwords.NOT_YOU}"
        mail.send(tx, account.id, "second-factor-on", "The second factor is on", text)
        return {"codes": codes}

    return passwords.proven(database, caller, password, work)


def new_codes(database: Database, caller: Caller, password: str, code: str) -> RecoveryCodesJSON:
    """Ten new recovery codes; the older ones are worth nothing. Raises ``RuleBroken``, ``WrongSecret``."""
    codes, kept = _new_codes(database)
    shown = _shown(database, caller, code)

    def work(tx: Tx, account: AccountRow) -> RecoveryCodesJSON:
        _refuse("new-codes", account)
        _check(account, shown)
        account.recovery_codes = kept
        text = f"The older ones are worth nothing from now on. {passwords.NOT_YOU}"
        mail.send(tx, account.id, "recovery-codes-new", "There are new recovery codes", text)
        return {"codes": codes}

    return passwords.proven(database, caller, password, work)


def turn_off(database: Database, caller: Caller, password: str, code: str) -> None:
    """Turn it off, with a code of the device or a recovery code. Raises ``RuleBroken``, ``WrongSecret``."""
    shown = _shown(database, caller, code)

    def work(tx: Tx, account: AccountRow) -> None:
        _refuse("off", account)
        _check(account, shown)
        account.totp_secret = account.totp_pending = None
        account.totp_step = -1
        account.recovery_codes = "{}"
        text = f"From now on login and password are enough to sign in. {passwords.NOT_YOU}"
        mail.send(tx, account.id, "second-factor-off", "The second factor is off", text)

    passwords.proven(database, caller, password, work)


def _shown(database: Database, caller: Caller, code: str) -> Shown:
    caller.need_session()
    with database.read() as tx:
        kept_codes = tx.accounts.need(caller.account_id).recovery_codes
    return look_at(code, kept_codes)


def _refuse(action: str, account: AccountRow) -> None:
    on, begun = account.totp_secret is not None, account.totp_pending is not None
    refusal = access.second_factor_refusal(action, on=on, begun=begun)
    if refusal is not None:
        raise RuleBroken(refusal)


def _check(account: AccountRow, shown: Shown) -> None:
    if not take(account, shown):
        raise WrongSecret("wrong-totp", WRONG, "code")


def _new_codes(database: Database) -> tuple[list[str], str]:
    """Fresh recovery codes, and the form in which they are kept."""
    salt = passwords.new_salt()
    codes = [one_time_codes.new_code(_GROUPS) for _ in range(database.policy.recovery_codes)]
    left = [passwords.slow_hash(one_time_codes.plain(code), salt) for code in codes]
    return codes, json.dumps({"salt": salt, "left": left})
