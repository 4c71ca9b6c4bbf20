"""The check of the books finds what is wrong: each of these falsifications is seen."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from billtui.sandbox.database import Database
from billtui.sandbox.engine.books import check_books
from billtui.sandbox.engine.ledger import UnbalancedEntry, post
from tests.support.engine import FIRST, StandingTime, World

FALSIFIED = {
    "a cent appears in the ledger": "UPDATE ledger SET cents = cents + 1 WHERE id = (SELECT max(id) FROM ledger)",
    "a ledger line vanishes": "DELETE FROM ledger WHERE id = (SELECT max(id) FROM ledger)",
    "a purse holds more than its lines": "UPDATE accounts SET internal_cents = internal_cents + 1 WHERE id = 204817",
    "the affiliate purse holds more": "UPDATE accounts SET affiliate_cents = affiliate_cents + 1 WHERE id = 204817",
    "an entry is written in two accounts": "UPDATE ledger SET account_id = 318255 WHERE id = 1",
    "paid without a payment": "UPDATE invoices SET state = 'paid' WHERE id = (SELECT min(id) FROM invoices"
    " WHERE state = 'unpaid')",
    "a payment is lost": "UPDATE payments SET state = 'failed' WHERE id = (SELECT min(id) FROM payments)",
    "part of an invoice was paid": "UPDATE payments SET cents = cents - 1 WHERE id = (SELECT min(id) FROM payments)",
    "a total is not the sum of its lines": "UPDATE invoice_lines SET amount_cents = amount_cents + 1 WHERE id = 1",
    "a line vanishes": "DELETE FROM invoice_lines WHERE id = 1",
    "a number is missing": "UPDATE invoices SET number = 100000 WHERE id = 5",
    "a renewal vanishes": "DELETE FROM renewals WHERE id = (SELECT max(id) FROM renewals)",
    "an order was renewed for nothing": "UPDATE orders SET paid_until = paid_until + 86400000000 WHERE id = 2",
    "free days between two periods": "UPDATE renewals SET old_until = old_until + 1000000, new_until = new_until"
    " WHERE id = (SELECT max(id) FROM renewals WHERE old_until IS NOT NULL)",
    "an order waits for a paid invoice": "UPDATE orders SET open_invoice_id = 1 WHERE id = 2",
    "an order forgot its open invoice": "UPDATE orders SET open_invoice_id = NULL WHERE id = 11",
    "a cancelled order is still billed": "UPDATE orders SET state = 'cancelled' WHERE state = 'pending'",
    "a combined invoice lost its way": "UPDATE invoices SET combined_into = NULL WHERE state = 'combined'",
    "a whole does not name its parts": "UPDATE invoices SET combined_from = '[]' WHERE combined_from <> '[]'",
    "a reference leads nowhere": "UPDATE payments SET account_id = 1 WHERE id = 1",
}


@pytest.fixture
def own(sown_file: Path, tmp_path: Path) -> Iterator[Database]:
    """A panel whose books nobody else checks."""
    for part in sown_file.parent.glob("panel.db*"):
        shutil.copy(part, tmp_path / part.name)
    database = Database.open(tmp_path / "panel.db", clock_source=StandingTime())
    yield database
    database.close()


@pytest.mark.parametrize("what", list(FALSIFIED))
def test_falsified_books_are_found(own: Database, what: str) -> None:
    """Debits = credits, one payment per paid invoice, every renewal paid, numbers without gaps, and so on."""
    with own.write() as tx:
        assert check_books(tx.conn) == []
    connection = own.raw_connection()
    try:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN")
        assert connection.execute(FALSIFIED[what]).rowcount > 0
        connection.execute("COMMIT")
    finally:
        connection.close()
    with own.read() as tx:
        assert check_books(tx.conn) != []


def test_an_unbalanced_entry_is_not_written(world: World) -> None:
    """Debits = credits, before anything is written."""
    before = world.rows("SELECT * FROM ledger")
    with pytest.raises(UnbalancedEntry), world.database.write() as tx:
        post(tx, FIRST, "wrong", {"internal": 1, "revenue": 1})
    assert world.rows("SELECT * FROM ledger") == before


def test_the_tables_themselves_refuse_a_second_payment_and_a_negative_purse(own: Database) -> None:
    """INV-4, ACC-4: should all else fail."""
    with pytest.raises(IntegrityError), own.write() as tx:
        paid = tx.payments.where("state = 'done' LIMIT 1")[0]
        tx.conn.exec_driver_sql(
            "INSERT INTO payments (invoice_id, account_id, method, state, cents) VALUES (?, ?, 'card', 'done', ?)",
            (paid.invoice_id, paid.account_id, paid.cents),
        )
    with pytest.raises(sqlite3.IntegrityError), own.write() as tx:
        tx.accounts.need(FIRST).affiliate_cents = -1
