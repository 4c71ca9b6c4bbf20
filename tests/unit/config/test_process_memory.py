"""What the system shows of a process: its environment at the start, and its memory in a core file."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from billtui.config.process_memory import KEEP_CORES, keep_out_of_cores

CANARY = "c4nary-in-memory-7f3e"

TAKEN = """
import os, sys
from billtui.config.secret_sources import take_environment
{erase}
taken = take_environment()
print(os.environ.get("BILLTUI_TOKEN"), taken.token.get_secret_value() == sys.argv[1] and "had", flush=True)
sys.stdin.read()
"""
NOT_ERASED = "import billtui.config.process_memory as s; s.erase_variable = lambda name: None"


@pytest.mark.parametrize("erase", ["", NOT_ERASED], ids=["as it is", "taken out only"])
def test_the_system_shows_no_secret_of_the_environment(erase: str, reversed_canary: str) -> None:
    """Also what a program was started with, which taking a variable out leaves readable: the control shows it."""
    process = subprocess.Popen(
        [sys.executable, "-c", TAKEN.format(erase=erase).replace("sys.argv[1]", "sys.argv[1][::-1]"), reversed_canary],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "BILLTUI_TOKEN": CANARY, "BILLTUI_PASSWORD": "other-" + CANARY, "AFTER": "still-there"},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().split() == ["None", "had"]
        shown = Path(f"/proc/{process.pid}/environ").read_bytes()
        assert b"AFTER=still-there" in shown
        assert (CANARY.encode() in shown) == bool(erase)
    finally:
        process.communicate()


@pytest.fixture
def reversed_canary() -> str:
    """So that the command line of the test's own process does not hold it."""
    return CANARY[::-1]


CRASH = """
import os, resource, sys
from billtui.config.process_memory import keep_out_of_cores
open("/proc/self/coredump_filter", "w").write("0x33")  # as at a login: a test before may have run a verb in here
held = sys.argv[1][::-1]
keep_out_of_cores()
print(resource.getrlimit(resource.RLIMIT_CORE)[0], flush=True)
limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (limit, limit))  # as a handler that takes every core
os.abort()
"""


@pytest.mark.skipif(
    Path("/proc/sys/kernel/core_pattern").read_text().strip() != "core"
    or resource.getrlimit(resource.RLIMIT_CORE)[1] == 0,
    reason="this machine leaves no core file beside the program",
)
@pytest.mark.parametrize("keep", ["", "1"], ids=["as it is", "BILLTUI_CORE_DUMPS=1"])
def test_a_core_file_holds_no_memory(keep: str, tmp_path: Path, reversed_canary: str) -> None:
    process = subprocess.run(
        [sys.executable, "-c", CRASH, reversed_canary],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, KEEP_CORES: keep},
        check=False,
    )
    cores = [path.read_bytes() for path in tmp_path.glob("core*")]
    assert process.returncode < 0 and len(cores) == 1
    if keep:
        assert CANARY.encode() in cores[0], "the control: a core holds what the process knows"
    else:
        assert process.stdout.split() == ["0"], "no core where the limit is obeyed"
        assert CANARY.encode() not in cores[0]
        assert len(cores[0]) < 300_000


def test_children_leave_no_memory_in_a_core_either() -> None:
    code = (
        "import subprocess, sys\nfrom billtui.config.process_memory import keep_out_of_cores\nkeep_out_of_cores()\n"
        "subprocess.run(['cat', '/proc/self/coredump_filter'])"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(process.stdout, 16) == 0


def test_a_system_without_the_filter_is_no_error(tmp_path: Path) -> None:
    assert not keep_out_of_cores(tmp_path / "nothing" / "here")
