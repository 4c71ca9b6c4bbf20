"""New servers: priced by the order form, put into the basket (v1) or the cart (v2), paid from there (wire: 11).

Never with ``skipbasket``: that charges the balance at once and tells not even which services it made. What lies in the
basket or cart has numbers of its own, so that a lost answer is found by reading it, and no money has moved yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from billtui.client.codec import UnreadableAnswer
from billtui.client.drivers import Query
from billtui.client.drivers.acts import Act
from billtui.client.drivers.billmanager.asking import reading, writing
from billtui.client.drivers.billmanager.basket import Basket, Item
from billtui.client.drivers.billmanager.cart import CartCalls
from billtui.client.drivers.billmanager.catalogue import V1, place_number, split_plan
from billtui.client.drivers.billmanager.figures import money, shows_amount
from billtui.client.drivers.billmanager.payments import UNKNOWN_DAY
from billtui.client.drivers.billmanager.renewals import QUOTE_LASTS, only_ours
from billtui.client.drivers.billmanager.shapes import Doc, options, value
from billtui.client.drivers.sealed import seal
from billtui.client.drivers.totals import total_of
from billtui.client.errors import ClientError, InvalidInput, Outcome, Refused, SessionExpired, TakenBack
from billtui.client.exchange import Conversation, Steps
from billtui.client.settings import Write
from billtui.domain.models import (
    AutoRenew,
    BoughtOrders,
    Exclusion,
    InvoiceKind,
    Order,
    OrderCell,
    OrderRequest,
    OrderState,
    Quote,
    QuoteLine,
)
from billtui.domain.money import Money
from billtui.domain.safetext import SafeText

ORDER = "billmanager-order"


@dataclass(frozen=True, slots=True)
class Cell:
    """So many servers of one tariff in one place."""

    plan: str
    place: str
    count: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What an order asks for, as it is sealed into its quote."""

    cells: tuple[Cell, ...]
    period: int
    auto: str
    """Months of auto-renewal; empty for none."""
    name: str
    promo: str

    def sealed(self) -> str:
        """As text."""
        cells = [[one.plan, one.place, one.count] for one in self.cells]
        return seal(
            ORDER,
            {"cells": cells, "period": self.period, "auto": self.auto, "name": self.name, "promo": self.promo},
        )

    @classmethod
    def opened(cls, content: dict[str, object]) -> Wish:
        """From what was sealed."""
        cells = content.get("cells")
        found = [Cell(str(one[0]), str(one[1]), int(one[2])) for one in cells] if isinstance(cells, list) else []
        period = content.get("period")
        return cls(
            tuple(found), period if isinstance(period, int) else 0, str(content.get("auto") or ""),
            str(content.get("name") or ""), str(content.get("promo") or ""),
        )  # fmt: skip


