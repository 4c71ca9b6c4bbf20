"""The lists and single objects of FOSSBilling, by the ids of the program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from billtui.client.drivers import Query
from billtui.client.drivers.fossbilling.calling import LONGEST_PAGE, Place, call, listing
from billtui.client.drivers.fossbilling.values import Row
from billtui.client.errors import ConfigurationProblem, NotFound
from billtui.client.exchange import Conversation, Request, Steps, ask
from billtui.domain.models import Page
from billtui.domain.numbers import is_number

T = TypeVar("T")
ONE_BY_ONE: Final = 3
"""More ids than this are looked for in the list."""
MOST_PAGES: Final = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked with."""

    place: Place
    per_page: int
    search: str
    states: tuple[str, ...]
    ids: tuple[str, ...]


def asked(query: Query, states: Callable[[str], str], most: int = LONGEST_PAGE) -> Asked:
    """Read a query. ``states`` translates a state. Raises ``ConfigurationProblem`` for what the panel cannot filter by.

    The order of a list is the panel's own: the newest first.
    """
    one: dict[str, str] = {}
    wanted: list[str] = []
    ids: list[str] = []
    for name, value in query:
        if name == "state":
            wanted.append(states(value))
        elif name == "id":
            ids.append(value)
        elif name in ("limit", "cursor", "sort", "q"):
            one[name] = value
        else:
            raise ConfigurationProblem(f"FOSSBilling cannot filter a list by “{name}”. Take that filter out.")
    size = min(most, int(one.get("limit", str(most))))
    return Asked(Place.of(one.get("cursor")), size, one.get("q", ""), tuple(dict.fromkeys(wanted)), tuple(ids))


def list_of(path: str, reader: Callable[[Row], T], by: Asked, need: str) -> Request[Page[T]]:
    """One page by ``by``. Several states are chosen from among the rows, as the panel filters by one."""
    params: dict[str, Any] = {}
    if by.search:
        params["search"] = by.search
    if len(by.states) == 1:
        params["status"] = by.states[0]
    if len(by.states) < 2:
        return listing(path, reader, by.place, by.per_page, need, **params)

    def chosen(row: Row) -> T | None:
        return reader(row) if row.text("status") in by.states else None

    def begin() -> Steps[Page[T]]:
        page = yield from ask(listing(path, chosen, by.place, by.per_page, need, **params))
        return Page(items=[one for one in page.items if one is not None], next_cursor=page.next_cursor)

    return Conversation(begin, need)


def rows_by_id(path: str, ids: Sequence[str], need: str, **params: Any) -> Steps[list[Row]]:
    """The rows with these ids, as far as they are there: the pages of the list until all were met."""
    left = set(ids)
    found: list[Row] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = yield from ask(listing(path, lambda row: row, Place.of(cursor), LONGEST_PAGE, need, **params))
        for row in page.items:
            if row.id() in left:
                left.discard(row.id())
                found.append(row)
        cursor = page.next_cursor
        if cursor is None or not left:
            break
    return found


def some(path: str, single: str, reader: Callable[[Row], T], by: Asked, need: str) -> Conversation[Page[T]]:
    """The objects with ``by.ids``: a few one by one (``single``), more from the list."""

    def begin() -> Steps[Page[T]]:
        if len(by.ids) > ONE_BY_ONE:
            rows = yield from rows_by_id(path, by.ids, need)
        else:
            rows = []
            for one in by.ids:
                try:
                    rows.append((yield from ask(call(single, lambda result: Row(result, "result"), need, id=key(one)))))
                except NotFound:
                    continue
        return Page(items=[reader(row) for row in rows])

    return Conversation(begin, need)


def key(text: str) -> int:
    """An id as the panel takes it: a number. Raises ``ConfigurationProblem`` for anything else."""
    told = str(getattr(text, "raw", text))
    if not is_number(told, 15):
        raise ConfigurationProblem("This id is none of this panel's: they are numbers. Refresh and choose again.")
    return int(told)
