"""The interesting cases of the seed, made by the engine itself at the instants when they would have happened."""

from __future__ import annotations

from datetime import timedelta

from billtui.domain.money import Money
from billtui.sandbox import clock, mail
from billtui.sandbox.engine import addons, balance, invoices, invoicing, payments, quotes
from billtui.sandbox.engine.invoicing import NewLine
from billtui.sandbox.engine.rows import InvoiceRow, OrderRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.seed import fleet, history

_HOUR = 3_600 * 1_000_000


class Cases:
    """Plays what happened in the last days before ``now``."""

    def __init__(self, tx: Tx, now: int) -> None:
        """``now`` in microseconds; the transaction's instant is moved."""
        self._tx = tx
        self._now = now

    def ago(self, hours: float) -> None:
        """Go to the instant ``hours`` ago and let happen what was due by then."""
        tx = self._tx
        tx.at = self._now - int(hours * _HOUR)
        tx.flush()
        clock.tick(tx)

    def renewal(self, account_id: int, orders: list[OrderRow], months: int = 1) -> str:
        """An unpaid renewal invoice; its id."""
        quote = quotes.quote_renewal(self._tx, account_id, [str(order.id) for order in orders], months)
        return quotes.renew(self._tx, account_id, quote["id"])["id"]

    def add(self, account_id: int, order: OrderRow, wanted: tuple[str, ...]) -> None:
        """Add-ons, paid by card a moment later (ORD-5)."""
        quote = addons.quote_addons(self._tx, account_id, [str(order.id)], wanted)
        invoice = addons.buy_addons(self._tx, account_id, quote["id"])
        payment = payments.pay(self._tx, account_id, invoice["id"], "card")
        payments.settle(self._tx, payment["id"])

    def administration(self, account_id: int, title: str, cents: int) -> InvoiceRow:
        """An unpaid invoice from the administration, with its mail (ACC-8)."""
        line = NewLine(None, "administration", title, None, cents, "[]", cents)
        invoice = invoicing.issue(self._tx, account_id, "administration", [line])
        subject = f"New invoice {invoice.number} from the administration"
        mail.send(self._tx, account_id, "administration-invoice", subject, title, invoice_id=invoice.id)
        return invoice

    def pending(self, account_id: int, name: str, plan: str, location: str, cents: int) -> None:
        """A new order that waits for the payment of its first invoice (ORD-1, ORD-3)."""
        tx = self._tx
        order = tx.orders.add(
            OrderRow(
                id=tx.orders.new_id(),
                account_id=account_id,
                name=name,
                kind="vds",
                plan=plan,
                location=location,
                address=None,
                state="pending",
                power="stopped",
                created_at=tx.at,
                paid_until=None,
                in_use_since=None,
                billing_day=1,
                monthly_cents=cents,
            )
        )
        order.index_text()
        line = NewLine(order.id, "new-order", f"New server {name}, 1 month", 1, cents, "[]", cents)
        invoicing.issue(tx, account_id, "new-order", [line])


def first_client(tx: Tx, now: int, account_id: int, order_ids: list[int]) -> None:
    """Unpaid, combined, deleted, refunded, administration and top-up invoices, and a pending order."""
    play = Cases(tx, now)
    orders = tx.orders.many(order_ids)
    play.ago(66)
    history.refunded(tx, account_id, "Setup of a private network", 25_00)
    history.earn(tx, account_id, 41_20)
    history.earn(tx, account_id, 15_20)
    play.ago(64)
    balance.move(tx, account_id, Money("20.00", "EUR"))
    if len(orders) < fleet.SCARCE:
        return
    special = [orders[place] for place in (*fleet.UNPAID, *fleet.COMBINED) if place < len(orders)]
    play.ago(62)
    if special:
        play.renewal(account_id, special[:1], months=12)
        invoices.delete_invoice(tx, account_id, str(special[0].open_invoice_id))
    for place, order in enumerate(special):
        play.ago(60 - place)
        play.renewal(account_id, [order], months=3 if place == 1 else 1)
    play.ago(40)
    play.administration(account_id, "Additional traffic, 1.4 TB in the last month", 14_00)
    play.ago(30)
    balance.top_up(tx, account_id, Money("50.00", "EUR"), "card")
    play.ago(26)
    play.pending(account_id, "web-ch-new", "vds-small", "ch", 9_90)
    if len(special) == len(fleet.UNPAID) + len(fleet.COMBINED):
        play.ago(3)
        originals = [str(order.open_invoice_id) for order in special[len(fleet.UNPAID) :]]
        invoices.combine(tx, account_id, originals)
    if len(orders) > max(fleet.WITH_ADDONS):
        play.ago(2)
        for place, wanted in fleet.WITH_ADDONS.items():
            play.add(account_id, orders[place], wanted)


def second_client(tx: Tx, now: int, account_id: int, order_ids: list[int]) -> None:
    """A broken promise 9 days old, a running one, and one that keeps an order alive beyond its paid period (PRM)."""
    broken, running, kept_alive = tx.orders.many(order_ids)[:3]
    play = Cases(tx, now)
    for hours, order in ((9 * 24, broken), (3 * 24, kept_alive), (20, running)):
        play.ago(hours)
        invoice_id = play.renewal(account_id, [order])
        payments.pay(tx, account_id, invoice_id, "promise")


SECOND_FLEET: tuple[fleet.Server, ...] = (
    fleet.Server(left=timedelta(days=-7), plan="vds-small", location="de", auto=False, months_used=6, period=1),
    fleet.Server(left=timedelta(days=2), plan="vds-micro", location="nl", auto=False, months_used=4, period=1),
    fleet.Server(left=timedelta(days=-1), plan="vds-micro", location="uk", auto=False, months_used=10, period=1),
    fleet.Server(left=timedelta(days=21), plan="vds-medium", location="fr", auto=True, months_used=13, period=1),
    fleet.Server(left=timedelta(days=9), plan="vds-nano", location="sg", auto=False, months_used=2, period=1),
    fleet.Server(left=timedelta(days=14), plan="vds-small", location="ca", auto=False, months_used=5, period=1),
)
THIRD_FLEET: tuple[fleet.Server, ...] = (
    fleet.Server(left=timedelta(days=16), plan="vds-micro", location="us-west", auto=True, months_used=8, period=1),
    fleet.Server(left=timedelta(days=30), plan="vds-small", location="sg", auto=False, months_used=3, period=3),
    fleet.Server(left=timedelta(days=24), plan="vds-nano", location="de", auto=False, months_used=3, period=1),
    fleet.Server(left=timedelta(days=18), plan="vds-micro", location="pl", auto=False, months_used=19, period=1),
    fleet.Server(left=timedelta(days=27), plan="vds-small", location="jp", auto=False, months_used=14, period=1),
)


def settle_clock(tx: Tx, now: int) -> None:
    """Back to ``now``: apply what is due by then, so that the panel starts with nothing left to do."""
    tx.at = now
    tx.flush()
    clock.tick(tx)
    tx.flush()
