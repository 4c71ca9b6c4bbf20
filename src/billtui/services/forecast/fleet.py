"""What a forecast starts from: orders, open invoices and purses as columns of whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

from billtui.domain.models import InvoiceKind, InvoiceState
from billtui.domain.models.invoices import OPEN_STATES
from billtui.services.store import InvoiceRow, OrderRow

RUNNING, BLOCKED, PENDING, GONE = range(4)
STATES = {"active": RUNNING, "suspended": RUNNING, "blocked": BLOCKED, "pending": PENDING}
"""A suspended order is an active one that its owner stopped (ORD-1). Others do nothing any more."""
FREE = -1
OWN_INVOICE = -2
"""On the unpaid invoice of its own auto-renewal, which bills nothing else."""


@dataclass(frozen=True, slots=True)
class CentsHeld:
    """Cents in both purses (ACC-4)."""

    internal: int
    affiliate: int


@dataclass(frozen=True, slots=True)
class TopUp:
    """Money that comes onto the internal balance, before anything else at that instant."""

    at: int
    cents: int


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """An open invoice as far as time matters."""

    id: str
    number: str
    kind: str
    state: str
    total: int
    due_at: int | None
    promise_until: int | None


def _number(key: str) -> tuple[int, int, str]:
    """Ids are compared as numbers where they are some (REN-4)."""
    digits = key.isascii() and key.isdigit()
    return (0, int(key), key) if digits else (1, 0, key)


def _by_id(rows: Iterable[OrderRow]) -> list[OrderRow]:
    found = list(rows)
    if all(map(str.isdigit, (row.id for row in found))) and all(map(str.isascii, (row.id for row in found))):
        found.sort(key=lambda row: int(row.id))
    else:
        found.sort(key=lambda row: _number(row.id))
    return found


class Fleet:
    """The orders that time can change, and the open invoices that bill them.

    Orders stand in the order of their ends, so that those of one day lie side by side in memory (a walk through a year
    of 100,000 takes two thirds of the time); ``numbers`` says which is the how-manieth by its id, ``places`` the other
    way round: at one instant the ids decide (REN-4).

    Rows in another currency than the account's are left out: no purse of it could pay them (INV-10).
    """

    def __init__(
        self,
        orders: Sequence[OrderRow],
        invoices: Iterable[InvoiceRow],
        currency: str,
        running: Mapping[str, int] | None = None,
    ) -> None:
        """``running`` is how many services of each kind run, where ``orders`` are not all of them (DSC-5)."""
        live = [row.state in STATES and row.currency == currency for row in orders]
        by_id = _by_id(compress(orders, live))
        ends = [row.paid_until or 0 for row in by_id]
        self.numbers = sorted(range(len(by_id)), key=ends.__getitem__)
        self.orders = [by_id[number] for number in self.numbers]
        self.places = [0] * len(by_id)
        for place, number in enumerate(self.numbers):
            self.places[number] = place
        self.currency = currency
        self.left_out = sum(1 for row in orders if row.state in STATES) - len(self.orders)
        """Orders in another currency."""
        self.invoices: list[OpenInvoice] = []
        self.billed: dict[int, list[int]] = {}
        """Place of an invoice → places of the orders that point to it as their open one."""
        self.running = dict(running) if running is not None else self._count()
        self._link(sorted(invoices, key=lambda row: _number(row.id)))

    def _count(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for row in self.orders:
            if STATES[row.state] == RUNNING:
                counts[row.kind] = counts.get(row.kind, 0) + 1
        return counts

    def _link(self, rows: Sequence[InvoiceRow]) -> None:
        places: dict[str, int] = {}
        for row in rows:
            if row.state in OPEN_STATES and row.currency == self.currency and row.kind != InvoiceKind.TOP_UP:
                places[row.id] = len(self.invoices)
                self.invoices.append(
                    OpenInvoice(row.id, row.number, row.kind, row.state, row.total, row.due_at, row.promise_until)
                )
        self.open_of = [FREE] * len(self.orders)
        for place, order in enumerate(self.orders):
            if order.unpaid_invoice_id is None:
                continue
            key = order.unpaid_invoice_id
            if key not in places:  # not copied yet: what is known of it is what its order says
                promised = order.promise_until is not None
                state = InvoiceState.PROMISED if promised else InvoiceState.UNPAID
                places[key] = len(self.invoices)
                self.invoices.append(OpenInvoice(key, "", "", state, 0, None, order.promise_until))
            self.open_of[place] = places[key]
            self.billed.setdefault(places[key], []).append(place)

    def promise_of(self, place: int) -> int:
        """The deadline of the promise that runs for an order (PRM-5); 0 for none."""
        open_invoice = self.open_of[place]
        if open_invoice == FREE or self.invoices[open_invoice].state != InvoiceState.PROMISED:
            return 0
        return self.orders[place].promise_until or self.invoices[open_invoice].promise_until or 0
