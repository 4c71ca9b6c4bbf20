"""Which error an answer is: refusals come with HTTP 200 in ``doc.error``, everything else from what stands before the
panel (wire: BILLmanager 2, 4). The panel's own words are kept."""

from __future__ import annotations

import re
from typing import Final

from billtui.client.drivers.billmanager.shapes import Doc, attribute, objects, plain, unwrap
from billtui.client.errors import (
    BadAnswer,
    ClientError,
    Forbidden,
    InvalidInput,
    LockedOut,
    NotFound,
    RateLimited,
    RuleRefused,
    ServerTrouble,
    SessionExpired,
    SignInRefused,
)
from billtui.client.exchange import Answer
from billtui.domain.models import Problem
from billtui.domain.safetext import SafeText

LOCK_SECONDS: Final = 20.0
"""How long ``blocklogon`` lasts (wire: BILLmanager 2.4)."""
WALLS: Final = frozenset({403, 406, 460})
"""Statuses of a protection that stands before the panel."""
_RUNNING = "request in process"
_SECONDS = re.compile(r"[0-9]{1,5}\Z")


class NoAccess(Forbidden):
    """``$type=access``: rights are missing, or the session is gone: which of them, the next call tells."""

    default_code = "forbidden"


class StillRunning(ServerTrouble):
    """The panel is still busy with the same request: of a write nothing is known yet, and it is never sent again."""

    default_code = "request-in-process"


_TYPES: Final[dict[str, type[ClientError]]] = {
    "access": NoAccess,
    "auth": SessionExpired,
    "missed": NotFound,
    "exists": InvalidInput,
    "value": InvalidInput,
    "limit": InvalidInput,
    "promocode_not_use": RuleRefused,
    "min_email_send_timeout": RateLimited,
    "max_email_send_time": RateLimited,
    "email_exist": InvalidInput,
    "fraud_phone_try_limit": RateLimited,
    "fraud_phone_try_timeout": RateLimited,
    "fraud_invalid_code": InvalidInput,
    "wizard_unavailable": InvalidInput,
    "captcha": Forbidden,
}
_OBJECTS: Final[dict[str, type[ClientError]]] = {
    "badpassword": SignInRefused,
    "blocklogon": LockedOut,
    "blocked_ip": LockedOut,
    "blockgeoip": Forbidden,
    "badip": Forbidden,
    "old_passwd": Forbidden,
    "disable_totp": InvalidInput,
    "wizard_unavailable": InvalidInput,
}
_CODES: Final = {
    "badpassword": "wrong-credentials",
    "blocklogon": "locked-out",
    "blocked_ip": "locked-out",
    "badip": "address-not-allowed",
    "blockgeoip": "region-not-allowed",
    "old_passwd": "wrong-password",
    "promocode_not_use": "promo-code-not-applicable",
    "missed": "not-found",
    "access": "forbidden",
    "auth": "session-expired",
    "value": "invalid-input",
    "captcha": "captcha-wanted",
}
_NEXT: Final = {
    "badpassword": "Check login and password; many failures lock the login.",
    "blocklogon": "Wait a moment, then sign in again.",
    "blocked_ip": "Too many failures came from this address: wait, or write to the provider.",
    "badip": "Allow this computer's address in the panel's user settings.",
    "blockgeoip": "Confirm the new region on the panel's own pages, then sign in again.",
    "captcha": "The panel wants to see a person: sign in on its own pages, or ask the provider to let this address in.",
    "access": "Sign in with an account that may.",
    "auth": "Sign in again.",
    "missed": "Refresh the list.",
}


def refusal(error: object) -> ClientError:
    """What ``doc.error`` says, as an error with the panel's words."""
    nodes = objects(error)
    node: Doc = nodes[0] if nodes else {}
    kind, about = attribute(node, "type").lower(), attribute(node, "object").lower()
    said = plain(unwrap(node.get("msg")) or (unwrap(error) if not nodes else ""))
    if _RUNNING in said.lower():
        return StillRunning(_sentence(said), "It is still running there; look at it again later.")
    key = _key(kind, about)
    made = _OBJECTS.get(key) or _TYPES.get(key) or RuleRefused
    code = _CODES.get(key) or re.sub(r"[^a-z0-9]+", "-", key).strip("-")[:60] or "refused"
    detail = _sentence(said or f"The panel refused it ({key or 'without a reason'}).")
    fields = {SafeText(about): SafeText(said)} if made is InvalidInput and about else {}
    problem = Problem(status=200, code=SafeText(code), detail=SafeText(detail), fields=fields)
    return made(detail, _NEXT.get(key, ""), problem=problem, code=code, retry_after=_wait(node, made, key))


def _key(kind: str, about: str) -> str:
    """The word that decides: a reason for refusing a sign-in stands in ``$object``, all others in ``$type``."""
    if "captcha" in kind or "captcha" in about:
        return "captcha"
    for word in (about, kind):
        if word in _OBJECTS:
            return word
    return kind or about


def _wait(node: Doc, made: type[ClientError], key: str) -> float | None:
    """Seconds that the panel says to wait."""
    if made not in (LockedOut, RateLimited):
        return None
    for one in objects(node.get("param")):
        if _SECONDS.match(unwrap(one)):
            return float(unwrap(one))
    return LOCK_SECONDS if key == "blocklogon" else None


def refused_sign_in(error: ClientError) -> ClientError:
    """The same while signing in, where there is no session yet that could have ended."""
    if isinstance(error, SessionExpired | NoAccess):
        return SignInRefused(error.fact, _NEXT["badpassword"], problem=error.problem, code="wrong-credentials")
    return error


def explain(answer: Answer) -> ClientError:
    """An answer that is no 200: the panel answers everything with 200, so something else stands before it."""
    status = answer.status
    if 300 <= status < 400 or status == 401:
        return SessionExpired("The session has ended: the panel sends to its sign-in page.", "Sign in again.")
    if status in WALLS:
        return Forbidden(
            f"A protection before the panel (status {status}) did not let this through.",
            "Wait a while, or ask the provider to let this address in.",
            code="kept-out",
        )
    if status == 429:
        return RateLimited("Too many requests.", "Wait a moment.", retry_after=answer.retry_after)
    if status >= 500:
        return ServerTrouble(
            f"The panel has trouble (status {status}).", "Try again later.", retry_after=answer.retry_after
        )
    return BadAnswer(
        f"Unexpected answer (status {status}).",
        "Check that the address is the panel's, with the path that it is served at.",
        code="unexpected-status",
    )


def explain_sign_in(answer: Answer) -> ClientError:
    """The same for a call that needs no session: a redirect is another address, not a lost session."""
    if 300 <= answer.status < 400:
        return BadAnswer(
            f"The panel points elsewhere (status {answer.status}, to {answer.place or 'nowhere'}).",
            "Redirects are not followed; if that is the panel, put its address into the profile.",
            code="redirected",
        )
    return explain(answer)


def explain_write(answer: Answer) -> ClientError:
    """The same for a write: that it met no session is not proven by a page of somebody else."""
    if 300 <= answer.status < 400:
        return BadAnswer("The panel sends to another page instead of answering.", "The session may have ended.")
    return explain(answer)


def _sentence(text: str) -> str:
    return text if not text or text[-1] in ".!?" else f"{text}."
