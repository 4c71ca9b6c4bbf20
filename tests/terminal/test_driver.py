"""The driver and its writer: nothing waits for the line, stale pictures are never written, the terminal is answered."""

from __future__ import annotations

import inspect
import os
import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from textual._parser import Parser as BaseParser
from textual._time import get_time
from textual.app import App
from textual.driver import Driver
from textual.events import Key, Paste

from billtui.terminal.flow import ANSWER, LEAST, QUESTION, SILENT_AFTER, Flow
from billtui.terminal.keyboard import Parser
from billtui.terminal.pasted import MOST, SILENCE, SUSPICION
from billtui.terminal.writer import MOST_QUEUED, Writer


def test_the_answer_is_heard_and_typed_by_nobody() -> None:
    """Also in the middle of typing, and cut anywhere."""
    for cut in range(1, len(ANSWER) + 1):
        heard: list[int] = []
        parser = Parser(lambda heard=heard: heard.append(1))  # type: ignore[misc]
        text = f"ab{ANSWER[:cut]}", f"{ANSWER[cut:]}c\x1b[A"
        keys = [message.key for part in text for message in parser.feed(part) if isinstance(message, Key)]
        assert keys == ["a", "b", "c", "up"]
        assert len(heard) == 1


def test_pasted_answers_are_text() -> None:
    heard: list[int] = []
    parser = Parser(lambda: heard.append(1))
    pasted = [message for message in parser.feed(f"\x1b[200~a{ANSWER}b\x1b[201~c") if isinstance(message, Paste)]
    assert len(pasted) == 1 and not heard


def read_by(parser: Parser, *parts: str) -> list[tuple[str, str]]:
    """What comes of it: what was pasted, and keys."""
    found = [message for part in parts for message in parser.feed(part)]
    return [
        ("paste", one.text) if isinstance(one, Paste) else ("key", one.key)
        for one in found
        if isinstance(one, (Key, Paste))
    ]


def test_what_is_pasted_is_one_text_however_its_bytes_arrive() -> None:
    """Cut anywhere, also slowly: a mark in two halves is a mark."""
    whole = "a\x1b[200~b c\r\x1b[201~d"
    wanted = [("key", "a"), ("paste", "b c\r"), ("key", "d")]
    for cut in range(1, len(whole)):
        assert read_by(Parser(lambda: None), whole[:cut], whole[cut:]) == wanted, cut
    assert read_by(Parser(lambda: None), *whole) == wanted
    for cut in range(whole.index("c"), len(whole)):
        parser = Parser(lambda: None)
        found = read_by(parser, whole[:cut])
        time.sleep(0)
        parser._timeout_time = None if parser._timeout_time is None else 0.0  # as if the line had paused there
        assert not [message for message in parser.tick() if isinstance(message, Key)], cut
        assert found + read_by(parser, whole[cut:]) == wanted, cut


def test_a_paste_makes_no_keys() -> None:
    text = "x \x1b" + "p" * 40 + " \x1b[A \x1b[200~ y"
    assert read_by(Parser(lambda: None), f"\x1b[200~{text}\x1b[201~") == [("paste", text)]
    assert read_by(Parser(lambda: None), "\x1b[200~\x1b[201~", "k") == [("key", "k")]


class Seconds:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_paste_without_its_end_is_over_after_a_silence() -> None:
    clock = Seconds()
    parser = Parser(lambda: None, clock=clock)
    assert read_by(parser, "\x1b[200~web-1\rp", "y") == [] and parser.pasting
    clock.now += SILENCE - 0.1
    assert list(parser.tick()) == []
    assert read_by(parser, "\x1b[<35;10;5M\x1b[0n") == [], "the mouse is no sign that it goes on"
    clock.now += 0.1
    [given] = parser.tick()
    assert isinstance(given, Paste) and given.text == "web-1\rpy"
    assert not list(parser.tick()), "it is over"
    assert read_by(parser, "j", "\x1b[A", "q") == [("key", "j"), ("key", "up"), ("key", "q")]


