"""When sessions and API keys were last used, without a write for each read.

A use is noted in memory and goes to the file with the next transaction that writes anyway, and when the panel ends.
A panel that is killed forgets the uses since then: they are shown for information only.
"""

from __future__ import annotations

import threading
from typing import Literal

from sqlalchemy import Connection

from billtui.sandbox.engine.wire import SECOND

Door = Literal["sessions", "api_keys"]
"""The tables with a ``last_used_at``."""


_MINUTE = 60 * SECOND


class LastUse:
    """The uses that are not in the file yet; use from any thread."""

    def __init__(self) -> None:
        """None yet."""
        self._lock = threading.Lock()
        self._noted: dict[tuple[Door, str], int] = {}

    @property
    def pending(self) -> bool:
        """Whether there is something that the file does not know."""
        return bool(self._noted)

    def note(self, door: Door, door_id: str, at: int, kept: int | None) -> None:
        """It was used at ``at``, panel time in microseconds; uses within the same minute are one.

        So looking twice at a list of sessions finds the same list (304). ``kept`` is what the file says.
        """
        latest = self.latest(door, door_id, kept)
        if latest is None or at - latest >= _MINUTE:
            with self._lock:
                self._noted[door, door_id] = at

    def latest(self, door: Door, door_id: str, kept: int | None) -> int | None:
        """The last use, ``kept`` being what the file says."""
        noted = self._noted.get((door, door_id))
        return kept if noted is None else max(noted, kept or noted)

    def write(self, conn: Connection) -> None:
        """Put what was noted into the file, in the transaction of ``conn``."""
        with self._lock:
            noted, self._noted = self._noted, {}
        for (door, door_id), at in noted.items():
            conn.exec_driver_sql(
                f"UPDATE {door} SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?", (at, door_id)
            )
