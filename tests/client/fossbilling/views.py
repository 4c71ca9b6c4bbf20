"""What the program has to make of a recorded row, field by field, written from the wire document alone."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from billtui.domain.models import Invoice, Order, Ticket, TicketMessage
from billtui.domain.money import Money

MONTHS = {"1M": 1, "3M": 3, "1Y": 12}
ORDER_STATES = {
    "active": "active", "pending_setup": "pending", "suspended": "suspended", "canceled": "cancelled",
    "failed_renew": "failed_renew",
}  # fmt: skip
TICKET_STATES = {"open": "open", "on_hold": "answered", "closed": "closed"}


def at(text: str | None) -> str | None:
    """A time without a zone is UTC, as models write it."""
    return None if text is None else text.replace(" ", "T") + "Z"


def usd(value: Any) -> Money:
    """A JSON number or text as money."""
    return Money(Decimal(str(value)).quantize(Decimal("0.01"), ROUND_HALF_UP), "USD")


def check_order(order: Order, row: dict[str, Any]) -> None:
    """Every field of an order."""
    until, invoice = at(row["expires_at"]), row["unpaid_invoice_id"]
    months = MONTHS[row["period"]]
    refused = []
    if invoice is not None:
        refused = [("renew", "unpaid-invoice")]
    elif row["status"] == "canceled":
        refused = [("renew", "not-renewable")]
    words = {"renewed by": "1 month" if months == 1 else f"{months} months"}
    if row["reason"]:
        words["reason"] = row["reason"]
    told = order.model_dump()
    actions = [(one["action"], one["code"]) for one in told.pop("actions")]
    assert actions == refused
    assert told == {
        "id": str(row["id"]), "name": row["title"], "kind": row["service_type"], "plan": str(row["product_id"]),
        "location": "panel", "address": None, "state": ORDER_STATES[row["status"]], "power": None,
        "created_at": at(row["created_at"]), "paid_until": until,
        "monthly_price": usd(Decimal(str(row["total"])) / months).model_dump(), "discount_percent": Decimal(0),
        "individual_price": True, "auto_renew": {"on": False, "months": 1}, "auto_renew_since": None,
        "auto_renew_done_for": None, "addons": [], "promise_until": None,
        "billing_day": 1 if until is None else int(until[8:10]), "in_use_since": None,
        "unpaid_invoice_id": None if invoice is None else str(invoice), "transfer_id": None,
        "plan_change_ticket_id": None, "blocked_at": None, "more": words, "version": 0,
    }  # fmt: skip


def check_invoice(invoice: Invoice, row: dict[str, Any]) -> None:
    """Every field of an invoice."""
    titles = [line["title"] for line in row["lines"]]
    title = titles[0] if len(titles) == 1 else f"{titles[0]} and {len(titles) - 1} more"
    bound = next((line["order_id"] for line in row["lines"] if line["order_id"]), None)
    told = invoice.model_dump()
    actions = [(one["action"], one["code"], one["related"]) for one in told.pop("actions")]
    stuck = row["status"] == "unpaid" and bound is not None
    assert actions == ([("delete", "order-invoice", {"order_id": bound})] if stuck else [])
    lines = told.pop("lines")
    assert [(one["order_id"], one["title"], one["months"], one["list_price"], one["amount"]) for one in lines] == [
        (
            line["order_id"], line["title"] if line["quantity"] == 1 else f"{line['title']} × {line['quantity']}",
            MONTHS.get(line["period"]), usd(line["total"]).model_dump(), usd(line["total"]).model_dump(),
        )
        for line in row["lines"]
    ]  # fmt: skip
    assert told == {
        "id": str(row["id"]), "number": row["serie_nr"],
        "kind": "renewal" if row["lines"][0]["task"] == "renew" else "administration", "state": row["status"],
        "issued_at": at(row["created_at"]), "due_at": at(row["due_at"]), "paid_at": at(row["paid_at"]),
        "paid_by": None, "paid_method": None, "total": usd(row["total"]).model_dump(), "line_count": len(lines),
        "title": title if row["total"] >= 0 else f"Credit note: {title}", "combined_into": None, "combined_from": [],
        "promise_until": None, "version": 0,
    }  # fmt: skip


def check_ticket(ticket: Ticket, row: dict[str, Any]) -> None:
    """Every field of a ticket."""
    staff = [one for one in row["messages"] if one["admin_id"] is not None]
    mine = [one for one in row["messages"] if one["admin_id"] is None]
    last = row["messages"][-1]
    assert ticket.model_dump(exclude_defaults=True) == {
        key: value
        for key, value in {
            "id": str(row["id"]), "number": f"#{row['id']}", "subject": row["subject"],
            "department": str(row["support_helpdesk_id"]), "state": TICKET_STATES[row["status"]],
            "account_id": str(row["client_id"]), "login": row["client"]["email"],
            "opened_by": "client" if row["messages"][0]["admin_id"] is None else "support",
            "created_at": at(row["created_at"]), "updated_at": at(row["updated_at"]),
            "last_client_message_at": at(mine[-1]["created_at"]) if mine else None,
            "last_staff_message_at": at(staff[-1]["created_at"]) if staff else None,
            "first_answer_at": at(staff[0]["created_at"]) if staff else None, "last_message_id": str(last["id"]),
            "last_author_role": "client" if last["admin_id"] is None else "support",
            "message_count": row["replies"], "closed_at": at(row["updated_at"]) if row["status"] == "closed" else None,
        }.items()
        if value is not None and (key, value) != ("opened_by", "client")
    }  # fmt: skip


def check_message(message: TicketMessage, row: dict[str, Any]) -> None:
    """Every field of a message."""
    assert message.model_dump() == {
        "id": str(row["id"]), "ticket_id": str(row["support_ticket_id"]), "author": row["author"]["name"],
        "author_role": "client" if row["admin_id"] is None else "support", "at": at(row["created_at"]),
        "body": row["content"], "internal": False, "attachments": [], "merged_from": None,
    }  # fmt: skip
