"""Transfers: listing, pushing, and the steps of both sides (TRF)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from typing_extensions import TypedDict

from billtui.domain.numbers import is_number
from billtui.domain.refusal import Refusal, RuleBroken
from billtui.domain.rules import transfers as rules
from billtui.domain.rules.facts import OrderFacts
from billtui.domain.rules.quotes import bulk_refusal
from billtui.domain.rules.transfers import STEPS, Side
from billtui.domain.transfer_states import RUNNING_STATES, TransferDirection, TransferState
from billtui.sandbox.engine import handover, paging
from billtui.sandbox.engine.errors import FieldsRefused, NotedRefusal, NotFound, TooManyTries, WrongKindOfInput
from billtui.sandbox.engine.facts import addons_monthly, told_facts
from billtui.sandbox.engine.handover import transfer_facts
from billtui.sandbox.engine.one_time_codes import is_code
from billtui.sandbox.engine.paging import Condition, Filter, Listing, ListQuery, Page
from billtui.sandbox.engine.reading import check_version, own_order, row_id
from billtui.sandbox.engine.rows import AccountRow, OrderRow, TransferRow
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.views import explained, refused
from billtui.sandbox.engine.wire import (
    SECOND,
    ActionJSON,
    MoneyJSON,
    TransferJSON,
    TransferStepJSON,
    cents_of,
    instant_json,
    instant_json_or_none,
    instant_of,
    money_json,
)
from billtui.sandbox.tables import NEVER

_EXPIRY = f"coalesce(expires_at, {NEVER})"
_END = f"coalesce(paid_until, {NEVER})"

LISTING = Listing(
    sorts={
        "id": "id",
        "created_at": "created_at",
        "expires_at": _EXPIRY,
        "state": "state",
        "order_id": "order_id",
        "order_name": "order_name",
        "paid_until": _END,
        "monthly_price": "monthly_cents",
    },
    default_sort="-created_at",
    filters={
        "id": paging.id_in("id"),
        "state": paging.one_of("state"),
        "order_id": paging.id_in("order_id"),
        "push_id": paging.id_in("push_id"),
        "expires_before": paging.instant(_EXPIRY, "<"),
    },
    mine=("account_id", "seen_by"),
)


def _direction(account_id: int) -> Filter:
    """Out: pushed by the account; in: to it. Both together are everything."""

    def condition(_name: str, values: Sequence[str]) -> Condition:
        columns = [column for value, column in (("out", "account_id"), ("in", "seen_by")) if value in values]
        return " OR ".join(f"{column} = ?" for column in columns).join("()"), [account_id] * len(columns)

    return condition


class _OnTop(TypedDict):
    addons_monthly: MoneyJSON | None
    individual_price: bool | None


def list_transfers(tx: Tx, account_id: int, query: ListQuery) -> Page[TransferJSON]:
    """A page of what the account pushed and of what is on its way to it (TRF-2). Raises ``InvalidInput``."""
    listing = replace(LISTING, filters={**LISTING.filters, "direction": _direction(account_id)})

    def shown(rows: list[TransferRow]) -> list[TransferJSON]:
        tx.orders.many(row.order_id for row in rows if row.state in RUNNING_STATES)
        return [_transfer(tx, row, account_id, refused(_steps(row, account_id))) for row in rows]

    return paging.page(tx, tx.transfers, listing, account_id, query, table="transfers", items=shown)


def get_transfer(tx: Tx, account_id: int, transfer_id: str) -> TransferJSON:
    """A transfer with every step explained. Raises ``NotFound``."""
    return transfer_json(tx, own_transfer(tx, account_id, transfer_id), account_id)


def own_transfer(tx: Tx, account_id: int, transfer_id: str) -> TransferRow:
    """A transfer that the account knows of: as sender, or as recipient once it is confirmed (TRF-2).

    Raises ``NotFound``.
    """
    row = tx.transfers.get(row_id(transfer_id, "transfer"))
    if row is None or account_id not in (row.account_id, row.seen_by):
        raise NotFound("transfer", transfer_id)
    return row


# --- pushing


def push(
    tx: Tx, account_id: int, order_ids: Sequence[str], recipient_login: str, recipient_account_id: str
) -> list[TransferJSON]:
    """Begin a transfer for each order, all of them or none (TRF-1, TRF-4, TRF-7); the sender's mails follow (TRF-2).

    Raises ``WrongKindOfInput`` for an e-mail, ``TooManyTries`` and ``NotedRefusal`` for wrong pairs, ``NotFound`` for
    an order of somebody else, ``RuleBroken`` and ``FieldsRefused`` for orders that cannot be transferred.
    """
    wanted = list(dict.fromkeys(order_ids))
    too_many = bulk_refusal(len(wanted), tx.policy)
    if too_many is not None:
        raise RuleBroken(too_many)
    recipient = _recipient(tx, account_id, recipient_login, recipient_account_id)
    orders = _own_orders(tx, account_id, wanted)
    _check_orders(tx, orders, recipient)
    begun: list[TransferRow] = []
    for order in orders:
        begun.append(handover.begin(tx, order, recipient.id, begun[0].id if begun else 0))
    tx.flush()
    return [transfer_json(tx, row, account_id) for row in begun]


def _recipient(tx: Tx, account_id: int, login: str, given_id: str) -> AccountRow:
    """The client with this login and this account ID: one look for both, so that no half is told from the other."""
    email = rules.email_refusal(login)
    if email is not None:
        raise WrongKindOfInput(email, "recipient_login")
    tries = _guesses(tx, "account_id = ? AND transfer_id IS NULL", account_id)
    limit = rules.pair_limit_refusal(tries, tx.now, tx.policy)
    if limit is not None:
        raise TooManyTries(limit, tx.now)
    digits = given_id.strip()
    number = int(digits) if is_number(digits) else -1
    found = tx.accounts.where("login = ? AND id = ? AND role = 'client'", (login.strip(), number))
    if not found:
        raise NotedRefusal(rules.wrong_pair_refusal(), lambda outer: _note_guess(outer, account_id, None))
    own = rules.self_refusal(str(account_id), str(found[0].id))
    if own is not None:
        raise RuleBroken(own)
    return found[0]


def _own_orders(tx: Tx, account_id: int, order_ids: Sequence[str]) -> list[OrderRow]:
    tx.orders.many(row_id(order_id, "order") for order_id in order_ids)
    return [own_order(tx, account_id, order_id) for order_id in order_ids]


def _check_orders(tx: Tx, orders: Sequence[OrderRow], recipient: AccountRow) -> None:
    """Raises for the orders that cannot be transferred, each with its reason (TRF-4)."""
    why: list[tuple[OrderFacts, Refusal]] = []
    for order in orders:
        facts = told_facts(tx, order)
        refusal = rules.push_refusal(facts, tx.now, tx.policy)
        refusal = refusal or rules.currency_refusal(order.currency, recipient.currency)
        if refusal is not None:
            why.append((facts, refusal))
    if why:
        whole = why[0][1] if len(why) == 1 else rules.several_refused(why, len(orders))
        raise FieldsRefused(whole, {f"order_ids.{order.id}": refusal.reason for order, refusal in why})


# --- steps


def confirm(tx: Tx, account_id: int, transfer_id: str, code: str, if_match: int | None = None) -> TransferJSON:
    """The sender's confirmation (TRF-2). Raises ``NotFound``, ``VersionMismatch``, ``RuleBroken``, ``TooManyTries``."""
    return _step(tx, account_id, transfer_id, "confirm", code, if_match)


