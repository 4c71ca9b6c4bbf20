"""Who is staff, and what that means for a person at the screen (ACC-7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from billtui.domain.roles import STAFF

if TYPE_CHECKING:
    from billtui.domain.models import Account


def is_staff(account: Account | None) -> bool:
    """Whether this account works on everybody's tickets (ACC-7)."""
    return account is not None and str(account.role) in STAFF


def business_refusal(account: Account, title: str) -> str:
    """Why support changes nothing in orders, invoices and purses, and where the way is (ACC-7)."""
    return (
        f"{account.login} is {account.role}: it reads everybody's orders and invoices and changes none (ACC-7),"
        f" so “{title}” is off. 9 shows the queue; C on a ticket shows the customer."
    )
