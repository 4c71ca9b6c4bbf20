"""The drift guard for transfers and settings: is a push, a step or a change still about what was shown? (TRF, ACC-8)

Part of :mod:`billtui.services.drift`, which says what a difference means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from billtui.client.errors import NotFound
from billtui.domain.models import Account, Order, OrderState, Transfer
from billtui.domain.money import Money
from billtui.domain.periods import parse_instant
from billtui.domain.rules.facts import format_when
from billtui.domain.safetext import SafeText
from billtui.services.plans import Operation

if TYPE_CHECKING:
    from datetime import datetime

Facts = Mapping[str, Any]


class Compares(Protocol):
    """Where differences are noted."""

    differences: list[str]

    def compare(self, what: str, before: object, now: object) -> None:
        """Note a difference in words."""
        ...


class ReadsOrders(Protocol):
    """Where fresh orders come from."""

    async def order(self, order_id: str) -> Order:
        """The order as it is now. Raises ClientError."""
        ...


async def pushed_orders(reads: ReadsOrders, fresh: Compares, operation: Operation) -> None:
    """Every order of a push is still what was shown, still ours, and nothing is in its way (TRF-4, TRF-5).

    Raises ClientError when one cannot be read.
    """
    known = operation.facts.get("orders")
    facts: Facts = known if isinstance(known, dict) else {}
    ids = operation.texts("order_ids")
    found = await asyncio.gather(*(_read(reads, one) for one in ids))
    for order_id, order in zip(ids, found, strict=True):
        before = facts.get(order_id)
        its_facts: Facts = before if isinstance(before, dict) else {}
        if order is None:
            name = SafeText(str(its_facts.get("name") or order_id))
            fresh.differences.append(f"“{name}” is no longer an order of this account.")
        else:
            _pushed(fresh, its_facts, order)


async def _read(reads: ReadsOrders, order_id: str) -> Order | None:
    try:
        return await reads.order(order_id)
    except NotFound:
        return None


def _pushed(fresh: Compares, facts: Facts, order: Order) -> None:
    name = str(order.name)
    state = facts.get("state", OrderState.ACTIVE.value)
    fresh.compare(f"Order {name}", SafeText(str(state)), SafeText(str(order.state)))
    if isinstance(facts.get("name"), str) and facts["name"] != order.name.raw:
        fresh.differences.append(f"“{SafeText(facts['name'])}” has another name now: {name}.")
    _price_and_end(fresh, name, facts, order.monthly_price, order.paid_until)
    before = facts.get("auto_renew")
    if isinstance(before, dict) and before != {"on": order.auto_renew.on, "months": order.auto_renew.months}:
        fresh.differences.append(f"The auto-renewal of {name} was set otherwise meanwhile.")
    invoice = order.unpaid_invoice_id
    if invoice is not None and invoice.raw != facts.get("unpaid_invoice_id"):
        fresh.differences.append(f"Invoice {invoice} bills {name} now: pay or delete it first.")
    if order.transfer_id is not None and order.transfer_id.raw != facts.get("transfer_id"):
        fresh.differences.append(f"{name} is in a transfer already: cancel that one, or wait until it has ended.")


def transfer_step(fresh: Compares, facts: Facts, transfer: Transfer) -> None:
    """A transfer still waits for the same side, with the same order and the same other side (TRF-3)."""
    name = str(transfer.order_name) or f"order {transfer.order_id}"
    fresh.compare(f"The transfer of {name}", _text(facts, "state"), SafeText(str(transfer.state)))
    fresh.compare(f"The side of {name}", _text(facts, "direction"), SafeText(str(transfer.direction)))
    fresh.compare("The order of the transfer", _text(facts, "order_id"), transfer.order_id)
    fresh.compare(f"The other side of {name}", _text(facts, "counterparty"), transfer.counterparty)
    account, before = transfer.counterparty_account_id, facts.get("counterparty_account_id")
    if account is not None and before is not None:
        fresh.compare(f"The other account of {name}", SafeText(str(before)), account)
    if transfer.order_name.raw != str(facts.get("order_name", transfer.order_name.raw)):
        fresh.differences.append(f"“{SafeText(str(facts['order_name']))}” has another name now: {name}.")
    addons, now = _money(facts.get("addons_monthly")), transfer.addons_monthly
    if addons is not None and now is not None:
        fresh.compare(f"What the add-ons of {name} cost a month", addons, now)
    _price_and_end(fresh, name, facts, transfer.monthly_price, transfer.paid_until)


def notification_settings(fresh: Compares, operation: Operation, account: Account) -> None:
    """Every setting that is changed still stands as it was shown (ACC-8)."""
    before = operation.facts.get("settings")
    rules = {rule.event.raw: rule for rule in account.notifications}
    for event, channels in operation.settings().items():
        rule = rules.get(event)
        if rule is None:
            fresh.differences.append(f"The panel has no notification “{SafeText(event)}” any more.")
            continue
        stands = {name.raw: on for name, on in rule.channels.items()}
        was = before.get(event) if isinstance(before, dict) else None
        for channel in channels:
            shown = was.get(channel) if isinstance(was, dict) else None
            if isinstance(shown, bool) and stands.get(channel) is not shown:
                title = rule.title or rule.event
                fresh.compare(f"{title} by {SafeText(channel)}", _switch(shown), _switch(stands.get(channel)))


def _price_and_end(fresh: Compares, name: str, facts: Facts, price: Money | None, end: datetime | None) -> None:
    before = _money(facts.get("monthly_price"))
    if before is not None and price is not None:
        fresh.compare(f"The monthly price of {name}", before, price)
    until = facts.get("paid_until")
    if isinstance(until, str) and parse_instant(until) != end:
        now = format_when(end) if end is not None else "unknown"
        fresh.differences.append(f"The paid period of {name} ended {format_when(parse_instant(until))}, now {now}.")


def _text(facts: Facts, name: str) -> SafeText:
    return SafeText(str(facts.get(name)))


def _switch(on: bool | None) -> str:
    return "not there" if on is None else "on" if on else "off"


def _money(value: object) -> Money | None:
    try:
        return Money.model_validate(value)
    except ValueError:
        return None
