"""What a person types about a new API key, as the request for it (ACC-5): expiry and networks."""

from __future__ import annotations

import ipaddress
import re
from datetime import UTC, datetime, time, timedelta

MOST_DAYS = 3_660
"""Longer than ten years is a slip, or means "never"."""
_SEPARATORS = re.compile(r"[\s,;]+")


def parse_expiry(text: str, now: datetime) -> datetime | None:
    """``90`` or ``90d`` days from ``now``, ``2027-03-01`` (to the end of that day, UTC), or ``never``: ``None``.

    Raises ``ValueError`` with a sentence that says what to type instead.
    """
    word = text.strip().casefold()
    if word in ("never", "no", "none", "-"):
        return None
    advice = "Type a number of days such as 90, a date such as 2027-03-01, or never."
    if not word:
        raise ValueError(advice)
    number = word.removesuffix("d").strip()
    if number.isascii() and number.isdigit():
        days = int(number) if len(number) <= 6 else MOST_DAYS + 1
        if not 1 <= days <= MOST_DAYS:
            raise ValueError(f"Type 1 to {MOST_DAYS} days, or never.")
        return (now + timedelta(days=days)).replace(microsecond=0)
    try:
        day = datetime.strptime(word, "%Y-%m-%d").date()
    except ValueError:
        raise ValueError(advice) from None
    end = datetime.combine(day, time(23, 59, 59), tzinfo=UTC)
    if end <= now:
        raise ValueError("That day is over: type a later one.")
    if end > now + timedelta(days=MOST_DAYS):
        raise ValueError("That is more than ten years away: type an earlier day, or never.")
    return end


def parse_networks(text: str) -> tuple[str, ...]:
    """Networks or single addresses with blanks or commas between them, in their usual form; none means any.

    Raises ``ValueError`` naming the word that is none, and the network that was probably meant.
    """
    found: list[str] = []
    for word in filter(None, _SEPARATORS.split(text)):
        try:
            network = ipaddress.ip_network(word)
        except ValueError:
            raise ValueError(f"“{word[:60]}” is no network: {_advice(word)}") from None
        found.append(str(network))
    return tuple(dict.fromkeys(found))


def _advice(word: str) -> str:
    try:
        wider = ipaddress.ip_network(word, strict=False)
    except ValueError:
        return "type an address such as 192.0.2.7, or a network such as 192.0.2.0/24 or 2001:db8::/32."
    return f"the network of that length is {wider}; the single address would be {word.split('/')[0]}."
