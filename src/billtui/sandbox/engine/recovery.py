"""A forgotten password: a one-time code by mail, and a new password by that code (ACC-3).

Whether an address is known must not be seen, neither in the answer nor in the time it takes: both ways look the whole
account table through, make a code, hash it and commit one row. Only the mail is extra; what it costs is measured, and
an address that was asked for too often is not even looked up, so that nobody can measure it more than a few times.
"""

from __future__ import annotations

import hashlib
import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING

from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import access
from billtui.domain.rules.facts import format_when
from billtui.sandbox import mail
from billtui.sandbox.engine import passwords
from billtui.sandbox.engine.errors import TooManyTries
from billtui.sandbox.engine.one_time_codes import fast_hash, new_code, plain
from billtui.sandbox.engine.rows import AccountRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import instant_of, instant_or_none

if TYPE_CHECKING:
    from billtui.sandbox.database import Database

_GROUPS = 4
"""100 bits: nobody guesses it."""
_KEEP = timedelta(days=90)
"""So long an old code is told apart from one that never was."""


def _span(length: timedelta) -> int:
    return int(length.total_seconds()) * 1_000_000


def _folded(email: str) -> str:
    return unicodedata.normalize("NFKC", email.strip()).casefold()


def ask(database: Database, email: str) -> None:
    """Mail a one-time code to the account with this primary address; any other address is answered alike.

    A newer code voids the older one. More than a few requests for one address within an hour send nothing (and void
    nothing), which is not told either. Raises ``TooManyTries`` when too many were made for whatever addresses.
    """
    address = hashlib.sha256(_folded(email).encode("utf-8", "surrogatepass")).hexdigest()
    code = new_code(_GROUPS)
    code_hash = fast_hash(plain(code))
    with database.write() as tx:
        since = tx.at - _span(tx.policy.recovery_window)
        _refuse_flood(tx, since)
        asked = tx.sql(
            "SELECT count(*) FROM password_recoveries WHERE address_hash = ? AND asked_at > ?", (address, since)
        ).fetchone()[0]
        if asked >= tx.policy.recoveries_per_address:
            return
        account = _by_address(tx, email)
        tx.sql("DELETE FROM password_recoveries WHERE asked_at < ?", (tx.at - _span(_KEEP),))
        tx.sql(
            "UPDATE password_recoveries SET voided_at = ? WHERE address_hash = ? AND used_at IS NULL"
            " AND voided_at IS NULL",
            (tx.at, address),
        )
        until = tx.at + _span(tx.policy.recovery_lifetime)
        tx.sql(
            "INSERT INTO password_recoveries (account_id, address_hash, code_hash, asked_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (None if account is None else account.id, address, code_hash, tx.at, until),
        )
        if account is not None:
            text = (
                f"A new password was asked for the login {account.login}. The code for it is {code}: it works once,"
                f" until {format_when(instant_of(until))}, and older codes work no more. If you did not ask, there is"
                " nothing to do: without the code nothing changes."
            )
            mail.send(tx, account.id, "password-recovery", "Your code for a new password", text, code=code)


def _refuse_flood(tx: Tx, since: int) -> None:
    total, first = tx.sql(
        "SELECT count(*), min(asked_at) FROM (SELECT asked_at FROM password_recoveries WHERE asked_at > ?"
        " ORDER BY asked_at DESC LIMIT ?)",
        (since, tx.policy.recoveries_in_total),
    ).fetchone()
    if total >= tx.policy.recoveries_in_total:
        until = instant_of(first) + tx.policy.recovery_window
        text = f"Too many passwords are being recovered just now: try again at {format_when(until)}."
        raise TooManyTries(Refusal("rate-limited", "ACC-3", text, {}, until), tx.now)


def _by_address(tx: Tx, email: str) -> AccountRow | None:
    """The account with this **primary** e-mail (ACC-3)."""
    wanted = _folded(email)
    everybody = tx.sql("SELECT id, email FROM accounts ORDER BY id").fetchall()
    found = [account_id for account_id, address in everybody if address and _folded(address) == wanted]
    return tx.accounts.need(found[0]) if found else None


def recover(database: Database, code: str, new: str) -> None:
    """A new password by the code of a mail. Every session ends, the second factor stays on, API keys stay (ACC-3).

    Raises ``RuleBroken`` for a code that is unknown, used, voided or expired, and ``WrongKindOfInput`` for a password
    that breaks a rule of ACC-2, which uses nothing up.
    """
    code_hash = fast_hash(plain(code))
    with database.read() as tx:
        account = _owner_of(tx, code_hash)
        kept = account.password
    old = new if passwords.matches(new, kept) else ""
    new_kept = passwords.hash_password(new, passwords.new_salt())
    with database.write() as tx:
        account = _owner_of(tx, code_hash)
        passwords.refuse_new(tx, account, old, new)
        tx.sql("UPDATE password_recoveries SET used_at = ? WHERE code_hash = ?", (tx.at, code_hash))
        passwords.replace(tx, account, new_kept)
        passwords.forget_failures(tx, account.login)
        text = (
            "It was recovered with a code of your mail. Every session has ended; the second factor and API keys are as"
            f" they were. {passwords.NOT_YOU}"
        )
        mail.send(tx, account.id, "password-changed", "Your password was changed", text)


def _owner_of(tx: Tx, code_hash: str) -> AccountRow:
    """The account that a good code belongs to. Raises ``RuleBroken``."""
    found = tx.sql(
        "SELECT account_id, expires_at, used_at, voided_at FROM password_recoveries WHERE code_hash = ?"
        " AND account_id IS NOT NULL",
        (code_hash,),
    ).fetchone()
    code = None
    if found is not None:
        code = access.RecoveryCode(instant_of(found[1]), instant_or_none(found[2]), instant_or_none(found[3]))
    refusal = access.recovery_refusal(code, tx.now)
    if refusal is not None:
        raise RuleBroken(refusal)
    return tx.accounts.need(int(found[0]))
