"""The door: what it writes makes an emulated terminal show exactly what was meant, in few bytes."""

from __future__ import annotations

import inspect
import os
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, InlineUpdate, LayoutUpdate
from textual.app import App
from textual.geometry import Region
from textual.strip import Strip
from wcwidth import wcwidth

from billtui.terminal.abilities import CAUTIOUS, Abilities, abilities, describe_drawing, door_choice
from billtui.terminal.attributes import NARROW, StyleBook, style_book
from billtui.terminal.changes import changes
from billtui.terminal.screenful import Painting, Screenful
from tests.support.emulator import Emulator
from tests.support.random_screens import RandomScreen
from tests.support.through_door import EVERYTHING, differences

SOME = Abilities(switches_off=True, scrolls=True)
LINUX = Abilities(erases_in_colour=True, erases_cells=True, scrolls=True)
LONG = os.environ.get("BILLTUI_FAULTS") == "long"
WRITTEN = re.compile(
    r"(?:\x1b\[\d*(?:;\d+)?H|\x1b\[\d*[ABCDGKX]|\x1b\[J|\x1b\[[\d;]*m|\x1b\[(?:\d+;\d+)?r|\x1bM|\x1b\[\?2026[hl]|[\r\n\b])"
)
"""Every sequence that the door may write; the rest must be printable."""

CONTROLS = {chr(code) for code in (*range(32), *range(0x7F, 0xA0), *range(0x202A, 0x202F), 0xE000)}


def lines(*texts: str, style: Style | None = None) -> LayoutUpdate:
    """A whole screen of these lines, as wide as the widest."""
    strips = [Strip([Segment(text, style)]) for text in texts]
    width = max(strip.cell_length for strip in strips)
    return LayoutUpdate([[strip.adjust_cell_length(width)] for strip in strips], Region(0, 0, width, len(strips)))


def picture(update: LayoutUpdate, book: StyleBook | None = None) -> Screenful:
    painting = Painting(book or style_book(ColorSystem.TRUECOLOR))
    assert painting.take_over(update)
    return painting.screenful


def followed(emulator: Emulator, shown: Screenful | None, meant: Screenful, can: Abilities) -> str:
    """Write the changes to the emulator and look at every cell."""
    written = changes(shown, meant, can)
    left = WRITTEN.sub("", written)
    assert left.isprintable() or not left, (left, written)
    emulator.feed(written)
    assert not emulator.unknown, emulator.unknown
    assert not (wrong := differences(emulator, meant)), (wrong[:4], written)
    return written


