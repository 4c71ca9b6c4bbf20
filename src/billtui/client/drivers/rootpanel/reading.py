"""Rows of the gateway as models. Nothing is dropped: what is not understood stands in ``Order.more``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from pydantic import ValidationError

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.rootpanel.assumed import Assumed
from billtui.client.drivers.rootpanel.shapes import (
    KEY,
    Row,
    amount_of,
    currency_of,
    day_of,
    exact_of,
    field,
    flat,
    months_of,
    price_of,
    prices_of,
    rows_of,
    text_of,
    told_currency,
    whole_of,
)
from billtui.client.drivers.traits import ENDLESS, NO_PANEL_ID
from billtui.domain.models import Account, Action, AutoRenew, Balances, Location, Order, OrderState, Plan, StockItem
from billtui.domain.money import MAX_AMOUNT, Money
from billtui.domain.periods import never_ends
from billtui.domain.safetext import SafeText

ANYWHERE: Final = "as-sold"
"""The one place: where a tariff's servers stand is the tariff's own."""
NEVER_TOLD: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_MORE: Final = 60
_ROW: Final = "row-"
"""Before the place of a row that has no id: it is shown, and nothing can be done with it."""
_PLENTY: Final = 1_000
_STATES: Final[Mapping[str, OrderState]] = {
    "active": OrderState.ACTIVE, "on": OrderState.ACTIVE, "running": OrderState.ACTIVE, "work": OrderState.ACTIVE,
    "suspended": OrderState.SUSPENDED, "suspend": OrderState.SUSPENDED, "stopped": OrderState.SUSPENDED,
    "blocked": OrderState.BLOCKED, "overdue": OrderState.BLOCKED, "expired": OrderState.BLOCKED,
    "pending": OrderState.PENDING, "new": OrderState.PENDING, "wait": OrderState.PENDING,
    "deleted": OrderState.DELETED, "cancelled": OrderState.CANCELLED, "canceled": OrderState.CANCELLED,
}  # fmt: skip
_NOT_HERE: Final = "The gateway has no command for this: use the panel's own web pages."
_READ: Final = (
    "order_id", "order_name", "order_kind", "order_plan", "order_location", "order_address", "order_state",
    "order_power", "order_from", "order_until", "order_price", "order_prices", "order_currency", "order_auto",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tarif:
    """A tariff: what can be ordered, and its prices by months."""

    id: str
    kind: str
    name: str
    row: Row
    prices: Mapping[int, Money]
    stock: int | None

    def price(self, months: int) -> Money | None:
        """For so many months; ``None`` where it does not say."""
        listed = self.prices.get(months)
        if listed is not None:
            return listed
        return next(
            (
                Money(money.amount * (months // unit), money.currency)
                for unit, money in sorted(self.prices.items())
                if len(self.prices) == 1 and months % unit == 0 and money.amount * (months // unit) <= MAX_AMOUNT
            ),
            None,
        )


def balance(row: Row) -> Money:
    """``getBalance``. Raises :class:`UnreadableAnswer`."""
    found = amount_of(row.get("balance"))
    beside = told_currency(row.get("balance"))
    currency = currency_of(row.get("currency")) or beside
    if found is None or not currency or (beside and beside != currency):
        raise UnreadableAnswer("balance or currency is missing, or not clear")
    return Money(found, currency)


def account(login: str, purse: Money, capabilities: frozenset[str]) -> Account:
    """Who is signed in: the gateway tells nothing but the balance."""
    try:
        return Account(
            panel_id=SafeText(NO_PANEL_ID), account_id=SafeText(login), login=SafeText(login), email=SafeText(""),
            currency=purse.currency,
            balances=Balances(internal=purse, affiliate=Money.zero(purse.currency)),
            capabilities=frozenset(map(SafeText, capabilities)), signed_in_by=SafeText("login-and-key"),
        )  # fmt: skip
    except ValidationError:
        raise UnreadableAnswer("the account cannot be read") from None


class OrderReader:
    """Rows of orders as orders."""

    def __init__(self, assumed: Assumed, currency: str) -> None:
        """``currency`` is the balance's."""
        self._assumed = assumed
        self._currency = assumed.text("currency") or currency

    def orders(self, answer: Row) -> list[Order]:
        """All of them, each with an id of its own."""
        found: list[Order] = []
        seen: set[str] = set()
        copies: Counter[str] = Counter()
        for number, row in enumerate(rows_of(answer, marks_of_orders(self._assumed)), 1):
            order = self.order(row, number)
            unique = order.id.raw
            while unique in seen:
                copies[order.id.raw] += 1
                unique = f"{order.id.raw}#{copies[order.id.raw] + 1}"
            seen.add(unique)
            found.append(order if unique == order.id.raw else order.model_copy(update={"id": SafeText(unique)}))
        return found

    def order(self, row: Row, number: int = 1) -> Order:
        """One of them; ``number`` names one that has no id."""
        assumed, names = self._assumed, self._names()
        get = _Getter(row, names)
        currency = self._currency_of(get)
        price = None if self._in_another(get, currency) else amount_of(get("order_price"))
        order_id = get.text("order_id") or text_of(row.get(KEY)) or f"{_ROW}{number}"
        months = whole_of(get("order_auto")) or 0
        until = day_of(get("order_until"), end=assumed.text("paid_until") == "end")
        known: dict[str, Any] = {
            "id": SafeText(order_id[:200]),
            "name": SafeText((get.text("order_name") or order_id)[:200]),
            "kind": SafeText(get.text("order_kind") or "vds"),
            "plan": SafeText(get.text("order_plan") or "–"),
            "location": SafeText(get.text("order_location") or ANYWHERE),
            "address": SafeText(get.text("order_address")) if get.text("order_address") else None,
            "state": self._state(get.text("order_state")),
            "power": SafeText(get.text("order_power")) if get.text("order_power") else None,
            "created_at": day_of(get("order_from")) or NEVER_TOLD,
            "paid_until": until,
            "billing_day": 1 if until is None else until.day,
            "auto_renew": AutoRenew(on=0 < months <= 36, months=months if 0 < months <= 36 else 1),
        }
        get("order_prices")
        more = {SafeText(name[:80]): SafeText(text[:500]) for name, text in self._more(row, get, price)}
        try:
            money = Money(price if price is not None else Decimal(0), currency)
            return Order(**known, monthly_price=money, actions=_refused(assumed, until), more=more)
        except ValidationError:
            raise UnreadableAnswer("an order cannot be read") from None

    def price(self, row: Row, months: int) -> Money | None:
        """What a renewal for so many months costs; ``None`` where nothing says it."""
        get = _Getter(row, self._names())
        currency = self._currency_of(get)
        listed = prices_of(get("order_prices"), currency)
        if months in listed:
            return Money(listed[months], currency)
        price = exact_of(get("order_price"))
        if price is None or self._in_another(get, currency) or self._assumed.text("price") == "listed":
            return None
        whole = price_of(price * months)
        return None if whole is None else Money(whole, currency)

    def _currency_of(self, get: _Getter) -> str:
        """A row's own, else what stands beside its price, else the balance's."""
        return currency_of(get("order_currency")) or told_currency(get("order_price")) or self._currency

    def _in_another(self, get: _Getter, currency: str) -> bool:
        """Whether the price itself speaks of another currency than the row does: then it is not known."""
        return (told_currency(get("order_price")) or currency) != currency

    def _names(self) -> Mapping[str, tuple[str, ...]]:
        return {name: self._assumed.names(name) for name in _READ}

    def _state(self, text: str) -> OrderState | SafeText:
        word = (text or self._assumed.text("without_state")).lower()
        word = self._assumed.pairs("states").get(word, word)
        return _STATES.get(word, SafeText(word[:40]))

    def _more(self, row: Row, get: _Getter, price: Decimal | None) -> Iterator[tuple[str, str]]:
        left = {key: value for key, value in row.items() if key not in get.used}
        yield from list(flat(left))[:_MOST_MORE]
        if price is None:
            yield "price", text_of(get("order_price")) or "not told"


