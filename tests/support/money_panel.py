"""A panel that knows just enough of the Billing API to take money, break in every way, and count what it really did.

It keeps an idempotency table like a real panel, and beside it a record of every effect, which no client can see: the
tests' verdicts come from there. Faults are scripted per request: before the effect, after it, or instead of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self
from urllib.parse import parse_qs

from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionSettings
from billtui.domain.models import Account, Invoice, Order
from tests.support.money_shop import Shop

Json = dict[str, Any]
NOW = "2026-11-23T10:00:00Z"
UNTIL = "2026-11-24T10:00:00Z"

FAULTS_BEFORE = ("drop-before", "500-before", "503-before", "html-before", "hang-before")
"""The work is not done."""
FAULTS_AFTER = (
    "drop-after",
    "500-after",
    "html-after",
    "garble-after",
    "truncate-after",
    "hang-after",
    "wrong-id-after",
)
"""The work is done and the answer is lost or useless."""
NOT_EXECUTED = ("429", "401")
FAULTS = FAULTS_BEFORE + FAULTS_AFTER + NOT_EXECUTED


@dataclass
class Fault:
    """Breaks the next ``times`` requests whose ``METHOD path`` contains ``match``."""

    kind: str
    match: str = "POST"
    times: int = 1


@dataclass
class Effect:
    """Something that really happened."""

    kind: str
    target: str
    key: str
    at: float = field(default_factory=time.monotonic)


@dataclass
class MoneyPanel(Shop):
    """Runs in a thread of its own; use it with ``with``."""

    latency: float = 0.0
    """Seconds that each answer to a write is held."""
    token: str = "token"
    balance: Decimal = Decimal("100000.00")
    invoices: dict[str, Json] = field(default_factory=dict)
    orders: dict[str, Json] = field(default_factory=dict)
    operations: dict[str, tuple[str, int, Json]] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    running: set[str] = field(default_factory=set)
    """Keys that ``GET /operations`` calls running."""
    on_request: Callable[[str], None] | None = None
    """Called when a request has arrived, before anything is done."""
    on_effect: Callable[[str], None] | None = None
    """Called when a write was done, before its answer is sent."""
    quotes: dict[str, Json] = field(default_factory=dict)
    account_id: str = "1001"
    offline: bool = False
    port: int = 0
    connections: int = 0

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._release = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._release.set()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    # -- what tests arrange and ask -----------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, **settings: Any) -> BillingClient:
        """A client as the executor uses it; impatient, so that hanging answers do not hold a test up."""
        known: Json = {"read_deadline": 1.5, "write_deadline": 0.4, "tries": 2, "retry_base": 0.01} | settings
        return BillingClient(ConnectionSettings(self.url, **known), SecretStr(self.token))

    def add_invoices(self, count: int, *, total: str = "10.00", state: str = "unpaid", start: int = 1) -> list[Invoice]:
        """Invoices ``start`` …, also as models."""
        for number in range(start, start + count):
            self.invoices[str(number)] = {
                "id": str(number), "number": str(number), "kind": "renewal", "state": state, "issued_at": NOW,
                "due_at": UNTIL, "total": _money(total), "lines": [], "combined_from": [], "version": 1,
            }  # fmt: skip
        return self.models(range(start, start + count))

    def models(self, numbers: Iterable[int | str]) -> list[Invoice]:
        return [Invoice.model_validate(self.invoices[str(number)]) for number in numbers]

    def add_orders(self, count: int, *, price: str = "5.00") -> list[Order]:
        for number in range(1, count + 1):
            self.orders[str(number)] = {
                "id": str(number), "name": f"vds-{number}", "kind": "vds", "plan": "vds-micro", "location": "nl",
                "state": "active", "created_at": NOW, "paid_until": UNTIL, "monthly_price": _money(price),
                "auto_renew": {"on": False, "months": 1}, "version": 1,
            }  # fmt: skip
        return [Order.model_validate(self.orders[str(number)]) for number in range(1, count + 1)]

    def account(self) -> Account:
        return Account.model_validate(self._me())

    def paid(self) -> Counter[str]:
        """How often each invoice was really paid."""
        return Counter(effect.target for effect in self.effects if effect.kind == "pay")

    def writes(self) -> list[str]:
        """Requests that could change something, in order."""
        return [one for one in self.requests if not one.startswith("GET") and "/quotes" not in one]

    def forget(self, key: str) -> None:
        """Forget an operation, as after 30 days."""
        self.operations.pop(key, None)

    def release_hanging(self) -> None:
        """Let hanging requests go."""
        self._release.set()

    # -- the server ---------------------------------------------------------------------------------------------------

    async def _serve(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._lines: set[asyncio.Task[Any]] = set()
        server = await asyncio.start_server(self._line, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._stop.wait()
        server.close()
        for task in set(self._lines):
            task.cancel()

    async def _line(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        self.connections += 1
        try:
            while await self._request(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._lines.discard(task)
            with contextlib.suppress(OSError):
                writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            return False
        lines = head.split("\r\n")
        method, target, _ = lines[0].split(" ")
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        path, _, query = target.removeprefix("/api/v1").partition("?")
        what = f"{method} {path}"
        self.requests.append(what)
        if self.on_request is not None:
            self.on_request(what)
        fault = self._fault(what)
        await self._hold(fault)
        write = method != "GET" and path != "/quotes"
        if self.offline:
            _reset(writer)
            return False
        if fault in FAULTS_BEFORE or fault in NOT_EXECUTED or fault == "422-before":
            return await self._broken(writer, fault)
        status, answer = self._answer(method, path, query, headers, body)
        if write and self.on_effect is not None:
            self.on_effect(what)
        if write and self.latency:
            await asyncio.sleep(self.latency)
        if fault == "wrong-id-after":
            answer = answer | {"invoice_id": "999999", "id": "999999"}
        elif fault is not None:
            return await self._broken(writer, fault)
        await _send(writer, status, json.dumps(answer).encode())
        return headers.get("connection") != "close"

    def _fault(self, what: str) -> str | None:
        for fault in self.faults:
            if fault.times > 0 and fault.match in what:
                fault.times -= 1
                return fault.kind
        return None

    async def _hold(self, fault: str | None) -> None:
        """Before a request that has arrived is looked at; for panels that take their time."""

    async def _broken(self, writer: asyncio.StreamWriter, fault: str) -> bool:
        match fault.split("-")[0]:
            case "drop":
                _reset(writer)
            case "500":
                await _send(writer, 500, b'{"title": "trouble", "status": 500}', "application/problem+json")
            case "503":
                await _send(writer, 503, b'{"title": "busy", "status": 503}', "application/problem+json")
            case "422":
                await _send(
                    writer, 422, b'{"title": "no", "status": 422, "code": "refused"}', "application/problem+json"
                )
            case "html":
                await _send(writer, 200, b"<html><b>Welcome to the hotel</b></html>", "text/html")
            case "garble":
                await _send(writer, 200, b'{"id": "\x00\xff')
            case "truncate":
                writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"id"')
                await writer.drain()
            case "hang":
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.to_thread(self._release.wait, 3), 3)
            case "429":
                body = b'{"title": "slow down", "status": 429, "code": "rate-limited"}'
                await _send(writer, 429, body, "application/problem+json", "Retry-After: 0\r\n")
            case "401":
                body = b'{"title": "over", "status": 401, "code": "session-expired"}'
                await _send(writer, 401, body, "application/problem+json")
        return False

    # -- the panel ----------------------------------------------------------------------------------------------------

    def _answer(self, method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, Json]:
        if headers.get("authorization") != f"Bearer {self.token}":
            return 401, _problem(401, "session-expired")
        parts = path.strip("/").split("/")
        if method == "GET":
            return self._read(parts, parse_qs(query))
        if path == "/quotes":
            return self._quoted(json.loads(body))
        key = headers.get("idempotency-key", "")
        print_of_it = f"{method} {path} {body.decode()}"
        known = self.operations.get(key)
        if known is not None:
            if known[0] != print_of_it:
                return 422, _problem(422, "idempotency-key-reused")
            return known[1], known[2]
        status, answer = self._write(method, parts, json.loads(body or b"{}"), key, headers)
        if key:
            answer = json.loads(json.dumps(answer))  # as it was then, whatever changes later
            self.operations[key] = (print_of_it, status, answer)
        return status, answer

    def _read(self, parts: list[str], query: dict[str, list[str]]) -> tuple[int, Json]:
        match parts:
            case ["me"]:
                return 200, self._me()
            case ["invoices" | "orders" as kind]:
                rows = self.invoices if kind == "invoices" else self.orders
                found = [rows[one] for one in query.get("id", []) if one in rows]
                return 200, {"items": found, "next_cursor": None, "total": len(found)}
            case ["invoices", number] if number in self.invoices:
                return 200, self.invoices[number]
            case ["orders", number] if number in self.orders:
                return 200, self.orders[number]
            case ["operations", key]:
                return 200, self._status(key)
        return 404, _problem(404, "not-found")

    def _status(self, key: str) -> Json:
        if key in self.running:
            return {"state": "running"}
        known = self.operations.get(key)
        if known is None:
            return {"state": "never-seen"}
        if known[1] >= 400:
            return {"state": "refused", "status": known[1], "problem": known[2]}
        return {"state": "done", "status": known[1], "answer": known[2]}

    def _me(self) -> Json:
        return {
            "panel_id": "stub", "account_id": self.account_id, "login": "olena.marsh", "email": "o@example.org",
            "panel_name": "Stub panel", "currency": "EUR",
            "balances": {"internal": _money(self.balance), "affiliate": _money("50.00")},
        }  # fmt: skip

    def _write(self, method: str, parts: list[str], body: Json, key: str, headers: dict[str, str]) -> tuple[int, Json]:
        match (method, *parts):
            case ("POST", "invoices", "combine"):
                return self._combine(body, key)
            case ("POST", "invoices", number, "payments"):
                return self._pay(number, body, key)
            case ("POST", "invoices", number, "split"):
                return self._split(number, key)
            case ("DELETE", "invoices", number):
                return self._delete(number, key, headers)
            case ("POST", "renewals"):
                return self._renew(body, key)
            case ("POST", "orders"):
                return self._order(body, key)
            case ("POST", "addons"):
                return self._addons(body, key)
            case ("PATCH", "orders", number):
                return self._patch(number, body, key, headers)
            case ("POST", "orders", number, "actions"):
                self.effects.append(Effect("action", number, key))
                return 200, self.orders[number]
            case ("POST", "balance", "top-ups"):
                return self._top_up(body, key)
            case ("POST", "balance", "moves"):
                self.effects.append(Effect("move", "purse", key))
                line = {"id": "1", "at": NOW, "account_id": self.account_id, "purse": "internal", "kind": "move"}
                return 201, {"balances": self._me()["balances"], "items": [line | {"amount": body["amount"]}]}
        return 404, _problem(404, "not-found")

    def _pay(self, number: str, body: Json, key: str) -> tuple[int, Json]:
        invoice = self.invoices[number]
        if invoice["state"] not in ("unpaid", "overdue", "promised"):
            return 409, _problem(409, "already-paid", "INV-4")
        if body.get("expected_total") not in (None, invoice["total"]):
            return 409, _problem(409, "price-changed", "DSC-8")
        amount = Decimal(invoice["total"]["amount"])
        if body["method"] == "internal":
            if self.balance < amount:
                return 409, _problem(409, "insufficient-funds", "ACC-4")
            self.balance -= amount
        invoice["state"] = "promised" if body["method"] == "promise" else "paid"
        invoice["version"] += 1
        if invoice["kind"] == "new-order":
            for line in invoice["lines"]:
                self.orders[line["order_id"]].update(state="active", unpaid_invoice_id=None)
        self.effects.append(Effect("pay", number, key))
        return 201, {
            "id": f"p{len(self.effects)}", "invoice_id": number, "method": body["method"], "state": "done",
            "amount": invoice["total"],
        }  # fmt: skip

    def _delete(self, number: str, key: str, headers: dict[str, str]) -> tuple[int, Json]:
        invoice = self.invoices[number]
        if headers.get("if-match", f'"{invoice["version"]}"').strip('"') != str(invoice["version"]):
            return 412, _problem(412, "version-mismatch")
        if invoice["state"] != "unpaid":
            return 409, _problem(409, "not-unpaid", "INV-5")
        invoice["state"] = "deleted"
        invoice["version"] += 1
        self.effects.append(Effect("delete", number, key))
        return 200, invoice

    def _combine(self, body: Json, key: str) -> tuple[int, Json]:
        parts = [self.invoices[one] for one in body["invoice_ids"]]
        if any(one["state"] != "unpaid" for one in parts):
            return 409, _problem(409, "not-unpaid", "INV-6")
        total = sum((Decimal(one["total"]["amount"]) for one in parts), Decimal(0))
        [model] = self.add_invoices(1, total=f"{total:.2f}", start=len(self.invoices) + 1)
        new = self.invoices[model.id.raw]
        new["combined_from"] = body["invoice_ids"]
        for one in parts:
            one.update(state="combined", combined_into=new["id"], version=one["version"] + 1)
        self.effects.append(Effect("combine", new["id"], key))
        return 201, new

    def _split(self, number: str, key: str) -> tuple[int, Json]:
        parts = [self.invoices[one] for one in self.invoices[number]["combined_from"]]
        for one in parts:
            one.update(state="unpaid", combined_into=None, version=one["version"] + 1)
        self.invoices[number]["state"] = "deleted"
        self.effects.append(Effect("split", number, key))
        return 200, {"items": parts}

    def _quoted(self, body: Json) -> tuple[int, Json]:
        if body["kind"] == "renewal":
            return 200, self._quote(body)
        if body["kind"] == "addon":
            return 200, self._keep_quote(self.price_addons(body, self.orders), body)
        running = sum(1 for one in self.orders.values() if one["state"] == "active")
        priced = self.price_cells(body, running)
        if isinstance(priced, tuple):
            return priced[0], _problem(*priced)
        return 200, self._keep_quote(priced, body)

    def _keep_quote(self, quote: Json, asked: Json) -> Json:
        total = sum((Decimal(line["amount"]["amount"]) for line in quote["lines"]), Decimal(0))
        quote |= {"id": f"q{len(self.quotes) + 1}", "total": _money(total), "expires_at": "2036-01-01T00:00:00Z"}
        self.quotes[quote["id"]] = quote | {"asked": asked}
        return quote

    def _order(self, body: Json, key: str) -> tuple[int, Json]:
        """Everything on one invoice, or nothing at all (BLK-1, BLK-6)."""
        quote = self.quotes[body["quote_id"]]
        status, fresh = self._quoted(quote["asked"])
        if status != 200:
            return status, fresh
        if body["expected_total"] != quote["total"] or fresh["lines"] != quote["lines"]:
            return 409, _problem(409, "price-changed", "DSC-8")
        if quote["promo_code"] is not None:
            self.codes[quote["promo_code"]] -= 1
        number = str(len(self.invoices) + 1)
        self.add_invoices(1, total=quote["total"]["amount"], start=int(number))
        lines, new = [], []
        for line in quote["lines"]:
            self.stock[f"{line['plan']}@{line['location']}"] -= line["quantity"]
            for _ in range(line["quantity"]):
                order = {
                    "id": str(len(self.orders) + 1), "name": f"new-{len(self.orders) + 1}", "kind": "vds",
                    "plan": line["plan"], "location": line["location"], "state": "pending", "created_at": NOW,
                    "paid_until": UNTIL, "monthly_price": _money(self.prices[line["plan"]]), "version": 1,
                    "unpaid_invoice_id": number,
                }  # fmt: skip
                self.orders[str(order["id"])] = order
                new.append(order)
                lines.append({
                    "order_id": order["id"], "title": order["name"], "list_price": line["unit_amount"],
                    "amount": line["unit_amount"],
                })  # fmt: skip
        self.invoices[number].update(kind="new-order", lines=lines)
        self.effects.append(Effect("order", number, key))
        return 201, {"invoice": self.invoices[number], "orders": new}

    def _addons(self, body: Json, key: str) -> tuple[int, Json]:
        quote = self.quotes[body["quote_id"]]
        if body["expected_total"] != quote["total"]:
            return 409, _problem(409, "price-changed", "DSC-8")
        number = str(len(self.invoices) + 1)
        self.add_invoices(1, total=quote["total"]["amount"], start=int(number))
        self.invoices[number].update(kind="addon", lines=quote["lines"])
        self.effects.append(Effect("addons", number, key))
        return 201, {"invoice": self.invoices[number]}

    def _quote(self, body: Json) -> Json:
        lines, excluded = [], []
        for number in body["order_ids"]:
            order = self.orders[number]
            if order.get("unpaid_invoice_id"):
                why = {
                    "code": "open-invoice",
                    "rule": "REN-2",
                    "reason": f"Invoice {order['unpaid_invoice_id']} is open.",
                }
                excluded.append({"order_id": number, **why})
                continue
            amount = Decimal(order["monthly_price"]["amount"]) * body["period"]
            lines.append({
                "order_id": number, "title": order["name"], "months": body["period"], "list_price": _money(amount),
                "amount": _money(amount), "paid_until": order["paid_until"],
            })  # fmt: skip
        total = sum((Decimal(line["amount"]["amount"]) for line in lines), Decimal(0))
        quote: Json = {
            "id": f"q{len(self.quotes) + 1}", "kind": "renewal", "lines": lines, "total": _money(total),
            "excluded": excluded, "expires_at": "2036-01-01T00:00:00Z",
        }  # fmt: skip
        self.quotes[quote["id"]] = quote
        return quote

    def _renew(self, body: Json, key: str) -> tuple[int, Json]:
        quote = self.quotes[body["quote_id"]]
        if body["expected_total"] != quote["total"]:
            return 409, _problem(409, "price-changed", "DSC-8")
        if any(self.orders[line["order_id"]].get("unpaid_invoice_id") for line in quote["lines"]):
            return 409, _problem(409, "open-invoice", "REN-2")
        number = str(len(self.invoices) + 1)
        self.add_invoices(1, total=quote["total"]["amount"], start=int(number))
        self.invoices[number]["lines"] = quote["lines"]
        for line in quote["lines"]:
            self.orders[line["order_id"]]["unpaid_invoice_id"] = number
        self.effects.append(Effect("renew", ",".join(line["order_id"] for line in quote["lines"]), key))
        return 201, {"invoice": self.invoices[number]}

    def _patch(self, number: str, body: Json, key: str, headers: dict[str, str]) -> tuple[int, Json]:
        order = self.orders[number]
        if headers.get("if-match", f'"{order["version"]}"').strip('"') != str(order["version"]):
            return 412, _problem(412, "version-mismatch")
        order.update(body, version=order["version"] + 1)
        self.effects.append(Effect("patch", number, key))
        return 200, order

    def _top_up(self, body: Json, key: str) -> tuple[int, Json]:
        [model] = self.add_invoices(1, total=body["amount"]["amount"], start=len(self.invoices) + 1)
        invoice = self.invoices[model.id.raw]
        invoice["kind"] = "top-up"
        self.effects.append(Effect("top-up", invoice["id"], key))
        payment = {"id": "t1", "invoice_id": invoice["id"], "method": body["method"], "state": "pending"}
        return 201, {"invoice": invoice, "payment": payment | {"amount": body["amount"]}}


def eventually(condition: Callable[[], bool], what: str, seconds: float = 10.0) -> None:
    """Wait until ``condition`` holds; fails with ``what`` when it does not come true in time."""
    until = time.monotonic() + seconds
    step = threading.Event()
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"did not happen within {seconds} s: {what}")
        step.wait(0.005)


def _money(amount: str | Decimal) -> Json:
    return {"amount": f"{Decimal(amount):.2f}", "currency": "EUR"}


def _problem(status: int, code: str, rule: str | None = None) -> Json:
    return {
        "type": "about:blank",
        "title": code,
        "detail": f"Refused: {code}.",
        "status": status,
        "code": code,
        "rule": rule,
    }


async def _send(
    writer: asyncio.StreamWriter, status: int, body: bytes, kind: str | None = None, extra: str = ""
) -> None:
    content = kind or ("application/json" if status < 400 else "application/problem+json")
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    line = writer.get_extra_info("socket")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
