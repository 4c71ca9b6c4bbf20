"""How a call is put: ``POST /api/{role}/{module}/{method}`` with JSON, the page in the query only."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import md5
from typing import Any, Final, TypeVar

from pydantic import SecretStr

from billtui.client.auth import plain_token, with_basic, with_cookie
from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers import Query
from billtui.client.drivers.fossbilling.envelope import explain, result_of
from billtui.client.drivers.fossbilling.values import Row, whole_of
from billtui.client.errors import ConfigurationProblem
from billtui.client.exchange import Answer, Call, Exchange, Kind
from billtui.domain.models import Page
from billtui.domain.numbers import is_number

T = TypeVar("T")
Reader = Callable[[Any], T]

COOKIE: Final = "PHPSESSID"
SESSION: Final = "session:"
"""A token that begins with this is the cookie of a session; every other one is an API key."""
EXPECT: Final = frozenset({200})
LONGEST_PAGE: Final = 500
_SESSION_ID = re.compile(r"[A-Za-z0-9-]{8,256}")


def raw(value: str) -> str:
    """Text from the panel as the panel wrote it, to be sent back."""
    return str(getattr(value, "raw", value))


def call(
    path: str, reader: Reader[T], need: str | None = None, *, kind: Kind = Kind.READ, query: Query = (),
    headers: tuple[tuple[str, str], ...] = (), **params: Any,
) -> Call[T]:  # fmt: skip
    """The call ``role/module/method`` with ``params``; ``reader`` makes the result of what stands in ``result``."""
    exchange = Exchange("POST", f"/api/{path}", kind, query=query, body=params, headers=headers)
    return Call(exchange, lambda answer: reader(result_of(answer)), explain, need, EXPECT)


def signing(exchange: Exchange, user: str, token: SecretStr) -> Exchange:
    """``exchange`` as whom the token stands for: an API key as the password of ``user``, a session by its cookie.

    A session carries the MD5 of its cookie as ``CSRFToken`` (wire: transport). Raises ``ConfigurationProblem``.
    """
    text = plain_token(token)
    if not text.startswith(SESSION):
        return with_basic(exchange, user, token)
    cookie = SecretStr(text.removeprefix(SESSION))
    signed = with_cookie(exchange, COOKIE, cookie)
    if exchange.body is None:
        return signed
    token_of = SecretStr(md5(cookie.get_secret_value().encode("ascii"), usedforsecurity=False).hexdigest())
    return replace(signed, body={**exchange.body, "CSRFToken": token_of})


def cookie_of(answer: Answer) -> str | None:
    """The session that an answer began, if it is one that can be sent back."""
    text = answer.cookies.get(COOKIE, "")
    return text if _SESSION_ID.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of a list begins, and by what a page is known that comes a second time."""

    page: int = 1
    first: str = ""
    """The first id of the page before."""
    seen: int = 0
    """Rows of all pages before."""

    @classmethod
    def of(cls, cursor: str | None) -> Place:
        """What a cursor says. Raises :class:`ConfigurationProblem` for one that is none of ours."""
        if not cursor:
            return cls()
        parts = cursor.split(".")
        if len(parts) != 3 or not all(is_number(part, 15) for part in parts):
            raise ConfigurationProblem("This is no place in a list of this panel. Begin at its first page.")
        return cls(int(parts[0]), parts[1], int(parts[2]))

    def __str__(self) -> str:
        return f"{self.page}.{self.first}.{self.seen}"


def listing(
    path: str, reader: Callable[[Row], T], place: Place, per_page: int, need: str | None = None, **params: Any
) -> Call[Page[T]]:
    """One page of a list. The page's number goes in the query: in a body it is ignored (wire: traps)."""
    query: Query = (("page", str(place.page)),) if place.page > 1 else ()

    def read(result: Any) -> Page[T]:
        page = Row(result, "result")
        rows = page.rows("list")
        total = page.whole("total", default=-1)
        ids = [row.id() for row in rows]
        told = page.any("page")
        again = place.first in ids or (told is not None and whole_of(told, "page") != place.page)
        if again or not rows:
            # The same page once more, or one past the end: whatever ``pages`` says, this is the end.
            return Page(items=[], total=total if total >= 0 else None)
        seen = place.seen + len(rows)
        if total < 0 and "total" not in result:
            raise UnreadableAnswer("total is missing")
        after = str(Place(place.page + 1, ids[0], seen)) if seen < total else None
        return Page(items=[reader(row) for row in rows], next_cursor=after, total=total)

    return call(path, read, need, query=query, **params, per_page=per_page)
