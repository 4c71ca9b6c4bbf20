"""Query parameters of lists: read by hand, so that a page of a large list costs no validation of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fastapi import Request

from billtui.domain.numbers import is_number
from billtui.sandbox.engine.paging import ListQuery
from billtui.sandbox.http.problems import ApiProblem

MAX_LIMIT = 500
DEFAULT_LIMIT = 50
MAX_SEARCH = 200
"""Longest ``q``, in characters."""
_OWN = ("limit", "cursor", "sort", "q")


class ListParameters:
    """What one list takes: its OpenAPI description, and the reading of it from a request."""

    def __init__(
        self, sorts: Sequence[str], filters: Sequence[tuple[str, dict[str, Any], str]], *, search: bool = True
    ) -> None:
        """``filters`` are (name, schema, description); ``search`` says whether there is a ``q``."""
        self.openapi = _describe(sorts, filters, search=search)
        self._allowed: dict[str, frozenset[str]] = {}
        for name, schema, _ in filters:
            values = schema.get("enum") or schema.get("items", {}).get("enum")
            if values:
                self._allowed[name] = frozenset(values)

    def read(self, request: Request) -> ListQuery:
        """``limit``, ``cursor``, ``sort``, ``q`` and the filters of a request. Raises :class:`ApiProblem` 422."""
        filters: dict[str, list[str]] = {}
        own: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            if name in _OWN:
                if name in own:
                    raise invalid(name, "given twice")
                own[name] = value
            elif value == "":
                raise invalid(name[:40] or "query", "empty: leave it out")
            else:
                allowed = self._allowed.get(name)
                if allowed is not None and value not in allowed:
                    raise invalid(name, f"one of {', '.join(sorted(allowed))}")
                filters.setdefault(name, []).append(value)
        for name in ("sort", "cursor"):
            if own.get(name) == "":
                raise invalid(name, "empty: leave it out")
        _searched(own.get("q", ""))
        return ListQuery(
            limit=limit_of(own.get("limit")),
            cursor=own.get("cursor"),
            sort=own.get("sort"),
            q=own.get("q"),
            filters=filters,
        )


def only_once(request: Request, *names: str) -> None:
    """Refuses any other query parameter than ``names``, and one that is given twice: what was meant is unknown."""
    seen: set[str] = set()
    for name, _ in request.query_params.multi_items():
        if name not in names:
            raise invalid(name[:40] or "query", "unknown")
        if name in seen:
            raise invalid(name, "given twice")
        seen.add(name)


def _searched(q: str) -> str:
    if len(q) > MAX_SEARCH:
        raise invalid("q", f"at most {MAX_SEARCH} characters")
    return q


@dataclass(frozen=True, slots=True)
class ShortList:
    """What is asked of a list that is made whole and cut here: catalogue, methods, sessions."""

    limit: int
    after: str | None
    """The last item of the page before, as :func:`_mark` marks it."""
    sort: str | None
    words: tuple[str, ...]

    def page(self, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """The page as it stands on the wire. Raises :class:`ApiProblem` 422 for a sort or cursor of elsewhere."""
        items = [item for item in found if all(word in _words(item) for word in self.words)]
        if self.sort is not None:
            field = self.sort.removeprefix("-")
            if any(field not in item for item in found):
                raise invalid("sort", "not a field of this list")
            items.sort(key=lambda item: _rank(item[field]), reverse=self.sort.startswith("-"))
        marks = [_mark(item) for item in items]
        begin = 0
        if self.after is not None:
            if self.after not in marks:
                raise invalid("cursor", "not a cursor of this list")
            begin = marks.index(self.after) + 1
        end = begin + self.limit
        more = end < len(items)
        return {"items": items[begin:end], "next_cursor": marks[end - 1] if more else None, "total": len(items)}


def _mark(item: Mapping[str, Any]) -> str:
    """What tells an item of a short list from the others."""
    for name in ("id", "account_id", "method"):
        if name in item:
            return str(item[name])
    return f"{item['plan']}@{item['location']}"


def _words(item: Mapping[str, Any]) -> str:
    """What ``q`` looks into."""
    return " ".join(value for value in item.values() if isinstance(value, str)).casefold()


def _rank(value: Any) -> tuple[int, Decimal, str]:
    """How values sort: none, then numbers and money, then texts."""
    if isinstance(value, Mapping) and "amount" in value:
        return 1, Decimal(value["amount"]), ""
    if isinstance(value, int):
        return 1, Decimal(value), ""
    return (0, Decimal(0), "") if value is None else (2, Decimal(0), str(value))


def short_list(request: Request, *filters: str) -> ShortList:
    """``limit`` (as many as there may be without one), ``cursor``, ``sort``, ``q``. Raises :class:`ApiProblem` 422."""
    only_once(request, *_OWN, *filters)
    own = {name: request.query_params.get(name) for name in _OWN}
    q = _searched(own["q"] or "")
    limit = MAX_LIMIT if own["limit"] is None else limit_of(own["limit"])
    return ShortList(limit, own["cursor"], own["sort"], tuple(q.casefold().split()))


def limit_of(text: str | None) -> int:
    """The number of items on a page, 1 to 500. Raises :class:`ApiProblem` 422."""
    if text is None:
        return DEFAULT_LIMIT
    if not (is_number(text, 5) and 1 <= int(text) <= MAX_LIMIT):
        raise invalid("limit", f"a whole number from 1 to {MAX_LIMIT}")
    return int(text)


def invalid(name: str, message: str) -> ApiProblem:
    """422 for a query parameter, with a message about it."""
    return ApiProblem(422, "invalid-input", "A query parameter is not valid.", fields={name: message})


def _parameter(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": text}


def _describe(
    sorts: Sequence[str], filters: Sequence[tuple[str, dict[str, Any], str]], *, search: bool
) -> dict[str, Any]:
    both = [value for name in sorts for value in (name, f"-{name}")]
    parameters = [
        _parameter(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            "Items on a page.",
        ),
        _parameter("cursor", {"type": "string"}, "`next_cursor` of the page before; with the same sort and filters."),
        _parameter("sort", {"type": "string", "enum": both}, "A field; with `-` the other way round."),
    ]
    if search:
        parameters.append(_parameter("q", {"type": "string", "maxLength": MAX_SEARCH}, "Every word must be found."))
    parameters += [_parameter(name, schema, text) for name, schema, text in filters]
    return {"parameters": parameters}


def described(own: Sequence[str], filters: Sequence[tuple[str, dict[str, Any], str]]) -> dict[str, Any]:
    """``openapi_extra`` of a list with only some (``own``) of what lists take, and with these filters."""
    whole = _describe((), filters, search=False)["parameters"]
    names = {*own, *(name for name, _, _ in filters)}
    return {"parameters": [parameter for parameter in whole if parameter["name"] in names]}


SHORT_LIST: dict[str, Any] = {
    "parameters": [
        _parameter(
            "limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT}, "Items on a page; without it all."
        ),
        _parameter("cursor", {"type": "string"}, "`next_cursor` of the page before; with the same sort and filters."),
        _parameter("sort", {"type": "string"}, "A field; with `-` the other way round."),
        _parameter("q", {"type": "string", "maxLength": MAX_SEARCH}, "Every word must be found."),
    ]
}
"""``openapi_extra`` of a list that :func:`short_list` reads."""


def many(*values: str) -> dict[str, Any]:
    """The schema of a filter that can be repeated; ``values`` are the allowed ones, if they are known."""
    item: dict[str, Any] = {"type": "string", "enum": list(values)} if values else {"type": "string", "minLength": 1}
    return {"type": "array", "items": item}


def one(*values: str) -> dict[str, Any]:
    """The schema of a filter with one value."""
    return {"type": "string", "enum": list(values)}


INSTANT: dict[str, Any] = {"type": "string", "format": "date-time"}
