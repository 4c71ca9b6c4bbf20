"""Runs a program that must answer soon: no shell, no terminal, a deadline, a cap on its output, killed as a group."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO, NamedTuple

from billtui.config.process_memory import SECRET_VARIABLES

_STEP = 0.1
_TERMINAL_VARIABLES = ("GPG_TTY", "SSH_TTY")


class TookTooLong(Exception):
    """The program had not ended in time and was killed, with everything it started in its group."""


class Cancelled(Exception):
    """The caller did not want to wait any longer; the program was killed."""


class SaidTooMuch(Exception):
    """The program wrote more than allowed and was killed."""


def run_limited(
    argv: Sequence[str],
    *,
    stdin: bytes = b"",
    seconds: float,
    max_bytes: int = 64 * 1024,
    environment: Mapping[str, str] | None = None,
    cancelled: threading.Event | None = None,
) -> tuple[int, bytes]:
    """Run ``argv`` and return its exit code and standard output; its standard error is thrown away.

    The program gets a session of its own, so it has no terminal to ask on. Only ``argv`` is visible to others: secrets
    go through ``stdin``. Raises TookTooLong, SaidTooMuch, Cancelled (within 0.1 s once ``cancelled`` is set), and
    OSError when it cannot be started.
    """
    base = os.environ if environment is None else environment
    clean = {name: value for name, value in base.items() if name not in (*SECRET_VARIABLES, *_TERMINAL_VARIABLES)}
    process = subprocess.Popen(
        list(argv),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=clean,
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    limit = _Limit(time.monotonic() + seconds, cancelled)
    try:
        answer = _exchange(process.stdin, process.stdout, stdin, limit, max_bytes)
        while True:
            try:
                return process.wait(limit.next_wait()), answer
            except subprocess.TimeoutExpired:
                continue
    except BaseException:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        if process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1)


class _Limit(NamedTuple):
    deadline: float
    cancelled: threading.Event | None

    def next_wait(self) -> float:
        """Seconds that may be waited in one go. Raises TookTooLong or Cancelled when it is over."""
        if self.cancelled is not None and self.cancelled.is_set():
            raise Cancelled
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TookTooLong
        return min(left, _STEP)


def _exchange(to_child: IO[bytes], from_child: IO[bytes], data: bytes, limit: _Limit, max_bytes: int) -> bytes:
    """Feed ``data`` and read until end of output, without ever blocking past the deadline."""
    os.set_blocking(to_child.fileno(), False)
    os.set_blocking(from_child.fileno(), False)
    received = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(from_child, selectors.EVENT_READ)
        if data:
            selector.register(to_child, selectors.EVENT_WRITE)
        else:
            to_child.close()
        while selector.get_map():
            for key, _events in selector.select(limit.next_wait()):
                if key.fileobj is to_child:
                    try:
                        data = data[os.write(key.fd, data) :]
                    except BrokenPipeError:  # it ended, or does not want to know
                        data = b""
                    if not data:
                        selector.unregister(to_child)
                        with contextlib.suppress(OSError):
                            to_child.close()
                else:
                    chunk = os.read(key.fd, 65536)
                    received += chunk
                    if len(received) > max_bytes:
                        raise SaidTooMuch
                    if not chunk:
                        selector.unregister(from_child)
    return bytes(received)
