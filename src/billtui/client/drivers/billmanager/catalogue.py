"""What is sold: tariffs and places of the old order form (v1) or the new one (v2) (wire: BILLmanager 11)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.billmanager.asking import reading
from billtui.client.drivers.billmanager.assumed import Options
from billtui.client.drivers.billmanager.figures import money, money_in
from billtui.client.drivers.billmanager.renewals import RenewalCalls
from billtui.client.drivers.billmanager.shapes import (
    Doc,
    as_list,
    first_of,
    is_on,
    objects,
    options,
    plain,
    unwrap,
)
from billtui.client.errors import NotFound, Refused, SessionExpired
from billtui.client.exchange import Conversation, Steps, together
from billtui.client.questions import expect
from billtui.domain.models import Addon, Location, Page, Plan, StockItem
from billtui.domain.money import Money
from billtui.domain.numbers import is_number
from billtui.domain.safetext import SafeText

V1: Final = "v1"
V2: Final = "v2"
JUST_READ: Final = timedelta(seconds=60)
_NO_WORD = re.compile(r"[^a-z0-9]+")
_FIRST_LINE = re.compile(r"<(?:br|/p|/div|/h[1-6])[\s/>]|\n", re.IGNORECASE)
_MEMORY = re.compile(r"(?:RAM|Memory)\W{0,3}([0-9]{1,7})\s*(MiB|MB|Mb|GiB|GB|Gb|G)", re.IGNORECASE)
_CPU = re.compile(r"CPU\W{0,3}([0-9]{1,3})|([0-9]{1,3})\s*(?:v?CPU|core)", re.IGNORECASE)
_DISK = re.compile(r"(?:Disk|SSD|NVMe|HDD)\W{0,3}([0-9]{1,6})\s*(GiB|GB|Gb|G|TB)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tariff:
    """One tariff in one place, or in all where the panel does not tell them apart."""

    kind: str
    """Item type."""
    number: str
    name: str
    about: str
    prices: dict[int, Money]
    """Months → price of the period."""
    available: bool

    @property
    def plan_id(self) -> str:
        """As a plan's id."""
        return f"{self.kind}-{self.number}"


@dataclass(slots=True)
class Sold:
    """What is sold of all item types."""

    places: dict[str, str] = field(default_factory=dict)
    """Place's id → name."""
    tariffs: dict[tuple[str, str], Tariff] = field(default_factory=dict)
    """Plan's id and place → tariff there."""


class CatalogueCalls(RenewalCalls):
    """The calls about the catalogue.

    It takes a request for each place, so what was just read for the plans is good for the places and the stock, too.
    """

    def __init__(self, login: str, options: Options) -> None:
        super().__init__(login, options)
        self._just_read: tuple[datetime, Sold] | None = None

    def _for_sale(self) -> Steps[Sold]:
        """What is sold for a month, as read within the last moments."""
        if self._just_read is not None and datetime.now(UTC) - self._just_read[0] < JUST_READ:
            return self._just_read[1]
        sold = yield from self.sold()
        self._just_read = (datetime.now(UTC), sold)
        return sold

    def ordering(self) -> Steps[str]:
        """Which order form this panel has: the option's, else the old one where it answers, else the new one.

        Empty where neither answers: then nothing can be ordered from here.
        """
        if self.chosen.ordering:
            return self.chosen.ordering
        if self.memory.ordering is None:
            kinds = yield from self.item_types()
            self.memory.ordering = ""
            for version, form in ((V1, "{}.order"), (V2, "v2.{}.order.pricelist")):
                for kind in kinds:
                    doc = yield from self._if_there(form.format(kind))
                    if objects(doc.get("list")) or options(doc, "datacenter"):
                        self.memory.ordering = version
                        return version
        return self.memory.ordering

    def _if_there(self, func: str) -> Steps[Doc]:
        """The answer of a form, empty where the panel refuses it."""
        try:
            return (yield from self.fetch(func))
        except SessionExpired:
            raise
        except Refused:
            return {}

    def sold(self, period: int = 1, only: tuple[str, str] | None = None) -> Steps[Sold]:
        """Everything that is sold for ``period`` months, place by place; ``only`` one item type in one place."""
        found = Sold()
        version = yield from self.ordering()
        if not version:
            return found
        kinds = [only[0]] if only else (yield from self.item_types())
        currency = yield from self.known_currency()
        for kind in kinds:
            doc = yield from self._if_there(f"{kind}.order" if version == V1 else f"v2.{kind}.order.pricelist")
            places = _places(doc)
            found.places |= places
            wanted = [only[1]] if only else list(places) or [""]
            if doc and (wanted != [""] or version == V1):
                expect(len(wanted))
                parts = yield from together(*(partial(self._in_place, kind, place, period) for place in wanted))
            else:
                parts = (doc,) * len(wanted)
            for place, part in zip(wanted, parts, strict=True):
                for tariff in tariffs_in(part, kind, currency, period, version):
                    found.tariffs[tariff.plan_id, place] = tariff
                    where = f" in {found.places[place]}" if found.places.get(place) else ""
                    self.memory.sold_names[tariff.plan_id, place] = f"{tariff.name or tariff.plan_id}{where}"
        return found

    def _in_place(self, kind: str, place: str, period: int) -> Steps[Doc]:
        version = yield from self.ordering()
        where = (("datacenter", place_number(place)),) if place else ()
        if version == V2:
            return (yield from self.fetch(f"v2.{kind}.order.pricelist", where))
        fields = (("period", str(period)), *where, ("sv_field", "period"))
        return (yield from self.fetch(f"{kind}.order.pricelist", fields))

    # -- as the client asks

    def plans(self, cursor: str | None) -> Conversation[Page[Plan]]:
        """Every tariff once, with its price for a month and the places that have it."""

        def begin() -> Steps[Page[Plan]]:
            sold = yield from self._for_sale()
            plans: dict[str, Plan] = {}
            for (plan_id, place), tariff in sold.tariffs.items():
                if plan_id in plans:
                    plans[plan_id].locations.append(SafeText(place))
                elif (plan := _plan(tariff, place)) is not None:
                    plans[plan_id] = plan
            return Page[Plan](items=list(plans.values()))

        return reading(begin, "catalogue")

    def locations(self, cursor: str | None) -> Conversation[Page[Location]]:
        """The places of the order forms."""

        def begin() -> Steps[Page[Location]]:
            places = (yield from self._for_sale()).places
            return Page[Location](
                items=[Location(id=SafeText(key), name=SafeText(name)) for key, name in places.items()]
            )

        return reading(begin, "catalogue")

    def addons(self, cursor: str | None) -> Conversation[Page[Addon]]:
        """None: parts of a server are numbers of each provider's own, and are chosen on the panel's pages."""

        def begin() -> Steps[Page[Addon]]:
            yield from ()
            return Page[Addon](items=[])

        return reading(begin, "catalogue")

    def stock(self, cursor: str | None) -> Conversation[Page[StockItem]]:
        """Whether a tariff can be ordered: as many as one request takes, or none. The panel tells no numbers."""

        def begin() -> Steps[Page[StockItem]]:
            sold = yield from self._for_sale()
            return Page[StockItem](
                items=[
                    StockItem(
                        plan=SafeText(plan_id), location=SafeText(place),
                        available=self.chosen.order_cap if tariff.available else 0,
                    )
                    for (plan_id, place), tariff in sold.tariffs.items()
                    if place
                ]
            )  # fmt: skip

        return reading(begin, "catalogue")


