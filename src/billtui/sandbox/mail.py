"""The mails that a real panel would send (ACC-8): what happened, and what can be done."""

from __future__ import annotations

import json

from billtui.sandbox.engine.rows import AccountRow, MailRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import MailJSON, instant_json

EVENTS: dict[str, str] = {
    "administration-invoice": "New invoice from the administration",
    "invoice-reminder": "Reminder of an unpaid invoice",
    "period-ending": "Paid period ends soon",
    "order-blocked": "Order blocked",
    "order-soon-deleted": "Overdue order is deleted soon",
}
"""Events with a setting of their own (ACC-8), by name."""
ALWAYS = frozenset({"order-soon-deleted"})
"""Cannot be turned off for e-mail (ACC-8)."""


def wanted(account: AccountRow, event: str) -> bool:
    """Whether the account wants mail about ``event``; what has no setting is always sent (ACC-8)."""
    if event in ALWAYS or event not in EVENTS:
        return True
    notifications = json.loads(account.settings).get("notifications", {})
    return bool(notifications.get(event, {}).get("email", True))


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

    ``link`` is a path below the panel's address, which is known only when somebody reads the mail.
    """
    account = tx.accounts.need(account_id)
    if wanted(account, event):
        tx.mails.add(
            MailRow(
                tx.mails.new_id(),
                account_id,
                account.email,
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
