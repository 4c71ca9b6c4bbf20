"""Lives of billtui that end by kill -9: a warm process forks one child per life, and the child carries a plan out.

Run as a program it is that warm process: it imports everything once, single-threaded, and forks on command. Each
command and each answer is one line of JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from billtui.client import BillingClient, ConnectionSettings
from billtui.client.drivers import Driver
from billtui.services import planner
from billtui.services.drafts import Drafts, DraftState
from billtui.services.executor import Executor, Limits
from billtui.services.journal import OperationState
from billtui.services.plans import Plan
from tests.support.money_panel import MoneyPanel

Json = dict[str, Any]
STEPS = ("journal:before-commit", "journal:after-commit", "sending-written", "answered", "outcome-written")
"""Where a child can be killed from the inside; the panel kills from the outside: ``arrived`` and ``effect``."""
KILLED = -signal.SIGKILL


@dataclass(frozen=True)
class Life:
    """One start of billtui: apply ``plan`` if there is one, take up what earlier lives left, work until it rests."""

    url: str
    journal: str
    plan: str | None = None
    step: str | None = None
    nth: int = 1
    """It is killed at the ``nth`` time that ``step`` is passed."""
    report: bool = False
    """Say what the journal knows once everything unknown is settled, then what it knows at the end."""
    seconds: float = 20.0
    write_deadline: float = 0.25
    token: str = "token"
    codes: dict[str, str] | None = None
    """One-time codes by operation number (TRF-2); they reach the child by this line, and no file."""
    concurrency: int = 2
    driver: str | None = None
    """``module:Class`` of the driver, where it is another one than that of the Billing API v1."""
    drafts: str | None = None
    """A directory with the one draft that ``plan`` was made of: it is sent as a draft is, locked first (TKT-9)."""


class Zygote:
    """The warm process, as tests use it."""

    def __init__(self) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
        self._process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.pid = 0

    def live(self, life: Life, born: Any = None) -> int:
        """One life from birth to death: 0 for a natural one, :data:`KILLED`. ``born`` is called with its pid."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(life)) + "\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        if born is not None:
            born(pid)
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End the warm process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)


def _states(executor: Executor, jobs: list[str]) -> Json:
    return {
        job_id: {
            str(row.number): {"state": row.state.value, "sends": row.sends, "targets": row.targets, "code": row.code}
            for row in executor.reader.operations(job_id)
        }
        for job_id in jobs
    }


def report_of(journal: str) -> Json:
    """What the last natural life said at its end."""
    found: Json = json.loads(Path(journal + ".report").read_text())
    return found


def was_confirmed(journal: str) -> bool:
    """Whether a life came as far as telling its caller that the job is in the journal."""
    return Path(journal + ".confirmed").exists()


def _live(life: Life) -> None:
    passed: Counter[str] = Counter()

    def step(name: str) -> None:
        passed[name] += 1
        if name == life.step and passed[name] == life.nth:
            os.kill(os.getpid(), signal.SIGKILL)

    def client() -> BillingClient:
        settings = ConnectionSettings(
            life.url, read_deadline=2.0, write_deadline=life.write_deadline, tries=3, retry_base=0.01
        )
        return BillingClient(settings, SecretStr(life.token), driver=_driver(life.driver))

    limits = Limits(concurrency=life.concurrency, first_pause=0.02, longest_pause=0.2, most_sends=50)
    executor = Executor(client, Path(life.journal), limits=limits, step=step)
    executor.start()
    executor.recover()
    if life.plan is not None:
        plan = Plan.from_json(life.plan)
        codes = {int(number): SecretStr(code) for number, code in (life.codes or {}).items()}
        if life.drafts is None:
            executor.submit(plan, codes=codes)
        else:
            _send(Drafts(Path(life.drafts), executor.reader), plan, executor)
        Path(life.journal + ".confirmed").touch()
        executor.wait(plan.id, life.seconds)
    jobs = [job.id for job in executor.reader.jobs(None)]
    for job_id in jobs:
        executor.settle_now(job_id)
    settled: Json = {}
    instant = 0.0
    for _ in range(20):
        resting = [executor.wait(job_id, life.seconds) for job_id in jobs]
        left = [row for row in resting if not row.finished or row.counts.get(OperationState.NOT_SENT)]
        if life.report and not settled:
            settled = _states(executor, jobs)
            instant = time.monotonic()
        if not left:
            break
        for row in left:
            executor.retry_failed(row.id)
            executor.resume(row.id)
    if life.report:
        found = {"settled": settled, "instant": instant, "jobs": _states(executor, jobs)}
        Path(life.journal + ".report").write_text(json.dumps(found | {"damage": executor.reader.verify()}))
    executor.close()


def _driver(home: str | None) -> Driver | None:
    if home is None:
        return None
    module, _, name = home.partition(":")
    made: Driver = getattr(import_module(module), name)()
    return made


def _send(drafts: Drafts, plan: Plan, executor: Executor) -> None:
    """Send the draft, unless an earlier life came as far as that."""
    for draft in drafts.all():
        if drafts.standing(draft).state is not DraftState.SENDING:
            drafts.send(draft, plan, executor.submit)


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _warm_up() -> None:
    """One life against nobody, so that children find everything loaded. Its threads end before the first fork."""
    panel = MoneyPanel(port=9)  # never started: the discard port, where nothing listens
    with tempfile.TemporaryDirectory() as directory:
        plan = planner.pay(panel.account(), panel.add_invoices(1), "internal")
        executor = Executor(lambda: panel.client(tries=1, read_deadline=1.0), Path(directory, "state", "journal"))
        executor.start()
        executor.submit(plan)
        executor.wait(plan.id, 5)
        _driver("tests.support.keyless_panel:KeylessDriver")
        executor.reader.verify()
        executor.close()


def _main() -> None:
    _warm_up()
    while line := sys.stdin.readline():
        life = Life(**json.loads(line))
        gate, opener = os.pipe()
        pid = os.fork()
        if pid == 0:
            code = 1
            with contextlib.suppress(BaseException):
                os.read(gate, 1)
                try:
                    _live(life)
                    code = 0
                finally:
                    if code:
                        Path(life.journal + ".trouble").write_text(traceback.format_exc())
            os._exit(code)
        _say(pid)
        sys.stdin.readline()
        os.write(opener, b"g")
        _, status = os.waitpid(pid, 0)
        os.close(gate)
        os.close(opener)
        _say(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    _main()
