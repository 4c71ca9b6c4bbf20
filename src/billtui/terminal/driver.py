"""Textual's way to the terminal, of our own: modes, keys, sizes, suspending; all output through one thread.

Beside what Textual's driver for Linux does (8.2.8, whose order of modes it keeps):

- the loop never waits for the line (:mod:`billtui.terminal.writer`), nor does leaving: a line that takes nothing for a
  second is left by force, restored;
- a terminal that went away ends the reading of keys quietly instead of reading its end at full speed;
- SIGCONT without a suspension before it (``kill -STOP``, then ``-CONT``) sets the modes anew and draws anew, once;
- after anything that may have changed the terminal behind our back the picture is drawn as a whole.

Private interfaces of Textual used here: ``Driver._app`` with its ``_post_message`` and ``_handle_exception``,
``Driver._auto_restart``, ``_debug`` and ``_mouse``; ``keyboard.py`` has its own.
``tests/terminal/test_driver.py`` fails when they change.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

from textual import constants, events
from textual.driver import Driver
from textual.geometry import Size
from textual.message import Message
from textual.messages import InBandWindowResize, TerminalSupportsSynchronizedOutput

from billtui.terminal.abilities import abilities
from billtui.terminal.changes import changes
from billtui.terminal.entered import Entered
from billtui.terminal.guard import RESTORE, give_back, own_description, write_past_a_stall
from billtui.terminal.keyboard import Keyboard
from billtui.terminal.screenful import Screenful
from billtui.terminal.writer import Writer

if TYPE_CHECKING:
    from textual.app import App

KEYBOARD = "\x1b[>25u"
"""Kitty's keyboard protocol: unambiguous escape codes, all keys as escape codes, with their text."""
MOUSE_ON = "\x1b[?1000h\x1b[?1003h\x1b[?1015h\x1b[?1006h"
MOUSE_OFF = "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
ANSWER_SECONDS = 0.3
"""So long an end waits for an answer of the terminal that is still to come."""


