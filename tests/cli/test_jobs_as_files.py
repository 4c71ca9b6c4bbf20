"""Jobs on the command line: their report as a file, and waiting for them with progress on a terminal."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
from pathlib import Path

import pytest

from billtui.cli.progress import JobProgress
from billtui.services import planner
from billtui.services.journal import Journal, JournalReader, OperationState
from tests.support.command_line import Cli
from tests.support.money_panel import MoneyPanel

S = OperationState


def test_report_of_a_job(cli: Cli, tmp_path: Path) -> None:
    invoice = cli.issue()
    done = cli("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--yes", "--json").json
    job = str(done["job"]["id"])
    path = tmp_path / "report.csv"
    assert cli("jobs", "report", job[:12], "--out", str(path)).out.startswith("1 step written to")
    rows = list(csv.DictReader(io.StringIO(path.read_text(), newline="")))
    assert [(row["state"], row["amount"], row["targets"]) for row in rows] == [
        ("done", f"{invoice['total']['amount']}", f"invoice:{invoice['id']}")
    ]
    assert rows[0]["request_id"] == done["job"]["operations"][0]["request_id"] or rows[0]["request_id"] == ""

    again = cli("jobs", "report", job, "--out", str(path), "--json")
    assert (again.code, again.error["code"]) == (2, "file-exists") and path.read_text().count("\n") == 2
    found = cli("jobs", "report", job, "--out", str(tmp_path / "r.json"), "--format", "json", "--json").json
    assert found["operations"] == 1 and found["format"] == "json"
    printed = json.loads(cli("jobs", "report", job, "--format", "json").out)
    assert printed == json.loads((tmp_path / "r.json").read_text()) and printed["job"]["id"] == job
    whole = cli("jobs", "report", job, "--json").json  # one document, also where the report is CSV
    assert whole["text"].split() == path.read_text().split()
    missing = cli("jobs", "report", job, "--out", str(tmp_path / "no" / "r.csv"), "--json")
    assert missing.error["code"] == "cannot-write"
    assert cli("jobs", "report", "nosuchjob", "--json").code == 4


def test_following_a_job_that_rests_shows_it_at_once(cli: Cli) -> None:
    invoice = cli.issue()
    done = cli("invoices", "pay", f"id:{invoice['id']}", "--method", "internal", "--yes", "--json").json
    shown = cli("jobs", "show", "--follow", str(done["job"]["id"]), "--json").json
    assert shown["items"][0]["state"] == "finished"


def test_progress_has_rate_and_time_left_and_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal one line is written over; into a file nothing is written."""
    writer = Journal(tmp_path / "state" / "journal.sqlite")
    panel = MoneyPanel()
    plan = planner.pay(panel.account(), panel.add_invoices(20), "internal")
    writer.add_job(plan, "somebody", held=False)
    reader = JournalReader(writer.path)
    now = [0.0]
    monkeypatch.setenv("TERM", "xterm")
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as terminal, (tmp_path / "log").open("w") as log:
        shown = JobProgress(wanted=True, stream=terminal, clock=lambda: now[0])
        silent = JobProgress(wanted=True, stream=log, clock=lambda: now[0])
        for number in range(1, 21):
            for progress in (shown, silent):
                progress.show(reader.job(plan.id))
            writer.move(plan.id, number, S.SENDING, come_from=(S.PREPARED,))
            writer.move(plan.id, number, S.DONE, come_from=(S.SENDING,))
            now[0] += 0.5
        shown.show(reader.job(plan.id))
        shown.end()
        text = ""
        while not text.endswith("\n"):  # the line's end is the last that is written
            text += os.read(master, 65536).decode()
    os.close(master)
    lines = [part for part in text.replace("\x1b[K", "").split("\r") if part.strip()]
    assert len(lines) <= 12, "at most one a second"
    assert "0 of 20: 20 waiting; measuring the pace" in lines[0]
    assert any("2.0/s, about 5 s left" in line for line in lines), lines
    assert lines[-1].startswith("20 of 20: 20 done")
    assert (tmp_path / "log").read_text() == ""
    writer.close()
