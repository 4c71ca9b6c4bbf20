"""Every way a call can fail, each saying what it means and what to do next.

``outcome`` is what the error means **for a write**: whether the panel may have done it. Texts never hold a body, a
header or a secret. Light on purpose: importing this module loads neither the HTTP library nor the models.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from billtui.domain.models.problem import Problem

MAX_RETRY_AFTER = 60.0
"""Longest pause that a panel's ``Retry-After`` is followed for, in seconds."""


class Outcome(StrEnum):
    """What an error means for a write."""

    NOT_SENT = "not-sent"
    """Provably before the first byte: nothing happened, sending again is safe."""
    NOT_EXECUTED = "not-executed"
    """The panel said clearly that it did nothing; the same key may be sent again."""
    REFUSED = "refused"
    """The panel decided against it."""
    UNKNOWN = "unknown"
    """It may or may not have happened: look it up, never repeat blindly."""


class ClientError(Exception):
    """The root of everything the client raises, apart from cancellation and wrong use in code."""

    outcome: ClassVar[Outcome] = Outcome.UNKNOWN
    default_code: ClassVar[str] = "client-error"

    def __init__(
        self,
        fact: str,
        advice: str = "",
        *,
        request_id: str | None = None,
        retry_after: float | None = None,
        problem: Problem | None = None,
        code: str | None = None,
    ) -> None:
        """``fact`` says what happened, ``advice`` what to do next; both are cleaned for the terminal.

        ``retry_after`` (seconds) is capped at 60.
        """
        from billtui.domain.safetext import clean  # loads pydantic: only when something failed

        self.fact: str = clean(fact, max_length=500)
        self.message: str = f"{self.fact} {clean(advice, max_length=200)}".strip()
        super().__init__(self.message)
        self.request_id: str | None = None if request_id is None else clean(request_id, max_length=128)
        self.retry_after = None if retry_after is None else max(0.0, min(retry_after, MAX_RETRY_AFTER))
        self.problem = problem
        """What the panel said, where it said something in its own form."""
        self.code: str = code or (str(problem.code) if problem is not None else "") or self.default_code
        """Stable, kebab-case: the panel's code, else the client's own."""
        self.rule: str | None = str(problem.rule) if problem is not None and problem.rule else None
        """The billing rule, where one applies."""
        self.of_write = False
        """Whether it is the panel's answer to the write itself, and not of a look before or after it."""

    def __str__(self) -> str:
        """The message, with the panel's request id where there is one."""
        return f"{self.message} (request {self.request_id})" if self.request_id else self.message

    @property
    def retryable(self) -> bool:
        """Whether the same call may well succeed later without anything being changed."""
        return self.outcome in (Outcome.NOT_SENT, Outcome.NOT_EXECUTED)


class NotSent(ClientError):
    """Nothing left this machine: no name, no connection, no TLS, no free connection."""

    outcome = Outcome.NOT_SENT
    default_code = "not-sent"


class CertificateReason(StrEnum):
    """Why a certificate was not accepted."""

    SELF_SIGNED = "self-signed"
    UNKNOWN_AUTHORITY = "unknown-authority"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    WRONG_NAME = "wrong-name"
    NOT_PINNED = "not-pinned"
    OTHER = "other"


class CertificateProblem(NotSent):
    """The panel could not prove who it is."""

    default_code = "certificate-problem"
    retryable = False

    def __init__(self, fact: str, advice: str = "", *, reason: CertificateReason = CertificateReason.OTHER) -> None:
        """``reason`` tells the cases apart that have different ways out."""
        super().__init__(fact, advice)
        self.reason = reason


class ConfigurationProblem(NotSent):
    """The settings or the call cannot work as they are."""

    default_code = "configuration-problem"
    retryable = False


class CircuitOpen(NotSent):
    """Several reads in a row failed; the next try waits until ``retry_after`` is over."""

    default_code = "circuit-open"


class SessionExpired(ClientError):
    """401: the session or key is no longer valid; nothing was done."""

    outcome = Outcome.NOT_EXECUTED
    default_code = "session-expired"


class ShutOut(SessionExpired):
    """403 for whatever is asked: API keys are not let in for this account, or not from here (ACC-5). Nothing was done.

    As with an expired session, the way on is to sign in: with login and password.
    """

    default_code = "api-access-disabled"


class RateLimited(ClientError):
    """429: too many requests; nothing was done."""

    outcome = Outcome.NOT_EXECUTED
    default_code = "rate-limited"


class Refused(ClientError):
    """The panel decided against it; the common root of all clear refusals."""

    outcome = Outcome.REFUSED
    default_code = "refused"


class SignInRefused(Refused):
    """401 on signing in: wrong login, password or code."""

    default_code = "wrong-credentials"


class TotpRequired(SignInRefused):
    """401 on signing in: the account wants the code of its second factor (ACC-6)."""

    default_code = "totp-required"


class LockedOut(Refused):
    """423: too many failed sign-ins; ``retry_after`` says how long (ACC-6)."""

    default_code = "locked-out"


class Forbidden(Refused):
    """403: this account may not do that."""

    default_code = "forbidden"


class NotFound(Refused):
    """404: there is no such thing, or not in this account."""

    default_code = "not-found"


class RuleRefused(Refused):
    """409: a billing rule forbids it; ``rule`` and ``problem.related`` say which and what is in the way."""

    default_code = "conflict"


class PriceChanged(RuleRefused):
    """409 ``price-changed``: the price is no longer the one that was shown (DSC-8)."""

    default_code = "price-changed"


class TakenBack(RuleRefused):
    """A write of several steps could not be finished; its first ones were undone, and the panel shows nothing of it."""

    default_code = "taken-back"


class VersionMismatch(Refused):
    """412: the object changed since it was read."""

    default_code = "version-mismatch"


class InvalidInput(Refused):
    """422: a value was not accepted; ``problem.fields`` says which."""

    default_code = "invalid-input"


class CursorExpired(Refused):
    """410: the position in the feed of changes is too old; load everything afresh."""

    default_code = "cursor-expired"


class CapabilityMissing(Refused):
    """This panel, or this account on it, cannot do that; nothing was sent."""

    default_code = "capability-missing"


class TimedOut(ClientError):
    """The deadline passed after the request had begun to leave."""

    default_code = "timed-out"
    retryable = True


class ConnectionLost(ClientError):
    """The line broke after the request had begun to leave."""

    default_code = "connection-lost"
    retryable = True


class BadAnswer(ClientError):
    """An answer came that cannot be understood or trusted."""

    default_code = "bad-answer"


class ServerTrouble(ClientError):
    """5xx: the panel failed."""

    default_code = "server-trouble"
    retryable = True


class OutcomeUnknown(ClientError):
    """A write whose result nobody knows: ``cause_error`` says why. Look it up by its key before anything else."""

    default_code = "outcome-unknown"

    def __init__(
        self,
        cause_error: ClientError,
        advice: str = "Whether it was done is unknown. Look it up before anything is sent again.",
    ) -> None:
        """Wrap the error that hid the answer; ``advice`` says how to see what became of it."""
        super().__init__(
            cause_error.fact,
            advice,
            request_id=cause_error.request_id,
            retry_after=cause_error.retry_after,
            problem=cause_error.problem,
        )
        self.code = self.default_code
        self.cause_error = cause_error
