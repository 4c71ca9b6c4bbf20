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

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Unpack

from billtui.client.errors import InvalidInput, NotFound
from billtui.config.errors import UnsafePath
from billtui.domain.models import Account, Department, Ticket, TicketMessage
from billtui.services import planner
from billtui.services.drafts import Draft, DraftKind, Drafts, DraftState, Standing
from billtui.services.letters import Letter, News, Words
from billtui.services.plans import OperationKind, Plan
from billtui.services.session_settings import SIGN_IN_FIRST, NotSignedIn
from billtui.services.session_thread import LoopThread
from billtui.services.ticket_params import object_of

if TYPE_CHECKING:
    from billtui.client import BillingClient
    from billtui.services.session import Session
    from billtui.services.session_core import SessionCore
    from billtui.services.sync import Sync


class Waiting(NamedTuple):
    """Drafts that are not being sent, and wait for their writer."""

    on_tickets: Mapping[str, DraftKind]
    """Raw id of a ticket → what is written on it; an answer before a note."""
    new: int
    """New tickets that were begun."""


NOTHING_WAITS = Waiting({}, 0)


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
            raise NotSignedIn(f"Nobody is signed in, so there are no drafts. {SIGN_IN_FIRST}")
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

        return await self._threads.ask(self._core.ask(work), "Reading the ticket as it is now")

    async def departments(self) -> list[Department]:
        """Whom a ticket can be written to (TKT-1). Raises ClientError."""

        async def work(client: BillingClient, _sync: Sync) -> list[Department]:
            return await client.tickets.departments()

        return await self._threads.ask(self._core.ask(work), "Asking for the departments")

    async def news(self, letter: Letter) -> News:
        """What was written in the thread since the letter's writer saw it; follows a merge (TKT-8, TKT-9).

        Raises ClientError, NotSignedIn; DraftConflict, DraftLocked where a merge is followed.
        """
        ticket = await self._now(letter)
        self._own_counts_as_seen(letter)
        seen = letter.draft.seen
        if seen is not None and ticket.last_message_id is not None and ticket.last_message_id.raw == seen:
            return News(ticket, ())
        try:
            messages = await self._messages(ticket.id.raw, seen)
        except (NotFound, InvalidInput):  # what was seen is not in this thread, as after a split: show it whole
            return News(ticket, tuple(await self._messages(ticket.id.raw, None)))
        if seen is not None and any(one.author_role.raw == "panel" for one in messages):
            # A ticket was merged, or taken out: what came by it may be older than what was seen, and is new here.
            messages = await self._messages(ticket.id.raw, None)
        return News(ticket, tuple(messages))

    async def _messages(self, ticket_id: str, after: str | None) -> list[TicketMessage]:
        async def work(client: BillingClient, _sync: Sync) -> list[TicketMessage]:
            return [one async for page in client.tickets.message_pages(ticket_id, after=after) for one in page.items]

        return await self._threads.ask(self._core.ask(work), "Reading what was written since")

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

    def _own_counts_as_seen(self, letter: Letter) -> None:
        """What this account wrote from this computer directly after what was seen has been seen by its writer (TKT-9).

        Directly: the panel took it on the word that nothing stood between. So a note does not hold the reply after it.
        """
        account = self._session.account
        if account is None or letter.draft.seen is None:
            return
        target = f"ticket:{letter.draft.key.ticket_id}"
        answers = self._session.journal.answers_on(
            account.panel_id.raw, account.account_id.raw, OperationKind.TICKET_REPLY.value, target
        )
        follows = {str(one.get("seen")): object_of(one.get("message")).get("id") for one in answers}
        seen: object = letter.draft.seen
        for _ in answers:
            seen = follows.get(str(seen), seen)
        if isinstance(seen, str) and seen != letter.draft.seen:
            letter.draft = replace(letter.draft, seen=seen)

    # -- sending

    async def plan(
        self, letter: Letter, *, departments: Sequence[Department] | None = None, profile: str | None = None
    ) -> Plan:
        """What would be sent, by the ticket as it is now; the letter is saved first.

        Without operations where it cannot be sent: ``left_out`` says why, as the panel would (``thread-moved-on``,
        ``ticket-closed``, ``body-missing``, ``unresolved-placeholder`` …). ``profile``: its name, where the session's
        own is none (a panel by its address alone). Raises ClientError, NotSignedIn, and what
        :meth:`Letter.save` raises.
        """
        letter.save()
        account = self._session.account
        if account is None:
            raise NotSignedIn("Nobody is signed in, so nothing can be sent. The draft is kept; sign in first.")
        profile = self._session.settings.profile if profile is None else profile
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
        self._own_counts_as_seen(letter)
        letter.save()
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

    def filed(self, letter: Letter, plan: Plan) -> None:
        """The plan of a letter was written to a file instead: applied on this computer, it sends the draft.

        Raises as :meth:`submit`, without the session's part.
        """
        letter.take(self.drafts.filed(letter.draft, plan))

    def waiting(self) -> Waiting:
        """What was begun and waits, for lists and threads to say so; nothing where drafts cannot be read."""
        if self._session.account is None:
            return NOTHING_WAITS
        on_tickets: dict[str, DraftKind] = {}
        new = 0
        try:
            found = self.drafts.all()
        except (OSError, UnsafePath):
            return NOTHING_WAITS
        for draft in found:
            if self.drafts.standing(draft).state not in (DraftState.WRITING, DraftState.RETURNED):
                continue
            if draft.key.kind is DraftKind.NEW:
                new += 1
            elif on_tickets.get(draft.key.ticket_id) is not DraftKind.REPLY:
                on_tickets[draft.key.ticket_id] = draft.key.kind
        return Waiting(on_tickets, new)

    def returned(self) -> list[tuple[Draft, Standing]]:
        """Drafts that were given back, with the reasons: to be told of at a start. Tidies up as well."""
        drafts = self.drafts
        return [(one, drafts.standing(one)) for one in drafts.settle()]


MOST_MERGES = 20
"""So many merges one after the other are followed."""


__all__ = ["DraftState", "Letter", "News", "TicketWriting", "Waiting", "Words"]
