"""The basket of the old order form: what waits to be paid, item by item (wire: BILLmanager 11.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.billmanager.figures import length_of, money
from billtui.client.drivers.billmanager.shapes import Doc, plain, rows_of, unwrap
from billtui.domain.models import Invoice, InvoiceKind, InvoiceLine, InvoiceState
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText

BASKET: Final = "basket:"
"""Before the number of a basket's order, as an invoice's id: payments have plain numbers."""


def is_basket(invoice_id: str) -> bool:
    """Whether an invoice's id is a basket's."""
    return invoice_id.startswith(BASKET)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in the basket."""

    id: str
    service: str
    """The service's id on the panel; empty where there is none yet."""
    kind: str
    months: int | None
    plan: str
    title: str
    cost: Money
    full: Money

    @property
    def order_id(self) -> str | None:
        """The service as an order's id."""
        return f"{self.kind}:{self.service}" if self.kind and self.service else None

    def line(self) -> InvoiceLine:
        """As a line of an invoice."""
        order = self.order_id
        return InvoiceLine(
            order_id=SafeText(order) if order else None, title=SafeText(self.title or self.plan or self.id),
            months=self.months, list_price=self.full, amount=self.cost,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Basket:
    """The basket as it stands."""

    id: str
    items: list[Item]
    total: Money

    @property
    def invoice_id(self) -> str:
        """It as an invoice's id."""
        return f"{BASKET}{self.id}"

    def invoice(self, kind: InvoiceKind | None = None) -> Invoice:
        """It as an unpaid invoice; ``kind`` where it is known what was put in."""
        lines = [one.line() for one in self.items]
        return Invoice(
            id=SafeText(self.invoice_id), number=SafeText(f"basket {self.id}"), kind=kind or SafeText("basket"),
            state=InvoiceState.UNPAID, issued_at=_today(), total=self.total, lines=lines,
            line_count=len(lines), title=SafeText(f"Basket: {_count(len(lines))}"),
        )  # fmt: skip

    def added(self, before: set[str]) -> list[Item]:
        """The items that were not there before."""
        return [one for one in self.items if one.id not in before]


def basket_of(doc: Doc, currency: str) -> Basket:
    """The answer of ``func=basket``. Raises ``UnreadableAnswer`` for a basket with items and no number or total."""
    items = [_item(row, currency) for row in rows_of(doc, "itemlist") if unwrap(row.get("id"))]
    number, total = unwrap(doc.get("billorder")), unwrap(doc.get("total_sum"))
    if items and not number:
        raise UnreadableAnswer("the basket's order has no number")
    if items and not total:
        raise UnreadableAnswer("the basket's total is missing")
    return Basket(number, items, money(total, currency) if total else Money.zero(currency))


def _item(row: Doc, currency: str) -> Item:
    cost = money(unwrap(row.get("cost")), currency)
    full = unwrap(row.get("fullcost"))
    length = length_of(unwrap(row.get("item.period")))
    return Item(
        unwrap(row.get("id")), unwrap(row.get("item.id")), unwrap(row.get("item.type")),
        length.months or None if length is not None else None, plain(unwrap(row.get("pricelist_name"))),
        plain(unwrap(row.get("desc"))), cost, money(full, currency) if full else cost,
    )  # fmt: skip


def _today() -> datetime:
    """A basket tells no date: it is of now."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _count(number: int) -> str:
    return "1 thing" if number == 1 else f"{number} things"
