"""Panels of every kind, running, as the same journeys are made on all of them; and what their own books say."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Protocol

from billtui.client.drivers.kinds import HOMES, make_driver
from tests.panels.fossbilling_panel import FossPanel
from tests.support.sandbox import SandboxProcess

Json = dict[str, Any]


class House(Protocol):
    """One panel."""

    kind: str
    login: str
    secret: tuple[str, str]
    """``password`` or ``token``, and its value."""
    options: Mapping[str, str]
    period: int
    """Months that its orders are renewed by."""
    department: str
    """Where a ticket goes."""
    cells: str
    """Three new servers, as ``--cells`` has them."""

    @property
    def url(self) -> str:
        """Its address."""
        ...

    def orders(self) -> set[str]:
        """Ids of all orders, as the driver names them."""
        ...

    def renewable(self, count: int) -> list[str]:
        """Ids of so many running orders that nothing blocks."""
        ...

    def payable(self) -> str:
        """The id of an unpaid invoice that the balance covers."""
        ...

    def renewals(self, order_id: str) -> int:
        """How often the order was billed for a renewal since the house stands."""
        ...

    def spent(self) -> Decimal:
        """What has left the balance."""
        ...

    def is_paid(self, invoice_id: str) -> bool:
        """Whether the invoice is paid."""
        ...

    def letters(self) -> list[str]:
        """What clients wrote first in each ticket."""
        ...


def capabilities(house: House) -> frozenset[str]:
    """What its driver can."""
    return make_driver(house.kind, house.login, house.options).capabilities


class FossHouse:
    """FOSSBilling: the stand-in panel."""

    kind = "fossbilling"
    period = 1
    cells = "panel:2=2,panel:3=1"
    department = "1"
    options: Mapping[str, str] = {"pay_from_balance": "renewal"}

    def __init__(self) -> None:
        self.panel = FossPanel("10000.00")
        self.login = self.panel.email
        self.secret = ("token", self.panel.api_key)
        for number in range(6):
            self.panel.books.add_order(f"vm-{number:03}.example.net")

    @property
    def url(self) -> str:
        return self.panel.url

    def orders(self) -> set[str]:
        with self.panel.lock:
            return {str(one) for one in self.panel.books.orders}

    def renewable(self, count: int) -> list[str]:
        with self.panel.lock:
            every = self.panel.books.orders.values()
            found = [str(one.id) for one in every if one.status == "active" and one.unpaid_invoice is None]
        free = [one for one in found if not self.renewals(one)]
        assert len(free) >= count
        return free[:count]

    def payable(self) -> str:
        [order] = self.renewable(1)
        with self.panel.lock:
            books = self.panel.books
            held, books.balance = books.balance, Decimal(0)
            invoice = books.renew(books.orders[int(order)])  # billed while the balance was empty
            books.balance = held
            return str(invoice.id)

    def renewals(self, order_id: str) -> int:
        return len(self.panel.renewals(int(order_id)))

    def spent(self) -> Decimal:
        with self.panel.lock:
            return -sum((one.amount for one in self.panel.books.ledger if one.amount < 0), Decimal(0))

    def is_paid(self, invoice_id: str) -> bool:
        with self.panel.lock:
            return self.panel.books.invoices[int(invoice_id)].status == "paid"

    def letters(self) -> list[str]:
        with self.panel.lock:
            return [one.messages[0].content for one in self.panel.books.tickets.values()]


class SandboxHouse:
    """The reference panel by its own API; its other dialects are other addresses over the same data."""

    kind = "billing_v1"
    period = 1
    cells = "nl:vds-micro=2,de:vds-micro=1"
    department = "technical"
    options: Mapping[str, str] = {}
    path = ""

    def __init__(self, sandbox: SandboxProcess) -> None:
        self.sandbox = sandbox
        account = sandbox.account()
        self.login = str(account["login"])
        self.secret = ("password", str(account["password"]))
        self._token = sandbox.sign_in(self.login)
        self._before = {one["id"] for one in self._all("invoices")}

    @property
    def url(self) -> str:
        return f"{self.sandbox.url}{self.path}"

    def named(self, order_id: str) -> str:
        """The reference panel's id for one of the driver's."""
        return order_id

    def told(self, order: Json) -> str:
        """The driver's id for one of the reference panel's orders."""
        return str(order["id"])

    def get(self, path: str) -> Json:
        """Of its own API."""
        status, answer = self.sandbox.call("GET", f"/api/v1{path}", token=self._token)
        assert status == 200, answer
        return answer

    def _all(self, what: str) -> list[Json]:
        found: list[Json] = []
        cursor: str | None = None
        while True:
            page = self.get(f"/{what}?limit=200" + (f"&cursor={cursor}" if cursor else ""))
            found += page["items"]
            cursor = page.get("next_cursor")
            if not cursor:
                return found

    def orders(self) -> set[str]:
        return {self.told(one) for one in self._all("orders")}

    def renewable(self, count: int) -> list[str]:
        free = [
            self.told(one)
            for one in self._all("orders")
            if one["state"] == "active"
            and not one["unpaid_invoice_id"]
            and one["kind"] == "vds"
            and not one["transfer_id"]
            and not self._bills(one["id"])
        ]
        assert len(free) >= count
        return free[:count]

    def payable(self) -> str:
        held = Decimal(self.get("/me")["balances"]["internal"]["amount"])
        for one in self._all("invoices"):
            if one["state"] == "unpaid" and one["kind"] == "renewal" and Decimal(one["total"]["amount"]) <= held:
                return str(one["id"])
        raise AssertionError("nothing that the balance covers is unpaid")

    def _bills(self, order_id: str) -> list[Json]:
        new = [one["id"] for one in self._all("invoices") if one["id"] not in self._before and one["kind"] == "renewal"]
        whole = [self.get(f"/invoices/{one}") for one in new]
        return [one for one in whole if any(line["order_id"] == order_id for line in one["lines"])]

    def renewals(self, order_id: str) -> int:
        return len(self._bills(self.named(order_id)))

    def spent(self) -> Decimal:
        amounts = [Decimal(one["amount"]["amount"]) for one in self._all("balance/ledger")]
        return -sum((one for one in amounts if one < 0), Decimal(0))

    def is_paid(self, invoice_id: str) -> bool:
        return bool(self.get(f"/invoices/{invoice_id}")["state"] == "paid")

    def letters(self) -> list[str]:
        return [
            str(self.get(f"/tickets/{one['id']}/messages?limit=1")["items"][0]["body"]) for one in self._all("tickets")
        ]


class BillmgrHouse(SandboxHouse):
    """The reference panel in the dialect of BILLmanager: an order's id has its item type before it."""

    kind = "billmanager"
    path = "/billmgr"

    cells = "amsterdam:micro=2,frankfurt:micro=1"
    department = "12"

    def named(self, order_id: str) -> str:
        return order_id.partition(":")[2]

    def told(self, order: Json) -> str:
        return f"{'vds' if order['kind'] == 'vds' else 'dedic'}:{order['id']}"