def accept(tx: Tx, account_id: int, transfer_id: str, code: str, if_match: int | None = None) -> TransferJSON:
    """The recipient's acceptance: the order moves (TRF-5). Raises as :func:`confirm`."""
    return _step(tx, account_id, transfer_id, "accept", code, if_match)


def decline(tx: Tx, account_id: int, transfer_id: str, if_match: int | None = None) -> TransferJSON:
    """The recipient's no (TRF-3). Raises ``NotFound``, ``VersionMismatch``, ``RuleBroken``."""
    return _step(tx, account_id, transfer_id, "decline", None, if_match)


def cancel(tx: Tx, account_id: int, transfer_id: str, if_match: int | None = None) -> TransferJSON:
    """The sender's no, any time before completion (TRF-3). Raises ``NotFound``, ``VersionMismatch``, ``RuleBroken``."""
    return _step(tx, account_id, transfer_id, "cancel", None, if_match)


_DO = {
    "confirm": handover.confirm,
    "accept": handover.complete,
    "decline": handover.decline,
    "cancel": handover.cancel,
}
_USED = {"confirm": TransferState.AWAITING_RECIPIENT, "accept": TransferState.COMPLETED}


def _step(
    tx: Tx, account_id: int, transfer_id: str, action: str, code: str | None, if_match: int | None
) -> TransferJSON:
    row = own_transfer(tx, account_id, transfer_id)
    check_version(row, if_match)
    facts = transfer_facts(row)
    side = _side(row, account_id)
    kept = row.confirm_hash if action == "confirm" else row.accept_hash
    if code is not None and side is STEPS[action].side and row.state == _USED[action] and is_code(code, kept):
        raise RuleBroken(rules.used_refusal(facts, action))
    refusal = rules.step_refusal(facts, action, side)
    if refusal is not None:
        raise RuleBroken(refusal)
    if code is not None:
        limit = rules.code_limit_refusal(facts, _guesses(tx, "transfer_id = ?", row.id), tx.now, tx.policy)
        if limit is not None:
            raise TooManyTries(limit, tx.now)
        if not is_code(code, kept):
            raise NotedRefusal(rules.wrong_code_refusal(facts), lambda outer: _note_guess(outer, account_id, row.id))
    _DO[action](tx, row)
    tx.flush()
    return transfer_json(tx, row, account_id)


