"""Nothing that a benchmark started outlives it: every process of a run carries its mark, and is found by it.

``python -m bench.keeper MARK`` waits for the end of its standard input, that is, of the run, however it ends (kill -9
too), and then ends what is left with that mark. A program whose terminal went away may go on for ever otherwise.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from types import TracebackType

VARIABLE = "BENCH_RUN"
"""In the environment of everything that a run starts."""


def left(mark: str) -> list[int]:
    """The processes with a mark, but for this one and the dead that nobody has looked at."""
    found = []
    wanted = f"{VARIABLE}={mark}".encode()
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(place.name) != os.getpid() and wanted in (place / "environ").read_bytes().split(b"\0"):
                found.append(int(place.name))
    return found


def sweep(mark: str, seconds: float = 10.0) -> list[str]:
    """End all processes with a mark; the commands of those that there were."""
    ended: dict[int, str] = {}
    end = time.monotonic() + seconds
    while (found := left(mark)) and time.monotonic() < end:
        for process in found:
            with contextlib.suppress(OSError):
                command = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                ended.setdefault(process, command.strip())
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)
    return list(ended.values())


class Keeper:
    """A mark for a run, and somebody who cleans up when the run is no more."""

    def __init__(self) -> None:
        self.mark = uuid.uuid4().hex
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Keeper:
        # A session of its own: what the terminal sends to the run (ctrl+c, a hang-up) is not for the keeper.
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.keeper", self.mark], stdin=subprocess.PIPE, start_new_session=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the run gets."""
        return {**os.environ, VARIABLE: self.mark}

    def sweep(self) -> list[str]:
        """End what a benchmark left behind; the commands."""
        return sweep(self.mark)


if __name__ == "__main__":
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, signal.SIG_IGN)
    sys.stdin.read()
    sweep(sys.argv[1])