def marks_of_orders(assumed: Assumed) -> tuple[str, ...]:
    """Names of fields that only a row of an order has."""
    return (*assumed.names("order_id"), *assumed.names("order_until"), *assumed.names("order_name"))


class _Getter:
    """The fields of a row, and which of them were understood."""

    def __init__(self, row: Row, names: Mapping[str, Sequence[str]]) -> None:
        self._row = row
        self._names = names
        self.used: set[str] = set()

    def __call__(self, name: str) -> Any:
        found = field(self._row, self._names[name])
        if found is None:
            return None
        self.used.add(found[0])
        return found[1]

    def text(self, name: str) -> str:
        """A scalar as text."""
        return text_of(self(name))


def _refused(assumed: Assumed, until: datetime | None) -> list[Action]:
    """What the gateway has no command for, and renewing what never ends."""
    words = {"start": "command_start", "stop": "command_stop", "reset": "command_reset", "reboot": "command_reboot"}
    missing = [action for action, option in words.items() if not assumed.text(option)]
    refused = [
        Action(action=SafeText(one), code=SafeText("not-in-gateway"), reason=SafeText(_NOT_HERE))
        for one in (*missing, "rename", "auto-renew", "addons", "change-plan", "transfer")
    ]
    if never_ends(until):
        refused.append(Action(action=SafeText("renew"), code=SafeText("not-renewable"), reason=SafeText(ENDLESS)))
    return refused


