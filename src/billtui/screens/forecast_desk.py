"""Forecasts for screens: worked out beside the loop, kept until the copy changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeAlias, TypeVar

from billtui.screens.collector import give_back
from billtui.services.overview import Ahead, look_ahead
from billtui.services.store import StoreReader, TransferRow
from billtui.services.transfers import turn_of

if TYPE_CHECKING:
    from billtui.domain.policy import Policy
    from billtui.services.forecast import Event, Forecast
    from billtui.services.session import Session

T = TypeVar("T")
AT_ONCE = 1_500
"""Up to so many orders the forecast is there before the next frame; more of them are worked out in a thread."""
MOST_ROWS = 20_000
"""So many events are listed; beyond, renewals that succeed are left away first."""
_FRESH, _FRESH_MANY = 60, 900
"""Seconds after which a forecast is worked out anew although nothing changed; less often where it takes long."""
PAUSE = 3.0
"""Seconds between two of the same while the copy keeps changing."""


class Agenda(NamedTuple):
    """The rows of an agenda, and how many events were left away to keep it readable."""

    rows: list[Event]
    left_away: int


class _Key(NamedTuple):
    path: Path | None
    generation: int
    days: int
    turn: int


Work: TypeAlias = Callable[[StoreReader, datetime, datetime, int, "Policy"], T]
"""What is worked out of a copy: at the panel's time, at this computer's, for so many days, by these rules."""


class Desk(Generic[T]):
    """Works something out of the copy for a screen and those that it opens, and keeps it for each horizon."""

    def __init__(self, work: Work[T], pause: float = PAUSE, fresh_many: int = _FRESH_MANY) -> None:
        """``pause``: seconds of rest before the same is worked out anew; ``fresh_many``: it is good for so many."""
        self._work, self._pause, self._fresh_many = work, pause, fresh_many
        self._kept: dict[int, tuple[_Key, T]] = {}
        self._made_at: dict[int, float] = {}
        self._working = asyncio.Lock()

    def is_quick(self, session: Session) -> bool:
        """Whether it takes less than a frame."""
        return session.store.counts()["order"] <= AT_ONCE

    def now(self, session: Session, days: int) -> T:
        """At once; for few orders only."""
        key = self._key_of(session, days)
        kept = self._kept.get(days)
        if kept is None or kept[0] != key:
            kept = self._kept[days] = (key, self._made(session.store, session, days))
        return kept[1]

    def last(self, days: int) -> T | None:
        """What was worked out last, however old it is."""
        kept = self._kept.get(days)
        return None if kept is None else kept[1]

    def is_fresh(self, session: Session, days: int) -> bool:
        """Whether that is still what the copy says."""
        kept = self._kept.get(days)
        return kept is not None and kept[0] == self._key_of(session, days, self._fresh_many)

    async def later(self, session: Session, days: int) -> T:
        """From a thread of its own, which reads the copy over its own connection.

        One at a time: who comes meanwhile gets one that was begun after it came, however many came. While the copy
        keeps changing, as it does under a job, it rests between two of the same.
        """
        while True:
            async with self._working:
                key = self._key_of(session, days, self._fresh_many)
                kept = self._kept.get(days)
                if kept is not None and kept[0] == key:
                    return kept[1]
                rest = self._made_at.get(days, 0.0) + self._pause - time.monotonic()
                if kept is None or kept[0].path != key.path or rest <= 0:
                    made = await asyncio.to_thread(self._read, session, days)
                    self._kept = {n: one for n, one in self._kept.items() if one[0].generation == key.generation}
                    self._kept[days] = (key, made)
                    self._made_at[days] = time.monotonic()
                    return made
            await asyncio.sleep(rest)
            if session.closed:
                return kept[1]

    def _made(self, store: StoreReader, session: Session, days: int) -> T:
        return self._work(store, session.now(), datetime.now(UTC), days, session.policy)

    def _read(self, session: Session, days: int) -> T:
        reader = StoreReader(session.store.path)
        try:
            return self._made(reader, session, days)
        finally:
            reader.close()
            give_back()

    @staticmethod
    def _key_of(session: Session, days: int, fresh: int = _FRESH) -> _Key:
        store = session.store
        return _Key(store.path, store.generation(), days, int(session.now().timestamp()) // fresh)


class ForecastDesk(Desk["Forecast | None"]):
    """Forecasts; ``None`` before an account is known."""

    def __init__(self, pause: float = PAUSE) -> None:
        """``pause``: seconds of rest between two of the same horizon."""
        super().__init__(_forecast, pause)


class AheadDesk(Desk[Ahead]):
    """What the overview says of auto-renewal."""

    def __init__(self) -> None:
        """Good for a minute."""
        super().__init__(_ahead, fresh_many=_FRESH)


def _forecast(store: StoreReader, now: datetime, clock: datetime, days: int, policy: Policy) -> Forecast | None:
    from billtui.services.forecast import forecast_from

    return forecast_from(store, now, days, clock=clock, zone=None, policy=policy)


def _ahead(store: StoreReader, now: datetime, clock: datetime, days: int, policy: Policy) -> Ahead:
    return look_ahead(store, now, policy)


def agenda_of(made: Forecast, span: tuple[int, int] | None = None) -> Agenda:
    """What is listed of a forecast, or of a span of it; for many orders to be called in a thread."""
    from billtui.services.forecast import What

    plain = {What.RENEWED_INTERNAL, What.RENEWED_AFFILIATE}
    total = len(made) if span is None else made.count(*span)
    first, last = (None, None) if span is None else span
    kinds = None if total <= MOST_ROWS or span is not None else frozenset(What) - plain
    rows = list(islice(made.events(first, last, kinds), MOST_ROWS))
    return Agenda(rows, total - len(rows))


def with_transfers(
    rows: list[Event], running: Sequence[TransferRow], span: tuple[int, int] | None, made: Forecast
) -> list[Event]:
    """``rows`` and the transfers of ``running`` that expire in the same time (TRF-3).

    One that auto-renewal or the end of the paid period cancels before (TRF-6) is told of there.
    """
    from billtui.services.forecast import Event, What

    first, last = span if span is not None else (made.now, made.until)
    cancelled = {one.order_id for one in rows if one.ends_transfer}
    found = [
        Event(
            -1, row.expires_at, What.TRANSFER_EXPIRES, "", "", row.order_name or row.order_id, 0, 0, False,
            transfer_id=row.id, waits_for=f"{'you' if turn.yours else row.counterparty} {turn.words}",
        )
        for row in running
        if row.expires_at is not None and first <= row.expires_at <= last
        and row.order_id not in cancelled and (turn := turn_of(row)) is not None
    ]  # fmt: skip
    return sorted([*rows, *found], key=lambda one: (one.at, one.n)) if found else rows
