"""Writes on a panel without idempotency keys: never a second time by themselves, found by looking or by a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from billtui.client.pace import Pace
from billtui.domain.models import OrderRequest, Quote, RenewalRequest
from billtui.services import findings, planner
from billtui.services.executor import Executor, Limits
from billtui.services.journal import JobState, Journal, NotAlone, OperationRow, OperationState, PauseReason
from billtui.services.plans import Plan
from tests.support.executors import executors
from tests.support.keyless_panel import TRAITS, KeylessDriver, KeylessPanel
from tests.support.money_panel import FAULTS_AFTER, FAULTS_BEFORE, Fault, eventually

S = OperationState
SECONDS = 20.0
LIMITS = Limits(concurrency=3, first_pause=0.02, longest_pause=0.05, rate_pause=0.01, looks=3)
NewExecutor = Callable[..., Executor]


@pytest.fixture
def panel() -> Iterator[KeylessPanel]:
    with KeylessPanel() as panel:
        yield panel


@pytest.fixture
def new_executor(panel: KeylessPanel, tmp_path: Path) -> Iterator[NewExecutor]:
    with executors() as begin:

        def start(name: str = "journal", **limits: Any) -> Executor:
            return begin(panel.client, tmp_path / "state" / name, limits=replace(LIMITS, **limits))

        yield start


@pytest.fixture
def executor(new_executor: NewExecutor) -> Executor:
    return new_executor()


def renewals(panel: KeylessPanel, count: int = 1, then: str | None = "internal") -> Plan:
    orders = panel.add_orders(count)
    requests = [RenewalRequest.model_validate({"order_ids": [one.id.raw], "period": 1}) for one in orders]
    quotes = [Quote.model_validate(panel._quote({"order_ids": [one.id.raw], "period": 1})) for one in orders]
    return planner.renew_many(panel.account(), quotes, requests, orders, then)


def purchase(panel: KeylessPanel, quantity: int = 2, then: str | None = None) -> Plan:
    asked = {"cells": [{"plan": "vds-micro", "location": "nl", "quantity": quantity}], "period": 1}
    quote = Quote.model_validate(panel._quoted({"kind": "order", **asked})[1])
    return planner.buy(panel.account(), [quote], [OrderRequest.model_validate(asked)], then)


def rows(executor: Executor, plan: Plan) -> list[OperationRow]:
    return executor.reader.operations(plan.id)


def carry(executor: Executor, plan: Plan) -> list[S]:
    executor.wait(executor.submit(plan), SECONDS)
    return [row.state for row in rows(executor, plan)]


def each_once(panel: KeylessPanel, plan: Plan) -> bool:
    return all(len(panel.done_by(plan.key(one.number))) <= 1 for one in plan.operations)


def test_the_plain_way_is_the_same(executor: Executor, panel: KeylessPanel) -> None:
    plan = renewals(panel, 3)
    assert carry(executor, plan) == [S.DONE] * 6
    assert [one.kind for one in panel.effects] == ["renew"] * 3 + ["pay"] * 3
    assert executor.reader.verify() == []


def test_a_picture_is_in_the_journal_before_the_request_leaves(executor: Executor, panel: KeylessPanel) -> None:
    seen: list[dict[str, Any] | None] = []
    plan = renewals(panel, 1, None)

    def arrived(what: str) -> None:
        if what == "POST /renewals":
            row = executor.reader.operation(plan.id, 1)
            assert row.state is S.SENDING
            seen.append(row.picture)

    panel.on_request = arrived
    assert carry(executor, plan) == [S.DONE]
    assert len(seen) == 1
    assert seen[0] is not None
    assert seen[0]["seen"]["paid_until"] == {"1": panel.orders["1"]["paid_until"]}


def test_the_price_is_the_last_thing_that_is_looked_at(executor: Executor, panel: KeylessPanel) -> None:
    """Such panels take no "at most this": a picture that takes long must not lie between the price and the request."""
    plan = renewals(panel, 1)
    assert carry(executor, plan) == [S.DONE] * 2
    bought = panel.requests.index("POST /renewals")
    assert panel.requests[:bought][-2:] == ["GET /state", "POST /quotes"]
    paid = next(place for place, what in enumerate(panel.requests) if what.endswith("/payments"))
    assert panel.requests[:paid][-2] == "GET /state" and "GET /invoices" in panel.requests[paid - 1]


@pytest.mark.parametrize("fault", [one for one in FAULTS_AFTER if not one.startswith("hang")])
def test_a_lost_answer_is_found_by_looking(executor: Executor, panel: KeylessPanel, fault: str) -> None:
    panel.faults = [Fault(fault, "POST /renewals"), Fault(fault, "payments")]
    plan = renewals(panel, 2)
    assert carry(executor, plan) == [S.DONE] * 4
    assert sorted(one.kind for one in panel.effects) == ["pay", "pay", "renew", "renew"]
    assert each_once(panel, plan)
    paid = rows(executor, plan)[2]
    assert (paid.code, paid.sends) == (findings.FOUND, 1)
    assert paid.finding is not None
    assert paid.finding["state"] == "done"
    assert executor.reader.verify() == []


@pytest.mark.parametrize("fault", [one for one in FAULTS_BEFORE if not one.startswith("hang")])
def test_what_did_not_happen_stays_with_a_person(executor: Executor, panel: KeylessPanel, fault: str) -> None:
    panel.faults = [Fault(fault, "POST /renewals", 9)]
    plan = renewals(panel, 1)
    assert carry(executor, plan) == [S.NEEDS_YOU, S.PREPARED]
    row = rows(executor, plan)[0]
    assert (row.code, row.sends, panel.effects) == (findings.NOT_DONE, 1, [])
    assert row.picture is not None
    assert row.finding is not None
    assert row.picture["seen"] == row.finding["now"]  # both are there to be shown
    executor.decide(plan.id, 1, as_done=False)
    executor.wait(plan.id, SECONDS)
    assert [one.state for one in rows(executor, plan)] == [S.REFUSED, S.CANCELLED]
    assert panel.writes() == ["POST /renewals"]


def test_nothing_that_a_person_does_with_a_job_sends_it_again(executor: Executor, panel: KeylessPanel) -> None:
    panel.faults = [Fault("drop-before", "POST /orders", 9)]
    plan = purchase(panel)
    assert carry(executor, plan) == [S.NEEDS_YOU]
    panel.faults.clear()
    executor.resume(plan.id)
    executor.retry_failed(plan.id)
    executor.settle_now(plan.id)
    assert executor.submit(plan) == plan.id  # the same plan file, on this host: the job that is there
    assert executor.cancel(plan.id) == 0
    executor.wait(plan.id, SECONDS)
    assert [one.state for one in rows(executor, plan)] == [S.NEEDS_YOU]
    assert panel.writes() == ["POST /orders"]
    assert panel.effects == []


def test_what_happens_late_is_found_when_it_is_looked_again(new_executor: NewExecutor, panel: KeylessPanel) -> None:
    """The client gave up, the panel worked on: the first looks see nothing."""
    executor = new_executor(looks=50)
    panel.faults = [Fault("late", "POST /orders")]
    plan = purchase(panel)
    assert carry(executor, plan) == [S.DONE]
    assert len(panel.effects) == 1
    assert rows(executor, plan)[0].answer is not None


def test_a_person_can_have_it_looked_at_again(executor: Executor, panel: KeylessPanel) -> None:
    panel.faults = [Fault("late", "POST /renewals")]
    panel.holds_late = True
    plan = renewals(panel, 1)
    assert carry(executor, plan) == [S.NEEDS_YOU, S.PREPARED]
    panel.holds_late = False
    eventually(lambda: len(panel.effects) == 1, "the late effect")
    executor.settle_now(plan.id)
    eventually(lambda: all(one.state is S.DONE for one in rows(executor, plan)), "it is found, and paid")
    assert each_once(panel, plan)
    assert executor.reader.verify() == []


def test_looking_again_in_vain_says_what_is_seen_now(executor: Executor, panel: KeylessPanel) -> None:
    panel.faults = [Fault("drop-before", "POST /renewals", 9)]
    plan = renewals(panel, 1)
    carry(executor, plan)
    before = rows(executor, plan)[0].finding
    panel.balance -= 7
    executor.settle_now(plan.id)
    eventually(lambda: rows(executor, plan)[0].finding != before, "what was found is written down")
    row = rows(executor, plan)[0]
    assert row.state is S.NEEDS_YOU
    assert row.finding is not None and row.finding["now"]["balance"] == f"{panel.balance:.2f} EUR"
    assert executor.reader.verify() == []


def test_what_is_the_same_done_twice_goes_again(executor: Executor, panel: KeylessPanel) -> None:
    panel.faults = [Fault("drop-before", "PATCH", 2)]
    plan = planner.rename(panel.account(), panel.add_orders(1)[0], "web-1")
    assert carry(executor, plan) == [S.DONE]
    assert (rows(executor, plan)[0].sends, panel.orders["1"]["name"]) == (3, "web-1")


def test_what_pays_or_bills_is_never_repeated_whatever_a_driver_says(executor: Executor, panel: KeylessPanel) -> None:
    class Careless(KeylessDriver):
        traits = replace(TRAITS, repeatable=frozenset({"order.renew", "invoice.pay", "order.new", "ticket.reply"}))

    panel.driver = Careless()
    panel.faults = [Fault("drop-before", "POST /orders", 9)]
    assert carry(executor, purchase(panel))[0] is S.NEEDS_YOU
    assert len(panel.writes()) == 1


def test_without_a_picture_a_person_decides(executor: Executor, panel: KeylessPanel) -> None:
    plan = planner.top_up(panel.account(), planner_money(), "card")
    panel.faults = [Fault("drop-after", "POST /balance")]
    assert carry(executor, plan) == [S.NEEDS_YOU]
    assert rows(executor, plan)[0].code == findings.NO_PICTURE
    assert len(panel.effects) == 1


def planner_money() -> Any:
    from billtui.domain.money import Money

    return Money("20.00", "EUR")


@pytest.mark.parametrize("kind", ["429", "401"])
def test_not_executed_goes_again_only_after_a_look_back(executor: Executor, panel: KeylessPanel, kind: str) -> None:
    panel.faults = [Fault(kind, "POST /renewals")]
    plan = renewals(panel, 1, None)
    executor.wait(executor.submit(plan), SECONDS)
    if kind == "401":
        executor.resume(plan.id)
        executor.wait(plan.id, SECONDS)
    assert rows(executor, plan)[0].state is S.DONE
    assert len(panel.effects) == 1
    where = panel.requests.index("POST /renewals")
    again = panel.requests.index("POST /renewals", where + 1)
    assert panel.requests[where:again].count("GET /state") == 2  # the look back, and the new picture


@pytest.mark.parametrize("kind", ["429", "401"])
def test_a_panel_that_lies_about_not_executing_is_found_out(executor: Executor, panel: KeylessPanel, kind: str) -> None:
    """It answers "too many requests" or "sign in" after it did the work."""
    panel.faults = [Fault(f"{kind}-after", "POST /renewals")]
    plan = renewals(panel, 1, None)
    executor.wait(executor.submit(plan), SECONDS)
    if kind == "401":
        executor.resume(plan.id)
        executor.wait(plan.id, SECONDS)
    row = rows(executor, plan)[0]
    assert (row.state, row.code, row.sends) == (S.DONE, findings.FOUND, 1)
    assert len(panel.effects) == 1


def test_a_panel_that_refuses_after_it_did_the_work_is_found_out(executor: Executor, panel: KeylessPanel) -> None:
    """It bills, then stumbles over something else and says no: "refused" would have it bought a second time."""
    panel.faults = [Fault("422-after", "POST /renewals"), Fault("422-after", "payments")]
    plan = renewals(panel, 1)
    assert carry(executor, plan) == [S.DONE, S.DONE]
    assert [(row.code, row.sends) for row in rows(executor, plan)] == [(findings.FOUND, 1)] * 2
    assert [one.kind for one in panel.effects] == ["renew", "pay"]


def test_a_refusal_after_which_nothing_has_changed_stays_one(executor: Executor, panel: KeylessPanel) -> None:
    panel.faults = [Fault("422-before", "POST /renewals")]
    plan = renewals(panel, 1, None)
    assert carry(executor, plan) == [S.REFUSED]
    assert (rows(executor, plan)[0].code, panel.effects) == ("refused", [])


def test_a_refusal_that_cannot_be_looked_at_is_looked_at_later(executor: Executor, panel: KeylessPanel) -> None:
    panel.faults = [Fault("422-after", "POST /renewals")]

    def gone(what: str) -> None:
        panel.offline = panel.offline or what == "POST /renewals"

    panel.on_effect = gone
    plan = renewals(panel, 1, None)
    executor.submit(plan)
    eventually(lambda: rows(executor, plan)[0].state is S.UNKNOWN, "it is unknown")
    panel.offline = False
    eventually(lambda: rows(executor, plan)[0].state is S.DONE, "it is done")
    assert len(panel.effects) == 1


def test_one_at_a_time_and_not_while_an_outcome_is_unknown(new_executor: NewExecutor, panel: KeylessPanel) -> None:
    """Two purchases of the same: the second one's effect would be taken for the first one's."""
    first, second = new_executor(looks=10_000), new_executor()
    panel.faults = [Fault("drop-before", "POST /orders"), Fault("drop-before", "GET /state", 0)]
    one, two = purchase(panel), renewals(panel, 1, None)
    first.submit(one)
    eventually(lambda: rows(first, one)[0].state is S.UNKNOWN, "its answer is lost")
    second.submit(two)
    assert second.wait(two.id, 0.5).state is JobState.RUNNING
    assert panel.writes() == ["POST /orders"]
    first.close()
    third = new_executor()
    third.recover()
    eventually(lambda: rows(third, two)[0].state is S.DONE, "it goes when the other is settled")
    assert rows(third, one)[0].state is S.NEEDS_YOU
    assert panel.writes() == ["POST /orders", "POST /renewals"]


def test_what_waits_too_long_for_another_is_not_sent(new_executor: NewExecutor, panel: KeylessPanel) -> None:
    first, second = new_executor(looks=10_000), new_executor(alone=0.3)
    panel.faults = [Fault("drop-before", "POST /orders")]
    one, two = purchase(panel), renewals(panel, 1, None)
    first.submit(one)
    eventually(lambda: rows(first, one)[0].state is S.UNKNOWN, "its answer is lost")
    assert carry(second, two) == [S.NOT_SENT]
    assert rows(second, two)[0].code == "other-open"


def test_the_journal_itself_lets_nothing_go_beside_another(panel: KeylessPanel, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "state" / "journal")
    plan = renewals(panel, 2, None)
    journal.add_job(plan, "me", held=False)
    journal.move(plan.id, 1, S.SENDING, come_from=(S.PREPARED,), owner="me", picture={"at": "x", "seen": {}})
    with pytest.raises(NotAlone):
        journal.move(plan.id, 2, S.SENDING, come_from=(S.PREPARED,), owner="me", alone=True)
    journal.move(plan.id, 2, S.SENDING, come_from=(S.PREPARED,), owner="me")  # what may be repeated
    journal.close()


def test_an_old_picture_proves_nothing(panel: KeylessPanel, new_executor: NewExecutor) -> None:
    """An automatic renewal overnight looks like the renewal whose answer was lost."""
    executor = new_executor()
    panel.faults = [Fault("drop-after", "POST /renewals"), Fault("drop-before", "GET /state", 0)]
    plan = renewals(panel, 1, None)
    ahead = datetime.now(UTC) + findings.PICTURE_AGE + timedelta(minutes=1)
    engine = executor._engine
    assert engine is not None
    panel.on_effect = lambda _: setattr(engine._desk, "clock", lambda: ahead)
    assert carry(executor, plan) == [S.NEEDS_YOU]
    assert rows(executor, plan)[0].code == findings.TOO_OLD


def test_a_bulk_renewal_that_the_panel_pays_at_once_is_done(executor: Executor, panel: KeylessPanel) -> None:
    class Pays(KeylessDriver):
        traits = replace(TRAITS, renewal_pays=True, purchase_pays=True)

    panel.driver, panel.pays_at_once = Pays(), True
    plan = renewals(panel, 2)
    before = panel.balance
    assert carry(executor, plan) == [S.DONE] * 4
    assert [one.kind for one in panel.effects] == ["renew", "renew"]
    assert before - panel.balance == plan.total.amount  # the same money as was confirmed
    assert {one.code for one in rows(executor, plan)} == {findings.PAID_AT_ONCE}
    bought = purchase(panel, 2, "internal")
    assert carry(executor, bought) == [S.DONE] * 2
    assert [one.kind for one in panel.effects] == ["renew", "renew", "order"]


def test_what_the_panel_pays_a_moment_later_is_not_paid_again(executor: Executor, panel: KeylessPanel) -> None:
    class Pays(KeylessDriver):
        traits = replace(TRAITS, renewal_pays=True)

    panel.driver = Pays()
    plan = renewals(panel, 1)

    def pay(what: str) -> None:
        if what == "POST /renewals":
            panel._at_once_later = True  # type: ignore[attr-defined]

    panel.on_effect = pay
    panel.on_request = lambda what: panel.invoices["1"].update(state="paid") if "GET /invoices" in what else None
    assert carry(executor, plan) == [S.DONE] * 2
    assert [one.kind for one in panel.effects] == ["renew"]


def test_no_more_at_once_than_the_panel_bears_and_it_can_be_cancelled(executor: Executor, panel: KeylessPanel) -> None:
    """A slow panel: progress one by one, and what was not begun is cancelled at once."""

    class Slow(KeylessDriver):
        traits = replace(TRAITS, pace=Pace(at_once=1))

    panel.driver, panel.lag = Slow(), 0.05
    plan = renewals(panel, 20, None)
    executor.submit(plan)
    eventually(lambda: len(panel.effects) >= 2, "two are done")
    assert executor.cancel(plan.id) > 0
    executor.wait(plan.id, SECONDS)
    states = [one.state for one in rows(executor, plan)]
    assert set(states) == {S.DONE, S.CANCELLED}
    assert states.count(S.DONE) == len(panel.effects) < 20
    assert panel.most_at_once == 1


def test_a_kill_is_looked_up_at_the_next_start(new_executor: NewExecutor, panel: KeylessPanel) -> None:
    first = new_executor()
    plan = purchase(panel)
    panel.faults = [Fault("hang-after", "POST /orders")]
    first.submit(plan)
    eventually(lambda: len(panel.effects) == 1, "it is done, and hangs")
    first.close(0.0)
    second = new_executor()
    second.recover()
    eventually(lambda: rows(second, plan)[0].state is S.DONE, "it is found")
    assert len(panel.effects) == 1
    assert second.reader.job(plan.id).paused in (None, PauseReason.RESTART)


def test_what_came_after_it_is_not_taken_for_it(executor: Executor, panel: KeylessPanel) -> None:
    """Looked at again after another purchase of the same: what is new then is the other one's."""
    panel.faults = [Fault("drop-before", "POST /orders")]
    first, second = purchase(panel), purchase(panel)
    assert carry(executor, first) == [S.NEEDS_YOU]
    executor.decide(first.id, 1, as_done=False)  # frees the lock of new servers …
    assert carry(executor, second) == [S.DONE]
    third = purchase(panel)
    panel.faults = [Fault("drop-before", "POST /orders")]
    assert carry(executor, third) == [S.NEEDS_YOU]
    row = rows(executor, third)[0]
    assert row.picture is not None
    assert not executor.reader.sent_since(row)
    assert executor.reader.sent_since(replace(row, picture={"at": "2026-01-01T00:00:00.000000+00:00"}))