def tarifs(assumed: Assumed, kind: str, answer: Row, currency: str) -> list[Tarif]:
    """``getTarifs`` of one kind. What has no id cannot be ordered, and is left out."""
    found: list[Tarif] = []
    for row in rows_of(answer, (*assumed.names("tarif_id"), *assumed.names("tarif_price"))):
        names = {name: assumed.names(name) for name in assumed_of_tarifs()}
        get = _Getter(row, names)
        tarif_id = get.text("tarif_id") or text_of(row.get(KEY))
        beside = told_currency(get("tarif_price"))
        own = assumed.text("currency") or currency_of(get("tarif_currency")) or beside or currency
        prices = prices_of(get("tarif_prices"), own)
        price, told = price_of(exact_of(get("tarif_price"))) if beside in ("", own) else None, get("tarif_period")
        months = 1 if told is None else months_of(told)
        if not prices and price is not None and months:
            prices = {months: price}
        if tarif_id and len(tarif_id) <= 150 and currency_of(own):
            name = get.text("tarif_name") or tarif_id
            by_months = {number: Money(amount, own) for number, amount in prices.items()}
            found.append(Tarif(tarif_id, kind, name[:200], row, by_months, whole_of(get("tarif_stock"))))
    return found


def assumed_of_tarifs() -> tuple[str, ...]:
    """The options that name fields of tariffs."""
    return (
        "tarif_id", "tarif_name", "tarif_price", "tarif_prices", "tarif_period", "tarif_currency", "tarif_cpu",
        "tarif_memory", "tarif_disk", "tarif_stock",
    )  # fmt: skip


def plan_of(assumed: Assumed, tarif: Tarif) -> Plan | None:
    """A tariff as a plan; ``None`` for one that names no price for a month."""
    price = tarif.price(1)
    if price is None and tarif.prices:
        months, whole = min(tarif.prices.items())
        price = Money((whole.amount / months).quantize(Decimal("0.01")), whole.currency)
    if price is None:
        return None
    get = _Getter(tarif.row, {name: assumed.names(name) for name in assumed_of_tarifs()})
    return Plan(
        id=SafeText(plan_id(tarif)), name=SafeText(tarif.name), kind=SafeText(tarif.kind), monthly_price=price,
        cpu=whole_of(get("tarif_cpu")) or 0, memory_mib=whole_of(get("tarif_memory")) or 0,
        disk_gib=whole_of(get("tarif_disk")) or 0, locations=[SafeText(ANYWHERE)],
    )  # fmt: skip


def is_row(order_id: str) -> bool:
    """Whether an order's id is its place in the list, because the gateway tells none."""
    return order_id.startswith(_ROW)


def plan_id(tarif: Tarif) -> str:
    """``vds:12``: a tariff's id is only its kind's own."""
    return f"{tarif.kind}:{tarif.id}"


def stock_of(tarif: Tarif) -> StockItem:
    """How many can be had; plenty where nothing is told."""
    available = _PLENTY if tarif.stock is None else tarif.stock
    return StockItem(plan=SafeText(plan_id(tarif)), location=SafeText(ANYWHERE), available=available)


def place() -> Location:
    """The one location."""
    return Location(id=SafeText(ANYWHERE), name=SafeText("its place"))
