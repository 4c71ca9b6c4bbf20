"""Renewals: priced by the panel's own form, put into the basket, and paid from there (wire: BILLmanager 10.3, 11.2).

Of the ways that BILLmanager has, the basket is the one in which a lost answer can be found: what was renewed lies in it
item by item, with its price, before any money moves. ``skipbasket`` and a direct ``service.prolong`` would charge the
balance at once and tell nothing that this could be recognised by; they are never used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers import Query
from billtui.client.drivers.billmanager.asking import reading, writing
from billtui.client.drivers.billmanager.basket import Basket
from billtui.client.drivers.billmanager.figures import instant, money, shows_amount
from billtui.client.drivers.billmanager.services import ServiceCalls, split_id
from billtui.client.drivers.billmanager.shapes import Doc, options, unwrap, value
from billtui.client.drivers.sealed import seal, unseal
from billtui.client.drivers.totals import total_of
from billtui.client.drivers.traits import ENDLESS
from billtui.client.errors import ClientError, InvalidInput, Outcome, Refused, RuleRefused, SessionExpired, TakenBack
from billtui.client.exchange import Conversation, Steps, together
from billtui.client.questions import expect
from billtui.client.settings import Write
from billtui.domain.models import Exclusion, Invoice, InvoiceKind, Order, OrderState, Quote, QuoteLine
from billtui.domain.money import Money
from billtui.domain.periods import add_months, never_ends
from billtui.domain.safetext import SafeText

QUOTE_LASTS: Final = timedelta(minutes=15)
EACH_ITSELF: Final = 10
"""So many services are priced one by one; of more, one of each tariff and price, held against the price of all."""
RENEWAL: Final = "billmanager-renewal"
_PAYMENT_IN_WORDS: Final = re.compile(r"\b(?:invoice|payment)\s{1,3}(?:no\.|№|#)?\s{0,3}(\d{1,18})\b", re.IGNORECASE)
_RENEWABLE: Final = frozenset({OrderState.ACTIVE, OrderState.SUSPENDED, OrderState.BLOCKED})


@dataclass(frozen=True, slots=True)
class Priced:
    """What one more period of a service costs, and when it ends then."""

    amount: Money
    until: datetime | None


class RenewalCalls(ServiceCalls):
    """The calls about renewals."""

    def quote_renewal(self, order_ids: Sequence[str], period: int, promo_code: str | None) -> Conversation[Quote]:
        """``service.prolong`` with a period, unsent. A promo code is priced in the basket alone: none is taken."""

        def begin() -> Steps[Quote]:
            if promo_code:
                raise InvalidInput(
                    "BILLmanager takes promo codes in the basket alone, on renewals none from here.",
                    "Leave it out, or renew on its own pages.",
                )
            ids = list(dict.fromkeys(str(getattr(one, "raw", one)) for one in order_ids))
            yield from self.known_currency()
            rows = len(ids) if len(ids) <= 2 else 2
            expect(rows + 1 + min(len(ids), EACH_ITSELF))
            orders, basket = yield from together(lambda: self.orders_now(ids), self.basket)
            waiting = {item.order_id for item in basket.items} if basket is not None else set()
            in_basket = basket.invoice_id if basket is not None else None
            lines: list[QuoteLine] = []
            excluded = [_gone(one) for one in ids if one not in orders]
            chosen: list[Order] = []
            for order in orders.values():
                reason = _not_renewable(order, waiting)
                if reason is None:
                    chosen.append(order)
                else:
                    excluded.append(_left_out(order, *reason, in_basket if order.id.raw in waiting else None))
            prices, refused = yield from self._prices(chosen, period)
            excluded += [_left_out(order, error.code, error.fact, _payment_in(error.fact)) for order, error in refused]
            for order in chosen:
                if order.id.raw in prices:
                    lines.append(_line(order, period, prices[order.id.raw]))
            currency = yield from self.known_currency()
            total = total_of(lines, currency)
            sealed = seal(RENEWAL, {"orders": [one.order_id.raw for one in lines if one.order_id], "period": period})
            return Quote(
                id=SafeText(self.quoted(sealed)), kind=SafeText("renewal"), lines=lines,
                total=total, excluded=excluded, period=period, expires_at=datetime.now(UTC) + QUOTE_LASTS,
            )  # fmt: skip

        return reading(begin, "orders.renew")

    def quoted(self, sealed: str) -> str:
        """A quote's id. One of many orders is longer than an id may be: it stays here, under a short one."""
        return sealed if len(sealed) <= 200 else self.memory.keep_quote(sealed)

    def opened(self, kind: str, quote_id: str) -> dict[str, object]:
        """What a quote's id stands for. Raises ``ConfigurationProblem``."""
        text = str(getattr(quote_id, "raw", quote_id))
        return unseal(kind, self.memory.quotes.get(text, text))

    def _prices(
        self, orders: Sequence[Order], period: int
    ) -> Steps[tuple[dict[str, Priced], list[tuple[Order, ClientError]]]]:
        """The price of each; and what the panel does not renew, with its words."""
        prices: dict[str, Priced] = {}
        refused: list[tuple[Order, ClientError]] = []
        if len(orders) > EACH_ITSELF:
            alike = yield from self._prices_by_tariff(orders, period)
            if alike is not None:
                return alike, []
        asked = yield from together(*(partial(self._price_or_why_not, order, period) for order in orders))
        for order, said in zip(orders, asked, strict=True):
            if isinstance(said, Priced):
                prices[order.id.raw] = said
            else:
                refused.append((order, said))
        return prices, refused

    def _price_or_why_not(self, order: Order, period: int) -> Steps[Priced | ClientError]:
        """The price, or what the panel says instead of one."""
        try:
            return (yield from self._price(order, period))
        except SessionExpired:
            raise
        except Refused as error:
            return error

    def _prices_by_tariff(self, orders: Sequence[Order], period: int) -> Steps[dict[str, Priced] | None]:
        """One price for all of one tariff at one price a month, where their sum is what the panel asks for all."""
        prices: dict[str, Priced] = {}
        known: dict[tuple[str, Money], Money] = {}
        try:
            for order in orders:
                key = (f"{order.kind}/{order.plan}", order.monthly_price)
                if key not in known:
                    known[key] = (yield from self._price(order, period)).amount
                prices[order.id.raw] = Priced(known[key], _end(order, period))
            ids = ", ".join(split_id(one.id)[1] for one in orders)
            form = yield from self.fetch(
                "groupedit", (("faction", "service.prolong"), ("elid", ids), ("period", str(period)))
            )
        except SessionExpired:
            raise
        except Refused:
            return None
        total = _price_in(form, period, orders[0].monthly_price.currency)
        if total is None or total.amount != sum(one.amount.amount for one in prices.values()):
            return None
        return prices

    def _price(self, order: Order, period: int) -> Steps[Priced]:
        """By the form of the renewal. Raises what the panel refuses, ``InvalidInput`` for a period that it has not."""
        fields = (("elid", split_id(order.id)[1]), ("period", str(period)))
        form = yield from self.fetch("service.prolong", fields)
        offered = [key for key, _ in options(form, "period")]
        if offered and str(period) not in offered:
            months = ", ".join(one for one in offered if one.isdigit() and one != "0") or "none"
            raise InvalidInput(f"It cannot be renewed for {period} months. The panel offers: {months}.")
        amount = _price_in(form, period, order.monthly_price.currency) or order.monthly_price * period
        until = instant(value(form, "newexpiredate"), self.chosen.offset) or _end(order, period)
        return Priced(amount, until)

    # -- buying

    def renew(self, quote_id: str, expected_total: Money, write: Write) -> Conversation[Invoice]:
        """Into the basket, all or none; what the basket then says is held against what was confirmed."""

        def begin() -> Steps[Invoice]:
            content = self.opened(RENEWAL, quote_id)
            ids = _texts(content.get("orders"))
            period = content.get("period")
            if not ids:
                raise InvalidInput("There is nothing to renew.")
            yield from self.empty_basket()
            keys = [split_id(one)[1] for one in ids]
            fields = (("period", str(period)), ("clicked_button", "basket"), ("sok", "ok"))
            if len(keys) == 1:
                yield from self.send("service.prolong", (("elid", keys[0]), *fields))
            else:
                yield from self._put_together(keys, ids, fields)
            basket = yield from self.basket()
            if basket is None:
                raise UnreadableAnswer("the basket is not there")
            found = [item.order_id or "" for item in basket.items]
            if sorted(found) != sorted(ids):
                only_ours(set(found) <= set(ids))
                yield from self.taken_back(basket, "The basket does not hold what was to be renewed.", "taken-back")
            if basket.total != expected_total:
                yield from self.taken_back(basket, _other_price(basket.total, expected_total), "price-changed")
            return basket.invoice(InvoiceKind.RENEWAL)

        return writing(begin, "orders.renew")

    def _put_together(self, keys: Sequence[str], ids: Sequence[str], fields: Query) -> Steps[None]:
        """Many at once. What is refused for one of them may be in the basket for those before it: out with them."""
        both = (("faction", "service.prolong"), ("elid", ", ".join(keys)))
        try:
            yield from self.send("groupedit", (*both, *fields))
        except ClientError as error:
            if error.outcome is not Outcome.REFUSED:
                raise
            basket = yield from self.basket()
            if basket is not None and basket.items:
                only_ours({item.order_id for item in basket.items} <= set(ids))
                yield from self.taken_back(basket, error.fact, error.code)
            raise

    def empty_basket(self) -> Steps[None]:
        """Raises ``RuleRefused`` where something waits in the basket: it would be paid together with what comes."""
        basket = yield from self.basket()
        if basket is not None and basket.items:
            raise RuleRefused(
                f"The basket on the panel holds {len(basket.items)} for {basket.total}: it would be paid along.",
                f"Pay or delete the invoice “{basket.invoice().number}” first.",
                code="basket-not-empty",
            )

    def taken_back(self, basket: Basket, why: str, code: str) -> Steps[None]:
        """Empty the basket that was filled here, and say so. Raises ``TakenBack``, ``UnreadableAnswer`` if it stays."""
        fields = (("sok", "ok"), ("id", basket.id), ("clicked_button", "clearbasket"))
        yield from self.send("basket", fields)
        after = yield from self.basket()
        if after is not None and after.items:
            raise UnreadableAnswer("what was put into the basket is still there")
        raise TakenBack(f"{why} It was taken out of the basket again; nothing was paid.", "Look again.", code=code)


