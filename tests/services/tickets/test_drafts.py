"""Drafts: kept as typed, locked while being sent, given back with the reason, never overwritten silently (TKT-9)."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from billtui.services import planner
from billtui.services.drafts import (
    AttachmentRefused,
    Draft,
    DraftConflict,
    DraftDamaged,
    DraftKey,
    DraftKind,
    DraftLocked,
    Drafts,
    DraftState,
    PlanOfAnother,
)
from billtui.services.journal import JournalError, JournalReader, OperationState
from billtui.services.plans import Plan
from tests.support.letters import Clerk, client_account, staff_account, ticket

S = OperationState
REPLY, NOTE, NEW = DraftKind.REPLY, DraftKind.NOTE, DraftKind.NEW


@dataclass
class Desk:
    """Drafts beside a journal."""

    drafts: Drafts
    other: Drafts
    """The same drafts, as a second program has them."""
    clerk: Clerk
    path: Path

    def written(self, kind: DraftKind = REPLY, body: str = "Freed 40 GB.", **values: str) -> Draft:
        """A saved draft."""
        ticket_id = "" if kind is NEW else "71"
        begun = self.drafts.begin(kind, ticket_id, **({} if kind is NEW else {"seen": "m3"} | values))
        return self.drafts.save(replace(begun, body=body))

    def plan(self, draft: Draft) -> Plan:
        """A plan made of it."""
        if draft.key.kind is NEW:
            return planner.new_ticket(
                client_account(), department=draft.department, subject=draft.subject, body=draft.body,
                attachments=draft.attachments, number=draft.key.number,
            )  # fmt: skip
        return planner.reply(
            staff_account(), ticket(draft.key.ticket_id), draft.body, seen=draft.seen, internal=draft.internal,
            close=draft.close, attachments=draft.attachments,
        )  # fmt: skip

    def now(self, draft: Draft) -> Draft:
        """As it is on disk."""
        found = self.drafts.get(draft.key)
        assert found is not None
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    clerk = Clerk(tmp_path / "state" / "journal.db")
    reader = JournalReader(tmp_path / "state" / "journal.db")
    folder = tmp_path / "state" / "drafts" / "mine"
    yield Desk(Drafts(folder, reader), Drafts(folder, reader), clerk, folder)
    reader.close()
    clerk.close()


def test_what_was_typed_is_there_again_word_for_word(desk: Desk) -> None:
    words = "Привіт,\n\x1b[31mdisk\u202e \U0001f600\n" + "x" * 300_000
    kept = desk.written(body=words)
    found = desk.other.get(kept.key)
    assert found == kept
    assert kept.body == words
    assert desk.other.of_ticket("71") == [kept] and desk.drafts.standing(kept).state is DraftState.WRITING


def test_files_are_private(desk: Desk, tmp_path: Path) -> None:
    log = tmp_path / "df.log"
    log.write_text("full")
    kept = desk.drafts.attach(desk.written(), log)
    for path in [desk.path, *desk.path.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert Path(kept.attachments[0].path).read_text() == "full"


def test_nothing_is_written_for_an_empty_letter_or_an_unchanged_one(desk: Desk) -> None:
    empty = desk.drafts.begin(REPLY, "71", seen="m3")
    assert desk.drafts.save(empty) == empty and not desk.path.exists()
    kept = desk.written()
    before = (desk.path / kept.key.folder / "draft.json").stat().st_mtime_ns
    assert desk.drafts.save(kept) == kept
    assert (desk.path / kept.key.folder / "draft.json").stat().st_mtime_ns == before


def test_kill_9_after_save_loses_nothing(desk: Desk) -> None:
    kept = desk.written(body="first")
    for number in range(12):  # dies in the middle of the next save, or right after it
        pid = os.fork()
        if pid == 0:
            saved = desk.drafts.save(replace(kept, body=f"word {number}"))
            (desk.path.parent / "said").write_text(saved.body)
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(pid, 0)
        kept = desk.now(kept)
        assert kept.body == (desk.path.parent / "said").read_text()


def test_a_ticket_has_one_reply_and_one_note_and_neither_becomes_the_other(desk: Desk) -> None:
    """TKT-6"""
    reply, note = desk.written(REPLY, "to the client"), desk.written(NOTE, "among us")
    assert desk.drafts.begin(REPLY, "71") == reply and desk.drafts.begin(NOTE, "71") == note
    assert (reply.internal, note.internal) == (False, True)
    assert {one.body for one in desk.drafts.of_ticket("71")} == {"to the client", "among us"}
    forged = replace(note, key=replace(note.key, kind=REPLY))
    with pytest.raises(PlanOfAnother):
        desk.drafts.send(reply, desk.plan(forged), desk.clerk.submit)


def test_a_note_that_was_made_a_reply_in_its_file_is_not_opened(desk: Desk) -> None:
    """TKT-6"""
    note = desk.written(NOTE, "among us")
    file = desk.path / note.key.folder / "draft.json"
    file.write_text(file.read_text().replace('"kind":"note"', '"kind":"reply"'))
    with pytest.raises(DraftDamaged):
        desk.drafts.get(note.key)
    assert desk.drafts.all() == [] and desk.drafts.begin(REPLY, "71").body == ""


def test_every_new_ticket_is_a_draft_of_its_own(desk: Desk) -> None:
    first, second = desk.drafts.begin(NEW), desk.other.begin(NEW)
    first = desk.drafts.save(replace(first, body="one"))
    second = desk.other.save(replace(second, body="two"))
    assert first.key != second.key and {one.body for one in desk.drafts.all()} == {"one", "two"}


# --- two programs


def test_neither_of_two_programs_overwrites_the_other_silently(desk: Desk) -> None:
    mine = desk.written()
    theirs = desk.other.save(replace(mine, body="theirs"))
    with pytest.raises(DraftConflict) as conflict:
        desk.drafts.save(replace(mine, body="mine"))
    assert conflict.value.theirs == theirs and desk.now(mine).body == "theirs"
    beside = desk.drafts.save_beside(replace(mine, body="mine"))
    assert {one.body for one in desk.drafts.of_ticket("71")} == {"mine", "theirs"}
    over = desk.drafts.save_over(replace(mine, body="this one"), theirs)
    assert desk.now(over).body == "this one" and desk.now(beside).body == "mine"


def test_two_that_begin_the_same_reply_are_told(desk: Desk) -> None:
    mine, theirs = desk.drafts.begin(REPLY, "71", seen="m3"), desk.other.begin(REPLY, "71", seen="m3")
    theirs = desk.other.save(replace(theirs, body="theirs"))
    with pytest.raises(DraftConflict) as conflict:
        desk.drafts.save(replace(mine, body="mine"))
    assert conflict.value.theirs == theirs


def test_what_another_program_sent_is_not_saved_again(desk: Desk) -> None:
    mine = desk.written()
    plan = desk.plan(mine)
    desk.other.send(mine, plan, desk.clerk.submit)
    with pytest.raises(DraftLocked):
        desk.drafts.save(replace(mine, body="and one more thing"))
    desk.clerk.end(plan, S.DONE)
    with pytest.raises(DraftConflict) as conflict:
        desk.drafts.save(replace(mine, body="and one more thing"))
    assert conflict.value.theirs is None
    kept = desk.drafts.save_beside(replace(mine, body="and one more thing"))
    assert desk.now(kept).body == "and one more thing"


# --- sending


def test_a_draft_is_locked_while_it_is_sent_and_gone_once_it_is_done(desk: Desk) -> None:
    draft = desk.written()
    plan = desk.plan(draft)
    assert desk.drafts.send(draft, plan, desk.clerk.submit) == plan.id
    draft = desk.now(draft)
    assert desk.drafts.standing(draft).state is DraftState.SENDING
    for change in (lambda: desk.drafts.save(replace(draft, body="x")), lambda: desk.drafts.discard(draft)):
        with pytest.raises(DraftLocked):
            change()
    assert desk.drafts.begin(REPLY, "71").key.number == 2, "another letter begins beside the one that is on its way"
    desk.clerk.end(plan, S.DONE)
    assert desk.drafts.get(draft.key) is None and desk.drafts.all() == [] and list(desk.path.glob("reply-*")) == []


@pytest.mark.parametrize(
    ("state", "code"), [(S.REFUSED, "thread-moved-on"), (S.NOT_SENT, "no-line"), (S.CANCELLED, "taken-back")]
)
def test_what_was_not_sent_is_given_back_with_the_reason(desk: Desk, state: OperationState, code: str) -> None:
    draft = desk.written()
    plan = desk.plan(draft)
    desk.drafts.send(draft, plan, lambda one: desk.clerk.submit(one, held=state is S.CANCELLED))
    desk.clerk.end(plan, state, code=code, rule="TKT-9", detail="Why not.")
    [given] = desk.drafts.settle()
    assert given.body == draft.body
    standing = desk.drafts.standing(given)
    assert (standing.state, standing.code, standing.rule) == (DraftState.RETURNED, code, "TKT-9")
    assert standing.reason == "Why not." and standing.job_id == plan.id
    assert desk.drafts.of_job(plan.id) == given
    again = desk.plan(desk.drafts.save(replace(given, body="better")))
    desk.drafts.send(desk.now(given), again, desk.clerk.submit)
    desk.clerk.end(again, S.DONE)
    assert desk.drafts.all() == []


def test_an_unknown_outcome_keeps_the_lock(desk: Desk) -> None:
    draft = desk.written()
    plan = desk.plan(draft)
    desk.drafts.send(draft, plan, desk.clerk.submit)
    desk.clerk.end(plan, S.UNKNOWN, code="no-answer")
    assert desk.drafts.standing(desk.now(draft)).state is DraftState.SENDING


def test_a_journal_that_does_not_take_it_leaves_the_draft_as_it_was(desk: Desk) -> None:
    draft = desk.written()

    def fails(_plan: Plan) -> str:
        raise JournalError("The disk is full.")

    with pytest.raises(JournalError):
        desk.drafts.send(draft, desk.plan(draft), fails)
    assert desk.now(draft) == draft
    kept = desk.drafts.save(replace(draft, body="goes on"))
    assert desk.drafts.standing(kept).state is DraftState.WRITING


def test_a_crash_between_lock_and_journal_gives_it_back(desk: Desk) -> None:
    draft = desk.written()

    def dies(_plan: Plan) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError

    pid = os.fork()
    if pid == 0:
        desk.drafts.send(draft, desk.plan(draft), dies)
    os.waitpid(pid, 0)
    [given] = desk.drafts.settle()
    assert (given.body, desk.drafts.standing(given).code) == (draft.body, "not-taken-on")
    assert desk.drafts.save(replace(given, body="again")).body == "again"


def test_a_draft_whose_plan_file_is_applied_is_sent(desk: Desk) -> None:
    """It is free until then; applied, it is locked, then gone; changed meanwhile, it says what happened."""
    draft, other = desk.written(), desk.written(NOTE, "among us")
    plan, second = desk.plan(draft), desk.plan(other)
    draft, other = desk.drafts.filed(draft, plan), desk.drafts.filed(other, second)
    assert desk.now(draft) == draft
    standing = desk.drafts.standing(draft)
    assert (standing.state, standing.code) == (DraftState.WRITING, "in-plan-file") and desk.drafts.settle() == []
    other = desk.drafts.save(replace(other, body="among us, better"))
    for one in (plan, second):
        desk.clerk.submit(one)
        assert desk.drafts.standing(desk.now(draft if one is plan else other)).state is DraftState.SENDING
        desk.clerk.end(one, S.DONE)
        desk.drafts.all()
    assert desk.drafts.get(draft.key) is None
    assert desk.drafts.standing(desk.now(other)).code == "sent-after-all"


def test_a_plan_of_another_state_of_the_draft_is_not_sent(desk: Desk) -> None:
    draft = desk.written()
    plan = desk.plan(draft)
    changed = desk.drafts.save(replace(draft, body="changed since"))
    with pytest.raises(PlanOfAnother):
        desk.drafts.send(changed, plan, desk.clerk.submit)
    with pytest.raises(DraftConflict):  # and a program that still has the old state learns of the new one
        desk.other.send(draft, plan, desk.clerk.submit)


def test_a_draft_that_was_changed_after_it_came_back_is_kept_when_the_old_one_goes_after_all(desk: Desk) -> None:
    draft = desk.written()
    plan = desk.plan(draft)
    desk.drafts.send(draft, plan, desk.clerk.submit)
    desk.clerk.end(plan, S.NOT_SENT, code="no-line")
    kept = desk.drafts.save(replace(desk.now(draft), body="another thought"))
    desk.clerk.journal.move(plan.id, 1, S.PREPARED, come_from=(S.NOT_SENT,), owner="0" * 24)  # "send again"
    assert desk.drafts.standing(kept).state is DraftState.SENDING
    desk.clerk.end(plan, S.DONE)
    assert desk.drafts.standing(desk.now(kept)).code == "sent-after-all"
    assert desk.now(kept).body == "another thought"


# --- files (TKT-6)


def test_a_file_is_copied_and_what_happens_to_the_original_does_not_matter(desk: Desk, tmp_path: Path) -> None:
    log = tmp_path / "df.log"
    log.write_bytes(b"full")
    draft = desk.drafts.attach(desk.written(), log)
    log.write_bytes(b"something else")
    [file] = draft.attachments
    assert (file.name, file.size) == ("df.log", 4) and Path(file.path).read_bytes() == b"full"
    assert desk.now(draft) == draft
    again = desk.drafts.attach(draft, file.path)
    assert len(again.attachments) == 2, "another name is another file"
    left = desk.drafts.detach(again, 0)
    assert len(left.attachments) == 1 and not Path(file.path).exists()


def test_the_sixth_file_and_one_of_more_than_10_mib_are_refused(desk: Desk, tmp_path: Path) -> None:
    draft = desk.written()
    large = tmp_path / "core"
    with large.open("wb") as file:
        file.truncate(10 * 1024 * 1024 + 1)
    with pytest.raises(AttachmentRefused) as refused:
        desk.drafts.attach(draft, large)
    assert refused.value.refusal.code == "attachment-too-large"
    with large.open("wb") as file:
        file.truncate(10 * 1024 * 1024)
    draft = desk.drafts.attach(draft, large)
    for number in range(4):
        (tmp_path / f"{number}.log").write_text(str(number))
        draft = desk.drafts.attach(draft, tmp_path / f"{number}.log")
    (tmp_path / "sixth.log").write_text("6")
    with pytest.raises(AttachmentRefused) as refused:
        desk.drafts.attach(draft, tmp_path / "sixth.log")
    assert refused.value.refusal.code == "too-many-attachments"
    assert desk.now(draft) == draft


@pytest.mark.parametrize("what", ["nothing", "folder", "pipe"])
def test_what_is_no_file_is_refused_at_once(desk: Desk, tmp_path: Path, what: str) -> None:
    place = tmp_path / "odd"
    if what == "folder":
        place.mkdir()
    elif what == "pipe":
        os.mkfifo(place)
    with pytest.raises(AttachmentRefused) as refused:
        desk.drafts.attach(desk.written(), place)
    assert refused.value.refusal.code == "file-unreadable"
    assert sorted(path.name for path in desk.path.glob("reply-*/*")) == ["draft.json"]


# --- what happens to its ticket


def test_a_draft_follows_its_ticket_into_the_one_that_it_was_merged_into(desk: Desk, tmp_path: Path) -> None:
    """TKT-8: what was seen stays, so what is new there is shown before it is sent (TKT-9)."""
    (tmp_path / "a.log").write_text("a")
    draft = desk.drafts.attach(desk.written(), tmp_path / "a.log")
    there = desk.drafts.save(replace(desk.drafts.begin(REPLY, "99", seen="m9"), body="was there"))
    moved = desk.drafts.follow(draft, "99", number="T-99", subject="Slow")
    assert (moved.key, moved.body, moved.seen, moved.followed_from) == (
        DraftKey(REPLY, "99", 2), draft.body, "m3", "71",
    )  # fmt: skip
    assert Path(moved.attachments[0].path).read_text() == "a"
    assert desk.drafts.of_ticket("71") == [] and desk.now(there) == there
    assert {one.body for one in desk.drafts.of_ticket("99")} == {"was there", draft.body}


def test_following_twice_after_a_crash_makes_no_second_draft(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = desk.written()
    with monkeypatch.context() as broken:
        broken.setattr(desk.drafts, "_remove", lambda _path: None)  # died between the two halves
        first = desk.drafts.follow(draft, "99", number="T-99")
    assert desk.now(draft) == draft
    assert desk.drafts.follow(draft, "99", number="T-99") == first
    assert [one.body for one in desk.drafts.all()] == [draft.body]


def test_a_damaged_draft_is_left_alone_and_said(desk: Desk) -> None:
    draft = desk.written()
    file = desk.path / draft.key.folder / "draft.json"
    file.write_bytes(b'{"version":1,')
    assert desk.drafts.all() == [] and len(desk.drafts.damaged()) == 1
    with pytest.raises(DraftDamaged):
        desk.drafts.get(draft.key)
    other = desk.drafts.begin(REPLY, "71", seen="m3")
    assert other.key.number == 2
    desk.drafts.save(replace(other, body="beside it"))
    assert file.read_bytes() == b'{"version":1,'


def test_a_discarded_draft_is_gone_with_its_files(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("a")
    draft = desk.drafts.attach(desk.written(), tmp_path / "a.log")
    desk.drafts.discard(draft)
    assert desk.drafts.all() == [] and not Path(draft.attachments[0].path).exists()
