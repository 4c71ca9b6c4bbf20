"""How a plan is refused, without the plan's own model: the program knows the error before it has any plan."""

from __future__ import annotations


class PlanError(ValueError):
    """A plan file that cannot be used; the message says why and what to do."""
