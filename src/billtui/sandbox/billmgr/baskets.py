"""The basket: open invoices of the engine, gathered until one payment is made of them (wire: 11.2).

What lies in it is an order already: new servers are there and wait (status 1), and an order that is to be renewed is on
its open invoice. What was paid or deleted elsewhere is in it no longer.
"""

from __future__ import annotations

from billtui.domain.numbers import is_number
from billtui.domain.refusal import RuleBroken
from billtui.sandbox.billmgr.errors import Refused, missed
from billtui.sandbox.engine import invoices
from billtui.sandbox.engine.errors import InvalidInput
from billtui.sandbox.engine.facts import lines_of
from billtui.sandbox.engine.repricing import reprice
from billtui.sandbox.engine.rows import InvoiceRow, LineRow, OrderRow
from billtui.sandbox.engine.unit import Tx

_ITEM = "3"
"""In front of the number of a service makes the number of its item in the basket."""


def present(tx: Tx, account_id: int) -> int | None:
    """The account's open basket, if there is one."""
    found = tx.sql("SELECT max(id) FROM billmgr_baskets WHERE account_id = ? AND open = 1", (account_id,)).fetchone()
    return None if found[0] is None else int(found[0])


def put(tx: Tx, account_id: int, invoice_id: int) -> int:
    """Put a purchase into the open basket, a new one where there is none; which basket it is."""
    basket = present(tx, account_id)
    if basket is None:
        made = tx.sql("INSERT INTO billmgr_baskets (account_id) VALUES (?)", (account_id,))
        basket = int(made.lastrowid or 0)
    _add(tx, basket, invoice_id)
    return basket


def _add(tx: Tx, basket: int, invoice_id: int) -> None:
    tx.flush()
    tx.sql("INSERT INTO billmgr_basket_items (basket_id, invoice_id) VALUES (?, ?)", (basket, invoice_id))


def purchases(tx: Tx, basket: int | None) -> list[InvoiceRow]:
    """What is in a basket and waits to be paid."""
    if basket is None:
        return []
    tx.flush()
    found = tx.sql("SELECT invoice_id FROM billmgr_basket_items WHERE basket_id = ? ORDER BY id", (basket,)).fetchall()
    return [one for one in tx.invoices.many(int(row[0]) for row in found) if one.state == "unpaid"]


def items(tx: Tx, basket: int | None) -> list[tuple[InvoiceRow, LineRow]]:
    """The single items of a basket, with the purchase of each."""
    return [(invoice, line) for invoice in purchases(tx, basket) for line in lines_of(tx, invoice.id)]


def item_number(line: LineRow) -> str:
    """The number of an item: one for each service."""
    return f"{_ITEM}{line.order_id or 0}"


def own(tx: Tx, account_id: int, number: str, *, only_open: bool = True) -> int:
    """A basket by its number. Raises :class:`Refused`."""
    if is_number(number):
        found = tx.sql(
            "SELECT open FROM billmgr_baskets WHERE id = ? AND account_id = ?", (int(number), account_id)
        ).fetchone()
        if found is not None and (found[0] or not only_open):
            return int(number)
    raise missed("billorder", number)


def drop(tx: Tx, account_id: int, basket: int | None, number: str) -> None:
    """Take one item out: its new server is cancelled, or its renewal is off. Raises :class:`Refused`."""
    for invoice, line in items(tx, basket):
        if item_number(line) == number and line.order_id is not None:
            _replace(tx, account_id, basket, invoice, promo_code=promo_of(tx, invoice), without={line.order_id})
            return
    raise missed("id", number)


def cancel(tx: Tx, account_id: int, order: OrderRow) -> None:
    """Take a new server that is not paid out of its purchase, be that in the basket or not any more."""
    assert order.open_invoice_id is not None
    invoice = tx.invoices.need(order.open_invoice_id)
    found = tx.sql(
        "SELECT basket_id FROM billmgr_basket_items JOIN billmgr_baskets AS b ON b.id = basket_id"
        " WHERE invoice_id = ? AND b.open = 1",
        (invoice.id,),
    ).fetchone()
    basket = None if found is None else int(found[0])
    _replace(tx, account_id, basket, invoice, promo_code=promo_of(tx, invoice), without={order.id})


def clear(tx: Tx, account_id: int, basket: int) -> None:
    """Take everything out."""
    for invoice in purchases(tx, basket):
        invoices.delete_invoice(tx, account_id, str(invoice.id))
    close(tx, basket)


def apply_promo(tx: Tx, account_id: int, basket: int | None, code: str) -> None:
    """Price what the code is for anew. Raises ``InvalidInput`` for none, ``RuleBroken`` where it is for nothing."""
    found = purchases(tx, basket)
    if not found:
        raise Refused("promocode_not_use", "promocode", "There is nothing in the basket.", ("value", code))
    refused: RuleBroken | None = None
    applied = False
    for invoice in found:
        if promo_of(tx, invoice) == code.strip().upper():
            applied = True
            continue
        savepoint = tx.conn.begin_nested()
        inner = tx.fresh()
        try:
            _replace(inner, account_id, basket, inner.invoices.need(invoice.id), promo_code=code, without=set())
            inner.flush()
        except RuleBroken as error:
            savepoint.rollback()
            refused = error
        except InvalidInput:
            savepoint.rollback()
            raise
        else:
            savepoint.commit()
            applied = True
    if not applied and refused is not None:
        raise refused


def promo_of(tx: Tx, invoice: InvoiceRow) -> str | None:
    """The code with which a purchase is priced."""
    tx.flush()
    asked = "SELECT code FROM promo_uses WHERE invoice_id = ? AND given_back_at IS NULL"
    found = tx.sql(asked, (invoice.id,)).fetchone()
    return None if found is None else str(found[0])


def _replace(
    tx: Tx, account_id: int, basket: int | None, invoice: InvoiceRow, *, promo_code: str | None, without: set[int]
) -> None:
    after = reprice(tx, account_id, invoice.id, promo_code, without)
    tx.flush()
    if after is None:
        tx.sql("DELETE FROM billmgr_basket_items WHERE basket_id = ? AND invoice_id = ?", (basket, invoice.id))
    else:
        tx.sql(
            "UPDATE billmgr_basket_items SET invoice_id = ? WHERE basket_id = ? AND invoice_id = ?",
            (after.id, basket, invoice.id),
        )


def close(tx: Tx, basket: int) -> None:
    """Nothing more goes into it."""
    tx.sql("UPDATE billmgr_baskets SET open = 0 WHERE id = ?", (basket,))


def one_payment(tx: Tx, account_id: int, basket: int) -> str:
    """One invoice of everything in the basket (INV-6), which is closed by that. Raises :class:`Refused`."""
    found = purchases(tx, basket)
    if not found:
        raise missed("billorder", str(basket))
    close(tx, basket)
    if len(found) == 1:
        return str(found[0].id)
    return invoices.combine(tx, account_id, [str(one.id) for one in found])["id"]
