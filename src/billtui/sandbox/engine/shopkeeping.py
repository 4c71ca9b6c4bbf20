"""What a shopkeeper sets: prices, stock and promo codes, so that they can change between a quote and its purchase."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NotRequired

from typing_extensions import TypedDict

from billtui.domain.money import Money
from billtui.sandbox.engine.catalogue import CURRENCY
from billtui.sandbox.engine.errors import InvalidInput
from billtui.sandbox.engine.promos import canonical
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import MoneyJSON, StockJSON, cents_of, instant_json_or_none, micros, money_json


class PriceJSON(TypedDict):
    """The price a month of a plan or of an add-on."""

    plan: NotRequired[str]
    addon: NotRequired[str]
    monthly_price: MoneyJSON


class PromoCodeJSON(TypedDict):
    """A promo code as its owner sees it."""

    code: str
    percent: str
    plans: list[str]
    locations: list[str]
    periods: list[int]
    min_quantity: int
    renewals: bool
    once_per_account: bool
    starts_at: str | None
    ends_at: str | None
    max_uses: int | None
    uses: int


class ShopJSON(TypedDict):
    """Everything that can be set."""

    prices: list[PriceJSON]
    stock: list[StockJSON]
    promo_codes: list[PromoCodeJSON]


@dataclass(frozen=True, slots=True)
class PromoCode:
    """A promo code to be set (DSC-6). Empty tuples and ``None`` mean no limit."""

    code: str
    percent: Decimal
    plans: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()
    periods: tuple[int, ...] = ()
    min_quantity: int = 1
    renewals: bool = False
    once_per_account: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    max_uses: int | None = None
    used_before: int = 0
    """Uses by accounts that this panel does not tell of."""


def shown(tx: Tx) -> ShopJSON:
    """Prices, stock and promo codes as they are."""
    prices: list[PriceJSON] = [
        {"plan": plan, "monthly_price": money_json(cents, CURRENCY)}
        for plan, cents in tx.sql("SELECT id, monthly_cents FROM plans ORDER BY position")
    ]
    prices += [
        {"addon": addon, "monthly_price": money_json(cents, CURRENCY)}
        for addon, cents in tx.sql("SELECT id, monthly_cents FROM addons ORDER BY position")
    ]
    codes = tx.sql(
        "SELECT code, percent, plans, locations, periods, min_quantity, renewals, once_per_account, starts_at, ends_at,"
        " max_uses, used_before + (SELECT count(*) FROM promo_uses WHERE promo_uses.code = promo_codes.code"
        " AND given_back_at IS NULL) FROM promo_codes ORDER BY code"
    )
    return {
        "prices": prices,
        "stock": [
            {"plan": plan, "location": location, "available": available}
            for plan, location, available in tx.sql(
                "SELECT plan, location, available FROM stock JOIN plans ON plans.id = plan"
                " JOIN locations ON locations.id = location ORDER BY plans.position, locations.position"
            )
        ],
        "promo_codes": [
            {
                "code": code,
                "percent": percent,
                "plans": json.loads(plans),
                "locations": json.loads(locations),
                "periods": json.loads(periods),
                "min_quantity": least,
                "renewals": bool(renewals),
                "once_per_account": bool(once),
                "starts_at": instant_json_or_none(starts),
                "ends_at": instant_json_or_none(ends),
                "max_uses": most,
                "uses": uses,
            }
            for code, percent, plans, locations, periods, least, renewals, once, starts, ends, most, uses in codes
        ],
    }


def set_price(tx: Tx, table: str, item: str, price: Money) -> None:
    """What a plan (``plans``) or an add-on (``addons``) costs a month from now on; orders keep theirs.

    Raises ``InvalidInput`` for one that does not exist, or another currency.
    """
    if table not in ("plans", "addons"):
        raise ValueError(table)
    if price.currency != CURRENCY:
        _invalid("prices", f"The panel's currency is {CURRENCY}")
    if tx.sql(f"UPDATE {table} SET monthly_cents = ? WHERE id = ?", (cents_of(price), item)).rowcount != 1:
        _invalid("prices", f"There is no “{item[:40]}” among the {table}")


def set_stock(tx: Tx, plan: str, location: str, available: int) -> None:
    """How many of a plan can be had in a location from now on; a cell that is not sold yet is sold then.

    Raises ``InvalidInput`` for a plan or location that does not exist.
    """
    for table, item in (("plans", plan), ("locations", location)):
        if tx.sql(f"SELECT 1 FROM {table} WHERE id = ?", (item,)).fetchone() is None:
            _invalid("stock", f"There is no “{item[:40]}” among the {table}")
    tx.flush()
    tx.sql(
        "INSERT INTO stock (plan, location, available, capacity) VALUES (?1, ?2, ?3, ?3 + (SELECT count(*) FROM orders"
        " WHERE orders.plan = ?1 AND orders.location = ?2 AND state NOT IN ('deleted', 'cancelled')))"
        " ON CONFLICT (plan, location) DO UPDATE SET capacity = capacity + excluded.available - available,"
        " available = excluded.available",
        (plan, location, available),
    )


def set_promo_code(tx: Tx, promo: PromoCode) -> None:
    """A new code, or other terms for one that there is; its uses so far still count.

    Raises ``InvalidInput`` for fewer ``max_uses`` than there were uses.
    """
    code = canonical(promo.code)
    (used,) = tx.sql(
        "SELECT coalesce((SELECT used_before FROM promo_codes WHERE code = ?1), ?2)"
        " + (SELECT count(*) FROM promo_uses WHERE code = ?1 AND given_back_at IS NULL)",
        (code, promo.used_before),
    ).fetchone()
    if promo.max_uses is not None and promo.max_uses < used:
        _invalid("promo_codes", f"“{code}” was used {used} times already, so at least as many must be allowed")
    tx.sql(
        "INSERT INTO promo_codes (code, percent, plans, locations, periods, min_quantity, renewals, once_per_account,"
        " starts_at, ends_at, max_uses, used_before) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (code) DO UPDATE SET percent = excluded.percent, plans = excluded.plans,"
        " locations = excluded.locations, periods = excluded.periods, min_quantity = excluded.min_quantity,"
        " renewals = excluded.renewals, once_per_account = excluded.once_per_account, starts_at = excluded.starts_at,"
        " ends_at = excluded.ends_at, max_uses = excluded.max_uses",
        (
            code,
            format(promo.percent.normalize(), "f"),
            _list(promo.plans),
            _list(promo.locations),
            _list(promo.periods),
            promo.min_quantity,
            int(promo.renewals),
            int(promo.once_per_account),
            None if promo.starts_at is None else micros(promo.starts_at),
            None if promo.ends_at is None else micros(promo.ends_at),
            promo.max_uses,
            promo.used_before,
        ),
    )


def _list(values: Iterable[object]) -> str:
    return json.dumps(list(values))


def _invalid(field: str, detail: str) -> None:
    raise InvalidInput(detail, fields={field: detail})
