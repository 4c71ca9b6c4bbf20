"""One page of a list."""

from __future__ import annotations

from typing import Generic, TypeVar

from billtui.domain.models.wire import WireModel

T = TypeVar("T")


class Page(WireModel, Generic[T]):
    """A page of a list: ``next_cursor`` is ``None`` on the last one, ``total`` counts all rows of the filter."""

    items: list[T]
    next_cursor: str | None = None
    total: int | None = None

    @property
    def count(self) -> int:
        """Rows on this page."""
        return len(self.items)
