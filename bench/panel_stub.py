"""A panel of lists and payments: pages made beforehand, each answer held back for a while. A process of its own.

``python -m bench.panel_stub ORDERS MILLISECONDS`` prints its port and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = 500
HEAD_CREATED = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
ROLES = ("web", "db", "cache", "mail", "build")
LOCATIONS = ("nl", "de", "us", "fr", "gb", "pl", "cz", "ca", "sg", "jp", "hk", "il", "lv")


def stamp(instant: datetime) -> str:
    """An instant as on the wire."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def order(number: int) -> dict[str, Any]:
    """One order of a list, as long as real ones are."""
    return {
        "id": f"{100_000 + number}",
        "name": f"{ROLES[number % 5]}-{number:06}.{LOCATIONS[number % 13]}.example.net",
        "kind": "vds",
        "plan": f"vds-{('micro', 'small', 'medium', 'large')[number % 4]}",
        "location": LOCATIONS[number % 13],
        "address": f"198.51.{number // 250 % 250}.{number % 250}",
        "state": "active",
        "power": "on",
        "created_at": stamp(NOW - timedelta(days=number % 900)),
        "paid_until": stamp(NOW + timedelta(minutes=number * 7919 % 500_000)),
        "monthly_price": {"amount": f"{number % 90 + 4}.50", "currency": "EUR"},
        "discount_percent": str(number % 20),
        "auto_renew": {"on": number % 3 == 0, "months": 1},
        "billing_day": number % 28 + 1,
        "in_use_since": stamp(NOW - timedelta(days=number % 900)),
        "unpaid_invoice_id": None,
        "transfer_id": None,
        "actions": [],
        "version": 1,
    }


ACCOUNT = {
    "panel_id": "bench",
    "account_id": "1",
    "login": "bench",
    "email": "bench@example.net",
    "currency": "EUR",
    "balances": {
        "internal": {"amount": "5000.00", "currency": "EUR"},
        "affiliate": {"amount": "0.00", "currency": "EUR"},
    },
    "capabilities": ["changes", "operations", "invoices.pay"],
}


def invoice(number: str) -> dict[str, Any]:
    """An unpaid invoice over 1.00."""
    return {
        "id": number,
        "number": number,
        "kind": "renewal",
        "state": "unpaid",
        "issued_at": stamp(NOW),
        "due_at": stamp(NOW + timedelta(days=7)),
        "total": {"amount": "1.00", "currency": "EUR"},
        "line_count": 1,
        "title": f"Renewal of web-{number}",
        "version": 1,
    }


def invoices(query: dict[str, list[str]]) -> bytes:
    """The invoices asked for by id."""
    items = [invoice(number) for number in query.get("id", [])]
    return json.dumps({"items": items, "next_cursor": None, "total": len(items)}).encode()


def payment(number: str) -> bytes:
    """An invoice of this number was paid."""
    paid = {"id": f"p{number}", "invoice_id": number, "method": "internal", "state": "done"}
    return json.dumps(paid | {"amount": {"amount": "1.00", "currency": "EUR"}}).encode()


def page(orders: int, at: int) -> bytes:
    """One page of the list of orders."""
    items = [order(number) for number in range(at, min(at + PAGE, orders))]
    more = str(at + PAGE) if at + PAGE < orders else None
    return json.dumps({"items": items, "next_cursor": more, "total": orders}).encode()


async def serve(orders: int, held: float) -> None:
    """Answer until standard input ends."""
    pages = {at: page(orders, at) for at in range(0, max(orders, 1), PAGE)}

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if length := re.search(rb"(?i)content-length: (\d+)", head):
                    await reader.readexactly(int(length[1]))
                target = urlsplit(head.split(b" ", 2)[1].decode())
                query = parse_qs(target.query)
                path = target.path.removeprefix("/api/v1")
                paid = re.fullmatch("/invoices/([^/]+)/payments", path)
                await asyncio.sleep(held)
                if path == "/orders":
                    body = pages[int(query.get("cursor", ["0"])[0])]
                elif path == "/invoices":
                    body = invoices(query)
                elif paid:
                    body = payment(paid[1])
                elif path == "/me":
                    body = json.dumps(ACCOUNT).encode()
                elif path == "/changes":
                    await asyncio.sleep(float(query.get("wait", ["0"])[0]))
                    body = b'{"items": [], "cursor": "1"}'
                else:
                    body = b'{"items": [], "next_cursor": null, "total": 0}'
                writer.write((HEAD_CREATED if paid else HEAD) % len(body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(client, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]) / 1000))
