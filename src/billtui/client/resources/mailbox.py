"""The sandbox's mails; a real panel sends them, and has no such place."""

from __future__ import annotations

from dataclasses import dataclass

from billtui.client.resources.resource import Resource
from billtui.domain.models import Mail


@dataclass(frozen=True, slots=True)
class Mailbox(Resource):
    """``client.mailbox``"""

    async def list(self, to: str | None = None) -> list[Mail]:
        """Mails so far, oldest first; to one address, or all. Raises ``CapabilityMissing`` on a real panel."""
        return await self.client.run(self._driver.mails(to))
