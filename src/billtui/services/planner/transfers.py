"""Plans that move orders to another account: the push, and the steps of each transfer (TRF)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from billtui.domain.models import Account, Order, Transfer, TransferDirection, TransferState
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.domain.refusal import Refusal
from billtui.domain.rules import transfers as transfer_rules
from billtui.domain.rules.accounts import account_id_refusal
from billtui.domain.rules.facts import order_facts
from billtui.domain.rules.transfers import Side, TransferFacts
from billtui.domain.safetext import SafeText
from billtui.domain.transfer_states import RUNNING_STATES
from billtui.services.journal.rows import Busy
from billtui.services.planner.draft import Draft, counted
from billtui.services.planner.facts import facts_of_pushed, facts_of_transfer
from billtui.services.planner.purchases import in_requests
from billtui.services.plans import OperationKind, Plan

K = OperationKind

WORDS = {
    K.TRANSFER_CONFIRM: "Confirm the transfer",
    K.TRANSFER_ACCEPT: "Accept the transfer",
    K.TRANSFER_DECLINE: "Decline the transfer",
    K.TRANSFER_CANCEL: "Cancel the transfer",
}
"""What each step does, before "of web-1"."""


def recipient_refusal(account: Account, login: str, account_id: str) -> Refusal | None:
    """Why an order of ``account`` cannot go to this pair, as far as that is known without asking (TRF-1, TRF-4).

    Whether the two belong together only the panel knows.
    """
    typed, wanted = login.strip(), account_id.strip()
    if not typed or not wanted:
        missing = "login" if not typed else "account ID"
        return Refusal("invalid-input", "TRF-1", f"The recipient's {missing} is missing: both are needed.")
    wrong = transfer_rules.email_refusal(typed) or account_id_refusal(wanted)
    if wrong is not None:
        return wrong
    if typed.casefold() == account.login.raw.casefold() or wanted == account.account_id.raw:
        own = account.account_id.raw
        return transfer_rules.self_refusal(own, own)
    return None


def push(
    account: Account,
    orders: Sequence[Order],
    recipient_login: str,
    recipient_account_id: str,
    *,
    now: datetime | None = None,
    policy: Policy = DEFAULT_POLICY,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """Begin a transfer of each order to the account that has both this login and this ID (TRF-1, TRF-7).

    What cannot be transferred now is left out with the reason (TRF-4); the panel takes the others all or none. More
    than 1,000 orders are several requests (BLK-7).
    """
    draft = Draft(account, K.TRANSFER_PUSH, profile, busy or {})
    login, account_id = recipient_login.strip(), recipient_account_id.strip()
    to_nobody = recipient_refusal(account, login, account_id)
    moment = now or datetime.now(UTC)
    chosen: list[Order] = []
    for order in orders:
        target, title = f"order:{order.id.raw}", str(order.name)
        if draft.taken([target], title):
            continue
        refusal = to_nobody or transfer_rules.push_refusal(order_facts(order), moment, policy)
        if refusal is not None:
            draft.refuse(target, title, refusal)
        else:
            chosen.append(order)
    to = f"{SafeText(login)} (account {SafeText(account_id)})"
    for part in _parts(chosen, policy.bulk_limit):
        what = str(part[0].name) if len(part) == 1 else counted(len(part), "order")
        ids = [one.id.raw for one in part]
        draft.add(
            K.TRANSFER_PUSH,
            [f"order:{one}" for one in ids],
            f"Push {what} to {to}",
            params={
                "order_ids": list(ids),
                "recipient_login": login,
                "recipient_account_id": account_id,
            },
            facts={"orders": {one.id.raw: facts_of_pushed(one) for one in part}},
        )
    if not chosen:
        return draft.plan("Push nothing")
    several = in_requests(len(draft.operations))
    return draft.plan(draft.named(f"Push {counted(len(chosen), 'order')} to {to}{several}"))


def _parts(orders: Sequence[Order], most: int) -> list[Sequence[Order]]:
    return [orders[start : start + most] for start in range(0, len(orders), most)]


def confirm_transfer(
    account: Account,
    transfers: Sequence[Transfer],
    *,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """The sender's confirmation of each (TRF-2). Hand each one's code over with the plan, see ``Plan.coded``."""
    return _step(account, transfers, K.TRANSFER_CONFIRM, busy, profile)


def accept_transfer(
    account: Account,
    transfers: Sequence[Transfer],
    *,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """The recipient's acceptance of each: the orders move (TRF-2, TRF-5). Each needs its code, see ``Plan.coded``."""
    return _step(account, transfers, K.TRANSFER_ACCEPT, busy, profile)


