"""The review of a ticket before it is sent: advice with reasons and fixes, never a wall (TKT-2, TKT-3).

Pure and without I/O, but for the tables of words that are part of the package. How well each rule does is measured on
labelled tickets: docs/tickets.md.
"""

from billtui.services.ticket_review.draft import DEPARTMENTS, Known, KnownOrder, TicketDraft, Turn
from billtui.services.ticket_review.findings import FOR_STAFF, RULES, Finding, Severity, Span
from billtui.services.ticket_review.fix_text import said
from billtui.services.ticket_review.fixes import (
    MASK,
    Attach,
    Fix,
    FixNeedsPerson,
    GiveAccess,
    HoldBack,
    InsertSection,
    Mask,
    Part,
    PickOrder,
    RemoveLines,
    Rewrite,
    SetDepartment,
    SetSubject,
    SplitOff,
    apply,
    needs_person,
)
from billtui.services.ticket_review.review import fixed, review

__all__ = [
    "DEPARTMENTS",
    "FOR_STAFF",
    "MASK",
    "RULES",
    "Attach",
    "Finding",
    "Fix",
    "FixNeedsPerson",
    "GiveAccess",
    "HoldBack",
    "InsertSection",
    "Known",
    "KnownOrder",
    "Mask",
    "Part",
    "PickOrder",
    "RemoveLines",
    "Rewrite",
    "SetDepartment",
    "SetSubject",
    "Severity",
    "Span",
    "SplitOff",
    "TicketDraft",
    "Turn",
    "apply",
    "fixed",
    "needs_person",
    "review",
    "said",
]
