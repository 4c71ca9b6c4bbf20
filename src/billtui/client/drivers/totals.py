"""What lines of a price come to together."""

from __future__ import annotations

from collections.abc import Sequence

from billtui.client.errors import InvalidInput
from billtui.domain.models import QuoteLine
from billtui.domain.money import Money


def total_of(lines: Sequence[QuoteLine], currency: str) -> Money:
    """The sum of ``lines``; nothing in ``currency`` where there are none. Raises :class:`InvalidInput` where they are
    billed in several currencies, or come to more than any bill."""
    currencies = list(dict.fromkeys(line.amount.currency for line in lines))
    if len(currencies) > 1:
        raise InvalidInput(f"This is billed in several currencies ({', '.join(currencies)}).", "Take one at a time.")
    try:
        return Money.total((line.amount for line in lines), *(currencies or [currency]))
    except ValueError:
        raise InvalidInput("Together this costs more than can be billed.", "Take less at a time.") from None
