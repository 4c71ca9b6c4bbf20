"""Other programs, each in a virtual environment of its own below ``.venv-peers``, in exactly the versions of its lock.

What one needs another may not bear (two of them want different versions of Textual), so none shares.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zlib
from pathlib import Path

ROOT = Path(".venv-peers")
LOCKS = Path(__file__).parent
WAIT = 400
"""Seconds for one of them: the largest fetches a hundred megabytes."""


class Unavailable(Exception):
    """A program is not here; the message says why."""


def names() -> list[str]:
    """Those that have a lock."""
    return sorted(lock.stem for lock in LOCKS.glob("*.lock"))


def program(name: str, command: str) -> str:
    """The path of an installed program. Raises Unavailable."""
    place = ROOT / name
    if not _is_current(name) or not (place / "bin" / command).exists():
        raise Unavailable("not installed")
    return str((place / "bin" / command).absolute())


def install(name: str) -> None:
    """Make the environment of a program, unless it is there as its lock has it. Raises Unavailable."""
    if _is_current(name):
        return
    place = ROOT / name
    shutil.rmtree(place, ignore_errors=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    for step in (
        [sys.executable, "-m", "venv", str(place)],
        [*pip, "install", "--require-hashes", "-r", str(LOCKS / f"{name}.lock")],
    ):
        try:
            done = subprocess.run(step, capture_output=True, text=True, timeout=WAIT, check=False)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"was not installed within {WAIT} s") from None
        if done.returncode != 0:
            lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["no word why"]
            raise Unavailable(f"cannot be installed: {lines[-1]}"[:200])
    _stamp(name).write_text(_sum(name), encoding="ascii")


def _stamp(name: str) -> Path:
    return ROOT / name / ".stamp"


def _sum(name: str) -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]} {zlib.crc32((LOCKS / f'{name}.lock').read_bytes())}"


def _is_current(name: str) -> bool:
    stamp = _stamp(name)
    return stamp.exists() and stamp.read_text(encoding="ascii") == _sum(name)
