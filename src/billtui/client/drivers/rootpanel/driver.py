"""The driver for RootPanel's gateway: what it can, and each call of the client as one of its nine commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self, TypeVar

from pydantic import SecretStr

from billtui.client.auth import plain_token, with_fields
from billtui.client.drivers import Query
from billtui.client.drivers.acts import Act, Finding, Picture
from billtui.client.drivers.partial import PartialDriver
from billtui.client.drivers.rootpanel import reading
from billtui.client.drivers.rootpanel.assumed import ASSUMED, OPTIONS, Assumed
from billtui.client.drivers.rootpanel.buying import Shop, bare
from billtui.client.drivers.rootpanel.calling import command
from billtui.client.drivers.rootpanel.memory import Memory
from billtui.client.drivers.rootpanel.outcomes import Outcomes
from billtui.client.drivers.traits import Traits
from billtui.client.errors import (
    CapabilityMissing,
    ConfigurationProblem,
    Refused,
    SessionExpired,
    ShutOut,
    SignInRefused,
)
from billtui.client.exchange import Conversation, Exchange, Kind, Request, Steps, ask, at_once
from billtui.client.pace import Pace
from billtui.client.settings import Write
from billtui.domain.models import (
    Account,
    Addon,
    BoughtOrders,
    Invoice,
    Location,
    Order,
    OrderRequest,
    Page,
    Plan,
    Quote,
    SessionToken,
    StockItem,
)
from billtui.domain.money import Money

T = TypeVar("T")
KEEPS: Final = timedelta(days=3650)
"""An API key does not end by itself."""
_MARK: Final = "rootpanel:"
ROOTPANEL: Final = Traits(
    title="RootPanel",
    keys=False,
    loyalty=False,
    renews_together=False,
    buys_together=False,
    renewal_pays=True,
    purchase_pays=True,
    ways_assumed=True,
    secret="API key",
    pace=Pace(at_once=2, between=0.5),
    web="billing.php",
)
"""Two commands at a time, half a second apart: it answers within 5 to 10 seconds, and no limit is documented."""
_ACTIONS: Final[Mapping[str, str]] = {
    "suspend": "suspendOrder", "unsuspend": "unSuspendOrder", "reinstall": "reinstallOrder",
}  # fmt: skip
_OPTIONAL: Final[Mapping[str, str]] = {
    "start": "command_start", "stop": "command_stop", "reset": "command_reset", "reboot": "command_reboot",
}  # fmt: skip


class RootPanel(PartialDriver):
    """Driver for panels that offer the gateway ``apih.php``. Its address ends with that, in whatever folder."""

    name = "rootpanel"
    capabilities = frozenset(
        {"sign-in", "account", "orders", "catalogue", "orders.new", "orders.renew", "orders.power"}
    )
    assumed: Mapping[str, str] = ASSUMED
    options: Mapping[str, str] = OPTIONS
    traits: Traits = ROOTPANEL

    def __init__(self, login: str = "", assumed: Assumed | None = None) -> None:
        """``login`` is the profile's; one that was typed at signing in goes with the token."""
        self._login = login
        self._asked_as = ""
        self._assumed = assumed or Assumed.of({})
        self._memory = Memory(self._assumed)
        self._shop = Shop(self._assumed, self._memory)
        self._outcomes = Outcomes(self._assumed, self._memory, self._shop)
        self.traits = replace(
            ROOTPANEL,
            renewal_pays=self._assumed.text("renewal") == "debit",
            purchase_pays=self._assumed.text("purchase") == "debit",
            ways_assumed=not (self._assumed.is_said("renewal") and self._assumed.is_said("purchase")),
        )

    @classmethod
    def for_profile(cls, login: str, options: Mapping[str, str]) -> Self:
        """Raises ``ConfigurationProblem`` for an option that there is not."""
        return cls(login, Assumed.of(options))

    # Who asks

    def authorised(self, exchange: Exchange, token: SecretStr) -> Exchange:
        """Login and key go as fields of every request."""
        login, key = self._who(token)
        self._asked_as = login
        return with_fields(exchange, ("login", login), ("apikey", SecretStr(key)))

    def _who(self, token: SecretStr) -> tuple[str, str]:
        text = plain_token(token)
        if text.startswith(_MARK):
            coded, _, key = text.removeprefix(_MARK).partition(":")
            try:
                return bytes.fromhex(coded).decode("utf-8", "replace"), key
            except ValueError:
                raise ConfigurationProblem("The stored token is not one that can be sent. Sign in again.") from None
        if not self._login:
            raise ConfigurationProblem("The profile names no login. Nothing was sent; add it: billtui profile edit.")
        return self._login, text

    def sign_in(self, login: str, password: SecretStr, totp: SecretStr | None) -> Request[SessionToken]:
        """The API key stands for the password: whether it is one is tried with ``getBalance``."""
        key = plain_token(password)
        token = SecretStr(key if login == self._login else f"{_MARK}{login.encode().hex()}:{key}")
        call = command("getBalance", reading.balance, kind=Kind.ONCE, authorised=False, bad_keys=("*",))
        asked = with_fields(call.exchange, ("login", login), ("apikey", SecretStr(key)))

        def begin() -> Steps[SessionToken]:
            try:
                yield from ask(replace(call, exchange=asked))
            except ShutOut as error:
                raise SignInRefused(error.fact, "Switch API access on, on the panel's own web pages.") from None
            except SessionExpired as error:
                advice = "Type the account's login, and one of its API keys in place of the password."
                raise SignInRefused(error.fact, advice) from None
            return SessionToken(token=token, expires_at=datetime.now(UTC) + KEEPS)

        return Conversation(begin, "sign-in")

    def sign_out(self) -> Request[None]:
        """There is no session: the key stays good until it is revoked on the panel."""
        return at_once(None)

    def me(self) -> Request[Account]:
        """``getBalance``; the login is the account."""

        def begin() -> Steps[Account]:
            purse = yield from self._memory.balance()
            return reading.account(self._asked_as, purse, self.capabilities)

        return Conversation(begin, "account")

    # What is sold

    def plans(self, cursor: str | None) -> Request[Page[Plan]]:
        """``getTarifs``."""

        def begin() -> Steps[Page[Plan]]:
            tarifs = yield from self._memory.tarifs()
            found = {plan.id.raw: plan for plan in (reading.plan_of(self._assumed, one) for one in tarifs) if plan}
            return Page(items=list(found.values()), total=len(found))

        return Conversation(begin, "catalogue")

    def locations(self, cursor: str | None) -> Request[Page[Location]]:
        """One: where a tariff's servers stand is the tariff's own."""
        return _of("catalogue", at_once(Page(items=[reading.place()], total=1)))

    def addons(self, cursor: str | None) -> Request[Page[Addon]]:
        """None are listed by the gateway."""
        return _of("catalogue", at_once(Page[Addon](items=[], total=0)))

    def stock(self, cursor: str | None) -> Request[Page[StockItem]]:
        """As the tariffs tell it."""

        def begin() -> Steps[Page[StockItem]]:
            tarifs = yield from self._memory.tarifs()
            found = [reading.stock_of(one) for one in tarifs]
            return Page(items=found, total=len(found))

        return Conversation(begin, "catalogue")

    # Orders

    def list_orders(self, query: Query) -> Request[Page[Order]]:
        """``getOrders``: all at once, there is no paging; of the filters only that by id is known here."""
        wanted = {value for name, value in query if name == "id"}

        def begin() -> Steps[Page[Order]]:
            found = yield from self._memory.orders()
            if wanted:
                found = [one for one in found if one.id.raw in wanted]
            return Page(items=found, total=len(found))

        return Conversation(begin, "orders")

    def get_order(self, order_id: str) -> Request[Order]:
        """``getOrders`` with ``orderid``."""
        return Conversation(lambda: self._memory.order(_raw(order_id)), "orders")

    def act_on_order(self, order_id: str, action: str, write: Write, confirm_name: str | None) -> Request[Order]:
        """One of the commands on an order, once; then the order as it is."""
        word = _ACTIONS.get(_raw(action)) or self._assumed.text(_OPTIONAL.get(_raw(action), "command_start"))
        if not word or _raw(action) not in {*_ACTIONS, *_OPTIONAL}:
            raise CapabilityMissing(f"This gateway has no command to {_raw(action)} a server. Nothing was sent.")
        order = _raw(order_id)

        def begin() -> Steps[Order]:
            before = yield from self._memory.order(order)
            self._memory.check_one(order)
            if _raw(action) == "reinstall" and confirm_name is not None and _raw(confirm_name) != before.name.raw:
                raise Refused(f"The server is called {before.name}, not as it was typed. Nothing was sent.")
            fields = (("orderid", bare(order)),)
            yield from ask(command(word, lambda row: row, "orders.power", kind=Kind.WRITE, fields=fields))
            return (yield from self._memory.order(order))

        return Conversation(begin, "orders.power", writes=True)

    # Prices and purchases

    def quote_renewal(self, order_ids: Sequence[str], period: int, promo_code: str | None) -> Request[Quote]:
        """What the rows of these orders list."""
        wanted = [_raw(one) for one in order_ids]
        return Conversation(lambda: self._shop.quote_renewal(wanted, period, promo_code), "orders.renew")

    def renew(self, quote_id: str, expected_total: Money, write: Write) -> Request[Invoice]:
        """``renewOrder`` for one order."""
        return _writing("orders.renew", lambda: self._shop.renew(_raw(quote_id), expected_total))

    def quote_order(self, request: OrderRequest) -> Request[Quote]:
        """What the tariffs list."""
        return Conversation(lambda: self._shop.quote_order(request), "orders.new")

    def buy_order(self, quote_id: str, expected_total: Money, write: Write) -> Request[BoughtOrders]:
        """``createOrder`` for one server."""
        return _writing("orders.new", lambda: self._shop.buy(_raw(quote_id), expected_total))

    # Lost answers

    def before(self, act: Act) -> Request[Picture] | None:
        """Balance, end, ids: see :mod:`.outcomes`."""
        return self._outcomes.before(act)

    def found(self, act: Act, before: Mapping[str, Any]) -> Request[Finding]:
        """Compared: see :mod:`.outcomes`."""
        return self._outcomes.found(act, before)


def _writing(capability: str, begin: Callable[[], Steps[T]]) -> Conversation[T]:
    return Conversation(begin, capability, writes=True)


def _of(capability: str, request: Conversation[T]) -> Conversation[T]:
    return replace(request, capability=capability)


def _raw(value: str) -> str:
    return str(getattr(value, "raw", value))