class TerminalDriver(Driver):
    """The driver of every full-screen program of ours on a real terminal.

    It asks its app for two attributes, where it has them: ``door_wanted`` (whether pictures are taken, else
    everything is written as Textual does it), and ``entered`` (:class:`Entered`), when the terminal was prepared
    before; it counts for the first start only.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        """Made by the app, in its loop, in the main thread."""
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._tty = sys.__stdin__.fileno() if sys.__stdin__ is not None else 0
        self._screen = sys.__stderr__.fileno() if sys.__stderr__ is not None else 2
        self._entered: Entered | None = getattr(app, "entered", None)
        self.door_open: bool = getattr(app, "door_wanted", False)
        """Whether pictures are taken."""
        self._can = abilities(os.environ)
        self._before: list[Any] | None = None
        self._descriptor = -1
        self._writer: Writer[Screenful] | None = None
        self._newest: Screenful | None = None
        """The picture that was on the screen when it was left."""
        self._untold: list[Callable[[float], object]] = []
        """Who waits for what the terminal shows, while it is somebody else's."""
        self._told_size: Size | None = None
        self._synchronised = False
        self._in_band = False
        self._framing = False
        self._wanted = False
        """Whether the program should have the terminal, were it not in the background."""
        self._must_signal_resume = False
        self._keyboard: Keyboard | None = None
        signal.signal(signal.SIGTSTP, self._stop_signal)
        signal.signal(signal.SIGCONT, self._continue_signal)

    @property
    def can_suspend(self) -> bool:
        """It can."""
        return True

    # -- output

    def write(self, data: str) -> None:
        """Words for the terminal, in their order; inside ``frame()`` a part of a picture in Textual's own form."""
        if not self._framing:
            self._say(data)
        elif self._writer is not None and self._wanted:
            self._writer.write_frame(data)

    def _say(self, words: str) -> None:
        if self._writer is not None:
            self._writer.write(words)

    @contextlib.contextmanager
    def frame(self) -> Iterator[None]:
        """What is written meanwhile is a picture in Textual's own form: on a line far behind, others make it good."""
        self._framing = True
        try:
            yield
        finally:
            self._framing = False

    def show(self, picture: Screenful) -> None:
        """The whole picture that should be on the terminal from now on."""
        self._newest = picture
        if self._writer is not None and self._wanted:
            self._writer.show(picture)

    def forget(self) -> None:
        """What is on the terminal is not known any more: the next picture is drawn as a whole."""
        if self._writer is not None:
            self._writer.forget()

    def repaint(self) -> None:
        """Draw the newest picture as a whole, because something else may stand there."""
        if not self.door_open:
            self._overtaken()
        elif self._writer is not None:
            self._writer.repaint()

    def when_shown(self, told: Callable[[float], object]) -> None:
        """Call ``told`` in the loop once the terminal has drawn all that was shown so far, with the time of that.

        The time is of the clock of ``Message.time``, so a key with a later one was typed by somebody who could see it.
        Where the terminal does not answer questions, it is the time at which the line took the last of it.
        """
        self._when_shown(lambda at: self._loop.call_soon_threadsafe(told, at))

    def _when_shown(self, told: Callable[[float], object]) -> None:
        if self._writer is not None and self._wanted:
            self._writer.when_shown(told)
        else:
            self._untold.append(told)

    def _draw(self, before: Screenful | None, after: Screenful) -> str:
        return changes(before, after, self._can, synchronised=self._synchronised)

    def _failed(self, error: Exception) -> None:
        """An error in a thread of ours ends the app like one of its own."""

        def tell() -> None:
            try:
                raise error
            except Exception as raised:  # noqa: BLE001 - the app's report looks for an error that is being handled
                self._app._handle_exception(raised)

        self._loop.call_soon_threadsafe(tell)

    def _overtaken(self) -> None:
        def again() -> None:
            self._app.refresh(layout=True)

        self._loop.call_soon_threadsafe(again)

    # -- beginning

    def start_application_mode(self) -> None:
        """Take the terminal over; also when coming back."""
        self._wanted = True
        if not self._may_touch_terminal():
            return  # stopped in the background; SIGCONT comes here again
        entered, self._entered = self._entered, None
        self._descriptor = self._open()
        writer = self._writer = Writer(
            self._descriptor,
            self._draw,
            failed=self._failed,
            overtaken=self._overtaken,
            standing=entered.standing if entered else None,
            first=entered.rest if entered else b"",
        )
        writer.start()
        signal.signal(signal.SIGWINCH, self._size_signal)
        self._announce_size()
        if entered is None:
            self._say("\x1b[?1049h")
        else:
            entered.taken()
        self._before = entered.attributes if entered else self._modes()
        self._set_raw()
        self._set_up()
        self._keyboard = Keyboard(
            self._tty,
            self.process_message,
            answered=self._answered,
            failed=self._failed,
            debug=self._debug,
            typed=entered.typed if entered else b"",
        )
        if self._newest is not None:
            writer.show(self._newest)
        untold, self._untold = self._untold, []
        for told in untold:
            self._when_shown(told)
        if self._must_signal_resume:
            self._must_signal_resume = False
            self._post(self.SignalResume())

    def _may_touch_terminal(self) -> bool:
        """False in the background, once the process was put to sleep again, as every program there is."""
        if not os.isatty(self._tty):
            return True

        def sleep_again(_number: int, _frame: FrameType | None) -> None:
            os.kill(os.getpid(), signal.SIGSTOP)

        signal.signal(signal.SIGTTOU, sleep_again)
        signal.signal(signal.SIGTTIN, sleep_again)
        try:
            termios.tcsetattr(self._tty, termios.TCSANOW, termios.tcgetattr(self._tty))
        except termios.error:
            return False
        finally:
            signal.signal(signal.SIGTTOU, signal.SIG_DFL)
            signal.signal(signal.SIGTTIN, signal.SIG_DFL)
        return True

    def _open(self) -> int:
        try:
            return own_description(self._screen)
        except OSError:  # no name and no controlling terminal: a stall can hold the thread, and nothing else
            return os.dup(self._screen)

    def _modes(self) -> list[Any] | None:
        try:
            return termios.tcgetattr(self._tty)
        except termios.error:
            return None

    def _set_raw(self) -> None:
        if self._before is None:
            return
        wanted = list(self._before)
        wanted[tty.CC] = list(wanted[tty.CC])
        wanted[tty.LFLAG] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        wanted[tty.IFLAG] &= ~(termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
        wanted[tty.CC][termios.VMIN] = 1
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self._tty, termios.TCSANOW, wanted)

    def _set_up(self) -> None:
        """The modes of a full-screen program, and what the terminal is asked."""
        words = "\x1b[?25l\x1b[?1004h"
        if not constants.DISABLE_KITTY_KEY:
            words += KEYBOARD
        if os.environ.get("TERM_PROGRAM") != "Apple_Terminal":  # it would print the "p"
            words += "\x1b[?2026$p"
        words += "\x1b[?2048$p\x1b[?2004h\x1b[?7l"
        self._say(words + MOUSE_ON if self._mouse else words)
        if self._writer is not None:
            self._writer.ask()

    # -- ending

    def disable_input(self) -> None:
        """Read no keys any more."""
        if self._keyboard is None:
            return
        signal.signal(signal.SIGWINCH, signal.SIG_DFL)
        if self._mouse:
            self._say(MOUSE_OFF)
        if self._writer is not None:
            self._writer.await_answer(ANSWER_SECONDS)
        self._keyboard.close()
        self._keyboard = None
        with contextlib.suppress(termios.error):
            termios.tcflush(self._tty, termios.TCIFLUSH)

    def stop_application_mode(self) -> None:
        """Give the terminal back as it was."""
        self._wanted = False
        if self._writer is None:
            return
        self._told_size = None
        self._writer.put_aside()
        self._untold += self._writer.untold()
        self.disable_input()
        self._say("\x1b[?2004l\x1b[?7h")
        if self._in_band:
            self._say("\x1b[?2048l")
        self._in_band = False
        if self._before is not None:
            with contextlib.suppress(termios.error):
                termios.tcsetattr(self._tty, termios.TCSANOW, self._before)
        self._say("\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l")

    def close(self) -> None:
        """Wait until everything is written, or leave a line that takes nothing by force."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        if not writer.close():
            with contextlib.suppress(OSError, termios.error):
                write_past_a_stall(self._descriptor, RESTORE)
        if not writer.alive:
            give_back(self._descriptor)

    # -- suspending: in the loop, as a signal may come while its thread holds what the other threads wait for

    def _stop_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._auto_restart and self._wanted and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._suspend)
        else:
            os.kill(os.getpid(), signal.SIGSTOP)

    def _suspend(self) -> None:
        if self._wanted:
            self.suspend_application_mode()
            self._must_signal_resume = True
        os.kill(os.getpid(), signal.SIGSTOP)

    def _continue_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._auto_restart and not self._loop.is_closed():  # the program may have ended, its process not yet
            self._loop.call_soon_threadsafe(self._continue)

    def _continue(self) -> None:
        if self._writer is None:
            if self._wanted or self._must_signal_resume:
                self.resume_application_mode()
        elif self._wanted and self._may_touch_terminal():  # stopped from outside: who knows what the shell did
            self._set_raw()
            self._say("\x1b[?1049h")
            self._set_up()
            self.repaint()
            self._announce_size()

    # -- sizes

    def _size_signal(self, _number: int, _frame: FrameType | None) -> None:
        if not self._in_band:
            self._announce_size()

    def _announce_size(self) -> None:
        columns, lines = shutil.get_terminal_size((80, 25))
        size = Size(columns or 80, lines or 25)
        self._resized(size)
        self._post(events.Resize(size, size))

    def _resized(self, size: Size) -> None:
        """What stands on a terminal whose size changed is anybody's guess, also when it is the old size again."""
        newest, told = self._newest, self._told_size
        self._told_size = size
        if size == told or (newest is not None and (newest.columns, newest.lines) == size):
            self.repaint()  # the app may have nothing to draw
        else:
            self.forget()

    def _post(self, message: Message) -> None:
        asyncio.run_coroutine_threadsafe(self._app._post_message(message), loop=self._loop)

    # -- keys and other messages of the terminal

    def _answered(self) -> None:
        if self._writer is not None:
            self._writer.answered()

    def process_message(self, message: Message) -> None:
        """What the terminal says of itself is heeded here, before the app gets it."""
        if isinstance(message, TerminalSupportsSynchronizedOutput):
            self._synchronised = True
        elif isinstance(message, events.Resize):
            self._resized(message.size)
        elif isinstance(message, InBandWindowResize) and message.supported:
            self._in_band = True
            if not message.enabled:
                self._say("\x1b[?2048h")
                message = InBandWindowResize(True, True)
            if self._mouse:
                self._say("\x1b[?1016h")
        super().process_message(message)
