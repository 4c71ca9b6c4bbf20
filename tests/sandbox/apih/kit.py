"""A client of the gateway as its wire document has it, and nothing of billtui's own driver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.panel import InProcessPanel

Json = dict[str, Any]


@dataclass
class Gateway:
    """One POST for one operation."""

    http: httpx.AsyncClient
    login: str
    apikey: str
    url: str = "/apih.php"

    async def raw(self, command: str, *, json: str = "1", **fields: str) -> httpx.Response:
        """The answer as it came."""
        data = {"command": command, "login": self.login, "apikey": self.apikey, **fields}
        if json:
            data["json"] = json
        return await self.http.post(self.url, data=data)

    async def ask(self, command: str, **fields: str) -> Json:
        """The answer, success or error: HTTP 200 for both."""
        answer = await self.raw(command, **fields)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        assert found["status"] in ("SUCCESS", "ERROR")
        return found

    async def ok(self, command: str, **fields: str) -> Json:
        """An answer that is no error."""
        found = await self.ask(command, **fields)
        assert found["status"] == "SUCCESS", found
        return found

    async def error(self, command: str, **fields: str) -> tuple[str, str]:
        """Code and words of an error."""
        found = await self.ask(command, **fields)
        assert found["status"] == "ERROR", found
        return found["errorCode"], found["errorMsg"]

    async def orders(self, **fields: str) -> dict[str, Json]:
        """Orders by id."""
        return {one["orderid"]: one for one in (await self.ok("getOrders", **fields))["orders"]}


async def with_key(panel: InProcessPanel, role: str = "client", number: int = 0, **wish: Any) -> Gateway:
    """A gateway client with a new API key of an account."""
    signed = await panel.sign_in(role, number)
    body = {"label": "gateway", "current_password": signed.account["password"], **wish}
    answer = await signed.post("/me/api-keys", body)
    assert answer.status_code == 201, answer.text
    return Gateway(panel.http, signed.account["login"], answer.json()["secret"])


def php(text: bytes) -> Any:
    """What PHP's ``unserialize()`` makes of it; arrays as dicts."""
    value, rest = _php(text)
    assert not rest
    return value


def _php(text: bytes) -> tuple[Any, bytes]:
    kind = text[:1]
    if kind == b"N":
        return None, text[2:]
    size, _, rest = text[2:].partition(b":" if kind in b"sa" else b";")
    if kind == b"i":
        return int(size), rest
    count = int(size)
    if kind == b"s":
        assert rest[:1] == b'"' and rest[count + 1 : count + 3] == b'";'
        return rest[1 : count + 1].decode(), rest[count + 3 :]
    assert kind == b"a" and rest[:1] == b"{"
    rest, found = rest[1:], {}
    for _ in range(count):
        key, rest = _php(rest)
        found[key], rest = _php(rest)
    assert rest[:1] == b"}"
    return found, rest[1:]
