"""A fault of the program's own in a job: nothing on standard error, and a report without values."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from billtui.services.own_faults import REPORT_SAYS_WHERE

CANARY = "c4nary\x1b]0;owned\x07"
FAILING = """
import asyncio, logging, sys, threading
from pathlib import Path
from billtui.services.executor import Executor

def no_client():
    raise AssertionError("nothing is asked here")

executor = Executor(no_client, Path(sys.argv[1]) / "state" / "journal")
executor.start()

async def fails(word):
    raise KeyError(word)

async def loses():
    for number in range(3):
        executor._engine.begin(fails(sys.argv[2]))
    task = asyncio.get_running_loop().create_task(fails(sys.argv[2]))  # nobody waits for it
    await asyncio.sleep(0.05)
    del task
    await asyncio.sleep(0)

asyncio.run_coroutine_threadsafe(loses(), executor._loop).result(5)
logging.getLogger("billtui.services.executor.desk").warning("operation %s was moved", sys.argv[2])

def ends_a_thread():
    raise KeyError(sys.argv[2])

thread = threading.Thread(target=ends_a_thread)
thread.start()
thread.join()
executor.close()
"""


def test_a_fault_in_a_job_is_a_report_of_places_alone(own_environment: Path, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FAILING, str(tmp_path), CANARY], capture_output=True, env=dict(os.environ), check=False,
        timeout=60,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")
    reports = [one.read_text() for one in (own_environment / "state" / "crashes").glob("crash-*.txt")]
    assert len(reports) == 3  # the job's task, though it failed three times; the one that nobody waits for; the thread
    assert sum("in fails" in report for report in reports) == 2
    assert sum("in ends_a_thread" in report for report in reports) == 1
    for report in reports:
        assert "KeyError" in report
        assert "c4nary" not in report and "\x1b" not in report


def test_words_that_name_a_report_name_the_way_to_it() -> None:
    assert "billtui doctor" in REPORT_SAYS_WHERE
