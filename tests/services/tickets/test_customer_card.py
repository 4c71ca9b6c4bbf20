"""The customer's card: what is owed, what runs, in which order (ACC-7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from billtui.domain.models import Account, Invoice, Order
from billtui.services.customer_card import make_card
from tests.support.ticket_rows import ticket_row

NOW = datetime(2026, 11, 25, 22, tzinfo=UTC)


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def order(number: int, state: str, days: int | None) -> Order:
    until = None if days is None else NOW + timedelta(days=days)
    return Order.model_validate(
        {
            "id": str(number), "name": f"web-{number}", "plan": "vds-micro", "location": "nl", "state": state,
            "created_at": NOW, "paid_until": until, "monthly_price": money("10.00"), "in_use_since": NOW,
        }
    )  # fmt: skip


def invoice(number: int, state: str, days: int | None, total: str) -> Invoice:
    due = None if days is None else NOW + timedelta(days=days)
    return Invoice.model_validate(
        {
            "id": str(number), "number": str(number), "kind": "renewal", "state": state, "issued_at": NOW,
            "due_at": due, "total": money(total),
        }
    )  # fmt: skip


def test_what_presses_stands_first() -> None:
    account = Account.model_validate(
        {
            "panel_id": "p", "account_id": "204817", "login": "olena.marsh", "email": "o@example.org",
            "balances": {"internal": money("5.00"), "affiliate": money("0.00")},
        }
    )  # fmt: skip
    card = make_card(
        account,
        [order(1, "blocked", 1), order(2, "active", 9), order(3, "active", 2), order(4, "pending", None)],
        [
            invoice(1, "paid", 1, "99.00"),
            invoice(2, "unpaid", 5, "10.01"),
            invoice(3, "overdue", -1, "0.99"),
            invoice(4, "promised", None, "4.00"),
        ],
        [
            ticket_row(1, state="closed", created_at=50),
            ticket_row(2, created_at=10),
            ticket_row(3, state="answered", created_at=20),
        ],
        NOW,
    )
    assert [str(one.id) for one in card.orders] == ["3", "2", "1", "4"]
    assert [str(one.id) for one in card.unpaid] == ["3", "2", "4"]
    assert str(card.owed) == "15.00 EUR"
    assert str(card.monthly) == "20.00 EUR"
    assert card.running == 2
    assert [row.id for row in card.tickets] == ["3", "2", "1"]
    assert [one.kind for one in card.loyalty] == ["vds"]
