"""A job's report, written from its screen or from the list of jobs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from billtui.config.paths import typed_path
from billtui.screens.modals.choice import Choice, ChoiceDialog
from billtui.screens.modals.new_file import new_file_problem
from billtui.screens.modals.prompt import Prompt
from billtui.services.journal.report import ReportFormat, default_name, write_report
from billtui.widgets.formats import count_text

if TYPE_CHECKING:
    from billtui.screens.shell import Shell


async def report_job(app: Shell, job_id: str) -> None:
    """Write every step with its outcome to a new file; nothing is ever written over."""
    journal = app.session.journal
    job = journal.job(job_id)
    choices = [
        Choice("csv", "CSV", "A line for each step, for a spreadsheet"),
        Choice("json", "JSON", "The job and its steps, for a program"),
    ]
    chosen = await app.push_screen_wait(ChoiceDialog("Report", choices))
    if chosen is None:
        return
    form = ReportFormat(chosen)

    name = await app.push_screen_wait(
        Prompt("Report", label="To which file?", value=default_name(job, form), button="Write", check=new_file_problem)
    )
    if name is None:
        return
    path = typed_path(name.strip())
    try:
        count = await asyncio.to_thread(write_report, journal, job.id, path, form)
    except OSError as error:
        app.say(f"{path} cannot be written: {error.strerror or error}.", "error")
        return
    app.say(f"{count_text(count, 'step')} written to {path}.")
