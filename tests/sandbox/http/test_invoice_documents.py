"""INV-9: an invoice as PDF, CSV and JSON, whatever stands in it."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from billtui.sandbox.http import documents

ACCOUNT = {"account_id": "1001", "login": "olena.marsh", "email": "olena@example.net"}


def money(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


def invoice(title: str = "web-01: renewal, 1 month") -> dict[str, Any]:
    return {
        "id": "17",
        "number": "5531",
        "state": "unpaid",
        "issued_at": "2026-03-01T10:00:00Z",
        "due_at": None,
        "paid_at": None,
        "total": money("18.00"),
        "lines": [
            {
                "order_id": "3",
                "title": title,
                "months": 1,
                "list_price": money("20.00"),
                "discounts": [{"name": "loyalty", "percent": "10"}],
                "addons": [],
                "amount": money("18.00"),
            }
        ],
    }


def test_inv_9_csv_has_every_line_and_the_total() -> None:
    rows = list(csv.DictReader(io.StringIO(documents.render(invoice(), ACCOUNT, "csv").decode())))
    assert [row["amount"] for row in rows] == ["18.00", "18.00"]
    assert rows[0]["order_id"] == "3"
    assert rows[0]["discounts"] == "loyalty 10 %"
    assert rows[1]["title"] == "Total"
    assert {row["currency"] for row in rows} == {"EUR"}


@pytest.mark.parametrize("title", ["=1+1", "+49 30", "-1", "@sum(a1)", "\tx"])
def test_inv_9_csv_holds_no_formula(title: str) -> None:
    rows = list(csv.DictReader(io.StringIO(documents.render(invoice(title), ACCOUNT, "csv").decode())))
    assert rows[0]["title"] == "'" + title


def test_inv_9_ord_5_add_ons_are_in_every_document() -> None:
    """ORD-5, INV-9: by name, with what they make up of the line."""
    whole = invoice()
    whole["lines"][0]["addons"] = [
        {"id": "backup", "name": "Daily backup", "amount": money("3.40")},
        {"id": "ipv4", "name": "=IPv4", "amount": money("2.00")},
    ]
    rows = list(csv.DictReader(io.StringIO(documents.render(whole, ACCOUNT, "csv").decode())))
    assert [row["addons"] for row in rows] == ["Daily backup 3.40; =IPv4 2.00", ""]
    assert json.loads(documents.render(whole, ACCOUNT, "json"))["lines"][0]["addons"][1]["amount"]["amount"] == "2.00"
    with_addons, without = (documents.render(one, ACCOUNT, "pdf") for one in (whole, invoice()))
    assert with_addons.startswith(b"%PDF") and len(with_addons) > len(without)


def test_inv_9_json_is_the_invoice() -> None:
    assert json.loads(documents.render(invoice(), ACCOUNT, "json")) == invoice()


@pytest.mark.parametrize(
    "title",
    [
        "plain",
        "Zürich, 5 €",
        "Сервер в Киеве",
        "東京の台",
        "🛰 satellite",
        "\x1b[31mred\x00\u202e",
        "x" * 10_000,
        "e\u0301" * 50,
        "",
    ],
)
@pytest.mark.parametrize("fonts", [True, False])
def test_inv_9_pdf_of_any_text(title: str, fonts: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not fonts:
        monkeypatch.setattr(documents, "_FONT_PLACES", ())
    content = documents.render(invoice(title), ACCOUNT, "pdf")
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert content == documents.render(invoice(title), ACCOUNT, "pdf"), "the same invoice gives the same bytes"


def test_inv_9_pdf_of_a_thousand_lines_has_pages() -> None:
    long = invoice()
    long["lines"] = long["lines"] * 1000
    content = documents.render(long, ACCOUNT, "pdf")
    assert content.count(b"/Type /Page\n") > 10
