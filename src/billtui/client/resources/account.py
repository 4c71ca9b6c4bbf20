"""Who is signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from billtui.client.resources.resource import Resource
from billtui.domain.models import Account


@dataclass(frozen=True, slots=True)
class AccountResource(Resource):
    """``client.account``"""

    learn: Callable[[Account], None]
    """Tells the client what the account can do."""

    async def me(self) -> Account:
        """The account of the session, its purses and capabilities (ACC-1)."""
        account = await self.client.run(self._driver.me())
        self.learn(account)
        return account
