"""Pushes and steps against the reference panel in its own process: drift, codes, lost answers, refusals (TRF)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from billtui.domain.models import RenewalRequest
from billtui.services import planner
from billtui.services.executor import Executor, Limits
from billtui.services.journal import JobState, OperationRow, OperationState, PauseReason, TargetsBusy
from billtui.services.plans import OperationKind, Plan
from tests.support.executors import executors
from tests.support.handover import Handover, Party
from tests.support.sandbox import SandboxProcess, sound_panel

S = OperationState
K = OperationKind
SECONDS = 60.0
LIMITS = Limits(concurrency=4, first_pause=0.02, longest_pause=0.2, rate_pause=0.05)
NewExecutor = Callable[[Party], Executor]
CODED = (K.TRANSFER_CONFIRM, K.TRANSFER_ACCEPT)
STEPS = (*CODED, K.TRANSFER_DECLINE, K.TRANSFER_CANCEL)
ENDS = {
    K.TRANSFER_CONFIRM: "awaiting recipient",
    K.TRANSFER_ACCEPT: "completed",
    K.TRANSFER_DECLINE: "declined",
    K.TRANSFER_CANCEL: "cancelled",
}


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    with sound_panel(tmp_path_factory.mktemp("transfers") / "panel.db", fleet=160) as server:
        yield server


@pytest.fixture(scope="module")
def shared(panel: SandboxProcess) -> Handover:
    return Handover(panel)


@pytest.fixture
def handover(shared: Handover) -> Iterator[Handover]:
    yield shared
    shared.sandbox.faults()


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite"


@pytest.fixture
def new_executor(journal: Path) -> Iterator[NewExecutor]:
    with executors() as begin:

        def start(party: Party) -> Executor:
            return begin(party.client, journal, limits=LIMITS)

        yield start


def carry(executor: Executor, plan: Plan, codes: dict[int, SecretStr] | None = None) -> OperationRow:
    """Carry a plan of one operation out; its row at the end."""
    executor.wait(executor.submit(plan, codes=codes), SECONDS)
    [row] = executor.reader.operations(plan.id)
    return row


def prepared(handover: Handover, kind: OperationKind) -> tuple[str, str, Plan, dict[int, SecretStr]]:
    """A step that is due: (order, transfer, plan, codes)."""
    [order] = handover.orders()
    transfer_id = handover.begun(order, confirmed=kind in (K.TRANSFER_ACCEPT, K.TRANSFER_DECLINE))
    codes = {1: handover.code(kind, transfer_id)} if kind in CODED else {}
    return order.id.raw, transfer_id, handover.step(kind, transfer_id), codes


# -- the plain way ----------------------------------------------------------------------------------------------------


def test_a_push_of_several_is_one_request_and_each_is_its_own_transfer(
    handover: Handover, new_executor: NewExecutor
) -> None:
    """TRF-2, TRF-7; the journal keeps ids and states, and nothing that a mail is for."""
    orders = handover.orders(3)
    row = carry(new_executor(handover.sender), handover.push(orders))
    assert row.state is S.DONE and row.sends == 1 and row.answer is not None
    items = row.answer["items"]
    assert [one["order_id"] for one in items] == [one.id.raw for one in orders]
    assert {one["state"] for one in items} == {"awaiting sender"} and len({one["push_id"] for one in items}) == 1
    assert all(set(one) <= {"id", "order_id", "push_id", "state", "expires_at", "counterparty",
                            "counterparty_account_id"} for one in items)  # fmt: skip
    assert {handover.sender.transfer(one["id"]).order_id.raw for one in items} == {one.id.raw for one in orders}


@pytest.mark.parametrize("kind", STEPS)
def test_each_step_is_done_once_and_locks_transfer_and_order(
    handover: Handover, new_executor: NewExecutor, kind: OperationKind
) -> None:
    """TRF-2, TRF-3."""
    order_id, transfer_id, plan, codes = prepared(handover, kind)
    executor = new_executor(handover.party(kind))
    row = carry(executor, plan, codes)
    assert (row.state, row.sends, row.targets) == (S.DONE, 1, (f"transfer:{transfer_id}", f"order:{order_id}")), row
    assert handover.sender.transfer(transfer_id).state == ENDS[kind]
    assert handover.recipient.owns(order_id) is (kind is K.TRANSFER_ACCEPT)
    assert handover.sender.owns(order_id) is (kind is not K.TRANSFER_ACCEPT)
    assert executor.reader.verify() == []


def test_notifications_change_and_a_change_by_somebody_else_is_drift(
    handover: Handover, new_executor: NewExecutor
) -> None:
    """ACC-8."""
    executor = new_executor(handover.sender)
    account = handover.sender.account()
    free = [rule for rule in account.notifications if not rule.fixed]
    event, on = free[0].event.raw, {name.raw: value for name, value in free[0].channels.items()}["email"]
    plan = planner.notifications(account, {event: {"email": not on}})
    stale = planner.notifications(account, {event: {"email": not on}, free[1].event.raw: {"email": False}})
    row = carry(executor, plan)
    assert row.state is S.DONE and row.answer == {"settings": {event: {"email": not on}}}
    refused = carry(executor, stale)
    assert (refused.state, refused.code) == (S.REFUSED, "facts-changed")
    assert " by email was o" in str(refused.detail)


# -- drift ------------------------------------------------------------------------------------------------------------


def test_a_push_rests_on_every_order(handover: Handover, new_executor: NewExecutor) -> None:
    """TRF-4: an invoice, a transfer, another name, another owner: nothing of the push is sent, and each is named."""
    orders = handover.orders(5)
    plan = handover.push(orders)
    billed, same = orders[0].id.raw, orders[4].id.raw
    request = RenewalRequest.model_validate({"order_ids": [billed], "period": 1})
    quote = handover.sender.ask(lambda client: client.quotes.renewal([billed], 1, None))
    executor = new_executor(handover.sender)
    assert carry(executor, planner.renew(handover.sender.account(), quote, request, orders[:1])).state is S.DONE
    handover.begun(orders[1])
    assert carry(executor, planner.rename(handover.sender.account(), orders[2], "another-name")).state is S.DONE
    transfer_id = handover.begun(orders[3], confirmed=True)
    accept = handover.step(K.TRANSFER_ACCEPT, transfer_id)
    theirs = new_executor(handover.recipient)
    assert carry(theirs, accept, {1: handover.code(K.TRANSFER_ACCEPT, transfer_id)}).state is S.DONE
    row = carry(executor, plan)
    assert (row.state, row.code, row.sends) == (S.REFUSED, "facts-changed", 0)
    words = str(row.detail)
    assert "bills" in words and "pay or delete it first" in words
    assert "is in a transfer already" in words
    assert "has another name now: another-name" in words
    assert f"“{orders[3].name}” is no longer an order of this account" in words
    assert str(orders[4].name) not in words and handover.transfers_of(same) == []


@pytest.mark.parametrize("kind", CODED)
def test_a_step_that_is_not_due_any_more_is_not_sent(
    handover: Handover, new_executor: NewExecutor, kind: OperationKind
) -> None:
    """TRF-3: the other side was quicker."""
    _, transfer_id, plan, codes = prepared(handover, kind)
    other = K.TRANSFER_CANCEL if kind is K.TRANSFER_ACCEPT else K.TRANSFER_CONFIRM
    before = handover.step(other, transfer_id)
    given = {1: handover.code(other, transfer_id)} if other in CODED else {}
    assert carry(new_executor(handover.sender), before, given).state is S.DONE
    row = carry(new_executor(handover.party(kind)), plan, codes)
    assert (row.state, row.code, row.sends) == (S.REFUSED, "facts-changed", 0)
    assert f"now it is {ENDS[other]}" in str(row.detail)


def test_what_somebody_changed_in_a_file_is_not_sent(handover: Handover, new_executor: NewExecutor) -> None:
    """A step for another order than the transfer's, or with another side, is drift; so is a wrong price."""
    for name, value, words in (
        ("counterparty", "somebody", "The other side"),
        ("monthly_price", {"amount": "0.01", "currency": "EUR"}, "monthly price"),
        ("paid_until", "2031-01-01T00:00:00Z", "paid period"),
    ):
        _, transfer_id, plan, _ = prepared(handover, K.TRANSFER_CANCEL)
        document = json.loads(plan.to_json())
        document["operations"][0]["facts"][name] = value
        row = carry(new_executor(handover.sender), Plan.from_json(json.dumps(document)))
        assert (row.state, row.code) == (S.REFUSED, "facts-changed") and words in str(row.detail)
        assert handover.sender.transfer(transfer_id).state == "awaiting sender"


