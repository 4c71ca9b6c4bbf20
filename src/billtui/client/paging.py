"""Going through a list page by page, in a way that ends whatever the panel answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import datetime
from typing import Protocol, TypeVar

from billtui.client.errors import BadAnswer
from billtui.domain.models import Page
from billtui.domain.periods import format_instant

T = TypeVar("T")


class PageLike(Protocol):
    """What is known of a page once it is known where the next one begins."""

    @property
    def count(self) -> int:
        """Rows on it."""

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; ``None`` on the last one."""


P = TypeVar("P", bound=PageLike)
FilterValue = str | bool | int | datetime | Iterable[str] | None
"""A value of a filter; several strings mean any of them, ``None`` means no filter."""

MAX_PAGES = 20_000
MAX_ROWS = 2_000_000
MAX_EMPTY = 3
"""So many empty pages in a row, each with a next one, end the patience."""
MAX_LIMIT = 500


def list_query(
    limit: int | None, cursor: str | None, sort: str | None, q: str | None, filters: dict[str, FilterValue]
) -> tuple[tuple[str, str], ...]:
    """The query of a list. Raises ``ValueError`` for a limit outside 1 to 500."""
    if limit is not None and not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"a page has 1 to {MAX_LIMIT} rows")
    pairs: list[tuple[str, str]] = []
    for name, value in (("limit", limit), ("cursor", cursor), ("sort", sort), ("q", q)):
        if value is not None and value != "":
            pairs.append((name, str(getattr(value, "raw", value))))
    for name, given in filters.items():
        pairs.extend((name, text) for text in _texts(given))
    return tuple(pairs)


def _texts(value: FilterValue) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, datetime):
        return [format_instant(value)]
    if isinstance(value, str | int):
        return [str(getattr(value, "raw", value))]
    return [str(getattr(one, "raw", one)) for one in value]


async def pages(fetch: Callable[[str | None], Awaitable[P]]) -> AsyncIterator[P]:
    """Every page of a list. Raises :class:`BadAnswer` if the panel's cursors go in a circle or never end."""
    cursor: str | None = None
    seen: set[str] = set()
    rows = 0
    empty = 0
    while True:
        page = await fetch(cursor)
        rows += page.count
        empty = 0 if page.count else empty + 1
        yield page
        cursor = page.next_cursor
        if not cursor:
            return
        if cursor in seen:
            raise BadAnswer("The list goes in a circle: the panel gave the same position twice. Refresh later.")
        seen.add(cursor)
        if len(seen) >= MAX_PAGES or rows > MAX_ROWS or empty >= MAX_EMPTY or len(cursor) > 4096:
            raise BadAnswer("The list does not end: the panel gives ever more pages. Narrow it by a filter.")


async def items(source: AsyncIterator[Page[T]]) -> AsyncIterator[T]:
    """Every row of every page."""
    async for page in source:
        for item in page.items:
            yield item
