"""A job of a thousand operations, killed again and again at random instants, on a panel that breaks and is killed too:
it ends in the same ledger as a run that nobody disturbed.

The panel is the reference panel in a process of its own; the lives are real processes that die by SIGKILL.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from billtui.services.journal import JournalReader, OperationState
from tests.support.fleet_jobs import Fleet, twin
from tests.support.lives import KILLED, Life, Zygote, report_of, was_confirmed
from tests.support.sandbox import Json, SandboxProcess

S = OperationState
LONG = os.environ.get("BILLTUI_FAULTS") == "long"
KILLS = 200 if LONG else 20
"""Deaths of the program in the one job."""
PANEL_DEATHS = 12 if LONG else 2
PAYMENTS, CHANGES = 300, 350
OPERATIONS = PAYMENTS + 2 * CHANGES
FLEET = 1_800
FAULTS: tuple[Json, ...] = (
    {"kind": "drop-after", "probability": 0.03, "method": "POST"},
    {"kind": "drop-after", "probability": 0.03, "method": "PATCH"},
    {"kind": "drop-after", "probability": 0.03, "method": "PUT"},
    {"kind": "drop-before", "probability": 0.03},
    {"kind": "http-503", "probability": 0.03},
)
REACH = max(1, 9 * OPERATIONS // (5 * KILLS) - 8)
"""Most operations that are waited for in one life; some more end while it is looked, in each."""
PATIENCE = 60.0


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    warm = Zygote()
    yield warm
    warm.close()


class Hunter:
    """Kills one life: when it has finished so many operations more, and a random moment after that."""

    def __init__(self, journal: Path, operations: int, moment: float, seconds: float) -> None:
        self._journal = JournalReader(journal)
        self._operations = operations
        self._moment = moment
        self._until = time.monotonic() + seconds
        self._thread: threading.Thread | None = None

    def born(self, pid: int) -> None:
        """Begin to hunt."""
        self._thread = threading.Thread(target=self._hunt, args=(pid,), daemon=True)
        self._thread.start()

    def _done(self) -> int:
        return sum(job.counts.get(S.DONE, 0) for job in self._journal.jobs())

    def _hunt(self, pid: int) -> None:
        before = self._done()
        step = threading.Event()
        while self._done() - before < self._operations and time.monotonic() < self._until:
            step.wait(0.003)
        step.wait(self._moment)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self._journal.close()

    def end(self) -> None:
        """Wait until it has struck."""
        assert self._thread is not None
        self._thread.join(PATIENCE)


class Story:
    """The lives of one job."""

    def __init__(self, seed: int, sandbox: SandboxProcess, fleet: Fleet, directory: Path, zygote: Zygote) -> None:
        self.random = random.Random(seed)
        self.sandbox = sandbox
        self.fleet = fleet
        self.zygote = zygote
        self.journal = directory / "state" / "journal.sqlite"
        self.kills = 0
        self.finished_early = 0

    def life(self, document: str | None, *, report: bool = False) -> Life:
        """One start of the program."""
        return Life(
            self.sandbox.url, str(self.journal), document, report=report, seconds=PATIENCE, write_deadline=2.0,
            token=self.fleet.token, concurrency=8,
        )  # fmt: skip

    def one_death(self, document: str | None) -> None:
        """A life that is killed; it may come to its natural end before."""
        share = self.random.choice((0, 1, REACH, REACH))
        hunter = Hunter(self.journal, self.random.randint(0, share), self.random.uniform(0, 0.05), 3.0)
        end = self.zygote.live(self.life(document), hunter.born)
        hunter.end()
        assert end in (0, KILLED), Path(f"{self.journal}.trouble").read_text()
        self.kills += int(end == KILLED)
        self.finished_early += int(end == 0)

    def panel_dies(self) -> threading.Thread:
        """The panel is killed in the middle of a life, and comes back with the same faults."""

        def strike() -> None:
            threading.Event().wait(self.random.uniform(0.05, 0.4))
            self.sandbox.restart()
            self.break_things()

        thread = threading.Thread(target=strike)
        thread.start()
        return thread

    def break_things(self) -> None:
        """drop-after, drop-before and 503, at random."""
        self.sandbox.faults(*FAULTS, seed=self.random.randint(0, 1 << 30))


def lost_answers(journal: Path, job_id: str) -> int:
    """How often an outcome was unknown: a life died in mid-request, or the panel's answer was lost."""
    reader = JournalReader(journal)
    found = sum(event.after == S.UNKNOWN for event in reader.events(job_id))
    reader.close()
    return found


@pytest.mark.faults
def test_a_job_of_a_thousand_killed_at_random_ends_in_the_same_ledger(
    tmp_path: Path, zygote: Zygote, record_property: Callable[[str, object], None]
) -> None:
    """RELIABILITY: random kills in a 1,000-operation job against drop-after, drop-before, 503 and a panel that dies:
    the same set of (invoice, amount, purse), the same balances, names, ends and settings as without any of it."""
    seed = random.Random().randint(0, 1 << 30) if LONG else 1_000
    sandbox = SandboxProcess(tmp_path / "panel.db", fleet=FLEET).start()
    undisturbed: SandboxProcess | None = None
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "calm").mkdir(mode=0o700)
    try:
        fleet = Fleet(sandbox)
        plan = fleet.plan(payments=PAYMENTS, changes=CHANGES)
        assert len(plan.operations) == OPERATIONS
        undisturbed = twin(sandbox, tmp_path)
        calm = Story(0, undisturbed, Fleet(undisturbed), tmp_path / "calm", zygote)
        calm.journal.parent.mkdir(mode=0o700)
        assert zygote.live(calm.life(plan.to_json())) == 0, Path(f"{calm.journal}.trouble").read_text()
        expected = calm.fleet.picture()
        assert set(calm.fleet.debits_of(plan).values()) == {1}

        story = Story(seed, sandbox, fleet, tmp_path, zygote)
        story.break_things()
        document: str | None = plan.to_json()
        panel_deaths = set(story.random.sample(range(KILLS), PANEL_DEATHS))
        while story.kills < KILLS and story.finished_early < 5:
            dying = story.panel_dies() if story.kills in panel_deaths else None
            panel_deaths.discard(story.kills)
            story.one_death(document)
            if dying is not None:
                dying.join(PATIENCE)
            if was_confirmed(str(story.journal)):
                document = None
        assert story.kills >= KILLS, f"seed {seed}: the job was finished after {story.kills} kills"

        sandbox.faults()
        assert zygote.live(story.life(document, report=True)) == 0, Path(f"{story.journal}.trouble").read_text()
        report = report_of(str(story.journal))
        assert report["damage"] == [], f"seed {seed}"
        states = {row["state"] for row in report["jobs"][plan.id].values()}
        assert states == {"done"}, f"seed {seed}: {states}"
        assert len(report["jobs"][plan.id]) == OPERATIONS
        struck = lost_answers(story.journal, plan.id)
        assert struck >= KILLS, f"seed {seed}: only {struck} answers were lost; this proves nothing"
        record_property("kills", story.kills)
        record_property("deaths of the panel", PANEL_DEATHS)
        record_property("lost answers", struck)
        found = fleet.picture()
        assert found == expected, f"seed {seed}"
        assert set(fleet.debits_of(plan).values()) == {1}, f"seed {seed}"
        assert sandbox.check_books() == [] and undisturbed.check_books() == []
    finally:
        sandbox.kill()
        if undisturbed is not None:
            undisturbed.kill()
