"""What was taken from the balance (wire: 9.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from billtui.domain.rules.facts import INTERNAL
from billtui.sandbox.billmgr import lists
from billtui.sandbox.billmgr.call import Call, How, function
from billtui.sandbox.billmgr.functions.payments import PREFIX
from billtui.sandbox.billmgr.lists import Condition, Listing
from billtui.sandbox.billmgr.nodes import Doc, Node, scalars
from billtui.sandbox.billmgr.words import day, money, start_of_day
from billtui.sandbox.engine.rows import LedgerRow
from billtui.sandbox.engine.wire import DAY


def _row(call: Call, row: LedgerRow) -> Node:
    invoice = None if row.invoice_id is None else call.tx.invoices.need(row.invoice_id)
    return scalars(
        {
            "id": row.id,
            "locale_name": row.note,
            "realdate": day(row.at),
            "amount": money(-row.cents, row.currency),
            "taxamount": money(0, row.currency),
            "payments": "" if invoice is None else f"{PREFIX}{invoice.number}",
        }
    )


def _rows(call: Call, condition: str, values: Sequence[Any]) -> list[Node]:
    found = call.tx.ledger.where(condition, values)
    call.tx.invoices.many({row.invoice_id for row in found if row.invoice_id is not None})
    return [_row(call, row) for row in found]


def _base(call: Call) -> Condition:
    return "account_id = ? AND purse = ? AND cents < 0", [call.account_id, INTERNAL]


def _from(value: str) -> Condition | None:
    at = start_of_day(value)
    return None if at is None else ("at >= ?", [at])


def _to(value: str) -> Condition | None:
    at = start_of_day(value)
    return None if at is None else ("at < ?", [at + DAY])


LISTING = Listing(
    name="expense",
    table="ledger",
    order="id DESC",
    columns={"id": "id", "realdate": "at", "amount": "-cents", "locale_name": "note"},
    filters={
        "id": lists.ids("id"),
        "locale_name": lists.contains("note"),
        "amount": lists.at_least("-cents"),
        "fromdate": _from,
        "todate": _to,
    },
    dates={},
    rows=_rows,
    base=_base,
    buttons={"filter": "expense.filter"},
)


@function("expense")
def expenses(call: Call) -> Doc:
    """What was taken from the balance, the newest first."""
    return lists.answer(call, LISTING)


@function("expense.filter", how=How.FORM)
def expenses_filter(call: Call) -> Doc:
    """What of it is shown."""
    return lists.filter_form(call, LISTING)
