"""Idempotency keys, the fate of a write, and the feed of changes."""

from __future__ import annotations

import threading

import pytest

from billtui.domain.refusal import RuleBroken
from billtui.sandbox.engine import changes, operations, orders, payments
from billtui.sandbox.engine.errors import CursorExpired, EngineRefusal, KeyReused
from billtui.sandbox.engine.operations import Answer
from billtui.sandbox.engine.unit import Tx
from tests.support.engine import SECOND, World


def refused(error: RuleBroken | EngineRefusal) -> Answer:
    code = error.refusal.code if isinstance(error, RuleBroken) else error.code
    return Answer(409 if isinstance(error, RuleBroken) else error.status, {"code": code})


def pay(world: World, key: str | None, invoice_id: str, fingerprint: str = "f") -> Answer:
    def work(tx: Tx) -> Answer:
        return Answer(201, payments.pay(tx, world.account, invoice_id, "internal"))

    return operations.execute(world.database, world.account, key, fingerprint, work, refused)


def test_the_same_key_is_executed_once(world: World) -> None:
    """INV-4: the first answer again; the money moves once; the ledger names the operation."""
    invoice = world.renewal(world.free(1)[0])
    first = pay(world, "key-1", invoice["id"])
    after = world.balances()
    second = pay(world, "key-1", invoice["id"])
    assert (second.status, second.body, second.replayed, first.replayed) == (201, first.body, True, False)
    assert world.balances() == after
    assert world.value("SELECT count(DISTINCT entry) FROM ledger WHERE operation = 'key-1'") == 1
    assert operations.status(world.database, world.account, "key-1") == {
        "state": "done",
        "status": 201,
        "answer": first.body,
    }


def test_a_refusal_is_kept_too_and_undoes_the_work(world: World) -> None:
    """The same key gets the same refusal, also when the reason is gone; what was begun is undone."""
    invoice = world.renewal(world.free(1)[0])
    world.set_purses(0, 0)
    assert pay(world, "key-2", invoice["id"]).status == 409
    world.set_purses(500_00, 0)
    again = pay(world, "key-2", invoice["id"])
    assert (again.status, again.replayed) == (409, True)
    assert operations.status(world.database, world.account, "key-2")["state"] == "refused"
    assert pay(world, "key-3", invoice["id"]).status == 201

    def half(tx: Tx) -> Answer:
        orders.rename(tx, world.account, world_free, "half done")
        payments.pay(tx, world.account, invoice["id"], "internal")
        raise AssertionError("paid twice")

    world_free = world.free(1)[0]
    name = world.order(world_free)["name"]
    assert operations.execute(world.database, world.account, "key-4", "f", half, refused).status == 409
    assert world.order(world_free)["name"] == name


def test_a_key_stands_for_one_request_of_one_account(world: World) -> None:
    """Another fingerprint is 422; another account may use the same key."""
    invoice = world.renewal(world.free(1)[0])
    pay(world, "key-5", invoice["id"])
    with pytest.raises(KeyReused):
        pay(world, "key-5", invoice["id"], "another body")
    assert operations.status(world.database, SECOND, "key-5") == {"state": "never-seen"}


def test_not_executed_is_not_kept(world: World) -> None:
    """503 and the like: the same key may try again."""
    for status in (401, 429, 503):
        answer = Answer(status, {})
        operations.execute(world.database, world.account, "key-6", "f", lambda tx: answer, refused)  # noqa: B023
        assert operations.status(world.database, world.account, "key-6") == {"state": "never-seen"}


def test_a_crash_leaves_nothing(world: World) -> None:
    """A mistake in the program undoes the transaction, and the key was never seen."""
    order_id = world.free(1)[0]

    def crash(tx: Tx) -> Answer:
        orders.rename(tx, world.account, order_id, "crashed")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        operations.execute(world.database, world.account, "key-7", "f", crash, refused)
    assert world.order(order_id)["name"] != "crashed"
    assert operations.status(world.database, world.account, "key-7") == {"state": "never-seen"}


def test_a_write_at_work_is_running(world: World) -> None:
    """A look-up never takes a write that is being worked on for one never seen, not even while it waits its turn."""
    inside, go_on = threading.Event(), threading.Event()

    def slow(tx: Tx) -> Answer:
        inside.set()
        assert go_on.wait(10)
        return Answer(200, {"ok": True})

    def run(key: str) -> threading.Thread:
        thread = threading.Thread(
            target=operations.execute, args=(world.database, world.account, key, "f", slow, refused)
        )
        thread.start()
        return thread

    first = run("slow-1")
    assert inside.wait(10)
    second = run("slow-2")
    waited = 0
    while operations.status(world.database, world.account, "slow-2")["state"] == "never-seen":
        waited += 1
        assert waited < 10_000, "the waiting write never showed up"
    for key in ("slow-1", "slow-2"):
        assert operations.status(world.database, world.account, key) == {"state": "running"}
    go_on.set()
    first.join(10)
    second.join(10)
    for key in ("slow-1", "slow-2"):
        assert operations.status(world.database, world.account, key)["state"] == "done"


