"""Transfers: an order on its way from one account to another (TRF)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules.accounts import login_refusal
from billtui.domain.rules.facts import OrderFacts, format_when
from billtui.domain.rules.orders import action_refusal
from billtui.domain.transfer_states import RUNNING_STATES, TransferState


class Side(StrEnum):
    """Who somebody is in a transfer."""

    SENDER = "sender"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True)
class Step:
    """What one side can do with a transfer (TRF-3)."""

    side: Side
    """Who can."""
    states: frozenset[str]
    """In which states."""
    comes_to: TransferState
    needs_code: bool = False
    """Whether it takes the one-time code of the mail (TRF-2)."""


STEPS: Final[dict[str, Step]] = {
    "confirm": Step(
        Side.SENDER, frozenset({TransferState.AWAITING_SENDER}), TransferState.AWAITING_RECIPIENT, needs_code=True
    ),
    "accept": Step(
        Side.RECIPIENT, frozenset({TransferState.AWAITING_RECIPIENT}), TransferState.COMPLETED, needs_code=True
    ),
    "decline": Step(Side.RECIPIENT, frozenset({TransferState.AWAITING_RECIPIENT}), TransferState.DECLINED),
    "cancel": Step(Side.SENDER, RUNNING_STATES, TransferState.CANCELLED),
}
"""The steps by name, in the order in which they are shown (TRF-3)."""
_INSTEAD: Final = {
    "confirm": "the sender confirms it; you can accept or decline it",
    "accept": "the recipient accepts it; you can cancel it",
    "decline": "the recipient declines it; you can cancel it",
    "cancel": "the sender cancels it; you can decline it",
}
_ENDED: Final = {
    TransferState.COMPLETED: "was completed",
    TransferState.CANCELLED: "was cancelled",
    TransferState.DECLINED: "was declined by its recipient",
    TransferState.EXPIRED: "has expired",
}


@dataclass(frozen=True, slots=True)
class TransferFacts:
    """One transfer, as far as the rules look at it."""

    id: str
    order_id: str
    order_name: str
    state: str
    expires_at: datetime | None
    """When it expires without the next step; ``None`` once it has ended (TRF-3)."""
    ended_at: datetime | None = None
    known_to_recipient: bool = False
    """Whether the sender has confirmed it: only then the recipient learns of it (TRF-2)."""

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self.state in RUNNING_STATES


# --- beginning one


def email_refusal(login: str) -> Refusal | None:
    """An e-mail instead of a login gets the hint that the login is meant (TRF-1). Nothing is looked up for it."""
    if login_refusal(login) is None:
        return None
    return Refusal(
        "recipient-is-email",
        "TRF-1",
        "That is an e-mail address. Type the recipient's login: they see it in their settings, beside their account"
        " ID.",
    )


def wrong_pair_refusal() -> Refusal:
    """The one neutral answer to a wrong pair: it never tells which half was wrong (TRF-1)."""
    return Refusal(
        "recipient-not-found",
        "TRF-1",
        "There is no client with this login and this account ID together. Ask the recipient for both: their settings"
        " show them.",
    )


def self_refusal(sender_id: str, recipient_id: str) -> Refusal | None:
    """An order is not transferred to its own account (TRF-4)."""
    if sender_id != recipient_id:
        return None
    return Refusal(
        "transfer-to-self", "TRF-4", "That is your own account: type the login and the account ID of somebody else."
    )


def currency_refusal(currency: str, recipient_currency: str) -> Refusal | None:
    """An account is kept in one currency, and an order keeps its price (INV-10, TRF-5)."""
    if currency == recipient_currency:
        return None
    return Refusal(
        "currency-mismatch",
        "INV-10",
        f"The recipient's account is kept in {recipient_currency}, and an order keeps its price in {currency}: it"
        " cannot be transferred there.",
    )


def push_refusal(order: OrderFacts, now: datetime, policy: Policy = DEFAULT_POLICY) -> Refusal | None:
    """Why the order cannot enter a transfer (TRF-4): open invoice, pending, blocked, gone, or in one already."""
    return action_refusal(order, "transfer", now, policy)


def several_refused(refused: Sequence[tuple[OrderFacts, Refusal]], asked: int) -> Refusal:
    """The answer to a push of ``asked`` orders of which more than one is refused: none is pushed, each is named."""
    names = ", ".join(f"“{order.name}”" for order, _ in refused[:5])
    more = f" and {len(refused) - 5} more" if len(refused) > 5 else ""
    return Refusal(
        "orders-refused",
        "TRF-4",
        f"{len(refused)} of {asked} orders cannot be transferred: {names}{more}. Nothing was begun; leave them out, or"
        " do first what each of them needs.",
        {"order_ids": " ".join(order.id for order, _ in refused)},
    )


# --- going on


def expires_at(stepped_at: datetime, policy: Policy = DEFAULT_POLICY) -> datetime:
    """When a transfer expires unless the next step is taken (TRF-3). That instant is too late."""
    return stepped_at + policy.transfer_lifetime


def over_refusal(transfer: TransferFacts) -> Refusal | None:
    """A transfer that has ended takes no step any more (TRF-3)."""
    if transfer.is_running:
        return None
    state = TransferState(transfer.state)
    when = f" at {format_when(transfer.ended_at)}" if transfer.ended_at is not None else ""
    way = "there is nothing left to do" if state is TransferState.COMPLETED else "its sender can begin another one"
    return Refusal(
        "transfer-over",
        "TRF-3",
        f"The transfer of “{transfer.order_name}” {_ENDED[state]}{when}: {way}.",
        {"transfer_id": transfer.id, "order_id": transfer.order_id, "state": transfer.state},
    )


def step_refusal(transfer: TransferFacts, action: str, side: Side) -> Refusal | None:
    """Why ``side`` cannot take the step ``action`` now (TRF-2, TRF-3). Raises ``KeyError`` for an unknown step."""
    step = STEPS[action]
    about = {"transfer_id": transfer.id, "order_id": transfer.order_id, "state": transfer.state}
    over = over_refusal(transfer)
    if over is not None:
        return over
    if step.side is not side:
        reason = f"You are the {side} of the transfer of “{transfer.order_name}”: {_INSTEAD[action]}."
        if step.side is Side.SENDER:
            return Refusal("not-the-sender", "TRF-2", reason, about)
        return Refusal("not-the-recipient", "TRF-2", reason, about)
    if transfer.state in step.states:
        return None
    if action == "confirm":
        reason = f"You have confirmed the transfer of “{transfer.order_name}”: it waits for its recipient."
        return Refusal("already-confirmed", "TRF-3", reason, about)
    reason = f"The sender has not confirmed the transfer of “{transfer.order_name}” yet: wait for the mail."
    return Refusal("not-confirmed-yet", "TRF-2", reason, about)


def steps(transfer: TransferFacts, side: Side) -> dict[str, Refusal | None]:
    """Every step with ``None`` where ``side`` can take it now, else why not (TRF-3)."""
    return {action: step_refusal(transfer, action, side) for action in STEPS}


def stepped(transfer: TransferFacts, action: str, now: datetime, policy: Policy = DEFAULT_POLICY) -> TransferFacts:
    """The transfer after a step (TRF-3). Raises ``ValueError`` where it cannot be taken."""
    step = STEPS[action]
    if transfer.state not in step.states:
        raise ValueError(f"transfer {transfer.id} is {transfer.state}: no {action}")
    if step.comes_to in RUNNING_STATES:
        return replace(
            transfer, state=step.comes_to, expires_at=expires_at(now, policy), known_to_recipient=True, ended_at=None
        )
    return ended(transfer, step.comes_to, now)


def ended(transfer: TransferFacts, state: TransferState, now: datetime) -> TransferFacts:
    """The transfer after its end (TRF-3)."""
    return replace(transfer, state=state, expires_at=None, ended_at=now)


def has_expired(transfer: TransferFacts, now: datetime) -> bool:
    """Whether it ran out of time: at the instant of its expiry and later (TRF-3)."""
    return transfer.is_running and transfer.expires_at is not None and now >= transfer.expires_at


def told_of_end(transfer: TransferFacts, by: Side | None) -> tuple[Side, ...]:
    """Who gets a mail about the end: whoever knows of the transfer, but not who ended it (TRF-2, TRF-6).

    ``by`` is ``None`` where time did it. Of a completed one both are told: the order has moved.
    """
    knowing = (Side.SENDER, Side.RECIPIENT) if transfer.known_to_recipient else (Side.SENDER,)
    if transfer.state == TransferState.COMPLETED:
        return knowing
    return tuple(side for side in knowing if side is not by)


def handed_over(order: OrderFacts) -> OrderFacts:
    """The order with its new owner (TRF-5): plan, price, paid-until and length of use stay, auto-renewal is off."""
    return replace(order, transfer_id=None, auto_renew_on=False, auto_renew_since=None)


# --- codes


def used_refusal(transfer: TransferFacts, action: str) -> Refusal:
    """A confirmation works once (TRF-3)."""
    done = "confirmed" if action == "confirm" else "accepted"
    return Refusal(
        "code-used",
        "TRF-3",
        f"This code was used before: the transfer of “{transfer.order_name}” is {done} already.",
        {"transfer_id": transfer.id, "order_id": transfer.order_id, "state": transfer.state},
    )


def wrong_code_refusal(transfer: TransferFacts) -> Refusal:
    """A code that is not the one of this transfer and this step (TRF-2)."""
    return Refusal(
        "wrong-code",
        "TRF-2",
        f"This is not the code for “{transfer.order_name}”: take it from the mail about this very order, or paste the"
        " link of that mail.",
        {"transfer_id": transfer.id, "order_id": transfer.order_id, "state": transfer.state},
    )


# --- how often one may guess


def _free_again(tries: Iterable[datetime], now: datetime, limit: int, window: timedelta) -> datetime | None:
    """From when on another try is free, if ``limit`` of them fell into the last ``window``."""
    counted = sorted(at for at in tries if now - window < at <= now)
    return counted[-limit] + window if len(counted) >= limit else None


def pair_limit_refusal(
    wrong_pairs: Iterable[datetime], now: datetime, policy: Policy = DEFAULT_POLICY
) -> Refusal | None:
    """After 10 wrong pairs within an hour no pair is looked up, the right one neither (TRF-1)."""
    free = _free_again(wrong_pairs, now, policy.wrong_recipients, policy.guess_window)
    if free is None:
        return None
    reason = f"Too many recipients that do not exist: try again at {format_when(free)}."
    return Refusal("too-many-wrong-recipients", "TRF-1", reason, {}, free)


def code_limit_refusal(
    transfer: TransferFacts, wrong_codes: Iterable[datetime], now: datetime, policy: Policy = DEFAULT_POLICY
) -> Refusal | None:
    """After 10 wrong codes within an hour none is looked at for this transfer, the right one neither (TRF-2)."""
    free = _free_again(wrong_codes, now, policy.wrong_codes, policy.guess_window)
    if free is None:
        return None
    reason = f"Too many wrong codes for “{transfer.order_name}”: try again at {format_when(free)}."
    return Refusal("too-many-wrong-codes", "TRF-2", reason, {"transfer_id": transfer.id}, free)