# -- lost answers -----------------------------------------------------------------------------------------------------

FAULTS = ("drop-before", "drop-after", "http-500", "http-503", "html", "garble", "truncate", "rate-limit")
SEEN = ("drop-after", "html", "garble", "truncate")
"""The work was done: it is not sent again."""


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_breaks_each_kind_happens_once(handover: Handover, new_executor: NewExecutor, fault: str) -> None:
    """RELIABILITY "Money": a lost answer is settled by look-up; with its code at hand it goes again where it must."""
    codes: dict[int, SecretStr]
    for kind in (K.TRANSFER_PUSH, *STEPS):
        if kind is K.TRANSFER_PUSH:
            orders = handover.orders(2)
            ids, plan, codes = [one.id.raw for one in orders], handover.push(orders), {}
            path = "*/transfers"
        else:
            order_id, transfer_id, plan, codes = prepared(handover, kind)
            ids, path = [order_id], f"*/transfers/{transfer_id}/*"
        handover.sandbox.faults({"kind": fault, "times": 1, "method": "POST", "path": path})
        row = carry(new_executor(handover.party(kind)), plan, codes)
        assert handover.sandbox.fault_strikes() == [1], kind
        assert row.state is S.DONE, (kind, row.code, row.detail)
        assert (row.sends == 1) is (fault in SEEN), (kind, row.sends)
        for order_id in ids:
            [transfer] = handover.transfers_of(order_id)
            assert transfer.state == ENDS.get(kind, "awaiting sender")
            assert len([one for one in transfer.history if one.state == transfer.state]) == 1
            assert handover.recipient.owns(order_id) is (kind is K.TRANSFER_ACCEPT)


