"""One letter while somebody writes it: edited, reviewed, kept, with what is new in its thread (TKT-2, TKT-3, TKT-9).

Part of :mod:`billtui.services.ticket_writing`, which says how letters come and go.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict, Unpack

from billtui.domain.models import Ticket, TicketMessage, TicketState
from billtui.services import ticket_review
from billtui.services.drafts import Draft, DraftKind, Drafts, Standing
from billtui.services.ticket_review import Finding, Fix, Known, TicketDraft, Turn


class Words(TypedDict, total=False):
    """What of a letter can be changed."""

    department: str
    subject: str
    body: str
    order_id: str | None
    invoice_id: str | None
    account_id: str | None
    close: bool
    placeholders: tuple[str, ...]
    held_back: bool


@dataclass(frozen=True, slots=True)
class News:
    """What was written in a thread since the writer of a draft saw it (TKT-9)."""

    ticket: Ticket
    """As it is now."""
    messages: tuple[TicketMessage, ...]
    """Newer than what was seen, oldest first.

    The whole thread where that message is not known there any more, or where tickets were merged or taken out since:
    what came by that may be older, and nobody has seen it here.
    """

    def __bool__(self) -> bool:
        """Whether there is anything new."""
        return bool(self.messages)

    @property
    def last(self) -> str | None:
        """The raw id of the last message that is shown here: what an explicit yes covers, and nothing after it."""
        return self.messages[-1].id.raw if self.messages else None


class Letter:
    """One draft while somebody writes it. Used from one thread; saving and attaching block for milliseconds."""

    def __init__(self, drafts: Drafts, draft: Draft, ticket: Ticket | None = None) -> None:
        """Made by :class:`TicketWriting`."""
        self._drafts = drafts
        self._saved = draft
        self.draft = draft
        """As it is in memory; :attr:`unsaved` says whether it is on disk as well."""
        self.ticket = ticket
        """The ticket that is answered, as last read; ``None`` for a new one."""
        self.access_given = False
        """Whether server access is typed into its own field; the access itself is never here (TKT-4)."""

    @property
    def kind(self) -> DraftKind:
        """New ticket, reply or note; it never changes."""
        return self.draft.key.kind

    @property
    def unsaved(self) -> bool:
        """Whether something was changed since it was saved."""
        return self.draft != self._saved

    @property
    def standing(self) -> Standing:
        """Whether it is being written or sent, or was given back and why."""
        return self._drafts.standing(self.draft)

    def edit(self, **words: Unpack[Words]) -> None:
        """Change it in memory; :meth:`save` keeps it. Half characters, which no panel takes, become ``?``."""
        values: dict[str, Any] = dict(words)
        for name in ("subject", "body"):
            if name in values:
                values[name] = values[name].encode("utf-8", "replace").decode("utf-8")
        self.draft = replace(self.draft, **values)

    def save(self) -> None:
        """Keep what was typed. Raises DraftConflict, DraftLocked, UnsafePath, OSError: see :meth:`Drafts.save`."""
        self._keep(self._drafts.save(self.draft))

    def save_over(self, theirs: Draft | None) -> None:
        """After a DraftConflict: this one instead of ``theirs``."""
        self._keep(self._drafts.save_over(self.draft, theirs))

    def save_beside(self) -> None:
        """After a DraftConflict: keep this one as well, as another draft."""
        self._keep(self._drafts.save_beside(self.draft))

    def take(self, theirs: Draft) -> None:
        """After a DraftConflict: go on with ``theirs``; what was typed here is given up."""
        self._keep(theirs)

    def reload(self) -> bool:
        """Take what is on disk, as after a job ended; False where it is gone: sent, or discarded."""
        found = self._drafts.get(self.draft.key)
        if found is not None:
            self._keep(found)
        return found is not None

    def attach(self, path: Path | str) -> None:
        """Copy a file beside the draft and save both. Raises AttachmentRefused, and as :meth:`save`."""
        self._keep(self._drafts.attach(self.draft, path))

    def detach(self, place: int) -> None:
        """Take the attachment at ``place`` (from 0) away. Raises as :meth:`save`."""
        self._keep(self._drafts.detach(self.draft, place))

    def discard(self) -> None:
        """Throw it away. Raises DraftConflict, DraftLocked."""
        self._drafts.discard(self.draft)

    def accept(self, news: News) -> None:
        """An explicit yes, of a person who was shown ``news``: from now on the reply rests on these messages (TKT-9).

        What is written after them holds the reply again. In memory; :meth:`save` keeps it, as planning does.
        """
        self.ticket = news.ticket
        if news.last is not None:
            self.draft = replace(self.draft, seen=news.last)

    # -- the review (TKT-2, TKT-3)

    def review(self, known: Known) -> list[Finding]:
        """Advice before it is sent; none on a note. Pure, and in proportion to the text: up to 100 ms."""
        return [] if self.kind is DraftKind.NOTE else ticket_review.review(self.as_reviewed(), known)

    def as_reviewed(self) -> TicketDraft:
        """The letter as the review looks at it."""
        draft, ticket = self.draft, self.ticket
        department, subject, order_id = draft.department, draft.subject, draft.order_id
        if ticket is not None:
            department, subject = ticket.department.raw, ticket.subject.raw
            order_id = ticket.order_id.raw if ticket.order_id is not None else None
        return TicketDraft(
            department=department,
            subject=subject,
            body=draft.body,
            order_id=order_id,
            attachments=tuple(one.name for one in draft.attachments),
            access_given=self.access_given,
            turn=_turn(ticket),
            held=draft.held_back,
        )

    def apply(self, fix: Fix) -> list[Letter]:
        """Do a fix in memory, with its choice filled in; letters of their own that it made (saved already).

        ``Attach(name)`` is done by :meth:`attach`, ``GiveAccess`` by filling the access field. Raises FixNeedsPerson,
        and what :meth:`save` raises where a second letter is made.
        """
        before = self.as_reviewed()
        after = ticket_review.apply(before, fix)
        self.edit(body=after.body, held_back=after.held)
        if self.ticket is None:
            self.edit(department=after.department, subject=after.subject, order_id=after.order_id)
        self.access_given = after.access_given
        made = []
        for part in after.split_off[len(before.split_off) :]:
            other = Letter(self._drafts, self._drafts.begin(DraftKind.NEW))
            other.edit(department=part.department, subject=part.subject, body=part.body, order_id=part.order_id)
            other.save()
            made.append(other)
        return made

    def _keep(self, draft: Draft) -> None:
        self.draft = self._saved = draft


def _turn(ticket: Ticket | None) -> Turn:
    if ticket is None:
        return Turn.NEW
    waits = ticket.state == TicketState.OPEN and ticket.last_author_role.raw == "client"
    return Turn.SUPPORT if waits else Turn.CLIENT
