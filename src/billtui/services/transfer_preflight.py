"""Before orders change hands: what is in the way, what goes along, what stays, and what it does to both bills (TRF).

Pure, over rows of the local copy: nothing is asked and nothing is sent, so it is there at once, also for thousands of
orders. What the panel really takes is checked again directly before the push; see :mod:`billtui.services.drift`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from billtui.domain.models import Plan, Transfer
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules import transfers as transfer_rules
from billtui.services.pricing import facts_of
from billtui.services.store import OrderRow, cents
from billtui.services.what_if import NewServers, Supposed, WhatIf, what_if

GOES_ALONG: Final = (
    "plan, location, name and address, the price, the paid time to its end, the length of use, and the add-ons"
)
"""TRF-5."""
STAYS: Final = "tickets and paid invoices stay with the sender"
"""TRF-5. An order with an open invoice, a promised one too, is not transferred at all (TRF-4)."""
SWITCHED_OFF: Final = "auto-renewal is switched off when the recipient accepts"
"""TRF-5."""


@dataclass(frozen=True, slots=True)
class WayOut:
    """What removes a blocker, as words, as a command line, and as the thing that it is about."""

    words: str
    command: str
    """Behind ``billtui``; empty where nothing can be done."""
    invoice_id: str | None = None
    """The invoice to pay (or delete)."""
    transfer_id: str | None = None
    """The transfer to cancel."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """An order that cannot be pushed now: why, and the way out (TRF-4)."""

    row: OrderRow
    refusal: Refusal
    way: WayOut


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a push would do, seen from the sender."""

    going: tuple[OrderRow, ...]
    blockers: tuple[Blocker, ...]
    unknown: tuple[str, ...]
    """Chosen ids that are not in the copy."""
    ending: tuple[OrderRow, ...]
    """Those of ``going`` whose paid time, or auto-renewal, falls due before a transfer would expire: it is cancelled
    then, unless everybody is quicker (TRF-6)."""
    effect: WhatIf
    """Tier and monthly cost of what stays, once all of ``going`` are gone (DSC-2, TRF-5)."""
    auto_renewing: int
    """How many of ``going`` renew by themselves now, and will not any more."""
    individual: int
    """How many have an individual price, which goes along (DSC-4)."""

    @property
    def monthly_going(self) -> int:
        """Cents a month that the sender no longer pays for ``going``."""
        return self.effect.monthly - self.effect.monthly_after + self.effect.staying_difference

    @property
    def currency(self) -> str:
        """The currency of all amounts; empty where the account has no running order."""
        return self.effect.currency


def push_preflight(
    rows: Sequence[OrderRow], chosen: Collection[str], now: datetime, policy: Policy = DEFAULT_POLICY
) -> Preflight:
    """Look at pushing the orders ``chosen`` (ids) out of ``rows``, all orders of the account.

    Each is in ``going`` or has its blocker (TRF-4), in the order in which they were chosen.
    """
    by_id = {row.id: row for row in rows}
    going: list[OrderRow] = []
    blockers: list[Blocker] = []
    for order_id in dict.fromkeys(chosen):
        row = by_id.get(order_id)
        if row is None:
            continue
        refusal = push_refusal(row, now, policy)
        if refusal is None:
            going.append(row)
        else:
            blockers.append(Blocker(row, refusal, way_out(row, refusal)))
    latest = int((now + policy.transfer_lifetime).timestamp())
    return Preflight(
        going=tuple(going),
        blockers=tuple(blockers),
        unknown=tuple(one for one in dict.fromkeys(chosen) if one not in by_id),
        ending=tuple(row for row in going if falls_due(row, policy) <= latest),
        effect=leaving(rows, [row.id for row in going], now, policy),
        auto_renewing=sum(1 for row in going if row.auto_on),
        individual=sum(1 for row in going if row.individual_price),
    )


def leaving(
    rows: Sequence[OrderRow], order_ids: Collection[str], now: datetime, policy: Policy = DEFAULT_POLICY
) -> WhatIf:
    """What it does to the sender's bill that these orders go, whatever state their transfers are in (TRF-5)."""
    return what_if(Supposed(rows=rows, now=now, transferred=frozenset(order_ids), policy=policy))


