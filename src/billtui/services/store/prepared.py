"""Objects made ready for the local store: what is written of each, worked out before the store's thread has it.

That can be done in another thread or process: :meth:`Prepared.packed` is one block of bytes.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from billtui.services.store.convert import invoice_row, order_row, ticket_row, transfer_row
from billtui.services.store.rows import InvoiceRow, OrderRow, TicketRow, TransferRow
from billtui.services.store.text import invoice_text, order_text, ticket_text, transfer_text

if TYPE_CHECKING:
    from billtui.domain.models import Invoice, Order, Ticket, Transfer

Kind = Literal["order", "invoice", "transfer", "ticket"]
Row = OrderRow | InvoiceRow | TransferRow | TicketRow
ROWS: Final[dict[Kind, type[Row]]] = {
    "order": OrderRow, "invoice": InvoiceRow, "transfer": TransferRow, "ticket": TicketRow,
}  # fmt: skip
_FLEETING: Final = {"presence"}
"""Who else is on a ticket is asked for each time."""


class Item(NamedTuple):
    """One object, as it is written."""

    row: Row
    text: str
    """What is found of it."""
    json: str
    whole: bool
    """Whether it was read one by one, with what lists leave out."""

    @property
    def id(self) -> str:
        """Its id in the copy."""
        return self.row.id


def _order(order: Order, whole: bool) -> Item:
    return Item(order_row(order), order_text(order), order.model_dump_json(), whole)


def _invoice(invoice: Invoice, whole: bool) -> Item:
    return Item(invoice_row(invoice), invoice_text(invoice), invoice.model_dump_json(), whole)


def _transfer(transfer: Transfer, whole: bool) -> Item:
    return Item(transfer_row(transfer), transfer_text(transfer), transfer.model_dump_json(), whole)


def _ticket(ticket: Ticket, whole: bool) -> Item:
    return Item(ticket_row(ticket), ticket_text(ticket), ticket.model_dump_json(exclude=_FLEETING), whole)


_MAKERS: Final[dict[Kind, Callable[[Any, bool], Item]]] = {
    "order": _order, "invoice": _invoice, "transfer": _transfer, "ticket": _ticket,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Prepared:
    """Objects of one kind, ready to be written: as items, or packed by another process."""

    kind: Kind
    _items: Sequence[Item] | None = None
    _packed: bytes = b""

    @classmethod
    def of(cls, kind: Kind, objects: Iterable[Any], *, whole: bool = False) -> Prepared:
        """What is written of ``objects``, models of this kind (``whole``: read one by one)."""
        make = _MAKERS[kind]
        return cls(kind, [make(one, whole) for one in objects])

    @classmethod
    def unpacked(cls, kind: Kind, packed: bytes) -> Prepared:
        """What :meth:`packed` gave, by this version of the program; it is opened by whoever writes it."""
        return cls(kind, None, packed)

    def packed(self) -> bytes:
        """As one block of bytes."""
        return marshal.dumps([(tuple(item.row), *item[1:]) for item in self.items()], 4)

    def items(self) -> Sequence[Item]:
        """Each object."""
        if self._items is not None:
            return self._items
        make = ROWS[self.kind]._make
        return [Item(make(row), text, json, whole) for row, text, json, whole in marshal.loads(self._packed)]
