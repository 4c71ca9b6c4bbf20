"""What ways to pay are called: panels that number them tell them apart by that, people by their names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from billtui.domain.safetext import clean

if TYPE_CHECKING:
    from billtui.domain.models import Account

METHOD_TITLES: Final = {"card": "Card", "crypto": "Crypto currency"}
_NUMBER: Final = re.compile(r"-[0-9]+\Z")
LONGEST: Final = 40
"""Characters of a name from the panel beside amounts."""


def method_titles(names: Sequence[str]) -> dict[str, str]:
    """What the ways to pay are called: without the number that a panel gives them, unless two are called alike."""
    plain = {name: clean(_NUMBER.sub("", name) or name, max_length=LONGEST) for name in names}
    titles = {
        name: METHOD_TITLES.get(words, f"{words[:1].upper()}{words[1:]}".replace("-", " "))
        for name, words in plain.items()
    }
    often = Counter(titles.values())
    return {
        name: title if often[title] == 1 else f"{title} ({clean(name, max_length=LONGEST)})"
        for name, title in titles.items()
    }


def method_words(account: Account, method: str) -> str:
    """One of the account's ways within a sentence: ``card``, ``bank transfer``."""
    title = method_titles(list(dict.fromkeys([*(one.raw for one in account.payment_methods), method])))[method]
    return f"{title[:1].lower()}{title[1:]}"
