"""A panel that knows no idempotency keys and does everything as often as it is asked, and a driver that knows it.

It is the money panel without its memory: what is sent twice happens twice, also what a careful panel would refuse the
second time. The key that comes with a request is written beside its effect all the same, for the tests alone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionSettings
from billtui.client.drivers.acts import Act, Finding, Picture
from billtui.client.drivers.billing_v1.driver import BillingV1
from billtui.client.drivers.billing_v1.problems import explain_answer
from billtui.client.drivers.traits import Traits
from billtui.client.errors import ConfigurationProblem
from billtui.client.exchange import Answer, Call, Conversation, Exchange, Request, Steps, ask
from tests.support.money_panel import UNTIL, Effect, Json, MoneyPanel, _problem

TRAITS = Traits(title="Keyless", keys=False, repeatable=frozenset({"order.rename", "invoice.delete"}))

LATE = 0.6
"""Seconds after which the fault ``late`` has its effect: the client has given up by then."""


@dataclass
class KeylessPanel(MoneyPanel):
    """Like FOSSBilling in what hurts: renews again what is being renewed, pays again what is paid."""

    pays_at_once: bool = False
    """A renewal or purchase is paid from the balance as it is made."""
    moves_ends: bool = True
    """Whether paying a renewal moves the order's end at once; else a job of the panel does, later."""
    lag: float = 0.0
    """Seconds that each answer, also to a read, takes."""
    most_at_once: int = 0
    """Most requests that ran at one time."""
    holds_late: bool = False
    """While it is set, what comes late has not come yet, however busy the machine is."""
    driver: KeylessDriver | None = None
    _running: int = field(default=0, repr=False)

    def client(self, **settings: Any) -> BillingClient:
        known: Json = {"read_deadline": 1.5, "write_deadline": 0.4, "tries": 2, "retry_base": 0.01} | settings
        driver = self.driver or KeylessDriver()
        return BillingClient(ConnectionSettings(self.url, **known), SecretStr(self.token), driver=driver)

    def done_by(self, key: str) -> list[Effect]:
        """What requests with this key really did."""
        return [one for one in self.effects if one.key == key]

    def _answer(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, Json]:
        key, before = headers.get("idempotency-key", ""), len(self.effects)
        without = {name: value for name, value in headers.items() if name != "idempotency-key"}
        try:
            return super()._answer(method, path, query, without, body)
        finally:
            for effect in self.effects[before:]:
                effect.key = key

    async def _hold(self, fault: str | None) -> None:
        self._running += 1
        self.most_at_once = max(self.most_at_once, self._running)
        await asyncio.sleep(LATE if fault == "late" else self.lag)
        while fault == "late" and self.holds_late:  # noqa: ASYNC110 - it is set by another thread
            await asyncio.sleep(0.02)
        self._running -= 1

    def _read(self, parts: list[str], query: dict[str, list[str]]) -> tuple[int, Json]:
        match parts:
            case ["operations", _]:
                return 404, _problem(404, "not-found")
            case ["state"]:
                return 200, {"balance": f"{self.balance:.2f}", "invoices": self.invoices, "orders": self.orders}
        return super()._read(parts, query)

    def _pay(self, number: str, body: Json, key: str) -> tuple[int, Json]:
        invoice = self.invoices[number]
        invoice["state"] = "unpaid"
        status, answer = super()._pay(number, body, key)
        if invoice["state"] == "paid":
            self._moved(invoice)
        return status, answer

    def _moved(self, invoice: Json) -> None:
        for line in invoice["lines"]:
            order = self.orders.get(str(line.get("order_id")))
            if order is not None and invoice["kind"] == "renewal":
                order["unpaid_invoice_id"] = None
                order["paid_until"] = _later(order["paid_until"]) if self.moves_ends else order["paid_until"]

    def _renew(self, body: Json, key: str) -> tuple[int, Json]:
        for line in self.quotes[body["quote_id"]]["lines"]:
            self.orders[line["order_id"]]["unpaid_invoice_id"] = None
        status, answer = super()._renew(body, key)
        return status, self._at_once(answer)

    def _order(self, body: Json, key: str) -> tuple[int, Json]:
        status, answer = super()._order(body, key)
        return status, self._at_once(answer) if status < 400 else answer

    def _at_once(self, answer: Json) -> Json:
        invoice = answer["invoice"]
        amount = Decimal(invoice["total"]["amount"])
        if self.pays_at_once and self.balance >= amount:
            self.balance -= amount
            invoice["state"] = "paid"
            self._moved(invoice)
            for order in answer.get("orders", ()):
                order.update(state="active", unpaid_invoice_id=None)
        return answer


