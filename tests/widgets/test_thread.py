"""The thread: text into rows, walking, the place that holds, folding, search, and how little is wrapped."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.message import Message

from billtui.domain.links import links_in
from billtui.domain.safetext import SafeBody, SafeText
from billtui.widgets.thread import ThreadEntry, ThreadFile, ThreadView
from billtui.widgets.thread_found import FoundPlaces
from billtui.widgets.thread_layout import Frame, Part, Spot, ThreadLayout
from billtui.widgets.thread_lines import ThreadLooks, ThreadPainter, size_text
from billtui.widgets.thread_text import PART, Fold, Kind, Line, folded, lines_of, quoted, wrapped
from tests.widgets.test_record_table_drawing import HOSTILE, harmless

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LOG = "\n".join(f"{number:03d} kernel: nvme0n1: I/O {number} QID 3 timeout, completion polled" for number in range(480))

FEW = settings(max_examples=40)
words = st.text(st.sampled_from("abc  -漢字かעבр́é·>`1."), max_size=60)
bodies = st.lists(words | st.sampled_from(["```", "> quoted", "    code", "", LOG[:2500]]), max_size=8).map("\n".join)


def entry(number: int, body: str, **more: object) -> ThreadEntry:
    made = ThreadEntry(str(number), "olena.marsh", "client", NOON + timedelta(hours=number), str(SafeBody(body)))
    return made._replace(**more)  # type: ignore[arg-type]  # fields by name


def laid_out(bodies: Sequence[str], width: int = 70, unread: str | None = None) -> ThreadLayout:
    layout = ThreadLayout()
    layout.show([entry(number, body) for number, body in enumerate(bodies)], unread)
    layout.set_width(width)
    return layout


# --- text into rows


@given(words, st.integers(6, 40), st.integers(0, 3), st.sampled_from(Kind))
@example("é漢か \u03011р1>1", 7, 0, Kind.TEXT)  # a space that carries a mark, where the row is full
@example("1かр >b \u0301·", 6, 3, Kind.CODE)
@example("漢ע- \u0301é>рb1caр", 7, 0, Kind.TEXT)  # the same as the last place to break
def test_rows_fit_and_hold_every_character_that_is_no_space(text: str, width: int, hang: int, kind: Kind) -> None:
    body = str(SafeBody(text))
    rows = wrapped(body, Line(kind, 0, len(body)), width, hang)
    drawn = [body[start:end] for start, end in rows]
    assert "".join("".join(drawn).split()) == "".join(body.split())
    if kind is Kind.CODE:
        assert sum(map(len, drawn)) >= len(body) - len(rows)  # at most the space at which a row ended
    for number, row in enumerate(drawn):
        assert cell_len(row) <= (width - hang if number else width)
        assert number == 0 or not row or cell_len(row[0]) > 0, "a row never begins with a combining mark"


@FEW
@given(bodies)
def test_lines_are_in_order_and_lose_only_marks(text: str) -> None:
    body = str(SafeBody(text))
    lines = lines_of(body)
    assert all(one.start <= one.end for one in lines)
    assert all(first.end <= second.start for first, second in pairwise(lines))
    kept = "".join(body[one.start : one.end] for one in lines)
    rest = body.translate(str.maketrans("", "", "> `\n"))
    assert kept.translate(str.maketrans("", "", "> `\n")) == rest


def test_quotes_code_and_prose_are_told_apart() -> None:
    body = "Hello\n> first\n>> second\n\n    indented\n```\nfenced\n> no quote\n```\n- item\nend"
    found = [(line.kind, line.depth, body[line.start : line.end]) for line in lines_of(body)]
    assert found == [
        (Kind.TEXT, 0, "Hello"),
        (Kind.QUOTE, 1, "first"),
        (Kind.QUOTE, 2, "second"),
        (Kind.TEXT, 0, ""),
        (Kind.CODE, 0, "indented"),
        (Kind.CODE, 0, "fenced"),
        (Kind.CODE, 0, "> no quote"),
        (Kind.TEXT, 0, "- item"),
        (Kind.TEXT, 0, "end"),
    ]


def test_prose_breaks_at_spaces_and_ideographs_anywhere() -> None:
    assert wrapped("alpha gamma", Line(Kind.TEXT, 0, 11), 8) == [(0, 5), (6, 11)]
    assert wrapped("alpha gamma", Line(Kind.CODE, 0, 11), 8) == [(0, 8), (8, 11)]
    assert wrapped("漢字漢字漢字漢字", Line(Kind.TEXT, 0, 8), 8) == [(0, 4), (4, 8)]


def test_a_long_log_is_folded_and_says_how_much() -> None:
    unfolded = lines_of(LOG)
    shown = folded(unfolded)
    fold = shown[-1]
    assert isinstance(fold, Fold)
    assert len(shown) - 1 + fold.lines == 480
    one_line = folded(lines_of("x" * 1_000_000))
    assert isinstance(one_line[-1], Fold)
    assert one_line[-1].characters > 900_000
    assert folded(lines_of("a\n\nb")) == lines_of("a\n\nb")


@FEW
@given(bodies)
def test_a_fold_hides_what_is_not_shown_and_nothing_else(body: str) -> None:
    lines = lines_of(body)
    shown = folded(lines)
    hidden = {line for line in lines if any(isinstance(f, Fold) and f.start <= line.start <= f.end for f in shown)}
    assert [one for one in shown if isinstance(one, Line)] == [line for line in lines if line not in hidden] or hidden
    assert {one for one in shown if isinstance(one, Line)} | hidden == set(lines)


def test_links_end_where_the_sentence_does() -> None:
    text = "See https://status.example.net/a?b=1. And (http://x.example/(y)), not javascript:alert or https://."
    assert [text[a:b] for a, b in links_in(text)] == ["https://status.example.net/a?b=1", "http://x.example/(y)"]


def test_a_body_as_a_quotation() -> None:
    assert quoted("one\n\ntwo\n") == "> one\n>\n> two"
    assert quoted("a\n" * 500, most=2) == "> a\n> a\n> …"


def test_a_file_whose_size_nobody_tells_has_none() -> None:
    layout = ThreadLayout()
    layout.show([entry(0, "See.")._replace(files=(ThreadFile("f", "log.txt", 0), ThreadFile("g", "b.txt", 5)))], "1")
    layout.set_width(60)
    painter = ThreadPainter(layout, 65, ThreadLooks(), FoundPlaces().spans, ascii_only=True)
    rows = [painter.row(spot, chosen=False).text.rstrip() for spot in layout.window(Spot(0), 50)]
    assert any(row.endswith("log.txt") for row in rows) and any(row.endswith("b.txt  5 B") for row in rows)


def test_sizes_of_files() -> None:
    assert [size_text(size) for size in (812, 12_700, 3_145_728)] == ["812 B", "12.4 KiB", "3.0 MiB"]


# --- walking


@FEW
@given(st.lists(bodies, min_size=1, max_size=5), st.integers(8, 90), st.integers(0, 400), st.integers(0, 400))
def test_walking_on_and_back_meets_the_window(texts: list[str], width: int, start: int, count: int) -> None:
    layout = laid_out(texts, width)
    spot, moved = layout.walk(Spot(0), start)
    assert moved <= start and spot <= layout.last
    assert moved == start or spot == layout.last
    assert layout.walk(spot, -moved) == (Spot(0), -moved) or layout.walk(spot, -moved) == (Spot(0), moved)
    window = layout.window(spot, 30)
    assert window == sorted(set(window)) and window[0] == spot
    far, steps = layout.walk(spot, min(count, 29))
    assert steps >= len(window) or far == window[steps]


@FEW
@given(st.lists(bodies, min_size=1, max_size=4), st.integers(8, 90), st.integers(8, 90), st.integers(0, 300))
def test_an_anchor_holds_its_character_through_another_width(
    texts: list[str], width: int, other: int, down: int
) -> None:
    layout = laid_out(texts, width)
    spot = layout.walk(Spot(0), down)[0]
    anchor = layout.anchor(spot)
    assert anchor is not None
    layout.set_width(other)
    again = layout.spot(anchor)
    assert again is not None and again.message == spot.message
    if anchor.part is None and isinstance(layout.units(again.message)[again.unit], Line):
        start, end = layout.rows(again.message, again.unit)[again.row]
        assert start <= anchor.offset <= max(end, start) + 1
    layout.set_width(width)
    assert layout.spot(anchor) == spot


def test_days_authors_and_the_first_unread_are_marked() -> None:
    layout = ThreadLayout()
    first, same = entry(0, "a"), entry(1, "b")
    other = entry(2, "c", author="sam.desk", role="support")
    morrow = entry(30, "d", author="sam.desk", role="support")
    layout.show([first, same, other, morrow], "2")

    def frames(number: int) -> list[Frame]:
        return [unit.frame for unit in layout.units(number) if isinstance(unit, Part)]

    assert frames(0) == [Frame.DAY, Frame.HEAD]
    assert frames(1) == [Frame.GAP, Frame.HEAD] and layout.follows_on(1)
    assert frames(2) == [Frame.GAP, Frame.UNREAD, Frame.HEAD] and not layout.follows_on(2)
    assert frames(3) == [Frame.GAP, Frame.DAY, Frame.HEAD] and not layout.follows_on(3)
    layout.show([first, same._replace(internal=True)], None)
    assert not layout.follows_on(1), "a note says its name again"


def test_a_thread_of_any_length_is_wrapped_where_it_is_seen() -> None:
    layout = ThreadLayout()
    some = entry(0, LOG)
    layout.show([some._replace(id=str(number)) for number in range(400)], None)
    layout.opened = {str(number) for number in range(400)}
    layout.window(layout.walk(layout.last, -20)[0], 20)
    assert set(layout._units) == {399}
    assert len(layout._rows) <= 22
    layout.show([entry(0, "word " * 40_000)], None)
    layout.opened = {"0"}
    layout.window(Spot(0, 1), 30)
    assert sum(len(rows) for rows in layout._rows.values()) < PART


# --- drawing

hostile = st.lists(st.characters() | st.sampled_from(HOSTILE), max_size=12).map("".join)


@FEW
@given(hostile, hostile, hostile, st.integers(1, 100), st.booleans())
def test_every_row_is_as_wide_as_the_thread_and_harmless(
    body: str, author: str, name: str, width: int, ascii_only: bool
) -> None:
    layout = ThreadLayout()
    made = entry(0, f"{body}\n> {body}\n    {body}", author=str(SafeText(author)), role=str(SafeText(name)))
    note = made._replace(id="1", internal=True, files=(ThreadFile("f", str(SafeText(name)), 5),), merged_from="12")
    layout.show([made, note], "1")
    layout.set_width(width - 5)
    found = FoundPlaces()
    found.look("a", (one.body for one in layout.entries))
    painter = ThreadPainter(layout, width, ThreadLooks(), found.spans, ascii_only=ascii_only)
    for spot in layout.window(Spot(0), 500):
        strip = painter.row(spot, chosen=spot.message == 1)
        assert sum(cell_len(segment.text) for segment in strip) == width
        assert harmless(strip)
        assert strip.text.isascii() or not ascii_only


@given(st.lists(words, max_size=5), st.sampled_from(["a", "b", "漢", "zz", ""]), st.booleans())
def test_every_place_is_found_and_drawn_once(texts: list[str], wanted: str, there: bool) -> None:
    found = FoundPlaces()
    texts = [*texts, f"- {wanted} -"] if there else texts
    found.look(wanted, texts)
    assert len(found.places) == (sum(text.lower().count(wanted) for text in texts) if wanted else 0)
    spans = [(number, *span[:2]) for number, text in enumerate(texts) for span in found.spans(number, 0, len(text))]
    assert spans == list(map(tuple, found.places))
    assert found.places or not (wanted and there)
    first = found.begin(0, 0)
    for _ in found.places:
        found.step(1)
    assert found.here == first, "behind the last comes the first"


# --- the widget


class ThreadApp(App[None]):
    """The widget alone."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Message] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"muted": "#8f9aab", "faint": "#5d6675"}

    def compose(self) -> ComposeResult:
        yield ThreadView(id="thread")

    def on_thread_view_moved(self, event: ThreadView.Moved) -> None:
        self.heard.append(event)

    def on_thread_view_shown(self, event: ThreadView.Shown) -> None:
        self.heard.append(event)

    @property
    def thread(self) -> ThreadView:
        return self.query_one(ThreadView)

    def shown(self) -> list[str]:
        """Ids of messages that were said to be seen."""
        return [event.message_id for event in self.heard if isinstance(event, ThreadView.Shown)]

    def number(self) -> int:
        return self.thread.chosen_number

    def text(self) -> list[str]:
        return [self.thread.render_line(y).text.rstrip(" ┃") for y in range(self.thread.size.height)]


