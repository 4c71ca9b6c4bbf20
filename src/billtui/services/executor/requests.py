"""One operation as one request: which call of the client, with which key, and whether its answer is the right one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from billtui.client.settings import Write
from billtui.domain.models import AutoRenew, Invoice
from billtui.domain.money import Money
from billtui.services.executor.events import Progress
from billtui.services.executor.ticket_requests import Told, on_tickets
from billtui.services.operation_kinds import ON_TICKETS
from billtui.services.plans import FALLING, Operation, OperationKind, PlanError, at_most
from billtui.services.settle import kept_answer, speaks_of

if TYPE_CHECKING:
    from billtui.client.billing_client import BillingClient

K = OperationKind
Json = dict[str, Any]


def nobody(_progress: Progress) -> None:
    """For those who do not watch files on their way."""


class OddAnswer(Exception):
    """The panel answered, but about something else: what happened is unknown (RELIABILITY: "wrong id")."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What the drift guard read directly before the request, as far as the request needs it."""

    invoice_id: str | None = None
    """The invoice of a payment; bound late where an earlier operation made it."""
    if_match: int | None = None
    quote_id: str | None = None
    code: SecretStr | None = None
    """The one-time code of a step that needs one (TRF-2)."""
    amount: Money | None = None
    """What it costs at this instant: the price of some falls while time passes, so it is at most what was confirmed."""
    again: bool = False
    """It was begun before: files of a message may be on the panel already (TKT-6)."""


def as_invoiced(operation: Operation, invoice: Invoice | None) -> Operation:
    """A payment with what the invoice of its purchase says, which is at most what was confirmed (ORD-5, ORD-6)."""
    amount = operation.amount
    if invoice is None or amount is None or invoice.total.currency != amount.currency or invoice.total > amount:
        return operation
    return operation.model_copy(update={"amount": invoice.total})


async def perform(client: BillingClient, operation: Operation, key: str, ready: Ready, told: Told = nobody) -> Json:
    """Send ``operation`` once and return the panel's answer as JSON; ``told`` hears how far a file is.

    Raises ClientError, OddAnswer, AttachmentRefused, PlanError.
    """
    if operation.kind in ON_TICKETS:
        answer = await on_tickets(client, operation, key, ready.if_match, told, again=ready.again)
        if not speaks_of(answer, operation):
            raise OddAnswer("The panel's answer is about something else than was asked for.")
        return kept_answer(operation, answer)
    write = Write(key, ready.if_match)
    match operation.kind:
        case K.PAY:
            return await _pay(client, operation, Write(key), ready.invoice_id or operation.text("invoice_id"))
        case K.RENEW | K.ORDER | K.ADDONS | K.PLAN_CHANGE:
            return await _buy(client, operation, write, _quoted(ready), ready.amount)
        case K.DELETE | K.SPLIT:
            return await _invoice(client, operation, write)
        case K.COMBINE:
            total = Money.model_validate(operation.facts.get("total"))
            combined = await client.invoices.combine(operation.texts("invoice_ids"), total, Write(key))
            _same("total", combined.total, total)
            return combined.model_dump(mode="json")
        case K.ACTION | K.RENAME | K.AUTO_RENEW:
            return await _order(client, operation, write)
        case K.TRANSFER_PUSH:
            return await _push(client, operation, Write(key))
        case K.TRANSFER_CONFIRM | K.TRANSFER_ACCEPT | K.TRANSFER_DECLINE | K.TRANSFER_CANCEL:
            return await _step(client, operation, Write(key), ready.code)
        case K.NOTIFY:
            account = await client.account.change_notifications(operation.settings(), Write(key))
            return kept_answer(operation, account.model_dump(mode="json", include={"notifications"}))
        case K.TOP_UP:
            top_up = await client.balance.top_up(_amount(operation), operation.text("method"), Write(key))
            return {
                "invoice": top_up.invoice.model_dump(mode="json"),
                "payment": top_up.payment.model_dump(mode="json"),
            }
        case K.MOVE:
            balances = await client.balance.move(_amount(operation), Write(key))
            return {"balances": balances.model_dump(mode="json")}
        case _:
            raise AssertionError(operation.kind)


