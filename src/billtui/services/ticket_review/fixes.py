"""What can be done about a finding, as values, and doing it: ``apply(draft, fix)`` gives another draft."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from billtui.services.ticket_review.draft import TicketDraft, Turn

MASK: Final = "[removed]"
"""What stands where a secret stood."""


class Part(StrEnum):
    """Which text of a draft."""

    SUBJECT = "subject"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class SetDepartment:
    """Send it to this department."""

    department: str


@dataclass(frozen=True, slots=True)
class PickOrder:
    """Select the order; ``None`` where a person must choose one."""

    order_id: str | None


@dataclass(frozen=True, slots=True)
class SetSubject:
    """Another subject; ``None`` where a person must write one."""

    subject: str | None


@dataclass(frozen=True, slots=True)
class Mask:
    """Put :data:`MASK` in place of these characters."""

    part: Part
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Other words at these places, which do not overlap: start, end, words."""

    subject: tuple[tuple[int, int, str], ...]
    body: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class InsertSection:
    """Put this at the end of the body, after an empty line."""

    text: str


@dataclass(frozen=True, slots=True)
class RemoveLines:
    """Take these characters out of the body."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SplitOff:
    """Make these characters of the body a draft of their own."""

    start: int
    end: int
    subject: str = ""
    department: str | None = None


@dataclass(frozen=True, slots=True)
class Attach:
    """Add a file; ``None`` where a person must choose one."""

    name: str | None


@dataclass(frozen=True, slots=True)
class GiveAccess:
    """Server access is given in its own field (TKT-4); applied once that field is filled."""


@dataclass(frozen=True, slots=True)
class HoldBack:
    """Keep it as a draft until support has answered."""


Fix = (
    SetDepartment
    | PickOrder
    | SetSubject
    | Mask
    | Rewrite
    | InsertSection
    | RemoveLines
    | SplitOff
    | Attach
    | GiveAccess
    | HoldBack
)


class FixNeedsPerson(ValueError):
    """A fix that lacks what only a person can say: which order, which file, which subject."""


def needs_person(fix: Fix) -> bool:
    """Whether something must be chosen or written before it can be applied."""
    match fix:
        case PickOrder(None) | SetSubject(None) | Attach(None):
            return True
        case _:
            return False


def apply(draft: TicketDraft, fix: Fix) -> TicketDraft:
    """The draft with the fix done. Places are those of the draft that was reviewed: one fix, then review again.

    Raises :class:`FixNeedsPerson`.
    """
    match fix:
        case PickOrder(None) | SetSubject(None) | Attach(None):
            raise FixNeedsPerson(f"{type(fix).__name__} needs a choice first.")
        case SetDepartment(department):
            return replace(draft, department=department)
        case PickOrder(order_id):
            return replace(draft, order_id=order_id)
        case SetSubject(str(subject)):
            return replace(draft, subject=subject)
        case Attach(str(name)):
            return replace(draft, attachments=(*draft.attachments, name))
        case Mask(Part.SUBJECT, start, end):
            return replace(draft, subject=_rewritten(draft.subject, ((start, end, MASK),)))
        case Mask(Part.BODY, start, end):
            return replace(draft, body=_rewritten(draft.body, ((start, end, MASK),)))
        case Rewrite(subject, body):
            return replace(draft, subject=_rewritten(draft.subject, subject), body=_rewritten(draft.body, body))
        case InsertSection(text):
            kept = draft.body.rstrip()
            return replace(draft, body=f"{kept}\n\n{text}" if kept else text)
        case RemoveLines(start, end):
            return replace(draft, body=draft.body[:start] + draft.body[end:])
        case SplitOff():
            return _split(draft, fix)
        case GiveAccess():
            return replace(draft, access_given=True)
        case HoldBack():
            return replace(draft, held=True)
    raise AssertionError(fix)


def _rewritten(text: str, places: tuple[tuple[int, int, str], ...]) -> str:
    for start, end, words in sorted(places, reverse=True):
        text = text[:start] + words + text[end:]
    return text


def _split(draft: TicketDraft, fix: SplitOff) -> TicketDraft:
    """Nothing is lost: what is taken out of the body is the body of the other draft."""
    other = TicketDraft(
        department=fix.department or draft.department,
        subject=fix.subject,
        body=draft.body[fix.start : fix.end].strip(),
        order_id=draft.order_id,
        turn=Turn.NEW,
    )
    body = draft.body[: fix.start].rstrip() + draft.body[fix.end :]
    return replace(draft, body=body, split_off=(*draft.split_off, other))
