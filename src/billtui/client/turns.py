"""Whose turn it is at a panel: everything in this program that asks as one account, and other programs beside it.

The screens, the jobs and the verbs each have a client of their own; the panel counts them as one. So turns are handed
out for an account on a host: in this program by a queue that knows who waits, in whatever event loop; among programs by
locks on files in a directory that they share, which the kernel lets go of with the program.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from billtui.client.errors import MAX_RETRY_AFTER
from billtui.client.pace import UNHURRIED, UNSPARED, Pace

PATIENCE: Final = 30.0
"""Seconds that a request waits for other programs; then it goes without their leave: one of them may be stopped."""
_FIRST_LOOK, _LONGEST = 0.005, 0.05
_WRITING = 20
_FARTHEST = 2 * MAX_RETRY_AFTER
"""Seconds: an instant of a file that is farther away is of another start of this computer."""


@dataclass(slots=True, eq=False)
class _Turn:
    """One request's, waited for or had."""

    loop: asyncio.AbstractEventLoop
    given: asyncio.Future[None]
    unhurried: bool
    had: bool = False


@dataclass(slots=True, eq=False)
class Turns:
    """Hands out turns by a pace; first come, first served. Safe to use from several event loops.

    What a person waits for does not stand behind the copying of lists, which on a panel that takes ten seconds for each
    answer may go on for minutes: it goes first, and one place of those that there are is never taken by copying.
    """

    pace: Pace
    programs: Programs | None = None
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _had: set[_Turn] = field(default_factory=set)
    _asked: deque[_Turn] = field(default_factory=deque)
    """Who waits and is waited for by a person."""
    _copying: deque[_Turn] = field(default_factory=deque)
    _next: float = 0.0
    _held_until: float = 0.0

    @contextlib.asynccontextmanager
    async def turn(self, *, waits_for_news: bool = False) -> AsyncIterator[None]:
        """One request's turn; a long poll has its own at once."""
        if waits_for_news or self.pace == UNSPARED:
            yield
            return
        turn = await self._take(UNHURRIED.get())
        try:
            async with self._place_of(turn):
                if self.pace.between:
                    await asyncio.sleep(self._begin())
                yield
        finally:
            self._give_back(turn)

    # -- in this program

    async def _take(self, unhurried: bool) -> _Turn:
        loop = asyncio.get_running_loop()
        turn = _Turn(loop, loop.create_future(), unhurried)
        with self._guard:
            (self._copying if unhurried else self._asked).append(turn)
            self._hand_out()
        try:
            await turn.given
        except asyncio.CancelledError:
            self._give_back(turn)
            raise
        return turn

    def _give_back(self, turn: _Turn) -> None:
        with self._guard:
            self._had.discard(turn)
            with contextlib.suppress(ValueError):
                (self._copying if turn.unhurried else self._asked).remove(turn)
            self._hand_out()

    def _hand_out(self) -> None:
        """Give what is free to who is next. The guard is held."""
        most = self.pace.at_once or 1_000
        self._had -= {one for one in self._had if one.loop.is_closed()}
        while len(self._had) < most:
            copied = sum(one.unhurried for one in self._had)
            if self._asked:
                turn = self._asked.popleft()
            elif self._copying and copied < max(1, most - 1):
                turn = self._copying.popleft()
            else:
                return
            with contextlib.suppress(RuntimeError):  # its loop has ended: the next one
                turn.loop.call_soon_threadsafe(_wake, turn.given)
                self._had.add(turn)

    def _begin(self) -> float:
        """Seconds until this request may begin; the next one begins later."""
        with self._guard:
            now = time.monotonic()
            begin = max(now, self._next)
            if self.programs is not None:
                begin = self.programs.begin(begin, self.pace.between)
            self._next = begin + self.pace.between
            return max(0.0, begin - now)

    # -- among programs

    @contextlib.asynccontextmanager
    async def _place_of(self, turn: _Turn) -> AsyncIterator[None]:
        if self.programs is None or not self.pace.at_once:
            yield
            return
        held = await self.programs.place(self.pace.at_once, unhurried=turn.unhurried)
        try:
            yield
        finally:
            _close(held)

    # -- a pause that the panel asked for

    def hold(self, seconds: float) -> None:
        """The panel asked for a pause (``Retry-After``): nobody asks before it is over.

        A panel that is not spared means what was asked for by it (wrong recipients, wrong codes), not the account.
        """
        if self.pace == UNSPARED:
            return
        until = time.monotonic() + min(seconds, MAX_RETRY_AFTER)
        with self._guard:
            self._held_until = max(self._held_until, until)
        if self.programs is not None:
            self.programs.hold(until)

    def held(self) -> float:
        """Seconds that are left of such a pause."""
        until = self._held_until if self.programs is None else max(self._held_until, self.programs.held_until())
        return max(0.0, until - time.monotonic())


