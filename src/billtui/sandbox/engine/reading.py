"""Finding an account's own objects by the ids of the wire."""

from __future__ import annotations

from typing import Protocol

from billtui.domain.numbers import is_number
from billtui.sandbox.engine.errors import NotFound, VersionMismatch
from billtui.sandbox.engine.rows import InvoiceRow, OrderRow
from billtui.sandbox.engine.unit import Tx


class _Versioned(Protocol):
    version: int


def row_id(text: str, what: str) -> int:
    """The row id that an id of the wire stands for. Raises ``NotFound`` for what cannot be one."""
    if is_number(text) and (text == "0" or text[0] != "0"):
        return int(text)
    raise NotFound(what, text)


def own_order(tx: Tx, account_id: int | None, order_id: str) -> OrderRow:
    """The account's order (anybody's for ``None``). Raises ``NotFound``, also for another account's."""
    order = tx.orders.get(row_id(order_id, "order"))
    if order is None or account_id not in (None, order.account_id):
        raise NotFound("order", order_id)
    return order


def own_invoice(tx: Tx, account_id: int | None, invoice_id: str) -> InvoiceRow:
    """The account's invoice (anybody's for ``None``). Raises ``NotFound``, also for another account's."""
    invoice = tx.invoices.get(row_id(invoice_id, "invoice"))
    if invoice is None or account_id not in (None, invoice.account_id):
        raise NotFound("invoice", invoice_id)
    return invoice


def check_version(row: _Versioned, if_match: int | None) -> None:
    """Raises ``VersionMismatch`` if the writer has seen another version (``If-Match``)."""
    check_number(row.version, if_match)


def check_number(version: int, if_match: int | None) -> None:
    """The same for the version that the writer could have seen."""
    if if_match is not None and if_match != version:
        raise VersionMismatch(f"This has changed since you saw it: it is at version {version}, not {if_match}")
