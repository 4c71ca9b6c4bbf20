"""What a forecast starts from: orders, open invoices and purses as columns of whole numbers."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress, islice
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
ROWS_AT_ONCE = 4_000
_LONGEST = 18
"""Digits that fit into a column of whole numbers."""
_WHOLE = (
    "state", "kind", "paid_until", "price", "individual_price", "addons", "in_use_since", "auto_on", "auto_months",
    "auto_since", "auto_done_for", "billing_day",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CentsHeld:
    """Cents in both purses (ACC-4)."""

    internal: int
    affiliate: int
    both: bool = True
    """Whether there is an affiliate purse at all."""


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


class Texts:
    """Texts by their numbers, in one piece of memory: strings of their own weigh four times as much, and each of them
    keeps from going back to the system what was worked with beside it (P-MEM)."""

    def __init__(self) -> None:
        self._bytes, self._ends = bytearray(), array("I", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> str:
        begin, end = self._ends[number], self._ends[number + 1]
        return self._bytes[begin:end].decode("utf-8", "surrogatepass")

    def extend(self, texts: Iterable[str]) -> None:
        """More of them, after those that are there."""
        parts = [text.encode("utf-8", "surrogatepass") for text in texts]
        self._ends.extend(islice(accumulate(map(len, parts), initial=self._ends[-1]), 1, None))
        self._bytes += b"".join(parts)


def _number(key: str) -> tuple[int, int, str]:
    """Ids are compared as numbers where they are some (REN-4)."""
    digits = key.isascii() and key.isdigit()
    return (0, int(key), key) if digits else (1, 0, key)


def _by_id(ids: Texts) -> list[int]:
    """The places of ids in the order of the ids."""
    if numbers := _as_numbers(ids):
        return sorted(range(len(ids)), key=numbers.__getitem__)
    keys = [_number(ids[n]) for n in range(len(ids))]
    return sorted(range(len(ids)), key=keys.__getitem__)


def _as_numbers(ids: Texts) -> array[int] | None:
    """Ids as numbers, where all of them are some."""
    numbers = array("q")
    for n in range(len(ids)):
        key = ids[n]
        if not (key.isascii() and key.isdigit() and len(key) <= _LONGEST):
            return None
        numbers.append(int(key))
    return numbers


class Names:
    """What orders are called, by their places: all that is kept of them when a forecast is made."""

    def __init__(self, rows_of: Sequence[int], ids: Texts, names: Texts, transfers: Mapping[int, int]) -> None:
        self._rows_of, self._ids, self._names, self._transfers = rows_of, ids, names, transfers

    def of(self, place: int) -> tuple[str, str, int]:
        """An order's id and name, and until when a transfer that runs is cancelled by what happens (TRF-6)."""
        row = self._rows_of[place]
        return self._ids[row], self._names[row], self._transfers.get(row, -1)


class _Columns:
    """What is kept of the rows, column by column, as they come."""

    def __init__(self) -> None:
        self.whole: dict[str, array[int]] = {name: array("q") for name in _WHOLE}
        self.ids, self.names = Texts(), Texts()
        self.kinds: dict[str, int] = {}
        """Kind → its number, in the order in which they came."""
        self.billed_on: dict[int, str] = {}
        """Row → the invoice that its order points to as the open one."""
        self.promised: dict[int, int] = {}
        self.since: dict[int, int | None] = {}
        self.transfers: dict[int, int] = {}

    def add(self, rows: Sequence[OrderRow]) -> None:
        """More rows, after those that are there."""
        first = len(self.ids)
        self.ids.extend(row.id for row in rows)
        self.names.extend(row.name for row in rows)
        number_of = self.kinds
        kinds = [number_of.setdefault(row.kind, len(number_of)) for row in rows]
        states = [STATES[row.state] for row in rows]
        for name, values in (
            ("state", states),
            ("kind", kinds),
            ("paid_until", [UNKNOWN if row.paid_until is None else row.paid_until for row in rows]),
            ("price", [row.price for row in rows]),
            ("individual_price", [row.individual_price for row in rows]),
            ("addons", [row.addons for row in rows]),
            ("in_use_since", [NEVER if row.in_use_since is None else row.in_use_since for row in rows]),
            ("auto_on", [row.auto_on for row in rows]),
            ("auto_months", [row.auto_months for row in rows]),
            ("auto_since", [row.auto_since or 0 for row in rows]),
            ("auto_done_for", [UNKNOWN if row.auto_done_for is None else row.auto_done_for for row in rows]),
            ("billing_day", [row.billing_day if 1 <= row.billing_day <= 31 else 0 for row in rows]),
        ):
            self.whole[name].extend(values)
        for n, (state, row) in enumerate(zip(states, rows, strict=True), first):
            if row.unpaid_invoice_id is not None:
                self.billed_on[n] = row.unpaid_invoice_id
            if row.promise_until is not None:
                self.promised[n] = row.promise_until
            if state != RUNNING:
                self.since[n] = row.blocked_at if state == BLOCKED else row.created_at
            if row.transfer_id is not None:
                self.transfers[n] = row.paid_until or 0


