"""The sandbox's engine on a database of its own, with a time that only moves when a test moves it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import pytest

if TYPE_CHECKING:
    from billtui.sandbox.database import Database
    from billtui.sandbox.engine.unit import Tx
    from billtui.sandbox.engine.wire import InvoiceJSON, OrderJSON, PaymentJSON
    from billtui.sandbox.engine.wire_quotes import BoughtOrdersJSON, QuoteJSON

T = TypeVar("T")
P = ParamSpec("P")
START = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
FIRST, SECOND, THIRD = 204817, 318255, 427903


@dataclass
class StandingTime:
    """Real time, as a test wants it."""

    now: datetime = START

    def __call__(self) -> int:
        return int((self.now - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))

    def pass_(self, **span: float) -> None:
        """Let real time pass."""
        self.now += timedelta(**span)


@dataclass
class World:
    """A seeded panel, called without HTTP."""

    database: Database
    time: StandingTime
    account: int = FIRST
    file: Path = field(default_factory=Path)

    def write(self, work: Callable[Concatenate[Tx, P], T], *args: P.args, **named: P.kwargs) -> T:
        """Do ``work`` in a write transaction."""
        with self.database.write() as tx:
            return work(tx, *args, **named)

    def read(self, work: Callable[Concatenate[Tx, P], T], *args: P.args, **named: P.kwargs) -> T:
        """Do ``work`` in a snapshot."""
        with self.database.read() as tx:
            return work(tx, *args, **named)

    def advance(self, *, days: float = 0, hours: float = 0, seconds: int = 0) -> None:
        """Move the panel's clock."""
        self.database.advance(int(days * 86_400 + hours * 3_600 + seconds))

    def now(self) -> datetime:
        """The panel's instant."""
        return self.database.now()

    # --- looking

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a query finds."""
        return self.read(lambda tx: [tuple(row) for row in tx.conn.exec_driver_sql(sql, values).all()])

    def value(self, sql: str, *values: Any) -> Any:
        """The one value that a query finds."""
        return self.rows(sql, *values)[0][0]

    def order(self, order_id: str, account: int | None = None) -> OrderJSON:
        """An order."""
        from billtui.sandbox.engine import orders

        return self.read(lambda tx: orders.get_order(tx, account or self.account, order_id))

    def invoice(self, invoice_id: str, account: int | None = None) -> InvoiceJSON:
        """An invoice."""
        from billtui.sandbox.engine import invoices

        return self.read(lambda tx: invoices.get_invoice(tx, account or self.account, invoice_id))

    def paid_until(self, order_id: str) -> datetime:
        """An order's end."""
        text = self.order(order_id)["paid_until"]
        assert text is not None
        return datetime.fromisoformat(text)

    def free(self, count: int, *, more_than_days: float = 10) -> list[str]:
        """Ids of active orders without an open invoice, without auto-renewal, not near their end."""
        earliest = self.now() + timedelta(days=more_than_days)
        return [
            str(row[0])
            for row in self.rows(
                "SELECT id FROM orders WHERE account_id = ? AND state = 'active' AND open_invoice_id IS NULL AND"
                " auto_on = 0 AND individual_price = 0 AND kind = 'vds' AND paid_until > ? ORDER BY id LIMIT ?",
                self.account,
                int(earliest.timestamp()) * 1_000_000,
                count,
            )
        ]

    def near(self, hours: float) -> str:
        """A free order without auto-renewal; time is moved to ``hours`` before its end."""
        order_id = self.free(1)[0]
        left = self.paid_until(order_id) - self.now()
        self.advance(seconds=int(left.total_seconds() - hours * 3_600))
        return order_id

    def balances(self, account: int | None = None) -> tuple[Decimal, Decimal]:
        """Internal and affiliate purse."""
        internal, affiliate = self.rows(
            "SELECT internal_cents, affiliate_cents FROM accounts WHERE id = ?", account or self.account
        )[0]
        return Decimal(internal).scaleb(-2), Decimal(affiliate).scaleb(-2)

    # --- doing

    def renewal(self, *order_ids: str, months: int = 1) -> InvoiceJSON:
        """An unpaid renewal invoice."""
        from billtui.sandbox.engine import quotes

        def work(tx: Tx) -> InvoiceJSON:
            quote = quotes.quote_renewal(tx, self.account, order_ids, months)
            return quotes.renew(tx, self.account, quote["id"])

        return self.write(work)

    def quote(self, *cells: tuple[str, str, int], **wish: Any) -> QuoteJSON:
        """A quote of new servers: cells of (plan, location, quantity), for one month unless said otherwise."""
        from billtui.domain.rules.new_orders import Cell
        from billtui.sandbox.engine import new_orders

        wanted = new_orders.Wish(**{"period": 1, "cells": tuple(Cell(*cell) for cell in cells), **wish})
        return self.write(new_orders.quote_order, self.account, wanted)

    def buy(self, *cells: tuple[str, str, int], **wish: Any) -> BoughtOrdersJSON:
        """New servers with their unpaid invoice."""
        from billtui.sandbox.engine import new_orders

        return self.write(new_orders.buy_orders, self.account, self.quote(*cells, **wish)["id"])

    def add(self, order_ids: list[str], *addons: str) -> InvoiceJSON:
        """An unpaid invoice of add-ons."""
        from billtui.sandbox.engine import addons as engine

        quote = self.write(engine.quote_addons, self.account, order_ids, addons)
        return self.write(engine.buy_addons, self.account, quote["id"])

    def stock(self, plan: str, location: str) -> int:
        """How many of a plan can be had in a location."""
        return int(self.value("SELECT available FROM stock WHERE plan = ? AND location = ?", plan, location))

    def set_stock(self, plan: str, location: str, available: int) -> None:
        """As the shopkeeper does."""
        from billtui.sandbox.engine import shopkeeping

        self.write(shopkeeping.set_stock, plan, location, available)

    def pay(self, invoice_id: str, method: str = "internal") -> PaymentJSON:
        """Pay an invoice."""
        from billtui.sandbox.engine import payments

        return self.write(lambda tx: payments.pay(tx, self.account, invoice_id, method))

    def set_purses(self, internal_cents: int, affiliate_cents: int) -> None:
        """Bring the purses to these amounts, with entries in the books."""
        from billtui.sandbox.engine import ledger

        def work(tx: Tx) -> None:
            account = tx.accounts.need(self.account)
            internal = internal_cents - account.internal_cents
            affiliate = affiliate_cents - account.affiliate_cents
            ledger.post(tx, self.account, "test", {"internal": internal, "provider": -internal})
            ledger.post(tx, self.account, "test", {"affiliate": affiliate, "commission": -affiliate})

        self.write(work)


@pytest.fixture
def books() -> Iterator[Callable[[Database], None]]:
    """Call it with a database: its books are checked when the test is over."""
    from billtui.sandbox.engine.books import check_books

    watched: list[Database] = []
    yield watched.append
    for database in watched:
        with database.read() as tx:
            assert check_books(tx.conn) == []


@pytest.fixture(scope="session")
def sown_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A panel of 40 orders, sown at :data:`START`."""
    from billtui.sandbox.database import Database

    file = tmp_path_factory.mktemp("sown") / "panel.db"
    Database.open(file, seed=7, fleet=40, clock_source=StandingTime()).close()
    return file


@pytest.fixture
def world(sown_file: Path, tmp_path: Path, books: Callable[[Database], None]) -> Iterator[World]:
    """The panel without HTTP, seen by the first client; its books are checked after the test."""
    from billtui.sandbox.database import Database

    for part in sown_file.parent.glob("panel.db*"):
        shutil.copy(part, tmp_path / part.name)
    time = StandingTime()
    database = Database.open(tmp_path / "panel.db", clock_source=time)
    books(database)
    yield World(database, time, file=tmp_path / "panel.db")
    database.close()
