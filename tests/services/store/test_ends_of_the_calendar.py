"""Instants at either end of the calendar, as panels write them for what has none: one such row spoils no list.

``0001-01-01T00:00:00Z`` is how a program in Go writes a time that was never set.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from billtui.cli import shapes
from billtui.domain.models import Invoice, Order, Ticket
from billtui.domain.periods import CALENDARS_END
from billtui.screens.invoice_view import invoice_columns
from billtui.screens.order_view import order_columns, order_detail
from billtui.screens.queue_view import queue_columns
from billtui.services.forecast import forecast_from
from billtui.services.line_up import LineUpQuestion, line_up
from billtui.services.order_ends import deletion
from billtui.services.overview import overview
from billtui.services.pricing import unmarkable
from billtui.services.solver import question_from, solve
from billtui.services.store import Store, StoreReader
from billtui.services.ticket_queue import Ranks, why_next
from tests.support.money_panel import MoneyPanel
from tests.support.small_panel import NOW, invoice, order, ticket

ENDS = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
MOMENT = int(NOW.timestamp())
OF_ORDERS = ("created_at", "paid_until", "in_use_since", "blocked_at", "promise_until", "auto_renew_since")
OF_INVOICES = ("issued_at", "due_at", "paid_at", "promise_until")
OF_TICKETS = ("created_at", "updated_at", "last_client_message_at", "last_staff_message_at", "answer_due_at")
INVOICE_STATES = ("unpaid", "promised", "overdue", "paid")
PRIORITIES = ("service down", "high", "normal", "low")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "data" / "copy.db")
    store.apply_account(MoneyPanel().account())
    return store


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("state", ["pending", "active", "suspended", "blocked", "deleted"])
def test_orders_with_such_instants_stand_in_every_list(store: Store, end: str, state: str) -> None:
    ours = {"state": state, "auto_renew": {"on": True, "months": 24}, "blocked_at": "2026-10-30T00:00:00Z"}
    odd = [order(number, **ours) | {name: end} for number, name in enumerate(OF_ORDERS, 10)]
    odd += [order(30, **ours) | dict.fromkeys(OF_ORDERS, end), order(31, **ours)]
    orders = [Order.model_validate(one) for one in odd]
    store.apply_orders(orders)
    reader = StoreReader(store.path)
    rows = reader.orders()
    assert len(rows) == len(orders)
    assert overview(reader, NOW).orders == {state: len(orders)}
    assert forecast_from(reader, NOW, 90) is not None
    for row in rows:
        assert shapes.order_json(row)["state"] == state
        assert shapes.left_of(row, NOW)
        unmarkable(row, NOW)
        order_detail(row, reader.order(row.id), NOW, "")
        gone = deletion(row)
        assert gone is None or gone <= CALENDARS_END.timestamp()
        for column in order_columns(lambda: MOMENT):
            column.cell(row)
    ids = [row.id for row in rows]
    line_up(LineUpQuestion(rows, NOW, reader.running_by_kind()))
    solve(question_from(reader, ids, NOW, months=12, budget=None, codes=(), lead_days=3, effort=1))


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("state", INVOICE_STATES)
def test_invoices_with_such_instants_stand_in_every_list(store: Store, end: str, state: str) -> None:
    odd = [invoice(number, state=state) | {name: end} for number, name in enumerate(OF_INVOICES, 10)]
    store.apply_invoices([Invoice.model_validate(one) for one in odd])
    reader = StoreReader(store.path)
    overview(reader, NOW)
    rows = reader.invoices()
    assert len(rows) == len(OF_INVOICES)
    for row in rows:
        assert shapes.invoice_json(row)["state"] == state
        for column in invoice_columns(lambda: MOMENT):
            column.cell(row)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("priority", PRIORITIES)
def test_tickets_with_such_instants_stand_in_the_queue(store: Store, end: str, priority: str) -> None:
    odd = [ticket(number, priority=priority) | {name: end} for number, name in enumerate(OF_TICKETS, 10)]
    store.apply_tickets([Ticket.model_validate(one) for one in odd])
    rows, ranks = StoreReader(store.path).tickets(), Ranks()
    assert len(ranks.in_order(rows)) == len(OF_TICKETS)
    for row in rows:
        assert why_next(row, ranks.reasons(row, MOMENT), MOMENT)
        for column in queue_columns(lambda: MOMENT, ranks, str):
            column.cell(row)
