"""What a forecast starts from: orders, open invoices and purses as columns of whole numbers."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import itemgetter

from billtui.domain.models import InvoiceKind, InvoiceState
from billtui.domain.models.invoices import OPEN_STATES
from billtui.services.forecast.prices import NEVER
from billtui.services.store import InvoiceRow, OrderRow

UNKNOWN = -1
"""No instant."""
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


def _by_id(ids: Sequence[str]) -> list[int]:
    """The places of ids in the order of the ids."""
    if all(map(str.isdigit, ids)) and all(map(str.isascii, ids)):
        numbers = list(map(int, ids))
        return sorted(range(len(ids)), key=numbers.__getitem__)
    keys = list(map(_number, ids))
    return sorted(range(len(ids)), key=keys.__getitem__)


class Names:
    """What orders are called, by their places: all that is kept of them when a forecast is made."""

    def __init__(
        self, rows_of: Sequence[int], ids: Sequence[str], names: Sequence[str], transfers: Mapping[int, int]
    ) -> None:
        self._rows_of, self._ids, self._names, self._transfers = rows_of, ids, names, transfers

    def of(self, place: int) -> tuple[str, str, int]:
        """An order's id and name, and until when a transfer that runs is cancelled by what happens (TRF-6)."""
        row = self._rows_of[place]
        return self._ids[row], self._names[row], self._transfers.get(row, -1)


class Fleet:
    """The orders that time can change, and the open invoices that bill them.

    Columns, not rows: each is read once from the rows as they come and put in the order of the ends, so that orders of
    one day lie side by side in memory. ``numbers`` says which is the how-manieth by its id, ``places`` the other way
    round: at one instant the ids decide (REN-4).

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
        live = [row for row in orders if row.state in STATES]
        rows = [row for row in live if row.currency == currency]
        self.currency = currency
        self.left_out = len(live) - len(rows)
        """Orders in another currency."""
        self._line_up(rows)
        self._read(rows)
        self.invoices: list[OpenInvoice] = []
        self.billed: dict[int, list[int]] = {}
        """Place of an invoice → places of the orders that point to it as their open one."""
        self.running = dict(running) if running is not None else self._count()
        self._link(sorted(invoices, key=lambda row: _number(row.id)), [row.unpaid_invoice_id for row in rows])

    def __len__(self) -> int:
        return len(self.end)

    def _line_up(self, rows: Sequence[OrderRow]) -> None:
        by_id = _by_id([row.id for row in rows])
        unsorted = [row.paid_until or 0 for row in rows]
        ends = [unsorted[n] for n in by_id]
        numbers = sorted(range(len(rows)), key=ends.__getitem__)
        places = array("l", bytes(array("l").itemsize * len(rows)))
        for place, number in enumerate(numbers):
            places[number] = place
        self.numbers, self.places = array("l", numbers), places
        self._rows_of = array("l", [by_id[number] for number in numbers])
        """Where the row of each place stood."""

    def _read(self, rows: Sequence[OrderRow]) -> None:
        where = self._rows_of
        pick = itemgetter(*where) if len(where) > 1 else tuple

        def placed(column: Iterable[int]) -> array[int]:
            return array("q", pick(array("q", column)))

        states = [STATES[row.state] for row in rows]
        self.state = placed(states)
        self.end = placed([UNKNOWN if row.paid_until is None else row.paid_until for row in rows])
        """When the paid period ends; :data:`UNKNOWN` for none."""
        kinds = [row.kind for row in rows]
        self.kinds = sorted(set(kinds))
        kind_of = {kind: place for place, kind in enumerate(self.kinds)}
        self.kind = placed([kind_of[kind] for kind in kinds])
        self.price = placed([row.price for row in rows])
        self.individual = placed([row.individual_price for row in rows])
        self.addons = placed([row.addons for row in rows])
        self.in_use_since = placed([NEVER if row.in_use_since is None else row.in_use_since for row in rows])
        """When the order was first activated; ``NEVER`` before."""
        self.auto_on = placed([row.auto_on for row in rows])
        self.auto_months = placed([row.auto_months for row in rows])
        self.auto_since = placed([row.auto_since or 0 for row in rows])
        self.auto_done_for = placed([UNKNOWN if row.auto_done_for is None else row.auto_done_for for row in rows])
        self.billing = placed([row.billing_day if 1 <= row.billing_day <= 31 else 0 for row in rows])
        """The billing day; 0 for one that no calendar has."""
        self._promised = {n: row.promise_until for n, row in enumerate(rows) if row.promise_until is not None}
        self._since = {
            n: row.blocked_at if state == BLOCKED else row.created_at
            for n, (state, row) in enumerate(zip(states, rows, strict=True))
            if state != RUNNING
        }
        transfers = {n: row.paid_until or 0 for n, row in enumerate(rows) if row.transfer_id is not None}
        self.names = Names(where, [row.id for row in rows], [row.name for row in rows], transfers)

    def since(self, place: int) -> int | None:
        """When a pending order was made, or a blocked one blocked."""
        return self._since.get(self._rows_of[place])

    def _count(self) -> dict[str, int]:
        counts = Counter(compress(self.kind, (state == RUNNING for state in self.state)))
        return {self.kinds[kind]: count for kind, count in counts.items()}

    def _link(self, rows: Sequence[InvoiceRow], billed_on: Sequence[str | None]) -> None:
        places: dict[str, int] = {}
        for row in rows:
            if row.state in OPEN_STATES and row.currency == self.currency and row.kind != InvoiceKind.TOP_UP:
                places[row.id] = len(self.invoices)
                self.invoices.append(
                    OpenInvoice(row.id, row.number, row.kind, row.state, row.total, row.due_at, row.promise_until)
                )
        self.open_of = [FREE] * len(self)
        for place, row_place in enumerate(self._rows_of):
            key = billed_on[row_place]
            if key is None:
                continue
            if key not in places:  # not copied yet: what is known of it is what its order says
                promised = self._promised.get(row_place)
                state = InvoiceState.UNPAID if promised is None else InvoiceState.PROMISED
                places[key] = len(self.invoices)
                self.invoices.append(OpenInvoice(key, "", "", state, 0, None, promised))
            self.open_of[place] = places[key]
            self.billed.setdefault(places[key], []).append(place)

    def promise_of(self, place: int) -> int:
        """The deadline of the promise that runs for an order (PRM-5); 0 for none."""
        open_invoice = self.open_of[place]
        if open_invoice == FREE or self.invoices[open_invoice].state != InvoiceState.PROMISED:
            return 0
        return self._promised.get(self._rows_of[place]) or self.invoices[open_invoice].promise_until or 0
