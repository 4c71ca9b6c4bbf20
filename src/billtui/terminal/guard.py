"""Ends the program when its terminal goes away or somebody asks it to, and leaves the terminal as it was.

A daemon thread learns of signals through the wake-up descriptor (also when the main thread is stuck in a full output
queue or in C code) and of a hang-up by watching the terminal itself (also when SIGHUP is ignored, as with nohup).
It asks for a polite exit; what has not ended in time is ended: terminal restored, ``_exit(128 + n)``.
Without it a dropped line leaves the process alive, reading end-of-file at full speed. SIGTSTP and SIGCONT stay
Textual's.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import threading
from collections.abc import Callable, Iterable
from types import FrameType, TracebackType
from typing import Any, Self

POLITE_SECONDS = 1.8
"""So that, restoring included, the whole end takes 2 seconds."""
SIGNALS = (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)

_GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL

RESTORE = (
    b"\x1b\\\x1b[?2026l"  # end whatever was cut off in its middle, and a synchronised update
    b"\x1b[<u"  # keyboard protocol back
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # mouse off
    b"\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # focus, bracketed paste, resize reports off
    b"\x1b[?7h\x1b[0m\x1b[?1049l\x1b[?25h"  # wrap on, plain colours, main screen, cursor
)


_OPENED: set[int] = set()
"""Descriptors of the terminal that somebody draws on beside the standard ones."""


def own_description(tty: int) -> int:
    """The terminal ``tty``, opened anew so that writing to it never blocks; ``give_back`` closes it. Raises OSError.

    "Do not block" belongs to the description, which the shell and its other programs share: they must not get it.
    Once the guard ends the program, what is written there goes nowhere.
    """
    flags = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        opened = os.open(os.ttyname(tty), flags)
    except OSError:  # a terminal without a name here, as in a container that got it from outside
        opened = os.open("/dev/tty", flags)
    _OPENED.add(opened)
    return opened


def give_back(opened: int) -> None:
    """Close what ``own_description`` gave."""
    _OPENED.discard(opened)
    with contextlib.suppress(OSError):
        os.close(opened)


class Guard:
    """``with Guard(exit_politely) as guard: app.run()``, in the main thread, around the whole full-screen part.

    ``exit_politely`` gets the signal's number, runs in a thread of its own and may block or raise; for a Textual app it
    is ``lambda number: app.call_from_thread(app.exit, return_code=128 + number)``. Once ending has begun the process is
    gone within 2 seconds, whatever still runs. ``ending`` is the signal's number (SIGHUP for a hang-up), or None.
    """

    def __init__(
        self,
        exit_politely: Callable[[int], object],
        *,
        seconds: float = POLITE_SECONDS,
        leave: Callable[[int], object] = os._exit,
        attributes: list[Any] | None = None,
    ) -> None:
        """``attributes`` are the terminal's modes to restore, where they were changed already."""
        self.ending: int | None = None
        self._exit_politely = exit_politely
        self._seconds = seconds
        self._leave = leave
        self._tty = next((fd for fd in (0, 2, 1) if _is_terminal(fd)), None)
        self._drawn_on = [fd for fd in (1, 2) if _is_terminal(fd)]
        self._attributes = attributes
        self._at_once = threading.Event()
        self._screen_in_use = False
        self._before: dict[int, Any] = {}
        self._wakeup_before = -1
        self._reader = self._writer = -1
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Begin to watch. Must be called in the main thread (only it can set signal handlers)."""
        if self._tty is not None and self._attributes is None:
            with contextlib.suppress(termios.error):
                self._attributes = termios.tcgetattr(self._tty)
        self._screen_in_use = True
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._wakeup_before = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it; the hang-up is seen all the same
                self._before[number] = signal.signal(number, _noted)
        self._thread = threading.Thread(target=self._watch, name="billtui-guard", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The screen is left. Watching ends, unless the program is being ended: then the deadline stays."""
        self._screen_in_use = False
        if not self._stop_watching():
            if _hung_up(self._tty):
                _redirect_to_nowhere(
                    [*self._drawn_on, *_OPENED]
                )  # what is still buffered has nowhere to go, and would change the exit code
            return
        signal.set_wakeup_fd(self._wakeup_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        with contextlib.suppress(BlockingIOError):  # a signal in the last moment is delivered, not swallowed
            for byte in os.read(self._reader, 256):
                if byte in self._before:
                    os.kill(os.getpid(), byte)
        os.close(self._reader)
        os.close(self._writer)

    def _stop_watching(self) -> bool:
        """Whether watching has ended; it has not when the program is being ended."""
        if self._thread is None or self.ending is not None:
            return False
        os.write(self._writer, b"\0")
        while self._thread.is_alive() and self.ending is None:
            self._thread.join(0.05)
        return self.ending is None

    def exit_code(self, otherwise: int) -> int:
        """128 + n when a signal or a hang-up ended the program, else ``otherwise``."""
        return otherwise if self.ending is None else 128 + self.ending

    def _watch(self) -> None:
        # A background process that touches the terminal would be stopped; here that must not be.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU, signal.SIGTTIN})
        number = self._wait()
        if number is None:
            return
        self.ending = number
        polite = threading.Thread(target=self._ask, args=(number,), name="billtui-polite-exit", daemon=True)
        polite.start()
        self._at_once.wait(self._seconds)
        if self._screen_in_use:
            restore_terminal(self._tty, self._attributes)
        self._leave(128 + number)

    def end_at_once(self) -> None:
        """For ``exit_politely``: there is nobody to ask, and nothing to wait for."""
        self._at_once.set()

    def _ask(self, number: int) -> None:
        # The app may be starting, gone or broken: the deadline decides then.
        with contextlib.suppress(RuntimeError, OSError):
            self._exit_politely(number)

    def _wait(self) -> int | None:
        """Until a signal (its number), a hang-up (SIGHUP), or the end of watching (None)."""
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        if self._tty is not None:
            poll.register(self._tty, 0)  # hang-up and error are reported unasked
        while True:
            for descriptor, event in poll.poll():
                if descriptor != self._reader:
                    if event & _GONE:
                        return int(signal.SIGHUP)
                    continue
                noted = os.read(self._reader, 256)
                if asked := [byte for byte in noted if byte in SIGNALS]:
                    return asked[0]
                if 0 in noted:
                    return None


def restore_terminal(tty: int | None, attributes: list[Any] | None) -> None:
    """Leave the full screen and bring back the terminal's own modes; never blocks, also on a terminal nobody reads."""
    if tty is None:
        return
    with contextlib.suppress(OSError, termios.error):
        # Opened anew: "do not block" would otherwise hold for the shell as well, which shares the descriptor.
        fresh = os.open(os.ttyname(tty), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _redirect_to_nowhere([*(fd for fd in (1, 2) if _is_terminal(fd)), *_OPENED])
            write_past_a_stall(fresh, RESTORE)
            if attributes is not None:
                termios.tcsetattr(fresh, termios.TCSANOW, attributes)
            termios.tcflush(fresh, termios.TCIFLUSH)  # answers of the terminal must not be typed into the shell
        finally:
            os.close(fresh)


def _redirect_to_nowhere(descriptors: Iterable[int]) -> None:
    """The process is ending: what its threads still want to draw goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)


def write_past_a_stall(tty: int, data: bytes) -> None:
    """Throw away what is queued (of a screen that nobody sees any more) until ``data`` finds room; at most 0.2 s."""
    for _attempt in range(40):
        termios.tcflush(tty, termios.TCOFLUSH)
        # A thread blocked in a write holds the terminal's write lock; the flush does not wake it, stop and go does.
        termios.tcflow(tty, termios.TCOOFF)
        termios.tcflow(tty, termios.TCOON)
        with contextlib.suppress(BlockingIOError):
            data = data[os.write(tty, data) :]
        if not data:
            return
        select.select([], [], [], 0.005)


def _noted(_number: int, _frame: FrameType | None) -> None:
    """The handler; the wake-up descriptor has told the guard already."""


def _hung_up(tty: int | None) -> bool:
    if tty is None:
        return False
    poll = select.poll()
    poll.register(tty, 0)
    return any(event & _GONE for _descriptor, event in poll.poll(0))


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False
