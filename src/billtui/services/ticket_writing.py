"""Writing tickets, replies and notes without a screen: what the composer and the command line have in common (TKT).

The way of a letter::

    letter = session.writing.new(order_id=…)              or .reply(ticket, seen=…), .open(draft), .resume(job_id)
    letter.edit(body=…); letter.save()                    as often as a person pauses
    letter.attach(path); letter.review(known); letter.apply(fix)
    plan = await session.writing.plan(letter)             asks the panel for the ticket as it is now
    plan.left_out                                         why not, in the panel's words: nothing to send then
    job_id = session.writing.submit(letter, plan, hold_seconds=5)

A thread that moved on (TKT-9) is said by ``plan.left_out`` with the code ``thread-moved-on``, or after sending by
``letter.standing.code``. The draft is there either way. Then::

    news = await session.writing.news(letter)             what was written since, to be shown
    letter.accept(news)                                   only after an explicit yes of somebody who saw it
    plan = await session.writing.plan(letter)             a new plan, with the new ``seen``

Server access (TKT-4) is in none of this: give it with ``session.tickets.give_access`` once the ticket is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from billtui.client.errors import InvalidInput, NotFound
from billtui.domain.models import Account, Department, Ticket, TicketMessage, TicketState
from billtui.services import planner, ticket_review
from billtui.services.drafts import Draft, DraftKind, Drafts, DraftState, Standing
from billtui.services.plans import Plan
from billtui.services.session_settings import NotSignedIn
from billtui.services.session_thread import LoopThread
from billtui.services.ticket_review import Finding, Fix, Known, TicketDraft, Turn

if TYPE_CHECKING:
    from billtui.client import BillingClient
    from billtui.services.session import Session
    from billtui.services.session_core import SessionCore
    from billtui.services.sync import Sync

STAFF_ROLES = ("support", "admin")


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
    """Newer than what was seen, oldest first; the whole thread where that message is not known there any more."""

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


class TicketWriting:
    """Letters of the account that a session is signed in as. ``session.writing``."""

    def __init__(self, session: Session, threads: LoopThread, core: SessionCore) -> None:
        """Made by the session."""
        self._session = session
        self._threads = threads
        self._core = core
        self._drafts: Drafts | None = None
        self._of: Account | None = None

    @property
    def drafts(self) -> Drafts:
        """The account's drafts. Raises NotSignedIn before an account is known."""
        account = self._session.account
        if account is None:
            raise NotSignedIn("Nobody is signed in, so there are no drafts. Sign in first.")
        same = self._of is not None and (self._of.panel_id, self._of.account_id) == (
            account.panel_id,
            account.account_id,
        )
        if self._drafts is None or not same:
            self._drafts = Drafts.of(self._session.settings.state_dir, account, self._session.journal)
            self._of = account
        return self._drafts

    # -- beginning

    def new(self, **words: Unpack[Words]) -> Letter:
        """A new ticket, with what is known of it already; on disk only once something is written."""
        letter = Letter(self.drafts, self.drafts.begin(DraftKind.NEW))
        letter.edit(**words)
        return letter

    def reply(self, ticket: Ticket, *, seen: str | None = None, internal: bool = False, quote: str = "") -> Letter:
        """An answer on ``ticket``, or a note: the draft that is there, else a new one.

        ``seen``: raw id of the last message that its writer was shown (else the ticket's last one as given). A draft
        that is there keeps its own, so what came since then is shown first (TKT-9). ``quote`` is put before an empty
        body, and behind a written one.
        """
        last = seen or (ticket.last_message_id.raw if ticket.last_message_id is not None else None)
        kind = DraftKind.NOTE if internal else DraftKind.REPLY
        draft = self.drafts.begin(
            kind, ticket.id.raw, seen=last, ticket_number=ticket.number.raw, ticket_subject=ticket.subject.raw
        )
        letter = Letter(self.drafts, draft, ticket)
        if quote:
            body = draft.body.rstrip()
            letter.edit(body=f"{body}\n\n{quote}\n\n" if body else f"{quote}\n\n")
        return letter

    def open(self, draft: Draft, ticket: Ticket | None = None) -> Letter:
        """A draft from the list of drafts; ``ticket`` as last read, where it is known."""
        return Letter(self.drafts, draft, ticket)

    def resume(self, job_id: str) -> Letter | None:
        """The letter that was sent with this job and given back (refused, taken back); ``None`` where it was sent."""
        draft = self.drafts.of_job(job_id)
        return Letter(self.drafts, draft) if draft is not None else None

    # -- asking

    async def ticket(self, ticket_id: str) -> Ticket:
        """A ticket as it is now. Raises NotFound, other ClientErrors, NotSignedIn."""

        async def work(client: BillingClient, _sync: Sync) -> Ticket:
            return await client.tickets.get(ticket_id)

        return await self._threads.ask(self._core.ask(work))

    async def departments(self) -> list[Department]:
        """Whom a ticket can be written to (TKT-1). Raises ClientError."""

        async def work(client: BillingClient, _sync: Sync) -> list[Department]:
            return await client.tickets.departments()

        return await self._threads.ask(self._core.ask(work))

    async def news(self, letter: Letter) -> News:
        """What was written in the thread since the letter's writer saw it; follows a merge (TKT-8, TKT-9).

        Raises ClientError, NotSignedIn; DraftConflict, DraftLocked where a merge is followed.
        """
        ticket = await self._now(letter)
        seen = letter.draft.seen
        if seen is not None and ticket.last_message_id is not None and ticket.last_message_id.raw == seen:
            return News(ticket, ())
        try:
            messages = await self._messages(ticket.id.raw, seen)
        except (NotFound, InvalidInput):  # what was seen is not in this thread, as after a split: show it whole
            messages = await self._messages(ticket.id.raw, None)
        return News(ticket, tuple(messages))

    async def _messages(self, ticket_id: str, after: str | None) -> list[TicketMessage]:
        async def work(client: BillingClient, _sync: Sync) -> list[TicketMessage]:
            return [one async for page in client.tickets.message_pages(ticket_id, after=after) for one in page.items]

        return await self._threads.ask(self._core.ask(work))

    async def _now(self, letter: Letter) -> Ticket:
        """The letter's ticket as it is now; the letter goes to the one that it was merged into."""
        ticket = await self.ticket(letter.draft.key.ticket_id)
        merges = 0
        while ticket.merged_into is not None and merges < MOST_MERGES:
            ticket, merges = await self.ticket(ticket.merged_into.raw), merges + 1
        if ticket.id.raw != letter.draft.key.ticket_id:
            letter.save()
            moved = self.drafts.follow(
                letter.draft, ticket.id.raw, number=ticket.number.raw, subject=ticket.subject.raw
            )
            letter.take(moved)
        letter.ticket = ticket
        return ticket

    # -- sending

    async def plan(self, letter: Letter, *, departments: Sequence[Department] | None = None) -> Plan:
        """What would be sent, by the ticket as it is now; the letter is saved first.

        Without operations where it cannot be sent: ``left_out`` says why, as the panel would (``thread-moved-on``,
        ``ticket-closed``, ``body-missing``, ``unresolved-placeholder`` …). Raises ClientError, NotSignedIn, and what
        :meth:`Letter.save` raises.
        """
        letter.save()
        account = self._session.account
        if account is None:
            raise NotSignedIn("Nobody is signed in, so nothing can be sent. The draft is kept; sign in first.")
        profile = self._session.settings.profile
        busy = self._session.journal.open_targets(account.panel_id.raw, account.account_id.raw)
        draft = letter.draft
        if letter.kind is DraftKind.NEW:
            return planner.new_ticket(
                account, department=draft.department, subject=draft.subject, body=draft.body,
                order_id=draft.order_id, invoice_id=draft.invoice_id, account_id=draft.account_id,
                attachments=draft.attachments, number=draft.key.number, departments=departments,
                placeholders=draft.placeholders, busy=busy, profile=profile,
            )  # fmt: skip
        ticket = await self._now(letter)
        draft = letter.draft
        return planner.reply(
            account, ticket, draft.body, seen=draft.seen, internal=draft.internal, close=draft.close,
            attachments=draft.attachments, placeholders=draft.placeholders, busy=busy, profile=profile,
        )  # fmt: skip

    def submit(self, letter: Letter, plan: Plan, *, hold_seconds: float = 0) -> str:
        """Have the plan of a letter done; the job's id. The draft is locked until the outcome is known.

        With ``hold_seconds`` it waits in the undo window (``executor.take_back`` gives it back). Raises PlanOfAnother,
        DraftConflict, DraftLocked, and what ``session.submit`` raises; the draft is there as it was, then.
        """
        job_id = self.drafts.send(letter.draft, plan, lambda one: self._session.submit(one, hold_seconds=hold_seconds))
        letter.reload()
        return job_id

    def returned(self) -> list[tuple[Draft, Standing]]:
        """Drafts that were given back, with the reasons: to be told of at a start. Tidies up as well."""
        drafts = self.drafts
        return [(one, drafts.standing(one)) for one in drafts.settle()]


MOST_MERGES = 20
"""So many merges one after the other are followed."""


def _turn(ticket: Ticket | None) -> Turn:
    if ticket is None:
        return Turn.NEW
    waits = ticket.state == TicketState.OPEN and ticket.last_author_role.raw == "client"
    return Turn.SUPPORT if waits else Turn.CLIENT


__all__ = ["DraftState", "Letter", "News", "TicketWriting", "Words"]
