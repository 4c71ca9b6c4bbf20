"""The account's own card: identity, purses, what the panel can do for it, notifications (ACC-1, ACC-4, ACC-8)."""

from __future__ import annotations

import json
from typing import Any

from billtui.domain.rules import notifications as rules
from billtui.domain.rules.facts import EXTERNAL_METHODS, PROMISE, PURSES
from billtui.sandbox import mail
from billtui.sandbox.engine import second_factor
from billtui.sandbox.engine.balance import balances_json
from billtui.sandbox.engine.callers import Caller
from billtui.sandbox.engine.errors import InvalidInput, NotFound, WrongKindOfInput
from billtui.sandbox.engine.reading import check_version, row_id
from billtui.sandbox.engine.rows import AccountRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import instant_json, instant_json_or_none
from billtui.sandbox.engine.wire_accounts import AccountJSON

ACCOUNT_CAPABILITIES: tuple[str, ...] = (
    "account.notifications",
    "account.password",
    "account.totp",
    "account.api-keys",
    "account.recovery",
)
"""What everybody who signs in can do for the own account, whatever the role."""
CAPABILITIES: tuple[str, ...] = (
    "invoices.pay",
    "invoices.promise",
    "invoices.combine",
    "invoices.split",
    "invoices.delete",
    "invoices.document",
    "orders.new",
    "orders.addons",
    "orders.change-plan",
    "orders.renew",
    "orders.rename",
    "orders.auto-renew",
    "orders.power",
    "balance.top-up",
    "balance.move",
    "balance.ledger",
    "transfers",
    "tickets",
    "sandbox.mail",
    "changes",
    "operations",
    *ACCOUNT_CAPABILITIES,
)
"""What this panel can do for a client."""
STAFF_CAPABILITIES: tuple[str, ...] = ("tickets", "staff", "changes", "operations", *ACCOUNT_CAPABILITIES)
"""For support and administrators: everybody's tickets, and what is done with them (TKT-8)."""


def me(tx: Tx, account_id: int, caller: Caller | None = None) -> AccountJSON:
    """The account: identity, purses, settings, what the panel can do for it (ACC-1, ACC-4).

    With ``caller`` also how that one got in (ACC-5).
    """
    account = tx.accounts.get(account_id)
    if account is None:
        raise NotFound("account", str(account_id))
    return _account_json(tx, account, caller)


def account_card(tx: Tx, account_id: str) -> AccountJSON:
    """An account by the id of the wire, for staff (ACC-7). Raises ``NotFound``."""
    return me(tx, row_id(account_id, "account"))


def _account_json(tx: Tx, account: AccountRow, caller: Caller | None = None) -> AccountJSON:
    panel_id, panel_name = tx.conn.exec_driver_sql("SELECT panel_id, name FROM panel").one()
    client = account.role == "client"
    answer: AccountJSON = {
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
        "notifications": mail.matrix(account),
        "recovery_codes_left": second_factor.codes_left(account),
        "api_access": bool(account.api_access),
        "password_changed_at": instant_json_or_none(account.password_changed_at),
        "created_at": instant_json(account.created_at),
        "version": account.version,
    }
    if caller is not None:
        answer["signed_in_by"] = "session" if caller.key_id is None else "api-key"
        answer["key_read_only"] = caller.read_only
    return answer


def update_settings(
    tx: Tx, account_id: int, settings: dict[str, Any], if_match: int | None = None, caller: Caller | None = None
) -> AccountJSON:
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
        if not isinstance(channels, dict):
            raise InvalidInput("Unknown notification", fields={f"notifications.{event[:40]}": "channels, on or off"})
        for channel, on in channels.items():
            where = f"notifications.{event[:40]}.{channel[:40]}"
            if not isinstance(on, bool):
                raise InvalidInput("A channel is on or off", fields={where: "true or false"})
            refusal = rules.setting_refusal(event, channel, on)
            if refusal is not None:
                raise WrongKindOfInput(refusal, where)
            notifications.setdefault(event, {})[channel] = on
    account.settings = json.dumps(kept, sort_keys=True)
    tx.flush()
    return _account_json(tx, account, caller)


def all_accounts(tx: Tx) -> list[AccountJSON]:
    """Every account: for staff (ACC-7)."""
    return [_account_json(tx, account) for account in tx.accounts.where("1 ORDER BY id")]
