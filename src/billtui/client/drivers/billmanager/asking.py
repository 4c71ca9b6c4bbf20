"""How BILLmanager is asked: ``func`` and fields as a form, and what an answer is before anybody reads it.

Every exchange of the driver goes through :meth:`Asking.fetch` (reads) or :meth:`Asking.send` (writes). They follow
long requests to their end, tell "no rights" from "session gone", and never send a write twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import parse_qsl

from pydantic import SecretStr

from billtui.client.auth import plain_token, with_cookie, with_fields
from billtui.client.codec import UnreadableAnswer, parse_json
from billtui.client.drivers.billmanager.assumed import Options
from billtui.client.drivers.billmanager.problems import (
    NoAccess,
    StillRunning,
    explain,
    explain_sign_in,
    explain_write,
    refusal,
    refused_sign_in,
)
from billtui.client.drivers.billmanager.shapes import Doc
from billtui.client.errors import BadAnswer, ClientError, NotFound, OutcomeUnknown, Refused, SessionExpired, TimedOut
from billtui.client.exchange import Answer, Call, Conversation, Exchange, Kind, Steps, Upload

T = TypeVar("T")
Fields = Iterable[tuple[str, str | SecretStr]]

MONEY_DEADLINE: Final = 30.0
"""Seconds for a call that may move money (wire: BILLmanager 2.3)."""
PAUSES: Final = (0.2, 0.5, 1.0, 2.0, *(4.0,) * 30)
"""Seconds before each look at a long request: about two minutes together."""
COOKIE: Final = "billmgrses5"
_LONG = re.compile(rb"[\"'=\s(]((?:\.{0,2}/)?[A-Za-z0-9/_.~?&=%;+-]{0,300}long[A-Za-z0-9/_.~?&=%;+-]{1,1000}billmgr[A-Za-z0-9/_.~?&=%;+-]{0,1000})")  # fmt: skip  # noqa: E501
_ABOVE = re.compile(r"(^|/)\.\.(/|$)|//|%2e|%2f", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Long:
    """An answer that is not there yet, and where it will be: path and query."""

    target: str


def document(answer: Answer) -> Doc:
    """The ``doc`` of an answer that has to be there at once. Raises ``UnreadableAnswer``, or what the panel refused."""
    found = _document(answer.body)
    if isinstance(found, Long):
        raise UnreadableAnswer("it promises an answer for later where none was expected")
    return found


def _document(body: bytes) -> Doc | Long:
    """What an answer is, never by its content type: panels send JSON as text, and web pages with 200."""
    start = body[:1_000].lstrip()
    if start.startswith(b"\xef\xbb\xbf"):
        start = start[3:].lstrip()
    if not start.startswith((b"{", b"[")):
        target = _long_target(body)
        if target is not None:
            return Long(target)
        if start.startswith(b"<") and not start.startswith(b"<?xml"):
            raise SessionExpired("The session has ended: the panel answers with its sign-in page.", "Sign in again.")
    value = parse_json(body)
    doc = value.get("doc", value) if isinstance(value, dict) else None
    if not isinstance(doc, dict):
        raise UnreadableAnswer("it has no document")
    if "error" in doc:
        raise refusal(doc["error"])
    return doc


def _long_target(body: bytes) -> str | None:
    """The address of a long request in a snippet of HTML: a path of the same panel, or nothing."""
    found = _LONG.search(body[:20_000])
    if found is None:
        return None
    text = found.group(1).decode("ascii").replace("&amp;", "&").removeprefix("./")
    return None if _ABOVE.search(text) else text


class Asking:
    """Puts questions to the panel, as its profile wants them put."""

    def __init__(self, login: str, options: Options) -> None:
        self.login = login
        self.chosen = options

    # -- exchanges

    def form(self, func: str, fields: Fields = (), kind: Kind = Kind.READ, *, out: str = "json") -> Exchange:
        """A call of ``func``: always a POST, so that nothing of it stands in anybody's log."""
        head = [("func", func), *([("out", out)] if out else []), ("lang", self.chosen.lang)]
        deadline = MONEY_DEADLINE if kind is Kind.WRITE else None
        return Exchange("POST", self.chosen.path, kind, form=(*head, *fields), deadline=deadline)

    def saving(self, func: str, fields: Fields, path: Path, accept: str) -> Exchange:
        """A call whose answer is a document of one type, streamed to ``path``."""
        return replace(self.form(func, fields, out="pdf_print"), save_to=path, accept=accept)

    def authorised(self, exchange: Exchange, token: SecretStr) -> Exchange:
        """``exchange`` with the session's id: in its form, or as a cookie where it has none.

        With the option ``sign_in=authinfo`` the token is the password, and goes with the login in the form.
        """
        if self.chosen.authinfo:
            if exchange.form is None:
                return exchange
            pair = SecretStr(f"{self.login}:{token.get_secret_value()}")
            return with_fields(exchange, ("authinfo", pair))
        if exchange.form is None:
            return with_cookie(exchange, COOKIE, token)
        return with_fields(exchange, ("auth", SecretStr(plain_token(token))))

    # -- questions

    def fetch(self, func: str, fields: Fields = (), *, deadline: float | None = None) -> Steps[Doc]:
        """The answer to a call without effect. Raises ClientError."""
        exchange = replace(self.form(func, fields), deadline=deadline)
        call = _call(exchange, explain)
        try:
            return (yield from self._to_its_end(call))
        except NoAccess:
            # A session that is gone is refused with the same words as a right that is missing: keepalive knows, and
            # where it had to sign in again the question may be answered now.
            yield _call(self.form("keepalive"), explain, gone=SessionExpired)
            return (yield from self._to_its_end(call))

    def send(self, func: str, fields: Fields = (), *, upload: Upload | None = None) -> Steps[Doc]:
        """The answer to a call with an effect, which is sent once. Raises ClientError.

        A page of HTML or a redirect instead of an answer proves nothing about the effect: the outcome is unknown. So
        it is of a request that the panel says it is still busy with.
        """
        exchange = self.form(func, fields, Kind.WRITE)
        if upload is not None:
            exchange = replace(exchange, form=None, upload=upload, deadline=None)
        try:
            return (yield from self._to_its_end(_call(exchange, explain_write, writes=True)))
        except NoAccess as error:
            try:
                yield _call(replace(self.form("keepalive"), kind=Kind.ONCE), explain, gone=SessionExpired)
            except SessionExpired:
                raise
            except ClientError:
                pass  # which of the two it was is not told: refused it is either way
            raise error

    def once(self, func: str, fields: Fields = ()) -> Steps[Doc]:
        """The answer to a call that signs in or recovers: no session goes with it."""
        exchange = replace(self.form(func, fields, Kind.ONCE), authorised=False)
        try:
            said: Doc | Long = yield _call(exchange, explain_sign_in)
        except ClientError as error:
            raise (_web_page(error) or refused_sign_in(error)) from None
        if isinstance(said, Long):
            raise UnreadableAnswer("it promises an answer for later where none was expected")
        return said

    def farewell(self, func: str) -> Steps[None]:
        """A call after which the session is gone: once, and never with a new one. Raises ClientError."""
        yield _call(replace(self.form(func), kind=Kind.ONCE), explain)

    def _to_its_end(self, call: Call[Doc | Long]) -> Steps[Doc]:
        """The document, however long the panel takes for it."""
        said: Doc | Long = yield call
        writes = call.exchange.kind is Kind.WRITE
        for pause in PAUSES:
            if not isinstance(said, Long):
                return said
            look = _look(said, pause, call.exchange.kind)
            try:
                said = yield Call(look, lambda answer: _document(answer.body), explain_write if writes else explain)
            except ClientError as error:
                if writes and not _speaks_of_the_write(error):
                    raise OutcomeUnknown(error) from None
                raise
        late = TimedOut("The panel has been working on it for two minutes and has not said what came of it.")
        raise OutcomeUnknown(late) if writes else late


