"""Prices and purchases: the gateway has neither quotes nor invoices. A price is what it lists; what was paid, the
balance says. Each ``createOrder`` makes one service, each ``renewOrder`` renews one: neither is ever sent twice."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from billtui.client.drivers.rootpanel.assumed import Assumed
from billtui.client.drivers.rootpanel.calling import command
from billtui.client.drivers.rootpanel.memory import Memory
from billtui.client.drivers.rootpanel.reading import ANYWHERE, OrderReader, plan_id
from billtui.client.drivers.rootpanel.shapes import Row, amount_of, field, text_of, told_currency
from billtui.client.drivers.totals import total_of
from billtui.client.drivers.traits import ENDLESS
from billtui.client.errors import ConfigurationProblem, InvalidInput
from billtui.client.exchange import Kind, Steps, ask
from billtui.domain.models import (
    BoughtOrders,
    Exclusion,
    Invoice,
    InvoiceLine,
    InvoiceState,
    Order,
    OrderRequest,
    Quote,
    QuoteLine,
)
from billtui.domain.money import MAX_AMOUNT, Money
from billtui.domain.naming import NameSlot, NamingError, expand_names
from billtui.domain.periods import add_months, never_ends
from billtui.domain.safetext import SafeText

HOLDS: Final = timedelta(minutes=15)
"""So long a price is shown before it is asked for again; it is asked for directly before each purchase anyway."""
NO_PRICE: Final = "The gateway does not say what this costs. Buy it on the panel's own web pages."


class Shop:
    """Quotes, renewals and orders of one driver."""

    def __init__(self, assumed: Assumed, memory: Memory) -> None:
        """``memory`` is the driver's."""
        self._assumed = assumed
        self._memory = memory

    # Prices

    def quote_renewal(self, order_ids: Sequence[str], months: int, promo_code: str | None) -> Steps[Quote]:
        """Each order at the price that its row lists."""
        if promo_code:
            raise InvalidInput("This gateway takes no promo codes.", "Leave the code out.")
        rows = yield from self._memory.rows(list(order_ids))
        reader = OrderReader(self._assumed, (yield from self._memory.currency()))
        lines: list[QuoteLine] = []
        excluded: list[Exclusion] = []
        for order_id in dict.fromkeys(order_ids):
            if (why := self._memory.not_one(order_id)) is not None:
                excluded.append(_left_out("not-one", why, order_id=order_id))
                continue
            row = rows.get(order_id)
            if row is None:
                excluded.append(_left_out("not-found", "There is no such order.", order_id=order_id))
                continue
            order, price = reader.order(row), reader.price(row, months)
            if never_ends(order.paid_until):
                excluded.append(_left_out("not-renewable", ENDLESS, order_id=order_id))
                continue
            if price is None:
                excluded.append(_left_out("no-price", NO_PRICE, order_id=order_id))
                continue
            until = _later(order.paid_until, months)
            lines.append(
                QuoteLine(
                    order_id=SafeText(order_id),
                    title=SafeText(f"{order.name.raw}, {_months(months)}"),
                    months=months,
                    list_price=price,
                    amount=price,
                    paid_until=order.paid_until,
                    new_paid_until=until,
                )
            )
        currency = lines[0].amount.currency if lines else (yield from self._memory.currency())
        content = {"orders": [_raw(line.order_id) for line in lines], "months": months}
        return self._quote("renewal", lines, excluded, currency, months, content)

    def quote_order(self, request: OrderRequest) -> Steps[Quote]:
        """Each cell at the tariff's listed price."""
        if request.promo_code:
            raise InvalidInput("This gateway takes no promo codes.", "Leave the code out.")
        if request.auto_renew is not None and request.auto_renew.on:
            raise InvalidInput("This gateway cannot switch auto-renewal on.", "Leave it off here.")
        if request.addons:
            raise InvalidInput("This gateway tells no price of add-ons.", "Order without them.")
        known = {plan_id(one): one for one in (yield from self._memory.tarifs())}
        wanted = [(cell.plan.raw, cell.quantity) for cell in request.cells]
        if request.all_locations and request.plan is not None:
            wanted = [(request.plan.raw, request.quantity or 1)]
        named = iter(_names(request, wanted))
        lines: list[QuoteLine] = []
        excluded: list[Exclusion] = []
        sealed: list[dict[str, Any]] = []
        for plan, quantity in wanted:
            names = [next(named) for _ in range(quantity)]
            tarif = known.get(plan)
            price = None if tarif is None else tarif.price(request.period)
            if tarif is None or price is None:
                code, why = ("not-sold", "It is not sold any more.") if tarif is None else ("no-price", NO_PRICE)
                excluded.append(_left_out(code, why, plan=plan))
                continue
            if tarif.stock is not None and tarif.stock < quantity:
                excluded.append(_left_out("no-stock", f"There are {tarif.stock} of it now.", plan=plan))
                continue
            if price.amount * quantity > MAX_AMOUNT:
                raise InvalidInput("Together this costs more than can be billed.", "Take less at a time.")
            whole = Money(price.amount * quantity, price.currency)
            title = f"{tarif.name}, {_months(request.period)}"
            lines.append(
                QuoteLine(
                    title=SafeText(title),
                    months=request.period,
                    list_price=whole,
                    amount=whole,
                    unit_amount=price,
                    plan=SafeText(plan),
                    location=SafeText(ANYWHERE),
                    quantity=quantity,
                    names=list(map(SafeText, names)),
                )
            )
            sealed.append({"kind": tarif.kind, "tarif": tarif.id, "names": names})
        currency = lines[0].amount.currency if lines else (yield from self._memory.currency())
        content = {"cells": sealed, "months": request.period}
        return self._quote("order", lines, excluded, currency, request.period, content)

    def _quote(
        self,
        kind: str,
        lines: list[QuoteLine],
        excluded: list[Exclusion],
        currency: str,
        months: int,
        content: Mapping[str, Any],
    ) -> Quote:
        """A price, and what it is of: kept here until it is bought."""
        quote_id = f"{kind}-{secrets.token_hex(12)}"
        self._memory.keep(quote_id, content)
        return Quote(
            id=SafeText(quote_id), kind=SafeText(kind), lines=lines, excluded=excluded, period=months,
            total=total_of(lines, currency), expires_at=datetime.now(UTC) + HOLDS,
        )  # fmt: skip

    # Purchases

    def renew(self, quote_id: str, expected: Money) -> Steps[Invoice]:
        """``renewOrder`` once, then what the balance and the order say of it."""
        content = self._memory.kept(quote_id)
        orders, months = content["orders"], content["months"]
        if len(orders) != 1:
            raise ConfigurationProblem("This gateway renews one order at a time. Nothing was sent; plan it anew.")
        self._memory.check_one(orders[0])
        purse = yield from self._memory.known_balance()
        fields = (("orderid", bare(orders[0])), ("period", str(months)))
        said = yield from ask(command("renewOrder", lambda row: row, "orders.renew", kind=Kind.WRITE, fields=fields))
        order = yield from self._memory.order(orders[0])
        after = yield from self._memory.balance()
        title = f"Renewal of {order.name.raw}, {_months(months)}"
        return self.invoice("renewal", [order], title, self._paid(said, expected), purse, after)

    def buy(self, quote_id: str, expected: Money) -> Steps[BoughtOrders]:
        """``createOrder`` once, then which order is new, and what the balance says."""
        content = self._memory.kept(quote_id)
        cells = content["cells"]
        if len(cells) != 1 or len(cells[0]["names"]) != 1:
            raise ConfigurationProblem("This gateway orders one server at a time. Nothing was sent; plan it anew.")
        cell, months = cells[0], content["months"]
        purse = yield from self._memory.known_balance()
        before = yield from self._memory.known_ids()
        fields = [("vid", cell["kind"]), ("tarifid", cell["tarif"]), ("period", str(months))]
        fields += [("domain", cell["names"][0])] if cell["names"][0] else []
        said = yield from ask(
            command("createOrder", lambda row: row, "orders.new", kind=Kind.WRITE, fields=tuple(fields))
        )
        orders = yield from self._memory.orders()
        told = field(said, self._assumed.names("new_order"))
        new = [one for one in orders if told is not None and one.id.raw == text_of(told[1])]
        new = new or [one for one in orders if one.id.raw not in before]
        after = yield from self._memory.balance()
        title = f"New server, {_months(months)}"
        invoice = self.invoice("new-order", new[:1], title, self._paid(said, expected), purse, after)
        return BoughtOrders(invoice=invoice, orders=new)

    def _paid(self, said: Row, expected: Money) -> Money:
        """The price that the answer names, else the one that was confirmed."""
        told = field(said, self._assumed.names("paid_price"))
        amount = None if told is None else amount_of(told[1])
        if told is None or amount is None:
            return expected
        return Money(amount, told_currency(told[1]) or expected.currency)

    def invoice(
        self, kind: str, orders: Sequence[Order], title: str, total: Money, before: Money, after: Money
    ) -> Invoice:
        """What stands for an invoice: paid where the balance went down, by what it went down."""
        went = before - after if before.currency == after.currency else Money.zero(total.currency)
        paid = went.amount > 0
        total = went if paid and went.currency == total.currency else total
        ends = ",".join(str(one.paid_until) for one in orders)
        ids = ",".join(one.id.raw for one in orders)
        mark = hashlib.sha256(f"{kind}:{ids}:{ends}:{total}".encode()).hexdigest()[:12]
        now = datetime.now(UTC)
        words = title if paid else f"{title}: perhaps billed; the panel's web pages show its invoices"
        line = InvoiceLine(
            order_id=SafeText(orders[0].id.raw) if orders else None, title=SafeText(title), list_price=total,
            amount=total,
        )  # fmt: skip
        return Invoice(
            id=SafeText(f"balance-{mark}"), number=SafeText(mark), kind=SafeText(kind), issued_at=now, total=total,
            state=InvoiceState.PAID if paid else InvoiceState.UNPAID, paid_at=now if paid else None, lines=[line],
            line_count=1, title=SafeText(words), paid_method=SafeText("internal") if paid else None,
        )  # fmt: skip