# -- codes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CODED)
def test_without_its_code_it_is_not_sent_and_says_what_to_do(
    handover: Handover, new_executor: NewExecutor, kind: OperationKind
) -> None:
    """TRF-2."""
    _, transfer_id, plan, codes = prepared(handover, kind)
    executor = new_executor(handover.party(kind))
    row = carry(executor, plan)
    assert (row.state, row.code, row.rule, row.sends) == (S.REFUSED, "code-needed", "TRF-2", 0)
    step = "confirm" if kind is K.TRANSFER_CONFIRM else "accept"
    assert f"billtui transfers {step} id:{transfer_id}" in str(row.detail)
    assert carry(executor, handover.step(kind, transfer_id), codes).state is S.DONE


def test_a_wrong_code_is_refused_in_the_panels_words_and_the_right_one_goes_then(
    handover: Handover, new_executor: NewExecutor
) -> None:
    """TRF-2."""
    _, transfer_id, plan, codes = prepared(handover, K.TRANSFER_CONFIRM)
    executor = new_executor(handover.sender)
    row = carry(executor, plan, {1: SecretStr("WRNG-WRNG-WRNG-WRNG")})
    assert (row.state, row.code, row.rule) == (S.REFUSED, "wrong-code", "TRF-2")
    assert "take it from the mail" in str(row.detail)
    assert carry(executor, handover.step(K.TRANSFER_CONFIRM, transfer_id), codes).state is S.DONE


def test_a_code_outlives_a_pause_of_its_program_and_not_the_program(
    handover: Handover, new_executor: NewExecutor, journal: Path
) -> None:
    """TRF-2: after the session ended it goes on with the code at hand; another program finds it gone, and says so."""
    _, transfer_id, plan, codes = prepared(handover, K.TRANSFER_ACCEPT)
    recipient = Party(handover.sandbox, handover.recipient.login)
    handover.sandbox.faults({"kind": "expire-session", "times": 1, "method": "POST", "path": f"*/{transfer_id}/accept"})
    executor = new_executor(recipient)
    job = executor.wait(executor.submit(plan, codes=codes), SECONDS)
    assert (job.state, job.paused) == (JobState.PAUSED, PauseReason.SIGN_IN)
    recipient.token = handover.sandbox.sign_in(recipient.login)
    executor.new_session()
    executor.resume(plan.id)
    assert executor.wait(plan.id, SECONDS).counts == {S.DONE: 1}

    _, transfer_id, plan, codes = prepared(handover, K.TRANSFER_CONFIRM)
    sender = Party(handover.sandbox, handover.sender.login)
    handover.sandbox.faults({"kind": "expire-session", "times": 1, "method": "POST", "path": f"*/{transfer_id}/*"})
    executor = new_executor(sender)
    assert executor.wait(executor.submit(plan, codes=codes), SECONDS).paused is PauseReason.SIGN_IN
    executor.close()
    later = new_executor(handover.sender)
    later.recover()
    [row] = later.reader.operations(plan.id)
    assert (row.state, row.code) == (S.REFUSED, "code-needed")
    assert carry(later, handover.step(K.TRANSFER_CONFIRM, transfer_id), codes).state is S.DONE
    content = b"".join(path.read_bytes() for path in journal.parent.rglob("*") if path.is_file())
    assert content and not any(one.get_secret_value().encode() in content for one in codes.values())


