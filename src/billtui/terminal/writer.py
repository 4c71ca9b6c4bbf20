"""The one thread that writes to the terminal: control sequences in their order, of pictures only the newest.

Whoever draws hands a picture over and goes on; the loop never waits for a line. The thread takes the newest picture
when the line has room (:mod:`billtui.terminal.flow`) and writes what makes it of the picture before; pictures that were
overtaken meanwhile are never written. A write never blocks: the descriptor is one of its own, which does not
(``guard.own_description``).
"""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Generic, NamedTuple, TypeVar

from billtui.terminal.flow import QUESTION, Flow

Picture = TypeVar("Picture")

PATIENCE_SECONDS = 1.0
"""So long an end waits for a line that takes nothing at all; the last words are dropped then."""
LOOK_SECONDS = 0.1
"""How often a thread that waits for the line looks whether it should still wait."""
MOST_QUEUED = 256 * 1024
"""Characters of frames in Textual's own form that may wait; beyond them all are dropped, and a whole one is due."""


class _Batch(NamedTuple, Generic[Picture]):
    """What is written at once: words, then what makes the picture ``after`` of ``before``."""

    words: str
    before: Picture | None
    after: Picture | None
    known: int
    number: int
    asking: bool = False


@dataclass(slots=True)
class _Mark:
    """Somebody wants to know when the terminal shows what was asked for so far."""

    number: int
    told: Callable[[float], object]
    position: int | None = None
    """The byte at which that ends."""


