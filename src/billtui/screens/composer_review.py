"""The review while somebody writes: beside the interface's loop, one at a time, always of the newest text (TKT-2)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from billtui.screens.base import BilltuiScreen
from billtui.services.store import StoreReader
from billtui.services.ticket_review import (
    FOR_STAFF,
    Finding,
    Known,
    KnownOrder,
    SetDepartment,
    TicketDraft,
    review,
)
from billtui.services.ticket_review.lexicon import lexicon

PAUSE: Final = 0.3
"""Seconds from a key to the review of what it made."""


def orders_known(path: Path) -> Known:
    """The account's orders of the copy at ``path``, as far as a text can name them. Not in the interface's loop."""
    reader = StoreReader(path)
    try:
        rows = reader.orders()
        return Known(tuple(KnownOrder(row.id, row.name, (row.address,) if row.address else ()) for row in rows))
    finally:
        reader.close()


class Reviewer:
    """Reviews what ``read`` gives, whenever it is told of a change, and hands the findings to ``show``."""

    def __init__(
        self, screen: BilltuiScreen, read: Callable[[], TicketDraft], show: Callable[[Sequence[Finding]], None],
        *, staff: bool = False,
    ) -> None:  # fmt: skip
        """``staff`` answers: only what hurts anybody is said then."""
        self._screen = screen
        self._read = read
        self._show = show
        self._staff = staff
        self.known = Known()
        self.draft: TicketDraft | None = None
        """What the findings are about."""
        self.findings: tuple[Finding, ...] = ()
        self._waiting = False
        self._lock = asyncio.Lock()

    async def begin(self, path: Path | None) -> None:
        """Read the tables of words and the account's orders in a thread, then review for the first time."""
        await asyncio.to_thread(lexicon)
        if path is not None and not self._staff:
            self.known = await asyncio.to_thread(orders_known, path)
        await self.now()

    def soon(self) -> None:
        """Something changed: review it in a moment, once for all that changes until then."""
        if not self._waiting:
            self._waiting = True
            self._screen.set_timer(PAUSE, self._begin)

    def _begin(self) -> None:
        self._waiting = False
        if self._screen.is_attached:
            self._screen.guarded(self.now())

    async def now(self) -> tuple[Finding, ...]:
        """The findings of the text as it stands; at once where nothing changed since the last time."""
        async with self._lock:
            draft = self._read()
            if draft != self.draft:
                found = await asyncio.to_thread(review, draft, self.known)
                if self._staff:
                    found = [one for one in found if one.id in FOR_STAFF]
                self.draft, self.findings = draft, tuple(found)
            self._show(self.findings)
            return self.findings

    @property
    def proposed(self) -> str | None:
        """The department that the text belongs to, where it is another one."""
        fixes = [one.fix for one in self.findings if isinstance(one.fix, SetDepartment)]
        return fixes[0].department if fixes else None


def same_again(old: Finding, before: Sequence[Finding], now: Sequence[Finding]) -> Finding | None:
    """The finding of the present text that ``old``, of an earlier one, has become; ``None`` where it is gone.

    It is the one of the same kind at the same place among those of its kind.
    """
    place = [one for one in before if one.id == old.id].index(old)
    alike = [one for one in now if one.id == old.id]
    if len(alike) <= place:
        return None
    return alike[place] if type(alike[place].fix) is type(old.fix) else None
