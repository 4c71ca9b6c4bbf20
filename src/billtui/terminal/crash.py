"""What is said and kept when the program itself fails: where, never with what.

Textual's own report prints local variables, and with them passwords; this one has the error's type and the places in
the code, no values and no messages, since messages quote values.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

KEPT_REPORTS = 20
_MAX_ERRORS = 20
_MAX_FRAMES = 60


class CrashReport(NamedTuple):
    """``path`` of the file written (None where it could not be) and ``text`` to print after the screen is left."""

    path: Path | None
    text: str


def report_crash(error: BaseException | None, directory: Path, *, version: str, goes_on: bool = False) -> CrashReport:
    """Write a report to ``directory`` (0600) and return the words for the person; never raises OSError.

    ``goes_on``: the program does, and only what was done at that moment was not.

    Use it from ``App._fatal_error`` with ``sys.exception() or self._exception``, let Textual print ``text`` when the
    terminal is back (``_exit_renderables``; only the first, a fault in drawing comes twice), and exit with the app's
    return code, which is not 0 then.
    """
    content = "\n".join(
        [
            f"billtui {version}, Python {sys.version.split()[0]}, {sys.platform}",
            time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            *(describe_error(error) if error is not None else ["unknown"]),
            "",
        ],
    )
    path = _write(directory, content)
    where = f"The places in the code, without any of your data, are in {path}." if path else "No report could be kept."
    place = _last_place(error) if error is not None else ""
    shown = f"{type(error).__name__ if error is not None else 'unknown'}{f' at {place}' if place else ''}"
    what = "billtui met a fault in itself and goes on" if goes_on else "billtui stopped because of a fault in itself"
    text = f"{what}: {shown}.\n{where}\nWhat you confirmed is in the journal."
    return CrashReport(path, text)


def describe_error(error: BaseException) -> list[str]:
    """The error and what led to it: type, file, line and function of each step. No messages, no values."""
    lines: list[str] = []
    for depth, (link, each) in enumerate(_chain(error)):
        if depth == _MAX_ERRORS:
            lines.append("…")
            break
        lines.append(f"{link}{type(each).__module__}.{type(each).__qualname__}")
        frames = list(_frames(each.__traceback__))
        if len(frames) > _MAX_FRAMES:
            frames[_MAX_FRAMES // 2 : -_MAX_FRAMES // 2] = ["…"]
        lines += [f"  {frame}" for frame in frames]
    return lines


def _chain(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    seen: set[int] = set()
    todo: list[tuple[str, BaseException]] = [("", error)]
    while todo:
        link, each = todo.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield link, each
        if isinstance(each, BaseExceptionGroup):
            todo += [("part of it: ", part) for part in each.exceptions]
        if each.__cause__ is not None:
            todo.append(("caused by: ", each.__cause__))
        elif each.__context__ is not None and not each.__suppress_context__:
            todo.append(("while handling: ", each.__context__))


def _frames(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        code = trace.tb_frame.f_code
        yield f"{_short(code.co_filename)}:{trace.tb_lineno} in {code.co_name}"
        trace = trace.tb_next


def _last_place(error: BaseException) -> str:
    frames = list(_frames(error.__traceback__))
    return frames[-1] if frames else ""


def _short(filename: str) -> str:
    """A file's name without what tells about the machine: from its package on."""
    parts = Path(filename).parts
    for mark in ("site-packages", "src"):
        if mark in parts:
            return "/".join(parts[len(parts) - parts[::-1].index(mark) :])
    return "/".join(parts[-2:])


def _write(directory: Path, content: str) -> Path | None:
    name = f"crash-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}.txt"
    path = directory / name
    try:
        for one in reversed([directory, *directory.parents]):  # each of them, not the last one alone, is the owner's
            if not one.exists():
                one.mkdir(mode=0o700, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8", errors="replace") as file:
            file.write(content)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        for old in sorted(directory.glob("crash-*.txt"))[:-KEPT_REPORTS]:
            old.unlink()
    return path
