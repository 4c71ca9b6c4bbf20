"""A sandbox that is asked in the dialect of BILLmanager."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionLost, ConnectionSettings
from billtui.client.drivers.kinds import make_driver
from billtui.client.exchange import Answer, Exchange, Kind
from billtui.client.transport import Transport
from tests.support.sandbox import SandboxProcess, sound_panel


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One sandbox for the tests of a file, without faults at first; its books are right at the end."""
    with sound_panel(tmp_path_factory.mktemp("billmanager") / "panel.db", fleet=60) as server:
        yield server


def opened(shop: SandboxProcess, login: str = "", **options: str) -> BillingClient:
    """A client of the sandbox, not signed in yet."""
    settings = ConnectionSettings(f"{shop.url}/billmgr", read_deadline=20, write_deadline=20, retry_base=0.001)
    return BillingClient(settings, driver=make_driver("billmanager", login, options))


@pytest.fixture
async def client(shop: SandboxProcess) -> AsyncIterator[BillingClient]:
    """Signed in as the owner of the fleet, with an empty basket and no faults."""
    shop.faults()
    shop.call("POST", "/sandbox/billmgr", {"quirks": []})
    owner = shop.account()
    async with opened(shop, owner["login"]) as ours:
        await ours.sessions.sign_in(owner["login"], SecretStr(owner["password"]))
        await emptied(ours)
        yield ours
        shop.faults()
        await emptied(ours)


Lose = Callable[..., None]
REFUSAL = b'{"doc":{"error":{"$type":"value","$object":"datacenter","msg":{"$":"It is sold out."}}}}'


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Lose:
    """``lose(arrives=True, number=1)``: the answer of so many-th write from now on is lost, and no other one."""
    real = Transport.send
    left = 0
    lost_after, refuses = False, False

    async def send(self: Transport, exchange: Exchange, token: SecretStr | None, deadline: float) -> Answer:
        nonlocal left
        if exchange.kind is not Kind.WRITE or not left:
            return await real(self, exchange, token, deadline)
        left -= 1
        if left:
            return await real(self, exchange, token, deadline)
        if refuses:
            return Answer(200, "text/plain", REFUSAL, len(REFUSAL))
        if lost_after:
            await real(self, exchange, token, deadline)
        raise ConnectionLost("The line broke.")

    monkeypatch.setattr(Transport, "send", send)

    def begin(*, arrives: bool, number: int = 1, refused: bool = False) -> None:
        nonlocal left, lost_after, refuses
        left, lost_after, refuses = number, arrives, refused

    return begin


async def emptied(client: BillingClient) -> None:
    """Take out of basket and cart what an earlier test left."""
    from tests.client.billmanager.kit import write

    for invoice in (await client.invoices.list(limit=1)).items:
        if ":" in invoice.id:
            await client.invoices.delete(invoice.id, write())
