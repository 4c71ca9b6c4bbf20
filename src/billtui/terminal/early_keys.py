"""Answers an area's key while the program loads, with that list as it was last seen (P-START-2).

A thread reads keys one by one, as long as each is the key of an area whose list is kept and may be shown here. The
first other one ends it: that key, and what is typed behind it, waits for the program. No key does anything but show a
picture; the program then opens with the area whose picture stands. Imports what the guard has loaded anyway.
"""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable

from billtui.terminal import area_picture
from billtui.terminal.early import EarlyScreen
from billtui.terminal.first_frame import Look
from billtui.terminal.frame_facts import Facts, picture_name

_KEYBOARD = 0


class EarlyKeys:
    """The keys until the program reads them itself. ``answer`` shows what a byte asks for; whether it could."""

    def __init__(self, answer: Callable[[bytes], bool]) -> None:
        """Begin to read."""
        self._answer = answer
        self._left = b""
        self._wake, self._waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name="billtui-early-keys", daemon=True)
        self._thread.start()

    def stop(self) -> bytes:
        """Read nothing more; gives what was read and not answered. To be called once."""
        os.write(self._waker, b"\0")
        self._thread.join()
        os.close(self._wake)
        os.close(self._waker)
        return self._left

    def _run(self) -> None:
        poll = select.poll()
        poll.register(_KEYBOARD, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while True:
            ready = poll.poll()
            if any(descriptor == self._wake for descriptor, _ in ready):
                return
            try:
                typed = os.read(_KEYBOARD, 1)
            except OSError:
                return
            if not typed or not self._answered(typed):
                self._left = typed
                return

    def _answered(self, typed: bytes) -> bool:
        try:
            return self._answer(typed)
        except Exception:  # noqa: BLE001 - the thread's boundary: a key that cannot be answered here waits like any other
            return False


class Answers:
    """Shows the lists that are kept, on the screen on which the first frame says ``facts``."""

    def __init__(
        self, screen: EarlyScreen, facts: Facts, look: Look, size: tuple[int, int], settings_stamp: str
    ) -> None:
        """Nothing was typed yet."""
        self._screen = screen
        self._facts = facts
        self._look = look
        self._size = size
        self._settings_stamp = settings_stamp
        self.area = ""
        """The area whose list stands there; empty: the first frame does."""

    def answer(self, typed: bytes) -> bool:
        """Show the list of the area whose key this is."""
        key = typed.decode("ascii", "replace")
        if not key.isalnum() or not key.isascii() or key not in (one for one, _ in self._facts.areas):
            return False
        picture = area_picture.read(f"{self._facts.folder}/{picture_name(self._facts.profile, key)}")
        if picture is None or picture.key != key:
            return False
        if not area_picture.holds(picture, self._facts, self._look, self._size, self._settings_stamp):
            return False
        if picture.area != self.area:
            if not self._screen.draw(area_picture.draw(picture, self._facts, self._look, time.time())):
                return False
            self.area = picture.area
        return True
