"""Reading answers into models: strict JSON of the right type, then the model, then what must match the question."""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from billtui.client.codec import UnreadableAnswer, parse_json
from billtui.client.drivers.billing_v1.problems import media_type
from billtui.client.exchange import Answer
from billtui.domain.models import Page

T = TypeVar("T")
_NEAR = 1_000
_CURSOR = re.compile(rb'"next_cursor"\s*:\s*"([ !#-\[\]-~]{1,500})"')
"""With a text that needs no escapes."""


def json_value(answer: Answer) -> Any:
    """The JSON value of an answer. Raises :class:`UnreadableAnswer`."""
    must_be_json(answer)
    return parse_json(answer.body)


def must_be_json(answer: Answer) -> None:
    """An answer says that it is JSON. Raises :class:`UnreadableAnswer`."""
    kind = media_type(answer)
    if kind != "application/json":
        raise UnreadableAnswer("it is a web page" if kind == "text/html" else "it is not JSON")


@cache
def _adapter(shape: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast("Any", shape))


def validated(shape: type[T], value: Any, at: str = "") -> T:
    """``value`` as ``shape``. Raises :class:`UnreadableAnswer` naming the field's path, never its value."""
    try:
        result: T = _adapter(cast("Hashable", shape)).validate_python(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        path = ".".join(part for part in (at, *(str(one) for one in first["loc"])) if part) or "it"
        raise UnreadableAnswer(f"{path[:200]} is missing or wrong ({first['type']})") from None
    return result


def read(shape: type[T], answer: Answer) -> T:
    """The whole answer as ``shape``."""
    return validated(shape, json_value(answer))


def json_body(answer: Answer) -> bytes:
    """The JSON text of an answer, not looked at yet."""
    must_be_json(answer)
    return answer.body


def page_head(body: bytes) -> Page[Any]:
    """A page of a list, with its rows as they came."""
    return validated(Page[Any], parse_json(body))


def cursor_guess(body: bytes) -> str | None:
    """Where the next page probably begins: ``next_cursor`` as it stands near the end or the beginning of the text."""
    for part in (body[-_NEAR:], body[:_NEAR]):
        found = _CURSOR.findall(part)
        if found:
            text: str = found[-1].decode("ascii")
            return text
    return None


def page_rows(shape: type[T], rows: list[Any]) -> list[T]:
    """The rows of a page as ``shape``."""
    return validated(list[shape], rows, "items")  # type: ignore[valid-type]  # a type made of a variable


def field(shape: type[T], answer: Answer, name: str) -> T:
    """One field of the answer, an object, as ``shape``."""
    value = json_value(answer)
    if not isinstance(value, dict):
        raise UnreadableAnswer("it is not an object")
    if name not in value:
        raise UnreadableAnswer(f"{name} is missing")
    return validated(shape, value[name], name)


def items(shape: type[T], answer: Answer) -> list[T]:
    """The ``items`` of a list that is not paged."""
    return field(list[shape], answer, "items")  # type: ignore[valid-type]  # a type made of a variable


def must(holds: bool, what: str) -> None:
    """An answer that speaks of something else than what was asked is no answer. Raises :class:`UnreadableAnswer`."""
    if not holds:
        raise UnreadableAnswer(f"{what} is not what was asked for")
