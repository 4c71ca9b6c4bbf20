"""The nine commands. Reads look; everything else is done and paid in one transaction, or not at all.

How the real gateway answers beyond ``status`` is not known for most of them: names and shapes are the sandbox's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from billtui.domain.numbers import is_number
from billtui.domain.rules import access
from billtui.domain.rules import new_orders as order_rules
from billtui.domain.rules import quotes as quote_rules
from billtui.domain.rules.facts import INTERNAL
from billtui.domain.rules.new_orders import Cell
from billtui.sandbox.apih.encode import Value
from billtui.sandbox.apih.errors import NOT_FOUND, WRONG_FIELD, Refused, of_rule
from billtui.sandbox.engine import catalogue, new_orders, orders, payments, quotes
from billtui.sandbox.engine.callers import Caller
from billtui.sandbox.engine.facts import order_facts
from billtui.sandbox.engine.new_orders import Wish
from billtui.sandbox.engine.reading import own_order
from billtui.sandbox.engine.rows import OrderRow
from billtui.sandbox.engine.shop import read_shop
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import InvoiceJSON, instant_of
from billtui.sandbox.engine.wire_quotes import ExclusionJSON

VIDS: Final = ("hosting", "vds", "dedicated")
Wire = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of somebody who is known."""

    tx: Tx
    caller: Caller
    fields: Mapping[str, str]

    @property
    def account_id(self) -> int:
        """Whose it is."""
        return self.caller.account_id

    def need(self, name: str) -> str:
        """A field that must be there. Raises :class:`Refused`."""
        value = self.fields.get(name, "").strip()
        if not value:
            raise Refused(WRONG_FIELD, f"Не указано поле {name}.")
        return value

    def period(self) -> int:
        """``period`` in months. Raises :class:`Refused`."""
        text = self.need("period")
        if not is_number(text, 3):
            raise Refused(WRONG_FIELD, "Неверное значение поля: period.")
        return int(text)


@dataclass(frozen=True, slots=True)
class Command:
    """One command of the gateway."""

    run: Callable[[Asked], Wire]
    writes: bool = False


def get_balance(asked: Asked) -> Wire:
    """``getBalance``: the internal purse."""
    account = asked.tx.accounts.need(asked.account_id)
    return {"balance": _plain(account.internal_cents), "currency": account.currency}


def get_tarifs(asked: Asked) -> Wire:
    """``getTarifs``: a plan in a location is a tariff, since an order names nothing else."""
    vid = _vid(asked)
    available = {(one["plan"], one["location"]): one["available"] for one in catalogue.stock(asked.tx)}
    places = {one["id"]: one["name"] for one in catalogue.locations(asked.tx)}
    prices = _new_prices(asked, vid)
    found: list[Value] = [
        {
            "id": f"{plan['id']}-{place}",
            "name": f"{plan['name']}, {places[place]}",
            "vid": plan["kind"],
            "price": plan["monthly_price"]["amount"],
            "currency": plan["monthly_price"]["currency"],
            "period": "1",
            "prices": prices[plan["id"], place],
            "location": places[place],
            "cpu": str(plan["cpu"]),
            "memory": str(plan["memory_mib"]),
            "disk": str(plan["disk_gib"]),
            "available": str(available[plan["id"], place]),
        }
        for plan in catalogue.plans(asked.tx)
        if plan["kind"] == vid
        for place in plan["locations"]
    ]
    return {"tarifs": found}


def get_orders(asked: Asked) -> Wire:
    """``getOrders``: all of them, or the one with ``orderid``."""
    places = {one["id"]: one["name"] for one in catalogue.locations(asked.tx)}
    plans = {one["id"]: one["name"] for one in catalogue.plans(asked.tx)}
    wanted = asked.fields.get("orderid", "").strip()
    if wanted:
        rows = [own_order(asked.tx, asked.account_id, wanted)]
    else:
        rows = list(asked.tx.orders.where("account_id = ? ORDER BY id", (asked.account_id,)))
    prices = _renewal_prices(asked, rows)
    return {"orders": [{**_order(row, plans, places), "prices": prices.get(str(row.id), {})} for row in rows]}


def _new_prices(asked: Asked, vid: str) -> dict[tuple[str, str], dict[str, Value]]:
    """What one server more costs for each period that is sold, by plan and location."""
    tx, shop = asked.tx, read_shop(asked.tx)
    cells = [Cell(plan, place, 1) for plan, place in shop.stock if shop.plans[plan].kind == vid]
    counts, currency = {vid: tx.active_count(asked.account_id, vid)}, tx.accounts.need(asked.account_id).currency
    found: dict[tuple[str, str], dict[str, Value]] = {}
    for months in sorted(tx.policy.periods):
        for cell in cells:
            offer = order_rules.offer_new(shop, [cell], months, counts, currency, tx.now, policy=tx.policy)
            found.setdefault((cell.plan, cell.location), {})[str(months)] = f"{offer.total.amount:.2f}"
    return found


