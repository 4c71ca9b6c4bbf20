"""Orders and their renewal, one by one, as a client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers import Query
from billtui.client.drivers.fossbilling import reading
from billtui.client.drivers.fossbilling.calling import LONGEST_PAGE, Place, call, listing, raw
from billtui.client.drivers.fossbilling.invoices import LIST as INVOICES
from billtui.client.drivers.fossbilling.invoices import invoice_by_hash
from billtui.client.drivers.fossbilling.lists import ONE_BY_ONE, asked, key, list_of, rows_by_id, some
from billtui.client.drivers.fossbilling.role import Role, one_row, tax_rate
from billtui.client.drivers.fossbilling.values import Row, made, money_of, months_of, total_of
from billtui.client.drivers.sealed import seal, unseal
from billtui.client.errors import (
    CapabilityMissing,
    ConfigurationProblem,
    InvalidInput,
    NotFound,
    PriceChanged,
    RuleRefused,
)
from billtui.client.exchange import Call, Conversation, Kind, Request, Steps, ask
from billtui.client.settings import Write
from billtui.domain.models import Exclusion, Invoice, Order, Page, Quote, QuoteLine
from billtui.domain.money import Money, round_money
from billtui.domain.periods import add_months
from billtui.domain.safetext import SafeText

LIST: Final = "client/order/get_list"
ADDRESSED: Final = frozenset({"custom", "hosting", "domain"})
"""Kinds of services that may have an address; others are not asked for one."""
FEW: Final = 20
"""Invoices of one order that are looked at, the newest first."""
RENEWAL: Final = "fossbilling-renewal"
HOLDS: Final = timedelta(minutes=15)
"""How long a price that is asked for here is shown as good; it is asked for again before anything is bought."""
_STATES: Final = {state.value: word for word, state in reading.ORDER_STATES.items()}


def order_row(order_id: str) -> Call[Row]:
    """The row of an order."""
    return call("client/order/get", one_row, "orders", id=key(order_id))


def renewal_call(order_id: str) -> Call[str]:
    """The write that bills a renewal, and pays it where the balance suffices; the invoice's hash. Each call bills once
    more, unless an invoice of the order is open (wire: traps; exchanges 20 and 21)."""
    return call("client/invoice/renewal_invoice", reading.hash_text, kind=Kind.WRITE, order_id=key(order_id))


def service(order_id: str) -> Call[Row]:
    """What stands behind an order: its address, where the kind of service has one."""
    return call("client/order/service", one_row, "orders", id=key(order_id))


def with_tax(amount: Money, rate: Decimal) -> Money:
    """What an invoice over ``amount`` comes to."""
    return money_of(amount.amount + round_money(amount.amount * rate / 100), amount.currency, "total")


class OrderCalls(Role):
    """``client/order`` and ``client/invoice/renewal_invoice``."""

    def list_orders(self, query: Query) -> Request[Page[Order]]:
        """``client/order/get_list``, newest first."""
        by = asked(query, lambda state: _STATES.get(state, state))
        if by.ids:
            return some(LIST, "client/order/get", reading.order, by, "orders")
        return list_of(LIST, reading.order, by, "orders")

    def get_order(self, order_id: str) -> Request[Order]:
        """``client/order/get``, ``client/order/service`` for its address, and whether a paid renewal of it waits."""

        def begin() -> Steps[Order]:
            row = yield from ask(order_row(order_id))
            if row.id() != str(key(order_id)):
                raise UnreadableAnswer("id is not what was asked for")
            order = reading.order(row)
            changes: dict[str, Any] = {}
            if row.maybe_id("service_id") is not None and row.text("service_type") in ADDRESSED:
                try:
                    told = yield from ask(service(order_id))
                    changes["address"] = SafeText(reading.address(told)) or None
                    changes["more"] = order.more | reading.service_words(told)
                except (RuleRefused, NotFound, CapabilityMissing):
                    pass  # the service is not set up yet, or gone
            waiting = yield from _waiting(order_id)
            if order_id in waiting and not order.actions:
                changes["actions"] = [reading.no_renewal("renewal-waiting", reading.waits(waiting[order_id]))]
            return order.model_copy(update=changes) if changes else order

        return Conversation(begin, "orders")

    def quote_renewal(self, order_ids: Sequence[str], period: int, promo_code: str | None) -> Request[Quote]:
        """Priced here, by what each order costs for its own period: the panel renews by no other."""
        ids = [str(key(one)) for one in order_ids]

        def begin() -> Steps[Quote]:
            if promo_code:
                raise InvalidInput("FOSSBilling takes promo codes with new orders only, not with renewals.")
            rows = yield from _rows(ids)
            rate = yield from tax_rate()
            waiting = yield from _waiting(ids[0] if len(ids) == 1 else "")
            lines: list[QuoteLine] = []
            excluded: list[Exclusion] = []
            for one in ids:
                row = rows.get(one)
                refusal = _refusal(one, row, period, waiting)
                if row is None or refusal is not None:
                    excluded.append(refusal or _left_out(one, "not-found", "It is no longer there."))
                else:
                    lines.append(_line(row, rate, period))
            currency = lines[0].amount.currency if lines else _any_currency(rows)
            if any(one.amount.currency != currency for one in lines):
                raise InvalidInput("These orders are billed in several currencies. Renew them by currency.")
            content = {"orders": [line.order_id.raw for line in lines if line.order_id], "period": period}
            return made(
                Quote, "quote", id=seal(RENEWAL, content), kind="renewal", lines=lines, excluded=excluded,
                total=total_of((line.amount for line in lines), currency), period=period,
                expires_at=datetime.now(UTC) + HOLDS,
            )  # fmt: skip

        return Conversation(begin, "orders.renew")

    def renew(self, quote_id: str, expected_total: Money, write: Write) -> Request[Invoice]:
        """``client/invoice/renewal_invoice``, once: it bills, and pays at once where the balance suffices."""
        content = unseal(RENEWAL, raw(quote_id))
        ids, period = content.get("orders"), content.get("period")
        if not isinstance(ids, list) or len(ids) != 1 or not isinstance(period, int):
            raise ConfigurationProblem("This panel renews order by order. Nothing was sent; renew them one by one.")
        order_id = str(ids[0])

        def begin() -> Steps[Invoice]:
            row = yield from ask(order_row(order_id))
            rate = yield from tax_rate()
            refusal = _refusal(order_id, row, period, (yield from _waiting(order_id)))
            if refusal is not None:
                raise RuleRefused(f"{row.text('title')}: {refusal.reason} Nothing was sent.", code=refusal.code.raw)
            price = with_tax(reading.renewal_price(row), rate)
            if price != expected_total:
                raise PriceChanged(
                    f"Renewing {row.text('title')} costs {price} now, not {expected_total}. Nothing was sent.",
                    "Look at the new price and confirm afresh.",
                )
            made_hash = yield from ask(renewal_call(order_id))
            return renewed((yield from ask(invoice_by_hash(made_hash))), order_id, expected_total)

        return Conversation(begin, "orders.renew", writes=True)


def renewed(row: Row, order_id: str, expected: Money) -> Invoice:
    """The invoice of this order's renewal at this price. Raises ``UnreadableAnswer`` for any other."""
    invoice = reading.invoice(row)
    if reading.orders_of(row) != [order_id]:
        raise UnreadableAnswer("the invoice's order is not what was renewed")
    if invoice.total != expected:
        raise UnreadableAnswer("the invoice's total is not what was confirmed")
    return invoice


