"""What is typed into the filter of the queue: words, and terms such as ``who:me dept:finance -tag:waiting`` (TKT-8).

All of it has to hold; a comma means "any of", ``-`` in front means "not". What names no field is looked for as it
stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from billtui.domain.numbers import is_number
from billtui.services.store.rows import TicketRow

Predicate = Callable[[TicketRow], bool]

FIELDS: Final[Mapping[str, str]] = {
    "who": "who:me, who:nobody, who:ada.desk",
    "dept": "dept:technical,finance",
    "state": "state:open,answered",
    "prio": "prio:down,high",
    "tag": "tag:disk",
    "client": "client:olena.marsh",
    "order": "order:17",
    "waits": "waits:2h (at least)",
}
"""Every field, with an example."""
_UNITS: Final = {"m": 60, "h": 3600, "d": 86_400}


class TicketFilter(NamedTuple):
    """A filter that was read: plain words, what the terms ask for, and what is wrong with one of them."""

    words: str = ""
    terms: tuple[str, ...] = ()
    problem: str = ""
    matches: Predicate | None = None
    """``None`` where no term stands there."""


def read_filter(text: str, me: str, now: int) -> TicketFilter:
    """Part a filter's text into words and terms; a term that cannot be read is left out and named."""
    words: list[str] = []
    terms: list[str] = []
    tests: list[Predicate] = []
    problem = ""
    for word in text.split():
        field, colon, value = word.removeprefix("-").partition(":")
        if not colon or field.lower() not in FIELDS:
            words.append(word)
            continue
        values = tuple(one for one in value.lower().split(",") if one)
        test = _test(field.lower(), values, me.lower(), now)
        if test is None:
            problem = f"{field}: needs a value, as in {FIELDS[field.lower()]}."
            continue
        terms.append(word)
        tests.append(_negated(test) if word.startswith("-") else test)
    return TicketFilter(" ".join(words), tuple(terms), problem, _all(tests) if tests else None)


def _negated(test: Predicate) -> Predicate:
    return lambda row: not test(row)


def _all(tests: list[Predicate]) -> Predicate:
    if len(tests) == 1:
        return tests[0]
    return lambda row: all(test(row) for test in tests)


def _test(field: str, values: tuple[str, ...], me: str, now: int) -> Predicate | None:
    if not values:
        return None
    if field == "waits":
        seconds = _seconds(values[0])
        if seconds is None:
            return None
        until = now - seconds
        return lambda row: row.state == "open" and (row.last_client_at or row.created_at) <= until
    if field == "who":
        wanted = {me if one == "me" else "" if one in ("nobody", "none") else one for one in values}
        return lambda row: row.assignee.lower() in wanted
    if field == "tag":
        return lambda row: any(tag in values for tag in row.tags.lower().split())
    if field == "order":
        return lambda row: row.order_id.lower() in values
    return _by_text(field, values)


def _by_text(field: str, values: tuple[str, ...]) -> Predicate:
    """A value holds for a part of the text: ``prio:down`` is "service down"."""
    if field == "client":
        return lambda row: any(one in row.login.lower() or one == row.account_id for one in values)
    if field == "prio":
        return lambda row: any(one in row.priority for one in values)
    if field == "state":
        return lambda row: any(one in row.state for one in values)
    return lambda row: any(one in row.department.lower() for one in values)


def _seconds(text: str) -> int | None:
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not is_number(number, 6):
        return None
    return int(number) * _UNITS[unit]
