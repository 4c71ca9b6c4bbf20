"""Rows of FOSSBilling as the program's invoices, orders, plans and accounts."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers.fossbilling.values import Row, days_of, made, money_of, months_of
from billtui.client.drivers.traits import ENDLESS, NO_PANEL_ID
from billtui.domain.models import (
    Account,
    Action,
    Balances,
    Invoice,
    InvoiceKind,
    InvoiceLine,
    InvoiceState,
    LedgerLine,
    Order,
    OrderState,
    Plan,
)
from billtui.domain.money import NO_CURRENCY, Money
from billtui.domain.periods import never_ends
from billtui.domain.safetext import SafeText

MARK: Final = "billtui"
"""Name of the mark that new orders carry in their ``config``, where the answers of an order form stand, too."""
_INNER: Final = frozenset({"id", "client_id", "created_at", "updated_at", "plugin", "period", "config", "server", MARK})
"""Fields of a service that say nothing to a person."""
_SECRET: Final = re.compile(r"pass|secret|token|key|code|hash", re.IGNORECASE)
PLACE: Final = "panel"
"""FOSSBilling knows no locations: there is one, where the panel puts what is bought."""
PLENTY: Final = 9_999
"""In stock of what the panel does not count."""

ORDER_STATES: Final = {
    "active": OrderState.ACTIVE,
    "pending_setup": OrderState.PENDING,
    "suspended": OrderState.SUSPENDED,
    "canceled": OrderState.CANCELLED,
}
"""Other states (``failed_setup``, ``failed_renew``) stay as the panel writes them."""
INVOICE_STATES: Final = {
    "unpaid": InvoiceState.UNPAID,
    "paid": InvoiceState.PAID,
    "refunded": InvoiceState.REFUNDED,
}
"""``canceled`` stays as the panel writes it."""
_CREDIT_NOTE: Final = "Credit note"


def currency_of(row: Row) -> str:
    """The currency of a row; checked where an amount is made with it."""
    return row.text("currency")


# Orders


def order(row: Row) -> Order:
    """An order. ``expires_at`` is its paid-until, which a paid renewal moves later, by the panel's batch job."""
    status, period = row.text("status"), row.text("period")
    price = renewal_price(row)
    months = months_of(period)
    kind = row.text("service_type") or "custom"
    return made(
        Order, "order", id=row.id(), name=SafeText(row.text("title") or f"#{row.id()}"), kind=SafeText(kind),
        plan=SafeText(row.maybe_id("product_id") or ""), location=SafeText(PLACE),
        state=ORDER_STATES.get(status, SafeText(status)), created_at=row.some_time("created_at", "activated_at"),
        paid_until=row.time("expires_at"), monthly_price=monthly_price(price, period),
        individual_price=True, unpaid_invoice_id=row.maybe_id("unpaid_invoice_id"),
        blocked_at=None, billing_day=_billing_day(row),
        actions=_order_actions(row, price, months), more=_more(row, months),
    )  # fmt: skip


def _more(row: Row, months: int | None) -> dict[str, str]:
    """What a person wants to know besides: by what it is renewed, how many it stands for, why it is as it is."""
    period = row.text("period")
    told = {
        "renewed by": spoken(months) if months is not None else period, "reason": row.text("reason"),
        "quantity": "" if row.whole("quantity", 1) == 1 else row.text("quantity"), "notes": row.text("notes"),
    }  # fmt: skip
    return {name: text for name, text in told.items() if text}


def spoken(months: int) -> str:
    """``3 months``."""
    return "1 month" if months == 1 else f"{months} months"


def service_words(service: Row) -> dict[SafeText, SafeText]:
    """What stands in a service beside its address, as far as it is plain and no secret."""
    reached = address(service)
    return {
        SafeText(name): SafeText(text)
        for name, text in service.plain().items()
        if name not in _INNER and not _SECRET.search(name) and text != reached
    }


def renewal_price(row: Row) -> Money:
    """What one more period costs, without tax: the order's total less its discount."""
    currency = currency_of(row)
    total = row.money("total" if row.has("total") else "price", currency)
    if not row.has("discount"):
        return total
    return money_of(total.amount - row.money("discount", currency).amount, currency, "total")


def address(service: Row) -> str:
    """Where a service can be reached, as far as its kind says; empty where it does not."""
    for name in ("ip", "hostname", "domain"):
        if isinstance(service.any(name), str) and service.text(name):
            return service.text(name)
    sld, tld = service.any("sld"), service.any("tld")
    return f"{sld}{tld}" if isinstance(sld, str) and isinstance(tld, str) and sld else ""


def monthly_price(price: Money, period: str) -> Money:
    """What a period's price comes to in a month, rounded; nothing for what is bought once."""
    months = months_of(period)
    if months is not None:
        amount = price.amount / months
    else:
        days = days_of(period)
        amount = price.amount * 365 / 12 / days if days else Decimal(0)
    return money_of(amount, price.currency, "price")


