"""Writes whose answer was lost: what is looked at before one, and what comparing says afterwards.

The gateway shows a balance and orders with their ends, nothing else. ``done`` needs both to have moved as they must:
this order's end further on, or one new order, and the balance down by exactly the amount. That nothing moved proves
nothing, as long as it is only assumed that it would: an invoice could have been issued, which cannot be seen from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from billtui.client.drivers.acts import Act, Finding, Picture
from billtui.client.drivers.rootpanel.assumed import Assumed
from billtui.client.drivers.rootpanel.buying import Shop
from billtui.client.drivers.rootpanel.memory import Memory
from billtui.client.errors import NotFound
from billtui.client.exchange import Conversation, Request, Steps
from billtui.domain.models import Order
from billtui.domain.money import Money
from billtui.domain.periods import format_instant

MOST_IDS: Final = 5_000
"""Ids of orders in a picture; with more, a new order is not recognised."""
_STATES: Final = {"suspend": "suspended", "unsuspend": "active"}


class Outcomes:
    """``before`` and ``found`` of one driver."""

    def __init__(self, assumed: Assumed, memory: Memory, shop: Shop) -> None:
        """``shop`` says what stands for an invoice."""
        self._assumed = assumed
        self._memory = memory
        self._shop = shop

    def before(self, act: Act) -> Request[Picture] | None:
        """Balance, and the order or the ids of all of them; ``None`` for what leaves no trace."""
        look: Callable[[], Steps[Picture]]
        if act.kind == "order.renew" and len(act.texts("order_ids")) == 1:
            look = lambda: self._of_order(act.texts("order_ids")[0])  # noqa: E731 - one of three, the same shape
        elif act.kind == "order.new":
            look = self._of_all
        elif act.kind == "order.action":
            look = lambda: self._of_order(act.text("order_id"))  # noqa: E731
        else:
            return None
        return Conversation(look)

    def _of_order(self, order_id: str) -> Steps[Picture]:
        try:
            order: Order | None = yield from self._memory.order(order_id)
        except NotFound:
            order = None
        purse = yield from self._memory.balance()
        return _picture(purse, order)

    def _of_all(self) -> Steps[Picture]:
        orders = yield from self._memory.orders()
        purse = yield from self._memory.balance()
        ids = sorted(one.id.raw for one in orders)
        return {"balance": _plain(purse), "orders": ids if len(ids) <= MOST_IDS else len(ids)}

    def found(self, act: Act, before: Mapping[str, Any]) -> Request[Finding]:
        """Compared with what was seen before."""

        def begin() -> Steps[Finding]:
            if act.kind == "order.renew" and len(act.texts("order_ids")) == 1:
                return (yield from self._renewal(act, before))
            if act.kind == "order.new":
                return (yield from self._purchase(act, before))
            if act.kind == "order.action":
                return (yield from self._action(act, before))
            yield from ()
            return Finding("unclear", "This gateway shows nothing of it.")

        return Conversation(begin)

    def _renewal(self, act: Act, before: Mapping[str, Any]) -> Steps[Finding]:
        order_id = act.texts("order_ids")[0]
        try:
            order = yield from self._memory.order(order_id)
        except NotFound:
            return Finding("unclear", f"Order {order_id[:40]} is not there any more.")
        purse = yield from self._memory.balance()
        now = _picture(purse, order)
        moved = isinstance(before.get("paid_until"), str) and str(now["paid_until"]) > before["paid_until"]
        went = _went(before.get("balance"), purse)
        name = f"Order {order.name.raw}"
        if moved and act.amount is not None and went == act.amount:
            title = f"Renewal of {order.name.raw}"
            invoice = self._shop.invoice("renewal", [order], title, act.amount, act.amount + purse, purse)
            until = "" if order.paid_until is None else f"{order.paid_until:%Y-%m-%d}"
            words = f"{name} is paid until {until} now, and the balance went down by {went}."
            return Finding("done", words, now, {"invoice": invoice.model_dump(mode="json")})
        if moved or (went is not None and went.amount):
            down = f"{name}: its end {'moved' if moved else 'did not move'}, the balance went down by {went}."
            return Finding("unclear", f"{down} That is not what this renewal costs.", now)
        return self._unmoved("renewal", f"{name} ends as before, and the balance is as it was.", now)

    def _purchase(self, act: Act, before: Mapping[str, Any]) -> Steps[Finding]:
        orders = yield from self._memory.orders()
        purse = yield from self._memory.balance()
        seen = before.get("orders")
        ids = sorted(one.id.raw for one in orders)
        now: Picture = {"balance": _plain(purse), "orders": ids if len(ids) <= MOST_IDS else len(ids)}
        if not isinstance(seen, list):
            return Finding("unclear", "There are too many orders to tell a new one.", now)
        new = [one for one in orders if one.id.raw not in set(map(str, seen))]
        went = _went(before.get("balance"), purse)
        cell = _cell(act)
        if (
            len(new) == 1
            and act.amount is not None
            and went == act.amount
            and not self._is_other(new[0], cell, act.text("names"))
        ):
            invoice = self._shop.invoice("new-order", new, "New server", act.amount, act.amount + purse, purse)
            words = f"Order {new[0].name.raw} (id {new[0].id}) is new, and the balance went down by {went}."
            answer = {
                "invoice": invoice.model_dump(mode="json"),
                "orders": [{**one.model_dump(mode="json"), **cell} for one in new],
            }
            return Finding("done", words, now, answer)
        if new or (went is not None and went.amount):
            return Finding("unclear", f"{len(new)} orders are new, and the balance went down by {went}.", now)
        return self._unmoved("purchase", "No order is new, and the balance is as it was.", now)

    def _is_other(self, order: Order, cell: Mapping[str, str], name: str) -> bool:
        """Whether a new order says that it is of another tariff, or has another name, than the one that was ordered."""
        if name and "{" not in name and order.name.raw.casefold() != name.casefold():
            return True
        wanted = cell.get("plan", "").partition(":")[2]
        names = {name for name in self._assumed.names("tarif_id") if name != "id"}
        told = [text.raw for name, text in order.more.items() if name.raw.lower() in names]
        return bool(wanted and told) and wanted not in told

    def _action(self, act: Act, before: Mapping[str, Any]) -> Steps[Finding]:
        wanted = _STATES.get(act.text("action"))
        try:
            order = yield from self._memory.order(act.text("order_id"))
        except NotFound:
            return Finding("unclear", "The order is not there any more.")
        now = {"state": str(order.state)}
        if wanted is None:
            return Finding("unclear", "What this does cannot be seen from here.", now)
        if str(order.state) == wanted and before.get("state") != wanted:
            words = f"Order {order.name.raw} is {wanted} now, and was not before."
            return Finding("done", words, now, order.model_dump(mode="json"))
        if str(order.state) == before.get("state") != wanted:
            return Finding("not-done", f"Order {order.name.raw} is {order.state} as before.", now)
        return Finding("unclear", f"Order {order.name.raw} is {order.state}; it was {before.get('state')}.", now)

    def _unmoved(self, option: str, words: str, now: Picture) -> Finding:
        """Nothing moved: a proof only where somebody said that it would have (``renewal=debit``)."""
        if self._assumed.is_said(option) and self._assumed.text(option) == "debit":
            return Finding("not-done", words, now)
        return Finding("unclear", f"{words} It may have issued an invoice, which only its web pages show.", now)


def _picture(purse: Money, order: Order | None) -> Picture:
    until = None if order is None or order.paid_until is None else format_instant(order.paid_until)
    return {"balance": _plain(purse), "paid_until": until, "state": None if order is None else str(order.state)}


def _cell(act: Act) -> dict[str, str]:
    """Plan and location of what was ordered, as the program calls them: the gateway has names of its own for both."""
    cells = act.params.get("cells")
    one = cells[0] if isinstance(cells, list | tuple) and cells and isinstance(cells[0], Mapping) else {}
    return {name: one[name] for name in ("plan", "location") if isinstance(one.get(name), str)}


def _plain(money: Money) -> str:
    """As a picture has it: ``20525.00 EUR``, nothing between the digits."""
    return f"{money.amount:.2f} {money.currency}"


def _went(before: object, purse: Money) -> Money | None:
    """By how much the balance went down; ``None`` where the picture does not say."""
    text, _, currency = str(before).rpartition(" ")
    if currency != purse.currency:
        return None
    try:
        return Money("".join(text.split()), currency) - purse  # large amounts are written in groups
    except ValueError:
        return None
