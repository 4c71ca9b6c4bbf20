"""From an expression to a predicate over rows of orders, fast enough for every key typed among 100,000 (P-TABLE-3)."""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from billtui.domain.periods import add_months
from billtui.services.order_query import Query, Term
from billtui.services.store import OrderRow, instant
from billtui.services.store.columns import AnyHolds

Predicate = Callable[[OrderRow], bool]
Tags = Mapping[str, frozenset[str]]
"""A person's own tags, in small letters, by the order's id."""

_DAY: Final = 86_400
_MOST_MONTHS: Final = 2_400
_WORD: Final = re.compile(r"[^\W_]+")
_NO_TAGS: Final[Tags] = {}


def predicate(query: Query, now: int, tags: Tags = _NO_TAGS) -> Predicate:
    """Whether an order is chosen by ``query`` at ``now`` (epoch seconds).

    What a row does not know (the days left of an order that was never paid) is true of no comparison; ``-`` turns a
    whole term round, so ``-days<7`` holds for it.
    """
    chosen: Predicate | None = None
    for part in reversed(predicates(query, now, tags)):
        chosen = part if chosen is None else _both(part, chosen)
    return chosen or _every


def predicates(query: Query, now: int, tags: Tags = _NO_TAGS) -> list[Predicate]:
    """The parts of :func:`predicate`, all of which must be true, the cheap ones first."""
    parts = [(_rank(term), number, _one(term, now, tags)) for number, term in enumerate(query.terms)]
    return [part for _, _, part in sorted(parts, key=lambda one: one[:2])]


def _every(_row: OrderRow) -> bool:
    return True


def _both(first: Predicate, second: Predicate) -> Predicate:
    return lambda row: first(row) and second(row)


def _rank(term: Term) -> int:
    """The cheap ones first: what they drop need not be looked at by the dear ones."""
    return {"": 3, "name": 2, "ip": 2, "discount": 1}.get(term.field, 0)


def _one(term: Term, now: int, tags: Tags) -> Predicate:
    found = _positive(term, now, tags)
    if not term.negated:
        return found
    return lambda row: not found(row)


def _positive(term: Term, now: int, tags: Tags) -> Predicate:
    values, exact = tuple(one.lower() for one in term.values), term.op == "="
    match term.field:
        case "loc":
            places = _Verdicts(_whole_or_word(values, exact=exact))
            return lambda row: places[row.location]
        case "plan":
            plans = _Verdicts(_whole_or_word(values, exact=exact))
            return lambda row: plans[row.plan]
        case "kind":
            kinds = _Verdicts(_whole_or_word(values, exact=exact))
            return lambda row: kinds[row.kind]
        case "state":
            states = _Verdicts(_whole(values))
            return lambda row: states[row.state]
        case "name":
            names = _text(values, exact=exact)
            return lambda row: names(row.name.lower())
        case "ip":
            addresses = _text(values, exact=exact)
            return lambda row: addresses(row.address.lower())
        case "id":
            return _of_ids(values)
        case "tag":
            tagged = frozenset(_tagged(values, tags))
            return lambda row: row.id in tagged
        case "days" | "price" | "discount" | "used":
            return _number(term, now)
        case "auto":
            return _auto(values)
        case "bill":
            return _either(values, "open", lambda row: bool(row.unpaid_invoice_id))
        case "addon":
            return _either(values, "any", lambda row: bool(row.addon_prices))
    return _words(values, tags)


# --- texts


class _Verdicts(dict[str, bool]):
    """Answers for the few different texts of a column, each found out once."""

    def __init__(self, test: Callable[[str], bool]) -> None:
        super().__init__()
        self._test = test

    def __missing__(self, text: str) -> bool:
        answer = self[text] = self._test(text.lower())
        return answer


def _is_glob(value: str) -> bool:
    return "*" in value or "?" in value


def _glob(value: str) -> Callable[[str], bool]:
    """``*`` and ``?``, nothing else: brackets are themselves."""
    pattern = re.compile(fnmatch.translate(value.replace("[", "[[]")))
    return lambda text: pattern.match(text) is not None


def _whole(values: tuple[str, ...]) -> Callable[[str], bool]:
    wanted = frozenset(values)
    globs = [_glob(value) for value in values if _is_glob(value)]
    return lambda text: text in wanted or any(glob(text) for glob in globs)


def _whole_or_word(values: tuple[str, ...], *, exact: bool) -> Callable[[str], bool]:
    """``micro`` is vds-micro, and ``us`` is us-east: the whole text, or one of its words."""
    whole, wanted = _whole(values), frozenset(values)
    if exact:
        return whole
    return lambda text: whole(text) or not wanted.isdisjoint(_WORD.findall(text))


def _text(values: tuple[str, ...], *, exact: bool) -> Callable[[str], bool]:
    if exact:
        return _whole(values)
    globs = [_glob(value) for value in values if _is_glob(value)]
    parts = [value for value in values if not _is_glob(value)]
    if len(parts) == 1 and not globs:
        part = parts[0]
        return lambda text: part in text
    if len(globs) == 1 and not parts:
        return globs[0]
    if not globs:
        found = re.compile("|".join(map(re.escape, parts))).search
        return lambda text: found(text) is not None
    return lambda text: any(part in text for part in parts) or any(glob(text) for glob in globs)


