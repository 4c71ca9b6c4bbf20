"""Reference panels that start at once: a warm process has imported all of the panel, and forks one process per start.

Run as a program it is that warm process, single-threaded: on each request it forks a child that becomes
``python -m billtui.sandbox`` with the arguments, environment, directory and standard streams of the request.
``tests/sandbox/http/test_serve_process.py`` starts the panel as its users do, without this.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

_LONGEST = 1 << 20
POSSIBLE = hasattr(os, "pidfd_open")
"""Whether this system can wait for a process that somebody else started (Linux)."""


class WarmProcess:
    """A panel's process, as :class:`subprocess.Popen` shows one."""

    def __init__(self, keeper: _Keeper, pid: int, stdin: int, stdout: int) -> None:
        self.pid = pid
        self.stdin: io.TextIOWrapper | None = io.TextIOWrapper(io.FileIO(stdin, "w"), write_through=True)
        self.stdout: io.TextIOWrapper | None = io.TextIOWrapper(io.BufferedReader(io.FileIO(stdout)), encoding="utf-8")
        self.returncode: int | None = None
        self._keeper = keeper
        self._handle = os.pidfd_open(pid)
        self._lock = threading.Lock()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code; ``subprocess.TimeoutExpired`` if it has none after ``timeout`` seconds."""
        with self._lock:
            if self.returncode is None:
                if not select.select([self._handle], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired("billtui.sandbox", cast("float", timeout))
                self.returncode = self._keeper.reap(self.pid)
                os.close(self._handle)
            return self.returncode

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class _Keeper:
    """The warm process, seen from the tests; it ends when they do, and never before a panel of theirs."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            env=environment,
        )
        theirs.close()
        self._lock = threading.Lock()
        atexit.register(self.close)

    def start(self, arguments: Sequence[str], stderr: int) -> WarmProcess:
        """A new panel; ``stderr`` is open for writing, and remains the caller's."""
        child_in, stdin = os.pipe()
        stdout, child_out = os.pipe()
        request = {"arguments": list(arguments), "environment": dict(os.environ), "directory": str(Path.cwd())}
        try:
            pid = self._ask(request, [child_in, child_out, stderr])
        finally:
            os.close(child_in)
            os.close(child_out)
        return WarmProcess(self, pid, stdin, stdout)

    def reap(self, pid: int) -> int:
        """The exit code of a panel that has ended."""
        return self._ask({"reap": pid}, [])

    def close(self) -> None:
        """End the warm process."""
        self._line.close()
        self._process.wait(10)

    def _ask(self, request: dict[str, Any], streams: list[int]) -> int:
        with self._lock:
            socket.send_fds(self._line, [json.dumps(request).encode()], streams)
            return int(self._line.recv(64))


_keeper: _Keeper | None = None
_making = threading.Lock()


def start(arguments: Sequence[str], stderr: int) -> WarmProcess:
    """``python -m billtui.sandbox ARGUMENTS`` as a process of its own, out of the warm one of this test run."""
    global _keeper
    with _making:
        if _keeper is None:
            _keeper = _Keeper()
    return _keeper.start(arguments, stderr)


def _become(request: dict[str, Any], streams: list[int]) -> int:
    """In the child: what a new process has of its own is made anew; then the panel runs."""
    import random
    import time

    from billtui.sandbox.serve import main

    for place, stream in enumerate(streams):
        os.dup2(stream, place)
        os.close(stream)
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    random.seed()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return main(request["arguments"], program="python -m billtui.sandbox")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _serve(line: socket.socket) -> None:
    while True:
        words, streams, _, _ = socket.recv_fds(line, _LONGEST, 3)
        if not words:
            return
        request = json.loads(words)
        if "reap" in request:
            _, status = os.waitpid(request["reap"], 0)
            line.send(str(os.waitstatus_to_exitcode(status)).encode())
            continue
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                line.close()
                code = _become(request, streams)
            except BaseException:  # noqa: BLE001  whatever it is, it is said where the panel's words go
                import traceback

                traceback.print_exc()
                sys.stderr.flush()
            finally:
                os._exit(code)
        for stream in streams:
            os.close(stream)
        line.send(str(pid).encode())


def _main() -> None:
    import gc
    import tempfile

    import billtui.sandbox.http.app
    import billtui.sandbox.http.server
    import billtui.sandbox.serve  # noqa: F401  all that a panel loads before it serves
    from billtui.sandbox.database import Database
    from tests.support import slow_hashes

    slow_hashes.remember()
    with tempfile.TemporaryDirectory() as place:  # what is made at the first use, and the passwords of the usual seed
        Database.open(Path(place) / "panel.db").close()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c is for the tests; they close our line
    _serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    _main()
