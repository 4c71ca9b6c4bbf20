"""kill -9 around a push and each step of a transfer: no order moves twice, none is lost, and the journal is true.

Each scenario is one operation, up to three violent deaths at named steps, with and without a lost answer, then one
quiet life that settles. What counts is the panel's own record. A step whose code died with its program is not sent
again (TRF-2): it says so, holds no lock, and goes through with its code given once more.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from billtui.services.plans import OperationKind
from tests.support.handover import STEPS as STEP_PLANS
from tests.support.handover import Handover
from tests.support.lives import KILLED, STEPS, Life, Zygote, report_of, was_confirmed
from tests.support.sandbox import SandboxProcess

K = OperationKind
LONG = os.environ.get("BILLTUI_FAULTS") == "long"
ROUNDS = 60 if LONG else 12
"""For each kind of operation."""
FAULTS = (None, None, "drop-after", "drop-before", "http-500", "garble")
CODED = (K.TRANSFER_CONFIRM, K.TRANSFER_ACCEPT)
ENDS = {
    K.TRANSFER_PUSH: "awaiting sender",
    K.TRANSFER_CONFIRM: "awaiting recipient",
    K.TRANSFER_ACCEPT: "completed",
    K.TRANSFER_DECLINE: "declined",
    K.TRANSFER_CANCEL: "cancelled",
}

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    warm = Zygote()
    yield warm
    warm.close()


@pytest.fixture(scope="module")
def handover(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handover]:
    server = SandboxProcess(tmp_path_factory.mktemp("handover") / "panel.db", fleet=1200 if LONG else 160).start()
    try:
        yield Handover(server)
        server.faults()
        assert server.check_books() == []
    finally:
        server.kill()


class Scenario:
    """One operation on one order."""

    def __init__(self, handover: Handover, zygote: Zygote, kind: OperationKind, directory: Path, seed: int) -> None:
        self.handover, self.zygote, self.kind = handover, zygote, kind
        self.random = random.Random(seed)
        self.journal = str(directory / "journal.sqlite")
        [order] = handover.orders()
        self.order_id = order.id.raw
        self.name = order.name.raw
        self.codes: dict[str, str] = {}
        if kind is K.TRANSFER_PUSH:
            self.plan = handover.push([order])
        else:
            confirmed = kind in (K.TRANSFER_ACCEPT, K.TRANSFER_DECLINE)
            self.transfer_id = handover.begun(order, confirmed=confirmed)
            self.plan = handover.step(kind, self.transfer_id)
            if kind in CODED:
                self.codes = {"1": handover.code(kind, self.transfer_id).get_secret_value()}
        self.kills = 0

    def play(self) -> tuple[int, str]:
        """(kills, what the journal said after the last death: the operation's state). Fails with what is wrong."""
        document: str | None = self.plan.to_json()
        for _ in range(self.random.randint(1, 3)):
            self._break_something()
            code = self._live(document, self.random.choice(STEPS), self.random.randint(1, 3))
            self.kills += code == KILLED
            assert code in (0, KILLED), Path(self.journal + ".trouble").read_text()
            if was_confirmed(self.journal):
                document = None
        self.handover.sandbox.faults()
        assert self._live(document, None, 1, report=True) == 0, Path(self.journal + ".trouble").read_text()
        said = report_of(self.journal)
        assert said["damage"] == []
        row = said["jobs"][self.plan.id]["1"]
        happened = self._happened()
        if row["state"] == "done":
            assert happened == 1, "the journal says done, the panel says no"
        else:
            assert (row["state"], row["code"]) == ("refused", "code-needed"), row
            assert self.codes and happened == 0, "the journal says not sent, the panel says done"
            self._once_more()
        assert self._happened() == 1
        taken = self.kind is K.TRANSFER_ACCEPT
        assert self.handover.recipient.owns(self.order_id) is taken
        assert self.handover.sender.owns(self.order_id) is not taken
        self._no_code_was_written()
        return self.kills, str(row["state"])

    def _break_something(self) -> None:
        fault = self.random.choice(FAULTS)
        path = "*/transfers" if self.kind is K.TRANSFER_PUSH else f"*/transfers/{self.transfer_id}/*"
        faults = [{"kind": fault, "times": 1, "method": "POST", "path": path}] if fault else []
        self.handover.sandbox.faults(*faults)

    def _live(self, document: str | None, step: str | None, nth: int, *, report: bool = False) -> int:
        token = self.handover.party(self.kind).token
        life = Life(
            self.handover.sandbox.url, self.journal, document, step, nth, report, token=token, write_deadline=5.0,
            codes=self.codes if document is not None else None,
        )  # fmt: skip
        return self.zygote.live(life)

    def _happened(self) -> int:
        """How often the panel says that it happened."""
        found = self.handover.transfers_of(self.order_id)
        if self.kind is K.TRANSFER_PUSH:
            assert len(found) <= 1, "pushed twice"
            return len(found)
        [transfer] = [one for one in found if one.id.raw == self.transfer_id]
        whole = self.handover.sender.transfer(self.transfer_id)
        assert transfer.state == whole.state
        times = Counter(str(step.state) for step in whole.history)
        assert max(times.values()) == 1, "a step was taken twice"
        return times[ENDS[self.kind]]

    def _once_more(self) -> None:
        """The way out: the code is given again, in a new plan, and nothing of the old one is in its way."""
        plan = STEP_PLANS[self.kind](
            self.handover.party(self.kind).account(), [self.handover.party(self.kind).transfer(self.transfer_id)]
        )
        token = self.handover.party(self.kind).token
        url = self.handover.sandbox.url
        life = Life(url, self.journal, plan.to_json(), report=True, token=token, write_deadline=5.0, codes=self.codes)
        assert self.zygote.live(life) == 0
        assert report_of(self.journal)["jobs"][plan.id]["1"]["state"] == "done"

    def _no_code_was_written(self) -> None:
        for path in Path(self.journal).parent.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            assert not any(code.encode() in content for code in self.codes.values()), path


@pytest.mark.parametrize("kind", list(ENDS), ids=str)
def test_nothing_moves_twice_and_nothing_is_lost(
    handover: Handover,
    zygote: Zygote,
    kind: OperationKind,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """RELIABILITY "Money", TRF-2, TRF-3."""
    kills, ends = 0, Counter[str]()
    for number in range(ROUNDS):
        directory = tmp_path / str(number)
        directory.mkdir(mode=0o700)
        found, end = Scenario(handover, zygote, kind, directory, seed=1000 * number + len(kind)).play()
        kills += found
        ends[end] += 1
    record_property("scenarios", ROUNDS)
    record_property("kills", kills)
    assert kills >= ROUNDS // 2, "too few deaths to prove anything"
    if kind in CODED:
        assert ends["refused"], "no code was ever lost: the way out was not walked"
