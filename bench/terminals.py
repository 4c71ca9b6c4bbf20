"""A program on a terminal of its own (pty), with its keys, its output, its time and its memory. Linux only."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import pyte

COLUMNS, LINES = 120, 40
ANSWERS = {b"\x1b[5n": b"\x1b[0n", b"\x1b[c": b"\x1b[?62;22c"}
"""What every terminal answers when it is asked how it is, and what it is."""
QUIET = 0.012
"""Seconds without a byte after which an answer to a key is taken as finished."""
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Terminal:
    """Runs a command on a pty. Leaving the context ends it."""

    def __init__(
        self, command: Sequence[str], env: dict[str, str] | None = None, directory: Path | None = None
    ) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLUMNS": str(COLUMNS),
            "LINES": str(LINES),
            **(env or {}),
        }
        environment.pop("COLORTERM", None)
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            cwd=directory,
            start_new_session=True,
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        self.output = bytearray()
        self._arrivals: list[tuple[float, int]] = []
        self._emulator = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._emulator)
        self._screens: list[tuple[float, list[str]]] = []

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._master)

    def _read(self, timeout: float) -> int:
        ready, _, _ = select.select([self._master], [], [], timeout)
        if not ready:
            return 0
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:  # the program has ended
            return 0
        self.output += data
        self._arrivals.append((self.now(), len(self.output)))
        for question, answer in ANSWERS.items():
            if question in self.output[-len(data) - len(question) + 1 :]:
                os.write(self._master, answer)
        return len(data)

    def now(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.started

    def until(self, marker: bytes, timeout: float = 120.0) -> float:
        """Seconds from the start until this stood in the output.

        Raises TimeoutError when it does not come, or the program has ended.
        """
        end = time.perf_counter() + timeout
        while marker not in self.output:
            if not self._read(0.05) and (time.perf_counter() > end or self._process.poll() is not None):
                raise TimeoutError(f"{marker!r} did not come; last output: {bytes(self.output[-300:])!r}")
        return time.perf_counter() - self.started

    def screens(self) -> list[tuple[float, list[str]]]:
        """What stood on the screen after each arrival, and when (seconds since the start).

        Found out with an emulator, when it is asked for: words may be written in pieces, and only where they changed.
        """
        fed = self._arrivals[len(self._screens) - 1][1] if self._screens else 0
        for moment, length in self._arrivals[len(self._screens) :]:
            self._stream.feed(bytes(self.output[fed:length]))
            fed = length
            self._screens.append((moment, list(self._emulator.display)))
        return self._screens

    def seen(self, text: str, since: float = 0.0) -> float | None:
        """Seconds from the start until this stood on the screen, not looking before a moment; None: it never did."""
        for moment, display in self.screens():
            if moment >= since and any(text in line for line in display):
                return moment
        return None

    def stood(self, since: float, part: tuple[slice, slice]) -> float:
        """Milliseconds from a moment until a part of the screen (lines, columns) stood as it stands now; 0: it did."""
        lines, columns = part
        still, before = 0.0, None
        for moment, display in self.screens():
            now = [line[columns] for line in display[lines]]
            if before is not None and now != before and moment >= since:
                still = (moment - since) * 1000
            before = now
        return still

    def settle(self, quiet: float = 0.4, timeout: float = 60.0) -> None:
        """Wait until nothing has been written for a while."""
        end = time.perf_counter() + timeout
        while self._read(quiet) and time.perf_counter() < end:
            pass

    def send(self, keys: bytes) -> None:
        """Type."""
        os.write(self._master, keys)

    def key(self, key: bytes, patience: float = 1.0) -> tuple[float, int]:
        """Type one key: milliseconds until the last byte of the answer, and how many bytes it had; for the first byte
        ``patience`` seconds are waited."""
        start = last = time.perf_counter()
        self.send(key)
        count = self._read(patience)
        last = time.perf_counter()
        while received := self._read(QUIET):
            count += received
            last = time.perf_counter()
        return (last - start) * 1000, count

    def cpu(self) -> float:
        """Seconds of processor time the program has used, in steps of 10 ms."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def writes(self) -> int:
        """How often the program has written, to whatever it writes to."""
        lines = Path(f"/proc/{self._process.pid}/io").read_text(encoding="ascii").splitlines()
        return int(dict(line.split(": ") for line in lines)["syscw"])

    def memory(self) -> float:
        """Megabytes of memory the program holds (resident)."""
        fields = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()
        return int(fields[1]) * _PAGE / 1e6
