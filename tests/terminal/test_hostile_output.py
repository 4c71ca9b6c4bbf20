"""No raw control byte from outside reaches the terminal, whichever widget draws it (RELIABILITY "Text from…")."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from billtui.terminal.output_filter import OutputFilter, title_sequences
from tests.terminal.answering import AnsweringTerminal

BLACK = Color(0, 0, 0)
MARK = "Zq7"

SEQUENCES = [
    f"\x1b]0;{MARK}\x07",
    f"\x1b]2;{MARK}\x1b\\",
    f"\x1b]52;c;{MARK}\x07",
    f"\x1b]8;;https://{MARK}.example\x1b\\link\x1b]8;;\x1b\\",
    f"\x1b]10;?{MARK}\x07",
    f"\x1b]1337;File=inline=1:{MARK}\x07",
    f"\x1bP$q{MARK}\x1b\\",
    f"\x1bP+q544e{MARK}\x1b\\",
    f"\x1b_G{MARK}\x1b\\",
    f"\x1b^{MARK}\x1b\\",
    f"\x1bX{MARK}\x1b\\",
    f"\x1b[5n{MARK}",
    f"\x1b[6n{MARK}",
    f"\x1b[c{MARK}",
    f"\x1b[>c{MARK}",
    f"\x1b[21t{MARK}",
    f"\x1b[2J{MARK}",
    f"\x1b[H{MARK}",
    f"\x1b[10;10H{MARK}",
    f"\x1b[3A{MARK}",
    f"\x1b[?1049l{MARK}",
    f"\x1b[?1000h{MARK}",
    f"\x1b[8m{MARK}",
    f"\x1b[31337m{MARK}",
    f"\x1bc{MARK}",
    f"\x1b(0{MARK}",
    f"\x1bZ{MARK}",
    f"\x1b#8{MARK}",
    f"\x9b31m{MARK}",
    f"\x9d0;{MARK}\x9c",
    f"\x90{MARK}\x9c",
    f"\x9f{MARK}\x9c",
    f"\x85{MARK}",
    f"9 900.00\x1b[7D9.90   {MARK}",
    f"9900.00\x08\x08\x08\x08\x08{MARK}",
]
SINGLE = [f"{MARK}{chr(code)}{MARK}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0))]
DIRECTION = [f"{MARK}{character}{MARK}" for character in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u061c"]
OTHERS = [f"{MARK}{c}{MARK}" for c in "\u200b\u2028\u2029\ufeff\ue000\U000e0041\U000f0000\U0010ffff\ufffe\u0378"]
PAYLOADS = SEQUENCES + SINGLE + DIRECTION + OTHERS
ALONE = SINGLE + DIRECTION + OTHERS
SCREENS = SEQUENCES + ["".join(ALONE[at : at + 5]) for at in range(0, len(ALONE), 5)]

PROGRAM = r"""
import json, sys
from pathlib import Path
from rich.text import Text
from textual.app import App
from textual.content import Content
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import *
from textual.widgets.option_list import Option
from textual.strip import Strip
from rich.segment import Segment
from rich.style import Style
from textual.visual import VisualType
import billtui.terminal.output_filter as gate

payloads = json.loads(Path(sys.argv[1]).read_text())
Base = gate.HarmlessApp if sys.argv[2] != "bare" else App
Base.door_wanted = sys.argv[2] == "door"

class Lines(Widget):
    # The line API: nothing of Textual's looks at the text before it is drawn.
    def __init__(self, text): super().__init__(); self.text = text
    def render_line(self, y):
        return Strip([Segment(self.text, Style(link="https://x\x1b\\" + self.text)), Segment("  |")])

class Linked(Static): pass

class Show(Screen):
    CSS = '''
    Button, Input, Label, Static, OptionList, DataTable, Tree, Lines, ListView {
        height: 2; border: none; min-height: 1; }
    #framed { border: solid red; height: 3; }
    '''
    def __init__(self, number): super().__init__(); self.number = number; self.payload = payloads[number]
    def compose(self):
        p, t = self.payload, Text(self.payload)
        yield Static(t)
        yield Static(Content(p, strip_control_codes=False))
        yield Label(t)
        yield Lines(p)
        framed = Static("framed", id="framed"); framed.border_title = t; framed.border_subtitle = t
        yield framed
        with Horizontal():
            yield Input(p, placeholder=p)
            yield Button(t)
        yield OptionList(Option(t))
        yield ListView(ListItem(Label(t)))
        tree = Tree(t); tree.root.add_leaf(t); tree.root.expand(); yield tree
        table = DataTable(); table.add_columns(t, "b"); table.add_row(t, "|"); yield table
        yield TextArea(p)
        yield Footer()
    def on_mount(self):
        self.notify(self.payload, title=self.payload, markup=False)
        self.call_after_refresh(self.call_after_refresh, self.next)
    def next(self):
        number = self.number + 1
        if number < len(payloads): self.app.switch_screen(Show(number))
        else: self.app.exit()

class Hostile(Base):
    def on_mount(self):
        self.title = payloads[0]
        self.push_screen(Show(0))

