"""Forecasts for screens: worked out beside the loop, kept until the copy changes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from billtui.services.forecast import Event, Forecast, What, forecast_from
from billtui.services.session import Session
from billtui.services.store import StoreReader

AT_ONCE = 1_500
"""Up to so many orders the forecast is there before the next frame; more of them are worked out in a thread."""
MOST_ROWS = 20_000
"""So many events are listed; beyond, renewals that succeed are left away first."""
_FRESH, _FRESH_MANY = 60, 900
"""Seconds after which a forecast is worked out anew although nothing changed; less often where it takes long."""
_PLAIN = frozenset({What.RENEWED_INTERNAL, What.RENEWED_AFFILIATE})


class Agenda(NamedTuple):
    """The rows of an agenda, and how many events were left away to keep it readable."""

    rows: list[Event]
    left_away: int


class _Key(NamedTuple):
    path: Path | None
    generation: int
    days: int
    turn: int


class ForecastDesk:
    """One for a screen and those that it opens. Keeps a forecast for each horizon."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[_Key, Forecast | None]] = {}
        self._working = asyncio.Lock()

    def is_quick(self, session: Session) -> bool:
        """Whether the forecast takes less than a frame."""
        return session.store.counts()["order"] <= AT_ONCE

    def now(self, session: Session, days: int) -> Forecast | None:
        """The forecast at once; for few orders only. ``None`` before an account is known."""
        key = self._key_of(session, days)
        kept = self._kept.get(days)
        if kept is None or kept[0] != key:
            kept = self._kept[days] = (key, forecast_from(session.store, session.now(), days, zone=None))
        return kept[1]

    async def later(self, session: Session, days: int) -> Forecast | None:
        """The forecast from a thread of its own, which reads the copy over its own connection.

        One at a time: who comes meanwhile gets one that was begun after it came, however many came.
        """
        async with self._working:
            key = self._key_of(session, days, _FRESH_MANY)
            kept = self._kept.get(days)
            if kept is None or kept[0] != key:
                made = await asyncio.to_thread(_work, session.store.path, session.now(), datetime.now(UTC), days)
                self._kept = {n: one for n, one in self._kept.items() if one[0].generation == key.generation}
                kept = self._kept[days] = (key, made)
            return kept[1]

    @staticmethod
    def _key_of(session: Session, days: int, fresh: int = _FRESH) -> _Key:
        store = session.store
        return _Key(store.path, store.generation(), days, int(session.now().timestamp()) // fresh)


def _work(path: Path | None, now: datetime, clock: datetime, days: int) -> Forecast | None:
    reader = StoreReader(path)
    try:
        return forecast_from(reader, now, days, clock=clock, zone=None)
    finally:
        reader.close()


def agenda_of(made: Forecast, span: tuple[int, int] | None = None) -> Agenda:
    """What is listed of a forecast, or of a span of it; for many orders to be called in a thread."""
    total = len(made) if span is None else made.count(*span)
    first, last = (None, None) if span is None else span
    kinds = None if total <= MOST_ROWS or span is not None else frozenset(What) - _PLAIN
    rows = list(islice(made.events(first, last, kinds), MOST_ROWS))
    return Agenda(rows, total - len(rows))
