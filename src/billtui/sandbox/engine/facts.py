"""Rows as the facts that the billing rules look at, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from billtui.domain.money import Money
from billtui.domain.rules.facts import AddonFacts, InvoiceFacts, OrderFacts, Purses
from billtui.sandbox.engine.rows import AccountRow, InvoiceRow, LineRow, OrderRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import cents_of, instant_of, instant_or_none, micros, money_of


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _id(value: str | None) -> int | None:
    return None if value is None else int(value)


def _instant(value: datetime | None) -> int | None:
    return None if value is None else micros(value)


@lru_cache(maxsize=1_024)
def addons_of(kept: str, currency: str) -> tuple[AddonFacts, ...]:
    """The add-ons of an order, from how they are kept with it."""
    return tuple(AddonFacts(addon, name, money_of(cents, currency)) for addon, name, cents in json.loads(kept))


def addons_monthly(row: OrderRow) -> Money:
    """What an order's add-ons cost a month, on top of its price and without discount (DSC-4)."""
    return Money.total((one.monthly_price for one in addons_of(row.addons, row.currency)), row.currency)


def addons_kept(addons: Iterable[AddonFacts]) -> str:
    """Add-ons as they are kept with an order: id, name, price a month, which the order keeps."""
    return json.dumps([[one.id, one.name, cents_of(one.monthly_price)] for one in addons])


def order_facts(row: OrderRow) -> OrderFacts:
    """What the rules look at in an order."""
    return OrderFacts(
        id=str(row.id),
        name=row.name,
        kind=row.kind,
        state=row.state,
        paid_until=instant_or_none(row.paid_until),
        monthly_price=money_of(row.monthly_cents, row.currency),
        individual_price=bool(row.individual_price),
        billing_day=row.billing_day,
        in_use_since=instant_or_none(row.in_use_since),
        auto_renew_on=bool(row.auto_on),
        auto_renew_months=row.auto_months,
        auto_renew_since=instant_or_none(row.auto_since),
        auto_renew_done_for=instant_or_none(row.auto_checked_for),
        open_invoice_id=_text(row.open_invoice_id),
        transfer_id=_text(row.transfer_id),
        broken_promise_invoice_id=_text(row.broken_invoice_id),
        promise_invoice_id=_text(row.promise_invoice_id),
        promise_until=instant_or_none(row.promise_until),
        created_at=instant_of(row.created_at),
        addons=() if row.addons == "[]" else addons_of(row.addons, row.currency),
        plan=row.plan,
        location=row.location,
        blocked_at=instant_or_none(row.blocked_at),
    )


def told_facts(tx: Tx, row: OrderRow) -> OrderFacts:
    """The same where refusals are told: with the number of the open invoice, by which people know it."""
    facts = order_facts(row)
    if row.open_invoice_id is None:
        return facts
    return replace(facts, open_invoice_number=str(tx.invoices.need(row.open_invoice_id).number))


def take(row: OrderRow, facts: OrderFacts) -> None:
    """Write into the row what a rule made of its facts."""
    row.state = facts.state
    row.paid_until = _instant(facts.paid_until)
    row.billing_day = facts.billing_day
    row.in_use_since = _instant(facts.in_use_since)
    row.auto_on = int(facts.auto_renew_on)
    row.open_invoice_id = _id(facts.open_invoice_id)
    row.promise_invoice_id = _id(facts.promise_invoice_id)
    row.broken_invoice_id = _id(facts.broken_promise_invoice_id)
    row.promise_until = _instant(facts.promise_until)
    row.blocked_at = _instant(facts.blocked_at)


def lines_of(tx: Tx, invoice_id: int) -> list[LineRow]:
    """The lines of an invoice, in their order."""
    lines = tx.line_cache.get(invoice_id)
    if lines is None:
        lines = tx.line_cache[invoice_id] = tx.lines.where("invoice_id = ? ORDER BY id", (invoice_id,))
    return lines


def orders_on(tx: Tx, lines: list[LineRow]) -> list[OrderRow]:
    """The orders that these lines bill, each once."""
    return tx.orders.many(dict.fromkeys(line.order_id for line in lines if line.order_id is not None))


def invoice_facts(row: InvoiceRow, lines: list[LineRow]) -> InvoiceFacts:
    """What the rules look at in an invoice."""
    return InvoiceFacts(
        id=str(row.id),
        number=str(row.number),
        kind=row.kind,
        state=row.state,
        total=money_of(row.total_cents, row.currency),
        line_order_ids=tuple(str(line.order_id) for line in lines if line.order_id is not None),
        combined_into=_text(row.combined_into),
        combined_from=tuple(str(part) for part in row.parts),
        promise_until=instant_or_none(row.promise_until),
        issued_at=instant_of(row.issued_at),
        paid_at=instant_or_none(row.paid_at),
        paid_by=row.paid_by,
        paid_method=row.paid_method,
        due_at=instant_or_none(row.due_at),
        account_id=str(row.account_id),
    )


def purses_of(account: AccountRow) -> Purses:
    """The account's two purses (ACC-4)."""
    return Purses(
        money_of(account.internal_cents, account.currency), money_of(account.affiliate_cents, account.currency)
    )
