"""A panel's file of an earlier version goes on: nothing is lost, what is new is there, the books are right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from billtui.sandbox.database import Database, WrongDatabase
from billtui.sandbox.engine import new_orders, payments, quotes, shopkeeping
from billtui.sandbox.engine.new_orders import Wish
from billtui.sandbox.tables import SCHEMA_VERSION
from tests.support.engine import FIRST, StandingTime

_BACK_TO_1 = (
    "DELETE FROM mails WHERE event = 'promo-codes'",
    "DELETE FROM invoice_lines WHERE kind = 'addon'",
    "UPDATE invoices SET state = 'deleted', line_count = 0, total_cents = 0 WHERE kind = 'addon'",
    "DELETE FROM ledger WHERE invoice_id IN (SELECT id FROM invoices WHERE kind = 'addon')",
    "DELETE FROM provider_events WHERE payment_id IN (SELECT payments.id FROM payments JOIN invoices"
    " ON invoices.id = invoice_id WHERE invoices.kind = 'addon')",
    "DELETE FROM payments WHERE invoice_id IN (SELECT id FROM invoices WHERE kind = 'addon')",
    "DROP TABLE promo_uses",
    "DROP TABLE promo_codes",
    "ALTER TABLE panel DROP COLUMN next_address",
    "ALTER TABLE orders DROP COLUMN addons",
    "ALTER TABLE invoice_lines DROP COLUMN addons",
    "ALTER TABLE stock DROP COLUMN capacity",
    "UPDATE panel SET schema_version = 1",
)
"""Makes of a file of today what the first version would have written."""


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    database = Database.open(tmp_path / "panel.db", fleet=30, clock_source=StandingTime())
    connection = database.raw_connection()
    for statement in _BACK_TO_1:
        connection.execute(statement)
    connection.close()
    database.close()
    return tmp_path / "panel.db"


def test_a_file_of_the_first_version_goes_on(old_file: Path, books: Callable[[Database], None]) -> None:
    """Orders, invoices and purses as before; stock, codes and addresses as in a new one."""
    time = StandingTime()
    database = Database.open(old_file, clock_source=time)
    books(database)
    with database.read() as tx:
        assert tx.sql("SELECT schema_version FROM panel").fetchone() == (SCHEMA_VERSION,)
        assert tx.sql("SELECT count(*) FROM orders WHERE account_id = ?", (FIRST,)).fetchone() == (31,)
        assert len(shopkeeping.shown(tx)["promo_codes"]) == 11
        assert tx.sql("SELECT count(*) FROM mails WHERE event = 'promo-codes'").fetchone() == (1,)
        free = tx.sql(
            "SELECT id FROM orders WHERE account_id = ? AND open_invoice_id IS NULL AND state = 'active'", (FIRST,)
        ).fetchone()[0]
        taken = {row[0] for row in tx.sql("SELECT address FROM orders")}
    with database.write() as tx:
        quote = new_orders.quote_order(tx, FIRST, Wish(1, plan="vds-micro", quantity=1, promo_code="WELCOME15"))
        bought = new_orders.buy_orders(tx, FIRST, quote["id"])
    with database.write() as tx:
        invoice = quotes.renew(tx, FIRST, quotes.quote_renewal(tx, FIRST, [str(free)], 1)["id"])
        for one in (invoice, bought["invoice"]):
            payment = payments.pay(tx, FIRST, one["id"], "card")
            payments.settle(tx, payment["id"])
    with database.read() as tx:
        new = {tx.orders.need(int(one["id"])).address for one in bought["orders"]}
    assert len(new) == len(bought["orders"]) and not new & taken
    database.close()
    Database.open(old_file, clock_source=time).close()  # and once more, as an ordinary file


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    """It says so, and changes nothing."""
    database = Database.open(tmp_path / "panel.db", fleet=0)
    connection = database.raw_connection()
    connection.execute("UPDATE panel SET schema_version = 99")
    connection.close()
    database.close()
    with pytest.raises(WrongDatabase, match="schema 99"):
        Database.open(tmp_path / "panel.db")