def tariffs_in(doc: Doc, kind: str, currency: str, period: int, version: str) -> list[Tariff]:
    """The tariffs of a form; one whose price cannot be read is left out."""
    inner = doc.get("doc")
    tables = [*objects(doc.get("list")), *(objects(inner.get("list")) if isinstance(inner, dict) else [])]
    found: list[Tariff] = []
    for row in (one for table in tables for one in objects(table.get("elem"))):
        number = first_of(row, "pricelist", "id")
        if not is_number(number):
            continue
        try:
            prices = _prices_v1(row, period, currency) if version == V1 else _prices_v2(row, currency)
        except UnreadableAnswer:
            continue
        about = first_of(row, "desc", "description")
        name = plain(first_of(row, "title", "name")) or plain(_FIRST_LINE.split(about, maxsplit=1)[0]) or number
        details = [f"{unwrap(one.get('name'))}: {unwrap(one.get('value'))}" for one in objects(row.get("detail"))]
        available = is_on(row.get("order_available")) if "order_available" in row else True
        found.append(Tariff(kind, number, name, " ".join([plain(about), *details]), prices, available))
    return found


def _prices_v1(row: Doc, period: int, currency: str) -> dict[int, Money]:
    text = unwrap(row.get("price"))
    return {period: money(text, currency)} if text else {}


def _prices_v2(row: Doc, currency: str) -> dict[int, Money]:
    node = row.get("prices")
    prices: dict[int, Money] = {}
    for one in objects(node.get("price")) if isinstance(node, dict) else as_list(None):
        months, cost = unwrap(one.get("period")), unwrap(one.get("cost"))
        if months.isdigit() and len(months) < 4 and cost:
            prices[int(months)] = money_in(cost, unwrap(one.get("currency")), currency)
    return prices


def _plan(tariff: Tariff, place: str) -> Plan | None:
    if not tariff.prices:
        return None
    months = min((one for one in tariff.prices if one > 0), default=0)
    if not months:
        return None
    price = tariff.prices[months]
    amount = Money((price.amount / months).quantize(price.amount), price.currency)
    return Plan(
        id=SafeText(tariff.plan_id), name=SafeText(tariff.name), kind=SafeText(tariff.kind.partition(".")[0]),
        monthly_price=amount, locations=[SafeText(place)] if place else [], cpu=_cpu(tariff.about),
        memory_mib=_size(_MEMORY, tariff.about, 1), disk_gib=_size(_DISK, tariff.about, 0),
    )  # fmt: skip


def _cpu(text: str) -> int:
    found = _CPU.search(text)
    return int(found.group(1) or found.group(2)) if found else 0


def _size(pattern: re.Pattern[str], text: str, mega: int) -> int:
    """In MiB where ``mega``, else in GiB; 0 where it is not told."""
    found = pattern.search(text)
    if found is None:
        return 0
    number, unit = int(found.group(1)), found.group(2).upper()[0]
    if unit == "T":
        return number * 1024
    return number * 1024 if mega and unit == "G" else number


def _places(doc: Doc) -> dict[str, str]:
    """The places of an order form: id → name. An id is readable and ends with the panel's number: ``amsterdam-3``."""
    found: dict[str, str] = {}
    for key, node in options(doc, "datacenter"):
        name = plain(unwrap(node))
        word = _NO_WORD.sub("-", name.lower()).strip("-")[:20].strip("-")
        found[f"{word}-{key}" if word else key] = name or key
    return found


def place_number(place: str) -> str:
    """The panel's number of a place."""
    return place.rpartition("-")[2]


def split_plan(plan_id: str) -> tuple[str, str]:
    """Item type and tariff's number. Raises ``NotFound``."""
    kind, sign, number = str(getattr(plan_id, "raw", plan_id)).rpartition("-")
    if not sign or not kind or not number.isdigit():
        raise NotFound(f"There is no plan {SafeText(str(plan_id))} on this panel.", "Refresh the catalogue.")
    return kind, number
