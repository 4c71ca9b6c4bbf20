"""Marks: the laws of their algebra, undo, and what is set aside (BLK-5)."""

from __future__ import annotations

from collections.abc import Set

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from billtui.widgets.record_table_marks import UNDO_STEPS, Marks, NearlyAll

IDS = [str(number) for number in range(8)]
some_ids = st.frozensets(st.sampled_from(IDS))
State = tuple[frozenset[str], frozenset[str]]


@given(some_ids, some_ids, some_ids)
def test_laws_of_sets(a: frozenset[str], b: frozenset[str], aside: frozenset[str]) -> None:
    marks = Marks()
    marks.change(a)
    marks.change(b)
    assert marks.ids == a | b
    marks.change(remove=b)
    assert marks.ids == a - b
    marks.change(aside=aside)
    assert marks.aside == aside - (a - b)
    assert marks.chosen == (a - b) | aside
    marks.change(aside)  # free by now: they join
    assert (marks.ids, marks.aside) == ((a - b) | aside, frozenset())


@given(some_ids, some_ids, some_ids)
def test_nearly_all_is_the_set_of_those_ids(every: frozenset[str], but: frozenset[str], other: frozenset[str]) -> None:
    nearly: Set[str] = NearlyAll(every, but)
    wanted: Set[str] = every - but
    assert (len(nearly), bool(nearly), frozenset(nearly)) == (len(wanted), bool(wanted), wanted)
    assert [one in nearly for one in IDS] == [one in wanted for one in IDS]
    assert (nearly == wanted, wanted == nearly, nearly == other) == (True, True, wanted == other)
    assert (nearly & other, nearly | other, nearly - other) == (wanted & other, wanted | other, wanted - other)
    assert NearlyAll(every, but).plain() == wanted


class Marking(RuleBasedStateMachine):
    """Any steps, any undos: the marks are what the list of their past states says, and nothing is in both sets."""

    def __init__(self) -> None:
        super().__init__()
        self.marks = Marks()
        self.states: list[State] = [(frozenset(), frozenset())]

    @rule(add=some_ids, remove=some_ids, aside=some_ids)
    def change(self, add: frozenset[str], remove: frozenset[str], aside: frozenset[str]) -> None:
        ids, kept = self.states[-1]
        after = (ids - remove) | add
        wanted = after, ((kept - remove) | aside) - after
        assert self.marks.change(add, remove, aside) == (wanted != self.states[-1])
        if wanted != self.states[-1]:
            self.states = [*self.states[-UNDO_STEPS:], wanted]

    @rule(but=some_ids, aside=some_ids)
    def nearly_all(self, but: frozenset[str], aside: frozenset[str]) -> None:
        every = frozenset(IDS)
        if any(self.states[-1]):
            with pytest.raises(ValueError, match="chosen before"):
                self.marks.begin(NearlyAll(every, but), aside)
            return
        out = but | aside
        assert self.marks.begin(NearlyAll(every, out), aside) == bool(every - out or aside)
        assert len(self.marks) == len(every - out)
        assert [one in self.marks for one in IDS] == [one not in out for one in IDS]
        if every - out or aside:
            self.states = [*self.states[-UNDO_STEPS:], (every - out, aside)]

    @rule()
    def undo(self) -> None:
        assert self.marks.undo() == (len(self.states) > 1)
        self.states = self.states[:-1] or self.states

    @rule(ids=some_ids, aside=some_ids)
    def settle(self, ids: frozenset[str], aside: frozenset[str]) -> None:
        wanted = ids - aside, aside
        assert self.marks.settle(*wanted) == (wanted != self.states[-1])
        self.states[-1] = wanted

    @rule()
    def forget(self) -> None:
        self.marks.forget()
        self.states = [(frozenset(), frozenset())]

    @invariant()
    def same(self) -> None:
        assert (frozenset(self.marks.ids), frozenset(self.marks.aside)) == self.states[-1]
        assert not self.marks.ids & self.marks.aside
        assert self.marks.can_undo == (len(self.states) > 1)
        assert self.marks.now()() == self.states[-1][0] | self.states[-1][1]


TestMarking = Marking.TestCase
