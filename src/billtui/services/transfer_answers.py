"""The panel's answers about transfers and settings: whether they are about an operation, and what is kept of them.

Part of :mod:`billtui.services.settle`. A one-time code stands in none of it, whatever a panel answers (TRF-2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from billtui.domain.models import TransferState
from billtui.services.plans import STEPS, Operation, OperationKind

K = OperationKind
Json = dict[str, Any]

COMES_TO: Final = {
    K.TRANSFER_CONFIRM: TransferState.AWAITING_RECIPIENT,
    K.TRANSFER_ACCEPT: TransferState.COMPLETED,
    K.TRANSFER_DECLINE: TransferState.DECLINED,
    K.TRANSFER_CANCEL: TransferState.CANCELLED,
}
"""The state that each step brings a transfer to (TRF-3)."""

_KEPT: Final = ("id", "order_id", "push_id", "state", "expires_at", "counterparty", "counterparty_account_id")
"""What the journal keeps of a transfer. Everything else is in the list of transfers, and read from there."""

MOST_TRANSFERS: Final = 50
"""Transfers of a push that are kept one by one; of more, their ids."""


def is_about(answer: Mapping[str, Any], operation: Operation) -> bool:
    """Whether an answer is about what a push, a step, or a change of notifications does."""
    if operation.kind is K.TRANSFER_PUSH:
        return _is_this_push(answer, operation)
    if operation.kind in STEPS:
        wanted = operation.params.get("transfer_id"), COMES_TO[operation.kind].value
        order = operation.facts.get("order_id")
        same_order = order is None or answer.get("order_id", order) == order
        return (answer.get("id"), answer.get("state")) == wanted and same_order
    return _has_settings(answer, operation)


def _is_this_push(answer: Mapping[str, Any], operation: Operation) -> bool:
    items = answer.get("items")
    if not isinstance(items, list) or not all(isinstance(one, Mapping) for one in items):
        return False
    if sorted(str(one.get("order_id")) for one in items) != sorted(operation.texts("order_ids")):
        return False
    account = operation.text("recipient_account_id")
    return all(str(one.get("counterparty_account_id") or account) == account for one in items)


def _has_settings(answer: Mapping[str, Any], operation: Operation) -> bool:
    rules = answer.get("notifications")
    if not isinstance(rules, list):
        return False
    now = {str(one.get("event")): one.get("channels") for one in rules if isinstance(one, Mapping)}
    for event, channels in operation.settings().items():
        stands = now.get(event)
        if not isinstance(stands, Mapping) or any(stands.get(name, on) is not on for name, on in channels.items()):
            return False
    return True


def kept(operation: Operation, answer: Mapping[str, Any]) -> Json:
    """What the journal keeps: of transfers the ids and states, of settings those that were changed."""
    if operation.kind is K.TRANSFER_PUSH:
        items = [one for one in answer.get("items", ()) if isinstance(one, Mapping)]
        if len(items) > MOST_TRANSFERS:
            return {"transfer_ids": [str(one.get("id")) for one in items]}
        return {"items": [_short(one) for one in items]}
    if operation.kind in STEPS:
        return _short(answer)
    return {"settings": operation.settings()}


def _short(transfer: Mapping[str, Any]) -> Json:
    return {name: transfer[name] for name in _KEPT if transfer.get(name) is not None}
