"""The names that new servers will get, before they are bought: by the panel's own function (BLK-1)."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from billtui.domain.naming import NameSlot, NamingError, expand_names
from billtui.domain.safetext import SafeText
from billtui.services.order_estimate import Cell

SHOWN = 2
"""Names that are written out at the beginning of a preview."""


@dataclass(frozen=True, slots=True)
class NamePreview:
    """What patterns give for the cells that are in; ``taken`` are the names of the account's orders."""

    cells: Mapping[Cell, int]
    taken: Set[str]

    def names(self, pattern: str) -> list[str]:
        """The name of every server. Raises NamingError with a sentence about what is wrong."""
        slots = [
            NameSlot(plan=plan, location=place) for (plan, place), count in self.cells.items() for _ in range(count)
        ]
        return expand_names(pattern, slots or [NameSlot(plan="plan", location="loc")], self.taken)

    def words(self, pattern: str) -> str:
        """The first names and the last one; nothing for no pattern, or for one with a mistake."""
        if not pattern:
            return "The panel names them."
        try:
            names = self.names(pattern)
        except NamingError:
            return ""
        if not self.cells:
            return ""
        shown = ", ".join(names) if len(names) <= SHOWN + 1 else f"{', '.join(names[:SHOWN])} … {names[-1]}"
        return str(SafeText(shown))

    def problem(self, pattern: str) -> str:
        """What is wrong with a pattern; nothing where it can be used."""
        if not pattern:
            return ""
        try:
            self.names(pattern)
        except NamingError as error:
            return str(SafeText(f"{error}."))
        return ""
