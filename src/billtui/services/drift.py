"""The drift guard: directly before a request, is everything still as it was when the plan was confirmed?

Reads afresh (a renewal is quoted again) and compares price, state, open invoice and total with the plan's facts. If
anything differs, nothing is sent and the difference is said in words. Versions are not compared: a change that touches
none of the facts is no drift.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError

from billtui.client.errors import InvalidInput, NotFound, RuleRefused
from billtui.domain.models import (
    AddonRequest,
    Invoice,
    Order,
    OrderRequest,
    PlanChangeRequest,
    Quote,
    QuoteLine,
    Ticket,
)
from billtui.domain.money import Money
from billtui.domain.periods import parse_instant
from billtui.domain.rules.discounts import percent_of
from billtui.domain.rules.facts import format_when
from billtui.domain.safetext import SafeText
from billtui.services.billed import billed
from billtui.services.operation_kinds import ON_TICKETS
from billtui.services.plans import FALLING, Operation, OperationKind, PlanError, cell_key, cell_words
from billtui.services.ticket_drift import on_tickets
from billtui.services.transfer_drift import notification_settings, pushed_orders, transfer_step

if TYPE_CHECKING:
    from billtui.client.billing_client import BillingClient

K = OperationKind
FACTS_CHANGED = "facts-changed"


@dataclass(slots=True)
class Fresh:
    """What was read just now."""

    differences: list[str] = field(default_factory=list)
    """What differs from the plan, one sentence each; empty when all is as confirmed."""
    rule: str | None = None
    """The rule by which the panel does not price it any more, or by which it is held."""
    code: str | None = None
    """What it is refused with, where that is more than "facts have changed": ``thread-moved-on``."""
    version: int | None = None
    quote_id: str | None = None
    total: Money | None = None
    """What a purchase costs now."""
    invoice: Invoice | None = None
    """What a payment, deletion or split is about, as it is now."""

    def compare(self, what: str, before: object, now: object) -> None:
        """Note a difference in words."""
        if before != now:
            self.differences.append(f"{what} was {_shown(before)}, now it is {_shown(now)}.")


class Reads(Protocol):
    """Where fresh readings come from."""

    async def invoice(self, invoice_id: str) -> Invoice:
        """The invoice as it is now. Raises ClientError."""
        ...

    async def order(self, order_id: str) -> Order:
        """The order as it is now. Raises ClientError."""
        ...

    async def ticket(self, ticket_id: str) -> Ticket:
        """The ticket as it is now. Raises ClientError."""
        ...


async def read_afresh(
    client: BillingClient, reads: Reads, operation: Operation, invoice_id: str | None = None
) -> Fresh:
    """Compare the facts of ``operation`` with the panel, reading only. Raises ClientError when it cannot be read.

    ``invoice_id`` is the invoice of a payment that takes it from an earlier operation.
    """
    fresh = Fresh()
    try:
        match operation.kind:
            case K.PAY | K.DELETE | K.SPLIT:
                invoice = await reads.invoice(invoice_id or operation.text("invoice_id"))
                _invoice(fresh, operation.facts, invoice, operation.amount)
                fresh.version, fresh.invoice = invoice.version, invoice
            case K.COMBINE:
                await _each_invoice(reads, fresh, operation)
            case K.RENEW | K.ORDER | K.ADDONS | K.PLAN_CHANGE:
                await _purchase(client, reads, fresh, operation)
            case K.ACTION | K.RENAME | K.AUTO_RENEW:
                order = await reads.order(operation.text("order_id"))
                _order(fresh, operation, order)
                fresh.version = order.version
            case K.MOVE:
                _purse(fresh, operation, (await client.account.me()).balances.affiliate)
            case K.TRANSFER_PUSH:
                await pushed_orders(reads, fresh, operation)
            case K.TRANSFER_CONFIRM | K.TRANSFER_ACCEPT | K.TRANSFER_DECLINE | K.TRANSFER_CANCEL:
                transfer = await client.transfers.get(operation.text("transfer_id"))
                transfer_step(fresh, operation.facts, transfer)
            case K.NOTIFY:
                notification_settings(fresh, operation, await client.account.me())
            case K.TOP_UP:
                pass  # adds money from outside; rests on nothing
            case _ if operation.kind in ON_TICKETS:
                await on_tickets(client, reads, fresh, operation)
    except NotFound:
        fresh.differences.append(f"{operation.title}: it is no longer there.")
    return fresh


async def _purchase(client: BillingClient, reads: Reads, fresh: Fresh, operation: Operation) -> None:
    """Price a purchase again. It had a price when it was confirmed: that it has none now is a difference as well."""
    try:
        if operation.kind is K.ORDER:
            quote = await client.quotes.order(order_request(operation))
        elif operation.kind is K.ADDONS:
            quote = await client.quotes.addons(addon_request(operation))
        elif operation.kind is K.PLAN_CHANGE:
            quote = await client.quotes.plan_change(plan_change_request(operation))
        else:
            promo = operation.params.get("promo_code")
            code = promo if isinstance(promo, str) and promo else None
            quote = await client.quotes.renewal(operation.texts("order_ids"), operation.whole("period"), code)
    except (RuleRefused, InvalidInput) as error:
        fresh.rule = error.rule
        fresh.differences.append(f"The panel does not sell it like this any more: {error.message}")
        return
    if operation.kind is K.ORDER:
        _cells(fresh, operation, quote)
    else:
        _quote(fresh, operation, quote)
        if operation.kind is K.PLAN_CHANGE:
            _plans(fresh, operation, quote)
        await _ends(reads, fresh, operation, quote)
    fresh.quote_id, fresh.total = quote.id.raw, quote.total


def _invoice(fresh: Fresh, facts: Mapping[str, Any], invoice: Invoice, amount: Money | None) -> None:
    name = f"Invoice {invoice.number}"
    fresh.compare(name, SafeText(str(facts.get("state", "unpaid"))), SafeText(str(invoice.state)))
    total = amount if amount is not None else _money(facts.get("total"))
    if total is not None:
        fresh.compare(f"The total of invoice {invoice.number}", total, invoice.total)
    held = facts.get("combined_from")
    if isinstance(held, list) and [one.raw for one in invoice.combined_from] != held:
        fresh.differences.append(f"{name} holds other combined invoices than before.")
    lines = billed(invoice)
    if lines is not None and facts.get("billed", lines) != lines:
        fresh.differences.append(f"{name} bills something else than before.")


async def _each_invoice(reads: Reads, fresh: Fresh, operation: Operation) -> None:
    known = operation.facts.get("invoices")
    facts: Mapping[str, Any] = known if isinstance(known, dict) else {}
    ids = operation.texts("invoice_ids")
    for invoice_id, invoice in zip(ids, await asyncio.gather(*map(reads.invoice, ids)), strict=True):
        its_facts = facts.get(invoice_id)
        _invoice(fresh, its_facts if isinstance(its_facts, dict) else {}, invoice, None)


def order_request(operation: Operation) -> OrderRequest:
    """What a purchase of new servers asks for. Raises PlanError where the plan is damaged."""
    names = ("period", "addons", "names", "auto_renew", "promo_code")
    given = {name: operation.params[name] for name in names if operation.params.get(name) is not None}
    try:
        return OrderRequest.model_validate({"cells": operation.cells(), **given})
    except ValidationError:
        raise PlanError(f"Operation {operation.number} of the plan is damaged; make the plan anew.") from None


def addon_request(operation: Operation) -> AddonRequest:
    """What a purchase of add-ons asks for. Raises PlanError where the plan is damaged."""
    asked = {"order_ids": operation.texts("order_ids"), "addons": operation.texts("addons")}
    try:
        return AddonRequest.model_validate(asked)
    except ValidationError:
        raise PlanError(f"Operation {operation.number} of the plan is damaged; make the plan anew.") from None


def plan_change_request(operation: Operation) -> PlanChangeRequest:
    """What a change of plan asks for. Raises PlanError where the plan is damaged."""
    return PlanChangeRequest(order_id=SafeText(operation.text("order_id")), plan=SafeText(operation.text("plan")))


def _plans(fresh: Fresh, operation: Operation, quote: Quote) -> None:
    """From which plan to which, each at its price: a difference that came out the same is not the same (ORD-6)."""
    before = operation.facts.get("plan_change")
    changes = [line.plan_change for line in quote.lines if line.plan_change is not None]
    if not isinstance(before, dict) or not changes:
        return
    now = changes[0]
    if before.get("old_plan") != now.old_plan.raw:
        fresh.compare("The plan of the order", _text(before.get("old_plan")), now.old_plan)
    fresh.compare(f"The price of {now.old_plan_name}", _money(before.get("old_monthly_price")), now.old_monthly_price)
    fresh.compare(f"The price of {now.new_plan_name}", _money(before.get("new_monthly_price")), now.new_monthly_price)


def _text(value: object) -> SafeText | None:
    return SafeText(value) if isinstance(value, str) else None


def _cells(fresh: Fresh, operation: Operation, quote: Quote) -> None:
    """New servers: every cell is still sold, in stock, and at its price."""
    planned = operation.facts.get("lines")
    lines: Mapping[str, Any] = planned if isinstance(planned, dict) else {}
    now = {cell_key(line.plan or "", line.location or ""): line for line in quote.lines}
    for exclusion in quote.excluded:
        fresh.differences.append(f"{exclusion.plan} in {exclusion.location} is left out now: {exclusion.reason}")
    left_out = {cell_key(one.plan or "", one.location or "") for one in quote.excluded}
    for cell in operation.cells():
        key = cell_key(cell.plan, cell.location)
        line, before = now.get(key), lines.get(key)
        what = cell_words(operation, cell)
        if line is None:
            if key not in left_out:
                fresh.differences.append(f"{what} is not in the price any more.")
            continue
        fresh.compare(f"The number of {what}", cell.quantity, line.quantity)
        if isinstance(before, dict):
            _line(fresh, f"{cell.quantity} {what}", before, line)
    if operation.amount is not None:
        fresh.compare("The total", operation.amount, quote.total)


def _quote(fresh: Fresh, operation: Operation, quote: Quote) -> None:
    planned = operation.facts.get("lines")
    lines: Mapping[str, Any] = planned if isinstance(planned, dict) else {}
    now = {line.order_id.raw: line for line in quote.lines if line.order_id is not None}
    for exclusion in quote.excluded:
        fresh.differences.append(f"{_title(lines, exclusion.order_id)} is left out now: {exclusion.reason}")
    left_out = {one.order_id.raw for one in quote.excluded if one.order_id is not None}
    for order_id in operation.billed_orders():
        line, before = now.get(order_id), lines.get(order_id)
        if line is None:
            if order_id not in left_out:
                fresh.differences.append(f"{_title(lines, order_id)} is not in the price any more.")
            continue
        if isinstance(before, dict) and not _fell_with_time(operation, _money(before.get("amount")), line.amount):
            _line(fresh, _title(lines, order_id), before, line)
    if operation.amount is not None and not _fell_with_time(operation, operation.amount, quote.total):
        fresh.compare("The total", operation.amount, quote.total)


def _fell_with_time(operation: Operation, before: Money | None, now: Money) -> bool:
    """What is billed for the rest of a paid period costs a little less each hour: that is no change (ORD-5, ORD-6).

    The end of the period is compared by itself, and what is asked of the panel is the price of now.
    """
    same = before is not None and before.currency == now.currency
    return operation.kind in FALLING and same and before is not None and now <= before


def _line(fresh: Fresh, what: str, before: Mapping[str, Any], line: QuoteLine) -> None:
    """One line's price, and the discount where that is what has changed (DSC-7, DSC-8)."""
    fresh.compare(f"The price of {what}", _money(before.get("amount")), line.amount)
    discount = before.get("discounts")
    if isinstance(discount, str):
        fresh.compare(f"The discount on {what}", f"{discount} %", f"{percent_of(line.discounts).normalize():f} %")