class KeylessDriver(BillingV1):
    """Billing API v1 on the wire, but without operations: outcomes are found by looking."""

    name = "keyless"
    capabilities = BillingV1.capabilities - {"operations", "changes"}
    traits = TRAITS

    @classmethod
    def for_profile(cls, login: str, options: Mapping[str, str]) -> KeylessDriver:
        """As a kind of panel is made for a profile."""
        if options:
            raise ConfigurationProblem("The stand-in has no options.")
        return cls()

    def _state(self) -> Call[Json]:
        def read(answer: Answer) -> Json:
            found: Json = json.loads(answer.body)
            return found

        return Call(Exchange("GET", "/api/v1/state"), read, explain_answer)

    def before(self, act: Act) -> Request[Picture] | None:  # type: ignore[override]
        if act.kind not in LOOKS:
            return None

        def begin() -> Steps[Picture]:
            return _picture(act, (yield from ask(self._state())))

        return Conversation(begin)

    def found(self, act: Act, before: Mapping[str, Any]) -> Conversation[Finding]:
        def begin() -> Steps[Finding]:
            state = yield from ask(self._state())
            return LOOKS[act.kind](act, before, _picture(act, state), state)

        return Conversation(begin)


def _picture(act: Act, state: Json) -> Picture:
    picture: Picture = {"balance": f"{state['balance']} EUR"}
    match act.kind:
        case "invoice.pay" | "invoice.delete":
            picture["invoice"] = state["invoices"].get(act.text("invoice_id"), {}).get("state")
        case "order.rename":
            picture["name"] = state["orders"][act.text("order_id")]["name"]
        case "order.renew":
            picture["paid_until"] = {one: state["orders"][one]["paid_until"] for one in act.texts("order_ids")}
    picture["newest_invoices"] = sorted(state["invoices"], key=int)[-20:]
    return picture


def _new(before: Mapping[str, Any], state: Json) -> list[Json]:
    newest = max(map(int, before["newest_invoices"]), default=0)
    return [one for number, one in state["invoices"].items() if int(number) > newest]


def _paid(act: Act, before: Mapping[str, Any], now: Picture, state: Json) -> Finding:
    if now["invoice"] != "paid" or before["invoice"] == "paid":
        return Finding("not-done", "The invoice is as it was.", now)
    payment = {
        "id": "found", "invoice_id": act.text("invoice_id"), "method": act.text("method"), "state": "done",
        "amount": state["invoices"][act.text("invoice_id")]["total"],
    }  # fmt: skip
    return Finding("done", "The invoice is paid now.", now, payment)


def _deleted(act: Act, before: Mapping[str, Any], now: Picture, state: Json) -> Finding:
    if now["invoice"] == before["invoice"]:
        return Finding("not-done", "The invoice is still there.", now)
    return Finding("done", "The invoice is gone.", now, state["invoices"][act.text("invoice_id")])


def _renamed(act: Act, before: Mapping[str, Any], now: Picture, state: Json) -> Finding:
    if now["name"] != act.text("name"):
        return Finding("not-done", "It has its old name.", now)
    return Finding("done", "It has its new name.", now, state["orders"][act.text("order_id")])


def _renewed(act: Act, before: Mapping[str, Any], now: Picture, state: Json) -> Finding:
    ids = set(act.texts("order_ids"))
    new = [one for one in _new(before, state) if {line.get("order_id") for line in one["lines"]} == ids]
    if len(new) == 1:
        return Finding("done", f"Invoice {new[0]['number']} is new.", now, {"invoice": new[0]})
    return Finding("not-done" if not new else "unclear", "No new invoice, or several.", now)


def _ordered(act: Act, before: Mapping[str, Any], now: Picture, state: Json) -> Finding:
    new = [one for one in _new(before, state) if one["kind"] == "new-order"]
    if len(new) != 1:
        return Finding("not-done" if not new else "unclear", "No new order, or several.", now)
    orders = [state["orders"][line["order_id"]] for line in new[0]["lines"]]
    return Finding("done", f"Invoice {new[0]['number']} is new.", now, {"invoice": new[0], "orders": orders})


LOOKS = {
    "invoice.pay": _paid,
    "invoice.delete": _deleted,
    "order.rename": _renamed,
    "order.renew": _renewed,
    "order.new": _ordered,
}


def _later(until: str) -> str:
    return f"2026-12-24{until[10:]}" if until == UNTIL else f"2027-{until[5:]}"
