"""What the engine refuses, beside broken rules (:class:`billtui.domain.refusal.RuleBroken`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from billtui.domain.money import Money
from billtui.domain.refusal import Refusal, RuleBroken

if TYPE_CHECKING:
    from billtui.sandbox.engine.unit import Tx


class EngineRefusal(Exception):
    """Base of the refusals below. ``code`` is the problem's code, ``status`` the HTTP status that says it."""

    code = "refused"
    status = 409
    rule: str | None = None
    """The id of the rule behind it, where there is one."""
    available_from: datetime | None = None
    """From when on it will be allowed, on the panel's clock, where waiting helps."""
    retry_after: int | None = None
    """The same in seconds."""

    def __init__(self, detail: str, *, fields: Mapping[str, str] | None = None) -> None:
        """``detail`` is one sentence; ``fields`` are messages per field of the request."""
        super().__init__(detail)
        self.detail = detail
        self.fields: dict[str, str] = dict(fields or {})


class NotFound(EngineRefusal):
    """No such object for this account; whether another account has it is not told."""

    code = "not-found"
    status = 404

    def __init__(self, what: str, object_id: str) -> None:
        """``what`` is the kind of object in words, ``object_id`` the id that was asked for."""
        super().__init__(f"There is no {what} {object_id[:40]}")


class InvalidInput(EngineRefusal):
    """The request is not well formed; ``fields`` says where."""

    code = "invalid-input"
    status = 422


class WrongKindOfInput(InvalidInput):
    """The request is well formed and still not what is meant: the refusal says what is."""

    def __init__(self, refusal: Refusal, field: str) -> None:
        """``field`` is the part of the request that it is about."""
        super().__init__(refusal.reason, fields={field: refusal.reason})
        self.code = refusal.code
        self.rule = refusal.rule


class VersionMismatch(EngineRefusal):
    """The object is not at the version the writer has seen (``If-Match``)."""

    code = "version-mismatch"
    status = 412


class KeyReused(EngineRefusal):
    """An idempotency key came back with another request."""

    code = "idempotency-key-reused"
    status = 422


class CursorExpired(EngineRefusal):
    """The changes after this cursor are no longer kept: reload everything."""

    code = "cursor-expired"
    status = 410


class SessionExpired(EngineRefusal):
    """No live session has this token."""

    code = "session-expired"
    status = 401


class Forbidden(EngineRefusal):
    """The object is there for the account, and its role may not do that with it (ACC-7)."""

    status = 403

    def __init__(self, refusal: Refusal) -> None:
        """``refusal`` says who may."""
        super().__init__(refusal.reason)
        self.code = refusal.code
        self.rule = refusal.rule


class WrongSecret(EngineRefusal):
    """A signed-in account did not prove itself: it counts towards the lock of the login (ACC-6)."""

    status = 403
    rule = "ACC-6"

    def __init__(self, code: str, detail: str, field: str) -> None:
        """``code`` is wrong-password or wrong-totp; ``field`` the member of the body that was wrong."""
        super().__init__(detail, fields={field: detail})
        self.code = code


class NotWithThisKey(EngineRefusal):
    """An API key that is known, and may not do this, or nothing at all (ACC-5).

    ``code`` is session-needed, api-key-read-only, api-key-network or api-access-disabled.
    """

    status = 403
    rule = "ACC-5"

    def __init__(self, code: str, detail: str) -> None:
        """``detail`` says what to do instead."""
        super().__init__(detail)
        self.code = code


def seconds_left(now: datetime, until: datetime) -> int:
    """Whole seconds from ``now`` to ``until``, rounded up, one at least."""
    return max(1, int(-(-(until - now).total_seconds() // 1)))


class SignInRefused(EngineRefusal):
    """Signing in failed. ``code`` is wrong-credentials, totp-required, wrong-totp or locked-out (ACC-6)."""

    status = 401

    def __init__(
        self, code: str, detail: str, *, retry_after: int | None = None, available_from: datetime | None = None
    ) -> None:
        """For a locked login: ``retry_after`` in seconds, ``available_from`` on the panel's clock."""
        super().__init__(detail)
        self.code = code
        self.retry_after = retry_after
        self.available_from = available_from
        if code == "locked-out":
            self.status = 423
            self.rule = "ACC-6"


class TooManyTries(EngineRefusal):
    """Somebody guesses, or floods: nothing is looked at before ``available_from`` (TRF-1, TRF-2, ACC-3)."""

    status = 429

    def __init__(self, refusal: Refusal, now: datetime) -> None:
        """``refusal`` says from when on one may try again, on the panel's clock, which shows ``now``."""
        super().__init__(refusal.reason)
        self.code = refusal.code
        self.rule = refusal.rule
        self.available_from = refusal.available_from
        self.retry_after = seconds_left(now, refusal.available_from or now)


class NotedRefusal(RuleBroken):
    """A broken rule that is remembered although nothing was done: wrong guesses are counted (TRF-1, TRF-2)."""

    def __init__(self, refusal: Refusal, note: Callable[[Tx], None]) -> None:
        """``note`` writes down what is remembered, after the work has been undone."""
        super().__init__(refusal)
        self.note = note


class FieldsRefused(RuleBroken):
    """A broken rule with a message for each part of the request that it is about."""

    def __init__(self, refusal: Refusal, fields: Mapping[str, str]) -> None:
        """``fields``: a message per field."""
        super().__init__(refusal)
        self.fields = dict(fields)


class PriceChanged(FieldsRefused):
    """What was expected to be paid is not what it costs now (DSC-8); ``actual`` is."""

    def __init__(self, actual: Money, detail: str) -> None:
        """``actual``: what it costs at this moment; ``detail`` says what changed."""
        super().__init__(Refusal("price-changed", "DSC-8", detail), {"expected_total": f"{actual.amount:.2f}"})
        self.actual = actual