class OrderCalls(CartCalls):
    """The calls about new servers."""

    def quote_order(self, request: OrderRequest) -> Conversation[Quote]:
        """The order form of each tariff and place, unsent. A promo code comes off in the basket."""

        def begin() -> Steps[Quote]:
            wish = yield from self._wish(request)
            lines: list[QuoteLine] = []
            excluded: list[Exclusion] = []
            for cell in wish.cells:
                try:
                    price = yield from self._price_of(cell, wish)
                except SessionExpired:
                    raise
                except Refused as error:
                    reason = Exclusion(
                        plan=SafeText(cell.plan), location=SafeText(cell.place), code=SafeText(error.code),
                        reason=SafeText(error.fact),
                    )  # fmt: skip
                    excluded.append(reason)
                else:
                    lines.append(
                        _line(cell, wish, price, self.memory.sold_names.get((cell.plan, cell.place), cell.plan))
                    )
            currency = yield from self.known_currency()
            total = total_of(lines, currency)
            left_out = {(str(one.plan), str(one.location)) for one in excluded}
            kept = tuple(one for one in wish.cells if (one.plan, one.place) not in left_out)
            sealed = Wish(kept, wish.period, wish.auto, wish.name, wish.promo).sealed()
            return Quote(
                id=SafeText(self.quoted(sealed)), kind=SafeText("order"),
                lines=lines, total=total, excluded=excluded, period=wish.period,
                promo_code=SafeText(wish.promo) if wish.promo else None, expires_at=datetime.now(UTC) + QUOTE_LASTS,
            )  # fmt: skip

        return reading(begin, "orders.new")

    def _wish(self, request: OrderRequest) -> Steps[Wish]:
        """What is asked for, in cells. Raises ``InvalidInput`` for what this panel cannot do."""
        if request.addons:
            raise InvalidInput("Parts of a server are chosen on the panel's own pages: order without them.")
        version = yield from self.ordering()
        if not version:
            raise InvalidInput("This panel's order form does not answer: order on its own pages.")
        promo = request.promo_code.raw.strip() if request.promo_code else ""
        if promo and version != V1:
            raise InvalidInput("This panel's order form takes no promo code from here: use it on its own pages.")
        cells = [_cell(one) for one in request.cells]
        if request.all_locations:
            sold = yield from self.sold(request.period)
            plan = str(request.plan.raw) if request.plan else ""
            places = [place for (one, place), tariff in sold.tariffs.items() if one == plan and tariff.available]
            cells = [Cell(plan, place, request.quantity or 1) for place in places]
            if not cells:
                raise InvalidInput("No location has this plan now.")
        count = sum(one.count for one in cells)
        name = request.names.raw.strip() if request.names else ""
        if name and count > 1:
            raise InvalidInput(
                "BILLmanager names several new servers itself: leave the names out and rename them later."
            )
        auto = request.auto_renew
        months = str(auto.months) if auto is not None and auto.on else ""
        return Wish(tuple(cells), request.period, months, name, promo)

    def fields_of(self, cell: Cell, wish: Wish, count: int, form: Doc | None = None) -> Query:
        """The fields of the old order form."""
        system = self.chosen.os_template
        if not system and form is not None:
            system = value(form, "ostempl") or next((key for key, _ in options(form, "ostempl")), "")
        fields = [
            ("pricelist", split_plan(cell.plan)[1]), ("datacenter", place_number(cell.place)),
            ("period", str(wish.period)), ("ostempl", system), ("domain", wish.name), ("server_name", wish.name),
            ("order_count", str(count)),
        ]  # fmt: skip
        kept = [(name, text) for name, text in fields if text]
        return (*kept, ("autoprolong", wish.auto or "null"))

    def _price_of(self, cell: Cell, wish: Wish) -> Steps[Money]:
        """What a cell costs, by the form; by the list of tariffs where the form shows no price. Raises ``Refused``."""
        version = yield from self.ordering()
        if version != V1:
            return (yield from self.price_v2(cell.plan, cell.place, wish.period, cell.count))
        kind, _ = split_plan(cell.plan)
        currency = yield from self.known_currency()
        one = yield from self._form_price(kind, self.fields_of(cell, wish, 1), currency)
        if one is None:
            sold = yield from self.sold(wish.period, (kind, cell.place))
            tariff = sold.tariffs.get((cell.plan, cell.place))
            if tariff is None or not tariff.available or wish.period not in tariff.prices:
                raise InvalidInput("It is not sold like this now.")
            return tariff.prices[wish.period] * cell.count
        if cell.count == 1:
            return one
        whole = Money.zero(one.currency)
        for count in _portions(cell.count, self.chosen.order_cap):
            part = yield from self._form_price(kind, self.fields_of(cell, wish, count), currency)
            # A form that shows the price of one whatever the number is: the number is put in here.
            whole += one * count if part is None or (part == one and count > 1) else part
        return whole

    def _form_price(self, kind: str, fields: Query, currency: str) -> Steps[Money | None]:
        form = yield from self.fetch(f"{kind}.order.param", fields)
        text = value(form, "orderinfo")
        return money(text, currency) if shows_amount(text) else None

    # -- buying

    def buy_order(self, quote_id: str, expected_total: Money, write: Write) -> Conversation[BoughtOrders]:
        """Into the basket or the cart, all or none; what that says then is held against what was confirmed."""

        def begin() -> Steps[BoughtOrders]:
            wish = Wish.opened(self.opened(ORDER, quote_id))
            if not wish.cells:
                raise InvalidInput("There is nothing to order.")
            version = yield from self.ordering()
            if version == V1:
                return (yield from self._into_the_basket(wish, expected_total))
            return (yield from self._into_the_cart(wish, expected_total))

        return writing(begin, "orders.new")

    def _into_the_basket(self, wish: Wish, expected: Money) -> Steps[BoughtOrders]:
        yield from self.empty_basket()
        sent = 0
        try:
            for cell in wish.cells:
                kind, _ = split_plan(cell.plan)
                for count in _portions(cell.count, self.chosen.order_cap):
                    form = yield from self.fetch(f"{kind}.order.param", self.fields_of(cell, wish, count))
                    fields = self.fields_of(cell, wish, count, form)
                    button = (("recipe", "null"), ("licence_agreement", "on"), ("clicked_button", "finish"))
                    yield from self.send(f"{kind}.order.param", (*fields, *button, ("sok", "ok")))
                    sent += count
            if wish.promo:
                yield from self.send("basket", (("promocode", wish.promo), ("sok", "ok")))
        except TakenBack:
            raise
        except ClientError as error:
            if sent and error.outcome is Outcome.REFUSED:
                yield from self._give_up(error, sent)
            raise
        basket = yield from self.basket()
        if basket is None:
            raise UnreadableAnswer("the basket is not there")
        yield from self._held_against(basket, wish, expected)
        orders = yield from self._new_orders(basket, wish)
        return BoughtOrders(invoice=basket.invoice(InvoiceKind.NEW_ORDER), orders=orders)

    def _give_up(self, why: ClientError, sent: int) -> Steps[None]:
        basket = yield from self.basket()
        if basket is not None and basket.items:
            only_ours(len(basket.items) <= sent)
            yield from self.taken_back(basket, why.fact, why.code)
        raise TakenBack(why.fact, "Nothing of it is in the basket.", problem=why.problem, code=why.code)

    def _held_against(self, basket: Basket, wish: Wish, expected: Money) -> Steps[None]:
        """Raises ``TakenBack`` where the basket is not what was confirmed; a promo code makes it cheaper."""
        count = sum(one.count for one in wish.cells)
        if len(basket.items) != count:
            only_ours(len(basket.items) < count)
            words = f"The basket holds {len(basket.items)} servers instead of {count}."
            yield from self.taken_back(basket, words, "taken-back")
        if wish.promo and basket.total == expected:
            words = f"The panel took nothing off for the promo code “{wish.promo}”, and did not say why."
            yield from self.taken_back(basket, words, "promo-refused")
        dearer = basket.total.currency != expected.currency or expected < basket.total
        if dearer or (basket.total != expected and not wish.promo):
            words = f"It costs {basket.total} now, and {expected} was confirmed."
            yield from self.taken_back(basket, words, "price-changed")

    def _new_orders(self, basket: Basket, wish: Wish) -> Steps[list[Order]]:
        """The services that the basket bills, as the lists have them, else as the basket says."""
        ids = [item.order_id for item in basket.items if item.order_id]
        found = yield from self.orders_now(ids)
        return [found.get(item.order_id or "") or _waiting_order(basket, item, wish) for item in basket.items]

    def _into_the_cart(self, wish: Wish, expected: Money) -> Steps[BoughtOrders]:
        yield from self.empty_cart()
        sent = 0
        try:
            for cell in wish.cells:
                for count in _portions(cell.count, self.chosen.order_cap):
                    yield from self.into_cart(cell.plan, cell.place, wish.period, count, wish.auto, wish.name)
                    sent += count
        except ClientError as error:
            if sent and error.outcome is Outcome.REFUSED:
                only_ours((yield from self.cart()).count <= sent)
                yield from self.cart_taken_back(error.fact, error.code)
            raise
        cart = yield from self.cart()
        if cart.count != sum(one.count for one in wish.cells):
            only_ours(cart.count < sent)
            words = f"The cart holds {cart.count} servers instead of {sum(one.count for one in wish.cells)}."
            yield from self.cart_taken_back(words, "taken-back")
        if cart.total != expected:
            words = f"It costs {cart.total} now, and {expected} was confirmed."
            yield from self.cart_taken_back(words, "price-changed")
        return BoughtOrders(invoice=cart.invoice(), orders=cart.orders())

    def same_plans(self, act: Act, named: Sequence[str]) -> Steps[bool]:
        """Whether what waits to be paid has the names of the tariffs that were ordered: others may cost as much."""
        period, wanted = act.params.get("period"), Counter[str]()
        for cell in cells_in(act.params.get("cells")):
            kind, _ = split_plan(cell.plan)
            sold = yield from self.sold(period if isinstance(period, int) else 1, (kind, cell.place))
            tariff = sold.tariffs.get((cell.plan, cell.place))
            if tariff is None or not tariff.name:
                return True  # it is sold no longer, or without a name: number and price are what there is
            wanted[tariff.name] += cell.count
        return not all(named) or Counter(named) == wanted


