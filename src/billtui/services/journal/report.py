"""A job as a file: every operation with its outcome, for whoever has to account for it later.

CSV for a spreadsheet, JSON for a program. The file is new, 0600, whole or not there at all. What stands in a cell came
from a panel or a person: a spreadsheet must not take it for a formula.
"""

from __future__ import annotations

import csv
import errno
import io
import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from billtui.config.paths import write_new

if TYPE_CHECKING:
    from billtui.services.journal.reader import JournalReader
    from billtui.services.journal.rows import JobRow, OperationRow

SCHEMA: Final = 1
COLUMNS: Final = (
    "number", "kind", "what", "targets", "state", "amount", "currency", "code", "rule", "reason", "request_id",
    "times_sent", "first_sent_at", "changed_at", "key",
)  # fmt: skip
"""The columns of the CSV, in their order; JSON has the same names."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "|", "%")


class ReportFormat(StrEnum):
    """Which kind of file."""

    CSV = "csv"
    JSON = "json"


class ReportExists(FileExistsError):
    """There is something at that place already; nothing was written over it."""


def report_bytes(job: JobRow, rows: Sequence[OperationRow], form: ReportFormat) -> bytes:
    """The report of a job with all of its operations. Times are UTC, amounts have two decimals."""
    if form is ReportFormat.CSV:
        return _csv(rows)
    document = {
        "schema": SCHEMA,
        "job": {
            "id": job.id, "kind": job.kind, "title": str(job.title), "panel_id": job.panel_id,
            "panel_name": str(job.panel_name), "account_id": job.account_id, "login": str(job.login),
            "profile": job.profile, "state": job.state.value, "paused": job.paused.value if job.paused else None,
            "total": f"{job.total.amount:.2f}", "left": f"{job.left.amount:.2f}", "currency": job.total.currency,
            "submitted_at": _instant(job.submitted_at),
            "counts": {state.value: count for state, count in sorted(job.counts.items()) if count},
        },
        "operations": [_record(row) for row in rows],
    }  # fmt: skip
    return json.dumps(document, ensure_ascii=True, indent=1).encode() + b"\n"


def _record(row: OperationRow) -> dict[str, Any]:
    billed = row.billed
    return {
        "number": row.number, "kind": row.kind, "what": str(row.title), "targets": list(row.targets),
        "state": row.state.value, "amount": f"{billed.amount:.2f}" if billed is not None else None,
        "currency": billed.currency if billed is not None else None, "code": row.code, "rule": row.rule,
        "reason": str(row.detail) if row.detail is not None else None, "request_id": row.request_id,
        "times_sent": row.sends, "first_sent_at": _instant(row.first_sent_at), "changed_at": _instant(row.changed_at),
        "key": row.key,
    }  # fmt: skip


def _csv(rows: Sequence[OperationRow]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        record = _record(row)
        record["targets"] = " ".join(record["targets"])
        writer.writerow([_cell(record[name]) for name in COLUMNS])
    return out.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula; a number stays one."""
    text = "" if value is None else str(value)
    if text.startswith(_FORMULA) and not _is_number(text):
        return f"'{text}"
    return text


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()


def _instant(instant: datetime | None) -> str | None:
    return instant.isoformat(timespec="milliseconds") if instant is not None else None


def write_report(journal: JournalReader, job_id: str, path: Path, form: ReportFormat) -> int:
    """Write the report of a job to a new file; how many operations are in it.

    Raises ReportExists, OSError, UnknownJob, JournalError. Nothing is left behind where it fails.
    """
    job = journal.job(job_id)
    rows = journal.operations(job.id)
    _write_new(path, report_bytes(job, rows, form))
    return len(rows)


def _write_new(path: Path, content: bytes) -> None:
    try:
        write_new(path, content)
    except FileExistsError:
        raise ReportExists(
            errno.EEXIST, f"{path} is there already; nothing was written over it. Choose another name"
        ) from None


def default_name(job: JobRow, form: ReportFormat) -> str:
    """A file name for the report of a job: when it was confirmed, and which one it is."""
    return f"billtui-job-{job.submitted_at:%Y%m%d-%H%M}-{job.id[:8]}.{form.value}"
