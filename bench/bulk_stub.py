"""A panel that only takes payments and holds each answer: what P-BULK is measured against. Prints its port."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any
from urllib.parse import parse_qs

PAID: set[str] = set()


def _money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def _invoice(number: str) -> dict[str, Any]:
    state = "paid" if number in PAID else "unpaid"
    return {
        "id": number, "number": number, "kind": "renewal", "state": state, "issued_at": "2026-11-23T10:00:00Z",
        "total": _money("10.00"), "version": 1,
    }  # fmt: skip


class Panel(asyncio.Protocol):
    """One connection."""

    def __init__(self, hold: float) -> None:
        self._hold = hold
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].decode()
            length = 0
            for line in head.split("\r\n")[1:]:
                if line.lower().startswith("content-length:"):
                    length = int(line.split(":")[1])
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            method, target, _ = head.split("\r\n")[0].split(" ")
            self._answer(method, target.removeprefix("/api/v1/"), body)

    def _answer(self, method: str, target: str, body: bytes) -> None:
        path, _, query = target.partition("?")
        parts = path.split("/")
        if path == "me":
            balances = {"internal": _money("1000000.00"), "affiliate": _money("0.00")}
            self._send({"panel_id": "stub", "account_id": "1001", "login": "x", "email": "x", "balances": balances})
        elif method == "GET" and query:
            items = [_invoice(number) for number in parse_qs(query).get("id", [])]
            self._send({"items": items, "next_cursor": None, "total": len(items)})
        elif method == "GET":
            self._send(_invoice(parts[1]))
        else:
            PAID.add(parts[1])
            payment = {"id": f"p{parts[1]}", "invoice_id": parts[1], "method": json.loads(body)["method"]}
            answer = payment | {"state": "done", "amount": _money("10.00")}
            asyncio.get_running_loop().call_later(self._hold, self._send, answer, 201)

    def _send(self, answer: dict[str, Any], status: int = 200) -> None:
        content = json.dumps(answer).encode()
        close = b"Connection: close\r\n" if status == 201 else b""
        head = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % (status, len(content))
        self._transport.write(head + close + b"\r\n" + content)
        if close:
            self._transport.close()


async def main(hold: float) -> None:
    """Serve until the end of standard input."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Panel(hold), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1])))
