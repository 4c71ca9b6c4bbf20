"""Whose ticket it is: the account, its loyalty, servers, unpaid invoices and tickets, read for staff (ACC-7)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from billtui.domain.models import Account, Invoice, Order
from billtui.domain.models.invoices import OPEN_STATES
from billtui.domain.money import Money
from billtui.domain.rules.facts import order_facts
from billtui.domain.rules.loyalty import LoyaltyStanding, loyalty_standing
from billtui.services.store import TicketRow

if TYPE_CHECKING:
    from billtui.services.session import Session

_RUNNING = frozenset({"active", "suspended"})


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """A customer as staff sees them; nothing of it is kept after the screen closes."""

    account: Account
    orders: Sequence[Order]
    """What runs first, the soonest end first."""
    unpaid: Sequence[Invoice]
    """Unpaid, promised and overdue ones, the soonest due first."""
    loyalty: Sequence[LoyaltyStanding]
    monthly: Money
    """A month of what runs, at list price."""
    tickets: Sequence[TicketRow]
    """Of the copy: what is not closed first, the newest first."""

    @property
    def owed(self) -> Money:
        """All open invoices together."""
        return Money.shown_total((one.total for one in self.unpaid), self.account.currency)

    @property
    def running(self) -> int:
        """How many orders run."""
        return sum(str(one.state) in _RUNNING for one in self.orders)


def make_card(
    account: Account, orders: Sequence[Order], invoices: Sequence[Invoice], tickets: Sequence[TicketRow], now: datetime
) -> CustomerCard:
    """Put in order what was read."""
    running = [one for one in orders if str(one.state) in _RUNNING]
    facts = sorted(map(order_facts, running), key=lambda one: one.kind)
    standings = [
        loyalty_standing(kind, list(of), now, account.currency) for kind, of in groupby(facts, key=lambda one: one.kind)
    ]
    far = datetime.max.replace(tzinfo=now.tzinfo)
    return CustomerCard(
        account,
        sorted(orders, key=lambda one: (str(one.state) not in _RUNNING, one.paid_until or far)),
        sorted((one for one in invoices if str(one.state) in OPEN_STATES), key=lambda one: one.due_at or far),
        sorted(standings, key=lambda one: -one.services),
        Money.shown_total((one.monthly_price for one in running), account.currency),
        sorted(tickets, key=lambda one: (one.state == "closed", -one.created_at)),
    )


async def customer_card(session: Session, account_id: str) -> CustomerCard:
    """Ask the panel for what the copy of staff does not hold. Raises ClientError, SessionRefused."""
    desk = session.tickets
    account, orders, invoices = await asyncio.gather(
        desk.account(account_id), desk.orders_of(account_id), desk.invoices_of(account_id)
    )
    return make_card(account, orders, invoices, session.store.tickets_of_account(account_id), session.now())
