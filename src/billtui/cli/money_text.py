"""Amounts that are typed: ``120``, ``120.00EUR``, ``120 EUR``."""

from __future__ import annotations

import re

from billtui.cli.problems import CliError
from billtui.domain.money import Money, parse_amount

_AMOUNT = re.compile(r"\s*(?P<amount>[0-9][0-9 ,.'\u00a0\u2019]*?)\s*(?P<currency>[A-Za-z][A-Za-z0-9]{2,7})?\s*")


def typed_money(text: str, currency: str, what: str) -> Money:
    """The amount that ``text`` means in the account's ``currency``. Raises CliError saying what to type instead."""
    found = _AMOUNT.fullmatch(text)
    try:
        if found is None:
            raise ValueError(f"“{text[:40]}” is not an amount")
        value = parse_amount(found["amount"])
    except ValueError as error:
        raise CliError(
            "invalid-amount", f"{what}: {str(error).rstrip('.')}.", hint=f"For example 120.00{currency}"
        ) from None
    named = (found["currency"] or currency).upper()
    if named != currency:
        raise CliError("other-currency", f"{what}: the account is in {currency}, not {named}.")
    return Money(value, currency)