class GatewayHouse(SandboxHouse):
    """The reference panel by RootPanel's gateway, with an API key of the account."""

    kind = "rootpanel"
    path = "/apih.php"
    cells = "as-sold:vds-micro-nl=3"
    options: Mapping[str, str] = {"renewal": "debit", "purchase": "debit"}

    def __init__(self, sandbox: SandboxProcess) -> None:
        super().__init__(sandbox)
        self.secret = ("token", gateway_key(sandbox, self._token))


def gateway_key(sandbox: SandboxProcess, token: str) -> str:
    """A new API key of the first client, who lets keys in."""
    password = {"current_password": sandbox.account()["password"]}
    status, answer = sandbox.call("POST", "/api/v1/me/api-access", {"on": True, **password}, token=token)
    assert status == 200, answer
    status, answer = sandbox.call("POST", "/api/v1/me/api-keys", {"label": "gateway", **password}, token=token)
    assert status == 201, answer
    return str(answer["secret"])


DIALECTS: Final[Mapping[str, type[SandboxHouse]]] = {
    "billing_v1": SandboxHouse,
    "rootpanel": GatewayHouse,
    "billmanager": BillmgrHouse,
}
KINDS: Final = tuple(one for one in ("billing_v1", "fossbilling", "rootpanel", "billmanager") if one in HOMES)
