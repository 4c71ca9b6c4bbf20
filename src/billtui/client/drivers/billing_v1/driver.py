"""The Billing API v1: each call as an exchange below ``/api/v1``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from billtui.client.auth import with_bearer
from billtui.client.drivers import Query
from billtui.client.drivers.acts import Act, Finding
from billtui.client.drivers.billing_v1 import checks
from billtui.client.drivers.billing_v1.accounts import AccountCalls
from billtui.client.drivers.billing_v1.calling import PREFIX, raw
from billtui.client.drivers.billing_v1.problems import explain_answer
from billtui.client.drivers.billing_v1.reading import items, read
from billtui.client.drivers.billing_v1.tickets import StaffCalls, TicketCalls
from billtui.client.drivers.billing_v1.transfers import TransferCalls
from billtui.client.drivers.capabilities import EVERY
from billtui.client.drivers.traits import BILLING_V1
from billtui.client.exchange import Answer, Call, Conversation, Exchange, Kind, at_once, segment
from billtui.client.settings import Write
from billtui.client.top_up import TopUp
from billtui.domain.document_types import DOCUMENT_TYPES
from billtui.domain.models import (
    Addon,
    AddonRequest,
    AutoRenew,
    Balances,
    BoughtOrders,
    ChangeFeed,
    Invoice,
    LedgerLine,
    Location,
    OperationStatus,
    Order,
    OrderRequest,
    Page,
    Payment,
    PaymentMethod,
    Plan,
    PlanChangeRequest,
    Quote,
    StockItem,
)
from billtui.domain.money import Money

LONGEST_WAIT = 15
"""Seconds a long poll may wait."""


def _money(amount: Money) -> dict[str, Any]:
    return amount.model_dump(mode="json")


class BillingV1(AccountCalls, TransferCalls, TicketCalls, StaffCalls):
    """Driver for panels that speak the Billing API v1."""

    name = "billing-v1"
    capabilities = EVERY
    assumed: Mapping[str, str] = {}
    traits = BILLING_V1

    def authorised(self, exchange: Exchange, token: SecretStr) -> Exchange:
        """A session token or an API key goes as a bearer's."""
        return with_bearer(exchange, token)

    # Catalogue

    def plans(self, cursor: str | None) -> Call[Page[Plan]]:
        """``GET /plans``."""
        return self._list("/plans", Plan, _from(cursor))

    def locations(self, cursor: str | None) -> Call[Page[Location]]:
        """``GET /locations``."""
        return self._list("/locations", Location, _from(cursor))

    def addons(self, cursor: str | None) -> Call[Page[Addon]]:
        """``GET /addons``."""
        return self._list("/addons", Addon, _from(cursor))

    def stock(self, cursor: str | None) -> Call[Page[StockItem]]:
        """``GET /stock``."""
        return self._list("/stock", StockItem, _from(cursor))

    # Orders

    def list_orders(self, query: Query) -> Call[Page[Order]]:
        """``GET /orders``."""
        return self._list("/orders", Order, query)

    def get_order(self, order_id: str) -> Call[Order]:
        """``GET /orders/{id}``."""
        return self._read(f"/orders/{segment(order_id)}", lambda answer: checks.order(answer, order_id))

    def rename_order(self, order_id: str, name: str, write: Write) -> Call[Order]:
        """``PATCH /orders/{id}`` with ``name``."""
        path = f"/orders/{segment(order_id)}"
        body = {"name": raw(name)}
        return self._write(
            "PATCH", path, write, lambda answer: checks.renamed(answer, order_id, name), body, "orders.rename"
        )

    def set_auto_renew(self, order_id: str, auto_renew: AutoRenew, write: Write) -> Call[Order]:
        """``PATCH /orders/{id}`` with ``auto_renew`` (REN-5)."""
        path = f"/orders/{segment(order_id)}"
        body = {"auto_renew": {"on": auto_renew.on, "months": auto_renew.months}}

        def reader(answer: Answer) -> Order:
            return checks.auto_renewing(answer, order_id, auto_renew)

        return self._write("PATCH", path, write, reader, body, "orders.auto-renew")

    def act_on_order(self, order_id: str, action: str, write: Write, confirm_name: str | None) -> Call[Order]:
        """``POST /orders/{id}/actions`` (ORD-4); reinstalling carries the order's name."""
        body = {"action": raw(action)}
        if confirm_name is not None:
            body["confirm_name"] = raw(confirm_name)
        path = f"/orders/{segment(order_id)}/actions"
        return self._write("POST", path, write, lambda answer: checks.order(answer, order_id), body, "orders.power")

    # Quotes and purchases

    def quote_renewal(self, order_ids: Sequence[str], period: int, promo_code: str | None) -> Call[Quote]:
        """``POST /quotes`` of kind ``renewal``: it buys nothing, so it may be repeated."""
        body: dict[str, Any] = {"kind": "renewal", "order_ids": [raw(one) for one in order_ids], "period": period}
        if promo_code:
            body["promo_code"] = raw(promo_code)
        exchange = Exchange("POST", f"{PREFIX}/quotes", body=body)
        return Call(exchange, lambda answer: checks.quote(answer, order_ids, period), explain_answer, "orders.renew")

    def renew(self, quote_id: str, expected_total: Money, write: Write) -> Call[Invoice]:
        """``POST /renewals``: an invoice for what was quoted (REN-1)."""
        body = {"quote_id": raw(quote_id), "expected_total": _money(expected_total)}
        return self._write(
            "POST", "/renewals", write, lambda answer: checks.renewed(answer, expected_total), body, "orders.renew"
        )

    def quote_order(self, request: OrderRequest) -> Call[Quote]:
        """``POST /quotes`` of kind ``order`` (BLK-1 to BLK-3)."""
        body: dict[str, Any] = {"kind": "order", "period": request.period}
        if request.all_locations:
            body |= {"plan": raw(request.plan or ""), "quantity": request.quantity or 1, "all_locations": True}
        else:
            body["cells"] = [
                {"plan": raw(one.plan), "location": raw(one.location), "quantity": one.quantity}
                for one in request.cells
            ]
        if request.addons:
            body["addons"] = [raw(one) for one in request.addons]
        if request.names:
            body["names"] = raw(request.names)
        if request.auto_renew is not None:
            body["auto_renew"] = {"on": request.auto_renew.on, "months": request.auto_renew.months}
        if request.promo_code:
            body["promo_code"] = raw(request.promo_code)
        exchange = Exchange("POST", f"{PREFIX}/quotes", body=body)
        return Call(exchange, lambda answer: checks.order_quote(answer, request), explain_answer, "orders.new")

    def buy_order(self, quote_id: str, expected_total: Money, write: Write) -> Call[BoughtOrders]:
        """``POST /orders``: new servers and their invoice, as quoted (BLK-1)."""
        body = {"quote_id": raw(quote_id), "expected_total": _money(expected_total)}
        return self._write(
            "POST", "/orders", write, lambda answer: checks.bought(answer, expected_total), body, "orders.new"
        )

    def quote_addons(self, request: AddonRequest) -> Call[Quote]:
        """``POST /quotes`` of kind ``addon`` (ORD-5)."""
        order_ids = [raw(one) for one in request.order_ids]
        body: dict[str, Any] = {
            "kind": "addon", "order_ids": order_ids, "addons": [raw(one) for one in request.addons],
        }  # fmt: skip
        exchange = Exchange("POST", f"{PREFIX}/quotes", body=body)
        return Call(exchange, lambda answer: checks.addon_quote(answer, order_ids), explain_answer, "orders.addons")

    def buy_addons(self, quote_id: str, expected_total: Money, write: Write) -> Call[Invoice]:
        """``POST /addons``: an invoice for the add-ons that were quoted (ORD-5)."""
        body = {"quote_id": raw(quote_id), "expected_total": _money(expected_total)}
        return self._write(
            "POST", "/addons", write, lambda answer: checks.renewed(answer, expected_total), body, "orders.addons"
        )

    def quote_plan_change(self, request: PlanChangeRequest) -> Call[Quote]:
        """``POST /quotes`` of kind ``plan_change`` (ORD-6)."""
        body = {"kind": "plan_change", "order_id": raw(request.order_id), "plan": raw(request.plan)}
        exchange = Exchange("POST", f"{PREFIX}/quotes", body=body)

        def reader(answer: Answer) -> Quote:
            return checks.plan_change_quote(answer, request)

        return Call(exchange, reader, explain_answer, "orders.change-plan")

    def buy_plan_change(self, quote_id: str, expected_total: Money, write: Write) -> Call[Invoice]:
        """``POST /plan-changes``: an invoice for the change of plan that was quoted (ORD-6)."""
        body = {"quote_id": raw(quote_id), "expected_total": _money(expected_total)}

        def reader(answer: Answer) -> Invoice:
            return checks.renewed(answer, expected_total)

        return self._write("POST", "/plan-changes", write, reader, body, "orders.change-plan")

    # Invoices

    def list_invoices(self, query: Query) -> Call[Page[Invoice]]:
        """``GET /invoices``."""
        return self._list("/invoices", Invoice, query)

    def get_invoice(self, invoice_id: str) -> Call[Invoice]:
        """``GET /invoices/{id}``."""
        return self._read(f"/invoices/{segment(invoice_id)}", lambda answer: checks.invoice(answer, invoice_id))

    def payment_methods(self, invoice_id: str) -> Call[list[PaymentMethod]]:
        """``GET /invoices/{id}/payment-methods``."""
        path = f"/invoices/{segment(invoice_id)}/payment-methods"
        return self._read(path, lambda answer: items(PaymentMethod, answer))

    def pay(self, invoice_id: str, method: str, expected_total: Money, write: Write) -> Call[Payment]:
        """``POST /invoices/{id}/payments`` (INV-3, INV-4)."""
        body = {"method": raw(method), "expected_total": _money(expected_total)}

        def reader(answer: Answer) -> Payment:
            return checks.payment(answer, invoice_id, method, expected_total)

        need = "invoices.promise" if method == "promise" else "invoices.pay"
        return self._write("POST", f"/invoices/{segment(invoice_id)}/payments", write, reader, body, need)

    def delete_invoice(self, invoice_id: str, write: Write) -> Call[Invoice]:
        """``DELETE /invoices/{id}`` (INV-5)."""
        path = f"/invoices/{segment(invoice_id)}"
        return self._write(
            "DELETE", path, write, lambda answer: checks.deleted(answer, invoice_id), need="invoices.delete"
        )

    def combine(self, invoice_ids: Sequence[str], expected_total: Money, write: Write) -> Call[Invoice]:
        """``POST /invoices/combine`` (INV-6)."""
        ids = [raw(one) for one in invoice_ids]
        body = {"invoice_ids": ids, "expected_total": _money(expected_total)}

        def reader(answer: Answer) -> Invoice:
            return checks.combined(answer, ids, expected_total)

        return self._write("POST", "/invoices/combine", write, reader, body, "invoices.combine")

    def split(self, invoice_id: str, write: Write) -> Call[list[Invoice]]:
        """``POST /invoices/{id}/split`` (INV-7)."""
        path = f"/invoices/{segment(invoice_id)}/split"
        return self._write("POST", path, write, lambda answer: checks.parts(answer, invoice_id), need="invoices.split")

    def document(self, invoice_id: str, document_format: str, path: Path) -> Call[int]:
        """``GET /invoices/{id}/document`` streamed to ``path`` (INV-9). Raises ``ValueError`` for an unknown format."""
        if document_format not in DOCUMENT_TYPES:
            raise ValueError(f"a document is one of {', '.join(DOCUMENT_TYPES)}")
        exchange = Exchange(
            "GET",
            f"{PREFIX}/invoices/{segment(invoice_id)}/document",
            query=(("format", document_format),),
            accept=DOCUMENT_TYPES[document_format],
            save_to=path,
        )
        return Call(exchange, lambda answer: answer.size, explain_answer, "invoices.document", frozenset({200}))

    # Purses

    def ledger(self, query: Query) -> Call[Page[LedgerLine]]:
        """``GET /balance/ledger``."""
        return self._list("/balance/ledger", LedgerLine, query, "balance.ledger")

    def top_up(self, amount: Money, method: str, write: Write) -> Call[TopUp]:
        """``POST /balance/top-ups`` (INV-13)."""
        body = {"amount": _money(amount), "method": raw(method)}

        def reader(answer: Answer) -> TopUp:
            return checks.topped_up(answer, amount, method)

        return self._write("POST", "/balance/top-ups", write, reader, body, "balance.top-up")

    def move(self, amount: Money, write: Write) -> Call[Balances]:
        """``POST /balance/moves``: affiliate to internal (ACC-4)."""
        body = {"amount": _money(amount)}
        return self._write(
            "POST", "/balance/moves", write, lambda answer: checks.moved(answer, amount), body, "balance.move"
        )

    # Changes and settling

    def changes(self, cursor: str | None, wait: int) -> Call[ChangeFeed]:
        """``GET /changes``; with ``wait`` (seconds, at most 15) a long poll."""
        if cursor is None:
            return self._read("/changes", lambda answer: read(ChangeFeed, answer), need="changes")
        seconds = max(0, min(wait, LONGEST_WAIT))
        query: Query = (("after", raw(cursor)),)
        if not seconds:
            return self._read("/changes", lambda answer: read(ChangeFeed, answer), query, "changes")
        exchange = Exchange(
            "GET", f"{PREFIX}/changes", Kind.POLL, query=(*query, ("wait", str(seconds))), deadline=seconds + 5.0
        )
        return Call(exchange, lambda answer: read(ChangeFeed, answer), explain_answer, "changes")

    def operation(self, key: str) -> Call[OperationStatus]:
        """``GET /operations/{key}``: what became of a write."""
        return self._read(f"/operations/{segment(key)}", checks.operation, need="operations")

    def before(self, act: Act) -> None:
        """Not needed: the panel knows keys."""

    def found(self, act: Act, before: Mapping[str, Any]) -> Conversation[Finding]:
        """Not needed: the panel knows keys."""
        return at_once(Finding("unclear", "This panel is asked by the key of the operation."))


def _from(cursor: str | None) -> Query:
    pairs: list[tuple[str, str]] = [("limit", "500")]
    if cursor:
        pairs.append(("cursor", cursor))
    return tuple(pairs)