def test_answers_are_kept_for_thirty_days(world: World) -> None:
    """Then the key is forgotten."""
    operations.execute(world.database, world.account, "old", "f", lambda tx: Answer(200, {}), refused)
    world.advance(days=29)
    operations.execute(world.database, world.account, "new", "f", lambda tx: Answer(200, {}), refused)
    assert operations.status(world.database, world.account, "old")["state"] == "done"
    world.advance(days=2)
    operations.execute(world.database, world.account, "newer", "f", lambda tx: Answer(200, {}), refused)
    assert operations.status(world.database, world.account, "old")["state"] == "never-seen"


class TestChanges:
    """The feed."""

    def cursor(self, world: World) -> str:
        return world.read(changes.present_cursor)

    def test_a_payment_tells_everything_it_touched(self, world: World) -> None:
        """Order, invoice, account, each once with its version; nothing of it for others."""
        order_id = world.free(1)[0]
        invoice = world.renewal(order_id)
        cursor = self.cursor(world)
        world.pay(invoice["id"])
        feed = world.read(lambda tx: changes.changes_after(tx, world.account, cursor))
        told = {(item["kind"], item["id"]): item for item in feed["items"]}
        assert set(told) == {("order", order_id), ("invoice", invoice["id"]), ("account", str(world.account))}
        assert told["invoice", invoice["id"]]["version"] == world.invoice(invoice["id"])["version"]
        assert told["order", order_id]["change"] == "changed"
        assert world.read(lambda tx: changes.changes_after(tx, SECOND, cursor))["items"] == []
        assert world.read(lambda tx: changes.changes_after(tx, world.account, feed["cursor"]))["items"] == []

    def test_new_objects_are_created(self, world: World) -> None:
        """And stay so, when they change before they are read."""
        cursor = self.cursor(world)
        invoice = world.renewal(world.free(1)[0])
        world.pay(invoice["id"])
        feed = world.read(lambda tx: changes.changes_after(tx, world.account, cursor))
        item = next(one for one in feed["items"] if one["kind"] == "invoice")
        assert (item["change"], item["version"]) == ("created", world.invoice(invoice["id"])["version"])

    def test_long_feeds_come_in_pieces(self, world: World) -> None:
        """Each piece's cursor leads on, nothing is lost."""
        cursor = self.cursor(world)
        ids = world.free(5)
        for order_id in ids:
            world.write(orders.rename, world.account, order_id, f"piece-{order_id}")
        seen: list[str] = []
        for _ in range(5):
            feed = world.read(changes.changes_after, world.account, cursor, limit=2)
            seen += [item["id"] for item in feed["items"]]
            cursor = feed["cursor"]
        assert seen == ids

    def test_old_and_foreign_cursors(self, world: World) -> None:
        """410 after a reset, beyond what is kept, and for what was never a cursor here: reload, whatever it was."""
        cursor = self.cursor(world)
        for foreign in ("nonsense", "0", "", "x-1", "x-"):
            with pytest.raises(CursorExpired):
                world.read(changes.changes_after, world.account, foreign)
        world.database.reset()
        with pytest.raises(CursorExpired):
            world.read(lambda tx: changes.changes_after(tx, world.account, cursor))
        fresh = self.cursor(world)
        with world.database.write() as tx:
            tx.conn.exec_driver_sql("UPDATE panel SET history_from = 10000")
        with pytest.raises(CursorExpired):
            world.read(lambda tx: changes.changes_after(tx, world.account, fresh))

    def test_waiting_for_a_change(self, world: World) -> None:
        """Whoever waits is woken by the commit; listeners are called."""
        called: list[int] = []
        world.database.on_commit(lambda: called.append(world.database.sequence))
        before = world.database.sequence
        woken: list[bool] = []
        waiting = threading.Thread(target=lambda: woken.append(world.database.wait_for_change(before, 20)))
        waiting.start()
        world.write(lambda tx: orders.rename(tx, world.account, world_order, "woken"))
        waiting.join(20)
        assert woken == [True] and called == [world.database.sequence]
        assert world.database.wait_for_change(world.database.sequence, 0) is False


world_order = "4"