def _cell(one: OrderCell) -> Cell:
    return Cell(one.plan.raw, one.location.raw, one.quantity)


def _waiting_order(basket: Basket, item: Item, wish: Wish) -> Order:
    """A service of the basket that is in no list yet."""
    return Order(
        id=SafeText(item.order_id or f"{basket.invoice_id}:{item.id}"), name=SafeText(item.title or item.plan),
        plan=SafeText(item.plan), location=SafeText(""), state=OrderState.PENDING, created_at=UNKNOWN_DAY,
        monthly_price=item.cost, auto_renew=AutoRenew(on=bool(wish.auto), months=int(wish.auto or 1)),
    )  # fmt: skip


def _portions(count: int, cap: int) -> Iterator[int]:
    """``count`` in requests of at most ``cap``."""
    for begin in range(0, count, cap):
        yield min(cap, count - begin)


def _line(cell: Cell, wish: Wish, price: Money, name: str) -> QuoteLine:
    unit = price.amount / cell.count
    exact = unit == unit.quantize(price.amount)
    return QuoteLine(
        title=SafeText(name + (" (the promo code comes off in the basket)" if wish.promo else "")),
        months=wish.period, list_price=price, amount=price, plan=SafeText(cell.plan), location=SafeText(cell.place),
        quantity=cell.count, unit_amount=Money(unit.quantize(price.amount), price.currency) if exact else None,
    )  # fmt: skip


def cells_in(params: object) -> Sequence[Cell]:
    """The cells of a journalled order."""
    found = params if isinstance(params, list) else []
    return [
        Cell(str(one.get("plan")), str(one.get("location")), int(one.get("quantity") or 0))
        for one in found
        if isinstance(one, dict)
    ]
