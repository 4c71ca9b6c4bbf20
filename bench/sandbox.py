"""P-BOX: the reference panel over HTTP. Seeding, a page of a large list, durable payments, buying a thousand."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.harness import Benchmark, Figure, Yardsticks

API = "/api/v1"
PAGES = 150
PAYMENTS = 300
CLIENTS = 4
BULK_RUNS = 5


class Panel:
    """A running sandbox, and the first client's session in it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Reads the first line of ``process``, however long seeding takes."""
        assert process.stdout is not None
        hello = json.loads(process.stdout.readline())
        self.port = urlsplit(hello["url"]).port
        self._accounts = hello["accounts"]
        self.token = ""
        self.sign_in("client")

    def sign_in(self, role: str) -> None:
        """Go on as the first of a role."""
        account = next(one for one in self._accounts if one["role"] == role)
        body = {"login": account["login"], "password": account["password"]}
        self.token = self.call(self.connect(), "POST", f"{API}/sessions", body, signed_in=False)["token"]

    def connect(self) -> HTTPConnection:
        """A connection that stays open."""
        return HTTPConnection("127.0.0.1", self.port, timeout=120)

    def call(
        self, connection: HTTPConnection, method: str, path: str, body: Any = None, *, signed_in: bool = True
    ) -> Any:
        """One request; its JSON. Raises ``RuntimeError`` for anything but success."""
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if signed_in:
            headers["Authorization"] = f"Bearer {self.token}"
        if method != "GET":
            headers["Idempotency-Key"] = uuid.uuid4().hex
        connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
        return json.loads(content)