def clock_of(executor: Executor, ahead: timedelta) -> None:
    """From now on the computer's clock says that it is so much later, or earlier."""
    engine, journal = executor._engine, executor._journal
    assert engine is not None and journal is not None

    def clock() -> datetime:
        return datetime.now(UTC) + ahead

    engine._desk.clock = clock
    journal.call(lambda known: setattr(known, "_clock", clock))


def test_what_came_after_it_is_not_taken_for_it_when_the_clock_was_set_back(
    executor: Executor, panel: KeylessPanel
) -> None:
    """Two servers, one request each; the first one never arrived. Looked at again, the second one's effect is new."""
    plan = two_purchases(panel)
    panel.faults = [Fault("drop-before", "POST /orders")]
    panel.on_effect = lambda _: None
    panel.on_request = lambda what: clock_of(executor, -timedelta(hours=3)) if what == "POST /orders" else None
    assert carry(executor, plan) == [S.NEEDS_YOU, S.DONE]
    assert len(panel.effects) == 1
    executor.look_again(plan.id)
    assert [row.state for row in rows(executor, plan)] == [S.NEEDS_YOU, S.DONE]


def two_purchases(panel: KeylessPanel) -> Plan:
    asked = {"cells": [{"plan": "vds-micro", "location": "nl", "quantity": 1}], "period": 1}
    quote = Quote.model_validate(panel._quoted({"kind": "order", **asked})[1])
    request = OrderRequest.model_validate(asked)
    return planner.buy(panel.account(), [quote, quote], [request, request])


@pytest.mark.parametrize("ahead", [timedelta(days=2), -timedelta(days=2)])
def test_a_picture_of_another_day_proves_nothing_whichever_way_the_clock_was_set(
    executor: Executor, panel: KeylessPanel, ahead: timedelta
) -> None:
    """A clock that was wrong when the picture was taken says nothing of how old it is."""
    panel.faults = [Fault("drop-after", "POST /renewals"), Fault("drop-before", "GET /state", 0)]
    panel.on_effect = lambda _: clock_of(executor, ahead)
    plan = renewals(panel, 1, None)
    assert carry(executor, plan) == [S.NEEDS_YOU]
    assert rows(executor, plan)[0].code == findings.TOO_OLD
