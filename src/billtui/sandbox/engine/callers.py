"""Who asks: the account behind a session or an API key (ACC-5, ACC-7)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from billtui.domain.roles import STAFF
from billtui.domain.rules import access
from billtui.sandbox.engine.errors import NotWithThisKey, SessionExpired
from billtui.sandbox.engine.one_time_codes import fast_hash
from billtui.sandbox.engine.unit import Tx

KEY_PREFIX = "bpk_"
"""What every API key begins with, so that one which leaked is known for what it is."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the account behind a session or a key."""

    account_id: int
    login: str
    role: str
    session_id: str = ""
    """Empty for a key."""
    key_id: str | None = None
    read_only: bool = False
    """A key that only reads (ACC-5)."""

    @property
    def reads_of(self) -> int | None:
        """The account whose orders the caller reads; ``None`` for all of them (ACC-7)."""
        return None if self.role in STAFF else self.account_id

    @property
    def is_staff(self) -> bool:
        """Whether the caller is one of the panel's staff (ACC-7)."""
        return self.role in STAFF

    def need_session(self) -> None:
        """Keys cannot touch password, second factor, keys or sessions (ACC-5). Raises ``NotWithThisKey``."""
        if self.key_id is not None:
            text = "An API key cannot do this: sign in with login and password."
            raise NotWithThisKey("session-needed", text)

    def need_writing(self) -> None:
        """A key may have been made for reading only (ACC-5). Raises ``NotWithThisKey``."""
        if self.read_only:
            text = "This API key only reads: use a key that may write, or sign in with login and password."
            raise NotWithThisKey("api-key-read-only", text)


def authenticate(tx: Tx, token: str, address: str = "") -> Caller:
    """Who a token, of a session or an API key, speaks for; ``address`` is where the request comes from.

    Raises ``SessionExpired`` for what is worth nothing (any more), ``NotWithThisKey`` for a key that is not let in.
    """
    digest = fast_hash(token)
    found = tx.sql(
        "SELECT accounts.id, accounts.login, accounts.role, sessions.id, last_used_at FROM sessions"
        " JOIN accounts ON accounts.id = sessions.account_id WHERE token_hash = ? AND expires_at > ?",
        (digest, tx.real),
    ).fetchone()
    if found is not None:
        tx.last_use.note("sessions", str(found[3]), tx.at, found[4])
        return Caller(int(found[0]), str(found[1]), str(found[2]), str(found[3]))
    return _by_key(tx, digest, address, looks_like_key=token.startswith(KEY_PREFIX))


def _by_key(tx: Tx, digest: str, address: str, *, looks_like_key: bool) -> Caller:
    found = tx.sql(
        "SELECT accounts.id, login, role, api_access, api_keys.id, read_only, networks, expires_at, last_used_at"
        " FROM api_keys"
        " JOIN accounts ON accounts.id = api_keys.account_id WHERE key_hash = ?",
        (digest,),
    ).fetchone()
    if found is None and not looks_like_key:
        raise SessionExpired("Sign in again: this session has ended")
    if found is None:
        raise SessionExpired("This API key is unknown or was revoked: make a new one, signed in with the password")
    account_id, login, role, api_access, key_id, read_only, networks, expires_at, used_at = found
    if not api_access:
        text = "API access is disabled for this account: sign in with login and password, and enable it."
        raise NotWithThisKey("api-access-disabled", text)
    if expires_at is not None and expires_at <= tx.at:
        raise SessionExpired("This API key has expired: make a new one, signed in with the password")
    if not access.address_allowed(address, json.loads(networks)):
        text = "This API key is not for the network that you come from: use it from one of its own, or make another."
        raise NotWithThisKey("api-key-network", text)
    tx.last_use.note("api_keys", str(key_id), tx.at, used_at)
    return Caller(int(account_id), str(login), str(role), key_id=str(key_id), read_only=bool(read_only))
