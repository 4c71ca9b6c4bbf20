"""A job of a thousand operations on the reference panel: invoices of a fleet paid, its orders renamed and set to renew.

What became of it is the panel's own word: ledger, balances, invoices, orders. Two panels that begin from the same
database and carry out the same plan must say the same.
"""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from billtui.domain.models import Account, AutoRenew, Invoice, Order
from billtui.services import planner
from billtui.services.plans import Plan
from tests.support.sandbox import SandboxProcess

Json = dict[str, Any]
PAID_IN = "20000.00"


@dataclass(frozen=True)
class Picture:
    """What the panel did, without what may differ between two runs: instants, and the order of things."""

    debits: tuple[tuple[str, str, str], ...]
    """(invoice, amount, purse) of every movement that an invoice caused."""
    balances: tuple[tuple[str, str], ...]
    invoices: tuple[tuple[str, str], ...]
    """Each with its state."""
    orders: tuple[tuple[str, str, str, bool, int], ...]
    """Each with its name, its end and its auto-renewal."""


class Fleet:
    """One panel with a fleet, as its first client sees it."""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        self.token = sandbox.sign_in()

    def get(self, path: str) -> Json:
        """An answer of the interface."""
        status, answer = self.sandbox.call("GET", f"/api/v1{path}", token=self.token)
        assert status == 200, answer
        return answer

    def post(self, path: str, body: Json) -> Json:
        """A write of the test's own."""
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        status, answer = self.sandbox.call("POST", f"/api/v1{path}", body, token=self.token, headers=headers)
        assert status in (200, 201), answer
        return answer

    def all(self, kind: str, query: str = "") -> list[Json]:
        """Every object of a list."""
        found: list[Json] = []
        cursor = ""
        while True:
            page = self.get(f"/{kind}?limit=500{query}{cursor}")
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def account(self) -> Account:
        """Who is signed in, with the purses as they are."""
        return Account.model_validate(self.get("/me"))

    def pay_in(self, amount: str = PAID_IN) -> None:
        """Fill the internal purse, with the external provider's help."""
        body = {"amount": {"amount": amount, "currency": "EUR"}, "method": "card"}
        self.sandbox.settle(self.post("/balance/top-ups", body)["payment"]["id"])

    def free_orders(self) -> list[Order]:
        """Active orders that nothing stands in the way of."""
        found = [Order.model_validate(one) for one in self.all("orders", "&state=active")]
        return [one for one in found if not one.unpaid_invoice_id and not one.transfer_id and not one.auto_renew.on]

    def bill(self, order: Order) -> Invoice:
        """An unpaid invoice for another month of one order."""
        quote = self.post("/quotes", {"kind": "renewal", "order_ids": [order.id.raw], "period": 1})
        body = {"quote_id": quote["id"], "expected_total": quote["total"]}
        return Invoice.model_validate(self.post("/renewals", body)["invoice"])

    def plan(self, *, payments: int, changes: int) -> Plan:
        """``payments`` invoices to pay, ``changes`` orders to rename and as many to switch to auto-renewal."""
        orders = self.free_orders()
        assert len(orders) >= payments + 2 * changes, f"{len(orders)} orders are too few"
        self.pay_in()
        invoices = [self.bill(order) for order in orders[:payments]]
        account = self.account()
        pay = planner.pay(account, invoices, "internal")
        rest = orders[payments:]
        renew = planner.auto_renew(account, rest[:changes], AutoRenew(on=True, months=3))
        names = [planner.rename(account, one, f"moved-{one.id}") for one in rest[changes : 2 * changes]]
        operations = [*pay.operations, *renew.operations, *(one.operations[0] for one in names)]
        mixed = operations[::3] + operations[1::3] + operations[2::3]
        numbered = tuple(one.model_copy(update={"number": place}) for place, one in enumerate(mixed, start=1))
        assert len(numbered) == payments + 2 * changes
        return pay.model_copy(update={"id": uuid.uuid4().hex, "operations": numbered})

    def picture(self) -> Picture:
        """What became of it all."""
        balances = self.account().balances
        movements = [line for line in self.sandbox.ledger() if line["invoice_id"]]
        return Picture(
            tuple(sorted((line["invoice_id"], _amount(line["amount"]), str(line["purse"])) for line in movements)),
            (("internal", str(balances.internal)), ("affiliate", str(balances.affiliate))),
            tuple(sorted((one["id"], one["state"]) for one in self.all("invoices"))),
            tuple(sorted(map(_order, self.all("orders")))),
        )

    def debits_of(self, plan: Plan) -> dict[str, int]:
        """How often the purse was debited for each invoice of the plan."""
        wanted = {one.text("invoice_id"): 0 for one in plan.operations if one.kind.value == "invoice.pay"}
        for line in self.sandbox.ledger():
            if line["kind"] == "payment" and line["invoice_id"] in wanted and Decimal(line["amount"]["amount"]) < 0:
                wanted[line["invoice_id"]] += 1
        return wanted


def _order(one: Json) -> tuple[str, str, str, bool, int]:
    setting = one["auto_renew"]
    return one["id"], one["name"], one["paid_until"] or "", setting["on"], setting["months"]


def _amount(value: Json) -> str:
    return f"{value['amount']} {value['currency']}"


def twin(sandbox: SandboxProcess, place: Path) -> SandboxProcess:
    """A second panel that begins exactly where ``sandbox`` is; that one is started again."""
    sandbox.stop()
    for file in sandbox.db.parent.glob(f"{sandbox.db.name}*"):
        shutil.copy(file, place / file.name.replace(sandbox.db.name, "twin.db", 1))
    sandbox.start()
    return SandboxProcess(place / "twin.db", fleet=sandbox.fleet, seed=sandbox.seed).start()
