"""One command of the gateway as an exchange, and what its errors mean (wire: RootPanel, transport)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.rootpanel.shapes import Row, answered, text_of
from billtui.client.errors import (
    BadAnswer,
    ClientError,
    Forbidden,
    RateLimited,
    RuleRefused,
    ServerTrouble,
    SessionExpired,
    ShutOut,
)
from billtui.client.exchange import Answer, Call, Exchange, Kind

T = TypeVar("T")

DEADLINE: Final = 60.0
"""Seconds for one command: its ordinary answer takes 5 to 10, and the list of all orders comes in one."""
ACCESS_OFF: Final = "5"
"""The one ``errorCode`` that is known: API access is off for the account."""


class Said(Exception):
    """The gateway answered with an error. Never leaves this package: a call turns it into a :class:`ClientError`."""


def command(
    word: str,
    read: Callable[[Row], T],
    capability: str | None = None,
    *,
    kind: Kind = Kind.READ,
    fields: tuple[tuple[str, str], ...] = (),
    authorised: bool = True,
    bad_keys: tuple[str, ...] = (),
) -> Call[T]:
    """The call of one command. Success and error both come as HTTP 200: ``read`` sees an answer that is a success.

    ``bad_keys`` are the ``errorCode`` that mean a wrong login or key; ``*`` stands for every one.
    """
    form = (("command", word), *fields, ("json", "1"))
    exchange = Exchange("POST", "", kind, form=form, authorised=authorised, deadline=DEADLINE, silent=True)

    def reader(answer: Answer) -> T:
        row = answered(answer)
        status = row["status"].strip().upper()
        if status == "ERROR":
            raise refusal(row, bad_keys)
        if status != "SUCCESS":
            raise UnreadableAnswer("status is neither SUCCESS nor ERROR")
        return read(row)

    return Call(exchange, reader, explain, capability)


def refusal(row: Row, bad_keys: tuple[str, ...] = ()) -> ClientError:
    """What an error means. Its words are shown, never looked at."""
    small = {key.lower(): value for key, value in row.items()}
    code, words = text_of(small.get("errorcode"))[:20], text_of(small.get("errormsg"))[:300]
    said = f"The panel says: {words}" if words else "The panel refused it and said nothing more"
    fact = f"{said} (error {code})." if code else f"{said}."
    if code == ACCESS_OFF:
        return ShutOut(fact, "Switch API access on, on the panel's own web pages.", code="api-access-disabled")
    if "*" in bad_keys or code.lower() in bad_keys:
        return SessionExpired(fact, "Sign in again with the account's login and its API key.")
    return RuleRefused(fact, code=f"rootpanel-{code}" if code.isalnum() else None)


def explain(answer: Answer) -> ClientError:
    """Whatever is not HTTP 200 comes from in front of the gateway."""
    about = f"status {answer.status}"
    if answer.status == 429:
        return RateLimited("The panel says that it is too much.", "Wait a moment.", retry_after=answer.retry_after)
    if answer.status >= 500:
        return ServerTrouble(f"The panel has trouble ({about}).", "Try again later.", retry_after=answer.retry_after)
    if answer.status in (401, 403):
        return Forbidden(f"Something in front of the panel does not let this through ({about}).", "Ask the provider.")
    if answer.place:
        return BadAnswer(f"The address points to {answer.place}; billtui follows no redirects. Correct the profile.")
    return BadAnswer(f"At this address no gateway answers ({about}). Its address ends in apih.php.")