async def _buy(client: BillingClient, operation: Operation, write: Write, quote_id: str, now: Money | None) -> Json:
    confirmed = _amount(operation)
    amount = now if now is not None and operation.kind in FALLING else confirmed
    if amount > confirmed:
        raise PlanError(f"Operation {operation.number} would cost more than was confirmed.")
    answer: Json = {}
    if operation.kind is K.ORDER:
        bought = await client.purchases.order(quote_id, amount, write)
        _same("number of servers", len(bought.orders), operation.new_count)
        invoice = bought.invoice
        answer["orders"] = [one.model_dump(mode="json", include={"id"}) for one in bought.orders]
    elif operation.kind is K.ADDONS:
        invoice = await client.purchases.addons(quote_id, amount, write)
    elif operation.kind is K.PLAN_CHANGE:
        invoice = await client.purchases.change_plan(quote_id, amount, write)
    else:
        invoice = await client.purchases.renew(quote_id, amount, write)
    cheaper = at_most(operation) and invoice.total.currency == amount.currency and invoice.total < amount
    if not cheaper:
        _same("total", invoice.total, amount)
    return kept_answer(operation, {"invoice": invoice.model_dump(mode="json"), **answer})


async def _pay(client: BillingClient, operation: Operation, write: Write, invoice_id: str) -> Json:
    payment = await client.invoices.pay(invoice_id, operation.text("method"), _amount(operation), write)
    _same("invoice", payment.invoice_id.raw, invoice_id)
    _same("amount", payment.amount, _amount(operation))
    return payment.model_dump(mode="json")


async def _invoice(client: BillingClient, operation: Operation, write: Write) -> Json:
    invoice_id = operation.text("invoice_id")
    if operation.kind is K.SPLIT:
        parts = await client.invoices.split(invoice_id, write)
        return {"items": [one.model_dump(mode="json") for one in parts]}
    invoice = await client.invoices.delete(invoice_id, write)
    _same("invoice", invoice.id.raw, invoice_id)
    return invoice.model_dump(mode="json")


async def _order(client: BillingClient, operation: Operation, write: Write) -> Json:
    order_id = operation.text("order_id")
    if operation.kind is K.RENAME:
        order = await client.orders.rename(order_id, operation.text("name"), write)
    elif operation.kind is K.AUTO_RENEW:
        setting = AutoRenew(on=operation.params.get("on") is True, months=operation.whole("months"))
        order = await client.orders.set_auto_renew(order_id, setting, write)
    else:
        typed = operation.params.get("confirm_name")
        name = typed if isinstance(typed, str) else None
        order = await client.orders.act(order_id, operation.text("action"), write, confirm_name=name)
    _same("order", order.id.raw, order_id)
    return order.model_dump(mode="json")


async def _push(client: BillingClient, operation: Operation, write: Write) -> Json:
    account_id = operation.text("recipient_account_id")
    begun = await client.transfers.push(
        operation.texts("order_ids"), operation.text("recipient_login"), account_id, write
    )
    for one in begun:
        if one.counterparty_account_id is not None:
            _same("recipient", one.counterparty_account_id.raw, account_id)
    return kept_answer(operation, {"items": [one.model_dump(mode="json") for one in begun]})


async def _step(client: BillingClient, operation: Operation, write: Write, code: SecretStr | None) -> Json:
    transfer_id, transfers = operation.text("transfer_id"), client.transfers
    if operation.kind is K.TRANSFER_CONFIRM:
        stepped = await transfers.confirm(transfer_id, _code(operation, code), write)
    elif operation.kind is K.TRANSFER_ACCEPT:
        stepped = await transfers.accept(transfer_id, _code(operation, code), write)
    elif operation.kind is K.TRANSFER_DECLINE:
        stepped = await transfers.decline(transfer_id, write)
    else:
        stepped = await transfers.cancel(transfer_id, write)
    _same("transfer", stepped.id.raw, transfer_id)
    _same("order", stepped.order_id.raw, operation.facts.get("order_id", stepped.order_id.raw))
    return kept_answer(operation, stepped.model_dump(mode="json"))


def _code(operation: Operation, code: SecretStr | None) -> SecretStr:
    if code is None:
        raise PlanError(f"Operation {operation.number} needs its one-time code.")
    return code


def invoice_in(answer: Mapping[str, Any] | None) -> Invoice | None:
    """The invoice that an answer carries, alone or under ``invoice``; ``None`` if there is none."""
    if not answer:
        return None
    inner = answer.get("invoice", answer)
    try:
        return Invoice.model_validate(inner)
    except ValueError:
        return None


def _quoted(ready: Ready) -> str:
    if ready.quote_id is None:
        raise PlanError("A purchase needs a fresh quote.")
    return ready.quote_id


def _amount(operation: Operation) -> Money:
    if operation.amount is None:
        raise PlanError(f"Operation {operation.number} of the plan has no amount; make the plan anew.")
    return operation.amount


def _same(what: str, got: object, wanted: object) -> None:
    if got != wanted:
        raise OddAnswer(f"The panel's answer is about another {what} than was asked for.")