def bare(order_id: str) -> str:
    """An id as the gateway gave it: a second row of the same id has a mark behind it."""
    return order_id.partition("#")[0]


def _later(end: datetime | None, months: int) -> datetime | None:
    """``end`` so many months on; ``None`` where there is none, or no such year."""
    try:
        return None if end is None else add_months(end, months, end.day)
    except ValueError:
        return None


def _raw(value: Any) -> str:
    return str(getattr(value, "raw", value))


def _months(count: int) -> str:
    return "1 month" if count == 1 else f"{count} months"


def _names(request: OrderRequest, wanted: Sequence[tuple[str, int]]) -> list[str]:
    count = sum(quantity for _, quantity in wanted)
    if not request.names:
        return [""] * count
    slots = [NameSlot(plan.partition(":")[2], ANYWHERE) for plan, quantity in wanted for _ in range(quantity)]
    try:
        return expand_names(request.names.raw, slots, ())
    except NamingError as error:
        raise InvalidInput(str(error)) from None


def _left_out(code: str, reason: str, *, order_id: str | None = None, plan: str | None = None) -> Exclusion:
    return Exclusion(
        order_id=None if order_id is None else SafeText(order_id), plan=None if plan is None else SafeText(plan),
        location=None if plan is None else SafeText(ANYWHERE), code=SafeText(code), reason=SafeText(reason),
    )  # fmt: skip
