"""The thread that reads what the terminal sends: keys, the mouse, and its answers.

Textual's parser makes messages of it; the answer to our own question (:mod:`billtui.terminal.flow`) is taken out.
A terminal that went away ends the thread: to read its end again and again would take a whole processor.

What is pasted is taken out before it (:mod:`billtui.terminal.pasted`): it waits for the end of a paste for ever, and
makes keys of a long escape sequence inside one.

Private interfaces of Textual used here: ``XTermParser`` with ``_sequence_to_key_events``, ``feed``, ``tick``, and what
its half-read sequence is kept in: ``_gen``, ``_tokens``, ``_awaiting`` and ``_timeout_time``.
"""

from __future__ import annotations

import os
import select
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from time import monotonic

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.keys import Keys
from textual.message import Message

from billtui.terminal.flow import ANSWER
from billtui.terminal.pasted import Pasting, Piece

PENDING_SECONDS = 0.1
"""How often a half-read escape sequence is looked at: it may have been the escape key."""


class Parser(XTermParser):
    """Textual's parser, which hears our question answered, and what was pasted even where its end never comes."""

    def __init__(
        self, answered: Callable[[], object], debug: bool = False, clock: Callable[[], float] = monotonic
    ) -> None:
        self._answered = answered
        self._pasting = Pasting(clock)
        super().__init__(debug)

    @property
    def pasting(self) -> bool:
        """Whether something is being pasted: :meth:`tick` is to be called now and then."""
        return self._pasting.goes_on

    def feed(self, data: str) -> Iterable[Message]:
        """Keys, the mouse, answers and what was pasted; an empty text is the end."""
        if not data:
            yield from super().feed(data)
        for piece in self._pasting.feed(data):
            yield from self._messages(piece)

    def tick(self) -> Iterable[Message]:
        """A half-read sequence, or a paste, that does not go on."""
        yield from super().tick()
        for piece in self._pasting.tick():
            yield from self._messages(piece)

    def _messages(self, piece: Piece) -> Iterable[Message]:
        if piece.cut:
            self._gen = self.parse(self._tokens.append)
            self._awaiting = next(self._gen)
            self._timeout_time = None
        elif not piece.pasted:
            yield from super().feed(piece.text)
        elif text := piece.text.replace("\x00", ""):
            yield events.Paste(text)

    def _sequence_to_key_events(self, sequence: str, alt: bool = False) -> Iterable[events.Key]:
        if sequence == ANSWER:
            self._answered()
            return (events.Key(Keys.Ignore, sequence),)
        return super()._sequence_to_key_events(sequence, alt)


class Keyboard:
    """Reads ``tty`` from now until it is closed. What it calls is called in its thread."""

    def __init__(
        self,
        tty: int,
        message: Callable[[Message], object],
        *,
        answered: Callable[[], object],
        failed: Callable[[Exception], object],
        debug: bool = False,
        typed: bytes = b"",
    ) -> None:
        """``typed`` was read before, and comes before everything else."""
        self._typed = typed
        self._tty = tty
        self._message = message
        self._failed = failed
        self._parser = Parser(answered, debug)
        self._wake, self._waker = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = threading.Thread(target=self._run, name="billtui-keys", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Read nothing more."""
        os.write(self._waker, b"\0")
        self._thread.join()
        os.close(self._wake)
        os.close(self._waker)

    def _run(self) -> None:
        try:
            self._read()
        except Exception as error:  # noqa: BLE001 - the thread's boundary: the app ends with it, and leaves tidily
            self._failed(error)

    def _read(self) -> None:
        decode = getincrementaldecoder("utf-8")("replace").decode
        poll = select.poll()
        poll.register(self._tty, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        heard = 0.0
        if text := decode(self._typed):
            heard = monotonic()
            for message in self._parser.feed(text):
                self._message(message)
        while True:
            pending = monotonic() - heard < 2 * constants.ESCAPE_DELAY + PENDING_SECONDS or self._parser.pasting
            ready = poll.poll(PENDING_SECONDS * 1000 if pending else None)
            if any(descriptor == self._wake for descriptor, _ in ready):
                return
            if ready:
                try:
                    data = os.read(self._tty, 4096)
                except OSError:
                    return
                if not data:
                    return
                heard = monotonic()
                if text := decode(data):  # nothing yet of a letter of several bytes; for the parser it is the end
                    for message in self._parser.feed(text):
                        self._message(message)
            for message in self._parser.tick():
                self._message(message)