class Writer(Generic[Picture]):
    """Owns ``descriptor`` (which must not block) until it is closed; every method may be called from any thread.

    ``paint(before, after)`` gives what makes the picture ``after`` of ``before``; ``before`` is ``None`` where nobody
    knows what stands there. It runs in the thread, and so does ``failed``, which gets its error. ``overtaken`` is
    called when frames in Textual's own form were dropped and the line is free again.
    """

    def __init__(
        self,
        descriptor: int,
        paint: Callable[[Picture | None, Picture], str],
        *,
        flow: Flow | None = None,
        failed: Callable[[Exception], object] = lambda error: None,
        overtaken: Callable[[], object] = lambda: None,
        standing: Picture | None = None,
        first: bytes = b"",
    ) -> None:
        """``standing`` is the picture that somebody else drew; of it ``first`` has to be written still."""
        self.flow = flow or Flow()
        self.gone = False
        """Whether the terminal went away."""
        self._descriptor = descriptor
        self._paint = paint
        self._failed = failed
        self._overtaken = overtaken
        # Reentrant: a signal's handler may run in the main thread while that holds it.
        self._changed = threading.Condition(threading.RLock())
        self._words: deque[tuple[str, bool]] = deque()
        """Control sequences and, marked, frames in Textual's own form."""
        self._queued = 0
        self._dropped = False
        self._standing = standing
        self._intended: Picture | None = None
        self._due = False
        """Whether the intended picture is to be drawn."""
        self._known = 0
        """Counts how often it was forgotten what stands on the terminal."""
        self._number = self._done = 0
        """Counts what was asked for, and up to which of it all is written."""
        self._marks: list[_Mark] = []
        self._first = first
        self._began = self._heard = 0.0
        """When the last write was begun, and when the last answer came."""
        self._ending = self._abandoned = False
        self._writing = False
        self._moved = 0.0
        """When the line last took something, while something is being written."""
        self._thread = threading.Thread(target=self._run, name="billtui-output", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    # -- what is to be written

    def write(self, sequence: str) -> None:
        """A control sequence: written as it is, never dropped, in order, before the picture that is due."""
        with self._changed:
            self._words.append((sequence, False))
            self._changed.notify_all()

    def write_frame(self, frame: str) -> None:
        """A part of a frame in Textual's own form; all of them go, unless the line is far behind."""
        with self._changed:
            if self._dropped:
                return
            self._words.append((frame, True))
            self._number += 1
            self._queued += len(frame)
            if self._queued > MOST_QUEUED:
                self._words = deque(word for word in self._words if not word[1])
                self._queued = 0
                self._dropped = True
            self._changed.notify_all()

    def show(self, picture: Picture) -> None:
        """The picture that should stand on the terminal from now on. It must not change any more."""
        with self._changed:
            self._intended = picture
            self._due = True
            self._number += 1
            self._changed.notify_all()

    def forget(self) -> None:
        """Nobody knows what stands on the terminal: the next picture is drawn as a whole."""
        with self._changed:
            self._known += 1
            self._standing = None

    def repaint(self) -> None:
        """Draw the newest picture as a whole, whatever stands there."""
        with self._changed:
            self.forget()
            self._due = self._intended is not None
            self._changed.notify_all()

    def put_aside(self) -> Picture | None:
        """Draw no picture any more; gives the newest, for whoever goes on with it."""
        with self._changed:
            self._due = False
            self._words = deque(word for word in self._words if not word[1])
            return self._intended

    # -- what the terminal says

    def when_shown(self, told: Callable[[float], object]) -> None:
        """Call ``told`` once the terminal has read everything asked for so far, with the time (``monotonic``).

        A terminal that answers is asked; of another one is believed what the line has taken. Called in the thread.
        """
        with self._changed:
            self._marks.append(_Mark(self._number, told))
            self._changed.notify_all()

    def answered(self) -> None:
        """The terminal has answered the question: it has read everything before it."""
        with self._changed:
            self._heard = monotonic()
            self.flow.answered(self._heard)
            self._changed.notify_all()

    def ask(self) -> None:
        """Put the question, to learn whether the terminal answers it and how long an answer takes."""
        self.write(QUESTION)

    def await_answer(self, seconds: float) -> None:
        """Wait for an answer that is still to come, so that it is not typed into what comes after us."""
        with self._changed:
            self._changed.wait_for(lambda: self.gone or not (self.flow.answers and self.flow.waiting), seconds)

    # -- the end

    def untold(self) -> list[Callable[[float], object]]:
        """Who still waits for what the terminal shows; they are not told by this writer any more."""
        with self._changed:
            left = [mark.told for mark in self._marks]
            self._marks.clear()
            return left

    def close(self, patience: float = PATIENCE_SECONDS) -> bool:
        """Write what is still to be written, then end. False when the line took nothing for ``patience`` seconds."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        while self.alive:
            self._thread.join(LOOK_SECONDS / 2)
            with self._changed:
                if self._writing and monotonic() - self._moved > patience:
                    self._abandoned = True
                    break
        self._thread.join(2 * LOOK_SECONDS)
        return self.gone or not self._abandoned

    @property
    def alive(self) -> bool:
        """Whether the thread still runs, and with it the descriptor is in use."""
        return self._thread.is_alive()

    # -- the thread

    def _run(self) -> None:
        batch: _Batch[Picture] | None = _Batch("", None, None, 0, 0)
        data = self._first
        while batch is not None:
            self._moved = monotonic()
            self._writing = True
            if not self._write_all(memoryview(data)):
                return
            self._writing = False
            self._done = batch.number
            if (batch := self._next()) is not None:
                data = self._compose(batch)

    def _next(self) -> _Batch[Picture] | None:
        """Wait for something to write; None at the end."""
        with self._changed:
            while True:
                now = monotonic()
                asking = self._tell(now)
                room_in = self.flow.room_in(now) if self._due else 0.0
                due = self._due and room_in <= 0
                if self._words or due or asking:
                    break
                if self._ending or self._abandoned:
                    return None
                if self._dropped:
                    self._dropped = False
                    self._overtaken()
                self._changed.wait(room_in or (self.flow.answer_in(now) if self._marks else 0.0) or None)
            words = "".join(word for word, _ in self._words)
            self._words.clear()
            self._queued = 0
            number = self._number
            if self._due and not due:
                number = self._done  # the newest picture is still to come
            if due:
                self._due = False
            return _Batch(words, self._standing, self._intended if due else None, self._known, number, asking)

    def _tell(self, now: float) -> bool:
        """Tell who waits for what the terminal has read by now; whether it has to be asked for the others."""
        asking = False
        for mark in tuple(self._marks):
            if mark.number > self._done:
                continue
            if mark.position is None:
                mark.position = self.flow.written
            if not self.flow.answers or self.flow.arrived >= mark.position:
                self._marks.remove(mark)
                mark.told(self._heard if self.flow.answers else self._began)
            else:
                asking = asking or not self.flow.answer_in(now)
        return asking

    def _compose(self, batch: _Batch[Picture]) -> bytes:
        drawn = "" if batch.after is None else self._draw(batch.before, batch.after, batch.known)
        data = (batch.words + drawn).encode("utf-8", "replace")
        with self._changed:
            marked = bool(data and self._marks and self.flow.answers and not self.flow.waiting)
            if batch.asking or marked or (drawn and self.flow.wants_question(len(data))):
                data += QUESTION.encode()
            if data.endswith(QUESTION.encode()):
                self.flow.asked(self.flow.written + len(data), monotonic())
        return data

    def _draw(self, before: Picture | None, after: Picture, known: int) -> str:
        drawn = ""
        try:
            drawn = self._paint(before, after)
        except Exception as error:  # noqa: BLE001 - the thread's boundary: the app ends with it, and leaves tidily
            self._failed(error)
        with self._changed:
            if known == self._known:
                self._standing = after
            else:  # forgotten meanwhile: it was made of something that does not stand there
                self._due = True
        return drawn

    def _write_all(self, rest: memoryview) -> bool:
        """Write it, waiting for the line as long as nobody gave it up; False when there is no going on."""
        while rest:
            began = monotonic()  # whoever saw what is written now pressed a key later than this
            try:
                taken = os.write(self._descriptor, rest)
            except BlockingIOError:
                taken = 0
            except OSError:  # hung up: the guard ends the program
                self._leave()
                return False
            if taken:
                rest = rest[taken:]
                self._moved, self._began = monotonic(), began
                with self._changed:
                    self.flow.wrote(taken)
            elif not self._wait_for_line():
                return False
        return True

    def _wait_for_line(self) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        while not self._abandoned:
            if poll.poll(LOOK_SECONDS * 1000):
                return True
        return False

    def _leave(self) -> None:
        with self._changed:
            self.gone = True
            self._changed.notify_all()
