"""The envelope ``{"result": …, "error": null}``: what it holds, and which error its refusals are.

Almost every refusal is HTTP 200 (wire: transport), so that a refusal is found where an answer is read.
"""

from __future__ import annotations

import re
from typing import Any, Final

from billtui.client.codec import UnreadableAnswer, parse_exact
from billtui.client.errors import (
    BadAnswer,
    CapabilityMissing,
    ClientError,
    Forbidden,
    NotFound,
    RateLimited,
    RuleRefused,
    ServerTrouble,
    SessionExpired,
    SignInRefused,
)
from billtui.client.exchange import Answer

REFUSED: Final = 9999
"""The code of almost every refusal."""
SIGN_IN_CODES: Final = frozenset({201, 202, 203, 204, 205, 206, 403})
"""No key, a wrong one, or a session whose token is not right: HTTP 401."""
UNKNOWN_CALLS: Final = frozenset({701, 715, 740, 879})
"""No such role, module, method, path."""
_NOT_LET_IN: Final = frozenset({1002, 1004})
_WRONG_LOGIN: Final = 401
_MISSING = re.compile(r"\bnot (been )?found\b", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]{0,200}>")


def result_of(answer: Answer) -> Any:
    """What the panel answers. Raises :class:`UnreadableAnswer`, or the :class:`ClientError` that its refusal is."""
    envelope = _envelope(answer)
    refusal = _refusal(envelope, answer)
    if refusal is not None:
        raise refusal
    return envelope["result"]


def explain(answer: Answer) -> ClientError:
    """The error for an answer whose status is not 200."""
    status, request_id = answer.status, answer.request_id
    if 300 <= status < 400:
        return BadAnswer(
            f"The panel points elsewhere (status {status}, to {answer.place or 'nowhere'}).",
            "Redirects are not followed; if that is the panel, put its address into the profile.",
            request_id=request_id, code="redirected",
        )  # fmt: skip
    if status >= 500:
        return ServerTrouble(
            f"The panel has trouble (status {status}).", "Try again later.", request_id=request_id,
            retry_after=answer.retry_after,
        )  # fmt: skip
    if status == 429:
        return RateLimited(
            "The panel, or a proxy before it, wants fewer requests.", "Wait a moment.", request_id=request_id,
            retry_after=answer.retry_after,
        )  # fmt: skip
    try:
        refusal = _refusal(_envelope(answer), answer)
    except UnreadableAnswer:
        refusal = None
    if refusal is not None:
        return refusal
    return BadAnswer(
        f"Unexpected answer (status {status}).",
        "Check that the address is that of a FOSSBilling panel, or try again later.",
        request_id=request_id, code="unexpected-status",
    )  # fmt: skip


def _envelope(answer: Answer) -> dict[str, Any]:
    kind, _, parameters = answer.content_type.partition(";")
    if kind.strip().lower() != "application/json":
        raise UnreadableAnswer("it is a web page" if "html" in kind.lower() else "it is not JSON")
    if "charset=" in parameters.lower() and "utf-8" not in parameters.lower():
        raise UnreadableAnswer("it is not UTF-8")
    value = parse_exact(answer.body)
    if not isinstance(value, dict) or "result" not in value:
        raise UnreadableAnswer("it is not what FOSSBilling answers")
    return value


def _refusal(envelope: dict[str, Any], answer: Answer) -> ClientError | None:
    error = envelope.get("error")
    if error is None:
        return None
    if not isinstance(error, dict):
        raise UnreadableAnswer("error is not an object")
    code, request_id = error.get("code"), answer.request_id
    said = error.get("message")
    text = plain(said) if isinstance(said, str) else ""
    fact = _sentence(text) or "The panel refused."
    if not isinstance(code, int) or isinstance(code, bool):
        # Not one of its refusals: something broke on the way, and what was done before nobody says.
        return ServerTrouble(f"The panel has trouble: {fact}", "Try again later.", request_id=request_id)
    if code in SIGN_IN_CODES:
        return SessionExpired(fact, "Sign in again.", request_id=request_id)
    if code == _WRONG_LOGIN:
        return SignInRefused(fact, "Check the address and the password.", request_id=request_id)
    if code in _NOT_LET_IN:
        return Forbidden(fact, "The panel lets nobody in from here; its owner can.", request_id=request_id)
    if code in UNKNOWN_CALLS:
        return CapabilityMissing(f"{fact} Use the panel's own web pages.", request_id=request_id)
    if not (100 <= code < 1000 or 9000 <= code <= REFUSED):
        # A number of PHP's or the database's own: it broke, perhaps after half of the work.
        return ServerTrouble(f"The panel has trouble: {fact}", "Try again later.", request_id=request_id)
    if _MISSING.search(text):
        return NotFound(fact, "Refresh the list.", request_id=request_id)
    return RuleRefused(fact, request_id=request_id, code="panel-refused")


def plain(text: str) -> str:
    """A message of the panel without the tags of web pages."""
    return " ".join(_TAGS.sub(" ", text).split())


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".!?" else f"{text}."
