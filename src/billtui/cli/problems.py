"""Errors of the command line, and every known error of the house as a code, words, a rule and an exit code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from billtui.cli.exits import SIGN_IN_CODES, Exit


class Problem(NamedTuple):
    """Why a command did not do what was asked."""

    code: str
    detail: str
    exit: Exit
    rule: str | None = None
    retryable: bool = False
    more: Mapping[str, Any] = MappingProxyType({})
    """Further fields of the JSON form: ``hint``, ``request_id``, ``job_id``, ``retry_after`` …"""

    def as_json(self) -> dict[str, Any]:
        """The problem as it goes to stderr with ``--json``."""
        body = {"schema": 1, "code": self.code, "detail": self.detail, "rule": self.rule, "retryable": self.retryable}
        return {**body, "exit": int(self.exit), **self.more}


class CliError(Exception):
    """A command cannot go on; carries the problem that is told."""

    def __init__(self, code: str, detail: str, exit_code: Exit = Exit.USAGE, **more: Any) -> None:
        """``more`` are further fields, ``hint`` among them: what to type instead."""
        super().__init__(detail)
        rule = more.pop("rule", None)
        retryable = bool(more.pop("retryable", False))
        self.problem = Problem(code, detail, exit_code, rule, retryable, more)


def problem_of(error: BaseException) -> Problem | None:
    """The problem that an error means, or ``None`` for a fault of the program itself."""
    if isinstance(error, CliError):
        return error.problem
    return _of_client(error) or _of_session(error) or _of_files(error)


def _of_client(error: BaseException) -> Problem | None:
    from billtui.client import errors

    if not isinstance(error, errors.ClientError):
        return None
    from billtui.domain.periods import format_instant

    more: dict[str, Any] = {}
    if error.request_id:
        more["request_id"] = error.request_id
    if error.retry_after is not None:
        more["retry_after"] = error.retry_after
    if error.problem is not None and error.problem.available_from is not None:
        more["available_from"] = format_instant(error.problem.available_from)
    if error.problem is not None and error.problem.related:
        more["related"] = {key.raw: value.raw for key, value in error.problem.related.items()}
    if error.problem is not None and error.problem.fields:
        more["fields"] = {key.raw: value.raw for key, value in error.problem.fields.items()}
    return Problem(error.code, str(error.message), _client_exit(error), error.rule, error.retryable, more)


def _client_exit(error: BaseException) -> Exit:
    """For errors of reads and of signing in; those of writes are in the journal."""
    from billtui.client import errors

    if isinstance(error, errors.ConfigurationProblem):
        return Exit.USAGE
    if isinstance(error, errors.SessionExpired | errors.SignInRefused | errors.LockedOut):
        return Exit.SIGN_IN
    if str(getattr(error, "code", "")) in SIGN_IN_CODES:
        return Exit.SIGN_IN
    if isinstance(error, errors.NotFound):
        return Exit.NOT_FOUND
    if isinstance(error, errors.InvalidInput):
        return Exit.USAGE
    if isinstance(error, errors.PriceChanged | errors.VersionMismatch):
        return Exit.CHANGED
    if isinstance(error, errors.OutcomeUnknown):
        return Exit.UNKNOWN
    if isinstance(error, errors.Refused):
        return Exit.PAYMENT if str(getattr(error, "code", "")) == "insufficient-funds" else Exit.REFUSED
    return Exit.NETWORK


def _of_session(error: BaseException) -> Problem | None:
    from billtui.services.journal import JournalError, UnknownJob
    from billtui.services.journal.errors import DoneAnew, JobElsewhere, MoveLost, TargetsBusy
    from billtui.services.plans import PlanError
    from billtui.services.session_settings import AlienPlan, NotSignedIn, SessionRefused

    text = str(error)
    if isinstance(error, NotSignedIn):
        hint = "billtui login, or BILLTUI_TOKEN / BILLTUI_PASSWORD in the environment"
        return Problem(error.code, text, Exit.SIGN_IN, more={"hint": hint})
    if isinstance(error, AlienPlan):
        return Problem(error.code, text, Exit.USAGE)
    if isinstance(error, SessionRefused):
        return Problem(error.code, text, Exit.REFUSED)
    if isinstance(error, UnknownJob):
        return Problem("unknown-job", text, Exit.NOT_FOUND)
    if isinstance(error, TargetsBusy):
        return Problem("operation-open", text, Exit.REFUSED, more={"job_id": error.busy[0].job_id})
    if isinstance(error, DoneAnew):
        hint = f"billtui jobs show {error.job_id[:12]}"
        return Problem("done-anew", text, Exit.REFUSED, more={"job_id": error.job_id, "hint": hint})
    if isinstance(error, JobElsewhere):
        return Problem("job-elsewhere", text, Exit.REFUSED, retryable=True)
    if isinstance(error, MoveLost):
        return Problem("not-in-that-state", text, Exit.REFUSED)
    if isinstance(error, JournalError):
        return Problem("journal", text, Exit.UNEXPECTED)
    if isinstance(error, PlanError):
        return Problem("bad-plan", text, Exit.USAGE)
    return _of_drafts(error)


def _of_drafts(error: BaseException) -> Problem | None:
    from billtui.services.drafts import AttachmentRefused, DraftConflict, DraftDamaged, DraftLocked, PlanOfAnother

    text = str(error)
    if isinstance(error, DraftLocked):
        more = {"job_id": error.standing.job_id} if error.standing.job_id else {}
        return Problem("draft-locked", text, Exit.REFUSED, more=more)
    if isinstance(error, DraftConflict | PlanOfAnother):
        return Problem("draft-changed", text, Exit.CHANGED, "TKT-9")
    if isinstance(error, DraftDamaged):
        return Problem("draft-damaged", text, Exit.UNEXPECTED)
    if isinstance(error, AttachmentRefused):
        return Problem(error.refusal.code, text, Exit.REFUSED, error.refusal.rule)
    return None


def _of_files(error: BaseException) -> Problem | None:
    from billtui.config.errors import ConfigError, CredentialError, ProfileError
    from billtui.services.store import StoreUnavailable

    text = str(error)
    if isinstance(error, CredentialError):
        return Problem("credential", text, Exit.SIGN_IN)
    if isinstance(error, ProfileError):
        return Problem("profile", text, Exit.USAGE)
    if isinstance(error, ConfigError):
        return Problem("configuration", text, Exit.UNEXPECTED)
    if isinstance(error, StoreUnavailable):
        return Problem("store", f"The local copy cannot be used: {text}", Exit.UNEXPECTED)
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if isinstance(error.filename, str) else ""
        return Problem("file", f"{where}{error.strerror}.", Exit.UNEXPECTED)
    return None
