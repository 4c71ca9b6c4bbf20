"""Reading the pages of lists away from the loop that asks for them, so that the next page is on its way meanwhile.

A thread does it; of a long list it hands them to a process (:mod:`billtui.services.page_process`), as what a thread
does takes turns with the interface's. Where that process cannot be had, or fails, the thread goes on by itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import marshal
import os
import pickle
import select
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from billtui.client.codec import UnreadableAnswer
from billtui.client.unread import UnreadPage
from billtui.services.page_process import ANSWER, HEAD, JOB, READY, ROWS, head_of, rows_of
from billtui.services.session_thread import Worker
from billtui.services.store.prepared import Kind, Prepared

BESIDE_FROM: Final = 2_500
"""Rows of a list from which a process is started for it: it takes a third of a second to be ready."""
PATIENCE: Final = 30.0
"""Seconds after which a process that says nothing is given up."""
OURS: Final = "BILLTUI_"
"""What the environment says to billtui itself, which may be a password or a token: the process is not told."""
_CHUNK: Final = 1024 * 1024


class Head(NamedTuple):
    """What is known of a page before its rows are read."""

    size: int
    """Rows on it."""
    next_cursor: str | None
    total: int | None


@dataclass(frozen=True, slots=True)
class Arriving:
    """A page of which is known where the next one begins; its rows are being read."""

    head: Head
    rows: asyncio.Task[Prepared]
    """Raises BadAnswer where they turn out unreadable."""

    @property
    def count(self) -> int:
        """Rows on it."""
        return self.head.size

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; ``None`` on the last one."""
        return self.head.next_cursor


class PageReading:
    """Reads pages for one loop. Use it within :meth:`while_loading`."""

    def __init__(self) -> None:
        self._reader: _Reader | None = None
        self._loads = 0

    @property
    def is_loading(self) -> bool:
        """Whether a load goes on."""
        return self._loads > 0

    @asynccontextmanager
    async def while_loading(self) -> AsyncIterator[None]:
        """A load goes on; after the last one thread and process end."""
        self._loads += 1
        try:
            yield
        finally:
            self._loads -= 1
            reader = self._reader
            if not self._loads and reader is not None:
                self._reader = None
                reader.end()

    async def begin(self, kind: Kind, unread: UnreadPage[Any]) -> Arriving:
        """Begin to read a page; answers once it is known where the next one begins. Raises BadAnswer."""
        if self._reader is None:
            self._reader = _Reader()
        reader, loop = self._reader, asyncio.get_running_loop()
        known: asyncio.Future[Head] = loop.create_future()

        def take(head: Head) -> None:
            if not known.done():
                known.set_result(head)

        def tell(head: Head) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and with it whoever waited
                loop.call_soon_threadsafe(take, head)

        async def read() -> Prepared:
            try:
                return await reader.worker.do(lambda: reader.read(kind, unread, tell))
            except UnreadableAnswer as error:
                raise unread.unusable(error) from None

        rows = asyncio.ensure_future(read())
        either: list[asyncio.Future[Any]] = [known, rows]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if rows.done():
                await rows  # it may have failed before anything was known of the page
            return Arriving(await known, rows)
        except BaseException:
            rows.cancel()
            raise


class _Reader:
    """The thread that reads, and its process once there is one."""

    def __init__(self) -> None:
        self.worker = Worker("billtui-pages")
        self.read_beside = 0
        """Pages that the process has read."""
        self.beside: _Beside | None = None
        self._considered = False
        self._ended = False

    def read(self, kind: Kind, unread: UnreadPage[Any], tell: Callable[[Head], None]) -> Prepared:
        """One page, in the thread. Raises UnreadableAnswer."""
        if self.beside is not None and self.beside.is_ready():
            try:
                packed = self.beside.read(kind, unread, tell)
            except (OSError, EOFError):
                self.beside.end()
                self.beside = None
            else:
                self.read_beside += 1
                return Prepared.unpacked(kind, packed)
        if self._ended:
            raise EOFError("nobody waits for it any more")
        page = head_of(unread)
        tell(Head(page.count, page.next_cursor, page.total))
        if not self._considered and page.total is not None and page.total >= BESIDE_FROM:
            self._considered = True
            self.beside = _Beside.begun()
        return rows_of(kind, unread, page)

    def end(self) -> None:
        """Nothing more is read. From another thread."""
        self._ended = True
        beside = self.beside
        if beside is not None:
            beside.kill()  # a thread that waits for it wakes up
        self.worker.submit(self._end_beside)
        self.worker.stop(0)

    def _end_beside(self) -> None:
        if self.beside is not None:
            self.beside.end()
            self.beside = None


class _Beside:
    """The process, as the thread sees it: one page at a time. Raises OSError or EOFError where it is of no use."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        assert process.stdin is not None and process.stdout is not None
        self._jobs, self._answers = process.stdin.fileno(), process.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._answers, select.POLLIN)
        self._hello = b""

    @classmethod
    def begun(cls) -> _Beside | None:
        """A process that will be ready soon; ``None`` where none can be had."""
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "billtui.services.page_process"], bufsize=0, process_group=0,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env={name: value for name, value in os.environ.items() if not name.startswith(OURS)},
            )  # fmt: skip
        except OSError:
            return None
        return cls(process)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def is_ready(self) -> bool:
        """Whether it has said that it reads pages. Does not wait."""
        while self._hello != READY and self._poll.poll(0):
            more = os.read(self._answers, len(READY) - len(self._hello))
            self._hello += more
            if not more or not READY.startswith(self._hello):
                return False  # it is gone, or something else; what is read of it next will fail
        return self._hello == READY

    def read(self, kind: Kind, unread: UnreadPage[Any], tell: Callable[[Head], None]) -> bytes:
        """The packed rows of a page. Raises UnreadableAnswer, OSError, EOFError."""
        job = pickle.dumps((kind, unread), 5)
        self._send(JOB.pack(len(job)))
        self._send(job)
        mark, content = self._answer()
        if mark == HEAD:
            tell(Head(*marshal.loads(content)))
            mark, content = self._answer()
        if mark != ROWS:
            raise UnreadableAnswer(content.decode())
        return content

    def _send(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._jobs, rest) :]

    def _answer(self) -> tuple[bytes, bytes]:
        mark, size = ANSWER.unpack(self._receive(ANSWER.size))
        return mark, self._receive(size)

    def _receive(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size:
            if not self._poll.poll(PATIENCE * 1000):
                raise TimeoutError("it says nothing")
            part = os.read(self._answers, min(size, _CHUNK))
            if not part:
                raise EOFError("it is gone")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def kill(self) -> None:
        """End it; it holds nothing that could be lost. From any thread."""
        self._process.kill()

    def end(self) -> None:
        """End it and take it away."""
        self.kill()
        with self._process:
            pass
