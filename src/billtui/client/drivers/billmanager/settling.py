"""What is looked at before a write, and how a lost answer is found (BILLmanager knows no keys for requests).

A renewal or an order lies in the basket or cart, item by item, before money moves: that is its proof. A payment is
proven by the panel's own list of payments, a text by the thread. What several causes could explain stays with a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from billtui.client.drivers.acts import Act, Finding, Picture
from billtui.client.drivers.billmanager.asking import reading
from billtui.client.drivers.billmanager.basket import Basket
from billtui.client.drivers.billmanager.cart import CART, cart_paid
from billtui.client.drivers.billmanager.catalogue import V1
from billtui.client.drivers.billmanager.lists import number_of
from billtui.client.drivers.billmanager.methods import INTERNAL
from billtui.client.drivers.billmanager.ordering import cells_in
from billtui.client.drivers.billmanager.payments import is_waiting, payment_model
from billtui.client.drivers.billmanager.shapes import Doc, unwrap
from billtui.client.drivers.billmanager.staff import StaffCalls
from billtui.client.drivers.billmanager.tickets import ARCHIVE, same_text
from billtui.client.errors import NotFound
from billtui.client.exchange import Conversation, Steps
from billtui.domain.models import Invoice, InvoiceKind, InvoiceState, Order, PostedMessage, TicketState
from billtui.domain.money import Money
from billtui.domain.periods import format_instant
from billtui.domain.safetext import SafeText

NEWEST: Final = 50
"""So many newest ids are remembered of a list."""
REPEATABLE: Final = frozenset({"invoice.delete", "order.rename", "order.auto-renew"})
"""What is the same done once or twice. A reboot is not, nor anything that bills, pays or writes to somebody."""

if TYPE_CHECKING:
    Look = Callable[[Act], Steps[Picture]]
    Judge = Callable[[Act, Mapping[str, Any], Picture], Steps[Finding]]


class SettlingCalls(StaffCalls):
    """``before`` and ``found`` of the driver."""

    def before(self, act: Act) -> Conversation[Picture] | None:
        """The picture of what ``act`` will change; ``None`` where nothing of it could be recognised."""
        look = self._looks().get(act.kind)
        return None if look is None else reading(lambda: look(act))

    def found(self, act: Act, before: Mapping[str, Any]) -> Conversation[Finding]:
        """The panel now, against the picture."""

        def begin() -> Steps[Finding]:
            look, judge = self._looks().get(act.kind), self._judges().get(act.kind)
            if look is None or judge is None:
                yield from ()
                return Finding("unclear", "BILLmanager shows nothing by which this could be told.")
            now = yield from look(act)
            return (yield from judge(act, before, now))

        return reading(begin)

    def _looks(self) -> Mapping[str, Look]:
        return {
            "order.renew": self._look_at_renewal,
            "order.new": self._look_at_order,
            "invoice.pay": self._look_at_payment,
            "balance.top-up": self._look_at_top_up,
            "invoice.delete": self._look_at_invoice,
            "order.rename": self._look_at_service,
            "order.auto-renew": self._look_at_service,
            "ticket.new": self._look_at_tickets,
            "ticket.reply": self._look_at_thread,
            "ticket.change": self._look_at_states,
        }

    def _judges(self) -> Mapping[str, Judge]:
        return {
            "order.renew": self._judge_renewal,
            "order.new": self._judge_order,
            "invoice.pay": self._judge_payment,
            "balance.top-up": self._judge_top_up,
            "invoice.delete": self._judge_deletion,
            "order.rename": self._judge_service,
            "order.auto-renew": self._judge_service,
            "ticket.new": self._judge_ticket,
            "ticket.reply": self._judge_reply,
            "ticket.change": self._judge_change,
        }

    # -- renewals

    def _look_at_renewal(self, act: Act) -> Steps[Picture]:
        basket = yield from self.basket()
        orders = yield from self.orders_now(act.texts("order_ids"))
        newest = [unwrap(row.get("id")) for row in (yield from self.newest("payment", NEWEST))]
        ends = {one: _until(order) for one, order in orders.items()}
        return {"basket": _items(basket), "paid_until": ends, "newest_payments": newest}

    def _judge_renewal(self, act: Act, before: Mapping[str, Any], now: Picture) -> Steps[Finding]:
        wanted = act.texts("order_ids")
        basket = yield from self.basket()
        new = basket.added(_ids(before.get("basket"))) if basket is not None else []
        mine = [item for item in new if item.order_id in wanted]
        if mine and basket is not None:
            exact = len(mine) == len(wanted) == len(basket.items) and basket.total == act.amount
            if exact and all(item.months in (None, act.params.get("period")) for item in mine):
                invoice = basket.invoice(InvoiceKind.RENEWAL)
                return Finding("done", "The basket holds this renewal.", now, {"invoice": _dumped(invoice)})
            return Finding("unclear", "The basket holds a part of this renewal, or more than it.", now)
        if now["paid_until"] != before.get("paid_until"):
            return Finding("unclear", "The paid period of a server has changed, but not by way of the basket.", now)
        if now["newest_payments"] != before.get("newest_payments"):  # somebody paid the basket, and the ends move later
            return Finding("unclear", "There is a payment that was not there: it may be of this renewal.", now)
        return Finding("not-done", "The basket does not hold it, and no paid period has changed.", now)

    # -- new servers

    def _look_at_order(self, act: Act) -> Steps[Picture]:
        version = yield from self.ordering()
        services: dict[str, list[str]] = {}
        for kind in sorted({one.plan.rpartition("-")[0] for one in cells_in(act.params.get("cells"))} - {""}):
            services[kind] = [unwrap(row.get("id")) for row in (yield from self.newest(kind, NEWEST))]
        if version == V1:
            basket = yield from self.basket()
            return {"basket": _items(basket), "newest_services": services}
        cart = yield from self.cart()
        return {"cart": [one.id for one in cart.lines], "newest_services": services}

    def _judge_order(self, act: Act, before: Mapping[str, Any], now: Picture) -> Steps[Finding]:
        cells = cells_in(act.params.get("cells"))
        count = sum(one.count for one in cells)
        places = [(one.plan, one.place) for one in cells for _ in range(one.count)]
        if "basket" in now:
            basket = yield from self.basket()
            new = basket.added(_ids(before.get("basket"))) if basket is not None else []
            exact = basket is not None and len(new) == count == len(basket.items) and _fits(act, basket.total)
            alike = all(item.months in (None, act.params.get("period")) for item in new)
            if basket is not None and exact and alike and (yield from self.same_plans(act, [one.plan for one in new])):
                ids = [item.order_id or f"{basket.invoice_id}:{item.id}" for item in new]
                return _bought(basket.invoice(InvoiceKind.NEW_ORDER), ids, places, now)
        else:
            cart = yield from self.cart()
            new_lines = [one for one in cart.lines if one.id not in _ids(before.get("cart"))]
            exact = cart.count == count and len(new_lines) == len(cart.lines) and cart.total == act.amount
            named = [one.name for one in new_lines for _ in range(one.count)]
            if new_lines and exact and (yield from self.same_plans(act, named)):
                ids = [one.id.raw for one in cart.orders()]
                return _bought(cart.invoice(), ids, places, now)
            new = new_lines  # type: ignore[assignment]  # only whether there are any counts
        if new:
            return Finding("unclear", "Something new waits to be paid, but it is not just this order.", now)
        if now["newest_services"] != before.get("newest_services"):
            return Finding("unclear", "There are new servers that were not there before.", now)
        return Finding("not-done", "Nothing new waits to be paid, and there is no new server.", now)

    # -- payments

    def _look_at_payment(self, act: Act) -> Steps[Picture]:
        key = act.text("invoice_id")
        balance = (yield from self.money_now()).internal
        try:
            invoice = yield from self.invoice_now(key)
            state = str(invoice.state)
        except NotFound:
            state = "gone"
        newest = [unwrap(row.get("id")) for row in (yield from self.newest("payment", NEWEST))]
        return {"invoice": state, "balance": str(balance), "newest_payments": newest}

    def _judge_payment(self, act: Act, before: Mapping[str, Any], now: Picture) -> Steps[Finding]:
        key, method = act.text("invoice_id"), act.text("method")
        if act.amount is None:
            return Finding("unclear", "It is not known what was to be paid.", now)
        same = now["invoice"] == before.get("invoice")
        if same and now["balance"] == before.get("balance") and now["newest_payments"] == before.get("newest_payments"):
            return Finding("not-done", "The invoice is as before, and no money has moved.", now)
        if key.startswith(CART):
            return self._paid_cart(act, before, now)
        if not is_waiting(key):
            if now["invoice"] == before.get("invoice"):
                return Finding("unclear", "The invoice is as before, but the balance or the payments are not.", now)
            invoice = yield from self.invoice_now(key)
            return _paid(invoice, key, method, act.amount, now)
        made = yield from self._new_payments(before, act.amount)
        was, left = _money(before.get("balance")), _money(now["balance"])
        if method == INTERNAL and (was is None or left != _less(was, act.amount)):
            # A basket that was emptied, and money that was paid in, look alike but for this.
            return Finding("unclear", "What waited there is gone, but the balance is not less by just that.", now)
        if now["invoice"] == "gone" and len(made) == 1:
            return _paid(made[0], key, method, act.amount, now)
        return Finding("unclear", "What waited there has changed, but no single payment of it is to be seen.", now)

    def _paid_cart(self, act: Act, before: Mapping[str, Any], now: Picture) -> Finding:
        amount = act.amount
        was, left = _money(before.get("balance")), _money(now["balance"])
        if amount is not None and now["invoice"] == "gone" and was is not None and left == _less(was, amount):
            answer = cart_paid(act.text("invoice_id"), act.text("method"), amount).model_dump(mode="json")
            return Finding("done", "The cart is paid: it is empty, and the balance is less by just that.", now, answer)
        return Finding("unclear", "The cart or the balance has changed, but not by just this payment.", now)

    def _new_payments(self, before: Mapping[str, Any], amount: Money) -> Steps[list[Invoice]]:
        """Payments of this amount that were not there before."""
        known = _ids(before.get("newest_payments"))
        highest = max(map(number_of, known), default=0)
        currency = yield from self.known_currency()
        rows = yield from self.newest("payment", NEWEST)
        fresh = [row for row in rows if unwrap(row.get("id")) not in known and _number(row) > highest]
        found = [self.payment_of(row, currency) for row in fresh]
        return [one for one in found if one.total == amount]

    def _look_at_top_up(self, act: Act) -> Steps[Picture]:
        newest = [unwrap(row.get("id")) for row in (yield from self.newest("payment", NEWEST))]
        return {"newest_payments": newest}

    def _judge_top_up(self, act: Act, before: Mapping[str, Any], now: Picture) -> Steps[Finding]:
        if act.amount is None:
            return Finding("unclear", "It is not known how much was to be paid in.", now)
        if now == before:
            return Finding("not-done", "There is no new payment.", now)
        made = yield from self._new_payments(before, act.amount)
        if len(made) != 1:
            return Finding("unclear", "There are new payments, but not just one of this amount.", now)
        payment = payment_model(made[0], "", act.text("method"), None)
        answer = {"invoice": _dumped(made[0]), "payment": payment.model_dump(mode="json")}
        return Finding("done", f"Payment {made[0].number} of this amount is new.", now, answer)

    def _look_at_invoice(self, act: Act) -> Steps[Picture]:
        key, known = act.text("invoice_id"), dict[str, Any]()
        if is_waiting(key):  # what waits there is gone once it is paid, too
            known["newest_payments"] = [unwrap(row.get("id")) for row in (yield from self.newest("payment", NEWEST))]
        try:
            invoice = yield from self.invoice_now(key)
        except NotFound:
            return {"invoice": "gone", **known}
        return {"invoice": str(invoice.state), "total": str(invoice.total), **known}

    def _judge_deletion(self, act: Act, before: Mapping[str, Any], now: Picture) -> Steps[Finding]:
        key = act.text("invoice_id")
        if now["invoice"] == InvoiceState.UNPAID.value:
            yield from ()
            return Finding("not-done", "The invoice is still there.", now)
        if now["invoice"] not in ("gone", InvoiceState.DELETED.value):
            return Finding("unclear", f"The invoice is {now['invoice']} now.", now)
        if now.get("newest_payments") != before.get("newest_payments"):
            return Finding("unclear", "It is gone, and there is a payment that was not there: it may be paid.", now)
        return Finding("done", "The invoice is deleted.", now, {"id": key, "state": InvoiceState.DELETED.value})

    # -- services

    def _look_at_service(self, act: Act) -> Steps[Picture]:
        order = yield from self.order_now(act.text("order_id"))
        auto = f"on, {order.auto_renew.months} months" if order.auto_renew.on else "off"
        return {"name": order.name.raw, "auto_renewal": auto}

    def _judge_service(self, act: Act, before: Mapping[str, Any], now: Picture) -> Steps[Finding]:
        order = yield from self.order_now(act.text("order_id"))
        if act.kind == "order.rename":
            done = order.name.raw.strip() == act.text("name").strip()
        else:
            on, months = act.params.get("on") is True, act.params.get("months")
            done = order.auto_renew.on == on and (not on or order.auto_renew.months == months)
        if done:
            return Finding("done", "The server is as it was to become.", now, order.model_dump(mode="json"))
        if now == before:
            return Finding("not-done", "The server is as before.", now)
        return Finding("unclear", "The server has changed, but not to what was asked for.", now)

    # -- tickets

    def _look_at_tickets(self, act: Act) -> Steps[Picture]:
        yield from self.known_user()
        rows = yield from self.newest(self.ticket_lists()[0], NEWEST)
        return {"newest_tickets": [unwrap(row.get("id")) for row in rows]}

    def _judge_ticket(self, act: Act, before: Mapping[str, Any], now: Picture) -> Steps[Finding]:
        fresh = [one for one in now["newest_tickets"] if one not in _ids(before.get("newest_tickets"))]
        found = []
        for one in fresh:
            ticket, thread = yield from self.ticket_and_thread(one)
            wrote = any(same_text(message.body.raw, act.text("body")) for message in thread.messages)
            if same_text(ticket.subject.raw, act.text("subject")) and wrote:
                found.append(ticket)
        if len(found) == 1:
            update: dict[str, Any] = {"department": SafeText(act.text("department"))}
            if act.text("order_id"):
                update["order_id"] = SafeText(act.text("order_id"))
            answer = found[0].model_copy(update=update).model_dump(mode="json")
            return Finding("done", f"Ticket {found[0].number} is new and says just this.", now, answer)
        if fresh:
            return Finding("unclear", "There are new tickets, but not just one that says this.", now)
        return Finding("not-done", "There is no new ticket.", now)

    def _look_at_thread(self, act: Act) -> Steps[Picture]:
        yield from self.known_user()
        thread = yield from self.thread(act.text("ticket_id"))
        return {"messages": thread.ids[-500:]}

    def _judge_reply(self, act: Act, before: Mapping[str, Any], now: Picture) -> Steps[Finding]:
        ticket, thread = yield from self.ticket_and_thread(act.text("ticket_id"))
        known = _ids(before.get("messages"))
        role = "support" if self.memory.staff else "client"
        fresh = [one for one in thread.messages if one.id.raw not in known and one.author_role == role]
        same = [one for one in fresh if same_text(one.body.raw, act.text("body"))]
        if len(same) == 1:
            internal = act.params.get("internal") is True
            message = same[0].model_copy(update={"internal": internal}) if self.memory.staff else same[0]
            if act.params.get("close") is True and ticket.state != TicketState.CLOSED:
                return Finding("unclear", "The reply is in the thread, but the ticket is not closed.", now)
            posted = PostedMessage(message=message, ticket=ticket)
            return Finding("done", "The thread has it.", now, posted.model_dump(mode="json"))
        if fresh:
            return Finding("unclear", "The thread has something new that is not just this.", now)
        return Finding("not-done", "The thread does not have it.", now)

    def _look_at_states(self, act: Act) -> Steps[Picture]:
        yield from self.known_user()
        states: dict[str, str] = {}
        for one in act.texts("ticket_ids"):
            states[one] = yield from self._ticket_state(one)
        return {"tickets": states}

    def _ticket_state(self, key: str) -> Steps[str]:
        if self.memory.staff:
            return "mine" if (yield from self.assignment(key)) is not None else "not mine"
        row: Doc | None = yield from self.one_row(ARCHIVE, key)
        return TicketState.CLOSED.value if row is not None else TicketState.OPEN.value

    def _judge_change(self, act: Act, before: Mapping[str, Any], now: Picture) -> Steps[Finding]:
        wanted = "mine" if self.memory.staff else TicketState.CLOSED.value
        states = list(now["tickets"].values())
        if states and all(one == wanted for one in states):
            tickets = []
            for one in act.texts("ticket_ids"):
                tickets.append((yield from self.ticket_and_thread(one))[0].model_dump(mode="json"))
            answer = tickets[0] if len(tickets) == 1 else {"items": tickets}
            return Finding("done", "The tickets are as they were to become.", now, answer)
        if now == before:
            return Finding("not-done", "The tickets are as before.", now)
        return Finding("unclear", "Some of the tickets have changed.", now)


def _paid(made: Invoice, key: str, method: str, amount: Money, now: Picture) -> Finding:
    """A payment of the panel's list: proof only where it is credited, or begun at a provider, over this amount."""
    if made.total != amount:
        return Finding("unclear", f"Payment {made.number} is over {made.total}.", now)
    answer = payment_model(made, key, method, None).model_dump(mode="json")
    if made.state == InvoiceState.PAID:
        return Finding("done", f"The panel shows payment {made.number} as credited.", now, answer)
    begun = str(made.state) in ("payment in progress", "payment initiated") or key != made.id.raw
    if method != INTERNAL and begun:
        words = f"The panel shows payment {made.number} as begun; where it is paid stands on the panel's own pages."
        return Finding("done", words, now, answer)
    return Finding("unclear", f"The panel shows payment {made.number} as {made.state}.", now)


