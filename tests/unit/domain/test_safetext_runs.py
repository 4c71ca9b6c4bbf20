"""Text from outside is cleaned in runs: the same as character by character, and quick for a megabyte."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from billtui.domain import safetext
from billtui.domain.safetext import BEARER, MAX_COMBINING, clean

MARKS = ("Mn", "Me", "Mc")
ODD = st.text(
    st.sampled_from("\x00\x07\x1b\x7f\x85\u00a0\u00ad\u0301\u0488\u200b\u202e\u2028\ufe0f\U000e0041\ue000\ud800")
)
TEXTS = st.lists(
    st.one_of(
        st.text(), ODD, st.text(st.characters(max_codepoint=0x600)), st.sampled_from(("\n", "\r\n", "\t", "диск"))
    )
).map("".join)


def one_by_one(text: str, most: int, *, multiline: bool) -> str:
    """As it is defined, a character at a time."""
    cut, text = len(text) > most, text[:most]
    if multiline:
        text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    out: list[str] = []
    marks, at_start = 0, True
    for char in text:
        if char == "\n" and multiline:
            out.append(char)
            marks, at_start = 0, True
            continue
        safe = safetext._clean_char(char)
        if not safe:
            continue
        if unicodedata.category(safe) in MARKS:
            if at_start:
                out.append(BEARER)
            marks += 1
        else:
            marks = 0
        at_start = False
        if marks <= MAX_COMBINING:
            out.append(safe)
    if cut or len(out) > most:
        del out[most - 1 :]
        out.append("…")
    return "".join(out)


@given(text=TEXTS, most=st.sampled_from((1, 5, 40, 10_000)), multiline=st.booleans())
def test_in_runs_it_is_what_it_is_one_by_one(text: str, most: int, multiline: bool) -> None:
    assert clean(text, max_length=most, multiline=multiline) == one_by_one(text, most, multiline=multiline)


def test_what_goes_in_runs_is_drawn_as_it_is() -> None:
    run = re.compile(f"[{safetext._HARMLESS}]")
    plain = [char for char in map(chr, range(0x110000)) if run.match(char)]
    assert len(plain) > 20_000
    for char in plain:
        assert safetext._clean_char(char) == char and unicodedata.category(char) not in MARKS and char.isprintable()
