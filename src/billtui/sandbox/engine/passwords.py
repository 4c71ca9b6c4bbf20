"""Passwords: how they are kept, proving to know one, the lock after failures, choosing another (ACC-2, ACC-6).

Hashing takes tens of milliseconds on purpose, so it is done outside of any transaction: the one writer of the panel
does not wait for it. What was checked before is looked at again when the transaction has begun.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from billtui.domain.rules import accounts as account_rules
from billtui.sandbox import mail
from billtui.sandbox.engine.callers import Caller
from billtui.sandbox.engine.errors import SessionExpired, SignInRefused, WrongKindOfInput, WrongSecret, seconds_left
from billtui.sandbox.engine.rows import AccountRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import instant_of

if TYPE_CHECKING:
    from billtui.sandbox.database import Database

T = TypeVar("T")
NOBODY = "scrypt$" + "00" * 16 + "$" + "00" * 32
"""Matches no password; checking against it takes as long as against a real one."""


def slow_hash(secret: str, salt: str) -> str:
    """scrypt of ``secret``, in hex, for what people can guess; ``salt`` is in hex too."""
    raw = secret.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(raw, salt=bytes.fromhex(salt), n=2**14, r=8, p=1, maxmem=2**26, dklen=32).hex()


def new_salt() -> str:
    """A fresh salt, in hex."""
    return secrets.token_hex(16)


def hash_password(password: str, salt: str) -> str:
    """The kept form of a password: ``scrypt$salt$hash``, both in hex."""
    return f"scrypt${salt}${slow_hash(password, salt)}"


def matches(password: str, kept: str) -> bool:
    """Whether ``password`` is the one behind ``kept``."""
    return hmac.compare_digest(hash_password(password, kept.split("$")[1]), kept)


# --- the lock


def refuse_locked(tx: Tx, login: str) -> None:
    """Raises ``SignInRefused`` with ``locked-out`` while too many failures lock the login, known or not (ACC-6)."""
    found = tx.sql("SELECT at FROM login_failures WHERE login = ?", (login.casefold(),)).fetchall()
    failures = [instant_of(int(at)) for (at,) in found]
    refusal = account_rules.lockout_refusal(failures, tx.now, tx.policy)
    if refusal is not None and refusal.available_from is not None:
        until = refusal.available_from
        wait = seconds_left(tx.now, until)
        raise SignInRefused("locked-out", refusal.reason, retry_after=wait, available_from=until)


def remember_failure(tx: Tx, login: str) -> None:
    """Count a failure towards the lock (ACC-6)."""
    tx.sql("INSERT INTO login_failures (login, at) VALUES (?, ?)", (login.casefold(), tx.at))


def forget_failures(tx: Tx, login: str) -> None:
    """Somebody proved to be the one: earlier failures count no more (ACC-6)."""
    tx.sql("DELETE FROM login_failures WHERE login = ?", (login.casefold(),))


# --- what needs the current password


def proven(database: Database, caller: Caller, password: str, work: Callable[[Tx, AccountRow], T]) -> T:
    """Do ``work`` in one transaction for a session that shows its account's current password.

    Raises ``NotWithThisKey`` for an API key (ACC-5), ``WrongSecret``, and ``SignInRefused`` while the login is locked.
    A wrong password counts towards the lock, and so does a ``WrongSecret`` that ``work`` raises, which it does before
    it changes anything.
    """
    caller.need_session()
    with database.read() as tx:
        refuse_locked(tx, caller.login)
        kept = tx.accounts.need(caller.account_id).password
    right = matches(password, kept)
    with database.write() as tx:
        _need_live_session(tx, caller)
        refuse_locked(tx, caller.login)  # others may have failed meanwhile: the lock counts them all
        account = tx.accounts.need(caller.account_id)
        try:
            if not right or account.password != kept:
                raise WrongSecret("wrong-password", "The current password is wrong", "current_password")
            answer = work(tx, account)
        except WrongSecret as error:
            refusal = error
            remember_failure(tx, caller.login)
        else:
            forget_failures(tx, caller.login)
            return answer
    raise refusal


def _need_live_session(tx: Tx, caller: Caller) -> None:
    """The session may have been ended while the password was checked."""
    found = tx.sql("SELECT 1 FROM sessions WHERE id = ? AND expires_at > ?", (caller.session_id, tx.real)).fetchone()
    if found is None:
        raise SessionExpired("Sign in again: this session has ended")


def change(database: Database, caller: Caller, current: str, new: str) -> None:
    """Another password; every other session of the account ends with it, API keys stay (ACC-2).

    Raises ``WrongKindOfInput`` for a rule of ACC-2, and what :func:`proven` raises.
    """
    caller.need_session()
    new_kept = hash_password(new, new_salt())

    def work(tx: Tx, account: AccountRow) -> None:
        refuse_new(tx, account, current, new)
        replace(tx, account, new_kept, keep_session=caller.session_id)
        ended = "Every other session has ended; API keys stay valid."
        mail.send(tx, account.id, "password-changed", "Your password was changed", f"{ended} {NOT_YOU}")

    proven(database, caller, current, work)


NOT_YOU = "If that was not you, recover the password at once and revoke what you do not know."
"""The end of every mail about how one gets in."""


def refuse_new(tx: Tx, account: AccountRow, old: str, new: str) -> None:
    """Raises ``WrongKindOfInput`` if ``new`` breaks a rule of ACC-2."""
    refusal = account_rules.password_refusal(old, new, new, account.login, account.email, tx.policy)
    if refusal is not None:
        raise WrongKindOfInput(refusal, "new_password")


def replace(tx: Tx, account: AccountRow, new_kept: str, *, keep_session: str = "") -> None:
    """Keep another password; in the same transaction sessions end, and mailed codes are void (ACC-2, ACC-3)."""
    account.password = new_kept
    account.password_changed_at = tx.at
    tx.sql("DELETE FROM sessions WHERE account_id = ? AND id <> ?", (account.id, keep_session))
    tx.sql(
        "UPDATE password_recoveries SET voided_at = ? WHERE account_id = ? AND used_at IS NULL AND voided_at IS NULL",
        (tx.at, account.id),
    )
