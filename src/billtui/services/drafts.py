"""Drafts of tickets, replies and notes: saved as they are typed, and never lost (TKT-9).

A draft is a private directory below the account's own: its text in a file that is replaced in one step, and copies of
its files. Once :meth:`Drafts.save` has returned, neither ``kill -9`` nor a loss of power takes it. It survives that its
ticket is merged (:meth:`Drafts.follow`), closed or given to somebody else. While it is being sent it is locked, and it
is deleted only once the journal says that its operation is done; refused, dropped, taken back or not sent gives it back
with the reason. Two programs may have one draft open: whoever saves second is told (:class:`DraftConflict`).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from billtui.config.paths import ensure_private_dir, fsync_dir, locked
from billtui.domain.models import Account
from billtui.domain.policy import DEFAULT_POLICY, Policy
from billtui.services import attachments, draft_files
from billtui.services.account_files import account_file
from billtui.services.attachments import AttachmentRefused
from billtui.services.draft_files import Draft, DraftDamaged, DraftKey, DraftKind, SentAs, now_utc
from billtui.services.draft_standing import (
    DraftConflict,
    DraftLocked,
    DraftState,
    PlanOfAnother,
    Standing,
    says,
    standing_of,
)
from billtui.services.journal import JournalError, JournalReader, UnknownJob
from billtui.services.plans import Plan

__all__ = [
    "AttachmentRefused",
    "Draft",
    "DraftConflict",
    "DraftDamaged",
    "DraftKey",
    "DraftKind",
    "DraftLocked",
    "DraftState",
    "Drafts",
    "PlanOfAnother",
    "Standing",
]

_GONE: Final = ".gone-"
_COMING: Final = ".coming-"


class Drafts:
    """All drafts of one account of one panel. Blocking, a few milliseconds a call; safe in several programs at once."""

    def __init__(
        self,
        directory: Path,
        journal: JournalReader,
        *,
        policy: Policy = DEFAULT_POLICY,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        """``directory`` is made with the first draft; ``journal`` says what became of those that were sent."""
        self.directory = directory
        self._journal = journal
        self._policy = policy
        self._clock = clock

    @classmethod
    def of(cls, state_dir: Path, account: Account, journal: JournalReader) -> Drafts:
        """The drafts of ``account``, below the state directory."""
        return cls(account_file(state_dir, "drafts", account).with_suffix(""), journal)

    # -- reading

    def all(self) -> list[Draft]:
        """Every draft, the last saved first; what was sent meanwhile is deleted. Damaged ones: :meth:`damaged`."""
        found = [draft for path in self._paths() if (draft := self._present(path)) is not None]
        return sorted(found, key=lambda one: (one.saved_at or self._clock(), one.key.folder), reverse=True)

    def of_ticket(self, ticket_id: str) -> list[Draft]:
        """Replies and notes that are being written on the ticket with this raw id."""
        return [one for one in self.all() if one.key.ticket_id == ticket_id and one.key.kind is not DraftKind.NEW]

    def of_job(self, job_id: str) -> Draft | None:
        """The draft that was sent with this job and is still there."""
        return next((one for one in self.all() if one.sent is not None and one.sent.job_id == job_id), None)

    def get(self, key: DraftKey) -> Draft | None:
        """The draft with ``key``; ``None`` where there is none. Raises DraftDamaged."""
        found = draft_files.read(self._path(key))
        return found if found is None or not self._clear_sent(found) else None

    def begin(self, kind: DraftKind, ticket_id: str = "", **values: str | None) -> Draft:
        """The draft that is there for this ticket, else an empty one with ``values``, which is not saved yet.

        A new ticket always begins a new draft. One that is being sent, or is damaged, is left alone: another begins.
        """
        key = DraftKey(kind, ticket_id)
        while True:
            with contextlib.suppress(DraftDamaged):
                found = self.get(key)
                if found is None:
                    return Draft(key=key, **values)  # type: ignore[arg-type]  # texts and ids only
                if kind is not DraftKind.NEW and self.standing(found).state is not DraftState.SENDING:
                    return found
            key = replace(key, number=key.number + 1)

    def damaged(self) -> list[str]:
        """What cannot be read, in words; it is left as it is."""
        found = []
        for path in self._paths():
            try:
                draft_files.read(path)
            except DraftDamaged as error:
                found.append(str(error))
        return found

    def standing(self, draft: Draft) -> Standing:
        """Whether it is being written, being sent, or was given back and why, as the journal says now."""
        return standing_of(draft, self._journal)

    # -- writing

    def save(self, draft: Draft) -> Draft:
        """Keep what was typed; the draft as it is kept now, to go on with. Nothing happens where nothing changed.

        Call it as often as a person pauses (a few times a second is fine). Raises DraftConflict, DraftLocked,
        UnsafePath, OSError (disk full: what was saved before is untouched).
        """
        if draft.revision == 0 and draft.is_empty:
            return draft
        with self._locked():
            return self._save(draft)

    def save_over(self, draft: Draft, theirs: Draft | None) -> Draft:
        """After a conflict: this one takes the place of ``theirs``, which a person has seen. Raises as :meth:`save`."""
        place = (theirs.origin, theirs.revision) if theirs is not None else ("", 0)
        return self.save(replace(draft, origin=place[0], revision=place[1]))

    def save_beside(self, draft: Draft) -> Draft:
        """After a conflict: keep this one as well, as another draft with copies of its files.

        Files that the other program has taken away meanwhile are left out.
        """
        with self._locked():
            key = self._free(draft.key)
            fresh = replace(draft, key=key, sent=None, revision=0, attachments=())
            return self._build(fresh, draft, self._path(key))

    def attach(self, draft: Draft, path: Path | str) -> Draft:
        """Copy the file at ``path`` (``~`` is the home) beside the draft, and save both (TKT-6).

        10 MiB take some 50 ms: call it in a thread. Raises AttachmentRefused (``too-many-attachments``,
        ``attachment-too-large``, ``file-unreadable``), and as :meth:`save`.
        """
        with self._locked():
            self._check(draft)
            refusal = attachments.count_refusal((0,) * (len(draft.attachments) + 1), self._policy)
            if refusal is not None:
                raise AttachmentRefused(refusal)
            directory = self._made(draft.key)
            copy = attachments.copied(path, directory / f"file-{secrets.token_hex(8)}", self._policy)
            try:
                if any((one.name, one.sha256) == (copy.name, copy.sha256) for one in draft.attachments):
                    Path(copy.path).unlink()
                    return self._save(draft)
                return self._save(replace(draft, attachments=(*draft.attachments, copy)))
            except BaseException:
                Path(copy.path).unlink(missing_ok=True)
                raise

    def detach(self, draft: Draft, place: int) -> Draft:
        """Take the attachment at ``place`` (from 0) away, and save. Raises IndexError, and as :meth:`save`."""
        left = list(draft.attachments)
        gone = left.pop(place)
        with self._locked():
            kept = self._save(replace(draft, attachments=tuple(left)))
            Path(gone.path).unlink(missing_ok=True)
        return kept

    def discard(self, draft: Draft) -> None:
        """Throw it away, as a person decided. Raises DraftConflict, DraftLocked."""
        with self._locked():
            if draft.revision:
                self._check(draft)
                self._remove(self._path(draft.key))

    def follow(self, draft: Draft, ticket_id: str, *, number: str = "", subject: str = "") -> Draft:
        """Its ticket was merged into the one with this raw id: the draft goes there, with all that it has (TKT-8).

        Where a draft is there already both stay. What its writer saw last stays as it was, so what is new there is
        shown before it can be sent (TKT-9). Raises DraftConflict, DraftLocked.
        """
        with self._locked():
            self._check(draft)
            key = replace(draft.key, ticket_id=ticket_id, number=1)
            moved = replace(draft, key=key, followed_from=draft.key.ticket_id, sent=None)
            moved = replace(moved, ticket_number=number, ticket_subject=subject)
            while (there := self._read_or_damaged(key)) is not None:
                if (
                    isinstance(there, Draft)
                    and there.followed_from
                    and draft_files.same_text(there, replace(moved, key=key))
                ):
                    self._remove(self._path(draft.key))  # a crash came between the two halves of this
                    return there
                key = replace(key, number=key.number + 1)
            if draft.revision == 0:
                return replace(moved, key=key)
            kept = self._build(replace(moved, key=key), draft, self._path(key))
            self._remove(self._path(draft.key))
            return kept

    # -- sending

    def send(self, draft: Draft, plan: Plan, submit: Callable[[Plan], str]) -> str:
        """Lock the draft and have ``plan``, made of it, done by ``submit`` (``session.submit``); the job's id.

        The lock is on disk before the plan is in the journal, and holds no longer than the journal says: whenever a
        program dies, the draft is either sent or there. Raises PlanOfAnother, DraftConflict, DraftLocked, whatever
        ``submit`` raises (the draft is not locked then), UnsafePath, OSError.
        """
        with self._locked():
            draft = self._save(draft)
            sent = self._note(draft, plan, filed=False)
            try:
                return submit(plan)
            except BaseException:
                with contextlib.suppress(JournalError):
                    if not self._is_journalled(sent):
                        draft_files.write(self._path(draft.key), draft)
                raise

    def filed(self, draft: Draft, plan: Plan) -> Draft:
        """``plan``, made of this draft, was written to a file: once somebody applies that here, the draft is sent.

        It is not locked meanwhile. Raises PlanOfAnother, DraftConflict, DraftLocked, UnsafePath, OSError.
        """
        with self._locked():
            draft = self._save(draft)
            sent = self._note(draft, plan, filed=True)
            return replace(draft, revision=sent.revision, sent=sent)

    def _note(self, draft: Draft, plan: Plan, *, filed: bool) -> SentAs:
        """Write down by which operation the draft is sent. Raises PlanOfAnother."""
        operation = plan.operations[0] if len(plan.operations) == 1 else None
        if operation is None or not says(operation, draft):
            raise PlanOfAnother("The draft was changed since this was planned. Nothing was sent; send it again.")
        sent = SentAs(plan.id, operation.number, draft.revision + 1, filed)
        draft_files.write(self._path(draft.key), replace(draft, revision=sent.revision, sent=sent))
        return sent

    def settle(self) -> list[Draft]:
        """Delete what was sent, tidy up after a crash; those that were given back, to be told of at a start."""
        if not self.directory.is_dir():
            return []
        with self._locked():
            for path in self.directory.iterdir():
                if path.name.startswith((_GONE, _COMING)):
                    shutil.rmtree(path, ignore_errors=True)
        return [one for one in self.all() if self.standing(one).state is DraftState.RETURNED]

    # -- inside

    def _path(self, key: DraftKey) -> Path:
        return self.directory / key.folder

    def _paths(self) -> list[Path]:
        try:
            return sorted(path for path in self.directory.iterdir() if not path.name.startswith("."))
        except FileNotFoundError:
            return []

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with locked(self.directory / "drafts"):
            yield

    def _present(self, path: Path) -> Draft | None:
        try:
            draft = draft_files.read(path)
        except DraftDamaged:
            return None
        return draft if draft is not None and not self._clear_sent(draft) else None

    def _clear_sent(self, draft: Draft) -> bool:
        """Delete it if it was sent; whether it was."""
        if draft.sent is None or self.standing(draft).state is not DraftState.SENT:
            return False
        with self._locked():
            now = self._read_or_damaged(draft.key)
            if isinstance(now, Draft) and (now.origin, now.revision) == (draft.origin, draft.revision):
                self._remove(self._path(draft.key))
        return True

    def _read_or_damaged(self, key: DraftKey) -> Draft | DraftDamaged | None:
        try:
            return draft_files.read(self._path(key))
        except DraftDamaged as error:
            return error

    def _check(self, draft: Draft) -> Draft | None:
        """It as it is on disk, which is as it was read, and free. Raises DraftConflict, DraftLocked, DraftDamaged."""
        now = draft_files.read(self._path(draft.key))
        if now is not None and (standing := self.standing(now)).state in (DraftState.SENDING, DraftState.SENT):
            if standing.state is DraftState.SENDING:
                raise DraftLocked(standing)
            raise DraftConflict(None)
        there = (now.origin, now.revision) if now is not None else ("", 0)
        if there != (draft.origin, draft.revision):
            raise DraftConflict(now)
        return now

    def _save(self, draft: Draft) -> Draft:
        """Within the lock."""
        if draft.revision == 0 and draft.key.kind is DraftKind.NEW:
            draft = replace(draft, key=self._free(draft.key))
        now = self._check(draft)
        if now is not None and draft_files.same_text(now, draft):
            return now
        kept = replace(draft, revision=draft.revision + 1, saved_at=self._clock())
        kept = replace(kept, sent=now.sent if now is not None else None, origin=draft.origin or _drawn())
        draft_files.write(self._made(draft.key), kept)
        return kept

    def _free(self, key: DraftKey) -> DraftKey:
        while self._path(key).exists() and self._read_or_damaged(key) is not None:
            key = replace(key, number=key.number + 1)
        return key

    def _made(self, key: DraftKey) -> Path:
        directory = self._path(key)
        if not directory.is_dir():
            ensure_private_dir(directory)
            fsync_dir(self.directory)
        return directory

    def _build(self, draft: Draft, source: Draft, to: Path) -> Draft:
        """A whole draft with the files of ``source``, there in one step."""
        coming = ensure_private_dir(self.directory / f"{_COMING}{secrets.token_hex(8)}")
        files = []
        for one in source.attachments:
            copy = coming / Path(one.path).name
            with contextlib.suppress(FileNotFoundError):
                os.link(one.path, copy)
                files.append(replace(one, path=str(to / copy.name)))
        kept = replace(draft, attachments=tuple(files), revision=draft.revision + 1, origin=_drawn())
        kept = replace(kept, saved_at=self._clock())
        draft_files.write(coming, kept)
        with contextlib.suppress(FileNotFoundError):
            to.rmdir()  # an empty one, of a program that was killed before its first save
        coming.rename(to)
        fsync_dir(self.directory)
        return kept

    def _remove(self, path: Path) -> None:
        """In one step, so that no half of a draft is ever there."""
        gone = self.directory / f"{_GONE}{secrets.token_hex(8)}"
        with contextlib.suppress(FileNotFoundError):
            path.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

    def _is_journalled(self, sent: SentAs) -> bool:
        try:
            self._journal.operation(sent.job_id, sent.number)
        except UnknownJob:
            return False
        return True


def _drawn() -> str:
    return secrets.token_hex(8)
