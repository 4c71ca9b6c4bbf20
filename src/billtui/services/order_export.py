"""Orders as a file: CSV for a spreadsheet, JSON for a program, plain lists of addresses or names."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from billtui.domain.periods import format_instant
from billtui.services.store import OrderRow, instant, money

Format = Literal["csv", "json", "ips", "names"]
FORMATS: Final[tuple[Format, ...]] = ("csv", "json", "ips", "names")
SUFFIX: Final[dict[Format, str]] = {"csv": "csv", "json": "json", "ips": "txt", "names": "txt"}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_COLUMNS: Final = (
    "id", "name", "state", "kind", "plan", "location", "address", "paid_until", "monthly_price", "currency",
    "discount_percent", "auto_renew_months", "unpaid_invoice_id", "in_use_since", "tags",
)  # fmt: skip


def exported(rows: Sequence[OrderRow], form: Format, tags: Mapping[str, frozenset[str]]) -> str:
    """The orders in their order as text that ends with a line break (empty for nothing).

    CSV cells that a spreadsheet would take for a formula get a ``'`` in front; amounts are decimal, instants UTC.
    """
    if form == "csv":
        return _csv(rows, tags)
    if form == "json":
        items = [_values(row, tags) for row in rows]
        return json.dumps({"schema": 1, "kind": "orders", "items": items}, ensure_ascii=True, indent=1) + "\n"
    texts = [row.address if form == "ips" else row.name for row in rows]
    return "".join(f"{text}\n" for text in dict.fromkeys(texts) if text)


def harmless_cell(text: str) -> str:
    """A CSV cell that no spreadsheet runs as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv(rows: Sequence[OrderRow], tags: Mapping[str, frozenset[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in rows:
        values = _values(row, tags)
        values["tags"] = " ".join(sorted(tags.get(row.id, ())))
        writer.writerow(["" if (value := values[name]) is None else harmless_cell(str(value)) for name in _COLUMNS])
    return out.getvalue()


def _values(row: OrderRow, tags: Mapping[str, frozenset[str]]) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "state": row.state,
        "kind": row.kind,
        "plan": row.plan,
        "location": row.location,
        "address": row.address or None,
        "paid_until": None if row.paid_until is None else format_instant(instant(row.paid_until)),
        "monthly_price": f"{money(row.price, row.currency).amount:.2f}",
        "currency": row.currency,
        "discount_percent": row.discount,
        "auto_renew_months": row.auto_months if row.auto_on else None,
        "unpaid_invoice_id": row.unpaid_invoice_id,
        "in_use_since": None if row.in_use_since is None else format_instant(instant(row.in_use_since)),
        "tags": sorted(tags.get(row.id, ())),
    }
