"""Jobs: what was confirmed, how far it is, and what waits for a person."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.screens.job_actions import cancel_job, decide_job, pause_or_go_on, retry_job
from billtui.screens.list_screen import ListScreen, View
from billtui.screens.order_view import Labelled, labelled
from billtui.services.executor import JobEvent
from billtui.services.journal import JobRow, JobState, OperationState
from billtui.widgets.formats import moment_text, state_cell, state_text
from billtui.widgets.record_table import Column

S = OperationState
_ORDER = (S.DONE, S.SENDING, S.PREPARED, S.HELD, S.UNKNOWN, S.NEEDS_YOU, S.REFUSED, S.NOT_SENT, S.CANCELLED)


def progress_text(job: JobRow) -> str:
    """``3 of 5 done, 1 refused``."""
    words = [f"{job.counts.get(S.DONE, 0)} of {job.count} done"]
    for state in _ORDER[1:]:
        if count := job.counts.get(state, 0):
            words.append(f"{count} {state_cell(state).text[2:]}")
    return ", ".join(words)


def outcome(job: JobRow) -> str:
    """The job's state, and of a finished one whether all of it was done."""
    if job.state is not JobState.FINISHED:
        return str(job.state)
    if job.counts.get(S.DONE, 0) == job.count:
        return "done"
    if job.counts.get(S.CANCELLED, 0) == job.count:
        return "cancelled"
    return "refused" if not job.counts.get(S.DONE, 0) else "partly done"


JOB_VIEWS = (
    View("all", "All jobs", lambda row, now: True),
    View("open", "Not finished", lambda row, now: not row.finished),
)


def job_refusal(command: Command, jobs: Sequence[JobRow]) -> str | None:
    """Why a command cannot be used on this job."""
    if not jobs:
        return None
    job = jobs[0]
    counts = job.counts
    if command.id in ("job.pause", "job.cancel") and job.finished:
        return "This job has ended; there is nothing to pause or cancel."
    if command.id == "job.retry" and not (counts.get(S.REFUSED) or counts.get(S.NOT_SENT)):
        return "Nothing of this job was refused or left unsent."
    if command.id == "job.settle" and not counts.get(S.UNKNOWN):
        return "No outcome of this job is unknown."
    if command.id == "job.decide" and not counts.get(S.NEEDS_YOU):
        return "Nothing of this job waits for your decision."
    return None


def job_detail(job: JobRow) -> Content:
    """A job in words."""
    rows = [
        Labelled("State", state_text(outcome(job))),
        Labelled("Progress", Content(progress_text(job))),
        Labelled("Total", Content(str(job.total))),
        Labelled("Left", Content(str(job.left))),
        Labelled("Confirmed", Content(moment_text(job.submitted_at))),
        Labelled("Account", Content(f"{job.login}, ID {job.account_id}")),
        Labelled("Panel", Content(str(job.panel_name))),
        Labelled("Id", Content(job.id)),
    ]
    parts = [Content.styled(str(job.title), "bold"), Content(""), labelled(rows)]
    if job.note:
        parts += [Content(""), Content.styled(str(job.note), "$text-warning")]
    return Content("\n").join(parts)


class JobsScreen(ListScreen[JobRow]):
    """The list of jobs, newest first."""

    AREA = "Jobs"
    SCOPES = (Scope.JOBS, Scope.LIST)
    LIST_NAME = "jobs"
    NOUN = "job"
    VIEWS = JOB_VIEWS
    EMPTY = "Nothing was confirmed yet. What you pay, renew or change appears here."

    def columns(self) -> Sequence[Column[JobRow]]:
        """What, how far, how much, when."""
        ascii_only = self.billtui.ascii_only
        return [
            Column(key="title", title="Job", cell=lambda r: r.title, min_width=18, flex=3, priority=10, sort_key=lambda r: str(r.title), search=lambda r: str(r.title)),
            Column(key="state", title="State", cell=lambda r: state_cell(outcome(r), ascii_only=ascii_only), width=13, priority=9, sort_key=outcome, search=outcome),
            Column(key="progress", title="Progress", cell=progress_text, min_width=14, max_width=40, flex=2, priority=8),
            Column(key="total", title="Total", cell=lambda r: str(r.total) if r.total.amount else "", width=13, align="right", priority=7, sort_key=lambda r: int(r.total.amount * 100)),
            Column(key="when", title="Confirmed", cell=lambda r: moment_text(r.submitted_at), width=16, priority=6, sort_key=lambda r: r.submitted_at.timestamp()),
        ]  # fmt: skip

    def row_id(self, row: JobRow) -> str:
        """The plan's id."""
        return row.id

    def load_rows(self) -> Sequence[JobRow]:
        """The newest jobs of this account, of every program on this host."""
        account = self.session.account
        if account is None:
            return []
        journal = self.session.journal
        return journal.jobs(500, panel_id=account.panel_id.raw, account_id=account.account_id.raw)

    def _show_state(self) -> None:
        if self.table.row_count:
            self.list_state.show_rows()
        elif self.table.total_count:
            super()._show_state()
        else:
            self.list_state.show_empty()

    def on_screen_resume(self) -> None:
        """The journal has no generation of the store: read it whenever the screen is shown."""
        super().on_screen_resume()
        self.reload()

    def job_moved(self, event: JobEvent) -> None:
        """Follow a running job."""
        self.reload()
        self.refresh_keys()

    def detail(self, row: JobRow) -> Content:
        """The job beside the list."""
        return job_detail(row)

    def open_row(self, row_id: str) -> None:
        """The job with its operations."""
        from billtui.screens.job import JobScreen

        self.app.push_screen(JobScreen(row_id))

    def command_words(self) -> list[str]:
        """Showing the job."""
        return ["jobs", "show"]

    def refusal_of(self, command: Command) -> str | None:
        """Why not, for the job that is chosen."""
        if refusal := super().refusal_of(command):
            return refusal
        return job_refusal(command, self.chosen_rows())

    @handles("job.pause")
    async def pause(self) -> None:
        """Pause, or go on."""
        await pause_or_go_on(self.billtui, self.chosen_rows()[0].id)

    @handles("job.cancel")
    async def cancel(self) -> None:
        """Start nothing new."""
        await cancel_job(self.billtui, self.chosen_rows()[0].id)

    @handles("job.retry")
    async def retry(self) -> None:
        """Confirm what failed once more."""
        await retry_job(self.billtui, self.chosen_rows()[0].id)

    @handles("job.settle")
    def settle(self) -> None:
        """Ask the panel now."""
        self.session.executor.settle_now(self.chosen_rows()[0].id)

    @handles("job.decide")
    async def decide(self) -> None:
        """Close what only a person can tell."""
        await decide_job(self.billtui, self.chosen_rows()[0].id)
