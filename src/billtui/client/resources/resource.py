"""What every resource shares: the way to run a call."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from billtui.client import paging
from billtui.client.drivers import Driver
from billtui.client.exchange import Request
from billtui.client.paging import PageLike
from billtui.client.unread import AskedAhead, UnreadPage
from billtui.domain.models import Page

T = TypeVar("T")
P = TypeVar("P", bound=PageLike)


class RunsCalls(Protocol):
    """The part of the client that a resource needs."""

    @property
    def driver(self) -> Driver:
        """The kind of panel spoken to."""

    async def run(self, request: Request[T]) -> T:
        """Carry out a call; raises :class:`~billtui.client.errors.ClientError`."""

    async def unread(self, request: Request[Page[T]]) -> UnreadPage[T]:
        """Carry out a call for a page, and leave the reading to the caller."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A group of calls. Every method raises :class:`~billtui.client.errors.ClientError` and nothing else."""

    client: RunsCalls

    @property
    def _driver(self) -> Driver:
        return self.client.driver

    def _fetcher(self, make: Callable[[str | None], Request[Page[T]]]) -> Callable[[str | None], Awaitable[Page[T]]]:
        async def fetch(cursor: str | None) -> Page[T]:
            return await self.client.run(make(cursor))

        return fetch

    async def _arriving(
        self, make: Callable[[str | None], Request[Page[T]]], begin: Callable[[UnreadPage[T]], Awaitable[P]]
    ) -> AsyncGenerator[P, None]:
        async def ask(cursor: str | None) -> UnreadPage[T]:
            return await self.client.unread(make(cursor))

        asked = AskedAhead(ask)

        async def fetch(cursor: str | None) -> P:
            unread = await asked.page(cursor)
            asked.guess(unread.reader.guess(unread.body))
            return await begin(unread)

        try:
            async for page in paging.pages(fetch):
                yield page
        finally:
            await asked.forget()
