"""Marks: the laws of the algebra, undo, refusals (BLK-5), saving by name."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from billtui.domain.refusal import Refusal
from billtui.services.selection import HISTORY, SavedSelections, Selection

IDS = [str(number) for number in range(8)]
some_ids = st.frozensets(st.sampled_from(IDS))


def marked(ids: frozenset[str]) -> Selection:
    return Selection(ids=ids)


@given(some_ids, some_ids, some_ids)
def test_laws_of_sets(a: frozenset[str], b: frozenset[str], universe: frozenset[str]) -> None:
    selection = marked(a)
    selection.union(b)
    assert selection.ids == a | b
    selection.minus(b)
    assert selection.ids == a - b
    selection.replace(a)
    selection.intersect(b)
    assert selection.ids == a & b
    selection.replace(a)
    selection.invert(universe)
    assert selection.ids & universe == universe - a and selection.ids - universe == a - universe
    selection.invert(universe)
    assert selection.ids == a


@given(some_ids, st.permutations(IDS), st.sampled_from(IDS), st.sampled_from(IDS))
def test_a_range_is_the_same_from_both_ends(before: frozenset[str], shown: list[str], start: str, end: str) -> None:
    one, other = marked(before), marked(before)
    one.range(shown, start, end)
    other.range(shown, end, start)
    assert one.ids == other.ids >= before | {start, end}
    first, last = sorted((shown.index(start), shown.index(end)))
    assert one.ids - before <= set(shown[first : last + 1]) <= one.ids


class Marking(RuleBasedStateMachine):
    """Any steps, any undos: the selection is what the list of its past states says."""

    def __init__(self) -> None:
        super().__init__()
        self.selection = Selection(lambda key: Refusal("no", "BLK-5", "no") if key == "7" else None)
        self.states: list[frozenset[str]] = [frozenset()]
        self.at = 0

    def _step(self, wanted: frozenset[str]) -> None:
        wanted -= {"7"}
        if wanted != self.states[self.at]:
            self.states = [*self.states[: self.at + 1], wanted]
            self.at += 1

    @rule(ids=some_ids)
    def union(self, ids: frozenset[str]) -> None:
        refused = self.selection.union(ids)
        assert [item.id for item in refused] == (["7"] if "7" in ids else [])
        self._step(self.states[self.at] | ids)

    @rule(ids=some_ids)
    def minus(self, ids: frozenset[str]) -> None:
        assert self.selection.minus(ids) == []
        self._step(self.states[self.at] - ids)

    @rule(ids=some_ids)
    def invert(self, ids: frozenset[str]) -> None:
        self.selection.invert(ids)
        self._step(self.states[self.at] ^ ids)

    @rule(key=st.sampled_from(IDS))
    def toggle(self, key: str) -> None:
        self.selection.toggle(key)
        self._step(self.states[self.at] ^ {key})

    @rule()
    def undo(self) -> None:
        assert self.selection.undo() == (self.at > 0)
        self.at = max(0, self.at - 1)

    @rule()
    def redo(self) -> None:
        more = self.at < len(self.states) - 1
        assert self.selection.redo() == more
        self.at += more

    @invariant()
    def same(self) -> None:
        assert self.selection.ids == self.states[self.at]
        assert self.selection.can_undo == (self.at > 0)
        assert self.selection.can_redo == (self.at < len(self.states) - 1)


TestMarking = Marking.TestCase


def test_an_order_with_an_open_invoice_is_refused_with_the_way_out() -> None:
    """BLK-5"""
    refusal = Refusal("open-invoice", "BLK-5", "Order 2 is on invoice 5531.", {"invoice_id": "5531"})
    selection = Selection(lambda key: refusal if key == "2" else None)
    (refused,) = selection.union(["1", "2", "3"])
    assert (refused.id, refused.refusal.related["invoice_id"]) == ("2", "5531")
    assert selection.ids == {"1", "3"}
    assert len(selection) == 2 and "1" in selection and "2" not in selection


def test_what_vanished_is_dropped_everywhere() -> None:
    selection = marked(frozenset("123"))
    selection.union(["4"])
    assert selection.keep(["1", "4", "5"]) == {"2", "3"}
    assert selection.ids == {"1", "4"}
    selection.undo()
    assert selection.ids == {"1"}


def test_the_history_has_an_end() -> None:
    selection = Selection()
    for number in range(HISTORY + 50):
        selection.toggle(str(number))
    steps = 0
    while selection.undo():
        steps += 1
    assert steps == HISTORY


def test_saved_by_name(tmp_path: Path) -> None:
    saved = SavedSelections(tmp_path / "state" / "selections.json")
    assert saved.names("order") == [] and saved.get("order", "mine") is None
    saved.put("order", "  my \t servers ", ["3", "1", "1"])
    saved.put("invoice", "mine", ["5"])
    again = SavedSelections(tmp_path / "state" / "selections.json")
    assert again.names("order") == ["my servers"]
    assert again.get("order", "my servers") == frozenset("13")
    assert again.remove("order", "my servers") and not again.remove("order", "my servers")
    assert again.get("invoice", "mine") == frozenset("5")
    assert stat.S_IMODE((tmp_path / "state" / "selections.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x1bb", "a\u202eb"])
def test_bad_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        SavedSelections(tmp_path / "s.json").put("order", name, ["1"])


@pytest.mark.parametrize("content", ["", "[1]", '{"order": 3}', '{"order": {"a": "x"}}', "\udcff"])
def test_a_broken_file_reads_as_empty(tmp_path: Path, content: str) -> None:
    path = tmp_path / "s.json"
    path.touch(0o600)
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    saved = SavedSelections(path)
    assert saved.names("order") == []
    saved.put("order", "new", ["1"])
    assert saved.get("order", "new") == frozenset("1")