LETTERS = [entry(number, f"Letter {number} begins.\n\nIt has some words, and it ends here.") for number in range(12)]


async def test_it_opens_at_the_first_unread_and_says_what_was_seen() -> None:
    app = ThreadApp()
    async with app.run_test(size=(80, 20)) as pilot:
        app.thread.show(LETTERS, "6")
        app.thread.focus()
        await pilot.pause()
        assert app.thread.chosen == LETTERS[6]
        assert "new" in app.text()[0] or "new" in app.text()[1]
        assert app.shown() == ["9"]
        assert app.thread.not_shown_yet == 2
        await pilot.press("G")
        assert app.shown() == ["9", "11"] and app.thread.not_shown_yet == 0
        await pilot.press("g", "U")
        assert app.thread.chosen == LETTERS[6]
        assert app.shown() == ["9", "11"], "what was seen once is not said again"


async def test_new_messages_do_not_move_what_is_read() -> None:
    app = ThreadApp()
    async with app.run_test(size=(80, 20)) as pilot:
        app.thread.show(LETTERS)
        app.thread.focus()
        await pilot.press("up", "up", "up", "up", "up")
        before = app.text()
        app.thread.show([*LETTERS, entry(12, "One more.")])
        await pilot.pause()
        assert app.text() == before
        await pilot.press("G")
        assert "One more." in app.text()[-1]
        before = app.text()
        app.thread.show([*LETTERS, entry(12, "One more."), entry(13, "Another.")])
        await pilot.pause()
        assert app.text() == before and app.thread.not_shown_yet == 1, "not at the end either"
        mine = entry(14, "My answer.", mine=True)
        await pilot.press("G")
        app.thread.show([*LETTERS, entry(12, "One more."), entry(13, "Another."), mine])
        await pilot.pause()
        assert "My answer." in app.text()[-1], "one's own is gone to"
        removed = [*LETTERS[:3], *LETTERS[4:]]
        app.thread.show(removed)
        await pilot.pause()
        assert app.thread.chosen in removed


