"""The mails that a real panel would send (ACC-8): what happened, and what can be done."""

from __future__ import annotations

import json

from billtui.domain.rules import notifications as rules
from billtui.sandbox.engine.rows import AccountRow, MailRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import MailJSON, instant_json
from billtui.sandbox.engine.wire_accounts import NotificationRuleJSON


def wanted(account: AccountRow, event: str, channel: str = rules.EMAIL) -> bool:
    """Whether the account wants to be told of ``event`` there (ACC-8)."""
    return rules.is_told(event, channel, json.loads(account.settings).get("notifications", {}))


def matrix(account: AccountRow) -> list[NotificationRuleJSON]:
    """Every event with its setting for each channel, and where it cannot be turned off (ACC-8)."""
    return [
        {
            "event": event,
            "title": title,
            "channels": {channel: wanted(account, event, channel) for channel in rules.CHANNELS},
            "fixed": [channel for channel in rules.CHANNELS if (event, channel) in rules.FIXED],
        }
        for event, title in rules.EVENTS.items()
    ]


def send(
    tx: Tx,
    account_id: int,
    event: str,
    subject: str,
    body: str,
    *,
    order_id: int | None = None,
    invoice_id: int | None = None,
    transfer_id: int | None = None,
    code: str | None = None,
    link: str | None = None,
) -> None:
    """Put a mail to the account's primary address into the outbox, unless its owner turned that event off.

    Where its owner turned the event on for Telegram, the same words go there too: to ``telegram:LOGIN``, in the same
    outbox. ``code`` is a one-time code that the mail brings; ``link`` is a path below the panel's address, which is
    known only when somebody reads the mail.
    """
    account = tx.accounts.need(account_id)
    places = {rules.EMAIL: account.email, rules.TELEGRAM: f"telegram:{account.login}"}
    for channel, place in places.items():
        if wanted(account, event, channel):
            tx.mails.add(
                MailRow(
                    tx.mails.new_id(),
                    account_id,
                    place,
                    tx.at,
                    event,
                    subject,
                    body,
                    code=code,
                    order_id=order_id,
                    invoice_id=invoice_id,
                    transfer_id=transfer_id,
                    link=link,
                )
            )


def mails(tx: Tx, to: str | None = None, panel_url: str = "") -> list[MailJSON]:
    """Every mail so far, oldest first; only those ``to`` one address, if one is given."""
    tx.flush()
    found = tx.mails.where("1 ORDER BY id") if to is None else tx.mails.where("recipient = ? ORDER BY id", (to,))
    return [
        {
            "id": str(row.id),
            "to": row.recipient,
            "at": instant_json(row.at),
            "event": row.event,
            "subject": row.subject,
            "body": row.body if row.link is None else f"{row.body}\n\n{panel_url}{row.link}",
            "code": row.code,
            "link": None if row.link is None else f"{panel_url}{row.link}",
            "order_id": _text(row.order_id),
            "invoice_id": _text(row.invoice_id),
            "transfer_id": _text(row.transfer_id),
        }
        for row in found
    ]


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
