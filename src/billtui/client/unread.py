"""A page of a list that came, and was not read yet: whoever asked for it may read it elsewhere, in a process beside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from billtui.client.errors import BadAnswer
from billtui.client.exchange import Answer, PageReader

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

    def unusable(self, why: object) -> BadAnswer:
        """What to raise where it turns out unreadable."""
        return unusable(self.place, why, self.request_id)


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