def _bought(invoice: Invoice, ids: Sequence[str], places: Sequence[tuple[str, str]], now: Picture) -> Finding:
    orders = [{"id": one, "plan": plan, "location": place} for one, (plan, place) in zip(ids, places, strict=True)]
    answer = {"invoice": _dumped(invoice), "orders": orders}
    return Finding("done", "Just this order is new, and waits to be paid.", now, answer)


def _fits(act: Act, total: Money) -> bool:
    """Whether a basket costs what was confirmed; less with a promo code, which else was not taken, or was lost."""
    amount = act.amount
    if amount is None or total.currency != amount.currency:
        return False
    return total < amount if act.text("promo_code") else total == amount


def _items(basket: Basket | None) -> list[str]:
    return [one.id for one in basket.items] if basket is not None else []


def _until(order: Order) -> str:
    return format_instant(order.paid_until) if order.paid_until is not None else ""


def _ids(found: object) -> set[str]:
    return {one for one in found if isinstance(one, str)} if isinstance(found, list) else set()


def _number(row: Doc) -> int:
    return number_of(unwrap(row.get("id")))


def _money(text: object) -> Money | None:
    if not isinstance(text, str):
        return None
    amount, _, currency = text.rpartition(" ")
    try:
        return Money(amount.replace(" ", ""), currency)
    except ValueError:
        return None


def _less(held: Money, amount: Money) -> Money | None:
    return held - amount if held.currency == amount.currency else None


def _dumped(invoice: Invoice) -> dict[str, Any]:
    return invoice.model_dump(mode="json")
