"""What the calls of this driver share: how a read, a list and a write are put."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from billtui.client.drivers import Query
from billtui.client.drivers.billing_v1.problems import explain_answer
from billtui.client.drivers.billing_v1.reading import cursor_guess, json_body, page_head, page_rows, read
from billtui.client.exchange import Answer, Call, Exchange, Kind, PageReader
from billtui.client.settings import Write
from billtui.domain.models import Page

T = TypeVar("T")

PREFIX = "/api/v1"
NO_CONTENT = frozenset({200, 202, 204})
"""Answers of writes that have nothing to tell."""


def raw(value: str) -> str:
    """Text from the panel as the panel wrote it, to be sent back."""
    return str(getattr(value, "raw", value))


class Calling:
    """The ways to put a call."""

    def _read(self, path: str, reader: Callable[[Answer], T], query: Query = (), need: str | None = None) -> Call[T]:
        return Call(Exchange("GET", PREFIX + path, query=query), reader, explain_answer, need)

    def _write(
        self,
        method: str,
        path: str,
        write: Write,
        reader: Callable[[Answer], T],
        body: Mapping[str, Any] | None = None,
        need: str | None = None,
    ) -> Call[T]:
        exchange = Exchange(method, PREFIX + path, Kind.WRITE, body=body, write=write)
        return Call(exchange, reader, explain_answer, need)

    def _list(self, path: str, shape: type[T], query: Query, need: str | None = None) -> Call[Page[T]]:
        page: type[Page[T]] = Page[shape]  # type: ignore[valid-type]  # a type made of a variable
        call = self._read(path, lambda answer: read(page, answer), query, need)
        return replace(call, page=PageReader(json_body, page_head, partial(page_rows, shape), cursor_guess))

    def _secret_write(self, path: str, body: Mapping[str, Any], reader: Callable[[Answer], T], need: str) -> Call[T]:
        """A write whose answer the panel does not store, so that it carries no key: sent once, with secrets in it."""
        exchange = Exchange("POST", PREFIX + path, Kind.WRITE, body=body)
        return Call(exchange, reader, explain_answer, need, NO_CONTENT | {201})


def nothing(_answer: Answer) -> None:
    """For answers that say no more than that it was done."""
