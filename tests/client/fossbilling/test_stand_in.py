"""The stand-in panel behaves as the recordings do, in what the other tests rest on."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.panels.fossbilling_books import Line
from tests.panels.fossbilling_panel import Fault, FossPanel


@pytest.fixture
def panel() -> Iterator[FossPanel]:
    with FossPanel() as running:
        yield running


def ask(panel: FossPanel, call: str, query: str = "", key: str | None = None, **params: Any) -> dict[str, Any]:
    pair = base64.b64encode(f"client:{key or panel.api_key}".encode()).decode()
    request = urllib.request.Request(
        f"{panel.url}/api/{call}{query}", json.dumps(params).encode(), {"Authorization": f"Basic {pair}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:
            found: dict[str, Any] = json.load(reply)
    except urllib.error.HTTPError as error:
        found = {**json.load(error), "status": error.code}
    return found


def test_the_page_counts_in_the_query_alone(panel: FossPanel) -> None:
    for _ in range(5):
        panel.books.add_order()
    in_body = ask(panel, "client/order/get_list", page=2, per_page=2)["result"]
    in_query = ask(panel, "client/order/get_list", "?page=2", per_page=2)["result"]
    assert [one["id"] for one in in_body["list"]] == [5, 4]
    assert [one["id"] for one in in_query["list"]] == [3, 2]
    assert (in_body["total"], in_query["total"], in_query["page"]) == (5, 5, "2")
    assert ask(panel, "client/order/get_list", "?page=9", per_page=2)["result"]["list"] == []


def test_a_renewal_called_twice_charges_twice_and_the_term_moves_in_the_batch_job(panel: FossPanel) -> None:
    order = panel.books.add_order(expires_at=datetime(2026, 12, 23, 2, 23, 23, tzinfo=UTC))
    first = ask(panel, "client/invoice/renewal_invoice", order_id=order)["result"]
    second = ask(panel, "client/invoice/renewal_invoice", order_id=order)["result"]
    assert first != second
    assert panel.books.balance == Decimal("132.00")
    assert [entry.amount for entry in panel.books.ledger] == [Decimal("-4.50")] * 2
    assert ask(panel, "client/order/get", id=order)["result"]["expires_at"] == "2026-12-23 02:23:23"
    panel.books.run_batch()
    assert ask(panel, "client/order/get", id=order)["result"]["expires_at"] == "2027-02-23 02:23:23"


def test_an_open_invoice_is_given_again(panel: FossPanel) -> None:
    panel.books.balance = Decimal(0)
    order = panel.books.add_order()
    hashes = {ask(panel, "client/invoice/renewal_invoice", order_id=order)["result"] for _ in range(2)}
    assert len(hashes) == 1
    assert len(panel.renewals(order)) == 1


def test_refusals_and_keys(panel: FossPanel) -> None:
    order = panel.books.add_order()
    panel.books.add_invoice(Line("x", Decimal(3), order=order, type="order", task="renew"))
    digest = panel.books.invoices[1].hash
    said = ask(panel, "client/invoice/delete", hash=digest)["error"]
    assert said == {"message": f"Invoice is related to order #{order}. Please cancel order first.", "code": 9999}
    assert ask(panel, "client/order/get", id=999)["error"] == {"message": "Order not found", "code": 9999}
    assert ask(panel, "client/nope/get_list")["error"]["code"] == 715
    assert ask(panel, "client/invoice/nope")["error"]["code"] == 740
    wrong = ask(panel, "client/order/get", key="wrong", id=order)
    assert (wrong["status"], wrong["error"]["code"]) == (401, 204)
    assert ask(panel, "guest/client/login", email=panel.email, password="bad")["error"]["code"] == 401


def test_a_line_that_is_cut_after_it_was_carried_out(panel: FossPanel) -> None:
    order = panel.books.add_order()
    panel.faults.append(Fault("client/invoice/renewal_invoice"))
    with pytest.raises((ConnectionError, urllib.error.URLError)):
        ask(panel, "client/invoice/renewal_invoice", order_id=order)
    assert len(panel.renewals(order)) == 1