def _of_ids(values: tuple[str, ...]) -> Predicate:
    if any(map(_is_glob, values)):
        ids = _whole(values)
        return lambda row: ids(row.id.lower())
    wanted = frozenset(values)
    return lambda row: row.id.lower() in wanted


def _tagged(values: tuple[str, ...], tags: Tags) -> list[str]:
    test = _whole(values)
    return [order_id for order_id, words in tags.items() if any(map(test, words))]


def _words(values: tuple[str, ...], tags: Tags) -> Predicate:
    """Any of ``values`` in any text of the order."""
    few = _Verdicts(lambda text: any(value in text for value in values))
    tagged = frozenset(key for key, words in tags.items() if any(value in word for word in words for value in values))
    if len(values) == 1:
        value = values[0]

        def holds(row: OrderRow) -> bool:
            return (
                value in row.name.lower()
                or few[row.plan]
                or few[row.location]
                or few[row.state]
                or few[row.kind]
                or value in row.address.lower()
                or value in row.id.lower()
                or row.id in tagged
            )

        return AnyHolds(value, ("plan", "location", "state", "kind", "name", "address", "id"), "id", tagged, holds)
    found = re.compile("|".join(map(re.escape, values))).search
    return lambda row: (
        few[row.plan]
        or few[row.location]
        or few[row.state]
        or few[row.kind]
        or row.id in tagged
        or found(f"{row.name}\n{row.address}\n{row.id}".lower()) is not None
    )


# --- numbers and choices


def _either(values: tuple[str, ...], positive: str, test: Predicate) -> Predicate:
    if len(values) > 1:
        return _every
    if values[0] == positive:
        return test
    return lambda row: not test(row)


def _auto(values: tuple[str, ...]) -> Predicate:
    periods = frozenset(int(value) for value in values if value.isdigit())
    on, off = "on" in values, "off" in values
    return lambda row: (on or row.auto_months in periods) if row.auto_on else off


def _number(term: Term, now: int) -> Predicate:
    numbers = [Decimal(value) for value in term.values]
    if term.field == "discount":
        test = _any_of([_compared(term.op, number) for number in numbers])
        known = _Verdicts(lambda text: test(Decimal(text)) if _is_number(text) else False)
        return lambda row: known[row.discount or "0"]
    if term.field == "used":
        return _used(term.op, numbers, now)
    if term.field == "price":
        low, high = _bounds(term.op, [number * 100 for number in numbers], 1)[0]
        if len(numbers) == 1:
            return lambda row: low <= row.price < high
        prices = frozenset(int(number * 100) for number in numbers if number * 100 == int(number * 100))
        return lambda row: row.price in prices
    spans = _bounds(term.op, [number * _DAY for number in numbers], _DAY)
    (low, high), rest = spans[0], spans[1:]
    low, high = low + now, high + now
    if not rest:
        return lambda row: row.paid_until is not None and low <= row.paid_until < high
    return lambda row: row.paid_until is not None and any(begin <= row.paid_until - now < end for begin, end in spans)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII) is not None


def _compared(op: str, number: Decimal) -> Callable[[Decimal], bool]:
    match op:
        case "<":
            return lambda value: value < number
        case "<=":
            return lambda value: value <= number
        case ">":
            return lambda value: value > number
        case ">=":
            return lambda value: value >= number
    return lambda value: value == number


def _any_of(tests: list[Callable[[Decimal], bool]]) -> Callable[[Decimal], bool]:
    return lambda value: any(test(value) for test in tests)


_FAR: Final = 10**15


def _bounds(op: str, numbers: list[Decimal], step: int) -> list[tuple[int, int]]:
    """The whole numbers that compare so, each as ``low <= it < high``; "equal" is as long as a ``step``."""
    spans: list[tuple[int, int]] = []
    for number in numbers:
        floor, ceiling = math.floor(number), math.ceil(number)
        match op:
            case "<":
                spans.append((-_FAR, ceiling))
            case "<=":
                spans.append((-_FAR, floor + 1))
            case ">":
                spans.append((floor + 1, _FAR))
            case ">=":
                spans.append((ceiling, _FAR))
            case _:
                whole = floor == number and floor % step == 0
                spans.append((floor, floor + step) if whole else (0, 0))
    return spans


def _used(op: str, numbers: list[Decimal], now: int) -> Predicate:
    spans: list[tuple[int, int]] = []
    for low, high in _bounds(op, numbers, 1):
        # used >= low  ⇔  in use since before or at _since(low);  used < high  ⇔  later than _since(high)
        spans.append((_since(high, now) + 1, _since(low, now) + 1))
    if len(spans) == 1:
        begin, end = spans[0]
        return lambda row: row.in_use_since is not None and begin <= row.in_use_since < end
    return lambda row: row.in_use_since is not None and any(begin <= row.in_use_since < end for begin, end in spans)


def _since(months: int, now: int) -> int:
    """The latest second of first use from which ``months`` whole calendar months fit until ``now``."""
    if months <= 0:
        return _FAR
    if months > _MOST_MONTHS:
        return -_FAR
    moment = instant(now)
    low, high = -(2**31), now
    if add_months(instant(low), months) > moment:
        return -_FAR
    while low < high:
        middle = (low + high + 1) // 2
        if add_months(instant(middle), months) <= moment:
            low = middle
        else:
            high = middle - 1
    return low
