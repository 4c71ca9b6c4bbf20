"""The reference panel in this process: its HTTP surface through ASGI, without a port.

The panel itself is imported by the fixtures only: tests of other parts do not wait for it.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import slow_hashes

if TYPE_CHECKING:
    import httpx
    from fastapi import FastAPI

    from billtui.sandbox.database import Database

Json = dict[str, Any]
API = "/api/v1"
FLEET = 40


@dataclass
class SignedIn:
    """Requests of one account; paths are below ``/api/v1``, a write gets a fresh idempotency key unless given one."""

    http: httpx.AsyncClient
    token: str
    account: Json

    async def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> httpx.Response:
        """GET with query parameters."""
        return await self.http.get(API + path, params=params, headers=self._headers(headers))

    async def write(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        if_match: str | int | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """A write with its key."""
        sent = self._headers(headers)
        sent["Idempotency-Key"] = key or uuid.uuid4().hex
        if if_match is not None:
            sent["If-Match"] = str(if_match)
        return await self.http.request(method, API + path, json=body, headers=sent)

    async def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """POST with a key."""
        return await self.write("POST", path, body, **options)

    async def patch(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """PATCH with a key."""
        return await self.write("PATCH", path, body, **options)

    async def delete(self, path: str, **options: Any) -> httpx.Response:
        """DELETE with a key."""
        return await self.write("DELETE", path, **options)

    async def items(self, path: str, **params: Any) -> list[Json]:
        """Every item of a list, over all its pages."""
        found: list[Json] = []
        while True:
            answer = await self.get(path, **params)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            params["cursor"] = page["next_cursor"]

    def _headers(self, more: dict[str, str] | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} | (more or {})


@dataclass
class InProcessPanel:
    """A panel of a test's own, in this process."""

    database: Database
    app: FastAPI
    http: httpx.AsyncClient

    @property
    def accounts(self) -> list[Json]:
        """Who can sign in."""
        return self.database.seed_accounts()

    def account(self, role: str = "client", number: int = 0) -> Json:
        """The ``number``-th account of a role."""
        return [account for account in self.accounts if account["role"] == role][number]

    async def sign_in(self, role: str = "client", number: int = 0) -> SignedIn:
        """Sign an account in over HTTP."""
        account = self.account(role, number)
        body = {"login": account["login"], "password": account["password"]}
        if "totp_secret" in account:
            import pyotp

            body["totp"] = pyotp.TOTP(account["totp_secret"]).now()
        answer = await self.http.post(f"{API}/sessions", json=body)
        assert answer.status_code == 201, answer.text
        return SignedIn(self.http, answer.json()["token"], account)

    async def advance(self, *, seconds: int = 0, hours: int = 0, days: int = 0) -> str:
        """Let time pass."""
        answer = await self.http.post("/sandbox/clock", json={"advance": seconds + hours * 3600 + days * 86_400})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["now"])

    async def faults(self, *faults: Json, seed: int = 0) -> None:
        """Replace the faults."""
        answer = await self.http.post("/sandbox/faults", json={"seed": seed, "faults": list(faults)})
        assert answer.status_code == 200, answer.text


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A freshly seeded database, to be copied."""
    from billtui.sandbox.database import Database

    file = tmp_path_factory.mktemp("seed") / "panel.db"
    Database.open(file, seed=1, fleet=FLEET).close()
    return file


@pytest.fixture
async def panel(seeded_file: Path, tmp_path: Path) -> AsyncIterator[InProcessPanel]:
    """A panel with the demo's seed; its books are checked after the test."""
    import httpx

    from billtui.sandbox.database import Database
    from billtui.sandbox.engine.books import check_books
    from billtui.sandbox.http.app import create_app

    file = tmp_path / "panel.db"
    for part in seeded_file.parent.glob("panel.db*"):
        shutil.copy(part, tmp_path / part.name)
    database = Database.open(file)
    app = create_app(database)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        yield InProcessPanel(database, app, http)
    with database.read() as tx:
        problems = check_books(tx.conn)
    app.state.panel.close()
    database.close()
    assert problems == []


@pytest.fixture
async def client(panel: InProcessPanel) -> SignedIn:
    """The first client, who owns the fleet."""
    return await panel.sign_in()


@pytest.fixture
async def other(panel: InProcessPanel) -> SignedIn:
    """The second client."""
    return await panel.sign_in(number=1)


@pytest.fixture
def hashes_worked_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every slow hash takes its time here, the same one again as well: for those who measure it."""
    monkeypatch.setattr(hashlib, "scrypt", slow_hashes.worked_out())
