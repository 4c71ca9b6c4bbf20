"""What became of a write."""

from __future__ import annotations

from dataclasses import dataclass

from billtui.client.resources.resource import Resource
from billtui.domain.models import OperationStatus


@dataclass(frozen=True, slots=True)
class Operations(Resource):
    """``client.operations``"""

    async def status(self, key: str) -> OperationStatus:
        """The state of the write sent with this idempotency key: never-seen, running, done or refused."""
        return await self.client.run(self._driver.operation(key))
