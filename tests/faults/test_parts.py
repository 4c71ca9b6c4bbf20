"""`./dev faults` itself: it knows every long form, keeps what came out, and says what did not hold."""

from __future__ import annotations

from pathlib import Path

from tests.faults.carrying_out import Result, carry_out, load, markdown, save
from tests.faults.parts import TESTS, Part, all_parts

MIXED = """
import os, subprocess, sys
import pytest

@pytest.mark.parametrize("count", [3, 4])
def test_counts(count, record_property):
    assert os.environ["BILLTUI_FAULTS"] == "long"
    record_property("kills", count)

def test_is_left_out():
    pytest.skip("not here")
"""
BROKEN = (
    MIXED
    + """
def test_breaks(tmp_path):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    assert False
"""
)


def test_every_long_form_is_a_part() -> None:
    parts = {part.name: part for part in all_parts()}
    assert {"kills", "histories", "fleet-kills", "many-processes", "schemathesis"} <= {
        name for name, part in parts.items() if part.long
    }
    assert not parts["bad-answers"].long and parts["bad-answers"].what.startswith("Bad HTTP answers")
    assert all(part.what for part in parts.values())
    paths = {part.path for part in parts.values()}
    for path in TESTS.rglob("test_*.py"):
        if path != Path(__file__) and "BILLTUI_FAULTS" in path.read_text(encoding="utf-8"):
            assert path in paths, path


def test_what_tests_count_is_summed_and_what_fails_is_named(tmp_path: Path) -> None:
    for name, text in (("good", MIXED), ("bad", BROKEN)):
        (tmp_path / f"test_{name}.py").write_text(text, encoding="utf-8")
    good, bad, empty = (
        Part(name, tmp_path / f"test_{name}.py", "What it shows", long=True) for name in ("good", "bad", "missing")
    )
    said = tmp_path / "said" / "good.txt"
    results = {"good": carry_out(good, said), "bad": carry_out(bad, tmp_path / "said" / "bad.txt")}
    assert (results["good"].tests, results["good"].skipped, results["good"].held) == (2, 1, True)
    assert results["good"].figures == {"kills": 7}
    assert "2 passed" in said.read_text()
    assert results["bad"].failed == ["test_breaks"] and not results["bad"].held
    assert "left running, ended:" in (tmp_path / "said" / "bad.txt").read_text()
    results["missing"] = carry_out(empty, tmp_path / "said" / "missing.txt")
    assert not results["missing"].held

    save(tmp_path / "kept.json", results)
    assert load(tmp_path / "kept.json") == results and load(tmp_path / "nothing.json") == {}
    rows = markdown([good, bad, empty], results).splitlines()[2:]
    assert rows[0].startswith("| `good` | What it shows | 7 kills, 2 tests, 1 skipped | all | ")
    assert "FAILED: test_breaks" in rows[1] and "FAILED" in rows[2]


def test_a_part_of_which_nothing_ran_proves_nothing() -> None:
    assert not Result(0, [], 5, 1.0).held
    assert Result(1, [], 0, 1.0).held
