"""Where letters are written: replacing text, plain text alone, and long lines cut into rows as TextArea would."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text
from textual.app import App, ComposeResult
from textual.events import Paste

from billtui.widgets.letter_area import LONG_LINE, LetterArea, _Cuts, _LongLine, plain


class Desk(App[None]):
    """Nothing but the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def compose(self) -> ComposeResult:
        """The text."""
        yield LetterArea(self.text)


async def test_replacing_is_one_step_back_and_leaves_the_cursor_at_its_words() -> None:
    app = Desk("The password is hunter2.\nWhat now?")
    async with app.run_test() as pilot:
        area = app.query_one(LetterArea)
        area.focus()
        area.move_cursor((1, 5))
        area.become("The password is [removed].\nWhat now?\n\nWhere:")
        assert area.text == "The password is [removed].\nWhat now?\n\nWhere:"
        assert area.cursor_location == (1, 5)
        await pilot.press("ctrl+z")
        assert area.text == "The password is hunter2.\nWhat now?"


async def test_any_text_becomes_any_other() -> None:
    texts = ["", "a", "a\nb", "a\n\nb", "ab\nab", "аб\nвг", "x" * (LONG_LINE + 9), "a\nb\nc", "\n\n"]
    app = Desk("")
    async with app.run_test():
        area = app.query_one(LetterArea)
        for first in texts:
            for second in texts:
                area.load_text(first)
                area.become(second)
                assert area.text == second, (first, second)


async def test_what_is_pasted_is_plain_text() -> None:
    app = Desk("")
    async with app.run_test() as pilot:
        area = app.query_one(LetterArea)
        area.focus()
        app.post_message(Paste("one\r\ntwo\x1b]52;c;aGk=\x07\u2028three\tfour\x9b31m"))
        await pilot.pause()
        assert area.text == "one\ntwo]52;c;aGk=\nthree\tfour31m"


@given(st.text())
def test_plain_text_holds_no_control_character_but_tab_and_line_feed(text: str) -> None:
    found = plain(text)
    assert plain(found) == found
    assert not [one for one in found if ord(one) < 0x20 and one not in "\t\n"]
    assert found.splitlines() == found.split("\n")[: len(found.splitlines())]


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200), st.data())
def test_a_long_line_is_cut_into_the_rows_that_textual_would_cut(text: str, data: st.DataObject) -> None:
    offsets = sorted(data.draw(st.sets(st.integers(1, len(text)), max_size=5)))
    spans = data.draw(st.lists(st.tuples(st.integers(0, len(text)), st.integers(0, len(text))), max_size=3))
    ours, theirs = _LongLine(text, end="", no_wrap=True), Text(text, end="", no_wrap=True)
    ours.cuts = cuts = _Cuts()
    for begin, end in spans:
        ours.stylize("bold", begin, end)
        theirs.stylize("bold", begin, end)
    wanted = theirs.divide(offsets)
    assert len(ours.divide(offsets)) == len(wanted)
    for place, row in enumerate(wanted):
        rows = ours.divide(offsets)
        found = rows[place]
        assert found.plain == row.plain
        assert sorted(found.spans) == sorted(span for span in row.spans if span.start < span.end)
        assert [rows[other].plain for other in range(place)] == [one.plain for one in list(wanted)[:place]]
    assert [text[begin:end] for begin, end in pairwise(cuts.places)] == [row.plain for row in wanted]
