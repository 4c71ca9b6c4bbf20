"""Every order of push, confirm, accept, decline, cancel, expiry, renewal and the end of the period, by everybody.

What must come of it is worked out beside (:mod:`tests.support.transfer_model`): one owner at a time, money untouched,
counts of both sides right, the lock exact, codes good once, mails exact (TRF-1 to TRF-7).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from billtui.domain.rules.discounts import loyalty, percent_of
from billtui.sandbox.database import Database
from billtui.sandbox.engine import addons, changes, invoices, operations, orders, payments, quotes, transfers
from billtui.sandbox.engine.books import check_books
from billtui.sandbox.engine.errors import KeyReused
from billtui.sandbox.engine.paging import ListQuery
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.http.calls import refused
from tests.support.engine import FIRST, SECOND, THIRD, StandingTime
from tests.support.transfer_model import Held, Period, TransferModel

ACCOUNTS = (FIRST, SECOND, THIRD)
LOGIN = {FIRST: "olena.marsh", SECOND: "kofi.brandt", THIRD: "mei.tanaka"}
_ACCOUNT = st.sampled_from(ACCOUNTS)
_PLACE = st.integers(min_value=0, max_value=10_000)
_STEP = st.sampled_from(["confirm", "confirm", "accept", "accept", "decline", "cancel"])
_WHO = st.sampled_from(["right", "right", "right", "other", "stranger"])
_CODE = st.sampled_from(["right", "right", "right", "wrong", "of the other step", "of another"])
NOBODYS = "00000-00000-00000-00000"


class Moving(RuleBasedStateMachine):
    """Three clients on a small panel, with the transfers of its seed."""

    sown: ClassVar[Path | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="transfer-machine-"))
        if Moving.sown is None:
            Moving.sown = Path(tempfile.mkdtemp(prefix="transfer-sown-")) / "panel.db"
            Database.open(Moving.sown, seed=5, fleet=8, clock_source=StandingTime()).close()
        for part in Moving.sown.parent.glob("panel.db*"):
            shutil.copy(part, self.folder / part.name)
        self.time = StandingTime()
        self.database = Database.open(self.folder / "panel.db", clock_source=self.time)
        self.model = TransferModel()
        self.keys = 0
        self.last: tuple[int, str, str, operations.Answer] | None = None

    def teardown(self) -> None:
        with self.database.read() as tx:
            kept = " ".join(str(row) for row in tx.sql("SELECT fingerprint, answer FROM operations"))
        for one in self.model.transfers.values():
            assert not any(code in kept for code in one.codes.values()), "the store of answers keeps no code"
        self.database.close()
        shutil.rmtree(self.folder)

    @initialize()
    def begin(self) -> None:
        """What the seed has begun; the feeds from here on."""
        with self.database.read() as tx:
            for row in tx.orders.where("state IN ('active', 'suspended')"):
                self.model.owners[str(row.id)] = row.account_id
            for transfer in tx.transfers.where("1"):
                expires = None if transfer.expires_at is None else _instant(transfer.expires_at)
                self.model.transfers[str(transfer.id)] = Held(
                    str(transfer.id),
                    str(transfer.order_id),
                    transfer.account_id,
                    transfer.recipient_id,
                    transfer.state,
                    expires,
                    transfer.seen_by is not None,
                )
            self.feeds = {account: changes.present_cursor(tx) for account in ACCOUNTS}
            self.seen = {account: self._ids(tx, "orders", account) for account in ACCOUNTS}
        self.model.mails = self._mails()
        self._read_codes()

    # --- doing

    def do(self, account: int, work: Callable[[Tx], Any], fingerprint: str = "") -> operations.Answer:
        """A write with a key, as the HTTP surface does it."""
        self.keys += 1
        key, fingerprint = f"k-{self.keys}", fingerprint or f"f-{self.keys}"
        answer = operations.execute(
            self.database, account, key, fingerprint, lambda tx: operations.Answer(200, work(tx)), refused
        )
        self.last = account, key, fingerprint, answer
        return answer

    def money(self) -> list[Any]:
        """Every purse, invoice, line of the books, payment and renewal."""
        with self.database.read() as tx:
            return [
                tx.sql(statement).fetchall()
                for statement in (
                    "SELECT id, internal_cents, affiliate_cents, next_number FROM accounts",
                    "SELECT id, account_id, state, version FROM invoices",
                    "SELECT id, account_id, purse, cents FROM ledger",
                    "SELECT id, account_id, state FROM payments",
                    "SELECT id, order_id, new_until FROM renewals",
                )
            ]

    def now(self) -> datetime:
        return self.database.now()

    def pick(self, place: int, account: int) -> str:
        """An order of the account: mostly one that nothing stands in the way of."""
        free = " AND state <> 'blocked' AND transfer_id IS NULL AND open_invoice_id IS NULL" if place % 5 else ""
        with self.database.read() as tx:
            found = tx.sql(
                f"SELECT id FROM orders WHERE state IN ('active', 'suspended', 'blocked') AND account_id = ?{free}"
                " ORDER BY id",
                (account,),
            ).fetchall()
        return str(found[place // 5 % len(found)][0]) if found else "0"

    def some_run(self) -> bool:
        """Whether any transfer has not ended."""
        return any(one.runs for one in self.model.transfers.values())

    def held(self, place: int) -> Held:
        """A transfer: mostly one that runs."""
        every = list(self.model.transfers.values())
        some = [one for one in every if one.runs] if place % 4 else every
        some = some or every
        return some[place // 4 % len(some)]

    @rule(sender=_ACCOUNT, recipient=_ACCOUNT, places=st.lists(_PLACE, min_size=1, max_size=3))
    def push(self, sender: int, recipient: int, places: list[int]) -> None:
        """TRF-4, TRF-7: all of them or none."""
        self._push(sender, recipient, list(dict.fromkeys(self.pick(place, sender) for place in places)))

    def _push(self, sender: int, recipient: int, ids: list[str]) -> None:
        with self.database.read() as tx:
            why = {one: self._why_not(tx, one) for one in ids}
            blocked = {one: reason for one, reason in why.items() if reason is not None}
        before, money, moment = self._mails(), self.money(), self.now()
        answer = self.do(
            sender, lambda tx: {"items": transfers.push(tx, sender, ids, LOGIN[recipient], str(recipient))}
        )
        assert self.money() == money
        if sender == recipient:
            expected = "transfer-to-self"
        elif "0" in ids:
            expected = "not-found"
        elif blocked:
            expected = "orders-refused" if len(blocked) > 1 else next(iter(blocked.values()))
        else:
            assert answer.status == 200, answer.body
            assert [one["order_id"] for one in answer.body["items"]] == ids
            assert len({one["push_id"] for one in answer.body["items"]}) == 1
            for one in answer.body["items"]:
                self.model.pushed(one["id"], one["order_id"], recipient, moment)
            self._read_codes()
            return
        assert answer.body["code"] == expected
        assert self._mails() == before
        if expected not in ("transfer-to-self", "not-found"):
            assert set(answer.body["fields"]) == {f"order_ids.{one}" for one in blocked}, "each one is named"

    def _why_not(self, tx: Tx, order_id: str) -> str | None:
        row = tx.orders.get(int(order_id))
        if row is None:
            return None
        if self.model.running(order_id):
            return "in-transfer"
        if row.state == "blocked":
            return "order-blocked"
        return None if row.open_invoice_id is None else "open-invoice"

    @rule(place=_PLACE, action=_STEP, who=_WHO, which=_CODE, other=_PLACE)
    def step(self, place: int, action: str, who: str, which: str, other: int) -> None:
        """TRF-2, TRF-3: by the right one, by the other side, by a stranger; with every kind of code."""
        one = self.held(place)
        right = one.sender if action in ("confirm", "cancel") else one.recipient
        second = one.recipient if right == one.sender else one.sender
        stranger = next(account for account in ACCOUNTS if account not in (one.sender, one.recipient))
        account = {"right": right, "other": second, "stranger": stranger}[who]
        others = list(self.model.transfers.values())
        code = {
            "right": one.codes.get(action, NOBODYS),
            "wrong": NOBODYS,
            "of the other step": one.codes.get("accept" if action == "confirm" else "confirm", NOBODYS),
            "of another": others[other % len(others)].codes.get(action, NOBODYS),
        }[which]
        self._step(one, account, action, code)

    def _step(self, one: Held, account: int, action: str, code: str) -> None:
        moment, money, mails = self.now(), self.money(), self._mails()
        expected = self.model.expected(one, account, action, code, moment)
        before = self._kept(one.order)
        if action in ("confirm", "accept"):
            work: Callable[..., Any] = getattr(transfers, action)
            answer = self.do(account, lambda tx: work(tx, account, one.id, code))
        else:
            plain: Callable[..., Any] = getattr(transfers, action)
            answer = self.do(account, lambda tx: plain(tx, account, one.id))
        assert self.money() == money, "a transfer moves no money"
        if expected is None:
            assert answer.status == 200, answer.body
            self.model.stepped(one, action, moment)
            self._read_codes()
            auto = {"auto_on": 0, "auto_since": None} if action == "accept" else {}
            assert self._kept(one.order) == before | auto, "the order keeps the rest (TRF-5)"
            return
        assert answer.body["code"] == expected
        assert answer.status == {"not-found": 404, "too-many-wrong-codes": 429}.get(expected, 409)
        assert code not in json.dumps(answer.body)
        assert self._mails() == mails
        if expected == "wrong-code":
            one.wrong.append(moment)

    @precondition(lambda self: self.some_run())
    @rule(place=_PLACE, way=st.sampled_from(["on", "on", "on", "back", "away"]))
    def go_on(self, place: int, way: str) -> None:
        """The next step by the right one with the right code; or back, or away."""
        one = self._one_that_runs(place)
        if way == "back":
            self._step(one, one.sender, "cancel", NOBODYS)
        elif way == "away":
            self._step(one, one.recipient, "decline", NOBODYS)
        else:
            account, action = self._awaited(one)
            self._step(one, account, action, one.codes[action])

    def _one_that_runs(self, place: int) -> Held:
        running = [one for one in self.model.transfers.values() if one.runs]
        return running[place % len(running)]

    def _awaited(self, one: Held) -> tuple[int, str]:
        """Who must do what."""
        return (one.sender, "confirm") if one.state == "awaiting sender" else (one.recipient, "accept")

    @precondition(lambda self: self.some_run())
    @rule(place=_PLACE, times=st.sampled_from([1, 2, 9, 10, 12]))
    def guess(self, place: int, times: int) -> None:
        """TRF-2: wrong codes are counted for each transfer, and then the right one is not looked at either."""
        one = self._one_that_runs(place)
        account, action = self._awaited(one)
        for _ in range(times):
            self._step(one, account, action, NOBODYS)
        self._step(one, account, action, one.codes[action])

    @precondition(lambda self: self.last is not None)
    @rule(other=st.booleans())
    def again(self, other: bool) -> None:
        """A retry with the same key answers again, does nothing twice, and stands for no other request."""
        assert self.last is not None
        account, key, fingerprint, first = self.last
        before = self._everything()
        arguments: Any = (
            self.database,
            account,
            key,
            "another" if other else fingerprint,
            lambda _tx: pytest.fail("done twice"),
            refused,
        )
        if first.status == 429:
            return  # not executed, not kept: it may be tried again
        if other:
            with pytest.raises(KeyReused):
                operations.execute(*arguments)
        else:
            answer = operations.execute(*arguments)
            assert answer.replayed and (answer.status, answer.body) == (first.status, first.body)
        assert self._everything() == before

    # --- what goes on beside

    @rule(place=_PLACE, account=_ACCOUNT)
    def touch(self, place: int, account: int) -> None:
        """TRF-6: while it is on its way nothing of it is changed, by either side."""
        one = self.held(place)
        if not one.runs:
            return
        before = self._order(one.order)
        attempts: list[Callable[[Tx], Any]] = [
            lambda tx: orders.rename(tx, account, one.order, "another name"),
            lambda tx: orders.set_auto_renew(tx, account, one.order, True, 1),
            lambda tx: orders.act(tx, account, one.order, "reinstall", self._name(one.order)),
            lambda tx: orders.act(tx, account, one.order, "suspend"),
        ]
        for attempt in attempts:
            answer = self.do(account, attempt)
            assert answer.body["code"] == ("in-transfer" if account == one.sender else "not-found")
        for quote in (
            lambda tx: quotes.quote_renewal(tx, account, [one.order], 1),
            lambda tx: addons.quote_addons(tx, account, [one.order], ["backup"]),
        ):
            (left_out,) = self.do(account, quote).body["excluded"]
            assert left_out["code"] == ("in-transfer" if account == one.sender else "not-found")
        assert self._order(one.order) == before

    @rule(
        place=_PLACE,
        account=_ACCOUNT,
        months=st.sampled_from([1, 1, 3]),
        method=st.sampled_from(["card", "", "promise"]),
    )
    def renew(self, place: int, account: int, months: int, method: str) -> None:
        """An invoice for an order, paid or not."""
        order_id = self.pick(place, account)
        quote = self.do(account, lambda tx: quotes.quote_renewal(tx, account, [order_id], months))
        if quote.status != 200 or not quote.body["lines"]:
            return
        invoice = self.do(account, lambda tx: quotes.renew(tx, account, quote.body["id"])).body
        if method:
            paid = self.do(account, lambda tx: payments.pay(tx, account, invoice["id"], method))
            if method == "card":
                with self.database.write() as tx:
                    payments.settle(tx, paid.body["id"])

    @rule(place=_PLACE, account=_ACCOUNT)
    def delete_an_invoice(self, place: int, account: int) -> None:
        with self.database.read() as tx:
            found = tx.sql(
                "SELECT id FROM invoices WHERE account_id = ? AND state = 'unpaid' AND kind = 'renewal'", (account,)
            ).fetchall()
        if found:
            self.do(account, lambda tx: invoices.delete_invoice(tx, account, str(found[place % len(found)][0])))

    @rule(place=_PLACE, account=_ACCOUNT, on=st.booleans())
    def auto_renew(self, place: int, account: int, on: bool) -> None:
        order_id = self.pick(place, account)
        self.do(account, lambda tx: orders.set_auto_renew(tx, account, order_id, on, 1))

    @rule(hours=st.sampled_from([1, 1, 1, 5, 5, 24, 24, 47, 72]))
    def advance(self, hours: int) -> None:
        """TRF-3, TRF-6."""
        self._move(self.now() + timedelta(hours=hours))

    @rule(place=_PLACE, account=_ACCOUNT, hours=st.sampled_from([3, 30, 60]))
    def advance_towards_the_end(self, place: int, account: int, hours: int) -> None:
        """Shortly before time does something to an order: a push of it gives way soon (TRF-6)."""
        order_id = self.pick(place, account)
        if order_id != "0":
            period = self._period(order_id)
            moment = min(at for at in (period.end, period.renews_at) if at is not None) - timedelta(hours=hours)
            if moment > self.now():
                self._move(moment)
                self._push(account, self._another(account), [order_id])

    def _another(self, account: int) -> int:
        return ACCOUNTS[(ACCOUNTS.index(account) + 1) % len(ACCOUNTS)]

    def _move(self, to: datetime) -> None:
        periods = {one.order: self._period(one.order) for one in self.model.transfers.values() if one.runs}
        self.database.set_clock(to)
        self.model.passed(periods, self.now())

    @rule(place=_PLACE)
    def advance_to_the_instant(self, place: int) -> None:
        """To the very instant at which a transfer expires, and not a moment further (TRF-3)."""
        one = self.held(place)
        if one.expires is not None:
            self._move(one.expires)

    @rule()
    def restart(self) -> None:
        self.database.close()
        self.database = Database.open(self.folder / "panel.db", clock_source=self.time)

    # --- looking

    def _ids(self, tx: Tx, table: str, account: int) -> set[str]:
        return {str(row[0]) for row in tx.sql(f"SELECT id FROM {table} WHERE account_id = ?", (account,))}

    def _order(self, order_id: str) -> tuple[Any, ...]:
        with self.database.read() as tx:
            return tuple(tx.sql("SELECT * FROM orders WHERE id = ?", (order_id,)).fetchone())

    def _kept(self, order_id: str) -> dict[str, Any]:
        """Everything of an order but its owner and its lock."""
        with self.database.read() as tx:
            found = asdict(tx.orders.need(int(order_id)))
        return {
            name: value
            for name, value in found.items()
            if name not in ("account_id", "transfer_id", "version", "next_due", "noticed")
        }

    def _name(self, order_id: str) -> str:
        with self.database.read() as tx:
            return tx.orders.need(int(order_id)).name

    def _period(self, order_id: str) -> Period:
        with self.database.read() as tx:
            row = tx.orders.need(int(order_id))
        assert row.paid_until is not None
        end = _instant(row.paid_until)
        moment = end - timedelta(days=2)
        in_time = row.auto_since is not None and _instant(row.auto_since) <= moment
        renews = row.auto_on and in_time and row.auto_checked_for != row.paid_until
        return Period(end, moment if renews else None)

    def _mails(self) -> Counter[tuple[int, str, str]]:
        with self.database.read() as tx:
            found = tx.sql("SELECT account_id, event, transfer_id FROM mails WHERE transfer_id IS NOT NULL").fetchall()
        return Counter((int(account), str(event), str(transfer)) for account, event, transfer in found)

    def _read_codes(self) -> None:
        """As the people read them: from their mails, whose links hold the same code."""
        with self.database.read() as tx:
            for row in tx.mails.where("transfer_id IS NOT NULL AND code IS NOT NULL ORDER BY id"):
                one = self.model.transfers[str(row.transfer_id)]
                action = "confirm" if row.event == "transfer-confirmation" else "accept"
                assert row.account_id == (one.sender if action == "confirm" else one.recipient)
                assert row.link == f"/transfers/{one.id}#{action}={row.code}" and row.code is not None
                one.codes[action] = row.code

    def _everything(self) -> list[Any]:
        with self.database.read() as tx:
            return [
                tx.sql(f"SELECT * FROM {table}").fetchall() for table in ("orders", "transfers", "mails", "guesses")
            ]

    @invariant()
    def books_are_right(self) -> None:
        with self.database.read() as tx:
            assert check_books(tx.conn) == []

    @invariant()
    def owners_locks_and_states(self) -> None:
        """One owner at a time; an order is locked exactly while a transfer of it runs."""
        with self.database.read() as tx:
            found = {str(row.id): row for row in tx.orders.many(int(one) for one in self.model.owners)}
            for order_id, owner in self.model.owners.items():
                running = self.model.running(order_id)
                row = found[order_id]
                assert row.account_id == owner
                assert row.transfer_id == (None if running is None else int(running.id))
            for one in self.model.transfers.values():
                kept = tx.transfers.need(int(one.id))
                expires = None if kept.expires_at is None else _instant(kept.expires_at)
                assert (kept.state, expires) == (one.state, one.expires)
                history = json.loads(kept.history)
                assert history[-1][0] == one.state and len(history) <= 3
                if one.state in ("expired", "cancelled") and history[-1][2] is None:
                    assert history[-1][3], "what nobody did has its reason"

    @invariant()
    def mails_are_exact(self) -> None:
        assert self._mails() == self.model.mails

    @invariant()
    def everybody_sees_what_concerns_them(self) -> None:
        """A transfer is in the lists of its sender and, once confirmed, of its recipient."""
        with self.database.read() as tx:
            for account in ACCOUNTS:
                listed = transfers.list_transfers(tx, account, ListQuery(500))["items"]
                mine = {one.id for one in self.model.transfers.values() if one.side(account)}
                assert {item["id"] for item in listed} == mine
                out = transfers.list_transfers(tx, account, ListQuery(500, filters={"direction": ["out"]}))
                assert {item["id"] for item in out["items"]} == {
                    one.id for one in self.model.transfers.values() if one.sender == account
                }

    @invariant()
    def the_feeds_tell_who_has_what(self) -> None:
        """Whoever follows the feed knows exactly the orders that the account has: gone here, there at once."""
        with self.database.read() as tx:
            for account in ACCOUNTS:
                feed = changes.changes_after(tx, account, self.feeds[account])
                self.feeds[account] = feed["cursor"]
                for item in feed["items"]:
                    if item["kind"] == "order" and item["change"] == "deleted":
                        self.seen[account].discard(item["id"])
                    elif item["kind"] == "order":
                        self.seen[account].add(item["id"])
                assert self.seen[account] == self._ids(tx, "orders", account)

    @invariant()
    def discounts_of_both_sides(self) -> None:
        """DSC-2, DSC-5: the count of every account is right at once, whoever asks."""
        with self.database.read() as tx:
            for account in ACCOUNTS:
                rows = tx.orders.where("account_id = ? AND kind = 'vds' AND state = 'active'", (account,))
                running = tx.sql(
                    "SELECT count(*) FROM orders WHERE account_id = ? AND kind = 'vds'"
                    " AND state IN ('active', 'suspended')",
                    (account,),
                ).fetchone()[0]
                for row in rows[:3]:
                    since = None if row.in_use_since is None else _instant(row.in_use_since)
                    due = loyalty(row.kind, since, running, tx.now, bool(row.individual_price), tx.policy)
                    shown = orders.get_order(tx, account, str(row.id))["discount_percent"]
                    assert shown == format(percent_of(due).normalize(), "f")


def _instant(value: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)


Moving.TestCase.settings = settings(
    max_examples=200 if os.environ.get("BILLTUI_FAULTS") == "long" else 20,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
TestMoving = Moving.TestCase