app = Hostile()
app.run()
sys.exit(app.return_code)
"""


def run(payloads: list[str], manner: str, tmp_path: Path) -> AnsweringTerminal:
    path = tmp_path / "payloads.json"
    path.write_text(json.dumps(payloads))
    with AnsweringTerminal([sys.executable, "-c", PROGRAM, str(path), manner], columns=100, rows=44) as terminal:
        code, _seconds = terminal.wait_end(60)
        assert code == 0, bytes(terminal.output[-3000:]).decode(errors="replace")
        return terminal


OWN_SEQUENCES = re.compile(
    rb"\x1b\[[0-9;]*m|\x1b\[[0-9;]*H|\r\n"  # colours, places, line ends
    rb"|\x1b\[[?>][0-9;]*[hlu]|\x1b\[<u|\x1b\[\?[0-9]+\$p"  # modes
    rb"|\x1b\]22;[a-z-]+\x07"  # the pointer's shape
    rb"|\x1b\[[0-9]*[ABCDGKX]|\x1b\[J|\x1b\[[0-9;]*r|\x1bM|[\r\n\b]"  # what the door writes
    rb"|\x1b\[5n"  # whether the terminal has read so far
)


def has_raw_control(text: str) -> str | None:
    """The first sequence or control that is not of the kind Textual itself writes, with what follows."""
    rest = OWN_SEQUENCES.sub(b"", text.encode()).decode()
    found = re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200b\u061c\u2028\u2029\ufeff]", rest)
    return rest[found.start() : found.start() + 40] if found else None


@pytest.mark.pty
@pytest.mark.parametrize("manner", ["filtered", "door"])
def test_no_payload_reaches_the_terminal_in_any_widget(tmp_path: Path, manner: str) -> None:
    """Nor is the terminal asked anything: no answer of it is typed."""
    assert len(PAYLOADS) >= 40
    terminal = run(SCREENS, manner, tmp_path)
    output = bytes(terminal.output).decode()
    assert terminal.foreign == []
    assert output.count(MARK) > 5 * len(PAYLOADS)  # they were drawn, in many places
    assert has_raw_control(output) is None
    for payload in SEQUENCES:
        start = next(at for at, character in enumerate(payload) if not character.isprintable())
        assert payload[start:] not in output, repr(payload)
        assert payload[start : payload.index(MARK) + 3] not in output, repr(payload)
    assert "\x1b]8" not in output


@pytest.mark.pty
def test_without_the_gate_they_do(tmp_path: Path) -> None:
    """The proof that the test above can fail: the terminal is asked, and its answers are typed."""
    terminal = run([*SEQUENCES[:8], f"\x05{MARK}", f"\x1b[21t{MARK}", f"\x1b[c{MARK}"], "bare", tmp_path)
    output = bytes(terminal.output).decode()
    assert {"\x05", "\x1b[21t", "\x1b[c"} <= set(terminal.foreign)
    assert f"\x1b]0;{MARK}" in output and has_raw_control(output) is not None


def apply(*segments: Segment, ascii_only: bool = False) -> list[Segment]:
    return OutputFilter(ascii_only=ascii_only).apply(list(segments), BLACK)


hostile_text = st.text(st.one_of(st.characters(), st.sampled_from("\x1b\x00\x07\x9b\u202e \u200d\ue000漢é́")))


@given(st.lists(hostile_text, max_size=5))
def test_every_segment_keeps_its_width_and_becomes_printable(texts: list[str]) -> None:
    segments = [Segment(text, Style(bold=True)) for text in texts]
    filtered = apply(*segments)
    for before, after in zip(segments, filtered, strict=True):
        assert after.text.isprintable()
        assert after.style == before.style
        assert cell_len(after.text) == cell_len(before.text), (before.text, after.text)
        after.text.encode()


@given(st.lists(hostile_text, max_size=5))
def test_ascii_only_is_ascii_and_keeps_its_width(texts: list[str]) -> None:
    for text, after in zip(texts, apply(*map(Segment, texts), ascii_only=True), strict=True):
        assert after.text.isascii() and after.text.isprintable()
        assert cell_len(after.text) == cell_len(text)


def test_all_code_points() -> None:
    for start in range(0, 0x110000, 256):
        text = "".join(map(chr, range(start, start + 256))) + " " * 256
        width = cell_len(text)
        for ascii_only in (False, True):
            (after,) = apply(Segment(text), ascii_only=ascii_only)
            assert after.text.isprintable() and cell_len(after.text) == width, hex(start)
            after.text.encode("ascii" if ascii_only else "utf-8")


def test_pictures_take_blanks_and_never_eat_text() -> None:
    assert [segment.text for segment in apply(Segment("a\x1b[2Jb   "))] == ["a␛[2Jb  "]
    assert [segment.text for segment in apply(Segment("9900.00\x1b"))] == ["9900.00"]
    assert [segment.text for segment in apply(Segment("x\ue000"))] == ["x\ufffd"]


def test_links_are_dropped_and_harmless_lines_are_returned_untouched() -> None:
    (linked,) = apply(Segment("x", Style(link="https://e\x1b\\x", bold=True)))
    assert linked.style is not None and linked.style.link is None and linked.style.bold
    line = [Segment("plain"), Segment("漢字 é", Style(bold=True))]
    assert OutputFilter().apply(line, BLACK) is line
    assert apply(Segment("\x1b[2J", None, [(1,)])) == []  # type: ignore[list-item]  # any control segment


def test_the_window_title_is_clean_set_and_given_back() -> None:
    for payload in PAYLOADS:
        set_title, restore = title_sequences(f"billtui {payload}")
        inner = set_title.removeprefix("\x1b[22;2t\x1b]2;").removesuffix("\x1b\\")
        assert inner.isprintable() and MARK in inner
        assert restore.endswith("\x1b[23;2t")
    set_title, _restore = title_sequences("x" * 10_000)
    assert len(set_title) < 200
    screen = pyte.Screen(20, 3)
    pyte.Stream(screen).feed(title_sequences("billtui · main\x1b]0;evil\x07")[0])
    assert screen.title.startswith("billtui · main␛]0;evil")


def test_frames_have_plain_stand_ins() -> None:
    assert [segment.text for segment in apply(Segment("┌─┐│█ → …€"), ascii_only=True)] == ["+-+|# > .?"]
    assert [segment.text for segment in apply(Segment("a\x1b[2J  "), ascii_only=True)] == ["a?[2J "]
