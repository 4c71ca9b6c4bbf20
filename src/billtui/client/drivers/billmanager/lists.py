"""Lists of BILLmanager, whose page, order and filter the panel remembers for its user (wire: BILLmanager 5, 17).

So every question says page and size, a filter that was left behind is taken away before a list is read, and a page that
repeats the one before (a place past the end is answered with the last page) ends the list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from billtui.client.drivers import Query
from billtui.client.drivers.billmanager.asking import Asking
from billtui.client.drivers.billmanager.shapes import Doc, objects, unwrap
from billtui.client.errors import ClientError, ConfigurationProblem, InvalidInput, NotFound, Refused, SessionExpired
from billtui.client.exchange import Answer, Call, Exchange, Steps
from billtui.domain.numbers import is_number

T = TypeVar("T")

ROWS: Final = 100
"""Rows of a page where nobody says how many."""
MOST_PAGES: Final = 2_000
ONE_BY_ONE: Final = 3
"""So few rows are asked for by their ids; for more the list is read until all are found."""
_UNSET: Final = frozenset({"", "null", "nodate", "any", "all", "off"})
_NO_FIELDS: Final = frozenset(
    {
        "slist", "flist", "list", "metadata", "messages", "doc", "tparams", "elid", "plid", "func", "out", "lang",
        "auth", "authinfo", "sok", "progressid", "clickstat", "operafake", "sfrom", "stylesheet", "title", "ok",
    }
)  # fmt: skip
NEWEST_FIRST: Final = "-id"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: which of several lists, its page from 1, the rows before it, the first of the last page."""

    part: int = 0
    page: int = 1
    seen: int = 0
    first: str = ""

    @classmethod
    def of(cls, cursor: str | None) -> Place:
        """From a cursor. Raises :class:`ConfigurationProblem` for one that is not ours."""
        if not cursor:
            return cls()
        parts = cursor.split(".", 3)
        if len(parts) != 4 or not all(is_number(one, 9) for one in parts[:3]):
            raise ConfigurationProblem("This position in a list is not one of this panel. Refresh the list.")
        return cls(int(parts[0]), max(1, int(parts[1])), int(parts[2]), parts[3])

    def text(self) -> str:
        """As a cursor."""
        return f"{self.part}.{self.page}.{self.seen}.{self.first}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the query of a list asks for."""

    limit: int
    cursor: str | None
    ids: tuple[str, ...]
    others: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, query: Query, filters: Iterable[str]) -> Wanted:
        """Sort it. Raises ``InvalidInput`` for a filter that is not among ``filters``."""
        found: dict[str, list[str]] = {}
        for name, value in query:
            found.setdefault(name, []).append(value)
        found.pop("sort", None)  # the panel's lists come by their ids; order is the program's own
        limit = int(found.pop("limit", [str(ROWS)])[0])
        cursors = found.pop("cursor", [])
        cursor = cursors[0] if cursors else None
        ids = tuple(found.pop("id", ()))
        strange = sorted(found.keys() - set(filters))
        if strange:
            raise InvalidInput(f"This panel's lists cannot be narrowed by {', '.join(strange)} from here.")
        return cls(limit, cursor, ids, {name: tuple(values) for name, values in found.items()})


@dataclass(frozen=True, slots=True)
class Rows:
    """A page: its rows, where the next one begins, how many rows there are in all, and the panel's whole answer."""

    rows: list[Doc]
    following: Place | None
    total: int | None
    doc: Doc


