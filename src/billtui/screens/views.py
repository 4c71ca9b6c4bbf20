"""The ready-made views of a list: which rows each shows at an instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from billtui.widgets.record_table_chosen import each_of

R = TypeVar("R")


class View(NamedTuple):
    """A ready-made filter: a name, and which rows it shows now."""

    id: str
    title: str
    shows: Callable[[Any, int], bool]
    """Of a row and the present instant in epoch seconds."""


def count_shown(rows: Sequence[R], view: View, now: int) -> int:
    """How many of ``rows`` the view shows at an instant in epoch seconds."""
    return sum(map(bool, each_of(rows, lambda row: view.shows(row, now))))
