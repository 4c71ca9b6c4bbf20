"""What the list of processes shows of a program and everything it starts, all the time."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.secrecy.canaries import Canaries

PAUSE = 0.002


class ProcessWatch:
    """``with ProcessWatch(canaries) as watch``: looks at the processes below :attr:`roots` again and again."""

    def __init__(self, canaries: Canaries) -> None:
        self.canaries = canaries
        self.roots: list[int] = []
        self.leaks: set[str] = set()
        """``PID: what, in which file``."""
        self.seen: dict[int, str] = {}
        """Command lines of all that ran."""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._ended.wait(PAUSE):
            for pid in list(self._family()):
                self._look(pid)

    def _family(self) -> Iterator[int]:
        todo = list(self.roots)
        while todo:
            pid = todo.pop()
            yield pid
            with contextlib.suppress(OSError, ValueError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    todo += [int(child) for child in (task / "children").read_text().split()]

    def _look(self, pid: int) -> None:
        with contextlib.suppress(OSError):
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
            if line or pid not in self.seen:  # what has ended and is not fetched yet has none any more
                self.seen[pid] = line.replace(b"\0", b" ").decode("utf-8", "replace")
            for name, data in (("cmdline", line), ("environ", Path(f"/proc/{pid}/environ").read_bytes())):
                for secret in self.canaries.found_in(data):
                    self.leaks.add(f"{secret} in {name} of {self.seen[pid][:80]}")
