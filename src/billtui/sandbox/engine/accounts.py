"""Accounts: signing in, sessions, the account's own card (ACC-1, ACC-4, ACC-6, ACC-8)."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyotp

from billtui.domain.rules import accounts as account_rules
from billtui.domain.rules.facts import EXTERNAL_METHODS, PROMISE, PURSES
from billtui.sandbox.engine.balance import balances_json
from billtui.sandbox.engine.errors import InvalidInput, NotFound, SessionExpired, SignInRefused
from billtui.sandbox.engine.reading import check_version
from billtui.sandbox.engine.rows import AccountRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import (
    AccountJSON,
    SessionJSON,
    SessionTokenJSON,
    instant_json,
    instant_of,
)
from billtui.sandbox.mail import ALWAYS, EVENTS

if TYPE_CHECKING:
    from billtui.sandbox.database import Database

CAPABILITIES: tuple[str, ...] = (
    "invoices.pay",
    "invoices.promise",
    "invoices.combine",
    "invoices.split",
    "invoices.delete",
    "invoices.document",
    "orders.new",
    "orders.addons",
    "orders.renew",
    "orders.rename",
    "orders.auto-renew",
    "orders.power",
    "balance.top-up",
    "balance.move",
    "balance.ledger",
    "transfers",
    "sandbox.mail",
    "changes",
    "operations",
)
"""What this panel can do for a client."""
STAFF = frozenset({"support", "admin"})
"""Roles that read the accounts and orders of everybody (ACC-7)."""
STAFF_CAPABILITIES: tuple[str, ...] = ("changes", "operations")
_TOTP_STEP = 30
_NOBODY = "scrypt$0000$" + "00" * 32


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the account behind a session."""

    account_id: int
    login: str
    role: str
    session_id: str

    @property
    def reads_of(self) -> int | None:
        """The account whose orders the caller reads; ``None`` for all of them (ACC-7)."""
        return None if self.role in STAFF else self.account_id


# --- passwords


@lru_cache(maxsize=64)
def hash_password(password: str, salt: str) -> str:
    """The kept form of a password: ``scrypt$salt$hash``, both in hex."""
    derived = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, maxmem=2**26, dklen=32)
    return f"scrypt${salt}${derived.hex()}"


def _matches(password: str, kept: str) -> bool:
    salt = kept.split("$")[1]
    derived = hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"), salt=bytes.fromhex(salt), n=2**14, r=8, p=1, maxmem=2**26, dklen=32
    )
    return hmac.compare_digest(f"scrypt${salt}${derived.hex()}", kept)


def _token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


# --- signing in


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

    The password is hashed outside of any transaction, for an unknown login alike. Raises ``SignInRefused`` with
    ``wrong-credentials``, ``totp-required``, ``wrong-totp`` or ``locked-out``; failures are remembered.
    """
    name = login.strip()[:200].encode("utf-8", "replace").decode()
    with database.read() as tx:
        _refuse_locked(tx, name)
        account = _by_login(tx, name)
        kept = _NOBODY if account is None else account.password
    right = _matches(password, kept) and account is not None
    with database.write() as tx:
        _refuse_locked(tx, name)  # others may have failed meanwhile: the lock counts them all
        account = _by_login(tx, name)
        if not right or account is None:
            refusal = SignInRefused("wrong-credentials", "Login or password is wrong")
        elif account.totp_secret and not totp:
            raise SignInRefused("totp-required", "This account needs the code of its second factor")
        elif account.totp_secret and not _take_totp(tx, account, totp or ""):
            refusal = SignInRefused("wrong-totp", "The code of the second factor is wrong, or was used already")
        else:
            return _new_session(tx, database, account, address, client)
        tx.conn.exec_driver_sql("INSERT INTO login_failures (login, at) VALUES (?, ?)", (name.casefold(), tx.at))
    raise refusal


def _by_login(tx: Tx, login: str) -> AccountRow | None:
    return next(iter(tx.accounts.where("login = ?", (login,))), None)


def _refuse_locked(tx: Tx, login: str) -> None:
    found = tx.conn.exec_driver_sql("SELECT at FROM login_failures WHERE login = ?", (login.casefold(),)).scalars()
    failures = [instant_of(int(at)) for at in found]
    refusal = account_rules.lockout_refusal(failures, tx.now, tx.policy)
    if refusal is not None and refusal.available_from is not None:
        wait = -(-(refusal.available_from - tx.now).total_seconds() // 1)
        raise SignInRefused(
            "locked-out", refusal.reason, retry_after=max(1, int(wait)), available_from=refusal.available_from
        )


def _take_totp(tx: Tx, account: AccountRow, code: str) -> bool:
    """Whether the code is right; each code is good once. Codes follow real time, as the person's device does."""
    generator = pyotp.TOTP(account.totp_secret or "")
    present = int(time.time()) // _TOTP_STEP
    for step in (present, present - 1, present + 1):
        if step > account.totp_step and hmac.compare_digest(generator.at(step * _TOTP_STEP), code.strip()):
            account.totp_step = step
            return True
    return False