def _speaks_of_the_write(error: ClientError) -> bool:
    """Only the panel's own refusal does, not that nobody may look at it any more, or that there is nothing to see."""
    if isinstance(error, OutcomeUnknown):
        return True
    return isinstance(error, Refused) and error.problem is not None and not isinstance(error, NotFound | NoAccess)


def _look(long: Long, pause: float, kind: Kind) -> Exchange:
    """One look at a long request. At that of a write too it is a look, but its refusal is the write's own."""
    path, _, query = long.target.partition("?")
    pairs = tuple(parse_qsl(query, keep_blank_values=True))  # they are written as an address again when they are sent
    rooted = path.startswith("/")
    return Exchange(
        "GET", path if rooted else f"/{path}", kind, query=pairs, pause=pause, rooted=rooted,
        accept="application/json, */*", continues=kind is Kind.WRITE,
    )  # fmt: skip


def _call(
    exchange: Exchange,
    explained: Callable[[Answer], ClientError],
    *,
    writes: bool = False,
    gone: type[SessionExpired] | None = None,
) -> Call[Doc | Long]:
    def read(answer: Answer) -> Doc | Long:
        try:
            return _document(answer.body)
        except SessionExpired as error:
            if writes and error.problem is None:
                raise BadAnswer(
                    "A web page came instead of the panel's answer.", "The session may have ended; sign in again."
                ) from None
            raise
        except NoAccess as error:
            if gone is not None:
                raise gone("The session has ended.", "Sign in again.", problem=error.problem) from None
            raise

    return Call(exchange, read, explained, expect=frozenset({200}))


def _web_page(error: ClientError) -> ClientError | None:
    if isinstance(error, SessionExpired) and error.problem is None:
        return BadAnswer(
            "A web page came instead of an answer.",
            "Check that the address is the panel's, with the path that it is served at (usually /billmgr).",
        )
    return None


def reading(begin: Callable[[], Steps[T]], need: str | None = None) -> Conversation[T]:
    """A call of the driver that only reads."""
    return Conversation(begin, need)


def writing(begin: Callable[[], Steps[T]], need: str | None = None) -> Conversation[T]:
    """A call of the driver that has an effect."""
    return Conversation(begin, need, writes=True)


__all__ = ["Asking", "Fields", "Long", "StillRunning", "document", "reading", "writing"]
