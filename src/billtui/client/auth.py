"""The token of a client, and getting a new one once when it expired."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import SecretStr

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
