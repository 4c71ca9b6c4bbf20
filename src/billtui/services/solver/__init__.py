"""The cheapest way to keep chosen orders paid: which periods, which codes, now or later, within a budget.

Pure: rows of the store and a moment go in, a :class:`Solution` comes out; nothing is asked of the panel and nothing is
sent. The model, its limits and a worked example stand in ``docs/planner.md``.
"""

from billtui.services.solver.choosing import solve
from billtui.services.solver.explaining import amount_words, explain_line, explain_solution
from billtui.services.solver.from_store import bills_of, question_from, rows_of
from billtui.services.solver.model import (
    EXACT_ORDERS,
    MAX_HORIZON,
    MAX_LEAD_DAYS,
    Batch,
    Brief,
    Left,
    Line,
    Purchase,
    Question,
    Solution,
    SolverStopped,
)
from billtui.services.solver.quoting import Probed, Quoted, QuotesRenewals, differences, probe_codes, quote_batches

__all__ = [
    "EXACT_ORDERS",
    "MAX_HORIZON",
    "MAX_LEAD_DAYS",
    "Batch",
    "Brief",
    "Left",
    "Line",
    "Probed",
    "Purchase",
    "Question",
    "Quoted",
    "QuotesRenewals",
    "Solution",
    "SolverStopped",
    "amount_words",
    "bills_of",
    "differences",
    "explain_line",
    "explain_solution",
    "probe_codes",
    "question_from",
    "quote_batches",
    "rows_of",
    "solve",
]
