"""Jobs: what was confirmed, how far it is, and what waits for a person."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from textual.content import Content

from billtui.commands import Command, Scope, handles
from billtui.screens.job_actions import (
    cancel_job,
    decide_job,
    pause_or_go_on,
    retry_job,
    standing_of,
)
from billtui.screens.job_progress import (
    NOBODY,
    Follower,
    Standing,
    outcome,
    pace_text,
    progress_text,
    standing_text,
)
from billtui.screens.job_report import report_job
from billtui.screens.list_screen import ListScreen, View
from billtui.screens.order_view import Labelled, labelled
from billtui.services.executor import JobEvent
from billtui.services.journal import JobRow, JobState, OperationState
from billtui.widgets.formats import moment_text, state_cell, state_text
from billtui.widgets.record_table import Column

S = OperationState
LOOK_SECONDS = 1.0
ROWS_SECONDS = 3.0
PANE_SECONDS = 20.0
"""How often it is looked whether the journal has grown; at most so often rows, and the pane beside them, are drawn for
what merely goes on (P-BYTES-2)."""


JOB_VIEWS = (
    View("all", "All jobs", lambda row, now: True),
    View("open", "Not finished", lambda row, now: not row.finished),
)


def job_refusal(command: Command, jobs: Sequence[JobRow], *, keys: bool = True) -> str | None:
    """Why a command cannot be used on these jobs; ``keys``: whether their panel is asked by key (``Traits.keys``)."""
    if not jobs:
        return None
    if len(jobs) > 1 and command.scope is Scope.JOBS:
        return f"One job at a time, and {len(jobs)} are marked: - unmarks them, and the one under the cursor is meant."
    job = jobs[0]
    counts = job.counts
    if command.id in ("job.pause", "job.cancel") and job.finished:
        return "This job has ended; there is nothing to pause or cancel."
    if command.id == "job.retry" and not (counts.get(S.REFUSED) or counts.get(S.NOT_SENT)):
        return "Nothing of this job was refused or left unsent."
    undecided = 0 if keys else counts.get(S.NEEDS_YOU)  # without keys it is worth another look
    if command.id == "job.settle" and not (counts.get(S.UNKNOWN) or undecided):
        return "No outcome of this job is unknown."
    if command.id == "job.decide" and not counts.get(S.NEEDS_YOU):
        return "Nothing of this job waits for your decision."
    return None


def job_detail(job: JobRow, standing: Standing = NOBODY) -> Content:
    """A job in words."""
    rows = [
        Labelled("State", state_text(outcome(job))),
        Labelled("Progress", Content(progress_text(job))),
        *([Labelled("Total", Content(str(job.total)))] if job.total.amount else []),
        *([Labelled("Left", Content(str(job.left)))] if job.left.amount else []),
        Labelled("Confirmed", Content(moment_text(job.submitted_at))),
        Labelled("Account", Content(f"{job.login}, ID {job.account_id}")),
        Labelled("Panel", Content(str(job.panel_name))),
        Labelled("Id", Content(job.id)),
    ]
    parts = [Content.styled(str(job.title), "bold"), Content(""), labelled(rows)]
    if (words := standing_text(job, standing)).plain:
        parts += [Content(""), words]
    elif job.note:
        parts += [Content(""), Content.styled(str(job.note), "$text-warning")]
    return Content("\n").join(parts)


def _when(confirmed: datetime, now: datetime) -> str:
    """``11-26 11:37`` this year, ``2025-11-26`` before: short enough for 80 columns, where "when" is what is looked for."""
    text = moment_text(confirmed)
    return text[5:] if text[:4] == moment_text(now)[:4] else text[:10]


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
            Column(key="where", title="Runs", cell=self._where, width=10, priority=6, search=self._where),
            Column(key="total", title="Total", cell=lambda r: str(r.total) if r.total.amount else "", width=13, align="right", apart=True, priority=7, sort_key=lambda r: int(r.total.amount * 100)),
            Column(key="when", title="Confirmed", cell=lambda r: _when(r.submitted_at, self.session.now()), width=11, priority=7, sort_key=lambda r: r.submitted_at.timestamp()),
        ]  # fmt: skip

    def __init__(self) -> None:
        """Nothing is followed yet."""
        super().__init__()
        self._standings: dict[str, Standing] = {}
        self._followers: dict[str, Follower] = {}
        self._generation = -1
        self._drawn_at = float("-inf")
        self._behind = False
        self._pane: tuple[str, str, float] = ("", "", 0.0)
        """Job and state that the pane shows, and since when."""

    def _show_detail(self) -> None:
        if not self.has_class("wide"):
            return
        row, now = self.table.cursor_row, time.monotonic()
        shown = (row.id, f"{outcome(row)} {self._where(row)}") if row is not None else ("", "")
        if shown != self._pane[:2] or now - self._pane[2] >= PANE_SECONDS:
            self._pane = (*shown, now)
            super()._show_detail()

    def _where(self, job: JobRow) -> str:
        """Which program carries it out, where one does."""
        standing = self._standings.get(job.id, NOBODY)
        if job.finished or standing.worker is None:
            return ""
        if standing.mine:
            return "here"
        if standing.orphaned:
            return "ended"
        return str(standing.worker.terminal or standing.worker.pid or "elsewhere")

    def row_id(self, row: JobRow) -> str:
        """The plan's id."""
        return row.id

    def on_mount(self) -> None:
        """Follow the journal, whoever writes it."""
        super().on_mount()
        self.at_times(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """Once a second: has anything moved, here or in another program, and has one of those ended?"""
        if not self.is_on_top or self.session.closed:
            return
        generation = self.session.journal.generation()
        self._behind = self._behind or generation != self._generation
        self._generation = generation
        due = time.monotonic() - self._drawn_at >= ROWS_SECONDS
        if due and (self._behind or any(one.elsewhere for one in self._standings.values())):
            self.reload()
            self.refresh_keys()

    def load_rows(self) -> Sequence[JobRow]:
        """The newest jobs of this account, of every program on this host."""
        account = self.session.account
        if account is None:
            return []
        journal = self.session.journal
        jobs = journal.jobs(500, panel_id=account.panel_id.raw, account_id=account.account_id.raw)
        self._standings = {job.id: standing_of(self.session, job) for job in jobs if job.owner is not None}
        return jobs

    def reload(self) -> None:
        """All rows; the next time is a while off."""
        super().reload()
        self._drawn_at = time.monotonic()
        self._behind = False

    def summary(self, rows: Sequence[JobRow], marked: Sequence[JobRow]) -> Content:
        """The pace of those that run."""
        running = [job for job in rows if job.state in (JobState.RUNNING, JobState.SETTLING)]
        self._followers = {job.id: self._followers.get(job.id) or Follower() for job in running}
        words = [(job, pace_text(job, self._followers[job.id].look(job))) for job in running]
        return Content("  ").join(
            Content.assemble((f" {job.closed_count} of {job.count}", "bold"), (f", {pace}{self._by(job)}", "$muted"))
            for job, pace in words
        )

    def _by(self, job: JobRow) -> str:
        """Who carries it out, where that is another program."""
        standing = self._standings.get(job.id, NOBODY)
        return f", by {standing.worker.words}" if standing.elsewhere and standing.worker is not None else ""

    def _show_state(self) -> None:
        if self.table.row_count:
            self.list_state.show_rows()
        elif self.table.total_count:
            super()._show_state()
        else:
            self.list_state.show_empty()

    def reload_if_changed(self, force: bool = False) -> None:
        """The store has nothing to say about jobs: the journal is followed instead."""
        if force or self._seen is None:
            super().reload_if_changed(force)

    def on_screen_resume(self) -> None:
        """The journal has no generation of the store: read it whenever the screen is shown."""
        super().on_screen_resume()
        self.reload()

    def job_moved(self, event: JobEvent) -> None:
        """Follow a running job: at once where it begins, turns or ends, else in its turn."""
        row = self.table.row_of(event.job_id)
        if row is None or row.state is not event.state or row.paused is not event.paused:
            self.reload()
            self.refresh_keys()
        else:
            self._behind = True

    def detail(self, row: JobRow) -> Content:
        """The job beside the list."""
        return job_detail(row, self._standings.get(row.id, NOBODY))

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
        return job_refusal(command, self.chosen_rows(), keys=self.session.traits.keys)

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

    @handles("job.report")
    async def report(self) -> None:
        """Every step and its outcome in a file."""
        await report_job(self.billtui, self.chosen_rows()[0].id)
