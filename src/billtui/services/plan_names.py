"""Names of the plans that a panel only numbers: what it sells tells them, asked for once in a session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from billtui.domain.models import Plan


class PlanNames:
    """What plans are called on one panel. Used in the interface's loop."""

    def __init__(self) -> None:
        """None is known yet."""
        self._names: dict[str, str] = {}

    def tell(self, plans: Iterable[Plan]) -> None:
        """These are sold."""
        self._names.update((one.id.raw, str(one.name)) for one in plans)

    def word(self, plan: str) -> str:
        """A plan's id where that is a word, as people of that panel use it; of a number the name, where it is known."""
        return self._names.get(plan, plan) if plan.isdigit() else plan

    def lacks(self, plans: Iterable[str]) -> bool:
        """Whether one of these is a number without a name."""
        return any(plan.isdigit() and plan not in self._names for plan in plans)
