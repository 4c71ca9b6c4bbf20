"""The rules of a new password one by one, so that each can be shown as it is met (ACC-2).

:func:`billtui.domain.rules.accounts.password_refusal` is the verdict; here is what it is made of, in the order in which
a person types. Nothing here keeps or repeats a password.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from billtui.domain.policy import DEFAULT_POLICY, Policy


class PasswordCheck(NamedTuple):
    """One rule of ACC-2 and how it stands."""

    name: str
    """Stable: ``length``, ``unlike-old``, ``without-login``, ``without-email``, ``repeated``."""
    words: str
    met: bool | None
    """``None``: only the panel can tell, since the other value is not known here."""


def password_checks(
    new: str,
    repeated: str,
    *,
    old: str | None,
    login: str | None,
    email: str | None,
    policy: Policy = DEFAULT_POLICY,
) -> tuple[PasswordCheck, ...]:
    """How ``new`` stands with each rule (ACC-2); ``old``, ``login`` and ``email`` are ``None`` where not known.

    While nothing is typed no rule counts as met: an empty field holds no login, but that is no merit.
    """
    folded = _fold(new)

    def unlike(value: str | None, wrong: bool) -> bool | None:
        return None if value is None else bool(new) and not wrong

    return (
        PasswordCheck(
            "length", f"{policy.password_min_length} characters or more", len(new) >= policy.password_min_length
        ),
        PasswordCheck("unlike-old", "not the old password", unlike(old, new == old)),
        PasswordCheck("without-login", "without the login", unlike(login, _holds(folded, login))),
        PasswordCheck("without-email", "without the e-mail", unlike(email, _holds(folded, email))),
        PasswordCheck("repeated", "the same typed twice", bool(new) and new == repeated),
    )


def _holds(folded: str, value: str | None) -> bool:
    return bool(value) and _fold(value or "") in folded


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
