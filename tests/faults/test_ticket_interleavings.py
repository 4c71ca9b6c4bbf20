"""Two of support and a client in a thousand random orders: nothing unseen is answered, nothing lost, no note leaks.

TKT-9, and what tickets promise: 1,000 in ``./dev faults``, 100 in ``./dev test``. What would break it is broken
by hand, and must be caught.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from billtui.services import planner
from billtui.services.drafts import DraftConflict, Drafts
from billtui.services.letters import Letter
from billtui.services.ticket_writing import TicketWriting
from tests.support.sandbox import SandboxProcess
from tests.support.ticket_interleavings import CANARY, Broken, Interleaving, Stage

LONG = os.environ.get("BILLTUI_FAULTS") == "long"
COUNT = 1_000 if LONG else 100
HAPPENS = (
    "thread-moved-on", "taken-back", "merge done", "unmerge done", "note done", "close done", "reassign done",
    "crash", "down", "send_and_crash", "hold_and_crash", "send_and_lose", "send_too_late",
)  # fmt: skip
"""What must have come up, or nothing is proved."""

pytestmark = [
    pytest.mark.faults,
    # A program that dies while it connects leaves a coroutine of the network library behind.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
Patch = pytest.MonkeyPatch


@contextlib.asynccontextmanager
async def staged(folder: Path) -> AsyncIterator[Stage]:
    """A panel and three programs."""
    sandbox = SandboxProcess(folder / "panel.db", fleet=8).start()
    stage = Stage(sandbox, folder)
    try:
        await stage.open()
        yield stage
    finally:
        await stage.close()
        sandbox.kill()


async def test_nothing_unseen_is_answered_nothing_is_lost_and_no_note_leaks(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    async with staged(tmp_path) as stage:
        for seed in range(COUNT):
            await Interleaving(stage, seed).play()
    record_property("orders of events", COUNT)
    missing = [what for what in HAPPENS if not stage.done.get(what)]
    assert not missing, f"never happened: {missing}; {stage.done}"
    on_disk = b"".join(path.read_bytes() for path in (tmp_path / "olena.marsh").rglob("*") if path.is_file())
    assert CANARY.encode() not in on_disk, "the client's computer holds no note"


def a_second_try_counts_as_a_yes(patch: Patch) -> None:
    real = TicketWriting.plan

    async def plan(self: TicketWriting, letter: Letter, **more: Any) -> Any:
        ticket = await self.ticket(letter.draft.key.ticket_id)
        letter.draft = replace(
            letter.draft, seen=None if ticket.last_message_id is None else ticket.last_message_id.raw
        )
        return await real(self, letter, **more)

    patch.setattr(TicketWriting, "plan", plan)


def what_came_by_a_merge_is_not_shown(patch: Patch) -> None:
    real = TicketWriting._messages

    async def messages(self: TicketWriting, ticket_id: str, after: str | None) -> Any:
        found = await real(self, ticket_id, after)
        return [one for one in found if one.merged_from is None]

    patch.setattr(TicketWriting, "_messages", messages)


def a_draft_is_deleted_when_it_is_sent(patch: Patch) -> None:
    real = Drafts.send

    def send(self: Drafts, draft: Any, *rest: Any) -> str:
        job_id = real(self, draft, *rest)
        self._remove(self._path(draft.key))
        return job_id

    patch.setattr(Drafts, "send", send)


def a_draft_is_lost_when_its_ticket_is_merged(patch: Patch) -> None:
    real = Drafts.follow

    def follow(self: Drafts, draft: Any, *rest: Any, **more: Any) -> Any:
        moved = real(self, draft, *rest, **more)
        self._remove(self._path(moved.key))
        return moved

    patch.setattr(Drafts, "follow", follow)


def notes_are_sent_as_replies(patch: Patch) -> None:
    real = planner.reply

    def reply(*arguments: Any, internal: bool = False, **more: Any) -> Any:
        return real(*arguments, internal=False, **more)

    patch.setattr(planner, "reply", reply)
    patch.setattr("billtui.services.drafts.says", lambda *_: True)


BROKEN = (
    a_second_try_counts_as_a_yes,
    what_came_by_a_merge_is_not_shown,
    a_draft_is_deleted_when_it_is_sent,
    a_draft_is_lost_when_its_ticket_is_merged,
    notes_are_sent_as_replies,
)


@pytest.mark.parametrize("broken", BROKEN if LONG else BROKEN[:1], ids=lambda broken: broken.__name__)
async def test_what_is_broken_by_hand_is_caught(
    broken: Callable[[Patch], None], tmp_path: Path, monkeypatch: Patch
) -> None:
    broken(monkeypatch)
    async with staged(tmp_path) as stage:
        for seed in range(300):
            try:
                await Interleaving(stage, seed).play()
            except (Broken, DraftConflict):
                return
    pytest.fail(f"{broken.__name__} survived")
