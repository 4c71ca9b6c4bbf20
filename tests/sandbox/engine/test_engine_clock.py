"""What time does: auto-renewal, blocking, deletion, cancelling, mails (REN-4, ORD, INV-12)."""

from __future__ import annotations

import shutil
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from billtui.domain.periods import add_months
from billtui.sandbox.database import Database
from billtui.sandbox.engine import accounts, orders, payments
from billtui.sandbox.engine.books import check_books
from billtui.sandbox.engine.errors import InvalidInput
from tests.support.engine import StandingTime, World


def auto(world: World, order_id: str, months: int = 1, *, on: bool = True) -> None:
    world.write(lambda tx: orders.set_auto_renew(tx, world.account, order_id, on, months))


def to(world: World, order_id: str, *, days_left: float) -> None:
    left = world.paid_until(order_id) - world.now() - timedelta(days=days_left)
    world.advance(seconds=int(left.total_seconds()))


class TestClock:
    """The clock itself."""

    def test_it_never_goes_back(self, world: World) -> None:
        """Offset to real time, kept running, never back: neither by request, nor when real time jumps."""
        before = world.now()
        world.time.pass_(seconds=5)
        assert world.now() == before + timedelta(seconds=5)
        world.advance(days=2)
        assert world.now() == before + timedelta(days=2, seconds=5)
        with pytest.raises(InvalidInput):
            world.database.set_clock(before)
        with pytest.raises(InvalidInput):
            world.advance(seconds=-1)
        moved = world.now()
        world.time.pass_(days=-30)
        assert world.now() == moved

    def test_it_is_kept_over_a_restart(self, world: World) -> None:
        """The same file continues where it was."""
        world.advance(days=40)
        moved = world.now()
        world.database.close()
        again = Database.open(world.file, clock_source=world.time)
        assert again.now() == moved
        again.close()

    def test_what_falls_due_happens_before_it_is_looked_at(self, world: World) -> None:
        """Real time passes too: a read after the end of an order shows it blocked."""
        order_id = world.free(1)[0]
        left = world.paid_until(order_id) - world.now()
        world.time.pass_(seconds=left.total_seconds() - 1)
        assert world.order(order_id)["state"] == "active"
        world.time.pass_(seconds=1)
        assert world.order(order_id)["state"] == "blocked"


