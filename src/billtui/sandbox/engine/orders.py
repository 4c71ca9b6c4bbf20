"""Orders: listing, renaming, auto-renewal, power (ORD-4, ORD-7, REN-4, REN-5)."""

from __future__ import annotations

from billtui.domain.refusal import RuleBroken
from billtui.domain.rules import orders as order_rules
from billtui.domain.rules.renewal import period_refusal
from billtui.sandbox.engine import paging
from billtui.sandbox.engine.errors import InvalidInput
from billtui.sandbox.engine.facts import order_facts, told_facts
from billtui.sandbox.engine.paging import Listing, ListQuery, Page
from billtui.sandbox.engine.reading import check_version, own_order
from billtui.sandbox.engine.rows import OrderRow
from billtui.sandbox.engine.schedule import schedule_order, state_moved
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.views import OrderItems, order_json
from billtui.sandbox.engine.wire import OrderJSON
from billtui.sandbox.tables import NEVER

POWER_ACTIONS = ("start", "stop", "reboot", "reset", "reinstall", "suspend", "unsuspend")
"""What ``POST /orders/{id}/actions`` takes."""
MAX_NAME = 200
_END = f"coalesce(paid_until, {NEVER})"

LISTING = Listing(
    sorts={
        "id": "id",
        "name": "name",
        "state": "state",
        "plan": "plan",
        "location": "location",
        "monthly_price": "monthly_cents",
        "created_at": "created_at",
        "paid_until": _END,
        "kind": "kind",
        "address": "coalesce(address, '')",
        "billing_day": "billing_day",
        "in_use_since": f"coalesce(in_use_since, {NEVER})",
    },
    default_sort="id",
    filters={
        "id": paging.id_in("id"),
        "state": paging.one_of("state"),
        "kind": paging.one_of("kind"),
        "plan": paging.one_of("plan"),
        "location": paging.one_of("location"),
        "name": paging.one_of("name"),
        "address": paging.one_of("address"),
        "unpaid_invoice_id": paging.id_in("open_invoice_id"),
        "expires_before": paging.instant(_END, "<"),
        "expires_after": paging.instant(_END, ">="),
        "auto_renew": paging.choice(on="auto_on = 1", off="auto_on = 0"),
        "account_id": paging.id_in("account_id"),
        "open_invoice": paging.choice(yes="open_invoice_id IS NOT NULL", no="open_invoice_id IS NULL"),
    },
)


def list_orders(tx: Tx, account_id: int | None, query: ListQuery) -> Page[OrderJSON]:
    """A page of the account's orders (of all accounts for ``None``). Raises ``InvalidInput``."""
    items = OrderItems(tx)

    def shown(rows: list[OrderRow]) -> list[OrderJSON]:
        return [items.item(row) for row in rows]

    return paging.page(tx, tx.orders, LISTING, account_id, query, table="orders", items=shown)


def get_order(tx: Tx, account_id: int | None, order_id: str) -> OrderJSON:
    """An order of the account (of any for ``None``), every action explained (ORD-7). Raises ``NotFound``."""
    return order_json(tx, own_order(tx, account_id, order_id))


def _allowed(tx: Tx, order: OrderRow, action: str) -> None:
    refusal = order_rules.action_refusal(told_facts(tx, order), action, tx.now, tx.policy)
    if refusal is not None:
        raise RuleBroken(refusal)


def rename(tx: Tx, account_id: int, order_id: str, name: str, if_match: int | None = None) -> OrderJSON:
    """Give an order another name of 1 to 200 characters (ORD-4).

    Raises ``NotFound``, ``VersionMismatch``, ``InvalidInput``, ``RuleBroken``.
    """
    order = own_order(tx, account_id, order_id)
    check_version(order, if_match)
    cleaned = name.strip()
    if not 1 <= len(cleaned) <= MAX_NAME:
        detail = f"A name has 1 to {MAX_NAME} characters"
        raise InvalidInput(detail, fields={"name": detail})
    if any(ord(char) < 0x20 or ord(char) == 0x7F or 0xD800 <= ord(char) <= 0xDFFF for char in cleaned):
        detail = "A name has no control characters"
        raise InvalidInput(detail, fields={"name": detail})
    _allowed(tx, order, "rename")
    order.name = cleaned
    order.index_text()
    tx.flush()
    return order_json(tx, order)


def set_auto_renew(
    tx: Tx, account_id: int, order_id: str, on: bool, months: int, if_match: int | None = None
) -> OrderJSON:
    """Set auto-renewal and its own period (REN-4, REN-5). Raises ``NotFound``, ``InvalidInput``, ``RuleBroken``."""
    order = own_order(tx, account_id, order_id)
    check_version(order, if_match)
    refusal = period_refusal(months, tx.policy)
    if refusal is not None:
        raise InvalidInput(refusal.reason, fields={"auto_renew.months": refusal.reason})
    _allowed(tx, order, "auto-renew")
    if on and not order.auto_on:
        order.auto_since = tx.at
    elif not on:
        order.auto_since = None
    order.auto_on = int(on)
    order.auto_months = months
    schedule_order(tx, order)
    tx.flush()
    return order_json(tx, order)


def act(
    tx: Tx,
    account_id: int,
    order_id: str,
    action: str,
    confirm_name: str | None = None,
    if_match: int | None = None,
) -> OrderJSON:
    """Start, stop, reboot, reset, reinstall, suspend or unsuspend (ORD-4); reinstalling wants the order's name.

    Raises ``NotFound``, ``InvalidInput``, ``VersionMismatch``, ``RuleBroken``.
    """
    order = own_order(tx, account_id, order_id)
    check_version(order, if_match)
    if action not in POWER_ACTIONS:
        detail = f"An action is one of {', '.join(POWER_ACTIONS)}"
        raise InvalidInput(detail, fields={"action": detail})
    _allowed(tx, order, action)
    refusal = order_rules.confirm_name_refusal(order_facts(order), action, confirm_name)
    if refusal is not None:
        raise RuleBroken(refusal)
    was = order.state
    if action == "suspend":
        order.state, order.power = "suspended", "stopped"
    elif action == "unsuspend":
        order.state, order.power = "active", "running"
    else:
        order.power = "stopped" if action == "stop" else "running"
    state_moved(tx, order, was)
    schedule_order(tx, order)
    tx.flush()
    return order_json(tx, order)
