"""A command on a pseudo-terminal: what it asks, and what is typed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from types import TracebackType
from typing import Self

from tests.support.command_line import ENTRY, SECONDS, environment


def _take_terminal() -> None:
    """In the child: the terminal is its own, so that ctrl+c reaches it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class OnTerminal:
    """``billtui ARGUMENTS`` with a terminal on all three streams."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        self._master, slave = pty.openpty()
        self.output = ""
        self._seen = 0
        self._process = subprocess.Popen(
            [sys.executable, "-c", ENTRY, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_terminal,
            env=environment(**{"TERM": "xterm-256color", **variables}),
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._master)

    def until(self, words: str) -> None:
        """Read until ``words`` stand in what was written since the last time."""
        end = time.monotonic() + SECONDS
        while words not in self.output[self._seen :]:
            assert time.monotonic() < end, f"no {words!r} in {self.output!r}"
            assert self._read(0.2) or self._process.poll() is None, f"ended without {words!r}: {self.output!r}"
        self._seen = self.output.index(words, self._seen) + len(words)

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._master, text.encode() + b"\n")

    def press(self, keys: bytes) -> None:
        """Press keys, as the terminal sends them."""
        os.write(self._master, keys)

    def end(self) -> int:
        """Wait for the end; the exit code."""
        end = time.monotonic() + SECONDS
        while self._process.poll() is None:
            self._read(0.1)
            assert time.monotonic() < end, f"it hangs: {self.output[-2000:]!r}"
        while self._read(0.0):
            pass
        return int(self._process.returncode)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        with contextlib.suppress(OSError):
            data = os.read(self._master, 65536)
            self.output += data.decode("utf-8", "replace")
            return bool(data)
        return False
