"""Exit codes, and what leads to each of them: pure functions over states and codes, without imports of the house."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    SIGN_IN = 3
    NOT_FOUND = 4
    REFUSED = 5
    PAYMENT = 6
    PARTLY = 7
    CHANGED = 8
    UNKNOWN = 9
    NETWORK = 10
    INTERRUPTED = 130


MEANINGS: dict[Exit, str] = {
    Exit.DONE: "Done.",
    Exit.UNEXPECTED: "Something unexpected: a fault, a file that cannot be written, a damaged journal.",
    Exit.USAGE: "Usage: nothing was sent; the message says what to add or change.",
    Exit.SIGN_IN: "Sign-in: nobody is signed in, or the panel refused login, password or code.",
    Exit.NOT_FOUND: "There is no such order, invoice, ticket, job or profile.",
    Exit.REFUSED: "Refused by a rule, which is named.",
    Exit.PAYMENT: "The payment was refused (for example: the balance does not hold the amount).",
    Exit.PARTLY: "Partly done: some was left out, refused or not sent.",
    Exit.CHANGED: "Facts changed since the plan was made, or the thread moved on; nothing was sent.",
    Exit.UNKNOWN: "Outcome unknown: it was sent, and what became of it is not known yet. Never repeat it; settle it.",
    Exit.NETWORK: "Network: nothing was sent, or nothing could be read.",
    Exit.INTERRUPTED: "Interrupted by ctrl+c; what was sent stays in the journal.",
}

PAYMENT_CODES = frozenset({"insufficient-funds", "unknown-method", "payment-refused", "payment-failed"})
CHANGED_CODES = frozenset(
    {
        "facts-changed",
        "price-changed",
        "version-mismatch",
        "quote-expired",
        "names-changed",
        "out-of-stock",
        "thread-moved-on",
    }
)
MISSING_CODES = frozenset({"not-found", "no-invoice"})
SIGN_IN_CODES = frozenset(
    {
        "session-expired", "not-signed-in", "wrong-credentials", "totp-required",
        "wrong-password", "wrong-totp", "session-needed",
    }
)  # fmt: skip

_ORDER = (
    Exit.UNEXPECTED,
    Exit.CHANGED,
    Exit.PAYMENT,
    Exit.REFUSED,
    Exit.NOT_FOUND,
    Exit.USAGE,
    Exit.SIGN_IN,
    Exit.NETWORK,
)
"""Where operations failed for different reasons and none was done, the first of these that occurs."""


class Ended(NamedTuple):
    """One operation of a job, as far as the exit code goes by it."""

    state: str
    code: str | None = None


def exit_of_refusal(code: str | None) -> Exit:
    """The exit code of one refusal, by its stable code."""
    if code in PAYMENT_CODES:
        return Exit.PAYMENT
    if code in CHANGED_CODES:
        return Exit.CHANGED
    if code in MISSING_CODES:
        return Exit.NOT_FOUND
    if code in SIGN_IN_CODES:
        return Exit.SIGN_IN
    return Exit.REFUSED


def exit_of_left_out(codes: Iterable[str]) -> Exit:
    """Everything was left out while planning: a payment that is refused has its own code, all else is a rule."""
    found = {exit_of_refusal(code) for code in codes}
    return Exit.PAYMENT if found == {Exit.PAYMENT} else Exit.REFUSED


def exit_of_job(operations: Sequence[Ended], paused: str | None = None, *, left_out: int = 0) -> Exit:
    """The exit code of a job, from its operations' states (RELIABILITY "Money").

    ``left_out`` is how many of the things asked for were left out while planning: what is done is then partly done.
    An outcome that is not known outweighs everything: nobody may take it for "failed".
    """
    states = {one.state for one in operations}
    if states & {"unknown", "needs-you", "sending"}:
        return Exit.UNKNOWN
    if "done" in states:
        return Exit.PARTLY if states != {"done"} or left_out else Exit.DONE
    found = {_exit_of_end(one, paused) for one in operations} - {None}
    return next((code for code in _ORDER if code in found), Exit.REFUSED)


def _exit_of_end(one: Ended, paused: str | None) -> Exit | None:
    """What one operation that was not done says; ``None`` where it only follows another one's end."""
    if one.code == "earlier-not-done":
        return None
    if one.state == "refused":
        return exit_of_refusal(one.code)
    if one.state == "not-sent":
        return Exit.NETWORK
    if one.state in ("prepared", "held"):
        return _PAUSED.get(paused or "", Exit.REFUSED)
    return Exit.REFUSED


_PAUSED = {
    "sign-in": Exit.SIGN_IN,
    "offline": Exit.NETWORK,
    "busy-panel": Exit.NETWORK,
    "restart": Exit.REFUSED,
    "other-account": Exit.USAGE,
    "journal": Exit.UNEXPECTED,
    "trouble": Exit.UNEXPECTED,
}
