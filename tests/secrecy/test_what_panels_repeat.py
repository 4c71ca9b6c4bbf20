"""Each kind of panel repeats all it was sent, in every spelling: nothing that a call raises or gives holds a secret."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from pydantic import SecretStr

from billtui.client import BillingClient, ClientError, ConnectionSettings, Write
from billtui.client.drivers.kinds import make_driver
from billtui.client.pace import UNSPARED
from billtui.domain.money import Money
from tests.client.panel_stub import PanelStub
from tests.secrecy.canaries import Canaries
from tests.secrecy.echoing import PLACES, SPELLINGS, echoing

PASSWORD, TOTP, NEWER = 'Cnry7-pa"ss/w<o>rd&+é-55aa', "Cnry7-totp-918273", "Cnry7-newer=pass word-77bb"
LOGIN = "olena.marsh"
TOKENS = {
    "billing_v1": "Cnry7-bearer-7f3a91c2d4",
    "billmanager": "cnry7e55a0b1c2d3e4",
    "fossbilling": "session:cnry7abc0123456789abcdef",
    "fossbilling by key": "Cnry7k3yOfAlice0001",
    "rootpanel": "Cnry7-KEY-0f1e2d3c4b",
    "billmanager by authinfo": "Cnry7authinfo9f:é",
}
"""Way of signing in → what goes with each call."""
OPTIONS = {"billmanager by authinfo": {"sign_in": "authinfo"}}
CALLS: tuple[Callable[[BillingClient], Awaitable[object]], ...] = (
    lambda client: client.account.me(),
    lambda client: client.orders.get("vds:1"),
    lambda client: client.account.change_password(SecretStr(PASSWORD), SecretStr(NEWER)),
    lambda client: client.invoices.pay("5531", "internal", Money("12.50", "EUR"), Write("k-1")),
    lambda client: client.sessions.sign_in(LOGIN, SecretStr(PASSWORD), SecretStr(TOTP)),
    lambda client: client.sessions.sign_out(),
)


def everything_of(error: BaseException | None) -> str:
    """Its words, and those of what it came from."""
    found: list[str] = []
    while error is not None:
        found += [str(error), repr(error), repr(vars(error))]
        if problem := getattr(error, "problem", None):
            found += [repr(problem), problem.model_dump_json()]
        error = getattr(error, "cause_error", None) or error.__cause__
    return "\n".join(found)


@pytest.mark.parametrize("way", TOKENS)
async def test_no_secret_comes_back(way: str) -> None:
    kind = way.partition(" ")[0]
    canaries = Canaries()
    for name, value in (("password", PASSWORD), ("totp", TOTP), ("newer", NEWER)):
        canaries.plant(name, value)
    token = TOKENS[way]
    canaries.plant("token", token.removeprefix("session:"))
    leaks: list[tuple[str, str, set[str]]] = []
    for place in PLACES:
        for spelling in SPELLINGS:
            async with PanelStub(echoing(kind, place, spelling)) as panel:
                driver = make_driver(kind, LOGIN, OPTIONS.get(way, {}))
                driver.traits = replace(driver.traits, pace=UNSPARED)
                settings = ConnectionSettings(panel.url, tries=1, read_deadline=5, write_deadline=5)
                async with BillingClient(settings, SecretStr(token), driver=driver) as client:
                    for call in CALLS:
                        client.token = SecretStr(token)
                        try:
                            said = repr(await call(client))
                        except ClientError as error:
                            said = everything_of(error)
                        if found := canaries.found_in(said.encode("utf-8", "backslashreplace")):
                            leaks.append((place, spelling, found))
                assert panel.seen
    assert leaks == []
