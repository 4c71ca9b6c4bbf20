"""What a verb needs the panel to be able to do, by names of ``client.drivers.capabilities``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_ONE: Mapping[str, str] = {
    "account notifications": "account.notifications",
    "account sessions": "account.sessions",
    "account revoke": "account.sessions",
    "account keys": "account.api-keys",
    "account key-new": "account.api-keys",
    "account key-revoke": "account.api-keys",
    "account api-access": "account.api-keys",
    "account second-factor": "account.totp",
    "password change": "account.password",
    "password recover": "account.recovery",
    "invoices list": "invoices",
    "invoices show": "invoices",
    "invoices pay": "invoices.pay",
    "invoices promise": "invoices.promise",
    "invoices combine": "invoices.combine",
    "invoices split": "invoices.split",
    "invoices delete": "invoices.delete",
    "invoices export": "invoices.document",
    "orders list": "orders",
    "orders show": "orders",
    "orders renew": "orders.renew",
    "orders action": "orders.power",
    "orders rename": "orders.rename",
    "orders auto-renew": "orders.auto-renew",
    "orders addons": "orders.addons",
    "orders change-plan": "orders.change-plan",
    "order new": "orders.new",
    "quote order": "orders.new",
    "quote addons": "orders.addons",
    "quote plan-change": "orders.change-plan",
    "quote renewal": "orders.renew",
    "optimize renewals": "orders.renew",
    "optimize line-up": "orders.renew",
    "transfers list": "transfers",
    "transfers show": "transfers",
    "transfers push": "transfers",
    "transfers confirm": "transfers",
    "transfers accept": "transfers",
    "transfers decline": "transfers",
    "transfers cancel": "transfers",
    "tickets list": "tickets",
    "tickets show": "tickets",
    "tickets new": "tickets.new",
    "tickets reply": "tickets.reply",
    "tickets close": "tickets.change",
    "tickets reopen": "tickets.change",
    "tickets attach": "tickets.files",
    "tickets save": "tickets.files",
    "tickets rate": "tickets.rate",
    "tickets access": "tickets",
    "tickets note": "staff.note",
    "tickets take": "staff.take",
    "tickets assign": "staff.assign",
    "tickets hand-over": "staff.hand-over",
    "tickets hold": "staff.hold",
    "tickets tag": "staff.tag",
    "tickets priority": "staff.priority",
    "tickets merge": "staff.merge",
    "tickets unmerge": "staff.merge",
    "tickets split": "staff.merge",
    "tickets bulk": "staff",
    "queue show": "staff",
    "queue summary": "staff.summary",
    "canned list": "staff.canned",
    "canned show": "staff.canned",
    "canned save": "staff.canned-write",
    "canned delete": "staff.canned-write",
    "balance top-up": "balance.top-up",
    "balance move": "balance.move",
    "balance ledger": "balance.ledger",
    "mail": "sandbox.mail",
}

NEEDS: Final[Mapping[tuple[str, ...], str]] = {tuple(name.split()): capability for name, capability in _ONE.items()}
"""Verb → the capability without which it ends with exit code 5 and the reason. A verb that is not here needs none by
itself: it shows what there is, or each of its steps is checked where it is sent (``apply``, ``jobs``, ``accounts``)."""

_PROMO: Final[Mapping[tuple[str, ...], str]] = {
    ("order", "new"): "orders.new-promo",
    ("quote", "order"): "orders.new-promo",
    ("orders", "renew"): "orders.renew-promo",
    ("quote", "renewal"): "orders.renew-promo",
}
"""What a promo code needs besides. What is worked out from several of them says of each why it is not used."""


def needed(options: Any) -> list[str]:
    """What the panel has to be able to do for a verb with these options."""
    path = options.verb.path
    found = [NEEDS.get(path), _PROMO.get(path) if getattr(options, "promo", None) else None]
    return [one for one in found if one is not None]
