"""A page of a list that came, and was not read yet: whoever asked for it may read it elsewhere, in a process beside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from billtui.client.errors import BadAnswer
from billtui.client.exchange import Answer, PageReader
from billtui.domain.models import Page

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class UnreadPage(Generic[T]):
    """An answer whose rows are still text. ``reader`` reads it; what it finds wrong becomes :meth:`unusable`."""

    body: bytes = field(repr=False)
    reader: PageReader[T]
    place: str
    request_id: str | None

    @classmethod
    def of(cls, answer: Answer, reader: PageReader[T], place: str) -> UnreadPage[T]:
        """The page in ``answer``. Raises ``UnreadableAnswer`` where it says that it is something else."""
        return cls(reader.body(answer), reader, place, answer.request_id)

    @classmethod
    def read_already(cls, page: Page[T], place: str) -> UnreadPage[T]:
        """A page of a panel whose lists are read at once."""
        as_read = _AsRead(page)
        return cls(b"", PageReader(as_read.body, as_read.head, as_read.rows, as_read.guess), place, None)

    def unusable(self, why: object) -> BadAnswer:
        """What to raise where it turns out unreadable."""
        return unusable(self.place, why, self.request_id)


@dataclass(frozen=True, slots=True)
class _AsRead(Generic[T]):
    """The steps of reading a page, where nothing is left to do."""

    page: Page[T]

    def body(self, _answer: Answer) -> bytes:
        """Nothing."""
        return b""

    def head(self, _body: bytes) -> Page[T]:
        """The page itself."""
        return self.page

    def rows(self, rows: list[T]) -> list[T]:
        """Its rows as they are."""
        return rows

    def guess(self, _body: bytes) -> str | None:
        """Where the next page begins: that is known."""
        return self.page.next_cursor


class AskedAhead(Generic[T]):
    """Pages of one list, the next one asked for before this one is read, as far as can be guessed where it begins.

    A wrong guess costs one needless read of the panel, and nothing is taken from its answer.
    """

    def __init__(self, ask: Callable[[str | None], Coroutine[Any, Any, UnreadPage[T]]]) -> None:
        """``ask`` asks for the page at a cursor."""
        self._ask = ask
        self._ahead: tuple[str, asyncio.Task[UnreadPage[T]]] | None = None

    def guess(self, cursor: str | None) -> None:
        """The next page probably begins there."""
        if cursor is not None:
            self._ahead = cursor, asyncio.ensure_future(self._ask(cursor))

    async def page(self, cursor: str | None) -> UnreadPage[T]:
        """The page that begins at ``cursor``. Raises ClientError."""
        if self._ahead is not None and self._ahead[0] == cursor:
            task = self._ahead[1]
            page = await task  # being cancelled here cancels it there
            self._ahead = None
            return page
        await self.forget()
        return await self._ask(cursor)

    async def forget(self) -> None:
        """What was guessed is not wanted."""
        if self._ahead is not None:
            task, self._ahead = self._ahead[1], None
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # whatever became of it


def unusable(place: str, why: object, request_id: str | None) -> BadAnswer:
    """The error for an answer of the panel at ``place`` that cannot be read."""
    return BadAnswer(
        f"The answer of {place} cannot be used: {why}.",
        "Try again later, or report it to the panel.",
        request_id=request_id,
    )


def reader_of(page: PageReader[Any] | None) -> PageReader[Any]:
    """The reader of a list's call, which must have one."""
    if page is None:
        raise TypeError("only pages of lists are read in steps")
    return page
