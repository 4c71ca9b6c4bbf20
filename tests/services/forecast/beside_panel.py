"""A forecast beside the panel itself: what the client's copy says will come, and what came when the clock was moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pydantic import TypeAdapter

from billtui.domain.models import Account, Invoice, Order
from billtui.services.forecast import Event, Forecast, What, forecast_from
from billtui.services.store import Store, StoreReader

if TYPE_CHECKING:
    from tests.support.engine import World

_SECOND = 1_000_000
_GONE = {"deleted": "deletes", "cancelled": "cancels"}


class Happened(NamedTuple):
    """One thing, as both sides tell it. ``at`` in seconds since 1970, cents with their sign turned to "paid"."""

    what: str
    at: int
    id: str
    cents: int = 0
    purse: str = ""


def copy_of(world: World, path: Path) -> StoreReader:
    """What the client's store holds after everything was read from the panel, by the models of the wire."""
    from billtui.sandbox.engine import accounts, invoices, orders
    from billtui.sandbox.engine.unit import Tx

    def ids(table: str) -> list[str]:
        return [str(row[0]) for row in world.rows(f"SELECT id FROM {table} WHERE account_id = ?", world.account)]

    def read(tx: Tx) -> tuple[list[object], list[object], object]:
        found = [orders.get_order(tx, world.account, key) for key in ids("orders")]
        bills = [invoices.get_invoice(tx, world.account, key) for key in ids("invoices")]
        return [*found], [*bills], accounts.me(tx, world.account)

    found, bills, account = world.read(read)
    store = Store(path)
    store.apply_orders(TypeAdapter(list[Order]).validate_python(found))
    store.apply_invoices(TypeAdapter(list[Invoice]).validate_python(bills))
    store.apply_account(Account.model_validate(account))
    store.complete("1")
    store.close()
    return StoreReader(path)


def forecast_of(world: World, path: Path, days: int) -> Forecast:
    """The forecast that the client makes now."""
    reader = copy_of(world, path)
    made = forecast_from(reader, world.now(), days)
    reader.close()
    assert made is not None
    return made


def told(forecast: Forecast) -> list[Happened]:
    """What the forecast says, in the words of this module."""
    return sorted(one for event in forecast.events() for one in _told(event))


def _told(event: Event) -> Iterator[Happened]:
    what, at = event.what, event.at
    if what == What.RENEWED_INTERNAL:
        yield Happened("pays", at, event.order_id, event.cents, "internal")
    elif what == What.RENEWED_AFFILIATE:
        yield Happened("pays", at, event.order_id, event.cents, "affiliate")
    elif what == What.FAILED:
        yield Happened("stays unpaid", at, event.order_id, event.cents)
    elif what in (What.BLOCKED_MANUAL, What.BLOCKED_UNPAID, What.BLOCKED_BROKEN):
        yield Happened("blocks", at, event.order_id)
    elif what == What.DELETED:
        yield Happened("deletes", at, event.order_id)
    elif what == What.CANCELLED:
        yield Happened("cancels", at, event.order_id)
    elif what == What.PROMISE_BROKEN:
        yield Happened("breaks promise", at, event.invoice_id, event.cents)
    elif what == What.INVOICE_GONE:
        yield Happened("takes back", at, event.invoice_id, event.cents)


class Watcher:
    """Looks at the panel before and after its clock is moved, and tells what happened meanwhile."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.since = world.now()
        self._ledger = int(world.value("SELECT coalesce(max(id), 0) FROM ledger"))
        self._states = dict(world.rows("SELECT id, state FROM orders WHERE account_id = ?", world.account))
        self._bills = {
            key: (state, until)
            for key, state, until in world.rows(
                "SELECT id, state, promise_until FROM invoices WHERE account_id = ?", world.account
            )
        }
        self._seen_blocks: set[tuple[int, int]] = set()
        self.found: list[Happened] = []
        self._blocks(first=True)

    def look(self) -> None:
        """What the step did to states; the ledger is read at the end."""
        self._blocks()
        world = self.world
        for key, state, gone_at in world.rows(
            "SELECT id, state, deleted_at FROM orders WHERE account_id = ?", world.account
        ):
            if state != self._states[key] and state in _GONE:
                self.found.append(Happened(_GONE[state], gone_at // _SECOND, str(key)))
            self._states[key] = state
        for key, state, until, total in world.rows(
            "SELECT id, state, promise_until, total_cents FROM invoices WHERE account_id = ?", world.account
        ):
            if key in self._bills and state != self._bills[key][0] and state == "overdue":
                self.found.append(Happened("breaks promise", until // _SECOND, str(key), total))
            if key in self._bills:
                self._bills[key] = (state, until)

    def _blocks(self, first: bool = False) -> None:
        for key, at in self.world.rows(
            "SELECT id, blocked_at FROM orders WHERE account_id = ? AND blocked_at IS NOT NULL", self.world.account
        ):
            if (key, at) not in self._seen_blocks:
                self._seen_blocks.add((key, at))
                if not first:
                    self.found.append(Happened("blocks", at // _SECOND, str(key)))

    def all(self) -> list[Happened]:
        """Everything, with every movement of money and every invoice that stayed unpaid."""
        world, known = self.world, set(self._bills)
        for at, purse, cents, invoice in world.rows(
            "SELECT at, purse, cents, invoice_id FROM ledger WHERE account_id = ? AND id > ?"
            " AND purse IN ('internal', 'affiliate') ORDER BY id",
            world.account,
            self._ledger,
        ):
            order = world.value("SELECT order_id FROM invoice_lines WHERE invoice_id = ?", invoice)
            self.found.append(Happened("pays", at // _SECOND, str(order), -cents, purse))
        for key, at, total, state, paid_at in world.rows(
            "SELECT id, issued_at, total_cents, state, paid_at FROM invoices WHERE account_id = ?", world.account
        ):
            if key not in known and paid_at is None:
                order = world.value("SELECT order_id FROM invoice_lines WHERE invoice_id = ?", key)
                self.found.append(Happened("stays unpaid", at // _SECOND, str(order), total))
                assert state in ("unpaid", "deleted")
        for at, text in world.rows(
            "SELECT at, invoice_id FROM mails WHERE account_id = ? AND event = 'invoice-deleted' AND at > ?",
            world.account,
            int(self.since.timestamp()) * _SECOND,
        ):
            if text in known:
                total = world.value("SELECT total_cents FROM invoices WHERE id = ?", text)
                self.found.append(Happened("takes back", at // _SECOND, str(text), total))
        return sorted(self.found)


def played(world: World, days: int, forecast: Forecast) -> list[Happened]:
    """Move the panel's clock day by day to the forecast's end; both purses must agree at the end of each day."""
    watcher = Watcher(world)
    end = world.now() + timedelta(days=days)
    for day in forecast.days:
        edge = datetime.fromtimestamp(day.begins, UTC) + timedelta(days=1, seconds=-1)
        world.database.set_clock(max(world.now(), min(edge, end)))
        watcher.look()
        held = world.rows("SELECT internal_cents, affiliate_cents FROM accounts WHERE id = ?", world.account)[0]
        assert (day.internal, day.affiliate) == held, day.date
    assert world.now() == end
    return watcher.all()