async def _ends(reads: Reads, fresh: Fresh, operation: Operation, quote: Quote) -> None:
    """Each order still ends when it did: else somebody else has renewed it meanwhile, at the very same price."""
    planned = operation.facts.get("lines")
    lines: Mapping[str, Any] = planned if isinstance(planned, dict) else {}
    now = {line.order_id.raw: line.paid_until for line in quote.lines if line.order_id is not None}
    for order_id, before in lines.items():
        until = before.get("paid_until") if isinstance(before, dict) else None
        if not isinstance(until, str) or order_id not in now:
            continue
        end = now[order_id]
        if end is None:  # a panel's quote need not say it
            end = (await reads.order(order_id)).paid_until
        if parse_instant(until) != end:
            is_now = format_when(end) if end is not None else "unknown"
            was = format_when(parse_instant(until))
            fresh.differences.append(f"The paid period of {_title(lines, order_id)} ended {was}, now {is_now}.")


def _order(fresh: Fresh, operation: Operation, order: Order) -> None:
    facts = operation.facts
    name = str(order.name)
    if "state" in facts:
        fresh.compare(f"Order {name}", SafeText(str(facts["state"])), SafeText(str(order.state)))
    if isinstance(facts.get("name"), str):
        fresh.compare(f"The name of order {order.id}", SafeText(str(facts["name"])).raw, order.name.raw)
    if operation.kind is K.AUTO_RENEW:
        fresh.compare(f"The monthly price of {name}", _money(facts.get("monthly_price")), order.monthly_price)
        before = facts.get("auto_renew")
        if isinstance(before, dict):
            now = {"on": order.auto_renew.on, "months": order.auto_renew.months}
            fresh.compare(f"Auto-renewal of {name}", _setting(before), _setting(now))
    transfer = order.transfer_id.raw if order.transfer_id is not None else None
    if "transfer_id" in facts and facts["transfer_id"] != transfer:
        fresh.differences.append(f"The transfer of {name} began or ended meanwhile.")


def _purse(fresh: Fresh, operation: Operation, held: Money) -> None:
    if operation.amount is not None and held.currency == operation.amount.currency and held < operation.amount:
        fresh.differences.append(f"The affiliate balance holds {held} now, less than {operation.amount}.")


def _money(value: object) -> Money | None:
    try:
        return Money.model_validate(value)
    except ValueError:
        return None


def _setting(value: Mapping[str, Any]) -> str:
    return f"on, {value.get('months')} months" if value.get("on") is True else "off"


def _title(lines: Mapping[str, Any], order_id: str | None) -> str:
    key = order_id.raw if isinstance(order_id, SafeText) else order_id
    line = lines.get(key) if key is not None else None
    title = line.get("title") if isinstance(line, dict) else None
    return str(SafeText(title)) if isinstance(title, str) and title else f"order {SafeText(key or '?')}"


def _shown(value: object) -> str:
    return "unknown" if value is None else str(value if isinstance(value, SafeText) else SafeText(str(value)))
