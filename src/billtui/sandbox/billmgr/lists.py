"""Lists: pages, order and filters, all of which the panel remembers (wire: 5)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from billtui.domain.numbers import is_number
from billtui.sandbox.billmgr.call import Call
from billtui.sandbox.billmgr.nodes import ON, Doc, Node, choices, done
from billtui.sandbox.billmgr.quirks import Quirk
from billtui.sandbox.billmgr.words import start_of_day
from billtui.sandbox.engine.wire import DAY, micros

DEFAULT_ROWS = 50
MOST_ROWS = 5_000
_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{0,10})?")
_RANGES = ("nodate", "today", "yesterday", "currentweek", "currentmonth", "currentyear", "other")
Condition = tuple[str, list[Any]]
Filter = Callable[[str], Condition | None]
"""Makes a condition of a filter's value; ``None`` for a value that means all."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list is made of. Expressions are SQL of this program, values are always bound."""

    name: str
    table: str
    order: str
    """As it is sorted where nobody asked."""
    columns: Mapping[str, str]
    """Column on this wire → SQL to sort by."""
    filters: Mapping[str, Filter]
    dates: Mapping[str, str]
    """Filter by a range of dates → SQL of the instant."""
    rows: Callable[[Call, str, Sequence[Any]], list[Node]]
    """Makes the rows of a condition with order and limit."""
    base: Callable[[Call], Condition]
    buttons: Mapping[str, str]
    """What the user may do with it, by the name of its button: the toolbar (wire: 5)."""


