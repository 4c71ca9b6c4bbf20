"""P-START-2: an area's key typed while the program loads shows that list as it was last seen, and never another's."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from billtui import screens
from billtui.screens.record_list import RecordList
from billtui.shell_pictures import runs_of
from billtui.shell_places import AREAS, QUEUE
from billtui.terminal import area_picture, early
from billtui.terminal.area_picture import Picture, decode, draw, encode, holds, look_of, read
from billtui.terminal.attributes import style_book
from billtui.terminal.changes import changes
from billtui.terminal.first_frame import Look
from billtui.terminal.frame_facts import COLOURS, FRAMES, Facts, forget
from billtui.terminal.screenful import Painting, Row, Screenful
from tests.terminal.ptys import Terminal

NOW = 1_795_655_150
COLUMNS, ROWS = 60, 12
LOOK = Look({"TERM": "xterm-256color", "LANG": "C.UTF-8"})


def some_facts() -> Facts:
    facts = Facts("main")
    facts.url, facts.login, facts.account = "https://one.example", "olena.marsh", "olena.marsh · 204817"
    facts.areas = [("1", "Overview"), ("3", "Orders")]
    facts.lines = [[("bold", "525.00 EUR")]]
    facts.synced_at = NOW - 60
    facts.colours = dict.fromkeys(COLOURS, ("#102030", 17, 4))
    return facts


def some_picture() -> Picture:
    picture, facts = Picture(), some_facts()
    picture.profile, picture.url, picture.login = facts.profile, facts.url, facts.login
    picture.account, picture.area, picture.key, picture.title = facts.account, "orders", "3", "Orders"
    picture.theme, picture.look, picture.settings_stamp = facts.theme, look_of(LOOK), "-"
    picture.columns, picture.rows, picture.synced_at = COLUMNS, ROWS, NOW - 7_500
    picture.lines = [[(0, "1;38;5;188", f" web-{number} "), (9, "", "")] for number in range(ROWS - 3)]
    return picture


def on_screen(text: str) -> pyte.Screen:
    screen = pyte.Screen(COLUMNS, ROWS)
    pyte.Stream(screen).feed(early.ENTER + text)
    return screen


# --- what is kept

STYLES = tuple(
    map(
        Style.parse,
        (
            "none", "bold", "red", "on blue", "bold red on blue", "underline on blue", "italic bright_red",
            "strike on bright_blue", "bold #a0b0c0 on #102030", "underline2 #a0b0c0", "reverse", "#a0b0c0 on blue",
        ),
    )
)  # fmt: skip
TEXT = st.text(st.sampled_from("ab  é本語│●▰\U0001f600\u0301\x1b\x9b\u202e\t"), min_size=1, max_size=12)
LINES = st.lists(st.tuples(st.sampled_from(STYLES), TEXT), min_size=1, max_size=7)


def row_of(pieces: list[tuple[Style, str]]) -> Row:
    """A line of a screen, as the door has it."""
    painting = Painting(style_book(ColorSystem.EIGHT_BIT))
    strip = Strip([Segment(text, style) for style, text in pieces]).adjust_cell_length(COLUMNS, STYLES[3])
    return painting.cells(strip)


@given(LINES)
@settings(max_examples=150, deadline=None)
def test_a_line_comes_back_cell_by_cell_and_harmless(pieces: list[tuple[Style, str]]) -> None:
    row = row_of(pieces)
    picture = some_picture()
    picture.lines[0] = runs_of(row)
    found = decode(encode(picture))
    assert found is not None
    drawn = draw(found, some_facts(), LOOK, NOW)
    assert drawn.replace("\x1b", "").isprintable()
    assert "\x1b\x1b" not in drawn
    screen = on_screen(drawn)
    blank = Screenful.blank(COLUMNS, 1, row[0].attributes.plain)
    meant = on_screen(changes(None, blank._replace(rows=(row,))))
    for column, cell in enumerate(row):
        if cell.sure and cell.width and all(one.sure for one in row[:column]):
            shown, as_meant = screen.buffer[area_picture.ABOVE][column], meant.buffer[0][column]
            if cell.text == " ":  # nothing but its ground is seen
                shown, as_meant = (one._replace(fg="", bold=False, italics=False) for one in (shown, as_meant))
            assert shown == as_meant
    assert screen.buffer[area_picture.ABOVE + 1][1].data == "w", "no line reaches into the next one"


def test_a_torn_or_changed_file_is_not_used(tmp_path: Path) -> None:
    content = encode(some_picture())
    assert decode(content) is not None
    for cut in range(0, len(content), 3):
        assert decode(content[:cut]) is None
    for place in range(0, len(content), 7):
        assert decode(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]) is None
    path = tmp_path / "main.3.picture"
    path.write_bytes(content)
    path.chmod(0o644)
    assert read(str(path)) is None, "others could have read or made it"
    path.chmod(0o600)
    assert read(str(path)) is not None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda picture: picture.lines.pop(),
        lambda picture: picture.lines[0].append((COLUMNS, "", "x")),
        lambda picture: picture.lines[0].append((0, "0m\x1b[2J", "x")),
        lambda picture: setattr(picture, "synced_at", 0),
    ],
    ids=["a line is missing", "beyond the edge", "not only colours", "without an age"],
)
def test_what_is_sealed_and_still_not_a_picture_is_not_used(spoil: Callable[[Picture], object]) -> None:
    picture = some_picture()
    spoil(picture)
    assert decode(encode(picture)) is None


# --- for whom it holds


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("profile", "other"), ("url", "https://two.example"), ("login", "kofi.brandt"), ("account", "kofi.brandt · 7"),
        ("theme", "light"), ("settings_stamp", "1:2:3"), ("look", "standard:000"), ("columns", 80), ("rows", 24),
        ("key", "4"), ("title", "Jobs"),
    ],
)  # fmt: skip
def test_it_holds_for_the_same_account_and_the_same_terminal_only(name: str, value: object) -> None:
    picture, facts = some_picture(), some_facts()
    assert holds(picture, facts, LOOK, (COLUMNS, ROWS), "-")
    setattr(picture, name, value)
    assert not holds(picture, facts, LOOK, (COLUMNS, ROWS), "-")


def test_without_an_account_nothing_holds() -> None:
    picture, facts = some_picture(), some_facts()
    picture.account = facts.account = ""
    assert not holds(picture, facts, LOOK, (COLUMNS, ROWS), "-")


@pytest.mark.parametrize(("older", "words"), [(7_500, "2 h 5 min ago"), (60, "1 min ago")])
def test_it_says_the_age_of_its_oldest_part(older: int, words: str) -> None:
    picture, facts = some_picture(), some_facts()
    picture.synced_at = NOW - older
    shown = on_screen(draw(picture, facts, LOOK, NOW)).display
    assert f"opening, data {words}" in shown[0]
    assert "The list as of" in shown[-1]
    assert not any(letter.isdigit() for letter in shown[1])
    picture.synced_at, facts.synced_at = NOW, NOW - older
    assert f"opening, data {words}" in on_screen(draw(picture, facts, LOOK, NOW)).display[0], "so old is the balance"


def test_who_is_forgotten_leaves_no_list(tmp_path: Path) -> None:
    for name in ("main.frame", "main.3.picture", "main.8.picture", "main-2.3.picture", "other.3.picture"):
        (tmp_path / name).write_bytes(b"x")
    forget(str(tmp_path), "main")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["main-2.3.picture", "other.3.picture"]


def test_only_lists_of_the_copy_without_secrets_are_kept() -> None:
    made = {name: type(screens.make(name)) for name in (*AREAS, QUEUE) if name not in ("queue", "account")}
    kept = {name for name, kind in made.items() if issubclass(kind, RecordList) and kind.KEPT}
    assert kept == {"invoices", "orders", "transfers"}


# --- the program


ANSWERED = """
import sys, time
from billtui.cli.opening import begun
with begun(["--demo"]) as opening:
    assert opening._answers is not None
    print("READY", flush=True)
    end = time.monotonic() + 10
    while opening._answers.area != sys.argv[1] and opening._keys._thread.is_alive() and time.monotonic() < end:
        time.sleep(0.01)
    area = opening.chosen_area()
    said = f"AREA [{area}] LEFT {opening._typed} HEAVY {sorted({'textual', 'rich', 'pydantic'} & set(sys.modules))}"
