"""What becomes of a transfer: its steps, its mails, its end, and the order that changes hands (TRF-2, TRF-3, TRF-5)."""

from __future__ import annotations

import json

from billtui.domain.rules import transfers as rules
from billtui.domain.rules.discounts import loyalty_by_count
from billtui.domain.rules.facts import format_when
from billtui.domain.rules.transfers import Side, TransferFacts
from billtui.domain.transfer_states import TransferState
from billtui.sandbox import mail
from billtui.sandbox.engine.facts import addons_monthly, order_facts, take
from billtui.sandbox.engine.one_time_codes import code_hash, new_code
from billtui.sandbox.engine.rows import LIVE, OrderRow, TransferRow
from billtui.sandbox.engine.schedule import NOTICED_ENDING, schedule_order, schedule_transfer
from billtui.sandbox.engine.unit import Tx
from billtui.sandbox.engine.wire import instant_of, instant_or_none, micros, money_of

CODE_GROUPS = 4
"""Length of a one-time code: 100 bits, so that nobody guesses it."""
_END_WORDS = {
    TransferState.COMPLETED: "was completed",
    TransferState.CANCELLED: "was cancelled",
    TransferState.DECLINED: "was declined",
    TransferState.EXPIRED: "has expired",
}


def transfer_facts(row: TransferRow) -> TransferFacts:
    """What the rules look at in a transfer."""
    return TransferFacts(
        id=str(row.id),
        order_id=str(row.order_id),
        order_name=row.order_name,
        state=row.state,
        expires_at=instant_or_none(row.expires_at),
        ended_at=instant_or_none(row.ended_at),
        known_to_recipient=row.seen_by is not None,
    )


def begin(tx: Tx, order: OrderRow, recipient_id: int, push_id: int) -> TransferRow:
    """A new transfer of the order, which is locked from now on (TRF-6), and the sender's mail (TRF-2)."""
    created = instant_of(tx.at)
    code = new_code(CODE_GROUPS, tx.draw)
    row = tx.transfers.add(
        TransferRow(
            id=tx.transfers.new_id(),
            account_id=order.account_id,
            recipient_id=recipient_id,
            seen_by=None,
            order_id=order.id,
            push_id=push_id,
            state=TransferState.AWAITING_SENDER,
            order_name=order.name,
            plan=order.plan,
            location=order.location,
            address=order.address,
            monthly_cents=order.monthly_cents,
            currency=order.currency,
            paid_until=order.paid_until,
            created_at=tx.at,
            expires_at=micros(rules.expires_at(created, tx.policy)),
            confirm_hash=code_hash(code),
        )
    )
    row.push_id = push_id or row.id
    sender, recipient = tx.accounts.need(row.account_id), tx.accounts.need(recipient_id)
    row.search = f"{row.order_name} {row.address or ''} {row.order_id} {sender.login} {recipient.login}".casefold()
    _write_step(row, tx.at, sender.id)
    order.transfer_id = row.id
    schedule_order(tx, order)
    schedule_transfer(tx, row)
    text = (
        f"You asked to transfer the server {_server(row)} to {recipient.login}, account {recipient.id}.\n"
        f"Confirm it before {_when(row.expires_at)} with this code: {code}\n"
        "Then the recipient is asked. Until they accept it you can cancel. If it was not you who asked for this, do not"
        " confirm: cancel the transfer and change your password."
    )
    _send_code(tx, row, Side.SENDER, "transfer-confirmation", "Order Transfer Confirmation", text, code, "confirm")
    return row


def confirm(tx: Tx, row: TransferRow) -> None:
    """The sender has confirmed: the recipient sees the transfer from now on and gets the mail (TRF-2)."""
    _take(row, rules.stepped(transfer_facts(row), "confirm", tx.now, tx.policy))
    row.seen_by = row.recipient_id
    code = new_code(CODE_GROUPS, tx.draw)
    row.accept_hash = code_hash(code)
    _write_step(row, tx.at, row.account_id)
    schedule_transfer(tx, row)
    price = money_of(row.monthly_cents, row.currency)
    addons = addons_monthly(tx.orders.need(row.order_id))
    besides = f" and {addons} for its add-ons" if addons.amount else ""
    text = (
        f"{tx.accounts.need(row.account_id).login} transfers the server {_server(row)} to you: {row.plan} in"
        f" {row.location}, {price}{besides} a month, paid until {_when(row.paid_until)}.\n"
        f"Accept it before {_when(row.expires_at)} with this code: {code}\n"
        "It keeps its plan, its price and what is paid; auto-renewal will be off, and its bills are yours from then on."
        " If you do not want it, decline it."
    )
    _send_code(tx, row, Side.RECIPIENT, "transfer-acceptance", "Order Acceptance Confirmation", text, code, "accept")


def complete(tx: Tx, row: TransferRow) -> None:
    """The recipient has accepted: the order moves now (TRF-5). Its invoices and the ledger stay where they are."""
    order = tx.orders.need(row.order_id)
    if order.state in LIVE:
        _count(tx, row.account_id, order, -1)
        _count(tx, row.recipient_id, order, 1)
    take(order, rules.handed_over(order_facts(order)))
    order.auto_since = None
    order.plan_change_ticket_id = None  # TRF-5: tickets stay with the sender
    order.account_id = row.recipient_id
    order.noticed &= ~NOTICED_ENDING  # whoever got that mail does not own it any more
    _end(tx, row, TransferState.COMPLETED, Side.RECIPIENT)