class TestEndOfPeriod:
    """ORD-2, ORD-3."""

    def test_blocked_at_the_end_deleted_seven_days_later(self, world: World) -> None:
        """ORD-2: to the second; renewable within those seven days."""
        order_id = world.free(1)[0]
        to(world, order_id, days_left=0)
        world_end = world.paid_until(order_id)
        assert world.now() == world_end
        assert world.order(order_id)["state"] == "blocked"
        world.advance(days=7, seconds=-1)
        assert world.order(order_id)["state"] == "blocked"
        world.advance(seconds=1)
        assert world.order(order_id)["state"] == "deleted"

    def test_deletion_takes_the_open_invoice_along(self, world: World) -> None:
        """INV-12: the other orders on it are freed, and the account is told."""
        ids = world.rows(
            "SELECT id FROM orders WHERE account_id = ? AND state = 'active' AND open_invoice_id IS NULL"
            " AND auto_on = 0 ORDER BY paid_until",
            world.account,
        )
        dies, lives = str(ids[0][0]), str(ids[-1][0])
        invoice = world.renewal(dies, lives)
        to(world, dies, days_left=-7)
        assert world.order(dies)["state"] == "deleted"
        assert world.invoice(invoice["id"])["state"] == "deleted"
        assert world.order(lives)["unpaid_invoice_id"] is None
        told = world.value(
            "SELECT count(*) FROM mails WHERE event = 'invoice-deleted' AND invoice_id = ?", invoice["id"]
        )
        assert told == 1

    def test_pending_orders_are_cancelled_after_seven_days(self, world: World) -> None:
        """ORD-3: with their invoice."""
        order_id, invoice_id, created = world.rows(
            "SELECT id, open_invoice_id, created_at FROM orders WHERE state = 'pending'"
        )[0]
        world.advance(seconds=(created - world.time()) // 1_000_000 + 7 * 86_400 - 1)
        assert world.order(str(order_id))["state"] == "pending"
        world.advance(seconds=1)
        assert world.order(str(order_id))["state"] == "cancelled"
        assert world.invoice(str(invoice_id))["state"] == "deleted"

    def test_mails(self, world: World) -> None:
        """ACC-8: ending, blocked, soon deleted; what is turned off is not sent, but for the warning of deletion."""
        order_id = world.free(1)[0]
        off = {"notifications": {"period-ending": {"email": False}}}
        world.write(lambda tx: accounts.update_settings(tx, world.account, off))
        to(world, order_id, days_left=-8)
        events = [row[0] for row in world.rows("SELECT event FROM mails WHERE order_id = ? ORDER BY id", order_id)]
        assert events == ["order-blocked", "order-soon-deleted", "order-deleted"]
        with pytest.raises(InvalidInput):
            never = {"notifications": {"order-soon-deleted": {"email": False}}}
            world.write(lambda tx: accounts.update_settings(tx, world.account, never))

    def test_telegram(self, world: World) -> None:
        """ACC-8: where it is turned on, the same words go there too; e-mail or both or none, as it was set."""
        order_id = world.free(1)[0]
        wanted = {"period-ending": {"telegram": True}, "order-blocked": {"telegram": True, "email": False}}
        world.write(lambda tx: accounts.update_settings(tx, world.account, {"notifications": wanted}))
        to(world, order_id, days_left=-1)
        told = world.rows("SELECT event, recipient, body FROM mails WHERE order_id = ? ORDER BY id", order_id)
        assert [(event, recipient.partition(":")[0]) for event, recipient, _ in told] == [
            ("period-ending", "olena@marsh-hosting.example"),
            ("period-ending", "telegram"),
            ("order-blocked", "telegram"),
        ]
        assert told[0][2] == told[1][2]


class TestAutoRenewal:
    """REN-4, REN-5."""

    def test_two_days_before_the_end(self, world: World) -> None:
        """REN-4, REN-5: issued and paid at that instant, from the internal purse, for its own period."""
        order_id = world.free(1)[0]
        end = world.paid_until(order_id)
        world.set_purses(2_000_00, 0)
        auto(world, order_id, months=3)
        to(world, order_id, days_left=2 + 1 / 86_400)
        assert world.paid_until(order_id) == end
        world.advance(seconds=1)
        assert world.paid_until(order_id) == add_months(end, 3, world.order(order_id)["billing_day"])
        invoice_id = world.value("SELECT max(invoice_id) FROM invoice_lines WHERE order_id = ?", order_id)
        paid = world.invoice(str(invoice_id))
        assert (paid["paid_by"], paid["paid_method"], paid["lines"][0]["months"]) == ("auto-renewal", "internal", 3)
        assert paid["issued_at"] == paid["paid_at"]

    def test_off_means_no_invoice(self, world: World) -> None:
        """REN-5."""
        order_id = world.free(1)[0]
        before = world.value("SELECT count(*) FROM invoice_lines WHERE order_id = ?", order_id)
        to(world, order_id, days_left=-1)
        assert world.value("SELECT count(*) FROM invoice_lines WHERE order_id = ?", order_id) == before

    def test_switched_on_too_late(self, world: World) -> None:
        """REN-4: only if it was on at least 2 days before the end."""
        order_id = world.free(1)[0]
        to(world, order_id, days_left=2 - 1 / 86_400)
        auto(world, order_id)
        to(world, order_id, days_left=0)
        assert world.order(order_id)["state"] == "blocked"
        assert world.order(order_id)["unpaid_invoice_id"] is None

    def test_no_purse_alone_holds_the_price(self, world: World) -> None:
        """REN-4, ACC-4: the invoice stays unpaid, and a later top-up pays nothing by itself."""
        order_id = world.free(1)[0]
        auto(world, order_id)
        price = int(Decimal(world.order(order_id)["monthly_price"]["amount"]) * 100)
        to(world, order_id, days_left=2.01)
        world.set_purses(price // 2, price // 2)
        to(world, order_id, days_left=2)
        invoice_id = world.order(order_id)["unpaid_invoice_id"]
        assert invoice_id is not None and world.invoice(invoice_id)["state"] == "unpaid"
        world.set_purses(price * 10, 0)
        world.advance(hours=3)
        assert world.invoice(invoice_id)["state"] == "unpaid"
        to(world, order_id, days_left=0)
        assert world.order(order_id)["state"] == "blocked"

    def test_the_affiliate_purse_is_the_second(self, world: World) -> None:
        """REN-4: internal first, else affiliate."""
        order_id = world.free(1)[0]
        auto(world, order_id)
        to(world, order_id, days_left=2.01)
        world.set_purses(1, 500_00)
        to(world, order_id, days_left=2)
        invoice_id = world.value("SELECT max(invoice_id) FROM invoice_lines WHERE order_id = ?", order_id)
        assert world.invoice(str(invoice_id))["paid_method"] == "affiliate"

    def test_an_order_with_an_open_invoice_is_skipped(self, world: World) -> None:
        """REN-4, REN-2."""
        order_id = world.free(1)[0]
        auto(world, order_id)
        invoice = world.renewal(order_id)
        to(world, order_id, days_left=0)
        assert world.order(order_id)["unpaid_invoice_id"] == invoice["id"]
        assert world.invoice(invoice["id"])["state"] == "unpaid"

    def test_order_of_renewals_at_one_instant(self, world: World) -> None:
        """REN-4: by paid-until, then id; the money goes to the first, the last is left."""
        ids = world.free(3)
        end = world.paid_until(ids[0])
        with world.database.write() as tx:
            for order_id in ids:
                order = tx.orders.need(int(order_id))
                last = tx.renewals.where("order_id = ? ORDER BY id DESC LIMIT 1", (order.id,))[0]
                order.paid_until = last.new_until = tx.orders.need(int(ids[0])).paid_until or 0
                order.billing_day, order.monthly_cents, order.individual_price = end.day, 10_00, 1
        for order_id in reversed(ids):
            auto(world, order_id)
        to(world, ids[0], days_left=2.001)
        world.set_purses(20_00, 9_99)
        to(world, ids[0], days_left=2)
        assert [world.order(order_id)["unpaid_invoice_id"] is None for order_id in ids] == [True, True, False]

    def test_a_late_payment_starts_no_second_renewal(self, world: World) -> None:
        """REN-4, PRM-7: a period whose moment had passed before it was paid does not renew by itself."""
        order_id = world.near(hours=47)
        auto(world, order_id)
        world.pay(world.renewal(order_id)["id"], "promise")
        world.advance(days=6)
        invoice_id = world.order(order_id)["unpaid_invoice_id"]
        assert invoice_id is not None
        world.pay(invoice_id)
        count = world.value("SELECT count(*) FROM renewals WHERE order_id = ?", order_id)
        world.advance(days=1)
        assert world.value("SELECT count(*) FROM renewals WHERE order_id = ?", order_id) == count


def test_months_at_once_are_the_same_as_hour_by_hour(world: World, sown_file: Path, tmp_path: Path) -> None:
    """Rules fire as if the time had passed: one leap of 75 days and steps of 7 hours end in the same panel."""
    other_file = tmp_path / "other.db"
    for part in sown_file.parent.glob("panel.db*"):
        shutil.copy(part, str(other_file) + part.name.removeprefix("panel.db"))
    other = Database.open(other_file, clock_source=StandingTime())
    promised = world.near(hours=48)
    days = 75
    gone = int((world.now() - other.now()).total_seconds())
    invoice = world.renewal(promised)
    payments_made = world.pay(invoice["id"], "promise")
    twin = World(other, world.time, file=other_file)
    other.advance(gone)
    assert twin.renewal(promised)["id"] == invoice["id"]
    assert twin.pay(invoice["id"], "promise") == payments_made
    world.advance(days=days)
    for _ in range(days * 24 // 7):
        twin.advance(hours=7)
    twin.advance(seconds=int((world.now() - twin.now()).total_seconds()))
    states = {row[0] for row in world.rows("SELECT state FROM orders")}
    assert {"active", "deleted", "cancelled"} <= states, "enough has happened"
    for table, columns in (
        ("orders", "id, state, power, paid_until, open_invoice_id, blocked_at, deleted_at, auto_on, next_due"),
        ("invoices", "number, kind, state, issued_at, due_at, paid_at, paid_by, paid_method, total_cents, account_id"),
        ("ledger", "at, account_id, purse, cents, kind"),
        ("mails", "at, event, subject, order_id"),
        ("accounts", "id, internal_cents, affiliate_cents"),
    ):
        query = f"SELECT {columns} FROM {table}"
        assert sorted(map(str, world.rows(query))) == sorted(map(str, twin.rows(query)))
    with other.read() as tx:
        assert check_books(tx.conn) == []
    other.close()


def test_a_leap_leaves_nothing_due(world: World) -> None:
    """After any move the next thing that is due lies ahead."""
    for days in (1, 13, 200):
        world.advance(days=days)
        due = world.database.next_due()
        assert due is None or due > world.now()


def test_payment_methods_state_the_deadline(world: World) -> None:
    """PRM-3: the deadline, with date and hour, before it is chosen."""
    order_id = world.near(hours=10)
    invoice = world.renewal(order_id)
    methods = world.read(lambda tx: payments.payment_methods(tx, world.account, invoice["id"]))
    promise = next(one for one in methods if one["method"] == "promise")
    assert promise["available"] and promise["deadline"] == (world.now() + timedelta(days=7)).isoformat()[:-6] + "Z"