print(said)
"""


def test_a_key_is_answered_before_the_program_is_loaded_and_taken_over_without_a_flicker(tmp_path: Path) -> None:
    places = {f"BILLTUI_{kind}_DIR": str(tmp_path / kind) for kind in ("CONFIG", "STATE", "DATA", "CACHE")}
    folder = tmp_path / "DATA" / "demo" / "data" / FRAMES
    command = [sys.executable, "-m", "billtui", "--demo"]

    with Terminal(command, columns=100, rows=30, variables=places) as terminal:
        terminal.wait_for(b"Runs out in", 60)
        terminal.wait_for((folder / "demo.frame").exists, 30)
        for key, words in ((b"0", b"Loyalty"), (b"9", b"Subject"), (b"3", b"A month")):
            terminal.send(key)
            terminal.wait_for(words, 30)
        end = time.monotonic() + 1
        terminal.wait_for(lambda: time.monotonic() > end)
        listed = terminal.screen().display[2:-1]
        terminal.send(b"q")
        terminal.wait_for(b"Quit billtui?")
        terminal.send(b"\r")  # the list is on top again, and the question still on the terminal
        assert terminal.wait_end(10)[0] == 0
    pictures = list(folder.glob("*.picture"))
    assert [path.name for path in pictures] == ["demo.3.picture"], "account and tickets are not kept"
    assert pictures[0].stat().st_mode & 0o777 == 0o600

    def answered(typed: bytes, area: str, columns: int = 100, **variables: str) -> bytes:
        code = [sys.executable, "-c", ANSWERED, area]
        with Terminal(code, columns=columns, rows=30, variables={**places, **variables}) as terminal:
            terminal.wait_for(b"READY")
            terminal.send(typed)
            assert terminal.wait_end(20)[0] == 0
            return bytes(terminal.output)

    assert b"AREA [orders] LEFT b'' HEAVY []" in answered(b"3", "orders")
    assert b"AREA [] LEFT b'3' HEAVY []" in answered(b"3", "never", columns=99), "another size"
    assert b"AREA [] LEFT b'3' HEAVY []" in answered(b"3", "never", TERM="xterm"), "other colours"
    assert b"AREA [] LEFT b'4' HEAVY []" in answered(b"4", "never"), "nothing is kept of it"
    assert b"AREA [orders] LEFT b'\\x1b' HEAVY []" in answered(b"3\x1b[B", "never"), "no other key is heeded"

    with Terminal(command, columns=100, rows=30, variables=places) as terminal:
        terminal.wait_for(b"Opening")
        terminal.send(b"3")
        terminal.wait_for(b"The list as of")
        terminal.send(b"\x1b[B")
        end = time.monotonic() + 0.2
        terminal.wait_for(lambda: time.monotonic() > end)
        known = terminal.screen().display
        assert known[2:-1] == listed
        assert "opening, data" in known[0]
        begun = len(terminal.output)
        terminal.wait_for(b"Renew", 60)
        end = time.monotonic() + 1.5
        terminal.wait_for(lambda: time.monotonic() > end)
        taken_over = bytes(terminal.output[begun:])
        assert taken_over.count(b"\x1b[J") == 1, "it is drawn as a whole once"
        assert b"Runs out in" not in taken_over, "nothing else stands there meanwhile"
        assert b"Loading" not in taken_over
        assert taken_over.count(b"\x1b[?1049h") == 0
        shown = terminal.screen().display
        marked = [number for number, line in enumerate(shown) if line.startswith("▸")]
        before = [number for number, line in enumerate(known) if line.startswith("▸")]
        assert marked == [before[0] + 1], "what was typed behind it acts on the list itself"
        os.kill(terminal.pid, signal.SIGTERM)
        assert terminal.wait_end(10)[0] == 128 + signal.SIGTERM
