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


_USED = (
    "INSERT INTO promo_uses (invoice_id, code, account_id, at) SELECT id, '{}', account_id, 0 FROM invoices"
    " WHERE account_id = 204817 AND state = '{}' ORDER BY id LIMIT {}"
)
SOLD_WRONGLY = {
    "in stock and": "UPDATE stock SET available = available + 1 WHERE plan = 'vds-micro' AND location = 'nl'",
    "is pending and no invoice bills it": "UPDATE orders SET open_invoice_id = NULL WHERE state = 'pending'",
    "stands on 2 lines": "UPDATE invoice_lines SET order_id = 14 WHERE invoice_id ="
    " (SELECT id FROM invoices WHERE combined_from <> '[]')",
    "was never paid": "DELETE FROM renewals WHERE order_id = 2",
    "was used 2 times, 1 were allowed": _USED.format("LASTCALL30", "paid", 2),
    "was used 2 times by account 204817": _USED.format("WELCOME15", "paid", 2),
    "which is deleted: given back at None": _USED.format("STAY10", "deleted", 1),
    "its add-ons make up 1": """UPDATE invoice_lines SET addons = '[["raid", "x", 1, 1]]' WHERE kind = 'addon'""",
    "has the add-on ipv4 that nobody paid for": """UPDATE orders SET addons = '[["ipv4", "x", 200]]' WHERE id = 2""",
}
"""What the check says of it → how servers, codes and add-ons are falsified."""


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
    assert falsified(own, FALSIFIED[what]) != []


@pytest.mark.parametrize("words", list(SOLD_WRONGLY))
def test_what_is_sold_wrongly_is_found(own: Database, words: str) -> None:
    """BLK-6, INV-10, DSC-6, ORD-5: nothing sold twice or for nothing, no code used too often, no add-on unpaid."""
    assert any(words in problem for problem in falsified(own, SOLD_WRONGLY[words]))


def falsified(database: Database, statement: str) -> list[str]:
    """What the check finds after ``statement``, which must change something; before it finds nothing."""
    with database.write() as tx:
        assert check_books(tx.conn) == []
    connection = database.raw_connection()
    try:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute("BEGIN")
        assert connection.execute(statement).rowcount > 0
        connection.execute("COMMIT")
    finally:
        connection.close()
    with database.read() as tx:
        return check_books(tx.conn)


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
