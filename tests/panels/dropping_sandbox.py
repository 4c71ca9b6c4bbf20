"""The reference panel's other dialects in the runs over lines that are cut; its own books, by its own API, decide."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionSettings
from billtui.client.drivers import Driver
from billtui.client.drivers.kinds import make_driver
from billtui.client.errors import ConnectionLost
from billtui.client.exchange import Answer, Exchange, Kind
from billtui.client.transport import Transport
from billtui.domain.models import OrderCell
from billtui.domain.safetext import SafeText
from tests.panels.houses import gateway_key
from tests.support.sandbox import SandboxProcess

Json = dict[str, Any]
KINDS = ("drop-after", "drop-after", "drop-after", "drop-before", "html", "garble")
PURSE = 20
"""Top-ups of 1,000 each at the beginning."""


class CutLine(Transport):
    """A line that is cut when the panel has done the work of a write (or, seldom, before it hears of it).

    The panel's own faults strike forms that are looked at more often than what is sent by their names.
    """

    def __init__(self, settings: ConnectionSettings, case: Dialect) -> None:
        super().__init__(settings)
        self._case = case

    async def send(self, exchange: Exchange, token: SecretStr | None, deadline: float) -> Answer:
        cut = self._case.next_cut() if exchange.kind is Kind.WRITE else ""
        if cut == "before":
            raise ConnectionLost("The line was cut.")
        answer = await super().send(exchange, token, deadline)
        if cut == "after":
            raise ConnectionLost("The line was cut.")
        return answer


class Dialect:
    """See :class:`tests.support.dropping.Case`. One dialect of the sandbox at ``path``."""

    name = ""
    path = ""
    period = 1
    fleet = 150
    places: Mapping[str, Sequence[str]] = {}
    """Where the writes of a renewal, a purchase and a payment go, below ``path``."""
    options: Mapping[str, str] = {}
    """A profile's ``panel_options``."""

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory()
        self.sandbox = SandboxProcess(Path(self._folder.name) / "panel.db", fleet=self.fleet).start()
        account = self.sandbox.account()
        self.login, self.password = str(account["login"]), str(account["password"])
        self.own = self.sandbox.sign_in(self.login)
        self._keys = 0
        self._faults: list[Json] = []
        self._cuts: list[str] = []
        for _ in range(PURSE):
            self._fill()
        self._start = self._balance()
        self._fresh: list[str] = []
        self._billed: Counter[str] = Counter()
        self._seeded = {one["id"] for one in self._get("/invoices?limit=200&state=unpaid")["items"]}
        self._token = self.token()
        stock = [{"plan": "vds-micro", "location": one, "available": 100_000} for one in ("nl", "de")]
        assert self.sandbox.call("POST", "/sandbox/catalogue", {"stock": stock})[0] == 200
        return self

    def __exit__(self, *_: object) -> None:
        self.sandbox.faults()
        wrong = self.sandbox.check_books()
        self.sandbox.kill()
        self._folder.cleanup()
        assert wrong == []

    # -- its own API

    def _get(self, path: str) -> Json:
        status, answer = self.sandbox.call("GET", f"/api/v1{path}", token=self.own)
        assert status == 200, answer
        return answer

    def _write(self, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
        self._keys += 1
        headers = {"Idempotency-Key": f"tests-{self._keys:026}"}
        return self.sandbox.call(method, f"/api/v1{path}", body, token=self.own, headers=headers)

    def _fill(self) -> None:
        amount = {"amount": "1000.00", "currency": "EUR"}
        status, answer = self._write("POST", "/balance/top-ups", {"amount": amount, "method": "card"})
        assert status == 201, answer
        self.sandbox.settle(answer["payment"]["id"])

    def _balance(self) -> Decimal:
        return Decimal(self._get("/me")["balances"]["internal"]["amount"])

    def _open(self) -> list[Json]:
        found = self._get("/invoices?limit=200&state=unpaid")["items"]
        return [one for one in found if one["kind"] in ("renewal", "new-order") and one["id"] not in self._seeded]

    # -- the case

    def told(self, order: Json) -> str:
        """The driver's id for one of the reference panel's orders."""
        raise NotImplementedError

    def named(self, order_id: str) -> str:
        """The reference panel's id for one of the driver's."""
        raise NotImplementedError

    def client(self) -> BillingClient:
        settings = ConnectionSettings(
            f"{self.sandbox.url}{self.path}", read_deadline=4.0, write_deadline=4.0, tries=4, retry_base=0.005
        )
        client = BillingClient(settings, self._token, driver=self.driver())
        client._transport = client._runner.transport = CutLine(client._transport.settings, self)
        return client

    def driver(self) -> Driver:
        """A driver of its kind."""
        return make_driver(self.name, self.login, self.options)

    def next_cut(self) -> str:
        """What happens to the next write."""
        return self._cuts.pop(0) if self._cuts else ""

    def token(self) -> SecretStr:
        """What a client signs in with."""
        raise NotImplementedError

    def orders(self, count: int) -> list[str]:
        if not self._fresh:
            self._fresh = [
                self.told(one)
                for one in self._get("/orders?limit=200&state=active")["items"]
                if not one["unpaid_invoice_id"]
                and not one["transfer_id"]
                and one["kind"] == "vds"
                and not one["auto_renew"]["on"]
            ]
        taken, self._fresh = self._fresh[:count], self._fresh[count:]
        for one in taken:
            self._billed[one] = self._bills(one)
        return taken

    def cells(self, rng: random.Random) -> list[OrderCell]:
        raise NotImplementedError

    def cell(self, plan: str, location: str, quantity: int) -> OrderCell:
        """One cell."""
        return OrderCell(plan=SafeText(plan), location=SafeText(location), quantity=quantity)

    def cut(self, rng: random.Random, what: str) -> None:
        for place in self.places[what]:  # forms are looked at by the name of what they do: their calls are struck, too
            path = f"{self.path}/{place}"
            self._faults.append({"kind": rng.choice(KINDS), "probability": 0.4, "times": 3, "path": path})
        self._cuts += rng.choices(("", "after", "before"), (5, 5, 1), k=2)
        if rng.random() < 0.2:
            anywhere = {"kind": "drop-after", "probability": 0.2, "times": 1, "path": f"{self.path}*"}
            self._faults.append(anywhere)
        self.sandbox.faults(*self._faults, seed=rng.randrange(1_000_000))

    def mend(self) -> None:
        self._faults, self._cuts = [], []
        self.sandbox.faults()

    def tidy(self) -> None:
        """Delete what a round has left unpaid."""
        for one in self._open():
            self._write("DELETE", f"/invoices/{one['id']}")

    def _bills(self, order_id: str) -> int:
        """Renewals of an order that are billed and not taken back: paid ones, and the one that is open."""
        order = self.named(order_id)
        found = self._get(f"/invoices?limit=200&order_id={order}")["items"]
        return sum(one["kind"] == "renewal" and one["state"] != "deleted" for one in found)

    def renewed(self, order_id: str) -> int:
        return self._bills(order_id) - self._billed[order_id]

    def bought(self) -> int:
        return int(self._get("/orders?limit=1")["total"])

    def spent(self) -> Decimal:
        return self._start - self._balance()

    def paid_twice(self) -> list[str]:
        return []  # its books are checked at the end: each payment of an invoice is exactly one movement


class Billmgr(Dialect):
    """The dialect of BILLmanager."""

    name = "billmanager"
    path = "/billmgr"
    places = {
        "renew": ("service.prolong", "groupedit"),
        "order": ("vds.order.param",),
        "pay": ("payment.add.method",),
    }

    def told(self, order: Json) -> str:
        return f"vds:{order['id']}"

    def named(self, order_id: str) -> str:
        return order_id.partition(":")[2]

    def token(self) -> SecretStr:
        async def sign_in() -> SecretStr:
            settings = ConnectionSettings(f"{self.sandbox.url}{self.path}")
            async with BillingClient(settings, driver=make_driver(self.name, self.login)) as client:
                return (await client.sessions.sign_in(self.login, SecretStr(self.password))).token

        return asyncio.run(sign_in())

    def cells(self, rng: random.Random) -> list[OrderCell]:
        return [self.cell("vds-502", rng.choice(("1", "2")), rng.randint(1, 2))]


class Gateway(Dialect):
    """RootPanel's gateway. What it does, it pays from the balance at once."""

    name = "rootpanel"
    path = "/apih.php"
    fleet = 30  # all of them come with each look
    places = {"renew": ("renewOrder",), "order": ("createOrder",), "pay": ("getBalance",)}
    options = {"renewal": "debit", "purchase": "debit"}
    plan = ""

    def told(self, order: Json) -> str:
        return str(order["id"])

    def named(self, order_id: str) -> str:
        return order_id

    def token(self) -> SecretStr:
        return SecretStr(gateway_key(self.sandbox, self.own))

    def driver(self) -> Driver:
        """Without the pause between two requests: the tests' panel is not in need of it."""
        made = make_driver(self.name, self.login, self.options)
        made.traits = replace(made.traits, pace=replace(made.traits.pace, between=0.0))
        return made

    def cells(self, rng: random.Random) -> list[OrderCell]:
        if not self.plan:

            async def look() -> str:
                async with self.client() as client:
                    return next(one.id.raw for one in await client.catalogue.plans() if "micro" in one.name.raw.lower())

            self.plan = asyncio.run(look())
        return [self.cell(self.plan, "as-sold", rng.randint(1, 2))]
