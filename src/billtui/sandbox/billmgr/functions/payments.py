"""Payments, which is what this panel calls an invoice (wire: 9.1, 9.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from billtui.domain.numbers import is_number
from billtui.sandbox.billmgr import lists
from billtui.sandbox.billmgr.call import Call, How, function
from billtui.sandbox.billmgr.functions.account import PAYER, payer_of
from billtui.sandbox.billmgr.lists import Condition, Listing
from billtui.sandbox.billmgr.nodes import Doc, Node, flag, scalars
from billtui.sandbox.billmgr.words import day, long_day, money
from billtui.sandbox.engine.rows import InvoiceRow

PREFIX = "SB/"
"""In front of the numbers of payments."""
_PENDING = "EXISTS (SELECT 1 FROM payments AS p WHERE p.invoice_id = invoices.id AND p.state = 'pending')"
_STATUS = {
    "1": f"state IN ('unpaid', 'overdue') AND NOT {_PENDING}",
    "2": f"state IN ('unpaid', 'overdue') AND {_PENDING}",
    "3": "state = 'promised'",
    "4": "state = 'paid'",
    "6": "state = 'refunded'",
    "9": "state IN ('deleted', 'combined', 'cancelled')",
}
_SHOWN = {
    "1": "New",
    "2": "Payment in progress",
    "3": "Reserved payment",
    "4": "Paid",
    "6": "Refunded",
    "9": "Canceled",
}
IN_NO_BASKET = (
    "NOT EXISTS (SELECT 1 FROM billmgr_basket_items AS i JOIN billmgr_baskets AS b ON b.id = i.basket_id"
    " WHERE i.invoice_id = invoices.id AND b.open = 1)"
)
"""What waits in a basket is no payment yet."""
METHODS = {"internal": ("1", "Account balance"), "card": ("2", "Card"), "crypto": ("3", "Crypto")}
"""The engine's methods → number and name; promises and the affiliate purse are none on this wire (wire: 9.4)."""


def method_named(method: str | None) -> str:
    """The name of a method of the engine, also of those that cannot be chosen here."""
    if method is None:
        return "Select"
    return METHODS[method][1] if method in METHODS else method.capitalize()


def status_of(row: InvoiceRow, *, pending: bool) -> str:
    """The status code of a payment (wire: 9.2); ``pending``: a provider has been asked for it."""
    match row.state:
        case "unpaid" | "overdue":
            return "2" if pending else "1"
        case "promised":
            return "3"
        case "paid":
            return "4"
        case "refunded":
            return "6"
        case _:
            return "9"


def payment(call: Call, row: InvoiceRow, asked: str | None) -> Node:
    """A payment as it stands in a list; ``asked`` is the method of a provider that has been asked for it."""
    status = status_of(row, pending=asked is not None)
    total = money(row.total_cents, row.currency)
    return scalars(
        {
            "id": row.id,
            "number": f"{PREFIX}{row.number}",
            "create_date": day(row.issued_at),
            "create_date_l": long_day(row.issued_at, call.lang),
            "sender_name": call.tx.accounts.need(row.account_id).login,
            "sender_id": payer_of(row.account_id),
            "recipient_name": "Sandbox Hosting",
            "paymethod_name": call.say(method_named(row.paid_method or asked)),
            "subaccountamount_iso": total,
            "paymethodamount_iso": total,
            "status": Node(call.say(_SHOWN[status]), {"orig": status}),
            "allowrefund": flag(False),
        }
    )


def asked_of(call: Call, rows: Sequence[InvoiceRow]) -> dict[int, str]:
    """By invoice, the method of the last provider that has been asked and has not reported yet."""
    marks = ", ".join("?" * len(rows))
    found = call.tx.sql(
        f"SELECT invoice_id, method FROM payments WHERE state = 'pending' AND invoice_id IN ({marks}) ORDER BY id",
        [row.id for row in rows],
    )
    return {int(invoice_id): str(method) for invoice_id, method in found}


def _rows(call: Call, condition: str, values: Sequence[Any]) -> list[Node]:
    rows = call.tx.invoices.where(condition, values)
    asked = asked_of(call, rows)
    return [payment(call, row, asked.get(row.id)) for row in rows]


def _base(call: Call) -> Condition:
    return f"account_id = ? AND {IN_NO_BASKET}", [call.account_id]


def _numbered(value: str) -> Condition:
    digits = value.removeprefix("#").removeprefix(PREFIX)
    return "number = ?", [int(digits) if is_number(digits, 17) else -1]


def _sender(value: str) -> Condition:
    return "? || account_id = ?", [PAYER, value]


def _method(value: str) -> Condition | None:
    wanted = [method for method, (number, _) in METHODS.items() if number in lists.parts_of(value)]
    return None if value in ("null", "any") else (f"paid_method IN ({', '.join('?' * len(wanted))})", list(wanted))


LISTING = Listing(
    name="payment",
    table="invoices",
    order="id DESC",
    columns={
        "id": "id",
        "number": "number",
        "create_date": "issued_at",
        "time": "issued_at",
        "subaccountamount_iso": "total_cents",
        "paymethodamount_iso": "total_cents",
        "status": "state",
    },
    filters={
        "id": lists.ids("id"),
        "number": _numbered,
        "sender_id": _sender,
        "paymethod": _method,
        "status": lists.codes(_STATUS),
        "saamount_from": lists.at_least("total_cents"),
        "saamount_to": lists.at_most("total_cents"),
    },
    dates={"createdate": "issued_at"},
    rows=_rows,
    base=_base,
    buttons={
        "new": "payment.add",
        "print": "payment.print.pdf",
        "delete": "payment.delete",
        "filter": "payment.filter",
    },
)


@function("payment")
def payments(call: Call) -> Doc:
    """The payments, the newest first (wire: 9.2)."""
    return lists.answer(call, LISTING)


@function("payment.filter", how=How.FORM)
def payments_filter(call: Call) -> Doc:
    """Which of them are shown."""
    return lists.filter_form(call, LISTING)
