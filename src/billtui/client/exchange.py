"""One request and its answer, as drivers see them: values only, no HTTP library."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar
from urllib.parse import quote

from billtui.client.errors import ClientError, ConfigurationProblem
from billtui.client.settings import Write
from billtui.domain.models import Page

if TYPE_CHECKING:
    from pydantic import SecretStr

T = TypeVar("T")


class Kind(Enum):
    """How an exchange may be sent."""

    READ = "read"
    """No effect (also a quote): repeated on trouble, signs in again once, pooled connections."""
    POLL = "poll"
    """A long poll: a read that is not repeated."""
    ONCE = "once"
    """Signing in: sent once on a fresh connection; nobody's money depends on it."""
    WRITE = "write"
    """Has an effect: sent once on a fresh connection; a lost answer is an :class:`OutcomeUnknown`."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A raw body (TKT-6), and who is told how many of its bytes were handed to the line."""

    data: bytes = field(repr=False)
    content_type: str = "application/octet-stream"
    sent: Callable[[int], None] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What to send. ``path`` is absolute below the panel's address and already quoted."""

    method: str
    path: str
    kind: Kind = Kind.READ
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    upload: Upload | None = field(default=None, repr=False)
    """A raw body instead of JSON."""
    form: tuple[tuple[str, str | SecretStr], ...] | None = field(default=None, repr=False)
    """A form (``application/x-www-form-urlencoded``, UTF-8) instead of JSON; a name may stand in it several times."""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """More of them, as a driver needs: who is asking, by :meth:`Driver.authorised`."""
    write: Write | None = None
    accept: str = "application/json"
    authorised: bool = True
    deadline: float | None = None
    """Seconds for the whole exchange, where the settings' deadline does not fit."""
    silent: bool = False
    """The panel works without a word for as long as that: only its end says that the line is lost."""
    save_to: Path | None = None
    """A file that a successful answer's body is streamed to, instead of memory."""
    replaces: bool = True
    """Whether a file that is there already is replaced; else it stays, and the body is given up."""
    pause: float = 0.0
    """Seconds to wait before it is sent: for a panel that says that it is not done yet."""
    rooted: bool = False
    """Whether ``path`` is of the panel's host, and not below its address: it came from the panel itself."""
    continues: bool = False
    """Whether it only asks what came of the write before it: its answer is that write's own."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``body`` is empty where it went to a file; ``size`` is the body's length in bytes."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    size: int
    request_id: str | None = None
    retry_after: float | None = None
    place: str | None = None
    """Where a redirect points (scheme and host only)."""
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the answer sets. Nothing keeps them but the driver of a panel that signs in by one."""


@dataclass(frozen=True, slots=True)
class PageReader(Generic[T]):
    """How a page of a list is read in steps: where the next one begins comes before the rows, which take longer.

    Each raises ``UnreadableAnswer``. ``head`` and ``rows`` look at nothing but their argument and can be pickled, so
    that another thread or process may do them.
    """

    body: Callable[[Answer], bytes] = field(repr=False)
    head: Callable[[bytes], Page[Any]] = field(repr=False)
    """The page with its rows as they came."""
    rows: Callable[[list[Any]], list[T]] = field(repr=False)
    guess: Callable[[bytes], str | None] = field(repr=False)
    """Where the next page probably begins, without reading this one: it can be asked for at once, and is believed only
    once ``head`` says the same."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """An exchange and how to read its answer.

    ``read`` gets answers with an expected status and raises ``UnreadableAnswer``; ``explain`` turns every other answer
    into the error to raise.
    """

    exchange: Exchange
    read: Callable[[Answer], T] = field(repr=False)
    explain: Callable[[Answer], ClientError] = field(repr=False)
    capability: str | None = None
    expect: frozenset[int] = frozenset({200, 201})
    page: PageReader[Any] | None = field(default=None, repr=False)
    """For a page of a list: the same as ``read``, in steps."""


Steps: TypeAlias = "Generator[Call[Any] | Together, Any, T]"
"""What :class:`Conversation` goes through: it gives calls, is given what they say, and returns the result."""


@dataclass(frozen=True, slots=True)
class Together:
    """Questions that do not depend on each other, and only read: asked side by side, as the panel's pace allows.

    What they say is given as a tuple in their order; where several fail, the error of the first of them is raised.
    """

    requests: tuple[Conversation[Any], ...]


@dataclass(frozen=True, slots=True)
class Conversation(Generic[T]):
    """Several exchanges that are one call to the program, where a panel needs more than one.

    ``begin`` makes a fresh generator that gives calls and is given their results; a call that fails raises its
    :class:`ClientError` in the generator, which may go on or let it pass. It does no input or output of its own::

        def begin() -> Steps[Invoice]:
            cart = yield from ask(self._cart())
            yield from ask(self._checkout(cart))
            return (yield from ask(self.get_invoice(cart.invoice)))

    Each call is carried out by its own kind: reads with patience, writes once. Once a write of it may have reached the
    panel, whatever fails after it is an :class:`OutcomeUnknown`, unless the panel refused that write itself and none
    before it was done.
    """

    begin: Callable[[], Steps[T]] = field(repr=False)
    capability: str | None = None
    writes: bool = False
    """Whether it has an effect: then a failure before its first write is told as "nothing was sent"."""
    alone: str | None = None
    """Of those with the same word one goes at a time, where they speak of one thing that the panel keeps: a cart."""


Request: TypeAlias = "Call[T] | Conversation[T]"
"""What a driver makes of one call of the client."""


def together(*begins: Callable[[], Steps[Any]]) -> Steps[tuple[Any, ...]]:
    """What each of these reads, asked side by side: ``rows, basket = yield from together(read_rows, read_basket)``."""
    result: tuple[Any, ...] = yield Together(tuple(Conversation(begin) for begin in begins))
    return result


def ask(request: Request[T]) -> Steps[T]:
    """One call, or a conversation within another: ``result = yield from ask(request)``."""
    if isinstance(request, Conversation):
        return (yield from request.begin())
    result: T = yield request
    return result


def at_once(result: T) -> Conversation[T]:
    """A call that needs no exchange at all: its result is known."""

    def begin() -> Steps[T]:
        yield from ()
        return result

    return Conversation(begin)


def segment(value: str) -> str:
    """An id as one segment of a path. Raises :class:`ConfigurationProblem` for what cannot be one."""
    raw = str(getattr(value, "raw", value))
    if raw in ("", ".", "..") or len(raw) > 200:
        raise ConfigurationProblem("An id cannot be sent as it is. Nothing was sent; refresh and choose again.")
    try:
        return quote(raw, safe="")
    except UnicodeEncodeError:
        raise ConfigurationProblem("An id holds half a character. Nothing was sent.") from None