def test_the_rest_of_a_paste_that_was_given_up_is_no_keys() -> None:
    """A line that stood still in the middle of it: nothing of it acts."""
    clock = Seconds()
    parser = Parser(lambda: None, clock=clock)
    read_by(parser, "\x1b[200~first")
    clock.now += SILENCE
    assert len(list(parser.tick())) == 1
    assert read_by(parser, "p\r\ry") == [("paste", "p\r\ry")]
    assert read_by(parser, "more", "last\x1b[201~py") == [
        ("paste", "more"),
        ("paste", "last"),
        ("key", "p"),
        ("key", "y"),
    ]
    read_by(parser, "\x1b[200~again")
    clock.now += SILENCE
    assert len(list(parser.tick())) == 1
    clock.now += SUSPICION
    assert read_by(parser, "jj") == [("key", "j"), ("key", "j")], "after a while hands are believed again"


def test_what_is_pasted_without_an_end_takes_no_more_memory_than_it_may() -> None:
    parser = Parser(lambda: None, clock=Seconds())
    part = "x" * 65_536
    found = read_by(parser, "\x1b[200~", *[part] * (MOST // len(part) + 2), "\x1b[201~", "k")
    assert [kind for kind, _ in found] == ["paste", "paste", "key"]
    assert sum(len(text) for kind, text in found if kind == "paste") == (MOST // len(part) + 2) * len(part)


def test_what_is_used_of_textual_is_there() -> None:
    assert inspect.signature(Driver.__init__).parameters.keys() >= {"app", "debug", "mouse", "size"}
    source = inspect.getsource(Driver.__init__)
    for name in ("_app", "_debug", "_mouse", "_auto_restart", "_loop"):
        assert f"self.{name} = " in source
    for name in ("_gen", "_tokens", "_awaiting", "_timeout_time"):
        assert f"self.{name}" in inspect.getsource(BaseParser.__init__)
    assert vars(App).keys() >= {"_handle_exception", "_display"} and hasattr(App, "_post_message")
    assert get_time is time.monotonic, "when_shown gives times that are compared with Message.time"


class Line:
    """A pipe that stands for a line: it takes 64 kB, then nothing until somebody reads."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.read = b""

    def wait_for(self, what: bytes) -> bytes:
        """Read until it came."""
        while what not in self.read:
            assert select.select([self.reader], [], [], 10)[0], f"{what!r} did not come: {self.read[-200:]!r}"
            self.read += os.read(self.reader, 65536)
        return self.read

    def drain(self) -> bytes:
        """Everything that is there now."""
        while select.select([self.reader], [], [], 0)[0] and (data := os.read(self.reader, 65536)):
            self.read += data
        return self.read


@contextmanager
def line() -> Iterator[Line]:
    made = Line()
    try:
        yield made
    finally:
        os.close(made.reader)
        os.close(made.writer)


def told(before: str | None, after: str) -> str:
    return "" if before == after else f"<{before or '-'}>{after};"


@pytest.mark.parametrize("pictures", [1, 50])
def test_of_pictures_on_a_full_line_only_the_newest_is_written(pictures: int) -> None:
    with line() as here:
        writer = Writer[str](here.writer, told)
        os.write(here.writer, b"." * 65536)
        writer.start()
        for number in range(pictures):
            writer.show(f"picture {number}")
        last = f"picture {pictures - 1};".encode()
        written = here.wait_for(last)[65536:]
        assert writer.close()
        assert written.count(b";") <= 2, "the first was composed already when the line was full"
        assert here.drain().endswith(last)


def test_words_keep_their_order_and_are_never_dropped() -> None:
    with line() as here:
        writer = Writer[str](here.writer, told)
        writer.start()
        for number in range(500):
            writer.write(f"[{number}]")
            if number % 7 == 0:
                writer.show(str(number))
        here.wait_for(b"[499]")
        assert writer.close()
        words = b"".join(part[: part.index(b"]") + 1] for part in here.drain().split(b"[")[1:])
        assert words == b"".join(b"%d]" % number for number in range(500))


def test_a_picture_is_made_of_the_one_that_stands_there_and_of_nothing_when_that_was_forgotten() -> None:
    with line() as here:
        writer = Writer[str](here.writer, told, standing="zero")
        writer.start()
        writer.show("one")
        here.wait_for(b"<zero>one;")
        writer.show("two")
        here.wait_for(b"<one>two;")
        writer.repaint()
        here.wait_for(b"<->two;")
        writer.forget()
        writer.show("three")
        here.wait_for(b"<->three;")
        writer.answered()  # it could be asked again
        writer.show("three")
        assert writer.close()
        assert here.drain() == b"<zero>one;<one>two;<->two;<->three;", "and nothing where nothing changed"


def test_a_picture_that_is_forgotten_while_it_is_drawn_is_drawn_again() -> None:
    drawing, go_on = threading.Event(), threading.Event()

    def slowly(before: str | None, after: str) -> str:
        if not drawing.is_set():
            drawing.set()
            assert go_on.wait(10)
        return told(before, after)

    with line() as here:
        writer = Writer[str](here.writer, slowly, standing="zero")
        writer.start()
        writer.show("one")
        assert drawing.wait(10)
        writer.forget()
        go_on.set()
        here.wait_for(b"<zero>one;<->one;")
        assert writer.close()


def test_frames_of_textual_that_wait_too_long_are_dropped_and_a_whole_one_is_asked_for() -> None:
    asked = threading.Event()
    with line() as here:
        writer = Writer[str](here.writer, told, overtaken=asked.set)
        os.write(here.writer, b"." * 65536)
        writer.start()
        writer.write("first")
        for _ in range(3):
            writer.write_frame("x" * (MOST_QUEUED // 2))
        writer.write("title")
        assert not asked.is_set()
        here.wait_for(b"title")
        assert asked.wait(10)
        assert len(here.read) < 65536 + MOST_QUEUED
        writer.write_frame("whole")
        here.wait_for(b"whole")
        assert writer.close()


def test_an_end_does_not_wait_for_a_line_that_takes_nothing() -> None:
    with line() as here:
        writer = Writer[str](here.writer, told)
        os.write(here.writer, b"." * 65536)
        writer.start()
        writer.write("never")
        assert not writer.close(patience=0.1)
        assert not writer.alive
        assert b"never" not in here.drain()


def test_a_line_that_is_gone_ends_the_writer() -> None:
    reader, descriptor = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    os.close(reader)
    writer = Writer[str](descriptor, told)
    writer.start()
    writer.write("x")
    assert writer.close()
    assert writer.gone
    os.close(descriptor)


def test_an_error_while_drawing_is_told_and_the_last_words_are_written_all_the_same() -> None:
    told_of: list[Exception] = []

    def broken(_before: str | None, _after: str) -> str:
        raise ValueError("x")

    with line() as here:
        writer = Writer[str](here.writer, broken, failed=told_of.append)
        writer.start()
        writer.show("one")
        writer.write("last words")
        assert writer.close()
        assert here.drain() == b"last words"
        assert [type(error) for error in told_of] == [ValueError]


def test_a_terminal_that_answers_gets_no_more_than_its_line_carries() -> None:
    """A line of 8 KiB/s and a round trip of 50 ms; a picture of 300 bytes 60 times a second is twice too much."""
    flow, now, written = Flow(), 0.0, 0
    rate, trip = 8192, 0.05
    flow.wrote(4)
    flow.asked(4, now)
    now += trip
    flow.answered(now)
    read, coming = 4.0, list[tuple[float, int]]()
    longest = 0.0
    while now < 20:
        now += 1 / 60
        read = min(flow.written, read + rate / 60)
        while coming and coming[0][1] <= read:
            at, _ = coming[0]
            coming.pop(0)
            flow.answered(max(now, at + trip))
        if flow.room_in(now) <= 0:
            size = 300
            if flow.wants_question(size):
                size += len(QUESTION)
                flow.asked(flow.written + size, now)
                coming.append((now, flow.written + size))
            flow.wrote(size)
            written += size
        if now > 2:
            longest = max(longest, (flow.written - read) / rate)
    assert longest < 0.35, "a key's effect is never further behind than this"
    assert written > 0.8 * rate * 18, "and the line is used"


def test_a_terminal_that_never_answers_is_never_waited_for() -> None:
    flow = Flow()
    flow.wrote(4)
    flow.asked(4, 0.0)
    flow.wrote(1_000_000)
    assert flow.room_in(0.1) == 0
    assert not flow.wants_question(5_000), "and asked only once"


def test_answers_come_in_their_order_also_those_that_came_late() -> None:
    flow = Flow()
    flow.asked(0, 0.0)
    flow.answered(0.01)
    flow.wrote(100_000)
    flow.asked(100_000, 1.0)
    assert 0 < flow.room_in(1.5) <= 3
    assert flow.room_in(4.5) == 0, "a stuck line is not waited for for ever"
    assert flow.window == LEAST
    assert flow.wants_question(LEAST)
    flow.wrote(5_000)
    flow.asked(105_000, 4.5)
    flow.answered(5.0)
    assert flow.arrived == 100_000, "that was the first question's"
    assert flow.waiting
    flow.answered(5.1)
    assert flow.arrived == 105_000
    assert not flow.waiting


@pytest.mark.parametrize("lost", [1, 3])
def test_answers_that_got_lost_are_missed_once_and_not_for_ever(lost: int) -> None:
    """A program beside ours read them; then pictures come every half second to a terminal that answers at once."""
    flow, now = Flow(), 0.0
    flow.asked(0, now)
    flow.answered(0.02)
    waited: list[float] = []
    for turn in range(60):
        now = max(now, 1 + turn / 2)
        began = now
        while (room := flow.room_in(now)) > 0:
            now += room
        waited.append(now - began)
        asks = flow.wants_question(800)
        if asks:
            flow.asked(flow.written + 800, now)
        flow.wrote(800)
        if asks and lost:
            lost -= 1
        elif asks:
            now += 0.02
            flow.answered(now)
    assert not any(waited[30:]), "and nothing waits any more"
    assert flow.written - flow.arrived <= 800, "what is known is what stands there"


def test_an_answer_that_comes_late_at_the_moment_of_another_question_is_the_older_ones() -> None:
    flow = Flow()
    flow.asked(0, 0.0)
    flow.answered(0.02)
    now = 10.0
    for number in range(1, 6):  # each answer takes 3.05 seconds
        flow.wrote(1_000)
        flow.asked(1_000 * number, now)
        if number > 1:
            flow.answered(now + 0.05)
            assert flow.arrived == 1_000 * (number - 1)
        while flow.answer_in(now) and now < 10 + 3 * number:
            now += min(flow.answer_in(now), 10 + 3 * number - now)
        assert flow.arrived <= 1_000 * (number - 1)


def test_a_terminal_that_fell_silent_is_not_waited_for_until_it_answers_again() -> None:
    flow, now = Flow(), 0.0
    flow.asked(0, now)
    flow.answered(now)
    for _ in range(SILENT_AFTER):
        flow.wrote(100_000)
        flow.asked(flow.written, now)
        now += 4
        assert flow.room_in(now) == 0
    assert not flow.answers
    flow.wrote(100_000)
    assert flow.room_in(now) == 0 and not flow.wants_question(100_000)
    flow.answered(now)
    assert flow.wants_question(100_000)
    assert ANSWER != QUESTION


def test_when_a_picture_is_shown_is_what_the_terminal_says() -> None:
    shown: list[str] = []
    with line() as here:
        writer = Writer[str](here.writer, told)
        writer.start()
        writer.ask()
        here.wait_for(QUESTION.encode())
        writer.answered()
        writer.show("one")
        writer.when_shown(lambda _: shown.append("one"))
        here.wait_for(b"one;" + QUESTION.encode())
        writer.show("two")
        writer.when_shown(lambda _: shown.append("two"))
        here.wait_for(b"two;")
        assert not shown, "the line has both, and the terminal has said nothing"
        writer.answered()
        here.wait_for(b"two;" + QUESTION.encode())
        assert shown == ["one"]
        writer.answered()
        writer.write("end")
        here.wait_for(b"end")
        assert shown == ["one", "two"]
        writer.show("two")
        writer.when_shown(lambda _: shown.append("nothing new"))
        here.wait_for(b"end" + QUESTION.encode())
        writer.answered()
        assert writer.close()
        assert shown[2:] == ["nothing new"]


def test_of_a_terminal_that_says_nothing_is_believed_what_the_line_took() -> None:
    shown = threading.Event()
    with line() as here:
        writer = Writer[str](here.writer, told, first=b"first")
        os.write(here.writer, b"." * 65536)
        writer.start()
        writer.show("one")
        writer.when_shown(lambda _: shown.set())
        assert not shown.wait(0.05)
        here.wait_for(b"<->one;")
        assert shown.wait(10)
        assert b".first<" in here.read
        assert writer.close()
