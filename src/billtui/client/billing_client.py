"""The client as a whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Self, TypeVar

from pydantic import SecretStr

from billtui.client.auth import Credentials, Renewer
from billtui.client.drivers import Driver
from billtui.client.drivers.billing_v1.driver import BillingV1
from billtui.client.drivers.capabilities import Limits
from billtui.client.drivers.traits import NO_PANEL_ID
from billtui.client.errors import CapabilityMissing
from billtui.client.exchange import Call, Request
from billtui.client.resources.account import AccountResource
from billtui.client.resources.balance import Balance
from billtui.client.resources.catalogue import Catalogue
from billtui.client.resources.changes import Changes
from billtui.client.resources.invoices import Invoices
from billtui.client.resources.mailbox import Mailbox
from billtui.client.resources.operations import Operations
from billtui.client.resources.orders import Orders
from billtui.client.resources.outcomes import Outcomes
from billtui.client.resources.purchases import Purchases
from billtui.client.resources.quotes import Quotes
from billtui.client.resources.sessions import Sessions
from billtui.client.resources.staff import Staff
from billtui.client.resources.tickets import Tickets
from billtui.client.resources.transfers import Transfers
from billtui.client.runner import Runner
from billtui.client.settings import ConnectionSettings
from billtui.client.transport import Transport
from billtui.client.turns import Turns, let_go, shared_turns
from billtui.client.unread import UnreadPage
from billtui.domain.models import Account, Page
from billtui.domain.safetext import SafeText

T = TypeVar("T")


class BillingClient:
    """A billing panel, typed and asynchronous.

    Use it with ``async with``, in one event loop. Reads are repeated on trouble within their deadline; writes take a
    :class:`~billtui.client.settings.Write`, are sent exactly once, and raise ``OutcomeUnknown`` if the answer is lost.
    Every failure is a :class:`~billtui.client.errors.ClientError`.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        token: SecretStr | None = None,
        *,
        on_session_expired: Renewer | None = None,
        driver: Driver | None = None,
        on_answer: Callable[[], None] | None = None,
    ) -> None:
        """``on_session_expired`` gives reads a new token, once per read; ``on_answer`` hears of every answer of the
        panel, a clear no included, and of no trouble on the way to it: it is whoever shows how the line is to a person,
        who need not wait while the circuit is open. Raises ``ConfigurationProblem``."""
        self.driver: Driver = driver if driver is not None else BillingV1()
        self.settings = settings = settings.below(self.driver.traits.door)
        self._origin = settings.address().origin
        self._whole_address = f"{self._origin}{settings.address().path}"
        self._place = f"{settings.address().place}{settings.address().path}{self.driver.traits.door}"
        settings.pinned()  # said now rather than when it is opened
        self._credentials = Credentials(token, on_session_expired)
        self._transport = Transport(settings)
        self._runner = Runner(self._transport, self._credentials, self.driver.authorised, self.driver.traits.pace)
        if on_answer is not None:
            self._runner.heard, self._runner.for_people = on_answer, True
        self._turns: Turns | None = None
        self._limits = Limits.of(self.driver, settings.url, None)
        self.sessions = Sessions(self, self._keep)
        self.account = AccountResource(self, self._learn)
        self.catalogue = Catalogue(self)
        self.orders = Orders(self)
        self.quotes = Quotes(self)
        self.purchases = Purchases(self)
        self.invoices = Invoices(self)
        self.balance = Balance(self)
        self.transfers = Transfers(self)
        self.mailbox = Mailbox(self)
        self.tickets = Tickets(self)
        self.staff = Staff(self)
        self.changes = Changes(self)
        self.operations = Operations(self)
        self.outcomes = Outcomes(self)

    def __repr__(self) -> str:
        """Shows the panel, never the token."""
        return f"<BillingClient {getattr(self, '_origin', '')}>"

    async def __aenter__(self) -> Self:
        """Open: loads the HTTP library and the certificates; nothing is sent yet."""
        await self._transport.__aenter__()
        if self._turns is None:
            account = f"{self._whole_address} {self.settings.account}"
            self._turns = shared_turns(account, self.driver.traits.pace, self.settings.locks)
            self._runner.turns = self._turns
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        turns, self._turns = self._turns, None
        if turns is not None:
            let_go(turns)
        await self._transport.aclose()

    async def run(self, request: Request[T]) -> T:
        """Carry out one request of the driver. Raises ``ClientError``."""
        self._check(request)
        return await self._runner.run(request)

    async def unread(self, request: Request[Page[T]]) -> UnreadPage[T]:
        """Carry out one request for a page of a list, and leave the reading to the caller where that can be done apart.

        Raises ``ClientError``.
        """
        self._check(request)
        if isinstance(request, Call) and request.page is not None:
            return await self._runner.unread(request)
        return UnreadPage.read_already(await self._runner.run(request), self._transport.place)

    def _check(self, request: Request[T]) -> None:
        if request.capability is not None:
            reason = self.unavailable(request.capability)
            if reason is not None:
                raise CapabilityMissing(reason)

    @property
    def token(self) -> SecretStr | None:
        """The session token or API key in use."""
        return self._credentials.token

    @token.setter
    def token(self, token: SecretStr | None) -> None:
        self._keep(token)

    @property
    def capabilities(self) -> frozenset[str]:
        """What can be done: what the panel's kind can, narrowed by the account once ``account.me()`` was called."""
        return self._limits.can

    def unavailable(self, capability: str) -> str | None:
        """Why ``capability`` cannot be used here and what to do instead, or ``None`` if it can."""
        return self._limits.refusal(capability)

    @property
    def clock_skew(self) -> timedelta | None:
        """Panel's clock minus this machine's, exact to about a second; ``None`` before the first answer."""
        return self._transport.clock_skew

    def _keep(self, token: SecretStr | None) -> None:
        self._credentials.token = token
        self._limits = Limits.of(self.driver, self.settings.url, None)

    def _learn(self, account: Account) -> Account:
        # A panel that sends no list at all leaves it to the refusals of the single calls.
        self._limits = Limits.of(self.driver, self.settings.url, account.capabilities or None)
        told: dict[str, SafeText] = {}
        if account.panel_id.raw == NO_PANEL_ID:
            told["panel_id"] = SafeText(self._whole_address[:200])
        if not account.panel_name:
            told["panel_name"] = SafeText(self._place[:200])
        return account.model_copy(update=told) if told else account
