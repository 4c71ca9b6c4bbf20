"""API keys: made, listed, revoked, and all of them let in or none (ACC-5). Who they speak for: ``callers.py``."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import access
from billtui.sandbox import mail
from billtui.sandbox.engine import accounts, passwords
from billtui.sandbox.engine.callers import KEY_PREFIX, Caller
from billtui.sandbox.engine.errors import NotFound, WrongKindOfInput
from billtui.sandbox.engine.one_time_codes import fast_hash
from billtui.sandbox.engine.rows import AccountRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import instant_json, instant_json_or_none, micros
from billtui.sandbox.engine.wire_accounts import AccountJSON, ApiKeyJSON, NewApiKeyJSON

if TYPE_CHECKING:
    from billtui.sandbox.database import Database

_COLUMNS = "id, label, last_four, read_only, networks, created_at, expires_at, last_used_at"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new key shall be."""

    label: str
    expires_at: datetime | None = None
    read_only: bool = False
    networks: Sequence[str] = ()


def api_keys(tx: Tx, account_id: int) -> list[ApiKeyJSON]:
    """The account's keys, newest first; those that have expired are still there."""
    found = tx.sql(
        f"SELECT {_COLUMNS} FROM api_keys WHERE account_id = ? ORDER BY created_at DESC, id", (account_id,)
    ).fetchall()
    return [_json(tx, row) for row in found]


def _json(tx: Tx, row: Sequence[str | int | None]) -> ApiKeyJSON:
    key_id, label, last_four, read_only, networks, created_at, expires_at, used = row
    latest = tx.last_use.latest("api_keys", str(key_id), None if used is None else int(used))
    return {
        "id": str(key_id),
        "label": str(label),
        "last_four": str(last_four),
        "read_only": bool(read_only),
        "networks": json.loads(str(networks)),
        "created_at": instant_json(int(created_at or 0)),
        "expires_at": instant_json_or_none(None if expires_at is None else int(expires_at)),
        "last_used_at": instant_json_or_none(latest),
    }


def create(database: Database, caller: Caller, password: str, wish: Wish) -> NewApiKeyJSON:
    """A new key: the key itself is in the answer and nowhere else.

    Raises ``WrongKindOfInput`` for a label, end or network that cannot be, ``RuleBroken`` for one key too many, and
    what :func:`passwords.proven` raises.
    """
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    key_id = secrets.token_hex(8)

    def work(tx: Tx, account: AccountRow) -> NewApiKeyJSON:
        for refusal, field in (
            (access.label_refusal(wish.label), "label"),
            (access.expiry_refusal(wish.expires_at, tx.now), "expires_at"),
            (access.networks_refusal(wish.networks), "networks"),
        ):
            if refusal is not None:
                raise WrongKindOfInput(refusal, field)
        _refuse_one_more(access.keys_refusal(len(api_keys(tx, account.id)), tx.policy))
        networks = [str(access.network_of(text)) for text in wish.networks]
        expires_at = None if wish.expires_at is None else micros(wish.expires_at)
        tx.sql(
            f"INSERT INTO api_keys (account_id, key_hash, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (
                account.id,
                fast_hash(secret),
                key_id,
                wish.label.strip(),
                secret[-4:],
                int(wish.read_only),
                json.dumps(networks),
                tx.at,
                expires_at,
            ),
        )
        made = next(key for key in api_keys(tx, account.id) if key["id"] == key_id)
        mail.send(tx, account.id, "api-key-made", f"A new API key: “{made['label']}”", _described(made))
        return {"key": made, "secret": secret}

    return passwords.proven(database, caller, password, work)


def _refuse_one_more(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise RuleBroken(refusal)


def _described(key: ApiKeyJSON) -> str:
    """What a key may do, in words, for the mail about it."""
    may = "only reads" if key["read_only"] else "reads and writes"
    where = f"from {', '.join(key['networks'])}" if key["networks"] else "from everywhere"
    until = f"until {key['expires_at']}" if key["expires_at"] else "until it is revoked"
    return f"The key that ends in {key['last_four']} {may}, {where}, {until}. {passwords.NOT_YOU}"


def revoke(database: Database, caller: Caller, password: str, key_id: str) -> None:
    """End a key at once. Raises ``NotFound`` for none of this account, and what :func:`passwords.proven` raises."""

    def work(tx: Tx, account: AccountRow) -> None:
        gone = tx.sql(
            "DELETE FROM api_keys WHERE id = ? AND account_id = ? RETURNING label, last_four", (key_id, account.id)
        ).fetchone()
        if gone is None:
            raise NotFound("API key", key_id)
        text = f"The key that ends in {gone[1]} is worth nothing from now on. {passwords.NOT_YOU}"
        mail.send(tx, account.id, "api-key-revoked", f"The API key “{gone[0]}” was revoked", text)

    passwords.proven(database, caller, password, work)


def set_access(database: Database, caller: Caller, password: str, on: bool) -> AccountJSON:
    """Let API keys in, or none of them. Raises what :func:`passwords.proven` raises."""

    def work(tx: Tx, account: AccountRow) -> AccountJSON:
        if bool(account.api_access) != on:
            account.api_access = int(on)
            how = ("enabled", "Its keys are let in again.") if on else ("disabled", "No API key is let in, whichever.")
            text = f"{how[1]} {passwords.NOT_YOU}"
            mail.send(tx, account.id, f"api-access-{how[0]}", f"API access was {how[0]}", text)
            tx.flush()
        return accounts.me(tx, account.id, caller)

    return passwords.proven(database, caller, password, work)