@pytest.mark.parametrize("can", [EVERYTHING, CAUTIOUS, SOME, LINUX], ids=["all", "cautious", "screen", "linux"])
@pytest.mark.parametrize(
    ("colours", "size", "count"),
    [
        (ColorSystem.TRUECOLOR, (33, 9), 700),
        (ColorSystem.EIGHT_BIT, (20, 5), 350),
        (ColorSystem.STANDARD, (12, 3), 200),
        (ColorSystem.STANDARD, (1, 1), 30),
        (ColorSystem.STANDARD, (2, 14), 60),
    ],
)
def test_every_cell_is_what_was_meant(can: Abilities, colours: ColorSystem, size: tuple[int, int], count: int) -> None:
    """5,360 random changes in all (the long form: 107,200): screens, pieces cut through wide letters, moved rows."""
    count *= 20 if LONG else 1
    screen = RandomScreen(17, *size)
    painting = Painting(StyleBook(colours))
    emulator = Emulator(*size, erases_in_colour=can.erases_in_colour)
    shown: Screenful | None = None
    moved = 0
    painting.take_over(screen.whole(), screen.cursor())
    for turn in range(count):
        moved += "\x1b[r\x1b[" in followed(emulator, shown, painting.screenful, can).removeprefix("\x1b[r")
        shown = painting.screenful
        if turn % 97 == 96:  # somebody wrote over it
            emulator.feed("\x1b[2;3r\x1b[1;1HNOISE\x1b[31;44mNOISE\x1b[5;5H漢")
            shown = None
        painting.take_over(screen.update(), screen.cursor())
    if not can.scrolls:
        assert not moved
    elif size[0] * size[1] >= 100:
        assert moved > count // 50


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5), st.lists(st.text(max_size=12), min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_any_text_is_drawn_where_it_belongs_and_no_control_character_leaves(
    before: list[str], after: list[str]
) -> None:
    book = style_book(ColorSystem.STANDARD)
    count = max(len(before), len(after))
    texts = [[*one, *[""] * (count - len(one))] for one in (before, after)]
    width = max(1, *(Strip([Segment(text)]).cell_length for one in texts for text in one))
    emulator = Emulator(width, count)
    shown = None
    for one in texts:
        strips = [Strip([Segment(text)]).adjust_cell_length(width) for text in one]
        meant = picture(LayoutUpdate([[strip] for strip in strips], Region(0, 0, width, count)), book)
        assert all(len(row) == width for row in meant.rows)
        followed(emulator, shown, meant, EVERYTHING)
        shown = meant


@pytest.mark.parametrize(
    "text", ["0🏻", "x0🏻", "5🏽🏽", "👩🏻", "ab👩🏻", "👩🏻b", "👩‍🚀", "1️⃣", "❤️", "🇩🇪", "か\u3099x"]
)
def test_what_some_terminals_draw_as_two_pictures_reaches_over_no_edge(text: str) -> None:
    meant = picture(lines(text))
    followed(Emulator(len(meant.rows[0]), 1), None, meant, EVERYTHING)


@pytest.mark.parametrize(
    "raw", ["\x1b[31mred", "\x9b31m", "a\x05", "\x07", "\x7f", "\u202e1", "\ue000", "\r\n", "a\u0301\x07"]
)
def test_raw_control_characters_end_at_the_door(raw: str) -> None:
    """The filter before it is left out: what the door writes is its own sequences and printable cells (RELIABILITY)."""
    written = changes(None, picture(LayoutUpdate([[Strip([Segment(raw)], 12)]], Region(0, 0, 12, 1))), EVERYTHING)
    assert raw not in written
    assert not (CONTROLS & set(WRITTEN.sub("", written)))


def test_what_is_there_already_costs_nothing() -> None:
    one, two = (picture(lines("same words", "漢字 and more")) for _ in range(2))
    assert changes(one, two, EVERYTHING) == ""


def test_a_wide_letter_of_which_half_is_covered_leaves_a_blank() -> None:
    painting = Painting(style_book(ColorSystem.STANDARD))
    painting.take_over(lines("漢字漢字"))
    emulator = Emulator(8, 1)
    followed(emulator, None, painting.screenful, EVERYTHING)
    shown = painting.screenful
    chops = [{0: None, 1: Strip([Segment("xyz")]), 4: None}]
    painting.take_over(ChopsUpdate(chops, [(0, 1, 4)], [[1, 4, 8]]))
    assert "".join(cell.text for cell in painting.screenful.rows[0]) == " xyz漢字"
    followed(emulator, shown, painting.screenful, EVERYTHING)


def test_pieces_beside_what_was_asked_for_are_left_out() -> None:
    """The compositor fills them with widgets that may lie beneath others."""
    painting = Painting(style_book(ColorSystem.STANDARD))
    painting.take_over(lines("0123456789"))
    chops = [{0: Strip([Segment("aa")]), 2: Strip([Segment("bbbb")]), 6: Strip([Segment("cccc")])}]
    painting.take_over(ChopsUpdate(chops, [(0, 3, 5)], [[2, 6, 10]]))
    assert "".join(cell.text for cell in painting.screenful.rows[0]) == "01bbb56789"


def test_other_updates_are_not_taken() -> None:
    assert not Painting(style_book(ColorSystem.STANDARD)).take_over(InlineUpdate([Strip([Segment("x")])]))


# --- bytes


def test_moved_rows_are_moved_by_the_terminal() -> None:
    """P-BYTES-1: a list that scrolls by a row costs the new row, and not the others."""
    rows = [
        f"server-{number * 7919 % 9973:05} is somewhere and does {'something' if number % 3 else 'nothing'}"
        for number in range(60)
    ]
    head, foot = "its title", "and its keys"

    def seen(first: int) -> Screenful:
        return picture(lines(head, *rows[first : first + 30], foot))

    emulator = Emulator(seen(0).columns, 32)
    followed(emulator, None, seen(0), EVERYTHING)
    for before, after in ((0, 1), (1, 3), (3, 2), (2, 0)):
        written = followed(emulator, seen(before), seen(after), EVERYTHING)
        assert len(written) <= 30 + abs(after - before) * (len(rows[0]) + 8), written
    assert len(changes(seen(0), seen(1), CAUTIOUS)) > 500


def test_blanks_are_erased_in_the_background_of_their_own() -> None:
    """Only where the terminal is known to do it; else they are written."""
    style = Style.parse("on blue")
    before, after = (picture(lines(text.ljust(60), style=style)) for text in ("x" * 60, "x"))
    assert changes(before, after, EVERYTHING) == "\x1b[C\x1b[44m\x1b[K\x1b[m\r"
    assert " " * 59 in changes(before, after, SOME)
    emulator = Emulator(60, 1, erases_in_colour=False)
    followed(emulator, None, before, SOME)
    followed(emulator, before, after, SOME)


def test_bold_is_kept_where_a_blank_shows_it() -> None:
    """A reversed blank is as bright as its letters; on plain blanks nothing but the background is seen."""
    book = style_book(ColorSystem.STANDARD)
    bold, plain = (book.of(Style.parse(f"{word} red on blue")) for word in ("bold", "not bold"))
    assert bold.cells[" "] is plain.cells[" "]
    bold, plain = (book.of(Style.parse(f"reverse {word} red on blue")) for word in ("bold", "not bold"))
    assert bold.cells[" "] is not plain.cells[" "]


def test_one_changed_letter_is_one_letter() -> None:
    before, after = picture(lines("one two three")), picture(lines("one too three"))
    assert changes(before, after, EVERYTHING) == "\x1b[5Co\r"


# --- terminals


@pytest.mark.parametrize(
    ("environment", "can"),
    [
        ({"TERM": "xterm-256color"}, EVERYTHING),
        ({"TERM": "tmux-256color"}, EVERYTHING),
        ({"TERM": "xterm-kitty"}, EVERYTHING),
        ({"TERM": "alacritty"}, EVERYTHING),
        ({"TERM": "putty-256color"}, EVERYTHING),
        ({"TERM": "linux"}, LINUX),
        ({"TERM": "screen-256color"}, SOME),
        ({"TERM": "screen-256color", "TMUX": "/tmp/tmux,1,0"}, EVERYTHING),
        ({"TERM": "xterm-256color", "STY": "1.pts"}, SOME),
        ({"TERM": "xterm-256color", "ZELLIJ": "0"}, SOME),
        ({"TERM": "vt220"}, CAUTIOUS),
        ({"TERM": "something-new"}, CAUTIOUS),
        ({}, CAUTIOUS),
    ],
)
def test_what_a_terminal_is_relied_on_for(environment: dict[str, str], can: Abilities) -> None:
    assert abilities(environment) == can


@pytest.mark.parametrize(
    ("setting", "variable", "opened"),
    [("auto", "", True), ("off", "", False), ("on", "off", False), ("off", "ON", True), ("auto", "maybe", True)],
)
def test_the_switch(setting: str, variable: str, opened: bool) -> None:
    environment = {"BILLTUI_DOOR": variable, "TERM": "xterm"}
    choice = door_choice(setting, environment)
    assert choice.open is opened
    words = describe_drawing(setting, environment)
    assert choice.reason in words
    assert ("only cells that changed" in words) is opened


def test_the_private_ways_of_textual_that_are_used() -> None:
    """Fails when Textual changes them: see ``door.py`` and ``screenful.py``."""
    assert list(inspect.signature(App._display).parameters) == ["self", "screen", "renderable"]
    source = inspect.getsource(App._display)
    for name in ("_batch_count", "_running", "_closed", "is_headless", "post_display_hook", "cursor_position"):
        assert name in source
    kinds = {kind.__name__ for kind in CompositorUpdate.__subclasses__()}
    assert kinds == {"LayoutUpdate", "ChopsUpdate", "InlineUpdate"}
    assert list(inspect.signature(ChopsUpdate).parameters) == ["chops", "spans", "chop_ends"]
    assert list(inspect.signature(LayoutUpdate).parameters) == ["strips", "region"]
    assert list(inspect.signature(Compositor.render_update).parameters) == ["self", "full", "screen_stack", "simplify"]


def test_narrow_letters_are_narrow_for_everybody() -> None:
    assert all(cell_len(letter) == 1 == wcwidth(letter) for letter in NARROW)
    sure = [
        letter
        for letter in map(chr, range(0x3000, 0x10000))
        if style_book(ColorSystem.STANDARD).plain.cells[letter][::3] == (letter, True)
    ]
    assert len(sure) > 30_000
    assert all(letter in NARROW or cell_len(letter) == 2 == wcwidth(letter) for letter in sure)
