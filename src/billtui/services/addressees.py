"""Whom a new ticket can be written to: the panel's own departments, and which of them has which matter (TKT-1).

The review of a letter and its templates know four matters, which are the departments of the Billing API. Other panels
number theirs and call them as they like: there a matter's department is found by its name, and where none is called so,
nobody is chosen for the person who writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from billtui.domain.models import Department
from billtui.services.ticket_review.draft import ABUSE, FINANCE, SALES, TECHNICAL

_USUAL: Final = {
    TECHNICAL: ("Technical support", "Servers, network, systems: whatever does not work"),
    FINANCE: ("Finance", "Invoices, payments, money back"),
    SALES: ("Sales", "Offers, plans, what to buy"),
    ABUSE: ("Abuse", "Complaints and attacks"),
}
"""Until the panel has told its own: id → name, and what it is for."""
_CALLED: Final = {
    ABUSE: ("abuse", "complaint", "жалоб", "скарг", "злоуп", "зловжив"),
    FINANCE: ("financ", "billing", "account", "payment", "финанс", "фінанс", "бухг", "оплат"),
    SALES: ("sale", "продаж"),
    TECHNICAL: ("techn", "support", "help", "техн", "поддерж", "підтрим"),
}
"""Beginnings of words by which a department's matter is told from its name, the narrowest matter first."""


def matter_of(name: str) -> str:
    """The matter of a department that is called ``name``; empty where that is not clear."""
    words = name.casefold().split()
    return next((matter for matter, begins in _CALLED.items() if any(one.startswith(begins) for one in words)), "")


class Addressees:
    """The departments of one panel."""

    def __init__(self) -> None:
        """The panel has not told its own yet."""
        self.known: dict[str, tuple[str, str]] = dict(_USUAL)
        """Raw id → name, and what it is for."""
        self.told = False
        """Whether the panel has."""
        self._of_matter = {one: one for one in _USUAL}

    def tell(self, found: Sequence[Department]) -> None:
        """The panel's own, as it told them; none of them changes nothing."""
        if not found:
            return
        self.told = True
        self.known = {one.id.raw: (str(one.name), str(one.about)) for one in found}
        self._of_matter = {}
        for key, (name, _) in self.known.items():
            matter = key if key in _USUAL else matter_of(name)
            if matter:
                self._of_matter.setdefault(matter, key)
        if len(self.known) == 1:
            self._of_matter.setdefault(TECHNICAL, next(iter(self.known)))

    def meant_by(self, department: str) -> str:
        """The id of the department that an id or a matter stands for; empty where there is none."""
        return department if department in self.known else self._of_matter.get(department, "")

    def matter(self, department: str) -> str:
        """The matter of a department, by its id; the id itself where none is known, and what is empty stays so."""
        return next((matter for matter, key in self._of_matter.items() if key == department), department)

    def name(self, department: str) -> str:
        """How the department is called that an id or a matter stands for."""
        return self.known.get(self.meant_by(department), (department, ""))[0]