def test_two_plans_for_one_transfer_do_not_meet(handover: Handover, new_executor: NewExecutor) -> None:
    """One open operation for a transfer and for its order, whatever their kinds."""
    order_id, transfer_id, plan, codes = prepared(handover, K.TRANSFER_CONFIRM)
    sender = Party(handover.sandbox, handover.sender.login)
    handover.sandbox.faults({"kind": "expire-session", "times": 1, "method": "POST", "path": f"*/{transfer_id}/*"})
    executor = new_executor(sender)
    executor.wait(executor.submit(plan, codes=codes), SECONDS)
    with pytest.raises(TargetsBusy):
        executor.submit(handover.step(K.TRANSFER_CANCEL, transfer_id))
    with pytest.raises(TargetsBusy):
        executor.submit(planner.rename(handover.sender.account(), handover.sender.order(order_id).model_copy(
            update={"transfer_id": None}), "x-1"))  # fmt: skip
    assert executor.cancel(plan.id) == 1
    assert carry(new_executor(handover.sender), handover.step(K.TRANSFER_CANCEL, transfer_id)).state is S.DONE


def test_when_one_accepts_and_the_other_cancels_exactly_one_of_them_did(
    handover: Handover, new_executor: NewExecutor
) -> None:
    """TRF-3: at the same instant, on one host; both journals say what the panel did."""
    sender, recipient = new_executor(handover.sender), new_executor(handover.recipient)
    for _ in range(8):
        order_id, transfer_id, accept, codes = prepared(handover, K.TRANSFER_ACCEPT)
        cancel = handover.step(K.TRANSFER_CANCEL, transfer_id)
        gate = threading.Barrier(2)

        def go(
            executor: Executor, plan: Plan, given: dict[int, SecretStr], gate: threading.Barrier = gate
        ) -> OperationRow:
            gate.wait(SECONDS)
            return carry(executor, plan, given)

        with ThreadPoolExecutor(2) as pool:
            taken, ended = pool.submit(go, recipient, accept, codes), pool.submit(go, sender, cancel, {})
            rows = {"completed": taken.result(SECONDS), "cancelled": ended.result(SECONDS)}
        state = str(handover.sender.transfer(transfer_id).state)
        assert {name for name, row in rows.items() if row.state is S.DONE} == {state}
        [lost] = [row for row in rows.values() if row.state is not S.DONE]
        assert (lost.state, lost.code in ("transfer-over", "facts-changed")) == (S.REFUSED, True), lost
        assert handover.recipient.owns(order_id) is (state == "completed")
        assert handover.sender.owns(order_id) is (state == "cancelled")


def test_guessing_at_recipients_ends_instead_of_waiting_for_an_hour(
    own_sandbox: Callable[..., SandboxProcess], new_executor: NewExecutor
) -> None:
    """TRF-1: after ten wrong pairs the eleventh is refused at once, with the time from which on it is possible."""
    handover = Handover(own_sandbox())
    [order] = handover.orders()
    executor = new_executor(handover.sender)
    account = handover.sender.account()
    codes = [carry(executor, planner.push(account, [order], "nobody", "1")).code for _ in range(11)]
    assert codes == ["recipient-not-found"] * 10 + ["too-many-wrong-recipients"]
    [row] = executor.reader.operations(executor.reader.jobs(1)[0].id)
    assert row.state is S.REFUSED and "try again at" in str(row.detail)
