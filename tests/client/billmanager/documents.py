"""Documents of the wire text that several tests read."""

from __future__ import annotations

from typing import Any

from tests.client.billmanager.kit import (
    refusal,
    row,
    text,
)

VDS = {
    "$func": "vds", "$lang": "en", "p_elems": text("1"), "p_num": text("1"),
    "elem": [row(id="8101", domain="web-1.example", item_status=text("Active", orig="2"), cost="4.90 EUR / Month",
                 pricelist="KVM-2", real_expiredate="2026-10-15", expiredate="daily charging")],
}  # fmt: skip


def one(table: dict[str, Any]) -> Any:
    """A panel that answers each function with one document; it knows no others."""

    def panel(form: dict[str, str]) -> Any:
        found = table.get(form["func"], refusal("missed", "func"))
        return found(form) if callable(found) else found

    return panel
