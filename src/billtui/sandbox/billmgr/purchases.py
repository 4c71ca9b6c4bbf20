"""Buying, by the engine's own quotes: priced, bought and perhaps paid in one transaction (REN-1, BLK-1, DSC-8).

There is no idempotency key on this wire: what is sent twice is bought twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from billtui.domain.numbers import is_number
from billtui.domain.rules.facts import INTERNAL
from billtui.domain.rules.new_orders import Cell
from billtui.sandbox.billmgr.call import Call
from billtui.sandbox.billmgr.catalogue import KINDS, Catalogue, Thing
from billtui.sandbox.billmgr.errors import Refused, missed, wrong
from billtui.sandbox.engine import new_orders, payments, quotes
from billtui.sandbox.engine.new_orders import Wish
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import InvoiceJSON
from billtui.sandbox.engine.wire_quotes import ExclusionJSON, QuoteJSON

MOST = 35
"""Servers of one order (wire: 11.1, the page's own limit)."""
NO_RECIPE = "null"
SYSTEMS = (
    ("debian-13", "Debian 13", "Debian"),
    ("debian-12", "Debian 12", "Debian"),
    ("ubuntu-24.04", "Ubuntu 24.04", "Ubuntu"),
    ("alma-9", "AlmaLinux 9", "AlmaLinux"),
)
"""Operating systems that can be chosen. The sandbox installs nothing: the choice is looked at and forgotten."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """New servers of one plan in one place, as a form asks for them."""

    plan: Thing
    place: Thing
    months: int
    count: int
    addons: tuple[str, ...]
    domain: str
    auto_months: int
    """0: no auto-renewal."""

    def kept(self) -> dict[str, Any]:
        """As a line of the cart keeps it."""
        return {
            "plan": self.plan.number,
            "place": self.place.number,
            "months": self.months,
            "count": self.count,
            "addons": list(self.addons),
            "domain": self.domain,
            "auto": self.auto_months,
        }

    @classmethod
    def of(cls, catalogue: Catalogue, kept: dict[str, Any]) -> Wanted:
        """From how a line of the cart keeps it."""
        plan, place = catalogue.plan_numbered(kept["plan"]), catalogue.location_numbered(kept["place"])
        assert plan is not None
        assert place is not None
        return cls(plan, place, kept["months"], kept["count"], tuple(kept["addons"]), kept["domain"], kept["auto"])

    def wish(self) -> Wish:
        """As the engine takes it."""
        return Wish(
            period=self.months,
            cells=(Cell(self.plan.id, self.place.id, self.count),),
            addons=self.addons,
            names=_pattern(self.domain, self.count),
            auto_on=self.auto_months > 0,
            auto_months=self.auto_months or 1,
        )


def _pattern(domain: str, count: int) -> str | None:
    """A pattern of names that are always free: the domain itself is given afterwards."""
    if not domain:
        return None
    plain = domain.replace("{", "{{").replace("}", "}}")
    return f"{plain}-{{n:02}}" if count > 1 else f"{plain}-{{n}}"


def read_wanted(call: Call, catalogue: Catalogue, item: str) -> Wanted:
    """What a form of an order asks for. Raises :class:`Refused` for a field that it cannot have."""
    form = call.form
    plan = catalogue.plan_numbered(form.get("pricelist"))
    if plan is None or plan.kind != KINDS[item]:
        raise missed("pricelist", form.get("pricelist"))
    number = form.get("datacenter")
    place = catalogue.location_numbered(number) if number else first_place(call.tx, catalogue, plan)
    if place is None:
        raise wrong("datacenter", form.get("datacenter"))
    count = _whole(form.get("order_count") or "1", "order_count")
    if not 1 <= count <= MOST:
        raise wrong("order_count", form.get("order_count"))
    system = form.get("ostempl")
    if system and system not in {key for key, _, _ in SYSTEMS}:
        raise wrong("ostempl", system)
    if form.get("recipe") not in ("", NO_RECIPE):
        raise wrong("recipe", form.get("recipe"))
    months = read_period(form.get("order_period") or form.get("period") or "1", call.tx)
    domain = form.get("domain") or form.get("server_name")
    if len(domain) > 180:
        raise wrong("domain", domain)
    return Wanted(plan, place, months, count, _addons(call, catalogue, plan), domain, read_auto(call, months))


def first_place(tx: Tx, catalogue: Catalogue, plan: Thing) -> Thing | None:
    """The first place where a plan is sold."""
    sold = {place for (place,) in tx.sql("SELECT location FROM stock WHERE plan = ?", (plan.id,))}
    return next((place for place in catalogue.locations if place.id in sold), None)


def read_period(text: str, tx: Tx, name: str = "period") -> int:
    """Months that are sold. Raises :class:`Refused`."""
    months = _whole(text, name)
    if months not in tx.policy.periods:
        raise wrong(name, text)
    return months


def read_auto(call: Call, otherwise: int) -> int:
    """``autoprolong``: months of the first version's forms, on and off of the second's; 0 for none."""
    text = call.form.get("autoprolong")
    if text in ("", "0", "null", "off"):
        return 0
    if text == "on":
        return otherwise
    return read_period(text, call.tx, "autoprolong")


def _whole(text: str, name: str) -> int:
    if not is_number(text, 5):
        raise wrong(name, text)
    return int(text)


def _addons(call: Call, catalogue: Catalogue, plan: Thing) -> tuple[str, ...]:
    found: list[str] = []
    for name, value in call.form.values.items():
        if not name.startswith("addon_"):
            continue
        addon = catalogue.addon_numbered(name.removeprefix("addon_"))
        if addon is None or addon.kind != plan.kind or value.strip() not in ("", "0", "1", "null", "on", "off"):
            raise wrong(name, value)
        if value.strip() in ("1", "on"):
            found.append(addon.id)
    return tuple(found)


def priced(tx: Tx, account_id: int, wanted: Wanted) -> QuoteJSON:
    """What new servers cost. Raises ``RuleBroken``, :class:`Refused` where they cannot be had."""
    quote = new_orders.quote_order(tx, account_id, wanted.wish())
    whole_or_nothing(quote["excluded"], "pricelist")
    return quote


def buy(tx: Tx, account_id: int, wanted: Wanted) -> InvoiceJSON:
    """New servers, and their unpaid invoice."""
    bought = new_orders.buy_orders(tx, account_id, priced(tx, account_id, wanted)["id"])
    if wanted.domain and wanted.count == 1:
        for order in bought["orders"]:
            row = tx.orders.need(int(order["id"]))
            row.name = wanted.domain  # two services of one name are nothing special on this panel
            row.index_text()
        tx.flush()
    return bought["invoice"]


def price_renewal(tx: Tx, account_id: int, ids: Sequence[str], months: int) -> QuoteJSON:
    """What a renewal costs: of all of them, or it is refused with the reason of the first that cannot be renewed."""
    quote = quotes.quote_renewal(tx, account_id, ids, months)
    whole_or_nothing(quote["excluded"], "elid")
    if not quote["lines"]:
        raise missed("elid", ", ".join(ids))
    return quote


def renew(tx: Tx, account_id: int, ids: Sequence[str], months: int) -> InvoiceJSON:
    """A renewal, and its unpaid invoice."""
    return quotes.renew(tx, account_id, price_renewal(tx, account_id, ids, months)["id"])


def charge(tx: Tx, account_id: int, invoice: InvoiceJSON) -> None:
    """Take the whole amount from the balance at once, without asking. Raises ``RuleBroken`` for too little money."""
    payments.pay(tx, account_id, invoice["id"], INTERNAL)


_NOT_PROCESSED = frozenset({"order-pending", "order-deleted", "order-cancelled", "in-transfer"})


def whole_or_nothing(excluded: Sequence[ExclusionJSON], what: str) -> None:
    """Raises :class:`Refused` with the reason of the first that cannot be had."""
    for one in excluded:
        if one["code"] == "not-found":
            raise missed("elid", one.get("order_id", ""))
        text = one["reason"]
        if one["code"] in _NOT_PROCESSED:
            text = (
                "Cannot renew this service: the service has not been processed yet, the service was deleted or being"
                f" deleted/prolonged at the moment. {text}"
            )
        raise Refused("value", what, text, ("object", what), ("value", one["code"]))