class Fleet:
    """The orders that time can change, and the open invoices that bill them.

    Columns, not rows: each is filled from the rows as they come and put in the order of the ends, so that orders of
    one day lie side by side in memory. ``numbers`` says which is the how-manieth by its id, ``places`` the other way
    round: at one instant the ids decide (REN-4).

    Rows in another currency than the account's are left out: no purse of it could pay them (INV-10).
    """

    def __init__(
        self,
        orders: Iterable[OrderRow],
        invoices: Iterable[InvoiceRow],
        currency: str,
        running: Mapping[str, int] | None = None,
    ) -> None:
        """``running`` is how many services of each kind run, where ``orders`` are not all of them (DSC-5)."""
        self.currency = currency
        self.left_out = 0
        """Orders in another currency."""
        columns = self._read(orders)
        self._line_up(columns)
        self.invoices: list[OpenInvoice] = []
        self.billed: dict[int, list[int]] = {}
        """Place of an invoice → places of the orders that point to it as their open one."""
        self.running = dict(running) if running is not None else self._count()
        self._link(sorted(invoices, key=lambda row: _number(row.id)), columns.billed_on)

    def __len__(self) -> int:
        return len(self.end)

    def _read(self, orders: Iterable[OrderRow]) -> _Columns:
        """The columns, filled some thousand rows at a time: the rows themselves need not all be there at once."""
        columns = _Columns()
        waiting = iter(orders)
        while some := list(islice(waiting, ROWS_AT_ONCE)):
            live = [row for row in some if row.state in STATES]
            rows = [row for row in live if row.currency == self.currency]
            self.left_out += len(live) - len(rows)
            columns.add(rows)
        return columns

    def _line_up(self, columns: _Columns) -> None:
        """Put every column in the order of the ends; one is freed as the next is made."""
        by_id = _by_id(columns.ids)
        until = columns.whole.pop("paid_until")
        ends = [0 if until[n] == UNKNOWN else until[n] for n in by_id]
        numbers = sorted(range(len(by_id)), key=ends.__getitem__)
        places = array("l", bytes(array("l").itemsize * len(by_id)))
        for place, number in enumerate(numbers):
            places[number] = place
        self.numbers, self.places = array("l", numbers), places
        where = self._rows_of = array("l", [by_id[number] for number in numbers])
        """Where the row of each place stood."""
        pick = itemgetter(*where) if len(where) > 1 else tuple

        def placed(column: array[int]) -> array[int]:
            return array("q", pick(column))

        self.end = placed(until)
        """When the paid period ends; :data:`UNKNOWN` for none."""
        self.kinds = sorted(columns.kinds)
        rank = [self.kinds.index(kind) for kind in columns.kinds]
        self.kind = array("q", [rank[kind] for kind in placed(columns.whole.pop("kind"))])
        take = columns.whole.pop
        self.state = placed(take("state"))
        self.price = placed(take("price"))
        self.individual = placed(take("individual_price"))
        self.addons = placed(take("addons"))
        self.in_use_since = placed(take("in_use_since"))
        """When the order was first activated; ``NEVER`` before."""
        self.auto_on = placed(take("auto_on"))
        self.auto_months = placed(take("auto_months"))
        self.auto_since = placed(take("auto_since"))
        self.auto_done_for = placed(take("auto_done_for"))
        self.billing = placed(take("billing_day"))
        """The billing day; 0 for one that no calendar has."""
        self._promised, self._since = columns.promised, columns.since
        self.names = Names(where, columns.ids, columns.names, columns.transfers)

    def since(self, place: int) -> int | None:
        """When a pending order was made, or a blocked one blocked."""
        return self._since.get(self._rows_of[place])

    def _count(self) -> dict[str, int]:
        counts = Counter(compress(self.kind, (state == RUNNING for state in self.state)))
        return {self.kinds[kind]: count for kind, count in counts.items()}

    def _link(self, rows: Sequence[InvoiceRow], billed_on: Mapping[int, str]) -> None:
        places: dict[str, int] = {}
        for row in rows:
            if row.state in OPEN_STATES and row.currency == self.currency and row.kind != InvoiceKind.TOP_UP:
                places[row.id] = len(self.invoices)
                self.invoices.append(
                    OpenInvoice(row.id, row.number, row.kind, row.state, row.total, row.due_at, row.promise_until)
                )
        self.open_of = [FREE] * len(self)
        for place, row_place in enumerate(self._rows_of):
            key = billed_on.get(row_place)
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
