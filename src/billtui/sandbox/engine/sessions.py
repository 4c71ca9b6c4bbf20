"""Signing in and out, and the list of sessions (ACC-6).

A sign-in by itself tells nothing by mail: who signs in where is in the list of sessions. What changes how one gets in
does (password, second factor, recovery codes, API keys).
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from billtui.sandbox.engine import second_factor
from billtui.sandbox.engine.errors import NotFound, SignInRefused
from billtui.sandbox.engine.one_time_codes import fast_hash
from billtui.sandbox.engine.passwords import NOBODY, forget_failures, matches, refuse_locked, remember_failure
from billtui.sandbox.engine.rows import AccountRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import instant_json
from billtui.sandbox.engine.wire_accounts import SessionJSON, SessionTokenJSON

if TYPE_CHECKING:
    from billtui.sandbox.database import Database


def sign_in(
    database: Database,
    login: str,
    password: str,
    totp: str | None = None,
    *,
    address: str = "",
    client: str = "",
) -> SessionTokenJSON:
    """A new session for a login, its password and, where one is set up, its second factor (ACC-6).

    ``totp`` is a code of the device or a recovery code. The password is hashed outside of any transaction, for an
    unknown login alike. Raises ``SignInRefused`` with ``wrong-credentials``, ``totp-required``, ``wrong-totp`` or
    ``locked-out``; failures are remembered.
    """
    name = login.strip()[:200].encode("utf-8", "replace").decode()
    with database.read() as tx:
        refuse_locked(tx, name)
        account = _by_login(tx, name)
        kept, codes = (NOBODY, "{}") if account is None else (account.password, account.recovery_codes)
    right = matches(password, kept)
    shown = second_factor.look_at(totp, codes) if right and totp else None
    with database.write() as tx:
        refuse_locked(tx, name)  # others may have failed meanwhile: the lock counts them all
        account = _by_login(tx, name)
        if not right or account is None or account.password != kept:
            refusal = SignInRefused("wrong-credentials", "Login or password is wrong")
        elif account.totp_secret and shown is None:
            raise SignInRefused("totp-required", "This account needs the code of its second factor")
        elif account.totp_secret and shown is not None and not second_factor.take(account, shown):
            refusal = SignInRefused("wrong-totp", second_factor.WRONG)
        else:
            if account.totp_secret and shown is not None and shown.recovery is not None:
                second_factor.tell_used(tx, account)
            return open_session(tx, database, account, address, client)
        remember_failure(tx, name)
    raise refusal


def _by_login(tx: Tx, login: str) -> AccountRow | None:
    return next(iter(tx.accounts.where("login = ?", (login,))), None)


def open_session(tx: Tx, database: Database, account: AccountRow, address: str, client: str) -> SessionTokenJSON:
    """A session for who has proved to be the one; earlier failures count no more (ACC-6)."""
    token = secrets.token_urlsafe(32)
    lifetime = int(tx.policy.session_lifetime.total_seconds()) * 1_000_000
    forget_failures(tx, account.login)
    tx.sql("DELETE FROM sessions WHERE expires_at < ?", (database.real_time(),))
    tx.sql(
        "INSERT INTO sessions (id, account_id, token_hash, created_at, last_used_at, expires_at, address, client)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            secrets.token_hex(8),
            account.id,
            fast_hash(token),
            tx.at,
            tx.at,
            database.real_time() + lifetime,
            address[:200],
            client[:200],
        ),
    )
    return {"token": token, "expires_at": instant_json(tx.at + lifetime)}


def session_of(tx: Tx, token: str) -> str:
    """The id of the session that a token is for."""
    return str(tx.sql("SELECT id FROM sessions WHERE token_hash = ?", (fast_hash(token),)).fetchone()[0])


def sessions(tx: Tx, account_id: int, current_session_id: str) -> list[SessionJSON]:
    """The account's live sessions, newest first. Expiry is shown in the panel's time."""
    found = tx.sql(
        "SELECT id, created_at, last_used_at, expires_at, address, client FROM sessions"
        " WHERE account_id = ? AND expires_at > ? ORDER BY created_at DESC, id",
        (account_id, tx.real),
    ).fetchall()
    return [
        {
            "id": session_id,
            "created_at": instant_json(created),
            "last_used_at": instant_json(tx.last_use.latest("sessions", session_id, used) or created),
            "expires_at": instant_json(expires - tx.real + tx.at),
            "address": address,
            "client": client,
            "current": session_id == current_session_id,
        }
        for session_id, created, used, expires, address, client in found
    ]


def sign_out(tx: Tx, account_id: int, session_id: str) -> None:
    """End a session. Raises ``NotFound`` for none of this account."""
    ended = tx.sql("DELETE FROM sessions WHERE id = ? AND account_id = ?", (session_id, account_id))
    if ended.rowcount != 1:
        raise NotFound("session", session_id)
