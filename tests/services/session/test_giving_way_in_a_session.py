"""Copying gives way to keys where nobody waits for it, and to nobody where somebody does (P-SYNC)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest

from billtui.client.pace import UNHURRIED
from billtui.services import giving_way, sync_lists
from billtui.services.session import Session
from billtui.services.session_events import SyncProgress
from billtui.services.sync import Sync
from tests.services.session.test_session_sandbox import session_at
from tests.support.listening import until
from tests.support.sandbox import SandboxProcess

StartSandbox = Callable[..., SandboxProcess]
LONG = 240.0
"""Seconds: longer than a test waits for anything."""


def sync_of(session: Session) -> Sync:
    sync = session._core.sync
    assert sync is not None
    return sync


def types_on(session: Session, monkeypatch: pytest.MonkeyPatch, *, pause: float) -> None:
    """From now on somebody types without a rest, and each page of a list stands back for so many seconds."""
    monkeypatch.setattr(giving_way, "SHORT", 0.0)
    monkeypatch.setattr(giving_way, "PAUSE", pause)
    monkeypatch.setattr(sync_lists, "PAGE", 25)
    session._core.way._typed_at = float("inf")


async def test_what_somebody_waits_for_does_not_stand_back(
    own_sandbox: StartSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys typed while the lists are read would each hold them up, and with them whoever asked for them."""
    async with session_at(own_sandbox(), tmp_path, background=False) as (session, _):
        await session.connect()
        types_on(session, monkeypatch, pause=LONG)
        async with asyncio.timeout(LONG / 2):
            await session.refresh(full=True)
        assert session._core.way.given == 0
        assert session.store.is_complete


async def test_what_stands_back_already_goes_on_where_somebody_comes_to_wait_for_it(
    own_sandbox: StartSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with session_at(own_sandbox(), tmp_path, background=False) as (session, events):
        await session.connect()
        types_on(session, monkeypatch, pause=LONG)

        async def copied() -> None:
            UNHURRIED.set(True)  # as whoever keeps the copy up to date by itself
            await sync_of(session).catch_up(full=True)

        copying = session._threads.submit(copied())
        await until(lambda: session._core.way._pausing > 0)
        async with asyncio.timeout(LONG / 2):
            await session.refresh()
        assert copying.done() and session.store.is_complete
        assert events.of(SyncProgress)[-1].done


async def test_a_panel_is_not_left_alone_for_what_its_lists_stood_back(
    own_sandbox: StartSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A panel without a feed rests for ten times as long as its lists take: a minute of typing made ten of old rows."""
    async with session_at(own_sandbox(), tmp_path, background=False) as (session, _):
        await session.connect()
        types_on(session, monkeypatch, pause=0.3)
        sync, way = sync_of(session), session._core.way

        async def copied() -> float:
            UNHURRIED.set(True)
            began = monotonic()
            await sync.catch_up(full=True)
            return monotonic() - began

        took = await asyncio.wrap_future(session._threads.submit(copied()))
        assert way.given >= 0.3
        assert sync._took <= took - way.given
