"""What was bought and paid before today: invoices, payments, top-ups and the books of months past."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from billtui.domain.rules.discounts import loyalty_of, priced_line
from billtui.sandbox.engine.facts import order_facts
from billtui.sandbox.engine.invoicing import NewLine, title_of
from billtui.sandbox.engine.ledger import AFFILIATE, COMMISSION, INTERNAL, PROVIDER, REVENUE
from billtui.sandbox.engine.ledger import post as post_entry
from billtui.sandbox.engine.rows import InvoiceRow, OrderRow, PaymentRow, RenewalRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import micros
from billtui.sandbox.seed.fleet import Purchase, Sown

_LINES = 100
"""Most lines of one invoice of the past."""
_MINUTE = 60 * 1_000_000


@dataclass(frozen=True, slots=True)
class _Bought:
    at: int
    kind: str
    order: OrderRow
    purchase: Purchase


def tell(tx: Tx, account_id: int, servers: Iterable[Sown], *, balance_cents: int, count: dict[str, int]) -> None:
    """Write the past of an account in the order of time, so that its internal purse ends at ``balance_cents`` or more.

    ``count``: how many services of a kind loyalty counts (DSC-2). The transaction's instant is moved along and is
    afterwards at the end of that past.
    """
    for bought in _batches(servers):
        lines = [_line(one, count) for one in bought]
        total = sum(line.amount_cents for line in lines)
        account = tx.accounts.need(account_id)
        tx.at = max(tx.at, bought[0].at)
        from_purse = bought[0].kind == "renewal" and account.next_number % 3 != 0
        if from_purse and account.internal_cents < total:
            _top_up(tx, account_id, _round_up(total - account.internal_cents, 50_00), "card")
        invoice = _invoice(tx, account_id, bought[0].kind, lines)
        method = INTERNAL if from_purse else "card" if account.next_number % 2 else "crypto"
        payment = _pay(tx, invoice, method)
        for one in bought:
            tx.renewals.add(
                RenewalRow(
                    id=tx.renewals.new_id(),
                    order_id=one.order.id,
                    invoice_id=invoice.id,
                    payment_id=payment.id,
                    months=one.purchase.months,
                    old_until=None if one.purchase.old_until is None else micros(one.purchase.old_until),
                    new_until=micros(one.purchase.new_until),
                    at=tx.at,
                )
            )
    missing = balance_cents - tx.accounts.need(account_id).internal_cents
    if missing > 0:
        _top_up(tx, account_id, missing, "crypto")


def earn(tx: Tx, account_id: int, cents: int) -> None:
    """A commission into the affiliate purse."""
    post_entry(tx, account_id, "commission", {COMMISSION: -cents, AFFILIATE: cents}, note="Affiliate commission")


def refunded(tx: Tx, account_id: int, title: str, cents: int) -> InvoiceRow:
    """An invoice of the administration that was paid and given back."""
    line = NewLine(None, "administration", title, None, cents, "[]", cents)
    invoice = _invoice(tx, account_id, "administration", [line])
    payment = _pay(tx, invoice, "card")
    invoice.state = "refunded"
    post_entry(
        tx,
        account_id,
        "refund",
        {REVENUE: -cents, INTERNAL: cents},
        invoice_id=invoice.id,
        payment_id=payment.id,
        note=f"Refund of invoice {invoice.number}",
    )
    return invoice


def _batches(servers: Iterable[Sown]) -> Iterator[list[_Bought]]:
    """Purchases in the order of time; what was bought at one instant stands on one invoice."""
    groups: dict[tuple[int, str], list[_Bought]] = {}
    for server in servers:
        for purchase in server.purchases:
            kind = "new-order" if purchase.old_until is None else "renewal"
            at = micros(purchase.at)
            groups.setdefault((at, kind), []).append(_Bought(at, kind, server.order, purchase))
    for key in sorted(groups):
        group = groups[key]
        for start in range(0, len(group), _LINES):
            yield group[start : start + _LINES]


def _line(bought: _Bought, count: dict[str, int]) -> NewLine:
    order, purchase = bought.order, bought.purchase
    months = purchase.months
    facts = order_facts(order)
    if bought.kind == "renewal":
        what, discounts = f"Renewal of {order.name}", loyalty_of(facts, count.get(order.kind, 0), purchase.at)
    else:
        what, discounts = f"New server {order.name}", ()
    title = f"{what}, 1 month" if months == 1 else f"{what}, {months} months"
    return NewLine.of(priced_line(facts.id, title, facts.monthly_price, months, discounts), bought.kind)


def _invoice(tx: Tx, account_id: int, kind: str, lines: list[NewLine]) -> InvoiceRow:
    account = tx.accounts.need(account_id)
    invoice = InvoiceRow(
        id=tx.invoices.new_id(),
        account_id=account_id,
        number=account.next_number,
        kind=kind,
        state="unpaid",
        issued_at=tx.at,
        due_at=tx.at + int(timedelta(days=7).total_seconds()) * 1_000_000,
        paid_at=None,
        paid_by=None,
        paid_method=None,
        total_cents=sum(line.amount_cents for line in lines),
        currency=account.currency,
        title=title_of(kind, lines),
        line_count=len(lines),
    )
    account.next_number += 1
    invoice.index_text()
    tx.invoices.add(invoice)
    for line in lines:
        tx.lines.add(line.row(tx.lines.new_id(), invoice.id))
    return invoice


def _pay(tx: Tx, invoice: InvoiceRow, method: str) -> PaymentRow:
    """Paid a few minutes after it was issued."""
    tx.at += 4 * _MINUTE
    invoice.state = "paid"
    invoice.paid_at = tx.at
    invoice.paid_by = tx.accounts.need(invoice.account_id).login
    invoice.paid_method = method
    payment = tx.payments.add(
        PaymentRow(
            id=tx.payments.new_id(),
            invoice_id=invoice.id,
            account_id=invoice.account_id,
            method=method,
            state="done",
            cents=invoice.total_cents,
            currency=invoice.currency,
            payment_url=None,
            created_at=tx.at,
            done_at=tx.at,
            promise_until=None,
        )
    )
    if invoice.kind == "top-up":
        kind, moves = "top-up", {PROVIDER: -payment.cents, INTERNAL: payment.cents}
    else:
        source = INTERNAL if method == INTERNAL else PROVIDER
        kind, moves = "payment", {source: -payment.cents, REVENUE: payment.cents}
    post_entry(tx, invoice.account_id, kind, moves, invoice_id=invoice.id, payment_id=payment.id, note=invoice.title)
    return payment


def _top_up(tx: Tx, account_id: int, cents: int, method: str) -> None:
    line = NewLine(None, "top-up", "Top-up of the internal balance", None, cents, "[]", cents)
    _pay(tx, _invoice(tx, account_id, "top-up", [line]), method)


def _round_up(cents: int, step: int) -> int:
    return -(-cents // step) * step


def end_of_past(now: datetime, days: int) -> datetime:
    """When the past that :func:`tell` writes is over at the latest, ``days`` ago."""
    return now - timedelta(days=days)