def answer(call: Call, listing: Listing) -> Doc:
    """A page of a list. What was asked of it is remembered, but for a filter that came with the call itself."""
    form = call.form
    memory = call.memory(listing.name)
    kept = dict(memory)
    for name in ("p_num", "p_cnt", "p_col"):
        if form.get(name):
            kept[name] = form.get(name)
    chosen = kept.get("filter", {})
    if form.get("filter") == ON:
        chosen = {name: form.get(name) for name in _fields(listing) if form.has(name)}
    condition, values = _where(call, listing, chosen)
    total = int(call.tx.sql(f"SELECT count(*) FROM {listing.table} WHERE {condition}", values).fetchone()[0])
    size = min(max(_number(kept.get("p_cnt"), DEFAULT_ROWS), 1), MOST_ROWS)
    last = max(1, -(-total // size))
    page = min(max(_number(kept.get("p_num"), 1), 1), last)  # past the end is the last page (wire: 5)
    if kept != memory:
        call.remember(listing.name, kept)
    doc = Doc(attrs={"func": listing.name, "lang": call.lang})
    doc.add("metadata", _metadata(listing))
    doc.put("p_num", page).put("p_cnt", size).put("p_elems", total)
    ordered = f"{condition} ORDER BY {_order(listing, kept.get('p_col', ''))} LIMIT ? OFFSET ?"
    for row in listing.rows(call, ordered, [*values, size, (page - 1) * size]):
        doc.add("elem", row)
    return doc


def filter_form(call: Call, listing: Listing) -> Doc:
    """The filter of a list as it is; sent with ``sok`` it is kept, and hides rows from now on (wire: 5, 17)."""
    memory = call.memory(listing.name)
    if call.writes and Quirk.FILTER_ECHO in call.quirks and call.form.get("out"):
        memory = {**memory, "filter": {name: call.form.get(name) for name in _fields(listing)}}
    elif call.writes:
        chosen = {name: call.form.get(name) for name in _fields(listing) if call.form.get(name)}
        call.remember(listing.name, {**memory, "filter": chosen, "p_num": "1"})
        return done()
    kept = memory.get("filter", {})
    doc = Doc(attrs={"func": f"{listing.name}.filter", "lang": call.lang}, form=True)
    for name in _fields(listing):
        doc.put(name, kept.get(name, "nodate" if name in listing.dates else ""))
    for name in listing.dates:
        doc.add("slist", choices(name, ((one, one) for one in _RANGES)))
    return doc


def _fields(listing: Listing) -> list[str]:
    dates = [f"{name}{end}" for name in listing.dates for end in ("", "start", "end")]
    return [*listing.filters, *dates]


def _number(text: Any, otherwise: int) -> int:
    value = str(text or "")
    return int(value) if is_number(value, 8) else otherwise


def _order(listing: Listing, wanted: str) -> str:
    expression = listing.columns.get(wanted[1:]) if wanted[:1] in ("+", "-", " ") else None
    if expression is None:
        return listing.order
    return f"{expression} {'DESC' if wanted[0] == '-' else 'ASC'}, id"


def _where(call: Call, listing: Listing, chosen: Mapping[str, str]) -> Condition:
    condition, values = listing.base(call)
    parts = [condition]
    bound = list(values)
    for name, make in listing.filters.items():
        found = make(chosen[name]) if chosen.get(name) else None
        if found is not None:
            parts.append(found[0])
            bound += found[1]
    for name, expression in listing.dates.items():
        span = _span(call.tx.now, chosen.get(name, ""), chosen.get(f"{name}start", ""), chosen.get(f"{name}end", ""))
        for comparison, edge in zip((">=", "<"), span, strict=True):
            if edge is not None:
                parts.append(f"{expression} {comparison} ?")
                bound.append(edge)
    return " AND ".join(f"({part})" for part in parts), bound


def _span(now: datetime, kind: str, first: str, last: str) -> tuple[int | None, int | None]:
    """From when on and until when, in microseconds."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    begin: datetime | None = None
    match kind:
        case "today":
            begin = today
        case "yesterday":
            return micros(today - timedelta(days=1)), micros(today)
        case "currentweek":
            begin = today - timedelta(days=today.weekday())
        case "currentmonth":
            begin = today.replace(day=1)
        case "currentyear":
            begin = today.replace(month=1, day=1)
        case "other":
            until = start_of_day(last)
            return start_of_day(first), None if until is None else until + DAY
        case _:
            pass
    return None if begin is None else micros(begin), None


def _metadata(listing: Listing) -> Node:
    metadata = Node(attrs={"name": listing.name, "type": "list"})
    toolbar = metadata.add("toolbar", Node())
    group = toolbar.add("toolgrp", Node(attrs={"name": "main"}))
    for button, name in listing.buttons.items():
        group.add("toolbtn", Node(attrs={"name": button, "func": name}))
    return metadata


def ids(column: str) -> Filter:
    """One of these numbers; what is no number finds nothing."""

    def make(value: str) -> Condition:
        found = [int(one) for one in parts_of(value) if is_number(one)]
        return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(found)]

    return make


def contains(expression: str) -> Filter:
    """A part of a text, whatever its case."""
    return lambda value: (f"instr(lower({expression}), lower(?)) > 0", [value])


def codes(conditions: Mapping[str, str]) -> Filter:
    """Any of some codes, each with a condition of its own; an unknown one finds nothing."""

    def make(value: str) -> Condition | None:
        wanted = [one for one in parts_of(value) if one not in ("", "null", "any")]
        if not wanted:
            return None
        return " OR ".join(f"({one})" for one in dict.fromkeys(conditions.get(one, "0") for one in wanted)), []

    return make


def parts_of(value: str) -> list[str]:
    """Values of a choice of several, joined by commas (wire: 5)."""
    return [part.strip() for part in value.split(",")]


def at_least(expression: str) -> Filter:
    """An amount or more."""
    return _amount(expression, ">=")


def at_most(expression: str) -> Filter:
    """An amount or less."""
    return _amount(expression, "<=")


def _amount(expression: str, comparison: str) -> Filter:
    def make(value: str) -> Condition | None:
        if not _AMOUNT.fullmatch(value.strip()):
            return None
        return f"{expression} {comparison} ?", [int(Decimal(value.strip()) * 100)]

    return make
