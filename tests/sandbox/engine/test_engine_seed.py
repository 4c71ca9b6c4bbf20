"""The seed: deterministic, complete, right from the first moment."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from billtui.sandbox.database import Database
from billtui.sandbox.engine import catalogue, orders, transfers
from billtui.sandbox.engine.books import check_books
from billtui.sandbox.engine.paging import ListQuery
from billtui.sandbox.mail import mails
from billtui.sandbox.seed.names import HOSTILE, MILD
from tests.support.engine import SECOND, THIRD, StandingTime, World

_NETWORKS = [
    ipaddress.ip_network(one) for one in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    tables = (
        *("accounts", "orders", "invoices", "invoice_lines", "payments", "ledger", "renewals", "mails", "stock"),
        "transfers",
    )
    with database.read() as tx:
        return {
            table: [tuple(row) for row in tx.conn.exec_driver_sql(f"SELECT * FROM {table} ORDER BY 1, 2").all()]
            for table in tables
        }


def test_the_same_seed_is_the_same_panel(tmp_path: Path) -> None:
    """And another seed is another one."""
    made = [
        Database.open(tmp_path / f"{name}.db", seed=seed, fleet=25, clock_source=StandingTime())
        for name, seed in (("a", 3), ("b", 3), ("c", 4))
    ]
    first, second, third = (contents(one) for one in made)
    assert first == second
    assert first["orders"] != third["orders"]


def test_reset_goes_back_to_the_seed(world: World) -> None:
    """Same contents, same panel, versions and cursors of before no longer count."""
    panel_id = world.value("SELECT panel_id FROM panel")
    before = contents(world.database)
    world.pay(world.renewal(world.free(1)[0])["id"])
    world.advance(days=33)
    world.database.reset()
    assert contents(world.database) == before
    assert world.value("SELECT panel_id FROM panel") == panel_id
    world.database.reset(seed=11, fleet=8)
    assert world.value("SELECT count(*) FROM orders WHERE account_id = ?", world.account) == 8 + 1
    assert world.read(orders.list_orders, world.account, ListQuery())["total"] == 8 + 1


@pytest.mark.parametrize("fleet", [0, 1, 5, 6, 12, 15, 40, 700])
def test_any_size(tmp_path: Path, fleet: int, books: Callable[[Database], None]) -> None:
    """The books are right, and nothing is left to do."""
    database = Database.open(tmp_path / "panel.db", fleet=fleet, hostile=fleet == 40, clock_source=StandingTime())
    books(database)
    due = database.next_due()
    assert due is None or due > database.now()
    with database.read() as tx:
        assert tx.conn.exec_driver_sql("SELECT count(*) FROM changes WHERE account_id <> 0").scalar() == 0
        count = tx.conn.exec_driver_sql("SELECT count(*) FROM orders WHERE account_id = 204817").scalar()
        assert count == fleet + (1 if fleet >= 6 else 0), "one more is pending"
    database.advance(100 * 86_400)


def test_what_the_first_client_has(world: World) -> None:
    """As promised to those who test against it."""
    listed = world.read(
        lambda tx: orders.list_orders(
            tx, world.account, ListQuery(500, filters={"state": ["active"], "open_invoice": ["no"]})
        )
    )["items"]
    assert len(listed) >= 5
    ends = [world.paid_until(one["id"]) for one in listed]
    assert any((end - world.now()).days > 10 for end in ends[3:5])
    prices = sorted(float(one["monthly_price"]["amount"]) for one in listed[:5])
    internal, affiliate = world.balances()
    assert float(internal) > 3 * max(prices) and affiliate > 0
    assert len({one["discount_percent"] for one in listed}) >= 4, "length of use differs"
    micro = next(plan for plan in world.read(catalogue.plans) if "micro" in plan["name"])
    assert 1 < len(micro["locations"]) < 13
    assert len(world.read(catalogue.locations)) == 13
    assert any(cell["available"] == 0 for cell in world.read(catalogue.stock))
    assert world.value("SELECT count(*) FROM orders WHERE name = ?", MILD) == 1


def test_all_interesting_cases_are_there(world: World) -> None:
    """States of orders and invoices, and promises with the second client only."""
    states = Counter(world.rows("SELECT account_id = 204817, state FROM invoices"))
    for state in ("unpaid", "paid", "combined", "deleted", "refunded"):
        assert states[1, state] >= 1, state
    assert states[1, "unpaid"] >= 4
    for state in ("promised", "overdue"):
        assert states[0, state] >= 1
        assert states[1, state] == 0
    assert world.value("SELECT count(*) FROM orders WHERE account_id = ? AND state = 'blocked'", SECOND) == 1
    assert {row[0] for row in world.rows("SELECT DISTINCT state FROM orders")} == {
        "active",
        "blocked",
        "pending",
        "suspended",
    }
    kinds = {row[0] for row in world.rows("SELECT DISTINCT kind FROM invoices WHERE state = 'unpaid'")}
    assert kinds == {"renewal", "administration", "new-order", "top-up"}
    now = world.time()
    left = [row[0] for row in world.rows("SELECT paid_until FROM orders WHERE account_id = ?", world.account) if row[0]]
    for low, high in ((0, 2), (40, 50), (66, 72), (-49, -47)):
        assert any(low * 3.6e9 <= end - now <= high * 3.6e9 for end in left), (low, high)


def test_transfers_in_every_state(world: World) -> None:
    """TRF-3: the first client has sent and received, running and ended; codes in the mails work at once."""
    listed = world.read(transfers.list_transfers, world.account, ListQuery(500))["items"]
    assert {(one["direction"], one["state"]) for one in listed} == {
        ("out", "awaiting sender"),
        ("out", "awaiting recipient"),
        ("in", "awaiting recipient"),
        ("out", "completed"),
        ("in", "completed"),
        ("out", "cancelled"),
        ("out", "declined"),
        ("out", "expired"),
    }
    for account in (SECOND, THIRD):
        waiting = world.read(transfers.list_transfers, account, ListQuery(filters={"direction": ["in"]}))["items"]
        assert any(one["state"] == "awaiting recipient" for one in waiting)
    incoming = [one for one in listed if (one["direction"], one["state"]) == ("in", "awaiting recipient")]
    left = [datetime.fromisoformat(str(one["expires_at"])) - world.now() for one in incoming]
    assert min(left) < timedelta(hours=3) < max(left), "one of them has to be answered soon"
    for one in incoming:
        code = next(mail["code"] for mail in world.read(mails)[::-1] if mail["transfer_id"] == one["id"])
        assert code is not None
        assert world.write(transfers.accept, world.account, one["id"], code)["state"] == "completed"


def test_addresses_are_for_documentation(tmp_path: Path) -> None:
    """And each is there once."""
    database = Database.open(tmp_path / "panel.db", fleet=900, clock_source=StandingTime())
    with database.read() as tx:
        found = tx.conn.exec_driver_sql("SELECT account_id, address FROM orders WHERE address IS NOT NULL").all()
    assert len({tuple(row) for row in found}) == len(found) > 900
    for _account, address in found:
        one = ipaddress.ip_address(address)
        assert any(one.version == network.version and one in network for network in _NETWORKS)


def test_hostile_names_only_when_asked_for(world: World, tmp_path: Path) -> None:
    """They are stored raw: making them harmless is the reader's work."""
    names = {row[0] for row in world.rows("SELECT name FROM orders")}
    assert not names & set(HOSTILE)
    other = Database.open(tmp_path / "hostile.db", fleet=60, hostile=True, clock_source=StandingTime())
    with other.read() as tx:
        assert {row[0] for row in tx.conn.exec_driver_sql("SELECT name FROM orders")} >= set(HOSTILE)
        assert check_books(tx.conn) == []


def test_who_can_sign_in(world: World) -> None:
    """At least two clients, one with a second factor, two in support, an administrator."""
    people = world.database.seed_accounts()
    assert [one["role"] for one in people] == ["client", "client", "client", "support", "admin", "support"]
    assert [one["login"] for one in people if "totp_secret" in one] == ["mei.tanaka"]
    assert all({"login", "password", "account_id", "role", "email"} <= set(one) for one in people)
