"""What the steps of a plan buy and change, line by line, as a person reviews it before it is carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from billtui.cli import ticket_plan_text
from billtui.cli.output import Column, table_lines
from billtui.cli.shapes import count, when
from billtui.domain.money import Money, group_digits
from billtui.domain.periods import parse_instant
from billtui.services.operation_kinds import ON_TICKETS
from billtui.services.plans import PURCHASES, Operation, OperationKind, Plan, cell_key, cell_words
from billtui.terminal.harmless import one_line

K = OperationKind
_CELLS = (
    Column("plan"),
    Column("location"),
    Column("servers", right=True),
    Column("each", right=True),
    Column("discount", right=True),
    Column("amount", right=True),
)
_ORDERS = (
    Column("order", right=True),
    Column("name", cut=True),
    Column("paid until"),
    Column("discount", right=True),
    Column("amount", right=True),
)
_PUSHED = (
    Column("order", right=True),
    Column("name", cut=True),
    Column("paid until"),
    Column("monthly", right=True),
    Column("auto-renewal"),
)
_SETTINGS = (Column("event"), Column("channel"), Column("now"), Column("then"))
DETAILED = PURCHASES | {K.TRANSFER_PUSH, K.NOTIFY}
"""What is shown line by line below the steps."""


def detail_lines(plan: Plan) -> list[str]:
    """Every step that buys, pushes or changes settings: its terms, then a line for each thing that it is about.

    What is sent comes from the steps' parameters; names and prices are the plan's facts, which are compared with the
    panel before anything is sent.
    """
    lines: list[str] = []
    for operation in plan.operations:
        if operation.kind in ON_TICKETS:
            lines += ticket_plan_text.detail_lines(operation)
            continue
        if operation.kind not in DETAILED:
            continue
        columns: Sequence[Column]
        if operation.kind is K.TRANSFER_PUSH:
            columns, rows = _PUSHED, _pushed(operation)
        elif operation.kind is K.NOTIFY:
            columns, rows = _SETTINGS, _settings(operation)
        elif operation.kind is K.ORDER:
            columns, rows = _CELLS, _cells(operation)
        else:
            columns, rows = _ORDERS, _orders(operation)
        lines += ["", f"Step {operation.number}: {_terms(operation)}"]
        lines += [f"  {line}" for line in table_lines(columns, rows, None)]
    return lines


def _settings(operation: Operation) -> list[list[str]]:
    """Event, channel, what it is now and then."""

    def word(value: object) -> str:
        return {True: "on", False: "off"}.get(value, "?") if isinstance(value, bool) else "?"

    wanted, before = operation.params.get("settings"), operation.facts.get("settings")
    was: Mapping[str, Any] = before if isinstance(before, Mapping) else {}
    return [
        [one_line(event), one_line(channel), word((was.get(event) or {}).get(channel)), word(on)]
        for event, channels in (wanted.items() if isinstance(wanted, Mapping) else ())
        for channel, on in (channels.items() if isinstance(channels, Mapping) else ())
    ]


def _terms(operation: Operation) -> str:
    """What holds for all lines of a step."""
    params = operation.params
    period = params.get("period")
    words = {
        K.ORDER: count(operation.new_count, "new server"),
        K.RENEW: f"renew {count(len(operation.targets), 'order')}",
        K.PLAN_CHANGE: f"change of plan to {params.get('plan')}, for the rest of the paid period",
        K.ADDONS: f"{count(len(operation.targets), 'order')}, for the rest of the paid periods",
        K.NOTIFY: "change notifications",
        K.TRANSFER_PUSH: f"push {count(len(operation.targets), 'order')} to login “{params.get('recipient_login')}”, "
        f"account ID {params.get('recipient_account_id')}",
    }
    parts = [words.get(operation.kind, operation.kind.value)]
    if isinstance(period, int):
        parts.append(f"for {count(period, 'month')}")
    if params.get("promo_code"):
        parts.append(f"promo code {params['promo_code']}")
    addons = params.get("addons")
    if isinstance(addons, list) and addons:
        parts.append(f"add-ons {', '.join(map(str, addons))}")
    if params.get("names"):
        parts.append(f"names {params['names']}")
    auto = params.get("auto_renew")
    if isinstance(auto, dict):
        months = auto.get("months")
        period = count(months, "month") if isinstance(months, int) else "?"
        parts.append(f"auto-renewal {period}" if auto.get("on") is True else "no auto-renewal")
    return one_line("; ".join(parts))


def _cells(operation: Operation) -> list[list[str]]:
    rows = []
    for cell in operation.cells():
        facts = _facts(operation, cell_key(cell.plan, cell.location))
        amount = _money(facts.get("amount"))
        rows.append([
            one_line(cell_words(operation, cell).removesuffix(f" in {cell.location}")),
            str(cell.location), str(cell.quantity), _each(amount, cell.quantity), _discount(facts), _shown(amount),
        ])  # fmt: skip
    return rows


def _orders(operation: Operation) -> list[list[str]]:
    rows = []
    for order_id in operation.billed_orders():
        facts = _facts(operation, order_id)
        end = _end(facts.get("paid_until"))
        name = f"“{one_line(str(facts.get('title', '')))}”"
        rows.append([one_line(order_id), name, end, _discount(facts), _shown(_money(facts.get("amount")))])
    return rows


def _pushed(operation: Operation) -> list[list[str]]:
    """Every server of a push by its name, as it was shown."""
    known = operation.facts.get("orders")
    facts: Mapping[str, Any] = known if isinstance(known, dict) else {}
    rows = []
    for order_id in operation.texts("order_ids"):
        its = facts.get(order_id)
        one: Mapping[str, Any] = its if isinstance(its, dict) else {}
        auto = one.get("auto_renew")
        on = isinstance(auto, dict) and auto.get("on") is True
        rows.append([
            one_line(order_id), f"“{one_line(str(one.get('name', '')))}”", _end(one.get("paid_until")),
            _shown(_money(one.get("monthly_price"))), "on, will be off" if on else "off",
        ])  # fmt: skip
    return rows


def _end(until: object) -> str:
    try:
        return when(parse_instant(until)) if isinstance(until, str) else "–"
    except ValueError:
        return "?"


def _each(amount: Money | None, quantity: int) -> str:
    """What one costs; a line of a quote is the quantity times that (INV-10)."""
    if amount is None:
        return "?"
    each = amount.amount / quantity
    return group_digits(each) if each == round(each, 2) else "?"


def _facts(operation: Operation, key: str) -> Mapping[str, Any]:
    lines = operation.facts.get("lines")
    found = lines.get(key) if isinstance(lines, dict) else None
    return found if isinstance(found, dict) else {}


def _discount(facts: Mapping[str, Any]) -> str:
    percent = facts.get("discounts")
    return "" if not isinstance(percent, str) or percent == "0" else f"{one_line(percent)[:8]} %"


def _money(value: object) -> Money | None:
    try:
        return Money.model_validate(value)
    except ValueError:
        return None


def _shown(money: Money | None) -> str:
    return str(money) if money is not None else "?"
