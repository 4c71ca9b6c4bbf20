"""A panel's file of an earlier version goes on: nothing is lost, what is new is there, the books are right."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from billtui.sandbox.database import Database, WrongDatabase
from billtui.sandbox.engine import (
    accounts,
    api_keys,
    new_orders,
    payments,
    plan_changes,
    quotes,
    recovery,
    server_access,
    sessions,
    shopkeeping,
    ticket_messages,
    tickets,
    transfers,
)
from billtui.sandbox.engine.callers import authenticate
from billtui.sandbox.engine.new_orders import Wish
from billtui.sandbox.engine.paging import ListQuery
from billtui.sandbox.engine.ticket_messages import Draft
from billtui.sandbox.engine.ticket_states import Person
from billtui.sandbox.mail import mails as mail_of
from billtui.sandbox.seed.people import DEMO_PASSWORD, SECOND_SUPPORT, SUPPORT
from billtui.sandbox.tables import SCHEMA_VERSION
from tests.support.engine import FIRST, SECOND, THIRD, StandingTime

_TICKETS = (
    *("ticket_states", "attachment_data", "attachments", "ticket_access", "access_readings"),
    *("canned_replies", "ticket_merges", "ticket_messages", "tickets"),
)
_BACK_TO_3 = (
    *(f"DROP TABLE {table}" for table in _TICKETS),
    "DELETE FROM accounts WHERE login = 'ada.desk'",
    "ALTER TABLE panel DROP COLUMN tickets",
    "DROP INDEX orders_at_stake",
    "ALTER TABLE orders DROP COLUMN plan_change_ticket_id",
    "ALTER TABLE invoice_lines DROP COLUMN plan_change",
    "UPDATE panel SET schema_version = 3",
)
"""Makes of a file of today what the version before tickets would have written."""
_BACK_TO_2 = (
    *_BACK_TO_3,
    "DELETE FROM mails WHERE transfer_id IS NOT NULL",
    "UPDATE orders SET transfer_id = NULL",
    "DROP INDEX mails_by_recipient",
    "ALTER TABLE mails DROP COLUMN link",
    "DROP TABLE guesses",
    "DROP TABLE transfers",
    "DROP TABLE api_keys",
    "DROP TABLE password_recoveries",
    "ALTER TABLE accounts DROP COLUMN totp_pending",
    "ALTER TABLE accounts DROP COLUMN recovery_codes",
    "ALTER TABLE accounts DROP COLUMN password_changed_at",
    "ALTER TABLE accounts DROP COLUMN api_access",
    "UPDATE panel SET schema_version = 2",
)
"""Makes of a file of today what the version before transfers and API keys would have written."""
_BACK_TO_1 = (
    *_BACK_TO_2,
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


def older(file: Path, statements: tuple[str, ...]) -> Path:
    """A panel's file as an older version wrote it."""
    database = Database.open(file, fleet=30, clock_source=StandingTime())
    connection = database.raw_connection()
    for statement in statements:
        connection.execute(statement)
    connection.close()
    database.close()
    return file


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    return older(tmp_path / "panel.db", _BACK_TO_1)


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
            "SELECT id FROM orders WHERE account_id = ? AND open_invoice_id IS NULL AND state = 'active'"
            " AND auto_on = 0 ORDER BY paid_until DESC",
            (FIRST,),
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


def test_a_file_of_version_2_gets_transfers(tmp_path: Path, books: Callable[[Database], None]) -> None:
    """What was there stays as it was, codes and mails are not sown a second time, and an order can be transferred."""
    file = older(tmp_path / "panel.db", _BACK_TO_2)
    time = StandingTime()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE promo_codes SET used_before = 98 WHERE code = 'EARLY20'")
        connection.commit()
        names = {
            table: ", ".join(row[1] for row in connection.execute(f"PRAGMA table_info({table})"))
            for table in ("accounts", "orders", "invoices", "ledger", "promo_codes", "stock")
        }
        before = {
            table: connection.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2").fetchall()
            for table, columns in names.items()
        }
        mails = connection.execute("SELECT count(*) FROM mails").fetchone()
    database = Database.open(file, clock_source=time)
    books(database)
    with database.read() as tx:
        assert tx.sql("SELECT schema_version FROM panel").fetchone() == (SCHEMA_VERSION,)
        for table, columns in names.items():
            after = tx.sql(f"SELECT {columns} FROM {table} ORDER BY 1, 2").fetchall()
            new = [row[1] for row in after if row not in before[table]]
            assert new == (["ada.desk"] if table == "accounts" else []), table
            assert len(after) == len(before[table]) + len(new), table
        assert tx.sql("SELECT count(*) FROM mails").fetchone() == mails
        indexes = {row[0] for row in tx.sql("SELECT name FROM sqlite_master WHERE type = 'index'")}
        assert {"mails_by_recipient", "one_running_transfer"} <= indexes
        free = tx.sql(
            "SELECT id FROM orders WHERE account_id = ? AND open_invoice_id IS NULL AND state = 'active'"
            " AND auto_on = 0 ORDER BY paid_until DESC",
            (FIRST,),
        ).fetchone()[0]
    with database.write() as tx:
        (begun,) = transfers.push(tx, FIRST, [str(free)], "kofi.brandt", str(SECOND))
    with database.read() as tx:
        mail = mail_of(tx)[-1]
    assert mail["transfer_id"] == begun["id"] and mail["link"]
    database.advance(72 * 3_600)
    with database.read() as tx:
        assert transfers.get_transfer(tx, FIRST, begun["id"])["state"] == "expired"
    database.close()
    Database.open(file, clock_source=time).close()  # and once more, as an ordinary file


