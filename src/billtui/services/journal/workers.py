"""Which program works on a job: another one's jobs are shown, with who runs them, and not interfered with."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from billtui.domain.safetext import SafeText
from billtui.services import locks


@dataclass(frozen=True, slots=True)
class Worker:
    """One executor that owns operations."""

    owner: str
    """The name of its lock."""
    alive: bool
    """Whether it holds its lock: process ids and ages prove nothing."""
    pid: int | None = None
    terminal: SafeText | None = None
    """The terminal it was started on, such as ``pts/3``."""
    program: SafeText | None = None
    """``program`` for the full-screen program, else the verb of the command line."""
    since: datetime | None = None

    @property
    def words(self) -> str:
        """Which one it is, as a person finds it: ``the billtui on pts/3 (process 4711)``."""
        what = "the command line" if self.program is not None and self.program != "program" else "the billtui"
        where = f" on {self.terminal}" if self.terminal else ""
        return f"{what}{where} (process {self.pid})" if self.pid is not None else "another billtui on this host"


def worker_of(directory: Path, owner: str) -> Worker:
    """Who ``owner`` is, by its lock file in ``directory``. What the file says is for a person only; whether it lives,
    its lock says."""
    alive = locks.is_held(directory, owner)
    with suppress(OSError, ValueError):
        noted = json.loads(locks.note_of(directory, owner))
        if isinstance(noted, dict):
            return Worker(
                owner, alive, noted["pid"] if isinstance(noted.get("pid"), int) else None,
                _text(noted.get("terminal")), _text(noted.get("program")), _instant(noted.get("since")),
            )  # fmt: skip
    return Worker(owner, alive)


def _text(value: object) -> SafeText | None:
    return SafeText(value[:40]) if isinstance(value, str) and value else None


def _instant(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
