"""The feed of what changed."""

from __future__ import annotations

from dataclasses import dataclass

from billtui.client.resources.resource import Resource
from billtui.domain.models import ChangeFeed


@dataclass(frozen=True, slots=True)
class Changes(Resource):
    """``client.changes``"""

    async def cursor(self) -> str:
        """The present position. Take it **before** loading the lists, then nothing is missed."""
        return (await self.client.run(self._driver.changes(None, 0))).cursor

    async def after(self, cursor: str, wait: int = 0) -> ChangeFeed:
        """What changed after ``cursor``; with ``wait`` (seconds, at most 15) the answer waits until something did.

        Raises ``CursorExpired``: everything must be loaded afresh. A long poll is not repeated by itself.
        """
        return await self.client.run(self._driver.changes(cursor, wait))