def test_a_file_of_version_2_gets_keys_and_recovery(tmp_path: Path) -> None:
    """Who could sign in still can, and the account has what is new, empty."""
    database = Database.open(older(tmp_path / "panel.db", _BACK_TO_2), clock_source=StandingTime())
    with database.read() as tx:
        me = accounts.me(tx, THIRD)
    assert (me["totp"], me["recovery_codes_left"], me["api_access"]) == (True, 0, True)
    token = sessions.sign_in(database, "olena.marsh", DEMO_PASSWORD)["token"]
    with database.read() as tx:
        caller = authenticate(tx, token)
    made = api_keys.create(database, caller, DEMO_PASSWORD, api_keys.Wish("ci"))
    with database.read() as tx:
        assert authenticate(tx, made["secret"]).key_id == made["key"]["id"]
    recovery.ask(database, "olena@marsh-hosting.example")
    with database.read() as tx:
        (code,) = tx.sql("SELECT code FROM mails WHERE event = 'password-recovery'").fetchone()
    recovery.recover(database, code, "another-password-1")
    sessions.sign_in(database, "olena.marsh", "another-password-1")
    database.close()


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    """It says so, and changes nothing."""
    database = Database.open(tmp_path / "panel.db", fleet=0)
    connection = database.raw_connection()
    connection.execute("UPDATE panel SET schema_version = 99")
    connection.close()
    database.close()
    with pytest.raises(WrongDatabase, match="schema 99"):
        Database.open(tmp_path / "panel.db")


def test_a_file_of_version_3_gets_plan_changes(tmp_path: Path, books: Callable[[Database], None]) -> None:
    """Orders and lines of before have no change of plan, and one can be bought (ORD-6)."""
    database = Database.open(older(tmp_path / "panel.db", _BACK_TO_3), clock_source=StandingTime())
    books(database)
    with database.read() as tx:
        assert tx.sql("SELECT count(*) FROM invoice_lines WHERE plan_change <> ''").fetchone() == (0,)
        free = tx.sql(
            "SELECT id FROM orders WHERE account_id = ? AND open_invoice_id IS NULL AND state = 'active'"
            " AND auto_on = 0 AND individual_price = 0 AND plan = 'vds-micro' AND location = 'nl'",
            (FIRST,),
        ).fetchone()[0]
    with database.write() as tx:
        quote = plan_changes.quote_plan_change(tx, FIRST, str(free), "vds-small")
        invoice = plan_changes.buy_plan_change(tx, FIRST, quote["id"])
    with database.write() as tx:
        payments.settle(tx, payments.pay(tx, FIRST, invoice["id"], "card")["id"])
    with database.read() as tx:
        assert tx.orders.need(int(free)).plan == "vds-small"


def test_a_file_of_before_the_tickets_has_the_demos_tickets(tmp_path: Path, books: Callable[[Database], None]) -> None:
    """TKT-1: their people and servers are the file's own; they can be answered, and a key for server access is made."""
    database = Database.open(older(tmp_path / "panel.db", _BACK_TO_3), clock_source=StandingTime())
    with database.read() as tx:
        olena, ada = Person.of(tx.accounts.need(FIRST)), Person.of(tx.accounts.need(SECOND_SUPPORT.account_id))
        (mine,) = [
            one
            for one in tickets.list_tickets(tx, olena, ListQuery())["items"]
            if one["state"] == "open" and one["access"] == "given" and one["order_id"] == "1"
        ]
    with database.write() as tx:
        row = tickets.seen_ticket(tx, ada, mine["id"])
        ticket_messages.write(tx, ada, row, Draft("Looking into it.", seen=mine["last_message_id"]))
    with database.write() as tx:
        support = Person(SUPPORT.account_id, SUPPORT.login, SUPPORT.role)
        assert "password" in server_access.reveal(tx, support, mine["id"], "to look")["access"]
    books(database)
    database.close()