def _rows(ids: list[str]) -> Steps[dict[str, Row]]:
    if len(ids) > ONE_BY_ONE:
        found = yield from rows_by_id(LIST, ids, "orders")
        return {row.id(): row for row in found}
    rows: dict[str, Row] = {}
    for one in ids:
        try:
            rows[one] = yield from ask(order_row(one))
        except NotFound:
            continue
    return rows


def _waiting(order_id: str = "") -> Steps[dict[str, str]]:
    """Orders whose renewal is paid and waits for the panel, as far as its newest invoices say."""
    more = {"order_id": key(order_id)} if order_id else {}
    size = FEW if order_id else LONGEST_PAGE
    page = yield from ask(listing(INVOICES, lambda row: row, Place(), size, "invoices", status="paid", **more))
    return reading.waiting(page.items, datetime.now(UTC))


def _refusal(order_id: str, row: Row | None, period: int, waiting: Mapping[str, str]) -> Exclusion | None:
    """Why it cannot be renewed by so many months."""
    if row is None:
        return _left_out(order_id, "not-found", "It is no longer there.")
    invoice = row.maybe_id("unpaid_invoice_id")
    if invoice is not None:
        words = "It has an unpaid invoice already: pay that one."
        return _left_out(order_id, "unpaid-invoice", words, {"invoice_id": invoice})
    if order_id in waiting:
        return _left_out(order_id, "renewal-waiting", reading.waits(waiting[order_id]))
    months = months_of(row.text("period"))
    obstacle = reading.renewal_obstacle(row, reading.renewal_price(row), months)
    if obstacle is not None:
        return _left_out(order_id, "not-renewable", obstacle)
    if months != period:
        words = f"It is renewed by {reading.spoken(months or 0)} only on this panel: choose that period."
        return _left_out(order_id, "period-not-sold", words)
    return None


def _left_out(order_id: str, code: str, reason: str, related: dict[str, str] | None = None) -> Exclusion:
    return made(Exclusion, "excluded", order_id=order_id, code=code, reason=reason, related=related or {})


def _line(row: Row, rate: Decimal, period: int) -> QuoteLine:
    amount = with_tax(reading.renewal_price(row), rate)
    until = row.time("expires_at")
    after = None
    if until is not None:
        try:
            after = add_months(until, period)
        except (ValueError, OverflowError):
            raise UnreadableAnswer("expires_at is out of all bounds") from None
    return made(
        QuoteLine, "lines", order_id=row.id(), title=SafeText(row.text("title")), months=period, list_price=amount,
        amount=amount, plan=SafeText(row.maybe_id("product_id") or ""), location=reading.PLACE, unit_amount=amount,
        paid_until=until, new_paid_until=after,
    )  # fmt: skip


def _any_currency(rows: dict[str, Row]) -> str:
    return next((reading.currency_of(row) for row in rows.values()), "USD")
