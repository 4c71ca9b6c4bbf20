"""Tickets beyond the copy: threads read whole, what was read, and the single calls that are no plans (TKT).

What is written to a ticket goes by a plan, as everything that changes. Server access is the exception (TKT-4): giving
and reading it are single calls with secrets, neither journalled nor repeated; what a lost answer means is said in
words. Presence is advice (TKT-9). Everything else here only reads.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import SecretStr, TypeAdapter, ValidationError

from billtui.client.errors import ClientError, OutcomeUnknown
from billtui.domain.ids import clean_id
from billtui.services.read_marks import unread_tickets
from billtui.services.session_settings import NotSignedIn, ReadOnlySession
from billtui.services.staff import is_staff
from billtui.services.store import StoreDamaged, StoreReader, StoreUnavailable, TicketRow
from billtui.services.waits import Leaving, Question, asking

if TYPE_CHECKING:
    from billtui.client import BillingClient
    from billtui.domain.models import (
        Account,
        CannedReply,
        Department,
        Doing,
        Invoice,
        Order,
        Page,
        Presence,
        RevealedAccess,
        ShiftSummary,
        Ticket,
    )
    from billtui.services.own_files import OwnFiles
    from billtui.services.read_marks import ReadMark
    from billtui.services.session_core import SessionCore
    from billtui.services.session_thread import LoopThread
    from billtui.services.sync import Sync

T = TypeVar("T")
MOST_OF_ACCOUNT: Final = 1_000
"""Orders or invoices of a customer that are asked for at most."""
LOST_GIVEN = (
    "Whether support has the access now is not known: the ticket shows it once the panel answers. If it does not, give"
    " it again. Nothing was sent twice."
)
LOST_REVEALED = (
    "The access did not arrive, but the reading may be in the ticket's log with your reason. Ask again if it is still"
    " needed: that is a second reading."
)


@cache
def _departments() -> TypeAdapter[list[Department]]:
    """Made when departments are first read."""
    from billtui.domain.models import Department

    return TypeAdapter(list[Department])


class TicketDesk:
    """``session.tickets``. Await it in the interface's loop; raises NotSignedIn and ClientErrors."""

    def __init__(
        self,
        threads: LoopThread,
        core: SessionCore,
        store: Callable[[], StoreReader],
        own: Callable[[], OwnFiles | None],
    ) -> None:
        self._threads = threads
        self._core = core
        self._store = store
        self._own = own
        self._departments: list[Department] | None = None
        self._account: tuple[str, str] | None = None
        self._known_unread: dict[str, tuple[tuple[object, ...], frozenset[str]]] = {}

    # -- threads

    async def thread(self, ticket_id: str) -> Ticket:
        """A ticket, and its whole thread into the copy; answers when ``store.messages`` has all of it.

        It asks only for what was written since the last message that is held. Raises NotFound.
        """

        async def work(_client: BillingClient, sync: Sync) -> Ticket:
            return await sync.messages.thread(await self._raw(ticket_id))

        return await self._ask(work, "Reading the ticket")

    async def tickets_by_ids(self, ids: Iterable[str]) -> list[Ticket]:
        """Several tickets in full, in the order given; those that are gone are left out (and of the copy)."""
        wanted = list(ids)

        async def work(_client: BillingClient, sync: Sync) -> list[Ticket]:
            return await sync.tickets(await self._core.reads.raw_ids("ticket", wanted))

        return await self._ask(work, "Reading the ticket" if len(wanted) == 1 else f"Reading {len(wanted)} tickets")

    async def copy_messages(self) -> None:
        """Copy the messages that are kept here by themselves, once: what a session in the background does anyway."""
        await self._ask(lambda _client, sync: sync.messages.copy(self._core.now()))

    @contextlib.contextmanager
    def watching(self, ticket_id: str) -> Iterator[None]:
        """While a thread is looked at: what is written in it is copied before anything else that changed."""
        self.watch(ticket_id)
        try:
            yield
        finally:
            self.unwatch(ticket_id)

    def watch(self, ticket_id: str) -> None:
        """Somebody looks at this thread from now on; as often as it is watched, :meth:`unwatch` it."""
        self._threads.call(lambda: self._core.watch(clean_id(ticket_id), 1))

    def unwatch(self, ticket_id: str) -> None:
        """Nobody does any more."""
        self._threads.call(lambda: self._core.watch(clean_id(ticket_id), -1))

    # -- what was read

    def seen(self, ticket_id: str) -> ReadMark | None:
        """Up to which message a ticket was read on this computer."""
        own = self._own()
        return None if own is None else own.read_marks.seen(ticket_id)

    def mark_seen(self, ticket_id: str, message_id: str) -> bool:
        """It was read up to this message, and what is older. True where that is news. Raises UnsafePath, OSError."""
        own = self._own()
        if own is None:
            return False
        store = self._store()
        at = store.message_time(ticket_id, message_id)
        if at is None:
            row = store.ticket_row(ticket_id)
            at = 0 if row is None else row.updated_at
        return own.read_marks.mark(ticket_id, message_id, at, store)

    def is_unread(self, row: TicketRow) -> bool:
        """Whether the other side wrote last in this ticket, and that was not read here yet."""
        own = self._own()
        return own is not None and own.read_marks.is_unread(row, self._store(), staff=self.is_staff)

    def unread(self) -> frozenset[str]:
        """Ids of the tickets in which the other side wrote last and that were not read here yet, from the copy."""
        return self._unread("all", None)

    def unread_of_mine(self) -> frozenset[str]:
        """The same; of staff only the tickets that it has taken. What a person is told of wherever it is."""
        account = self._core.account
        if account is None or not self.is_staff:
            return self.unread()
        return self._unread("mine", str(account.login))

    def _unread(self, what: str, assignee: str | None) -> frozenset[str]:
        own, store = self._own(), self._store()
        if own is None:
            return frozenset()
        marks = own.read_marks
        marks.refresh()
        state = (store, store.generation(), marks, marks.changes, assignee, self.is_staff)
        known = self._known_unread.get(what)
        if known is None or known[0] != state:
            known = (state, unread_tickets(store, marks, staff=self.is_staff, assignee=assignee))
            self._known_unread[what] = known
        return known[1]

    @property
    def is_staff(self) -> bool:
        """Whether whoever is signed in works for the panel's support: sees notes, other people's tickets, the queue."""
        return is_staff(self._core.account)

    # -- single questions

    async def departments(self) -> list[Department]:
        """Whom a ticket can be written to (TKT-1): asked for once in a session; without network as last known."""
        account = self._core.account
        mine = None if account is None else (account.panel_id.raw, account.account_id.raw)
        if self._departments is not None and self._account == mine:
            return self._departments

        async def work(client: BillingClient, _sync: Sync) -> list[Department]:
            found = await client.tickets.departments()
            text = _departments().dump_json(found).decode()
            with contextlib.suppress(StoreUnavailable):
                await self._core.store.run(lambda store: store.set_meta(departments=text))
            return found

        try:
            found = await self._ask(work)
        except (ClientError, NotSignedIn):
            known = self._departments_known()
            if not known:
                raise
            return known
        self._departments, self._account = found, mine
        return found

    def _departments_known(self) -> list[Department]:
        try:
            return _departments().validate_json(self._store().meta("departments") or "[]")
        except ValidationError:
            return []

    async def canned_replies(self) -> list[CannedReply]:
        """All canned replies (TKT-8). Raises Forbidden for a client."""

        async def work(client: BillingClient, _sync: Sync) -> list[CannedReply]:
            return list(await client.staff.canned_replies())

        return await self._ask(work, "Reading the canned replies")

    async def save_attachment(self, attachment_id: str, path: Path, *, replace: bool = False) -> int:
        """An attachment into a file, never run, mode 0600; its size in bytes (TKT-6).

        Over a file that is there, also since it was asked about, only to ``replace`` it. Raises ConfigurationProblem.
        """
        raw = str(getattr(attachment_id, "raw", attachment_id))

        async def work(client: BillingClient, _sync: Sync) -> int:
            return await client.tickets.download(raw, path, replace=replace)

        return await self._ask(work, "Fetching the file")

    async def presence(self, ticket_id: str, doing: Doing) -> list[Presence]:
        """Say what one does on a ticket; who else is there (TKT-9). Through a read-only profile nothing is said."""
        if self._core.settings.read_only:
            return []

        async def work(client: BillingClient, _sync: Sync) -> list[Presence]:
            return list(await client.staff.presence(await self._raw(ticket_id), doing))

        return await self._ask(work)

    async def summary(self, since: datetime, login: str | None = None) -> ShiftSummary:
        """What was done since then, by one or by all, and what is left (TKT-10)."""

        async def work(client: BillingClient, _sync: Sync) -> ShiftSummary:
            return await client.staff.summary(since, login)

        return await self._ask(work, "Summing up the shift")

    # -- a customer's card (ACC-7)

    async def account(self, account_id: str) -> Account:
        """A customer's account; for staff."""
        raw = str(getattr(account_id, "raw", account_id))

        async def work(client: BillingClient, _sync: Sync) -> Account:
            return await client.staff.account(raw)

        return await self._ask(work, "Reading the customer")

    async def orders_of(self, account_id: str) -> list[Order]:
        """A customer's orders, at most :data:`MOST_OF_ACCOUNT`; for staff. They do not go into the copy."""
        raw = str(getattr(account_id, "raw", account_id))

        async def work(client: BillingClient, _sync: Sync) -> list[Order]:
            return await _first(client.orders.pages(limit=500, account_id=raw))

        return await self._ask(work, "Reading the customer's orders")

    async def invoices_of(self, account_id: str) -> list[Invoice]:
        """A customer's invoices, at most :data:`MOST_OF_ACCOUNT`; for staff. They do not go into the copy."""
        raw = str(getattr(account_id, "raw", account_id))

        async def work(client: BillingClient, _sync: Sync) -> list[Invoice]:
            return await _first(client.invoices.pages(limit=500, account_id=raw))

        return await self._ask(work, "Reading the customer's invoices")

    # -- server access (TKT-4)

    async def give_access(self, ticket_id: str, access: SecretStr) -> None:
        """Give support access to the ticket's server, or replace what was given. Sent once; kept nowhere here.

        Raises ReadOnlySession, ``RuleRefused`` (``ticket-closed``), OutcomeUnknown with what to do then.
        """

        async def work(client: BillingClient) -> None:
            await client.tickets.give_access(await self._raw(ticket_id), access)

        await self._secret(work, LOST_GIVEN, ticket_id)

    async def reveal_access(self, ticket_id: str, reason: str) -> RevealedAccess:
        """Read the server access; the panel logs it with ``reason``, and the client sees that. For support.

        Raises ReadOnlySession, ``RuleRefused`` (``no-access-given``, ``access-wiped``, ``reason-missing``),
        OutcomeUnknown with what to do then.
        """

        async def work(client: BillingClient) -> RevealedAccess:
            return await client.staff.reveal_access(await self._raw(ticket_id), reason)

        return await self._secret(work, LOST_REVEALED, ticket_id)

    async def _secret(self, call: Callable[[BillingClient], Awaitable[T]], meaning: str, ticket_id: str) -> T:
        """A call that is sent once; afterwards the ticket is read again, whose state and log it changed."""
        if self._core.settings.read_only:
            raise ReadOnlySession("This profile is read-only; nothing is changed through it.")

        async def work(client: BillingClient, sync: Sync) -> T:
            try:
                return await call(client)
            except OutcomeUnknown as error:
                raise OutcomeUnknown(error.cause_error, meaning) from None
            finally:
                with contextlib.suppress(ClientError, StoreDamaged, StoreUnavailable):
                    await sync.tickets([await self._raw(ticket_id)])

        with asking(Question("Waiting for the panel's answer", Leaving.HOLDS)):
            return await asyncio.shield(asyncio.wrap_future(self._threads.submit(self._core.ask(work, write=True))))

    # -- how it is asked

    async def _raw(self, ticket_id: str) -> str:
        return (await self._core.reads.raw_ids("ticket", [ticket_id]))[0]

    async def _ask(self, work: Callable[[BillingClient, Sync], Awaitable[T]], words: str = "") -> T:
        return await self._threads.ask(self._core.ask(work), words)


async def _first(pages: AsyncIterator[Page[T]]) -> list[T]:
    found: list[T] = []
    async for page in pages:
        found += page.items
        if len(found) >= MOST_OF_ACCOUNT:
            break
    return found[:MOST_OF_ACCOUNT]
