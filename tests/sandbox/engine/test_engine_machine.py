"""Histories nobody thought of: anything in any order, and the books are right after every step."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from billtui.domain.money import Money
from billtui.domain.refusal import RuleBroken
from billtui.domain.rules.new_orders import Cell
from billtui.sandbox.database import Database
from billtui.sandbox.engine import (
    addons,
    balance,
    invoices,
    new_orders,
    orders,
    payments,
    plan_changes,
    quotes,
    shopkeeping,
)
from billtui.sandbox.engine.books import check_books
from billtui.sandbox.engine.errors import EngineRefusal
from billtui.sandbox.engine.shopkeeping import PromoCode
from billtui.sandbox.engine.unit import Tx
from tests.support.engine import FIRST, SECOND, StandingTime

_PLACE = st.integers(min_value=0, max_value=10_000)
_FEW = st.integers(min_value=1, max_value=4)
_CODES = [None, None, "TRY", "LASTCALL30", "WELCOME15", "FLEET25"]
_RENEWAL_CODE = st.sampled_from([None, None, "STAY10", "TRY"])


class Panel(RuleBasedStateMachine):
    """A small panel on a real file; refusals are fine, wrong books are not."""

    sown: ClassVar[Path | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="engine-machine-"))
        if Panel.sown is None:
            Panel.sown = Path(tempfile.mkdtemp(prefix="engine-sown-")) / "panel.db"
            Database.open(Panel.sown, seed=5, fleet=14, clock_source=StandingTime()).close()
        for part in Panel.sown.parent.glob("panel.db*"):
            shutil.copy(part, self.folder / part.name)
        self.time = StandingTime()
        self.database = Database.open(self.folder / "panel.db", clock_source=self.time)
        self.paid: dict[int, tuple[Any, ...]] = {}
        self.quoted: list[tuple[int, str]] = []

    def teardown(self) -> None:
        self.database.close()
        shutil.rmtree(self.folder)

    @initialize(cents=st.sampled_from([0, 30_00, 400_00]))
    def money(self, cents: int) -> None:
        if cents:
            self.settle_now(self.do(lambda tx: balance.top_up(tx, FIRST, Money(cents // 100, "EUR"), "card")))

    def settle_now(self, made: Any) -> None:
        self.do(lambda tx: payments.settle(tx, made["payment"]["id"]))

    def do(self, work: Callable[[Tx], Any]) -> Any:
        try:
            with self.database.write() as tx:
                return work(tx)
        except (RuleBroken, EngineRefusal):
            return None

    def pick(self, table: str, condition: str, place: int, account: int = FIRST) -> str:
        with self.database.read() as tx:
            found = tx.conn.exec_driver_sql(
                f"SELECT id FROM {table} WHERE account_id = ? AND {condition} ORDER BY id", (account,)
            ).all()
        return str(found[place % len(found)][0]) if found else "0"

    @rule(places=st.lists(_PLACE, min_size=1, max_size=4), months=st.sampled_from([1, 1, 3, 12]), code=_RENEWAL_CODE)
    def renew(self, places: list[int], months: int, code: str | None) -> None:
        ids = [self.pick("orders", "1", place) for place in places]
        quote = self.do(lambda tx: quotes.quote_renewal(tx, FIRST, ids, months, code))
        if quote is not None:
            self.do(lambda tx: quotes.renew(tx, FIRST, quote["id"]))

    @rule(
        cells=st.lists(
            st.tuples(st.sampled_from(["vds-micro", "vds-nano", "ds-e5"]), st.sampled_from(["nl", "de", "hk"]), _FEW),
            min_size=1,
            max_size=3,
        ),
        more=st.sampled_from([(), (), ("backup",), ("raid",)]),
        code=st.sampled_from(_CODES),
        names=st.sampled_from([None, "m-{n}", "m-{loc}-{n}", "one"]),
        buyer=st.sampled_from([FIRST, SECOND]),
    )
    def buy(
        self, cells: list[tuple[str, str, int]], more: tuple[str, ...], code: str | None, names: str | None, buyer: int
    ) -> None:
        wish = new_orders.Wish(1, tuple(Cell(*cell) for cell in cells), addons=more, names=names, promo_code=code)
        quote = self.do(lambda tx: new_orders.quote_order(tx, buyer, wish))
        if quote is not None:
            self.quoted.append((buyer, quote["id"]))

    @rule(place=_PLACE)
    def order(self, place: int) -> None:
        if self.quoted:
            buyer, quote_id = self.quoted[place % len(self.quoted)]
            self.do(lambda tx: new_orders.buy_orders(tx, buyer, quote_id))

    @rule(places=st.lists(_PLACE, min_size=1, max_size=3), wanted=st.sampled_from(["backup", "ipv4", "raid"]))
    def add(self, places: list[int], wanted: str) -> None:
        ids = [self.pick("orders", "1", place) for place in places]
        quote = self.do(lambda tx: addons.quote_addons(tx, FIRST, ids, [wanted]))
        if quote is not None:
            self.do(lambda tx: addons.buy_addons(tx, FIRST, quote["id"]))

    @rule(
        place=_PLACE,
        plan=st.sampled_from(["vds-nano", "vds-micro", "vds-large"]),
        account=st.sampled_from([FIRST, SECOND]),
    )
    def change_plan(self, place: int, plan: str, account: int) -> None:
        order_id = self.pick("orders", "state = 'active'", place, account)
        quote = self.do(lambda tx: plan_changes.quote_plan_change(tx, account, order_id, plan))
        if quote is not None:
            self.do(lambda tx: plan_changes.buy_plan_change(tx, account, quote["id"]))

    @rule(available=st.integers(0, 4), cents=st.sampled_from([4_90, 5_90]), uses=st.none() | st.integers(1, 3))
    def keep_shop(self, available: int, cents: int, uses: int | None) -> None:
        self.do(lambda tx: shopkeeping.set_stock(tx, "vds-micro", "nl", available))
        self.do(lambda tx: shopkeeping.set_price(tx, "plans", "vds-micro", Money(f"{cents / 100:.2f}", "EUR")))
        self.do(lambda tx: shopkeeping.set_promo_code(tx, PromoCode("TRY", Decimal(40), renewals=True, max_uses=uses)))

    @rule(
        place=_PLACE,
        method=st.sampled_from(["internal", "internal", "affiliate", "card", "promise"]),
        account=st.sampled_from([FIRST, FIRST, SECOND]),
    )
    def pay(self, place: int, method: str, account: int) -> None:
        open_one = self.pick("invoices", "state IN ('unpaid', 'promised', 'overdue')", place, account)
        self.do(lambda tx: payments.pay(tx, account, open_one, method))

    @rule(place=_PLACE, event=st.sampled_from([None, None, "again"]))
    def settle(self, place: int, event: str | None) -> None:
        payment = self.pick("payments", "method IN ('card', 'crypto')", -1 - place % 6)
        self.do(lambda tx: payments.settle(tx, payment, event and f"{event}-{payment}"))

    @rule(place=_PLACE)
    def delete(self, place: int) -> None:
        self.do(lambda tx: invoices.delete_invoice(tx, FIRST, self.pick_in(tx, "state = 'unpaid'", place)))

    @rule(places=st.lists(_PLACE, min_size=2, max_size=4))
    def combine(self, places: list[int]) -> None:
        self.do(
            lambda tx: invoices.combine(tx, FIRST, [self.pick_in(tx, "state = 'unpaid'", place) for place in places])
        )

    @rule(place=_PLACE)
    def split(self, place: int) -> None:
        self.do(lambda tx: invoices.split(tx, FIRST, self.pick_in(tx, "combined_from <> '[]'", place)))

    def pick_in(self, tx: Tx, condition: str, place: int) -> str:
        found = tx.invoices.where(f"account_id = {FIRST} AND {condition} ORDER BY id")
        return str(found[place % len(found)].id) if found else "0"

    @rule(place=_PLACE, on=st.booleans(), months=st.sampled_from([1, 6]))
    def auto_renew(self, place: int, on: bool, months: int) -> None:
        order_id = self.pick("orders", "1", place)
        self.do(lambda tx: orders.set_auto_renew(tx, FIRST, order_id, on, months))

    @rule(place=_PLACE, action=st.sampled_from(["suspend", "unsuspend", "stop", "start"]))
    def act(self, place: int, action: str) -> None:
        order_id = self.pick("orders", "1", place)
        self.do(lambda tx: orders.act(tx, FIRST, order_id, action))

    @rule(cents=st.sampled_from([1, 10_00, 36_40]))
    def move(self, cents: int) -> None:
        self.do(lambda tx: balance.move(tx, FIRST, Money(f"{cents / 100:.2f}", "EUR")))

    @rule(hours=st.sampled_from([1, 24, 49, 24 * 7, 24 * 30]))
    def advance(self, hours: int) -> None:
        self.database.advance(hours * 3_600)

    @precondition(lambda self: self.folder.exists())
    @rule()
    def restart(self) -> None:
        self.database.close()
        self.database = Database.open(self.folder / "panel.db", clock_source=self.time)

    @invariant()
    def books_are_right(self) -> None:
        with self.database.read() as tx:
            assert check_books(tx.conn) == []
            due = tx.conn.exec_driver_sql("SELECT min(next_due) FROM orders").scalar()
            assert due is None or due > tx.at, "what was due has happened"

    @invariant()
    def what_is_paid_stays_paid_once(self) -> None:
        """INV-4: never paid again, by somebody else, or at another time."""
        with self.database.read() as tx:
            found = tx.conn.exec_driver_sql(
                "SELECT invoices.id, invoices.paid_at, paid_by, payments.id FROM invoices"
                " JOIN payments ON invoice_id = invoices.id AND payments.state = 'done' WHERE invoices.state = 'paid'"
            ).all()
        present = {int(row[0]): tuple(row) for row in found}
        assert self.paid.items() <= present.items()
        self.paid = present


Panel.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestPanel = Panel.TestCase
