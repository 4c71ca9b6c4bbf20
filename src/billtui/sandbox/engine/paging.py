"""Lists by keyset: a page begins after the last row of the page before, whatever was added or removed since."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from typing_extensions import TypedDict

from billtui.domain.numbers import is_number
from billtui.domain.periods import parse_instant
from billtui.sandbox.engine.errors import InvalidInput
from billtui.sandbox.engine.held_rows import R, Rows
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import micros

MAX_LIMIT = 500
DEFAULT_LIMIT = 50
T = TypeVar("T")


class Page(TypedDict, Generic[T]):
    """A page of a list; ``total`` counts all rows of the filter."""

    items: list[T]
    next_cursor: str | None
    total: int


@dataclass(frozen=True, slots=True)
class ListQuery:
    """What is asked of a list: filters are the query's other fields, each with one or more values."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    sort: str | None = None
    q: str | None = None
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)


Condition = tuple[str, list[Any]]
"""A piece of SQL with its values."""
Filter = Callable[[str, Sequence[str]], Condition]
"""Makes a condition of a filter's name and values; raises ``InvalidInput``."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list can be sorted and filtered by. Expressions are SQL of this program, values are always bound."""

    sorts: Mapping[str, str]
    default_sort: str
    filters: Mapping[str, Filter]
    searched: str | None = "search"
    mine: tuple[str, ...] = ("account_id",)
    """Columns of which one at least names the account that a row is shown to."""


def one_of(column: str) -> Filter:
    """Equal to one of the values."""

    def condition(_name: str, values: Sequence[str]) -> Condition:
        marks = ", ".join("?" * len(values))
        return f"{column} IN ({marks})", list(values)

    return condition


def id_in(column: str) -> Filter:
    """One of these ids; what is no id finds nothing."""

    def condition(_name: str, values: Sequence[str]) -> Condition:
        ids = [int(value) for value in values if is_number(value)]
        return f"{column} IN ({', '.join('?' * len(ids))})", list(ids)

    return condition


def instant(column: str, comparison: str) -> Filter:
    """Before or after an instant (RFC 3339)."""

    def condition(name: str, values: Sequence[str]) -> Condition:
        try:
            return f"{column} {comparison} ?", [micros(parse_instant(values[-1]))]
        except (ValueError, OverflowError) as error:
            detail = f"{name} must be an instant such as 2026-01-31T12:00:00Z"
            raise InvalidInput(detail, fields={name: detail}) from error

    return condition


def choice(**conditions: str) -> Filter:
    """One of a few words, each standing for a fixed condition."""

    def condition(name: str, values: Sequence[str]) -> Condition:
        chosen = conditions.get(values[-1])
        if chosen is None:
            detail = f"{name} must be one of {', '.join(conditions)}"
            raise InvalidInput(detail, fields={name: detail})
        return chosen, []

    return condition


def _encode(sort: str, value: Any, row_id: int) -> str:
    text = json.dumps([sort, value, row_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, sort: str) -> tuple[Any, int]:
    bad = InvalidInput("This cursor does not belong to this list", fields={"cursor": "not a cursor of this list"})
    try:
        decoded = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise bad from error
    if not isinstance(decoded, list) or len(decoded) != 3:
        raise bad
    made_for, value, row_id = decoded
    plain = isinstance(value, int | str) and not isinstance(value, bool) and isinstance(row_id, int)
    if made_for != sort or not plain or abs(row_id) >= 2**63 or (isinstance(value, int) and abs(value) >= 2**63):
        raise bad
    return value, row_id


def _where(listing: Listing, account_id: int | None, query: ListQuery) -> Condition:
    parts: list[str] = []
    values: list[Any] = []
    if account_id is not None:
        parts.append(" OR ".join(f"{column} = ?" for column in listing.mine).join("()"))
        values.extend([account_id] * len(listing.mine))
    for name, wanted in query.filters.items():
        make = listing.filters.get(name)
        if make is None:
            detail = f"This list has no filter {name[:40]}; it has {', '.join(sorted(listing.filters))}"
            raise InvalidInput(detail, fields={name[:40]: "unknown filter"})
        if wanted:
            condition, bound = make(name, wanted)
            parts.append(condition)
            values.extend(bound)
    if query.q and listing.searched is not None:
        for word in query.q.casefold().split()[:10]:
            parts.append(f"instr({listing.searched}, ?) > 0")
            values.append(word)
    return " AND ".join(parts) or "1", values


def page(
    tx: Tx,
    rows: Rows[R],
    listing: Listing,
    account_id: int | None,
    query: ListQuery,
    *,
    table: str,
    items: Callable[[list[R]], list[T]],
) -> Page[T]:
    """One page. Raises ``InvalidInput`` for a bad limit, sort, filter or cursor."""
    if not 1 <= query.limit <= MAX_LIMIT:
        raise InvalidInput(f"limit is 1 to {MAX_LIMIT}", fields={"limit": f"1 to {MAX_LIMIT}"})
    sort = query.sort or listing.default_sort
    descending = sort.startswith("-")
    expression = listing.sorts.get(sort.removeprefix("-"))
    if expression is None:
        names = ", ".join(sorted(listing.sorts))
        raise InvalidInput(f"This list can be sorted by {names}", fields={"sort": f"one of {names}"})
    condition, values = _where(listing, account_id, query)
    total = tx.count_cached((table, condition, *values), f"SELECT count(*) FROM {table} WHERE {condition}", values)
    if query.cursor is not None:
        value, row_id = _decode(query.cursor, sort)
        side = "<" if descending else ">"
        condition = f"{condition} AND ({expression}, id) {side} (?, ?)"
        values = [*values, value, row_id]
    direction = "DESC" if descending else "ASC"
    found = rows.where(
        f"{condition} ORDER BY {expression} {direction}, id {direction} LIMIT ?", [*values, query.limit + 1]
    )
    more = len(found) > query.limit
    shown = found[: query.limit]
    cursor: str | None = None
    if more:
        last = shown[-1]
        value = tx.sql(f"SELECT {expression} FROM {table} WHERE id = ?", (last.id,)).fetchone()[0]
        cursor = _encode(sort, value, last.id)
    return {"items": items(shown), "next_cursor": cursor, "total": total}
