"""Takes the terminal over before the program is loaded: the first frame stands, what is typed is kept.

From the first byte on the terminal is given back whatever happens: signals wait until the guard watches, errors give
it back on their way out. Writing never blocks: what a stuck line does not take is left to the driver. Imports only what
is part of the interpreter itself or quick to load (P-START-1).
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # what `signal` is made of: `signal` itself loads enum, which takes longer than the whole frame
import os
import termios

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

HELD_BACK = (_signal.SIGHUP, _signal.SIGTERM, _signal.SIGINT, _signal.SIGQUIT)
"""Signals that wait until the guard is there."""
ENTER = "\x1b[?1049h\x1b[?7l\x1b[?25l\x1b[?2004h"
"""Alternate screen, no wrapping, no cursor; what is pasted is marked: it must never be taken for keys later."""
LEAVE = "\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?1049l\x1b[?25h"

_KEYBOARD, _SCREEN = 0, 2
"""Where Textual reads and writes."""
_INPUT, _LOCAL, _CHARACTERS = 0, 3, 6
"""Places in what ``tcgetattr`` gives."""


class EarlyScreen:
    """The terminal while the program loads. Given to the driver (:meth:`hand_over`), or back to the shell."""

    def __init__(self, attributes: list[Any], signals: set[int], stop: Any, rest: bytes) -> None:
        """The terminal's modes, the blocked signals and what stops as they were, and what has to be written still."""
        self._stop = stop
        self.attributes = attributes
        """The terminal's modes as they were before."""
        self.rest = rest
        """What the line did not take of the first frame; it has to be written before anything else."""
        self._signals = signals
        self._standing = True

    def guarded(self) -> None:
        """The guard watches from now on: signals come through again."""
        _signal.pthread_sigmask(_signal.SIG_SETMASK, self._signals)

    def draw(self, frame: str) -> bool:
        """Draw something else; what the line does not take is in :attr:`rest`. Gives whether it could be written."""
        rest = _write(frame.encode("utf-8", "replace"), self.rest)
        if rest is not None:
            self.rest = rest
        return rest is not None

    def hand_over(self) -> None:
        """The driver has the terminal from now on."""
        self._standing = False

    def give_back(self) -> None:
        """Leave the screen, as it was before; does nothing once it was handed over or given back."""
        if self._standing:
            self._standing = False
            try:
                _write(LEAVE.encode(), self.rest)
                termios.tcsetattr(_KEYBOARD, termios.TCSANOW, self.attributes)
                termios.tcflush(_KEYBOARD, termios.TCIFLUSH)  # what was typed for the program is not for the shell
            except (OSError, termios.error):
                pass  # the terminal is gone
            _signal.signal(_signal.SIGTSTP, self._stop)
        self.guarded()


def size() -> tuple[int, int]:
    """Columns and rows of the terminal; 80 × 24 where it does not say."""
    try:
        columns, rows = os.get_terminal_size(_SCREEN)
    except OSError:
        return 80, 24
    return columns or 80, rows or 24


def can_be_drawn() -> bool:
    """Whether somebody can see a screen and press keys. In the background the terminal is the shell's."""
    try:
        seen = all(map(os.isatty, (0, 1, 2))) and os.environ.get("TERM", "") not in ("", "dumb")
    except OSError:
        return False
    return seen and not _in_background()


def _in_background() -> bool:
    try:
        return os.tcgetpgrp(_KEYBOARD) != os.getpgrp()
    except OSError:  # not our controlling terminal, in a container perhaps: no shell shares it
        return False


def take(frame: str) -> EarlyScreen | None:
    """Draw ``frame`` on the alternate screen, keep what is typed from now on. ``None`` where that cannot be done."""
    try:
        attributes = termios.tcgetattr(_KEYBOARD)
    except termios.error:
        return None
    signals = _signal.pthread_sigmask(_signal.SIG_BLOCK, HELD_BACK)
    stop = _signal.signal(_signal.SIGTSTP, _signal.SIG_IGN)  # the driver will know how to stop
    try:
        _quiet(attributes)  # before anything can be seen: who sees it types, and ctrl+z would stop it on this screen
        rest = _write((ENTER + frame).encode("utf-8", "replace"))
    except (OSError, termios.error):
        rest = None
    if rest is not None:
        return EarlyScreen(attributes, signals, stop, rest)
    try:
        termios.tcsetattr(_KEYBOARD, termios.TCSANOW, attributes)
    except termios.error:
        pass  # the terminal is gone
    _signal.signal(_signal.SIGTSTP, stop)
    _signal.pthread_sigmask(_signal.SIG_SETMASK, signals)
    return None


def _quiet(attributes: list[Any]) -> None:
    """No echo, every key as it is typed: as the program itself has it later, but for ctrl+c, which still ends it."""
    new = [*attributes[:_CHARACTERS], list(attributes[_CHARACTERS])]
    new[_LOCAL] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN)
    new[_INPUT] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    new[_CHARACTERS][termios.VMIN] = 1
    for key in (termios.VSUSP, termios.VQUIT):
        new[_CHARACTERS][key] = b"\0"
    termios.tcsetattr(_KEYBOARD, termios.TCSANOW, new)


def _write(data: bytes, before: bytes = b"") -> bytes | None:
    """Write without ever waiting; gives what the line did not take, ``None`` where it cannot be written to like that.

    "Do not block" belongs to a description, which the shell shares: so the terminal is opened anew.
    """
    flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        tty = os.open(os.ttyname(_SCREEN), flags)
    except OSError:
        try:
            tty = os.open("/dev/tty", flags)
        except OSError:
            return None
    data = before + data
    try:
        while data:
            data = data[os.write(tty, data) :]
    except BlockingIOError:
        pass
    finally:
        os.close(tty)
    return data
