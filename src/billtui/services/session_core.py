"""The inside of a session: client, sign-in, background catching up, executor. Lives in the loop "billtui-reads"."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

from pydantic import SecretStr

from billtui.client.errors import ClientError, SessionExpired, ShutOut
from billtui.config.errors import ConfigError
from billtui.services.giving_way import GivingWay
from billtui.services.reads import Reads
from billtui.services.session_asking import Asking
from billtui.services.session_background import Background
from billtui.services.session_events import (
    AccountChanged,
    ConnectionChanged,
    ConnectionState,
    SessionEvent,
    SignInNeeded,
    StoreChanged,
    StoreTrouble,
)
from billtui.services.session_following import Following
from billtui.services.session_health import Health
from billtui.services.session_jobs import SessionJobs, Touched
from billtui.services.session_keeping import SIGN_IN_REFUSED, Keeping, end_on_panel
from billtui.services.session_limits import KnownLimits
from billtui.services.session_settings import (
    NOBODY,
    CredentialKeeper,
    NotSignedIn,
    SessionSettings,
    SignedIn,
    ended_words,
)
from billtui.services.session_thread import LoopThread, SessionClosed
from billtui.services.store import KnownAccount, KnownAccounts, StoreDamaged, StoreUnavailable
from billtui.services.store_thread import StoreThread

if TYPE_CHECKING:
    from billtui.client import BillingClient
    from billtui.config.credentials import KeepIn, Place
    from billtui.domain.models import Account, Mail
    from billtui.services.sync import Sync

T = TypeVar("T")


class SessionCore:
    """What the facade in ``session.py`` stands before. Coroutines run in the loop; the rest says which thread."""

    def __init__(
        self,
        settings: SessionSettings,
        threads: LoopThread,
        listener: Callable[[SessionEvent], None],
        credentials: CredentialKeeper | None,
    ) -> None:
        self.settings = settings
        self._threads = threads
        self.tell = listener
        self._keeping = Keeping(credentials, settings.login)
        self.store = StoreThread(listener)
        self.reads = Reads(self)
        self._spawn = Background(listener, lambda: self._closing).spawn
        self.jobs = SessionJobs(settings, threads, listener, self._token, self._reread, self._spawn, self._check)
        self._known = KnownAccounts(settings.data_dir)
        self._client: BillingClient | None = None
        self.sync: Sync | None = None
        self.account: Account | None = None
        self._limits = KnownLimits(settings)
        self.signed_in = False
        self.asks = False
        """Whether a start asks a person before it is signed in; noted at the last sign-in."""
        self._closing = False
        self._follows = False
        self._entering = asyncio.Lock()
        self.asking = Asking()
        self.signed = asyncio.Event()
        self.following = Following(self, self._spawn, self._reread)
        self.health = Health(listener, self._skew, settings.slow_seconds)
        self._watched: Counter[str] = Counter()
        self.way = GivingWay()

    # -- from any thread

    @property
    def store_key(self) -> tuple[Path | None, int]:
        """Which file the copy is in, and how often one was put in place."""
        return self.store.path, self.store.builds

    def _token(self) -> SecretStr | None:
        return None if self._client is None else self._client.token

    def report_damage(self, _reason: str) -> None:
        """A reader found the copy damaged: build it anew."""
        self._threads.call(lambda: self._spawn(self._rebuild()))

    def unavailable(self, capability: str) -> str | None:
        """Why ``capability`` cannot be used, or ``None``."""
        if self.signed_in and self._client is not None:
            return self._client.unavailable(capability)
        if self.account is None:
            return NOBODY
        return self._limits.of(self.account).refusal(capability)

    @property
    def web_page(self) -> str:
        """Address of the panel's page for people, where the kind of panel has one to point to."""
        return self._limits.web_page

    # -- coming and going

    async def open(self, *, follow: bool = True) -> None:
        """Open the last account's copy and, with ``follow``, begin to connect."""
        settings = self.settings
        self.asks = self._known.asks(settings.profile) and not self._keeping.is_handed_in
        known = self._known.get(settings.profile, settings.connection.url, settings.login)
        if known is not None and (path := self._known.store(known)).exists():
            await self._open_store(path)
            self.account = await self.store.run(lambda store: store.account())
            if self.account is not None:
                self.tell(AccountChanged(self.account, store_replaced=True))
        if follow:
            self.follow()

    def follow(self) -> None:
        """Connect, and keep the copy up to date from now on, once; a session without background does neither."""
        if self.settings.background and not self._follows and not self._closing:
            self._follows = True
            self._spawn(self.following.follow())
            self._spawn(self.following.copy_messages())

    async def _open_store(self, path: Path) -> None:
        trouble = await self.store.open(path)
        if trouble is not None:
            self.tell(StoreTrouble(trouble))

    async def connect(self) -> Account:
        """Sign in with what is kept, unless that is done. Raises NotSignedIn, CredentialError, ClientError."""
        if self._closing:
            raise SessionClosed("The session has ended.")
        if self.signed_in and self.account is not None:
            return self.account
        async with self._entering:
            if self.signed_in and self.account is not None:
                return self.account
            client = await self.client()
            self.health.show(ConnectionState.CONNECTING, "Connecting")
            if client.token is None:
                try:
                    await self._keeping.use(client)
                except (NotSignedIn, ConfigError, *SIGN_IN_REFUSED) as error:
                    self.health.show(ConnectionState.SIGNED_OUT, str(error))
                    raise
            try:
                account = await client.account.me()
            except SessionExpired as error:
                self._forget_token()
                if isinstance(error, ShutOut):
                    raise NotSignedIn(ended_words(error, by_key=True)) from error
                raise NotSignedIn("The saved sign-in is no longer valid. Sign in again.") from error
            account = await self._adopt(account)
            self._note_asking()
            return account

    def _note_asking(self) -> None:
        """For the next start: whether somebody will have to type something again."""
        if (asks := self._keeping.asks_again) is not None:
            self.asks = asks
            self._known.put_asks(self.settings.profile, asks)

    async def client(self) -> BillingClient:
        """The client, opened at the first use, signed in or not."""
        if self._client is None:
            from billtui.client import BillingClient  # loads the HTTP library: here, after the first frame
            from billtui.services.sync import Sync

            driver, heard = self.settings.driver(), self.following.heard
            client = BillingClient(self.settings.line, on_session_expired=self._renew, driver=driver, on_answer=heard)
            await client.__aenter__()
            self._client = client
            self.sync = Sync(client, self.store, self.tell, self._account_read, self._watched, self.way)
        return self._client

    async def _renew(self) -> SecretStr | None:
        """A read met an expired session: sign in again once, where a password is at hand."""
        token = None if self._client is None else await self._keeping.renew(self._client)
        if token is not None:
            self.jobs.signed_in()
        return token

    async def _adopt(self, account: Account) -> Account:
        """``account`` is who is signed in from now on."""
        settings = self.settings
        known = KnownAccount(account.panel_id.raw, account.account_id.raw, settings.connection.url, account.login.raw)
        path = self._known.store(known)
        replaced = self.store.path != path and not (self.store.is_temporary and self._same(account))
        if replaced:
            if settings.background and self.sync is not None and not path.exists():
                self.sync.expect_load()
            await self._open_store(path)
            self.reads.forget()
        self._known.put(settings.profile, known)
        await self.store.account(account)
        self.account = account
        self.signed_in = True
        self.signed.set()
        self.tell(AccountChanged(account, store_replaced=replaced))
        self.online(0.0)
        if settings.background and not settings.read_only:
            self.jobs.start()
        self.jobs.signed_in()
        return account

    def _same(self, account: Account) -> bool:
        ours = self.account
        return ours is not None and (ours.panel_id, ours.account_id) == (account.panel_id, account.account_id)

    async def _account_read(self, account: Account) -> None:
        """The account was read again."""
        if not self._same(account):
            await self._adopt(account)
            return
        self.account = account  # before the copy changes: who looks at the copy then sees this one
        changed = await self.store.account(account)
        if changed:
            self.tell(AccountChanged(account))

    async def sign_in(
        self, login: str, password: SecretStr, totp: SecretStr | None, keep_in: KeepIn | None = None
    ) -> SignedIn:
        """Sign in as a person typed it, and keep the token."""
        async with self._entering:
            client = await self.client()
            session = await client.sessions.sign_in(login, password, totp)
            self._nobody_yet()  # the token is another one from here on: nothing is read with it into a copy before
            try:
                account = await self._adopt(await client.account.me())
            except asyncio.CancelledError:
                self._forget_token()
                self._spawn(end_on_panel(self.settings, session.token))  # it was left after the panel had accepted it
                raise
        of_password = client.driver.traits.token_is_password
        kept = await self._keeping.keep(session.token, keep_in, of_password=of_password)
        self._note_asking()
        return SignedIn(account, kept)

    async def keeping(self) -> tuple[Place, ...]:
        """Where a token can be kept, the place that is taken by itself first."""
        return await self._keeping.places(of_password=self.settings.driver().traits.token_is_password)

    async def sign_out(self) -> list[str]:
        """End the session on the panel, forget the token here whatever the panel says."""
        left: list[str] = []
        if self._client is not None and self._client.token is not None:
            try:
                await self._client.sessions.sign_out()
            except SessionExpired:
                pass
            except ClientError as error:
                left.append(f"The panel was not told; the session lives there until it expires. {error}")
        self._keeping.forget_password()
        self._forget_token()
        self.jobs.signed_out()
        self._known.forget(self.settings.profile)
        self.account = None
        left += await self._keeping.forget()
        self.tell(SignInNeeded("signed-out"))
        return left

    def forget_password(self) -> str | None:
        """The password at hand is not the account's any more. A sentence where this profile would give it again."""
        return self._keeping.forget_password()

    def _nobody_yet(self) -> None:
        self.signed_in = False
        self.signed.clear()
        self.asking.let_go()

    def _forget_token(self) -> None:
        if self._client is not None:
            self._client.token = None
        self._nobody_yet()
        self.health.show(ConnectionState.SIGNED_OUT, "Not signed in")

    def close(self, end: float) -> None:
        """End everything until the instant ``end`` (monotonic). Called from another thread than the loop's."""
        self._keeping.cancel()
        self.jobs.close(max(0.1, end - monotonic() - 0.6))
        with contextlib.suppress(SessionClosed, TimeoutError, ClientError):
            self._threads.submit(self._finish()).result(max(0.1, end - monotonic() - 0.3))
        self.store.close(max(0.1, end - monotonic() - 0.1), visited=self.settings.background)
        self._keeping.stop()

    async def _finish(self) -> None:
        self._closing = True
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        if rest:
            await asyncio.wait(rest, timeout=0.5)
        if self._client is not None:
            async with asyncio.timeout(0.5):
                await self._client.aclose()

    # -- asking

    async def ask(self, work: Callable[[BillingClient, Sync], Awaitable[T]], *, write: bool = False) -> T:
        """Do ``work`` signed in, and learn from it how the connection is. Raises NotSignedIn, ClientError.

        It ends (SomebodyElse) when somebody signs in or out meanwhile; a ``write`` is waited for even so.
        """
        await self.connect()
        if self._client is None or self.sync is None:
            raise NotSignedIn(NOBODY)
        begun, used = monotonic(), self._client.token
        try:
            async with contextlib.nullcontext() if write else self.asking.as_now():
                answer = await work(self._client, self.sync)
        except SessionExpired as error:
            if not write or used == self._token():  # else it is about the one before
                self.expired(error)
            raise
        except ClientError as error:
            if self.health.failed(error):
                self.following.wake()
            raise
        self.online(monotonic() - begun)
        return answer

    async def mails(self, to: str | None) -> list[Mail]:
        """The sandbox's mails, signed in or not: a recovery code is wanted before one is. Raises ClientError."""
        client = await self.client()
        return await client.mailbox.list(to)

    async def refresh(self, full: bool) -> StoreChanged | None:
        """Catch up now. Raises ClientError, NotSignedIn."""
        self.following.wake()
        try:
            return await self.ask(lambda _client, sync: sync.catch_up(full=full))
        except StoreDamaged:
            return await self.ask(lambda _client, sync: sync.catch_up(full=True))

    def expired(self, error: SessionExpired) -> None:
        if self.signed_in:
            by_key = self.account is not None and self.account.signed_in_by.raw == "api-key"
            self._forget_token()
            self.tell(SignInNeeded("expired", ended_words(error, by_key=by_key)))

    # -- in the background

    def watch(self, ticket_id: str, by: int) -> None:
        """One more, or one less, looks at a thread; what is written in it is copied first. In the loop."""
        self._watched[ticket_id] += by
        self._watched += Counter()  # keeps what is above zero

    async def _rebuild(self) -> None:
        with contextlib.suppress(ClientError, NotSignedIn, StoreDamaged, StoreUnavailable, ConfigError):
            await self.store.rebuild()
            if self.signed_in and self.sync is not None:
                await self.sync.account()
                await self.sync.catch_up(full=True)

    def _check(self) -> None:
        """A job was told that the session is over: see for ourselves at once."""
        self._spawn(self._reread(Touched()))

    async def _reread(self, what: Touched) -> None:
        """What a job touched, into the copy at once."""

        async def work(_client: BillingClient, sync: Sync) -> None:
            await sync.touched(what)

        with contextlib.suppress(ClientError, NotSignedIn, StoreDamaged, StoreUnavailable, ConfigError):
            await self.ask(work)

    def now(self) -> datetime:
        """The panel's time where it is known. From any thread."""
        return datetime.now(UTC) + (self._skew() or timedelta())

    def _skew(self) -> timedelta | None:
        return None if self._client is None else self._client.clock_skew

    def online(self, seconds: float) -> None:
        if self.signed_in:
            self.health.answered(seconds)

    @property
    def connection(self) -> ConnectionChanged:
        """The connection as last told."""
        return self.health.now