def push_refusal(row: OrderRow, now: datetime, policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """Why the order cannot be pushed now (TRF-4); the ordinary case is decided without the rules."""
    if row.state in ("active", "suspended") and row.unpaid_invoice_id is None and row.transfer_id is None:
        return None
    return transfer_rules.push_refusal(facts_of(row), now, policy)


def falls_due(row: OrderRow, policy: Policy = DEFAULT_POLICY) -> int:
    """When a running transfer of the order would be cancelled by itself (TRF-6), in seconds since 1970 UTC.

    With auto-renewal that is when it would renew, else when the paid time ends (REN-4).
    """
    end = row.paid_until if row.paid_until is not None else row.created_at
    return end - int(policy.auto_renew_lead.total_seconds()) if row.auto_on else end


def way_out(row: OrderRow, refusal: Refusal) -> WayOut:
    """What to do about a blocker, so that the order can be pushed."""
    invoice, transfer = refusal.related.get("invoice_id"), refusal.related.get("transfer_id")
    order = f"id:{row.id}"
    if refusal.code == "in-transfer" and transfer is not None:
        words = f"cancel transfer {transfer}, or wait until it has ended"
        return WayOut(words, f"transfers cancel {transfer}", transfer_id=transfer)
    if refusal.code in ("open-invoice", "order-pending") and invoice is not None:
        also = "" if refusal.code == "order-pending" else ", or delete it if it is not wanted"
        words = f"pay invoice {invoice}{also}"
        return WayOut(words, f"invoices pay id:{invoice} --method internal", invoice_id=invoice)
    if refusal.code == "order-blocked":
        if invoice is not None:
            words = f"its paid time is over: pay invoice {invoice}, which renews it"
            return WayOut(words, f"invoices pay id:{invoice} --method internal", invoice_id=invoice)
        words = "its paid time is over: renew it and pay"
        return WayOut(words, f"orders renew {order} --period 1 --pay internal")
    return WayOut("nothing can be done: the order is gone", "")


# -- the recipient's side


@dataclass(frozen=True, slots=True)
class Incoming:
    """What accepting would do, seen from the recipient."""

    transfers: tuple[Transfer, ...]
    effect: WhatIf
    """Tier and monthly cost with the incoming orders.

    Their length of use comes along, but the recipient is not told it before: their own price is computed without that
    discount, so it is the most that they will cost. What has no discount comes on top: ``undiscounted``.
    """
    unpriced: tuple[Transfer, ...]
    """Those whose price the panel does not tell, or not in the account's currency; they are not in ``effect``."""

    @property
    def undiscounted(self) -> int:
        """Cents a month on top of ``effect``: add-ons and prices of their own, which no discount lowers (DSC-4)."""
        unpriced = {one.id.raw for one in self.unpriced}
        priced = [one for one in self.transfers if one.id.raw not in unpriced]
        addons = sum(cents(one.addons_monthly) for one in priced if one.addons_monthly is not None)
        own = [one.monthly_price for one in priced if one.individual_price and one.monthly_price is not None]
        return addons + sum(map(cents, own))

    @property
    def addons_untold(self) -> int:
        """Of so many the panel does not tell what their add-ons cost."""
        return sum(1 for one in self.transfers if one.addons_monthly is None)

    @property
    def saved_elsewhere(self) -> int:
        """Cents a month that the recipient's present orders cost less, because the tier rises (negative: more)."""
        return -self.effect.staying_difference


def accept_preflight(
    rows: Sequence[OrderRow],
    transfers: Sequence[Transfer],
    kinds: Mapping[str, str],
    now: datetime,
    policy: Policy = DEFAULT_POLICY,
) -> Incoming:
    """Look at accepting ``transfers`` on top of ``rows``, all orders of the recipient's account.

    ``kinds`` says the kind of service of each plan (:func:`plan_kinds`); one that is not named is a VDS.
    """
    counted: Counter[tuple[str, str, int]] = Counter()
    unpriced: list[Transfer] = []
    own = (
        rows[0].currency
        if rows
        else next((str(one.monthly_price.currency) for one in transfers if one.monthly_price), "")
    )
    for one in transfers:
        if one.monthly_price is None or one.monthly_price.currency != own:
            unpriced.append(one)
        else:
            price = 0 if one.individual_price else cents(one.monthly_price)
            counted[(one.plan.raw, one.location.raw, price)] += 1
    added = [
        NewServers(plan, location, kinds.get(plan, "vds"), price, count)
        for (plan, location, price), count in counted.items()
    ]
    effect = what_if(Supposed(rows=rows, now=now, added=added, policy=policy))
    return Incoming(tuple(transfers), effect, tuple(unpriced))


def plan_kinds(plans: Sequence[Plan]) -> dict[str, str]:
    """The kind of service of each plan, by id and by name."""
    return {key: str(one.kind) for one in plans for key in (one.name.raw, one.id.raw)}


def tier_words(effect: WhatIf) -> list[str]:
    """How many services of a kind count and what that gives, before and after: a line for each kind that changes."""
    return [
        f"{tier.kind}: {tier.count} → {tier.count_after} services, {tier.percent} % → {tier.percent_after} % (DSC-2)"
        for tier in effect.tiers
        if tier.count != tier.count_after
    ]