async def test_another_width_keeps_the_place() -> None:
    long = [entry(0, " ".join(f"word{number}" for number in range(3000)))]
    app = ThreadApp()
    async with app.run_test(size=(80, 20)) as pilot:
        app.thread.show(long)
        app.thread.focus()
        await pilot.press("z", "pagedown", "pagedown")
        first = app.text()[0].split()[1]
        for size in ((61, 20), (120, 40), (40, 12)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert first in app.text()[0].split(), size
        await pilot.resize_terminal(80, 20)
        await pilot.pause()
        assert app.text()[0].split()[1] == first


async def test_search_goes_round_and_opens_what_is_folded() -> None:
    app = ThreadApp()
    async with app.run_test(size=(80, 20)) as pilot:
        app.thread.show([entry(0, LOG), entry(1, "I/O 400 is the one.")])
        app.thread.focus()
        await pilot.press("g")
        assert "480" not in "\n".join(app.text())
        assert app.thread.search("i/o 400") == 2
        assert app.thread.found_at == (1, 2)
        assert any("400 kernel" in line for line in app.text())
        app.thread.search_step(1)
        assert app.number() == 2
        app.thread.search_step(1)
        assert app.thread.found_at == (1, 2) and app.number() == 1
        assert app.thread.search("nowhere") == 0 and app.thread.found_at == (0, 0)


async def test_folding_keys_and_choosing() -> None:
    app = ThreadApp()
    async with app.run_test(size=(80, 20)) as pilot:
        app.thread.show([entry(0, LOG), entry(1, "Short."), entry(2, "Shorter.")])
        app.thread.focus()
        await pilot.press("g")
        assert [app.thread.has_folds] == [True]
        await pilot.press("left_square_bracket")
        assert app.number() == 1
        await pilot.press("right_square_bracket", "right_square_bracket")
        assert app.number() == 3
        assert [app.thread.has_folds] == [False]
        await pilot.press("K", "K", "z")
        await pilot.press(*["pagedown"] * 30)
        assert any("479 kernel" in line for line in app.text()) or app.number() > 1
        await pilot.press("g", "z", "G")
        assert any("lines more, z shows them" in line for line in app.text())


async def test_a_row_costs_the_rows_that_differ() -> None:
    drawn: list[int] = []

    class Counted(ThreadView):
        def refresh(self, *regions: object, **options: bool) -> Counted:
            drawn.append(sum(region.height for region in regions))  # type: ignore[attr-defined]  # regions
            return super().refresh(*regions, **options)  # type: ignore[arg-type]

    class CountedApp(ThreadApp):
        def compose(self) -> ComposeResult:
            yield Counted(id="thread")

    app = CountedApp()
    async with app.run_test(size=(80, 20)) as pilot:
        app.thread.show(LETTERS)
        await pilot.pause()
        drawn.clear()
        app.thread.show(list(LETTERS))
        await pilot.pause()
        assert sum(drawn) == 0, "the same thread is not drawn again"
        app.thread.action_choose(-1)
        assert 0 < sum(drawn) <= 10, "another choice draws the two messages"


@pytest.mark.parametrize("size", [(1, 1), (5, 2), (80, 24)])
async def test_no_size_and_no_message_is_too_small(size: tuple[int, int]) -> None:
    app = ThreadApp()
    async with app.run_test(size=size) as pilot:
        app.thread.focus()
        await pilot.press("j", "k", "G", "g", "pagedown", "pageup", "J", "K", "z", "U")
        app.thread.show([entry(0, "")], "0")
        await pilot.press("j", "k", "G", "g", "pagedown", "pageup", "J", "K", "z", "U")
        app.thread.search("x")
        app.thread.show([])
        await pilot.press("j", "G")
