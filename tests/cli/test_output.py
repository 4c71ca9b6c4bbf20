"""What is printed: harmless, cut to the terminal, one document, and never in the way of what was confirmed."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.cli.output import Column, Output, table_lines

COLUMNS = (Column("id", right=True), Column("name", cut=True), Column("total", right=True))
HOSTILE = "a\x1b]52;c;aGk=\x07b\x05\x9b31mc\u202egnp\r\nd"


def test_a_table_is_as_wide_as_it_must_be() -> None:
    lines = table_lines(COLUMNS, [["1", "web-01", "5.90 EUR"], ["20", "日本-02", "105.90 EUR"]], None)
    assert lines == [
        "id  name          total",
        " 1  web-01     5.90 EUR",
        "20  日本-02  105.90 EUR",
    ]


def test_on_a_terminal_only_what_may_be_cut_is_cut() -> None:
    (_, line) = table_lines(COLUMNS, [["1", "x" * 100, "5.90 EUR"]], 40)
    assert len(line) == 40
    assert line.endswith("5.90 EUR")
    assert "…" in line


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=40), st.text(max_size=12)), min_size=1, max_size=4))
def test_no_table_holds_a_control_character(rows: list[tuple[str, str, str]]) -> None:
    said = io.StringIO()
    before, sys.stdout = sys.stdout, said
    try:
        Output().table(COLUMNS, rows)
    finally:
        sys.stdout = before
    assert all(line.isprintable() for line in said.getvalue().split("\n"))


def test_hostile_text_is_harmless_in_every_form(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output()
    out.line(HOSTILE)
    out.facts([("name", HOSTILE)])
    out.note(HOSTILE)
    Output(as_json=True).document("x", name=HOSTILE)
    said = capsys.readouterr()
    for text in (said.out, said.err):
        assert not set(text) & {"\x1b", "\x05", "\x07", "\x9b", "\u202e", "\r"}
    document = said.out[said.out.index("{") :]
    assert json.loads(document)["name"] == HOSTILE


class _Stream(io.StringIO):
    """A stream that cannot take anything."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, _text: str) -> int:
        raise self.error


@pytest.mark.parametrize(("error", "failed"), [(BrokenPipeError(), False), (OSError(28, "No space left"), True)])
def test_a_lost_output_ends_no_command(
    error: OSError, failed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", _Stream(error))
    out = Output()
    out.line("one")
    out.line("two")
    assert out.failed is failed
    assert ("No space left" in capsys.readouterr().err) is failed


def test_without_streams_nothing_is_written_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    out = Output()
    out.line("one")
    out.note("two")
    assert out.failed is False


def test_a_locale_without_unicode_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    Output().line("internal → “web” – 日本 …")
    assert raw.getvalue() == b'internal -> "web" - ?? ...\n'
