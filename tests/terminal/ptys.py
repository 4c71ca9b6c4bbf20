"""Programs on a real pseudo-terminal: what they write, what they leave behind, how they end."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import pyte

from tests.support.queueing import Stopwatch

ROOT_ENVIRONMENT = ("PATH", "HOME", "PYTHONPATH")


class Terminal:
    """A program on a pseudo-terminal of its own, as its session's leader. ``output`` holds what it has written."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 80,
        rows: int = 24,
        ignore_hangup: bool = False,
        variables: Mapping[str, str] | None = None,
        **environment: str,
    ) -> None:
        """``variables`` and ``environment`` are added to what every program gets."""
        self.columns, self.rows = columns, rows
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._drawn = 0
        self.output = bytearray()
        self.status: int | None = None
        self.queued = 0.0
        """Seconds, while its end was waited for, in which only a processor was missing."""
        self.master, self.slave = pty.openpty()
        self.resize(columns, rows)
        self.attributes = termios.tcgetattr(self.slave)
        inherited = {name: os.environ[name] for name in ROOT_ENVIRONMENT if name in os.environ}
        inherited |= {name: value for name, value in os.environ.items() if name.startswith("BILLTUI_")}
        given = {**inherited, "TERM": "xterm-256color", "LANG": "C.UTF-8", **environment, **(variables or {})}
        self.pid = os.fork()
        if self.pid == 0:
            try:
                if ignore_hangup:
                    signal.signal(signal.SIGHUP, signal.SIG_IGN)
                os.close(self.master)
                os.login_tty(self.slave)
                os.execvpe(argv[0], list(argv), given)
            finally:
                os._exit(127)
        os.set_blocking(self.master, False)

    @classmethod
    def python(cls, code: str, *arguments: str, **options: Any) -> Self:
        """A Python program given as text."""
        return cls([sys.executable, "-c", code, *arguments], **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        for descriptor in (self.master, self.slave):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size; the program gets SIGWINCH."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, data: bytes) -> None:
        """Type."""
        os.write(self.master, data)

    def read(self, seconds: float = 0.05) -> bool:
        """Take what there is, waiting at most so long for it; whether there was anything."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except (OSError, BlockingIOError):
            return False
        self.output += data
        return bool(data)

    def wait_for(self, what: bytes | Callable[[], bool], seconds: float = 15) -> None:
        """Read until ``what`` was written, or is true."""
        watch = Stopwatch(self.pid)
        while not (what in self.output if isinstance(what, bytes) else what()):
            assert not watch.has_run(seconds), f"{what!r} did not come; {self._seen()}"
            if not self.read() and self.poll() is not None and not self.read(0):
                assert what in self.output if isinstance(what, bytes) else what(), bytes(self.output[-2000:])

    def _seen(self) -> str:
        screen = "\n".join(line.rstrip() for line in self.screen().display)
        return f"there was:\n{screen}\n{bytes(self.output[-500:])!r}"

    def poll(self) -> int | None:
        """The exit code (negative: killed by that signal) once it has ended."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status

    def wait_end(self, seconds: float, *, reading: bool = True) -> tuple[int, float]:
        """Wait for the program's end; its exit code and how long it took: without the time in which it, or this test,
        was ready and stood in the queue for a processor (:attr:`queued`), which is other programs' doing."""
        watch = Stopwatch(self.pid)
        while (code := self.poll()) is None:
            self.queued = watch.queued
            assert watch.seconds - self.queued < seconds, f"still alive after {seconds} s"
            if not (reading and self.read(0.02)):
                select.select([], [], [], 0.01)
        took = watch.seconds
        if reading:
            while self.read(0):
                pass
        return code, took - self.queued

    def screen(self) -> pyte.Screen:
        """The screen as a terminal would show it, after all that was read so far (or since ``output`` was emptied)."""
        if len(self.output) < self._drawn:
            self._screen.reset()
            self._drawn = 0
        self._stream.feed(bytes(self.output[self._drawn :]))
        self._drawn = len(self.output)
        return self._screen