def only_ours(ours: bool) -> None:
    """What somebody else put in meanwhile is not thrown out with ours. Raises ``UnreadableAnswer``."""
    if not ours:
        raise UnreadableAnswer("something else was put in there meanwhile, and nothing was taken out")


def _price_in(form: Doc, period: int, currency: str) -> Money | None:
    """The price that a form shows: its summary, or the words of the chosen period; ``None`` where it shows none."""
    summary = value(form, "orderinfo")
    chosen = next((unwrap(node) for key, node in options(form, "period") if key == str(period)), "")
    for text in (summary, chosen):
        if shows_amount(text):
            return money(text, currency)
    return None


def _other_price(now: Money, confirmed: Money) -> str:
    return f"It costs {now} now, and {confirmed} was confirmed."


def _end(order: Order, months: int) -> datetime | None:
    if order.paid_until is None:
        return None
    try:
        return add_months(order.paid_until, months)
    except ValueError:
        return None


def _line(order: Order, period: int, price: Priced) -> QuoteLine:
    return QuoteLine(
        order_id=order.id, title=order.name, months=period, list_price=price.amount, amount=price.amount,
        plan=order.plan, location=order.location, unit_amount=price.amount, new_paid_until=price.until,
        paid_until=order.paid_until,
    )  # fmt: skip


def _not_renewable(order: Order, waiting: set[str | None]) -> tuple[str, str] | None:
    if order.id.raw in waiting:
        return "open-invoice", "It waits in the basket already: pay or empty the basket first."
    if order.state not in _RENEWABLE:
        return "not-renewable", f"It is {order.state}."
    if never_ends(order.paid_until):
        return "not-renewable", ENDLESS
    return None


def _left_out(order: Order, code: str, reason: str, invoice_id: str | None) -> Exclusion:
    related = {SafeText("invoice_id"): SafeText(invoice_id)} if invoice_id else {}
    return Exclusion(order_id=order.id, code=SafeText(code), reason=SafeText(reason), related=related)


def _payment_in(words: str) -> str | None:
    """The one payment that a refusal names, by its id; what is in the way has a field of its own nowhere."""
    named = set(_PAYMENT_IN_WORDS.findall(str(words)))
    return named.pop() if len(named) == 1 else None


def _gone(order_id: str) -> Exclusion:
    return Exclusion(order_id=SafeText(order_id), code=SafeText("not-found"), reason=SafeText("It is no longer there."))


def _texts(found: object) -> list[str]:
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
