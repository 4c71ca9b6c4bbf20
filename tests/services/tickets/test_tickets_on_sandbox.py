"""Tickets against the reference panel in its own process: once, known, and never on an unseen thread (TKT-6, TKT-9)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from billtui.domain.models import CannedReply, TicketChange, TicketPriority, TicketState
from billtui.services import planner
from billtui.services.attachments import attached
from billtui.services.executor import Executor, JobEvent, Limits
from billtui.services.executor.ticket_requests import upload_key
from billtui.services.journal import OperationRow, OperationState
from billtui.services.plans import Plan
from tests.support.correspondence import Correspondence
from tests.support.executors import executors
from tests.support.handover import Party
from tests.support.sandbox import SandboxProcess

S = OperationState
SECONDS = 60.0
LIMITS = Limits(concurrency=4, first_pause=0.02, longest_pause=0.2, rate_pause=0.05)
CLOSE = TicketChange(state=TicketState.CLOSED)
NewExecutor = Callable[[Party], Executor]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Correspondence]:
    server = SandboxProcess(tmp_path_factory.mktemp("tickets") / "panel.db").start()
    try:
        yield Correspondence(server)
        server.faults()
        assert server.check_books() == []
    finally:
        server.kill()


@pytest.fixture
def post(shared: Correspondence) -> Iterator[Correspondence]:
    yield shared
    shared.sandbox.faults()


@pytest.fixture
def heard() -> list[JobEvent]:
    return []


@pytest.fixture
def new_executor(tmp_path: Path, heard: list[JobEvent]) -> Iterator[NewExecutor]:
    with executors() as begin:

        def start(party: Party) -> Executor:
            return begin(party.client, tmp_path / party.login / "journal.sqlite", heard.append, limits=LIMITS)

        yield start


def carry(executor: Executor, plan: Plan) -> OperationRow:
    """Carry a plan of one operation out; its row at the end."""
    executor.wait(executor.submit(plan), SECONDS)
    [row] = executor.reader.operations(plan.id)
    return row


def log(tmp_path: Path, name: str = "df.log", size: int = 300_000) -> Path:
    """A file to attach."""
    path = tmp_path / name
    path.write_bytes(hashlib.sha256(name.encode()).digest() * (size // 32))
    return path


# -- the plain way


def test_a_ticket_with_files_is_opened_answered_noted_closed_and_reopened(
    post: Correspondence, new_executor: NewExecutor, tmp_path: Path, heard: list[JobEvent]
) -> None:
    """TKT-1, TKT-5, TKT-6; the journal keeps no second copy of what was written."""
    files = [attached(log(tmp_path)), attached(log(tmp_path, "två.png", 64))]
    new = planner.new_ticket(
        post.account(post.client), department="technical", subject="Two files", body="x" * 200_000, attachments=files
    )
    client, support = new_executor(post.client), new_executor(post.support)
    row = carry(client, new)
    assert row.state is S.DONE and row.answer is not None and len(json.dumps(row.answer)) < 500, row
    ticket_id = row.answer["id"]
    [first] = post.thread(ticket_id)
    assert [(one.name.raw, one.size) for one in first.attachments] == [("df.log", 300_000), ("två.png", 64)]
    [told] = [one.progress for one in heard if one.progress is not None and one.progress.file == 2][-1:]
    assert (told.name, told.sent, told.size, told.files) == ("två.png", 64, 64, 2)

    note = carry(support, post.reply(post.support, ticket_id, "He has 40 GB of logs.", internal=True))
    assert note.state is S.DONE and note.answer is not None and note.answer["message"]["internal"] is True
    answer = carry(support, post.reply(post.support, ticket_id, "Freed 40 GB.", close=True))
    assert answer.state is S.DONE and answer.answer is not None and answer.answer["ticket"]["state"] == "closed"
    assert post.bodies(ticket_id, post.client)[1:] == ["Freed 40 GB."], "a client never gets a note"
    assert post.bodies(ticket_id)[1:] == ["He has 40 GB of logs.", "Freed 40 GB."]
    again = carry(client, post.reply(post.client, ticket_id, "It is full again."))
    assert again.state is S.DONE and post.ticket(ticket_id).state == TicketState.OPEN
    closed = carry(client, planner.change_tickets(post.account(post.client), [post.ticket(ticket_id)], CLOSE))
    assert closed.state is S.DONE and post.ticket(ticket_id).state == TicketState.CLOSED
    assert client.reader.verify() == [] and support.reader.verify() == []


def test_a_client_is_refused_a_note_by_the_panel_too(post: Correspondence, new_executor: NewExecutor) -> None:
    """TKT-6: also where the planner was made to believe otherwise."""
    ticket = post.opened()
    as_staff = post.account(post.client).model_copy(update={"role": post.account(post.support).role})
    plan = planner.reply(as_staff, ticket, "mine", seen=ticket.last_message_id.raw, internal=True)  # type: ignore[union-attr]
    row = carry(new_executor(post.client), plan)
    assert (row.state, row.code) == (S.REFUSED, "forbidden") and len(post.thread(ticket.id.raw)) == 1


# -- an older state of the thread (TKT-9)


def test_a_reply_on_a_thread_that_moved_on_is_refused_before_and_at_the_panel(
    post: Correspondence, new_executor: NewExecutor
) -> None:
    ticket_id = post.opened().id.raw
    stale = post.reply(post.support, ticket_id, "Freed 40 GB.")
    post.wrote(post.client, ticket_id, "Forget it, I found it.")
    row = carry(new_executor(post.support), stale)
    assert (row.state, row.code, row.rule) == (S.REFUSED, "thread-moved-on", "TKT-9")
    assert row.sends == 0, "the drift guard saw it, and nothing was sent"
    assert post.bodies(ticket_id)[1:] == ["Forget it, I found it."]


def test_the_panel_decides_of_two_who_saw_the_same_thread(post: Correspondence, new_executor: NewExecutor) -> None:
    ticket_id = post.opened().id.raw
    plans = [post.reply(party, ticket_id, party.login) for party in (post.support, post.colleague)]
    executors = [new_executor(post.support), new_executor(post.colleague)]
    for executor, plan in zip(executors, plans, strict=True):
        executor.submit(plan)
    rows = []
    for executor, plan in zip(executors, plans, strict=True):
        executor.wait(plan.id, SECONDS)
        rows.append(executor.reader.operation(plan.id, 1))
    assert sorted(row.state for row in rows) == [S.DONE, S.REFUSED]
    [refused] = [row for row in rows if row.state is S.REFUSED]
    assert refused.code == "thread-moved-on" and len(post.thread(ticket_id)) == 2


def test_a_ticket_that_was_closed_meanwhile_is_not_reopened_by_a_slip(
    post: Correspondence, new_executor: NewExecutor
) -> None:
    ticket_id = post.opened().id.raw
    plan = post.reply(post.client, ticket_id, "One more thing")
    post.changed(post.support, ticket_id, state="closed")
    row = carry(new_executor(post.client), plan)
    assert row.state is S.REFUSED and row.code in ("facts-changed", "thread-moved-on")
    assert post.ticket(ticket_id).state == TicketState.CLOSED


# -- changes (TKT-8)


def test_taking_what_somebody_else_took_is_refused(post: Correspondence, new_executor: NewExecutor) -> None:
    ticket_id = post.opened().id.raw
    account = post.account(post.support)
    take = TicketChange(assignee=post.support.login)
    late = planner.change_tickets(account, [post.ticket(ticket_id, post.support)], take)
    done = carry(new_executor(post.colleague), planner.change_tickets(
        post.account(post.colleague), [post.ticket(ticket_id, post.colleague)],
        TicketChange(assignee=post.colleague.login, priority=TicketPriority.HIGH, tags_add=("disk",)),
    ))  # fmt: skip
    assert done.state is S.DONE, done
    row = carry(new_executor(post.support), late)
    assert (row.state, row.code) == (S.REFUSED, "facts-changed")
    assert row.detail is not None and "was nobody, now it is ada.desk" in row.detail


def test_closing_what_somebody_wrote_to_meanwhile_is_refused(post: Correspondence, new_executor: NewExecutor) -> None:
    """TKT-9"""
    ticket_id = post.opened().id.raw
    plan = planner.change_tickets(post.account(post.support), [post.ticket(ticket_id, post.support)], CLOSE)
    post.wrote(post.client, ticket_id, "Still full!")
    row = carry(new_executor(post.support), plan)
    assert (row.state, row.code) == (S.REFUSED, "thread-moved-on")
    assert post.ticket(ticket_id).state == TicketState.OPEN


# -- files (TKT-6)


def test_a_file_that_changed_since_is_not_sent(post: Correspondence, new_executor: NewExecutor, tmp_path: Path) -> None:
    path = log(tmp_path)
    ticket_id = post.opened().id.raw
    plan = post.reply(post.client, ticket_id, "See the log.", attachments=[attached(path)])
    path.write_text("something else, perhaps private")
    row = carry(new_executor(post.client), plan)
    assert (row.state, row.code, row.sends) == (S.REFUSED, "attachment-changed", 0)
    assert "attach it again" in str(row.detail) and len(post.thread(ticket_id)) == 1


FAULTS = ("drop-after", "drop-before", "http-500", "garble")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("path", ["*/attachments", "*/tickets/*/messages"])
def test_a_lost_answer_of_a_file_or_a_message_is_settled_and_nothing_is_there_twice(
    post: Correspondence, new_executor: NewExecutor, tmp_path: Path, fault: str, path: str
) -> None:
    ticket_id = post.opened().id.raw
    files = [attached(log(tmp_path, "a.log", 3200)), attached(log(tmp_path, "b.log", 6400))]
    plan = post.reply(post.client, ticket_id, "See the logs.", attachments=files)
    post.sandbox.faults({"kind": fault, "times": 1, "method": "POST", "path": path})
    row = carry(new_executor(post.client), plan)
    assert row.state is S.DONE, row
    assert post.sandbox.fault_strikes() == [1]
    [_, message] = post.thread(ticket_id)
    assert [one.name.raw for one in message.attachments] == ["a.log", "b.log"]
    for place in range(2):
        status, found = post.sandbox.call(
            "GET", f"/api/v1/operations/{upload_key(plan.key(1), place)}", token=post.client.token
        )
        assert (status, found["state"]) == (200, "done")
        assert found["answer"]["id"] == message.attachments[place].id.raw, "the file of the first request is the one"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_lost_answer_of_a_new_ticket_opens_no_second_one(
    post: Correspondence, new_executor: NewExecutor, fault: str
) -> None:
    subject = f"Lost by {fault}"
    plan = planner.new_ticket(post.account(post.client), department="technical", subject=subject, body="df")
    post.sandbox.faults({"kind": fault, "times": 1, "method": "POST", "path": "*/tickets"})
    assert carry(new_executor(post.client), plan).state is S.DONE
    assert post.subjects(subject) == 1


def test_a_plan_applied_by_two_hosts_writes_one_message(
    post: Correspondence, new_executor: NewExecutor, tmp_path: Path
) -> None:
    ticket_id = post.opened().id.raw
    plan = post.reply(post.support, ticket_id, "Once.", internal=True)
    assert carry(new_executor(post.support), plan).state is S.DONE
    other = Executor(post.support.client, tmp_path / "other" / "journal.sqlite", limits=LIMITS)
    other.start()
    try:
        row = carry(other, plan)
    finally:
        other.close()
    assert (row.state, row.sends) == (S.DONE, 0) and post.bodies(ticket_id)[1:] == ["Once."]


def test_what_is_held_is_taken_back_and_never_sent(post: Correspondence, new_executor: NewExecutor) -> None:
    """The undo window."""
    ticket_id = post.opened().id.raw
    plan = post.reply(post.support, ticket_id, "Too quick.")
    executor = new_executor(post.support)
    executor.submit(plan, hold_seconds=600)
    assert executor.take_back(plan.id) == 1
    row = executor.reader.operation(plan.id, 1)
    assert (row.state, row.code, row.sends) == (S.CANCELLED, "taken-back", 0)
    assert len(post.thread(ticket_id)) == 1


# -- merging, splitting, canned replies, many at once (TKT-8)


def test_many_are_changed_at_once_and_one_that_moved_holds_all(post: Correspondence, new_executor: NewExecutor) -> None:
    ids = [post.opened(f"Bulk {number}").id.raw for number in range(3)]
    account, executor = post.account(post.support), new_executor(post.support)
    change = TicketChange(priority=TicketPriority.HIGH, tags_add=("outage",), assignee=post.support.login)
    plan = planner.change_tickets(account, post.tickets(post.support, ids), change)
    stale = planner.change_tickets(account, post.tickets(post.support, ids), CLOSE)
    post.sandbox.faults({"kind": "drop-after", "times": 1, "method": "POST", "path": "*/tickets/bulk"})
    row = carry(executor, plan)
    assert row.state is S.DONE and row.answer is not None and len(row.answer["tickets"]) == 3, row
    assert {one.assignee.raw for one in post.tickets(post.support, ids) if one.assignee} == {post.support.login}
    post.wrote(post.client, ids[1], "It is worse now.")
    held = carry(executor, stale)
    assert (held.state, held.code) == (S.REFUSED, "thread-moved-on")
    assert {str(one.state) for one in post.tickets(post.support, ids)} == {"open"}


def test_merging_is_undone_exactly(post: Correspondence, new_executor: NewExecutor) -> None:
    first, second = post.opened("Slow").id.raw, post.opened("Slow again").id.raw
    account, executor = post.account(post.support), new_executor(post.support)
    before = post.bodies(second)
    plan = planner.merge(account, post.tickets(post.support, [second]), post.ticket(first, post.support))
    assert carry(executor, plan).state is S.DONE
    merged = post.ticket(second, post.support)
    assert merged.merged_into is not None and merged.merged_into.raw == first
    late = planner.reply(account, merged.model_copy(update={"merged_into": None}), "x", seen="1")
    assert late.operations == (), "whoever has the old ticket before him is told"
    row = carry(executor, planner.unmerge(account, merged))
    assert row.state is S.DONE and row.answer is not None and "merged_into" not in row.answer
    assert post.ticket(second, post.support).merged_into is None
    assert [one for one in post.bodies(second) if one in before] == before


def test_a_message_becomes_a_ticket_of_its_own(post: Correspondence, new_executor: NewExecutor) -> None:
    """TKT-3"""
    ticket_id = post.opened().id.raw
    post.wrote(post.client, ticket_id, "And my invoice is wrong.")
    thread = post.thread(ticket_id)
    plan = planner.split_ticket(
        post.account(post.support), post.ticket(ticket_id, post.support), [thread[-1]], subject="Wrong invoice",
        department="finance",
    )  # fmt: skip
    row = carry(new_executor(post.support), plan)
    assert row.state is S.DONE and row.answer is not None and row.answer["split_from"] == ticket_id
    assert "And my invoice is wrong." in post.bodies(row.answer["id"])


def test_canned_replies_are_saved_once_and_not_over_somebody_elses_change(
    post: Correspondence, new_executor: NewExecutor
) -> None:
    account, executor = post.account(post.support), new_executor(post.support)
    post.sandbox.faults({"kind": "drop-after", "times": 1, "method": "POST", "path": "*/canned-replies"})
    made = carry(executor, planner.save_canned(account, title="Disk freed", body="Dear {client}, it is freed."))
    assert made.state is S.DONE and made.answer is not None

    def known() -> list[CannedReply]:
        found = post.support.ask(lambda client: client.staff.canned_replies())
        return [one for one in found if one.title.raw == "Disk freed"]

    [reply] = known()
    stale = planner.save_canned(account, title="Disk freed", body="Mine", reply=reply)
    gone = planner.delete_canned(account, reply)
    assert carry(executor, planner.save_canned(account, title="Disk freed", body="Theirs", reply=reply)).state is S.DONE
    for plan in (stale, gone):
        row = carry(executor, plan)
        assert (row.state, row.code) == (S.REFUSED, "facts-changed"), row
    assert [one.body.raw for one in known()] == ["Theirs"]
    assert carry(executor, planner.delete_canned(account, known()[0])).state is S.DONE
    assert known() == []