@contextmanager
def panel(file: Path, fleet: int, tickets: int = 0) -> Iterator[Panel]:
    """A sandbox of ``fleet`` orders in ``file``, with so many tickets beside the demo's own."""
    command = [sys.executable, "-m", "billtui.sandbox", "--port", "0", "--json", "--db", str(file)]
    command += ["--fleet", str(fleet), "--tickets", str(tickets)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield Panel(process)
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout is not None:
            process.stdout.close()


def seed(_: Yardsticks) -> list[Figure]:
    """From nothing to the first answer, with 10,000 orders."""
    with tempfile.TemporaryDirectory() as place:
        start = time.perf_counter()
        with panel(Path(place) / "panel.db", 10_000):
            seconds = time.perf_counter() - start
    return [Figure("P-BOX seed", "seed 10,000 orders, start and sign in", seconds, "s", budget=10, note="one run")]


def pages(_: Yardsticks) -> list[Figure]:
    """A page of 200 of 100,000, in the order of the list and in another one."""
    figures = []
    with tempfile.TemporaryDirectory() as place, panel(Path(place) / "panel.db", 100_000) as box:
        connection = box.connect()
        for sort in ("id", "-paid_until"):
            cursor, times = "", []
            for _page in range(PAGES):
                start = time.perf_counter()
                page = box.call(connection, "GET", f"{API}/orders?limit=200&sort={sort}{cursor}")
                times.append((time.perf_counter() - start) * 1000)
                cursor = f"&cursor={page['next_cursor']}"
            times.sort()
            p99 = times[int(len(times) * 0.99)]
            note = f"p50 {statistics.median(times):.1f} ms, {PAGES} pages"
            figures.append(
                Figure("P-BOX page", f"page of 200 of 100,000 by {sort}, p99", p99, "ms", budget=50, note=note)
            )
    return figures


_QUEUES = (
    ("all tickets", "support", "sort=-updated_at"),
    ("the queue by due time", "support", "state=open&sort=answer_due_at"),
    ("a client's own", "client", "sort=-updated_at"),
)


def tickets(_: Yardsticks) -> list[Figure]:
    """A page of 200 of 50,000 tickets, with places in the queue and what is at stake (TKT-7, TKT-10)."""
    figures = []
    with tempfile.TemporaryDirectory() as place, panel(Path(place) / "panel.db", 1_000, tickets=49_984) as box:
        for words, role, query in _QUEUES:
            box.sign_in(role)
            connection = box.connect()
            cursor, times = "", []
            for _page in range(PAGES):
                start = time.perf_counter()
                page = box.call(connection, "GET", f"{API}/tickets?limit=200&{query}{cursor}")
                times.append((time.perf_counter() - start) * 1000)
                cursor = "" if page["next_cursor"] is None else f"&cursor={page['next_cursor']}"
            times.sort()
            note = f"p50 {statistics.median(times):.1f} ms, {PAGES} pages"
            p99 = times[int(len(times) * 0.99)]
            figures.append(
                Figure("P-BOX tickets", f"page of 200 of 50,000, {words}, p99", p99, "ms", budget=50, note=note)
            )
    return figures


def payments(_: Yardsticks) -> list[Figure]:
    """Payments from a purse, each durable before it is answered, by some clients side by side."""
    with tempfile.TemporaryDirectory() as place, panel(Path(place) / "panel.db", 2_000) as box:
        connection = box.connect()
        much = {"amount": {"amount": "900000.00", "currency": "EUR"}, "method": "card"}
        top_up = box.call(connection, "POST", f"{API}/balance/top-ups", much)
        box.call(connection, "POST", f"/sandbox/provider/{top_up['payment']['id']}/settle", {})
        filters = "state=active&open_invoice=no&limit=500"
        invoices: list[Any] = []
        for order in box.call(connection, "GET", f"{API}/orders?{filters}")["items"]:
            wanted = {"kind": "renewal", "order_ids": [order["id"]], "period": 1}
            quote = box.call(connection, "POST", f"{API}/quotes", wanted)
            if not quote["lines"] or len(invoices) == PAYMENTS:  # some cannot be renewed now, and that is said
                continue
            bought = box.call(connection, "POST", f"{API}/renewals", {"quote_id": quote["id"]})
            invoices.append(bought["invoice"])

        def pay(part: list[Any]) -> None:
            own = box.connect()
            for invoice in part:
                body = {"method": "internal", "expected_total": invoice["total"]}
                box.call(own, "POST", f"{API}/invoices/{invoice['id']}/payments", body)

        threads = [threading.Thread(target=pay, args=(invoices[number::CLIENTS],)) for number in range(CLIENTS)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - start
        wrong = box.call(connection, "GET", "/sandbox/ledger?check=true")["problems"]
    if wrong:
        raise RuntimeError(f"the books are wrong: {wrong[:3]}")
    rate = len(invoices) / seconds
    note = f"{rate:.0f} a second, {len(invoices)} payments by {CLIENTS} clients"
    return [Figure("P-BOX pay", "one durable payment", 1000 / rate, "ms", budget=10, note=note)]


def buying(_: Yardsticks) -> list[Figure]:
    """A thousand servers with add-ons in one request: priced, bought, and quoted for renewal, over HTTP (BLK-7)."""
    quoting, orders, renewing = [], [], []
    with tempfile.TemporaryDirectory() as place, panel(Path(place) / "panel.db", 20_000) as box:
        connection = box.connect()
        plenty = [{"plan": "vds-micro", "location": location, "available": 100_000} for location in ("nl", "de", "uk")]
        box.call(connection, "POST", "/sandbox/catalogue", {"stock": plenty})
        cells = [
            {"plan": "vds-micro", "location": cell["location"], "quantity": count}
            for cell, count in zip(plenty, (400, 300, 300), strict=True)
        ]
        for number in range(BULK_RUNS):
            wish: dict[str, Any] = {"kind": "order", "cells": cells, "period": 1, "addons": ["backup"]}
            wish["names"] = f"b{number}-{{loc}}-{{n:03}}"
            start = time.perf_counter()
            quote = box.call(connection, "POST", f"{API}/quotes", wish)
            priced = time.perf_counter()
            bought = box.call(connection, "POST", f"{API}/orders", {"quote_id": quote["id"]})
            done = time.perf_counter()
            path = f"{API}/invoices/{bought['invoice']['id']}/payments"
            paid = box.call(connection, "POST", path, {"method": "card"})
            box.call(connection, "POST", f"/sandbox/provider/{paid['id']}/settle", {})
            renewal = {"kind": "renewal", "order_ids": [order["id"] for order in bought["orders"]], "period": 3}
            begin = time.perf_counter()
            lines = box.call(connection, "POST", f"{API}/quotes", renewal)["lines"]
            renewing.append(time.perf_counter() - begin)
            quoting.append(priced - start)
            orders.append(done - priced)
            if len(bought["orders"]) != 1_000 or len(lines) != 1_000:
                raise RuntimeError("not all of the thousand are there")
        wrong = box.call(connection, "GET", "/sandbox/ledger?check=true")["problems"]
    if wrong:
        raise RuntimeError(f"the books are wrong: {wrong[:3]}")
    note = f"median of {BULK_RUNS}, 20,000 orders in the panel"
    return [
        Figure("P-BOX buy", "quote of 1,000 new servers", statistics.median(quoting), "s", budget=0.3, note=note),
        Figure("P-BOX buy", "buying 1,000 servers, durable", statistics.median(orders), "s", budget=1, note=note),
        Figure("P-BOX buy", "quote of renewing 1,000", statistics.median(renewing), "s", budget=0.3, note=note),
    ]


def benchmarks() -> list[Benchmark]:
    """What P-BOX asks for."""
    return [
        Benchmark("sandbox-seed", seed, ("P-BOX seed",)),
        Benchmark("sandbox-pages", pages, ("P-BOX page",)),
        Benchmark("sandbox-tickets", tickets, ("P-BOX tickets",)),
        Benchmark("sandbox-payments", payments, ("P-BOX pay",)),
        Benchmark("sandbox-buying", buying, ("P-BOX buy",)),
    ]