def _renewal_prices(asked: Asked, rows: list[OrderRow]) -> dict[str, dict[str, Value]]:
    """What a renewal costs for each period that is sold, by order; nothing for one that cannot be renewed."""
    tx, facts = asked.tx, [order_facts(row) for row in rows]
    counts = {kind: tx.active_count(asked.account_id, kind) for kind in {row.kind for row in rows}}
    currency = tx.accounts.need(asked.account_id).currency
    found: dict[str, dict[str, Value]] = {}
    for months in sorted(tx.policy.periods):
        offer = quote_rules.offer_renewal(facts, months, counts, currency, tx.now, None, tx.policy)
        for line in offer.lines:
            found.setdefault(str(line.order_id), {})[str(months)] = f"{line.total.amount:.2f}"
    return found


def _order(row: OrderRow, plans: Mapping[str, str], places: Mapping[str, str]) -> Wire:
    return {
        "orderid": str(row.id),
        "domain": row.name,
        "vid": row.kind,
        "tarifid": f"{row.plan}-{row.location}",
        "tarif": plans.get(row.plan, row.plan),
        "location": places.get(row.location, row.location),
        "ip": row.address or "",
        "status": row.state,
        "power": row.power,
        "startdate": _day(row.created_at),
        "todate": _day(row.paid_until),
        "price": _plain(row.monthly_cents),
        "currency": row.currency,
        "autoprolong": str(row.auto_months) if row.auto_on else "0",
    }


def create_order(asked: Asked) -> Wire:
    """``createOrder``: one service, paid from the balance at once, or nothing at all."""
    vid, tarif, months = _vid(asked), asked.need("tarifid"), asked.period()
    plan, _, place = tarif.rpartition("-")
    kinds = {one["id"]: one["kind"] for one in catalogue.plans(asked.tx)}
    if kinds.get(plan) != vid:
        raise Refused(NOT_FOUND, "Тариф не найден.")
    addons = tuple(part.strip() for part in asked.fields.get("addons", "").split(",") if part.strip())
    domain = asked.fields.get("domain", "").strip()
    if len(domain) > orders.MAX_NAME:
        raise Refused(WRONG_FIELD, "Неверное значение поля: domain.")
    wish = Wish(months, (Cell(plan, place, 1),), addons=addons)
    quote = new_orders.quote_order(asked.tx, asked.account_id, wish)
    _whole_or_nothing(quote["excluded"])
    bought = new_orders.buy_orders(asked.tx, asked.account_id, quote["id"])
    _charge(asked, bought["invoice"])
    row = asked.tx.orders.need(int(bought["orders"][0]["id"]))
    if domain:
        row.name = domain
        row.index_text()
        asked.tx.flush()
    return _bought(row, bought["invoice"])


def renew_order(asked: Asked) -> Wire:
    """``renewOrder``: paid from the balance at once, or nothing at all."""
    order_id, months = asked.need("orderid"), asked.period()
    row = own_order(asked.tx, asked.account_id, order_id)
    quote = quotes.quote_renewal(asked.tx, asked.account_id, [str(row.id)], months)
    _whole_or_nothing(quote["excluded"])
    invoice = quotes.renew(asked.tx, asked.account_id, quote["id"])
    _charge(asked, invoice)
    return _bought(asked.tx.orders.need(row.id), invoice)


def _bought(row: OrderRow, invoice: InvoiceJSON) -> Wire:
    total = invoice["total"]
    return {
        "orderid": str(row.id),
        "price": total["amount"],
        "currency": total["currency"],
        "todate": _day(row.paid_until),
    }


def _acting(action: str) -> Callable[[Asked], Wire]:
    def act(asked: Asked) -> Wire:
        row = own_order(asked.tx, asked.account_id, asked.need("orderid"))
        orders.act(asked.tx, asked.account_id, str(row.id), action, confirm_name=row.name)
        return {"orderid": str(row.id)}

    return act


COMMANDS: Final[Mapping[str, Command]] = {
    "getBalance": Command(get_balance),
    "getTarifs": Command(get_tarifs),
    "getOrders": Command(get_orders),
    "createOrder": Command(create_order, writes=True),
    "renewOrder": Command(renew_order, writes=True),
    "suspendOrder": Command(_acting("suspend"), writes=True),
    "unSuspendOrder": Command(_acting("unsuspend"), writes=True),
    "restartOrder": Command(_acting("reboot"), writes=True),
    "reinstallOrder": Command(_acting("reinstall"), writes=True),
}
"""Word → what is done, spelled as the gateway spells it (wire: RootPanel, commands)."""


def may_write(caller: Caller) -> None:
    """Raises ``NotWithThisKey`` for a key that only reads, :class:`Refused` for staff (ACC-5, ACC-7)."""
    caller.need_writing()
    if (refusal := access.business_refusal(caller.role)) is not None:
        raise of_rule(refusal.code)


def _vid(asked: Asked) -> str:
    vid = asked.need("vid")
    if vid not in VIDS:
        raise Refused(WRONG_FIELD, "Неверное значение поля: vid.")
    return vid


def _charge(asked: Asked, invoice: InvoiceJSON) -> None:
    payments.pay(asked.tx, asked.account_id, invoice["id"], INTERNAL)


def _whole_or_nothing(excluded: list[ExclusionJSON]) -> None:
    for one in excluded:
        raise of_rule(one["code"])


def _plain(cents: int) -> str:
    return f"{Decimal(cents).scaleb(-2):.2f}"


def _day(micros: int | None) -> str:
    return "" if micros is None else f"{instant_of(micros):%Y-%m-%d}"