# --- who guesses


def _window(tx: Tx) -> int:
    return tx.at - int(tx.policy.guess_window.total_seconds()) * SECOND


def _guesses(tx: Tx, condition: str, value: int) -> list[datetime]:
    found = tx.sql(f"SELECT at FROM guesses WHERE {condition} AND at > ?", (value, _window(tx)))
    return [instant_of(int(at)) for (at,) in found]


def _note_guess(tx: Tx, account_id: int, transfer_id: int | None) -> None:
    tx.sql("DELETE FROM guesses WHERE at <= ?", (_window(tx),))
    tx.sql("INSERT INTO guesses (account_id, transfer_id, at) VALUES (?, ?, ?)", (account_id, transfer_id, tx.at))


# --- as the wire writes it


def _side(row: TransferRow, account_id: int) -> Side:
    return Side.SENDER if account_id == row.account_id else Side.RECIPIENT


def _steps(row: TransferRow, account_id: int) -> dict[str, Refusal | None]:
    return rules.steps(transfer_facts(row), _side(row, account_id))


def transfer_json(tx: Tx, row: TransferRow, account_id: int) -> TransferJSON:
    """A transfer as one of its sides sees it, every step explained."""
    return _transfer(tx, row, account_id, explained(_steps(row, account_id)))


def _transfer(tx: Tx, row: TransferRow, account_id: int, actions: list[ActionJSON]) -> TransferJSON:
    out = _side(row, account_id) is Side.SENDER
    other = tx.accounts.need(row.recipient_id if out else row.account_id)
    return {
        "id": str(row.id),
        "order_id": str(row.order_id),
        "order_name": row.order_name,
        "plan": row.plan,
        "location": row.location,
        "address": row.address,
        "monthly_price": money_json(row.monthly_cents, row.currency),
        **_on_top(tx, row),
        "paid_until": instant_json_or_none(row.paid_until),
        "direction": TransferDirection.OUT if out else TransferDirection.IN,
        "state": row.state,
        "counterparty": other.login,
        "counterparty_account_id": str(other.id),
        "push_id": str(row.push_id),
        "created_at": instant_json(row.created_at),
        "expires_at": instant_json_or_none(row.expires_at),
        "history": _history(tx, row),
        "actions": actions,
        "version": row.version,
    }


def _on_top(tx: Tx, row: TransferRow) -> _OnTop:
    """It cannot change while it runs (TRF-6); afterwards it is the owner's business alone."""
    if row.state not in RUNNING_STATES:
        return {"addons_monthly": None, "individual_price": None}
    order = tx.orders.need(row.order_id)
    addons = money_json(cents_of(addons_monthly(order)), row.currency)
    return {"addons_monthly": addons, "individual_price": bool(order.individual_price)}


def _history(tx: Tx, row: TransferRow) -> list[TransferStepJSON]:
    return [
        {
            "state": state,
            "at": instant_json(at),
            "by": "" if by is None else tx.accounts.need(by).login,
            "reason": reason,
        }
        for state, at, by, reason in json.loads(row.history)
    ]
