"""Writes whose answer was lost: what is looked at before one, and what reading the panel again says about it.

Ids of invoices, orders and tickets only grow, so that what is newer than the newest one before is new. ``done`` needs
exactly one new thing that is this very one; two are too many and stay with a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from billtui.client.drivers.acts import Act, Finding, Picture
from billtui.client.drivers.fossbilling import reading
from billtui.client.drivers.fossbilling.basket import mark_of
from billtui.client.drivers.fossbilling.calling import Place, listing
from billtui.client.drivers.fossbilling.invoices import (
    BALANCE,
    balance,
    deleted,
    find_invoice,
    pay_page,
    payment,
)
from billtui.client.drivers.fossbilling.invoices import LIST as INVOICES
from billtui.client.drivers.fossbilling.lists import key
from billtui.client.drivers.fossbilling.orders import LIST as ORDERS
from billtui.client.drivers.fossbilling.orders import order_row
from billtui.client.drivers.fossbilling.role import Role
from billtui.client.drivers.fossbilling.tickets import WORDS, TicketCalls, is_mine, messages_of, read_ticket
from billtui.client.drivers.fossbilling.values import Row, money_of, period_of
from billtui.client.errors import ConfigurationProblem, NotFound
from billtui.client.exchange import Conversation, Request, Steps, ask
from billtui.client.top_up import TopUp
from billtui.domain.models import BoughtOrders, Invoice, MessageRequest, PaymentState, TicketState
from billtui.domain.periods import format_instant

NEWEST: Final = 100
"""Rows of a list that are looked at: more than that many new ones in one moment are not told apart."""
REPEATABLE: Final = frozenset({"invoice.delete", "ticket.change"})
"""Deleting what is deleted and closing what is closed change nothing. Renewing, ordering, topping up, paying and
writing do it once more (recorded: exchanges 20 and 21, 23, 33, 36)."""

MARKED: Final = "mark_of_new_orders"
"""In a picture: the mark that the new orders will carry, where they were given one."""
OTHERS: Final = (
    "There are new orders, but none with the mark of this purchase: they may be somebody else's, or this panel keeps no"
    " marks."
)


def newest(path: str, **params: Any) -> Steps[list[Row]]:
    """The newest rows of a list, newest first."""
    page = yield from ask(listing(path, lambda row: row, Place(), NEWEST, **params))
    return sorted(page.items, key=lambda row: -int(row.id()))


def _top(rows: list[Row]) -> int:
    return max((int(row.id()) for row in rows), default=0)


def _after(rows: list[Row], mark: Any) -> list[Row]:
    """Rows newer than the newest one before. None where the picture does not say."""
    return [row for row in rows if isinstance(mark, int) and int(row.id()) > mark]


def _until(row: Row) -> str | None:
    when: datetime | None = row.time("expires_at")
    return None if when is None else format_instant(when)


def _invoice_words(row: Row) -> dict[str, Any]:
    read = reading.invoice(row)
    return {"number": read.number.raw, "state": str(read.state), "total": str(read.total)}


class Pictures(TicketCalls, Role):
    """``before`` and ``found``."""

    def before(self, act: Act) -> Request[Picture] | None:
        """What this write will be recognised by; ``None`` where nothing is."""
        look = self._looks().get(act.kind)
        return None if look is None else Conversation(lambda: _told(look(act)))

    def found(self, act: Act, before: Mapping[str, Any]) -> Request[Finding]:
        """Compared with what was seen before."""
        judge = self._judges().get(act.kind)

        def begin() -> Steps[Finding]:
            if judge is None:
                yield from ()
                return Finding("unclear", "This kind of panel offers nothing to compare.")
            return (yield from judge(act, before))

        return Conversation(begin)

    def _looks(self) -> dict[str, Callable[[Act], Steps[Picture]]]:
        return {
            "order.renew": self._before_renewal,
            "order.new": self._before_purchase,
            "balance.top-up": lambda _act: self._purse(),
            "invoice.pay": self._before_payment,
            "invoice.delete": self._before_deletion,
            "ticket.new": lambda _act: self._before_ticket(),
            "ticket.reply": self._before_message,
            "ticket.change": self._before_change,
        }

    def _judges(self) -> dict[str, Callable[[Act, Mapping[str, Any]], Steps[Finding]]]:
        return {
            "order.renew": self._renewal,
            "order.new": self._purchase,
            "balance.top-up": self._top_up,
            "invoice.pay": self._payment,
            "invoice.delete": self._deletion,
            "ticket.new": self._ticket,
            "ticket.reply": self._message,
            "ticket.change": self._change,
        }

    # Renewals

    def _before_renewal(self, act: Act) -> Steps[Picture]:
        order_id = _one(act.texts("order_ids"))
        return (yield from self._order_picture(order_id))[0]

    def _order_picture(self, order_id: str) -> Steps[tuple[Picture, list[Row]]]:
        """An order, its invoices and the balance, and the rows of those invoices."""
        row = yield from ask(order_row(order_id))
        held = yield from ask(balance())
        rows = yield from newest(INVOICES, order_id=key(order_id))
        rows = [one for one in rows if order_id in reading.orders_of(one)]  # where that filter is not known
        picture: Picture = {
            "order": row.text("title"), "paid_until": _until(row),
            "unpaid_invoice": row.maybe_id("unpaid_invoice_id"),
            "balance": str(money_of(held, reading.currency_of(row), "balance")), "newest_invoice": _top(rows),
            "invoices_of_the_order": {one.id(): _invoice_words(one) for one in rows},
        }  # fmt: skip
        return picture, rows

    def _renewal(self, act: Act, before: Mapping[str, Any]) -> Steps[Finding]:
        order_id = _one(act.texts("order_ids"))
        now, rows = yield from self._order_picture(order_id)
        new = _after(rows, before.get("newest_invoice"))
        right = [row for row in new if _renews(row, order_id, act)]
        if len(new) > 1:
            return Finding("unclear", f"There are {len(new)} new invoices for this order, not one.", now)
        if right:
            invoice = reading.invoice(right[0])
            words = f"There is a new invoice {invoice.number} over {invoice.total} for this order, {invoice.state}."
            return Finding("done", words, now, {"invoice": invoice.model_dump(mode="json")})
        same = all(now[name] == before.get(name) for name in ("paid_until", "unpaid_invoice", "balance"))
        if not new and same:
            return Finding("not-done", "No invoice for this order, its term and the balance are as before.", now)
        return Finding("unclear", "Something changed, and it is not the invoice that was to be made.", now)

    # Purchases and top-ups

    def _purse(self) -> Steps[Picture]:
        held = yield from ask(balance())
        invoices = yield from newest(INVOICES)
        orders = yield from newest(ORDERS)
        return {"balance": _held(held), "newest_invoice": _top(invoices), "newest_order": _top(orders)}

    def _before_purchase(self, act: Act) -> Steps[Picture]:
        marked: Picture = {MARKED: mark_of(act.key)} if act.key else {}
        return (yield from self._purse()) | marked

    def _purchase(self, act: Act, before: Mapping[str, Any]) -> Steps[Finding]:
        held = yield from ask(balance())
        invoices = yield from newest(INVOICES)
        orders = yield from newest(ORDERS)
        new = _after(orders, before.get("newest_order"))
        bills = [row for row in _after(invoices, before.get("newest_invoice")) if reading.orders_of(row)]
        now: Picture = {
            "balance": _held(held), "newest_invoice": _top(invoices), "newest_order": _top(orders),
            "new_orders": {row.id(): row.text("title") for row in new},
            "new_invoices": {row.id(): _invoice_words(row) for row in bills},
        }  # fmt: skip
        if MARKED in before:
            now[MARKED] = before[MARKED]
            ours = [row for row in new if _is_marked(row, before[MARKED])]
            if ours:  # what others bought in the same moment is told apart
                ids = {row.id() for row in ours}
                new, bills = ours, [row for row in bills if ids & set(reading.orders_of(row))]
            elif any(_is_marked(row, before[MARKED]) is False for row in new):
                return Finding("unclear", OTHERS, now)
        mine = [row for row in bills if self._is_purchase(row, new, act)]
        if len(mine) == 1 and len(bills) == 1:
            ids = set(reading.orders_of(mine[0]))
            invoice = reading.invoice(mine[0])
            made = BoughtOrders(invoice=invoice, orders=[reading.order(row) for row in new if row.id() in ids])
            words = f"There are {len(ids)} new orders on invoice {invoice.number} over {invoice.total}."
            return Finding("done", words, now, made.model_dump(mode="json"))
        if not new and not bills and now["balance"] == before.get("balance"):
            return Finding("not-done", "There are no new orders, no new invoice, and the balance is as before.", now)
        return Finding("unclear", "There is something new, and it is not clear that it is this purchase alone.", now)

    def _is_purchase(self, invoice: Row, new: list[Row], act: Act) -> bool:
        """Whether an invoice bills exactly what was to be bought, at its price, and everything that is new."""
        ids = set(reading.orders_of(invoice))
        cells, months = act.params.get("cells"), act.params.get("period")
        if ids != {row.id() for row in new} or not isinstance(cells, list | tuple) or not isinstance(months, int):
            return False
        wanted: Counter[str] = Counter()
        for cell in cells:
            if isinstance(cell, Mapping):
                wanted[str(cell.get("plan"))] += int(cell.get("quantity") or 0)
        found = Counter(row.text("product_id") for row in new)
        same_period = all(row.text("period") == period_of(months) for row in new)
        return found == wanted and same_period and reading.invoice(invoice).total == act.amount

    def _top_up(self, act: Act, before: Mapping[str, Any]) -> Steps[Finding]:
        now = yield from self._purse()
        rows = yield from newest(INVOICES)
        new = [row for row in _after(rows, before.get("newest_invoice")) if not reading.orders_of(row)]
        now["new_invoices"] = {row.id(): _invoice_words(row) for row in new}
        if len(new) == 1 and reading.invoice(new[0]).total == act.amount:
            invoice = reading.invoice(new[0])
            paid = payment(new[0], act.text("method"), PaymentState.PENDING, pay_page(new[0]))
            made = TopUp(invoice=invoice, payment=paid)
            return Finding("done", f"There is a new invoice {invoice.number}.", now, made.model_dump(mode="json"))
        if not new:
            return Finding("not-done", "There is no new invoice.", now)
        return Finding("unclear", "There are new invoices, and it is not clear that one is this top-up.", now)

    # Invoices

    def _before_payment(self, act: Act) -> Steps[Picture]:
        row = yield from find_invoice(act.text("invoice_id"))
        held = yield from ask(balance())
        picture: Picture = {"invoice": _invoice_words(row), "balance": _held(held)}
        rows = yield from newest(INVOICES)
        return picture | {"newest_invoice": _top(rows)}

    def _payment(self, act: Act, before: Mapping[str, Any]) -> Steps[Finding]:
        row = yield from find_invoice(act.text("invoice_id"))
        now = yield from self._before_payment(act)
        method, paid = act.text("method"), row.text("status") == "paid"
        if method != BALANCE:  # nothing is sent for these: a person pays on the panel's page
            made = payment(row, method, PaymentState.DONE if paid else PaymentState.PENDING, pay_page(row))
            told = "It is to be paid on the panel's own page; nothing is sent for that."
            words = "The panel says that it is paid." if paid else told
            return Finding("done", words, now, made.model_dump(mode="json"))
        rows = yield from newest(INVOICES)
        order = reading.orders_of(row)
        further = [
            one for one in _after(rows, before.get("newest_invoice")) if set(reading.orders_of(one)) & set(order)
        ]
        if further:
            return Finding("unclear", "There is a further invoice for the same order now.", now)
        if paid:
            made = payment(row, method, PaymentState.DONE, None)
            return Finding("done", "The panel says that it is paid.", now, made.model_dump(mode="json"))
        if now == before:
            return Finding("not-done", "It is unpaid, and the balance is as before.", now)
        return Finding("unclear", "It is unpaid, but something else changed.", now)

    def _before_deletion(self, act: Act) -> Steps[Picture]:
        row = yield from find_invoice(act.text("invoice_id"))
        return {"invoice": reading.invoice(row).model_dump(mode="json", exclude={"lines", "actions"})}

    def _deletion(self, act: Act, before: Mapping[str, Any]) -> Steps[Finding]:
        try:
            row = yield from find_invoice(act.text("invoice_id"))
        except NotFound:
            was = Invoice.model_validate(before["invoice"]) if "invoice" in before else None
            if was is None:
                return Finding("unclear", "The invoice is no longer there.")
            answer = deleted(was).model_dump(mode="json")
            return Finding("done", "The invoice is no longer there.", {"invoice": None}, answer)
        now: Picture = {"invoice": reading.invoice(row).model_dump(mode="json", exclude={"lines", "actions"})}
        return Finding("not-done", "The invoice is still there.", now)

    # Tickets

    def _before_ticket(self) -> Steps[Picture]:
        rows = yield from newest(f"{self.user}/support/ticket_get_list")
        return {"newest_ticket": _top(rows)}

    def _ticket(self, act: Act, before: Mapping[str, Any]) -> Steps[Finding]:
        rows = yield from newest(f"{self.user}/support/ticket_get_list")
        new = _after(rows, before.get("newest_ticket"))
        now: Picture = {
            "newest_ticket": _top(rows), "new_tickets": {row.id(): row.text("subject") for row in new},
        }  # fmt: skip
        mine = [row for row in new if _is_ticket(row, act)]
        if len(mine) == 1:
            ticket = read_ticket(mine[0])
            return Finding("done", f"There is a new ticket {ticket.number}.", now, ticket.model_dump(mode="json"))
        if not mine:
            return Finding("not-done", "There is no new ticket with this subject and text.", now)
        return Finding("unclear", f"There are {len(mine)} new tickets with this subject and text.", now)

    def _before_message(self, act: Act) -> Steps[Picture]:
        row = yield from ask(self.ticket_row(act.text("ticket_id")))
        ids = [one.id.raw for one in messages_of(row)][-NEWEST:]
        return {"state": str(read_ticket(row).state), "newest_messages": ids}

    def _message(self, act: Act, before: Mapping[str, Any]) -> Steps[Finding]:
        row = yield from ask(self.ticket_row(act.text("ticket_id")))
        now = yield from self._before_message(act)
        known = before.get("newest_messages")
        seen = set(known) if isinstance(known, list) else None
        request = MessageRequest(body=act.text("body"), internal=act.params.get("internal") is True)
        thread = messages_of(row)[-NEWEST:]
        new = [one for one in thread if seen is not None and one.id.raw not in seen]
        mine = [one for one in new if is_mine(one, request, self.user)]
        if len(mine) == 1:
            closes = act.params.get("close") is True
            if closes and row.text("status") != "closed":
                return Finding("unclear", "The message is there, but the ticket was not closed.", now)
            answer = {
                "message": mine[0].model_dump(mode="json"), "ticket": read_ticket(row).model_dump(mode="json"),
            }  # fmt: skip
            return Finding("done", "The message is in the thread.", now, answer)
        if seen is not None and not mine:
            return Finding("not-done", "The message is not in the thread.", now)
        return Finding("unclear", "It is not clear which message of the thread is this one.", now)

    def _before_change(self, act: Act) -> Steps[Picture]:
        states: Picture = {}
        for one in act.texts("ticket_ids"):
            ticket = read_ticket((yield from ask(self.ticket_row(one))))
            states[one] = {"state": str(ticket.state), "subject": ticket.subject.raw}
        return {"tickets": states}

    def _change(self, act: Act, before: Mapping[str, Any]) -> Steps[Finding]:
        change = act.params.get("change")
        wanted = change.get("state") if isinstance(change, Mapping) else None
        only_state = isinstance(change, Mapping) and set(change) == {"state"}
        tickets = []
        now: Picture = {"tickets": {}}
        for one in act.texts("ticket_ids"):
            ticket = read_ticket((yield from ask(self.ticket_row(one))))
            tickets.append(ticket)
            now["tickets"][one] = {"state": str(ticket.state), "subject": ticket.subject.raw}
        if not tickets or not only_state or wanted not in set(TicketState):
            return Finding("unclear", "Look at the ticket: whether it is as wanted is for you to see.", now)
        if all(WORDS.get(TicketState(str(one.state))) == WORDS[TicketState(str(wanted))] for one in tickets):
            dumped = [one.model_dump(mode="json") for one in tickets]
            answer = dumped[0] if len(dumped) == 1 else {"items": dumped}
            return Finding("done", f"It is {wanted} now.", now, answer)
        return Finding("not-done", f"It is not {wanted}.", now)


def _told(steps: Steps[Picture]) -> Steps[Picture]:
    return (yield from steps)


def _one(ids: list[str]) -> str:
    if len(ids) != 1:
        raise ConfigurationProblem("This panel renews order by order. Nothing was sent; renew them one by one.")
    return str(key(ids[0]))


def _held(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else ""


def _renews(row: Row, order_id: str, act: Act) -> bool:
    return reading.orders_of(row) == [order_id] and reading.invoice(row).total == act.amount


def _is_marked(row: Row, mark: Any) -> bool | None:
    """Whether an order carries this mark; ``None`` where the panel does not tell what an order was made with."""
    config = row.any("config")
    return config.get(reading.MARK) == mark if isinstance(config, Mapping) and config else None


def _is_ticket(row: Row, act: Act) -> bool:
    messages = row.rows("messages")
    first = messages[0].text("content") if messages else row.row("first").text("content")
    same = " ".join(first.split()) == " ".join(act.text("body").split())
    return same and row.text("subject").strip() == act.text("subject").strip()