def _billing_day(row: Row) -> int:
    until = row.time("expires_at")
    return 1 if until is None else until.day


def _order_actions(row: Row, price: Money, months: int | None) -> list[Action]:
    """Why it cannot be renewed from here, where it cannot."""
    invoice = row.maybe_id("unpaid_invoice_id")
    if invoice is not None:
        return [_no("renew", "unpaid-invoice", "It has an unpaid invoice: pay that one.", {"invoice_id": invoice})]
    reason = renewal_obstacle(row, price, months)
    return [] if reason is None else [_no("renew", "not-renewable", reason)]


WAITS: Final = timedelta(days=2)
"""For so long after it was paid a renewal that is not carried out is one that waits for the panel."""


def waiting(invoices: list[Row], now: datetime) -> dict[str, str]:
    """Order → the number of its invoice, of renewals that are paid and not carried out yet: the panel's batch job moves
    the term later (wire: traps)."""
    found: dict[str, str] = {}
    for row in invoices:
        paid = row.time("paid_at")
        if row.text("status") != "paid" or paid is None or not now - WAITS <= paid:
            continue
        for line in row.rows("lines"):
            order_id = line.maybe_id("order_id")
            if order_id is not None and line.text("task") == "renew" and line.text("status") != "executed":
                found[order_id] = number_of(row)
    return found


def waits(number: str) -> str:
    """What is said of an order whose renewal was paid."""
    return f"Paid by {number}, waiting for the panel: its batch job moves the term."


def no_renewal(code: str, reason: str) -> Action:
    """Renewing as what cannot be done now."""
    return _no("renew", code, reason)


def renewal_obstacle(row: Row, price: Money, months: int | None) -> str | None:
    """Why an order without an unpaid invoice cannot be renewed, by what its row says."""
    if row.text("status") == "canceled":
        return "It is cancelled."
    if never_ends(row.time("expires_at")):
        return ENDLESS
    if price.amount <= 0:
        return "It is free of charge: there is nothing to renew."
    if months is None:
        return "It is not billed by months; renew it on the panel's own web pages."
    return None


def _no(action: str, code: str, reason: str, related: dict[str, str] | None = None) -> Action:
    found = {SafeText(name): SafeText(value) for name, value in (related or {}).items()}
    return Action(action=SafeText(action), allowed=False, code=SafeText(code), reason=SafeText(reason), related=found)


# Invoices


def invoice(row: Row) -> Invoice:
    """An invoice, a top-up's invoice or a credit note. Rows of lists carry their lines as well."""
    currency, status = currency_of(row), row.text("status")
    lines = [_line(one, currency) for one in row.rows("lines")]
    kind = _kind(row.rows("lines"))
    total = row.money("total", currency)
    if row.has("tax") and row.decimal("tax") != 0:
        tax = row.money("tax", currency)
        rate = row.decimal("taxrate", Decimal(0)).normalize()
        words = " ".join(part for part in (row.text("taxname") or "Tax", f"{rate:f} %" if rate else "") if part)
        billed = orders_of(row)
        of_one = billed[0] if len(billed) == 1 else None  # so that the order's lines are all that it costs
        lines.append(made(InvoiceLine, "lines", order_id=of_one, title=SafeText(words), list_price=tax, amount=tax))
    return made(
        Invoice, "invoice", id=row.id(), number=SafeText(number_of(row)), kind=kind,
        state=INVOICE_STATES.get(status, SafeText(status)), issued_at=row.some_time("created_at", "updated_at"),
        due_at=row.time("due_at"), paid_at=row.time("paid_at"), total=total, lines=lines, line_count=len(lines),
        title=SafeText(_title(row, total)), actions=_invoice_actions(row),
    )  # fmt: skip


def number_of(row: Row) -> str:
    """``FOSS00032``, or what can be made of its parts."""
    return row.text("serie_nr") or f"{row.text('serie')}{row.text('nr')}" or f"#{row.id()}"


def hash_of(row: Row) -> str:
    """By which an invoice is asked for. Raises :class:`UnreadableAnswer`."""
    return hash_text(row.any("hash"))


def hash_text(value: Any) -> str:
    """A hash as it can be sent back: letters and digits."""
    if not isinstance(value, str) or not value.isascii() or not value.isalnum() or not 8 <= len(value) <= 400:
        raise UnreadableAnswer("hash is missing or wrong")
    return value


def orders_of(row: Row) -> list[str]:
    """Ids of the orders that an invoice bills."""
    found = [line.maybe_id("order_id") for line in row.rows("lines")]
    return [one for one in dict.fromkeys(found) if one is not None]