def decline_transfer(
    account: Account,
    transfers: Sequence[Transfer],
    *,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """The recipient's no to each (TRF-3)."""
    return _step(account, transfers, K.TRANSFER_DECLINE, busy, profile)


def cancel_transfer(
    account: Account,
    transfers: Sequence[Transfer],
    *,
    busy: Mapping[str, Busy] | None = None,
    profile: str = "",
) -> Plan:
    """The sender's no to each, any time before it is completed (TRF-3)."""
    return _step(account, transfers, K.TRANSFER_CANCEL, busy, profile)


def _step(
    account: Account,
    transfers: Sequence[Transfer],
    kind: OperationKind,
    busy: Mapping[str, Busy] | None,
    profile: str,
) -> Plan:
    draft = Draft(account, kind, profile, busy or {})
    for transfer in transfers:
        target, title = f"transfer:{transfer.id.raw}", title_of(transfer)
        targets = [target, f"order:{transfer.order_id.raw}"]
        if draft.taken(targets, title):
            continue
        refusal = step_refusal(transfer, kind)
        if refusal is not None:
            draft.refuse(target, title, refusal)
            continue
        draft.add(
            kind,
            targets,
            f"{WORDS[kind]} of {title} {_with(transfer)}",
            params={"transfer_id": transfer.id.raw},
            facts=facts_of_transfer(transfer),
        )
    return draft.plan(draft.named(f"{WORDS[kind]} of {counted(len(draft.operations), 'order')}"))


def title_of(transfer: Transfer) -> str:
    """The order's name, or its id where the panel does not tell the name."""
    return str(transfer.order_name) or f"order {transfer.order_id}"


def _with(transfer: Transfer) -> str:
    return f"{'to' if transfer.direction == TransferDirection.OUT else 'from'} {transfer.counterparty}"


_STEP = {
    K.TRANSFER_CONFIRM: "confirm",
    K.TRANSFER_ACCEPT: "accept",
    K.TRANSFER_DECLINE: "decline",
    K.TRANSFER_CANCEL: "cancel",
}


def step_refusal(transfer: Transfer, kind: OperationKind) -> Refusal | None:
    """Why the step is not possible, in the panel's words where it says them (TRF-3)."""
    about = {"transfer_id": transfer.id.raw, "order_id": transfer.order_id.raw}
    if transfer.state not in set(TransferState):
        words = f"The transfer of “{title_of(transfer)}” is “{transfer.state}”: what that means is not known here."
        return Refusal("unknown-state", "TRF-3", f"{words} Use the panel's own pages.", about)
    side = Side.SENDER if transfer.direction == TransferDirection.OUT else Side.RECIPIENT
    ours = transfer_rules.step_refusal(_facts(transfer), _STEP[kind], side)
    for action in transfer.actions:
        if action.action == _STEP[kind] and not action.allowed:
            known = ours or Refusal("refused", "TRF-3", "The panel does not allow it now.")
            return Refusal(
                str(action.code or known.code), str(action.rule or known.rule), str(action.reason or known.reason),
                about, action.available_from,
            )  # fmt: skip
    return ours


def _facts(transfer: Transfer) -> TransferFacts:
    ended = transfer.history[-1].at if transfer.history and transfer.state not in RUNNING_STATES else None
    return TransferFacts(
        transfer.id.raw, transfer.order_id.raw, title_of(transfer), str(transfer.state), transfer.expires_at, ended
    )
