"""Many at once, and the process killed: one payment, right books (INV-4, INV-8)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from billtui.domain.refusal import RuleBroken
from billtui.sandbox.database import Database
from billtui.sandbox.engine import invoices, payments, quotes
from billtui.sandbox.engine.books import check_books
from tests.support.engine import StandingTime, World

THREADS = 32


def together(work: Callable[[int], str]) -> Counter[str]:
    """What the threads answered, all let go at once."""
    start = threading.Barrier(THREADS)
    answers: Counter[str] = Counter()
    lock = threading.Lock()

    def one(number: int) -> None:
        start.wait(30)
        try:
            answer = work(number)
        except RuleBroken as error:
            answer = error.refusal.code
        with lock:
            answers[answer] += 1

    threads = [threading.Thread(target=one, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(answers.values()) == THREADS, "none of them was lost"
    return answers


def test_32_tries_to_pay_one_invoice_are_one_payment(world: World) -> None:
    """INV-4: from purses and by promise; the others are told that it is paid."""
    invoice = world.renewal(world.free(1)[0])
    methods = ("internal", "affiliate")
    before = sum(world.balances())
    answers = together(lambda number: world.pay(invoice["id"], methods[number % 2])["state"])
    assert answers["done"] == 1 and answers["already-paid"] == THREADS - 1
    paid = world.value("SELECT count(*) FROM payments WHERE invoice_id = ? AND state = 'done'", int(invoice["id"]))
    assert paid == 1
    assert f"{before - sum(world.balances()):.2f}" == invoice["total"]["amount"]


def test_32_providers_reports_are_one_payment(world: World) -> None:
    """INV-11: one pays, the events of the others are credited; the same event of all counts once."""
    invoice = world.renewal(world.free(1)[0])
    payment = world.pay(invoice["id"], "card")
    answers = together(
        lambda number: world.write(lambda tx: payments.settle(tx, payment["id"], f"event-{number % 4}"))["outcome"]
    )
    assert answers == {"paid": 1, "credited": 3, "repeated": THREADS - 4}


def test_32_renewals_of_one_order_are_one_invoice(world: World) -> None:
    """REN-2, INV-8: each has its own quote; the losers are told which invoice blocks them."""
    order_id = world.free(1)[0]
    made = [
        world.write(lambda tx: quotes.quote_renewal(tx, world.account, [order_id], 1))["id"] for _ in range(THREADS)
    ]
    answers = together(lambda number: world.write(lambda tx: quotes.renew(tx, world.account, made[number]))["state"])
    assert answers == {"unpaid": 1, "open-invoice": THREADS - 1}


def test_paying_combining_and_deleting_at_once(world: World) -> None:
    """INV-4 … INV-6: whatever comes first, the books are right and nothing is done twice."""
    issued = [world.renewal(order_id)["id"] for order_id in world.free(4)]

    def work(number: int) -> str:
        kind = number % 4
        if kind == 0:
            return world.pay(issued[number % 3])["state"]
        if kind == 1:
            return world.write(lambda tx: invoices.combine(tx, world.account, issued))["state"]
        if kind == 2:
            return world.write(lambda tx: invoices.delete_invoice(tx, world.account, issued[3]))["state"]
        whole = world.rows("SELECT id FROM invoices WHERE combined_from <> '[]' AND state = 'unpaid'")
        if not whole:
            return "none"
        return world.write(lambda tx: invoices.split(tx, world.account, str(whole[0][0])))[0]["state"]

    answers = together(work)
    assert sum(answers.values()) == THREADS


_VICTIM = """
import sys
from pathlib import Path
from billtui.sandbox.database import Database
from billtui.sandbox.engine import payments, quotes
database = Database.open(Path(sys.argv[1]), clock_source=lambda: int(sys.argv[2]))
account = 204817
with database.read() as tx:
    ids = [str(row[0]) for row in tx.conn.exec_driver_sql(
        "SELECT id FROM orders WHERE account_id = ? AND state = 'active' AND open_invoice_id IS NULL"
        " AND transfer_id IS NULL", (account,))]
assert ids
while True:
    for order_id in ids:
        with database.write() as tx:
            quote = quotes.quote_renewal(tx, account, [order_id], 1)
            invoice = quotes.renew(tx, account, quote["id"])
        with database.write() as tx:
            payment = payments.pay(tx, account, invoice["id"], "card")
        with database.write() as tx:
            payments.settle(tx, payment["id"])
        print(invoice["id"], flush=True)
"""


def test_kill_9_in_the_middle_of_payments(sown_file: Path, tmp_path: Path) -> None:
    """Durability and atomicity: what was answered is there, and nothing is there in halves."""
    for part in sown_file.parent.glob("panel.db*"):
        shutil.copy(part, tmp_path / part.name)
    time = StandingTime()
    for attempt in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", _VICTIM, str(tmp_path / "panel.db"), str(time())],
            stdout=subprocess.PIPE,
            text=True,
        ) as victim:
            assert victim.stdout is not None
            answered = [victim.stdout.readline().strip() for _ in range(5 + 3 * attempt)]
            os.kill(victim.pid, signal.SIGKILL)
            answered += victim.stdout.read().split()
        assert all(answered), "it was killed while it worked"
        database = Database.open(tmp_path / "panel.db", clock_source=time)
        with database.read() as tx:
            assert check_books(tx.conn) == []
            assert tx.conn.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            paid = tx.conn.exec_driver_sql(
                f"SELECT count(*) FROM invoices WHERE state = 'paid' AND id IN ({', '.join(answered)})"
            ).scalar()
        assert paid == len(answered)
        database.close()