def _line(row: Row, currency: str) -> InvoiceLine:
    amount = row.money("total" if row.has("total") else "price", currency)
    quantity = row.whole("quantity", 1)
    title = row.text("title") or "–"
    return made(
        InvoiceLine, "lines", order_id=row.maybe_id("order_id"),
        title=SafeText(f"{title} × {quantity}" if quantity != 1 else title), months=months_of(row.text("period")),
        list_price=amount, amount=amount,
    )  # fmt: skip


def _kind(lines: list[Row]) -> InvoiceKind:
    kinds = {_kind_of(line.text("type"), line.text("task")) for line in lines if not _is_discount(line)}
    if len(kinds) == 1:
        return kinds.pop()
    return InvoiceKind.MIXED if kinds else InvoiceKind.ADMINISTRATION


def _is_discount(line: Row) -> bool:
    return line.text("type") not in ("order", "deposit") and line.decimal("price", Decimal(0)) < 0


def _kind_of(kind: str, task: str) -> InvoiceKind:
    if kind == "deposit":
        return InvoiceKind.TOP_UP
    if kind == "order":
        return InvoiceKind.RENEWAL if task == "renew" else InvoiceKind.NEW_ORDER
    return InvoiceKind.ADMINISTRATION


def _title(row: Row, total: Money) -> str:
    titles = [line.text("title") for line in row.rows("lines")]
    text = titles[0] if titles else ""
    if len(titles) > 1:
        text = f"{text} and {len(titles) - 1} more"
    return f"{_CREDIT_NOTE}: {text}" if total.amount < 0 else text


def _invoice_actions(row: Row) -> list[Action]:
    billed = orders_of(row)
    if row.text("status") != "unpaid" or not billed:
        return []
    words = f"It is related to order {billed[0]}: this panel wants that order cancelled first."
    return [_no("delete", "order-invoice", words, {"order_id": billed[0]})]


# Account


def account(row: Row, balance: Any, methods: list[str], capabilities: frozenset[str]) -> Account:
    """Who is signed in: a client, with one purse. ``balance`` may be below zero."""
    currency = currency_of(row)
    names = " ".join(part for part in (row.text("first_name"), row.text("last_name")) if part)
    email = row.text("email")
    return made(
        Account, "profile", panel_id=NO_PANEL_ID, account_id=row.id(),
        login=SafeText(email or names), email=SafeText(email), emails=[SafeText(email)], currency=currency,
        balances=Balances(internal=money_of(balance, currency, "balance"), affiliate=Money.zero(currency)),
        capabilities=capabilities, payment_methods=[SafeText(one) for one in methods],
    )  # fmt: skip


def staff_account(row: Row, capabilities: frozenset[str]) -> Account:
    """Who is signed in: one of the staff, who has no purse."""
    email = row.text("email")
    zero = Money.zero(NO_CURRENCY)
    return made(
        Account, "profile", panel_id=NO_PANEL_ID, account_id=f"staff:{row.id()}",
        login=SafeText(email or row.text("name")), email=SafeText(email), emails=[SafeText(email)], role="support",
        currency=NO_CURRENCY, balances=Balances(internal=zero, affiliate=zero), capabilities=capabilities,
    )  # fmt: skip


def movement(row: Row) -> LedgerLine:
    """One movement of the balance."""
    return made(
        LedgerLine, "ledger", id=row.id(), at=row.some_time("created_at", "updated_at"),
        account_id=row.maybe_id("client_id") or "1", purse="internal", amount=row.money("amount", currency_of(row)),
        kind=SafeText(row.text("type") or "movement"), note=SafeText(row.text("description")),
    )  # fmt: skip


# Catalogue


def periods_of(row: Row) -> dict[int, Money]:
    """Months → price of the periods of a product that are sold. The currency is not the product's to say."""
    prices = row.row("pricing").row("recurrent")
    found: dict[int, Money] = {}
    for months in (1, 2, 3, 6, 12, 24, 36):
        for name in (f"{months}M", f"{months // 12}Y" if months % 12 == 0 else ""):
            one = prices.row(name) if name and isinstance(prices.any(name), dict) else None
            if one is not None and one.whole("enabled", 1) and one.decimal("price", Decimal(0)) > 0:
                found[months] = one.money("price", "USD")
    return found


def plan(row: Row, currency: str) -> Plan | None:
    """A product that is billed by months; ``None`` for domains and what is bought once: they need the web pages."""
    periods = periods_of(row)
    if not periods or row.text("type") == "domain":
        return None
    months = min(periods)
    monthly = monthly_price(money_of(periods[months].amount, currency, "price"), f"{months}M")
    return made(
        Plan, "product", id=row.id(), name=SafeText(row.text("title") or f"#{row.id()}"),
        kind=SafeText(row.text("type") or "custom"), monthly_price=monthly, locations=[SafeText(PLACE)],
    )  # fmt: skip
