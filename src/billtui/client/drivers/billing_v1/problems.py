"""Answers other than success: which error they are."""

from __future__ import annotations

from pydantic import ValidationError

from billtui.client.codec import UnreadableAnswer, parse_json
from billtui.client.errors import (
    BadAnswer,
    ClientError,
    CursorExpired,
    Forbidden,
    InvalidInput,
    LockedOut,
    NotFound,
    PriceChanged,
    RateLimited,
    RuleRefused,
    ServerTrouble,
    SessionExpired,
    ShutOut,
    SignInRefused,
    TotpRequired,
    VersionMismatch,
)
from billtui.client.exchange import Answer
from billtui.domain.models import Problem

_BY_STATUS: dict[int, type[ClientError]] = {
    401: SessionExpired,
    403: Forbidden,
    404: NotFound,
    409: RuleRefused,
    410: CursorExpired,
    412: VersionMismatch,
    422: InvalidInput,
    423: LockedOut,
    429: RateLimited,
}
_BY_CODE: dict[tuple[int, str], type[ClientError]] = {
    (401, "totp-required"): TotpRequired,
    (401, "wrong-credentials"): SignInRefused,
    (401, "wrong-totp"): SignInRefused,
    (403, "api-access-disabled"): ShutOut,
    (403, "api-key-network"): ShutOut,
    (409, "price-changed"): PriceChanged,
}
_NEXT: dict[type[ClientError], str] = {
    SessionExpired: "Sign in again.",
    Forbidden: "Sign in with an account that may.",
    NotFound: "Refresh the list.",
    PriceChanged: "Look at the new price and confirm afresh.",
    VersionMismatch: "It changed meanwhile; refresh and look again.",
    CursorExpired: "Everything is loaded afresh.",
    RateLimited: "Wait a moment.",
    TotpRequired: "Give the code of the second factor.",
    SignInRefused: "Check login, password and code.",
}


_NEXT_BY_CODE: dict[str, str] = {
    "wrong-password": "Type it again; every failure counts towards the lock of the login.",
    "wrong-totp": "Type the code that the device shows now; every failure counts towards the lock of the login.",
    # What an API key may not do: the panel says what to do instead (ACC-5).
    "session-needed": "",
    "api-key-read-only": "",
    "api-key-network": "",
    "api-access-disabled": "",
}
"""Where the code knows better than the kind of error."""


def media_type(answer: Answer) -> str:
    """The answer's type without parameters, lower case. Raises :class:`UnreadableAnswer` for a charset but UTF-8."""
    name, _, parameters = answer.content_type.partition(";")
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8", "us-ascii"):
            raise UnreadableAnswer("it is not UTF-8")
    return name.strip().lower()


def read_problem(answer: Answer) -> Problem | None:
    """The problem of an answer, or ``None`` if it is not a whole and honest ``application/problem+json``."""
    try:
        if media_type(answer) != "application/problem+json":
            return None
        problem = Problem.model_validate(parse_json(answer.body))
    except (UnreadableAnswer, ValidationError):
        return None
    if not problem.code or problem.status not in (0, answer.status):
        return None
    return problem


def explain_answer(answer: Answer) -> ClientError:
    """The error for an answer that is not a success. Only a real problem document counts as the panel's own word."""
    status, request_id = answer.status, answer.request_id
    if 300 <= status < 400:
        return BadAnswer(
            f"The panel points elsewhere (status {status}, to {answer.place or 'nowhere'}).",
            "Redirects are not followed; if that is the panel, put its address into the profile.",
            request_id=request_id,
            code="redirected",
        )
    problem = read_problem(answer)
    if status >= 500:
        said = f": {_said(problem)}" if _said(problem) else "."
        return ServerTrouble(
            f"The panel has trouble (status {status}){said}",
            "Try again later.",
            request_id=request_id,
            retry_after=answer.retry_after,
            problem=problem,
        )
    kind = None
    if problem is not None:
        kind = _BY_CODE.get((status, str(problem.code))) or _BY_STATUS.get(status)
    if problem is None or kind is None:
        return BadAnswer(
            f"Unexpected answer (status {status}).",
            "Check address and kind of the panel: billtui profile test says what answers there. Or try again later.",
            request_id=request_id,
            problem=problem,
            code="unexpected-status",
        )
    said = _said(problem) or "The panel refused."
    advice = _NEXT_BY_CODE.get(str(problem.code), _NEXT.get(kind, "")) if status == 403 else _NEXT.get(kind, "")
    return kind(said, advice, request_id=request_id, retry_after=answer.retry_after, problem=problem)


def _said(problem: Problem | None) -> str:
    if problem is None:
        return ""
    text = str(problem.detail or problem.title).strip()
    return text if not text or text[-1] in ".!?" else f"{text}."
