"""What a session does by itself: connect, catch up, follow the feed, copy messages. Lives in the session's loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from billtui.client.errors import ClientError, SessionExpired
from billtui.client.pace import UNHURRIED
from billtui.config.errors import ConfigError
from billtui.services.session_asking import SomebodyElse
from billtui.services.session_events import ConnectionState, SignInNeeded, StoreTrouble, Unforeseen
from billtui.services.session_jobs import Touched
from billtui.services.session_keeping import SIGN_IN_REFUSED
from billtui.services.session_settings import NotSignedIn
from billtui.services.store import StoreDamaged, StoreUnavailable
from billtui.terminal.crash import describe_error

if TYPE_CHECKING:
    from billtui.services.session_core import SessionCore
    from billtui.services.sync import Sync

PAUSE = 1.0
"""Seconds, at least, between two looks at a panel without a feed."""
LOOK_SECONDS = 3.0
"""Between two looks, at least, at a panel that was gone, while somebody types."""
OWN_FAULT = "billtui met a fault of its own while catching up"


class Following:
    """Runs until cancelled, whatever the panel, the network or the disk does."""

    def __init__(
        self,
        core: SessionCore,
        spawn: Callable[[Coroutine[Any, Any, None]], None],
        reread: Callable[[Touched], Coroutine[Any, Any, None]],
    ) -> None:
        """``core`` is the session that is kept up to date; ``reread`` reads into the copy and raises nothing."""
        self._core = core
        self._spawn = spawn
        self._reread = reread
        self._wake = asyncio.Event()
        self._unforeseen: set[str] = set()
        self._looking = False
        self._looked = float("-inf")
        """When somebody's typing last had the panel looked at."""

    async def follow(self) -> None:
        """Connect, catch up, follow the feed; after trouble again, with pauses that grow."""
        UNHURRIED.set(True)
        pause = self._core.settings.retry_seconds
        while True:
            try:
                await self._core.connect()
                while True:
                    async with self._core.asking.as_now():
                        await self._once()
                    pause = self._core.settings.retry_seconds
            except SomebodyElse:
                await self._core.signed.wait()
            except SessionExpired as error:
                self._core.expired(error)
                await self._core.signed.wait()
            except (NotSignedIn, ConfigError, *SIGN_IN_REFUSED) as error:
                self._core.tell(SignInNeeded("expired" if self._core.account else "first", str(error)))
                self._core.health.show(ConnectionState.SIGNED_OUT, str(error))
                await self._core.signed.wait()
            except ClientError as error:
                await self._pause(self._core.health.waiting(error, pause))
                pause = min(pause * 2, self._core.settings.retry_most)
            except StoreDamaged:
                await self._pause(pause)
                pause = min(pause * 2, self._core.settings.retry_most)
            except (StoreUnavailable, OSError) as error:
                self._core.tell(StoreTrouble(f"The local copy cannot be written: {error}"))
                await self._pause(pause)
                pause = min(pause * 2, self._core.settings.retry_most)
            except Exception as error:  # noqa: BLE001 - the boundary: what is shown must not grow old unseen
                self._own_fault(error)
                retry_at = datetime.now(UTC) + timedelta(seconds=pause)
                self._core.health.show(ConnectionState.OFFLINE, OWN_FAULT, retry_at)
                await self._pause(pause)
                pause = min(pause * 2, self._core.settings.retry_most)

    def _own_fault(self, error: Exception) -> None:
        """Tell of a fault of our own, of each place once: it is met again at every try, and its words may differ."""
        places = "\n".join(describe_error(error))
        if places not in self._unforeseen:
            self._unforeseen.add(places)
            self._core.tell(Unforeseen(error))

    async def _once(self) -> None:
        """What came since the last time, or, without a feed, all lists."""
        sync = self._core.sync
        if sync is None or not self._core.signed_in:
            raise NotSignedIn("Nobody is signed in. Sign in first.")
        if not sync.has_feed:
            await self._look_at_times(sync)
            return
        if self._core.health.now.state is not ConnectionState.ONLINE:
            await sync.catch_up()
            self._core.online(0.0)
        await sync.follow(self._core.settings.poll_seconds)
        self._core.online(0.0)

    async def _look_at_times(self, sync: Sync) -> None:
        """A panel without a feed: its lists from time to time, by their age; what is not old yet is not asked for."""
        seconds = self._core.settings.refresh_seconds
        if not await sync.due_in(seconds):
            await sync.catch_up()
        self._core.online(0.0)
        await self._pause(max(await sync.due_in(seconds), min(seconds, PAUSE)))

    async def copy_messages(self) -> None:
        """Copy messages of tickets beside the following of the feed; after trouble again, with pauses that grow."""
        UNHURRIED.set(True)
        pause = self._core.settings.retry_seconds
        while True:
            await self._core.signed.wait()
            begun = monotonic()
            try:
                async with self._core.asking.as_now():
                    if self._core.sync is not None:
                        await self._core.sync.messages.keep_copying(self._core.now)
            except SomebodyElse:
                continue
            except (ClientError, StoreDamaged, StoreUnavailable, OSError):
                # What it means for the connection is found out, and told, by whoever follows the feed.
                if monotonic() - begun > self._core.settings.retry_most:
                    pause = self._core.settings.retry_seconds
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._core.settings.retry_most)
            except Exception as error:  # noqa: BLE001 - the boundary: other messages can still be copied later
                self._own_fault(error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._core.settings.retry_most)

    def heard(self) -> None:
        """The panel answered whatever it was asked, by whomever: where it was taken for gone, it is there again.

        What the background asks is left out: it tells by itself once all that it wanted is there, and a panel that
        answers half of it would else come and go.
        """
        if self._core.health.now.state is ConnectionState.OFFLINE and not UNHURRIED.get():
            self._core.online(0.0)
            self.wake()

    def typed(self) -> None:
        """Somebody types while nothing gets through to the panel: one small question finds out whether it does again.

        The pauses have grown while nobody looked. One question at a time, :data:`LOOK_SECONDS` apart; and only where
        somebody is signed in, so that nothing is asked of a keyring for it. In the session's loop.
        """
        health = self._core.health
        gone = health.now.state is ConnectionState.OFFLINE and health.unreachable and self._core.signed_in
        if gone and not self._looking and monotonic() - self._looked >= LOOK_SECONDS:
            self._looking = True
            self._spawn(self._look())

    async def _look(self) -> None:
        try:
            await self._reread(Touched())
        finally:
            self._looking, self._looked = False, monotonic()

    def wake(self) -> None:
        """Somebody asks the panel: do not wait any longer before the next try."""
        self._wake.set()

    async def _pause(self, seconds: float) -> None:
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()
