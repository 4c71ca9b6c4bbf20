"""What the tests of passwords, second factor, API keys and recovery share."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pyotp

from tests.support.panel import API, InProcessPanel, Json, SignedIn

NEW = "quite another phrase"


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    return answer.status_code, answer.json()["code"]


def password_of(who: SignedIn) -> str:
    return str(who.account["password"])


async def sign_in(panel: InProcessPanel, login: str, password: str, totp: str | None = None) -> httpx.Response:
    body = {"login": login, "password": password} | ({} if totp is None else {"totp": totp})
    return await panel.http.post(f"{API}/sessions", json=body)


async def mails(panel: InProcessPanel, event: str) -> list[Json]:
    found: list[Json] = (await panel.http.get("/sandbox/mail")).json()["items"]
    return [mail for mail in found if mail["event"] == event]


async def new_key(who: SignedIn, **wish: Any) -> Json:
    """A fresh key: ``key`` and ``secret``."""
    answer = await who.post("/me/api-keys", {"label": "ci", "current_password": password_of(who), **wish})
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


async def keyed(who: SignedIn, **wish: Any) -> SignedIn:
    """The same account, let in by an API key."""
    return SignedIn(who.http, (await new_key(who, **wish))["secret"], who.account)


def device_code(secret: str, *, later: int = 0) -> str:
    """What the device shows, ``later`` steps of 30 seconds from now (the next one is accepted already)."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * later)


async def with_second_factor(who: SignedIn) -> tuple[str, list[str]]:
    """Turn the second factor on: its secret, and the recovery codes."""
    begun = await who.post("/me/totp", {"action": "begin", "current_password": password_of(who)})
    assert begun.status_code == 200, begun.text
    secret = begun.json()["secret"]
    body = {"action": "confirm", "current_password": password_of(who), "code": device_code(secret)}
    confirmed = await who.post("/me/totp", body)
    assert confirmed.status_code == 200, confirmed.text
    return secret, confirmed.json()["codes"]
