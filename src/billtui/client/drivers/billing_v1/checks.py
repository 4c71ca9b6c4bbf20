"""Answers held against the question: an answer about another object or amount is no proof that ours was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.billing_v1.reading import field, items, must, read
from billtui.client.exchange import Answer
from billtui.client.top_up import TopUp
from billtui.domain.models import (
    Account,
    AutoRenew,
    Balances,
    BoughtOrders,
    Invoice,
    InvoiceState,
    LedgerLine,
    OperationStatus,
    Order,
    OrderRequest,
    Payment,
    PlanChangeRequest,
    Quote,
    SessionToken,
    Transfer,
    TransferState,
)
from billtui.domain.money import Money


def _raw(value: str) -> str:
    return str(getattr(value, "raw", value))


def session_token(answer: Answer) -> SessionToken:
    """A token that can stand in a header."""
    token = read(SessionToken, answer)
    text = token.token.get_secret_value()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise UnreadableAnswer("token is missing or wrong")
    return token


def order(answer: Answer, order_id: str) -> Order:
    """The order that was asked for."""
    result = read(Order, answer)
    must(_raw(result.id) == _raw(order_id), "id")
    return result


def renamed(answer: Answer, order_id: str, name: str) -> Order:
    """The order under its new name (a panel may trim spaces)."""
    result = order(answer, order_id)
    must(_raw(result.name).strip() == _raw(name).strip(), "name")
    return result


def auto_renewing(answer: Answer, order_id: str, wanted: AutoRenew) -> Order:
    """The order with the auto-renewal that was set; when off, the months do not matter."""
    result = order(answer, order_id)
    same = result.auto_renew.on == wanted.on and (not wanted.on or result.auto_renew.months == wanted.months)
    must(same, "auto_renew")
    return result


def quote(answer: Answer, order_ids: Sequence[str], period: int) -> Quote:
    """A renewal quote whose lines are among the orders asked for, and add up to its total (DSC-8, BLK-6)."""
    result = read(Quote, answer)
    must(result.kind == "renewal", "kind")
    wanted = {_raw(one) for one in order_ids}
    seen: set[str] = set()
    for line in result.lines:
        line_order = _raw(line.order_id) if line.order_id is not None else ""
        must(line_order in wanted and line_order not in seen, "lines.order_id")
        must(line.months in (None, period), "lines.months")
        must(line.amount.currency == result.total.currency, "lines.amount.currency")
        seen.add(line_order)
    must(sum(line.amount.amount for line in result.lines) == result.total.amount, "total")
    return result


def order_quote(answer: Answer, request: OrderRequest) -> Quote:
    """A quote of new servers: each cell that was asked for is in whole or left out with a reason (BLK-2, BLK-6)."""
    result = read(Quote, answer)
    must(result.kind == "order", "kind")
    wanted = {(_raw(one.plan), _raw(one.location)): 0 for one in request.cells}
    for one in request.cells:
        wanted[_raw(one.plan), _raw(one.location)] += one.quantity
    seen: set[tuple[str, str]] = set()
    for line in result.lines:
        cell = (_raw(line.plan or ""), _raw(line.location or ""))
        must(cell not in seen, "lines.location")
        seen.add(cell)
        if request.all_locations:
            must(cell[0] == _raw(request.plan or "") and line.quantity == (request.quantity or 1), "lines.plan")
        else:
            must(wanted.get(cell) == line.quantity, "lines.quantity")
        must(line.months in (None, request.period), "lines.months")
        must(line.amount.currency == result.total.currency, "lines.amount.currency")
    out = {(_raw(one.plan or ""), _raw(one.location or "")) for one in result.excluded}
    must(not out & seen, "excluded")
    if not request.all_locations:
        must(out | seen == wanted.keys(), "excluded")
    must(sum(line.amount.amount for line in result.lines) == result.total.amount, "total")
    return result


def addon_quote(answer: Answer, order_ids: Sequence[str]) -> Quote:
    """A quote of add-ons whose lines are among the orders asked for, and add up to its total (ORD-5, DSC-8)."""
    result = read(Quote, answer)
    must(result.kind == "addon", "kind")
    wanted = {_raw(one) for one in order_ids}
    seen: set[str] = set()
    for line in result.lines:
        line_order = _raw(line.order_id) if line.order_id is not None else ""
        must(line_order in wanted and line_order not in seen, "lines.order_id")
        must(line.amount.currency == result.total.currency, "lines.amount.currency")
        seen.add(line_order)
    must(sum(line.amount.amount for line in result.lines) == result.total.amount, "total")
    return result


def plan_change_quote(answer: Answer, request: PlanChangeRequest) -> Quote:
    """A quote of a change of plan: this order to this plan, or left out with the reason (ORD-6, DSC-8)."""
    result = read(Quote, answer)
    must(result.kind == "plan_change", "kind")
    must(len(result.lines) <= 1, "lines")
    for line in result.lines:
        must(line.order_id is not None and _raw(line.order_id) == _raw(request.order_id), "lines.order_id")
        must(line.plan is not None and _raw(line.plan) == _raw(request.plan), "lines.plan")
        change = line.plan_change
        must(change is None or _raw(change.new_plan) == _raw(request.plan), "lines.plan_change.new_plan")
        must(line.amount.currency == result.total.currency, "lines.amount.currency")
        must(line.amount.amount >= 0, "lines.amount")
    must(sum(line.amount.amount for line in result.lines) == result.total.amount, "total")
    return result


def bought(answer: Answer, expected_total: Money) -> BoughtOrders:
    """The invoice of new servers at the price that was confirmed, and an order for each of its lines (BLK-1)."""
    result = read(BoughtOrders, answer)
    must(result.invoice.total == expected_total, "invoice.total")
    must(bool(result.orders), "orders")
    if result.invoice.lines:
        billed = {_raw(line.order_id) for line in result.invoice.lines if line.order_id is not None}
        must(billed == {_raw(one.id) for one in result.orders}, "orders")
    return result


def invoice(answer: Answer, invoice_id: str) -> Invoice:
    """The invoice that was asked for."""
    result = read(Invoice, answer)
    must(_raw(result.id) == _raw(invoice_id), "id")
    return result


def renewed(answer: Answer, expected_total: Money) -> Invoice:
    """The invoice of a renewal, at the price that was confirmed."""
    result = field(Invoice, answer, "invoice")
    must(result.total == expected_total, "invoice.total")
    return result


def payment(answer: Answer, invoice_id: str, method: str, expected_total: Money) -> Payment:
    """The payment of this invoice, by this method, of this amount (INV-4)."""
    result = read(Payment, answer)
    must(_raw(result.invoice_id) == _raw(invoice_id), "invoice_id")
    must(_raw(result.method) == _raw(method), "method")
    must(result.amount == expected_total, "amount")
    return result


def deleted(answer: Answer, invoice_id: str) -> Invoice:
    """The invoice, now deleted (INV-5)."""
    result = invoice(answer, invoice_id)
    must(result.state == InvoiceState.DELETED, "state")
    return result


def combined(answer: Answer, invoice_ids: Sequence[str], expected_total: Money) -> Invoice:
    """One invoice made of exactly these, at the sum of their totals (INV-6)."""
    result = read(Invoice, answer)
    must({_raw(one) for one in result.combined_from} == set(invoice_ids), "combined_from")
    must(result.total == expected_total, "total")
    return result


def parts(answer: Answer, invoice_id: str) -> list[Invoice]:
    """The invoices that a combined one was made of: at least two, none of them the combined one (INV-7)."""
    result = items(Invoice, answer)
    ids = {_raw(one.id) for one in result}
    must(len(result) >= 2 and len(ids) == len(result) and _raw(invoice_id) not in ids, "items")
    return result


def topped_up(answer: Answer, amount: Money, method: str) -> TopUp:
    """An invoice over this amount and its payment by this method."""
    result = read(TopUp, answer)
    must(result.invoice.total == amount and result.payment.amount == amount, "amount")
    must(_raw(result.payment.invoice_id) == _raw(result.invoice.id), "payment.invoice_id")
    must(_raw(result.payment.method) == _raw(method), "payment.method")
    return result


def moved(answer: Answer, amount: Money) -> Balances:
    """The purses after the move, whose ledger lines must show this amount arriving in the internal one (ACC-4)."""
    lines = items(LedgerLine, answer)
    must(any(line.purse == "internal" and line.amount == amount for line in lines), "items")
    return field(Balances, answer, "balances")


def operation(answer: Answer) -> OperationStatus:
    """The state of an operation: one of the four that are defined, and with what belongs to it."""
    result = read(OperationStatus, answer)
    must(result.state in ("never-seen", "running", "done", "refused"), "state")
    must(result.state != "refused" or result.problem is not None, "problem")
    return result


def notified(answer: Answer, wanted: Mapping[str, Mapping[str, bool]]) -> Account:
    """The account with the notification settings that were asked for, as far as the panel tells them (ACC-8)."""
    account = read(Account, answer)
    for rule in account.notifications:
        now = {_raw(name): on for name, on in rule.channels.items()}
        for channel, on in wanted.get(_raw(rule.event), {}).items():
            must(now.get(channel, on) == on, "notifications")
    return account


def transfer(answer: Answer, transfer_id: str) -> Transfer:
    """The transfer that was asked for."""
    result = read(Transfer, answer)
    must(_raw(result.id) == _raw(transfer_id), "id")
    return result


def stepped(answer: Answer, transfer_id: str, comes_to: TransferState) -> Transfer:
    """The transfer, one step on (TRF-3)."""
    result = transfer(answer, transfer_id)
    must(result.state == comes_to, "state")
    return result


def pushed(answer: Answer, order_ids: Sequence[str]) -> list[Transfer]:
    """One transfer for each order, on its way out (TRF-7)."""
    found = items(Transfer, answer)
    must(sorted(_raw(one.order_id) for one in found) == sorted(order_ids), "items.order_id")
    must(all(one.direction == "out" for one in found), "items.direction")
    return found
