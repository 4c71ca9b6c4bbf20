"""The session: the one facade for screens and command line over store, reads, sign-in and jobs.

It owns the threads ("billtui-reads" with its own loop and client, "billtui-store" that alone writes the copy, and the
executor's). Every method here is called from one thread, the interface's; ``async`` ones are awaited in its loop and
can be cancelled without harm. What happens meanwhile comes as events through the listener, from the session's threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final, Self
from weakref import WeakValueDictionary

from pydantic import SecretStr

from billtui.config.kinds import USUAL_KIND
from billtui.domain.policy import DEFAULT_POLICY, NO_LOYALTY, Policy
from billtui.services.account_care import AccountCare
from billtui.services.own_files import OwnFiles
from billtui.services.plan_names import PlanNames
from billtui.services.recovery import Recovery
from billtui.services.session_core import SessionCore
from billtui.services.session_events import ConnectionState
from billtui.services.session_reads import SessionReads
from billtui.services.session_settings import (
    AlienPlan,
    Catalogue,
    CredentialKeeper,
    NotSignedIn,
    ReadOnlySession,
    SentAlready,
    SessionSettings,
    SignedIn,
    check_plan,
)
from billtui.services.session_thread import LoopThread, SessionClosed
from billtui.services.staff import is_staff
from billtui.services.store import HeldRows, StoreReader
from billtui.services.ticket_desk import TicketDesk
from billtui.services.waits import Leaving, Question

if TYPE_CHECKING:
    from billtui.client.drivers.traits import Traits
    from billtui.config.credentials import KeepIn, Place
    from billtui.domain.models import (
        Account,
    )
    from billtui.services.executor import Executor
    from billtui.services.journal.reader import JournalReader
    from billtui.services.overview import Ahead, Overview
    from billtui.services.paid_ahead import PaidAhead, PaidRenewals
    from billtui.services.plans import Plan
    from billtui.services.session_events import ConnectionChanged, SessionEvent
    from billtui.services.ticket_writing import TicketWriting

__all__ = [
    "AlienPlan",
    "Catalogue",
    "NotSignedIn",
    "ReadOnlySession",
    "Session",
    "SessionClosed",
    "SessionSettings",
    "SignedIn",
]

CLOSE_SECONDS = 2.0
SIGNING_IN: Final = Question("Signing in", left="Nobody is signed in by it.")
SIGNING_OUT: Final = Question("Signing out", Leaving.HOLDS)


class Session(SessionReads):
    """One profile at work. Use it as ``async with Session(settings, …) as session``.

    ``listener`` gets every event, called from the session's own threads. ``credentials`` is where the secret comes
    from and where a token is kept (config's CredentialStore).
    """

    def __init__(
        self,
        settings: SessionSettings,
        *,
        listener: Callable[[SessionEvent], None] | None = None,
        credentials: CredentialKeeper | None = None,
    ) -> None:
        self.settings = settings
        self._threads = LoopThread("billtui-reads")
        self._core = SessionCore(settings, self._threads, listener or _nobody, credentials)
        self.care = AccountCare(self._threads, self._core)
        """Password, second factor, API keys, sessions: single calls that are neither journalled nor repeated (ACC)."""
        self.recovery = Recovery(self._threads, self._core)
        """A forgotten password: single calls that are neither journalled nor repeated (ACC-3)."""
        self.plan_names = PlanNames()
        self._writing: TicketWriting | None = None
        self.tickets = TicketDesk(self._threads, self._core, lambda: self.store, lambda: self.own)
        """Threads, read marks, and the single calls about tickets that are no plans (TKT)."""
        self._held: WeakValueDictionary[str, HeldRows] = WeakValueDictionary()
        self._reader: StoreReader | None = None
        self._reader_key: tuple[Path | None, int] | None = None
        self._journal: JournalReader | None = None
        self._paid_renewals: PaidRenewals | None = None
        self._own: OwnFiles | None = None
        self._opened = False
        self._closed = False

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @cached_property
    def traits(self) -> Traits:
        """How this kind of panel behaves where panels differ."""
        return self.settings.driver().traits

    def typed(self) -> None:
        """Somebody has typed: copying lists gives way for a moment, and a panel that was gone is looked at.

        From any thread.
        """
        self._core.way.typed()
        if self._core.connection.state is ConnectionState.OFFLINE:
            self._threads.call(self._core.following.typed)

    @property
    def policy(self) -> Policy:
        """The rules by which amounts are worked out here: without loyalty where the panel's is not known."""
        return DEFAULT_POLICY if self.traits.loyalty else NO_LOYALTY

    # -- coming and going

    async def open(self, *, follow: bool = True) -> None:
        """Show what is known: opens the last account's copy, starts the executor, and begins to connect.

        Returns without waiting for the network. With ``settings.background`` the copy is kept up to date from now on
        (with ``follow``, else from :meth:`follow` on); without, nothing is asked of the panel until :meth:`connect` or
        a read is called.
        """
        if not self._opened:
            self._opened = True
            self._threads.start()
            await self._threads.ask(self._core.open(follow=follow))

    @property
    def asks(self) -> bool:
        """Whether somebody is asked for something before this session is signed in, by what the last start noted."""
        return self._core.asks

    def follow(self) -> None:
        """Begin to connect and keep the copy up to date, where :meth:`open` did not."""
        self._threads.call(self._core.follow)

    async def connect(self) -> Account:
        """The account, once the panel has answered with the saved secret.

        Raises NotSignedIn where there is no usable secret, CredentialError, ClientError.
        """
        return await self._threads.ask(self._core.connect())

    async def sign_in(
        self, login: str, password: SecretStr, totp: SecretStr | None = None, *, keep_in: KeepIn | None = None
    ) -> SignedIn:
        """Sign in and keep the token, in ``keep_in`` where the keeper has a choice (:meth:`keeping`).

        Raises SignInRefused, TotpRequired, LockedOut, other ClientErrors (ACC-6).
        """
        return await self._threads.ask(self._core.sign_in(login, password, totp, keep_in), SIGNING_IN)

    async def keeping(self) -> tuple[Place, ...]:
        """Where a token can be kept, the place that is taken by itself first."""
        return await self._threads.ask(self._core.keeping())

    async def sign_out(self) -> list[str]:
        """End this session on the panel and forget the token; one line for each place where it may still be."""
        return await self._threads.ask(self._core.sign_out(), SIGNING_OUT)

    async def close(self) -> None:
        """End everything, within two seconds whatever hangs. What was confirmed stays in the journal."""
        if self._closed:
            return
        self._closed = True
        end = monotonic() + CLOSE_SECONDS
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        if self._journal is not None:
            self._journal.close()
        if self._opened:
            done: asyncio.Future[None] = asyncio.get_running_loop().run_in_executor(None, self._close, end)
            await asyncio.shield(done)

    def _close(self, end: float) -> None:
        self._core.close(end)
        self._threads.stop(max(0.1, end - monotonic()))

    # -- what is known without asking

    @property
    def account(self) -> Account | None:
        """The account as last read from the panel or its copy; ``None`` before the first sign-in."""
        return self._core.account

    @property
    def closed(self) -> bool:
        """Whether it has ended: from then on the copy cannot be read."""
        return self._closed

    @property
    def signed_in(self) -> bool:
        """Whether the panel has accepted the secret in this session."""
        return self._core.signed_in

    @property
    def read_only(self) -> bool:
        """Whether nothing may be changed through this session."""
        return self.settings.read_only

    @property
    def store(self) -> StoreReader:
        """The copy to read from; an empty one before an account is known. Ask anew after AccountChanged."""
        if self._closed:
            raise SessionClosed("The session has ended.")
        key = self._core.store_key
        if self._reader is None or self._reader_key != key:
            if self._reader is not None:
                self._reader.close()
            self._reader = StoreReader(key[0], self._core.report_damage)
            self._reader_key = key
        return self._reader

    def held(self, name: str) -> HeldRows:
        """What was read of a list by whoever shows it now, for the store to go on from: one for all of them."""
        found = self._held.get(name)
        if found is None:
            found = self._held[name] = HeldRows()
        return found

    @property
    def own(self) -> OwnFiles | None:
        """What a person keeps about this account on this computer; ``None`` before one is known."""
        account = self.account
        if account is None:
            return None
        if self._own is None or not self._own.is_of(account):
            self._own = OwnFiles(self.settings.state_dir, account)
        return self._own

    @property
    def writing(self) -> TicketWriting:
        """Drafts of tickets, replies and notes, and sending them (TKT)."""
        if self._writing is None:
            from billtui.services.ticket_writing import TicketWriting  # with the planner and the review: when wanted

            self._writing = TicketWriting(self, self._threads, self._core)
        return self._writing

    @property
    def journal(self) -> JournalReader:
        """The journal to read from: jobs and their operations."""
        if self._journal is None:
            from billtui.services.journal.reader import JournalReader

            self._journal = JournalReader(self.settings.journal_path)
        return self._journal

    def paid_ahead(self) -> Mapping[str, PaidAhead]:
        """Renewals that are paid while the panel may not have moved the ends yet, by raw order id; empty on panels that
        move them at once."""
        account = self.account
        if not self.traits.late_terms or account is None:
            return {}
        if self._paid_renewals is None:
            from billtui.services.paid_ahead import PaidRenewals

            self._paid_renewals = PaidRenewals(self.journal)
        return self._paid_renewals.of(account.panel_id.raw, account.account_id.raw, self.now())

    @property
    def owner(self) -> str | None:
        """The name by which this program's operations go in the journal; ``None`` before it has any."""
        return self._core.jobs.owner

    @property
    def executor(self) -> Executor:
        """What does the confirmed plans. Raises ReadOnlySession, JournalError where the journal cannot be used."""
        return self._core.jobs.executor

    @property
    def connection(self) -> ConnectionChanged:
        """How it stands with the panel, as last told."""
        return self._core.connection

    def now(self) -> datetime:
        """The panel's time, as far as its answers tell; else this computer's."""
        return self._core.now()

    def overview(self, ahead: Ahead | None = None) -> Overview:
        """What is owed, what runs out, what will fail, what changed; from the copy.

        ``ahead`` is what will fail, where it was worked out already.
        """
        from billtui.services.overview import overview

        found = overview(self.store, self.now(), self.policy, ahead=ahead, unread=self.tickets.unread_of_mine())
        if found.account is None or is_staff(found.account):
            return found
        has_invoices = found.unpaid.count > 0 or self.unavailable("invoices") is None
        return replace(found, has_invoices=has_invoices, two_purses=found.account.affiliate is not None)

    def unavailable(self, capability: str) -> str | None:
        """Why the panel cannot do ``capability`` for this account, or ``None`` where it can."""
        return self._core.unavailable(capability)

    @property
    def web_page(self) -> str:
        """Address of the panel's page for what cannot be done from here; empty where none is known, or none needed."""
        return self._core.web_page

    @property
    def has_recovery(self) -> bool:
        """Whether this kind of panel gives a forgotten password anew from here (ACC-3)."""
        kind = self.settings.kind
        return kind == USUAL_KIND or "account.recovery" in self.settings.driver().capabilities

    # -- writes: only through plans

    def submit(self, plan: Plan, *, hold_seconds: float = 0, codes: Mapping[int, SecretStr] | None = None) -> str:
        """Journal a confirmed plan and have it done; the id of its job.

        ``codes`` are the one-time codes of its operations, by number (TRF-2): ``plan.coded`` says which need one. They
        are kept in memory until their operations are over, and written nowhere.

        Raises ReadOnlySession, NotSignedIn, AlienPlan (of another panel or account), CodeNeeded, SentAlready,
        JournalError.
        """
        from billtui.services.letters_sent import sent_by_another

        if self._closed:
            raise SessionClosed("The session has ended.")
        check_plan(self.settings, self.account if self.signed_in else None, plan, codes)
        if (job_id := sent_by_another(self.journal, plan)) is not None:
            raise SentAlready(
                f"This ticket was sent already, word for word, by job {job_id[:12]}. Nothing was sent now."
            )
        return self._core.jobs.submit(plan, hold_seconds, codes)


def _nobody(_event: SessionEvent) -> None:
    """For a session that nobody listens to."""
