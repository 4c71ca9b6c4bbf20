"""What the account's screen says, line by line; no key and no call is known here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from billtui.domain.models import Account
from billtui.domain.policy import DEFAULT_POLICY
from billtui.screens.notifications import channel_title
from billtui.services.loyalty import Loyalty
from billtui.services.loyalty_words import (
    kind_title,
    month_words,
    next_count_words,
    next_use_words,
    tier_words,
    use_tier_words,
)
from billtui.widgets.formats import count_text, date_text

ROLES = {
    "client": "sees and changes this account only (ACC-7)",
    "support": "reads all accounts and their orders, works on all tickets (ACC-7)",
    "admin": "runs the panel; nothing of that is done from here (ACC-7)",
}


FEW_CODES = 2
"""So few recovery codes are worth a word: without one and without the phone nobody gets in."""
_SAVED = "The saving is on what runs now; the new ones cost their own price. L shows all of it."


class Line(NamedTuple):
    """One line: a heading has no id. ``copy`` is what its copy key sends, ``about`` what is said of it below."""

    id: str
    label: str
    value: str = ""
    about: str = ""
    copy: str = ""
    command: str = ""
    """What ``enter`` runs."""


def account_lines(account: Account, panel: str, loyalty: Loyalty | str | None, *, working: bool) -> list[Line]:
    """Everything about ``account``, in its order; ``loyalty`` may be why nothing is known of it."""
    return [
        Line("", "Who you are"),
        *_identity(account, panel),
        Line("", "Money"),
        *_money(account),
        Line("", "Loyalty"),
        *_loyalty(loyalty, working=working),
        Line("", "Security"),
        *_security(account),
        Line("", "Notifications"),
        *_notifications(account),
    ]


def _identity(account: Account, panel: str) -> list[Line]:
    number, login, email = str(account.account_id), str(account.login), str(account.email)
    others = [str(one) for one in account.emails if one.raw != account.email.raw]
    role = str(account.role)
    told = "i copies it. Whoever transfers an order to you needs this and your login, both."
    return [
        Line("id", "Account ID", number, told, number, "account.copy_id"),
        Line("login", "Login", login, "l copies it. You sign in with it; it is not the e-mail.", login, "account.copy_login"),
        Line("email", "Primary e-mail", email, "e copies it. Mails about money, and recovery, go here.", email, "account.copy_email"),
        *(Line(f"email-{place}", "Further e-mail", one, "Mails are sent here as well; y copies it.", one, "account.copy") for place, one in enumerate(others)),
        Line("role", "Role", f"{role}: {ROLES.get(role, 'as the panel says')}", "What this sign-in may do on the panel.", role),
        Line("panel", "Panel", panel, "Where all of this is kept.", panel),
        Line("by", "Signed in by", _signed_in_by(account), "How this program is known to the panel.", ""),
    ]  # fmt: skip


def _signed_in_by(account: Account) -> str:
    if account.signed_in_by.raw == "login-and-key":
        return "login and API key"
    if account.signed_in_by.raw != "api-key":
        return "login and password"
    return "an API key that only reads" if account.key_read_only else "an API key"


def _money(account: Account) -> list[Line]:
    purses = account.purses
    about = "enter shows every movement."
    if len(purses) > 1:
        about = f"The two are never added together: one of them pays a whole invoice (ACC-4). {about}"
    return [
        *(
            Line(name, f"{name.capitalize()} balance", str(held), about, str(held), "account.ledger")
            for name, held in purses.items()
        ),
        Line("ledger", "Ledger", "every movement of money", "enter goes there.", "", "account.ledger"),
    ]


def _loyalty(loyalty: Loyalty | str | None, *, working: bool) -> list[Line]:
    if isinstance(loyalty, str):
        return [Line("loyalty", "Discounts", "not known on this panel", loyalty, "", "account.loyalty")]
    if loyalty is None:
        words = "working it out …" if working else "not known before the orders are"
        return [Line("loyalty", "Discounts", words, "", "", "account.loyalty")]
    if not loyalty.standings:
        return [Line("loyalty", "Discounts", "no service runs", "Discounts come with services that run.", "", "account.loyalty")]  # fmt: skip
    about = "By the rules of this panel, from what runs now; L shows it by length of use."
    lines = [
        Line(
            "month",
            "All services",
            month_words(loyalty.total, loyalty.listed),
            about,
            str(loyalty.total),
            "account.loyalty",
        ),
    ]
    for one in loyalty.standings:
        title = f"{one.services} {kind_title(one.kind)}"
        has = one.kind in DEFAULT_POLICY.loyalty
        lines.append(Line(f"kind-{one.kind}", title, tier_words(one, has_loyalty=has), about, "", "account.loyalty"))
        if has:
            lines.append(
                Line(f"next-{one.kind}", "  next by number", next_count_words(one), _SAVED, "", "account.loyalty")
            )
            if words := next_use_words(one, date_text):
                lines.append(Line(f"time-{one.kind}", "  next by time", words, about, "", "account.loyalty"))
    return lines


def _security(account: Account) -> list[Line]:
    left = account.recovery_codes_left
    codes = "" if left is None else f", {count_text(left, 'recovery code')} left"
    if left is not None and left <= FEW_CODES:
        codes += ": make new ones"
    factor = f"on{codes}" if account.totp else "off: the password alone signs in"
    if account.totp is None:
        factor = "this panel does not tell whether it is on"
    access = "see, make, revoke" if account.api_access else "API access is off: no key works"
    return [
        Line("password", "Password", "change it", "P: other sessions are signed out, API keys stay valid (ACC-2).", "", "account.password"),
        Line("factor", "Second factor", factor, "F: a code from your phone besides the password (ACC-6).", "", "account.second_factor"),
        Line("sessions", "Sessions", "who is signed in, where", "W: every one of them can be ended from here.", "", "account.sessions"),
        Line("keys", "API keys", access, "K: for scripts; each with a label, an end, networks, and perhaps read-only (ACC-5).", "", "account.keys"),
    ]  # fmt: skip


def _notifications(account: Account) -> list[Line]:
    about = "N switches them one by one; the warning before a deletion cannot be turned off for e-mail (ACC-8)."
    channels = list(dict.fromkeys(channel.raw for rule in account.notifications for channel in rule.channels))
    if not channels:
        return [Line("notifications", "Events", "this panel does not tell its settings", about, "", "account.notifications")]  # fmt: skip
    lines = []
    for channel in channels:
        told = [on for rule in account.notifications for name, on in rule.channels.items() if name.raw == channel]
        words = f"{sum(told)} of {count_text(len(told), 'event')}"
        lines.append(Line(f"by-{channel}", channel_title(channel), words, about, "", "account.notifications"))
    return lines


def loyalty_rows(loyalty: Loyalty) -> Sequence[tuple[str, str]]:
    """All of it for a dialog: label and words; an empty label goes on with the one before."""
    rows: list[tuple[str, str]] = [("All services", month_words(loyalty.total, loyalty.listed)), ("", "")]
    for one in loyalty.standings:
        has = one.kind in DEFAULT_POLICY.loyalty
        rows.append((kind_title(one.kind), count_text(one.services, "running service")))
        rows.append(("  now", tier_words(one, has_loyalty=has)))
        rows.append(("  a month", month_words(one.total, one.listed)))
        if has:
            rows += [("  in use" if not place else "", words) for place, words in enumerate(use_tier_words(one))]
            rows.append(("  by number", next_count_words(one)))
            if words := next_use_words(one, date_text):
                rows.append(("  by time", words))
        rows.append(("", ""))
    return rows[:-1]
