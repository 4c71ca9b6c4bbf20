"""What a fix does, in words for people: the command line and the screens say the same."""

from __future__ import annotations

from billtui.services.ticket_review.fixes import (
    MASK,
    Attach,
    Fix,
    GiveAccess,
    HoldBack,
    InsertSection,
    Mask,
    PickOrder,
    RemoveLines,
    Rewrite,
    SetDepartment,
    SetSubject,
    SplitOff,
)


def said(fix: Fix) -> str:
    """What the fix does, or what to choose, in a sentence. Secrets are never in it."""
    match fix:
        case SetDepartment(department):
            return f"Send it to {department}."
        case PickOrder(None):
            return "Select the order that it is about."
        case PickOrder(order_id):
            return f"Select order {order_id}."
        case SetSubject(None):
            return "Write a subject that says what is wrong, and where."
        case SetSubject(subject):
            return f"Take this subject: {subject}"
        case Mask():
            return f"Put {MASK} in its place."
        case Rewrite(subject, body):
            number = len(subject) + len(body)
            return "Write one word anew." if number == 1 else f"Write {number} words anew."
        case InsertSection():
            return "Put the sections where, since when and how to reproduce below the text."
        case RemoveLines():
            return "Take the empty section out."
        case SplitOff(department=None):
            return "Make a ticket of its own of it."
        case SplitOff(department=department):
            return f"Make a ticket of its own of it, for {department}."
        case Attach():
            return "Attach the file."
        case GiveAccess():
            return "Give the server's root password in the access field."
        case HoldBack():
            return "Keep it as a draft until support has answered."
