"""What a person keeps about one account: private files, never another account's; lists and exports of orders."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billtui.domain.models import Account
from billtui.services.kept_marks import KeptMarks
from billtui.services.order_export import exported, harmless_cell
from billtui.services.order_references import MAX_TEXT, Ambiguous, References
from billtui.services.order_tags import MAX_TAGS, OrderTags, check_tag
from billtui.services.own_files import OwnFiles
from tests.services.order_rows import order_row


def account(panel: str = "p", own: str = "7") -> Account:
    purse = {"amount": "0.00", "currency": "EUR"}
    return Account.model_validate({
        "panel_id": panel, "account_id": own, "login": "olena", "email": "o@example.org", "panel_name": "x",
        "currency": "EUR", "balances": {"internal": purse, "affiliate": purse},
    })  # fmt: skip


def test_each_account_of_each_panel_has_its_own(tmp_path: Path) -> None:
    files = [OwnFiles(tmp_path, account(*who)) for who in (("p", "7"), ("p", "8"), ("q", "7"), ("p7", "8"))]
    for number, one in enumerate(files):
        one.marks.save("order", [str(number)])
        one.tags.change(["1"], add=[f"t{number}"])
        one.selections.put("order", "mine", [str(number)])
    for number, who in enumerate((("p", "7"), ("p", "8"), ("q", "7"), ("p7", "8"))):
        again = OwnFiles(tmp_path, account(*who))
        assert again.marks.load("order") == {str(number)}
        assert again.tags.of("1") == [f"t{number}"]
        assert again.selections.get("order", "mine") == frozenset({str(number)})
    kept = [path for path in tmp_path.rglob("*.json") if path.is_file()]
    assert len(kept) == 12
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in kept)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"version": 2, "marks": {"order": ["1"]}}', b'{"marks": 3}', b"\xff"]
)
def test_a_file_of_another_kind_holds_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "marks.json"
    path.touch(0o600)
    path.write_bytes(content)
    marks = KeptMarks(path)
    assert marks.load("order") == frozenset()
    marks.save("order", ["2"])
    assert marks.load("order") == {"2"}


def test_tags_are_added_and_removed_for_many(tmp_path: Path) -> None:
    tags = OrderTags(tmp_path / "tags.json")
    assert tags.all() == {}
    assert tags.change(["1", "2"], add=["Keep", "client-7"]) == 2
    assert tags.change(["1", "2", "3"], add=["keep"]) == 1
    assert tags.change(["1"], remove=["keep", "nothing"]) == 1
    assert tags.of("1") == ["client-7"]
    assert tags.counts() == {"client-7": 2, "keep": 2}
    assert tags.change(["1", "2", "3"], remove=["keep", "client-7"]) == 3
    assert tags.all() == {}


def test_two_programs_see_each_others_tags(tmp_path: Path) -> None:
    one, other = OrderTags(tmp_path / "tags.json"), OrderTags(tmp_path / "tags.json")
    one.change(["1"], add=["a"])
    assert other.of("1") == ["a"]
    other.change(["1"], add=["b"])
    assert one.of("1") == ["a", "b"]


@pytest.mark.parametrize("word", ["", "  ", "two words", "a,b", "-keep", "x" * 31, "a:b", 'q"', "a\x1bb", "st*r"])
def test_what_is_no_tag(word: str) -> None:
    with pytest.raises(ValueError, match="tag"):
        check_tag(word)


def test_an_order_has_not_too_many(tmp_path: Path) -> None:
    tags = OrderTags(tmp_path / "tags.json")
    tags.change(["1"], add=[f"t{number}" for number in range(MAX_TAGS)])
    with pytest.raises(ValueError, match="remove one first"):
        tags.change(["2", "1"], add=["more"])
    assert tags.of("2") == []


FLEET = [
    order_row("1", name="web", address="203.0.113.5"),
    order_row("2", name="web", address="203.0.113.6", state="deleted"),
    order_row("3", name="twin", address="203.0.113.7"),
    order_row("4", name="twin", address="203.0.113.7"),
    order_row("5", name="my big server", address="2001:db8::1"),
    order_row("6", name="3", address=""),
]


def test_a_pasted_list_of_anything() -> None:
    found = References(FLEET).read(
        "web;203.0.113.5\n# remark 4\n  my big server  \n2001:0db8:0:0::1/128, id:4|ghost ghost\n(203.0.113.6/32)"
    )
    assert found.ids == ["1", "5", "4", "2"]
    assert found.unknown == ["ghost"]
    assert found.ambiguous == []


def test_what_could_be_several_is_never_guessed() -> None:
    found = References(FLEET).read("twin 203.0.113.7 3 name:3 id:3 WEB")
    assert found.ambiguous == [
        Ambiguous("twin", ("3", "4")), Ambiguous("203.0.113.7", ("3", "4")), Ambiguous("3", ("3", "6")),
    ]  # fmt: skip
    assert found.ids == ["6", "3", "1"]


WORDS = st.lists(st.sampled_from(["1", "4", "5", "203.0.113.5", "nobody"]))


@given(WORDS, st.sampled_from([" ", "\n", ",", ";\t", " | "]))
def test_any_separator_will_do(words: list[str], between: str) -> None:
    found = References(FLEET).read(between.join(words))
    meaning = {"1": "1", "4": "4", "5": "5", "203.0.113.5": "1"}
    assert found.ids == list(dict.fromkeys(meaning[word] for word in words if word in meaning))
    assert found.unknown == (["nobody"] if "nobody" in words else [])


def test_an_endless_list_is_refused() -> None:
    with pytest.raises(ValueError, match="in parts"):
        References(FLEET).read("x" * (MAX_TEXT + 1))


def test_csv_cells_are_no_formulas() -> None:
    evil = '=HYPERLINK("http://evil")'
    rows = [order_row("1", name=evil, location="+1"), order_row("2", name='with "quotes", comma')]
    text = exported(rows, "csv", {"1": frozenset({"b", "a"})})
    first, second = csv.DictReader(io.StringIO(text))
    assert first["name"] == '\'=HYPERLINK("http://evil")'
    assert first["location"] == "'+1"
    assert (first["monthly_price"], first["tags"]) == ("5.90", "a b")
    assert second["name"] == 'with "quotes", comma'


@given(st.text(max_size=10))
def test_no_cell_begins_as_a_formula_does(text: str) -> None:
    assert not harmless_cell(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_plain_lists_and_json() -> None:
    assert exported(FLEET, "ips", {}).split() == ["203.0.113.5", "203.0.113.6", "203.0.113.7", "2001:db8::1"]
    assert exported(FLEET, "names", {}) == "web\ntwin\nmy big server\n3\n"
    items = json.loads(exported(FLEET, "json", {"3": frozenset({"x"})}))["items"]
    assert [one["id"] for one in items] == ["1", "2", "3", "4", "5", "6"]
    assert items[2]["tags"] == ["x"]
    assert items[0]["monthly_price"] == "5.90"
    assert exported([], "ips", {}) == ""
