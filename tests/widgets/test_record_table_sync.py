"""Any history of refreshes, sorts, filters, marks and moves leaves the table as a plain model of it says."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from billtui.widgets.record_table import RecordTable
from tests.widgets.table_fleet import COLUMNS, Server

IDS = [f"o{number}" for number in range(12)]
SERVERS = st.builds(
    Server,
    id=st.sampled_from(IDS),
    name=st.sampled_from(["web one", "WEB two", "db one", "базa", ""]),
    days=st.none() | st.integers(0, 3),
    locked=st.booleans(),
)
ROWS = st.lists(SERVERS, max_size=12, unique_by=lambda row: row.id)
STEPS = st.one_of(
    st.tuples(st.just("rows"), ROWS),
    st.tuples(st.just("sort"), st.tuples(st.sampled_from([None, "id", "name", "days"]), st.booleans())),
    st.tuples(st.just("filter"), st.sampled_from(["", "w", "we", "web o", "one", "o1 db", "none such", "БАЗ"])),
    st.tuples(st.just("unlocked"), st.booleans()),
    st.tuples(st.just("move"), st.integers(-3, 3)),
    st.tuples(st.sampled_from(["warm", "texts", "forget"]), st.integers(1, 6)),
    st.tuples(st.sampled_from(["mark", "range", "all", "invert", "undo", "clear"]), st.none()),
)


class Model:
    """The same, said plainly: lists, and the cursor as an id."""

    def __init__(self) -> None:
        self.rows: list[Server] = []
        self.sort: tuple[str | None, bool] = (None, False)
        self.filter = ""
        self.unlocked = False
        self.cursor: str | None = None
        self.anchor: str | None = None
        self.marks: set[str] = set()
        self.aside: set[str] = set()
        self.history: list[tuple[set[str], set[str]]] = []

    def ordered(self) -> list[Server]:
        key, reverse = self.sort
        if key is None:
            return list(self.rows)
        some = [row for row in self.rows if getattr(row, key) is not None]
        none = [row for row in self.rows if getattr(row, key) is None]
        return sorted(some, key=lambda row: getattr(row, key), reverse=reverse) + none

    def shown(self) -> list[Server]:
        words = self.filter.lower().split()
        return [
            row
            for row in self.ordered()
            if not (self.unlocked and row.locked)
            and all(word in row.id.lower() or word in row.name.lower() for word in words)
        ]

    def ids(self) -> list[str]:
        return [row.id for row in self.shown()]

    def in_order(self, wanted: set[str]) -> list[str]:
        """Those shown in their order, then the others that are there by their ids."""
        shown = [row_id for row_id in self.ids() if row_id in wanted]
        return shown + sorted({row.id for row in self.rows} & wanted - set(shown))

    def follow(self, order: list[str]) -> None:
        """Put the cursor where it belongs after a change; `order` is what its neighbours were before."""
        ids = self.ids()
        if self.anchor not in ids:
            self.anchor = None
        if not ids:
            self.cursor = None
        elif self.cursor is None:
            self.cursor = ids[0]
        elif self.cursor not in ids:
            place = order.index(self.cursor)
            heirs = [row_id for row_id in [*order[place + 1 :], *reversed(order[:place])] if row_id in ids]
            self.cursor = heirs[0] if heirs else ids[min(place, len(ids) - 1)]

    def remark(self, add: set[str], remove: set[str]) -> None:
        """Choose ``add`` and no longer ``remove``: what is locked is set aside, but what is marked stays so (BLK-5)."""
        locked = {row.id for row in self.rows if row.locked}
        marks = (self.marks - remove) | (add - locked)
        aside = ((self.aside - remove) | (add & locked)) - marks
        if (marks, aside) != (self.marks, self.aside):
            self.history.append((self.marks, self.aside))
            self.marks, self.aside = marks, aside

    def settle(self) -> None:
        """What vanished is dropped, what is free joins the marks, what is locked is set aside."""
        chosen = self.marks | self.aside
        self.marks = {row.id for row in self.rows if row.id in chosen and not row.locked}
        self.aside = {row.id for row in self.rows if row.id in chosen and row.locked}

    def apply(self, step: str, value: Any) -> None:
        ids, everything = self.ids(), [row.id for row in self.ordered()]
        chosen = self.marks | self.aside
        if step == "rows":
            self.rows = value
            self.follow(ids)
        elif step == "sort":
            self.sort = value
            self.follow(everything)
        elif step == "filter":
            self.filter = value
            self.follow(everything)
        elif step == "unlocked":
            self.unlocked = value
            self.follow(everything)
        elif step == "move" and self.cursor is not None:
            self.cursor = ids[max(0, min(ids.index(self.cursor) + value, len(ids) - 1))]
        elif step == "mark" and self.cursor is not None:
            if self.cursor in chosen:
                self.remark(set(), {self.cursor})
            else:
                self.remark({self.cursor}, set())
        elif step == "range" and self.cursor is not None:
            if self.anchor is None:
                self.anchor = self.cursor
            else:
                low, high = sorted((ids.index(self.anchor), ids.index(self.cursor)))
                self.anchor = None
                self.remark(set(ids[low : high + 1]), set())
        elif step == "all":
            self.remark(set(ids), set())
        elif step == "invert":
            self.remark(set(ids) - chosen, set(ids) & chosen)
        elif step == "clear":
            self.remark(set(), chosen)
        elif step == "undo" and self.history:
            self.marks, self.aside = self.history.pop()
            self.settle()


class Silent(RecordTable[Server]):
    """The table without an app: what it says is kept."""

    def __init__(self) -> None:
        super().__init__(COLUMNS, lambda row: row.id, mark_refusal=lambda row: "locked" if row.locked else None)
        self.said: list[Any] = []

    def post_message(self, message: Any) -> bool:
        self.said.append(message)
        return True


def act(table: Silent, step: str, value: Any) -> None:
    if step == "rows":
        table.set_rows(value)
    elif step == "sort":
        table.sort_by(value[0], reverse=value[1])
    elif step == "filter":
        table.set_filter(value)
    elif step == "unlocked":
        table.set_predicate((lambda row: not row.locked) if value else None)
    elif step == "move":
        table._move(table.cursor_position + value)
    elif step == "warm":
        table._view.warm(value)
    elif step == "texts":
        table._view.warm_texts(value)
    elif step == "forget":
        table._view.forget_texts()
    else:
        {
            "mark": table.action_toggle_mark,
            "range": table.action_mark_range,
            "all": table.action_mark_all,
            "invert": table.action_invert_marks,
            "undo": table.action_undo_marks,
            "clear": table.action_clear_marks,
        }[step]()


@settings(max_examples=400, deadline=None)
@example(
    rows=[Server("o0", "web one", None, False)],
    steps=[
        ("mark", None),
        ("rows", [Server("o0", "web one", None, True), Server("o1", "web one", None, False)]),
        ("all", None),
    ],
)
@given(ROWS, st.lists(STEPS, max_size=18))
def test_table_is_synchronised_by_id(rows: list[Server], steps: list[tuple[str, Any]]) -> None:
    table, model = Silent(), Model()
    for step, value in [("rows", rows), *steps]:
        before = table.cursor_id
        table.said.clear()
        act(table, step, value)
        model.apply(step, value)
        ids = model.ids()
        assert table.shown_ids() == ids
        assert table.cursor_id == model.cursor
        assert model.cursor is None or ids[table.cursor_position] == model.cursor
        assert table.marked_ids == model.marks
        assert table.aside_ids == model.aside
        assert [row.id for row in table.marked_rows()] == model.in_order(model.marks)
        assert [row.id for row in table.chosen_rows()] == model.in_order(model.marks | model.aside)
        assert table.hidden_marked_count == len(model.marks - set(ids))
        moves = [message for message in table.said if isinstance(message, RecordTable.CursorMoved)]
        if before == model.cursor:
            assert not moves
        else:
            vanished = before if before is not None and before not in ids else None
            assert [(move.row_id, move.vanished) for move in moves] == [(model.cursor, vanished)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(IDS[:4]), min_size=1, max_size=8), st.integers(1, 4))
def test_a_repeated_id_belongs_to_the_first_record(ids: list[str], chunk: int) -> None:
    table = Silent()
    table.set_rows([Server(row_id, f"name {number}") for number, row_id in enumerate(ids)])
    while table._view.warm_texts(chunk):
        pass
    for row_id in set(ids):
        row = table.row_of(row_id)
        assert row is not None
        assert row.name == f"name {ids.index(row_id)}"
    table.set_filter("name")
    table.set_rows([])
    assert table.cursor_id is None