def _wake(given: asyncio.Future[None]) -> None:
    if not given.done():
        given.set_result(None)


@dataclass(frozen=True, slots=True)
class Programs:
    """The other programs of the same person that ask as the same account, seen by files in a directory they share.

    Where there is no directory, or a file system without locks, each program keeps the pace by itself.
    """

    folder: Path
    name: str

    async def place(self, count: int, *, unhurried: bool) -> int | None:
        """A descriptor that holds one of ``count`` places; ``None`` where the files cannot say, or for too long.

        Who is at the head of the line takes the next place that is free, so that no program goes twice before another
        once; those who copy lists leave the first place alone, and wait while anybody else does.
        """
        head: int | None = None
        pause, until = _FIRST_LOOK, time.monotonic() + PATIENCE
        places = [f"turn{number}" for number in range(1 if unhurried and count > 1 else 0, count)]
        try:
            while time.monotonic() < until:
                try:
                    if head is None:
                        head = self._lock("line-copying" if unhurried else "line")
                    if head is not None and not (unhurried and self._is_locked("line")):
                        for place in places:
                            if (held := self._lock(place)) is not None:
                                return held
                except OSError:
                    return None
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST)
            return None
        finally:
            _close(head)

    def begin(self, wanted: float, between: float) -> float:
        """When a request may begin that would like to at ``wanted`` (monotonic): ``between`` after the last one."""
        with self._noted() as noted:
            if noted is None:
                return wanted
            begin = max(wanted, noted[0])
            noted[0] = begin + between
            return begin

    def hold(self, until: float) -> None:
        """The panel asked for a pause."""
        with self._noted() as noted:
            if noted is not None:
                noted[1] = max(noted[1], until)

    def held_until(self) -> float:
        """Until when, as any program was asked to."""
        try:
            return _instants(self._path("pace").read_bytes())[1]
        except OSError:
            return 0.0

    @contextlib.contextmanager
    def _noted(self) -> Iterator[list[float] | None]:
        """The two instants that programs tell each other (the next beginning, the end of a pause), to be changed."""
        held: int | None = None
        with contextlib.suppress(OSError):
            for _ in range(_WRITING):  # another one may write at this moment: for microseconds, unless it was stopped
                if (held := self._lock("pace")) is not None:
                    break
                time.sleep(_FIRST_LOOK / _WRITING)
        if held is None:
            yield None
            return
        try:
            noted = _instants(os.pread(held, 100, 0))
            before = list(noted)
            yield noted
            if noted != before:
                os.pwrite(held, f"{noted[0]:020.4f} {noted[1]:020.4f}\n".encode(), 0)
        finally:
            _close(held)

    def _path(self, what: str) -> Path:
        return self.folder / f"{self.name}.{what}"

    def _lock(self, what: str) -> int | None:
        """A descriptor that holds it; ``None`` while somebody else does. Raises OSError."""
        descriptor = os.open(self._path(what), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def _is_locked(self, what: str) -> bool:
        held = self._lock(what)
        _close(held)
        return held is None


def _instants(text: bytes) -> list[float]:
    """Both, of this start of the computer; 0 for what is none."""
    latest, found = time.monotonic() + _FARTHEST, []
    for word in [*text.split(), b"", b""][:2]:
        try:
            instant = float(word)
        except ValueError:
            instant = 0.0
        found.append(instant if 0.0 <= instant <= latest else 0.0)
    return found


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        os.close(descriptor)


_shared: dict[tuple[str, Pace, Path | None], list[Turns]] = {}
"""One for each account on a host; as often in its list as there are clients that have it."""
_shared_guard = threading.Lock()


def shared_turns(account: str, pace: Pace, folder: Path | None) -> Turns:
    """The turns of ``account`` (address and login) for one more client; :func:`let_go` when it is closed."""
    key = account, pace, folder
    with _shared_guard:
        having = _shared.setdefault(key, [])
        if having:
            turns = having[0]
        else:
            name = sha256(account.encode("utf-8", "surrogatepass")).hexdigest()[:24]
            alone = folder is None or pace == UNSPARED
            turns = Turns(pace, None if alone or folder is None else Programs(folder, name))
        having.append(turns)
        return turns


def let_go(turns: Turns) -> None:
    """A client that had them is closed."""
    with _shared_guard:
        for key, having in list(_shared.items()):
            if turns in having:
                having.remove(turns)
                if not having:
                    del _shared[key]
                return
