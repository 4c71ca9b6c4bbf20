"""The token of a client, how it goes with a request, and getting a new one once when it expired."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from billtui.client.errors import ConfigurationProblem

if TYPE_CHECKING:
    from pydantic import SecretStr

    from billtui.client.exchange import Exchange

Renewer = Callable[[], "Awaitable[SecretStr | None]"]
"""Asked for a new token when a read met an expired session; ``None`` means: there is none."""


@dataclass(slots=True)
class Credentials:
    """Holds the token. Many reads that expire together ask for one new token, not many."""

    token: SecretStr | None = field(default=None, repr=False)
    renewer: Renewer | None = field(default=None, repr=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def renew(self, used: SecretStr | None) -> bool:
        """Get a token other than ``used``; whether there is one now. What the renewer raises passes through."""
        if self.renewer is None:
            return False
        async with self._lock:
            if self.token != used:
                return self.token is not None
            fresh = await self.renewer()
            if fresh is None or fresh == used:
                return False
            self.token = fresh
            return True


def plain_token(token: SecretStr) -> str:
    """The token as it can stand in a header or a form. Raises :class:`ConfigurationProblem`."""
    text = token.get_secret_value()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise ConfigurationProblem("The stored token is not one that can be sent. Sign in again.")
    return text


def with_bearer(exchange: Exchange, token: SecretStr) -> Exchange:
    """``exchange`` with the token as a bearer's. Raises :class:`ConfigurationProblem`."""
    return with_header(exchange, "Authorization", f"Bearer {plain_token(token)}")


def with_basic(exchange: Exchange, user: str, token: SecretStr) -> Exchange:
    """``exchange`` with HTTP Basic, the token as the password of ``user``. Raises :class:`ConfigurationProblem`."""
    pair = b64encode(f"{user}:{plain_token(token)}".encode("ascii")).decode("ascii")
    return with_header(exchange, "Authorization", f"Basic {pair}")


def with_cookie(exchange: Exchange, name: str, token: SecretStr) -> Exchange:
    """``exchange`` with the token as a cookie. Raises :class:`ConfigurationProblem`."""
    text = plain_token(token)
    if any(char in text for char in ';,"\\'):
        raise ConfigurationProblem("The stored token is not one that can be sent. Sign in again.")
    return with_header(exchange, "Cookie", f"{name}={text}")


def with_header(exchange: Exchange, name: str, value: str) -> Exchange:
    """``exchange`` with one header more."""
    return replace(exchange, headers=(*exchange.headers, (name, value)))


def with_fields(exchange: Exchange, *fields: tuple[str, str | SecretStr]) -> Exchange:
    """``exchange`` with more fields in its form."""
    return replace(exchange, form=(*(exchange.form or ()), *fields))
