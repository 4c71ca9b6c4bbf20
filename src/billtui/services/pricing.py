"""Prices from what is known here, by the rules: for forecasts and explanations, never for buying (DSC-8 quotes do)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from billtui.domain.models import Discount
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules.discounts import PricedLine, loyalty
from billtui.domain.rules.facts import AddonFacts, OrderFacts
from billtui.domain.rules.renewal import price_renewal, renewal_refusal
from billtui.services.store import OrderRow, instant, money

_FREE_STATES = frozenset({"active", "suspended"})


def facts_of(row: OrderRow, bill: str | None = None) -> OrderFacts:
    """What the rules look at, from a row of the store; ``bill`` is the number of its open invoice, where known."""
    return OrderFacts(
        id=row.id,
        name=row.name,
        kind=row.kind,
        state=row.state,
        paid_until=None if row.paid_until is None else instant(row.paid_until),
        monthly_price=money(row.price, row.currency),
        individual_price=bool(row.individual_price),
        billing_day=row.billing_day,
        in_use_since=None if row.in_use_since is None else instant(row.in_use_since),
        auto_renew_on=bool(row.auto_on),
        auto_renew_months=row.auto_months,
        auto_renew_since=None if row.auto_since is None else instant(row.auto_since),
        auto_renew_done_for=None if row.auto_done_for is None else instant(row.auto_done_for),
        open_invoice_id=row.unpaid_invoice_id,
        open_invoice_number=bill,
        transfer_id=row.transfer_id,
        created_at=instant(row.created_at),
        addons=tuple(AddonFacts("", "add-on", money(int(cents), row.currency)) for cents in row.addon_prices.split()),
        promise_until=None if row.promise_until is None else instant(row.promise_until),
        blocked_at=None if row.blocked_at is None else instant(row.blocked_at),
        plan=row.plan,
        location=row.location,
    )


def unmarkable(
    row: OrderRow, now: datetime, policy: Policy = DEFAULT_POLICY, bills: Mapping[str, str] | None = None
) -> Refusal | None:
    """Why an order cannot be marked for bulk renewal (BLK-5, REN-2, ORD-1, TRF-6); ``None`` if it can.

    ``bills`` has the numbers of invoices by their ids, by which they are named. The ordinary case is decided without
    the rules, so that marking 100,000 rows takes no time.
    """
    if row.state in _FREE_STATES and row.unpaid_invoice_id is None and row.transfer_id is None:
        return None
    bill = bills.get(row.unpaid_invoice_id) if bills and row.unpaid_invoice_id is not None else None
    return renewal_refusal(facts_of(row, bill), now, policy)


class Prices:
    """Prices of renewals at one instant for one account: ``running`` is how many running orders of a kind it has."""

    def __init__(self, running: Mapping[str, int], policy: Policy = DEFAULT_POLICY) -> None:
        self._running = running
        self._policy = policy

    def loyalty(self, order: OrderFacts, at: datetime) -> tuple[Discount, ...]:
        """The discounts of an order at ``at`` (DSC-1 to DSC-5)."""
        count = self._running.get(order.kind, 0)
        return loyalty(order.kind, order.in_use_since, count, at, order.individual_price, self._policy)

    def renewal(self, order: OrderFacts, months: int, at: datetime) -> PricedLine:
        """What ``months`` more would cost if it were issued at ``at``, explained, with the new end (REN-3, INV-10)."""
        return price_renewal(order, months, self.loyalty(order, at))

    def at(self, moment: datetime) -> Callable[[OrderFacts, int], PricedLine]:
        """Prices as the rules ask for them: ``price(order, months)`` at ``moment``."""
        return lambda order, months: self.renewal(order, months, moment)