class Lists(Asking):
    """Reads lists."""

    def rows_at(
        self, func: str, place: Place, count: int, fields: Query = (), *, sort_by: str | None = None
    ) -> Steps[Rows]:
        """One page of a list, ``sort_by`` another column than the profile's. Raises ClientError."""
        asked: list[tuple[str, str]] = [("p_num", str(place.page)), ("p_cnt", str(count))]
        column = self.chosen.sort_by if sort_by is None else sort_by
        if column:
            asked.append(("p_col", column))
        doc = yield from self.fetch(func, (*asked, *fields))
        rows = [one for one in objects(doc.get("elem")) if unwrap(one.get("id"))]
        rows = list({unwrap(one.get("id")): one for one in rows}.values())
        total = _whole(doc.get("p_elems"))
        told = _whole(doc.get("p_num"))
        ids = [unwrap(one.get("id")) for one in rows]
        if (told is not None and told != place.page) or (place.first and place.first in ids) or not rows:
            return Rows([], None, total, doc)
        seen = place.seen + len(rows)
        more = seen < total if total is not None else len(rows) >= count
        following = replace(place, page=place.page + 1, seen=seen, first=ids[0]) if more else None
        return Rows(rows, following, total, doc)

    def cleared(self, func: str) -> Steps[None]:
        """Take away the filter that a list remembers, where it has one: it would hide rows. Raises ClientError."""
        try:
            form = yield from self.fetch(f"{func}.filter")
        except SessionExpired:
            raise
        except Refused:
            return  # this list has no filter
        if not _is_set(form):
            return
        empty = [(name, "") for name in form if _is_field(name)]
        yield from self.fetch(f"{func}.filter", (("sok", "ok"), *empty))
        if _is_set((yield from self.fetch(f"{func}.filter"))):  # some panels only echo a form that is to be JSON
            yield _unseen(self.form(f"{func}.filter", (("sok", "ok"), *empty), out=""))

    def one_row(self, func: str, key: str) -> Steps[Doc | None]:
        """The row of a list with this id, or ``None``. Raises ClientError."""
        try:
            page = yield from self.rows_at(func, Place(), ROWS, (("filter", "on"), ("id", key)))
        except InvalidInput:
            page = Rows([], None, None, {})
        for row in page.rows:
            if unwrap(row.get("id")) == key:
                return row
        found = yield from self.some_rows(func, [key])
        return found.get(key)

    def some_rows(self, func: str, keys: Sequence[str]) -> Steps[dict[str, Doc]]:
        """The rows of a list with these ids, by id; the list is read until all are found. Raises ClientError."""
        yield from self.cleared(func)
        missing, found = set(keys), dict[str, Doc]()
        place: Place | None = Place()
        for _ in range(MOST_PAGES):
            if place is None or not missing:
                break
            page = yield from self.rows_at(func, place, 500)
            for row in page.rows:
                key = unwrap(row.get("id"))
                if key in missing:
                    found[key] = row
                    missing.discard(key)
            place = page.following
        return found

    def newest(self, func: str, count: int = 50) -> Steps[list[Doc]]:
        """The rows of a list with the highest ids, highest first. Raises ClientError."""
        yield from self.cleared(func)
        asked = (("p_num", "1"), ("p_cnt", str(count)), ("p_col", NEWEST_FIRST))
        doc = yield from self.fetch(func, asked)
        rows = [one for one in objects(doc.get("elem")) if unwrap(one.get("id"))]
        return sorted(rows, key=lambda one: number_of(unwrap(one.get("id"))), reverse=True)


def number_of(key: str) -> int:
    """An id as a number, to be sorted by; 0 for one that is none."""
    return int(key) if is_number(key) else 0


def _whole(node: Any) -> int | None:
    text = unwrap(node)
    return int(text) if is_number(text, 9) else None


def _is_field(name: str) -> bool:
    return not name.startswith("$") and name not in _NO_FIELDS


def _is_set(form: Doc) -> bool:
    return any(unwrap(node).lower() not in _UNSET for name, node in form.items() if _is_field(name))


def _unseen(exchange: Exchange) -> Call[None]:
    """A call whose answer is a page for people."""

    def nothing(_answer: Answer) -> None:
        return None

    def explained(answer: Answer) -> ClientError:
        return NotFound(f"Unexpected answer (status {answer.status}).")

    return Call(exchange, nothing, explained, expect=frozenset(range(200, 400)))
