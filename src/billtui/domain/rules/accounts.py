"""Accounts: identity, passwords, purses, and the lock after failed sign-ins (ACC)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime

from billtui.domain.money import Money
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules.facts import AFFILIATE, EXTERNAL_METHODS, INTERNAL, PROMISE, PURSES, Purses, format_when


def account_id_refusal(account_id: str) -> Refusal | None:
    """An account ID is a number (ACC-1)."""
    if account_id.isascii() and account_id.isdigit():
        return None
    reason = "The account ID has digits only, such as 204817: it is not the login."
    return Refusal("account-id-not-numeric", "ACC-1", reason)


def login_refusal(login: str) -> Refusal | None:
    """The login is not the e-mail (ACC-1)."""
    if "@" not in login:
        return None
    return Refusal("login-is-email", "ACC-1", "The login is not the e-mail address: the account's settings show it.")


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def password_refusal(
    old: str, new: str, repeated: str, login: str, email: str, policy: Policy = DEFAULT_POLICY
) -> Refusal | None:
    """Why ``new`` cannot replace ``old`` (ACC-2). Never repeats a password. Letter case does not hide a login."""
    if new != repeated:
        return Refusal("password-repeat", "ACC-2", "The two entries of the new password differ: type both again.")
    if len(new) < policy.password_min_length:
        return Refusal(
            "password-too-short",
            "ACC-2",
            f"The new password is too short: use {policy.password_min_length} characters or more.",
        )
    if new == old:
        return Refusal("password-unchanged", "ACC-2", "The new password is the old one: choose another.")
    folded = _fold(new)
    if email and _fold(email) in folded:
        return Refusal("password-contains-email", "ACC-2", "The new password contains the e-mail: leave it out.")
    if login and _fold(login) in folded:
        return Refusal("password-contains-login", "ACC-2", "The new password contains the login: leave it out.")
    return None


def locked_until(failures: Iterable[datetime], now: datetime, policy: Policy = DEFAULT_POLICY) -> datetime | None:
    """Until when a login is locked, or ``None`` (ACC-6).

    ``failures`` are the instants of failed sign-ins since the last successful one, in any order; for an unknown login
    they are counted alike. The fifth one within 15 minutes locks for 15 minutes; tries while locked do not prolong it.
    """
    counted: list[datetime] = []
    end: datetime | None = None
    for at in sorted(failures):
        if at > now:
            break
        if end is not None and at < end:
            continue
        counted = [one for one in counted if at - one <= policy.lock_window]
        counted.append(at)
        if len(counted) >= policy.lock_after_failures:
            end = at + policy.lock_window
            counted = []
    return end if end is not None and now < end else None


def lockout_refusal(failures: Iterable[datetime], now: datetime, policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """The answer to a sign-in while the login is locked: it carries the end of the wait (ACC-6)."""
    end = locked_until(failures, now, policy)
    if end is None:
        return None
    return Refusal(
        "locked-out",
        "ACC-6",
        f"Too many failed sign-ins: try again at {format_when(end)}, or recover the password.",
        {},
        end,
    )


def _amount_refusal(amount: Money, currency: str, rule: str) -> Refusal | None:
    if amount.currency != currency:
        return Refusal(
            "currency-mismatch", "INV-10", f"This account is kept in {currency}: give the amount in {currency}."
        )
    if amount.amount <= 0:
        return Refusal("amount-not-positive", rule, "The amount must be more than zero: type a larger one.")
    return None


def other_currency(what: str, amount: Money, purses: Purses, about: Mapping[str, str] | None = None) -> Refusal | None:
    """Why ``what`` over ``amount`` is not bought or paid from here: it is in another currency than the account's.

    Amounts of two currencies have no total that could be confirmed (INV-10).
    """
    held = purses.internal.currency
    if amount.currency == held:
        return None
    reason = f"{what} is in {amount.currency}, and this account is kept in {held}: use the panel's own web pages."
    return Refusal("currency-mismatch", "INV-10", reason, dict(about or {}))


def purse_refusal(purse: str, amount: Money, purses: Purses) -> Refusal | None:
    """Why ``purse`` alone cannot pay ``amount``: the purses are never added together (ACC-4)."""
    held = purses.holds(purse)
    if held.currency != amount.currency:
        return _amount_refusal(amount, held.currency, "ACC-4")
    if held >= amount:
        return None
    missing = amount - held
    other = AFFILIATE if purse == INTERNAL else INTERNAL
    way = f"pay from the {other} balance" if purses.holds(other) >= amount else "top up, or pay by an external method"
    return Refusal(
        "insufficient-funds",
        "ACC-4",
        f"The {purse} balance holds {held}, {missing} too little, and one balance must hold it all: {way}.",
        {"purse": purse, "held": f"{held.amount:.2f}", "missing": f"{missing.amount:.2f}"},
    )


def move_refusal(amount: Money, purses: Purses, source: str = AFFILIATE, target: str = INTERNAL) -> Refusal | None:
    """Why ``amount`` cannot be moved: from affiliate to internal only, never more than is there (ACC-4)."""
    if (source, target) != (AFFILIATE, INTERNAL):
        return Refusal(
            "move-one-way", "ACC-4", "Money moves from the affiliate to the internal balance only, not back."
        )
    refusal = _amount_refusal(amount, purses.affiliate.currency, "ACC-4")
    if refusal is not None:
        return refusal
    if purses.affiliate >= amount:
        return None
    missing = amount - purses.affiliate
    return Refusal(
        "insufficient-funds",
        "ACC-4",
        f"The affiliate balance holds {purses.affiliate}: move that much or less.",
        {"purse": AFFILIATE, "held": f"{purses.affiliate.amount:.2f}", "missing": f"{missing.amount:.2f}"},
    )


def top_up_refusal(
    amount: Money, method: str, currency: str, external: tuple[str, ...] = EXTERNAL_METHODS
) -> Refusal | None:
    """Why the balance cannot be topped up so: external methods only, more than nothing (INV-13)."""
    if method not in external:
        choices = " or ".join(external)
        if method in PURSES or method == PROMISE:
            return Refusal(
                "top-up-external-only", "INV-13", f"A top-up is paid by an external method only: choose {choices}."
            )
        return Refusal("unknown-method", "INV-3", f"There is no payment method “{method}”: choose {choices}.")
    return _amount_refusal(amount, currency, "INV-13")
