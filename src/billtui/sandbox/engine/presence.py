"""Who is on which ticket at this moment: advice, never a lock, and nothing that outlives the process (TKT-9).

Kept in memory and by real time: a colleague who is gone for 30 seconds is gone, wherever the panel's clock is moved to.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from billtui.domain.models.tickets import Doing
from billtui.sandbox.engine.wire import SECOND, instant_json
from billtui.sandbox.engine.wire_tickets import PresenceJSON

LASTS = 30 * SECOND
"""How long somebody who says nothing more counts as there."""


@dataclass(slots=True)
class _There:
    login: str
    doing: str
    since: int
    until: int


class Presences:
    """Colleagues by ticket; used from any thread."""

    def __init__(self, real_time: Callable[[], int]) -> None:
        """``real_time`` gives microseconds since the epoch."""
        self._real_time = real_time
        self._guard = threading.Lock()
        self._there: dict[int, dict[int, _There]] = {}

    def note(self, ticket_id: int, account_id: int, login: str, doing: str, at: int) -> list[PresenceJSON]:
        """Somebody reads, writes or leaves, at the panel's instant ``at``; the answer says who else is there."""
        now = self._real_time()
        with self._guard:
            on_it = self._there.setdefault(ticket_id, {})
            before = on_it.pop(account_id, None)
            if doing != Doing.LEFT:
                goes_on = before is not None and before.until > now and before.doing == doing
                since = before.since if before is not None and goes_on else at
                on_it[account_id] = _There(login, doing, since, now + LASTS)
            return self._others(ticket_id, account_id, now)

    def others(self, ticket_id: int, account_id: int) -> list[PresenceJSON]:
        """Who is on a ticket besides this account, in the order in which they came."""
        with self._guard:
            return self._others(ticket_id, account_id, self._real_time())

    def clear(self) -> None:
        """Nobody is anywhere (after a reset)."""
        with self._guard:
            self._there.clear()

    def _others(self, ticket_id: int, account_id: int, now: int) -> list[PresenceJSON]:
        on_it = self._there.get(ticket_id, {})
        for gone in [who for who, one in on_it.items() if one.until <= now]:
            del on_it[gone]
        if not on_it:
            self._there.pop(ticket_id, None)
        shown = sorted((one for who, one in on_it.items() if who != account_id), key=lambda one: one.since)
        return [{"login": one.login, "doing": one.doing, "since": instant_json(one.since)} for one in shown]