def _count(tx: Tx, account_id: int, moving: OrderRow, by: int) -> None:
    """Count the order for the account (``by`` 1) or no longer (-1), from this instant on (DSC-5).

    At a step of DSC-2 the account's other orders show another discount, so their feed tells of them. Steps are at few
    orders: never of a whole fleet.
    """
    before = tx.active_count(account_id, moving.kind)
    tx.count_moved(account_id, moving.kind, by)
    if loyalty_by_count(moving.kind, before, tx.policy) == loyalty_by_count(moving.kind, before + by, tx.policy):
        return
    condition = "account_id = ? AND kind = ? AND state IN ('active', 'suspended') AND NOT individual_price"
    for other in tx.orders.where(condition, (account_id, moving.kind)):
        if other is not moving:
            tx.orders.touch(other)


def decline(tx: Tx, row: TransferRow) -> None:
    """The recipient does not want it (TRF-3)."""
    _end(tx, row, TransferState.DECLINED, Side.RECIPIENT)


def cancel(tx: Tx, row: TransferRow) -> None:
    """The sender takes it back (TRF-3)."""
    _end(tx, row, TransferState.CANCELLED, Side.SENDER)


def expire(tx: Tx, row: TransferRow) -> None:
    """Nobody took the next step in time (TRF-3). Nothing happens to one that has time left."""
    if not rules.has_expired(transfer_facts(row), tx.now):
        return
    who = "sender" if row.state == TransferState.AWAITING_SENDER else "recipient"
    _end(tx, row, TransferState.EXPIRED, None, f"the {who} did not act in time")


def cancel_for_time(tx: Tx, order: OrderRow, reason: str) -> None:
    """A running transfer ends before time changes the order (TRF-6); without one nothing happens."""
    if order.transfer_id is not None:
        _end(tx, tx.transfers.need(order.transfer_id), TransferState.CANCELLED, None, reason)


def _end(tx: Tx, row: TransferRow, state: TransferState, by: Side | None, reason: str = "") -> None:
    _take(row, rules.ended(transfer_facts(row), state, tx.now))
    actor = None if by is None else _account_of(row, by)
    _write_step(row, tx.at, actor, reason)
    order = tx.orders.need(row.order_id)
    order.transfer_id = None
    schedule_order(tx, order)
    schedule_transfer(tx, row)
    subject = f"The transfer of “{row.order_name}” {_END_WORDS[state]}"
    for side in rules.told_of_end(transfer_facts(row), by):
        text = _end_text(tx, row, state, side, reason)
        mail.send(
            tx,
            _account_of(row, side),
            f"transfer-{state}",
            subject,
            text,
            order_id=row.order_id,
            transfer_id=row.id,
        )


def _end_text(tx: Tx, row: TransferRow, state: TransferState, side: Side, reason: str) -> str:
    other = tx.accounts.need(_account_of(row, Side.RECIPIENT if side is Side.SENDER else Side.SENDER)).login
    if state is TransferState.COMPLETED:
        if side is Side.SENDER:
            return f"The server {_server(row)} belongs to {other} now. Its paid invoices stay in your account."
        return (
            f"The server {_server(row)} of {other} is yours now, paid until {_when(row.paid_until)}. Auto-renewal is"
            " off: switch it on, or renew it in time."
        )
    why = f" by {other}" if not reason else f": {reason}"
    whose = "It stays yours." if side is Side.SENDER else f"It stays with {other}."
    return f"The transfer of the server {_server(row)} {_END_WORDS[state]}{why}. {whose}"


def _send_code(
    tx: Tx, row: TransferRow, side: Side, event: str, subject: str, text: str, code: str, action: str
) -> None:
    # The code stands behind the #: what stands there never reaches a server, a log or a proxy.
    link = f"/transfers/{row.id}#{action}={code}"
    text += "\nThe same as a link, to be pasted into the program:"
    mail.send(
        tx,
        _account_of(row, side),
        event,
        subject,
        text,
        order_id=row.order_id,
        transfer_id=row.id,
        code=code,
        link=link,
    )


def _take(row: TransferRow, facts: TransferFacts) -> None:
    row.state = facts.state
    row.expires_at = None if facts.expires_at is None else micros(facts.expires_at)
    row.ended_at = None if facts.ended_at is None else micros(facts.ended_at)


def _write_step(row: TransferRow, at: int, account_id: int | None, reason: str = "") -> None:
    row.history = json.dumps([*json.loads(row.history), [row.state, at, account_id, reason]])


def _account_of(row: TransferRow, side: Side) -> int:
    return row.account_id if side is Side.SENDER else row.recipient_id


def _server(row: TransferRow) -> str:
    """Server ID and IP, as TRF-2 says."""
    return f"{row.order_id} “{row.order_name}” (IP {row.address or 'none'})"


def _when(value: int | None) -> str:
    return "no end" if value is None else format_when(instant_of(value))
