"""The cheapest way to keep chosen orders paid: which periods, which codes, now or later, within a budget.

Pure: rows of the store and a moment go in, a :class:`Solution` comes out; nothing is asked of the panel and nothing is
sent. The model, its limits and a worked example stand in ``docs/planner.md``.
"""

from billtui.services.solver.choosing import solve
from billtui.services.solver.explaining import explain_line, explain_solution
from billtui.services.solver.model import (
    EXACT_ORDERS,
    MAX_HORIZON,
    MAX_LEAD_DAYS,
    Batch,
    Left,
    Line,
    Purchase,
    Question,
    Solution,
    SolverStopped,
)

__all__ = [
    "EXACT_ORDERS",
    "MAX_HORIZON",
    "MAX_LEAD_DAYS",
    "Batch",
    "Left",
    "Line",
    "Purchase",
    "Question",
    "Solution",
    "SolverStopped",
    "explain_line",
    "explain_solution",
    "solve",
]