def _new_session(tx: Tx, database: Database, account: AccountRow, address: str, client: str) -> SessionTokenJSON:
    token = secrets.token_urlsafe(32)
    lifetime = int(tx.policy.session_lifetime.total_seconds()) * 1_000_000
    tx.conn.exec_driver_sql("DELETE FROM login_failures WHERE login = ?", (account.login.casefold(),))
    tx.conn.exec_driver_sql("DELETE FROM sessions WHERE expires_at < ?", (database.real_time(),))
    tx.conn.exec_driver_sql(
        "INSERT INTO sessions (id, account_id, token_hash, created_at, last_used_at, expires_at, address, client)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            secrets.token_hex(8),
            account.id,
            _token_hash(token),
            tx.at,
            tx.at,
            database.real_time() + lifetime,
            address[:200],
            client[:200],
        ),
    )
    return {"token": token, "expires_at": instant_json(tx.at + lifetime)}


def authenticate(tx: Tx, token: str) -> Caller:
    """Who a token speaks for. Raises ``SessionExpired``."""
    found = tx.sql(
        "SELECT accounts.id, accounts.login, accounts.role, sessions.id FROM sessions"
        " JOIN accounts ON accounts.id = sessions.account_id WHERE token_hash = ? AND expires_at > ?",
        (_token_hash(token), tx.real),
    ).fetchone()
    if found is None:
        raise SessionExpired("Sign in again: this session has ended")
    return Caller(int(found[0]), str(found[1]), str(found[2]), str(found[3]))


def sessions(tx: Tx, account_id: int, current_session_id: str) -> list[SessionJSON]:
    """The account's live sessions, newest first. Expiry is shown in the panel's time."""
    found = tx.conn.exec_driver_sql(
        "SELECT id, created_at, last_used_at, expires_at, address, client FROM sessions"
        " WHERE account_id = ? AND expires_at > ? ORDER BY created_at DESC, id",
        (account_id, tx.real),
    )
    return [
        {
            "id": session_id,
            "created_at": instant_json(created),
            "last_used_at": instant_json(used),
            "expires_at": instant_json(expires - tx.real + tx.at),
            "address": address,
            "client": client,
            "current": session_id == current_session_id,
        }
        for session_id, created, used, expires, address, client in found
    ]


def sign_out(tx: Tx, account_id: int, session_id: str) -> None:
    """End a session. Raises ``NotFound`` for none of this account."""
    ended = tx.conn.exec_driver_sql("DELETE FROM sessions WHERE id = ? AND account_id = ?", (session_id, account_id))
    if ended.rowcount != 1:
        raise NotFound("session", session_id)


# --- the account's card


def me(tx: Tx, account_id: int) -> AccountJSON:
    """The account: identity, purses, settings, what the panel can do for it (ACC-1, ACC-4)."""
    account = tx.accounts.get(account_id)
    if account is None:
        raise NotFound("account", str(account_id))
    return _account_json(tx, account)


def account_card(tx: Tx, account_id: str) -> AccountJSON:
    """An account by the id of the wire, for staff (ACC-7). Raises ``NotFound``."""
    from billtui.sandbox.engine.reading import row_id

    return me(tx, row_id(account_id, "account"))


def _account_json(tx: Tx, account: AccountRow) -> AccountJSON:
    panel_id, panel_name = tx.conn.exec_driver_sql("SELECT panel_id, name FROM panel").one()
    client = account.role == "client"
    return {
        "panel_id": panel_id,
        "panel_name": panel_name,
        "account_id": str(account.id),
        "login": account.login,
        "email": account.email,
        "emails": json.loads(account.emails),
        "role": account.role,
        "currency": account.currency,
        "balances": balances_json(account),
        "totp": account.totp_secret is not None,
        "capabilities": list(CAPABILITIES if client else STAFF_CAPABILITIES),
        "payment_methods": [*PURSES, *EXTERNAL_METHODS, PROMISE] if client else [],
        "settings": json.loads(account.settings),
        "created_at": instant_json(account.created_at),
        "version": account.version,
    }


def update_settings(tx: Tx, account_id: int, settings: dict[str, Any], if_match: int | None = None) -> AccountJSON:
    """Change notification settings per event and channel (ACC-8): ``{"notifications": {event: {channel: bool}}}``.

    Raises ``InvalidInput`` for an unknown event or channel, and for turning off the warning before deletion by e-mail.
    """
    account = tx.accounts.need(account_id)
    check_version(account, if_match)
    kept = json.loads(account.settings)
    notifications = kept.setdefault("notifications", {})
    wanted = settings.get("notifications", {})
    if set(settings) - {"notifications"} or not isinstance(wanted, dict):
        raise InvalidInput("Unknown settings", fields={"settings": "notifications only"})
    for event, channels in wanted.items():
        if event not in EVENTS or not isinstance(channels, dict):
            raise InvalidInput("Unknown notification", fields={f"notifications.{event[:40]}": "unknown event"})
        for channel, on in channels.items():
            where = f"notifications.{event}.{channel[:40]}"
            if channel not in ("email", "telegram") or not isinstance(on, bool):
                raise InvalidInput("Unknown channel", fields={where: "email or telegram, true or false"})
            if event in ALWAYS and channel == "email" and not on:
                detail = "The warning before an order is deleted cannot be turned off for e-mail"
                raise InvalidInput(detail, fields={where: detail})
            notifications.setdefault(event, {})[channel] = on
    account.settings = json.dumps(kept, sort_keys=True)
    tx.flush()
    return _account_json(tx, account)


def all_accounts(tx: Tx) -> list[AccountJSON]:
    """Every account: for staff (ACC-7)."""
    return [_account_json(tx, account) for account in tx.accounts.where("1 ORDER BY id")]
